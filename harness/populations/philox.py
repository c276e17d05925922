"""Philox 4x32 with ten rounds (Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3"): a counter goes in, four random words come out.

A random number is addressed by what it is for, so nothing depends on the order or the number of draws made elsewhere, and there is no state to keep.
numpy's own Philox is a stream whose draws have no address, and none that can be called from compiled code; this is its 32-bit sister, the same in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)  # what is added to the key between rounds
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox(counter: tuple[Any, Any, Any, Any], key: int) -> np.ndarray:
    """(…, 4) uint64 array of words below 2**32 for counters of four words, each an int or an array below 2**32, under a key of 64 bits."""
    first, second, third, fourth = np.broadcast_arrays(*(np.asarray(word, dtype=np.uint64) for word in counter))
    keys = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(ROUNDS):
        one, other = first * np.uint64(MULTIPLIERS[0]), third * np.uint64(MULTIPLIERS[1])
        first, third = (other >> HALF) ^ second ^ np.uint64(keys[0]), (one >> HALF) ^ fourth ^ np.uint64(keys[1])
        second, fourth = other & LOW, one & LOW
        keys = [(keys[0] + WEYL[0]) & 0xFFFFFFFF, (keys[1] + WEYL[1]) & 0xFFFFFFFF]
    return np.stack([first, second, third, fourth], axis=-1)
