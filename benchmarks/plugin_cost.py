"""What the plugin costs beside bare pytest: importing it, collecting 2,000 cells, and running a cell whose measurement costs nothing.

Run: python benchmarks/plugin_cost.py. Both sides run in turn in the same session; the median of the repeats is shown.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CELLS = 2000
YAML = """\
id: many
title: Many cells
question: What does a cell cost?
axes:
  source: [a, b, c, d, e, f, g, h, i, j]
  epoch: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
  behaviour: [k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd]
thresholds:
  up: {value: 5, unit: pp, direction: increase}
hypotheses:
  H1: {cells: [source, epoch, behaviour], rule: {at_least: 3, of: source}, thresholds: [up]}
primary: H1
scales:
  smoke: {}
"""
OURS = """\
from harness import gate, hypothesis

@gate("G1")
def test_ground():
    "The ground holds."

@hypothesis("H1", needs="G1")
def test_cell(source, epoch, behaviour, measure, criterion):
    "A cell."
    found = measure("shift", 20.0, "pp", n=100, interval=(10.0, 30.0), unsampled="a benchmark of the plugin")
    assert criterion("up").holds(found)
"""
BARE = """\
import pytest

def test_ground():
    "The ground holds."

@pytest.mark.parametrize("behaviour", "k l m n o p q r s t u v w x y z aa bb cc dd".split())
@pytest.mark.parametrize("epoch", range(10))
@pytest.mark.parametrize("source", "a b c d e f g h i j".split())
def test_cell(source, epoch, behaviour):
    "A cell."
"""
OFF = ("-p", "no:harness", "-p", "no:cacheprovider")
QUIET = ("-p", "no:hypothesispytest", "-p", "no:anyio", "-q")


def seconds(*words: str, cwd: Path) -> float:
    """Wall time of one command."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{words} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start


def in_turn(one: list[str], other: list[str], cwd_one: Path, cwd_other: Path, repeats: int) -> tuple[float, float]:
    """Median seconds of both commands, run in turn."""
    pairs = [(seconds(*one, cwd=cwd_one), seconds(*other, cwd=cwd_other)) for _ in range(repeats)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        ours, bare = root / "ours" / "evals" / "many", root / "bare" / "evals" / "many"
        for folder, text in ((ours, OURS), (bare, BARE)):
            folder.mkdir(parents=True)
            (folder / "test_many.py").write_text(text)
            (folder.parents[1] / "pytest.ini").write_text("[pytest]\n")
        (ours / "experiment.yaml").write_text(YAML)
        at, beside = ours.parents[1], bare.parents[1]

        with_plugin, without = in_turn(["-c", "import pytest, harness.plugin"], ["-c", "import pytest"], at, beside, 15)
        print(f"import: pytest {1000 * without:.0f} ms, with the plugin {1000 * with_plugin:.0f} ms: {1000 * (with_plugin - without):+.1f} ms (bound: 50)")

        collect = ["-m", "pytest", "evals", "--collect-only", *QUIET]
        with_plugin, without = in_turn([*collect, "-p", "no:cacheprovider"], [*collect, *OFF], at, beside, 7)
        ratio = with_plugin / without
        print(f"collect {CELLS} cells: bare {without:.2f} s, with the plugin {with_plugin:.2f} s: ratio {ratio:.2f} (bound: 1.25)")

        # What a run costs once is taken off by a run of a single cell. A cell must measure something to decide, and drawing 2,000 of them takes matplotlib
        # longer than running them: the report has a figure of its own.
        run = ["-m", "pytest", "evals", *QUIET]
        fresh = [*run, "-p", "no:cacheprovider", "--harness-no-report", "--harness-store"]
        whole = statistics.median(seconds(*fresh, str(root / f"store{n}"), cwd=at) for n in range(3))
        few = statistics.median(seconds(*fresh, str(root / f"few{n}"), "-k", "ground", cwd=at) for n in range(3))
        plain, plain_few = in_turn([*run, *OFF], [*run, *OFF, "-k", "ground"], beside, beside, 3)
        print(f"a cell beyond its measurement: {1000 * ((whole - few) - (plain - plain_few)) / CELLS:.2f} ms (bound: 2)")
        report = seconds("-m", "harness.cli", "report", str(at / "reports" / "many" / newest(at)), cwd=at)
        print(f"report of {CELLS} cells: {1000 * report / CELLS:.1f} ms a cell (bound: 10)")


def newest(root: Path) -> str:
    """The latest run with all cells."""
    runs = [path for path in (root / "reports" / "many").iterdir() if not path.is_symlink() and (path / "results.json").exists()]
    return max(runs, key=lambda path: ((path / "results.json").stat().st_size, path.name)).name


if __name__ == "__main__":
    main()
