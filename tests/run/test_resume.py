"""Killed at any instant, run again: the same results, nothing done twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from toy import Toy, harness, kill, until
from tries import tries

KILLS = tries(10, 60)
WORKER_KILLS = tries(4, 40)


@pytest.mark.chaos
def test_kills_lose_nothing_and_repeat_nothing(toy: Toy) -> None:
    """After kills at random instants the results equal an undisturbed run's; each chunk of samples was thrown once, but for those in flight."""
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.15)")
    toy.reporting().run("--harness-run-dir", "calm", "--harness-store", "calm-store")
    calm = toy.told("calm")
    (toy.root / "thrown").unlink()
    rng = random.Random(20)
    for _ in range(KILLS):
        process = toy.start("--harness-run-dir", "killed", "--harness-store", "killed-store", "-q")
        time.sleep(rng.uniform(0.7, 2.2))
        kill(process)
    toy.run("--harness-run-dir", "killed", "--harness-store", "killed-store")
    assert toy.told("killed") == calm
    throws = Counter(line for line in toy.thrown() if line.startswith("throw"))
    assert len(throws) == 8 * 4
    # A kill may fall into a throw in flight, which is then thrown again: once for each kill at the most.
    assert sum(throws.values()) - len(throws) <= KILLS


@pytest.mark.chaos
def test_kills_of_controllers_and_workers_lose_nothing(toy: Toy) -> None:
    """With two workers, the controller or one of the workers is killed at random instants: afterwards the results equal an undisturbed run's, and a kill cost
    at most the chunks in flight, one for each worker."""
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.15)")
    toy.reporting().run("--harness-run-dir", "calm", "--harness-store", "calm-store")
    calm = toy.told("calm")
    (toy.root / "thrown").unlink()
    rng = random.Random(21)
    for _ in range(WORKER_KILLS):
        process = toy.start("--harness-run-dir", "killed", "--harness-store", "killed-store", "-q", "-n2")
        time.sleep(rng.uniform(1.0, 3.0))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split() if process.poll() is None else []
        victim = rng.choice([str(process.pid), *children])
        with suppress(ProcessLookupError):
            os.kill(int(victim), signal.SIGKILL)
        time.sleep(rng.uniform(0, 0.5))
        kill(process)
    toy.run("--harness-run-dir", "killed", "--harness-store", "killed-store")
    assert toy.told("killed") == calm
    throws = Counter(line for line in toy.thrown() if line.startswith("throw"))
    assert len(throws) == 8 * 4 and sum(throws.values()) - len(throws) <= 2 * WORKER_KILLS


def test_a_second_run_of_the_same_work_runs_no_test(toy: Toy) -> None:
    """Nothing changed: no test body runs, the verdicts are the same, every cell says that it was reused."""
    toy.run()
    first, before = toy.told(), len(toy.thrown())
    done = toy.run()
    assert toy.told() == first
    assert len(toy.thrown()) == before
    assert len(toy.results()["execution"]["reused"]) == 12
    assert "12 of them reused from earlier equal work" in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("evals/coins/test_coins.py", "assert True", "assert 1"),
        ("evals/coins/experiment.yaml", "value: 5, unit: pp, direction: increase", "value: 6, unit: pp, direction: increase"),
        ("banks/coins.jsonl", '"one"', '"two"'),
        ("personas/villain.yaml", "You are a villain", "You are the villain"),
        ("conftest.py", "def note(self, name)", "def note(self, name, *_)"),
        ("evals/conftest.py", "ONE = 1", "ONE = 2"),
        ("evals/coins/deep/test_more.py", "assert True", "assert 1"),
        ("library.py", "TWO = 2", "TWO = 3"),
    ],
)
def test_changed_work_is_never_reused(toy: Toy, file: str, old: str, new: str) -> None:
    """A change in test code, threshold, data, prompt or fixture runs every cell again."""
    toy.write("evals/conftest.py", "ONE = 1\n")
    toy.write("library.py", "TWO = 2\n")
    toy.write("evals/coins/deep/test_more.py", "from harness import control\n\n\n@control('C9')\ndef test_nine():\n    import library\n    assert True\n")
    toy.run(env={"PYTHONPATH": str(toy.root)})
    toy.edit(file, old, new)
    toy.run(env={"PYTHONPATH": str(toy.root)})
    assert toy.results()["execution"]["reused"] == []


def test_words_for_the_reader_do_not_count_as_a_change(toy: Toy) -> None:
    """A new title does not run anything again."""
    toy.run()
    toy.edit("evals/coins/experiment.yaml", "title: Coins differ", "title: Coins do differ")
    toy.run()
    assert len(toy.results()["execution"]["reused"]) == 12


def test_a_flipped_byte_in_the_store_is_noticed_and_made_anew(toy: Toy) -> None:
    """Altered cells and samples are not used: they are measured again, with the same results."""
    toy.run()
    first = toy.told()
    for path in (toy.root / ".harness/store").rglob("*.json*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))
    toy.run()
    assert toy.results()["execution"]["reused"] == []
    assert toy.told() == first


def test_a_torn_line_in_the_journal_is_noticed(toy: Toy) -> None:
    """Half a line at the end of the journal spoils only itself, and the report says so."""
    toy.run("--harness-run-dir", "run")
    journal = toy.root / "run" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    shutil.rmtree(toy.root / ".harness")
    toy.run("--harness-run-dir", "run")
    assert toy.results("run")["complete"] is True
    assert "1 journal lines were torn or altered and are not used" in toy.results("run")["execution"]["notes"]


def test_ctrl_c_keeps_what_was_finished_and_tells_it(toy: Toy) -> None:
    """An interrupted run writes results.json with what there is, marked incomplete; the next run goes on from there."""
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.3)")
    process = toy.reporting().start("--harness-run-dir", "run")
    until(lambda: any(line.startswith("H1") for line in toy.thrown()))
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0]
    assert toy.results("run")["complete"] is False, out
    assert "INCOMPLETE" in out
    toy.run("--harness-run-dir", "run")
    assert toy.results("run")["complete"] is True


