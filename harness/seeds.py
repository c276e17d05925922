"""Counter-based randomness: a stream is named by what it is for, so no result depends on order, batch size or worker count.

Philox 4x64 (Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3") is keyed by the first 128 bits of a sha256.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.fingerprint import fingerprint

if TYPE_CHECKING:
    import numpy as np


def derive(*parts: object) -> int:
    """A 128-bit key from JSON-able parts; equal parts give equal keys in every process."""
    return int(fingerprint(list(parts))[:32], 16)


def generator(*parts: object) -> np.random.Generator:
    """A numpy Generator of its own for each distinct sequence of parts."""
    import numpy as np

    return np.random.Generator(np.random.Philox(key=derive(*parts)))
