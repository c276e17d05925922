"""Numbers that people write into the notes of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.check.rules.notes import find_unknown_numbers, find_wrong_rounding
from harness.findings import Facts
from harness.report.build import read_results

EXAMPLE = Path(__file__).parents[2] / "reports/examples/persona_prompting"


def codes(tmp_path: Path, note: str) -> set[str]:
    """The codes of what the rules find in notes with one takeaway beside the results of an example."""
    (tmp_path / "notes.md").write_text(f"# Notes\n\n## Takeaways\n- {note}\n", encoding="utf-8")
    facts = Facts({"results": read_results(EXAMPLE), "folder": tmp_path})
    return {one.code for one in (find_unknown_numbers, find_wrong_rounding) if list(one.check(facts))}


def shift() -> float:
    cells = read_results(EXAMPLE).cells
    return next(measured.value for cell in cells for measured in cell.measurements if measured.name == cell.effect and abs(measured.value) > 1)


@pytest.mark.mistake("R1", rule="R501", stage="report")
@pytest.mark.parametrize("note", ["The leak is +0.98765.", "Refusals rose by 987.6 pp.", "Accuracy fell to 777%."])
def test_a_number_that_nothing_measured_is_reported(tmp_path: Path, note: str) -> None:
    assert codes(tmp_path, note) == {"R501"}


@pytest.mark.mistake("R2", rule="R502", stage="report")
def test_a_number_that_was_rounded_up_is_reported(tmp_path: Path) -> None:
    value = abs(shift())
    up = (int(value * 1000) + 1) / 1000 if value * 1000 % 1 < 0.5 else int(value * 1000) / 1000
    assert codes(tmp_path, f"The shift is {up:.3f} pp.") == {"R502"}


@pytest.mark.parametrize("note", ["Four personas of 135 million parameters, see H1 and G3.5 of 2026-11-27.", "It holds.", "The shift is {value:.3f} pp."])
def test_a_sound_note_has_no_finding(tmp_path: Path, note: str) -> None:
    assert codes(tmp_path, note.format(value=abs(shift()))) == set()
