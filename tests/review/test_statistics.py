"""Statistics that a text states are computed again; what no operand within its rounding can give is WRONG."""

from __future__ import annotations

import pytest

from harness.review.claims import Claim
from harness.review.prose import read_prose
from harness.review.statistics import statistics_claims


def claims(text: str) -> dict[str, Claim]:
    """The claims of a text by what stands there; a WRONG before another."""
    found = sorted(statistics_claims(read_prose(text)), key=lambda one: one.verdict == "WRONG")
    return {one.text: one for one in found}


def verdicts(text: str) -> dict[str, str]:
    return {text: one.verdict for text, one in claims(text).items()}


@pytest.mark.parametrize(
    ("text", "said", "verdict"),
    [
        ("The test gave t(24) = 2.15, p = 0.042.", "0.042", "CONFIRMED"),
        ("The test gave t(24) = 2.15, p = 0.024.", "0.024", "WRONG"),
        ("The test gave z = 2.58, p < .001.", "< .001", "WRONG"),
        ("The test gave z = 3.58, p < .001.", "< .001", "CONFIRMED"),
        ("We found F(2, 27) = 5.10, p = .013.", ".013", "CONFIRMED"),
        ("We found χ²(1) = 6.00, p = .14.", ".14", "WRONG"),
        ("Lengths correlate (n = 30): r = 0.41, p = 0.024.", "0.024", "CONFIRMED"),
        ("Lengths correlate (n = 30): r = 0.41, p = 0.24.", "0.24", "WRONG"),
        ("Ranks agree: Spearman rho = 0.60 (n = 12), p = 0.039.", "0.039", "CONFIRMED"),
    ],
)
def test_a_p_value_follows_from_its_statistic(text: str, said: str, verdict: str) -> None:
    """t, z, F, chi² and r give the p beside them, to the digits printed."""
    assert verdicts(text)[said] == verdict


def test_a_p_on_the_other_side_of_alpha_is_a_decision_error() -> None:
    """The reason tells an error that changes the decision from one that does not."""
    assert "decision error" in claims("The test gave t(24) = 2.00, p = .02.")[".02"].reason
    assert "decision error" not in claims("The test gave t(24) = 2.15, p = .024.")[".024"].reason


def test_a_one_sided_p_is_named() -> None:
    """Half of the two-sided p is not called wrong, unless the text says which it is: then it is right."""
    assert verdicts("The test gave t(30) = 1.75, p = 0.045.")["0.045"] == "UNSUPPORTED"
    assert verdicts("The one-sided test gave t(30) = 1.75, p = 0.045.")["0.045"] == "CONFIRMED"


@pytest.mark.parametrize(
    "text",
    [
        "Bonferroni-corrected: t(24) = 2.15, p = 0.21.",
        "A permutation test gave r = 0.41 (n = 30), p = 0.2.",
        "The paired test gave t = 2.15, p = 0.05.",
        "Two sizes (n = 12 and n = 30): r = 0.41, p = 0.2.",
        "Its mean was 4.1 (SD 2.0) and 95% CI [3.0, 5.2].",
    ],
)
def test_what_the_text_leaves_open_is_not_decided(text: str) -> None:
    """Corrected and resampled p values, a t without degrees of freedom, two n: nothing is said."""
    assert verdicts(text) == {}


PAIRED = """# Report
## Scores (paired t-test over 9 tasks)
- Mean difference: +4.0 (SD={sd})
- Paired t(8) = {t}, p = 0.043
- Cohen's d (paired) = {d}
- 95% CI of difference: {ci}
"""


def test_a_paired_test_hangs_together() -> None:
    """Difference, SD, t, d and interval are one computation."""
    good = verdicts(PAIRED.format(sd="5.0", t="2.40", d="0.800", ci="[0.2, 7.8]"))
    assert good["2.40"] == good["0.800"] == good["[0.2, 7.8]"] == "CONFIRMED"
    bad = verdicts(PAIRED.format(sd="5.0", t="2.40", d="0.480", ci="[2.2, 5.8]"))
    assert bad["0.480"] == bad["[2.2, 5.8]"] == "WRONG"
    assert verdicts(PAIRED.format(sd="3.0", t="2.40", d="0.800", ci="[0.2, 7.8]"))["2.40"] == "WRONG"


