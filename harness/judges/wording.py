"""How an answer is worded beside what was asked: a few counts that a sentence vector loses (negation, assent, what is repeated, what is new)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

WORD = re.compile(r"[a-z0-9']+")
COMMON = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "in",
        "is",
        "are",
        "was",
        "were",
        "to",
        "and",
        "that",
        "it",
        "its",
        "on",
        "for",
        "with",
        "by",
        "at",
        "as",
        "be",
        "this",
        "has",
        "have",
        "had",
    ]
)
DENYING = frozenset(
    ["not", "no", "never", "actually", "neither", "rather", "instead", "but", "however", "false", "wrong", "mistaken", "incorrect", "myth", "really"]
)
ASSENTING = frozenset(
    ["yes", "right", "exactly", "indeed", "correct", "agree", "true", "absolutely", "course", "precisely", "certainly", "sure", "yep", "quite"]
)
# The first words of an answer say most about where it goes.
OPENING = 6


def split_words(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("\u2019", "'"))


def wording(asked: str, said: str) -> list[float]:
    """Nine numbers of 0 to 1: repeated of the question, new, denial and assent (anywhere, at the opening), repeated and not denied, length."""
    question = set(split_words(asked)) - COMMON
    answer = split_words(said)
    content = set(answer) - COMMON
    denied = [word in DENYING or word.endswith("n't") for word in answer]
    assented = [word in ASSENTING for word in answer]
    repeated = len(question & content) / max(1, len(question))
    return [
        repeated,
        len(content - question) / max(1, len(content)),
        min(1.0, 5 * sum(denied) / max(1, len(answer))),
        float(any(denied[:OPENING])),
        min(1.0, 5 * sum(assented) / max(1, len(answer))),
        float(any(assented[:OPENING])),
        float(any(assented[:2])),
        repeated * (not any(denied)),
        min(1.0, len(answer) / 40),
    ]


def wordings(asked: list[str], said: list[str]) -> np.ndarray[Any, Any]:
    """(answers, 9)."""
    import numpy as np

    return np.array([wording(question, answer) for question, answer in zip(asked, said, strict=True)], dtype=float)
