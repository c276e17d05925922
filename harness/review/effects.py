"""Test statistics and effect sizes from the figures of the groups: paired and independent means, two proportions, Fisher's test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from scipy import stats

from harness.review.claims import UNTESTED, Claim, claim
from harness.review.intervals import row_fits, sizes_in
from harness.review.number import Number
from harness.review.p_of_tests import ONE_SIDED
from harness.review.passages import Outline, Passage, named, p_values, where
from harness.review.prose import Sentence
from harness.review.ranges import Range, agrees, bounds, image, judged, meets, said, shown
from harness.review.stated import (
    DIFFERENCE,
    INTERVAL_NAME,
    ODDS,
    SD,
    D,
    Interval,
    Statistic,
    counts_of,
    intervals,
    level_of,
    means_with_sd,
    sizes_of,
    statistics_of,
)

FAR = 5  # times a statistic, from which on another is not computed from the same
PAIRED = re.compile(r"\bpaired|one-sample|single-sample|within-", re.IGNORECASE)

BASELINE = re.compile(r"\b(?:baseline|chance|null|reference)\b[^\d.;]{0,15}$", re.IGNORECASE)
MOST_PASSAGES = 100


def two_groups(passage: Passage, outline: Outline) -> Iterator[Claim]:
    """t of two independent groups from their means, SDs and n (Welch's or pooled), and d."""
    title = outline.prose.headings[passage.section].title
    if not re.search(r"\bWelch|independent|two-sample|unpaired|Student", title + passage.text) or PAIRED.search(title + passage.text):
        return
    groups = [(one, mean, sd) for one, mean, sd in means_with_sd(passage) if not DIFFERENCE.search(one.text[: mean.start])]
    sizes = [sizes_of(one) for one, _, _ in groups]
    tests = [(one, statistic.number) for one in passage.everything for statistic in statistics_of(one) if statistic.name == "t"]
    if len(groups) != 2 or len(tests) != 1 or groups[0][0] is groups[1][0] or any(len(one) != 1 for one in sizes):
        return
    (source, m1, s1), (_, m2, s2) = groups
    n1, n2 = sizes[0][0], sizes[1][0]
    ways = (
        lambda a, b, c, d: abs(a - b) / np.sqrt(c * c / n1 + d * d / n2),
        lambda a, b, c, d: abs(a - b) / np.sqrt(((n1 - 1) * c * c + (n2 - 1) * d * d) / (n1 + n2 - 2) * (1 / n1 + 1 / n2)),
    )
    computed = [image(way, bounds(m1), bounds(m2), bounds(s1), bounds(s2)) for way in ways]
    sentence, t = tests[0]
    size = replace(t, value=abs(t.value))
    fit = next((one for one in computed if agrees(size, one)), None)
    reason = f"means {m1.value} and {m2.value}, SDs {s1.value} and {s2.value}, n {n1} and {n2} give |t| = {shown(fit or computed[0])}"
    yield said(sentence, t).claim("test statistic", "CONFIRMED" if fit else "WRONG", reason, where(source, m1))


def against_baseline(passage: Passage, outline: Outline) -> Iterator[Claim]:
    """`d = -2.1 (vs. a baseline of 50)` from the one mean with its SD below the same top section. Another SD may be meant, so another d is only not shown."""
    for sentence in passage.everything:
        found = [(d, one) for d in named(sentence, D) for one in sentence.numbers if one.start > d.end and BASELINE.search(sentence.text[d.end : one.start])]
        if len(found) != 1:
            continue
        below = (other for other in outline.passages if outline.tops[other.section] == outline.tops[passage.section])
        told = {(mean.value, sd.value): (mean, sd, one) for other in islice(below, MOST_PASSAGES) for one, mean, sd in means_with_sd(other)}
        if len(told) == 1:
            (d, base), (mean, sd, source) = found[0], next(iter(told.values()))
            scale = 100 if mean.unit == "%" and base.unit == "" and abs(base.value) <= 1 else 1
            computed = image(lambda m, s, b, scale=scale: (m - scale * b) / s if s > 0 else np.inf, bounds(mean), bounds(sd), bounds(base))
            how = f"({mean.text.strip()} - {base.text.strip()})/{sd.text.strip()} gives {shown(computed)}"
            right = agrees(d, computed)
            reason = how if right else f"{UNTESTED}: {how}, and no other SD stands there"
            yield said(sentence, d).claim("effect size", "CONFIRMED" if right else "UNSUPPORTED", reason, where(source, mean))


def paired(passage: Passage, outline: Outline) -> Iterator[Claim]:
    title = outline.prose.headings[passage.section].title
    tests = [
        (one, statistic) for one in passage.everything for statistic in statistics_of(one) if statistic.name == "t" and statistic.df and statistic.df % 1 == 0
    ]
    if len(tests) != 1 or not (PAIRED.search(title) or PAIRED.search(tests[0][0].text)):
        return
    sentence, t = tests[0]
    n = float(t.df or 0) + 1
    yield from _paired_effect(passage, t, n, sentence)
    spread = _difference(passage)
    if spread:
        yield from _paired_difference(passage, *spread, sentence, t, n)


def _paired_effect(passage: Passage, t: Statistic, n: float, source: Sentence) -> Iterator[Claim]:
    stated = [(one, number) for one in passage.everything for number in named(one, D)]
    if len(stated) == 1:
        computed = image(lambda value: value / np.sqrt(n), bounds(t.number))
        computed = computed if stated[0][1].value * t.number.value >= 0 else (-computed[1], -computed[0])
        yield judged(said(*stated[0]), "effect size", computed, f"t/sqrt({n:g})", where(source, t.number))


def _difference(passage: Passage) -> tuple[Sentence, Number, Number] | None:
    """The one mean difference of a passage that has its SD in the same sentence."""
    found = [(one, number, sd) for one in passage.everything for number in named(one, DIFFERENCE) for sd in named(one, SD) if sd.start > number.end]
    return found[0] if len(found) == 1 else None


def _paired_difference(passage: Passage, source: Sentence, mean: Number, sd: Number, sentence: Sentence, t: Statistic, n: float) -> Iterator[Claim]:
    address = where(source, mean)
    computed = image(lambda m, s: m / (s / np.sqrt(n)) if s > 0 else np.inf, bounds(mean), bounds(sd))
    if mean.value * t.number.value < 0:
        computed = (-computed[1], -computed[0])
    least, most = sorted(map(abs, computed))
    if not least / FAR <= abs(float(t.number.value)) <= most * FAR:
        return  # no slip: these are mean and SD of something else
    yield judged(said(sentence, t.number), "test statistic", computed, f"{mean.value}/({sd.value}/sqrt({n:g}))", address)
    for one in passage.everything:
        for interval in intervals(one):
            if INTERVAL_NAME.search(one.text[: interval.start]) and meets(interval.centre, bounds(mean)):
                level = level_of(one.text)
                reach = float(stats.t.ppf(0.5 + level / 2, n - 1))
                ends = [image(lambda m, s, sign=sign, reach=reach: m + sign * reach * s / np.sqrt(n), bounds(mean), bounds(sd)) for sign in (-1, 1)]
                yield _judged_interval(one, interval, ends[0], ends[1], f"{mean.value} ± {reach:.3f} × {sd.value}/sqrt({n:g})", address)


def _judged_interval(sentence: Sentence, interval: Interval, low: Range, high: Range, how: str, address: str) -> Claim:
    fits = meets(bounds(interval.low), low) and meets(bounds(interval.high), high)
    text = sentence.text[interval.start : interval.end]
    place = sentence.place(interval.start)
    reason = f"{how} gives [{sum(low) / 2:.3g}, {sum(high) / 2:.3g}]"
    return claim(place.line, place.column, text, "interval", "CONFIRMED" if fits else "WRONG", reason, address)


def two_proportions(passage: Passage, outline: Outline) -> Iterator[Claim]:
    tests = [(one, statistic.number) for one in passage.everything for statistic in statistics_of(one) if statistic.name == "z"]
    found = [(int(k.value), int(n.value)) for one in passage.everything for k, n in counts_of(one)]
    if len(tests) != 1 or len(found) != 2:
        return
    (a, n), (b, m) = found
    p, q, pool = a / n, b / m, (a + b) / (n + m)
    if not 0 < pool < 1:
        return
    difference, shift = abs(p - q), (1 / n + 1 / m) / 2
    pooled, apart = np.sqrt(pool * (1 - pool) * (1 / n + 1 / m)), np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    ways = {"pooled": difference / pooled, "unpooled": difference / apart if apart else np.inf, "with Yates' correction": max(0.0, difference - shift) / pooled}
    place, value = said(*tests[0]), abs(float(tests[0][1].value))
    half = float(tests[0][1].step) / 2
    fit = next((name for name, z in ways.items() if abs(z - value) <= half * (1 + 1e-6)), None)
    if fit:
        yield place.claim("test statistic", "CONFIRMED", f"z of {a}/{n} and {b}/{m}, {fit}", where(tests[0][0]))
    elif re.search(r"proportion", outline.prose.headings[passage.section].title + passage.text, re.IGNORECASE):
        yield place.claim("test statistic", "WRONG", f"z of {a}/{n} and {b}/{m} is {ways['pooled']:.4g} (pooled) or {ways['unpooled']:.4g}", where(tests[0][0]))


def fisher(outline: Outline) -> Iterator[Claim]:
    """Fisher's exact test of two shares: its p and the odds ratio."""
    known = sizes_in(outline)
    for passage in outline.passages:
        tests = [one for one in passage.everything if re.search(r"\bFisher", one.text)]
        shares = _shares(passage, known) if len(tests) == 1 else []
        if len(shares) != 2:
            continue
        (a, n), (b, m) = shares
        odds, p = stats.fisher_exact([[a, n - a], [b, m - b]])
        how, address = f"Fisher's exact test of {a}/{n} and {b}/{m}", where(passage.everything[0])
        for number in p_values(tests[0]):
            if not ONE_SIDED.search(tests[0].text):
                yield judged(said(tests[0], number), "p value", (float(p), float(p)), how, address)
        for number in named(tests[0], ODDS):
            value = float(odds) if float(number.value) >= 1 or odds == 0 else 1 / float(odds)
            value = 1 / value if value and (value < 1) != (float(number.value) < 1) else value
            yield judged(said(tests[0], number), "odds ratio", (value, value), how, address)


def _shares(passage: Passage, known: Sequence[int]) -> list[tuple[int, int]]:
    """Two counts of a passage: told as k/n, or as shares whose intervals only one N of the document gives."""
    counts = [(int(k.value), int(n.value)) for one in passage.everything for k, n in counts_of(one)]
    if counts:
        return counts
    told = []
    for sentence in passage.everything:
        for interval in intervals(sentence):
            before = [one for one in sentence.numbers if one.end <= interval.start and interval.start - one.end < 8 and one.unit == "%"]
            told += [(before[-1], interval)] if before else []
    sizes = [n for n in known if len(told) == 2 and all(row_fits(share, interval, n, "wilson") for share, interval in told)]
    return [(round(float(share.value) / 100 * sizes[0]), sizes[0]) for share, _ in told] if len(sizes) == 1 else []
