"""The command `harness`, one file a subcommand, each with `--json`. Exit codes: 0 clean, 1 findings, 2 usage."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from harness.cli.command import USAGE, write_out
from harness.cli.completion import SHELLS, PrintCompletion
from harness.cli.version import PrintVersion
from harness.commands import install_missing
from harness.errors import HarnessError
from harness.plaintext import visible

COMMANDS = (
    *("init", "check", "plan", "score", "lock", "report", "revise", "compare", "verify"),
    *("review", "site", "runs", "status", "pause", "resume", "samples", "export", "guide"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; prints lines, or JSON with --json. A mistake is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character is shown its escape
    arguments = parser().parse_args(argv)
    try:
        with name_missing():
            code, value, lines = arguments.run(arguments)
    except HarnessError as error:
        if arguments.json:
            print(json.dumps({"error": str(error), "what": error.what, "where": error.where, "mend": error.mend}))
        else:
            print(f"harness: {error}", file=sys.stderr)
        return USAGE
    # Escaped to ASCII, or visible: no text of a run reaches the terminal as a command.
    write_out(json.dumps(value, indent=1) if arguments.json else "\n".join(visible(line, keep="") for line in lines))
    return int(code)


@contextmanager
def name_missing() -> Iterator[None]:
    """Turns the import of a package that an extra brings, and that is not installed, into one line with the command that installs it."""
    try:
        yield
    except ImportError as error:
        if mend := install_missing(str(error)):
            raise HarnessError(f"this command needs more than the core: {error}", mend=mend) from error
        raise


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="harness", description="Alignment experiments as pytest tests.")
    top.add_argument("--version", nargs=0, action=PrintVersion, help="print the versions of harness and Python, and the commit of a checkout")
    top.add_argument("--print-completion", choices=SHELLS, action=PrintCompletion, help="print what this shell reads to complete the commands")
    commands = top.add_subparsers(required=True, metavar="command")
    for name in COMMANDS:
        import_module(f"harness.cli.{name}").add(commands)
    return top
