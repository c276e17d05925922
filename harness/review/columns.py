"""Means, spreads, medians and extremes that a text tells of a table's column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from harness.review.claims import Claim, claim
from harness.review.intervals import FEWEST_ROWS
from harness.review.number import Number
from harness.review.passages import LEAD, Outline, Passage, named, scope_key
from harness.review.prose import Sentence, Table
from harness.review.ranges import Range, agrees, bounds, judged, said, shown
from harness.review.stated import MEDIAN, SD, counted, means_of, spreads_in

PARTIAL = re.compile(r"\b(?:top|best|worst|bottom|select\w*|sample|example\w*|representative|subset|excerpt|highlights)\b", re.IGNORECASE)
REST = re.compile(r"\.\.\.|…|\bothers?\b|\bremaining\b|\bmean\b|\baverage\b|\btotal\b|\boverall\b|\bmedian\b|\ball\b|\bsum\b", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    table: Table
    place: int
    numbers: tuple[Number, ...]
    whole: bool  # every row has its number, and no row stands for others

    @property
    def name(self) -> str:
        return scope_key(self.table.header[self.place].plain)

    @property
    def address(self) -> str:
        first, last = self.table.rows[0][0].line, self.table.rows[-1][0].line
        return f"lines {first}-{last}, column {self.table.header[self.place].plain}"

    def statistic(self, name: str) -> Range:
        """Of the column, each number anywhere within its rounding."""
        half = max(float(one.step) for one in self.numbers) / 2
        values = np.array([float(one.value) for one in self.numbers])
        value = {
            "mean": lambda: values.mean(), "median": lambda: np.median(values), "maximum": lambda: values.max(), "minimum": lambda: values.min(),
            "range": lambda: values.max() - values.min(), "sample SD": lambda: values.std(ddof=1), "population SD": lambda: values.std(),
        }[name]()  # fmt: skip
        # An SD moves by at most half a step for each number moved so; a range by two halves.
        return float(value) - half * (1 + (name == "range")), float(value) + half * (1 + (name == "range"))


def columns(outline: Outline) -> list[Column]:
    found = []
    for table in outline.prose.tables:
        for place, cell in enumerate(table.header):
            numbers = [row[place].number for row in table.rows]
            known = tuple(one for one in numbers if one is not None)
            if place != table.key_column and len(known) >= FEWEST_ROWS and not re.fullmatch(r"\W*(?:rank|no\.?|id|n|seed)?\W*", cell.plain, re.IGNORECASE):
                whole = len(known) == len(table.rows) and not any(REST.search(table.name(row)) for row in table.rows)
                found.append(Column(table, place, known, whole))
    return found


EXTREMES = (
    ("maximum", re.compile(r"\b(?:[Mm]ax(?:imum)?|[Hh]ighest|[Ll]argest)\b[^\d.;]{0,40}$")),
    ("minimum", re.compile(r"\b(?:[Mm]in(?:imum)?|[Ll]owest|[Ss]mallest)\b[^\d.;]{0,40}$")),
    ("range", re.compile(r"\b[Rr]ange\b[^\d.;]{0,10}$")),
)


def column_claims(outline: Outline) -> Iterator[Claim]:
    known = columns(outline)
    for passage in outline.passages:
        yield from _summary(passage, outline, known)
        yield from _pairs(passage, known)
    yield from _medians(outline, known)


def _summary(passage: Passage, outline: Outline, known: Sequence[Column]) -> Iterator[Claim]:
    """A list of mean, SD, maximum and minimum against the one table of its section that has a column of that name."""
    top = outline.tops[passage.section]
    told = {name: [(one, number) for one in passage.everything for number in named(one, pattern) if number.marker == ""] for name, pattern in EXTREMES}
    means = [(one, number) for one, number in means_of(passage) if number.marker == ""]
    near = [column for column in known if top and outline.tops[column.table.section] == top and column.whole]
    if not near or not means or len({number.value for _, number in means}) != 1:
        return
    sentence, mean = means[0]
    words = set(re.findall(r"[a-z]{4,}", sentence.text[: mean.start].lower()))
    fitting = [column for column in near if words & set(column.name.split()) and {one.unit for one in column.numbers} == {mean.unit}]
    if len(fitting) != 1 or not _may_be_whole(fitting[0], outline, top):
        return
    column = fitting[0]
    claims = [*_judged_column(column, "mean", means, "average")]
    for name, _ in EXTREMES:
        claims += _judged_column(column, name, [(one, number) for one, number in told[name] if number.unit in (mean.unit, "pp", "points")], "derived stat")
    claims += _judged_spread(column, [(one, number) for one, number in spreads_in(passage) if number.unit in (mean.unit, "")])
    # A mean may be weighted, or of more than the table holds. That the extremes are those of the column shows that it is what is summed up.
    same = all(told[name] and all(agrees(number, column.statistic(name)) for _, number in told[name]) for name in ("maximum", "minimum"))
    yield from (one for one in claims if same or one.verdict == "CONFIRMED")


def _may_be_whole(column: Column, outline: Outline, top: int) -> bool:
    """Whether the table may hold all: it is not called a selection, and the section counts no other number of what its rows are."""
    if any(PARTIAL.search(title) for title in outline.prose.path(column.table.section)[-1:]):
        return False
    key = column.table.header[column.table.key_column].plain.lower().rstrip("s")
    return {n for one in outline.sentences[top] for n, noun in counted(one) if key and noun.startswith(key)} <= {len(column.numbers)}


def _judged_column(column: Column, name: str, told: Iterable[tuple[Sentence, Number]], kind: str) -> Iterator[Claim]:
    for sentence, number in told:
        words = re.search(r"\b[Mm]ean [\w ]+[*_]*:\s*$", sentence.text[: number.start]) if name == "mean" else None
        if words and not agrees(number, column.statistic(name)):
            # The name of the mean belongs to the claim: the number may be right of something else.
            reason = f"the mean of {len(column.numbers)} rows is {shown(column.statistic(name))}, the text says {number.text.strip()}"
            place = sentence.place(words.start())
            text = sentence.text[words.start() : number.end]
            yield claim(place.line, place.column, text, kind, "WRONG", reason, column.address)
            continue
        yield judged(said(sentence, number), kind, column.statistic(name), f"the {name} of {len(column.numbers)} rows", column.address)


def _judged_spread(column: Column, told: Iterable[tuple[Sentence, Number]]) -> Iterator[Claim]:
    for sentence, number in told:
        ways = {name: column.statistic(name) for name in ("sample SD", "population SD")}
        fit = next((name for name, computed in ways.items() if agrees(number, computed)), None)
        reason = (
            f"the {fit} of {len(column.numbers)} rows"
            if fit
            else "of the rows the SD is " + " or ".join(f"{sum(one) / 2:.3g} ({name})" for name, one in ways.items())
        )
        yield said(sentence, number).claim("mean±sd", "CONFIRMED" if fit else "WRONG", reason, column.address)


def _pairs(passage: Passage, known: Sequence[Column]) -> Iterator[Claim]:
    """A mean and an SD in one sentence that are both those of one column; WRONG where the mean is that of a column that the sentence names, the SD is not."""
    for sentence in passage.everything:
        sds = [number for number in sentence.numbers if any(number is one for one in named(sentence, SD))]
        others = [number for number in sentence.numbers if number not in sds]
        if len(sds) != 1 or len(others) != 1 or others[0].end > sds[0].start:
            continue
        for column in known:
            fit = next((name for name in ("sample SD", "population SD") if agrees(sds[0], column.statistic(name))), None)
            if fit and agrees(others[0], column.statistic("mean")):
                yield said(sentence, others[0]).claim("average", "CONFIRMED", f"the mean of {len(column.numbers)} rows, their SD agrees too", column.address)
                yield said(sentence, sds[0]).claim("derived stat", "CONFIRMED", f"the {fit} of {len(column.numbers)} rows", column.address)
                break
            told = any(word in sentence.text.lower() for word in re.findall(r"[a-z]{4,}", column.name))
            if not fit and told and column.whole and others[0].value and agrees(others[0], column.statistic("mean")):
                yield from _judged_spread(column, [(sentence, sds[0])])
                break


def _medians(outline: Outline, known: Sequence[Column]) -> Iterator[Claim]:
    """A median against a ranked table that reaches it, though it may not hold the lower rows."""
    for passage in outline.passages:
        told = [(one, number) for one in passage.everything for number in named(one, MEDIAN)]
        if len(told) != 1:
            continue
        for column, size in _ranked(passage, outline, known):
            if {one.unit for one in column.numbers} != {told[0][1].unit}:
                continue
            middle = [column.numbers[place] for place in ({(size - 1) // 2, size // 2})]
            computed = sum(bounds(one)[0] for one in middle) / len(middle), sum(bounds(one)[1] for one in middle) / len(middle)
            yield judged(
                said(*told[0]),
                "derived stat",
                computed,
                f"rank {size // 2 + 1} of {size}" if size % 2 else f"ranks {size // 2}, {size // 2 + 1} of {size}",
                column.address,
            )


def _ranked(passage: Passage, outline: Outline, known: Sequence[Column]) -> Iterator[tuple[Column, int]]:
    """Sorted columns, with the size of what they rank, in the section of the passage or of another passage with the same mean and SD."""
    mine = _summaries(passage)
    tops = {outline.tops[passage.section]} | {outline.tops[other.section] for other in outline.passages if mine and mine & _summaries(other)}
    for column in known:
        top = outline.tops[column.table.section]
        values = [one.value for one in column.numbers]
        key = column.table.header[column.table.key_column].plain.lower().rstrip("s")
        counts = _labelled_counts(outline, top, key)
        if top in tops and key and len(counts) == 1 and values == sorted(values, reverse=True) and column.numbers and _has_rank(column.table):
            size = counts.pop()
            if len(values) > size // 2 and len(values) == len(column.table.rows):
                yield column, size


def _labelled_counts(outline: Outline, top: int, key: str) -> set[int]:
    """`Models tested: 23`."""
    found = set[int]()
    for sentence in outline.sentences[top]:
        label = re.match(rf"{LEAD}[\s*_]*{re.escape(key)}s?\b[^:\d\n]{{0,20}}:[\s*_]*(\d+)\b(?![.,]?\d)", sentence.text, re.IGNORECASE) if key else None
        if label:
            found.add(int(label[1]))
    return found


def _has_rank(table: Table) -> bool:
    return any(re.fullmatch(r"\W*(?:rank|#|no\.?|place)\W*", cell.plain, re.IGNORECASE) for cell in table.header)


def _summaries(passage: Passage) -> set[tuple[Decimal, Decimal]]:
    """Each mean of a passage with each SD."""
    return {(mean.value, sd.value) for _, mean in means_of(passage) for _, sd in spreads_in(passage)}
