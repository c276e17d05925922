"""Questions that overlap as much as asked: activations of 0 and 1 with a mean Pearson correlation over pairs of questions."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from harness.errors import HarnessError
from harness.populations.activations.simple import Simple, shuffled
from harness.populations.form import Form
from harness.populations.stream import Stream


class Correlated(Form):
    """Some beliefs are activated by every question, some by none, the rest as in Simple, by exactly n = d Q questions.

    With k(b) the number of questions activating b and questions exchangeable, the mean correlation is (Var k / (Q p (1 - p)) - 1) / (Q - 1), p = mean k / Q.
    The numbers of all and none beliefs are those that come nearest to the correlation asked; chance enters only through unequal question means.
    """

    kind: Literal["correlated"] = "correlated"
    correlation: float = Field(ge=-1, le=1)
    density: float = Field(default=0.1, gt=0, lt=1)

    def draw(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(1, beliefs, questions) of 0 and 1. Raises HarnessError where no such correlation can be."""
        every, none = self.apart(beliefs, questions, stream)
        active = Simple(density=self.density).draw(beliefs, questions, stream)
        active[0, every], active[0, none] = 1.0, 0.0
        return active

    def apart(self, beliefs: int, questions: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """The beliefs that every question activates, and those that none does. Raises HarnessError where no such correlation can be."""
        every, none = self.blocks(beliefs, questions)
        order = shuffled(beliefs, beliefs * Simple(density=self.density).probing(questions), stream)
        return order[:every], order[every : every + none]

    def blocks(self, beliefs: int, questions: int) -> tuple[int, int]:
        """How many beliefs every question activates, and how many none does."""
        count = Simple(density=self.density).probing(questions)
        if questions < 2 or count >= questions or beliefs < 2:
            raise HarnessError(f"{questions} questions at a density of {self.density:g} over {beliefs} beliefs have no correlation", where="correlated")
        if self.correlation < -1.0 / (questions - 1):
            least = f"{questions} questions cannot correlate below -1/{questions - 1} = {-1.0 / (questions - 1):.4g} on average"
            raise HarnessError(f"{least} (asked: {self.correlation:g})", where="correlated")
        share = beliefs * (1.0 + (questions - 1) * self.correlation) / questions
        middle = np.rint([share * count / questions, share * (1.0 - count / questions)]).astype(int)
        every, none = (around.ravel() for around in np.meshgrid(middle[0] + np.arange(-2, 3), middle[1] + np.arange(-20, 21), indexing="ij"))
        fits = (every >= 0) & (none >= 0) & (every + none <= beliefs) & (every < beliefs) & (none < beliefs)
        every, none = every[fits], none[fits]
        best = np.argmin(np.abs(self._reached(every, none, count, beliefs, questions) - self.correlation))
        return int(every[best]), int(none[best])

    @staticmethod
    def _reached(every: np.ndarray, none: np.ndarray, count: int, beliefs: int, questions: int) -> np.ndarray:
        rest = beliefs - every - none
        mean = (every * questions + rest * count) / beliefs
        spread = (every * float(questions) ** 2 + rest * float(count) ** 2) / beliefs - mean**2
        density = mean / questions
        return np.asarray((spread / (questions * density * (1.0 - density)) - 1.0) / (questions - 1))
