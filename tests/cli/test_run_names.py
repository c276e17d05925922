"""A run is named in the same ways by every command that takes one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.cli import main
from sample_run import write_run

COMMANDS = {
    "report": (),
    "verify": (),
    "revise": ("--reason", "a test"),
    "export": ("--csv",),
    "review": (),
    "site": (),
    "samples": ("--limit", "1"),
    "compare": ("reports/coins/20260102-aa",),
}
RUN = "reports/coins/20260102-aa"


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs of an experiment, of which the second is the latest, with a report."""
    from harness.report.build import build

    for name in ("20260101-bb", "20260102-aa"):
        build(write_run(tmp_path / "reports/coins" / name))
    (tmp_path / "reports/coins/latest").symlink_to("20260102-aa")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "reports"


def outcome(capsys: pytest.CaptureFixture[str], command: str, name: str) -> tuple[int, str]:
    """The exit code and all that is printed, without the name by which the run was called."""
    code = main([command, name, *COMMANDS[command]])
    seen = capsys.readouterr()
    return code, re.sub(r"\d written", "", (seen.out + seen.err).replace("coins/latest", "coins/20260102-aa"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_finds_a_run_by_its_name(command: str, reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it does is what it does with the folder; here verify, report and revise say that there is no journal."""
    first = outcome(capsys, command, RUN)
    assert "there is no run here" not in first[1] and ("journal" in first[1] if command in ("verify", "report", "revise") else first[0] < 2)
    names = ["latest", "20260102", "coins/20260102-aa", "reports/coins/latest"] + ["coins", "reports/coins"] * (command != "site")
    for name in names:
        assert (name, *outcome(capsys, command, name)) == (name, *first)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("name", "told"), [("nobody", "harness: nobody: there is no run here. "), ("2026", "harness: reports: 2 runs are called '2026'. ")])
def test_a_name_that_means_no_run_or_several_is_the_same_line(name: str, told: str, command: str, reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, seen = outcome(capsys, command, name)
    assert code == 2 and seen.startswith(told) and seen.count("\n") == 1


def test_a_run_that_takes_the_place_of_another_is_named_alike(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["revise", "20260101", "--reason", "a test", "--superseded-by", "nobody"]) == 2
    assert capsys.readouterr().err.startswith("harness: nobody: there is no run here. ")


def test_a_site_of_an_experiment_shows_all_its_runs(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of reports means the runs below it, also by its name there."""
    assert main(["site", "coins"]) == 0 and "(2 runs, " in capsys.readouterr().out


def test_the_plan_of_a_run_that_was_killed_at_once_makes_it_one(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`harness report` says what is wrong with it, and not that it is none."""
    (reports / "coins/20260103-cc/.run").mkdir(parents=True)
    (reports / "coins/20260103-cc/.run/universe.json").write_text("{}")
    assert main(["report", "reports/coins/20260103-cc"]) == 2 and "there is no run here" not in capsys.readouterr().err
