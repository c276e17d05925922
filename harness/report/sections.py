"""The sections of a report: typed records, checked where they are reported and where they are read, and what their domain makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from harness.errors import HarnessError
from harness.extensions import sections
from harness.fingerprint import canonical
from harness.plaintext import one_line
from harness.protocols import Section
from harness.records import SectionEntry, SectionRecord, encode
from harness.report.addresses import address
from harness.report.blocks import Block, Figure, Prose
from harness.report.numbers import Numbers
from harness.report.view import View

SETUP = 100  # sections of a smaller position describe how the run was set up
PLACE = "sections"


@dataclass(frozen=True, kw_only=True)
class Built:
    """A section as it is shown."""

    id: str
    title: str
    position: int
    blocks: tuple[Block, ...]


def entry_of(record: SectionRecord) -> SectionEntry:
    """A record as it is kept with its cell. Raises HarnessError for one that no section takes, or whose values do not fit."""
    section = next((one for one in sections().values() if one.record is type(record)), None)
    if section is None:
        told = f"no section of the report takes a {type(record).__qualname__}"
        known = ", ".join(sorted(one.record.__name__ for one in sections().values()))
        raise HarnessError(told, mend=f"Sections take: {known or 'nothing, since no domain is installed'}")
    validate_record(section, record.name, encode(record))
    value = msgspec.json.decode(msgspec.json.encode(record))  # as a journal gives it back, where a tuple is a list
    return SectionEntry(section=section.id, name=record.name, value=value)


def validate_record(section: Section[Any], name: str, value: Any) -> Any:
    """The record of these fields. Raises HarnessError, naming the field that does not fit."""
    where = f"{PLACE}/{section.id}/{one_line(name)}"
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
            records = {address(PLACE, name, each): validate_record(section, each, value) for each, value in sorted(values.items())}
            found.append(Built(id=name, title=section.title, position=section.position, blocks=tuple(section.build(records, numbers))))
    return found + [without_domain(name, len(values)) for name, values in sorted(tree.items()) if name not in sections()]


def without_domain(name: str, count: int) -> Built:
    told = f"No installed package knows the section {name!r}: its {count} {'record stands' if count == 1 else 'records stand'} in results.json alone."
    return Built(id=name, title=one_line(name), position=SETUP * 100, blocks=(Prose(text=told, warning=True),))


def figures(view: View) -> list[Figure]:
    """The figures of all sections, in order."""
    return [block for section in build_sections(view, Numbers(view.tree)) for block in section.blocks if isinstance(block, Figure)]
