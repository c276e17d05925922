"""What a document says twice agrees or is a contradiction; totals, counts and orders are held against the lists and tables of the document."""

from __future__ import annotations

import pytest

from harness.review.claims import Claim
from harness.review.graph import graph_claims
from harness.review.prose import read_prose


def claims(text: str) -> list[Claim]:
    return graph_claims(read_prose(text))[0]


def said(text: str) -> dict[str, str]:
    return {one.text: one.verdict for one in claims(text)}


TWICE = """# Report

## Study 1: Pilot
- Mean growth: 71.3%
- SD: 4.4%

## Study 2: Main
- Mean growth: 11.3%
- p = 0.596
- Cohen's d: -2.15

## Conclusion

**Study 1 (Pilot)**:
- Mean growth: {first}
- SD: 4.4%

**Study 2 (Main)**:
- Mean growth: {second}
- p {p}
"""


def test_a_quantity_told_twice_agrees() -> None:
    """Under one name of a study the same value is confirmed by the other place, and another study does not matter."""
    found = claims(TWICE.format(first="71.3%", second="11.3%", p="= 0.60"))
    assert {one.verdict for one in found} == {"CONFIRMED"} and {one.line for one in found} == {15, 16, 19, 20}
    assert graph_claims(read_prose(TWICE.format(first="71.3%", second="11.3%", p="= 0.60")))[1] == []


def test_a_quantity_with_two_values_is_a_contradiction() -> None:
    """The later one is WRONG, and there is one finding for each with both lines."""
    text = TWICE.format(first="71.3%", second="71.3%", p="< 0.001")
    found, findings = graph_claims(read_prose(text))
    assert {(one.line, one.text) for one in found if one.verdict == "WRONG"} == {(19, "71.3%"), (20, "< 0.001")}
    assert [(one.code, one.line) for one in findings] == [("claims/contradiction", 19), ("claims/contradiction", 20)]
    assert "line 8" in findings[0].message


def test_a_last_digit_that_differs_is_no_contradiction() -> None:
    """It may be another rounding, so it is neither confirmed nor contradicted."""
    text = TWICE.format(first="71.4%", second="11.3%", p="= 0.60")
    assert 15 not in {one.line for one in claims(text)} and graph_claims(read_prose(text))[1] == []


def test_the_value_that_most_places_tell_stands() -> None:
    """Two mentions outweigh the first."""
    text = "# R\n## Study 1\n- Final loss: 0.31\n## Recap\n\n**Study 1**:\n- Final loss: 0.13\n\n## End\n\n**Study 1**:\n- Final loss: 0.13\n"
    assert [one.line for one in claims(text) if one.verdict == "WRONG"] == [3]


def test_two_values_below_one_heading_may_be_of_two_things() -> None:
    """Two p values of one study contradict nothing."""
    text = "# R\n## Study 1\nFirst p = 0.2. Then p = 0.04.\n\n## End\n\n**Study 1**:\n- p = 0.7\n"
    assert "WRONG" not in said(text).values()


def test_a_test_told_again_beside_the_same_figures() -> None:
    """Two distinctive figures say that it is the same test."""
    text = "# R\n\n## Results\nScores were 0.812 vs 0.534 (z = 7.31).\n\n## Summary\nScores of 0.812 and 0.534 differ (z = {})."
    assert said(text.format("7.31")) == {"7.31": "CONFIRMED"}
    assert said(text.format("9.31")) == {"9.31": "WRONG"}
    assert said(text.format("9.31").replace("0.534 differ", "0.634 differ")) == {}


TABLE = "| Bed | Plants | Score |\n|---|---|---|\n| a | 4 | 2.0 |\n| b | 6 | 3.0 |\n| c | 10 | 7.0 |\n| {} | {} | {} |\n"


@pytest.mark.parametrize(
    ("row", "verdicts"),
    [
        (("Average", "-", "4.0"), {"4.0": "CONFIRMED"}),
        (("Average", "-", "4.8"), {"4.8": "CONFIRMED"}),  # weighted by the plants
        (("**Average**", "-", "4.5"), {"4.5": "WRONG"}),
        (("Total", "20", ""), {"20": "CONFIRMED"}),
        (("Total", "21", ""), {"21": "WRONG"}),
        (("Total", "20", "12.5"), {"20": "CONFIRMED"}),  # a total of scores need be no sum
        (("d", "21", "12.5"), {}),
    ],
)
def test_a_row_that_sums_up_is_computed(row: tuple[str, str, str], verdicts: dict[str, str]) -> None:
    """Plain mean, weighted mean and sum; which is named in the reason."""
    assert said(TABLE.format(*row)) == verdicts