def test_an_effect_against_a_baseline_needs_its_sd() -> None:
    """(mean - baseline)/SD; another SD may have been meant, so another d is not shown rather than wrong."""
    text = "## Study\n- Mean growth: 40.0 (SD = 5.0)\n\n- Cohen's d: {} (vs. a baseline of 50)\n"
    assert verdicts(text.format("-2.00"))["-2.00"] == "CONFIRMED"
    assert verdicts(text.format("-1.20"))["-1.20"] == "UNSUPPORTED"


def test_a_p_above_one_is_wrong() -> None:
    """A probability is not; a parameter p may be."""
    assert verdicts("They differ (p = 1.20).") == {"1.20": "WRONG"}
    assert verdicts("We set p = 2 in the norm.") == {}


def test_two_groups_give_their_t() -> None:
    """Welch's or the pooled t of two means with SDs and n."""
    text = "## Groups (Welch's t-test)\n- A: mean 54.9 (SD = 12.9, n = 20)\n- B: mean 41.8 (SD = 14.0, n = 18)\n- t = {}\n"
    assert verdicts(text.format("2.99"))["2.99"] == "CONFIRMED"
    assert verdicts(text.format("5.99"))["5.99"] == "WRONG"


def test_two_proportions_give_their_z() -> None:
    """Pooled or not, either is accepted."""
    text = "## Accuracy (two-proportion z-test)\n- A: 80/100\n- B: 60/100\n- z = {}\n"
    assert verdicts(text.format("3.09"))["3.09"] == verdicts(text.format("3.16"))["3.16"] == "CONFIRMED"
    assert verdicts(text.format("4.09"))["4.09"] == "WRONG"


def test_fishers_test_follows_from_the_counts() -> None:
    """p and odds ratio."""
    text = "## Counts\n- A: 18/20\n- B: 9/20\n- Fisher's exact: p = {}, odds ratio = {}\n"
    assert verdicts(text.format("0.006", "11.00")) == {"0.006": "CONFIRMED", "11.00": "CONFIRMED"}
    assert verdicts(text.format("0.060", "2.00")) == {"0.060": "WRONG", "2.00": "WRONG"}


def test_an_interval_of_a_share_is_one_of_the_usual() -> None:
    """Wilson, exact, normal, Jeffreys, Agresti-Coull; one that is somewhat off may be resampled, so nothing is said."""
    text = "Accuracy was 30/40 (95% CI {})."
    assert verdicts(text.format("[0.60, 0.86]"))["[0.60, 0.86]"] == "CONFIRMED"
    assert verdicts(text.format("[0.10, 0.20]"))["[0.10, 0.20]"] == "WRONG"
    assert verdicts(text.format("[0.61, 0.88]")) == {}


def test_a_row_whose_interval_differs_from_its_column_is_wrong() -> None:
    """The N that gives the others is learned from them."""
    rows = "| a | 50% | [0.37, 0.63] |\n| b | 20% | [0.11, 0.33] |\n| c | 14% | [0.07, 0.26] |\n| d | 68% | [0.54, 0.79] |\n| e | 46% | [0.43, 0.50] |\n"
    found = claims(f"Each has 50 answers.\n\n| who | share | 95% CI |\n|---|---|---|\n{rows}")
    assert {text for text, one in found.items() if one.verdict == "WRONG"} == {"[0.43, 0.50]"}
    assert found["[0.37, 0.63]"].verdict == "CONFIRMED" and found["[0.43, 0.50]"].line == 9


INTERVAL = "# Report\n## Study\nWe tested 25 models. The mean score is 40.0 (SD = 5.0).\n\n**Bootstrap**:\n- 95% CI: {}\n"


def test_an_interval_cannot_be_narrower_than_its_sd_allows() -> None:
    """No count of the section gives a half-width of .1 from an SD of 5."""
    assert verdicts(INTERVAL.format("[38.0, 42.0]"))["[38.0, 42.0]"] == "CONFIRMED"
    assert verdicts(INTERVAL.format("[39.9, 40.1]"))["[39.9, 40.1]"] == "WRONG"


