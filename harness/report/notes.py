"""notes.md beside a run: what people add to a report. Slots for takeaways, caveats, next steps and what was surprising; numbers come in by their address.

    ## Takeaways
    - The shift is {{cells/H1[villain-refusal]/measurements/shift of the target/value}}, far below the threshold.

A text is a list item, or a paragraph. It is text alone: what looks like markup is shown as it is written. The file is the user's: it is created once, and
never written to again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, nearest
from harness.report.numbers import Numbers, cut_at_word
from harness.store import write_text
from harness.textfile import read_text

FILE_NAME = "notes.md"
SLOTS = ("Takeaways", "Caveats", "Next steps", "Surprising")
REFERENCE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
ITEM = re.compile(r"^(\s*)([-*+]|\d+[.)])\s+")
LONGEST = 1000  # characters of one note
NUMBER_LENGTH = 12  # about what a number takes
EMPTY = """# Notes

Written by people; `harness report` shows them in the report and never changes this file. A number is written as its address in results.json between double
braces, as in `{{cells/H1/measurements/shift/value}}` (numbers.csv lists the addresses).

## Takeaways

## Caveats

## Next steps

## Surprising
"""


@dataclass(frozen=True, kw_only=True)
class Note:
    """One text of a slot and the line on which it begins."""

    text: str
    line: int


Notes = Mapping[str, tuple[Note, ...]]


def read_notes(folder: Path) -> Notes:
    """The notes by slot; no notes where there is no file. Raises HarnessError where it is no text, or has a heading that is no slot."""
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    found: dict[str, list[Note]] = {slot: [] for slot in SLOTS}
    slot = ""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.startswith("## "):
            slot = slot_named(line[3:].strip(), f"{path}:{number}")
        elif slot:
            add_line(found[slot], line, number)
    return {slot: tuple(notes) for slot, notes in found.items()}


def slot_named(heading: str, where: str) -> str:
    known = {slot.casefold(): slot for slot in SLOTS}
    if heading.casefold() not in known:
        raise HarnessError(f"no slot is named {heading!r}", where=where, mend=nearest(heading, SLOTS).replace("Known:", "Slots:"))
    return known[heading.casefold()]


def unplaced_lines(folder: Path) -> list[str]:
    """A line for each text before the first slot that is not the form's own: nobody would see it."""
    path = folder / FILE_NAME
    lines = read_text(path).split("\n## ")[0].splitlines() if path.exists() else []
    own = {line.strip() for line in EMPTY.splitlines()}
    found = [number for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith(("# ", "## ")) and line.strip() not in own]
    return [f"{FILE_NAME}:{number}: not shown, since it stands before the first slot; put it below one of {', '.join(SLOTS)}" for number in found[:3]]


def add_line(notes: list[Note], line: str, number: int) -> None:
    """Begins a note at a list item or after an empty line, else goes on with the last one."""
    text = ITEM.sub("", line).strip()
    if not text:
        if notes and notes[-1].text:
            notes.append(Note(text="", line=number))
    elif ITEM.match(line) or not notes or not notes[-1].text:
        if notes and not notes[-1].text:
            notes.pop()
        notes.append(Note(text=text[:LONGEST], line=number))
    else:
        notes[-1] = Note(text=f"{notes[-1].text} {text}"[:LONGEST], line=notes[-1].line)


def texts(notes: Notes, slot: str) -> list[Note]:
    return [note for note in notes.get(slot, ()) if note.text]


def render_note(note: Note, numbers: Numbers, longest: int = LONGEST) -> str:
    """The note with every reference as the number at its address; one that leads nowhere says so. Its own words are cut after `longest` characters."""
    empty, left = numbers.dress(""), longest
    shown: list[str] = []
    for part, reference in split_references(note.text):
        if left <= 0:
            return empty.join([*shown, numbers.dress("…")])
        words = part if reference or len(part) <= left else cut_at_word(part, left)
        shown.append(render_part(words, reference, numbers))
        left -= NUMBER_LENGTH if reference else len(part)
    return empty.join(shown)


def render_part(part: str, reference: bool, numbers: Numbers) -> str:
    if reference:
        return numbers.text(part) if numbers.resolves(part) else numbers.dress(f"[nothing stands at {part}]")
    dressed = numbers.dress(part.strip())
    space = type(dressed)(" ")  # which dressing for Markdown takes off
    return (space if part[:1].isspace() else "") + dressed + (space if part[-1:].isspace() and part.strip() else "")


def split_references(text: str) -> Iterator[tuple[str, bool]]:
    """(text or address, whether it is an address) in order."""
    end = 0
    for found in REFERENCE.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[1], True
        end = found.end()
    if end < len(text):
        yield text[end:], False


def broken_references(notes: Notes, numbers: Numbers) -> list[str]:
    """A line for each reference that leads nowhere."""
    return [
        f"{FILE_NAME}:{note.line}: nothing stands at {part!r}; numbers.csv lists the addresses"
        for slot in SLOTS
        for note in texts(notes, slot)
        for part, reference in split_references(note.text)
        if reference and not numbers.resolves(part)
    ]


def create_notes(folder: Path) -> None:
    """Creates notes.md with its empty slots where there is none; an existing one is never touched."""
    path = folder / FILE_NAME
    if not (path.exists() or path.is_symlink()):
        write_text(path, EMPTY)
