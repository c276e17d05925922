"""Progress within a long cell: one line rewritten on a terminal, a line now and then elsewhere, nothing for what is quick."""

from __future__ import annotations

import time
from typing import Any

import pytest

LAST: pytest.StashKey[dict[str, float]] = pytest.StashKey()
EVERY = {True: 0.5, False: 15.0}


def show(config: pytest.Config, name: str, done: int, total: int) -> None:
    """Shows `done` of `total` where enough time has gone by since the last line."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.option.verbose < 0:
        return
    tty, now = bool(reporter.isatty), time.monotonic()
    clock = config.stash.setdefault(LAST, {"at": now, "shown": 0.0})
    if done < total and now - clock["at"] < EVERY[tty]:
        return
    if done == total and not clock["shown"]:
        return
    clock["at"], clock["shown"] = now, float(done < total)
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        text = f"{name}: {done}/{total}"
        if tty:
            reporter.rewrite("" if done == total else text, erase=True)
        elif done < total:
            reporter.write_line(text)
