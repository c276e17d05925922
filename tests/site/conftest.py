"""Folders of reports: a few runs of every kind, and a thousand small ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from browser import CHROMIUM, Browser
from harness.appendlog import AppendLog
from harness.records import Confidence, Event, encode
from harness.site.build import build_site
from harness.store import write_json
from sample_run import MODEL, results, write_run

VERDICTS = ("supported", "falsified", "inconclusive")
SCALES = ("smoke", "pilot", "full")


def write_runs(reports: Path, experiment: str, *names: str, **changes: Any) -> list[Path]:
    """Runs with samples in the standard layout; run-3 started at three o'clock."""
    found = []
    for name in names:
        hour = int(name.rpartition("-")[2])
        times = {"started": f"2026-11-20T{hour:02}:00:00Z", "ended": f"2026-11-20T{hour:02}:10:40Z"}
        timeline = (Event(event="locked", time="2026-11-19T09:00:00Z"), *(Event(event=event, time=time) for event, time in times.items()))
        execution = msgspec.structs.replace(results().execution, run=name, timeline=timeline, **times)
        found.append(write_run(reports / experiment / name, experiment=experiment, execution=execution, **changes))
    return found


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Two experiments: one with two runs, of which the first is superseded, and one with a run of another verdict, scale, model and confidence."""
    first, _ = write_runs(tmp_path / "reports", "prompting", "run-1", "run-2")
    AppendLog(first / "history.jsonl").append([{"event": "superseded", "time": "2026-11-21T09:00:00Z", "author": "ann", "commit": "", "note": "run-2"}])
    other = {"verdict": "falsified", "scale": "full", "headline": "Nothing leaks into the doctor", "confidence": Confidence(level="HIGH", reason="three seeds")}
    facts = {"Model": {"gemma": {**MODEL, "name": "Gemma-3-270M"}}}
    promise = msgspec.structs.replace(results().promise, locked=False, locked_at="", lock_file="", deviations=())
    write_runs(tmp_path / "reports", "leakage", "run-3", facts=facts, promise=promise, complete=True, **other)
    return tmp_path / "reports"


@pytest.fixture
def site(reports: Path) -> Path:
    return build_site(reports, reports / "site").site


def write_thousand(reports: Path) -> Path:
    """1,000 small runs of ten experiments."""
    for number in range(1000):
        experiment, name = f"experiment_{number % 10}", f"run-{number:04}"
        started = f"2026-{1 + number // 100:02}-{1 + number % 28:02}T10:00:00Z"
        changed = results(
            experiment=experiment,
            headline=f"Claim {number} about a persona in the system prompt of a small model",
            verdict=VERDICTS[number % 3],
            scale=SCALES[number % 2],
            execution=msgspec.structs.replace(results().execution, run=name, started=started),
        )
        write_json(reports / experiment / name / "results.json", encode(changed))
    return reports


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_thousand(tmp_path_factory.mktemp("thousand") / "reports")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        pytest.skip(f"no Chromium at {CHROMIUM}")
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture
def new_reports(tmp_path: Path) -> Callable[..., Path]:
    """A folder of reports with these runs of one experiment."""

    def make(*names: str, **changes: Any) -> Path:
        write_runs(tmp_path / "reports", "prompting", *names, **changes)
        return tmp_path / "reports"

    return make
