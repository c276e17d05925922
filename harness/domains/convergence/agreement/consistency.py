"""Whether the numbers of a study add up: the mean over everything, over the models' means and over the capabilities' means are one and the same."""

from __future__ import annotations

from collections.abc import Mapping

from harness.errors import HarnessError
from harness.plaintext import format_number

TOLERANCE = 1e-9


def weighted_mean(parts: Mapping[str, tuple[float, float]]) -> float:
    """The mean of parts (value, weight). Raises HarnessError where nothing has weight."""
    total = sum(weight for _, weight in parts.values())
    if not total > 0:
        raise HarnessError("the parts of a mean have no weight", mend="Give each part the number of values it is the mean of.")
    return sum(value * weight for value, weight in parts.values()) / total


def check_averages(overall: float, by: Mapping[str, Mapping[str, tuple[float, float]]], tolerance: float = TOLERANCE) -> dict[str, float]:
    """How far each way of averaging (name to parts) misses the overall value. Raises HarnessError where one misses by more than `tolerance`.

    Each pair of models counts for both of them, so the models' means, weighted by what they rest on, have the overall mean too.
    """
    found = {name: weighted_mean(parts) for name, parts in by.items()}
    for name, value in found.items():
        if not abs(value - overall) <= tolerance:
            told = ", ".join(f"by {other} {format_number(mean, '.6g')}" for other, mean in found.items())
            raise HarnessError(
                f"the averages do not reconcile: overall {format_number(overall, '.6g')}, {told}",
                where=f"by {name}",
                mend="They must rest on the same answers: look for a part that is left out or counted twice.",
            )
    return {name: value - overall for name, value in found.items()}
