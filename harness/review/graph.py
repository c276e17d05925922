"""What a document says twice: the same quantity in two sections, a total beside its column, a count beside its list, a row of a table named in a sentence.

A quantity is its words, the experiment it is told of (a heading or label with a number, such as `Level 2` or `Study 1b`) and its unit.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.review.claims import Claim, claim
from harness.review.findings import Finding, finding
from harness.review.number import Number, read_numbers
from harness.review.passages import JOINT, LEAD, Passage, claim_of, named, p_values, passages, scope_key, scopes, top_section, where
from harness.review.prose import Cell, Prose, Sentence, Table
from harness.review.statistics import REST, R, Range, T, Z, agrees, bounds, in_cell, judged, meets, said, shown, spreads_of

LABELLED = re.compile(rf"^{LEAD}[\s*_]*(?P<label>[A-Za-z][^:=*_\n()\[\]|]{{1,60}}?)[\s*_]*(?:\([^()\n]{{0,40}}\))?[\s*_]*:[\s*_]*(?=[~≈<>≤≥$€£+−–\-\d.±])", re.MULTILINE)
STATISTICS = (
    ("Cohen's d", re.compile(r"(?:[Cc]ohen['’]?s?\s+|(?<![A-Za-z]))d(?:_?z)?[\s*_`]*(?:\([a-z ]+\))?[\s*_`]*[=:≈][\s*_`]*$")),
    ("power", re.compile(r"\b[Pp]ower\b" + JOINT)),
)
EXPERIMENT = re.compile(r"\d|\b(?:experiment|study|phase|stage|level|condition|arm|pilot)\b")
# Labels that name a kind of value and not what it is of.
GENERIC = {"result", "results", "value", "values", "total", "mean", "average", "median", "n", "note", "difference", "range", "effect size", "score", "p value", "significance", "finding"}
FILLERS = {"the", "a", "an", "of", "for", "in", "overall", "observed", "estimated", "our"}
MEANS = re.compile(r"\W*(?:(?:macro[- ])?(?:average|mean|avg)\.?)\W*(?:\(.*\))?\W*", re.IGNORECASE)
SUMS = re.compile(r"\W*(?:(?:grand )?total|sum)\W*", re.IGNORECASE)
SPREADS = re.compile(r"\W*(?:SD|std\.?(?: dev\w*)?|standard deviation)\W*", re.IGNORECASE)
FEWEST_ROWS = 3
NUMERALS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12}
ENUMERATED = re.compile(
    rf"(?<![\w./,-])(?P<n>\d{{1,2}}|{'|'.join(NUMERALS)})(?:(?:\s*/\s*|\s+of\s+(?:the\s+)?)(?P<of>\d+|{'|'.join(NUMERALS)}))?[*_]*\s+(?P<noun>(?:[A-Za-z][\w-]*\s+){{0,3}}[A-Za-z][\w-]*s)[*_]*\s*"
    r"(?:\((?P<list>[^()\n]{5,300})\)|:\s+(?P<open>[^.:;\n()]{5,200})(?=\.?\s*$))",
    re.IGNORECASE | re.MULTILINE,
)
NO_LIST = re.compile(r"\be\.g|\bi\.e|such as|includ|\blike\b|\betc\b|\.\.\.|…|\bvs\b|=|\beach\b|\bwith\b|\ball\b|\bboth\b|\busing\b|\bper\b|\bonly\b|\bby\b|\bfrom\b|\bmostly\b|\bexcept|→|->|--|:|%|\bsee\b|\bof\b|\bis\b|\bare\b", re.IGNORECASE)
UNCOUNTED = {"points", "minutes", "hours", "seconds", "days", "weeks", "years", "tokens", "epochs", "steps", "times", "pts", "percents", "gpus", "gpu-hours", "pods", "layers"}
OTHERS = re.compile(r"(?:and\s+)?(\d+)\s+(?:others?|more|additional)\b", re.IGNORECASE)
CHANGE_WORDS = re.compile(r"\s*[*_]*\s*(?:\w+\s+)?(?:variation|difference|gap|range|spread|increase|drop|decrease|improvement|shift|change|reduction|gain|loss)\b", re.IGNORECASE)
HIGHEST = re.compile(r"\b(?:highest|largest|greatest)\b", re.IGNORECASE)
LOWEST = re.compile(r"\b(?:lowest|smallest|least)\b", re.IGNORECASE)
SUMMARY = re.compile(r"\b(?:mean|max\w*|min\w*|total|median|sd|standard|range|average)\b", re.IGNORECASE)
CHAIN = re.compile(r"[A-Z][\w/ -]{1,40}?\s*\(\s*[^()]{1,12}\)(?:\s*>\s*[A-Za-z][\w/ -]{1,40}?\s*\(\s*[^()]{1,12}\)){1,}")
LINK = re.compile(r"(?P<name>[A-Za-z][\w/ -]{1,40}?)\s*\(\s*(?P<value>[^()]{1,12})\)")


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
    every = passages(prose)
    claims, findings = _restated(_quantities(prose, every))
    again = _anchored(prose)
    claims, findings = claims + again[0], findings + again[1]
    for table in prose.tables:
        claims += _summary_rows(table)
    lists = _lists(every)
    for passage in every:
        for sentence in passage.everything:
            claims += [*_enumerations(sentence), *_superlatives(sentence, lists), *_rankings(sentence, lists), *_named_rows(sentence, passage, prose)]
    claims += [*_categories(prose), *_listed_counts(prose, every), *_units(prose), *_none_under_heading(prose, every)]
    return _once(claims), findings


def _once(claims: Sequence[Claim]) -> list[Claim]:
    best: dict[tuple[int, int], Claim] = {}
    for one in claims:
        key = one.line, one.column
        if key not in best or (best[key].verdict == "CONFIRMED" and one.verdict != "CONFIRMED"):
            best[key] = one
    return sorted(best.values(), key=lambda one: (one.line, one.column))


# The same quantity in two places


def _quantities(prose: Prose, every: Sequence[Passage]) -> list[Told]:
    heads = Counter(name for name in _heads(prose, every) if EXPERIMENT.search(name))
    found = []
    for passage in every:
        path = scopes(prose, passage)
        scope = next((name for name in reversed(path) if heads[name] > 1), "")
        head = _head(prose, passage, scope)
        for sentence in passage.everything:
            found += [Told(metric, scope, head, sentence, number) for metric, number in _told(sentence, passage)]
    return found


def _heads(prose: Prose, every: Sequence[Passage]) -> Iterator[str]:
    """Each heading and label by name, once for each time it stands."""
    yield from (scope_key(one.title) for one in prose.headings[1:])
    yield from (scope_key(one.label) for one in every if one.label)


def _head(prose: Prose, passage: Passage, scope: str) -> int:
    """The line of the heading or label that names the experiment above a passage."""
    if passage.heading and scope_key(passage.label) == scope:
        return passage.heading.place(0).line
    return max((one.line for one in prose.headings[: passage.section + 1] if scope_key(one.title) == scope), default=0)


def _told(sentence: Sentence, passage: Passage) -> Iterator[tuple[str, Number]]:
    """Labelled values and named statistics of a sentence. A test that a label names is part of the name of its p."""
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
        if group[0].scope and len(places) > 1:
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
    """Whether two numbers can be one value: to rounding, a share may be told in per cent, a bound holds what lies beyond it."""
    if one.unit != other.unit:
        if {one.unit, other.unit} == {"", "%"}:
            (a, b), (c, d) = bounds(one), bounds(other)
            return meets((a * (100 if one.unit == "" else 1), b * (100 if one.unit == "" else 1)), (c * (100 if other.unit == "" else 1), d * (100 if other.unit == "" else 1)))
        return False
    if other.marker in ("<", "≤", ">", "≥"):
        one, other = other, one
    if one.marker in ("<", "≤", ">", "≥"):
        return other.marker != "" or agrees(one, bounds(other))
    return meets(bounds(one), bounds(other))


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
    return one.unit == other.unit and "~" not in (one.marker, other.marker)


def _repeated(group: Sequence[Told]) -> Iterator[Claim]:
    """The same label with the same exact value elsewhere. Where the values differ nothing is said: no heading tells that it is the same thing."""
    for one in group:
        twin = next((other for other in group if other.line < one.line and other.number.value == one.number.value and other.number.unit == one.number.unit), None)
        if twin and one.number.marker == "" and (one.number.step < 1 or one.number.value > 20):
            yield claim_of(one.sentence, one.number, "restated", "CONFIRMED", f"line {twin.line} says so too", f"line {twin.line}")


# Statistics told again beside the same figures


def _anchored(prose: Prose) -> tuple[list[Claim], list[Finding]]:
    """A statistic that two sentences tell once each, beside two or more of the same distinctive figures."""
    told = [(one, _distinctive(one), found) for one in prose.sentences if not one.title and (found := _single_statistics(one))]
    claims, findings = list[Claim](), list[Finding]()
    for place, (later, figures, ours) in enumerate(told):
        for earlier, others, theirs in told[:place]:
            for name in ours.keys() & theirs.keys():
                mine, other = ours[name], theirs[name]
                shared = {figure for figure in figures & others if figure[0] not in (abs(mine.value), abs(other.value))}
                if len(shared) < ANCHORS or earlier.place(0).line == later.place(0).line:
                    continue
                address = where(earlier, other)
                if _same(mine, other):
                    claims.append(claim_of(later, mine, "restated", "CONFIRMED", f"{address} says so beside the same figures", address))
                elif _comparable(mine, other) and _tests(earlier) == _tests(later):
                    claims.append(claim_of(later, mine, "contradiction", "WRONG", f"{address} says {name} {other.text.strip()} beside the same figures", address))
                    spot = later.place(mine.start)
                    findings.append(finding("claims/contradiction", spot.line, spot.column, f"{name}: {mine.text.strip()} here, {other.text.strip()} in {address} beside the same figures"))
    return claims, findings


ANCHORS = 2
TESTS = re.compile(r"\b(?:Wilcoxon|Mann-Whitney|Fisher|Welch|paired|permutation|bootstrap|Spearman|Pearson|Bonferroni|Holm|corrected|adjusted|McNemar|ANOVA|KS|Kolmogorov)\b", re.IGNORECASE)


def _tests(sentence: Sentence) -> set[str]:
    return {found[0].lower() for found in TESTS.finditer(sentence.text)}


def _distinctive(sentence: Sentence) -> set[tuple[Decimal, str]]:
    """The figures of a sentence that are no small whole numbers."""
    return {(abs(one.value), one.unit) for one in sentence.numbers if len(one.value.as_tuple().digits) >= 3 or (one.step < 1 and one.value != 0 and len(one.value.as_tuple().digits) == 2)}


def _single_statistics(sentence: Sentence) -> dict[str, Number]:
    """The named statistics of a sentence that tells each once."""
    found: dict[str, list[Number]] = {"p": p_values(sentence)}
    for name, pattern in (*STATISTICS[:1], ("t", T), ("z", Z), ("r", R)):
        found[name] = list(named(sentence, pattern))
    return {name: numbers[0] for name, numbers in found.items() if len(numbers) == 1}


# Rows that sum up a table


def _summary_rows(table: Table) -> Iterator[Claim]:
    for row in table.rows:
        name = table.name(row)
        kind = next((kind for kind, pattern in (("mean", MEANS), ("sum", SUMS), ("SD", SPREADS)) if pattern.fullmatch(name)), None)
        if kind:
            for place, cell in enumerate(row):
                if place != table.key_column and cell.number is not None:
                    yield from _summary_cell(table, place, cell, cell.number, kind)


def _summary_cell(table: Table, place: int, cell: Cell, stated: Number, kind: str) -> Iterator[Claim]:
    body = [row for row in table.rows if not _sums_up(table.name(row))]
    numbers = [row[place].number for row in body]
    values = [one for one in numbers if one is not None]
    if len(values) < FEWEST_ROWS or len(values) != len(body) or any(_is_total(table.name(row)) for row in body) or len({one.unit for one in values}) > 1:
        return
    computed = _summed(values, kind)
    how = f"the {'plain mean' if kind == 'mean' else kind} of the {len(values)} rows"
    address = f"lines {body[0][0].line}-{body[-1][0].line}"
    weight = _weighted(table, place, body, stated) if kind == "mean" and not agrees(stated, computed) else None
    if weight:
        yield in_cell(cell, stated).claim("average", "CONFIRMED", f"the mean weighted by {weight}", address)
    elif agrees(stated, computed) or _must_sum(kind, stated, values):
        yield judged(in_cell(cell, stated), "average" if kind == "mean" else "sum" if kind == "sum" else "mean±sd", computed, how, address)


def _sums_up(name: str) -> bool:
    return bool(MEANS.fullmatch(name) or SUMS.fullmatch(name) or SPREADS.fullmatch(name) or re.fullmatch(r"\W*(?:median|min|max|range|overall|SE|CI)\W*", name, re.IGNORECASE))


def _is_total(name: str) -> bool:
    return bool(REST.search(name))


def _summed(values: Sequence[Number], kind: str) -> Range:
    middles = [float(one.value) for one in values]
    half = sum(float(one.step) / 2 for one in values)
    if kind == "sum":
        exact = all(one.step == 1 for one in values)  # counts are not rounded
        return (sum(middles), sum(middles)) if exact else (sum(middles) - half, sum(middles) + half)
    mean = sum(middles) / len(middles)
    if kind == "mean":
        half = half / len(middles) if any(one.step < 1 or one.unit == "%" for one in values) else 0.0
        return mean - half, mean + half
    squares = sum((one - mean) ** 2 for one in middles)
    half = max(float(one.step) for one in values) / 2
    return (squares / len(middles)) ** 0.5 - half, (squares / (len(middles) - 1)) ** 0.5 + half


def _must_sum(kind: str, stated: Number, values: Sequence[Number]) -> bool:
    """A total of shares or scores need be no sum."""
    return kind != "sum" or (stated.unit in ("", "$") and all(one.unit == stated.unit for one in values) and (stated.unit == "$" or all(one.step == 1 for one in (*values, stated))))


def _weighted(table: Table, place: int, body: Sequence[Sequence[Cell]], stated: Number) -> str | None:
    """The column of counts by which the stated mean is weighted."""
    for other, header in enumerate(table.header):
        weights = [row[other].number for row in body]
        known = [float(one.value) for one in weights if one is not None and one.step == 1 and one.value > 0]
        if other == place or len(known) != len(body):
            continue
        values = [row[place].number for row in body]
        mean = sum(weight * float(one.value) for weight, one in zip(known, values, strict=True) if one is not None) / sum(known)
        half = max(float(one.step) for one in values if one is not None) / 2
        if agrees(stated, (mean - half, mean + half)):
            return header.plain
    return None


# Counts beside lists


def _enumerations(sentence: Sentence) -> Iterator[Claim]:
    """`5 personas (a, b, c, d, e)`."""
    for found in ENUMERATED.finditer(sentence.text):
        count, whole = (int(one) if one.isdigit() else NUMERALS[one.lower()] for one in (found["n"], found["of"] or found["n"]))
        size = _items(found["list"] or found["open"])
        if size is None or size < 2 or found["noun"].split()[-1].lower() in UNCOUNTED:
            continue
        place = sentence.place(found.start("n"))
        reason = f"{size} are listed"
        if found["of"] and size == whole:
            continue  # the whole is listed, not the part
        if size == count:
            yield claim(place.line, place.column, found["n"], "text count", "CONFIRMED", reason, f"line {place.line}")
        elif found["list"] and size >= 3 and abs(size - count) <= 2 and count >= 3:
            yield claim(place.line, place.column, found["n"], "text count", "WRONG", f"{reason}, the text says {found['n']}", f"line {place.line}")


def _items(text: str) -> int | None:
    """How many things a list names; None where it is no plain list."""
    more = OTHERS.search(text)
    plain = text[: more.start()].rstrip(" ,") if more else text
    if NO_LIST.search(plain):
        return None
    parts = [part.strip() for part in re.split(r",\s+(?:and\s+|or\s+)?|;\s+|\s+(?:and|&)\s+", plain) if part.strip()]
    joined = re.search(r"\s(?:and|&)\s.*,\s", plain)
    digits = [bool(re.match(r"\d", part)) for part in parts]
    if joined or len(parts) < 2 or any(len(part.split()) > 4 for part in parts) or (any(digits[1:]) and not all(digits[1:])) or "," not in plain and len(parts) > 2:
        return None
    return len(parts) + (int(more[1]) if more else 0)


def _listed_counts(prose: Prose, every: Sequence[Passage]) -> Iterator[Claim]:
    """`Models tested: 15` against the list below a heading that says models; `Models tested: a, b and 8 others` against the count."""
    for passage in every:
        title = prose.headings[passage.section].title
        noun = re.search(r"\b([A-Za-z]{3,}s)\b(?: (?:tested|used|evaluated|included|compared|trained))?\W*(?:\(.*\))?$", title, re.IGNORECASE)
        items = [one for one in passage.sentences if _is_item(one)]
        if not noun or len(items) < FEWEST_ROWS or len({one.block for one in items}) != len(items) or REST.search(" ".join(one.text for one in items)) or _open_list(passage):
            continue
        sizes = [_listed(one.text) for one in items]
        if None in sizes:
            continue
        size = sum(one or 0 for one in sizes)
        for sentence in prose.sentences:
            label = re.match(rf"{LEAD}[\s*_]*{re.escape(noun[1])}\b[^:\d\n]{{0,20}}:[\s*_]*(\d+)\b(?![.,]?\d)", sentence.text, re.IGNORECASE)
            if label and top_section(prose, sentence.section) == top_section(prose, passage.section) and not sentence.title:
                place = sentence.place(label.start(1))
                right = int(label[1]) == size
                if right or abs(int(label[1]) - size) <= 2:
                    reason = f"{size} are listed below line {items[0].place(0).line}"
                    yield claim(place.line, place.column, label[1], "text count", "CONFIRMED" if right else "WRONG", reason, f"line {items[0].place(0).line}")


def _categories(prose: Prose) -> Iterator[Claim]:
    """`negative (a, b, c)` against a column that says which rows are negative: a row that the list leaves out."""
    for table in prose.tables:
        rows = {_row_key(table.name(row)): row for row in table.rows}
        for place, header in enumerate(table.header):
            values = Counter(row[place].plain.lower() for row in table.rows if row[place].plain and row[place].number is None)
            if place != table.key_column and 2 <= len(values) <= len(rows) / 2:
                for sentence in prose.sentences:
                    yield from _category(sentence, table, place, header.plain, rows, values)


def _category(sentence: Sentence, table: Table, place: int, header: str, rows: dict[str, tuple[Cell, ...]], values: Counter[str]) -> Iterator[Claim]:
    for found in re.finditer(r"\b(?P<word>[A-Za-z][\w-]{2,})[*_]*\s*\((?P<list>[^()\n]{5,300})\)", sentence.text):
        word = found["word"].lower()
        value = next((one for one in values if one in (word, word.rstrip("s"))), None)
        listed = {_row_key(part) for part in re.split(r",\s+(?:and\s+)?|\s+and\s+|\s+--\s+.*$|\s+[–—]\s+.*$", found["list"]) if part}
        members = {key for key, row in rows.items() if row[place].plain.lower() == value}
        shared = listed & members
        if value is None or len(shared) < FEWEST_ROWS or len(members - listed) + len((listed & set(rows)) - members) > max(1, len(shared) // 4):
            continue
        for key in sorted((members - listed) | ((listed & set(rows)) - members)):
            cell = rows[key][place]
            reason = f"{where(sentence)} lists {len(listed)} as {value}, and {table.name(rows[key])} is {'not ' if key not in listed else ''}among them"
            yield claim(cell.line, cell.column, cell.text, "label", "WRONG", reason, where(sentence))


def _is_item(sentence: Sentence) -> bool:
    return not sentence.title and len(sentence.text) < 200 and "\n" not in sentence.text.strip() and not sentence.text.rstrip().endswith(":")


def _open_list(passage: Passage) -> bool:
    return bool(re.search(r"\b(?:representative|additional|example|e\.g\.|including|among|selected|some)\b", passage.text, re.IGNORECASE)) and bool(
        re.search(r"\b(?:additional|example|e\.g\.|including|among|some)\b", passage.text, re.IGNORECASE)
    )


def _listed(text: str) -> int | None:
    """The things of a list item: those after its label, or itself."""
    after = re.match(r"[^:]{1,40}:\s*(.+)$", text)
    if not after:
        return 1 if len(text.split()) <= 6 else None
    parts = re.split(r",\s+", re.sub(r"\([^()]*\)", "", after[1]).strip())
    return len(parts) if all(len(part.split()) <= 4 for part in parts) else None


def _none_under_heading(prose: Prose, every: Sequence[Passage]) -> Iterator[Claim]:
    """`No deviations` in a list of deviations."""
    for passage in every:
        words = set(re.findall(r"[a-z]{5,}", prose.headings[passage.section].title.lower()))
        for sentence in passage.sentences:
            found = re.match(LEAD + r"(No (?:\w+ ){0,2}(?P<noun>[a-z]{5,}s)\b)", sentence.text)
            if found and found["noun"] in words and len(passage.sentences) > 1 and not re.search(r"\b(?:is|are|was|were)\b", sentence.text):
                first = next(other for other in passage.sentences if other is not sentence)
                yield claim(sentence.place(found.start(1)).line, sentence.place(found.start(1)).column, found[1], "all", "OVERCLAIMED", f"line {first.place(0).line} lists one", where(first))


# Units


def _units(prose: Prose) -> Iterator[Claim]:
    """A difference of percentages told in per cent where the document tells it in percentage points."""
    points = {one.value: (sentence, one) for sentence in prose.sentences for one in sentence.numbers if one.unit == "pp" and one.step < 1}
    for sentence in prose.sentences:
        for number in sentence.numbers:
            if number.unit == "%" and number.step < 1 and number.value in points and CHANGE_WORDS.match(sentence.text[number.end :]):
                other = points[number.value]
                yield claim_of(sentence, number, "unit", "WRONG", f"line {other[0].place(other[1].start).line} says percentage points", where(*other))


# Lists of values: superlatives and rankings


@dataclass(frozen=True)
class Valued:
    names: dict[str, tuple[Sentence, Number]]

    def find(self, name: str) -> tuple[Sentence, Number] | None:
        return self.names.get(_name_key(name))


def _name_key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def _lists(every: Sequence[Passage]) -> list[Valued]:
    """Lists of three and more `name: value` of one unit."""
    found = []
    for passage in every:
        names: dict[str, tuple[Sentence, Number]] = {}
        for sentence in passage.sentences:
            label = LABELLED.match(sentence.text)
            number = next((one for one in sentence.numbers if label and 0 <= one.start - label.end() + 2 < 5), None)
            if label and number is not None and not SUMMARY.search(label["label"]):
                names[_name_key(label["label"])] = sentence, number
            elif len(names) >= FEWEST_ROWS:
                break
        if len(names) >= FEWEST_ROWS and len({(number.unit, number.step) for _, number in names.values()}) == 1:
            found.append(Valued(names))
    return found


def _superlatives(sentence: Sentence, lists: Sequence[Valued]) -> Iterator[Claim]:
    """`X showed the highest` against the one list that names X."""
    for pattern, highest in ((HIGHEST, True), (LOWEST, False)):
        found = pattern.search(sentence.text)
        key = f" {_name_key(sentence.text)} "
        holding = [(one, name) for one in lists for name in one.names if f" {name} " in key]
        if not found or len(holding) != 1 or re.search(r"\b(?:not|n['’]t|second|than)\b", sentence.text) or (HIGHEST.search(sentence.text) and LOWEST.search(sentence.text)):
            continue
        one, name = holding[0]
        values = {other: number.value for other, (_, number) in one.names.items()}
        best = max(values, key=lambda other: values[other]) if highest else min(values, key=lambda other: values[other])
        source, number = one.names[best]
        place = sentence.place(found.start())
        right = values[name] == values[best]
        yield claim(place.line, place.column, found[0], "superlative", "CONFIRMED" if right else "WRONG", f"{best} has {number.text.strip()}", where(source, number))


def _rankings(sentence: Sentence, lists: Sequence[Valued]) -> Iterator[Claim]:
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


# Rows of a table named in a sentence


def _named_rows(sentence: Sentence, passage: Passage, prose: Prose) -> Iterator[Claim]:
    """`name (value)`, `name: value` and `value (name)` against the row of that name in a table of the same part of the document."""
    top = top_section(prose, passage.section)
    tables = [table for table in prose.tables if top and top_section(prose, table.section) == top]
    for number in sentence.numbers:
        if number.step >= 1 and number.unit not in ("%", "pp"):
            continue
        for name, adjacent in _beside(sentence, number):
            yield from _against_row(sentence, number, name, adjacent, tables)


def _beside(sentence: Sentence, number: Number) -> Iterator[tuple[str, bool]]:
    """The words right before a number in brackets or after a colon, and those in brackets right after it."""
    before, after = sentence.text[max(0, number.start - 60) : number.start], sentence.text[number.end :]
    if found := re.search(r"([\w./+-]+(?: [\w./+-]+){0,3})[*_`\"]*\s*(?:\(|:)[\s*_]*$", before):
        words = found[1].split(" ")
        yield from ((" ".join(words[start:]), bool(re.match(r"[*_]*\s*[),;.]|\s*$", after))) for start in range(len(words)))
    if found := re.match(r"[*_]*\s*\(([\w./+ -]{3,40})\)", after):
        yield found[1], True


def _against_row(sentence: Sentence, number: Number, name: str, adjacent: bool, tables: Sequence[Table]) -> Iterator[Claim]:
    key = _row_key(name)
    rows = [(table, row) for table in tables for row in table.rows if key and len(key) > 2 and _row_key(table.name(row)) == key]
    if len(rows) != 1:
        return
    table, row = rows[0]
    cells = [(place, cell.number) for place, cell in enumerate(row) if cell.number is not None and place != table.key_column]
    alike = [(place, value) for place, value in cells if value.unit == number.unit and value.step == number.step]
    fit = next(((place, value) for place, value in cells if value.unit == number.unit and value.signed == number.signed and value.step <= number.step and _rounds(number, value)), None)
    if fit:
        reason = f"row {table.name(row)}, column {table.header[fit[0]].plain}"
        yield claim_of(sentence, number, "restated", "CONFIRMED", reason, f"line {row[0].line}, column {table.header[fit[0]].plain}")
    elif adjacent and len(alike) == 1 and number.marker == "" and _column_named(sentence, table, alike[0][0]):
        reason = f"row {table.name(row)} has {alike[0][1].text.strip()} in column {table.header[alike[0][0]].plain}"
        yield claim_of(sentence, number, "contradiction", "WRONG", reason, f"line {row[0].line}, column {table.header[alike[0][0]].plain}")


def _rounds(stated: Number, exact: Number) -> bool:
    """Whether a number is another one, rounded once."""
    return abs(stated.value - exact.value) <= stated.step / 2 if exact.step < stated.step else stated.value == exact.value


def _column_named(sentence: Sentence, table: Table, place: int) -> bool:
    """Whether a word of the column's header stands in the sentence."""
    words = set(re.findall(r"[a-z]{4,}", table.header[place].plain.lower()))
    return bool(words & set(re.findall(r"[a-z]{4,}", sentence.text.lower())))


def _row_key(name: str) -> str:
    """A name without what stands before its last slash, in small letters and digits."""
    return re.sub(r"[^a-z0-9]+", "", re.sub(r"\(.*?\)", "", name).split("/")[-1].lower())
