"""What a comparison of models can see before it is made: simulated with the two-way bootstrap and the bar that decide the real one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.domains.convergence.agreement.comparison import Comparison, pairs_of
from harness.domains.convergence.agreement.permutation_test import PERMUTATIONS
from harness.domains.convergence.agreement.two_way_bootstrap import TwoWay
from harness.seeds import generator
from harness.verdict.criterion import answers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# 2,500 studies keep the Monte Carlo standard error of a share at or below .01.
SIMULATIONS, DRAWS = 2500, 400


class SimilaritySimulation:
    """Cells whose effect is a similarity of models beyond a baseline: `models` are compared on n prompts, with the SDs of `simulated_answers`."""

    needs = ("models", "model_sd", "prompt_sd", "residual_sd")
    draws, p_floor = SIMULATIONS, 1 / (PERMUTATIONS + 1)
    assumptions = "normal effects of models, prompts and residuals with the declared SDs, cells independent"

    def refuse(self, numbers: Mapping[str, float]) -> str:
        models = numbers.get("models", 2)
        return "" if models >= 2 and models == int(models) else f"models is {models:g}; a comparison needs a whole number of at least 2"

    def answers(
        self, *, n: int, effect: float, threshold: float, direction: str, numbers: Mapping[str, float], seed: object
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        sds = (numbers["model_sd"], numbers["prompt_sd"], numbers["residual_sd"])
        models = int(numbers["models"])
        return simulated_answers(models=models, prompts=n, effect=effect, bar=threshold, direction=direction, sds=sds, seed=seed)


def simulated_power(*, models: int, prompts: int, effect: float, bar: float, sds: tuple[float, float, float], seed: object = 0) -> float:
    """Share of simulated studies in which a rise reaches `bar` and its interval leaves zero."""
    holds, _ = simulated_answers(models=models, prompts=prompts, effect=effect, bar=bar, direction="increase", sds=sds, seed=seed)
    return float(holds.mean())


def simulated_answers(
    *, models: int, prompts: int, effect: float, bar: float, direction: str, sds: tuple[float, float, float], seed: object
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(holds, does not hold) in each of 2,500 simulated studies."""
    value, low, high = (ends + effect for ends in simulated_intervals(models, prompts, sds, seed))
    yes, no = answers(value, low, high, bar, direction)
    return yes, no & ~yes


@lru_cache(maxsize=8)
def simulated_intervals(
    models: int, prompts: int, sds: tuple[float, float, float], seed: object
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(mean, lower, upper end of its interval) of each simulated study without an effect; an effect moves all three by its size.

    A pair's effect at a prompt is the effect + both models' own + the prompt's own + a residual, all normal with the SDs `sds`, in the unit of the effect.
    """
    import numpy as np

    drawn = TwoWay(study=empty(models, prompts), draws=DRAWS)
    found = []
    for number in range(SIMULATIONS):
        values = simulate_study(generator("power", seed, number), models, prompts, 0.0, sds)
        interval = drawn.interval(drawn.tally(values).mean())
        found.append((values.mean(), interval.low, interval.high))
    value, low, high = np.array(found).T
    return value, low, high


def simulate_study(rng: np.random.Generator, models: int, prompts: int, effect: float, sds: tuple[float, float, float]) -> NDArray[np.float64]:
    """(pairs, prompts) effects of one simulated study."""
    pairs = pairs_of(models)
    own, asked = rng.normal(0, sds[0], models), rng.normal(0, sds[1], prompts)
    found: NDArray[np.float64] = effect + (own[pairs[:, 0]] + own[pairs[:, 1]])[:, None] + asked[None] + rng.normal(0, sds[2], (len(pairs), prompts))
    return found


def components(values: NDArray[np.float64], pairs: NDArray[np.intp]) -> tuple[float, float, float]:
    """SDs between models, between prompts, and of the rest, of (pairs, prompts) effects without gaps: moments of the additive two-way model.

    Models' own effects are the least-squares solution of pair means = mean + both models' own. For the plan of a later study.
    """
    import numpy as np

    models, (count, prompts) = int(pairs.max()) + 1, values.shape
    member = np.zeros((count, models))
    member[np.arange(count), pairs[:, 0]] = member[np.arange(count), pairs[:, 1]] = 1.0
    own = np.linalg.lstsq(member, values.mean(axis=1) - values.mean(), rcond=None)[0]
    asked = values.mean(axis=0) - values.mean()
    rest = values - values.mean() - (member @ own)[:, None] - asked[None]
    residual = float(rest.var()) * values.size / max(1, values.size - models - prompts)
    of_models = max(0.0, float(own.var(ddof=1)) - residual / (prompts * max(1, models - 2)))
    of_prompts = max(0.0, float(asked.var(ddof=1)) - residual / count)
    return of_models**0.5, of_prompts**0.5, residual**0.5


def empty(models: int, prompts: int) -> Comparison:
    """A study of the stated size without values, for its draws alone."""
    import numpy as np

    names, asked = tuple(f"model {number}" for number in range(models)), tuple(f"prompt {number}" for number in range(prompts))
    return Comparison(models=names, prompts=asked, strata=("all",) * prompts, measures=(), matched=np.zeros((0, 0, 0)), blocks={})
