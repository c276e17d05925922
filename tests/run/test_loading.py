"""A run for analysis in Python: what its data frames hold, what is refused, and that nothing of it is obeyed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import harness
from harness.errors import HarnessError
from harness.report.addresses import Lookup
from hostile_text import CONTROL, spoiled
from sample_run import write_run
from seen_report import Seen
from toy import Toy

pandas = pytest.importorskip("pandas", reason="data frames need pandas: pip install -c constraints.txt pandas")


# The sample run has no journal to verify it by, which loading warns of.
pytestmark = pytest.mark.filterwarnings("ignore:one. not verified", "ignore:latest. not verified")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "reports/personas/one")


def test_every_number_stands_at_its_address(folder: Path) -> None:
    """The index of a row is the address of its measurement in results.json; columns are its fields and its interval's."""
    run = harness.load(folder)
    lookup = Lookup(run.view.tree)
    assert len(run.measurements) == sum(len(cell.measurements) for cell in run.results.cells) > 0
    for at, row in run.measurements.iterrows():
        found = lookup.at(str(at))
        assert (row["value"], row["unit"], row["n"], row["name"]) == (found["value"], found["unit"], found["n"], found["name"])
        low = (found["interval"] or {}).get("low")
        assert pandas.isna(row["low"]) if low is None else row["low"] == low


def test_a_cell_without_a_number_has_none(folder: Path) -> None:
    """A blocked cell keeps its line; its value, interval and p are missing, which is not zero."""
    run = harness.load(folder)
    assert list(run.cells["id"]) == [cell.id for cell in run.results.cells]
    blocked = run.cells[run.cells["verdict"] == "blocked"]
    assert len(blocked) and blocked[["measurement", "value", "low", "high", "level", "n", "p"]].isna().all(axis=None)
    assert {"villain", "comedian", "librarian"} <= set(run.cells["persona"].dropna())


def test_samples_are_read_once_each_with_their_place(folder: Path) -> None:
    """Rows of all files, without their seals; `explode` gives one for each cell that rests on them."""
    run = harness.load(folder)
    assert len(run.samples) == 60 and sorted(set(run.samples["arm"])) == ["comedian", "villain"] and "#" not in run.samples
    assert len(run.samples.explode("cells")) == sum(30 * len({cell for cell, _ in run.view.sample_refs[file]}) for file in run.sample_files)
    first = run.rows(run.sample_files[0])[0]
    assert all(run.samples[name][0] == value for name, value in first.items()) and len(first) > 3


@pytest.mark.parametrize("damage", ["altered", "cut", "gone", "linked"])
def test_a_damaged_file_is_an_error_that_names_it(folder: Path, damage: str) -> None:
    """Other files are read all the same, and the run loads: nothing is read before it is asked for."""
    path = folder / "samples/villain-refusal.jsonl"
    data = path.read_bytes()
    path.unlink()
    if damage == "linked":
        (folder / "elsewhere").write_bytes(data)
        path.symlink_to(folder / "elsewhere")
    elif damage != "gone":
        path.write_bytes(data.replace(b"true", b"false", 1) if damage == "altered" else data[:-20])
    run = harness.load(folder)
    assert run.rows("samples/comedian-refusal.jsonl")
    with pytest.raises(HarnessError, match="villain-refusal"):
        _ = run.samples
    with pytest.raises(HarnessError, match="no measurement rests on"):
        run.rows("../results.json")


def test_without_pandas_all_but_the_frames_is_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    run = harness.load(folder)
    assert run.verdict == run.results.verdict and len(run.rows(run.sample_files[0])) == 30 and "<table>" in run._repr_html_()
    for name in ("cells", "measurements", "samples"):
        with pytest.raises(HarnessError, match=r"pip install 'harness-evals\[data\]'"):
            getattr(run, name)


def test_a_run_is_found_by_its_folder_its_experiment_or_latest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "latest").symlink_to("one")
    monkeypatch.chdir(folder.parents[2])
    for name in (folder, "reports/personas/one", "reports/personas", "reports/personas/latest", "personas", "latest"):
        assert harness.load(name).folder == folder
    write_run(folder.parents[1] / "others/latest")
    with pytest.raises(HarnessError, match="2 runs are called 'latest'"):
        harness.load("latest")


def test_what_is_no_run_is_refused_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed run and one of an older version say which command mends them."""
    monkeypatch.chdir(folder.parent)
    with pytest.raises(HarnessError, match="there is no run here"):
        harness.load("two")
    path = folder / "results.json"
    results = json.loads(path.read_text())
    path.write_text(json.dumps(results | {"schema": "harness/results/1"}))
    with pytest.raises(HarnessError, match=r"harness(\.cli)? report one"):
        harness.load("one")
    path.unlink()
    (folder / "journal.jsonl").touch()
    with pytest.raises(HarnessError, match=r"harness(\.cli)? report one"):
        harness.load("one")


def test_loading_writes_nothing_and_says_what_was_not_verified(folder: Path) -> None:
    """The sample run has no journal: its results are shown with a warning."""
    before = sorted(path for path in folder.rglob("*"))
    os.chmod(folder, 0o500)
    with pytest.warns(UserWarning, match="one: not verified: .*journal.jsonl"):
        run = harness.load(folder)
    _ = run.samples
    os.chmod(folder, 0o700)
    assert sorted(folder.rglob("*")) == before
    assert "not verified" in run.warning and run.warning[:30] in repr(run) and "WARNING" in run._repr_html_()


def test_a_run_that_its_journal_gives_has_no_warning(toy: Toy) -> None:
    """A real run, whose results were then altered: they are loaded with a warning that names the first difference."""
    assert toy.run().returncode == 0
    path = toy.root / "reports/coins/latest/results.json"
    run = harness.load(path.parent)
    assert run.warning == "" and len(run.samples) == sum(len(run.rows(file)) for file in run.sample_files) > 0
    path.write_text(path.read_text().replace('"verdict": "supported"', '"verdict": "falsified"', 1))
    with pytest.warns(UserWarning, match="results.json differs from its journal"):
        harness.load(path.parent)


def test_hostile_text_stays_text(folder: Path) -> None:
    """In the table of verdicts, and in a terminal."""
    path = folder / "results.json"
    path.write_text(json.dumps(spoiled(json.loads(path.read_text()))))
    run = harness.load(folder)
    seen = Seen(run._repr_html_())
    assert seen.open == [] and not {"script", "img", "a"} & set(seen.tags) and not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not CONTROL.search(run._repr_html_() + repr(run)) and "alert(1)" in "".join(seen.text)
