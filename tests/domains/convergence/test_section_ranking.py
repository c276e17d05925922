"""Expected behaviour met: models by capabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.domains.convergence.sections.ranking import Ranking
from harness.errors import HarnessError
from harness.report.build import build
from hostile_text import assert_stays_text
from sample_cells import HOSTILE
from seen_report import table
from tests.domains.convergence.samples import CAPABILITIES, MODELS, met, prose_part, recheck, write_records


def test_the_ranking_has_a_column_for_each_capability(told: Path) -> None:
    """Share, interval and number of prompts; a gap is said to be one, and its model stands last."""
    lines = [line for line in prose_part(told, "Expected behaviour met").splitlines() if line.startswith("| ")]
    assert lines[0] == f"| model | {' | '.join(sorted(CAPABILITIES))} |"
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == [*MODELS[1:4], MODELS[0]]
    assert lines[2] == f"| {MODELS[1]}{' | .87 [.77, .93] of 150' * 5} |"
    assert lines[-1] == f"| {MODELS[0]} | not measured{' | .90 [.80, .96] of 150' * 4} |"
    assert (".87", "sections/ranking/truthfulness: openai~1gpt-4o/met") in table(told)


def test_the_best_stand_first(tmp_path: Path) -> None:
    """By the mean of their columns, not by one of them."""
    build(write_records(tmp_path, met("x", "a", 0.9), met("y", "a", 0.2), met("x", "b", 0.6), met("y", "b", 0.6), met("x", "c", 0.5), met("y", "c", 0.5)))
    assert [line[2] for line in prose_part(tmp_path, "Expected behaviour met").splitlines() if " of 150 |" in line] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"met": None}, r"at '\$\.met'"),
        ({"met": 1.5}, r"at '\$\.met'"),
        ({"n": "all"}, r"at '\$\.n'"),
        ({"met": 0.3}, "met does not lie in its interval"),
        ({"high": 0.4}, "met does not lie in its interval"),
    ],
)
def test_a_share_that_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The field or the reason is named."""
    with pytest.raises(HarnessError, match=reason):
        recheck(Ranking(), met("x", "a"), **changes)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """Capabilities and models become no markup."""
    build(write_records(tmp_path, met(HOSTILE, HOSTILE), met(f"{HOSTILE}2", HOSTILE)))
    assert_stays_text(tmp_path, images=1)
