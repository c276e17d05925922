"""What starts the sessions of a distributed run. Registered by name as entry points of the group `harness.engines`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Backend(Protocol):
    """Starts processes of `python -m harness.remote.session`, here or on other machines. Scheduling is left to whatever it starts them with."""

    host: str  # the address of this machine at which they reach the controller

    def count(self, wanted: int | None) -> int:
        """How many sessions to run; `wanted` is the number that the user gave, if any."""

    def start(self, name: str, environ: Mapping[str, str], number: int) -> None:
        """Starts a session with these variables added to its environment; `number` says which of the accelerators is its own, counted from 0."""

    def ended(self, name: str) -> str | None:
        """None while a session's process lives or may still come to life, else the end of what it printed."""

    def stop(self) -> None:
        """Ends all sessions."""
