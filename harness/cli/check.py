"""`harness check`: can this design answer its question at all?"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, USAGE, Answer, add_command
from harness.errors import HarnessError, nearest
from harness.plaintext import visible

FORMATS = ("text", "json", "sarif", "github", "junit")
MORE = "Reads declarations, data, tests and tokenizers; runs no cell and loads no weights. A finding is allowed under allow: in experiment.yaml, with a reason."


def add(commands: Any) -> None:
    command = add_command(commands, "check", run, "check the design of experiments by rules with stable codes", MORE)
    command.add_argument("paths", nargs="*", type=Path, default=[Path("evals")], help="experiments, or folders of experiments (default: evals)")
    command.add_argument("--select", default="", metavar="CODES", help="only these codes, or what they begin with: D,S4")
    command.add_argument("--scale", default="", help="the scale to check, or all (default: the smallest that is declared)")
    command.add_argument("--format", default="text", choices=FORMATS, help="how findings are printed (default: text)")
    command.add_argument("--explain", metavar="CODE", help="print what a rule is about, with a bad and a good example")
    command.add_argument("--statistics", action="store_true", help="count findings by rule")


def run(arguments: argparse.Namespace) -> Answer:
    if arguments.explain:
        return explain(arguments.explain, arguments.paths)
    from harness.check import formats
    from harness.check.kept_reports import report_of
    from harness.check.report import experiments_in

    arguments.json = arguments.json or arguments.format == "json"
    selected = [code.strip() for code in arguments.select.split(",") if code.strip()]
    report = report_of(experiments_in(arguments.paths), arguments.scale, selected)
    for told in report.refused.values():
        print(f"harness: {visible(told, keep='')}", file=sys.stderr)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    texts = {"sarif": formats.to_sarif, "github": formats.to_github, "junit": formats.to_junit}
    lines = texts[arguments.format](report) if arguments.format in texts else formats.to_text(report, arguments.statistics, width)
    return (USAGE if report.refused else FINDINGS if report.open else CLEAN), formats.to_json(report), lines


def explain(code: str, paths: list[Path]) -> Answer:
    """The page of a rule; those of a project are known where its experiments are collected."""
    from harness.check.report import known_rules

    rules = known_rules(code, paths)
    check = rules.get(code)
    if check is None:
        raise HarnessError(f"there is no rule {code!r}", where="--explain", mend=nearest(code, rules))
    value = {part: getattr(check, part) for part in ("code", "name", "severity", "since", "needs", "source", "text")}
    head = f"{check.code} {check.name} [{check.severity}]"
    lines = [head, "", *check.text.splitlines(), "", f"The mistake behind it: {check.source}", f"It reads: {', '.join(check.needs)}."]
    return CLEAN, value, lines
