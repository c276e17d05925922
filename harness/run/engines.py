"""The engines, which run the cells of a session elsewhere; each registers itself as an entry point of the group `harness.engines`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, explain_failure, nearest

if TYPE_CHECKING:
    from harness.run.settings import Settings

LOCAL, GROUP = "local", "harness.engines"


def engines() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def load_engine(name: str) -> Callable[[Any, Any], None]:
    """What runs the selected cells: a function of pytest's session and ours. Raises HarnessError where its package cannot be imported."""
    with explain_failure(f"the engine {name} cannot be used", f"entry point {GROUP} {name}"):
        engine: Callable[[Any, Any], None] = engines()[name].load()
    return engine


def require_engine(settings: Settings, processes: int | None) -> None:
    """Raises HarnessError for an engine that nobody registers, beside processes of pytest-xdist, and for options that say nothing to it."""
    name = settings.engine
    unheeded = [
        word
        for word in ("sessions", "mixed_gpus", "ray_address")
        if getattr(settings, word) and (name == LOCAL or (word, name) == ("ray_address", "subprocess"))
    ]
    if unheeded:
        word = unheeded[0].replace("_", "-")
        raise HarnessError(f"--harness-{word} says nothing to --harness-engine={name}", mend="Name the engine that it is for, or leave it out")
    if name == LOCAL:
        return
    if name not in engines():
        raise HarnessError(f"--harness-engine={name} is no engine", mend=nearest(name, (LOCAL, *sorted(engines()))))
    if processes:
        raise HarnessError("-n and --harness-engine are two ways to run cells in several processes", mend="Leave -n out; --harness-sessions N says how many")
