"""How the judges were calibrated, on the page, in the clean result and on the card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.report.judges import columns, judges, told
from markdown_it import MarkdownIt
from sample_leakage import JUDGES, facts, write_leakage
from sample_run import results
from test_report_clean_result import table
from test_report_hostile import CONTROL, HOSTILE
from test_report_page import Seen

from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.card import card
from harness.report.numbers import Numbers, is_share
from harness.report.view import View
from harness.verdict.intervals import rate_interval


def view(found: Any) -> View:
    return View(results(facts=facts("Judges", found)))


def shown(stated: Any, key: str) -> str:
    seen = view({"j": {key: stated}})
    return told(Numbers(seen.tree), judges(seen)[0], key)


def test_a_share_is_a_rate_with_its_exact_interval_and_its_counts() -> None:
    """38 of 40 with Clopper-Pearson's bounds; the extremes are shown as what they are, with the open side told by the interval."""
    exact = rate_interval(38, 40, method="exact")
    assert (round(exact.low, 2), round(exact.high, 2)) == (0.83, 0.99)
    assert shown([38, 40], "sensitivity") == ".95 [.83, .99] (38 of 40)"
    assert shown([0, 12], "sensitivity") == ".00 [.00, .26] (0 of 12)"
    assert shown([40, 40], "specificity") == "1.00 [.91, 1.00] (40 of 40)"


@pytest.mark.parametrize("pair", [[0, 0], [3, 2], [-1, 4], [1.0, 2], [True, 2], [1], [1, 2, 3], "12", None, {"hits": 1}])
def test_what_is_no_share_is_not_made_one(pair: Any) -> None:
    """Two whole numbers, the first of them no more than the second; everything else is shown as it stands or as not stated."""
    assert not is_share(pair)
    assert "[." not in shown(pair, "sensitivity")
    assert shown(None, "sensitivity") == "not stated"


def test_a_negative_kappa_stays_negative() -> None:
    """Worse than chance is not zero."""
    assert shown(-0.031, "kappa") == "−.03"


def test_the_table_stands_on_the_page_and_in_the_setup(tmp_path: Path) -> None:
    """Every judge has its row, every number its address."""
    folder = write_leakage(tmp_path, facts=facts("Judges", JUDGES))
    build(folder)
    text, page = (folder / "clean_result.md").read_text(), Seen((folder / "index.html").read_text())
    setup = text.partition("## Setup & hyper-parameters")[2].partition("## Runs & full data")[0]
    assert "**How the judges were calibrated.**" in setup
    assert r"| `rhyming` | rhyming | llama-3-8b | rhyme | .00 \[.00, .26\] (0 of 12) | not stated | −.03 | not stated | not stated |" in setup
    assert ("38", "facts/Judges/refusal/sensitivity/0") in table(text)
    assert (".95 [.83, .99]", "facts/Judges/refusal/sensitivity") in table(text)
    tree = json.loads((folder / "results.json").read_text())
    own = [number for number in page.data if number["title"].startswith("facts/Judges")]
    assert "How the judges were calibrated" in page.text and len(own) == 14
    assert all(number["value"] == str(value_at(tree, number["title"])) for number in own)


def test_without_judges_there_is_no_table(built: Path) -> None:
    """Nothing is said of a calibration that was not done."""
    assert "calibrated" not in (built / "index.html").read_text() + (built / "clean_result.md").read_text()


def test_a_long_rubric_is_cut_and_other_shares_have_a_column() -> None:
    """What a judge states beyond the known fields follows under its own name; nested values do not fit a table."""
    seen = view({"j": {"rubric": "x" * 500, "false_alarms": [1, 40], "confusion": {"a": 1}, "prompts": [1, 2, 3]}})
    assert columns(judges(seen)) == {"rubric": "rubric", "false_alarms": "false alarms"}
    assert told(Numbers(seen.tree), judges(seen)[0], "rubric") == "x" * 120 + "…"


def test_the_card_takes_judge_and_prompt_version_from_the_calibration() -> None:
    """A measure that a calibrated judge is named after has no gap there; a judge that no measure is named after has a section of its own."""
    groups = card(view(JUDGES)).groups["Eval"]
    assert groups["refusal"]["judge"] == {"value": "SmolLM2-135M-Instruct", "from": "facts/Judges/refusal/judge"}
    assert groups["refusal"]["judge_prompt_version"] == {"value": "refusal v2", "from": "facts/Judges/refusal/rubric"}
    assert groups["judge rhyming"]["judge"]["value"] == "llama-3-8b"
    assert set(groups) == {"capability", "refusal", "judge rhyming"}
    assert groups["capability"]["judge"] == {"not_applicable": "the measure's description names no judge"}


def test_what_the_measure_says_of_itself_goes_first() -> None:
    """The calibration fills gaps, it overwrites nothing."""
    described = {"refusal": {"metric": "refusal rate", "method": "judge", "judge": "gpt-x"}}
    fields = card(View(results(facts={"Eval": described, "Judges": JUDGES}))).groups["Eval"]["refusal"]
    assert fields["judge"]["value"] == "gpt-x"
    assert fields["judge_prompt_version"]["value"] == "refusal v2"


def test_hostile_judges_stay_text(tmp_path: Path) -> None:
    """Names, keys, rubrics and verdicts of a judge become no markup."""
    spoiled = {HOSTILE: {"judge": HOSTILE, "rubric": HOSTILE, HOSTILE: HOSTILE, "sensitivity": HOSTILE, "kappa": [HOSTILE]}, "flat": HOSTILE}
    folder = write_leakage(tmp_path, facts=facts("Judges", spoiled))
    build(folder)
    raw, text = (folder / "index.html").read_text(), (folder / "clean_result.md").read_text()
    page = Seen(raw)
    assert page.open == [] and "script" not in page.tags and page.tags.count("img") == 2
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token.content for token in flat if token.type in ("html_block", "html_inline", "link_open")]
    assert not CONTROL.search(raw + text)
