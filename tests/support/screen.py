"""What a user sees: a program in a terminal of its own, drawn by pyte."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyte


class Screen:
    """A program that ran to its end in a terminal; `seen` are the screens that it drew, without empty lines, each once."""

    def __init__(self, command: Sequence[str], cwd: Path, env: dict[str, str], columns: int = 80, rows: int = 24) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=2000)
        self.stream = pyte.ByteStream(self.screen)
        self.seen: list[list[str]] = []
        ours, theirs = pty.openpty()
        env = env | {"TERM": env.get("TERM", "xterm-256color"), "COLUMNS": "", "LINES": ""}
        resize(theirs, columns, rows)
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        with suppress(OSError):  # what Linux says at the end of a terminal
            while data := os.read(ours, 65536):
                self.stream.feed(data)
                if (lines := self.lines()) not in self.seen[-1:]:
                    self.seen.append(lines)
        os.close(ours)
        self.code = process.wait(30)

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def everything(self) -> list[str]:
        """What scrolled away and what the screen shows at the end."""
        gone = [text_of(row, self.screen.columns) for row in self.screen.history.top]
        return [line for line in (*gone, *self.lines()) if line.strip()]

    def ever(self, holds: Callable[[str], Any]) -> list[str]:
        """The lines that a screen ended with and that hold, in the order in which they were seen."""
        return [lines[-1] for lines in self.seen if lines and holds(lines[-1])]


def text_of(row: Any, columns: int) -> str:
    return "".join(row[column].data for column in range(columns)).rstrip()


def resize(descriptor: int, columns: int, rows: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
