"""The registry of laws, and the judgement of what they find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.domains.evolution.laws.activation import activation
from harness.domains.evolution.laws.adversary import adversary
from harness.domains.evolution.laws.bound import bound
from harness.domains.evolution.laws.checkpoint import checkpoint
from harness.domains.evolution.laws.clonal_limit import clonal_limit
from harness.domains.evolution.laws.examination import examination
from harness.domains.evolution.laws.founders import founders
from harness.domains.evolution.laws.identity import identity
from harness.domains.evolution.laws.invariance import invariance
from harness.domains.evolution.laws.law import Finding, Law
from harness.domains.evolution.laws.mutation import mutation
from harness.domains.evolution.laws.neutral import neutral
from harness.domains.evolution.laws.price import price
from harness.domains.evolution.laws.recombination import recombination
from harness.domains.evolution.laws.replicates import replicates
from harness.domains.evolution.laws.response import response
from harness.domains.evolution.laws.symmetry import symmetry

# Of any simulator that is called as `runs.runs` is, and can start from the worlds and founders of given seeds.
OF_ANY: dict[str, Law] = {
    "price": price,
    "mutation": mutation,
    "response": response,
    "identity": identity,
    "founders": founders,
    "neutral": neutral,
    "clonal_limit": clonal_limit,
    "recombination": recombination,
    "activation": activation,
    "invariance": invariance,
    "replicates": replicates,
}
# Of the parts of this package, at their inner doors: the simulator given to them is not asked.
OF_OURS: dict[str, Law] = {"symmetry": symmetry, "checkpoint": checkpoint, "examination": examination, "adversary": adversary}
EVERY_LAW: dict[str, Law] = {**OF_ANY, **OF_OURS}


class JudgedFinding(NamedTuple):
    """A finding, the bound that its |z| was held against, and whether the law holds."""

    finding: Finding
    bound: float
    holds: bool


def judge_findings(findings: Sequence[Finding], error: float = 1e-3) -> list[JudgedFinding]:
    """All findings of a family together: a correct simulator breaks any of them but `error` of the time. Exact laws take no part of that error."""
    tests = sum(found.se != 0 for found in findings)
    bounds = [bound(tests, error, found.n) for found in findings]
    return [JudgedFinding(found, limit, abs(found.z) <= limit) for found, limit in zip(findings, bounds, strict=True)]  # a z of NaN does not hold
