"""A run by its folder, or by the name of one below reports/."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError, nearest

REPORTS = Path("reports")


def run_named(text: str) -> Path:
    """The folder of a run: a path, or the end of one below reports/ (`20261127-035244-b4ab`, `coins/latest`). Raises HarnessError where none or several fit."""
    if Path(text).exists() or not REPORTS.is_dir():
        return Path(text)
    if (REPORTS / text).is_dir():
        return REPORTS / text
    from harness.report.runs import find_runs

    runs = find_runs(REPORTS)
    found = [run for run in runs if run.as_posix().endswith(f"/{text.strip('/')}")] or [run for run in runs if text and run.name.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise HarnessError(f"{len(found)} runs are called {text!r}", where=str(REPORTS), mend=f"Name one by its folder, such as {found[-1]}")
    close = f"{nearest(text, [run.name for run in runs])}. " if len(runs) < 20 else ""
    raise HarnessError(f"no run is called {text!r}", where=str(REPORTS), mend=f"{close}harness runs lists them")
