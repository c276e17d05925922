"""`harness compare`: what differs between two runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command


def add(commands: Any) -> None:
    compare = add_command(commands, "compare", run, "what differs between two runs: inputs, verdicts, numbers")
    compare.add_argument("a", type=Path)
    compare.add_argument("b", type=Path)


def run(arguments: argparse.Namespace) -> Answer:
    from msgspec.structs import replace

    from harness.records import encode
    from harness.report.compare import compare
    from harness.run.verification import why_unverified

    found = compare(arguments.a, arguments.b)
    doubts = [f"{folder}: {why}" for folder in dict.fromkeys((arguments.a, arguments.b)) if (why := why_unverified(folder))]
    found = replace(found, warnings=(*doubts, *found.warnings))
    lines = found.lines()
    return (CLEAN if found.empty else FINDINGS), encode(found), lines or ["no differences"]
