"""What the card's sections state by name: rows of tables, `**Name:** value` and `- name: value`, headings with their text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from harness.review.document import Section, plain_text
from harness.review.fields import FIELDS, group_of, is_named, names_of, normal

LONGEST = 4_000  # characters of a value
MOST_ROWS = 5_000
LABEL = re.compile(r"(?:\*\*|__)([^*_\n]{1,80}?)[ \t]*[:.]?[ \t]*(?:\*\*|__)[ \t]*[:.]?[ \t]*(.*)")
PLAIN_LABEL = re.compile(r"([^:\n*`|]{1,60}):[ \t]+(.*)")
# Headers that say which column is which; a blank header is taken for that of the names.
NAMES = {"", "field", "name", "parameter", "item", "key", "setting", "hyperparameter", "hyper parameter", "property"}
VALUES = {"", "value", "values", "setting"}
SHELLS = {"bash", "sh", "shell", "console", "zsh"}  # a block of these in a setup is the command
GROUP_WORDS = {"model", "training", "data", "eval", "evaluation", "compute", "environment"}  # labels that leave the group of their heading
GROUPS = {"group", "category", "section", "block", "component", "stage"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A value with the names it stands under (none for a line of a list without a label), its group if it has one, and its line. `note` are further cells;
    `tabled` says that it is a row of a table."""

    group: str | None
    names: tuple[str, ...]
    value: str
    line: int
    note: str = ""
    tabled: bool = False


@dataclass(frozen=True, kw_only=True)
class TableLine:
    cells: tuple[str, ...]
    number: int


def row(group: str | None, name: str, value: str, line: int, note: str = "") -> Row:
    return Row(group=group, names=names_of(name), value=plain_text(value[:LONGEST]), line=line, note=plain_text(note[:LONGEST]))


def rows_of(region: Sequence[Section]) -> Iterator[Row]:
    """The rows of the sections. A heading such as `### Training` is the group of what stands below it; any other may be the name of a field itself."""
    open_groups: list[tuple[int, str | None]] = []
    for section in region:
        while open_groups and open_groups[-1][0] >= section.level:
            open_groups.pop()
        own, inherited = group_of(section.title), (open_groups[-1][1] if open_groups else None)
        open_groups.append((section.level, own or inherited))
        stated = list(islice(chain(table_rows(section, own or inherited), list_rows(section, own or inherited)), MOST_ROWS))
        yield from stated
        yield row(own, "", section.title, section.line)
        if section.text and not (own and stated) and is_field(own or inherited, section.title):
            yield row(own or inherited, section.title, section.text, section.line)


def table_rows(section: Section, group: str | None) -> Iterator[Row]:
    lines: list[TableLine] = []
    cells: list[str] = []
    inside = False
    for token in section.blocks:
        inside = token.type == "tr_open" or (inside and token.type != "tr_close")
        if token.type == "tr_open":
            cells, number = [], (token.map or [0])[0] + 1
        elif token.type == "inline" and inside:
            cells.append(token.content)
        elif token.type == "tr_close":
            lines.append(TableLine(cells=tuple(cells), number=number))
        elif token.type == "table_close":
            yield from (replace(one, tabled=True) for one in rows_of_table(lines, group))
            lines = []


def rows_of_table(lines: list[TableLine], group: str | None) -> Iterator[Row]:
    """A table with a header for its columns, one of two columns, one that begins with groups, or one with a name for each column or each line."""
    head, body = lines[0], lines[1:]
    headers = [normal(cell) for cell in head.cells]
    name_at = next((place for place, one in enumerate(headers) if one in NAMES), None)
    value_at = next((place for place, one in enumerate(headers) if one in VALUES and place != name_at), None)
    group_at = next((place for place, one in enumerate(headers) if one in GROUPS), None)
    if len(headers) == 2 and (name_at is None or value_at is None):
        yield from (row(group, line.cells[0], line.cells[1], line.number) for line in lines)
    elif name_at is not None and value_at is not None and (len(headers) > 2 or name_at == 0):
        yield from named_rows(body, group, group_at, name_at, value_at)
    elif len(headers) > 2 and body and sum(group_of(line.cells[0]) is not None for line in body) * 2 > len(body):
        yield from named_rows(body, group, 0, 1, 2)
    elif body:
        yield from free_rows(head, body, group)


