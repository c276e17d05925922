"""The order in which the values of an axis stand: numbers by size, other values as the design declares them, then as the cells have them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from harness.records import Cell
from harness.report.view import View

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def is_number(text: str) -> bool:
    """True for a number as JSON or an id writes it."""
    return bool(NUMBER.fullmatch(text))


def axis_values(view: View, axis: str, cells: Iterable[Cell]) -> list[str]:
    """The values of an axis in their order."""
    declared = view.results.seeds if axis == "seed" else _declared(view, axis)
    found = list(dict.fromkeys([*map(str, declared), *(str(cell.params.get(axis, "")) for cell in cells)]))
    return sorted(found, key=float) if all(map(is_number, found)) else found


def _declared(view: View, axis: str) -> list[Any]:
    """What the design says at this scale; a role stands for its values."""
    design = view.tree["design"]
    values = inside(design, "scales", view.results.scale, "axes", axis) or inside(design, "axes", axis)
    if isinstance(values, dict):
        values = inside(design, "roles", values.get("role"))
    return values if isinstance(values, list) else []


def inside(tree: Any, *places: Any) -> Any:
    """What stands in nested objects; None where a step is missing or is no object."""
    for place in places:
        tree = tree.get(place) if isinstance(tree, dict) and isinstance(place, str) else None
    return tree
