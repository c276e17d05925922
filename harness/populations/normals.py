"""Standard normals from uniforms (Box and Muller, 1958), and exponentials, by additions, multiplications, divisions and roots alone.

These give the same bits everywhere, in numpy and in compiled code, one at a time or several at once, which the logarithms and sines of two libraries do not.
The logarithm is 2 artanh((m - 1) / (m + 1)) of a number's mantissa m, the sine and cosine are those of an eighth of a turn at most; their power series go
so far that what is left out lies below the last bit.
"""

from __future__ import annotations

import math

import numpy as np

LOGARITHM = tuple(1.0 / (2 * term + 1) for term in range(11, -1, -1))  # of artanh(x) / x in x**2, the highest power first, as are the others
SINE = tuple((-1.0) ** term / math.factorial(2 * term + 1) for term in range(9, -1, -1))
COSINE = tuple((-1.0) ** term / math.factorial(2 * term) for term in range(9, -1, -1))
EXPONENTIAL = tuple(1.0 / math.factorial(term) for term in range(14, -1, -1))
LOG_TWO, FULL, ROOT_TWO = math.log(2.0), 2.0 * math.pi, math.sqrt(2.0)
FRACTION, BIAS = (1 << 52) - 1, 1023 << 52  # of a float64's bits


def normal_pairs(uniforms: np.ndarray) -> np.ndarray:
    """(N, 2) standard normals from (N, 2) uniforms in [0, 1): the cosine, then the sine."""
    distance = np.sqrt(-2.0 * logarithm(1.0 - uniforms[:, 0]))
    quarter = np.floor(4.0 * uniforms[:, 1] + 0.5)
    angle = FULL * (uniforms[:, 1] - 0.25 * quarter)
    square = angle * angle
    sine, cosine = angle * series(SINE, square), series(COSINE, square)
    place = quarter.astype(np.int32) & 3
    along = np.where(place & 1, sine, cosine) * np.where((place == 1) | (place == 2), -1.0, 1.0)
    across = np.where(place & 1, cosine, sine) * np.where(place >= 2, -1.0, 1.0)
    return np.stack([distance * along, distance * across], axis=1)


def logarithm(numbers: np.ndarray) -> np.ndarray:
    """Natural logarithms of float64 numbers in (0, 1]."""
    bits = np.ascontiguousarray(numbers, dtype=np.float64).view(np.int64)
    power, mantissa = (bits >> 52) - 1023, ((bits & FRACTION) | BIAS).view(np.float64)
    upper = mantissa > ROOT_TWO
    mantissa, power = np.where(upper, 0.5 * mantissa, mantissa), power + upper
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    found: np.ndarray = power * LOG_TWO + 2.0 * ratio * series(LOGARITHM, ratio * ratio)
    return found


def exponential(numbers: np.ndarray) -> np.ndarray:
    """e to the power of numbers of at most 0: 0 below -700."""
    whole = np.floor(np.maximum(numbers, -700.0) * (1.0 / LOG_TWO) + 0.5)
    power = ((whole.astype(np.int64) + 1023) << 52).view(np.float64)  # of two
    found: np.ndarray = np.where(numbers < -700.0, 0.0, series(EXPONENTIAL, np.maximum(numbers, -700.0) - whole * LOG_TWO) * power)
    return found


def series(terms: tuple[float, ...], at: np.ndarray) -> np.ndarray:
    """A power series, the highest power first (Horner)."""
    found = np.full_like(at, terms[0])
    for term in terms[1:]:
        found = found * at + term
    return found
