"""Completion of the command `harness` in bash, zsh and fish."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.cli.command import RunName, write_out

SHELLS = ("bash", "zsh", "fish")
SCALES = ("smoke", "pilot", "full")  # the usual ones: an experiment may name others, which are typed
FILES = ("review",)  # commands whose paths may be files; those of the others are folders of runs or experiments


class PrintCompletion(argparse.Action):
    """`--print-completion SHELL` prints the script and ends."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:  # noqa: ARG002
        write_out(script(parser, values))
        parser.exit()


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell reads to complete commands, options, their values and paths."""
    import shtab

    for name, action in arguments_of(parser):
        if action.type in (Path, RunName) or action.dest in ("path", "paths"):
            action.complete = shtab.FILE if name in FILES else shtab.DIRECTORY  # type: ignore[attr-defined]
        if action.dest == "scale":
            action.choices = (*SCALES, "all") if name == "check" else SCALES
    return str(shtab.complete(parser, shell))


def arguments_of(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """(command, argument) of all commands."""
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        yield from ((name, action) for action in command._actions)
