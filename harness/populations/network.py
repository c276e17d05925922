"""Beliefs that excite or inhibit one another: a sparse network, fixed for a population's whole history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from harness.errors import HarnessError
from harness.populations.distinct import distinct
from harness.populations.form import Form
from harness.populations.stream import Purpose, Stream

STRENGTH = 2.0**6  # strengths are multiples of 2**-6, so that their sums are exact
LARGEST_GAIN = 4.0


class Network(Form):
    """Each belief acts on `degree` others; a share `inhibiting` of the links weakens by `inhibition`, the others strengthen by `excitation`."""

    degree: int = Field(default=4, ge=1, le=64)
    excitation: float = Field(default=0.25, ge=0, le=4)
    inhibition: float = Field(default=0.25, ge=0, le=4)
    inhibiting: float = Field(default=0.5, ge=0, le=1)

    def draw(self, beliefs: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """(neighbours, strengths), int32 and float64, both (beliefs, degree): whom each belief acts on (distinct, never itself), and how strongly.

        Two words a link: the first chooses among the other beliefs (see `distinct`), the second says whether it inhibits. Raises HarnessError where
        too few are left.
        """
        self.fits(beliefs)
        words = stream.words(Purpose.NETWORK, 2 * beliefs * self.degree).reshape(beliefs, self.degree, 2)
        chosen = distinct(words[:, :, 0], beliefs - 1)
        chosen += chosen >= np.arange(beliefs)[:, None]  # all but itself
        up, down = self.steps
        return chosen.astype(np.int32), np.where(words[:, :, 1] < np.uint64(self.bound), -down, up)

    def fits(self, beliefs: int) -> None:
        """Raises HarnessError where too few beliefs are left for each to act on."""
        if self.degree >= beliefs:
            raise HarnessError(f"{beliefs} beliefs cannot each act on {self.degree} others", where="network", mend=f"Give a degree of at most {beliefs - 1}")

    @property
    def steps(self) -> tuple[float, float]:
        """How much a link strengthens, and how much one weakens."""
        up, down = (float(np.rint(size * STRENGTH) / STRENGTH) for size in (self.excitation, self.inhibition))
        return up, down

    @property
    def bound(self) -> int:
        """Words below it make a link that inhibits."""
        return round(self.inhibiting * 2**32)


def gains(held: Sequence[int] | np.ndarray, neighbours: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """(len(held),) gains of the held beliefs: 1 plus all that the held ones do to each, clipped to [0, 4]. A belief listed twice acts twice."""
    own = np.asarray(held, dtype=np.int64)
    total = np.bincount(neighbours[own].ravel(), weights=strengths[own].ravel(), minlength=len(neighbours))
    return np.asarray(np.clip(1.0 + total[own], 0.0, LARGEST_GAIN))
