"""A distributed run gives the results of a run in one process, whatever becomes of its sessions."""

from __future__ import annotations

import json
import signal
from importlib.util import find_spec
from typing import Any

import pytest

from toy import Toy, harness, kill, until
from tries import tries

RAY = pytest.param("ray", marks=pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed (the extra ray)"))
# A session that dies, or stops without dying, in every cell, the first time that one of them runs it: before it, once its samples are drawn, or once its
# verdict was told to the controller. The last plugin that is registered is the outermost.
HARMED = """

class Harm:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        harm("before", item.name)
        answer = yield
        harm("after", item.name)
        return answer


def pytest_collection_finish(session):
    session.config.pluginmanager.register(Harm())


def pytest_runtest_teardown(item):
    harm("within", item.name)


def harm(when, name):
    mark = HERE / f"{when}-{name}"
    if os.environ.get("COIN_HARM") == when and "PYTEST_XDIST_WORKER" in os.environ and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), int(os.environ["COIN_SIGNAL"]))
"""


@pytest.fixture
def alone(toy: Toy) -> dict[str, Any]:
    """What a run in one process tells of the experiment whose sessions can come to harm."""
    toy.write("conftest.py", (toy.root / "conftest.py").read_text() + HARMED)
    assert toy.run("--harness-run-dir=alone", "--harness-store=alone-store").returncode == 0
    return told(toy, "alone")


def told(toy: Toy, folder: str) -> dict[str, Any]:
    found: dict[str, Any] = toy.told(folder)
    samples = {path.name: path.read_text() for path in (toy.root / folder).glob("samples/*")}
    return found | {"samples": samples}


def spread(toy: Toy, engine: str, sessions: int, *words: str, **env: str) -> Any:
    return toy.run("--harness-run-dir=spread", "--harness-store=spread-store", f"--harness-engine={engine}", f"--harness-sessions={sessions}", *words, env=env)


@pytest.mark.parametrize(("engine", "sessions"), [("subprocess", 1), ("subprocess", 3), pytest.param("ray", 2, marks=RAY.marks)])
def test_every_engine_finds_what_one_process_finds(toy: Toy, alone: dict[str, Any], engine: str, sessions: int) -> None:
    done = spread(toy, engine, sessions)
    assert done.returncode == 0, done.stdout
    assert told(toy, "spread") == alone
    machines = toy.results("spread")["execution"]["machines"]
    assert sorted(cell for cells in machines.values() for cell in cells) == sorted(toy.cells("spread"))


@pytest.mark.chaos
@pytest.mark.parametrize("when", ["within", "before", "after"][: tries(1, 3)])
def test_a_session_killed_at_every_cell_loses_nothing(toy: Toy, alone: dict[str, Any], when: str) -> None:
    """Twelve sessions die, each at another cell; every cell is told once, and what one had measured is not measured again."""
    before = len(toy.thrown())
    done = spread(toy, "subprocess", 2, COIN_HARM=when, COIN_SIGNAL=str(int(signal.SIGKILL)))
    assert done.returncode == 0, done.stdout
    assert len(list(toy.root.glob(f"{when}-*"))) == 12
    assert told(toy, "spread") == alone
    throws = throws_since(toy, before)
    assert len(throws) == len(set(throws))
    assert sum("was lost" in note for note in toy.results("spread")["execution"]["notes"]) == (0 if when == "after" else 12)


def test_a_session_that_hangs_is_replaced_and_may_not_write(toy: Toy, alone: dict[str, Any]) -> None:
    for cell in toy.cells("alone"):
        if cell != "H1[villain-heads]":
            (toy.root / f"before-{node_name(toy, cell)}").touch()
    done = spread(toy, "subprocess", 2, COIN_HARM="before", COIN_SIGNAL=str(int(signal.SIGSTOP)), HARNESS_LEASE_S="3")
    assert done.returncode == 0, done.stdout
    assert told(toy, "spread") == alone
    assert any("was not heard of for 3 s and was given up" in note for note in toy.results("spread")["execution"]["notes"])


def node_name(toy: Toy, cell: str) -> str:
    plan = json.loads((toy.root / "alone/.run/universe.json").read_text())["value"]
    return str(next(one["nodeid"] for one in plan["cells"] if one["id"] == cell).split("::")[1])


def test_a_cell_that_ends_every_session_is_an_error(toy: Toy) -> None:
    toy.edit("evals/coins/test_coins.py", "    assert not coin.broken_control", "    import os\n\n    os._exit(9)\n    assert not coin.broken_control")
    done = spread(toy, "subprocess", 2)
    assert done.returncode == 1
    cells = {cell["id"]: cell for cell in toy.results("spread")["cells"]}
    assert cells["C1"]["verdict"] == "error" and "3 sessions were lost while they ran this cell" in cells["C1"]["reason"]
    assert cells["H1[villain-heads]"]["verdict"] == "supported"


def test_a_controller_that_was_killed_is_taken_up(toy: Toy, alone: dict[str, Any]) -> None:
    """Its sessions end with it, and the next one measures what is left."""
    toy.edit("evals/coins/experiment.yaml", "pause: 0.0}\n    seeds: [1]", "pause: 0.3}\n    seeds: [1]")
    words = ("--harness-run-dir=spread", "--harness-store=spread-store", "--harness-engine=subprocess", "--harness-sessions=2")
    before = len(toy.thrown())
    begun = toy.start(*words)
    until(lambda: '"type":"cell"' in journal(toy) and len(throws_since(toy, before)) >= 12, 60)
    kill(begun)
    assert len(throws_since(toy, before)) < 32
    done = toy.run(*words)
    assert done.returncode == 0, done.stdout
    assert toy.cells("spread") == {cell["id"]: cell["verdict"] for cell in alone["cells"]}
    throws = throws_since(toy, before)
    assert toy.results("spread")["execution"]["reused"] and len(set(throws)) == 32 and len(throws) <= 32 + 2  # a chunk in flight for each session


def throws_since(toy: Toy, line: int) -> list[str]:
    return [thrown for thrown in toy.thrown()[line:] if thrown.startswith("throw")]


def journal(toy: Toy) -> str:
    path = toy.root / "spread/journal.jsonl"
    return path.read_text() if path.exists() else ""


def test_a_machine_with_another_version_is_refused_by_name(toy: Toy) -> None:
    toy.write(
        "conftest.py",
        (toy.root / "conftest.py").read_text()
        + "\n\nif 'PYTEST_XDIST_WORKER' in os.environ:\n    from harness.run import environment\n\n    known = environment.version_of\n"
        "    environment.version_of = lambda name: '9.9' if name == 'numpy' else known(name)\n",
    )
    done = spread(toy, "subprocess", 2)
    assert done.returncode == 2, done.stdout
    assert "packages/numpy is '9.9' there" in done.stdout.replace("\n", "")
    assert not toy.thrown()


def test_what_fails_blocks_and_is_told_as_in_one_process(toy: Toy) -> None:
    assert toy.run("--harness-run-dir=alone", "--harness-store=alone-store", env={"COIN_BAD": "villain", "COIN_FLAT": "1"}).returncode == 1
    done = spread(toy, "subprocess", 2, COIN_BAD="villain", COIN_FLAT="1")
    assert done.returncode == 1
    assert told(toy, "spread") == told(toy, "alone")
    assert "FAILED evals/coins/test_coins.py::test_all_coins_are_fair" in done.stdout


def test_words_that_do_not_go_together_are_refused(toy: Toy) -> None:
    done = toy.run("--harness-engine=subprocess", "-n", "2")
    assert "-n and --harness-engine are two ways" in done.stdout + done.stderr
    for words in (("--harness-sessions=4",), ("--harness-engine=subprocess", "--harness-ray-address=auto")):
        assert "says nothing to --harness-engine=" in toy.run(*words).stderr
    done = toy.run("--harness-engine=slurm")
    assert "--harness-engine=slurm is no engine. Known: local, ray, subprocess" in (done.stdout + done.stderr).replace("\n", "")
    assert not toy.thrown()


def test_a_run_is_watched_paused_and_resumed(toy: Toy) -> None:
    toy.edit("evals/coins/experiment.yaml", "pause: 0.0}\n    seeds: [1]", "pause: 0.2}\n    seeds: [1]")
    begun = toy.start("--harness-run-dir=spread", "--harness-engine=subprocess", "--harness-sessions=2")
    until(lambda: '"type":"cell"' in journal(toy), 60)
    assert "begins no further cell" in harness(toy, "pause", "spread").stdout
    status = json.loads(harness(toy, "status", "spread", "--json").stdout)
    assert status["state"] == "paused" and status["waiting"]
    until(lambda: quiet(toy), 30)
    finished = journal(toy).count('"type":"cell"')
    assert harness(toy, "status", "spread").stdout.startswith("spread: coins (smoke), paused")
    assert "goes on" in harness(toy, "resume", "spread").stdout
    out, _ = begun.communicate(timeout=120)
    assert begun.returncode == 0, out
    assert finished < 12 and "spread: coins (smoke), done" in harness(toy, "status", "spread").stdout
    assert "no process works for this run" in harness(toy, "pause", "spread").stderr


def quiet(toy: Toy) -> bool:
    """True where nothing was measured for a while."""
    import time

    before = len(toy.thrown())
    time.sleep(1.5)
    return len(toy.thrown()) == before
