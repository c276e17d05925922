"""`harness site`: a static site over the runs of a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.cli.command import CLEAN, FINDINGS, Answer, add_command
from harness.plaintext import count_of

MORE = (
    "It works without a server and a network. Runs that did not change are not made again. Exit code 1: some run cannot be read; it is listed with the reason."
)


def add(commands: Any) -> None:
    site = add_command(commands, "site", run, "a static site over all runs: experiments, hypotheses over runs, comparisons, samples, timelines", MORE)
    site.add_argument("folder", type=Path, help="a folder of reports, such as reports")
    site.add_argument("--out", type=Path, default=None, metavar="SITE", help="where the site goes (default: FOLDER/site)")


def run(arguments: argparse.Namespace) -> Answer:
    from harness.site.build import build_site

    found = build_site(arguments.folder, arguments.out or arguments.folder / "site")
    pages = f"{count_of(len(found.made), 'page', 'pages')}, {found.written} written, {found.removed} removed"
    lines = [f"site: {found.site}/index.html ({count_of(found.runs, 'run', 'runs')}, {pages})"]
    lines += [f"not shown: {arguments.folder / folder}: {reason}" for folder, reason in found.unreadable.items()]
    value = {"site": str(found.site), "runs": found.runs, "pages": len(found.made), "written": found.written, "removed": found.removed}
    return (FINDINGS if found.unreadable else CLEAN), {**value, "unreadable": found.unreadable}, lines
