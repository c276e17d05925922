"""The card beside the clean result: what all parts of a group have in common, and a file for each group with several parts (trainings, measures)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from harness.report.card import Card, Field
from harness.report.escape import code, in_markdown

FOLDER = "cards"
MOST_ROWS = 70
HEAD = "| field | value | from |\n|---|---|---|\n"


def linked_cards(card: Card) -> dict[str, str]:
    """Group to the file, from the run folder, of each group that has several parts."""
    return {group: f"{FOLDER}/{group.lower()}.md" for group, parts in card.groups.items() if len(parts) > 1}


def card_files(card: Card) -> dict[str, str]:
    """File name to its text: every field of every part, with the address it comes from."""
    return {path: group_text(group, card.groups[group]) for group, path in linked_cards(card).items()}


def group_text(group: str, parts: Mapping[str, Mapping[str, Field]]) -> str:
    sections = [f"## {in_markdown(part)}\n\n{HEAD}" + "\n".join(map(field_line, fields.items())) for part, fields in parts.items()]
    return f"# Reproducibility card: {group}\n\n" + "\n\n".join(sections) + "\n"


def field_line(pair: tuple[str, Field]) -> str:
    name, field = pair
    if "value" not in field:
        kind = "**missing**" if "missing" in field else "not applicable"
        return f"| {code(name, table=True)} | {kind} | {in_markdown(str(field.get('why') or field.get('not_applicable')))} |"
    where = field["from"] if isinstance(field["from"], list) else [field["from"]]
    return f"| {code(name, table=True)} | {code(as_text(field['value']), table=True)} | {', '.join(code(place, table=True) for place in where)} |"


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def shared_rows(card: Card, show: Callable[[Mapping[str, Any]], str]) -> list[tuple[str, str, str]]:
    """(group, field, value as shown) of every field; of a group with several parts what they have in common, else that it varies."""
    rows = []
    links = linked_cards(card)
    for group, parts in card.groups.items():
        for name in dict.fromkeys(name for fields in parts.values() for name in fields):
            values = list(dict.fromkeys(show(fields[name]) for fields in parts.values() if name in fields))
            rows.append((group, name, values[0] if len(values) == 1 else f"[differs between the parts]({links[group]})"))
    return rows[:MOST_ROWS]
