"""One line below whatever pytest writes to a terminal: it is taken away before the next line is begun, and leaves pytest's line of letters as it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any, TextIO

CLEAR = "\x1b[J"  # from the cursor to the end of the screen, however many lines a narrower window made of the line
# Down by a line, also at the last of the screen, and back; then the cursor is kept while the line below is written.
OPEN, CLOSE = f"{CLEAR}\x1bD\x1b[A\x1b7\x1b[B\r", "\x1b8"
SEPARATOR = " · "


class StatusLine:
    """Stands in for the stream that pytest's reporter writes to. It has the terminal for itself, whatever a test's output is captured by, so that any thread
    may write to it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = os.fdopen(os.dup(stream.fileno()), "w", encoding=stream.encoding, errors=stream.errors)
        self.lock = threading.Lock()
        self.shown = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        with self.lock:
            self._write((CLEAR if self.shown and "\n" in text else "") + text)
            self.shown = "" if "\n" in text else self.shown
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        self.write("".join(lines))

    def show(self, text: str) -> None:
        """Shows a text that fits the width of the terminal in place of the one before; "" takes that away."""
        with self.lock:
            if text != self.shown:
                self._write(f"{OPEN}{text}{CLOSE}" if text else CLEAR)
                self.shown = text

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    @property
    def width(self) -> int:
        """Columns of the terminal as it is now; some do not say."""
        return os.get_terminal_size(self.stream.fileno()).columns or 80

    def encodable(self, text: str) -> str:
        """The text in the letters that the terminal has."""
        try:
            text.encode(self.stream.encoding)
        except UnicodeEncodeError:
            return text.replace(SEPARATOR, ", ").encode("ascii", "replace").decode()
        return text
