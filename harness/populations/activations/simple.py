"""Each belief is probed by the same number of questions, chosen evenly: the activation by which the others are judged."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from harness.populations.distinct import distinct
from harness.populations.form import Form
from harness.populations.stream import Purpose, Stream


class Simple(Form):
    """Every belief activates exactly max(1, floor(density * Q + 0.5)) distinct questions, with weight 1.

    So coverage is 1, entropy is ln B, and the mean correlation of questions is about -1 / (Q - 1).
    """

    kind: Literal["simple"] = "simple"
    density: float = Field(default=0.1, gt=0, le=1)

    def probing(self, questions: int) -> int:
        """How many questions probe a belief."""
        return max(1, math.floor(self.density * questions + 0.5))

    def chosen(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(beliefs, n) whole numbers: the questions that probe each belief, one word each."""
        count = self.probing(questions)
        return distinct(stream.words(Purpose.ACTIVATION, beliefs * count).reshape(beliefs, count), questions)

    def draw(self, beliefs: int, questions: int, stream: Stream) -> np.ndarray:
        """(1, beliefs, questions) of 0 and 1."""
        active = np.zeros((1, beliefs, questions))
        np.put_along_axis(active[0], self.chosen(beliefs, questions, stream), 1.0, axis=1)
        return active


def shuffled(beliefs: int, used: int, stream: Stream) -> np.ndarray:
    """(beliefs,) the beliefs in an even order, by one word each from the blocks of ACTIVATION behind the `used` words."""
    words = stream.blocks(Purpose.ACTIVATION, -(-beliefs // 4), first=-(-used // 4)).ravel()[:beliefs]
    return np.argsort(words, kind="stable")
