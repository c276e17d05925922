"""The line that says what a session is doing: on a terminal, in a log, with workers, and what it says of the time that is left."""

from __future__ import annotations

import re
import sys

import pytest
from rich.cells import cell_len

from harness.run.pace import Pace, Task, clock, describe_left
from harness.run.progress import fit
from screen import Screen
from toy import Toy

LINE = re.compile(r"cells? [\d-]+ of 12 · \S+ \d+:\d\d( · \S+ \d/4)?( · about \d+ s left)?")
QUICKER = "import pytest\n\nfrom harness.run import progress\n\nprogress.EVERY[True], progress.EVERY[False], progress.NOTE_EVERY = {}\n"


@pytest.fixture
def slow(toy: Toy) -> Toy:
    """Coins that take their time, looked at more often than users are told."""
    toy.edit("evals/coins/experiment.yaml", "pause: 0.0}\n    seeds: [1]", "pause: 0.1}\n    seeds: [1]")
    toy.edit("conftest.py", "import pytest\n", QUICKER.format("0.05, 0.3, 0.1"))
    return toy


def watched(toy: Toy, *words: str, columns: int = 80, **env: str) -> Screen:
    """A run in a terminal."""
    return Screen([sys.executable, "-m", "pytest", "evals", *words], toy.root, toy.env(None) | env, columns)


@pytest.mark.parametrize("words", [(), ("-v",), ("-q", "-n2")], ids=" ".join)
def test_a_terminal_shows_one_line_and_keeps_none(slow: Toy, words: tuple[str, ...]) -> None:
    """It is the last of the screen, whole at 80 columns, and gone where anything else is written; pytest's own lines are as without it."""
    screen = watched(slow, *words)
    told = screen.ever(LINE.fullmatch)
    assert screen.code == 0 and len(set(told)) > 10, screen.seen[-1]
    assert all(sum(line.startswith("cell") for line in lines) <= 1 for lines in screen.seen)
    assert not [line for line in screen.everything() if re.search(r"cells? [\d-]+ of", line)]
    assert any("-heads" in line for line in told) and any("left" in line for line in told), told  # beside other load another cell may be the one shown
    early = [line for line in told if re.match(r"cells? [12]\b", line)]
    assert not any("left" in line for line in early), early


def test_a_narrow_terminal_of_few_letters_shows_what_it_can(slow: Toy) -> None:
    """ASCII alone, no line wider than the terminal, and text that a plugin prints past pytest is not overwritten for longer than a look takes."""
    slow.edit("conftest.py", "import pytest\n", "import pytest\n\n\ndef pytest_runtest_logfinish(nodeid):\n    print('<past pytest>', flush=True)\n\n\n")
    screen = watched(slow, columns=44, PYTHONIOENCODING="ascii")
    told = screen.ever(re.compile(r"cell \d+ of 12, (\S+ )?\d+:\d\d(, .*)?").fullmatch)
    assert len(set(told)) > 10 and all(len(line) < 44 for line in told), screen.seen[-3:]
    assert not [line for line in screen.everything() if re.search(r"cells? \d+ of", line)]
    assert sum("<past pytest>" in line for line in screen.everything()) == 12


def test_what_pytest_writes_is_what_it_writes_without(slow: Toy) -> None:
    """The letters, the warnings and the table: a run in a terminal ends with the lines of a run in a pipe."""
    slow.edit("conftest.py", "        time.sleep(self.pause)", "        import warnings\n        warnings.warn('as seen')\n        time.sleep(self.pause)")
    screen = watched(slow, "-rA")
    letters = [line for line in screen.everything() if line.startswith("evals/coins/test_coins.py .")]
    assert [re.sub(r"\s+", " ", line) for line in letters] == ["evals/coins/test_coins.py ..........?? [100%]"]
    assert any("UserWarning: as seen" in line for line in screen.everything())


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {}], ids=["dumb", "-s"])
def test_where_nothing_can_be_written_anew_there_are_lines(slow: Toy, env: dict[str, str]) -> None:
    """On a dumb terminal, and where tests write to it themselves: whole lines, no escapes."""
    screen = watched(slow, *([] if env else ["-s"]), **env)
    assert len([line for line in screen.everything() if LINE.match(line)]) > 3, screen.everything()
    assert any(line.startswith("coins: SUPPORTED") for line in screen.everything())


@pytest.mark.parametrize("words", [(), ("-n2",)], ids=["alone", "workers"])
def test_a_log_has_a_line_now_and_then(slow: Toy, words: tuple[str, ...]) -> None:
    """No escape, each on a line of its own; a quick run has none."""
    slow.edit("evals/coins/experiment.yaml", "pause: 0.1", "pause: 0.3")
    done = slow.run(*words)
    lines = [line for line in done.stdout.splitlines() if "cell" in line and " of 12" in line]
    assert len(lines) > 2 and all(LINE.fullmatch(line) for line in lines) and "\x1b" not in done.stdout, done.stdout
    assert any("4" in line.split(" · ")[2] for line in lines if line.count(" · ") > 1), lines
    assert " of 12" not in slow.run(*words).stdout  # all of it was kept


@pytest.mark.parametrize("words", [("--harness-plan",), ("-qq",), ("--collect-only",), ("-p", "no:terminal")], ids=" ".join)
def test_where_it_was_not_asked_for_there_is_none(slow: Toy, words: tuple[str, ...]) -> None:
    """A plan runs nothing; -qq wants quiet."""
    assert not re.search(r"cells? \d+ of", slow.run(*words).stdout)


