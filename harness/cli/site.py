"""`harness site`: a static site over the runs of a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, RUN, Answer, RunName, add_command
from harness.plaintext import count_of

MORE = (
    "It works without a server and a network. Runs that did not change are not made again. Exit code 1: some run cannot be read; it is listed with the reason."
)


def add(commands: Any) -> None:
    site = add_command(commands, "site", run, "a static site over all runs: experiments, hypotheses over runs, comparisons, samples, timelines", MORE)
    site.add_argument("folder", type=RunName, help=f"a folder of reports, such as reports, also one below it; or a single run: {RUN}")
    site.add_argument("--out", type=Path, default=None, metavar="SITE", help="where the site goes (default: FOLDER/site)")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.report.runs import REPORTS, find_run
    from harness.site.build import build_site

    folder = next((path for path in (Path(arguments.folder), REPORTS / arguments.folder) if path.is_dir()), None) or find_run(arguments.folder)
    found = build_site(folder, arguments.out or folder / "site")
    pages = f"{count_of(len(found.made), 'page', 'pages')}, {found.written} written, {found.removed} removed"
    lines = [f"site: {found.site}/index.html ({count_of(found.runs, 'run', 'runs')}, {pages})"]
    lines += [f"not shown: {folder / path}: {reason}" for path, reason in found.unreadable.items()]
    value = {"site": str(found.site), "runs": found.runs, "pages": len(found.made), "written": found.written, "removed": found.removed}
    return (FINDINGS if found.unreadable else CLEAN), {**value, "unreadable": found.unreadable}, lines
