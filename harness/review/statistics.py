"""Statistics that a text states, computed again from what stands beside them: p values, effect sizes, intervals, means and spreads, durations.

What is WRONG no operand within its own rounding can give. Where the text leaves open what belongs together, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import numpy as np

from harness.review.claims import UNTESTED, Claim, claim
from harness.review.columns import column_claims
from harness.review.effects import against_baseline, fisher, paired, two_groups, two_proportions
from harness.review.intervals import interval_words, intervals_of_counts, intervals_of_means, intervals_of_tables
from harness.review.p_of_tests import impossible_p, p_of_ranks, p_of_rows, p_of_statistics, significance_words
from harness.review.passages import Outline, Passage, named, where
from harness.review.prose import Prose, Sentence
from harness.review.ranges import bounds, image, judged, once, said
from harness.review.stated import means_of, spreads_in

VARIATION = re.compile(r"\b(?:[Cc]oefficient of [Vv]ariation|CV)\b[^\d.;]{0,10}$")
TIMES = re.compile(
    r"(?:(?P<d1>\d{4}-\d\d-\d\d)[ T])?\b(?P<a>\d\d?:\d\d(?::\d\d)?)\s*(?:to|until|-|–|—|→"
    r"|->)\s*(?:(?P<d2>\d{4}-\d\d-\d\d)[ T])?(?P<b>\d\d?:\d\d(?::\d\d)?)[^\d\n]{0,12}"
)
PERIODS = (
    ("hours", re.compile(r"\s*(?:hours?|hrs?|h)\b"), 3600),
    ("minutes", re.compile(r"\s*(?:minutes?|mins?|m)\b"), 60),
    ("seconds", re.compile(r"\s*(?:seconds?|secs?|s)\b"), 1),
)


def statistics_claims(prose: Prose) -> list[Claim]:
    """The statistics of a document that what stands beside them decides. Times: a few milliseconds a passage."""
    found: list[Claim] = []
    outline = Outline(prose)
    for passage in outline.passages:
        for sentence in passage.everything:
            found += [
                *p_of_statistics(sentence, passage, outline),
                *p_of_ranks(sentence, passage, outline),
                *_durations(sentence),
                *significance_words(sentence, outline.alpha),
                *impossible_p(sentence),
                *_vague(sentence),
            ]
        found += [
            *paired(passage, outline),
            *two_groups(passage, outline),
            *against_baseline(passage, outline),
            *two_proportions(passage, outline),
            *_variation(passage),
            *interval_words(passage),
            *intervals_of_counts(passage),
        ]
    found += [one for table in outline.prose.tables for one in p_of_rows(table, outline)]
    found += intervals_of_tables(outline)
    found += fisher(outline)
    found += column_claims(outline)
    found += intervals_of_means(outline)
    return once(found)


def _variation(passage: Passage) -> Iterator[Claim]:
    """The coefficient of variation from the one mean and the one SD of the passage."""
    stated = [(one, number) for one in passage.everything for number in named(one, VARIATION)]
    means, sds = means_of(passage), spreads_in(passage)
    if len(stated) == 1 and len({one.value for _, one in means}) == 1 and len({one.value for _, one in sds}) == 1:
        scale = 100 if stated[0][1].unit == "%" else 1
        computed = image(lambda sd, mean: scale * sd / mean if mean else np.inf, bounds(sds[0][1]), bounds(means[0][1]))
        yield judged(said(*stated[0]), "derived stat", computed, f"{sds[0][1].text.strip()}/{means[0][1].text.strip()}", where(means[0][0]))


def _vague(sentence: Sentence) -> Iterator[Claim]:
    """`d >> 1.0` states no value."""
    for found in re.finditer(r"(?P<all>\b[A-Za-z]+\s*(?:>>|≫|<<|≪)\s*\d+(?:\.\d+)?)", sentence.text):
        place = sentence.place(found.start())
        yield claim(place.line, place.column, found[0], "effect size", "UNSUPPORTED", f"{UNTESTED}: no value is told", "")


def _durations(sentence: Sentence) -> Iterator[Claim]:
    """`22:46:33 to 23:14:41 (28 minutes)`."""
    for found in TIMES.finditer(sentence.text):
        number = next((one for one in sentence.numbers if one.digits_at >= found.end() - 1 and one.start - found.end() < 3), None)
        period = next(((name, size) for name, pattern, size in PERIODS if number and pattern.match(sentence.text[number.end :])), None)
        if number is None or period is None:
            continue
        dated = bool(found["d1"] and found["d2"])
        start, end = (_moment(found[day] if dated else "2000-01-01", found[time]) for day, time in (("d1", "a"), ("d2", "b")))
        if start is None or end is None:
            continue
        seconds = (end - start).total_seconds()
        seconds += 86_400 * (seconds < 0 and not dated)
        room = 0 if found["a"].count(":") == 2 else 60
        yield judged(
            said(sentence, number),
            "derived stat",
            ((seconds - room) / period[1], (seconds + room) / period[1]),
            f"{found['a']} to {found['b']} in {period[0]}",
            where(sentence),
        )


def _moment(day: str, time: str) -> datetime | None:
    """None for a day or time that there is not, such as 30 February."""
    try:
        return datetime.fromisoformat(f"{day} {time.zfill(8 if time.count(':') == 2 else 5)}")
    except ValueError:
        return None
