"""How similarities are spread, and how large an effect is beside the spread of what it is an average of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def describe_spread(values: NDArray[np.float64]) -> dict[str, float | int | None]:
    """Number, mean, median, SD (n - 1), least, greatest, range, and coefficient of variation (SD over mean) of what is not NaN; None: not defined."""
    import numpy as np

    there = values[~np.isnan(values)]
    if not there.size:
        return {"n": 0, **dict.fromkeys(("mean", "median", "sd", "least", "greatest", "range", "cv"))}
    mean, sd = float(there.mean()), float(there.std(ddof=1)) if there.size > 1 else None
    ends = {"least": float(there.min()), "greatest": float(there.max()), "range": float(np.ptp(there))}
    return {"n": there.size, "mean": mean, "median": float(np.median(there)), "sd": sd, **ends, "cv": sd / mean if sd is not None and mean > 0 else None}


def paired_d(effects: NDArray[np.float64], pairs: NDArray[np.float64], prompts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(draws,): Cohen's d_z with prompts as units, the mean over the SD (n - 1) of what each prompt has on average over pairs of models.

    `effects` (pairs, prompts) is matched less mismatched similarity, NaN where there is none; `pairs` (draws, pairs) and `prompts` (draws, prompts) say how
    often each was drawn. NaN where fewer than two prompts have a value, or where they do not vary.
    """
    import numpy as np

    there = ~np.isnan(effects)
    counts = pairs @ there.astype(float)
    means = np.divide(pairs @ np.where(there, effects, 0.0), counts, out=np.zeros_like(counts), where=counts > 0)
    drawn = prompts * (counts > 0)
    total = drawn.sum(axis=1)
    mean = np.divide((drawn * means).sum(axis=1), total, out=np.full_like(total, np.nan), where=total > 0)
    squares = (drawn * (means - np.nan_to_num(mean)[:, None]) ** 2).sum(axis=1)
    sd = np.sqrt(np.divide(squares, total - 1, out=np.full_like(total, np.nan), where=total > 1))
    found: NDArray[np.float64] = np.divide(mean, sd, out=np.full_like(total, np.nan), where=sd > 1e-12)
    return found


def stabilise(d: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the variance of d_z of n prompts, (1 + d^2 / 2) / n, does not depend on d: intervals from the SD of draws are made there. `restore` undoes it."""
    import numpy as np

    found: NDArray[np.float64] = 2**0.5 * np.arcsinh(d / 2**0.5)
    return found


def restore(stable: float) -> float:
    import math

    return 2**0.5 * math.sinh(stable / 2**0.5)
