"""What harness itself takes: to plan 500 cells of one hypothesis, to count the work that 500 cells share, and to read a recording of 10,000 rows.

    python benchmarks/own_costs.py

The best of three each, wall time in this process, beside its bound. The work is that of the tests, which hold how it grows.
Exits with 1 where a bound is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests are no installed package

from harness.models.replay_responder import open_responder
from tests.design.test_work import counting, planning
from tests.models.test_recording import recording_of


def best(works: list[Callable[[], object]]) -> float:
    """Seconds of the quickest."""
    found = []
    for work in works:
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> int:
    with tempfile.TemporaryDirectory() as room:
        folders = [recording_of(Path(room) / str(number), 10_000)[0] for number in range(3)]
        took = {
            ("the plan of 500 cells", 2.0): best([planning(500)] * 3),
            ("the work that 500 cells share", 0.2): best([counting(500)] * 3),
            ("a recording of 10,000 rows", 1.0): best([lambda folder=folder: open_responder("replay/r", folder) for folder in folders]),
        }
    for (name, bound), seconds in took.items():
        print(f"{name}: {seconds:.3f} s (bound: {bound} s)")
    return int(any(seconds > bound for (_, bound), seconds in took.items()))


if __name__ == "__main__":
    raise SystemExit(main())
