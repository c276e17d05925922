"""How often the real world calls on each belief: weights w(b) of their values, which no test sees."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from harness.errors import HarnessError
from harness.populations.form import Form
from harness.populations.grid import on_signal_grid
from harness.populations.stream import Purpose, Stream


class Usage(Form):
    """even: all alike; zipf: weights rank**-alpha over shuffled ranks; partial: floor(share * B + 0.5) beliefs are never used, the others alike."""

    kind: Literal["even", "zipf", "partial"] = "even"
    alpha: float = Field(default=1.0, ge=0, le=20)
    share: float = Field(default=0.5, ge=0, lt=1)

    def draw(self, beliefs: int, stream: Stream) -> np.ndarray:
        """(beliefs,) weights on the signals' grid, of mean 1 to the grid's rounding. Raises HarnessError where one cannot be held, or none is used."""
        if self.kind == "even":
            return np.ones(beliefs)
        place = np.argsort(np.argsort(stream.words(Purpose.USAGE, beliefs), kind="stable"), kind="stable")
        raw = (place + 1.0) ** -self.alpha if self.kind == "zipf" else (place >= int(self.share * beliefs + 0.5)).astype(float)
        if not raw.any():
            raise HarnessError(f"a share of {self.share:g} never used leaves none of {beliefs} beliefs", where="usage", mend="Give a smaller share")
        weights = raw * (beliefs / raw.sum())
        if weights.max() > 64.0:
            told = f"the most used of {beliefs} beliefs would weigh {weights.max():.0f}, above 64"
            raise HarnessError(told, where="usage", mend="Give a smaller alpha" if self.kind == "zipf" else "Give a smaller share")
        return np.asarray(on_signal_grid(weights))
