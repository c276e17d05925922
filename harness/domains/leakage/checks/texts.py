"""When two texts are the same to a reader: in words, and for prompts also but for a slip of the pen."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

WORD = re.compile(r"\w+", re.UNICODE)
# Of the words of a prompt, how many may be added or left out, and how alike a word must be to the one in its place, for it to be the same prompt.
EXTRA, ALIKE = 0.1, 0.85


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """Words in lower case: two texts that differ in case, spacing, punctuation, invisible characters or the way Unicode writes a letter only are the same."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return " ".join(WORD.findall(visible.casefold()))


@lru_cache(maxsize=65536)
def is_same_prompt(one: str | None, other: str | None) -> bool:
    """Whether two system prompts ask for the same persona: equal in words, or with one word in ten added or left out, and with misspelt ones. A prompt that
    names another profession in the same words is another one. No system turn is one with no system turn alone."""
    if one is None or other is None:
        return one is other
    left, right = normal(one).split(), normal(other).split()
    if left == right or not (left and right) or min(len(left), len(right)) < (1 - EXTRA) * max(len(left), len(right)):
        return left == right
    changes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return all(is_slip(left[a:b], right[c:d], max(len(left), len(right))) for tag, a, b, c, d in changes if tag != "equal")


def is_slip(taken: list[str], put: list[str], words: int) -> bool:
    """Whether a change of words is one of spelling, or adds or takes away a few."""
    if not taken or not put:
        return len(taken) + len(put) <= EXTRA * words
    return SequenceMatcher(None, " ".join(taken), " ".join(put), autojunk=False).ratio() >= ALIKE
