"""Words that claim more than a document bears are flagged; the same words put as a question, a plan or a possibility are not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from harness.review.claim_words import word_claims
from harness.review.claims import Claim
from harness.review.graph import graph_claims
from harness.review.prose import read_prose
from harness.review.statistics import statistics_claims

REPORT = "# Garden watering (LOW confidence)\n\n## Setup\nOne seed.\n\n## Results\n{}\n"


def claims(sentence: str, report: str = REPORT) -> list[Claim]:
    return word_claims(read_prose(report.format(sentence)))


def flagged(sentence: str, report: str = REPORT) -> list[str]:
    return [one.text for one in claims(sentence, report) if one.flagged]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Watering protects the roses.", ["protects"]),
        ("Watering massively protects the roses.", ["massively protects"]),
        ("The wilting is caused by heat.", ["caused by"]),
        ("The shift is not explained by the length of the stems.", ["not explained"]),
        ("Both beds grew, confirming a general change.", ["confirming"]),
        ("Shade remains a proven defense.", ["proven"]),
        ("Both work via different mechanisms.", ["different mechanisms"]),
        ("Shade is the primary driver of growth.", ["driver"]),
        ("Watering shows no effect on height.", ["no effect"]),
        ("Watering has zero transfer to other beds.", ["zero transfer"]),
        ("Both beds show similar growth.", ["similar"]),
        ("Both beds grow comparably, but height drops comparably (4.1 vs 4.4, p = 0.41).", ["comparably"]),
        ("Watering does not affect height.", ["does not affect"]),
        ("Low growth (p = 0.62, not significant) indicates beds are largely divergent.", ["largely divergent"]),
        ("With p = 0.62, 95% power confirms low growth is real.", ["95%", "confirms", "is real"]),
        ("The growth is remarkably uniform.", ["remarkably uniform"]),
        ("There is strong evidence for roses.", ["strong evidence"]),
        ("Stem length is the strongest predictor of growth.", ["strongest predictor"]),
        ("The difference is statistically significant.", ["statistically significant"]),
        ("Heights follow an approximately normal distribution.", ["approximately normal"]),
    ],
)
def test_a_word_beyond_the_evidence_is_flagged(sentence: str, words: list[str]) -> None:
    """The span is the claim's own words."""
    assert flagged(sentence) == words


@pytest.mark.parametrize(
    "sentence",
    [
        "Watering may protect the roses.",
        "This is consistent with watering that protects the roses.",
        "Does watering prevent wilting?",
        "If watering prevents wilting, the bed stays green.",
        "This does NOT show that watering protects the roses.",
        "There is no evidence that watering prevents wilting (underpowered).",
        "The difference is NOT statistically significant (p = 0.41).",
        "Watering does not affect height, but the test is underpowered.",
        'The reviewer wrote "watering proves that roses thrive".',
        "Heights are nearly the same (4.1 vs 4.2 cm).",
        "Length explains 3% of the variance.",
        "The difference is statistically significant (p = 0.01).",
        "Test whether watering drives growth.",
        "Do not change the beds.",
        "Issue #99 established that roses wilt.",
        "Miller et al. found that shade prevents wilting.",
        "A bed that does not change is left out.",
        "The water does not spread (-4.3 pp).",
    ],
)
def test_what_is_put_with_care_is_not_flagged(sentence: str) -> None:
    """Hedges, questions, conditions, denials, quotations, figures beside a comparison."""
    assert flagged(sentence) == []


@pytest.mark.parametrize("heading", ["Hypothesis", "Methods", "Limitations", "Next steps", "What this does NOT mean", "Motivation"])
def test_a_section_without_findings_claims_nothing(heading: str) -> None:
    """Plans, methods and limits may use every word."""
    assert flagged("Watering protects the roses and has no effect on weeds.", REPORT.replace("Results", heading)) == []


def test_a_control_and_seeds_bear_a_causal_word() -> None:
    """Three seeds alone do not; the reason says what is missing."""
    seeds = REPORT.replace("One seed.", "We ran 5 seeds.").replace(" (LOW confidence)", "")
    assert flagged("Watering prevents wilting.", seeds) == ["prevents"]
    assert "a control that passed" in claims("Watering prevents wilting.", seeds)[0].reason
    assert flagged("Watering prevents wilting. The negative control passed.", seeds) == []


def test_a_test_of_equality_bears_a_null_word() -> None:
    """An equivalence test beside it is what a null word needs."""
    assert flagged("Watering shows no effect on height (TOST within 1 cm, p = 0.01).") == []


def test_a_null_result_rightly_said_is_confirmed() -> None:
    """No evidence, with its power."""
    assert [one.verdict for one in claims("No evidence that watering helps (p = 0.4; underpowered).")] == ["CONFIRMED"]


def test_the_place_of_a_word_is_exact() -> None:
    """Line and columns in the source, marks within the words included."""
    text = REPORT.format("So the beds (p=0.5) are shown to be what they are.\nThis (p=0.5) indicates beds are largely **divergent** here.")
    found = [one for one in word_claims(read_prose(text)) if one.flagged]
    assert [text.split("\n")[one.line - 1][one.column - 1 : one.end - 1] for one in found] == ["largely **divergent**"]


def test_on_documents_that_a_person_labelled(shared: Path) -> None:
    """Of the claims flagged WRONG 19 of 20 are wrong, of those flagged at all 3 of 4 are at fault, and most faults that the text itself shows are found."""
    labels = shared / "data/review/labels.jsonl"
    if not labels.exists():
        pytest.skip(f"{labels} is not there")
    rows = [json.loads(line) for line in labels.read_text().splitlines()]
    count = Counter[str]()
    for doc in {row["doc"] for row in rows}:
        prose = read_prose((labels.parent / doc).read_text())
        found = [one for one in (*word_claims(prose), *statistics_claims(prose), *graph_claims(prose)[0]) if one.flagged]
        for row in (row for row in rows if row["doc"] == doc):
            mine = [one for one in found if one.line == row["line"] and one.column < row["end"] and one.end > row["col"]]
            fault = row["verdict"] != "CONFIRMED"
            count["flags"] += bool(mine)
            count["right"] += bool(mine) and fault
            count["wrong"] += any(one.verdict == "WRONG" for one in mine)
            count["false wrong"] += any(one.verdict == "WRONG" for one in mine) and not fault
            count["read"] += row["verdict"] == "OVERCLAIMED" and row["by"] == "read"
            count["read found"] += row["verdict"] == "OVERCLAIMED" and row["by"] == "read" and bool(mine)
    assert count["false wrong"] <= 0.05 * count["wrong"] and count["right"] >= 0.75 * count["flags"] and count["read found"] >= 0.7 * count["read"], count
