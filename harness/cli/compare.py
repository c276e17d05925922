"""`harness compare`: what differs between two runs."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.cli.command import CLEAN, FINDINGS, Answer, RunName, add_command, add_run
from harness.plaintext import count_of, one_line

if TYPE_CHECKING:
    from harness.report.compare import Comparison, Shift

LONGEST, BEFORE = 80, 20  # characters of a value, and of these before the first that differs; --json has them all
MORE = (
    "Models, code, settings and inputs that differ come first, then changed verdicts, then effects that moved. Exit code 0: no difference; 1: differences. "
    "That an effect moved is no test: chance alone moves every second effect of two independent samples by half a half-width. Intervals apart are marked."
)


def add(commands: Any) -> None:
    compare = add_command(commands, "compare", run, "what differs between two runs of an experiment, and why", MORE)
    add_run(compare, "a", "the earlier run")
    compare.add_argument("b", type=RunName, help="the later run, named in the same ways")
    compare.add_argument("--share", type=share, default=0.5, metavar="X", help="show effects that moved by X half-widths of the wider interval (default: 0.5)")
    compare.add_argument("--all", action="store_true", help="show every number that changed")


def share(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text} is no share: write a number of at least 0, such as 0.5")
    return value


def run(arguments: argparse.Namespace) -> Answer:
    from msgspec.structs import replace

    from harness.records import encode
    from harness.report.compare import compare
    from harness.report.runs import find_run
    from harness.run.verification import why_unverified

    a, b = find_run(arguments.a), find_run(arguments.b)
    found = compare(a, b)
    doubts = [f"{folder}: {why}" for folder in {folder.resolve(): folder for folder in (a, b)}.values() if (why := why_unverified(folder))]
    found = replace(found, warnings=(*doubts, *found.warnings))
    moved = [shift.address for shift in found.numbers if shift.moved(arguments.share)]
    return (
        (CLEAN if found.empty else FINDINGS),
        {**encode(found), "share": arguments.share, "moved": moved},
        list(lines_of(found, arguments.share, arguments.all)),
    )


def lines_of(found: Comparison, limit: float, every: bool) -> Iterator[str]:
    """The comparison for the terminal."""
    from harness.cli.tables import wrap

    yield from wrap(f"{found.experiment}: {found.before} -> {found.after}")
    for warning in found.warnings:
        yield from wrap(f"WARNING {one_line(warning)}")
    if found.empty:
        yield "no differences"
        return
    yield from section(
        "what went in otherwise", [[cause.subject, ": ".join(filter(None, (cause.what, arrow(cause.before, cause.after))))] for cause in found.causes]
    )
    verdicts = [[decided_name(change.address), arrow(change.before, change.after)] for change in found.verdicts]
    yield from section(count_of(len(verdicts), "verdict changed", "verdicts changed"), verdicts)
    shown = [shift for shift in found.numbers if every or shift.moved(limit)]
    yield from shifts("effects" if every else f"effects that moved by {limit:g} half-widths or more", [shift for shift in shown if shift.effect])
    yield from shifts("other measurements" if every else "other measurements that did", [shift for shift in shown if not shift.effect])
    if rest := [shift for shift in found.numbers if shift not in shown]:
        yield from wrap(f"not shown: {count_rest(rest)} (--all shows them)")


def count_rest(rest: Sequence[Shift]) -> str:
    single = sum(shift.difference is None for shift in rest)
    less = f"{len(rest) - single} moved less" if len(rest) > single else ""
    alone = f"{count_of(single, 'is', 'are')} in one run only, or in another unit" if single else ""
    return " and ".join(filter(None, (less, alone)))


def decided_name(address: str) -> str:
    """The name of what was decided, without its place in the results."""
    from harness.report.addresses import unescape_segment

    return unescape_segment(re.sub("^(hypotheses|checks|cells)/|/verdict$", "", address))


def shifts(title: str, found: Sequence[Shift]) -> Iterator[str]:
    from harness.report.causes import NOTHING
    from harness.report.compare import measured_name
    from harness.report.number_format import in_unit

    rows = []
    for shift in found:
        sides = [NOTHING if value is None else in_unit(value, shift.unit) for value in (shift.before, shift.after)]
        change = "" if shift.difference is None else in_unit(shift.difference, shift.unit)
        far = "no interval" if shift.share is None and change else "" if shift.share is None else f"{shift.share:.1f}x" if shift.share < 100 else ">100x"
        rows.append([measured_name(shift), " -> ".join(sides), change, far + (" apart" if shift.apart else "")])
    return section(title, rows)


def section(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A heading and its table, an empty line before; nothing where there are no rows."""
    from harness.cli.tables import draw

    if rows:
        yield from ("", title)
        yield from (f"  {line}" for line in draw([""] * len(rows[0]), [[*map(one_line, row)] for row in rows], indent=2))


def arrow(before: str, after: str) -> str:
    """`16 -> 32`, hashes and long values cut; what only changed says so."""
    from harness.report.causes import DIGEST

    sides = [text[:12] if DIGEST.fullmatch(text) else text for text in (before, after)]
    if max(map(len, sides)) > LONGEST:
        alike = next((place for place, pair in enumerate(zip(*sides, strict=False)) if pair[0] != pair[1]), min(map(len, sides)))
        sides = [cut(text, alike) for text in sides]
    return " -> ".join(filter(None, sides))


def cut(text: str, alike: int) -> str:
    """A text of at most LONGEST characters; one that begins as another does, from a little before the first that differs."""
    start = max(0, alike - BEFORE) if len(text) > LONGEST else 0
    return ("…" if start else "") + text[start : start + LONGEST] + ("…" if len(text) > start + LONGEST else "")
