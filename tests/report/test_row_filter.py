"""Expressions over the fields of a row: what they say, and what they may not."""

from __future__ import annotations

import time

import pytest

from harness.errors import HarnessError
from harness.report.row_filter import RowFilter

ROW = {"correct": False, "score": 0.25, "pick": "A", "text": "I am sorry", "logprobs": [-1.0, -2.0], "judged": None, "tokens": 3}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("correct == False", True),
        ("correct == false and judged == null", True),
        ("not correct", True),
        ("score > 0.2", True),
        ("0.2 < score <= 0.25", True),
        ("0.2 < score < 0.25", False),
        ("score * 4 == 1 and tokens % 2 == 1 and -score < 0 and tokens // 2 + 1 - 2 == 0", True),
        ("pick in ('A', 'B')", True),
        ("pick not in ['A', 'B']", False),
        ("'sorry' in text", True),
        ("-1.0 in logprobs", True),
        ("−1.0 in logprobs and score > −.5", True),
        ("judged is None", True),
        ("judged is not None or pick != 'A'", False),
        ("True", True),
    ],
)
def test_an_expression_is_read_as_python(text: str, holds: bool) -> None:
    assert RowFilter(text)(ROW) is holds


@pytest.mark.parametrize(
    "text",
    [
        "absent < 3",
        "absent + 1 > 0",
        "absent + 1 == 2",
        "3 < pick",
        "'x' in absent",
        "score / 0 > 1",
        "1/0 == 1",
        "2 in tokens",
        "None in text",
        "absent < 1 and True",
    ],
)
def test_what_is_unknown_fits_neither_way(text: str) -> None:
    """A field that is not there, and what cannot be compared or computed, is no match; nor is its opposite."""
    assert not RowFilter(text)(ROW) and not RowFilter(f"not ({text})")(ROW)


@pytest.mark.parametrize(("text", "holds"), [("absent < 3 or not correct", True), ("not correct or absent < 3", True), ("not (absent < 3 and correct)", True)])
def test_what_is_unknown_does_not_hide_what_decides(text: str, holds: bool) -> None:
    """In either order."""
    assert RowFilter(text)(ROW) is holds


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "text.upper() == 'X'",
        "().__class__",
        "logprobs[0]",
        "[x for x in logprobs]",
        "(lambda: 1)()",
        "(score := 1)",
        "f'{text}'",
        "9 ** 9 ** 9",
        "1 << 99999999",
        "text if score else pick",
        "score is 0.25",
        "{1: 2}",
        "*text",
        "b'x'",
        "...",
        "score =",
        "import os",
        "",
        "(" * 300 + "1" + ")" * 300,
        "not " * 400 + "1" + " " * 1000,
        "a\x00b",
    ],
)
def test_anything_else_is_one_line(text: str) -> None:
    """Nothing of it is run; the line says what may stand there."""
    with pytest.raises(HarnessError, match=r"--where: .*is no expression over a row.*Use fields"):
        RowFilter(text)(ROW)


def test_no_expression_fills_the_memory() -> None:
    """A text is never repeated, whatever it is multiplied by."""
    began = time.monotonic()
    assert not RowFilter("text * 999999999999 == 1 or '%999999999d' % 3 == 1")(ROW)
    assert time.monotonic() - began < 1


def test_the_names_are_those_of_fields() -> None:
    assert RowFilter("correct == false and (score > 1 or pick == 'text')").names == {"correct", "score", "pick"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1/0 == 1", "a division by zero"),
        ("not (score % 0 == 1)", "a division by zero"),
        ("pick < 3", "a text is neither less nor more than a number"),
        ("pick + 1 == 2", "a text is no number to calculate with"),
        ("2 in tokens", "a number is never in a number"),
        ("2 in text", "a number is never in a text"),
        ("correct == 'False'", "a number is never equal to a text"),
        ("logprobs == 2", "a list is never equal to a number"),
        (f"score * {'9' * 400} > 1", "a number is too large"),
        ("pick > 1 and 1/0 > 1", "a text is neither less nor more than a number"),
    ],
)
def test_why_an_expression_fails_is_counted(text: str, reason: str) -> None:
    """At every row that has the field; rows that lack it are no failures, and change nothing of that nobody fits."""
    where = RowFilter(text)
    assert not where(ROW) and where.failed == {reason: 1} and where.why_nowhere(1) == f"fails at 1 of 1 samples: {reason}"
    where({})
    assert where.why_nowhere(2).startswith("fails at ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("judged < 3", "'judged' has no value in any of 2 samples"),
        ("score < only", "has an answer at none of 2 samples: none has a value of each of only, score"),
        ("None", "has an answer at none of 2 samples"),
        ("judged == True", ""),
        ("score < 0", ""),
        ("pick == 'A' or pick > 3", ""),
        ("text == 'B'", ""),
    ],
)
def test_what_no_row_answers_is_said(text: str, why: str) -> None:
    """A row that is decided, though it does not fit, is an answer; so is one that fits, whatever failed beside it."""
    where = RowFilter(text)
    assert [where(row) for row in (ROW, {"only": 3})].count(True) == (text.startswith("pick")) and where.why_nowhere(2) == why
