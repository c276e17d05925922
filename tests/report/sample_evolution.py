"""A run on the evolution of beliefs: arms of which one dies out, maps with gaps and both signs, clouds, laws that hold and one that does not."""

from __future__ import annotations

from math import asin, pi
from typing import Any

import numpy as np

RHOS = (0.0, 0.4, 0.8, 1.0)
GENERATIONS = (0, 1, 2, 5, 10, 20, 35, 50, 75, 100)
MEASURES = {
    "fitness": ("sd of a", 0.42), "true value": ("sd of v", 0.3), "deceptive share": ("share", 0.2),
    "enrichment": ("ratio", 1.4), "diversity": ("bits", 5.0), "founders left": ("models", 12.0), "value as the test sees it": ("sd of v", 0.28),
}  # fmt: skip


def measure(unit: str, end: float, *, lost: int = 0, **changes: Any) -> dict[str, Any]:
    """A mean that rises to `end`; the last `lost` generations have no population."""
    mean: list[float | None] = [round(end * (1 - 2.0 ** (-generation / 10)), 4) for generation in GENERATIONS]
    low, high = ([None if value is None else round(value + side * 0.05 * end, 4) for value in mean] for side in (-1, 1))
    for numbers in (mean, low, high):
        numbers[len(numbers) - lost :] = [None] * lost
    return {"unit": unit, "mean": mean, "low": low, "high": high, **changes}


def course(place: int, panel: str = "Level 1: beta 5", **changes: Any) -> dict[str, Any]:
    """One arm; the third dies out after generation 50."""
    lost = 2 if place == 2 else 0
    measures = {name: measure(unit, end * (1 - 0.2 * place), lost=lost) for name, (unit, end) in MEASURES.items()}
    found = {"panel": panel, "arm": f"rho {RHOS[place]}", "order": place, "runs": 50, "generations": list(GENERATIONS), "measures": measures}
    return found | changes


def phase(wide: int, tall: int, *, signed: bool = False, **changes: Any) -> dict[str, Any]:
    """A map that rises along both axes; its first value is unknown."""
    mean: list[list[float | None]] = [[round(0.03 * x * y - 0.3 * signed + 0.1, 4) for x in range(wide)] for y in range(tall)]
    mean[0][0] = None
    low, high = ([[None if value is None else round(value + side, 4) for value in row] for row in mean] for side in (-0.02, 0.03))
    found = {
        "unit": "sd of v", "x": "selection pressure beta", "y": "rho", "xs": [0.5 * x for x in range(wide)], "ys": [round(0.2 * y, 2) for y in range(tall)],
        "mean": mean, "low": low, "high": high, "runs": 20, "note": "20 runs a point, generation 100",
    }  # fmt: skip
    return found | changes


def cloud(place: int, size: int = 300, **changes: Any) -> dict[str, Any]:
    """Beliefs of which a tenth is held before, and those with the strongest signals after."""
    random = np.random.default_rng(place)
    value = random.normal(size=size)
    signal = RHOS[place] * value + (1 - RHOS[place] ** 2) ** 0.5 * random.normal(size=size)
    after = np.where(np.argsort(np.argsort(-signal)) < size // 10, random.uniform(0.05, 1, size), 0.0)
    numbers = {"value": value, "signal": signal, "before": random.uniform(0, 0.05, size), "after": after}
    lists = {key: [round(float(item), 4) for item in found] for key, found in numbers.items()}
    return {"arm": f"rho {RHOS[place]}", "order": place, **lists, "shown": size, "of": 3000, "note": "1 of 50 runs", **changes}


def deceived(rho: float, **changes: Any) -> dict[str, Any]:
    """Shares at one correlation; the last has no interval at the end."""
    theory = 0.25 - asin(rho) / (2 * pi)
    found = {
        "rho": rho, "theory": theory, "start": theory + 0.002, "start_low": theory - 0.003, "start_high": theory + 0.007,
        "end": 1.35 * theory, "end_low": 1.35 * theory - 0.015, "end_high": 1.35 * theory + 0.015, "pool": theory + 0.004,
        "enrichment": 1.32, "enrichment_low": 1.24, "enrichment_high": 1.4, "runs": 50,
    }  # fmt: skip
    lost = {"end_low": None, "end_high": None, "enrichment": None, "enrichment_low": None, "enrichment_high": None}
    return found | (lost if rho == 1 else {}) | changes


def law(**changes: Any) -> dict[str, Any]:
    """One law that holds."""
    found = {
        "law": "The mean of a trait after selection is its weighted mean before.", "observed": 0.41234, "expected": 0.4125, "se": 0.0002, "z": -0.8,
        "bound": 5.0, "n": 20000, "unit": "sd of a", "holds": True, "tests": 400,
    }  # fmt: skip
    return found | changes


def published(**changes: Any) -> dict[str, Any]:
    """One comparison that agrees."""
    found = {
        "quantity": "fitness at generation 100", "condition": "rho 0.4, beta 5", "published": 0.392, "published_sd": 0.059, "published_n": 50,
        "ours": 0.4078, "low": 0.4074, "high": 0.4082, "n": 20000, "z": 1.9, "holds": True, "note": "published over 50 runs",
    }  # fmt: skip
    return found | changes


def evolution() -> dict[str, Any]:
    """All groups by name."""
    return {
        "Evolution": {f"rho {rho}": course(place) for place, rho in enumerate(RHOS)},
        "Phase": {"true value": phase(7, 6, signed=True), "deceptive share": phase(7, 6, unit="share"), "fitness": phase(5, 3)},
        "Beliefs": {f"rho {rho}": cloud(place) for place, rho in enumerate(RHOS[:2])},
        "Deception": {f"rho {rho}": deceived(rho) for rho in RHOS},
        "Laws": {
            "price": law(), "variance under drift": law(z=5.0004, holds=False, observed=0.9997, expected=1.0), "fixation": law(holds=None, z=None, tests=None),
        },
        "Published": {
            "rho 0.4 fitness": published(),
            "rho 0.4 value": published(quantity="true value", z=-4.2, holds=False),
            "rho 1 deception": published(published_sd=None, published_n=None, low=None, high=None, z=None, holds=None, note=None),
        },
    }  # fmt: skip
