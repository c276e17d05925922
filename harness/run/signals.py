"""SIGTERM, which schedulers send, and SIGHUP, from a lost terminal, end a run as ctrl-C does: in order, and with what was finished told."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

SIGNALS = ("SIGTERM", "SIGHUP")
ECHO_S = 1.0  # a scheduler may signal a process and its group: the same request twice


class Ending:
    """Our handler, in force from `install` to `restore`, and only where nobody else has one. `running()` says whether there is a run to be ended in order."""

    def __init__(self, running: Callable[[], bool]) -> None:
        self.running, self.last = running, -ECHO_S
        self.installed: list[signal.Signals] = []
        self.over = False  # True while the run is being ended: another signal must not interrupt that
        self.mask: set[signal.Signals] = set()

    def install(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for name in SIGNALS:
                number = getattr(signal, name, None)  # Windows has no SIGHUP
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, self.handle)
                    self.installed.append(number)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(before=self.block, after_in_parent=self.unblock, after_in_child=self.leave)

    def restore(self) -> None:
        for number in self.installed:
            if signal.getsignal(number) == self.handle:
                signal.signal(number, signal.SIG_DFL)
        self.installed.clear()

    def block(self) -> None:
        """Holds signals back while a child is forked: one that reached it before it has its own way with signals would be lost on it."""
        self.mask = {signal.Signals(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, self.installed)}

    def unblock(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)

    def leave(self) -> None:
        """In a forked child (multiprocessing, data loaders) a signal does what it always does."""
        self.restore()
        self.unblock()

    def handle(self, number: int, _: FrameType | None) -> None:
        if not (self.over or self.running()):
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif not self.over and time.monotonic() - self.last >= ECHO_S:
            self.last = time.monotonic()
            raise KeyboardInterrupt(f"{signal.Signals(number).name}: ended in order; run again to go on")
