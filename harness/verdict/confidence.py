"""HIGH, MODERATE or LOW, computed from the run, with the reason that fixed it."""

from __future__ import annotations

from harness.plaintext import count_of
from harness.records import Confidence

HIGH_P = 0.01


def confidence(
    *,
    decided: bool,
    seeds: int,
    p: float | None,
    confounds: tuple[str, ...],
    agreeing: int,
    out_of_distribution: bool,
    unsampled: str = "",
    counted: str = "",
) -> Confidence:
    """HIGH: 3 or more seeds, survives out-of-distribution evaluation, no uncontrolled confound, p < .01. MODERATE: 2 or more seeds. LOW: the rest.

    `confounds` are violated or unverified controls, deviations, a missing lock; `agreeing` is the number of measures that agree; `unsampled` says which
    effects rest on no samples. They, and one seed, cap at LOW. `counted` says why no more seeds count, where more were drawn.
    """
    if not decided:
        return Confidence(level="LOW", reason="nothing was decided")
    if unsampled:
        return Confidence(level="LOW", reason=unsampled)
    if seeds < 2:
        return Confidence(level="LOW", reason=counted or "one seed")
    lacking = [
        reason
        for missing, reason in (
            (seeds < 3, f"{counted or f'{seeds} seeds'}, 3 are needed"),
            (not out_of_distribution, "no out-of-distribution evaluation"),
            (bool(confounds), "uncontrolled: " + "; ".join(confounds)),
            (p is None, "no p value"),
            (p is not None and p >= HIGH_P, f"p is not below {HIGH_P:g}"),
        )
        if missing
    ]
    if not lacking:
        return Confidence(level="HIGH", reason=f"{seeds} seeds, survives out-of-distribution evaluation, no uncontrolled confound, p below {HIGH_P:g}")
    if confounds:
        return Confidence(level="LOW", reason="uncontrolled: " + "; ".join(confounds))
    return Confidence(level="MODERATE", reason=f"{seeds} seeds and {count_of(agreeing, 'agreeing measure', 'agreeing measures')}, but " + "; ".join(lacking))
