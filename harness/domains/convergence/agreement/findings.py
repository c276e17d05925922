"""What a comparison found: a level, what is above mismatched prompts, what is left of it by chance correction, one group of pairs against another.

Each is an effect with a two-way interval and, where there is a null, the one-sided p (for a large value) of permuting prompts within models; n counts
prompts. All values come from one tally, all intervals from the same draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from harness.domains.convergence.agreement.comparison import WITHIN, Comparison
from harness.domains.convergence.agreement.permutation_test import PERMUTATIONS, is_constant, movable, permutation_p, permute_prompts, smallest_share
from harness.domains.convergence.agreement.spread import paired_d, restore, stabilise
from harness.domains.convergence.agreement.sums import Tally, pair_means, pairs_with, pairs_within, sum_values, within_effect
from harness.domains.convergence.agreement.two_way_bootstrap import TwoWay
from harness.errors import HarnessError, Inconclusive
from harness.records import Effect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pairs = NDArray[np.bool_] | None  # (pairs,), None for all of them

Kind = Literal["level", "above mismatch", "chance corrected"]
P_METHOD = "one-sided, permutation of prompts within models and capabilities"


@dataclass(frozen=True)
class Findings:
    """All that one comparison can be asked; draws are made once and shared."""

    study: Comparison
    permutations: int = PERMUTATIONS

    @cached_property
    def twoway(self) -> TwoWay:
        return TwoWay(study=self.study)

    @cached_property
    def _tallies(self) -> dict[tuple[str, str], Tally]:
        return {}

    def _tally(self, measure: str, what: str, *, drawn: bool) -> Tally:
        """The tally of the matched values, or of the mismatched ones under a null; observed or drawn."""
        key = (measure, f"{what}, drawn" if drawn else what)
        if key not in self._tallies:
            values = self.study.similarities_of(measure) if what == "matched" else self.study.mismatched(measure, what)
            made = self.twoway.tally(values) if drawn else sum_values(values, self.study.stratum, len(self.study.capabilities))
            self._tallies[key] = made
        return self._tallies[key]

    @cached_property
    def null(self) -> Tally:
        """The permutations within models and capabilities."""
        return permute_prompts(self.study, WITHIN, self.permutations)

    def mismatched(self, measure: str, null: str = WITHIN, capability: str | None = None, pairs: Pairs = None) -> float:
        """Mean similarity of answers to different prompts, of the same capability or of any: agreement that costs nothing."""
        return float(self._tally(measure, null, drawn=False).mean(pairs, self._stratum(capability)))

    def level(self, measure: str, capability: str | None = None, pairs: Pairs = None) -> Effect:
        """The mean similarity of answers to the same prompt."""
        return self._finding(measure, "level", capability, pairs)

    def above_mismatch(self, measure: str, capability: str | None = None, pairs: Pairs = None) -> Effect:
        """Matched less mismatched prompts of the same capability."""
        return self._finding(measure, "above mismatch", capability, pairs)

    def chance_corrected(self, measure: str, capability: str | None = None, pairs: Pairs = None) -> Effect:
        """(matched - mismatched) / (1 - mismatched): 0 as alike as answers to different prompts, 1 identical. Cohen's (1960) kappa for any similarity."""
        return self._finding(measure, "chance corrected", capability, pairs)

    def counted(self, measure: str, capability: str | None = None, pairs: Pairs = None) -> float:
        """How many answered pairs of answers a mean rests on."""
        tally, stratum = self._tally(measure, "matched", drawn=False), self._stratum(capability)
        return float(tally.counts[slice(None) if pairs is None else pairs][:, slice(None) if stratum is None else [stratum]].sum())

    def pairs_of(self, model: str) -> NDArray[np.bool_]:
        """The pairs that a model is one of."""
        return pairs_with(self.study, model)

    def standardised(self, measure: str, capability: str | None = None) -> Effect:
        """Cohen's d_z of what is above mismatch, with prompts as units (see `paired_d`), and its interval from the same draws as every other. Raises
        Inconclusive where prompts do not vary."""
        import numpy as np

        above = self.study.similarities_of(measure) - self.study.mismatched(measure, WITHIN)
        asked = np.array([capability in (None, name) for name in self.study.strata])
        value = paired_d(above, np.ones((1, len(above))), asked[None].astype(float))
        if np.isnan(value[0]):
            raise Inconclusive("fewer than two prompts have a value, or they do not vary: an effect has no SD to be measured by")
        draws = stabilise(paired_d(above, self.twoway.pairs, self.twoway.prompts * asked))
        found = self._to_effect(float(stabilise(value)[0]), draws, capability, above)
        ends = {"low": restore(found.interval.low), "high": restore(found.interval.high)}
        return structs.replace(found, value=float(value[0]), interval=structs.replace(found.interval, **ends))

    def pair_means(self, measure: str, capability: str | None = None) -> NDArray[np.float64]:
        """(pairs,): the mean similarity of each pair of models; NaN where no prompt was answered by both."""
        tally, stratum = self._tally(measure, "matched", drawn=False), self._stratum(capability)
        return pair_means(tally if stratum is None else Tally(tally.sums[..., [stratum]], tally.counts[..., [stratum]]))

    def mean_of(self, values: NDArray[np.float64], capability: str | None = None) -> Effect:
        """The mean of (pairs, prompts) values of the caller's own making, with its two-way interval."""
        stratum = self._stratum(capability)
        observed = sum_values(values, self.study.stratum, len(self.study.capabilities)).mean(None, stratum)
        return self._to_effect(float(observed), self.twoway.tally(values).mean(None, stratum), capability, values)

    def share_of(self, other: Findings, measure: str, capability: str | None = None) -> Effect:
        """Chance-corrected similarity as a share of another comparison's on the same prompts: of a model with itself, say, which is as much as can be.

        Prompts are drawn alike in both, so the interval is of the share. Raises Inconclusive where the other one's interval reaches zero.
        """
        if other.study.prompts != self.study.prompts:
            raise HarnessError("two comparisons on different prompts have no common share", mend="Compare both on the same tasks.")
        whole, drawn = other._statistic_with_draws(measure, "chance corrected", capability, None)
        if other._to_effect(float(whole), drawn, capability, other.study.similarities_of(measure)).interval.low <= 0:
            raise Inconclusive(f"what it would be a share of is {whole:.2f} and may be nothing")
        value, draws = self._statistic_with_draws(measure, "chance corrected", capability, None)
        return self._to_effect(float(value / whole), draws / drawn, capability, self.study.similarities_of(measure))

    def within_groups(self, measure: str, groups: Mapping[str, str | None]) -> Effect:
        """How much more alike two members of a group are, above mismatch, beyond what each of them shares with everybody.

        The coefficient of "same group" in least squares of pair means on both models' own effects: without these, an agreeable model alone looks like a
        family. A model whose group is not known (None) is left out. Raises Inconclusive unless two groups have two members or more.
        """
        import numpy as np

        known = {model: group for model in self.study.models if (group := groups[model]) is not None}
        if sum(size >= 2 for size in Counter(known.values()).values()) < 2:
            raise Inconclusive("groups are told apart by two of them with two members each; the set has fewer")
        inside = pairs_within(self.study, {model: known.get(model, "") for model in self.study.models})
        both = np.array([{self.study.models[place] for place in pair} <= known.keys() for pair in self.study.pairs])
        above = np.where(both[:, None], self.study.similarities_of(measure) - self.study.mismatched(measure, WITHIN), np.nan)
        tally = self.twoway.tally(above)
        observed = sum_values(above, self.study.stratum, len(self.study.capabilities))
        value = within_effect(pair_means(observed)[None], np.ones((1, len(inside))), self.study.pairs, inside)[0]
        draws = within_effect(pair_means(tally), self.twoway.pairs, self.study.pairs, inside)
        return self._to_effect(float(value), draws, None, above)

    def _finding(self, measure: str, kind: Kind, capability: str | None, pairs: Pairs) -> Effect:
        import numpy as np

        stratum = self._stratum(capability)
        values, draws = self._statistic_with_draws(measure, kind, capability, pairs)
        if np.isnan(values) and np.isnan(self.mismatched(measure, WITHIN, capability, pairs)):
            raise Inconclusive("no prompt has another one of its capability to be compared with")
        if np.isnan(values):
            raise Inconclusive(f"answers to different prompts are as alike as can be in {measure}: nothing is left that chance does not explain")
        tested = self._tested(measure, pairs, stratum) if kind in ("above mismatch", "chance corrected") else (None, None)
        found = self._to_effect(float(values), draws, capability, self.study.similarities_of(measure), pairs)
        return structs.replace(found, p=tested[0], p_floor=tested[1], p_method=P_METHOD if tested[0] is not None else "")

    def _statistic_with_draws(self, measure: str, kind: Kind, capability: str | None, pairs: Pairs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(the statistic, its bootstrap draws)."""
        stratum = self._stratum(capability)
        observed, draws = (
            self._value(kind, self._tally(measure, "matched", drawn=drawn), self._tally(measure, WITHIN, drawn=drawn), pairs, stratum)
            for drawn in (False, True)
        )
        return observed, draws

    def _to_effect(self, value: float, draws: NDArray[np.float64], capability: str | None, values: NDArray[np.float64], pairs: Pairs = None) -> Effect:
        """The effect of (pairs, prompts) values; its interval counts the prompts that have any."""
        import numpy as np

        inside = np.array([capability in (None, name) for name in self.study.strata])
        answered = inside & ~np.isnan(values if pairs is None else values[pairs]).all(axis=0)
        interval = self.twoway.interval(draws, prompts=answered)
        if not interval.has_width:
            interval = structs.replace(interval, low=value, high=value)
        return Effect(value=value, interval=interval, n=int(inside.sum()), note=f"{len(self.study.models)} respondents")

    def _value(self, kind: Kind, matched: Tally, mismatched: Tally, pairs: Pairs, stratum: int | None) -> NDArray[np.float64]:
        """The statistic, of the observed tallies or of every draw at once. NaN where answers to different prompts are all alike: chance explains all."""
        import numpy as np

        same = matched.mean(pairs, stratum)
        if kind == "level":
            return same
        above = same - mismatched.mean(pairs, stratum)
        if kind == "above mismatch":
            return above
        left = 1 - mismatched.mean(pairs, stratum)
        found: NDArray[np.float64] = np.divide(above, left, out=np.full_like(above, np.nan), where=left > 0)
        return found

    def _tested(self, measure: str, pairs: Pairs, stratum: int | None) -> tuple[float, float]:
        observed = float(self._tally(measure, "matched", drawn=False).mean(pairs, stratum))
        place = self.study.place(measure)
        null = Tally(self.null.sums[:, place], self.null.counts[:, place]).mean(pairs, stratum)
        if is_constant(null, observed) and not movable(self.study, WITHIN, place, pairs, stratum):
            raise Inconclusive(f"permuting prompts cannot move the statistic {measure}: in every pair one model's answers are alike, whatever the prompt")
        p, floor = permutation_p(observed, null)
        least = max(floor, smallest_share(self.study, WITHIN, pairs, stratum))
        return max(p, least), least

    def _stratum(self, capability: str | None) -> int | None:
        return None if capability is None else self.study.capabilities.index(capability)

    def matrix(self, measure: str) -> list[list[float | None]]:
        """Models by models: the mean similarity of each pair, 1 with itself, None where no prompt was answered by both."""
        tally, size = self._tally(measure, "matched", drawn=False), len(self.study.models)
        found: list[list[float | None]] = [[1.0 if row == column else None for column in range(size)] for row in range(size)]
        for number, (first, second) in enumerate(self.study.pairs):
            total, count = float(tally.sums[number].sum()), float(tally.counts[number].sum())
            found[first][second] = found[second][first] = total / count if count else None
        return found
