"""The registered criterion applied to a measured effect: it holds, it does not, or the evidence cannot tell.

Holds: the effect reaches the threshold and its interval leaves zero. Does not: the interval lies below the threshold (equivalence, not a large p). Else
`Inconclusive` is raised with the reason, which makes the cell inconclusive. So are effects where the measure has no room: both arms on the floor
or the ceiling, or a baseline nearer to the bound than the threshold is large. Floor and ceiling are the threshold's, else the natural bounds of the outcomes.
Effects that rest on no samples of this run decide nothing unless they say why, and effects with a doubt (`Measurement.doubt`) are inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from harness.errors import HarnessError, Inconclusive
from harness.plaintext import MINUS, format_number
from harness.records import Interval, Measurement, Threshold
from harness.units import LEVELS
from harness.verdict.tests import SMALLEST_P

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SCALE = {("rate", "pp"): 100.0}


class Criterion:
    """One threshold, to be asked in an assert: `assert criterion.holds(shift, baseline=before, treated=after)`."""

    def __init__(self, threshold: Threshold) -> None:
        self._threshold = threshold

    @property
    def threshold(self) -> Threshold:
        """The registered threshold, which no test replaces."""
        return self._threshold

    @threshold.setter
    def threshold(self, _: object) -> None:
        raise HarnessError(f"the threshold {self._threshold.name} was registered before the data", mend="Change it in experiment.yaml, for all cells")

    def __repr__(self) -> str:
        bar = self.threshold
        sign = {"increase": "+", "decrease": MINUS, "either": "±"}[bar.direction]
        return f"<threshold {bar.name}: {sign}{bar.value:g} {bar.unit}>"

    def holds(self, shift: Measurement, *, baseline: Measurement | None = None, treated: Measurement | None = None) -> bool:
        """True or False by the rule above. Raises Inconclusive; raises HarnessError for another unit, no interval, no samples, or bounds without a baseline.

        `baseline` and `treated` are levels; without them the arms of the shift are taken.
        """
        bar = self.threshold
        interval = self._interval(shift)
        self._leaves_room(shift, baseline, treated)
        answer = three_valued(shift.value, interval.low, interval.high, bar)
        if answer and shift.p is not None and shift.p > 1 - interval.level:
            p, floor = (format_number(value, ".2g") for value in (shift.p, shift.p_floor or 0))
            raise Inconclusive(f"{shift.name}: the interval leaves zero, but p is {p} (smallest possible here {floor})")
        if answer is None:
            raise Inconclusive(f"too little power: {in_words(shift, interval)}: {self._undecided(interval)}")
        return answer

    def within(self, shift: Measurement) -> bool:
        """Equivalence: True where the whole interval lies inside plus and minus the bar, False where `holds` in either direction, else Inconclusive."""
        bar, interval = self.threshold, self._interval(shift)
        self._off_the_bounds(shift.arms)
        answer = three_valued(shift.value, interval.low, interval.high, replace(bar, direction="either"))
        if answer is None:
            raise Inconclusive(f"too little power: {in_words(shift, interval)}: the interval reaches the threshold (±{bar.value:g} {bar.unit})")
        return not answer

    def exceeds(self, level: Measurement) -> bool:
        """A level against the threshold: True where its whole interval lies at the threshold or beyond it, False where all falls short, else Inconclusive.

        For a bar that is a level (agreement of at least .5), not an effect: an effect has zero to leave, a level has not.
        """
        bar, interval = self.threshold, self._interval(level)
        if bar.direction == "either":
            raise HarnessError(f"the threshold {bar.name} has no direction", mend="Write direction: increase or decrease: a level lies above or below")
        beyond, short = (
            (interval.low >= bar.value, interval.high < bar.value) if bar.direction == "increase" else (interval.high <= bar.value, interval.low > bar.value)
        )
        if not (beyond or short):
            raise Inconclusive(
                f"too little power: {in_words(level, interval, sign='')}: the interval contains the threshold ({format_number(bar.value)} {bar.unit})"
            )
        return beyond

    def exceed_p(self, level: Measurement) -> float:
        """One-sided p against a level short of the bar, from the interval by the normal approximation."""
        towards = 1 if self.threshold.direction == "increase" else -1
        return self._normal_p(level, towards * (self.threshold.value - level.value))

    def equivalence_p(self, shift: Measurement) -> float:
        """p of two one-sided tests against the threshold (Schuirmann, 1987), from the interval by the normal approximation."""
        return self._normal_p(shift, abs(shift.value) - self.threshold.value)

    def _normal_p(self, found: Measurement, excess: float) -> float:
        """The chance of a standard normal below `excess` over the standard error that the interval tells."""
        from scipy.special import ndtr, ndtri

        interval = self._interval(found)
        error = (interval.high - interval.low) / (2 * float(ndtri(0.5 + interval.level / 2)))
        return max(SMALLEST_P, float(ndtr(excess / error)) if error > 0 else float(excess < 0))

    def _interval(self, shift: Measurement) -> Interval:
        """The interval of a shift in the bar's unit that may decide. An interval without spread is no evidence of precision: Inconclusive."""
        bar = self.threshold
        if shift.unit != bar.unit:
            raise HarnessError(f"{shift.name} is in {shift.unit}, the threshold {bar.name} in {bar.unit}", mend="Measure in the threshold's unit")
        if shift.interval is None:
            raise HarnessError(f"{shift.name} has no interval", mend="A bare number decides nothing: use measure.shift, measure.mean or give interval=")
        if not (shift.samples or shift.unsampled):
            mend = 'Measure what gather returned, or say why not with unsampled="…"'
            raise HarnessError(f"{shift.name} rests on no samples of this run", mend=mend, code="M303")
        if shift.doubt:
            raise Inconclusive(f"{shift.name}: {shift.doubt}")
        if shift.interval.method.startswith(("none", "degenerate")):
            raise Inconclusive(f"{shift.name} (N {shift.n}) has no interval to decide by: {shift.interval.method}", code="M305")
        return shift.interval

    def describe_answer(self, shift: Measurement, answer: bool) -> str:
        """The answer of `holds` in words, with the numbers behind it."""
        bar = self.threshold
        effect = {"increase": "an increase", "decrease": "a decrease", "either": "a change"}[bar.direction]
        excluded = f"{effect} of {bar.value:g} {bar.unit} is excluded"
        return f"{in_words(shift, shift.interval)}: {self._reached(bar.direction) if answer else excluded}"

    def describe_equivalence(self, shift: Measurement, answer: bool) -> str:
        """The answer of `within` in words."""
        excluded = f"a change of {self.threshold.value:g} {self.threshold.unit} is excluded"
        return f"{in_words(shift, shift.interval)}: {excluded if answer else self._reached('either')}"

    def describe_level(self, level: Measurement, answer: bool) -> str:
        """The answer of `exceeds` in words."""
        bar = self.threshold
        beyond, short = ("at or above", "below") if bar.direction == "increase" else ("at or below", "above")
        return f"{in_words(level, level.interval, sign='')}: {beyond if answer else short} the threshold ({format_number(bar.value)} {bar.unit})"

    def _undecided(self, interval: Interval) -> str:
        """Why an effect is undecided: what its interval contains."""
        zero = "both 0 and " if interval.low <= 0 <= interval.high else ""
        return f"the interval contains {zero}{self._signed(self.threshold.direction)}"

    def _reached(self, direction: str) -> str:
        return f"the estimate reaches {self._signed(direction)} and the interval excludes 0"

    def _signed(self, direction: str) -> str:
        sign = {"increase": "", "decrease": MINUS, "either": "±"}[direction]
        return f"the threshold ({sign}{self.threshold.value:g} {self.threshold.unit})"

    def _leaves_room(self, shift: Measurement, baseline: Measurement | None, treated: Measurement | None) -> None:
        """Raises Inconclusive where the measure sits on its floor or ceiling, or the baseline is too near to it for the bar."""
        bar = self.threshold
        if baseline is not None and (bar.floor is None or bar.ceiling is None):
            lacks = " and no ".join(name for name in ("floor", "ceiling") if getattr(bar, name) is None)
            raise HarnessError(
                f"the threshold {bar.name} has a baseline and no {lacks}", mend="Declare floor and ceiling, between which the measure can see", code="M304"
            )
        if baseline is None and not shift.arms and (bar.floor is not None or bar.ceiling is not None):
            raise HarnessError(f"the threshold {bar.name} has a floor or a ceiling", mend="Say where the baseline is: holds(shift, baseline=…)")
        if baseline is not None:
            self._allows_step(baseline.value, SCALE.get((baseline.unit, bar.unit), 1.0), f"{baseline.name} ")
        if len(shift.arms) == 2:  # whatever levels are named: the arms are what was compared
            self._allows_step(shift.arms[1], SCALE.get(("rate", bar.unit), 1.0), "a baseline of ")
        levels = [level.value for level in (treated, baseline) if level is not None]
        self._off_the_bounds(levels if len(levels) == 2 else [*levels, *shift.arms])
        self._off_the_bounds(shift.arms)

    def _bounds(self) -> tuple[tuple[str, float | None], ...]:
        """("floor", below which the measure is blind), ("ceiling", …): as declared, or what the outcomes can be at all."""
        bar = self.threshold
        low, high = LEVELS.get(bar.unit, (None, None))
        return ("floor", low if bar.floor is None else bar.floor), ("ceiling", high if bar.ceiling is None else bar.ceiling)

    def _allows_step(self, level: float, scale: float, name: str) -> None:
        """Raises Inconclusive where the bound lies nearer to the baseline than the threshold is large, in its direction."""
        bar = self.threshold
        for side, bound in self._bounds():
            away = 0.0 if bound is None else level - bound if side == "floor" else bound - level
            blocked = bound is not None and bar.direction == {"floor": "decrease", "ceiling": "increase"}[side]
            if blocked and away < bar.value / scale - 1e-12:
                raise Inconclusive(
                    f"{side}: {name}{format_number(level, '.3g')} leaves no room for {bar.value:g} {bar.unit} before the {side} {bound:g}", code="M304"
                )

    def _off_the_bounds(self, levels: Sequence[float]) -> None:
        """Raises Inconclusive where all arms lie on the same bound."""
        for side, bound in self._bounds() if len(levels) > 1 else ():
            if bound is not None and all(level <= bound if side == "floor" else level >= bound for level in levels):
                every = "both" if len(levels) == 2 else "all"
                raise Inconclusive(f"{side}: {every} arms sit on the {side} of {bound:g}; the measure may be blind", code="M304")


