"""Who answered: members dead and alive, guises, null models; the level of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.domains.convergence.sections.responders import Respondents
from harness.errors import HarnessError
from harness.report.build import build
from hostile_text import assert_stays_text
from sample_cells import HOSTILE
from seen_report import Seen, table
from tests.domains.convergence.samples import MODELS, convergence, level, member, part, prose_part, recheck, write_records


def rows(folder: Path) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in prose_part(folder, "Who answered").splitlines() if line.startswith("| ")]
    return {line[0]: line[1:] for line in lines[2:]}


def test_the_dead_stand_first_and_models_before_guises(tmp_path: Path) -> None:
    """Dead ones, then models, guises and null models; within a kind by name."""
    folder = write_records(tmp_path, *(member(place) for place in (0, 1, 4, 5, 22)))
    build(folder)
    assert list(rows(folder)) == [MODELS[5], MODELS[0], MODELS[1], MODELS[4], MODELS[22]]


def test_a_guise_is_no_model_of_its_own(told: Path) -> None:
    """Each kind is counted by itself, and one sentence says what a guise is."""
    text, page = prose_part(told, "Who answered"), "".join(Seen(part(told, "respondents")).text)
    for shown in (text, page):
        assert "Members: 14; models: 13; guises: 1. A persona on one set of weights is a guise, not a model." in shown
    assert ("13", "sections/respondents/#kind=model") in table(told)
    assert rows(told)[MODELS[4]][1] == "guise" and rows(told)[MODELS[3]][1] == "model, base weights"


def test_an_unknown_cost_is_unknown_and_no_cost_is_zero(told: Path) -> None:
    """None and 0.0 are two different things."""
    assert [rows(told)[MODELS[place]][10:15] for place in (1, 4, 0)] == [
        ["unknown", "unknown", "98,000", "12,000", "unknown"],
        ["41,250", "1,024", "98,000", "12,000", "$0.00"],
        ["41,250", "1,024", "98,000", "12,000", "$0.31"],
    ]


def test_the_dead_are_named_with_their_trouble_before_anything_else(told: Path) -> None:
    """A warning is the first line of the section in both tellings."""
    trouble = "Dead: mistralai/mixtral-8x22b-instruct (no key in OPENROUTER_API_KEY)."
    assert "".join(Seen(part(told, "respondents")).text).strip().startswith(f"Who answered\n{trouble}")
    assert prose_part(told, "Who answered").strip().startswith(f"**{trouble}**")
    assert [name for name, row in rows(told).items() if row[0] == "DEAD"] == [MODELS[5]]


def test_errors_keep_their_kinds(told: Path) -> None:
    """Each kind of error with its count and its address."""
    shown = table(told)
    assert rows(told)[MODELS[1]][15:17] == ["RateLimitError 3, Timeout 2", "cyber 3"] and rows(told)[MODELS[0]][16] == "none"
    assert ("3", "sections/respondents/openai~1gpt-4o/errors/RateLimitError") in shown
    assert ("750", "sections/respondents/mistralai~1mixtral-8x22b-instruct/errors/AuthenticationError") in shown


def test_the_level_has_a_section_of_its_own(told: Path) -> None:
    """Which level, how many members, how they were chosen and who they are; what it might cost and what it did."""
    text = prose_part(told, "Protocol level")
    assert "| 2 | 14 | the first 8 alive in the declared order | $5.00 | unknown | meta-llama/llama-3.1-405b-instruct, openai/gpt-4o, " in text
    assert ("14", "sections/levels/level 2/members/#") in table(told)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"answers": "many"}, r"Expected 'int', got 'str' - at '\$\.answers'"),
        ({"empty": -1}, r">= 0 - at '\$\.empty'"),
        ({"usd": True}, r"at '\$\.usd'"),
        ({"alive": None}, r"at '\$\.alive'"),
        ({"kind": "person"}, r"Invalid enum value 'person' - at '\$\.kind'"),
        ({"answers": 749}, "answers are not as many as those of all statuses together"),
        ({"errors": {"Timeout": 4}}, "errors are not as many by their kinds as in all"),
        ({"trouble": "no key"}, "who is not alive has a trouble, and nobody else"),
        ({"alive": False}, "who is not alive has a trouble, and nobody else"),
    ],
)
def test_a_member_that_does_not_fit_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The field or the reason is named."""
    with pytest.raises(HarnessError, match=reason):
        recheck(Respondents(), member(0), **changes)


def test_without_members_there_is_no_section(bare: Path) -> None:
    """Neither heading, nor link."""
    told = (bare / "index.html").read_text() + (bare / "clean_result.md").read_text()
    assert "Who answered" not in told and "section-respondents" not in told and "Protocol level" not in told


def test_hostile_members_stay_text(tmp_path: Path) -> None:
    """Names, specs, families, troubles, versions, errors and choices become no markup."""
    spoiled: dict[str, Any] = {"spec": HOSTILE, "family": HOSTILE, "trouble": HOSTILE, "versions": (HOSTILE,), "errors": {HOSTILE: 750}}
    members = [member(5, name=HOSTILE, **spoiled), member(4, name=f"{HOSTILE}2")]
    build(write_records(tmp_path, *members, level(name=HOSTILE, members=(HOSTILE,), chosen=HOSTILE)))
    assert_stays_text(tmp_path, images=1)


def test_equal_records_give_equal_bytes(tmp_path: Path) -> None:
    """Every file of two reports of one run, figures included."""
    one, two = (build(write_records(tmp_path / name, *convergence(4))) for name in ("one", "two"))
    assert len(one.paths) == 13
    assert [path.read_bytes() for path in one.paths] == [path.read_bytes() for path in two.paths]
