"""The chance that a belief of two normals is deceptive: P(v < 0, a > 0)."""

from __future__ import annotations

import math


def deceptive(value: float, signal: float, rho: float) -> float:
    """P(v < 0, a > 0) of two normals with these means, in units of their own standard deviations, and this correlation.

    At zero means 1/4 - arcsin(rho) / 2 pi (Sheppard, 1899). Elsewhere -a is taken in place of a, and dP/drho = the density (Plackett, 1954), integrated
    from independence over the arc sine of the correlation, where the integrand is smooth: to about 1e-10.
    """
    if value == 0.0 and signal == 0.0:
        return 0.25 - math.asin(rho) / (2 * math.pi)
    if abs(rho) == 1.0:  # v < 0 is Z < -value; a > 0 is Z > -signal at 1 and Z < signal at -1
        return max(0.0, _normal(-value) - _normal(-signal)) if rho > 0 else _normal(min(-value, signal))
    return min(1.0, max(0.0, _normal(-value) * _normal(signal) + _leaning(-value, signal, -rho)))


def _leaning(high: float, other: float, rho: float) -> float:
    """P(X < high, Y < other) less what it would be were X and Y independent."""
    from scipy.integrate import quad

    def density(angle: float) -> float:
        turn = math.sin(angle)
        return math.exp(-(high * high - 2 * turn * high * other + other * other) / (2 * math.cos(angle) ** 2))

    return float(quad(density, 0.0, math.asin(rho), epsabs=1e-12, epsrel=1e-10, limit=200)[0]) / (2 * math.pi)


def _normal(value: float) -> float:
    """The standard normal's distribution function."""
    return 0.5 * math.erfc(-value / math.sqrt(2.0))
