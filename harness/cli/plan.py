"""`harness plan`: cells, cost, power and the smallest p of an experiment."""

from __future__ import annotations

import argparse
from typing import Any

from harness.cli.collecting import collect
from harness.cli.command import CLEAN, FINDINGS, Answer, add_command


def add(commands: Any) -> None:
    plan = add_command(commands, "plan", run, "cells, cost, power and the smallest p of an experiment; runs nothing")
    plan.add_argument("paths", nargs="*", default=["evals"], help="experiments (default: evals)")
    plan.add_argument("-k", default="", help="select cells as pytest does")
    plan.add_argument("--scale", default=None, help="the scale to plan (default: smoke)")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.run.planning import lines_of, plans

    words = [*arguments.paths, *(["-k", arguments.k] if arguments.k else []), *(["--harness-scale", arguments.scale] if arguments.scale else [])]
    found = collect(words, plans)
    lines = [line for plan in found for line in lines_of(plan)]
    told = [finding for plan in found for finding in plan["findings"]]
    return (FINDINGS if told else CLEAN), found, lines
