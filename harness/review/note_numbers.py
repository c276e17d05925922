"""The numbers that people wrote into the slots of notes.md: those with an address are drawn from results, any other is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.report.escape import in_markdown
from harness.report.notes import FILE_NAME, SLOTS, Note, split_references, texts
from harness.review.claims import ABSENT, UNBOUND, Claim, claim
from harness.review.number import read_numbers
from harness.review.rendering import Rendered

KNOWN_BY = 24  # characters by which a part of a note is found in a report that cuts it
NOWHERE = "nothing stands at "  # as a report shows a broken reference


def note_claims(rendered: Rendered, lines: Sequence[str]) -> Iterator[Claim]:
    """A claim for each number without an address and for each address that leads nowhere, wherever the report shows it; once at the line that speaks of
    notes.md, or the first, where it does not."""
    home = next((number for number, line in enumerate(lines, start=1) if f"`{FILE_NAME}`" in line), 1)
    for slot in SLOTS:
        for note in texts(rendered.notes, slot):
            for part, reference in split_references(note.text):
                if not reference:
                    yield from unbound_numbers(note, part, lines, home)
                elif not rendered.resolves(part):
                    yield from broken_reference(note, part, lines, home)


def unbound_numbers(note: Note, part: str, lines: Sequence[str], home: int) -> Iterator[Claim]:
    """`part` is what stands between two references."""
    reason = f"{UNBOUND}: {FILE_NAME}:{note.line} writes it without its address between double braces"
    told = [in_markdown(part[number.digits_at : number.end]) for number in read_numbers(part)]
    shown = [(line, find_in_order(told, lines[line - 1][:end], start)) for line, start, end in places(in_markdown(part.strip()), lines)]
    for index, text in enumerate(told):
        found = [(line, columns[index]) for line, columns in shown if index < len(columns)]
        for line, column in found or [(home, 0)]:
            yield claim(line, column + 1, text, "note", "UNSUPPORTED", reason)


def broken_reference(note: Note, where: str, lines: Sequence[str], home: int) -> Iterator[Claim]:
    told = in_markdown(f"[{NOWHERE}{where}]")
    found = [(number, column) for number, line in enumerate(lines, start=1) if (column := line.find(told)) >= 0]
    for line, column in found or [(home, 0)]:
        yield claim(line, column + 1, told, "note", "UNSUPPORTED", f"{ABSENT}: {FILE_NAME}:{note.line} names an address that leads nowhere")


def places(text: str, lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(line, start, end) of a text, or of as much of it as is shown."""
    for number, line in enumerate(lines, start=1):
        start = line.find(text[:KNOWN_BY]) if text else -1
        if start >= 0:
            same = next((place for place, (a, b) in enumerate(zip(text, line[start:], strict=False)) if a != b), min(len(text), len(line) - start))
            yield number, start, start + same


def find_in_order(texts: Sequence[str], line: str, start: int) -> list[int]:
    """Where each text stands in a line, one after the other from a place on, up to the first that is not there."""
    columns = list[int]()
    for text in texts:
        found = re.compile(rf"(?<!\w){re.escape(text)}").search(line, start)
        if found is None:
            break
        columns.append(found.start())
        start = found.end()
    return columns
