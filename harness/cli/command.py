"""What the commands share: a parser each, an answer each."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any, NewType

CLEAN, FINDINGS, USAGE = 0, 1, 2
RunName = NewType("RunName", str)
RUN = "its folder; the folder or name of its experiment, or `latest`, for the latest run; or the end of its path, or the beginning of its name, below reports/"
Answer = tuple[int, Any, list[str]]  # exit code, JSON value, lines


def write_out(text: str) -> None:
    """Prints to a reader who may have seen enough, as `head` has."""
    try:
        print(text, flush=True)
    except BrokenPipeError:  # Python would complain again when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def add_command(commands: Any, name: str, run: Callable[[argparse.Namespace], Answer], help: str, more: str = "") -> argparse.ArgumentParser:
    """A parser for a command; `help` is its line in the list of commands, `more` follows it in its own help."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=help, description=f"{help}. {more}" if more else help)
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run)
    return made


def add_run(parser: argparse.ArgumentParser, name: str, which: str = "the run", **options: Any) -> None:
    """An argument that names a run, for `harness.report.runs.find_run`."""
    parser.add_argument(name, type=RunName, help=f"{which}: {RUN}", **options)


def whole(text: str) -> int:
    """A whole number of at least 0, for argparse."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0: write a whole number from 0 on")
    return value
