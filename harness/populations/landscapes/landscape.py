"""The form of a landscape: a joint distribution of value and alignment signal, with its moments known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.populations.stream import Stream


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Exact moments of the joint distribution; `deceptive` is P(v < 0, a > 0), None where no closed form is known."""

    value: float
    signal: float
    value_sd: float
    signal_sd: float
    correlation: float
    deceptive: float | None


class Landscape(Protocol):
    """Draws (values, signals), each (count,) float64 and not yet on the grid, from the stream's purpose LANDSCAPE alone."""

    def draw(self, count: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]: ...

    def moments(self) -> Moments: ...
