"""A line as the parts that a comparison looks at: numbers with their sign, words, every other character that is seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from harness.plaintext import MINUS

TOKEN = re.compile(
    rf"(?P<number>(?<![\w.,])[+{MINUS}±-]?(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:e[+{MINUS}-]?\d+)?(?!\w|[.,]\d))|\w+|[^\w\s]"
)
RULE = re.compile(r"[\s|:-]*-[\s|:-]*")  # the line below the head of a table


@dataclass(frozen=True)
class Token:
    """`start` and `end` are places in the line, from 0. By `key` tokens are compared: a hyphen before a number is a minus sign."""

    text: str
    start: int
    end: int
    key: str
    is_number: bool


@lru_cache(4096)  # most lines are asked for twice: as they are drawn and as they stand
def tokens_of(line: str) -> tuple[Token, ...]:
    """Everything but the spaces of a line, in order; of the rule below a table's head its columns."""
    if RULE.fullmatch(line):
        line = re.sub("-+", lambda found: "-" + " " * (len(found[0]) - 1), line)
    return tuple(_token(found) for found in TOKEN.finditer(line))


def _token(found: re.Match[str]) -> Token:
    number = found["number"] is not None
    return Token(found[0], found.start(), found.end(), found[0].replace("-", MINUS) if number else found[0], number)


def value_of(token: Token) -> tuple[float, float]:
    """(value, step of the last digit) of a number; a `±` counts as no sign."""
    text = token.key.replace(",", "").replace(MINUS, "-").lstrip("±")
    digits, _, power = text.partition("e")
    return float(text), 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
