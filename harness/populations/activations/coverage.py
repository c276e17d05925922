"""A test that never probes some beliefs at all."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from harness.errors import HarnessError
from harness.populations.activations.simple import Simple, shuffled
from harness.populations.form import Form
from harness.populations.stream import Stream


class Coverage(Form):
    """Exactly floor(coverage * B + 0.5) beliefs are probed, each as in Simple; the others never. Which ones: those with the smallest of B further words."""

    kind: Literal["coverage"] = "coverage"
    coverage: float = Field(gt=0, le=1)
    density: float = Field(default=0.1, gt=0, le=1)

    def draw(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(1, beliefs, questions) of 0 and 1. Raises HarnessError where no belief would be probed."""
        active = Simple(density=self.density).draw(beliefs, questions, stream)
        active[0, self.unprobed(beliefs, questions, stream)] = 0.0
        return active

    def unprobed(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """The beliefs that no question probes. Raises HarnessError where that is all of them."""
        probed = math.floor(self.coverage * beliefs + 0.5)
        if not probed:
            raise HarnessError(f"a coverage of {self.coverage:g} probes none of {beliefs} beliefs", where="coverage", mend=f"Give at least {1 / beliefs:g}")
        return shuffled(beliefs, beliefs * Simple(density=self.density).probing(questions), stream)[probed:]
