"""The rule about what a run leaves for others."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from harness.findings import Facts, found, rule
from harness.records import Finding, Place


@rule(
    "R508",
    "samples not published",
    needs=("results", "folder"),
    severity="warning",
    source="C5: the raw data were git-ignored",
)
def find_unpublished(facts: Facts) -> Iterable[Finding]:
    """Whoever reads a result must be able to compute it again. Looks whether the samples that the measurements name lie in the run's folder, and whether git
    ignores that folder, so that a commit leaves it out. Said where a run ends; no part of its results.

    Bad: `/reports/*` in .gitignore, and a write-up that cites `reports/leakage/latest`.

    Good: the run copied to a folder that is committed (`!/reports/published/`), or a data set whose address the card has.
    """
    folder: Path = facts.folder
    named = {ref.path for cell in facts.results.cells for measured in cell.measurements for ref in measured.samples}
    absent = sorted(path for path in named if not (folder / path).is_file())
    if absent:
        message = f"{len(absent)} of {len(named)} files of samples are not in the run's folder"
        yield found(message, where=Place(file=folder.name), fix="Run again, or copy the whole folder", evidence=absent)
    if named and is_ignored(folder):
        message = f"git ignores the folder of this run, and so its {len(named)} files of samples"
        yield found(message, where=Place(file=folder.name), fix="Publish the run where it is committed, before anything cites it")


def is_ignored(folder: Path) -> bool:
    """Whether git would leave a folder out of a commit; False outside of a repository."""
    try:
        return subprocess.run(["git", "check-ignore", "-q", str(folder)], cwd=folder, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
