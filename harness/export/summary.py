"""What a tracker of experiments is told of a run: its configuration, its numbers by address, its verdicts, the files of its report."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.commands import install
from harness.records import Results

FILES = ("results.json", "index.html", "clean_result.md", "card.json", "numbers.csv", "notes.md", "history.jsonl", "figures/*", "cards/*")


def require_package(name: str) -> None:
    """Raises pytest's usage error where a package is not installed: better before the run than after it."""
    if importlib.util.find_spec(name) is None:
        raise pytest.UsageError(f"harness.export.{name} needs the package {name}, which is not installed. {install(name)}")


def config_of(results: Results) -> dict[str, Any]:
    """Experiment, scale, seeds, the settings of the scale, run and commit."""
    settings = results.design.get("scales", {}).get(results.scale, {}).get("settings", {})
    about = {"experiment": results.experiment, "scale": results.scale, "seeds": list(results.seeds), "run": results.execution.run}
    return about | {"commit": results.environment.get("commit"), "dirty": results.environment.get("dirty"), "settings": settings}


def metrics_of(results: Results) -> dict[str, float]:
    """Address in results.json to number: each measurement's value and the bounds of its interval."""
    from harness.report.view import View

    found = {}
    for row in View(results).rows:
        if row.measurement:
            found[f"{row.measured_at}/value"] = row.measurement.value
            if interval := row.measurement.interval:
                found |= {f"{row.measured_at}/interval/low": interval.low, f"{row.measured_at}/interval/high": interval.high}
    return found


def verdicts_of(results: Results) -> dict[str, str]:
    """The verdict of the run, of each hypothesis and of each check."""
    every = {one.id: one.verdict for one in results.hypotheses} | {one.id: one.verdict for one in results.checks}
    return {"verdict": str(results.verdict)} | {f"verdict/{name}": str(verdict) for name, verdict in every.items()}


def report_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """(file, its name from the run folder) of the report; samples and journal stay where they are."""
    for pattern in FILES:
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                yield path, path.relative_to(folder).as_posix()
