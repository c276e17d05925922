"""A bar for long sweeps, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def bar(console: Console | None = None) -> Iterator[Callable[[int, int, str], None]]:
    """Yields what `swept(progress=…)` takes. The bar tells runs, time left and the arm; it stands on stderr and goes when all is done. Elsewhere than on a
    terminal nothing is written."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    place = console or Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=place, transient=True, disable=not place.is_terminal) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total, arm: shown.update(task, completed=done, total=total, description=arm)
