"""A review as text, as a table of claims in Markdown, as SARIF and as annotations of GitHub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness import finding_formats
from harness.finding_formats import Annotation, Level
from harness.plaintext import count_of
from harness.report.escape import in_markdown
from harness.report.numbers import cut_at_word
from harness.review.claims import Claim
from harness.review.document import plain_text
from harness.review.fields import FIELDS
from harness.review.findings import CLAIMS, CONTRADICTION, STRUCTURE, Finding
from harness.review.recorded import LONGEST, WORST, sentence_at
from harness.review.review import Review

MOST_STALE, MOST_CONFIRMED = 5, 40  # that are listed, not counted
CLAIM_CODES = {
    "claim/wrong": "what a claim rests on says something else",
    "claim/overclaimed": "the words of a claim go beyond what it rests on",
    "claim/unsupported": "what a claim rests on does not decide it, or nothing is bound to it",
}


def to_text(review: Review, *, named: bool = False) -> list[str]:
    """A line for each finding and each claim that something speaks against, in the order of the text, then the verdicts; `named` puts the path before these,
    too, where several texts are reviewed."""
    placed = [(one.line, one.column, f"{one.code} {one.message}") for one in review.findings]
    placed += [(one.line, one.column, claim_line(one)) for one in review.claims if one.flagged]
    lines = [f"{review.path}:{line}:{column}: {told}" for line, column, told in sorted(placed)]
    before = f"{review.path}: " if named else ""
    return [*lines, *(f"{before}{line}" for line in summary(review))]


def summary(review: Review) -> Iterator[str]:
    yield f"Reproducibility: {review.reproducibility}"
    yield f"Structure: {review.structure}"
    counts, undecided = Counter(one.verdict for one in review.claims), sum(not one.decided for one in review.claims)
    said = {"UNSUPPORTED": f" ({undecided} bound to nothing; --json lists them)"} if undecided else {}
    yield "Claims: " + (", ".join(f"{counts[name]} {name}{said.get(name, '')}" for name in reversed(WORST) if counts[name]) or "none")
    yield f"Verdict: {review.verdict}"
    yield from recorded_lines(review)


def recorded_lines(review: Review) -> Iterator[str]:
    """What an earlier review left, and what of it does not hold any more."""
    if review.recorded is None:
        return
    kept, stale = review.recorded, review.recorded.stale
    if kept.results_changed:
        yield f"Recorded: {kept.verdict}, stale: the results have changed since"
        return
    yield f"Recorded: {kept.verdict}" + (f", stale in {count_of(len(stale), 'sentence', 'sentences')}" if stale else "")
    for one in stale[:MOST_STALE]:
        yield f"stale: the sentence that was {one.verdict} on line {one.line} has changed since: {one.text!r}"


def claim_line(one: Claim) -> str:
    return f"{one.verdict} {reason_of(one)}"


def reason_of(one: Claim) -> str:
    return f"{one.text!r}: {one.reason}" + (f" ({one.address})" if one.address else "")


def to_markdown(review: Review) -> list[str]:
    """The table of claims, a row for each sentence: those first that a reader should look at, then the undecided, then the first of the confirmed."""
    rows = sorted(by_sentence(review), key=lambda row: (not any(one.flagged for one in row[1]), all(one.verdict == "CONFIRMED" for one in row[1])))
    others = sum(any(one.verdict != "CONFIRMED" for one in claims) for _, claims in rows)
    left = len(rows) - others - MOST_CONFIRMED
    end = ["", f"In {count_of(left, 'more sentence or row', 'more sentences and rows')} every claim is CONFIRMED."] if left > 0 else []
    findings = [f"- Line {one.line}: {in_markdown(one.message)} (`{one.code}`)" for one in review.findings]
    return [
        f"**{in_markdown(review.path)}: {review.verdict}.** Reproducibility {review.reproducibility}, structure {review.structure}.",
        *(["", "| Claim | Verdict |", "|---|---|", *(claim_row(*row) for row in rows[: others + MOST_CONFIRMED]), *end] if rows else []),
        *(["", "Findings:", "", *findings] if findings else []),
    ]


def by_sentence(review: Review) -> list[tuple[str, list[Claim]]]:
    """(sentence or row, its claims) in the order of the text."""
    found: dict[tuple[int, str], list[Claim]] = {}
    for one in review.claims:
        found.setdefault((one.line, sentence_at(review.lines[one.line - 1], one.column - 1)), []).append(one)
    return [(sentence, claims) for (_, sentence), claims in found.items()]


def claim_row(sentence: str, claims: Sequence[Claim]) -> str:
    """The worst verdict of a sentence, and why each of its claims that is not confirmed is not."""
    worst = next(name for name in WORST if any(one.verdict == name for one in claims))
    told = "; ".join(dict.fromkeys(reason_of(one) for one in claims if one.verdict != "CONFIRMED"))
    shown = in_markdown(cut_at_word(plain_text(sentence).strip("| "), LONGEST))
    return f'| "{shown}" (line {claims[0].line}) | **{worst}.**{f" {in_markdown(told)}" if told else ""} |'


def to_sarif(reviews: Sequence[Review]) -> list[str]:
    """SARIF 2.1.0: findings, and claims that are not confirmed; those that nothing decides are notes."""
    about = {**CLAIM_CODES, **CLAIMS, **STRUCTURE, **{field.code: f"the card does not state {field.group}: {field.label}" for field in FIELDS}}
    found = [one for review in reviews for one in annotations_of(review)]
    codes = dict.fromkeys([*about, *(one.code for one in found)])
    rules = [{"id": code, "name": code, "shortDescription": {"text": about.get(code, code)}} for code in codes]
    return finding_formats.to_sarif("harness review", rules, found)


def to_github(reviews: Sequence[Review]) -> list[str]:
    """Annotations of what a reader should look at."""
    return finding_formats.to_github(one for review in reviews for one in annotations_of(review) if one.level != "note")


def annotations_of(review: Review) -> Iterator[Annotation]:
    path = Path(review.path)
    file = (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()
    yield from (of_finding(one, file) for one in review.findings)
    yield from (of_claim(one, file) for one in review.claims if one.verdict != "CONFIRMED")


def of_finding(one: Finding, file: str) -> Annotation:
    level: Level = "error" if one.code == CONTRADICTION else "warning"
    return Annotation(code=one.code, level=level, message=one.message, file=file, line=one.line, column=one.column)


def of_claim(one: Claim, file: str) -> Annotation:
    level: Level = "error" if one.verdict == "WRONG" else "warning" if one.flagged else "note"
    code = f"claim/{one.verdict.lower()}"
    return Annotation(code=code, level=level, message=claim_line(one), file=file, line=one.line, column=one.column, end=one.end)
