"""Ranges, "every", and superlatives as predicates over the columns of a table or the lines of a list; the message names the counterexample."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from harness.review.arithmetic import DIFFERENT, told
from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.labelled_lines import Labelled, labelled_lines
from harness.review.number import Number
from harness.review.prose import Prose, Sentence, Table
from harness.review.results import words_of
from harness.review.word_binding import STATISTICS

RANGE = re.compile(r"\s*(?:\([^()]{1,40}\)\s*)?(?:[-–—]|to|through|\.\.)\s*")
BETWEEN = re.compile(r"\s*and\s*")
EVERY = re.compile(r"\b(?:all|every|each|no|none|any|across the (?:board|entire)|(\d{1,4})/\1(?!\d))\b", re.IGNORECASE)
SPANS = re.compile(r"\b(?:rang(?:es?|ed|ing)|span(?:s|ned)?|var(?:y|ies|ied)|l(?:ies?|ay))\s+(?:\w+\s+){0,3}?(?:from|between)\b", re.IGNORECASE)
EXTREMES = {
    "max": re.compile(r"\b(?:highest|largest|greatest|biggest|maximum|max|strongest)\b", re.IGNORECASE),
    "min": re.compile(r"\b(?:lowest|smallest|minimum|min|fewest|weakest)\b", re.IGNORECASE),
}
FIRST = re.compile(r"\b(top|first|bottom|last)\s+(\d{1,9})\b", re.IGNORECASE)
THROUGH = re.compile(r"\b([\w.-]+)\s+(?:through|to|–|-)\s+([\w.-]+)\b")
SHORT = frozenset(["p", "n", "t", "r", "z", "d", "sd", "se", "ci", "df"])  # headers that say nothing of what is meant
FEWEST = 3  # values of a series that say something of all of it


@dataclass(frozen=True)
class Series:
    """The values of a column, or of the lines of a list, each with its name; `words` are those of its header and titles."""

    names: tuple[str, ...]
    numbers: tuple[Number, ...]
    lines: tuple[int, ...]
    words: frozenset[str]
    title: str
    section: int
    header: frozenset[str] = frozenset()

    def part(self, first: str, last: str) -> Series | None:
        """From one name to another; None where one is not there."""
        plain = [name.lower().strip() for name in self.names]
        if first.lower() not in plain or last.lower() not in plain:
            return None
        start, end = sorted((plain.index(first.lower()), plain.index(last.lower())))
        return self.cut(slice(start, end + 1))

    def only(self, places: Sequence[int]) -> Series:
        """The values at some places."""
        numbers, lines = tuple(self.numbers[place] for place in places), tuple(self.lines[place] for place in places)
        return replace(self, names=tuple(self.names[place] for place in places), numbers=numbers, lines=lines)

    def is_named(self, words: frozenset[str]) -> bool:
        """Whether all words of its header are among some words, and say what is meant."""
        return bool(self.header - SHORT) and self.header <= words

    def cut(self, rows: slice) -> Series:
        return replace(self, names=self.names[rows], numbers=self.numbers[rows], lines=self.lines[rows])


def series_of(prose: Prose) -> list[Series]:
    """All columns of numbers, and all lists whose lines state one each."""
    found = [one for table in prose.tables for one in (*columns_of(table, prose), *parts_of(table, prose))]
    for lines in chain.from_iterable(map(runs_of, labelled_lines(prose))):
        for unit in {line.stated.number.unit for line in lines}:
            same = [line for line in lines if line.stated.number.unit == unit]
            if len(same) >= FEWEST:
                section = next((one.section for one in prose.sentences if one.starts[0][1] == same[0].stated.line), 0)
                names = tuple(line.label for line in same)
                found.append(
                    Series(
                        names,
                        tuple(line.stated.number for line in same),
                        tuple(line.stated.line for line in same),
                        frozenset(words_of(" ".join(prose.path(section)))),
                        f"lines {same[0].stated.line} to {same[-1].stated.line}",
                        section,
                    )
                )
    return found


def runs_of(lines: Sequence[Labelled]) -> Iterator[list[Labelled]]:
    """The lines of a list that stand below each other, without those of statistics: they are no values of one kind."""
    run: list[Labelled] = []
    for line in lines:
        if run and line.stated.line > run[-1].stated.line + 1:
            yield run
            run = []
        if STATISTICS.isdisjoint(line.words) and "mean" not in line.words:
            run.append(line)
    yield run


def columns_of(table: Table, prose: Prose) -> Iterator[Series]:
    titles = words_of(" ".join(prose.path(table.section)))
    for place, head in enumerate(table.header):
        rows = [(row, number) for row in table.rows if (number := row[place].number) is not None]
        if len(rows) >= FEWEST:
            yield Series(
                tuple(table.name(row) for row, _ in rows),
                tuple(number for _, number in rows),
                tuple(row[place].line for row, _ in rows),
                frozenset((*words_of(head.plain), *titles)),
                f"column {head.plain}",
                table.section,
                frozenset(words_of(head.plain)),
            )


def parts_of(table: Table, prose: Prose) -> Iterator[Series]:
    """Of each column the rows of one kind, as another column tells it: `held-out` of `role`."""
    for kinds in range(len(table.header)):
        cells = [row[kinds] for row in table.rows]
        counts = Counter(cell.plain.lower() for cell in cells if cell.plain and cell.number is None)
        if kinds == table.key_column or len(counts) < 2 or sum(counts.values()) < len(cells) or max(counts.values()) < FEWEST:
            continue
        for kind in (one for one, count in counts.items() if count >= FEWEST):
            rows = tuple(row for row, cell in zip(table.rows, cells, strict=True) if cell.plain.lower() == kind)
            for one in columns_of(replace(table, rows=rows), prose):
                words = frozenset(words_of(kind))
                yield replace(one, words=one.words | words, header=one.header | words, title=f"{one.title}, {kind}")


def predicate_claims(prose: Prose) -> list[Claim]:
    series = series_of(prose)
    found = []
    for sentence in prose.sentences:
        nearby = sorted((one for one in series if related(one, sentence, prose)), key=lambda one: abs(one.section - sentence.section))
        found += [*range_claims(sentence, nearby), *superlative_claims(sentence, nearby)]
    return found


def related(series: Series, sentence: Sentence, prose: Prose) -> bool:
    """Whether they stand below one heading of the second level, or speak of the same."""
    ours, theirs = prose.path(sentence.section), prose.path(series.section)
    words = frozenset(words_of(sentence.plain))
    return ours[:2] == theirs[:2] or len(words & series.words) > 1 or bool(words & series.header)


def rounds_to(value: Number, number: Number) -> bool:
    """Whether a value of the series is told by a number of the text: equal at the coarser of their steps, sign aside where the text has none."""
    slack = float(max(value.step, number.step)) / 2 if number.step > value.step else 0.0
    slack = max(slack, 0.05 * abs(float(number.value)) if number.marker == "~" else 0.0) + 1e-9
    pairs = [(float(value.value), float(number.value))]
    if not number.signed:
        pairs.append((abs(float(value.value)), abs(float(number.value))))
    return any(abs(one - other) <= slack for one, other in pairs)


def range_claims(sentence: Sentence, nearby: Sequence[Series]) -> Iterator[Claim]:
    """`from -17.1 to +25.0`, `(3.0 % - 14.1 %)`: the ends of some series, or of a part of it that the sentence names."""
    for left, right in pairwise(sentence.numbers):
        gap = sentence.text[left.end : right.start]
        between = BETWEEN.fullmatch(gap) and re.search(r"\bbetween\s*$", sentence.text[: left.start])
        if not (RANGE.fullmatch(gap) or between) or left.value == right.value:
            continue
        low, high = sorted((left, right), key=lambda number: number.value)
        at = sentence.place(left.start)
        words = sentence.text[left.start : right.end]
        series = [part for one in nearby for part in (*named_parts(one, sentence), one, *of_one_sign(one, low, high))]
        whole = next((one for one in series if ends(one, low, high) == (True, True)), None)
        if whole is not None:
            beyond = rounded_outward(whole, low, high)
            verdict: ClaimVerdict = "OVERCLAIMED" if beyond else "CONFIRMED"
            yield claim(at.line, at.column, words, "range", verdict, beyond, whole.title, right.end - left.start)
            continue
        clause = sentence.text[sentence.text.rfind(";", 0, left.start) + 1 :].split(";")[0]
        moved = {low.unit, high.unit} & {"pp", "points"}
        all_of = [one for one in series if EVERY.search(clause) and speaks_of_all(one, sentence) and (not moved or is_difference(one))]
        half = next((one for one in all_of if any(ends(one, low, high))), None)
        if half is not None:
            outside = counterexample(half, low, high)
            if outside:
                yield claim(at.line, at.column, words, "range", "WRONG", outside, half.title, right.end - left.start)
                every = EVERY.search(sentence.text)
                if every:
                    place = sentence.place(every.start())
                    yield claim(place.line, place.column, every[0], "all", "WRONG", outside, half.title)
        elif (spanned := next((one for one in series if is_spanned(one, sentence, low, high)), None)) is not None:
            yield claim(at.line, at.column, words, "range", "WRONG", extremes_of(spanned), spanned.title, right.end - left.start)


def is_spanned(series: Series, sentence: Sentence, low: Number, high: Number) -> bool:
    """Whether a sentence says that a series ranges from one of its ends to what none of its values is. With two of its values, a part of it is meant."""
    named = not series.header.isdisjoint(words_of(sentence.plain))
    there = [any(rounds_to(value, end) for value in series.numbers) for end in (low, high)]
    return named and SPANS.search(sentence.text) is not None and any(ends(series, low, high)) and not all(there)


def extremes_of(series: Series) -> str:
    least, most = (pick(range(len(series.numbers)), key=lambda at: series.numbers[at].value) for pick in (min, max))
    first, last = (f"{series.names[at]} has {told(series.numbers[at])} (line {series.lines[at]})" for at in (least, most))
    return f"{first}, {last}"


def named_parts(series: Series, sentence: Sentence) -> Iterator[Series]:
    for found in THROUGH.finditer(sentence.text):
        part = series.part(found[1], found[2])
        if part is not None:
            yield part
    for found in FIRST.finditer(sentence.text):
        count, top = int(found[2]), found[1].lower() in ("top", "first")
        if FEWEST <= count < len(series.names):
            yield series.cut(slice(None, count) if top else slice(-count, None))


def of_one_sign(series: Series, low: Number, high: Number) -> Iterator[Series]:
    """The values of a series that rose, or fell, where both ends of a range say that they did."""
    if low.signed and high.signed and (low.value > 0) == (high.value > 0):
        kept = [place for place, number in enumerate(series.numbers) if (number.value > 0) == (low.value > 0) and number.value]
        if FEWEST <= len(kept) < len(series.numbers):
            yield series.only(kept)


def rounded_outward(series: Series, low: Number, high: Number) -> str:
    """What a coarser range claims beyond its column; "" for one that says that it is rough."""
    least, most = min(series.numbers, key=lambda one: one.value), max(series.numbers, key=lambda one: one.value)
    if low.marker == "~" or high.marker == "~" or not (low.signed or high.signed):
        return ""
    if (high.step > most.step and high.value > most.value) or (low.step > least.step and low.value < least.value):
        return f"rounded outward: the values go from {told(least)} to {told(most)}"
    return ""


def ends(series: Series, low: Number, high: Number) -> tuple[bool, bool]:
    """Whether the least and the greatest value of a series are told by these, in size where the text gives no signs."""
    size = (lambda number: abs(number.value)) if not (low.signed or high.signed) and low.value >= 0 else (lambda number: number.value)
    numbers = sorted(series.numbers, key=size)
    return rounds_to(numbers[0], low), rounds_to(numbers[-1], high)


def speaks_of_all(series: Series, sentence: Sentence) -> bool:
    """Whether a sentence says "every", or the like, of a series: it names a part of it, or has a word of it."""
    return bool(EVERY.search(sentence.text)) and (any(named_parts(series, sentence)) or not series.words.isdisjoint(words_of(sentence.plain)))


def is_difference(series: Series) -> bool:
    """Whether a series is one of differences: by its name, or as all of it has signs."""
    return DIFFERENT.search(series.title) is not None or all(number.signed or number.value == 0 for number in series.numbers)


def counterexample(series: Series, low: Number, high: Number) -> str:
    """The first value outside of the range, "" where there is none."""
    size = abs if not (low.signed or high.signed) and low.value >= 0 else (lambda value: value)
    for name, number, line in zip(series.names, series.numbers, series.lines, strict=True):
        value = size(number.value)
        if value < low.value - low.step / 2 or value > high.value + high.step / 2:
            return f"{name} is {told(number)} (line {line}, {series.title})"
    return ""


def superlative_claims(sentence: Sentence, nearby: Sequence[Series]) -> Iterator[Claim]:
    """`highest (22.1 %)`: the number is the extreme of a series, whose name the sentence may say."""
    for end, pattern in EXTREMES.items():
        for found in pattern.finditer(sentence.text):
            number = next((one for one in sentence.numbers if 0 <= one.start - found.end() <= 40), None) or next(
                (one for one in reversed(sentence.numbers) if 0 <= found.start() - one.end <= 3), None
            )
            if number is None or (number.step == 1 and not number.unit):
                continue
            at = sentence.place(found.start())
            for series in nearby:
                place = next((place for place, one in enumerate(series.numbers) if one.unit == number.unit and rounds_to(one, number)), None)
                if place is None or not said(series.names[place], sentence):
                    continue
                extreme = (max if end == "max" else min)(series.numbers, key=lambda one: one.value)
                if rounds_to(extreme, number):
                    yield claim(at.line, at.column, found[0], "superlative", "CONFIRMED", "", series.title)
                else:
                    name = series.names[series.numbers.index(extreme)]
                    yield claim(at.line, at.column, found[0], "superlative", "WRONG", f"{name} has {told(extreme)} ({series.title})", series.title)
                break


def named_in(text: str, name: str) -> re.Match[str] | None:
    """Where a text has a name as it is written, small and capital letters aside."""
    if len(name) < 2 or name.lower() not in text.lower():  # most are not there, and a search is dear
        return None
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)


def said(name: str, sentence: Sentence) -> bool:
    """Whether most words of a name stand in a sentence."""
    words = frozenset(words_of(name))
    return bool(words) and len(words & frozenset(words_of(sentence.plain))) * 2 > len(words)
