"""clean_result.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.records import Promise
from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.card import card
from harness.report.clean_result import clean_result
from harness.report.number_format import MINUS
from harness.report.sample_rows import Samples
from harness.report.view import View
from sample_cells import HOSTILE
from sample_run import results
from seen_report import foreign_links, parsed, table, unaddressed

HEADINGS = [
    "TL;DR", "Background", "Methodology", "Results", "Next steps", "Detailed report", "Human summary", "Source issues", "Setup & hyper-parameters",
    "Runs & full data", "Sample outputs", "Headline numbers", "Standing caveats", "Artifacts",
]  # fmt: skip


def test_the_parts_stand_in_their_order(built: Path) -> None:
    """The template's headings are all there, in the template's order."""
    tokens = parsed((built / "clean_result.md").read_text())
    heads = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]
    assert heads[0].endswith("(MODERATE confidence)")
    assert [head for head in heads if head in HEADINGS] == HEADINGS


def test_the_results_hold_a_figure_takeaways_and_one_line_of_confidence(built: Path) -> None:
    """One hero figure with its commit, two to five bullets, one line of confidence with its reason."""
    text = (built / "clean_result.md").read_text()
    told = text.partition("### Results")[2].partition("### Next steps")[0]
    assert told.count("](figures/hero.png)") == 1
    assert "commit `0123456789abcdef" in told
    assert 2 <= len(re.findall(r"^- ", told.partition("**Main takeaways:**")[2], re.M)) <= 5
    assert len(re.findall(r"^\*\*Confidence: MODERATE\*\* - .+$", told, re.M)) == 1


def test_every_number_in_the_prose_is_in_numbers_csv(built: Path) -> None:
    """Strike out all that the file lists, and no digit is left in the prose."""
    assert unaddressed((built / "clean_result.md").read_text(), built) == []


@pytest.mark.mistake("R9", rule="-", stage="run")
def test_every_number_equals_the_value_at_its_address(built: Path) -> None:
    """What the table shows is what results.json holds there, to the digits shown."""
    tree = json.loads((built / "results.json").read_text())
    rows = table(built)
    assert len(rows) > 80
    for shown, where in rows:
        value = value_at(tree, where)
        if value is None:
            assert shown in ("not measured", "not applicable")
        elif isinstance(value, str):
            assert " ".join(shown.split())[:20] == " ".join(value.split())[:20]
        elif "<" in shown:
            assert value < float(shown.rpartition(" ")[2])
        else:
            found = re.search(rf"[{MINUS}+]?[\d,]*\.?\d+", shown)
            assert found is not None
            number = found[0].replace(MINUS, "-").replace(",", "")
            assert abs(float(number) - value) < 10.0 ** -len(number.partition(".")[2]), where


def test_missing_is_never_shown_as_zero(built: Path) -> None:
    """Cells that gave no number say so in every column, and the promised cell without a record keeps its line."""
    lines = (built / "clean_result.md").read_text().splitlines()
    for cell in ("H1[librarian-agreement]", "H1[librarian-refusal]", "H1[comedian-capability]", "C2"):
        row = next(line for line in lines if line.startswith(f"| `{cell}` |"))
        assert row.count("not measured") == 4


def test_hostile_output_stays_text(built: Path) -> None:
    """No markup of a sample or of an assertion message becomes markup of the report, and no control character gets through."""
    text = (built / "clean_result.md").read_text()
    tokens = parsed(text)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token for token in flat if token.type in ("html_block", "html_inline")] and foreign_links(flat) == []
    assert [token.attrs["src"] for token in flat if token.type == "image"] == ["figures/hero.png"]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text)
    assert r"\x1b[31m" in text
    assert r"\u202e" in text
    fences = [token.content for token in tokens if token.type == "fence" and "onerror" in token.content]
    assert fences
    assert all(HOSTILE.splitlines()[2] in content and "````\n~~~\n| a | b |" in content for content in fences)


def test_no_lock_means_not_pre_registered(new_run: Callable[..., Path]) -> None:
    """A run without a lock file says so in the summary and among the caveats."""
    folder = new_run(promise=Promise(sha256="b" * 64, locked=False))
    build(folder)
    assert (folder / "clean_result.md").read_text().count("**Not pre-registered**") >= 2
    assert "Not pre-registered" in (folder / "index.html").read_text()


def test_each_deviation_is_listed_with_both_sides(built: Path) -> None:
    """A reader sees what was promised and what was found."""
    for name in ("clean_result.md", "index.html"):
        text = re.sub(r"</?[a-z]+[^>]*>", "", (built / name).read_text())
        assert "registered 5.0 pp, found 4.0 pp" in text


@pytest.mark.parametrize("word", ["protects", "causes", "proves", "because of"])
def test_the_takeaways_are_not_causal(built: Path, word: str) -> None:
    """What is computed states what was found, not why."""
    assert word not in (built / "clean_result.md").read_text()


def test_an_experiment_without_anything_still_has_a_report() -> None:
    """No cell, no hypothesis, no check: the takeaways say that, and nothing breaks."""
    view = View(
        results(hypotheses=(), checks=(), cells=(), thresholds=(), missing=(), inputs=(), facts={}, plan={}, design={}, environment={}, parents=(), seeds=())
    )
    text = clean_result(view, card(view), Samples(Path(), view)).text
    assert "No hypothesis was registered" in text
