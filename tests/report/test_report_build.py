"""From results.json to the files of the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from harness.errors import HarnessError
from harness.records import Interval, encode
from harness.report import schema
from harness.report.build import build, view_of
from harness.report.forest import panels
from harness.report.numbers import Numbers
from harness.run.summary import headline_effect
from sample_cells import measurement
from sample_run import results
from seen_report import table


def test_equal_results_give_equal_bytes(new_run: Callable[..., Path]) -> None:
    """Two folders with the same run, and one folder built twice, hold the same report, byte for byte."""
    one, two = new_run(), new_run()
    first = [path.read_bytes() for path in build(one).paths]
    assert first == [path.read_bytes() for path in build(two).paths] == [path.read_bytes() for path in build(one).paths]


FILES = ["card.json", "cards", "clean_result.md", "figures", "index.html", "notes.md", "numbers.csv", "results.json", "samples"]


def test_only_the_files_of_the_report_are_left(new_run: Callable[..., Path]) -> None:
    """What is written beside is renamed: nothing half-made stays."""
    folder = new_run()
    build(folder)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert sorted(path.name for path in (folder / "figures").iterdir()) == ["hero-narrow.svg", "hero.png", "hero.svg"]


def broken(folder: Path, change: Callable[[dict[str, Any]], Any]) -> str:
    path = folder / "results.json"
    tree = json.loads(path.read_text())
    change(tree)
    path.write_text(json.dumps(tree))
    with pytest.raises(HarnessError) as caught:
        build(folder)
    return str(caught.value)


def test_a_wrong_key_is_told_in_one_line(new_run: Callable[..., Path]) -> None:
    """The line names the file, the key and the place."""
    line = broken(new_run(), lambda tree: tree["cells"][0].update(verdikt="passed"))
    assert "\n" not in line
    assert "verdikt" in line
    assert "cells" in line
    assert "results.json" in line


def test_a_missing_key_is_told_in_one_line(new_run: Callable[..., Path]) -> None:
    """Nothing is made up for a field that is not there."""
    assert "headline" in broken(new_run(), lambda tree: tree.pop("headline"))


def test_another_schema_is_refused(new_run: Callable[..., Path]) -> None:
    """A file of another version is not read as if it were of this one."""
    assert "harness/results/9" in broken(new_run(), lambda tree: tree.update(schema="harness/results/9"))


@pytest.mark.parametrize("text", [None, "", "{", "[1", "\x00"])
def test_an_absent_or_broken_file_is_told_in_one_line(tmp_path: Path, text: str | None) -> None:
    """No results, no report, and one line says which."""
    if text is not None:
        (tmp_path / "results.json").write_text(text)
    with pytest.raises(HarnessError, match=r"results\.json: (cannot read|not JSON)") as caught:
        build(tmp_path)
    assert "\n" not in str(caught.value)


def test_samples_outside_the_run_folder_are_refused(new_run: Callable[..., Path]) -> None:
    """A results.json cannot make the report read and show any file of the machine."""

    def outside(tree: dict[str, Any]) -> None:
        cell = next(cell for cell in tree["cells"] if cell["id"] == "H1[villain-refusal]")
        cell["measurements"][0]["samples"][0]["path"] = "../../../etc/passwd"

    told = broken(new_run(), outside)
    assert "does not fit the records" in told and "samples[0].path" in told


def test_several_seeds_of_one_measure_keep_their_own_numbers(new_run: Callable[..., Path]) -> None:
    """Two measurements of one name in one cell are told apart by index, and both are in the report."""
    two = tuple(msgspec.structs.replace(measurement("villain", "capability"), seeds=(seed,), value=value) for seed, value in ((1, -8.25), (2, -6.5)))
    cells = tuple(msgspec.structs.replace(cell, measurements=two) if cell.id == "H1[villain-capability]" else cell for cell in results().cells)
    folder = new_run(cells=cells)
    build(folder)
    numbers = table(folder)
    assert ("−6.5 pp", "cells/H1[villain-capability]/measurements/1/value") in numbers
    assert ("−8.2 pp", "cells/H1[villain-capability]/measurements/0/value") in numbers


def test_an_interval_of_no_width_is_shown_as_none(new_run: Callable[..., Path]) -> None:
    """Nothing told the spread, which is no precision: neither text nor page, figure or closing line have an interval, or its level."""
    bare = Interval(low=-8.25, high=-8.25, level=0.95, method="none: a single unit has no spread")
    one = msgspec.structs.replace(measurement("villain", "capability"), interval=bare)
    cells = tuple(
        msgspec.structs.replace(cell, measurements=(one,), effect="shift") if cell.id == "H1[villain-capability]" else cell for cell in results().cells
    )
    folder = new_run(cells=cells)
    build(folder)
    text, page = ((folder / name).read_text(encoding="utf-8") for name in ("clean_result.md", "index.html"))
    assert "−8.2 pp no interval (N = " in text and "[−8.2, −8.2]" not in text + page + (folder / "figures/hero.svg").read_text(encoding="utf-8")
    view = view_of(folder)
    marks = [mark for panel in panels(view, Numbers(view.tree)) for mark in panel.marks if mark.value == -8.25]
    assert [(mark.low, mark.high, mark.text) for mark in marks] == [(None, None, "−8.2 no interval")]
    assert headline_effect(view.results).startswith("shift −8.2 pp no interval in ")


def test_altered_samples_are_told(new_run: Callable[..., Path]) -> None:
    """A line that was changed after the run is not shown, and the report says so."""
    folder = new_run()
    path = folder / "samples" / "villain-refusal.jsonl"
    path.write_text(path.read_text().replace("capital of France is Paris", "capital of France is Rome", 1))
    build(folder)
    for name in ("clean_result.md", "index.html"):
        text = (folder / name).read_text()
        assert "Some lines fail their seal" in text
        assert "is Rome" not in text


def test_absent_samples_are_told(new_run: Callable[..., Path]) -> None:
    """A file that is gone is a caveat, not an empty section."""
    folder = new_run()
    (folder / "samples" / "villain-refusal.jsonl").unlink()
    build(folder)
    assert "The file is not there" in (folder / "clean_result.md").read_text()


@pytest.mark.usefixtures("every_domain")
def test_the_shipped_schema_is_what_the_records_say() -> None:
    """Whoever changes a record runs: python -m harness.report.schema > harness/report/results.schema.json."""
    assert Path(schema.__file__).with_name(schema.FILE).read_text(encoding="utf-8") == schema.text()


def test_a_results_file_follows_the_schema(built: Path) -> None:
    """A stranger's JSON Schema validator accepts a run, and refuses one with an unknown verdict."""
    validator = jsonschema.Draft202012Validator(schema.shipped())
    tree = json.loads((built / "results.json").read_text())
    assert not list(validator.iter_errors(tree))
    assert list(validator.iter_errors({**tree, "verdict": "proved"}))


def test_the_sample_run_says_what_the_records_say(built: Path) -> None:
    """The file on disk and the record agree in everything but the samples' references."""
    assert json.loads((built / "results.json").read_text())["headline"] == encode(results())["headline"]
