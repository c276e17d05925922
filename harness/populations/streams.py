"""Where the randomness of a run comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from harness.fingerprint import fingerprint
from harness.populations.stream import Stream


@dataclass(frozen=True)
class Streams:
    """Where the randomness of one run comes from: its world, its founders, its course."""

    world: Stream
    founders: Stream
    course: Stream

    @classmethod
    def of(cls, seed: int, world: int | None = None, founders: int | None = None) -> Streams:
        """All from one seed; a world or founders that several runs share have a seed of their own."""
        return cls(keyed(seed if world is None else world, 0), keyed(seed if founders is None else founders, 1), keyed(seed, 2))


@lru_cache(maxsize=4096)
def digest(seed: int) -> str:
    return fingerprint(["population", int(seed)])


def keyed(seed: int, part: int) -> Stream:
    """One of four streams of a seed: each has 64 of the 256 bits of its hash."""
    return Stream(int(digest(seed)[16 * part : 16 * part + 16], 16))
