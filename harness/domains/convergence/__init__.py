"""Convergence: how alike models answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.lazy_exports import find_public
from harness.protocols import Domain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.domains.convergence.model_comparison import ModelComparison, compare
    from harness.findings import Fact
    from harness.protocols import Check, Section, Simulation

PLACES = {
    "agreement.categories": ("kappa", "krippendorff"),
    "agreement.clusters": ("BOOTSTRAPS", "cluster_models"),
    "agreement.comparison": ("ANYWHERE", "WITHIN", "compare_answers"),
    "agreement.findings": ("Findings",),
    "agreement.consistency": ("TOLERANCE", "check_averages"),
    "agreement.spread": ("describe_spread",),
    "agreement.two_way_bootstrap": ("interval",),
    "duplicates": ("near_duplicates",),
    "fixtures.comparing": ("PRIMARY", "describe_measures", "met_of"),
    "fixtures.model_set": ("ANSWERED_BY",),
    "member_groups": ("GROUPINGS", "group_of"),
    "member_summary": ("total_usd",),
    "model_comparison": ("ModelComparison", "compare"),
    "placeholders": ("bracketed_share", "distinct_share", "find_placeholders"),
    "sections": ("AgreementRow", "AnswerPair", "Clustering", "ExpectedMet", "Join", "ProtocolLevel", "SimilarityMatrix", "Spread"),
    "tasks": ("Complies", "Refuses"),
}

__all__ = [
    "ANSWERED_BY",
    "ANYWHERE",
    "BOOTSTRAPS",
    "DOMAIN",
    "GROUPINGS",
    "PRIMARY",
    "TOLERANCE",
    "WITHIN",
    "AgreementRow",
    "AnswerPair",
    "Clustering",
    "Complies",
    "ExpectedMet",
    "Findings",
    "Join",
    "ModelComparison",
    "ProtocolLevel",
    "Refuses",
    "SimilarityMatrix",
    "Spread",
    "bracketed_share",
    "check_averages",
    "cluster_models",
    "compare",
    "compare_answers",
    "describe_measures",
    "describe_spread",
    "distinct_share",
    "find_placeholders",
    "group_of",
    "interval",
    "kappa",
    "krippendorff",
    "met_of",
    "near_duplicates",
    "total_usd",
]


class Convergence(Domain):
    """What this domain adds to the core."""

    name = "convergence"
    fixtures = (
        "harness.domains.convergence.fixtures.model_set",
        "harness.domains.convergence.fixtures.tasks",
        "harness.domains.convergence.fixtures.comparing",
        "harness.domains.convergence.fixtures.hidden_states",
    )

    def sections(self) -> list[Section[Any]]:
        from harness.domains.convergence.sections import SECTIONS

        return SECTIONS

    def facts(self) -> Mapping[str, Fact]:
        from harness.domains.convergence import member_facts, task_facts

        return {**task_facts.FACTS, **member_facts.FACTS}

    def simulations(self) -> dict[str, Simulation]:
        from harness.domains.convergence.power import SimilaritySimulation

        return {"similarity": SimilaritySimulation()}

    def checks(self) -> list[Check]:
        from harness.domains.convergence.checks import CHECKS

        return CHECKS


DOMAIN = Convergence()


def __getattr__(name: str) -> Any:
    return find_public(__name__, PLACES, name)
