"""Laws of the simulation: broken ones first, and no number rounded onto its bound."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domains.evolution.samples import built, law, refusal


def test_broken_laws_come_first_and_are_named() -> None:
    """Those that do not hold, then those that do, each by name."""
    warning, _, table, texts = built("laws", law("a"), law("b", holds=False), law("c"), law("d", holds=False))
    assert warning.warning and warning.text == "Laws that do not hold: b, d"
    assert [row[:2] for row in table.rows] == [["b", "does not hold"], ["d", "does not hold"], ["a", "holds"], ["c", "holds"]]
    assert texts.rows[0] == ["b", "The mean of a trait after selection is its weighted mean before.", "mean of signal, beta 5"]


def test_where_all_hold_nothing_is_warned_of() -> None:
    assert not any(getattr(block, "warning", False) for block in built("laws", law("a"), law("b")))


def test_no_number_is_rounded_onto_a_bound() -> None:
    """A z just beyond its bound, a share just below what is expected of it."""
    table = built("laws", law("a", z=-5.0004, holds=False, observed=0.99971, expected=0.99972))[2]
    assert table.rows[0][2:6] == ["−5.0004", "5", "0.99971", "0.99972"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"z": 5.1}, "the law holds, and its z lies beyond the bound"),
        ({"z": None}, "the law holds, and its z lies beyond the bound"),
        ({"n": -1}, "$.n"),
        ({"holds": None}, "$.holds"),
        ({"unti": "sd"}, "unknown field 'unti'"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    """No law is said to hold against its own number."""
    assert reason in refusal("laws", law("a", **changes))
