"""Which fields of the reproducibility card a text states, and where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from harness.review.blanks import INAPPLICABLE, blankness
from harness.review.document import Document, Section, plain_text
from harness.review.fields import FIELDS, GROUPS, OWN_NAMES, Field, Part, group_of, is_named, names_of
from harness.review.findings import Finding, finding
from harness.review.rows import MOST_ROWS, Row, list_rows, rows_of
from harness.review.structure import find

SETUP = "Setup & hyper-parameters"
# Other sections of a card; and where fields are looked for, too, in a text without a setup.
CARD_TITLE = re.compile(r"reproducib|\bcard\b|hyper-?param", re.IGNORECASE)
GROUP_TITLES = {"model", "models", "training", "data", "dataset", "datasets", "eval", "evaluation", "compute", "hardware", "environment"}
OTHER_TITLE = re.compile(r"set-?up|configuration|method|design|implementation|models? tested|\bcosts?\b", re.IGNORECASE)
BESIDE = {"Data": "Training"}  # the group whose rows state fields of another: the size of its data stands with a training
NO_TRAINING = re.compile(
    r"\b(?:no|without(?: any)?) (?:new |further |additional |model )?(?:training|fine-?tuning)\b(?! (?:data|set|rows|examples|runs?|curves?|loss|logs?))"
    r"|\binference[- ]only\b|\b(?:nothing|no (?:model|adapter)s?) (?:was|were|is|are) (?:trained|fine-?tuned)\b|\b(?:did|does) not train\b"
    r"|\btraining\b[^.\n]{0,20}(?:\bn/a\b|not applicable)",
    re.IGNORECASE,
)
# Rows that only a training has: where one is filled, there was one, whatever else the text says.
TRAINED = ("the learning rate", "the epochs", "the optimizer", "the loss", "the learning-rate schedule")
OWN_VERDICT = re.compile(r"Reproducibility: INCOMPLETE")
OWN_MISSING = re.compile(r"`([A-Z][a-z]+) / (?:[^`\n]* / )?([^`/\n]+)`")
RANGE = re.compile(r"[<>~^≥≤]=?\s*v?\d|\d\.[x*](?!\w)|\blatest\b", re.IGNORECASE)
FLOATING = re.compile(r"\b(latest|main|master|head|current|newest|none|no)\b", re.IGNORECASE)
COMMIT = re.compile(r"\b[0-9a-f]{7,64}\b", re.IGNORECASE)
PRODUCT = re.compile(r"\d\s*[×x*·]\s*\D{0,20}\d", re.IGNORECASE)
FACTORS = re.compile(r"accum\w*\s*[=:]?\s*\d|per[ _]device", re.IGNORECASE)

Flaw = tuple[int, str, str]  # the line, the words on it that are meant, the message


@dataclass(frozen=True, kw_only=True)
class Card:
    """The rows named after each part (by its label), the values of each group, and the lines where groups and the card begin."""

    named: dict[str, list[Row]]
    values: dict[str, str]
    own_names: frozenset[str]
    begins: dict[str, int]
    line: int


def card_findings(document: Document) -> list[Finding]:
    """A finding for each field that the text does not state; those of training are not asked for where it says that there was none."""
    region = card_region(document)
    card = read_card(document, region)
    untrained = is_untrained(document, region, card)
    asked = [field for field in FIELDS if not (untrained and field.group == "Training")]
    flaws = [(field, flaw) for field in asked if (flaw := next(filter(None, (flaw_of(card, field, part) for part in field.parts)), None))]
    found = [finding(field.code, line, document.column(line, words), message) for field, (line, words, message) in flaws]
    return [*found, *said_missing(document, region, {one.code for one in found})]


def card_region(document: Document) -> list[Section]:
    """The setup and every other section that is named after the card, each with its subsections; with no setup, also sections on method and design."""
    setup = find(document.sections, SETUP, 2)
    sections = document.sections[1:]
    heads = [one for one in sections if one is setup or CARD_TITLE.search(one.title) or one.key in GROUP_TITLES]
    if not setup:
        heads += [one for one in sections if OTHER_TITLE.search(one.title) or group_of(one.title)]
    chosen = {section.index: section for head in heads if head.level > 1 for section in document.sections[head.index : head.end]}
    return [chosen[index] for index in sorted(chosen)]


def read_card(document: Document, region: Sequence[Section]) -> Card:
    """The rows of the region, and lines such as `**Seed:** 42` below the title."""
    top = [section for section in document.sections[:2] if section.level < 2]
    rows = with_groups(list(islice(chain(rows_of(region), *(list_rows(section, None) for section in top)), MOST_ROWS)))
    named: dict[str, list[Row]] = {part.label: [] for field in FIELDS for part in field.parts}
    by_group: dict[str, list[str]] = {field.group: [] for field in FIELDS}
    own_names = set()
    for row in rows:
        fields = [(field, part) for field in FIELDS for part in field.parts if row.names and is_named(part, field.group, row.group, row.names)]
        for _, part in fields:
            named[part.label].append(row)
        its_groups = {field.group for field, _ in fields}
        for field_group, values in by_group.items():
            # Numbers of prompts stand in many lists, so only its own rows state a field of Eval.
            if blankness(row.value, row.note) or is_inapplicable(row):
                continue
            if field_group in its_groups or row.group in (field_group, BESIDE.get(field_group, field_group)) or (row.group is None and field_group != "Eval"):
                values.append(row.value)
        if row.group and row.names and row.group not in its_groups and blankness(row.value) is None:
            own_names |= {code for code, others in OWN_NAMES.items() if group_of_code(code) == row.group and not re.search(others, row.names[0])}
    return Card(
        named=named,
        values={group: "\n".join(values) for group, values in by_group.items()},
        own_names=frozenset(own_names),
        begins=beginnings(region, rows),
        line=next((section.line for section in region if CARD_TITLE.search(section.title)), region[0].line if region else 1),
    )


def beginnings(region: Sequence[Section], rows: list[Row]) -> dict[str, int]:
    """Group to the line of its heading, or of its first row in a table."""
    lines = [(group, section.line) for section in region if (group := group_of(section.title))]
    lines += [(row.group, row.line) for row in rows if row.tabled and row.group]
    return dict(sorted(lines, key=lambda one: -one[1]))


def with_groups(rows: list[Row]) -> list[Row]:
    """Where tables give the groups of a card, what stands outside them is in none of its groups; else rows without a group may be of any."""
    groups = {row.group for row in rows if row.tabled and row.group in GROUPS}
    return [replace(row, group=row.group or "") for row in rows] if len(groups) >= 3 else rows


def group_of_code(code: str) -> str:
    return next(field.group for field in FIELDS if field.code == code)


def is_untrained(document: Document, region: Sequence[Section], card: Card) -> bool:
    """True where the text says that nothing was trained, and no row that only a training has is filled."""
    told = [f"{section.title}\n{section.text}" for section in region] + [section.text for section in document.sections if section.key == "methodology"]
    stated = [row for label in TRAINED for row in card.named[label] if blankness(row.value) is None and not is_inapplicable(row)]
    rows = [f"Training {row.value} {row.note}" for row in card.named["the training method"] if row.group == "Training"]
    return not stated and any(NO_TRAINING.search(text) for text in (*told, *rows))


def is_inapplicable(row: Row) -> bool:
    return INAPPLICABLE.match(row.value.lstrip("*_`( ")) is not None


def flaw_of(card: Card, field: Field, part: Part) -> Flaw | None:
    """What is wrong with a part: a row that leaves it open, a value that is none, or nothing that states it."""
    rows = card.named[part.label]
    kinds = [(row, blankness(row.value, row.note)) for row in rows]
    good = [row for row, kind in kinds if kind is None]
    left = [(row, kind) for row, kind in kinds if kind == "unknown" or (kind and not good)]
    if left:
        row, kind = left[0]
        why = {"blank": "is blank", "unknown": f"is not known: {row.value!r}", "inapplicable": "is not applicable, without a reason"}[str(kind)]
        return row.line, row.value, f"{part.label} {why}" + (f" ({len(left)} of {len(rows)} rows)" if len(left) > 1 else "")
    values = card.values[field.group]
    stated = re.search(part.stated, values, re.IGNORECASE) if part.stated else None
    begins = card.begins.get(field.group, card.line)
    if not good and stated and field.code == "card/training-batch" and not (PRODUCT.search(values[stated.start() :][:60]) or FACTORS.search(values)):
        return begins, "", "the effective batch is stated without its factors"
    if good or stated or field.code in card.own_names:
        return flawed_value(field, [row for row in good if not is_inapplicable(row)], values)
    return begins, "", f"the card does not state {part.label}"


def flawed_value(field: Field, rows: list[Row], values: str) -> Flaw | None:
    """A range for a version, a branch for data, a commit without a hash, a batch without its factors. Nothing is asked of "not applicable"."""
    if not rows:
        return None
    first, joined = rows[0], "\n".join(row.value for row in rows)
    match field.code:
        case "card/environment-versions" | "card/environment-python":
            for row in rows:
                if found := RANGE.search(row.value):
                    words = row.value[max(0, found.start() - 20) : found.end() + 6].strip()
                    return row.line, row.value, f"{words!r} is no exact version"
        case "card/data-hash":
            for row in rows:
                if FLOATING.search(row.value) and not re.search(r"\d", row.value):
                    return row.line, row.value, f"{row.value!r} is no version or hash of the data"
        case "card/environment-commit" if not COMMIT.search(joined) and not re.search(field.parts[0].stated, values, re.IGNORECASE):
            return first.line, first.value, f"{first.value[:40]!r} names no commit"
        case "card/training-batch" if re.search(r"\d", joined) and not (PRODUCT.search(joined) or FACTORS.search(values)):
            return first.line, first.value, f"the effective batch is stated without its factors: {first.value[:40]!r}"
    if field.code in ("card/environment-python", "card/environment-versions") and not re.search(r"\d", joined):
        return first.line, first.value, f"{first.value[:40]!r} names no version"
    return None


def said_missing(document: Document, region: Sequence[Section], known: set[str]) -> Iterator[Finding]:
    """What a text of ours says itself that its card lacks: the parts of a group that lack something may be in files of their own."""
    block = next((one for section in region for one in section.blocks if one.map and OWN_VERDICT.search(plain_text(one.content))), None)
    if block is None or block.map is None:
        return
    line = block.map[0] + 1
    for group, name in OWN_MISSING.findall(block.content):
        fields = {field.code for field in FIELDS for part in field.parts if field.group == group and is_named(part, group, group, names_of(name))}
        for code in sorted(fields - known):
            known.add(code)
            yield finding(code, line, document.column(line, name), f"the text says itself that {group} / {name} is missing")
    if not known:
        yield finding("card/stated-incomplete", line, document.column(line), "the text says itself that its card is incomplete")
