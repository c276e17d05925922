"""How wide a text is where it is drawn, and where it breaks into lines: known before anything is drawn."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from harness.plaintext import one_line, shorten_text

POINTS = 72  # in an inch
MOST = 600  # characters of one label: whoever writes more fills the picture with it
WORD, PART = re.compile(r"\S+\s*"), re.compile(r"[^/_:,;-]+[/_:,;-]*\s*|[/_:,;-]+\s*")  # lines end between words, and after these signs in one too long


@lru_cache(maxsize=2)
def _font(bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family=["DejaVu Sans"], weight="bold" if bold else "normal")))


@lru_cache(maxsize=4096)
def _advance(char: str, bold: bool) -> float:
    """How far a character moves the pen, as a share of the size of the font; scripts that the font lacks are taken as wide as they come."""
    from matplotlib.ft2font import LoadFlags

    font = _font(bold)
    if not font.get_char_index(ord(char)):
        return 1.0 if unicodedata.east_asian_width(char) in "WF" else 0.7
    font.set_size(POINTS, POINTS)
    return float(font.load_char(ord(char), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / POINTS


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width in inches of a line of `size` points in DejaVu Sans; the fonts that may stand in for it in an SVG are narrower."""
    return sum(_advance(char, bold) for char in text) * size / POINTS


@lru_cache(maxsize=4096)
def wrap_text(text: str, room: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """The text in lines of at most `room` inches, at least one: nothing is cut, a word that is too long is broken."""
    lines: list[str] = []
    line = ""
    words = WORD.findall(shorten_text(one_line(text), MOST))
    for piece in (part for word in words for part in (PART.findall(word) if text_width(word.rstrip(), size, bold=bold) > room else [word])):
        if line and text_width(line + piece.rstrip(), size, bold=bold) > room:
            lines.append(line.rstrip())
            line = ""
        while not line and text_width(piece.rstrip(), size, bold=bold) > room:
            fits = _fitting(piece, room, size, bold)
            lines.append(piece[:fits])
            piece = piece[fits:].lstrip()
        line += piece
    return (*lines, line.rstrip()) if line or not lines else tuple(lines)


def _fitting(word: str, room: float, size: float, bold: bool) -> int:
    """How many characters of a word fit, at least one."""
    return next((place for place in range(len(word), 1, -1) if text_width(word[:place], size, bold=bold) <= room), 1)
