"""Answers of several models to the same prompts, compared pair by pair: matched by prompt, and mismatched for the null.

A prompt is told by its id, never by its place. Similarities among the answers of a block of prompts are enough for a valid null: permuting prompts within
blocks, within each model, is a subgroup of permuting them all, so the test is exact (Lehmann and Romano, 2005, ch. 15), and its cost grows with the
number of prompts instead of its square.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Blocks = Callable[[NDArray[np.intp]], Mapping[str, NDArray[np.float64]]]

ANYWHERE, WITHIN = "any prompt", "same capability"
# Prompts in a block where all of them at once would be too many (the baseline of any prompt is a mean alone, for which few will do); and how many answers
# may be compared all with all.
BLOCK, WHOLE = {WITHIN: 6, ANYWHERE: 3}, 600
THREADS = 2


@dataclass(frozen=True, kw_only=True)
class SimilarityBlock:
    """A block of prompts: `places` (m,) among all prompts; `cross` (pairs, m, m, measures), the similarity of the first model's answer to one and the
    second's to another; NaN where one of them has no answer."""

    places: NDArray[np.intp]
    cross: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """M models, N prompts of named strata (capabilities), K measures; pairs in the order of itertools.combinations.

    `matched` is (K, pairs, N), NaN where one of the two has no answer. `blocks` holds, for each null, the blocks in which prompts are permuted.
    """

    models: tuple[str, ...]
    prompts: tuple[str, ...]
    strata: tuple[str, ...]
    measures: tuple[str, ...]
    matched: NDArray[np.float64]
    blocks: Mapping[str, tuple[SimilarityBlock, ...]]

    @cached_property
    def pairs(self) -> NDArray[np.intp]:
        """(pairs, 2): the places of the two models of each pair."""
        return pairs_of(len(self.models))

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        """The strata, each once, in the order of their first prompt."""
        return tuple(dict.fromkeys(self.strata))

    @cached_property
    def stratum(self) -> NDArray[np.intp]:
        """(N,): the place of each prompt's stratum among `capabilities`."""
        import numpy as np

        return np.array([self.capabilities.index(name) for name in self.strata], dtype=np.intp)

    def similarities_of(self, measure: str) -> NDArray[np.float64]:
        """(pairs, N): the matched similarities of one measure. Raises HarnessError for one that was not computed."""
        found: NDArray[np.float64] = self.matched[self.place(measure)]
        return found

    def place(self, measure: str) -> int:
        if measure not in self.measures:
            raise HarnessError(f"there is no similarity {measure!r}", mend=f"Known: {', '.join(self.measures)}")
        return self.measures.index(measure)

    def mismatched(self, measure: str, null: str) -> NDArray[np.float64]:
        """(pairs, N): for each prompt, the mean similarity of the answers to it and to the other prompts of its block, both ways round."""
        import numpy as np

        found = np.full(self.matched.shape[1:], np.nan)
        for block in self.blocks[null]:
            cross = block.cross[..., self.place(measure)].copy()
            cross[:, range(len(block.places)), range(len(block.places))] = np.nan
            found[:, block.places] = average(np.concatenate([cross, cross.swapaxes(1, 2)], axis=2))
        return found


def average(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis of what is there; NaN where nothing is."""
    import numpy as np

    there = ~np.isnan(values)
    counts = there.sum(axis=-1)
    sums = np.where(there, values, 0.0).sum(axis=-1)
    found: NDArray[np.float64] = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return found


def pairs_of(models: int) -> NDArray[np.intp]:
    import numpy as np

    return np.array(list(combinations(range(models), 2)), dtype=np.intp).reshape(-1, 2)


def compare_answers(models: Sequence[str], strata: Mapping[str, str], answered: Mapping[str, Mapping[str, Any]], blocks_of: Blocks) -> Comparison:
    """Compares what `models` answered. `strata` maps prompt id to its capability; `answered` maps model to {prompt id: None where there is no answer}.

    `blocks_of` takes n indices into the answers, model by model in the order of `models` and of `strata`, and gives the (n, n) similarities of each measure
    by name, NaN where an answer has no value. Raises HarnessError for fewer than two models, or prompts that a model was not asked.
    """
    import numpy as np

    prompts = tuple(strata)
    if len(models) < 2 or not prompts:
        raise HarnessError(f"{len(models)} models and {len(prompts)} prompts cannot be compared", mend="Two models and a prompt are the least there is.")
    for model in models:
        odd = [prompt for prompt in prompts if prompt not in answered[model]]
        if odd:
            raise HarnessError(f"{model} was not asked {len(odd)} of {len(prompts)} prompts, such as {odd[0]}", mend="Pair answers by prompt id only.")
    there = np.array([[answered[model][prompt] is not None for prompt in prompts] for model in models])
    labels = [strata[prompt] for prompt in prompts]
    made = {null: parallel(divide_into_blocks(prompts, labels, len(models), null), there, blocks_of) for null in (WITHIN, ANYWHERE)}
    measures = made[WITHIN][0][0]
    blocks = {null: tuple(block for _, block in found) for null, found in made.items()}
    matched = np.full((len(measures), len(pairs_of(len(models))), len(prompts)), np.nan)
    for block in blocks[WITHIN]:
        matched[:, :, block.places] = np.moveaxis(np.diagonal(block.cross, axis1=1, axis2=2), 1, 0)
    return Comparison(models=tuple(models), prompts=prompts, strata=tuple(labels), measures=measures, matched=matched, blocks=blocks)


def divide_into_blocks(prompts: Sequence[str], strata: Sequence[str], models: int, null: str) -> list[NDArray[np.intp]]:
    """Places of the prompts, parted at random into small blocks, inside each stratum for the null WITHIN; one block where the answers are few.

    The parting depends on the set of prompts alone: neither on their order nor on what was answered, or the test would not be valid.
    """
    import numpy as np

    order = np.argsort(np.array(prompts), kind="stable")
    groups = [order[np.array(strata)[order] == name] for name in sorted(set(strata))] if null == WITHIN else [order]
    found = []
    for group in groups:
        mixed = generator("blocks", [prompts[place] for place in group]).permutation(group)
        parts = 1 if len(group) * models <= WHOLE else max(1, len(group) // BLOCK[null])
        found += [np.sort(part) for part in np.array_split(mixed, parts)]
    return found


def parallel(parts: Sequence[NDArray[np.intp]], there: NDArray[np.bool_], blocks_of: Blocks) -> list[tuple[tuple[str, ...], SimilarityBlock]]:
    """Every block in its order, two at a time: much of a similarity is computed outside Python's lock."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda places: compute_block(places, there, blocks_of), parts))


def compute_block(places: NDArray[np.intp], there: NDArray[np.bool_], blocks_of: Blocks) -> tuple[tuple[str, ...], SimilarityBlock]:
    """(the measures, all similarities among the answers to the prompts at `places`, by pair of models)."""
    import numpy as np

    models, prompts = there.shape
    rows = (np.arange(models)[:, None] * prompts + places[None]).ravel()
    lost = ~there[:, places].ravel()
    first, second = pairs_of(models).T
    m, found = len(places), blocks_of(rows)
    cross = np.empty((len(first), m, m, len(found)))
    for number, block in enumerate(found.values()):
        square = np.where(lost[:, None] | lost[None], np.nan, block)
        cross[..., number] = square.reshape(models, m, models, m)[first, :, second, :]
    return tuple(found), SimilarityBlock(places=places, cross=cross)
