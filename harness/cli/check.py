"""`harness check`: can this design answer its question at all?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command
from harness.errors import HarnessError, nearest

FORMATS = ("text", "json", "sarif", "github", "junit")
MORE = "Reads declarations, data, tests and tokenizers; runs no cell and loads no weights. A finding is allowed under allow: in experiment.yaml, with a reason."


def add(commands: Any) -> None:
    command = add_command(commands, "check", run, "check the design of experiments by rules with stable codes", MORE)
    command.add_argument("paths", nargs="*", type=Path, default=[Path("evals")], help="experiments, or folders of experiments (default: evals)")
    command.add_argument("--select", default="", metavar="CODES", help="only these codes, or what they begin with: D,S4")
    command.add_argument("--scale", default="", choices=("smoke", "pilot", "full", "all"), help="the scale to check (default: the smallest that is declared)")
    command.add_argument("--format", default="text", choices=FORMATS, help="how findings are printed (default: text)")
    command.add_argument("--explain", metavar="CODE", help="print what a rule is about, with a bad and a good example")
    command.add_argument("--statistics", action="store_true", help="count findings by rule")


def run(arguments: argparse.Namespace) -> Answer:
    if arguments.explain:
        return explain(arguments.explain)
    from harness.check import formats
    from harness.check.report import check_experiments, experiments_in

    selected = [code for code in arguments.select.split(",") if code]
    refuse_unknown(selected)
    report = check_experiments(experiments_in(arguments.paths), arguments.scale, selected)
    arguments.json = arguments.json or arguments.format == "json"
    texts = {"sarif": lambda: [formats.to_sarif(report)], "github": lambda: formats.to_github(report), "junit": lambda: [formats.to_junit(report)]}
    lines = texts.get(arguments.format, lambda: formats.to_text(report, arguments.statistics))()
    return (FINDINGS if report.open else CLEAN), formats.to_json(report), lines


def refuse_unknown(selected: list[str]) -> None:
    from harness.extensions import checks

    for prefix in selected:
        if not any(code.startswith(prefix) for code in checks()):
            raise HarnessError(f"no rule begins with {prefix!r}", where="--select", mend=nearest(prefix, checks()))


def explain(code: str) -> Answer:
    """The page of a rule."""
    from harness.extensions import checks

    check = checks().get(code)
    if check is None:
        raise HarnessError(f"there is no rule {code!r}", where="--explain", mend=nearest(code, checks()))
    value = {part: getattr(check, part) for part in ("code", "name", "severity", "since", "needs", "source", "text")}
    head = f"{check.code} {check.name} [{check.severity}]"
    return CLEAN, value, [head, "", *check.text.splitlines(), "", f"The mistake behind it: {check.source}", f"It reads: {', '.join(check.needs)}."]
