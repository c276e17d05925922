"""One cell in many simulated experiments: what its criteria answer, one after the other, and the largest p among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.design.spec import CriterionSpec, ExperimentSpec, HypothesisSpec, ThresholdSpec
from harness.records import ScaleName
from harness.seeds import generator
from harness.verdict.correction import add_one_each, share
from harness.verdict.criterion import answers
from harness.verdict.intervals import newcombe_paired
from harness.verdict.rank_correlation import rho_interval, shuffles
from harness.verdict.tests import PERMUTATIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Real = NDArray[np.float64]

Z = 1.959963984540054  # of a two-sided level of 95 %
AFTER, BEFORE = "after", "before"
# Of a test by drawn sign flips, which is that of all effects but a plain shift of yes and no (verdict.tests).
SMALLEST_DRAWN = 1 / (PERMUTATIONS + 1)


class CannotSimulate(Exception):
    """Why a hypothesis has no false-pass rate and no power: what its declaration lacks, or the reason that it gives (`argued`)."""

    def __init__(self, reason: str, *, argued: bool = False) -> None:
        super().__init__(reason)
        self.argued = argued


@dataclass(frozen=True, kw_only=True)
class Draws:
    """A cell in every simulated experiment: it holds, it does not (neither: undecided), and its p."""

    yes: NDArray[np.bool_]
    no: NDArray[np.bool_]
    p: Real


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An effect with its interval and standard error, in the unit of its threshold; `blind` where floor or ceiling leave no room."""

    value: Real
    low: Real
    high: Real
    error: Real
    blind: NDArray[np.bool_]
    p: Real | None = None  # of its own test; None: from value and error, by the normal approximation


def draw_cell(
    spec: ExperimentSpec, name: str, hypothesis: HypothesisSpec, scale: ScaleName, params: Mapping[str, Any], index: int, simulations: int, *, present: bool
) -> Draws:
    """The criteria of a cell in the order in which it asserts them: the first that does not hold decides. Raises CannotSimulate."""
    import numpy as np

    alive, no, p = np.ones(simulations, dtype=bool), np.zeros(simulations, dtype=bool), np.zeros(simulations)
    drawn: dict[tuple[str, str], Arms] = {}
    for criterion in criteria_of(hypothesis, params):
        threshold = spec.thresholds[criterion.threshold]
        key = (criterion.threshold, criterion.asks)  # what is true depends on what is asked
        if key not in drawn:
            drawn[key] = arms_of(spec, hypothesis, criterion, scale, (spec.id, scale, name, index, *key, present), simulations, present=present)
        estimate = drawn[key].estimate(criterion)
        yes, against, own = ask(criterion.asks, threshold, estimate)
        no |= alive & against & ~yes
        alive &= yes
        p = np.maximum(p, own)
    return Draws(yes=alive, no=no, p=p)


def criteria_of(hypothesis: HypothesisSpec, params: Mapping[str, Any]) -> list[CriterionSpec]:
    """Those declared, else one for each threshold of the cell; a criterion without a threshold has the cell's."""
    own = [str(params[hypothesis.threshold_axis])] if hypothesis.threshold_axis else list(hypothesis.thresholds)
    if not own:
        raise CannotSimulate("the hypothesis names no threshold")
    declared = list(hypothesis.criteria) or [CriterionSpec(threshold=name) for name in own]
    return [criterion if criterion.threshold else criterion.model_copy(update={"threshold": own[0]}) for criterion in declared]


def ask(asks: str, threshold: ThresholdSpec, found: Estimate) -> tuple[Any, Any, Any]:
    """(holds, does not, p) of one criterion, as harness.verdict.criterion answers and tests it."""
    import numpy as np
    from scipy.special import ndtr

    bar, error = threshold.value, np.where(found.error > 0, found.error, np.inf)
    if asks == "within":
        beyond, inside = answers(found.value, found.low, found.high, bar, "either")
        return inside & ~found.blind, beyond & ~found.blind, ndtr((np.abs(found.value) - bar) / error)
    if asks == "exceeds":
        towards = 1 if threshold.direction == "increase" else -1
        low, high = (found.low, found.high) if towards > 0 else (-found.high, -found.low)
        return low >= towards * bar, high < towards * bar, ndtr(towards * (bar - found.value) / error)
    p = found.p if found.p is not None else np.maximum(SMALLEST_DRAWN, 2 * ndtr(-np.abs(found.value) / error))
    yes, no = answers(found.value, found.low, found.high, bar, threshold.direction)
    return yes & (p <= 0.05) & ~found.blind, no & ~yes & ~found.blind, p


def true_value(asks: str, threshold: ThresholdSpec, *, present: bool) -> float:
    """The effect (or level) that is simulated. Without it an effect is nothing; a level, or a difference that must be small, lies at the bar itself."""
    towards = -1.0 if threshold.direction == "decrease" else 1.0
    if asks == "within":
        return 0.0 if present else threshold.value
    if asks == "exceeds":
        return float(threshold.expected_effect or 0.0) if present else threshold.value
    return towards * float(threshold.expected_effect or 0.0) if present else 0.0


