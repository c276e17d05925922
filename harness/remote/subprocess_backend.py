"""Sessions as processes of this machine, one accelerator each where there are any."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness.run.accelerators import visible_device

LAST = 2000  # bytes of what a session printed that are told


class SubprocessBackend:
    """The engine `subprocess`."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="harness-sessions-")
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def count(self, wanted: int | None) -> int:
        return wanted or 2

    def start(self, name: str, environ: Mapping[str, str], number: int) -> None:
        with self._log(name).open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "harness.remote.session"],
                env=os.environ | environ | visible_device(number),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # ctrl-C reaches the controller alone, which ends them
            )

    def ended(self, name: str) -> str | None:
        return None if self.running[name].poll() is None else last_words(self._log(name))

    def _log(self, name: str) -> Path:
        return Path(self.folder.name, f"{name}.log")

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        self.folder.cleanup()


def last_words(log: Path) -> str:
    """The end of what a session printed."""
    try:
        return log.read_bytes()[-LAST:].decode(errors="replace").strip()
    except OSError:
        return ""
