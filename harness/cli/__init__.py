"""The command `harness`, one file a subcommand, each with `--json`. Exit codes: 0 clean, 1 findings, 2 usage."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from harness.cli.command import USAGE
from harness.errors import HarnessError
from harness.plaintext import visible

COMMANDS = ("init", "check", "plan", "score", "lock", "report", "revise", "compare", "verify", "review", "site", "export")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; prints lines, or JSON with --json. A mistake is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is shown its escape
    arguments = parser().parse_args(argv)
    try:
        code, value, lines = arguments.run(arguments)
    except HarnessError as error:
        if arguments.json:
            print(json.dumps({"error": str(error), "what": error.what, "where": error.where, "mend": error.mend}))
        else:
            print(f"harness: {error}", file=sys.stderr)
        return USAGE
    try:
        # Escaped to ASCII, or visible: no text of a run reaches the terminal as a command.
        print(json.dumps(value, indent=1) if arguments.json else "\n".join(visible(line, keep="") for line in lines), flush=True)
    except BrokenPipeError:  # the reader has seen enough, as `head` has; Python would complain again when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(code)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="harness", description="Alignment experiments as pytest tests.")
    commands = top.add_subparsers(required=True, metavar="command")
    for name in COMMANDS:
        import_module(f"harness.cli.{name}").add(commands)
    return top
