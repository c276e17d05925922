"""A real OpenAI-compatible server: `transformers serve` with SmolLM2 on this machine's CPU, offline, as a process group of its own.

Run as a script it serves until interrupted and prints the two words that benchmarks/api_throughput.py --served wants.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.models.local import identity, unpack_weights
from harness.store import Store

REPO = Path(__file__).parents[2]
# Seconds: importing torch and opening the weights on two shared cores.
PATIENCE = 120.0
CODE = "from transformers.cli.transformers import main; main()"


def smollm2_folder() -> Path:
    """The folder of safetensors in the store that SmolLM2 was dequantised into; made where it is absent. Raises HarnessError without the package."""
    return unpack_weights(identity(), Store(Path(os.environ.get("HARNESS_STORE", REPO / ".harness" / "store")))).resolve()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Served:
    """One server. `url` ends with /v1; `said` is what it wrote, errors included."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder, self.log, self.port = folder, log, free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Starts it, on the same port every time, and waits until it answers. Raises RuntimeError with what it wrote where it ends instead."""
        words = ("serve", str(self.folder), "--port", str(self.port), "--host", "127.0.0.1", "--device", "cpu", "--dtype", "float32")
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-c", CODE, *words],
                env=os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},  # two that spin against each other on busy cores cost minutes
                cwd=self.log.parent,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                self.kill()
                raise RuntimeError(f"transformers serve is not up:\n{self.said()[-2000:]}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5).close()
        except OSError:
            return False
        return True

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """kill -9 for the server and all that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def served(folder: Path, log: Path) -> Iterator[Served]:
    """A server that is up, and gone afterwards."""
    server = Served(folder, log)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job is started with SIGINT ignored
        signal.signal(number, lambda *_: sys.exit())
    folder = smollm2_folder()
    with tempfile.TemporaryDirectory() as place, served(folder, Path(place) / "log") as server:
        sys.stdout.write(f"{server.url} {folder}\n")
        sys.stdout.flush()
        server.process.wait()


if __name__ == "__main__":
    main()
