"""Several judges are joined and compared as their references say."""

from __future__ import annotations

import pytest

from harness.judges.panel import join_verdicts, krippendorff_alpha

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units; "." is missing.
OBSERVERS = ["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]
UNITS = list(zip(*([None if value == "." else int(value) for value in line.split()] for line in OBSERVERS), strict=True))


def test_alpha_is_that_of_the_published_example():
    """Nominal .743 and interval .849 in the paper, with missing values."""
    assert krippendorff_alpha(UNITS, "nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(UNITS, "interval") == pytest.approx(0.849, abs=5e-4)


@pytest.mark.parametrize(
    ("units", "level", "alpha"),
    [
        ([[True, True], [False, False]], "nominal", 1.0),
        ([[True, False], [False, True]], "nominal", -0.5),
        ([[50.0, 50.0], [70.0, 70.0]], "interval", 1.0),
        ([[True, True], [True, True]], "nominal", None),
        ([[0.1, 0.1, 0.1]] * 7, "interval", None),
        ([[True, None], [None, False]], "nominal", None),
        ([], "nominal", None),
    ],
)
def test_alpha_has_its_bounds_and_is_missing_without_disagreement_to_expect(units, level, alpha):
    """Equal verdicts throughout, or no two of one unit: nothing could have disagreed, and nothing is made up."""
    found = krippendorff_alpha(units, level)
    assert found == (None if alpha is None else pytest.approx(alpha))


@pytest.mark.parametrize(
    ("verdicts", "level", "joined"),
    [
        ([True, True, False], "nominal", True),
        ([True, False], "nominal", None),
        ([False, None, False], "nominal", False),
        ([None, None], "nominal", None),
        ([], "interval", None),
        ([10.0, None, 20.0], "interval", 15.0),
        ([0.0, None], "interval", 0.0),
    ],
)
def test_verdicts_are_joined_and_a_missing_one_has_no_vote(verdicts, level, joined):
    assert join_verdicts(verdicts, level) == joined
