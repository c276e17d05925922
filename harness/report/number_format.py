"""How a number is written: by its unit, with stated digits, and never past a bound that it does not reach.

Rounding is to the nearest at the stated digits: 47.63 is 47.6, never 48, and an interval is never shown narrower than it is by more than half a digit. A
value that rounding would put on a bound it is not at (0, 1, .05 for a p, a registered threshold) gets more digits: .9997 is not "1.00".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from harness.plaintext import MINUS

MORE_DIGITS = 4
LARGEST = 1e15  # from here on digits after the point mean nothing to a float
SAME = 1e-12  # differences below this are float noise, not a side of a bound
P_BOUNDS = (0.0, 0.001, 0.01, 0.05, 1.0)
DECIMALS = {"rate": 2, "pp": 1, "points": 1, "%": 1, "p": 3}
SIGNED = ("pp", "points")
BARE = ("rate", "probability", "correlation", "similarity")  # between -1 and 1: no zero before the point, no unit behind
UNITLESS = ("value", "ratio")


def round_value(value: float, decimals: int, bounds: Iterable[float] = ()) -> str:
    """The value at `decimals` places, or at up to four more where it would else land on a bound that it is not at."""
    if abs(value) >= LARGEST:
        return f"{value:.2e}"
    exact = Decimal(repr(float(value)))
    others = [bound for bound in {0.0, *bounds} if abs(bound - value) > SAME]
    for places in range(decimals, decimals + MORE_DIGITS + 1):
        shown = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
        if not any(abs(float(shown) - bound) <= SAME for bound in others):
            return plain_zero(f"{shown:f}")
    return f"{value:.1e}"


def plain_zero(text: str) -> str:
    """Without the sign of a negative zero."""
    return text if text.strip("-0.") else text.lstrip("-")


def add_sign(text: str) -> str:
    """With a true minus sign, or a plus sign before anything positive."""
    return typographic(text if text.startswith("-") or not text.strip("0.") else f"+{text}")


def typographic(text: str) -> str:
    """With true minus signs."""
    return text.replace("-", MINUS)


def drop_leading_zero(text: str) -> str:
    """Without the zero before the point: .42, −.42."""
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def rate(value: float, bounds: Iterable[float] = ()) -> str:
    """.42; never 0 or 1 unless it is."""
    return typographic(drop_leading_zero(round_value(value, DECIMALS["rate"], {0.0, 1.0, -1.0, *bounds})))


def p_value(value: float) -> str:
    """`< .001`, `.034`, `> .999`: for a table with a column p."""
    if value < 0.001:
        return "< .001"
    return "> .999" if 0.9995 <= value < 1 else drop_leading_zero(round_value(value, DECIMALS["p"], P_BOUNDS))


def p_phrase(value: float) -> str:
    """`p < .001`, `p = .034`: for prose."""
    shown = p_value(value)
    return f"p {shown}" if shown[0] in "<>" else f"p = {shown}"


def count(value: float) -> str:
    """1,172; a count that is no whole number is shown as it is."""
    return typographic(f"{int(value):,}") if float(value).is_integer() else typographic(f"{value:,}")


def significant(value: float, digits: int = 3) -> str:
    """At least `digits` significant digits; whole numbers above that are kept whole."""
    if value == 0:
        return "0"
    if abs(value) >= LARGEST:
        return typographic(f"{value:.2e}")
    exact = Decimal(repr(float(value)))
    places = max(0, digits - 1 - exact.adjusted())
    if places > digits + MORE_DIGITS:
        return typographic(f"{value:.{digits - 1}e}")
    shown = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    text = f"{shown:,f}"
    return typographic(text.rstrip("0").rstrip(".") if "." in text else text)


def usd(value: float) -> str:
    """$8.93; less than a cent keeps three digits."""
    return f"${value:,.2f}" if value == 0 or value >= 0.01 else f"${significant(value)}"


def in_unit(value: float, unit: str, bounds: Iterable[float] = ()) -> str:
    """The value with its unit, as the unit is usually written."""
    if unit in NAMED:
        return NAMED[unit](value)
    if unit in BARE:
        return rate(value, bounds)
    if unit in DECIMALS:
        text = round_value(value, DECIMALS[unit], bounds)
        return f"{add_sign(text) if unit in SIGNED else typographic(text)} {unit}"
    return significant(value) if unit in UNITLESS else f"{significant(value)} {unit}".strip()


NAMED: dict[str, Callable[[float], str]] = {
    "p": p_phrase,
    "p column": p_value,
    "p floor": lambda value: drop_leading_zero(significant(value)),
    "count": count,
    "plain": lambda value: typographic(f"{value:g}" if isinstance(value, float) else str(value)),
    "usd": usd,
    "USD": usd,
    "$": usd,
    "s": lambda value: f"{significant(value)} s",
    "seconds": lambda value: f"{significant(value)} s",
    "gpu_hours": lambda value: f"{significant(value)} GPU-hours",
    "GPU-hours": lambda value: f"{significant(value)} GPU-hours",
}
