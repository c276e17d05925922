"""`harness runs`: what it lists, at any width, and what it removes and does not."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import HarnessError
from harness.in_use import share, unused
from harness.report.runs import find_runs
from harness.run import prune
from harness.run.prune import remove_run
from run_rooms import write_killed_run, write_small_run
from toy import Toy, harness, kill, until

Told = Callable[..., tuple[int, str]]


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs 1 to 5 of coins: complete at smoke, complete at full, a selection, one that was killed, and one that is damaged; and one of dice."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "reports"
    write_small_run(folder / "coins/20261120-010000-aaaa", 1, scale="smoke")
    write_small_run(folder / "coins/20261120-020000-bbbb", 2, "supported", "falsified", scale="full", verdict="inconclusive")
    write_small_run(folder / "coins/20261120-030000-cccc", 3, "supported", "missing", "missing", scale="smoke", command="pytest evals -k 'villain or x'")
    write_killed_run(folder / "coins/20261120-040000-dddd", 4)
    write_small_run(folder / "dice/20261120-050000-eeee", 5, "error", "missing", scale="smoke", missing=("H1[1]",), complete=False)
    broken = folder / "coins/20261120-060000-ffff"
    broken.mkdir()
    (broken / "results.json").write_text('{"\x1b[2J')
    return folder


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """The exit code of a command and what it printed."""

    def run(*words: object) -> tuple[int, str]:
        code = main([str(word) for word in words])
        seen = capsys.readouterr()
        return code, seen.out + seen.err

    return run


def names(folder: Path) -> set[str]:
    return {run.name[-4:] for run in find_runs(folder)}


def test_every_run_is_a_line_with_its_state(reports: Path, told: Told) -> None:
    """The newest last, and what cannot be read with the reason, harmless to the terminal; the exit code says so."""
    code, out = told("runs")
    lines = [line for line in out.splitlines() if "2026112" in line]
    assert code == 1 and [line.split("/")[1].split()[0][-4:] for line in lines[:6]] == ["ffff", "aaaa", "bbbb", "cccc", "dddd", "eeee"]
    for line, *parts in zip(
        lines[1:6],
        ("2026-11-20 01:00", "full", "selection 1 of 3 cells -k 'villain or x'", "killed 1 of 3 cells done", "incomplete 1 without a result, 1 in error of 2"),
        ("complete", "inconclusive; H2 falsified; H1 supported", "smoke", "-", "dice/"),
        strict=True,
    ):
        assert all(part in line for part in parts), line
    assert lines[6].startswith(f"unreadable: {Path('reports/coins/20261120-060000-ffff')}: not JSON") and "\x1b" not in out


def test_a_narrow_terminal_breaks_a_row_and_never_a_line(reports: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 80 columns no line takes more, and a run's name is whole; what goes to a file has a line for each run."""
    monkeypatch.setattr("harness.cli.tables.width", lambda: 80)
    _, out = told("runs", "--experiment", "coins")
    assert max(map(len, out.splitlines())) <= 80 and "20261120-020000-bbbb" in out and "dice" not in out


def test_json_has_the_same_runs(reports: Path, told: Told) -> None:
    """With bytes and hypotheses."""
    code, out = told("runs", "--json")
    runs = json.loads(out)
    assert code == 1 and [run["state"] for run in runs] == ["unreadable", "complete", "complete", "selection", "killed", "incomplete"]
    assert runs[1]["hypotheses"]["H1"] == "supported" and runs[1]["bytes"] == os.path.getsize(f"{runs[1]['path']}/results.json")


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (("absent",), "is no folder"),
        (("--experiment", "coin"), "Did you mean 'coins'?"),
        (("--keep", "3"), "belong to --prune"),
        (("--prune",), "--keep 10, --older-than 30d"),
    ],
)
def test_a_mistake_is_one_line(reports: Path, told: Told, words: tuple[str, ...], mend: str) -> None:
    code, out = told("runs", *words)
    assert code == 2 and mend in out and out.count("\n") == 1


def test_keep_is_a_number_of_runs(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["runs", "--prune", "--keep", "-1"])
    assert "--keep: -1 is below 0" in capsys.readouterr().err


