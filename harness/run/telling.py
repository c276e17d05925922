"""Tells a run again: from results.json where it is there, from the journal where the run was killed before it could decide."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError
from harness.records import Results
from harness.run.finish import Told, finished


def told_again(folder: Path) -> Told:
    """Rebuilds the report of a run folder. Raises HarnessError where there is neither results.json nor a journal."""
    folder = folder.resolve()
    if (folder / "results.json").exists():
        from harness.report.build import build, read_results

        results: Results = read_results(folder)
        build(folder)
        return Told(folder, results)
    if not (folder / ".run" / "universe.json").exists():
        raise HarnessError("this is no run folder", where=str(folder), mend="Name a folder that a run wrote, such as reports/<experiment>/latest")
    return finished(folder, folder.name)
