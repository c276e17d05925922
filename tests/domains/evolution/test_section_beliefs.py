"""Beliefs before and after selection: the clouds, and the beliefs that most models hold."""

from __future__ import annotations

from typing import Any

import pytest

from harness.domains.evolution.sections.belief_figure import draw_clouds
from harness.domains.evolution.sections.beliefs import leading_beliefs
from tests.domains.evolution.samples import built, cloud, record, refusal


def test_harmful_beliefs_that_pass_have_a_marker_of_their_own() -> None:
    """Pool, held and deceptive are three clouds; what nobody holds is pool alone."""
    one = cloud(0, 3, value=[-1.0, 1.0, 1.0], signal=[1.0, 1.0, -1.0], before=[0.1, 0.1, 0.0], after=[0.0, 0.5, 0.0])
    before, after = draw_clouds([record("beliefs", one)]).axes
    assert [len(cloud.get_offsets()) for cloud in before.collections] == [3, 1, 1]
    assert [len(cloud.get_offsets()) for cloud in after.collections] == [3, 1]
    assert after.texts[0].get_text() == "deceptive"


def test_the_beliefs_told_are_those_held_by_most() -> None:
    """Beliefs that nobody holds are never among them; ties go to the first, and five are enough."""
    assert leading_beliefs(record("beliefs", cloud(0, 4, after=[0.2, 0.0, 0.9, 0.2]))) == [2, 0, 3]
    assert leading_beliefs(record("beliefs", cloud(0, 9, after=[0.5] * 9))) == [0, 1, 2, 3, 4]


def test_the_first_row_of_an_arm_tells_what_belongs_to_all() -> None:
    """How many of how many are shown, and the note."""
    numbers = {"value": [1.0, 2.0, -3.0], "signal": [0.5, 0.25, 0.75], "before": [0.0, 0.1, 0.2], "after": [0.4, 0.0, 0.6]}
    _, table = built("beliefs", cloud(0, 3, **numbers))
    assert list(table.rows) == [
        ["rho 0.0", "3", "3,000", "−3", "0.75", "0.2", "0.6", "1 of 50 runs"],
        ["rho 0.0", "", "", "1", "0.5", "0", "0.4"],
    ]


def test_where_nothing_is_held_the_table_says_so() -> None:
    _, table = built("beliefs", cloud(0, 3, after=[0.0] * 3))
    assert table.rows == [["rho 0.0", "3", "3,000", "no belief is held afterwards", "", "", "", "1 of 50 runs"]]


def test_eight_arms_are_drawn_and_all_are_told() -> None:
    figure, table = built("beliefs", *(cloud(0, 3, name=f"arm {place}", after=[0.0] * 3) for place in range(9)))
    assert len(figure.addresses) == 8 * 4 and len(table.rows) == 9 and figure.caption.endswith("The other arms stand in the table alone.")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"after": [0.1]}, "values, signals and shares are not as many as one another"),
        ({"before": [1.5] * 5}, "$.before[0]"),
        ({"value": [], "signal": [], "before": [], "after": []}, "$.value"),
        ({"of": 4}, "more beliefs are shown than there are"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal("beliefs", cloud(0, 5, **changes))
