"""What the report shows of a comparison of models, beside what every report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.domains.convergence.sections.agreement import Agreement, AgreementRow
from harness.domains.convergence.sections.answer_pairs import AnswerPair, Pairs
from harness.domains.convergence.sections.clusters import Clustering, Clusters, Join
from harness.domains.convergence.sections.costs import Costs, FamilyCost
from harness.domains.convergence.sections.levels import Levels, ProtocolLevel
from harness.domains.convergence.sections.ranking import ExpectedMet, Ranking
from harness.domains.convergence.sections.responders import Respondents, RespondentSummary
from harness.domains.convergence.sections.similarity import SimilarityMatrices, SimilarityMatrix
from harness.domains.convergence.sections.spread import Spread, Spreads

__all__ = [
    "SECTIONS",
    "AgreementRow",
    "AnswerPair",
    "Clustering",
    "ExpectedMet",
    "FamilyCost",
    "Join",
    "ProtocolLevel",
    "RespondentSummary",
    "SimilarityMatrix",
    "Spread",
]

if TYPE_CHECKING:
    from harness.protocols import Section

SECTIONS: list[Section[Any]] = [Respondents(), Costs(), Levels(), Agreement(), Spreads(), SimilarityMatrices(), Clusters(), Ranking(), Pairs()]
