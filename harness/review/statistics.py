"""Statistics that a text states, computed again from what stands beside them: p values, effect sizes, intervals, means and spreads of a table's column, durations.

What is WRONG no operand within its own rounding can give. Where the text leaves open what belongs together, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy import stats

from harness.review.claims import UNTESTED, Claim, ClaimVerdict, claim
from harness.review.number import Number
from harness.review.passages import JOINT, LEAD, N_NAME, Passage, above, alpha_of, named, p_values, passages, scope_key, top_section, where
from harness.review.prose import Cell, Prose, Sentence, Table

Range = tuple[float, float]
SLACK = 1e-9  # relative, for the arithmetic
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
VARIATION = re.compile(r"\b(?:[Cc]oefficient of [Vv]ariation|CV)\b[^\d.;]{0,10}$")
ODDS = re.compile(r"\b(?:[Oo]dds [Rr]atio|OR)\b" + JOINT)
# Tests whose p the statistic beside it does not give.
OTHER_P = re.compile(
    r"correct|adjust|Bonferroni|Holm|\bFDR\b|\bBH\b|permut|bootstrap|Wilcoxon|Mann-Whitney|sign test|exact|Spearman|\brho\b|ρ|Kendall|partial|clustered|mixed|regress", re.IGNORECASE
)
ONE_SIDED = re.compile(r"one-?\s?(?:sided|tailed)|directional", re.IGNORECASE)
PAIRED = re.compile(r"\bpaired|one-sample|single-sample|within-", re.IGNORECASE)
INTERVAL_NAME = re.compile(r"\bCIs?\b|confidence interval|credible interval", re.IGNORECASE)
LEVEL = re.compile(r"\b(9\d(?:\.\d)?|80|68)\s*%\s*(?:\w+ )?(?:CI|confidence)", re.IGNORECASE)
PARTIAL = re.compile(r"\b(?:top|best|worst|bottom|select\w*|sample|example\w*|representative|subset|excerpt|highlights)\b", re.IGNORECASE)
REST = re.compile(r"\.\.\.|…|\bothers?\b|\bremaining\b|\bmean\b|\baverage\b|\btotal\b|\boverall\b|\bmedian\b|\ball\b|\bsum\b", re.IGNORECASE)
COUNTED = re.compile(r"\s*\*{0,2}\s+(?:[\w-]+\s+){0,2}?(?P<noun>[A-Za-z-]+s)\b")
NO_UNITS = {"iterations", "permutations", "resamples", "shuffles", "draws", "tokens", "steps", "epochs", "minutes", "hours", "seconds", "days", "mins", "hrs", "years", "points", "levels"}
FEWEST_ROWS = 4
TIMES = re.compile(
    r"(?:(?P<d1>\d{4}-\d\d-\d\d)[ T])?\b(?P<a>\d\d?:\d\d(?::\d\d)?)\s*(?:to|until|-|–|—|→|->)\s*(?:(?P<d2>\d{4}-\d\d-\d\d)[ T])?(?P<b>\d\d?:\d\d(?::\d\d)?)[^\d\n]{0,12}"
)
PERIODS = (("hours", re.compile(r"\s*(?:hours?|hrs?|h)\b"), 3600), ("minutes", re.compile(r"\s*(?:minutes?|mins?|m)\b"), 60), ("seconds", re.compile(r"\s*(?:seconds?|secs?|s)\b"), 1))


@dataclass(frozen=True)
class Said:
    """A number with its place in the document."""

    number: Number
    line: int
    column: int

    def claim(self, kind: str, verdict: ClaimVerdict, reason: str, address: str = "") -> Claim:
        return claim(self.line, self.column, self.number.text, kind, verdict, reason, address, length=self.number.end - self.number.start)


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


def statistics_claims(prose: Prose) -> list[Claim]:
    """The statistics of a document that what stands beside them decides. Times: a few milliseconds a passage."""
    found: list[Claim] = []
    every = passages(prose)
    alpha = alpha_of(prose)
    for passage in every:
        for sentence in passage.everything:
            found += [*_p_of_statistic(sentence, passage, prose, alpha), *_p_of_ranks(sentence, passage, prose), *_durations(sentence), *_significance(sentence, alpha), *_vague(sentence)]
        found += [*_paired(passage, prose), *_two_groups(passage, prose), *_two_proportions(passage, prose), *_variation(passage), *_interval_words(passage), *_intervals_of_counts(passage)]
    found += [one for table in prose.tables for one in _p_of_rows(table, prose, alpha)]
    found += _intervals_of_tables(prose)
    found += _fisher(every, prose)
    found += _columns(every, prose)
    found += _intervals_of_means(every, prose)
    return _once(found)


def _once(claims: Iterable[Claim]) -> list[Claim]:
    """One claim a place; a WRONG before a CONFIRMED."""
    best: dict[tuple[int, int], Claim] = {}
    for one in claims:
        key = one.line, one.column
        if key not in best or (best[key].verdict == "CONFIRMED" and one.verdict != "CONFIRMED"):
            best[key] = one
    return sorted(best.values(), key=lambda one: (one.line, one.column))


# Numbers and their ranges


def bounds(number: Number) -> Range:
    low, high = number.bounds
    if number.marker == "~":  # told as rough: a step to either side
        return float(low - number.step / 2), float(high + number.step / 2)
    return float(low), float(high)


def image(function: Callable[..., float], *ranges: Range) -> Range:
    """The range of a function that is monotone in each operand, from the corners."""
    values = [function(*corner) for corner in product(*ranges)]
    values = [value for value in values if np.isfinite(value)]
    return (min(values), max(values)) if values else (-np.inf, np.inf)


def meets(one: Range, other: Range) -> bool:
    slack = SLACK * max(1e-300, *(abs(value) for value in (*one, *other) if np.isfinite(value)))
    return one[0] <= other[1] + slack and other[0] <= one[1] + slack


def agrees(stated: Number, computed: Range) -> bool:
    """Whether what was computed can be what is stated, by its rounding and its marker."""
    value = float(stated.value)
    if stated.marker in ("<", "≤"):
        return computed[0] <= value * (1 + SLACK)
    if stated.marker in (">", "≥"):
        return computed[1] >= value * (1 - SLACK)
    return meets(bounds(stated), computed)


def shown(computed: Range) -> str:
    middle = sum(computed) / 2
    if computed[0] == computed[1] and middle % 1 == 0 and abs(middle) < 1e15:
        return f"{middle:,.0f}"
    return f"{middle:.3g}" if abs(computed[1] - computed[0]) <= 0.02 * abs(middle) or middle == 0 else f"{computed[0]:.3g} to {computed[1]:.3g}"


def said(sentence: Sentence, number: Number) -> Said:
    place = sentence.place(number.start)
    return Said(number, place.line, place.column)


def in_cell(cell: Cell, number: Number) -> Said:
    return Said(number, cell.line, cell.column + number.start)


def judged(place: Said, kind: str, computed: Range, how: str, address: str) -> Claim:
    if agrees(place.number, computed):
        return place.claim(kind, "CONFIRMED", f"{how} gives {shown(computed)}", address)
    return place.claim(kind, "WRONG", f"{how} gives {shown(computed)}, the text says {place.number.text.strip()}", address)


# p from a test statistic


@dataclass(frozen=True)
class Statistic:
    name: str
    number: Number
    df: float | None
    df2: float | None


def _statistics(sentence: Sentence) -> list[Statistic]:
    found = []
    for number in sentence.numbers:
        before = sentence.text[max(0, number.start - 40) : number.start]
        for name, pattern in (("t", T), ("z", Z), ("F", F), ("chi2", CHI), ("r", R)):
            if match := pattern.search(before):
                groups = match.groupdict()
                found.append(Statistic(name, number, *(float(groups[key]) if groups.get(key) else None for key in ("df", "df2"))))
                break
    return found


def _p_of_statistic(sentence: Sentence, passage: Passage, prose: Prose, alpha: float) -> Iterator[Claim]:
    """p beside t(df), z, F, chi² or r with its n (two-sided, as is usual)."""
    known, ps = _statistics(sentence), p_values(sentence)
    if not known or not ps or OTHER_P.search(sentence.text) or OTHER_P.search(prose.headings[passage.section].title):
        return
    for p in ps:
        before = [one for one in known if one.number.end <= p.start]
        if not before or any(before[-1].number.end < other.start < p.start for other in ps) or p.start - before[-1].number.end > 40:
            continue
        statistic = before[-1]
        df = statistic.df if statistic.name != "r" or statistic.df else _n_minus_2(sentence, passage, prose)
        computed = _p(statistic, df)
        if computed:
            yield _judged_p(said(sentence, p), computed, statistic, df, bool(ONE_SIDED.search(passage.text)), alpha, where(sentence, statistic.number))
        elif statistic.name == "t" and not agrees(p, (image(_t_sided(1e9), bounds(statistic.number))[0] * 0.5, 1.0)):
            yield said(sentence, p).claim("p value", "WRONG", f"t = {statistic.number.value} cannot give a p so small for any degrees of freedom", where(sentence, p))


def _t_sided(df: float) -> Callable[[float], float]:
    return lambda value: float(2 * stats.t.sf(abs(value), df))


def _p(statistic: Statistic, df: float | None) -> Range | None:
    value = bounds(statistic.number)
    if statistic.name == "z":
        return image(lambda z: float(2 * stats.norm.sf(abs(z))), value)
    if df is None or df <= 0:
        return None
    if statistic.name == "t":
        return image(_t_sided(df), value)
    if statistic.name == "chi2":
        return image(lambda x: float(stats.chi2.sf(x, df)), value)
    if statistic.name == "F" and statistic.df2:
        return image(lambda x: float(stats.f.sf(x, df, statistic.df2)), value)
    if statistic.name == "r" and max(abs(end) for end in value) < 1:
        return image(lambda r: float(2 * stats.t.sf(abs(r) * np.sqrt(df / (1 - r * r)), df)), value)
    return None


def _judged_p(place: Said, computed: Range, statistic: Statistic, df: float | None, one_sided: bool, alpha: float, address: str) -> Claim:
    name = f"{statistic.name}{f'({df:g})' if df and statistic.name != 'z' else ''} = {statistic.number.value}"
    half = (computed[0] / 2, computed[1] / 2)
    if agrees(place.number, computed) or (one_sided and agrees(place.number, half)):
        return place.claim("p value", "CONFIRMED", f"{name} gives p = {shown(computed)}", address)
    if statistic.name in "tzr" and agrees(place.number, half):
        return place.claim("p value", "UNSUPPORTED", f"{UNTESTED}: this is the one-sided p of {name}, and the text does not say one-sided", address)
    other = (float(place.number.value) > alpha) != (computed[0] > alpha) and (computed[0] > alpha) == (computed[1] > alpha)
    error = f" (a decision error: the other side of {alpha:g})" if other and place.number.marker == "" else ""
    return place.claim("p value", "WRONG", f"{name} gives p = {shown(computed)}{error}", address)


HEADERS = {
    "t": re.compile(r"(?:paired |Welch(?:'s)? )?t(?:[- ]?(?:stat\w*|value))?"),
    "z": re.compile(r"[zZ](?:[- ]?(?:stat\w*|score))?"),
    "r": re.compile(r"(?:Pearson(?:'s)? )?r|r \(Pearson\)"),
    "df": re.compile(r"df|d\.f\.|dof"),
    "n": re.compile(r"[nN]"),
    "p": re.compile(r"p(?:[- ]?val(?:ue)?s?)?(?: \(two-(?:sided|tailed)\))?", re.IGNORECASE),
}


def _p_of_rows(table: Table, prose: Prose, alpha: float) -> Iterator[Claim]:
    """The p of the rows of a table that has a column of t and df, of r and N, or of z beside it."""
    at = {name: place for name, pattern in HEADERS.items() for place, cell in enumerate(table.header) if pattern.fullmatch(cell.plain.strip())}
    name = next((one for one in "tzr" if one in at), None)
    if name is None or "p" not in at or OTHER_P.search(" ".join((prose.headings[table.section].title, *(cell.plain for cell in table.header)))):
        return
    for row in table.rows:
        value, p = row[at[name]].number, row[at["p"]].number
        size = {key: row[at[key]].number for key in ("df", "n") if key in at}
        df = float(size["df"].value) if size.get("df") else float(size["n"].value) - 2 if name == "r" and size.get("n") else None  # type: ignore[union-attr]
        if value is None or p is None:
            continue
        statistic = Statistic(name, value, df, None)
        if computed := _p(statistic, df):
            yield _judged_p(in_cell(row[at["p"]], p), computed, statistic, df, False, alpha, f"line {row[0].line}")


def _n_minus_2(sentence: Sentence, passage: Passage, prose: Prose) -> float | None:
    """Degrees of freedom of a correlation from the one n in its sentence, its label or its heading."""
    for text in (sentence.text, passage.heading.text if passage.heading else "", prose.headings[passage.section].title):
        found = {int(one) for one in re.findall(r"(?<![A-Za-z])[nN]\s*=\s*(\d+)\b", text)}
        if found:
            return float(found.pop() - 2) if len(found) == 1 else None
    return None


def _p_of_ranks(sentence: Sentence, passage: Passage, prose: Prose) -> Iterator[Claim]:
    """p of Spearman's rho by Student's t, as usual; an exact one differs, so a disagreement says nothing."""
    for rho in named(sentence, RHO):
        p = next((one for one in p_values(sentence) if 0 <= one.start - rho.end < 20), None)
        df = _n_minus_2(sentence, passage, prose)
        computed = _p(Statistic("r", rho, df, None), df)
        if p is not None and computed and agrees(p, computed):
            yield said(sentence, p).claim("p value", "CONFIRMED", f"rho = {rho.value} with n = {(df or 0) + 2:g} gives p = {shown(computed)}", where(sentence, rho))


# Two groups with mean, SD and n


def _two_groups(passage: Passage, prose: Prose) -> Iterator[Claim]:
    """t of two independent groups from their means, SDs and n (Welch's or pooled), and d."""
    title = prose.headings[passage.section].title
    if not re.search(r"\bWelch|independent|two-sample|unpaired|Student", title + passage.text) or PAIRED.search(title + passage.text):
        return
    groups = [(one, mean, sd) for one, mean, sd in _told_with_sd(passage) if not DIFFERENCE.search(one.text[: mean.start])]
    sizes = [[int(n.value) for n in named(one, N_NAME)] for one, _, _ in groups]
    tests = [(one, statistic.number) for one in passage.everything for statistic in _statistics(one) if statistic.name == "t"]
    if len(groups) != 2 or len(tests) != 1 or groups[0][0] is groups[1][0] or any(len(one) != 1 or one[0] < 2 for one in sizes):
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


# Paired tests: difference, its SD, t, d and the interval


def _paired(passage: Passage, prose: Prose) -> Iterator[Claim]:
    title = prose.headings[passage.section].title
    tests = [(one, statistic) for one in passage.everything for statistic in _statistics(one) if statistic.name == "t" and statistic.df and statistic.df % 1 == 0]
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
    yield judged(said(sentence, t.number), "test statistic", computed, f"{mean.value}/({sd.value}/sqrt({n:g}))", address)
    for one in passage.everything:
        for interval in intervals(one):
            if INTERVAL_NAME.search(one.text[: interval.start]) and meets(interval.centre, bounds(mean)):
                level = _level(one.text)
                reach = float(stats.t.ppf(0.5 + level / 2, n - 1))
                ends = [image(lambda m, s, sign=sign: m + sign * reach * s / np.sqrt(n), bounds(mean), bounds(sd)) for sign in (-1, 1)]
                yield _judged_interval(one, interval, ends[0], ends[1], f"{mean.value} ± {reach:.3f} × {sd.value}/sqrt({n:g})", address)


def _level(text: str) -> float:
    found = LEVEL.search(text)
    return float(found[1]) / 100 if found else 0.95


def intervals(sentence: Sentence) -> list[Interval]:
    """Two numbers in brackets, or after the name of an interval."""
    return list(_intervals(sentence.text, sentence.numbers))


def _intervals(text: str, numbers: Sequence[Number]) -> Iterator[Interval]:
    for low, high in zip(numbers, numbers[1:], strict=False):
        if not re.fullmatch(r"\s*(?:,|;|to|–|—|-|−)\s*", text[low.end : high.start]) or low.value > high.value:
            continue
        opened, closed = re.search(r"[\[(]\s*$", text[: low.start]), re.match(r"\s*[\])]", text[high.end :])
        if opened and closed:
            yield Interval(low, high, opened.start(), high.end + closed.end())
        elif INTERVAL_NAME.search(text[max(0, low.start - 12) : low.start]):
            yield Interval(low, high, low.start, high.end)


def _judged_interval(sentence: Sentence, interval: Interval, low: Range, high: Range, how: str, address: str) -> Claim:
    fits = meets(bounds(interval.low), low) and meets(bounds(interval.high), high)
    text = sentence.text[interval.start : interval.end]
    place = sentence.place(interval.start)
    reason = f"{how} gives [{sum(low) / 2:.3g}, {sum(high) / 2:.3g}]"
    return claim(place.line, place.column, text, "interval", "CONFIRMED" if fits else "WRONG", reason, address)


# Two proportions


def _counts(sentence: Sentence) -> Iterator[tuple[Number, Number]]:
    """k/n of a sentence."""
    for k, n in zip(sentence.numbers, sentence.numbers[1:], strict=False):
        if sentence.text[k.end : n.start].strip() == "/" and k.step == n.step == 1 and 0 <= k.value <= n.value and n.value >= 2 and not k.unit:
            yield k, n


def _two_proportions(passage: Passage, prose: Prose) -> Iterator[Claim]:
    tests = [(one, statistic.number) for one in passage.everything for statistic in _statistics(one) if statistic.name == "z"]
    found = [(int(k.value), int(n.value)) for one in passage.everything for k, n in _counts(one)]
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
    elif re.search(r"proportion", prose.headings[passage.section].title + passage.text, re.IGNORECASE):
        yield place.claim("test statistic", "WRONG", f"z of {a}/{n} and {b}/{m} is {ways['pooled']:.4g} (pooled) or {ways['unpooled']:.4g}", where(tests[0][0]))


def wilson(k: float, n: float, level: float = 0.95) -> Range:
    result = stats.binomtest(round(k), round(n)).proportion_ci(level, "wilson")
    return float(result.low), float(result.high)


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
    return 100.0 if number.unit == "%" or (other is not None and other.unit == "%") or abs(number.value) > 1 or (other is not None and abs(other.value) > 1) else 1.0


def _intervals_of_counts(passage: Passage) -> Iterator[Claim]:
    """k/n with an interval in the same sentence. Resampled intervals differ, so only what none of the usual comes near is WRONG."""
    for sentence in passage.everything:
        counts, found = list(_counts(sentence)), intervals(sentence)
        if len(counts) != 1 or len(found) != 1 or not INTERVAL_NAME.search(sentence.text) or found[0].start < counts[0][1].end:
            continue
        (k, n), interval = counts[0], found[0]
        scale = _scale(interval.low, interval.high)
        ways = _of_counts(int(k.value), int(n.value), _level(sentence.text))
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


# A table's column of intervals beside one of proportions


def _intervals_of_tables(prose: Prose) -> list[Claim]:
    sizes = _sizes(prose)
    found: list[Claim] = []
    for table in prose.tables:
        for place, cell in enumerate(table.header):
            if INTERVAL_NAME.search(cell.plain) and place > 0:
                found += _column_of_intervals(table, place, sizes)
    return found


def _sizes(prose: Prose) -> list[int]:
    """Every count of a document that may be the N of a proportion."""
    found: set[int] = set()
    for sentence in prose.sentences:
        found |= {int(n.value) for _, n in _counts(sentence)} | {int(one.value) for one in named(sentence, N_NAME) if one.step == 1 and one.value >= 2}
        found |= {n for n, _ in counted(sentence)}
    for table in prose.tables:
        for row in table.rows:
            found |= {int(cell.numbers[1].value) for cell in row if len(cell.numbers) > 1 and re.match(r"\s*\d+\s*/\s*\d+", cell.plain) and cell.numbers[1].step == 1}
    return sorted(one for one in found if 2 <= one <= 100_000)


def counted(sentence: Sentence) -> Iterator[tuple[int, str]]:
    """`15 frontier models`: whole numbers with the plural they count."""
    for number in sentence.numbers:
        noun = COUNTED.match(sentence.text[number.end :])
        if noun and number.step == 1 and not number.unit and number.marker == "" and number.value >= 2 and noun["noun"].lower() not in NO_UNITS:
            yield int(number.value), noun["noun"].lower()


def _column_of_intervals(table: Table, place: int, sizes: Sequence[int]) -> Iterator[Claim]:
    """The N and method that give nearly all intervals of a column; a row they do not give is WRONG."""
    rows = []
    for row in table.rows:
        ends = list(_intervals(row[place].text, row[place].numbers))
        share = row[place - 1].number
        if len(ends) == 1 and share is not None:
            rows.append((row, ends[0], share))
    if len(rows) < FEWEST_ROWS:
        return
    best: tuple[int, int, str, list[bool]] = (0, 0, "", [])
    for n in sizes:
        for name in ("wilson", "exact", "normal", "Jeffreys", "Agresti-Coull"):
            fits = [_row_fits(share, interval, n, name) for _, interval, share in rows]
            if sum(fits) > best[0]:
                best = (sum(fits), n, name, fits)
    if best[0] < FEWEST_ROWS or best[0] < 0.75 * len(rows):
        return
    for (row, interval, share), fit in zip(rows, best[3], strict=True):
        cell = row[place]
        text, column = cell.text[interval.start : interval.end], cell.column + interval.start
        reason = f"the {best[2]} interval of {share.text.strip()} of N = {best[1]}" + ("" if fit else ", which gives the others of this column, is another")
        yield claim(cell.line, column, text, "interval", "CONFIRMED" if fit else "WRONG", reason, f"line {cell.line}")


def _row_fits(share: Number, interval: Interval, n: int, name: str) -> bool:
    scale = _scale(share)
    k = round(float(share.value) / scale * n)
    if not 0 <= k <= n or not meets(bounds(share), (k / n * scale, k / n * scale)):
        return False
    ends = _of_counts(k, n, 0.95)[name]
    return _meets_ends(interval, ends, _scale(interval.low, interval.high))


# Fisher's test of two shares


def _fisher(every: Sequence[Passage], prose: Prose) -> Iterator[Claim]:
    for passage in every:
        tests = [one for one in passage.everything if re.search(r"\bFisher", one.text)]
        shares = _shares(passage, prose) if len(tests) == 1 else []
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


def _shares(passage: Passage, prose: Prose) -> list[tuple[int, int]]:
    """Two counts of a passage: told as k/n, or as shares whose intervals only one N of the document gives."""
    counts = [(int(k.value), int(n.value)) for one in passage.everything for k, n in _counts(one)]
    if counts:
        return counts
    told = []
    for sentence in passage.everything:
        for interval in intervals(sentence):
            before = [one for one in sentence.numbers if one.end <= interval.start and interval.start - one.end < 8 and one.unit == "%"]
            told += [(before[-1], interval)] if before else []
    sizes = [n for n in _sizes(prose) if len(told) == 2 and all(_row_fits(share, interval, n, "wilson") for share, interval in told)]
    return [(round(float(share.value) / 100 * sizes[0]), sizes[0]) for share, _ in told] if len(sizes) == 1 else []


# Spread


def _variation(passage: Passage) -> Iterator[Claim]:
    """The coefficient of variation from the one mean and the one SD of the passage."""
    stated = [(one, number) for one in passage.everything for number in named(one, VARIATION)]
    means, sds = _means(passage), _spreads(passage)
    if len(stated) == 1 and len({one.value for _, one in means}) == 1 and len({one.value for _, one in sds}) == 1:
        scale = 100 if stated[0][1].unit == "%" else 1
        computed = image(lambda sd, mean: scale * sd / mean if mean else np.inf, bounds(sds[0][1]), bounds(means[0][1]))
        yield judged(said(*stated[0]), "derived stat", computed, f"{sds[0][1].text.strip()}/{means[0][1].text.strip()}", where(means[0][0]))


def _means(passage: Passage) -> list[tuple[Sentence, Number]]:
    return [(one, number) for one in passage.everything for number in named(one, MEAN) if not next(iter(named(one, SD)), None) is number]


def _spreads(passage: Passage) -> list[tuple[Sentence, Number]]:
    """The SDs of a passage: named so, or after ± where `SD` stands beside it."""
    return [pair for one in passage.everything for pair in spreads_of(one)]


def spreads_of(sentence: Sentence) -> list[tuple[Sentence, Number]]:
    """The SDs of a sentence with it."""
    return [(sentence, number) for number in sentence.numbers if number in named(sentence, SD) or _is_spread(sentence.text, number)]


def _is_spread(text: str, number: Number) -> bool:
    after = re.match(r"\s*[*_]*\(?\s*(?:SD|s\.d\.|std)\b", text[number.end :])
    return bool(after and (number.marker == "±" or re.search(r"(?:±|\+/-)\s*$", text[: number.start])))


def _interval_words(passage: Passage) -> Iterator[Claim]:
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


def _significance(sentence: Sentence, alpha: float) -> Iterator[Claim]:
    """Words of significance beside the one p of a sentence."""
    ps = p_values(sentence)
    if len(ps) != 1 or re.search(r"marginal|trend|borderline|correct|multiple|threshold|level|would|if\b|practical|pre-?regist|α|alpha", sentence.text, re.IGNORECASE):
        return
    for found in re.finditer(r"(?P<no>\b(?:not|non|n['’]t)[\s*_-]*|\bno )?(?:statistically )?\bsignificant(?:ly)?\b|\bn\.s\.", sentence.text, re.IGNORECASE):
        if min(abs(found.start() - ps[0].end), abs(ps[0].start - found.end())) > 25:
            continue
        denied = bool(found["no"]) or found[0].lower() == "n.s."
        right = denied == above(ps[0], alpha)
        place = sentence.place(found.start())
        if ps[0].marker not in ("<", "≤", ">", "≥") or right:
            yield claim(place.line, place.column, found[0], "significance", "CONFIRMED" if right else "WRONG", f"p {ps[0].marker or '='} {ps[0].value} at {alpha:g}", where(sentence, ps[0]))


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
        seconds = _seconds(found["b"]) - _seconds(found["a"])
        seconds += 86_400 * (_days(found["d2"]) - _days(found["d1"])) if found["d1"] and found["d2"] else 86_400 * (seconds < 0)
        room = 0 if found["a"].count(":") == 2 else 60
        yield judged(said(sentence, number), "derived stat", ((seconds - room) / period[1], (seconds + room) / period[1]), f"{found['a']} to {found['b']} in {period[0]}", where(sentence))


def _seconds(time: str) -> int:
    parts = [int(one) for one in time.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)


def _days(date: str) -> int:
    return int(np.datetime64(date, "D").astype(int)) if re.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", date) else 0


# Mean, SD, median and extremes of a table's column


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


def columns(prose: Prose) -> list[Column]:
    found = []
    for table in prose.tables:
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


def _columns(every: Sequence[Passage], prose: Prose) -> Iterator[Claim]:
    known = columns(prose)
    for passage in every:
        yield from _summary(passage, prose, known)
        yield from _pairs(passage, known)
    yield from _medians(every, prose, known)


def _summary(passage: Passage, prose: Prose, known: Sequence[Column]) -> Iterator[Claim]:
    """A list of mean, SD, maximum and minimum against the one table of its section that has a column of that name."""
    top = top_section(prose, passage.section)
    told = {name: [(one, number) for one in passage.everything for number in named(one, pattern) if number.marker == ""] for name, pattern in EXTREMES}
    means = [(one, number) for one, number in _means(passage) if number.marker == ""]
    near = [column for column in known if top and top_section(prose, column.table.section) == top and column.whole]
    if not near or not means or len({number.value for _, number in means}) != 1:
        return
    sentence, mean = means[0]
    words = set(re.findall(r"[a-z]{4,}", sentence.text[: mean.start].lower()))
    fitting = [column for column in near if words & set(column.name.split()) and {one.unit for one in column.numbers} == {mean.unit}]
    if len(fitting) != 1 or not _complete(fitting[0], told, passage, prose, top):
        return
    column = fitting[0]
    yield from _judged_column(column, "mean", means, "average")
    for name, _ in EXTREMES:
        yield from _judged_column(column, name, [(one, number) for one, number in told[name] if number.unit in (mean.unit, "pp", "points")], "derived stat")
    yield from _judged_spread(column, [(one, number) for one, number in _spreads(passage) if number.unit in (mean.unit, "")])


def _complete(column: Column, told: dict[str, list[tuple[Sentence, Number]]], passage: Passage, prose: Prose, top: int) -> bool:
    """Whether the table holds all that is summarised: the extremes are the stated ones, or its rows are as many as the section counts."""
    if any(PARTIAL.search(title) for title in prose.path(column.table.section)[-1:]):
        return False
    key = column.table.header[column.table.key_column].plain.lower().rstrip("s")
    counts = {n for one in prose.sentences if top_section(prose, one.section) == top for n, noun in counted(one) if key and noun.startswith(key)}
    if counts:
        return counts == {len(column.numbers)}
    stated = [(name, number) for name in ("maximum", "minimum") for _, number in told[name]]
    return {name for name, _ in stated} == {"maximum", "minimum"} and all(agrees(number, column.statistic(name)) for name, number in stated)


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
        reason = f"the {fit} of {len(column.numbers)} rows" if fit else "of the rows the SD is " + " or ".join(f"{sum(one) / 2:.3g} ({name})" for name, one in ways.items())
        yield said(sentence, number).claim("mean±sd", "CONFIRMED" if fit else "WRONG", reason, column.address)


def _pairs(passage: Passage, known: Sequence[Column]) -> Iterator[Claim]:
    """A mean and an SD in one sentence that are both those of one column (never WRONG: which column is meant is not said)."""
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


def _medians(every: Sequence[Passage], prose: Prose, known: Sequence[Column]) -> Iterator[Claim]:
    """A median against a ranked table that reaches it, though it may not hold the lower rows."""
    for passage in every:
        told = [(one, number) for one in passage.everything for number in named(one, MEDIAN)]
        if len(told) != 1:
            continue
        for column, size in _ranked(passage, every, prose, known):
            if {one.unit for one in column.numbers} != {told[0][1].unit}:
                continue
            middle = [column.numbers[place] for place in ({(size - 1) // 2, size // 2})]
            computed = sum(bounds(one)[0] for one in middle) / len(middle), sum(bounds(one)[1] for one in middle) / len(middle)
            yield judged(said(*told[0]), "derived stat", computed, f"rank {size // 2 + 1} of {size}" if size % 2 else f"ranks {size // 2}, {size // 2 + 1} of {size}", column.address)


def _ranked(passage: Passage, every: Sequence[Passage], prose: Prose, known: Sequence[Column]) -> Iterator[tuple[Column, int]]:
    """Sorted columns, with the size of what they rank, in the section of the passage or of another passage with the same mean and SD."""
    tops = {top_section(prose, passage.section)} | {top_section(prose, other.section) for other in every if _same_summary(passage, other)}
    for column in known:
        top = top_section(prose, column.table.section)
        values = [one.value for one in column.numbers]
        key = column.table.header[column.table.key_column].plain.lower().rstrip("s")
        counts = _labelled_counts(prose, top, key)
        if top in tops and key and len(counts) == 1 and values == sorted(values, reverse=True) and column.numbers and _has_rank(column.table):
            size = counts.pop()
            if len(values) > size // 2 and len(values) == len(column.table.rows):
                yield column, size


def _labelled_counts(prose: Prose, top: int, key: str) -> set[int]:
    """`Models tested: 23`."""
    found = set[int]()
    for sentence in prose.sentences:
        label = re.match(rf"{LEAD}[\s*_]*{re.escape(key)}s?\b[^:\d\n]{{0,20}}:[\s*_]*(\d+)\b(?![.,]?\d)", sentence.text, re.IGNORECASE) if key else None
        if label and top_section(prose, sentence.section) == top:
            found.add(int(label[1]))
    return found


def _has_rank(table: Table) -> bool:
    return any(re.fullmatch(r"\W*(?:rank|#|no\.?|place)\W*", cell.plain, re.IGNORECASE) for cell in table.header)


def _same_summary(one: Passage, other: Passage) -> bool:
    """Whether both tell the same mean with the same SD."""
    return bool({(number.value, sd.value) for _, number in _means(one) for _, sd in _spreads(one)} & {(number.value, sd.value) for _, number in _means(other) for _, sd in _spreads(other)})


# The interval of a mean whose SD is told


def _intervals_of_means(every: Sequence[Passage], prose: Prose) -> Iterator[Claim]:
    for passage in every:
        for sentence in passage.everything:
            for interval in intervals(sentence):
                if INTERVAL_NAME.search(sentence.text) or INTERVAL_NAME.search(passage.label):
                    yield from _interval_of_mean(sentence, interval, passage, every, prose)


def _interval_of_mean(sentence: Sentence, interval: Interval, passage: Passage, every: Sequence[Passage], prose: Prose) -> Iterator[Claim]:
    """An interval around a mean, against the SD told of that mean and every count of the section (of the document, where that confirms)."""
    top = top_section(prose, passage.section)
    spreads = {(mean.value, sd.value): (one, sd) for other in every if top_section(prose, other.section) == top for one, mean, sd in _told_with_sd(other) if _centred(interval, mean)}
    if len(spreads) != 1:
        return
    source, sd = next(iter(spreads.values()))
    level = _level(sentence.text + passage.label)
    here = {int(number.value) for one in prose.sentences if top_section(prose, one.section) == top for number in one.numbers if _may_count(one, number)}
    named_counts = {n for one in prose.sentences for n, _ in counted(one)}
    fits = [n for n in sorted(here | named_counts) if _gives(n, sd, interval, level)]
    place, text, address = sentence.place(interval.start), sentence.text[interval.start : interval.end], where(source, sd)
    if fits and len(set(fits) & named_counts) == 1:
        reason = f"mean ± t or 1.96 × {sd.value}/sqrt({fits[0]})"
        yield claim(place.line, place.column, text, "interval", "CONFIRMED", reason, address)
    elif not any(n in here for n in fits):
        implied = (float(stats.norm.ppf(0.5 + level / 2)) * float(sd.value) / max(1e-12, sum(interval.half) / 2)) ** 2
        reason = f"an SD of {sd.value} gives this width for N = {implied:,.0f} or so, and no count of the section is near"
        yield claim(place.line, place.column, text, "interval", "WRONG", reason, address)


def _told_with_sd(passage: Passage) -> Iterator[tuple[Sentence, Number, Number]]:
    """Mean and SD in one sentence (`11.3% ± 2.6% (SD)`, `54.9 (SD=22.9)`), or the one of each in a list."""
    means, spreads = _means(passage), _spreads(passage)
    for sentence, sd in spreads:
        before = [one for one in sentence.numbers if one.end <= sd.start]
        if before and sd.start - before[-1].end < 15:
            yield sentence, before[-1], sd
    if len({one.value for _, one in means}) == 1 and len({one.value for _, one in spreads}) == 1:
        yield spreads[0][0], means[0][1], spreads[0][1]


def _centred(interval: Interval, mean: Number) -> bool:
    return meets(interval.centre, bounds(mean)) and mean.unit == interval.high.unit and interval.high.value > interval.low.value


def _may_count(sentence: Sentence, number: Number) -> bool:
    noun = re.match(r"\s*([a-z]+)", sentence.text[number.end :])
    return number.step == 1 and not number.unit and number.value >= 2 and not (noun and noun[1] in NO_UNITS)


def _gives(n: int, sd: Number, interval: Interval, level: float) -> bool:
    normal, student = float(stats.norm.ppf(0.5 + level / 2)), float(stats.t.ppf(0.5 + level / 2, n - 1))
    low, high = bounds(sd)
    return meets((0.99 * normal * max(0.0, low) / np.sqrt(n), 1.01 * student * high / np.sqrt(n)), interval.half)