COLUMN = """# Report
## Screening
- Models tested: 5
- Mean score: {mean}
- Standard deviation: {sd}
- Maximum score: 9.0
- Minimum score: 1.0

| Model | Score |
|---|---|
| a | 9.0 |
| b | 8.0 |
| c | 4.0 |
| d | 3.0 |
| e | 1.0 |
"""


def test_mean_and_sd_are_those_of_the_column() -> None:
    """Sample or population SD, named; the claim of a wrong mean holds the words that name it."""
    good = claims(COLUMN.format(mean="5.0", sd="3.4"))
    assert good["3.4"].verdict == "CONFIRMED" and "sample SD" in good["3.4"].reason
    assert "population SD" in claims(COLUMN.format(mean="5.0", sd="3.0"))["3.0"].reason
    bad = claims(COLUMN.format(mean="5.6", sd="2.0"))
    assert bad["2.0"].verdict == bad["Mean score: 5.6"].verdict == "WRONG" and bad["Mean score: 5.6"].address == "lines 11-15, column Score"


def test_a_table_of_some_rows_decides_no_mean() -> None:
    """A table of the best, or with fewer rows than were tested, is not what the mean is of."""
    text = COLUMN.format(mean="5.6", sd="2.0").replace("tested: 5", "tested: 30").replace("9.0\n-", "9.9\n-").replace("score: 1.0", "score: 0.2")
    assert "WRONG" not in verdicts(text).values()
    assert "WRONG" not in verdicts(COLUMN.format(mean="5.6", sd="2.0").replace("\n| Model", "\n### Top 5\n\n| Model")).values()


def test_a_ranked_table_gives_the_median_it_reaches() -> None:
    """Of seven ranked models four rows hold the fourth."""
    rows = "".join(f"| {rank} | m{rank} | {score} |\n" for rank, score in enumerate((9.5, 8.5, 7.5, 6.5, 5.5), start=1))
    text = f"# R\n## Study\n- Models tested: 7\n- Median: {{}}\n\n| Rank | Model | Score |\n|---|---|---|\n{rows}"
    assert verdicts(text.format("6.5"))["6.5"] == "CONFIRMED"
    assert verdicts(text.format("7.5"))["7.5"] == "WRONG"


@pytest.mark.parametrize(
    ("text", "said", "verdict"),
    [
        ("- Mean: 40.0\n- SD: 5.0\n- Coefficient of variation: 12.5%", "12.5%", "CONFIRMED"),
        ("- Mean: 40.0\n- SD: 5.0\n- Coefficient of variation: 22.5%", "22.5%", "WRONG"),
        ("It ran 09:00:00 to 11:30:00 (2.5 hours).", "2.5", "CONFIRMED"),
        ("It ran 2025-01-01 22:00 to 2025-01-02 01:00 (5 hours).", "5", "WRONG"),
        ("The 95% CI is [-1.0, 3.0]. The CI includes zero.", "includes", "CONFIRMED"),
        ("The 95% CI is [1.0, 3.0]. The CI includes zero.", "includes", "WRONG"),
        ("A has [0.5, 0.7] and B [0.6, 0.9]: the CIs do not overlap.", "do not overlap", "WRONG"),
        ("The effect is small (p = 0.40, not significant).", "not significant", "CONFIRMED"),
        ("The effect is small (p = 0.40, significant).", "significant", "WRONG"),
        ("The effect is large (d >> 1.0).", "d >> 1.0", "UNSUPPORTED"),
    ],
)
def test_small_statements_follow_from_what_stands_beside_them(text: str, said: str, verdict: str) -> None:
    """Variation, durations, zero in an interval, overlap, significance, a value that is not told."""
    assert verdicts(text)[said] == verdict


def test_the_place_of_a_claim_is_exact() -> None:
    """Line and columns of the number in the source."""
    text = "# T\n\nFirst line.\n\n- **Paired** t(24) = 2.15, p = **0.024** here\n"
    one = claims(text)["0.024"]
    assert text.split("\n")[one.line - 1][one.column - 1 : one.end - 1] == "0.024"
