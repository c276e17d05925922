"""Numbers as a text states them, and what is no number of a claim."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.review.number import Number, read_numbers
from harness.review.prose import read_prose


def only(text: str) -> Number:
    [found] = read_numbers(text)
    return found


@pytest.mark.parametrize(
    ("text", "value", "step", "unit", "marker", "signed"),
    [
        ("a rate of 71.3%", "71.3", "0.1", "%", "", False),
        ("a rate of 71.30 %", "71.30", "0.01", "%", "", False),
        ("moved by -8.9 pp", "-8.9", "0.1", "pp", "", True),
        ("moved by −8.9 percentage points", "-8.9", "0.1", "pp", "", True),
        ("gained +3.1 pts", "3.1", "0.1", "points", "", True),
        ("cost ~$0.0008", "0.0008", "0.0001", "$", "~", False),
        ("11,167 calls", "11167", "1", "", "", False),
        ("200K documents", "200000", "1000", "", "", False),
        ("2.3x more", "2.3", "0.1", "x", "", False),
        ("2.6× longer", "2.6", "0.1", "x", "", False),
        ("p < 0.001", "0.001", "0.001", "", "<", False),
        ("p < 1e-50", "1e-50", "1e-50", "", "<", False),
        ("lr = 5 × 10^-6", "5e-6", "1e-6", "", "", False),
        ("at least 95%", "95", "1", "%", "≥", False),
        ("11,000+ measurements", "11000", "1", "", "≥", False),
        ("up to 14.1%", "14.1", "0.1", "%", "≤", False),
        ("± 2.6%", "2.6", "0.1", "%", "±", False),
        ("diff=0.081", "0.081", "0.001", "", "", False),
        ("r=-0.74", "-0.74", "0.01", "", "", True),
    ],
)
def test_value_step_unit_marker_and_sign(text: str, value: str, step: str, unit: str, marker: str, signed: bool) -> None:
    number = only(text)
    assert (number.value, number.step, number.unit, number.marker, number.signed) == (Decimal(value), Decimal(step), unit, marker, signed)
    assert text[number.start : number.end] == number.text


@pytest.mark.parametrize(
    "text",
    [
        "on 2025-10-01 at 17:21:47",
        "version v2 and 3.11.7",
        "gpt-4o and Qwen2.5-7B and layer_20",
        "issue #112, commit 150dffa1",
        "see https://example.org/12/34 and [this](figures/12.png)",
        "`scripts/run_12.py`",
        "seeds 137, 256 and line 42 of Table 3",
        "p25 to p99",
        "beyond the 3-sigma line",
        "<!-- 14 -->",
        "since October 2025",
    ],
)
def test_what_is_no_claim(text: str) -> None:
    assert read_numbers(text) == []


def test_ranges_and_intervals_are_two_numbers() -> None:
    assert [str(number.value) for number in read_numbers("(3.0% - 14.1%), 2.0-3.4 units, [-8.0, +14.3]")] == ["3.0", "14.1", "2.0", "3.4", "-8.0", "14.3"]


def test_places_are_those_of_the_document() -> None:
    text = "# A title\n\n- **Mean:** 71.3 %\n  and, on\n  the next line, 4.4.\n\n    | a | b |\n    |---|---|\n    | x | -1.5 |\n"
    prose = read_prose(text)
    lines = text.split("\n")
    found = [(sentence.place(number.start), number) for sentence in prose.sentences for number in sentence.numbers]
    assert [(at.line, lines[at.line - 1][at.column - 1 :][: number.end - number.start]) for at, number in found] == [(3, "71.3 %"), (5, "4.4")]
    [cell] = [cell for row in prose.tables[0].rows for cell in row if cell.number]
    assert lines[cell.line - 1][cell.column - 1 :].startswith("-1.5")
    assert prose.path(prose.sentences[-1].section) == ("A title",)
