"""The statistics that a sentence states by name: test statistics, means with SDs, counts, intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.review.number import Number
from harness.review.passages import JOINT, N_NAME, Passage, named
from harness.review.prose import Sentence
from harness.review.ranges import Range, bounds

# Names of statistics as they stand before a number; the first group, where there is one, holds degrees of freedom.
T = re.compile(r"(?<![A-Za-z])t(?:[- ](?:stat\w*|value))?\s*(?:\(\s*(?P<df>\d+(?:\.\d+)?)\s*\))?[\s*_`]*[=:≈][\s*_`]*$")
Z = re.compile(r"(?<![A-Za-z])[zZ](?:[- ](?:stat\w*|score|value))?[\s*_`]*[=:≈][\s*_`]*$")
F = re.compile(r"(?<![A-Za-z])F\s*\(\s*(?P<df>\d+)\s*,\s*(?P<df2>\d+(?:\.\d+)?)\s*\)[\s*_`]*=[\s*_`]*$")
CHI = re.compile(r"(?:χ²|χ2|χ\^2|[Cc]hi-?(?:2|squared?))\s*\(\s*(?P<df>\d+)[^()]{0,15}\)[\s*_`]*=[\s*_`]*$")
RHO = re.compile(r"(?:ρ|\brho|[Ss]pearman['’]?s?(?: r)?|\br_?s)[\s*_`]*[=:≈][\s*_`]*$")
R = re.compile(r"(?<![A-Za-z²])r\s*(?:\(\s*(?P<df>\d+)\s*\))?[\s*_`]*[=:≈][\s*_`]*$")
D = re.compile(r"(?:[Cc]ohen['’]?s?\s+|(?<![A-Za-z]))d(?:_?z)?[\s*_`]*(?:\([a-z ]+\))?[\s*_`]*[=:≈][\s*_`]*$")
SD = re.compile(r"(?:\bSD|\b[Ss]td\.?(?: dev\w*)?|[Ss]tandard [Dd]eviations?|\bs\.d\.|σ)\**" + JOINT)
MEAN = re.compile(r"\b(?:[Mm]ean|[Aa]verage)\b(?![^\d]*\b(?:difference|diff)\b)[^\d.;]{0,40}$")
MEDIAN = re.compile(r"\b[Mm]edian\b[^\d.;]{0,30}$")
DIFFERENCE = re.compile(r"\b(?:[Dd]ifference|[Dd]iff|[Dd]elta)\b[^\d.;]{0,15}$|Δ[\s*_]*[=:][\s*_]*$")
ODDS = re.compile(r"\b(?:[Oo]dds [Rr]atio|OR)\b" + JOINT)
INTERVAL_NAME = re.compile(r"\bCIs?\b|confidence interval|credible interval", re.IGNORECASE)
LEVEL = re.compile(r"\b(9\d(?:\.\d)?|80|68)\s*%\s*(?:\w+ )?(?:CI|confidence)", re.IGNORECASE)
COUNTED = re.compile(r"\s*\*{0,2}\s+(?:[\w-]+\s+){0,2}?(?P<noun>[A-Za-z-]+s)\b")
NO_UNITS = {
    "iterations", "permutations", "resamples", "shuffles", "draws", "tokens", "steps", "epochs", "minutes",
    "hours", "seconds", "days", "mins", "hrs", "years", "points", "levels",
}  # fmt: skip


@dataclass(frozen=True)
class Interval:
    low: Number
    high: Number
    start: int
    end: int

    @property
    def centre(self) -> Range:
        (a, b), (c, d) = bounds(self.low), bounds(self.high)
        return (a + c) / 2, (b + d) / 2

    @property
    def half(self) -> Range:
        (a, b), (c, d) = bounds(self.low), bounds(self.high)
        return max(0.0, (c - b) / 2), (d - a) / 2


@dataclass(frozen=True)
class Statistic:
    name: str
    number: Number
    df: float | None
    df2: float | None


def statistics_of(sentence: Sentence) -> list[Statistic]:
    found = []
    for number in sentence.numbers:
        before = sentence.text[max(0, number.start - 40) : number.start]
        for name, pattern in (("t", T), ("z", Z), ("F", F), ("chi2", CHI), ("r", R)):
            if match := pattern.search(before):
                groups = match.groupdict()
                found.append(Statistic(name, number, *(float(groups[key]) if groups.get(key) else None for key in ("df", "df2"))))
                break
    return found


def level_of(text: str) -> float:
    found = LEVEL.search(text)
    return float(found[1]) / 100 if found else 0.95


def intervals(sentence: Sentence) -> list[Interval]:
    """Two numbers in brackets, or after the name of an interval."""
    return list(intervals_in(sentence.text, sentence.numbers))


def intervals_in(text: str, numbers: Sequence[Number]) -> Iterator[Interval]:
    for low, high in pairwise(numbers):
        if not re.fullmatch(r"\s*(?:,|;|to|–|—|-|−)\s*", text[low.end : high.start]) or low.value > high.value:
            continue
        opened, closed = re.search(r"[\[(]\s*$", text[: low.start]), re.match(r"\s*[\])]", text[high.end :])
        if opened and closed:
            yield Interval(low, high, opened.start(), high.end + closed.end())
        elif INTERVAL_NAME.search(text[max(0, low.start - 12) : low.start]):
            yield Interval(low, high, low.start, high.end)


def counts_of(sentence: Sentence) -> Iterator[tuple[Number, Number]]:
    """k/n of a sentence."""
    for k, n in zip(sentence.numbers, sentence.numbers[1:], strict=False):
        divided = sentence.text[k.end : n.start].strip() == "/" and not k.unit
        if divided and k.count is not None and n.count is not None and n.count >= max(k.count, 2):
            yield k, n


def counted(sentence: Sentence) -> Iterator[tuple[int, str]]:
    """`15 frontier models`: whole numbers with the plural they count."""
    for number in sentence.numbers:
        noun = COUNTED.match(sentence.text[number.end :])
        if noun and (number.count or 0) >= 2 and not number.unit and number.marker == "" and noun["noun"].lower() not in NO_UNITS:
            yield int(number.value), noun["noun"].lower()


def sizes_of(sentence: Sentence) -> list[int]:
    """The N of a sentence, two or more."""
    return [count for one in named(sentence, N_NAME) if (count := one.count or 0) >= 2]


def means_of(passage: Passage) -> list[tuple[Sentence, Number]]:
    return [(one, number) for one in passage.everything for number in named(one, MEAN) if next(iter(named(one, SD)), None) is not number]


def spreads_in(passage: Passage) -> list[tuple[Sentence, Number]]:
    """The SDs of a passage: named so, or after ± where `SD` stands beside it."""
    return [pair for one in passage.everything for pair in spreads_of(one)]


def spreads_of(sentence: Sentence) -> list[tuple[Sentence, Number]]:
    """The SDs of a sentence with it."""
    return [(sentence, number) for number in sentence.numbers if number in named(sentence, SD) or _is_spread(sentence.text, number)]


def _is_spread(text: str, number: Number) -> bool:
    after = re.match(r"\s*[*_]*\(?\s*(?:SD|s\.d\.|std)\b", text[number.end :])
    return bool(after and (number.marker == "±" or re.search(r"(?:±|\+/-)\s*$", text[: number.start])))


def means_with_sd(passage: Passage) -> Iterator[tuple[Sentence, Number, Number]]:
    """Mean and SD in one sentence (`11.3% ± 2.6% (SD)`, `54.9 (SD=22.9)`), or the one of each in a list."""
    means, spreads = means_of(passage), spreads_in(passage)
    for sentence, sd in spreads:
        before = [one for one in sentence.numbers if one.end <= sd.start]
        if before and sd.start - before[-1].end < 15:
            yield sentence, before[-1], sd
    if len({one.value for _, one in means}) == 1 and len({one.value for _, one in spreads}) == 1:
        yield spreads[0][0], means[0][1], spreads[0][1]
