"""What may name a cell: text that a reader sees whole, and that a terminal, a file and a command line take as it stands."""

from __future__ import annotations

from functools import lru_cache

from harness.plaintext import visible

LONGEST = 100  # bytes; a file name takes 255, and a cell's name holds several values


@lru_cache(maxsize=4096)
def wrong_name(text: str, longest: int = LONGEST) -> str:
    """What keeps a text from naming a cell; "" where nothing does."""
    if not text.strip():
        return "is blank"
    if text != text.strip():
        return "begins or ends with a blank"
    if visible(text, keep="") != text:
        return "holds control or invisible characters"
    size = len(text.encode())
    return f"has {size} bytes, more than {longest}" if size > longest else ""


def quote_name(text: str) -> str:
    """A name as a message quotes it, however long it is."""
    return repr(text) if len(text) <= LONGEST else f"{text[:40]!r}..."
