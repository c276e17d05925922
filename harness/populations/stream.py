"""Random numbers by address: which purpose, which generation, which draw. Equal addresses under equal keys give equal numbers in every process.

Block number i of a purpose at a generation is `philox((i, generation, purpose, 0), key)`; words, uniforms and normals are read from blocks in their order.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from harness.populations.normals import normal_pairs
from harness.populations.philox import philox
from harness.seeds import derive

FINEST = 2.0**-53
MANY = 256  # of fewer blocks or numbers numpy's are as fast


class Purpose(IntEnum):
    """What a draw is for. The numbers are part of every result: one is never given a second meaning."""

    LANDSCAPE = 1
    ACTIVATION = 2
    FOUNDERS = 3
    PARENTS = 4
    MUTATED = 5
    BELIEF = 6
    NOISE = 7
    LOST = 8
    GAINED = 9
    INHERITED = 10
    QUESTION = 11
    NETWORK = 12
    USAGE = 13
    BELIEF_PLACES = 14
    QUESTION_PLACES = 15
    EVALUATORS = 16
    PERSONALITY = 17
    SHUFFLED = 18


@dataclass(frozen=True)
class Stream:
    """All random numbers under one key of 64 bits."""

    key: int

    @classmethod
    def of(cls, *parts: object) -> Stream:
        """The stream of a name made of JSON-able parts, such as a seed."""
        return cls(derive("population", *parts) & 0xFFFFFFFFFFFFFFFF)

    def blocks(self, purpose: Purpose, count: int, generation: int = 0, first: int = 0) -> np.ndarray:
        """(count, 4) words below 2**32, uint64, from block number `first` on. Where compiled code is at hand, it works out the same ones faster."""
        words = sys.modules.get("harness.populations.compiled.words")
        if words is not None and count >= MANY:
            found = np.empty((4, count), dtype=np.uint32)
            words.fill_blocks(found, count, first, 1, generation, int(purpose), np.uint64(self.key))
            return found.T.astype(np.uint64)
        return philox((np.arange(first, first + count), generation, int(purpose), 0), self.key)

    def words(self, purpose: Purpose, count: int, generation: int = 0) -> np.ndarray:
        """(count,) words below 2**32."""
        return self.blocks(purpose, -(-count // 4), generation).ravel()[:count]

    def uniforms(self, purpose: Purpose, count: int, generation: int = 0) -> np.ndarray:
        """(count,) uniforms in [0, 1) of 53 bits, two words each."""
        return unit(self.words(purpose, 2 * count, generation))

    def below(self, bounds: np.ndarray | int, purpose: Purpose, count: int, generation: int = 0) -> np.ndarray:
        """(count,) whole numbers in [0, bound), one word each: word * bound / 2**32, whose chances are even to bound / 2**32."""
        found: np.ndarray = ((self.words(purpose, count, generation) * np.asarray(bounds, dtype=np.uint64)) >> np.uint64(32)).astype(np.int64)
        return found

    def normals(self, purpose: Purpose, count: int, generation: int = 0) -> np.ndarray:
        """(count,) standard normals (Box and Muller, 1958), a block of four words for each two: the cosine first, then the sine."""
        compiled = sys.modules.get("harness.populations.compiled.words")
        if compiled is not None and count >= MANY:
            found = np.empty(count)
            compiled.fill_normals(found, np.empty((4, -(-count // 2)), np.uint32), generation, int(purpose), np.uint64(self.key))
            return found
        return normal_pairs(self.uniforms(purpose, 2 * -(-count // 2), generation).reshape(-1, 2)).ravel()[:count]


def unit(words: np.ndarray) -> np.ndarray:
    """Pairs of words as uniforms in [0, 1) of 53 bits."""
    high, low = words[..., 0::2] >> np.uint64(5), words[..., 1::2] >> np.uint64(6)
    found: np.ndarray = (high.astype(float) * 67108864.0 + low.astype(float)) * FINEST
    return found
