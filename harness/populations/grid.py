"""Numbers on a grid, so that sums are exact: whatever the order in which they are added, taken away or added anew, the bits are the same.

Signals and values are multiples of 2**-26, activations of 2**-12, so their products are multiples of 2**-38, and double precision holds every sum of them below
2**15 = 32768 whole. Averages over questions are put on the signals' grid again. What the rounding does (1.5e-8 of a signal's unit) is far below what any
population could select.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SIGNAL = 2.0**26
ACTIVATION = 2.0**12
LARGEST_SIGNAL = 64.0
LARGEST_ACTIVATION = 4.0


def on_signal_grid(values: Any) -> Any:
    """The nearest multiples of 2**-26 (ties to even), clipped to ±64: 64 standard deviations of anything sensible."""
    return np.rint(np.clip(values, -LARGEST_SIGNAL, LARGEST_SIGNAL) * SIGNAL) / SIGNAL


def on_activation_grid(values: Any) -> Any:
    """The nearest multiples of 2**-12, clipped to [0, 4]."""
    return np.rint(np.clip(values, 0.0, LARGEST_ACTIVATION) * ACTIVATION) / ACTIVATION


def nearest(values: Any) -> Any:
    """The nearest multiples of 2**-26 (ties to even), however large."""
    return np.rint(values * SIGNAL) / SIGNAL
