"""Sections of the report that somebody else's domain adds: typed records, refused where they do not fit, shown in both forms by their addresses."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from demo_domain import CODE, install_demo
from harness import extensions
from harness.errors import HarnessError
from harness.fixtures.sections import JudgeCalibration
from harness.report.build import build
from harness.report.schema import generate_schema
from harness.report.sections import entry_of
from hostile_text import assert_stays_text
from sample_cells import HOSTILE
from sample_run import write_run
from seen_report import Seen, table


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of the demo domain, installed."""
    install_demo(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    forget()
    yield importlib.import_module("demo_weights")
    monkeypatch.undo()
    forget()


def forget() -> None:
    sys.modules.pop("demo_weights", None)
    extensions.domains.cache_clear()
    extensions.sections.cache_clear()


def weights(*values: tuple[str, float, str]) -> dict[str, Any]:
    return {"weights": {name: {"name": name, "grams": grams, "note": note} for name, grams, note in values}}


@pytest.mark.usefixtures("demo")
def test_a_section_is_shown_in_both_forms(tmp_path: Path) -> None:
    """Prose, figure, table and texts; every number stands at its address."""
    folder = write_run(tmp_path / "run", sections=weights(("a", 1.5, "light"), ("b", 20.0, "heavy"), ("c", 3.25, "")))
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), (folder / "index.html").read_text()
    assert "### Weights" in text and '<section id="section-weights"><h2>Weights</h2>' in page and '<a href="#section-weights">Weights</a>' in page
    assert ("1.5", "sections/weights/a/grams") in table(folder) and {"value": "1.5", "title": "sections/weights/a/grams"} in Seen(page).data
    assert "| b | 20 | heavy |" in text and "The first 2 of 3 rows" in text and "**One is missing**" in text and "by `scales.txt`" in text
    assert "> light" in text and "> (empty)" in text
    with Image.open(folder / "figures/weights.png") as picture:
        assert json.loads(picture.info["Description"])["addresses"] == [f"sections/weights/{name}/grams" for name in "abc"]


@pytest.mark.usefixtures("demo")
def test_hostile_texts_in_a_section_stay_text(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", sections=weights((HOSTILE, 1.0, HOSTILE), (f"{HOSTILE}2", 2.0, HOSTILE)))
    build(folder)
    assert_stays_text(folder, images=2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"grams": None}, "sections/weights/a: does not fit the section: Expected 'float', got 'null' - at '$.grams'"),
        ({"gramms": 1.0}, "Object contains unknown field 'gramms'"),
        ({"grams": -1.0}, "grams below zero"),
        ({"name": "b"}, "the record is named 'b'"),
    ],
)
@pytest.mark.usefixtures("demo")
def test_a_record_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """A key that is renamed in results.json takes no figure with it in silence: there is no report, and one line says where."""
    found = weights(("a", 1.5, "light"))
    found["weights"]["a"] |= changes
    folder = write_run(tmp_path / "run", sections=found)
    with pytest.raises(HarnessError) as error:
        build(folder)
    assert told in str(error.value) and not (folder / "index.html").exists()


def test_a_record_is_checked_where_it_is_reported(demo: Any) -> None:
    """A value of another type, a number that JSON does not know, and a record that no section takes are errors of the test."""
    assert entry_of(demo.Weight(name="a", grams=2.0)).value == {"name": "a", "grams": 2.0, "note": ""}
    assert entry_of(JudgeCalibration(name="a", judge="m", sensitivity=(1, 2))) == entry_of(JudgeCalibration(name="a", judge="m", sensitivity=[1, 2]))
    for wrong in ({"note": 3}, {"grams": float("nan")}, {"grams": float("inf")}):
        with pytest.raises(HarnessError, match="sections/weights/a"):
            entry_of(demo.Weight(**{"name": "a", "grams": 1.0} | wrong))

    class Stray(demo.SectionRecord, frozen=True, kw_only=True):  # type: ignore[name-defined, misc]
        pass

    with pytest.raises(HarnessError, match=r"no section of the report takes a .*Stray"):
        entry_of(Stray(name="a"))


@pytest.mark.usefixtures("demo")
def test_the_schema_knows_installed_sections() -> None:
    schema = generate_schema()
    assert schema["$defs"]["Results"]["properties"]["sections"]["properties"]["weights"] == {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/Weight"},
    }


def test_a_section_of_a_domain_that_is_not_installed_says_so(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", sections=weights(("a", 1.5, "light")))
    build(folder)
    told = "No installed package knows the section 'weights': its 1 record is in results.json alone."
    assert told in (folder / "clean_result.md").read_text() and "No installed package knows the section" in (folder / "index.html").read_text()


def test_two_sections_of_one_name_are_refused(tmp_path: Path, demo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install_demo(tmp_path / "more", "other", "other_weights", CODE)
    monkeypatch.syspath_prepend(tmp_path / "more")
    forget()
    with pytest.raises(HarnessError, match="the sections 'weights' and 'weights' have one id"):
        entry_of(demo.Weight(name="a", grams=1.0))


def test_a_domain_that_cannot_be_loaded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_demo(tmp_path / "site", "broken", "broken_weights", "import nothing_of_that_name\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    forget()
    try:
        with pytest.raises(HarnessError, match="broken_weights:DOMAIN of broken_weights: the domain 'broken' cannot be loaded: ModuleNotFoundError"):
            extensions.domains()
    finally:
        monkeypatch.undo()
        forget()


def test_a_domain_whose_folder_was_removed_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of this package's own; of another package that is a mistake, and told."""
    install_demo(tmp_path / "site", "gone", "harness.domains.gone_weights")
    (tmp_path / "site/harness.domains.gone_weights.py").unlink()
    monkeypatch.syspath_prepend(tmp_path / "site")
    forget()
    try:
        assert "gone" not in extensions.domains()
    finally:
        monkeypatch.undo()
        forget()


@pytest.mark.usefixtures("demo")
def test_figures_of_an_earlier_report_are_removed(tmp_path: Path) -> None:
    """Those that this report does not have; a picture of somebody else's stays."""
    folder = write_run(tmp_path / "run", sections=weights(("a", 1.5, "light")))
    build(folder)
    (folder / "figures/mine.png").write_bytes(b"not drawn here")
    write_run(folder)
    build(folder)
    assert sorted(path.name for path in (folder / "figures").iterdir()) == ["hero-narrow.svg", "hero.png", "hero.svg", "mine.png"]
