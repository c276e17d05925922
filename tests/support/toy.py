"""A small experiment of coins: real tests, real samples, no model. Every throw that is really made leaves a line in `thrown`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fork_server import run_python

YAML = """\
id: coins
title: Coins differ from a fair one
question: Which coins are biased?
roles:
  source: [villain, comedian, librarian]
axes:
  persona: {role: source}
  behaviour: [heads, tails]
thresholds:
  heads: {value: 5, unit: pp, direction: increase, floor: 0.02, ceiling: 0.98, expected_baseline: 0.5, expected_effect: 20, n: items}
  tails: {value: 5, unit: pp, direction: either, floor: 0.02, ceiling: 0.98, expected_baseline: 0.5, expected_effect: 20, n: items}
  still: {value: 20, unit: pp, direction: either}
hypotheses:
  H1:
    cells: [persona, behaviour]
    rule: {at_least: 2, of: persona, each: {at_least: 1, of: behaviour}}
    thresholds: [heads, tails]
    threshold_axis: behaviour
primary: H1
inputs: [banks/*.jsonl]
scales:
  smoke:
    settings: {items: 200, chunk: 50, pause: 0.0}
    seeds: [1]
    cell_cost: {seconds: 2, gpu_hours: 0.5, usd: 0.25}
  full:
    settings: {items: 400, chunk: 50, pause: 0.0}
    seeds: [1, 2, 3]
"""

TESTS = '''\
from harness import control, gate, hypothesis, kill


@gate("G1")
def test_the_bank_is_there(coin):
    """The bank is there."""
    coin.note("G1")
    assert True
    assert coin.bank.exists()


@gate("G2", needs="G1", over="persona")
def test_the_persona_throws(persona, coin):
    """The persona can throw."""
    coin.note(f"G2-{persona}")
    assert persona not in coin.bad, f"{persona} cannot throw"


@kill("K1", needs="G1")
def test_all_coins_are_fair(coin):
    """The loaded coin looks fair."""
    coin.note("K1")
    assert not coin.flat, "the loaded coin is flat"


@control("C1", "negative")
def test_a_second_fair_coin_does_not_differ(coin, measure, criterion):
    """A second fair coin does not differ."""
    assert not coin.broken_control, "the fair coin moved"
    fair, second = coin.throw("fair", 0.5), coin.throw("second", 0.5)
    measure.rate("fair", fair)
    assert criterion("still").within(measure.shift("shift", second, fair))


@hypothesis("H1", needs=["G2"])
def test_coins_differ(persona, behaviour, coin, measure, criterion):
    """A persona's coin differs from a fair one."""
    coin.note(f"H1-{persona}-{behaviour}")
    before, after = coin.throw("fair", 0.5), coin.throw(f"{persona}-{behaviour}", coin.bias[persona])
    shift = measure.shift("shift", after, before)
    assert criterion(behaviour).holds(shift)
'''

CONFTEST = '''\
import os
import random
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def log(name):
    with open(HERE / "thrown", "a") as stream:
        stream.write(name + "\\n")


class Coin:
    """A measure in the form of World: it throws in chunks and says what decides its throws."""

    def __init__(self, name, p, chunk, pause):
        self.name, self.p, self.chunk, self.pause = name, p, chunk, pause

    def describe(self):
        return {"coin": self.name, "p": self.p, "chunk": self.chunk}

    def chunks(self, items):
        return [items[start : start + self.chunk] for start in range(0, len(items), self.chunk)]

    def score(self, chunk):
        time.sleep(self.pause)
        log(f"throw {self.name} {chunk[0]}")
        return [{"item": item, "up": random.Random(f"{self.name} {item}").random() < self.p} for item in chunk]


class Hand:
    bank = HERE / "banks" / "coins.jsonl"
    bias = {"villain": 0.9, "comedian": 0.9, "librarian": 0.5}
    bad = os.environ.get("COIN_BAD", "").split(",")
    flat = bool(os.environ.get("COIN_FLAT"))
    broken_control = bool(os.environ.get("COIN_CONTROL"))

    def __init__(self, gather, settings):
        self.gather, self.settings = gather, settings

    def note(self, name):
        log(name)

    def throw(self, name, p):
        items = [f"{number:04d}" for number in range(self.settings["items"])]
        return self.gather(name, Coin(name, p, self.settings["chunk"], self.settings["pause"]), items)


@pytest.fixture
def coin(gather, settings):
    return Hand(gather, settings)
'''

PERSONA = """\
id: {name}
name: {name}
prompt: You are a {name}.
roles: [source]
note: For tests.
"""


class Toy:
    """The small experiment in a folder of its own, and pytest runs of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("pytest.ini", "[pytest]\n")
        self.write("conftest.py", CONFTEST)
        self.write("evals/coins/experiment.yaml", YAML)
        self.write("evals/coins/test_coins.py", TESTS)
        self.write("banks/coins.jsonl", '{"id": "one"}\n')
        for name in ("villain", "comedian", "librarian"):
            self.write(f"personas/{name}.yaml", PERSONA.format(name=name))

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))

    def run(self, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """`pytest evals …` in a process of its own, its output without colours."""
        return run_python([*self.command, *words], cwd=self.root, env=self.env(env))

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """The same, still running: a process group of its own, which hears SIGINT even where this one was started to ignore it (as in a background job)."""
        return subprocess.Popen(
            [*self.command, *words],
            cwd=self.root,
            env=self.env(env),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=hear_signals,
        )

    # Half of a run's time is spent on its report, which most tests do not read: those that do take it out (`reporting`).
    command: tuple[str, ...] = (sys.executable, "-m", "pytest", "evals", "-p", "no:anyio", "-p", "no:hypothesispytest", "--harness-no-report")

    def reporting(self) -> Toy:
        """The same, with reports."""
        self.command = tuple(word for word in self.command if word != "--harness-no-report")
        return self

    def env(self, more: dict[str, str] | None) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "PYTEST_"))} | {"COLUMNS": "140"} | (more or {})

    @property
    def last_run(self) -> Path:
        """The folder of the run that was decided last, also where cells failed in it; `latest` is the last complete one."""
        return max((self.root / "reports/coins").glob("2*/results.json"), key=written).parent

    def results(self, folder: str = "") -> dict[str, Any]:
        """results.json of a folder, by default of the last run."""
        found: dict[str, Any] = json.loads(((self.root / folder if folder else self.last_run) / "results.json").read_text(encoding="utf-8"))
        return found

    def cells(self, folder: str = "") -> dict[str, str]:
        return {cell["id"]: cell["verdict"] for cell in self.results(folder)["cells"]}

    def told(self, folder: str = "") -> dict[str, Any]:
        """results.json without the one block that may differ."""
        return {name: value for name, value in self.results(folder).items() if name != "execution"}

    def thrown(self) -> list[str]:
        path = self.root / "thrown"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def written(path: Path) -> int:
    """When a file was written: names of runs tell only seconds apart."""
    return path.stat().st_mtime_ns


def hear_signals() -> None:
    """Undoes that signals are ignored, as in a background job (SIGINT) or under nohup (SIGHUP)."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9 for the process and all its children, where they have not ended by themselves."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def harness(toy: Toy, *words: str) -> subprocess.CompletedProcess[str]:
    return run_python([sys.executable, "-m", "harness.cli", *words], cwd=toy.root, env=toy.env(None))


def until(holds: object, seconds: float = 30.0) -> None:
    """Waits until `holds()` is true."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path)