def test_prune_shows_first_and_removes_with_yes(reports: Path, told: Told) -> None:
    """The newest complete one of each scale stays, and what cannot be read; the rest goes whole, but for what is new enough."""
    code, out = told("runs", "--prune", "--keep", "0")
    assert code == 0 and "would remove 3 runs" in out and "add --yes" in out and len(names(reports)) == 6
    code, out = told("runs", "--prune", "--keep", "1", "--experiment", "coins", "--yes")
    assert code == 0 and "removed 1 run" in out and names(reports) == {"aaaa", "bbbb", "dddd", "eeee", "ffff"}
    assert told("runs", "--prune", "--older-than", "99999w", "--yes")[1].endswith("removed 0 runs, 0 kB\n")
    told("runs", "--prune", "--older-than", "1h", "--yes")
    assert names(reports) == {"aaaa", "bbbb", "ffff"} and not list(reports.glob("*/.*"))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("evals/coins/experiment.yaml", "parents:\n  - {run: reports/coins/20261120-030000-cccc}\n"),
        ("reports/dice/20261120-050000-eeee/history.jsonl", '{"note": "by ../../coins/20261120-030000-cccc: better"}\n'),
        ("reports/dice/20261120-050000-eeee/notes.md", "- As in 20261120-030000-cccc.\n"),
        ("reports/dice/20261120-050000-eeee/versions/1/notes.md", "see reports/coins/20261120-030000-cccc/index.html"),
    ],
)
def test_a_run_that_is_cited_stays(reports: Path, told: Told, place: str, text: str) -> None:
    """By a declaration, or by the history, notes or an earlier version of another run; the line names the file."""
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    Path(place).write_text(text)
    _, out = told("runs", "reports/coins", "--prune", "--keep", "0", "--yes")
    assert "cccc" in names(reports) and f"20261120-030000-cccc: is cited in {place}\n" in out


def test_runs_of_one_session_do_not_cite_each_other(reports: Path, told: Told) -> None:
    """They bear the same id, in folders of their own experiments."""
    for experiment in ("coins", "dice"):
        write_small_run(reports / experiment / "20261120-003000-abcd", 0, "missing", scale="smoke")
    told("runs", "--prune", "--keep", "0", "--yes")
    assert "abcd" not in names(reports)


def test_a_run_of_a_plain_name_is_cited_by_its_folder(reports: Path, told: Told) -> None:
    """The word `one` in a text cites no run, `coins/one` does."""
    for name in ("one", "two"):
        write_small_run(reports / "coins" / name, 1, "missing", scale="smoke")
    Path("evals").mkdir()
    Path("evals/experiment.yaml").write_text("question: one or two?\nparents: [{run: reports/coins/two}]\n")
    told("runs", "--prune", "--keep", "0", "--yes")
    assert not (reports / "coins/one").exists() and (reports / "coins/two").exists()


def test_the_target_of_a_link_and_a_run_in_use_stay(reports: Path, told: Told) -> None:
    """Whatever they are otherwise; a run that somebody works in is told as running."""
    (reports / "coins/latest").symlink_to("20261120-030000-cccc")
    with share(reports / "coins/20261120-040000-dddd"):
        _, out = told("runs", "--prune", "--keep", "0", "--yes")
        assert "cccc: latest leads to it" in out and "dddd: is in use" in out and names(reports) >= {"cccc", "dddd"}
        assert "running 1 of 3 cells done" in told("runs")[1]
    told("runs", "--prune", "--keep", "0", "--yes")
    assert "dddd" not in names(reports)


def test_a_kill_leaves_no_half_of_a_run(reports: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was being deleted is no run to anybody, and goes with the next removal."""
    run = reports / "coins/20261120-010000-aaaa"

    def killed(path: Path) -> None:
        os.unlink(path / "results.json")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(prune.shutil, "rmtree", killed)
        (run / "journal.jsonl").write_text("{}")
        with pytest.raises(KeyboardInterrupt):
            remove_run(run)
    assert "aaaa" not in names(reports) and list(reports.glob("coins/.removed-*"))
    told("runs", "--prune", "--keep", "99", "--yes")
    assert not list(reports.glob("coins/.removed-*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_folder_that_is_read_only_is_one_line(reports: Path, told: Told) -> None:
    (reports / "coins").chmod(0o555)
    code, out = told("runs", "--prune", "--keep", "0", "--yes")
    (reports / "coins").chmod(0o755)
    assert code == 2 and "cannot write" in out and len(names(reports)) == 6


def test_a_run_is_running_until_its_processes_are_dead(toy: Toy) -> None:
    """From its first cell on, with workers of their own; a kill makes it a killed one, which `latest` leads to, since there is no other."""
    toy.edit("evals/coins/experiment.yaml", "pause: 0.0", "pause: 2.0")
    process = toy.start("-n", "2")
    until(lambda: any("H1" in line for line in toy.thrown()), 60)
    assert "running" in harness(toy, "runs").stdout
    kill(process)
    assert "killed" in harness(toy, "runs").stdout
    assert harness(toy, "report", "reports/coins/latest").returncode == 1
    assert "incomplete" in harness(toy, "runs").stdout


def test_a_look_at_a_run_does_not_keep_it_from_beginning(tmp_path: Path) -> None:
    """Whoever asks whether a run is in use holds its lock for an instant, which a process that begins waits out; a removal it does not."""
    share(tmp_path).close()
    with ThreadPoolExecutor(1) as pool:
        with unused(tmp_path) as free:
            begun = pool.submit(share, tmp_path)
            time.sleep(0.1)
        assert free
        begun.result(5).close()
    with unused(tmp_path), pytest.raises(HarnessError, match="this run is being removed"):
        share(tmp_path)
