"""The body of a test while its cell runs: how often it ran, whether to its end, what it returned, and whether a thread of it failed.

pytest reports none of these as a failure: a plugin that leaves the body out, `return x > 1` and an assertion in a thread all look like a pass.
"""

from __future__ import annotations

import inspect
import threading
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pytest

from harness.records import Verdict
from harness.run.outcome import first_line
from harness.run.recorder import PASSING


@dataclass
class Body:
    """What is known of the body of one cell's test."""

    calls: int = 0
    ended: int = 0
    returned: str = ""  # the type of what it returned
    thread: str = ""  # what failed in a thread

    def fault(self, verdict: Verdict) -> str:
        """Why the verdict does not follow from one whole run of the body; "" where it does."""
        if self.calls > 1:
            return f"a plugin called the test {self.calls} times: the verdict would be a choice among them"
        if verdict in PASSING and not self.ended:
            return "its test did not run to its end, and yet nothing failed" if self.calls else "its test was never called"
        if self.returned:
            return f"its test returned {self.returned}, which decides nothing: assert what it claims"
        return f"a thread failed while it ran: {self.thread}" if self.thread else ""

    @contextmanager
    def counted(self, item: pytest.Item) -> Iterator[None]:
        """Counts the calls of an item's test function, which is the one thing that every way of running a test comes down to."""
        if not isinstance(item, pytest.Function):
            self.calls += 1
            yield
            self.ended += 1
            return
        own, place = item.obj, vars(item.instance) if isinstance(item.instance, unittest.TestCase) else {}
        item.obj = place[item.name] = self._counting(own)
        try:
            yield
        finally:
            item.obj = own
            place.pop(item.name, None)

    def _counting(self, test: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(test)
        def call(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            self.calls += 1
            return self._end(test(*args, **kwargs))

        @wraps(test)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            self.calls += 1
            return self._end(await test(*args, **kwargs))

        return call_async if inspect.iscoroutinefunction(test) else call

    def _end(self, result: Any) -> Any:
        self.ended += 1
        self.returned = "" if result is None else type(result).__name__
        return result

    @contextmanager
    def threads_noted(self) -> Iterator[None]:
        """Notes what is raised in threads and handled by nobody."""
        before = threading.excepthook

        def note(failed: Any) -> None:
            if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
                self.thread = f"{type(failed.exc_value).__name__}: {first_line(failed.exc_value)}"
            before(failed)

        threading.excepthook = note
        try:
            yield
        finally:
            threading.excepthook = before
