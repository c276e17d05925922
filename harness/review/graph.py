"""What a document says twice: the same quantity in two sections, the same test in two sentences. What it lists, counts, sums and ranks is in the files beside.

A quantity is its words, the experiment it is told of (a heading or label with a number, such as `Level 2` or `Study 1b`) and its unit.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from harness.review.claims import Claim
from harness.review.findings import Finding, finding
from harness.review.listed import categories, counted_rows, enumerations, listed_counts, none_under_heading
from harness.review.number import Number
from harness.review.orders import LABELLED, named_rows, rankings, superlatives, units_of_differences, value_lists
from harness.review.passages import JOINT, LONGEST_SENTENCE, Outline, Passage, claim_of, named, p_values, scope_key, scopes, where
from harness.review.prose import Prose, Sentence
from harness.review.ranges import agrees, bounds, once
from harness.review.stated import R, T, Z, spreads_of
from harness.review.totals import list_totals, summary_rows

STATISTICS = (
    ("Cohen's d", re.compile(r"(?:[Cc]ohen['’]?s?\s+|(?<![A-Za-z]))d(?:_?z)?[\s*_`]*(?:\([a-z ]+\))?[\s*_`]*[=:≈][\s*_`]*$")),
    ("power", re.compile(r"\b[Pp]ower\b" + JOINT)),
)
EXPERIMENT = re.compile(r"\d|\b(?:experiment|study|phase|stage|level|condition|arm|pilot)\b")
# Labels that name a kind of value and not what it is of.
GENERIC = {
    "result",
    "results",
    "value",
    "values",
    "total",
    "mean",
    "average",
    "median",
    "n",
    "note",
    "difference",
    "range",
    "effect size",
    "score",
    "p value",
    "significance",
    "finding",
}
FILLERS = {"the", "a", "an", "of", "for", "in", "overall", "observed", "estimated", "our"}


@dataclass(frozen=True)
class Told:
    """A quantity told at a place: of which experiment (""), under which of its headings, and the number."""

    metric: str
    scope: str
    head: int
    sentence: Sentence
    number: Number

    @property
    def key(self) -> tuple[str, str]:
        return self.scope, self.metric

    @property
    def line(self) -> int:
        return self.sentence.place(self.number.start).line


def graph_claims(prose: Prose) -> tuple[list[Claim], list[Finding]]:
    """What a document says twice, and one finding for each contradiction, at the place that stands alone. Times: a few milliseconds a page."""
    outline = Outline(prose)
    claims, findings = _restated(_quantities(outline))
    again = _anchored(outline)
    claims, findings = claims + again[0], findings + again[1]
    for table in outline.prose.tables:
        claims += summary_rows(table)
    lists = value_lists(outline)
    for passage in outline.passages:
        claims += list_totals(passage)
        for sentence in passage.everything:
            claims += [*enumerations(sentence), *superlatives(sentence, lists), *rankings(sentence, lists), *named_rows(sentence, passage, outline)]
    claims += [*categories(outline), *listed_counts(outline), *counted_rows(outline), *units_of_differences(outline), *none_under_heading(outline)]
    return once(claims), findings


def _quantities(outline: Outline) -> list[Told]:
    heads = Counter(name for name in _heads(outline) if EXPERIMENT.search(name))
    found = []
    for passage in outline.passages:
        path = scopes(outline.prose, passage)
        scope = next((name for name in reversed(path) if heads[name] > 1), "")
        head = _head(outline, passage, scope)
        for sentence in passage.everything:
            found += [Told(metric, scope, head, sentence, number) for metric, number in _told(sentence)]
    return found


def _heads(outline: Outline) -> Iterator[str]:
    """Each heading and label by name, once for each time it stands."""
    yield from (scope_key(one.title) for one in outline.prose.headings[1:])
    yield from (scope_key(one.label) for one in outline.passages if one.label)


def _head(outline: Outline, passage: Passage, scope: str) -> int:
    """The line of the heading or label that names the experiment above a passage."""
    if passage.heading and scope_key(passage.label) == scope:
        return passage.heading.place(0).line
    above = outline.prose.headings[passage.section :: -1]
    return next((one.line for one in above if scope_key(one.title) == scope), 0) if scope else 0


def _told(sentence: Sentence) -> Iterator[tuple[str, Number]]:
    """Labelled values and named statistics of a sentence."""
    for found in LABELLED.finditer(sentence.text):
        number = next((one for one in sentence.numbers if one.start >= found.end() - 2), None)
        metric = _metric(found["label"])
        if number is not None and number.start - found.end() < 3 and metric:
            yield metric, number
    for name, pattern in STATISTICS:
        yield from ((name, number) for number in named(sentence, pattern))
    yield from (("p", number) for number in p_values(sentence))
    yield from (("SD", number) for one, number in spreads_of(sentence) if one)


def _metric(label: str) -> str:
    words = [word for word in re.findall(r"[a-z0-9']+", label.lower()) if word not in FILLERS]
    name = " ".join(words)
    return "" if name in GENERIC or not words or name in ("p", "d", "power", "cohen's d", "statistical power", "sd", "standard deviation") else name


def _restated(told: Sequence[Told]) -> tuple[list[Claim], list[Finding]]:
    groups = defaultdict[tuple[str, str], list[Told]](list)
    for one in told:
        groups[one.key].append(one)
    claims, findings = list[Claim](), list[Finding]()
    for group in groups.values():
        places = _by_head(group)
        if group[0].scope and 1 < len(places) <= MOST_PLACES:
            new = _compared(places)
            claims += new[0]
            findings += new[1]
        elif len(group) > 1 and " " in group[0].metric:
            claims += _repeated(group)
    return claims, findings


def _by_head(group: Sequence[Told]) -> list[list[Told]]:
    """The mentions below each heading of an experiment, where they are one value; two values below one heading may be of two things."""
    found = defaultdict[int, list[Told]](list)
    for one in group:
        found[one.head].append(one)
    return [below for below in found.values() if all(_same(one.number, below[0].number) for one in below)]


def _same(one: Number, other: Number) -> bool:
    """Whether two numbers are one value: equal, or the finer rounds to the coarser; a share may be told in per cent, a bound holds what lies beyond it."""
    if {one.unit, other.unit} == {"", "%"}:
        one, other = (replace(number, value=number.value * 100, step=number.step * 100, unit="%") if number.unit == "" else number for number in (one, other))
    if one.unit != other.unit:
        return False
    if other.marker in BOUNDS:
        one, other = other, one
    if one.marker in BOUNDS:
        return other.marker != "" or agrees(one, bounds(other))
    return one.value == other.value if one.step == other.step else abs(one.value - other.value) <= max(one.step, other.step) / 2


BOUNDS = ("<", "≤", ">", "≥")


def _compared(places: Sequence[Sequence[Told]]) -> tuple[list[Claim], list[Finding]]:
    """The value that most mentions have stands (of equals the first); another contradicts it."""
    weights = [sum(len(other) for other in places if _same(one[0].number, other[0].number)) for one in places]
    best = places[weights.index(max(weights))]
    claims, findings = list[Claim](), list[Finding]()
    for below in places:
        for one in below:
            if _same(one.number, best[0].number):
                if below is not best:  # a value is not evidence for itself: only what repeats it is confirmed
                    claims.append(claim_of(one.sentence, one.number, "restated", "CONFIRMED", f"line {best[0].line} says so too", f"line {best[0].line}"))
            elif _comparable(one.number, best[0].number):
                reason = f"line {best[0].line} says {best[0].number.text.strip()} of the same ({one.metric}, {one.scope})"
                claims.append(claim_of(one.sentence, one.number, "contradiction", "WRONG", reason, f"line {best[0].line}"))
                place = one.sentence.place(one.number.start)
                message = f"{one.metric} of {one.scope}: {one.number.text.strip()} here, {best[0].number.text.strip()} in line {best[0].line}"
                findings.append(finding("claims/contradiction", place.line, place.column, message))
    return claims, findings


def _comparable(one: Number, other: Number) -> bool:
    """Whether two numbers that are not one value contradict each other: not where the last digit differs by one, or one is told as rough."""
    near = "" == one.marker == other.marker and abs(one.value - other.value) <= max(one.step, other.step)
    return one.unit == other.unit and "~" not in (one.marker, other.marker) and not near


def _repeated(group: Sequence[Told]) -> Iterator[Claim]:
    """The same label with the same exact value elsewhere. Where the values differ nothing is said: no heading tells that it is the same thing."""
    first: dict[tuple[Decimal, str], Told] = {}
    for one in group:
        twin = first.setdefault((one.number.value, one.number.unit), one)
        if twin.line < one.line and one.number.marker == "" and (one.number.step < 1 or one.number.value > 20):
            yield claim_of(one.sentence, one.number, "restated", "CONFIRMED", f"line {twin.line} says so too", f"line {twin.line}")


def _anchored(outline: Outline) -> tuple[list[Claim], list[Finding]]:
    """A statistic that two sentences tell once each, beside two or more of the same distinctive figures."""
    every = ((one, _distinctive(one), _single_statistics(one)) for one in outline.prose.sentences if not one.title and len(one.text) < LONGEST_SENTENCE)
    told = [one for one in every if len(one[1]) >= ANCHORS and one[2]][:MOST_ANCHORED]
    claims, findings = list[Claim](), list[Finding]()
    for place, (later, figures, ours) in enumerate(told):
        for name, mine in ours.items():
            twin = next((one for one, others, theirs in told[:place] if name in theirs and _beside(one, later, figures & others, mine, theirs[name])), None)
            other = _single_statistics(twin)[name] if twin else None
            if twin is None or other is None:
                continue
            address = where(twin, other)
            if _same(mine, other):
                claims.append(claim_of(later, mine, "restated", "CONFIRMED", f"{address} says so beside the same figures", address))
            elif _comparable(mine, other) and _tests(twin) == _tests(later):
                reason = f"{address} says {name} {other.text.strip()} beside the same figures"
                claims.append(claim_of(later, mine, "contradiction", "WRONG", reason, address))
                spot = later.place(mine.start)
                findings.append(finding("claims/contradiction", spot.line, spot.column, f"{name}: {mine.text.strip()} here; {reason}"))
    return claims, findings


def _beside(earlier: Sentence, later: Sentence, shared: set[tuple[Decimal, str]], mine: Number, other: Number) -> bool:
    """Whether two sentences in two lines share enough figures besides the two statistics themselves."""
    return len({one for one in shared if one[0] not in (abs(mine.value), abs(other.value))}) >= ANCHORS and earlier.place(0).line != later.place(0).line


MOST_PLACES, MOST_ANCHORED = 50, 300  # compared with one another
ANCHORS = 2
TESTS = re.compile(
    r"\b(?:Wilcoxon|Mann-Whitney|Fisher|Welch|paired|permutation|bootstrap|Spearman|Pearson|Bonferroni|Holm|corrected|adjusted|McNemar|ANOVA|KS|Kolmogorov)\b",
    re.IGNORECASE,
)


def _tests(sentence: Sentence) -> set[str]:
    return {found[0].lower() for found in TESTS.finditer(sentence.text)}


def _distinctive(sentence: Sentence) -> set[tuple[Decimal, str]]:
    """The figures of a sentence that are no small whole numbers."""
    return {
        (abs(one.value), one.unit)
        for one in sentence.numbers
        if len(one.value.as_tuple().digits) >= 3 or (one.step < 1 and one.value != 0 and len(one.value.as_tuple().digits) == 2)
    }


def _single_statistics(sentence: Sentence) -> dict[str, Number]:
    """The named statistics of a sentence that tells each once."""
    found: dict[str, list[Number]] = {"p": p_values(sentence)}
    for name, pattern in (*STATISTICS[:1], ("t", T), ("z", Z), ("r", R)):
        found[name] = list(named(sentence, pattern))
    return {name: numbers[0] for name, numbers in found.items() if len(numbers) == 1}
