"""What a distributed run gains and costs: sleeping cells over one and three Ray nodes, and what the controller adds to the work of a session.

Run: python benchmarks/distributed.py [--cells 300] [--seconds 0.5] [--engine ray|subprocess]. The nodes are processes of this machine
(ray.cluster_utils.Cluster), one session each; cells sleep, so that cores do not matter. Start-up is measured by a run of as many cells as there are nodes
and taken off on both sides. What the controller adds is measured with cells that do nothing: seconds a cell, less those of the same cells in one process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

YAML = """\
id: sleepers
title: Sleeping cells
question: How fast are they handed out?
axes:
  number: [{numbers}]
hypotheses:
  H1: {{cells: [number], rule: {{at_least: 1, of: number}}}}
primary: H1
thresholds: {{}}
scales:
  smoke: {{settings: {{pause: {pause}}}, seeds: [1], cell_cost: {{seconds: 1, gpu_hours: 0, usd: 0}}}}
"""
TEST = """\
import time

from harness import hypothesis


@hypothesis("H1")
def test_it_sleeps(number, settings, measure):
    \"\"\"A cell sleeps.\"\"\"
    time.sleep(settings["pause"])
"""


def project(root: Path, cells: int, pause: float) -> None:
    """An experiment of sleeping cells."""
    folder = root / "evals/sleepers"
    folder.mkdir(parents=True)
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "experiment.yaml").write_text(YAML.format(numbers=", ".join(map(str, range(cells))), pause=pause), encoding="utf-8")
    (folder / "test_sleepers.py").write_text(textwrap.dedent(TEST), encoding="utf-8")


def timed(cells: int, pause: float, *words: str) -> float:
    """Seconds of a run in a folder of its own."""
    with tempfile.TemporaryDirectory() as root:
        project(Path(root), cells, pause)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "evals", "-q", "--harness-no-report", "--harness-run-dir=run", *words], cwd=root, capture_output=True, text=True
        )
        if done.returncode not in (0, 1) or f"{cells} " not in done.stdout.rsplit("\n", 2)[-2]:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        return time.perf_counter() - began


@contextmanager
def cluster(nodes: int) -> Iterator[str]:
    """A Ray cluster of nodes with one processor each; its address."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            made.add_node(num_cpus=1)
        yield str(made.address)
    finally:
        made.shutdown()


def spread(nodes: int, cells: int, pause: float, engine: str) -> float:
    """Seconds that cells take on so many nodes, less the start-up of as many."""
    if engine == "subprocess":
        words = ("--harness-engine=subprocess", f"--harness-sessions={nodes}")
        return timed(cells, pause, *words) - timed(nodes, 0.0, *words)
    with cluster(nodes) as address:
        words = ("--harness-engine=ray", f"--harness-ray-address={address}", f"--harness-sessions={nodes}")
        return timed(cells, pause, *words) - timed(nodes, 0.0, *words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--engine", choices=("ray", "subprocess"), default="ray")
    given = parser.parse_args()
    one, three = (spread(nodes, given.cells, given.seconds, given.engine) for nodes in (1, 3))
    print(f"{given.cells} cells of {given.seconds:g} s ({given.engine}): one node {one:.1f} s, three {three:.1f} s: {one / three:.2f} x (bound 2.7)")
    alone = timed(given.cells, 0.0) - timed(1, 0.0)
    handed = spread(1, given.cells, 0.0, given.engine)
    print(f"the controller adds {(handed - alone) / given.cells * 1000:.1f} ms a cell to the work of a session (bound 20 ms)")


if __name__ == "__main__":
    main()
