"""Published figures beside ours: those that do not agree first, and an interval that is never shown as a point."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domains.evolution.samples import built, published, refusal


def test_figures_that_do_not_agree_come_first_and_are_named() -> None:
    """The verdict is what z and its bound say."""
    warning, table = built("published", published("a"), published("b", z=-4.2), published("c", z=3.9001))
    assert warning.warning and warning.text == "Figures that do not agree: b, rho 0.4; c, rho 0.4"
    assert [(row[0], row[7], row[9]) for row in table.rows] == [("b", "−4.2", "does not agree"), ("c", "3.9001", "does not agree"), ("a", "1.9", "agrees")]


def test_where_all_agree_nothing_is_warned_of() -> None:
    assert len(built("published", published("a"))) == 1


def test_an_interval_is_never_shown_as_a_point() -> None:
    """A narrow one keeps its digits."""
    (table,) = built("published", published("a"))
    assert table.rows[0][2:7] == ["0.392", "0.059", "50", "0.4078 [0.407, 0.4082]", "20,000"]


@pytest.mark.parametrize(
    ("changes", "reason"), [({"low": 0.41}, "ours is no mean inside its interval"), ({"z": None}, "$.z"), ({"published_n": -1}, "$.published_n")]
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal("published", published("a", **changes))
