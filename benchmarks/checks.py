"""What `harness check` costs: the rules over declarations and code for each experiment, and the whole command with and without a kept report.

Run: python benchmarks/checks.py. It checks a copy of the experiments, so that no report and no plan of this checkout is used; the first whole check
simulates every plan.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.cli.collecting import collect
from harness.extensions import checks
from harness.run.checks import check_design, project_checks

ROOT = Path(__file__).parents[1]
PARTS = ("evals", "fixtures", "personas", "banks", "model_sets", "reports/parents")
REPEATS = 5


def declaration_seconds(session: Any) -> dict[str, float]:
    """Median CPU seconds of the rules that run whenever an experiment is collected, by experiment."""
    own = project_checks(session.config)
    return {found.experiment.id: statistics.median(seconds_of(session, found, own) for _ in range(REPEATS)) for found in session.founds}


def seconds_of(session: Any, found: Any, own: Any) -> float:
    start = time.process_time()
    check_design(session.facts(found), own)
    return time.process_time() - start


def command_seconds(folder: Path) -> float:
    """Wall time of `harness check evals --scale all`."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "harness.cli", "check", "evals", "--scale", "all"], cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return time.perf_counter() - start


def main() -> None:
    print(f"{len(checks())} rules")
    for name, seconds in collect([str(ROOT / "evals")], declaration_seconds).items():
        print(f"rules of the stage declare, {name}: {1000 * seconds:.1f} ms of CPU time (bound: 50)")
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            shutil.copytree(ROOT / part, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pytest.ini", folder)
        cold, warm = command_seconds(Path(folder)), statistics.median(command_seconds(Path(folder)) for _ in range(REPEATS))
    print(f"harness check evals --scale all: {cold:.1f} s with nothing kept, {warm:.2f} s where nothing changed (bound: 5)")


if __name__ == "__main__":
    main()
