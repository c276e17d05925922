"""Distinct whole numbers by chance: the beliefs of a founder, the questions that probe a belief."""

from __future__ import annotations

import numpy as np


def distinct(words: np.ndarray, pool: int) -> np.ndarray:
    """Rows of distinct whole numbers below `pool`, one word each, every set equally likely (Floyd's algorithm, Bentley and Floyd, 1987)."""
    rows, count = words.shape
    found, places = np.empty((rows, count), dtype=np.int64), np.arange(rows)
    taken = np.zeros((rows, pool), dtype=bool)
    for step in range(count):
        top = pool - count + step
        drawn = ((words[:, step] * np.uint64(top + 1)) >> np.uint64(32)).astype(np.int64)
        found[:, step] = np.where(taken[places, drawn], top, drawn)
        taken[places, found[:, step]] = True
    return found