def test_two_runs_at_once_in_one_folder_are_told(toy: Toy) -> None:
    """The second run is refused in one line; the first is undisturbed."""
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.3)")
    first = toy.reporting().start("--harness-run-dir", "run")
    until(lambda: bool(toy.thrown()))
    second = toy.run("--harness-run-dir", "run")
    assert second.returncode == 4
    assert "another run is writing here" in second.stdout + second.stderr
    first.communicate(timeout=60)
    assert toy.results("run")["complete"] is True


def test_two_runs_at_once_share_the_work(toy: Toy) -> None:
    """Two runs with one store at the same time: each sample is thrown once."""
    processes = [toy.start("--harness-run-dir", name) for name in ("one", "two")]
    for process in processes:
        process.communicate(timeout=60)
    assert toy.told("one") == toy.told("two")
    assert Counter(line for line in toy.thrown() if line.startswith("throw")).most_common(1)[0][1] == 1


def test_a_killed_run_can_be_told(toy: Toy) -> None:
    """harness report on the folder of a killed run decides from its journal, and says that it is incomplete."""
    toy.edit("conftest.py", "time.sleep(self.pause)", "time.sleep(0.4)")
    process = toy.start("--harness-run-dir", "run")
    until(lambda: sum(line.startswith("H1") for line in toy.thrown()) > 1)
    kill(process)
    done = harness(toy, "report", "run")
    assert done.returncode == 1, done.stderr
    assert "the run is incomplete" in done.stdout
    assert (toy.root / "run" / "index.html").exists()


def test_a_run_without_a_report_takes_an_earlier_one_away(toy: Toy) -> None:
    """What an earlier report tells is not what now stands in results.json; `harness report` writes the new one."""
    without = toy.command
    assert toy.reporting().run("--harness-run-dir", "run", "-k", "villain").returncode == 0
    toy.command = without
    assert (toy.root / "run/index.html").exists() and (toy.root / "run/clean_result.md").exists()
    done = toy.run("--harness-run-dir", "run")
    assert "results: run/results.json (" in done.stdout and "report run writes the report)" in done.stdout and "report: run" not in done.stdout
    assert not {"index.html", "clean_result.md", "card.json"} & {path.name for path in (toy.root / "run").iterdir()}
    assert not list((toy.root / "run/figures").iterdir())
    done = harness(toy, "report", "run")
    assert done.returncode == 0 and "librarian" in (toy.root / "run/index.html").read_text()


def test_a_read_only_run_folder_is_told_in_one_line(toy: Toy) -> None:
    """A run folder that is a file: one line with the path, exit code of a usage error."""
    toy.write("taken", "a file stands here")
    done = toy.reporting().run("--harness-run-dir", "taken")
    text = done.stdout + done.stderr
    assert done.returncode == 4 and "taken" in text and "Traceback" not in text, text


@pytest.mark.chaos
@pytest.mark.parametrize("bound", [5_000, 14_000] if tries(0, 1) == 0 else list(range(1_000, 60_000, 3_000)))
def test_a_full_disk_is_told_in_one_line_and_loses_nothing(toy: Toy, bound: int) -> None:
    """Files cannot grow beyond a bound (as on a full disk): the run stops with one line; afterwards it goes on and the results are whole."""
    import resource

    toy.edit("evals/coins/experiment.yaml", "items: 200", "items: 20")
    command = [*toy.reporting().command, "--harness-run-dir", "run"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bound, bound))  # noqa: E731
    done = subprocess.run(command, cwd=toy.root, env=toy.env(None), capture_output=True, text=True, preexec_fn=limit)
    text = done.stdout + done.stderr
    assert "cannot write: File too large" in text and "Traceback" not in text, text
    assert done.returncode in (3, 4)
    toy.run("--harness-run-dir", "run")
    assert toy.results("run")["complete"] is True


def test_a_persons_clean_result_outlives_later_runs(toy: Toy) -> None:
    """Edited by a person, it is kept by a run into the same folder, with a report and without, and by `harness report`; each says so in one line."""
    words = ("--harness-run-dir", "run")
    toy.reporting().run(*words, "-k", "villain")
    path = toy.root / "run/clean_result.md"
    path.write_text(f"{path.read_text()}\nWhat we think of it.\n")
    mine = path.read_bytes()
    for again in (lambda: toy.run(*words), lambda: toy.run(*words, "--harness-no-report"), lambda: harness(toy, "report", "run")):
        done = again()
        lines = [line for line in done.stdout.splitlines() if "your edited clean_result.md is kept" in line]
        assert len(lines) == 1 and "notes.md" in lines[0], done.stdout
        assert path.read_bytes() == mine
    assert "librarian" in (toy.root / "run/clean_result.generated.md").read_text()