class Arms:
    """The arms of a cell that are measured against one threshold. Subclasses draw them; criteria contrast them."""

    def estimate(self, criterion: CriterionSpec) -> Estimate:
        raise NotImplementedError


class RateArms(Arms):
    """Rates of n items. The cells of a threshold share `before`; each item of `after` is drawn given that of `before`; other arms stay at the baseline."""

    def __init__(self, threshold: ThresholdSpec, n: int, effect: float, noise: Any, shared: np.random.Generator, own: np.random.Generator, size: int) -> None:
        import numpy as np

        self.threshold, self.n, self.size, self.own = threshold, n, size, own
        base = threshold.expected_baseline or 0.0
        self.counts: dict[str, Any] = {BEFORE: shared.binomial(n, self.seen(base), size)}
        rate = self.seen(np.clip(base + effect / 100 + noise, 0.0, 1.0))
        self.both = own.binomial(self.counts[BEFORE], rate)
        self.gained = own.binomial(n - self.counts[BEFORE], rate)
        self.counts[AFTER] = self.both + self.gained

    def seen(self, rate: Any) -> Any:
        """The rate that a judge with the declared calibration sees."""
        judge = self.threshold.calibration
        return rate if judge is None else share(judge.sensitivity) * rate + (1 - share(judge.specificity)) * (1 - rate)

    def estimate(self, criterion: CriterionSpec) -> Estimate:
        import numpy as np
        from scipy.special import bdtr

        for arm in criterion.arms:
            if arm not in self.counts:
                self.counts[arm] = self.own.binomial(self.n, self.seen(self.threshold.expected_baseline or 0.0), self.size)
        rates = {arm: self.counts[arm] / self.n for arm in criterion.arms}
        value = sum((weight * rates[arm] for arm, weight in criterion.arms.items()), np.zeros(self.size))
        variance = sum((weight**2 * rates[arm] * (1 - rates[arm]) for arm, weight in criterion.arms.items()), np.zeros(self.size)) / self.n
        if criterion.arms == {AFTER: 1, BEFORE: -1}:
            lost = self.counts[BEFORE] - self.both
            low, high = newcombe_paired(self.both, self.gained, lost, self.n - self.counts[BEFORE] - self.gained)
            # McNemar's exact test, as of a real shift (verdict.tests); a judge's correction leaves p as it is.
            p = np.minimum(1.0, 2 * bdtr(np.minimum(self.gained, lost), self.gained + lost, 0.5))
        else:
            low, high, p = value - Z * variance**0.5, value + Z * variance**0.5, None
        return replace(self.corrected(value, low, high, variance**0.5, self.blind(rates)), p=p)

    def corrected(self, value: Any, low: Any, high: Any, error: Any, blind: Any) -> Estimate:
        """In percentage points; divided by Youden's J where a judge is declared, with the calibration in the interval (verdict.correction)."""
        judge = self.threshold.calibration
        if judge is None:
            return Estimate(value=100 * value, low=100 * low, high=100 * high, error=100 * error, blind=blind)
        youden = share(judge.sensitivity) + share(judge.specificity) - 1
        if youden <= 0:
            raise CannotSimulate("the declared calibration is no better than guessing")
        (se, se_variance), (sp, sp_variance) = add_one_each(judge.sensitivity), add_one_each(judge.specificity)
        slope = 1 / (se + sp - 1)
        half = Z * (((high - low) / (2 * Z) * slope) ** 2 + (value * slope**2) ** 2 * (se_variance + sp_variance)) ** 0.5
        return Estimate(value=100 * value / youden, low=100 * (value / youden - half), high=100 * (value / youden + half), error=100 * half / Z, blind=blind)

    def blind(self, rates: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Where the baseline is nearer to the bound than the bar is wide, or both arms lie on a bound (verdict.criterion)."""
        import numpy as np

        bar, none = self.threshold, np.zeros(self.size, dtype=bool)
        if BEFORE not in rates or AFTER not in rates:
            return none
        floor, ceiling = 0.0 if bar.floor is None else bar.floor, 1.0 if bar.ceiling is None else bar.ceiling
        before, after = rates[BEFORE], rates[AFTER]
        room = {"decrease": before - floor, "increase": ceiling - before}.get(bar.direction)
        stuck = ((before <= floor) & (after <= floor)) | ((before >= ceiling) & (after >= ceiling))
        found: NDArray[np.bool_] = stuck if room is None else stuck | (room < bar.value / 100 - 1e-12)
        return found


class MeanArms(Arms):
    """Means of n units in any unit, with the declared SD of the effect between units: of the difference of two arms, or of a level alone. The interval is
    Student's t with the SD that a sample shows."""

    def __init__(self, sd: float, n: int, effect: float, noise: Any, own: np.random.Generator, size: int, *, alone: bool) -> None:
        self.n, self.own, self.size = n, own, size
        self.error = sd / (n if alone else 2 * n) ** 0.5  # of one arm's mean
        self.shown = self.error * (own.chisquare(n - 1, size) / (n - 1)) ** 0.5
        self.means: dict[str, Any] = {AFTER: effect + noise + own.normal(0, self.error, size)}

    def estimate(self, criterion: CriterionSpec) -> Estimate:
        import numpy as np
        from scipy.special import stdtr, stdtrit

        for arm in criterion.arms:
            if arm not in self.means:
                self.means[arm] = self.own.normal(0, self.error, self.size)
        value = sum((weight * self.means[arm] for arm, weight in criterion.arms.items()), np.zeros(self.size))
        error = self.shown * sum(weight**2 for weight in criterion.arms.values()) ** 0.5
        half = float(stdtrit(self.n - 1, 0.975)) * error
        p = np.maximum(SMALLEST_DRAWN, 2 * stdtr(self.n - 1, -np.abs(value) / error))
        return Estimate(value=value, low=value - half, high=value + half, error=error, blind=np.zeros(self.size, dtype=bool), p=p)


class CorrelationArms(Arms):
    """Spearman's rho of n units whose two values are normal with the given correlation, with the interval and the permutation p of a real one."""

    def __init__(self, n: int, correlation: float, own: np.random.Generator, size: int) -> None:
        import numpy as np

        first, noise = own.normal(size=(2, size, n))
        second = correlation * first + (1 - correlation**2) ** 0.5 * noise
        ranked = [arm.argsort(axis=1).argsort(axis=1) - (n - 1) / 2 for arm in (first, second)]
        self.n, self.rho = n, (ranked[0] * ranked[1]).sum(axis=1) * 12 / (n**3 - n)
        orders, exact = shuffles(n, "plan")
        centred = np.arange(n) - (n - 1) / 2
        self.null = np.sort(np.abs(centred[orders] @ centred) * 12 / (n**3 - n))
        self.drawn = 0 if exact else 1

    def estimate(self, criterion: CriterionSpec) -> Estimate:  # noqa: ARG002  a correlation has no arms
        import numpy as np

        values, place = np.unique(self.rho.round(9), return_inverse=True)
        bounds = np.array([(found.low, found.high) for found in (rho_interval(float(value), self.n) for value in values)])
        beyond = len(self.null) - self.null.searchsorted(np.abs(values) - 1e-8)
        p = (beyond + self.drawn) / (len(self.null) + self.drawn)
        error = (bounds[:, 1] - bounds[:, 0]) / (2 * Z)
        low, high = bounds[place].T
        return Estimate(value=values[place], low=low, high=high, error=error[place], blind=np.zeros(len(place), dtype=bool), p=p[place])


def arms_of(
    spec: ExperimentSpec, hypothesis: HypothesisSpec, criterion: CriterionSpec, scale: ScaleName, where: tuple[Any, ...], simulations: int, *, present: bool
) -> Arms:
    """The arms by what the threshold declares. Raises CannotSimulate naming what it lacks."""
    name, threshold = criterion.threshold, spec.thresholds[criterion.threshold]
    if threshold.not_simulated:
        raise CannotSimulate(threshold.not_simulated, argued=True)
    n = size_of(spec, name, threshold, scale)
    if threshold.expected_effect is None and criterion.asks != "within":
        raise CannotSimulate(f"the threshold {name} declares no expected_effect")
    effect, own = true_value(criterion.asks, threshold, present=present), generator("cell", *where)
    seeds = 1 if "seed" in hypothesis.cells else len(spec.scales[scale].seeds)
    noise = generator("seed noise", *where).normal(0, (threshold.seed_sd or 0.0) / seeds**0.5, simulations) if threshold.seed_sd else 0.0
    if threshold.unit == "correlation" and threshold.sd is None:
        if n < 4:
            raise CannotSimulate(f"{n} units of the threshold {name} have no correlation to test")
        return CorrelationArms(n, effect, own, simulations)
    if threshold.expected_baseline is not None and threshold.unit == "pp":
        shared = generator("baseline", spec.id, scale, name)
        return RateArms(threshold, n, effect, noise / 100, shared, own, simulations)
    if threshold.sd is None:
        lacks = "expected_baseline or sd" if threshold.unit == "pp" else "sd"
        raise CannotSimulate(f"the threshold {name} declares no {lacks}")
    if n < 2:
        raise CannotSimulate(f"one unit of the threshold {name} has no spread")
    return MeanArms(threshold.sd, n, effect, noise, own, simulations, alone=len(criterion.arms) == 1)


def size_of(spec: ExperimentSpec, name: str, threshold: ThresholdSpec, scale: ScaleName) -> int:
    """The number of units: a number, or the setting of that name."""
    n = threshold.n
    if n is None:
        raise CannotSimulate(f"the threshold {name} declares no n")
    return int(spec.scales[scale].settings[n]) if isinstance(n, str) else int(n)
