"""`latest`: the newest complete run, and while there is none, the newest."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from harness.run.latest import begin_latest, point_latest
from run_rooms import write_killed_run, write_small_run
from toy import Toy

SELECTION = ("supported", "missing")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "coins"


def target(runs: Path) -> str:
    return (runs / "latest").readlink().as_posix()


@pytest.mark.parametrize(
    ("first", "second", "leads_to"),
    [
        (("supported",), SELECTION, "1"),
        (SELECTION, ("supported",), "2"),
        (SELECTION, SELECTION, "2"),
        (("supported",), ("falsified",), "2"),
        (("supported",), ("supported", "error"), "1"),
        (("blocked", "killed", "inconclusive"), SELECTION, "1"),
    ],
)
def test_a_complete_run_goes_before_a_later_selection(runs: Path, first: tuple[str, ...], second: tuple[str, ...], leads_to: str) -> None:
    """Complete is a run whose every cell was selected and has an outcome; an error is none. Of two of a kind the later counts, and what is said names it."""
    point_latest(write_small_run(runs / "1", 1, *first))
    said = point_latest(write_small_run(runs / "2", 2, *second))
    assert target(runs) == leads_to and (leads_to in said if leads_to == "1" else not said)


def test_any_scale_counts(runs: Path) -> None:
    """The newest complete run, also where an earlier one is larger."""
    point_latest(write_small_run(runs / "1", 1, scale="full"))
    point_latest(write_small_run(runs / "2", 2, scale="smoke"))
    assert target(runs) == "2"


def test_a_run_that_is_told_again_takes_nothing_from_a_later_one(runs: Path) -> None:
    for name, hour in (("later", 2), ("earlier", 1)):
        said = point_latest(write_small_run(runs / name, hour))
    assert target(runs) == "later" and "later" in said


def test_a_link_that_leads_nowhere_is_turned_to_the_best_of_all(runs: Path) -> None:
    """Not to the one that just ended."""
    write_small_run(runs / "1", 1)
    (runs / "latest").symlink_to("gone")
    write_killed_run(runs / "3", 3)
    point_latest(write_small_run(runs / "2", 2, *SELECTION))
    assert target(runs) == "1"


def test_a_first_run_is_found_also_when_it_is_killed(runs: Path) -> None:
    """From its begin on; later beginnings change nothing."""
    begin_latest(write_killed_run(runs / "1", 1))
    begin_latest(write_killed_run(runs / "2", 2))
    assert target(runs) == "1"
    point_latest(write_small_run(runs / "3", 3, *SELECTION))
    assert target(runs) == "3"


def test_a_run_elsewhere_gets_no_link(tmp_path: Path) -> None:
    """--harness-run-dir names a folder of the user's own."""
    begin_latest(write_killed_run(tmp_path / "mine/1", 1))
    assert not point_latest(write_small_run(tmp_path / "mine/1", 1)) and not (tmp_path / "mine/latest").is_symlink()


def test_of_runs_that_end_together_the_newest_wins_and_the_link_never_breaks(runs: Path) -> None:
    """Eight processes turn it at once, while another looks."""
    folders = [write_small_run(runs / str(hour), hour) for hour in range(8)]
    point_latest(folders[0])
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=point_latest, args=(folder,)) for folder in reversed(folders)]
    for process in others:
        process.start()
    while any(process.is_alive() for process in others):
        assert (runs / "latest" / "results.json").is_file()
    assert target(runs) == "7" and not list(runs.glob(".latest*"))


def test_a_debugging_selection_leaves_latest_where_it_was(toy: Toy) -> None:
    """And the last lines of pytest say where it leads."""
    toy.run()
    whole = target(toy.root / "reports/coins")
    done = toy.run("-k", "villain")
    assert target(toy.root / "reports/coins") == whole and f"latest leads to {whole}, the newest complete run" in done.stdout
