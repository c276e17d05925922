"""Text made visible: what has no glyph of its own is shown as an escape such as `\\x1b` and `\\u202e`, so that a terminal or a reader obeys nothing."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
SELECTORS = range(0xE0100, 0xE01F0)  # variation selectors that can carry a hidden message; they count as marks, not as format characters
SELECTED = re.compile(f"[{chr(SELECTORS.start)}-{chr(SELECTORS.stop - 1)}]")
MINUS = "−"
LONGEST = 100_000  # characters of one text that a record keeps


def is_hidden(char: str) -> bool:
    """True for a character that has no glyph of its own."""
    return unicodedata.category(char) in HIDDEN or ord(char) in SELECTORS


def escape_of(char: str) -> str:
    """The visible escape of a character: \\x1b, \\u202e, \\U000e0041."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str, *, keep: str = "\n\t") -> str:
    """The text with every hidden character but those in `keep` as a visible escape."""
    if text.isprintable() and not SELECTED.search(text):  # nearly every text: known at once
        return text
    return text.translate({ord(char): escape_of(char) for char in set(text) if char not in keep and is_hidden(char)})


def one_line(text: str) -> str:
    """The text on one line, hidden characters visible."""
    return visible(re.sub(r"[ \t\r\n]+", " ", text).strip(), keep="")


def encodable(text: str) -> str:
    """The text with half surrogate pairs (half an emoji, which models do write) as escapes: no encoding takes them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def format_number(value: float, form: str = "g") -> str:
    """A number as a person reads it, with a true minus sign; machine formats have that of ASCII."""
    return f"{value:{form}}".replace("-", MINUS)


def count_of(number: int, one: str, many: str) -> str:
    """The number with the words that agree with it: `count_of(1, "cell rests", "cells rest")`."""
    return f"{number} {one if number == 1 else many}"


def shorten_text(text: str, most: int = LONGEST) -> str:
    """At most `most` characters; a cut says how much is left out."""
    return text if len(text) <= most else f"{text[:most]} [{len(text) - most:,} more characters]"


def by_number(name: str) -> list[tuple[float, str]]:
    """What sorts names with the numbers in them by their size: H2 before H10, rho 0.25 before rho 0.5."""
    return [(float(part), "") if place % 2 else (0.0, part) for place, part in enumerate(re.split(r"(\d+(?:\.\d+)?)", name))]
