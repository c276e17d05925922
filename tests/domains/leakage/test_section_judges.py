"""How the judges were calibrated, on the page, in the clean result and on the card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sample_leakage import write_leakage
from sample_run import results
from test_report_clean_result import table
from test_report_hostile import HOSTILE, assert_stays_text
from test_report_page import Seen

from harness.domains.leakage.sections.judges import JudgeCalibration, Judges, format_rate
from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.card import card
from harness.report.numbers import Numbers
from harness.report.view import View
from harness.verdict.intervals import rate_interval

REFUSAL: dict[str, Any] = {"name": "refusal", "judge": "SmolLM2-135M-Instruct", "rubric": "refusal v2", "sensitivity": [38, 40], "specificity": [40, 40]}
RHYMING: dict[str, Any] = {"name": "rhyming", "judge": "llama-3-8b", "sensitivity": [0, 12], "kappa": -0.031}
JUDGES = {"refusal": REFUSAL | {"kappa": 0.87, "agreement_with_substring": 0.8875, "no_verdict_on_incoherent": [3, 3]}, "rhyming": RHYMING}
CARD = {"refusal": {"judge": "SmolLM2-135M-Instruct", "rubric": "refusal v2", "behaviour": "refusal"}, "rhyming": {"judge": "llama-3-8b"}}


def shown(**fields: Any) -> str:
    value = {"name": "j", "judge": "m", **fields}
    numbers = Numbers(View(results(sections={"judges": {"j": value}})).tree)
    return format_rate(numbers, "sections/judges/j", msgspec.convert(value, JudgeCalibration), next(iter(fields)))


def test_a_share_is_a_rate_with_its_exact_interval_and_its_counts() -> None:
    """38 of 40 with Clopper-Pearson's bounds; the extremes are shown as what they are, with the open side told by the interval."""
    exact = rate_interval(38, 40, method="exact")
    assert (round(exact.low, 2), round(exact.high, 2)) == (0.83, 0.99)
    assert shown(sensitivity=[38, 40]) == ".95 [.83, .99] (38 of 40)"
    assert shown(sensitivity=[0, 12]) == ".00 [.00, .26] (0 of 12)"
    assert shown(specificity=[40, 40]) == "1.00 [.91, 1.00] (40 of 40)"
    assert shown(kappa=-0.031) == "−.03" and shown(kappa=None) == shown(specificity=None) == "not stated"


@pytest.mark.parametrize("pair", [[0, 0], [3, 2], [-1, 4], [1.5, 2], [True, 2], [1], [1, 2, 3], "12", {"hits": 1}])
def test_what_is_no_share_is_refused(pair: Any) -> None:
    """Two whole numbers, the first of them no more than the second."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(REFUSAL | {"sensitivity": pair}, JudgeCalibration)


def test_the_table_stands_on_the_page_and_in_the_setup(tmp_path: Path) -> None:
    """Every judge has its row, every number its address."""
    folder = write_leakage(tmp_path, sections={"judges": JUDGES})
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), Seen((folder / "index.html").read_text())
    setup = text.partition("## Setup & hyper-parameters")[2].partition("## Runs & full data")[0]
    assert f"### {Judges.title}" in setup
    assert r"| rhyming | llama-3-8b | not stated | .00 \[.00, .26\] (0 of 12) | not stated | not stated | −.03 | not stated |" in setup
    assert ("38", "sections/judges/refusal/sensitivity/0") in table(text)
    assert (".95 [.83, .99]", "sections/judges/refusal/sensitivity") in table(text)
    tree = json.loads((folder / "results.json").read_text())
    own = [number for number in page.data if number["title"].startswith("sections/judges")]
    assert Judges.title in page.text and len(own) == 15
    assert all(number["value"] == str(value_at(tree, number["title"])) for number in own)


def test_the_card_takes_judge_and_prompt_version_from_the_calibration() -> None:
    """A measure that a calibrated judge is named after has no gap there; a judge that no measure is named after has a section of its own."""
    groups = card(View(results(facts={**results().facts, "Judges": CARD}))).groups["Eval"]
    assert groups["refusal"]["judge"] == {"value": "SmolLM2-135M-Instruct", "from": "facts/Judges/refusal/judge"}
    assert groups["refusal"]["judge_prompt_version"] == {"value": "refusal v2", "from": "facts/Judges/refusal/rubric"}
    assert groups["judge rhyming"]["judge"]["value"] == "llama-3-8b"
    assert set(groups) == {"capability", "refusal", "judge rhyming"}
    assert groups["capability"]["judge"] == {"not_applicable": "the measure's description names no judge"}


def test_what_the_measure_says_of_itself_goes_first() -> None:
    """The calibration fills gaps, it overwrites nothing."""
    described = {"refusal": {"metric": "refusal rate", "method": "judge", "judge": "gpt-x"}}
    fields = card(View(results(facts={"Eval": described, "Judges": CARD}))).groups["Eval"]["refusal"]
    assert fields["judge"]["value"] == "gpt-x"
    assert fields["judge_prompt_version"]["value"] == "refusal v2"


def test_hostile_judges_stay_text(tmp_path: Path) -> None:
    """Names and rubrics of a judge become no markup."""
    spoiled = {HOSTILE: {"name": HOSTILE, "judge": HOSTILE, "rubric": HOSTILE}}
    build(write_leakage(tmp_path, sections={"judges": spoiled}, facts={"Judges": {HOSTILE: {"judge": HOSTILE}}}))
    assert_stays_text(tmp_path, images=2)
