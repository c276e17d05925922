"""`bartender leaks most (73.3 %)`, `A is the best judge in every category`: the row or column that a sentence names against the one that a table puts first.

For the first the value decides which column is meant: it is the greatest or least of one, and stands in the row of another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.review.arithmetic import told
from harness.review.claims import Claim, claim
from harness.review.number import Number
from harness.review.predicates import FEWEST, Series, columns_of, named_in, parts_of
from harness.review.prose import Prose, Sentence, Table
from harness.review.quantified import HEDGED

MOST = r"most|highest|largest|greatest|biggest|longest|widest|strongest|farthest|peaks?|maximum"
LEAST = r"least|fewest|lowest|smallest|shortest|narrowest|weakest|nearest|minimum"
EITHER = r"best|worst|hardest|easiest|safest|fastest|slowest|top|first|last"  # which end that is depends on the quantity
EXTREME = re.compile(rf"\b(?:(?P<most>{MOST})|(?P<least>{LEAST})|{EITHER})\b", re.IGNORECASE)
NOT_FIRST = re.compile(
    rf"\b(?:second|third|next|almost|nearly|(?:among|one of) the (?:{MOST}|{LEAST})|at (?:most|least)|not|than|most of)\b|n['’]t\b", re.IGNORECASE
)
IN_EVERY = re.compile(
    rf"{EXTREME.pattern}(?:\s+[\w-]+){{0,4}}?\s+(?:in|on|for|across|under|at|of|by)\s+(?:every|each|all)\b(?:\s+[\w-]+){{0,3}}", re.IGNORECASE
)
NEAR = 60  # characters after a number in which its name may stand in brackets


def named_extremes(prose: Prose) -> Iterator[Claim]:
    columns = [one for table in prose.tables for one in (*columns_of(table, prose), *parts_of(table, prose)) if len(one.numbers) >= FEWEST]
    for sentence in prose.sentences:
        if not HEDGED.search(sentence.text):
            near = [one for one in columns if prose.path(one.section)[:2] == prose.path(sentence.section)[:2] or one.section == sentence.section]
            yield from extremes_with_value(sentence, near)
            for table in prose.tables:
                yield from first_in_every(sentence, table)


def extremes_with_value(sentence: Sentence, columns: Sequence[Series]) -> Iterator[Claim]:
    """`bartender leaks most (73.3 %) and lawyer least (10.0 %)`: each number with the words before it, back to the last one."""
    end = 0
    for number in sentence.numbers:
        begin, end = end, number.end
        clause = sentence.text[begin : number.start]
        word = EXTREME.search(clause)
        if word is None or NOT_FIRST.search(clause) or (number.step == 1 and abs(number.value) < 100):
            continue
        for column in columns:
            name = only_name(clause, column) or bracketed(sentence.text[number.end : number.end + NEAR], column)
            holders = [place for place, one in enumerate(column.numbers) if alike(one, number)]
            if name and holders and is_end(column, holders[0], word):
                yield from held(sentence, begin, word, number, name, column, holders)
                break


def held(sentence: Sentence, begin: int, word: re.Match[str], number: Number, name: str, column: Series, holders: Sequence[int]) -> Iterator[Claim]:
    """The superlative where the row of that name has the value, if the word says which end that is; else the name."""
    if any(column.names[place] == name for place in holders):
        if word["most"] or word["least"]:
            at, text = sentence.place(begin + word.start()), sentence.text[begin + word.start() : number.start].rstrip(" (,:~*_")
            yield claim(at.line, at.column, text, "superlative", "CONFIRMED", "", column.title)
        return
    found = named_in(sentence.text, name)
    start, end = found.span() if found else (begin + word.start(), number.start)
    at, other = sentence.place(start), holders[0]
    reason = f"{column.names[other]} has {told(number)} (line {column.lines[other]})"
    yield claim(at.line, at.column, sentence.text[start:end], "superlative", "WRONG", reason, column.title)


def only_name(text: str, column: Series) -> str:
    """The one row of a column that a text names."""
    found = [name for name in column.names if named_in(text, name)]
    longest = [name for name in found if not any(name != other and name in other for other in found)]
    return longest[0] if len(set(longest)) == 1 else ""


def bracketed(text: str, column: Series) -> str:
    inside = re.match(r"\s*[%a-z]*\s*\(([^()]+)\)", text)
    return only_name(inside[1], column) if inside else ""


def alike(value: Number, number: Number) -> bool:
    """Whether a cell tells a number as it is: to the same digit, in the same unit where both have one."""
    return value.value == number.value and value.step == number.step and (value.unit == number.unit or "" in (value.unit, number.unit))


def is_end(column: Series, place: int, word: re.Match[str]) -> bool:
    """Whether a value is at the end of its column that the word says."""
    values = [one.value for one in column.numbers]
    ends = [max(values)] if word["most"] else [min(values)] if word["least"] else [max(values), min(values)]
    return values[place] in ends and max(values) != min(values)


@dataclass(frozen=True)
class Ranked:
    """The numbers among which a name is said to be the first: a row of a table or a column."""

    title: str
    names: tuple[str, ...]
    numbers: tuple[Number, ...]


def first_in_every(sentence: Sentence, table: Table) -> Iterator[Claim]:
    """`Gemma is the best model on every benchmark`: whether the name is at one end of each column or row, the same one. With exceptions nothing is said."""
    found = IN_EVERY.search(sentence.text)
    if found is None or re.search(r"\b(?:but|except|other than|besides|of the|nearly|almost|not)\b", sentence.text):
        return
    for ranked in (by_column(table), by_column(table.turned())):
        names = {name for one in ranked for name in one.names}
        mine = [name for name in names if named_in(sentence.text[: found.start()], name)]
        lists = [one for one in ranked if len(mine) == 1 and mine[0] in one.names and len({number.unit for number in one.numbers}) == 1]
        if len(lists) < FEWEST or any(len(one.names) < 2 for one in lists):
            continue
        yield from judged(sentence, found, mine[0], lists)
        return


def by_column(table: Table) -> list[Ranked]:
    found = []
    for place, head in enumerate(table.header):
        cells = [(table.name(row), number) for row in table.rows if (number := row[place].number) is not None and place != table.key_column]
        if len(cells) > 1:
            found.append(Ranked(head.plain, tuple(name for name, _ in cells), tuple(number for _, number in cells)))
    return found


def judged(sentence: Sentence, found: re.Match[str], name: str, lists: Sequence[Ranked]) -> Iterator[Claim]:
    """That it is the best of all is not confirmed: whether more is better is not known. That it is not at the same end of all is wrong."""
    ends = []
    for one in lists:
        values, mine = [number.value for number in one.numbers], one.numbers[one.names.index(name)].value
        ends.append((mine == max(values), mine == min(values)))
    fewer = sum(top for top, _ in ends) < sum(low for _, low in ends)
    way = 0 if found["most"] else 1 if found["least"] or fewer else 0
    against = next((place for place, end in enumerate(ends) if not end[way]), None)
    at, text = sentence.place(found.start()), found[0]
    if against is None:
        if found["most"] or found["least"]:
            yield claim(at.line, at.column, text, "all", "CONFIRMED", f"in all {len(lists)}", f"{len(lists)} of the table")
        return
    one = lists[against]
    best = (max, min)[way](range(len(one.names)), key=lambda place: one.numbers[place].value)
    yield claim(at.line, at.column, text, "all", "WRONG", f"{one.title}: {one.names[best]} has {told(one.numbers[best])}", one.title)
