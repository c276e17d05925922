"""A run as tables: every number with its address, texts that no spreadsheet executes, types that hold, and no folder half-written or written over."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exports import exported
from harness.cli import main
from harness.export.tables import kind_of, tables_of
from harness.report.addresses import Lookup
from harness.report.build import view_of
from run_rooms import write_killed_run
from toy import Toy, harness


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("form", ["--csv", "--inspect", "--hub"])
def test_a_run_that_was_killed_is_told_with_the_command_that_decides_it(tmp_path, monkeypatch, capsys, form):
    """As `harness.load` tells it; nothing is written."""
    killed = write_killed_run(tmp_path / "reports/coins/20261120-040000-dddd", 4)
    monkeypatch.chdir(tmp_path)
    assert main(["export", "reports/coins/20261120-040000-dddd", form]) == 2
    told = capsys.readouterr().err
    assert "this run has no results: it is running, or was killed" in told and "report reports/coins/20261120-040000-dddd decides it" in told
    assert [path.name for path in killed.iterdir()] == ["journal.jsonl"]


def test_every_measurement_has_its_address(run, capsys):
    """Each row is what stands at its address in results.json; cells that were not run are among the cells."""
    exported(capsys, run, "--csv")
    view = view_of(run)
    lookup, rows = Lookup(view.tree), read(run / "exports/csv/measurements.csv")
    assert len(rows) == sum(len(cell.measurements) for cell in view.results.cells) > 5
    for row in rows:
        found = lookup.at(row["address"])
        assert row["name"] == found["name"] and float(row["value"]) == found["value"] and int(row["n"]) == found["n"]
        assert row["low"] == (repr(found["interval"]["low"]) if found["interval"] else "")
        assert row["p"] == ("" if found["p"] is None else repr(found["p"])) and json.loads(row["seeds"]) == found["seeds"]
        assert row["verdict"] == lookup.at(row["address"].partition("/measurements")[0])["verdict"]
    cells = read(run / "exports/csv/cells.csv")
    assert [row["cell"] for row in cells] == [cell.id for cell in view.results.cells]
    assert {row["cell"]: row["seconds"] for row in cells}["H1[villain-capability]"] == "41.2"


def test_no_spreadsheet_and_no_terminal_obeys_a_text(run, capsys):
    """A text like a formula gets an apostrophe, an escape is shown; a number stays a number, and what is missing stays empty."""
    exported(capsys, run, "--csv")
    rows = read(run / "exports/csv/samples/villain-refusal.csv")
    assert rows[0]["text"] == "'=1+1" and rows[1]["text"] == "No\\x1b[2J" and [row["judged"] for row in rows] == ["True", "False", "", "", "True", ""]
    assert (
        [row["status"] for row in rows] == ["ok", "ok", "error", "empty", "truncated", "refused"]
        and rows[0]["input_tokens"] == "5"
        and rows[1]["input_tokens"] == ""
    )
    assert all("\x1b" not in path.read_text() for path in (run / "exports/csv").rglob("*.csv"))


def test_parquet_has_types(run, capsys):
    """The same tables; booleans, whole numbers and texts keep their kind, None is null, and texts are exact."""
    parquet = pytest.importorskip("pyarrow.parquet")
    exported(capsys, run, "--parquet")
    table = parquet.read_table(run / "exports/parquet/samples/villain-refusal.parquet")
    assert {name: str(table.schema.field(name).type) for name in ("judged", "replicate", "text")} == {"judged": "bool", "replicate": "int64", "text": "string"}
    assert table["judged"].to_pylist() == [True, False, None, None, True, None] and table["text"].to_pylist()[:2] == ["=1+1", "No\x1b[2J"]
    numbers = parquet.read_table(run / "exports/parquet/measurements.parquet")
    assert numbers["value"].to_pylist() == [row.measurement.value for row in view_of(run).rows if row.measurement]
    assert str(numbers.schema.field("n").type) == "int64" and str(numbers.schema.field("p").type) == "double"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None], bool),
        ([1, 2], int),
        ([1, 2.5], float),
        ([True, 1], str),
        ([1 << 70], str),
        ([(1 << 60) + 1, 0.5], str),
        ([None], str),
        ([[1], "a"], str),
    ],
)
def test_a_column_has_the_type_that_loses_nothing(values, kind):
    """A whole number that no float holds is text beside floats."""
    assert kind_of(values) is kind


def test_samples_that_are_not_as_recorded_are_left_out_and_named(run, capsys):
    """Exit code 1, and a line for each; the rest is exported."""
    (run / "samples/comedian-refusal.jsonl").unlink()
    code, value, _ = exported(capsys, run, "--csv")
    assert code == 1 and not (run / "exports/csv/samples/comedian-refusal.csv").exists() and (run / "exports/csv/samples/villain-refusal.csv").exists()
    assert any("comedian-refusal.jsonl is not exported: The file is not there" in note for note in value["notes"])


def test_a_run_whose_results_cannot_be_verified_says_so(run, capsys):
    """It has no journal here: the tables are made, and the line with exit code 1 says that nothing stands behind them."""
    code, value, _ = exported(capsys, run, "--csv")
    assert code == 1 and any(str(note).startswith("not verified") for note in value["notes"])


def test_a_folder_is_replaced_only_where_it_is_the_same_export(run, capsys):
    """Twice the same gives the same; another form, another run, an own or an edited file is refused in one line and stays."""
    out = run.parent / "out"
    exported(capsys, run, "--csv", "--out", out)
    first = {path.name: path.read_bytes() for path in out.rglob("*.*")}
    assert exported(capsys, run, "--csv", "--out", out)[0] != 2
    assert {path.name: path.read_bytes() for path in out.rglob("*.*")} == first
    assert [path.name for path in sorted(run.parent.iterdir())] == ["out", "run-1"]
    for words, edit, told in (
        (("--inspect",), None, "holds something else"),
        (("--csv",), ("own.txt", "mine"), "own.txt is not as it was exported"),
        (("--csv",), ("cells.csv", "mine"), "cells.csv is not as it was exported"),
        (("--csv",), ("export.json", "{}"), "holds something else"),
    ):
        if edit:
            (out / edit[0]).write_text(edit[1])
        code, value, _ = exported(capsys, run, *words, "--out", out)
        assert code == 2 and told in str(value["error"]) and "\n" not in str(value["error"])
        assert not edit or (out / edit[0]).read_text() == edit[1]
        (out / "own.txt").unlink(missing_ok=True)
        for name in ("cells.csv", "export.json"):
            (out / name).write_bytes(first[name])


def test_a_link_is_not_followed(run, capsys):
    """What is exported lands where it was asked to."""
    (run.parent / "elsewhere").mkdir()
    (run.parent / "out").symlink_to("elsewhere")
    assert exported(capsys, run, "--csv", "--out", run.parent / "out")[0] == 2
    assert not list((run.parent / "elsewhere").iterdir())


def test_nothing_is_left_of_an_export_that_fails(run, capsys, monkeypatch):
    """Neither the folder nor what was being written beside it; an earlier export stays whole."""
    out = run.parent / "out"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, value, _ = exported(capsys, run, "--parquet", "--out", out)
    assert code == 2 and "install 'harness-evals[data]'" in str(value["error"]) and list(run.parent.iterdir()) == [run]


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root writes everywhere, and setpriv is not there")
def test_a_folder_that_cannot_be_written_is_one_line(run, tmp_path):
    """No traceback."""
    (tmp_path / "closed").mkdir(mode=0o555)
    shell = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    tmp_path.chmod(0o755)
    command = [*shell, sys.executable, "-m", "harness.cli", "export", str(run), "--csv", "--out", str(tmp_path / "closed/out")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Permission denied: '/root" in ran.stderr or "No module named" in ran.stderr:
        pytest.skip("another user cannot start this Python")
    assert ran.returncode == 2 and len(ran.stderr.splitlines()) == 1 and "cannot" in ran.stderr


def test_a_real_run_is_exported_without_a_note(toy: Toy):
    """Exit code 0: its results are what its journal gives. Every sample is there."""
    toy.run()
    ran = harness(toy, "export", "reports/coins/latest", "--csv", "--out", "tables")
    assert ran.returncode == 0 and "export: tables (" in ran.stdout, ran.stdout + ran.stderr
    refs = {ref["path"]: ref["rows"] for cell in toy.results()["cells"] for one in cell["measurements"] for ref in one["samples"]}
    assert {f"samples/{path.stem}.jsonl": len(read(path)) for path in (toy.root / "tables/samples").glob("*.csv")} == refs
    assert harness(toy, "verify", "reports/coins/latest").returncode == 0


@pytest.mark.parametrize("words", [(), ("--csv", "--inspect"), ("--xml",)])
def test_one_form_is_asked_for(run, capsys, words):
    """Usage, exit code 2."""
    with pytest.raises(SystemExit) as caught:
        main(["export", str(run), *words])
    assert caught.value.code == 2


def test_tables_come_one_at_a_time(run):
    """A run of many samples is never in memory as a whole."""
    names = [table.name for table in tables_of(run, view_of(run), [])]
    assert names[:2] == ["measurements", "cells"] and set(names[2:]) == {"samples/villain-refusal", "samples/comedian-refusal"}