def test_a_line_that_sums_up_a_list() -> None:
    """The lines above it."""
    text = "- North: 10.0\n- South: 20.0\n- West: 33.0\n- Average: {}\n"
    assert said(text.format("21.0")) == {"21.0": "CONFIRMED"}
    assert said(text.format("23.0")) == {"23.0": "WRONG"}
    assert said("- North: $10\n- South: $20\n- West: $33\n- Total: $60\n") == {"$60": "WRONG"}


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("We grew 4 kinds (rose, tulip, lily, daisy).", {"4": "CONFIRMED"}),
        ("We grew five kinds (rose, tulip, lily, and daisy).", {"five": "WRONG"}),
        ("We grew 10 kinds (rose, tulip, and 8 others).", {"10": "CONFIRMED"}),
        ("We grew 3 of 4 kinds (rose, tulip, lily, daisy).", {}),
        ("We grew 3 of 4 kinds (rose, tulip, lily).", {"3": "CONFIRMED"}),
        ("We grew 6 kinds (e.g., rose, tulip, lily).", {}),
        ("We took 2 sets (roses and tulips, 5-fold).", {}),
    ],
)
def test_a_count_beside_its_list(text: str, verdicts: dict[str, str]) -> None:
    """Only plain lists count."""
    assert said(text) == verdicts


def test_a_count_above_the_list_of_a_section() -> None:
    """Items of a list, and the names in them."""
    text = "# R\n## Study\n- Plants grown: {}\n\n### Plants grown\n\n1. Roses: red, white\n2. Lilies: tall\n3. Tulips: late, early, wild\n"
    assert said(text.format(6)) == {"6": "CONFIRMED"}
    assert said(text.format(7)) == {"7": "WRONG"}


def test_a_row_that_the_list_of_its_category_leaves_out() -> None:
    """The cell of the category is the claim."""
    rows = "".join(
        f"| {name} | {role} |\n" for name, role in [("rose", "dry"), ("lily", "dry"), ("tulip", "dry"), ("daisy", "dry"), ("fern", "wet"), ("moss", "wet")]
    )
    text = f"We kept some beds dry (rose, lily, tulip).\n\n| Plant | Role |\n|---|---|\n{rows}"
    assert [(one.line, one.text, one.verdict) for one in claims(text)] == [(8, "dry", "WRONG")]


LIST = "# R\n\n**Growth by bed**:\n- North: 22.1%\n- South: 19.3%\n- West: 6.2%\n\n## End\n\n{}\n"


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("North shows the highest growth (22.1%).", {"highest": "CONFIRMED"}),
        ("South shows the lowest growth (19.3%).", {"lowest": "WRONG"}),
        ("North (22.1%) > South (19.3%) > West (6.2%) is the order.", {"North (22.1%) > South (19.3%) > West (6.2%)": "CONFIRMED"}),
        ("South (73%) > North (72%) > West (71%) is the order.", {"South (73%) > North (72%) > West (71%)": "WRONG"}),
        ("East shows the highest growth (22.1%).", {}),
        ("South has the lowest cost.", {}),
    ],
)
def test_superlatives_and_rankings_against_a_list(text: str, verdicts: dict[str, str]) -> None:
    """The counterexample is named."""
    assert said(LIST.format(text)) == verdicts


def test_a_row_named_in_a_sentence() -> None:
    """`name (value)` against the row of that name in the same part of the document."""
    text = "# R\n## Study\n| Bed | Growth |\n|---|---|\n| garden/North-1 | 70.7% |\n| South | 12.5% |\n\nGrowth was best in North-1 ({}), then South (12.5%).\n"
    assert said(text.format("70.7%")) == {"70.7%": "CONFIRMED", "12.5%": "CONFIRMED"}
    assert said(text.format("71.7%")) == {"71.7%": "WRONG", "12.5%": "CONFIRMED"}


def test_a_difference_of_shares_is_in_points() -> None:
    """Where the document itself says percentage points."""
    assert said("The range is 15.9 percentage points.\n\nThe 15.9% variation is wide.") == {"15.9%": "WRONG"}
    assert said("The range is 15.8 percentage points.\n\nThe 15.9% variation is wide.") == {}


def test_none_in_a_list_of_some() -> None:
    """A list of deviations that ends in none."""
    assert list(said("# R\n## Plan deviations\n- We used other soil\n- No plan deviations requiring approval\n").values()) == ["OVERCLAIMED"]
