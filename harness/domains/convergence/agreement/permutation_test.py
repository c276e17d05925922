"""The null of "models answer alike because of the prompt": each model's answers are dealt to the prompts anew, within blocks, and all is measured again.

With numba (optional) a draw costs microseconds; without it the same draws are summed by numpy, some ten times slower. Both are tested to be equal.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.domains.convergence.agreement.sums import Tally
from harness.errors import HarnessError
from harness.plaintext import format_number
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.domains.convergence.agreement.comparison import Comparison, SimilarityBlock

PERMUTATIONS = 1000


def permute_prompts(study: Comparison, null: str, draws: int = PERMUTATIONS) -> Tally:
    """The tally of `draws` permutations, (draws, measures, pairs, strata), of the prompts within the blocks of `null`, within each model."""
    import numpy as np

    shape = (draws, len(study.measures), len(study.pairs), len(study.capabilities))
    sums, counts = np.zeros(shape), np.zeros(shape)
    adder = compile_add_block() or add_block
    for number, block in enumerate(study.blocks[null]):
        dealt = draw_permutations(study, null, number, block, draws)
        adder(block.cross, dealt, study.pairs, study.stratum[block.places], sums, counts)
    return Tally(sums, counts)


def draw_permutations(study: Comparison, null: str, number: int, block: SimilarityBlock, draws: int) -> NDArray[np.intp]:
    """(draws, models, m): which of the block's answers stands at which of its prompts. Named by the prompts, so no order matters."""
    import numpy as np

    rng = generator("dealings", null, number, [study.prompts[place] for place in block.places], list(study.models))
    whole = np.broadcast_to(np.arange(len(block.places)), (draws, len(study.models), len(block.places)))
    return rng.permuted(whole, axis=2)


def add_block(
    cross: NDArray[np.float64],
    dealt: NDArray[np.intp],
    pairs: NDArray[np.intp],
    stratum: NDArray[np.intp],
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Adds one block to sums and counts, by numpy: the reference."""
    import numpy as np

    for pair, (first, second) in enumerate(pairs):
        values = cross[pair][dealt[:, first, :], dealt[:, second, :]]  # (draws, m, measures)
        there = ~np.isnan(values)
        for name in np.unique(stratum):
            here = stratum == name
            sums[:, :, pair, name] += np.where(there, values, 0.0)[:, here].sum(axis=1)
            counts[:, :, pair, name] += there[:, here].sum(axis=1)


@cache
def compile_add_block() -> Any:
    """`added`, compiled; None where numba cannot be used."""
    from harness import jit

    if jit.unusable():
        return None
    from numba import prange

    def added_fast(cross, dealt, pairs, stratum, sums, counts):  # type: ignore[no-untyped-def]  # pragma: no cover  # compiled
        for draw in prange(dealt.shape[0]):
            for pair in range(pairs.shape[0]):
                first, second = pairs[pair, 0], pairs[pair, 1]
                for place in range(stratum.shape[0]):
                    one, other, name = dealt[draw, first, place], dealt[draw, second, place], stratum[place]
                    for measure in range(cross.shape[3]):
                        value = cross[pair, one, other, measure]
                        if value == value:  # not NaN
                            sums[draw, measure, pair, name] += value
                            counts[draw, measure, pair, name] += 1.0

    return jit.compile_function(added_fast, "permuting", parallel=True)


def permutation_p(observed: float, null: NDArray[np.float64]) -> tuple[float, float]:
    """(one-sided p of a large statistic, the smallest possible p): (b+1)/(B+1).

    Raises HarnessError where the null has no spread: then the statistic does not depend on what was permuted, and its p would be rounding noise.
    """
    import numpy as np

    draws = null[~np.isnan(null)]
    if is_constant(draws, observed):
        spread = np.ptp(draws) if len(draws) else 0.0
        raise HarnessError(
            f"permuting prompts within models cannot move the statistic (null spread {format_number(spread, '.1e')})",
            mend="Look at the answers: one that is the same for every prompt cannot show agreement beyond chance.",
        )
    return (int((draws >= observed - 1e-12).sum()) + 1) / (len(draws) + 1), 1 / (len(draws) + 1)


def smallest_share(study: Comparison, null: str, pairs: NDArray[np.bool_] | None, stratum: int | None) -> float:
    """The share of the observed arrangement among all: no test by permutation has a smaller p, however many are drawn. Of M models a block of m prompts has
    m! ** (M - 1) arrangements that differ, since only how models stand to each other matters."""
    import numpy as np

    models = len(np.unique(study.pairs if pairs is None else study.pairs[pairs]))
    sizes = [len(block.places) for block in study.blocks[null] if stratum is None or study.stratum[block.places[0]] == stratum]
    arrangements: int = math.prod(math.factorial(size) for size in sizes) ** (models - 1)
    return 1 / arrangements


def is_constant(null: NDArray[np.float64], observed: float) -> bool:
    """True where a null has no spread beyond rounding."""
    import numpy as np

    draws = null[~np.isnan(null)]
    return len(draws) == 0 or bool(np.ptp(draws) <= 1e-12 * max(1.0, abs(observed)))


def movable(study: Comparison, null: str, measure: int, pairs: NDArray[np.bool_] | None, stratum: int | None) -> bool:
    """True where dealing answers to other prompts can change a mean similarity at all.

    It cannot where each similarity of a pair is one number of the first answer plus one of the second, as where one of the two models always says the same:
    the sum over prompts is then the same for every dealing.
    """
    import numpy as np

    for block in study.blocks[null]:
        if stratum is None or study.stratum[block.places[0]] == stratum:
            for values in block.cross[slice(None) if pairs is None else pairs, :, :, measure]:
                there = values[~np.isnan(values).all(axis=1)][:, ~np.isnan(values).all(axis=0)]
                if there.size and np.nanmax(np.abs(there - there[:1] - there[:, :1] + there[0, 0])) > 1e-12:
                    return True
    return False