def in_words(found: Measurement, interval: Interval | None, sign: str = "+") -> str:
    """`shift +7.68 pp [−24.8, +40.2] (n = 48)`."""
    bounds = (interval.low, interval.high) if interval else (found.value, found.value)
    value, low, high = (format_number(each, f"{sign}.3g") for each in (found.value, *bounds))
    return f"{found.name} {value} {found.unit} [{low}, {high}] (n = {found.n})"


def require_level_of(level: Measurement, shift: Measurement, bar: Threshold) -> None:
    """Raises HarnessError for a level that is not one of the arms that the effect compares."""
    if not level.samples or level.unit not in ("rate" if bar.unit == "pp" else bar.unit, "probability"):
        told = f"{level.name} ({level.unit}) is no level of the samples that {shift.name} compares"
        raise HarnessError(told, mend="Measure it from an arm, as measure.rate(name, before) or measure.mean does, or leave it out")
    if shift.samples and not {ref.sha256 for ref in level.samples} <= {ref.sha256 for ref in shift.samples}:
        raise HarnessError(f"{level.name} is of other samples than {shift.name}", mend="Give the level of an arm of this effect, or leave it out")


def three_valued(value: float, low: float, high: float, bar: Threshold) -> bool | None:
    """The criterion for one effect and its interval, in the bar's unit."""
    yes, no = answers(value, low, high, bar.value, bar.direction)
    return True if yes else False if no else None


def answers(value: ArrayLike, low: ArrayLike, high: ArrayLike, size: float, direction: str) -> tuple[Any, Any]:
    """(holds, does not hold) elementwise for arrays of effects and bounds; neither means undecided."""
    import numpy as np

    value, low, high = np.asarray(value), np.asarray(low), np.asarray(high)
    if direction == "decrease":
        value, low, high = -value, -high, -low
    if direction == "either":
        beyond = (np.abs(value) >= size) & ((low > 0) | (high < 0))
        return beyond, (low > -size) & (high < size)
    return (value >= size) & (low > 0), high < size
