"""How numbers are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.number_format import MINUS, in_unit, p_phrase, round_value


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.42, "rate", ".42"),
        (0.0, "rate", ".00"),
        (1.0, "rate", "1.00"),
        (0.9997, "rate", ".9997"),
        (-0.03, "rate", "−.03"),
        (3.1, "pp", "+3.1 pp"),
        (-8.25, "pp", "−8.2 pp"),
        (0.0, "pp", "0.0 pp"),
        (0.034, "p", "p = .034"),
        (0.0004, "p", "p < .001"),
        (0.0499, "p", "p = .0499"),
        (0.9999, "p", "p > .999"),
        (1172, "count", "1,172"),
        (8.93, "usd", "$8.93"),
        (0.00012, "usd", "$0.00012"),
        (22.0, "gpu_hours", "22 GPU-hours"),
        (640.123, "s", "640 s"),
        (0.0417, "nats", "0.0417 nats"),
        (1.0e-9, "cosine", "1.00e−9 cosine"),
    ],
)
def test_every_unit_has_its_own_way_of_being_written(value: float, unit: str, shown: str) -> None:
    """A rate, a change in points, a p, a count, money and time are each written as their field writes them."""
    assert in_unit(value, unit).replace("e−09", "e−9") == shown


def test_numbers_are_rounded_to_the_nearest_and_no_further() -> None:
    """47.63 is shown as 47.6, never as 48, and an interval's end of -8.06 as -8.1: not narrower than it is."""
    assert in_unit(47.63, "points") == "+47.6 points"
    assert in_unit(-8.06, "pp") == "−8.1 pp" and in_unit(-1e-9, "pp") == "−1.0e−09 pp" and in_unit(-1e16, "value") == "−1.00e+16"


@given(st.floats(min_value=-1e6, max_value=1e6, allow_nan=False))
def test_what_is_shown_is_within_half_a_digit(value: float) -> None:
    """Whatever the value, what is shown lies within half of its last digit."""
    shown = round_value(value, 1)
    assert abs(float(shown) - value) <= 0.05 + 1e-9 * abs(value)


@given(st.floats(min_value=0.0, max_value=1.0, allow_nan=False))
def test_a_rate_is_shown_as_zero_or_one_only_where_it_is(value: float) -> None:
    """Rounding never lands on a bound that the value is not at."""
    shown = float(in_unit(value, "rate").replace(MINUS, "-"))
    assert (shown in (0.0, 1.0)) <= (abs(value - shown) <= 1e-12)


def test_a_value_just_under_its_threshold_is_not_shown_on_it() -> None:
    """4.97 pp against a bar of 5.0 pp keeps the digit that tells them apart."""
    assert in_unit(4.97, "pp", [5.0, -5.0]) == "+4.97 pp"


def test_a_p_next_to_a_conventional_bound_keeps_its_side() -> None:
    """A p of .04996 is not told as .050, nor one of .00996 as .010."""
    assert p_phrase(0.04996) == "p = .04996"
    assert p_phrase(0.00996) == "p = .00996"


def test_domains_may_not_take_the_names_of_formats() -> None:
    """A unit of such a name would be shown as something else: "p" as a p value."""
    from harness.report.number_format import DECIMALS, NAMED
    from harness.units import RESERVED_UNITS, UNITS

    assert set(RESERVED_UNITS) == (NAMED.keys() | DECIMALS.keys()) - UNITS.keys()


@pytest.mark.parametrize("value", [1e15, -1e40, 1.7e308])
def test_huge_numbers_are_written_in_powers_of_ten(value: float) -> None:
    """A value beyond a float's whole digits is shown and breaks no report."""
    assert in_unit(value, "pp").replace("−", "-").startswith(("+", "-")) and "e+" in in_unit(value, "pp")
