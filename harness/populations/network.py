"""Beliefs that excite or inhibit one another: a sparse network, fixed for a population's whole history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from harness.errors import HarnessError
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

        Two words a link: the first chooses a belief among those not yet chosen, the second whether it inhibits. Raises HarnessError where too few are left.
        """
        if self.degree >= beliefs:
            raise HarnessError(f"{beliefs} beliefs cannot each act on {self.degree} others", where="network", mend=f"Give a degree of at most {beliefs - 1}")
        words = stream.words(Purpose.NETWORK, 2 * beliefs * self.degree).reshape(beliefs, self.degree, 2)
        taken = np.arange(beliefs)[:, None]  # itself, and those already chosen, in rising order
        chosen = []
        for link in range(self.degree):
            found = ((words[:, link, 0] * np.uint64(beliefs - 1 - link)) >> np.uint64(32)).astype(np.int64)
            for place in range(link + 1):
                found += found >= taken[:, place]
            chosen.append(found)
            taken = np.sort(np.column_stack([taken, found]), axis=1)
        weakens = words[:, :, 1] < np.uint64(round(self.inhibiting * 2**32))
        up, down = (np.rint(size * STRENGTH) / STRENGTH for size in (self.excitation, self.inhibition))
        return np.stack(chosen, axis=1).astype(np.int32), np.where(weakens, -down, up)


def gains(held: Sequence[int] | np.ndarray, neighbours: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """(len(held),) gains of the held beliefs: 1 plus all that the held ones do to each, clipped to [0, 4]. A belief listed twice acts twice."""
    own = np.asarray(held, dtype=np.int64)
    total = np.bincount(neighbours[own].ravel(), weights=strengths[own].ravel(), minlength=len(neighbours))
    return np.asarray(np.clip(1.0 + total[own], 0.0, LARGEST_GAIN))
