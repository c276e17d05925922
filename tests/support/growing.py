"""How work grows, on a machine of any speed: figures in seconds live in benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable


def times_as_long(more: Callable[[], object], less: Callable[[], object]) -> float:
    """CPU time of one piece of work over that of another: the best of three each, in turns, so that a busy machine is not taken for slow code."""
    found = [(spent(more), spent(less)) for _ in range(3)]
    return min(one for one, _ in found) / min(other for _, other in found)


def spent(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
