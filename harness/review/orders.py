"""Superlatives, rankings and single values held against the lists and tables of the same document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.review.claims import Claim, claim
from harness.review.number import Number, read_numbers
from harness.review.passages import LEAD, Outline, Passage, claim_of, where
from harness.review.prose import Sentence, Table
from harness.review.ranges import bounds, meets

LABELLED = re.compile(
    rf"^{LEAD}[\s*_]*(?P<label>[A-Za-z][^:=*_\n()\[\]|]{{1,60}}?)[\s*_]*(?:\([^()\n]{{0,40}}\))?[\s*_]*:[\s*_]*(?=[~≈<>≤≥$€£+−–\-\d.±])", re.MULTILINE
)
FEWEST_VALUES = 3  # of a list
CHANGE_WORDS = re.compile(
    r"\s*[*_]*\s*(?:\w+\s+)?(?:variation|difference|gap|range|spread|increase|drop|decrease|improvement|shift|change|reduction|gain|loss)\b", re.IGNORECASE
)
HIGHEST = re.compile(r"\b(?:highest|largest|greatest)\b", re.IGNORECASE)
LOWEST = re.compile(r"\b(?:lowest|smallest|least)\b", re.IGNORECASE)
SUMMARY = re.compile(r"\b(?:mean|max\w*|min\w*|total|median|sd|standard|range|average)\b", re.IGNORECASE)
CHAIN = re.compile(r"[A-Z][\w/ -]{1,40}?\s*\(\s*[^()]{1,12}\)(?:\s*>\s*[A-Za-z][\w/ -]{1,40}?\s*\(\s*[^()]{1,12}\)){1,}")
LINK = re.compile(r"(?P<name>[A-Za-z][\w/ -]{1,40}?)\s*\(\s*(?P<value>[^()]{1,12})\)")


def units_of_differences(outline: Outline) -> Iterator[Claim]:
    """A difference of percentages told in per cent where the document tells it in percentage points."""
    points = {one.value: (sentence, one) for sentence in outline.prose.sentences for one in sentence.numbers if one.unit == "pp" and one.step < 1}
    for sentence in outline.prose.sentences:
        for number in sentence.numbers:
            if number.unit == "%" and number.step < 1 and number.value in points and CHANGE_WORDS.match(sentence.text[number.end :]):
                other = points[number.value]
                yield claim_of(sentence, number, "unit", "WRONG", f"line {other[0].place(other[1].start).line} says percentage points", where(*other))


@dataclass(frozen=True)
class Valued:
    names: dict[str, tuple[Sentence, Number]]

    def find(self, name: str) -> tuple[Sentence, Number] | None:
        return self.names.get(_name_key(name))


def _name_key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def value_lists(outline: Outline) -> list[Valued]:
    """Lists of three and more `name: value` of one unit."""
    found = []
    for passage in outline.passages:
        names: dict[str, tuple[Sentence, Number]] = {}
        for sentence in passage.sentences:
            label = LABELLED.match(sentence.text)
            number = next((one for one in sentence.numbers if label and 0 <= one.start - label.end() + 2 < 5), None)
            if label and number is not None and not SUMMARY.search(label["label"]):
                names[_name_key(label["label"])] = sentence, number
            elif len(names) >= FEWEST_VALUES:
                break
        if len(names) >= FEWEST_VALUES and len({(number.unit, number.step) for _, number in names.values()}) == 1:
            found.append(Valued(names))
    return found


def superlatives(sentence: Sentence, lists: Sequence[Valued]) -> Iterator[Claim]:
    """`X showed the highest (22 %)` against the one list that tells this of X."""
    for pattern, highest in ((HIGHEST, True), (LOWEST, False)):
        found = pattern.search(sentence.text)
        key = f" {_name_key(sentence.text)} "
        told = {(number.value, number.unit) for number in sentence.numbers}  # its value too must stand there: the words alone may be of something else
        holding = [(one, name) for one in lists for name, (_, n) in one.names.items() if f" {name} " in key and (n.value, n.unit) in told] if found else []
        if (
            not found
            or len(holding) != 1
            or re.search(r"\b(?:not|n['’]t|second|than)\b", sentence.text)
            or (HIGHEST.search(sentence.text) and LOWEST.search(sentence.text))
        ):
            continue
        one, name = holding[0]
        values = {other: number.value for other, (_, number) in one.names.items()}
        best = max(values, key=lambda other: values[other]) if highest else min(values, key=lambda other: values[other])
        source, number = one.names[best]
        place = sentence.place(found.start())
        right = values[name] == values[best]
        yield claim(
            place.line, place.column, found[0], "superlative", "CONFIRMED" if right else "WRONG", f"{best} has {number.text.strip()}", where(source, number)
        )


def rankings(sentence: Sentence, lists: Sequence[Valued]) -> Iterator[Claim]:
    """`A (73%) > B (72%) > C (71%)` against the list that names at least two of them."""
    for chain in CHAIN.finditer(sentence.text):
        links = [(one["name"].strip(), next(iter(read_numbers(one["value"])), None)) for one in LINK.finditer(chain[0])]
        values = [number.value for _, number in links if number is not None]
        place = sentence.place(chain.start())
        if len(values) != len(links):
            continue
        if values != sorted(values, reverse=True):
            yield claim(place.line, place.column, chain[0], "order", "WRONG", "its own values are not in this order", where(sentence))
            continue
        for one in lists:
            known = [(name, number, told) for name, number in links if number is not None and (told := one.find(name))]
            if len(known) < 2:
                continue
            off = [(name, told) for name, number, told in known if number.unit == told[1].unit and not meets(bounds(number), bounds(told[1]))]
            order = [told[1].value for _, _, told in known]
            if len(off) == len(known) or order != sorted(order, reverse=True):
                name, told = off[0] if off else (known[0][0], known[0][2])
                yield claim(place.line, place.column, chain[0], "order", "WRONG", f"{name} has {told[1].text.strip()} in {where(*told)}", where(*told))
            elif not off:
                yield claim(place.line, place.column, chain[0], "order", "CONFIRMED", f"the list at {where(*known[0][2])} says so", where(*known[0][2]))


def named_rows(sentence: Sentence, passage: Passage, outline: Outline) -> Iterator[Claim]:
    """`name (value)`, `name: value` and `value (name)` against the row of that name in a table of the same part of the document. WRONG only beside another
    value of the sentence that is in the table: that shows which column the sentence tells."""
    top = outline.tops[passage.section]
    tables = outline.tables[top] if top else []
    found = []
    for number in sentence.numbers if tables else ():
        if number.step < 1 or number.unit in ("%", "pp"):
            found += [one for name, adjacent in _beside(sentence, number) for one in _against_row(sentence, number, name, adjacent, tables)]
    told = {one.address.partition(", ")[2] for one in found if one.verdict == "CONFIRMED"}
    yield from (one for one in found if one.verdict == "CONFIRMED" or one.address.partition(", ")[2] in told)


def _beside(sentence: Sentence, number: Number) -> Iterator[tuple[str, bool]]:
    """The words right before a number in brackets or after a colon, and those in brackets right after it."""
    before, after = sentence.text[max(0, number.start - 60) : number.start], sentence.text[number.end :]
    if found := re.search(r"([\w./+-]+(?: [\w./+-]+){0,3})[*_`\"]*\s*(?:\(|:)[\s*_]*$", before):
        words = found[1].split(" ")
        yield from ((" ".join(words[start:]), bool(re.match(r"[*_]*\s*[),;.]|\s*$", after))) for start in range(len(words)))
    if found := re.match(r"[*_]*\s*\(([\w./+ -]{3,40})\)", after):
        yield found[1], True


def _against_row(sentence: Sentence, number: Number, name: str, adjacent: bool, tables: Sequence[Table]) -> Iterator[Claim]:
    key = row_key(name)
    rows = [(table, row) for table in tables for row in table.rows if key and len(key) > 2 and row_key(table.name(row)) == key]
    if len(rows) != 1:
        return
    table, row = rows[0]
    cells = [(place, cell.number) for place, cell in enumerate(row) if cell.number is not None and place != table.key_column]
    alike = [(place, value) for place, value in cells if value.unit == number.unit and value.step == number.step]
    fit = next(
        (
            (place, value)
            for place, value in cells
            if value.unit == number.unit and value.signed == number.signed and value.step <= number.step and _rounds(number, value)
        ),
        None,
    )
    if fit and (len(alike) <= 1 or _column_named(sentence, table, fit[0])):
        reason = f"row {table.name(row)}, column {table.header[fit[0]].plain}"
        yield claim_of(sentence, number, "restated", "CONFIRMED", reason, f"line {row[0].line}, column {table.header[fit[0]].plain}")
    elif not fit and adjacent and len(alike) == 1 and number.marker == "" and _column_named(sentence, table, alike[0][0]):
        reason = f"row {table.name(row)} has {alike[0][1].text.strip()} in column {table.header[alike[0][0]].plain}"
        yield claim_of(sentence, number, "contradiction", "WRONG", reason, f"line {row[0].line}, column {table.header[alike[0][0]].plain}")


def _rounds(stated: Number, exact: Number) -> bool:
    """Whether a number is another one, rounded once."""
    return abs(stated.value - exact.value) <= stated.step / 2 if exact.step < stated.step else stated.value == exact.value


def _column_named(sentence: Sentence, table: Table, place: int) -> bool:
    """Whether a word of the column's header stands in the sentence."""
    words = set(re.findall(r"[a-z]{4,}", table.header[place].plain.lower()))
    return bool(words & set(re.findall(r"[a-z]{4,}", sentence.text.lower())))


def row_key(name: str) -> str:
    """A name without what stands before its last slash, in small letters and digits."""
    return re.sub(r"[^a-z0-9]+", "", re.sub(r"\(.*?\)", "", name).split("/")[-1].lower())
