"""Intervals of shares and means, held against the counts and SDs that stand beside them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

import numpy as np
from scipy import stats

from harness.review.claims import Claim, claim
from harness.review.number import Number
from harness.review.passages import Outline, Passage, where
from harness.review.prose import Sentence, Table
from harness.review.ranges import Range, bounds, meets
from harness.review.stated import INTERVAL_NAME, NO_UNITS, Interval, counted, counts_of, intervals, intervals_in, level_of, means_with_sd, sizes_of

FEWEST_ROWS = 4
MOST_LOST = 300  # the N that a row may have of its own, as where answers were lost
PLANNED = re.compile(r"\b(?:plan(?:s|ned)?|next|future|projections?|proposed|proposal)\b", re.IGNORECASE)
MOST_N, MOST_SIZES, MOST_MEANS = 100_000, 40, 50  # an exact interval takes a millisecond


@lru_cache(maxsize=10_000)
def _of_counts(k: int, n: int, level: float) -> dict[str, Range]:
    """The usual intervals of a proportion."""
    test = stats.binomtest(k, n)
    p, z = k / n, float(stats.norm.ppf(0.5 + level / 2))
    tail = (1 - level) / 2
    centre, size = (k + z * z / 2) / (n + z * z), n + z * z
    ways = {name: test.proportion_ci(level, name) for name in ("wilson", "exact", "wilsoncc")}
    found = {name: (float(one.low), float(one.high)) for name, one in ways.items()}
    found["normal"] = (p - z * np.sqrt(p * (1 - p) / n), p + z * np.sqrt(p * (1 - p) / n))
    found["Agresti-Coull"] = (centre - z * np.sqrt(centre * (1 - centre) / size), centre + z * np.sqrt(centre * (1 - centre) / size))
    found["Jeffreys"] = (float(stats.beta.ppf(tail, k + 0.5, n - k + 0.5)), float(stats.beta.ppf(1 - tail, k + 0.5, n - k + 0.5)))
    return {name: (max(0.0, low), min(1.0, high)) for name, (low, high) in found.items()}


def _scale(number: Number, other: Number | None = None) -> float:
    """What a proportion is multiplied with where it is told in per cent."""
    return (
        100.0
        if number.unit == "%" or (other is not None and other.unit == "%") or abs(number.value) > 1 or (other is not None and abs(other.value) > 1)
        else 1.0
    )


def intervals_of_counts(passage: Passage) -> Iterator[Claim]:
    """k/n with an interval in the same sentence. Resampled intervals differ, so only what none of the usual comes near is WRONG."""
    for sentence in passage.everything:
        counts, found = list(counts_of(sentence)), intervals(sentence)
        if len(counts) != 1 or len(found) != 1 or found[0].start < counts[0][1].end:
            continue
        if not INTERVAL_NAME.search(sentence.text) and not re.fullmatch(r"\W{1,4}", sentence.text[counts[0][1].end : found[0].start]):
            continue
        (k, n), interval = counts[0], found[0]
        scale = _scale(interval.low, interval.high)
        ways = _of_counts(int(k.value), int(n.value), level_of(sentence.text))
        fit = next((name for name, ends in ways.items() if _meets_ends(interval, ends, scale)), None)
        place = sentence.place(interval.start)
        text = sentence.text[interval.start : interval.end]
        if fit:
            yield claim(place.line, place.column, text, "interval", "CONFIRMED", f"{fit} interval of {k.value}/{n.value}", where(sentence, k))
        elif not any(_near(interval, ends, scale) for ends in ways.values()):
            low, high = ways["wilson"]
            reason = f"{k.value}/{n.value} has a Wilson interval of [{low * scale:.3g}, {high * scale:.3g}], and no usual interval is near"
            yield claim(place.line, place.column, text, "interval", "WRONG", reason, where(sentence, k))


def _meets_ends(interval: Interval, ends: Range, scale: float) -> bool:
    return all(meets(bounds(number), (end * scale, end * scale)) for number, end in zip((interval.low, interval.high), ends, strict=True))


def _near(interval: Interval, ends: Range, scale: float) -> bool:
    room = 0.25 * (ends[1] - ends[0]) * scale
    return all(bounds(number)[0] - room <= end * scale <= bounds(number)[1] + room for number, end in zip((interval.low, interval.high), ends, strict=True))


def intervals_of_tables(outline: Outline) -> list[Claim]:
    sizes = sizes_in(outline)
    found: list[Claim] = []
    for table in outline.prose.tables:
        for place, cell in enumerate(table.header):
            if INTERVAL_NAME.search(cell.plain) and place > 0:
                found += _column_of_intervals(table, place, sizes)
    return found


def sizes_in(outline: Outline) -> list[int]:
    """The counts of a document that may be the N of a proportion, the most often told first."""
    found = Counter[int]()
    for sentence in outline.prose.sentences:
        found.update(int(n.value) for _, n in counts_of(sentence))
        found.update(sizes_of(sentence))
        found.update(n for n, _ in counted(sentence))
    for cell in (cell for table in outline.prose.tables for row in table.rows for cell in row if len(cell.numbers) > 1):
        if re.match(r"\s*\d+\s*/\s*\d+", cell.plain) and cell.numbers[1].count:
            found[cell.numbers[1].count] += 1
    return [one for one, _ in found.most_common() if 2 <= one <= MOST_N][:MOST_SIZES]


def _column_of_intervals(table: Table, place: int, sizes: Sequence[int]) -> Iterator[Claim]:
    """The N and method that give nearly all intervals of a column; a row they do not give is WRONG."""
    rows = []
    for row in table.rows:
        ends = list(intervals_in(row[place].text, row[place].numbers))
        share = row[place - 1].number
        if len(ends) == 1 and share is not None:
            rows.append((row, ends[0], share))
    if len(rows) < FEWEST_ROWS:
        return
    best: tuple[int, int, str, list[bool]] = (0, 0, "", [])
    for n in sizes:
        for name in ("wilson", "exact", "normal", "Jeffreys", "Agresti-Coull"):
            fits = [row_fits(share, interval, n, name) for _, interval, share in rows]
            if sum(fits) > best[0]:
                best = (sum(fits), n, name, fits)
    if best[0] < FEWEST_ROWS or best[0] < 0.75 * len(rows):
        return
    for (row, interval, share), fit in zip(rows, best[3], strict=True):
        cell = row[place]
        text, column = cell.text[interval.start : interval.end], cell.column + interval.start
        if fit:
            reason = f"the {best[2]} interval of {share.text.strip()} of N = {best[1]}"
            yield claim(cell.line, column, text, "interval", "CONFIRMED", reason, f"line {cell.line}")
        elif not any(row_fits(share, interval, n, best[2]) for n in (*sizes, *range(2, MOST_LOST))):
            reason = f"neither N = {best[1]}, which gives the others of this column, nor another gives this interval of {share.text.strip()}"
            yield claim(cell.line, column, text, "interval", "WRONG", reason, f"line {cell.line}")


def row_fits(share: Number, interval: Interval, n: int, name: str) -> bool:
    """Whether an interval is that of a share of n, by one of the usual ways."""
    scale = _scale(share)
    k = round(float(share.value) / scale * n)
    if not 0 <= k <= n or not meets(bounds(share), (k / n * scale, k / n * scale)):
        return False
    ends = _of_counts(k, n, 0.95)[name]
    return _meets_ends(interval, ends, _scale(interval.low, interval.high))


def interval_words(passage: Passage) -> Iterator[Claim]:
    """`The CI includes zero`, `the CIs do not overlap`, held against the intervals of the passage."""
    known = [(one, interval) for one in passage.everything for interval in intervals(one)]
    for sentence in passage.everything:
        for found in re.finditer(r"\bCI (?P<how>includes|contains|crosses|spans|excludes|does not (?:include|contain|cross))\s+(?:zero|0)\b", sentence.text):
            if len(known) == 1:
                inside = known[0][1].low.value <= 0 <= known[0][1].high.value
                stated = not re.match(r"excl|does not", found["how"])
                yield _words(sentence, found, inside == stated, f"the interval is [{known[0][1].low.value}, {known[0][1].high.value}]", where(known[0][0]))
        for found in re.finditer(r"\b(?:CIs|intervals) (?P<how>do not overlap|overlap)\b|\b(?P<non>non-?overlapping) (?:CIs|intervals)\b", sentence.text):
            if len(known) == 2:
                (_, a), (_, b) = known
                apart = a.high.value < b.low.value or b.high.value < a.low.value
                stated = bool(found["non"]) or "not" in (found["how"] or "")
                yield _words(sentence, found, apart == stated, f"[{a.low.value}, {a.high.value}] and [{b.low.value}, {b.high.value}]", where(known[0][0]))


def _words(sentence: Sentence, found: re.Match[str], right: bool, reason: str, address: str) -> Claim:
    name = next(name for name, value in found.groupdict().items() if value)
    place = sentence.place(found.start(name))
    return claim(place.line, place.column, found[name], "quantifier", "CONFIRMED" if right else "WRONG", reason, address)


@dataclass(frozen=True)
class Counts:
    """What may be the N of a mean: every whole number of its section, the counts with a noun there, those of the document (plans left out)."""

    here: set[int]
    counted: set[int]
    everywhere: set[int]


def _counts_by_top(outline: Outline) -> dict[int, Counts]:
    done = [one for one in outline.prose.sentences if not PLANNED.search(" ".join(outline.prose.path(one.section)))]
    everywhere = {n for one in done for n in _counts_in(one)}
    found = {}
    for top, below in outline.sentences.items():
        here = {int(number.value) for one in below for number in one.numbers if _may_count(one, number)}
        found[top] = Counts(here, {n for one in below for n in _counts_in(one)}, everywhere)
    return found


def _counts_in(sentence: Sentence) -> Iterator[int]:
    """Counts with a noun, n = …, and products of two counts (`15 models × 20 prompts`)."""
    yield from (n for n, _ in counted(sentence))
    yield from sizes_of(sentence)
    for a, b in pairwise(sentence.numbers):
        if 0 < (a.count or 0) * (b.count or 0) < 10**9 and re.fullmatch(r"\s*(?:[A-Za-z-]+\s+){0,3}[×x*]\s*", sentence.text[a.end : b.start]):
            yield int(a.value * b.value)


def intervals_of_means(outline: Outline) -> Iterator[Claim]:
    """Intervals around a mean, against the SD told of that mean and the counts of its section."""
    told = defaultdict[int, list[tuple[Sentence, Number, Number]]](list)
    for passage in outline.passages:
        below = told[outline.tops[passage.section]]
        below += islice(means_with_sd(passage), MOST_MEANS - len(below))
    counts = _counts_by_top(outline)
    for passage in outline.passages:
        top = outline.tops[passage.section]
        for sentence in passage.everything if told[top] else []:
            for interval in intervals(sentence):
                if INTERVAL_NAME.search(sentence.text) or INTERVAL_NAME.search(passage.label):
                    spreads = {(mean.value, sd.value): (one, sd) for one, mean, sd in told[top] if _centred(interval, mean)}
                    if len(spreads) == 1:
                        source, sd = next(iter(spreads.values()))
                        yield from _interval_of_mean(sentence, interval, where(source, sd), sd, level_of(sentence.text + passage.label), counts[top])


def _interval_of_mean(sentence: Sentence, interval: Interval, address: str, sd: Number, level: float, counts: Counts) -> Iterator[Claim]:
    """By the one n of the sentence, else CONFIRMED by the one count that gives it, WRONG where no count of the section or the document does."""
    own = set(sizes_of(sentence))
    likely = own if len(own) == 1 else counts.everywhere | counts.counted
    fits = {n for n in likely if _gives(n, sd, interval, level)}
    place, text = sentence.place(interval.start), sentence.text[interval.start : interval.end]
    if len(fits) == 1:
        reason = f"mean ± t or 1.96 × {sd.value}/sqrt({next(iter(fits))})"
        yield claim(place.line, place.column, text, "interval", "CONFIRMED", reason, address)
    elif not fits and (own or (counts.counted and not any(_gives(n, sd, interval, level) for n in counts.here))):
        implied = (float(stats.norm.ppf(0.5 + level / 2)) * float(sd.value) / max(1e-12, sum(interval.half) / 2)) ** 2
        reason = f"an SD of {sd.value} gives this width for N = {implied:,.0f} or so, and no count of the section is near"
        yield claim(place.line, place.column, text, "interval", "WRONG", reason, address)


def _centred(interval: Interval, mean: Number) -> bool:
    return meets(interval.centre, bounds(mean)) and mean.unit == interval.high.unit and interval.high.value > interval.low.value


def _may_count(sentence: Sentence, number: Number) -> bool:
    noun = re.match(r"\s*([a-z]+)", sentence.text[number.end :])
    return (number.count or 0) >= 2 and not number.unit and not (noun and noun[1] in NO_UNITS)


def _gives(n: int, sd: Number, interval: Interval, level: float) -> bool:
    normal, student = float(stats.norm.ppf(0.5 + level / 2)), float(stats.t.ppf(0.5 + level / 2, n - 1))
    low, high = bounds(sd)
    return meets((0.99 * normal * max(0.0, low) / np.sqrt(n), 1.01 * student * high / np.sqrt(n)), interval.half)
