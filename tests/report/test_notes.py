"""notes.md: what people add to a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.report.build import build
from harness.report.notes import SLOTS, read_notes
from sample_cells import HOSTILE
from seen_report import Seen, foreign_links, parsed, table, unaddressed

SHIFT = "cells/H1[villain-capability]/measurements/shift/value"


def noted(folder: Path, text: str) -> Path:
    (folder / "notes.md").write_text(text)
    return folder


def test_a_reference_is_shown_as_the_number_at_its_address(new_run: Callable[..., Path]) -> None:
    """In the clean result, in the page and in numbers.csv; the digits of the note all have an address."""
    folder = noted(new_run(), f"## Takeaways\n- Accuracy moves by {{{{{SHIFT}}}}} under the villain.\n")
    build(folder)
    text = (folder / "clean_result.md").read_text()
    assert "- Accuracy moves by −8.2 pp under the villain." in text
    assert {"value": "-8.25", "title": SHIFT} in Seen((folder / "index.html").read_text()).data
    assert ("−8.2 pp", SHIFT) in table(folder) and unaddressed(text, folder) == []


def test_each_slot_has_its_place(new_run: Callable[..., Path]) -> None:
    """Takeaways lead the takeaways, next steps the next steps, caveats stand among the caveats, surprises in the summary."""
    folder = noted(
        new_run(), "# x\nnot shown\n## takeaways\nOne line\ngoes on.\n\nAnother.\n## Caveats\n* weak\n## Next steps\n1. go on\n## Surprising\n- odd\n"
    )
    build(folder)
    text = (folder / "clean_result.md").read_text()
    assert text.partition("**Main takeaways:**")[2].strip().startswith("- One line goes on.")
    assert text.partition("### Next steps")[2].strip().startswith("- go on")
    assert "- weak" in text.partition("### Standing caveats")[2] and "not shown" not in text
    assert "- **Surprising.** odd" in text and "- **Takeaway.** Another." in text


def test_a_reference_that_leads_nowhere_is_named_with_its_line(new_run: Callable[..., Path]) -> None:
    """The report is made; text and note say which address stands for nothing."""
    folder = noted(new_run(), "## Caveats\n\n- See {{cells/H9/measurements/shift/value}}.\n")
    report = build(folder)
    assert any(note.startswith("notes.md:3: nothing stands at 'cells/H9") for note in report.notes)
    assert "nothing stands at cells/H9/measurements/shift/value" in (folder / "clean_result.md").read_text()


def test_the_file_is_created_once_and_never_written_again(new_run: Callable[..., Path]) -> None:
    """Its slots are there to be filled; what people wrote stays byte for byte, whatever they wrote."""
    folder = new_run()
    build(folder)
    assert [slot for slot in SLOTS if f"## {slot}" in (folder / "notes.md").read_text()] == list(SLOTS)
    assert not any(read_notes(folder).values())
    noted(folder, "\ufeff## Caveats\r\n- mine\r\n")
    before = (folder / "notes.md").read_bytes()
    build(folder)
    assert (folder / "notes.md").read_bytes() == before and "- mine" in (folder / "clean_result.md").read_text()


def test_hostile_notes_stay_text(new_run: Callable[..., Path]) -> None:
    folder = noted(new_run(), f"## Takeaways\n- {HOSTILE}\n")
    build(folder)
    page = Seen((folder / "index.html").read_text())
    tokens = [child for token in parsed((folder / "clean_result.md").read_text()) for child in [token, *(token.children or [])]]
    assert "script" not in page.tags and not [token for token in tokens if token.type.startswith("html")] and foreign_links(tokens) == []


@pytest.mark.parametrize(("text", "told"), [("## Takeaway\n- x\n", "no slot is named 'Takeaway'"), ("## Discussion\n", "Slots: Takeaways")])
def test_a_heading_that_is_no_slot_is_one_line(new_run: Callable[..., Path], text: str, told: str) -> None:
    """A text in a place that nobody reads would be lost in silence."""
    with pytest.raises(HarnessError) as caught:
        build(noted(new_run(), text))
    assert told in str(caught.value) and "notes.md:1" in str(caught.value) and "\n" not in str(caught.value)
