"""The units in which something may be measured or promised."""

from __future__ import annotations

import math

# What the outcomes behind an effect can be: shares behind percentage points, and points.
LEVELS: dict[str, tuple[float, float]] = {"pp": (0.0, 1.0), "points": (0.0, 100.0)}
# Names by which the report formats its own numbers; a domain's unit of such a name would be shown as something else.
RESERVED_UNITS = ("p", "p column", "p floor", "plain", "%", "s", "$", "USD", "gpu_hours", "GPU-hours")
Unit = tuple[float, float, str]  # smallest and largest value that it can take, what it is
UNITS: dict[str, Unit] = {
    "rate": (0.0, 1.0, "share of units, 0 to 1"),
    "pp": (-200.0, 200.0, "percentage points, difference of two rates or of two such differences"),
    "points": (-200.0, 200.0, "points on a scale of 0 to 100, their difference, or the difference of two differences"),
    "probability": (0.0, 1.0, "0 to 1"),
    "correlation": (-1.0, 1.0, "-1 to 1"),
    "similarity": (-1.0, 1.0, "-1 to 1"),
    "nats": (-math.inf, math.inf, "natural units of information"),
    "bits": (-math.inf, math.inf, "binary units of information"),
    "count": (0.0, math.inf, "a number of things"),
    "seconds": (0.0, math.inf, "time"),
    "tokens": (0.0, math.inf, "tokens"),
    "usd": (0.0, math.inf, "US dollars"),
    "ratio": (-math.inf, math.inf, "a quotient"),
    "value": (-math.inf, math.inf, "a dimensionless value"),
}
