"""`harness runs`: the runs below a folder, and the removal of old ones."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command, whole
from harness.errors import HarnessError, nearest
from harness.plaintext import count_of, one_line

if TYPE_CHECKING:
    from harness.report.runs import RunRecord

NARROW = 110  # columns of a terminal below which a time and a name take two lines
DAY = 86_400
UNITS = {"h": DAY // 24, "d": DAY, "w": 7 * DAY}
MORE = (
    "The newest run is the last line. Exit code 1: a run cannot be read; it is listed with the reason. --prune shows what would be removed, and removes it "
    "with --yes. A run stays that is in use, cannot be read, is cited by a declaration or another run, is the newest complete one of its scale, or that "
    "`latest` leads to."
)


def add(commands: Any) -> None:
    command = add_command(commands, "runs", run, "list the runs of a folder of reports, or remove old ones", MORE)
    command.add_argument("folder", nargs="?", type=Path, default=Path("reports"), help="a folder of reports (default: reports)")
    command.add_argument("--experiment", metavar="NAME", help="only the runs of this experiment")
    command.add_argument("--prune", action="store_true", help="remove old runs: say which with --keep, --older-than, or both")
    command.add_argument("--keep", type=whole, metavar="N", help="with --prune: keep the last N runs of each experiment")
    command.add_argument("--older-than", type=age, metavar="AGE", help="with --prune: keep the runs that started within the last 12h, 30d or 8w")
    command.add_argument("--yes", action="store_true", help="with --prune: remove, do not only show")


def age(text: str) -> int:
    """Seconds of an age such as `30d`."""
    found = re.fullmatch(r"(\d{1,6})([hdw])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: write hours, days or weeks, such as 12h, 30d or 8w")
    return int(found[1]) * UNITS[found[2]]


def run(arguments: argparse.Namespace) -> Answer:
    from harness.report.runs import list_runs

    if not arguments.folder.is_dir():
        raise HarnessError("is no folder", where=str(arguments.folder), mend="Run an experiment first, or name a folder of reports")
    every = list_runs(arguments.folder)
    known = sorted({found.experiment for found in every if found.experiment})
    if arguments.experiment and arguments.experiment not in known:
        raise HarnessError(f"no run of {arguments.experiment!r} is here", where=str(arguments.folder), mend=nearest(arguments.experiment, known))
    runs = [found for found in every if arguments.experiment in (None, found.experiment)]
    if arguments.prune:
        return prune(runs, every, arguments)
    if arguments.yes or arguments.keep is not None or arguments.older_than is not None:
        raise HarnessError("--keep, --older-than and --yes belong to --prune", mend="Add --prune, or leave them out")
    broken = [found for found in runs if found.state == "unreadable"]
    sizes = sizes_of(runs)
    lines = table(runs, sizes, arguments.folder) if runs else [f"no run is in {arguments.folder}"]
    lines += [f"unreadable: {found.path}: {found.about}" for found in broken]
    return (FINDINGS if broken else CLEAN), [as_json(found, sizes) for found in runs], lines


def sizes_of(runs: Sequence[RunRecord]) -> dict[Path, int]:
    from harness.report.runs import size_of

    return {found.path: size_of(found.path) for found in runs}


def as_json(found: RunRecord, sizes: dict[Path, int]) -> dict[str, Any]:
    from msgspec.structs import asdict

    return {**asdict(found), "path": str(found.path), "bytes": sizes[found.path]}


def prune(runs: Sequence[RunRecord], every: Sequence[RunRecord], arguments: argparse.Namespace) -> Answer:
    from harness.history import format_time
    from harness.run.prune import choose_runs, reasons_to_stay, remove_run, sweep

    if arguments.keep is None and arguments.older_than is None:
        raise HarnessError("--prune does not say what may go", mend="Add --keep 10, --older-than 30d, or both")
    before = "" if arguments.older_than is None else format_time(time.time() - arguments.older_than)
    chosen = choose_runs(runs, arguments.keep, before)
    stay = reasons_to_stay(chosen, every)
    going = [found for found in chosen if found.path not in stay]
    sizes = sizes_of(going)
    if arguments.yes:
        sweep({found.path.parent for found in every})
        for found in going:
            remove_run(found.path)
    value = {"removed": bool(arguments.yes), "runs": [as_json(found, sizes) for found in going], "stay": {str(path): why for path, why in stay.items()}}
    verb, end = ("removed", "") if arguments.yes or not going else ("would remove", "; add --yes to remove them")
    lines = [f"stays: {path}: {why}" for path, why in stay.items()]
    lines += [f"{verb}: {found.path} ({human(sizes[found.path])})" for found in going]
    return CLEAN, value, [*lines, f"{verb} {count_of(len(going), 'run', 'runs')}, {human(sum(sizes.values()))}{end}"]


def human(size: int) -> str:
    """Bytes as kB, MB or GB."""
    return next((f"{size / unit:.1f} {name}" for name, unit in (("GB", 1e9), ("MB", 1e6)) if size >= unit), f"{size / 1e3:.0f} kB")


def table(runs: Sequence[RunRecord], sizes: dict[Path, int], folder: Path) -> list[str]:
    """A line for each run; on a narrow terminal a long name or reason takes several."""
    from harness.cli.tables import draw, width

    fold = "\n" if width() < NARROW else ""
    rows = []
    for found in runs:
        name = found.path.relative_to(folder).as_posix() if found.path != folder else str(folder)
        others = [f"{owner} {verdict}" for owner, verdict in found.hypotheses.items() if verdict != found.verdict]
        named = others[: 0 if fold else 2]
        rest = count_of(len(others) - len(named), "hypothesis differs", "hypotheses differ") if len(others) > len(named) else ""
        verdict = "; ".join(filter(None, [found.verdict or "-", *named, rest]))
        state = found.state if found.state == "unreadable" else " ".join(filter(None, (found.state, found.about)))
        started = found.started[:16].replace("T", fold or " ") or "-"
        rows.append([started, one_line(name).replace("/", f"/{fold}"), found.scale or "-", one_line(verdict), one_line(state), human(sizes[found.path])])
    return draw([f"started{fold or ' '}(UTC)", "run", "scale", "verdict", "state", "size"], rows)