def test_a_hook_of_the_project_is_told_too(toy: Toy) -> None:
    """`pytest_harness_progress` reaches a conftest: before the first chunk, and after each."""
    toy.edit("conftest.py", "@pytest.fixture\n", "def pytest_harness_progress(name, done, total):\n    log(f'{name} {done}/{total}')\n\n\n@pytest.fixture\n")
    toy.run("-k", "C1 or second")
    thrown = (toy.root / "thrown").read_text(encoding="utf-8").splitlines()
    assert [line for line in thrown if line.startswith("fair ")] == [f"fair {done}/4" for done in range(5)]


def tasks(**declared: float | None) -> dict[str, Task]:
    """Cells by node id, named after their tests: `H1_a` is one of H1."""
    return {name: Task(name, name.partition("_")[0], seconds) for name, seconds in declared.items()}


def ran(pace: Pace, *nodeids: str, seconds: float, now: float = 0.0) -> float:
    for nodeid in nodeids:
        pace.start(nodeid, now)
        now += seconds
        pace.end(nodeid, now, measured=True)
    return now


def test_the_time_left_is_that_of_the_cells_of_the_same_test() -> None:
    """Three cells of 4 s, two to come: 8 s, less what the running one has had; shared by two processes, but no less than the longest needs."""
    pace = Pace(tasks(H1_a=99, H1_b=99, H1_c=99, H1_d=99, H1_e=99))
    now = ran(pace, "H1_a", "H1_b", "H1_c", seconds=4)
    assert pace.left(now) == 8
    pace.start("H1_d", now)
    assert pace.left(now + 1) == 7 and pace.left(now + 9) == 4
    pace.processes = 2
    assert pace.left(now) == 4


def test_a_test_that_has_not_run_takes_its_declared_seconds_at_the_sessions_speed() -> None:
    """What was declared as 2 s took 6: 10 s become 30. Kept work takes none."""
    pace = Pace(tasks(G1_a=2, G1_b=2, G1_c=2, H1_a=10) | {"H2": Task("H2", "H2", 500, kept=True)})
    assert pace.left(ran(pace, "G1_a", "G1_b", "G1_c", seconds=6)) == 30


@pytest.mark.parametrize(
    ("declared", "finished", "running"),
    [
        ({"H1_a": 1, "H1_b": 1, "H1_c": 1, "H1_d": 1}, ["H1_a", "H1_b"], []),
        ({"H1_a": 1, "H1_b": 1, "H1_c": 1, "H2": None}, ["H1_a", "H1_b", "H1_c"], []),
        ({"H1_a": None, "H1_b": None, "H1_c": None, "H2": 5}, ["H1_a", "H1_b", "H1_c"], []),
        ({"H1_a": 1, "H1_b": 1, "H1_c": 1, "H1_d": 1}, ["H1_a", "H1_b", "H1_c"], ["H1_d"]),
    ],
    ids=["two cells measured", "nothing known of H2", "speed not known", "far longer than expected"],
)
def test_no_time_is_given_that_would_be_a_guess(declared: dict[str, float | None], finished: list[str], running: list[str]) -> None:
    """Nothing rather than a number that nobody could trust."""
    pace = Pace(tasks(**declared))
    now = ran(pace, *finished, seconds=1)
    for nodeid in running:
        pace.start(nodeid, now)
    assert pace.left(now + 8) is None


def test_a_gate_that_ran_within_another_cell_counts_no_time() -> None:
    """Its time is in that of the cell that needed it; a kept cell says nothing of its test."""
    pace = Pace(tasks(H1_a=None, H1_b=None, H1_c=None, G_a=None, G_b=None) | {"H1_k": Task("H1_k", "H1", None, kept=True)})
    now = ran(pace, "H1_a", "H1_b", seconds=4)
    for nodeid in ("G_a", "H1_k"):
        pace.start(nodeid, now)
        pace.end(nodeid, now, measured=False)
    now = ran(pace, "H1_c", seconds=4, now=now)
    assert pace.left(now) == 0 and pace.expected("H1_a") == 4


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, ""), (0, "about 10 s left"), (41, "about 50 s left"), (91, "about 2 min left"), (3599, "about 1 h 0 min left"), (4900, "about 1 h 20 min left")],
)
def test_an_estimate_is_no_finer_than_it_can_be(seconds: float | None, told: str) -> None:
    """Tens of seconds, minutes, tens of minutes."""
    assert describe_left(seconds) == told
    assert (clock(62), clock(3723)) == ("1:02", "1:02:03")


@pytest.mark.parametrize("cell", ["H1", "H1[villain-misalignment-left_out-2]", "H1[" + "x" * 200 + "]", f"H1[{'狼の群れ' * 9}]", "H1[\x1b[2J]"])
@pytest.mark.parametrize("name", ["", "villain", "refusal into villain on epoch 2, left_out, seed 1"])
@pytest.mark.parametrize("width", [0, 10, 40, 79])
def test_the_line_fits_whatever_its_parts_are_called(cell: str, name: str, width: int) -> None:
    """Never wider than the terminal, no escapes; at 79 columns the counts and the time are whole."""
    line = fit(width, "cell 112 of 1188", cell, "12:03", name, "120/512" if name else "", "about 1 h 20 min left")
    assert cell_len(line) <= width and "\x1b" not in line and "\n" not in line
    assert width < 79 or all(part in line for part in ("cell 112 of 1188", "12:03", "about 1 h 20 min left", "120/512" if name else ""))
