"""`python -m MODULE …` without the second that its imports take: forks of one process that has run one experiment, elsewhere.

A fork is a process of its own: its modules, caches, signals and exit are nobody else's. What the interpreter itself reads as it starts is the
server's, so whoever sets such a variable gets a new process.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

LONGEST = 1 << 20


def run_python(command: Sequence[str], cwd: Path, env: dict[str, str], timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """subprocess.run of `python -m …` with its output as text."""
    if command[:2] != [sys.executable, "-m"] or read_at_start(env) != START:
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process, door = server()
        door.settimeout(timeout)
        socket.send_fds(door, [json.dumps([command[2:], str(cwd), env]).encode()], [out.fileno(), err.fileno()])
        try:
            code = int(door.recv(LONGEST))
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            server.cache_clear()
            raise
        return subprocess.CompletedProcess(command, code, *(stream.seek(0) or stream.read() for stream in (out, err)))


def read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that the interpreter itself reads."""
    return {name: value for name, value in env.items() if name.startswith("PYTHON")}


START = read_at_start(os.environ)


@cache
def server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The server of this process, with the door through which it is asked; it ends when the door is closed."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Not by its path: what is read for a file of the project is an input of an experiment, and this file would stand below all that a fork reads.
    command = [sys.executable, "-c", Path(__file__).read_text(encoding="utf-8"), str(there.fileno()), str(Path(__file__).parent)]
    process = subprocess.Popen(command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    there.close()
    atexit.register(lambda: (here.close(), process.wait()))
    return process, here


def serve(door: socket.socket, support: str) -> None:
    """Forks for each request and answers with the exit code; a fork goes on as `python -m` would."""
    warm_up(support)
    gc.collect()
    gc.freeze()
    while (request := socket.recv_fds(door, LONGEST, 2))[0]:
        if os.fork() == 0:
            door.close()
            become(*json.loads(request[0]), *request[1])
            return
        for descriptor in request[1]:
            os.close(descriptor)
        door.send(str(os.waitstatus_to_exitcode(os.wait()[1])).encode())


def become(words: list[str], cwd: str, env: dict[str, str], *streams: int) -> None:
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[0], sys.argv = cwd, words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def warm_up(support: str) -> None:
    """Runs an experiment elsewhere, and forgets its modules: what is left in memory is what every session imports and reads."""
    path = list(sys.path)
    sys.path.insert(0, support)
    from toy import Toy

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(Toy(Path(folder)).root)
        pytest.main(["evals"])
        importlib.import_module("harness.cli").parser()
        report = importlib.import_module("harness.check.report")  # not the command, which from then on would note what is read
        report.check_experiments([Path("evals/coins").absolute()], "smoke", report.Collector(()))
    from harness.opened_files import is_project_code  # by now pytest has imported it, as a plugin

    sys.path[:] = path
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    for name, file in files.items():
        if (file and is_project_code(file)) or name.startswith("xdist"):  # xdist hands the search path of its import on to its workers
            del sys.modules[name]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
