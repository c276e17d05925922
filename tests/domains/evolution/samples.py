"""Records of a study of evolution as results.json holds them: arms of which one dies out, maps with gaps and both signs, a law that does not hold."""

from __future__ import annotations

from math import asin, pi
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from harness.errors import HarnessError
from harness.extensions import sections
from harness.report.build import build
from harness.report.numbers import Numbers
from harness.report.sections import validate_record
from harness.report.view import View
from sample_run import results, write_run

RHOS = (0.0, 0.4, 0.8, 1.0)
GENERATIONS = (0, 1, 2, 5, 10, 20, 35, 50, 75, 100)
MEASURES = {
    "fitness": ("sd of a", 0.42), "true value": ("sd of v", 0.3), "deceptive share": ("share", 0.2), "enrichment": ("ratio", 1.4),
    "diversity": ("bits", 5.0), "founders left": ("models", 12.0), "value as the test sees it": ("sd of v", 0.28),
}  # fmt: skip


def measured(name: str, unit: str, end: float, lost: int = 0) -> dict[str, Any]:
    """A mean that rises to `end`; the last `lost` generations have no population."""
    mean: list[float | None] = [round(end * (1 - 2.0 ** (-generation / 10)), 4) for generation in GENERATIONS]
    low, high = ([None if value is None else round(value + side * 0.05 * end, 4) for value in mean] for side in (-1, 1))
    for numbers in (mean, low, high):
        numbers[len(numbers) - lost :] = [None] * lost
    return {"name": name, "unit": unit, "mean": mean, "low": low, "high": high}


def course(place: int, panel: str = "Level 1: beta 5", **changes: Any) -> dict[str, Any]:
    """One arm; the third dies out after generation 50."""
    measures = [measured(name, unit, end * (1 - 0.2 * place), lost=2 * (place == 2)) for name, (unit, end) in MEASURES.items()]
    about = {"name": f"rho {RHOS[place]}", "panel": panel, "arm": f"rho {RHOS[place]}", "order": place, "runs": 50}
    return about | {"generations": list(GENERATIONS), "measures": measures} | changes


def phase(name: str, wide: int, tall: int, *, signed: bool = False, **changes: Any) -> dict[str, Any]:
    """A map that rises along both axes; its first value is unknown."""
    mean: list[list[float | None]] = [[round(0.03 * x * y - 0.3 * signed + 0.1, 4) for x in range(wide)] for y in range(tall)]
    mean[0][0] = None
    low, high = ([[None if value is None else round(value + side, 4) for value in row] for row in mean] for side in (-0.02, 0.03))
    axes = {"x": "selection pressure beta", "y": "rho", "xs": [0.5 * x for x in range(wide)], "ys": [round(0.2 * y, 2) for y in range(tall)]}
    return {"name": name, "unit": "sd of v", **axes, "mean": mean, "low": low, "high": high, "runs": 20, "generation": 100, **changes}


def cloud(place: int, size: int = 300, **changes: Any) -> dict[str, Any]:
    """Beliefs of which a tenth is held before, and those with the strongest signals after."""
    random = np.random.default_rng(place)
    value = random.normal(size=size)
    signal = RHOS[place] * value + (1 - RHOS[place] ** 2) ** 0.5 * random.normal(size=size)
    after = np.where(np.argsort(np.argsort(-signal)) < size // 10, random.uniform(0.05, 1, size), 0.0)
    numbers = {"value": value, "signal": signal, "before": random.uniform(0, 0.05, size), "after": after}
    lists = {key: [round(float(item), 4) for item in found] for key, found in numbers.items()}
    return {"name": f"rho {RHOS[place]}", **lists, "of": 3000, "note": "1 of 50 runs", **changes}


def deception(rho: float, **changes: Any) -> dict[str, Any]:
    """Shares at one correlation; at 1 there is no enrichment."""
    theory = 0.25 - asin(rho) / (2 * pi)
    found = {
        "name": f"rho {rho}", "rho": rho, "theory": theory, "start": theory + 0.002, "start_low": theory - 0.003, "start_high": theory + 0.007,
        "end": 1.35 * theory, "end_low": 1.35 * theory - 0.015, "end_high": 1.35 * theory + 0.015, "pool": theory + 0.004,
        "enrichment": 1.32, "enrichment_low": 1.24, "enrichment_high": 1.4, "runs": 50,
    }  # fmt: skip
    return found | (dict.fromkeys(("enrichment", "enrichment_low", "enrichment_high")) if rho == 1 else {}) | changes


def law(name: str, **changes: Any) -> dict[str, Any]:
    """A law that holds."""
    says, statistic = "The mean of a trait after selection is its weighted mean before.", "mean of signal, beta 5"
    numbers = {"observed": 0.41234, "expected": 0.4125, "se": 0.0002, "z": -0.8, "bound": 5.0, "n": 20000, "tests": 400}
    return {"name": name, "says": says, "statistic": statistic, "unit": "sd of a", "holds": True, **numbers, **changes}


def published(quantity: str, **changes: Any) -> dict[str, Any]:
    """A figure that agrees."""
    condition = changes.get("condition", "rho 0.4")
    numbers = {"published": 0.392, "published_sd": 0.059, "published_n": 50, "ours": 0.4078, "low": 0.4074, "high": 0.4082, "n": 20000, "z": 1.9, "bound": 3.9}
    return {"name": f"{quantity}, {condition}", "quantity": quantity, "condition": condition, **numbers, **changes}


def named(*records: dict[str, Any]) -> dict[str, Any]:
    """Records by name."""
    return {record["name"]: record for record in records}


def evolution() -> dict[str, Any]:
    """Records of all sections."""
    return {
        "courses": named(*(course(place) for place in range(len(RHOS)))),
        "deception": named(*(deception(rho) for rho in RHOS)),
        "phases": named(phase("true value", 7, 6, signed=True), phase("deceptive share", 7, 6, unit="share"), phase("fitness", 5, 3)),
        "beliefs": named(cloud(0), cloud(1)),
        "published": named(published("fitness"), published("true value", z=-4.2)),
        "laws": named(law("price"), law("variance under drift", z=5.0004, holds=False, observed=0.9997, expected=1.0), law("fixation", z=None, holds=False)),
    }


def write_evolution(folder: Path, **found: Any) -> Path:
    """A run folder with these records by section, and its report; returns the folder."""
    build(write_run(folder, sections=found))
    return folder


def record(section: str, value: dict[str, Any]) -> Any:
    """The record of these fields."""
    return msgspec.convert(value, sections()[section].record)


def built(section: str, *values: dict[str, Any]) -> list[Any]:
    """The blocks that a section makes of records, with numbers as bare text."""
    numbers = Numbers(View(results(sections={section: named(*values)})).tree)
    records = {f"sections/{section}/{value['name']}": record(section, value) for value in sorted(values, key=lambda value: value["name"])}
    return list(sections()[section].build(records, numbers))


def refusal(section: str, value: dict[str, Any]) -> str:
    """What is said of a record that does not fit."""
    with pytest.raises(HarnessError) as error:
        validate_record(sections()[section], value["name"], value)
    return str(error.value)
