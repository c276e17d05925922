"""The correlated response: value follows the signal that is selected by as much as the two are correlated, and not more."""

from __future__ import annotations

from harness.domains.evolution.config import simulation
from harness.domains.evolution.laws.claim import Claim
from harness.domains.evolution.laws.law import Finding, Simulate, Size, many

SIGMAS = (2.0, 0.5)  # of value, of signal
GENERATIONS = (1, 2, 5)
RESPONSE = Claim("response", "Where value and signal are jointly normal, E dU = rho sigma_v / sigma_a E dF at every generation.")
# With means other than 0 the mean fitness also selects for answering more questions (or fewer), and so do U and F part; the sum counts every belief alike.
MEANS = {"mean": (0.0, 0.0), "additive": (0.25, -0.5)}
RISES = Claim("response", "Selection raises the fitness that it selects.")


def response(simulate: Simulate, size: Size) -> list[Finding]:
    """Over independent worlds, with and without mutation; U is the same average of value as F is of the signal."""
    found = []
    for rho, rate, fitness in ((-0.5, 0.0, "mean"), (0.0, 0.0, "mean"), (0.5, 0.02, "mean"), (0.8, 0.0, "additive")):
        found += check_response(simulate, rho, rate, fitness, many(120, size))
    return found


def check_response(simulate: Simulate, rho: float, rate: float, fitness: str, runs: int) -> list[Finding]:
    """dU - slope dF has mean 0; its error is the runs' own."""
    (value, signal), (value_mean, signal_mean) = SIGMAS, MEANS[fitness]
    landscape = {"kind": "bivariate_normal", "rho": rho, "value_sd": value, "signal_sd": signal, "value_mean": value_mean, "signal_mean": signal_mean}
    parts = {"models": 20, "beliefs": 120, "held": 8, "questions": 20, "generations": GENERATIONS[-1], "fitness": fitness}
    size = 1.0 if fitness == "mean" else 16.0  # 8 beliefs, each probed by 2 questions
    one = simulation({**parts, "landscape": landscape, "selection": {"beta": 5.0 / signal / size}, "mutation": {"rate": rate}})
    found, slope, told = simulate(one, range(runs)), rho * value / signal, f"rho {rho:g}, mu {rate:g}, {fitness}"
    tested, selected = found["value_tested"], found["fitness"]
    findings = []
    for when in GENERATIONS:
        left = (tested[:, when] - tested[:, 0]) - slope * (selected[:, when] - selected[:, 0])
        findings.append(RESPONSE.mean(f"dU - {slope:g} dF at generation {when} ({told})", left, 0.0))
    rises = (selected[:, -1] - selected[:, 0]).mean() > 0.2 * signal * size  # a response of nothing to nothing would prove nothing
    return [*findings, RISES.exact(f"mean fitness has risen by .2 sigma_a or more ({told})", float(rises), 1.0, runs, "yes")]
