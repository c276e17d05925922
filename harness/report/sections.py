"""The sections of a report: typed records, checked where they are reported and where they are read, and what their domain makes of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from harness.errors import HarnessError, explain_failure
from harness.extensions import sections
from harness.fingerprint import canonical
from harness.plaintext import by_number, count_of, one_line
from harness.protocols import Section
from harness.records import SectionEntry, SectionRecord, encode
from harness.report.addresses import address
from harness.report.blocks import Block, Figure, Prose, Table, Texts
from harness.report.numbers import Numbers
from harness.report.view import View

SETUP = 100  # sections of a smaller position describe how the run was set up
PLACE = "sections"
STEM = re.compile(r"(?!hero(?:-|$)|trajectory_)[A-Za-z0-9][A-Za-z0-9_-]{0,79}")  # of a file that no other part of the report draws


@dataclass(frozen=True, kw_only=True)
class Built:
    """A section as it is shown."""

    id: str
    title: str
    position: int
    blocks: tuple[Block, ...]
    failure: str = ""  # why its domain could not build it


def entry_of(record: SectionRecord) -> SectionEntry:
    """A record as it is kept with its cell. Raises HarnessError for one that no section takes, or whose values do not fit."""
    section = next((one for one in sections().values() if one.record is type(record)), None)
    if section is None:
        told = f"no section of the report takes a {type(record).__qualname__}"
        known = ", ".join(sorted(one.record.__name__ for one in sections().values()))
        raise HarnessError(told, mend=f"Sections take: {known or 'nothing, since no domain is installed'}")
    try:
        values = encode(record)
    except TypeError as error:
        mend = "Give plain numbers and texts, such as float(x) for a number of numpy"
        raise HarnessError(f"a {type(record).__qualname__} cannot be written: {one_line(str(error))}", mend=mend) from error
    validate_record(section, record.name, values)
    value = msgspec.json.decode(msgspec.json.encode(record))  # as a journal gives it back, where a tuple is a list
    return SectionEntry(section=section.id, name=record.name, value=value)


def validate_record(section: Section[Any], name: str, value: Any) -> Any:
    """The record of these fields. Raises HarnessError, naming the field that does not fit."""
    where = f"{PLACE}/{section.id}/{one_line(str(name))}"
    try:
        canonical(value)  # neither NaN nor an infinity is a value of JSON
        record = msgspec.convert(value, section.record)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        told = one_line(str(error).replace("`", "'"))
        raise HarnessError(f"does not fit the section: {told}", where=where, mend=f"The fields of {section.record.__name__} say what fits") from error
    if record.name != name:
        raise HarnessError(f"the record is named {one_line(record.name)!r}", where=where, mend="Leave the names in results.json as they were written")
    return record


def require_sound(tree: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises HarnessError where a record in the sections of results.json does not fit its section."""
    for name, values in tree.items():
        for record, value in values.items() if name in sections() else ():
            validate_record(sections()[name], record, value)


def build_sections(view: View, numbers: Numbers) -> list[Built]:
    """Every section of which there are records, in order; those whose domain is not installed come last and say so."""
    tree: Mapping[str, Mapping[str, Any]] = view.tree[PLACE]
    found = []
    for name, section in sections().items():
        if values := tree.get(name):
            records = {
                address(PLACE, name, each): validate_record(section, each, value) for each, value in sorted(values.items(), key=lambda pair: by_number(pair[0]))
            }
            found.append(build_section(section, records, numbers))
    return found + [without_domain(name, len(values), numbers) for name, values in sorted(tree.items()) if name not in sections()]


def build_section(section: Section[Any], records: Mapping[str, Any], numbers: Numbers) -> Built:
    """What the section makes of its records. A section that fails says so in its place: the rest of the report does not depend on it."""
    failure = ""
    try:
        with explain_failure("its build() fails", f"section {section.id}"):
            blocks = tuple(validate_block(block) for block in section.build(records, numbers))
    except HarnessError as error:
        failure = str(error)
        text = f"This section could not be built: {one_line(error.what)}. Its {count_of(len(records), 'record is', 'records are')} in results.json."
        blocks = (Prose(text=numbers.dress(text), warning=True),)
    return Built(id=section.id, title=section.title, position=section.position, blocks=blocks, failure=failure)


def validate_block(block: Any) -> Block:
    """Raises TypeError for what no renderer could lay out."""
    if not isinstance(block, Block):
        raise TypeError(f"{type(block).__name__} is no block: use Prose, Table, Figure or Texts")
    texts = [block.text] if isinstance(block, Prose) else [block.stem, block.alt, block.caption] if isinstance(block, Figure) else [block.title]
    if isinstance(block, Figure) and isinstance(block.stem, str) and not STEM.fullmatch(block.stem):
        raise TypeError(f"the figure {block.stem!r:.60} has no plain name, or one that the report uses")
    if isinstance(block, Table):
        texts += [cell for row in block.rows for cell in row] + [column.heading for column in block.columns]
        if wide := [row for row in block.rows if len(row) > len(block.columns)]:
            raise TypeError(f"a row has {len(wide[0])} cells, the table has {len(block.columns)} columns")
    if isinstance(block, Texts):
        texts += [part for pair in block.texts for part in pair]
    if other := [text for text in texts if not isinstance(text, str)]:
        raise TypeError(f"{other[0]!r:.60} stands where a text belongs")
    return block


def without_domain(name: str, count: int, numbers: Numbers) -> Built:
    told = f"No installed package knows the section {name!r}: its {count_of(count, 'record is', 'records are')} in results.json alone."
    return Built(id=name, title=one_line(name), position=SETUP * 100, blocks=(Prose(text=numbers.dress(told), warning=True),))


def figures(built: Sequence[Built]) -> list[tuple[str, Figure]]:
    """(section, figure) of all figures, in order. Raises HarnessError where two have one name: the second would take the place of the first."""
    found = [(section.id, block) for section in built for block in section.blocks if isinstance(block, Figure)]
    counts = Counter(figure.stem for _, figure in found)
    if twice := [(section, figure.stem) for section, figure in found if counts[figure.stem] > 1]:
        raise HarnessError(f"two figures are named {twice[-1][1]!r}", where=f"section {twice[-1][0]}", mend="Give each figure a stem of its own")
    return found