def named_rows(body: list[TableLine], group: str | None, group_at: int | None, name_at: int, value_at: int) -> Iterator[Row]:
    """A blank cell in the column of groups repeats the one above; what is none of ours is a group of its own."""
    for line in body:
        if group_at is not None and (cell := plain_text(line.cells[group_at])):
            group = group_of(cell) or normal(cell)
        note = " ".join(cell for place, cell in enumerate(line.cells) if place not in (group_at, name_at, value_at))
        yield row(group, line.cells[name_at], line.cells[value_at], line.number, note)


def free_rows(head: TableLine, body: list[TableLine], group: str | None) -> Iterator[Row]:
    """Names are in the first column, with a value for each stage or model, or, below the heading of a group, at the top of the columns."""
    down = sum(is_field(group, line.cells[0]) for line in body)
    across = sum(is_field(group, cell) for cell in head.cells) if group else 0
    if across > down:
        yield from (row(group, name, cell, line.number) for line in body for name, cell in zip(head.cells, line.cells, strict=True))
    elif down:
        yield from (row(group, line.cells[0], "; ".join(filter(None, line.cells[1:])), line.number) for line in body)


def is_field(group: str | None, name: str) -> bool:
    names = names_of(name)
    return any(is_named(part, field.group, group, names) for field in FIELDS for part in field.parts)


@dataclass(kw_only=True)
class _Draft:
    """A row whose value is still being read: its own lines, and the next block where those are blank."""

    group: str | None
    name: str
    value: str
    line: int
    depth: int
    opens: bool = False  # a label above a list: a heading for its items


def list_rows(section: Section, group: str | None) -> Iterator[Row]:
    for draft in _drafts(section, group):
        name, value = ("", draft.name) if draft.opens else (draft.name, draft.value)
        yield row(draft.group, name, value, draft.line)


def _drafts(section: Section, group: str | None) -> list[_Draft]:
    drafts: list[_Draft] = []
    depth, in_table, context = 0, False, group
    for token in section.blocks:
        depth += token.nesting if token.type in ("list_item_open", "list_item_close") else 0
        in_table = token.type == "table_open" or (in_table and token.type != "table_close")
        waiting = bool(drafts) and not drafts[-1].value
        if token.type in ("fence", "code_block") and waiting:
            drafts[-1].value = token.content
        elif token.type == "fence" and token.map and token.info.split(" ")[0].lower() in SHELLS:
            drafts.append(_Draft(group=group, name="command", value=token.content, line=token.map[0] + 1, depth=depth))
        elif token.type == "inline" and token.map and not in_table:
            context = context if depth else group
            found = _labelled(token.content, token.map[0] + 1, context, depth)
            if waiting and depth > drafts[-1].depth and found:
                drafts[-1].opens = True
                context = group_of(drafts[-1].name) or group
                for draft in found:
                    draft.group = context if draft.group == group else draft.group
            drafts += found
    return drafts


def _labelled(content: str, line: int, group: str | None, depth: int) -> list[_Draft]:
    """The lines of a block that begin with a label, each with those that follow; of a list also a line without a label."""
    drafts: list[_Draft] = []
    for offset, text in enumerate(content.split("\n")):
        found = LABEL.match(text) or (PLAIN_LABEL.match(text) if depth and offset == 0 else None)
        if found:
            own = group_of(found[1]) if group is None or normal(found[1]) in GROUP_WORDS else group
            drafts.append(_Draft(group=own, name=found[1], value=found[2], line=line + offset, depth=depth))
        elif drafts and len(drafts[-1].value) < LONGEST:
            drafts[-1].value += f" {text}"
        elif depth:
            drafts.append(_Draft(group=group, name="", value=text, line=line + offset, depth=depth))
    return drafts
