"""How many calls of one client may be under way: halved where the server says that there are too many, raised again while it answers (AIMD)."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

# Statuses that say "too many": a rate limit, or a server that is overloaded (529 is Anthropic's).
TOO_MANY = (429, 503, 529)
# Seconds between looks at whether a call may begin, and the longest pause that a server is granted, which is also the longest that the SDKs wait.
LOOK, LONGEST = 0.05, 120.0
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")


class AdaptiveLimit:
    """A gate, as an asynchronous context manager: open until a server complains, so that a run begins with as many calls as were asked for."""

    def __init__(self) -> None:
        self.limit, self.under_way = math.inf, 0
        self.halved_at = self.resume_at = -math.inf

    async def __aenter__(self) -> None:
        while self.under_way + 1 > self.limit or time.monotonic() < self.resume_at:
            await asyncio.sleep(max(LOOK, self.resume_at - time.monotonic()))
        self.under_way += 1

    async def __aexit__(self, *_: object) -> None:
        self.under_way -= 1

    def note(self, status: int, headers: Mapping[str, str], began: float) -> None:
        """Learns from the reply to a call that began then (seconds of the monotonic clock). Complaints about calls from before the last cut are about that."""
        now = time.monotonic()
        if status in TOO_MANY and began >= self.halved_at:
            self.limit, self.halved_at = max(1.0, min(self.limit, self.under_way) / 2), now
        elif status < 400:
            self.limit += 1 / self.limit
        self.resume_at = max(self.resume_at, now + min(LONGEST, asked_pause(status, headers)))


def asked_pause(status: int, headers: Mapping[str, str]) -> float:
    """Seconds for which the server wants no calls: until a limit of which nothing is left is reset, or as long as it said when it turned one down."""
    spent = [name for name, left in headers.items() if "ratelimit" in name.lower() and "remaining" in name.lower() and left.strip() == "0"]
    waits = [seconds_until(headers.get(name.lower().replace("remaining", "reset"), "")) for name in spent]
    if status in TOO_MANY:
        waits += [seconds_until(headers.get("retry-after-ms", "") + "ms"), seconds_until(headers.get("retry-after", "") + "s")]
    return max([0.0, *waits])


def seconds_until(told: str) -> float:
    """From "6m0s", "20ms", or a time as RFC 3339 writes it; 0 for anything else."""
    if parts := DURATION.findall(told) if re.fullmatch(f"(?:{DURATION.pattern})+", told) else []:
        return sum(float(number) * UNITS[unit] for number, unit in parts)
    try:
        return (datetime.fromisoformat(told) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
