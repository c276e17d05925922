"""How far from its law chance may take a statistic, where many are held against theirs at once."""

from __future__ import annotations

import math


def bound(tests: int, error: float = 1e-3, n: int | None = None) -> float:
    """The two-sided bound on |z| which, over so many tests, a correct simulator passes but for `error` of the time (Šidák, 1967).

    By Student's t with n - 1 degrees of freedom where the error rests on n runs: right where it was estimated from them, a little wide where theory gave it.
    Without n by the normal. Šidák's correction needs independence, or statistics that are jointly normal; it then errs towards passing a correct simulator.
    """
    from scipy.stats import norm, t

    each = -math.expm1(math.log1p(-error) / max(1, tests))
    return float(norm.isf(each / 2) if n is None else t.isf(each / 2, max(1, n - 1)))
