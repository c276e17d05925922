"""The engines, which run the cells of a session elsewhere; each registers itself as an entry point of the group `harness.engines`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from harness.errors import HarnessError, explain_failure, nearest

LOCAL, GROUP = "local", "harness.engines"


def engines() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def load_engine(name: str) -> Callable[[Any, Any], None]:
    """What runs the selected cells: a function of pytest's session and ours. Raises HarnessError where its package cannot be imported."""
    with explain_failure(f"the engine {name} cannot be used", f"entry point {GROUP} {name}"):
        engine: Callable[[Any, Any], None] = engines()[name].load()
    return engine


def require_engine(name: str, processes: int | None) -> None:
    """Raises HarnessError for an engine that nobody registers, and beside processes of pytest-xdist."""
    if name not in engines():
        raise HarnessError(f"--harness-engine={name} is no engine", mend=nearest(name, (LOCAL, *sorted(engines()))))
    if processes:
        raise HarnessError("-n and --harness-engine are two ways to run cells in several processes", mend="Leave -n out; --harness-sessions N says how many")
