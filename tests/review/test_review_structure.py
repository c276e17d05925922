"""The template of a clean result: what a complete text has, and the one finding for each part that is taken from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.review.document import parse_document
from harness.review.findings import STRUCTURE
from harness.review.review import Review, review_document, review_file
from sample_clean_result import FORMS, card, clean_result

COMPLETE = clean_result(card())


def review(text: str) -> Review:
    return review_document(parse_document(text), "x.md")


def section(title: str) -> str:
    """A section of the complete text, heading included."""
    found = re.search(rf"(?ms)^#+ {re.escape(title)}\n.*?(?=^#|\Z)", COMPLETE)
    assert found
    return found[0]


def moved(title: str, before: str) -> str:
    """The complete text with one section before another."""
    return COMPLETE.replace(section(title), "").replace(section(before), section(title) + section(before))


@pytest.mark.parametrize("form", FORMS)
def test_a_complete_text_has_no_finding(form: str) -> None:
    """In each of the forms that a card has."""
    found = review(clean_result(card(form)))
    assert found.findings == () and found.structure == found.reproducibility == "COMPLETE"


FIGURE = "![Share of refusals by seed](https://example.org/raw/4f2a9c1/figures/hero.png)"
SENTENCE = "Refusals of benign requests rose by 1.5 pp, which the interval does not tell from none (N = 40 requests, three seeds)."
CONFIDENCE = "**Confidence: MODERATE** - three seeds agree, of one model"
CHANGES = {
    "no confidence in the title": ("requests (MODERATE confidence)", "requests", "title"),
    "no title": ("# Short training on refusals does not spread to benign requests (MODERATE confidence)\n\n", "", "title"),
    "no claim": ("# Short training on refusals does not spread to benign requests (MODERATE", "# (MODERATE", "title"),
    "lower case": ("(MODERATE confidence)", "(moderate confidence)", "title"),
    "no TL;DR heading": ("## TL;DR\n", "", "section-missing"),
    "TL;DR of the first level": ("## TL;DR", "# TL;DR", "section-level"),
    "another name": ("### Background", "### Motivation", "section-missing"),
    "an empty part": ("- The same with a second model.\n", "", "section-empty"),
    "a placeholder": ("- The same with a second model.\n", "TBD\n", "section-empty"),
    "a fifth part": ("### Next steps", "### How sure\n\nQuite.\n\n### Next steps", "section-extra"),
    "no figure": (FIGURE, "", "figure"),
    "a figure in code": (FIGURE, f"`{FIGURE}`", "figure"),
    "two figures": (FIGURE, f"{FIGURE} {FIGURE}", "figure"),
    "a figure of a branch": ("raw/4f2a9c1/", "raw/main/", "figure-commit"),
    "no sentence": (SENTENCE, "", "effect"),
    "no number": ("by 1.5 pp", "a little", "effect"),
    "no N": (" (N = 40 requests, three seeds)", "", "effect"),
    "no takeaways": ("**Main takeaways:**\n\n", "", "takeaways"),
    "one takeaway": ("- The positive control refuses harmful requests as it should.\n", "", "takeaways"),
    "six takeaways": ("- The positive", "- a\n- b\n- c\n- d\n- The positive", "takeaways"),
    "no confidence": (CONFIDENCE, "", "confidence"),
    "no reason": (CONFIDENCE, "**Confidence: MODERATE**", "confidence"),
    "another level": (CONFIDENCE, CONFIDENCE.replace("MODERATE", "HIGH"), "confidence"),
    "another form": (CONFIDENCE, "Confidence is moderate", "confidence"),
    "two lines of confidence": (CONFIDENCE, f"{CONFIDENCE}\n\n{CONFIDENCE}", "confidence"),
    "no report": ("# Detailed report\n", "", "section-missing"),
    "a report of the second level": ("# Detailed report", "## Detailed report", "section-level"),
    "a part of the second level": ("### Methodology", "## Methodology", "section-level"),
    "a part of the fourth level": ("### Methodology", "#### Methodology", "section-level"),
    "no caveats": ("**Standing caveats:**\n\n- One model.\n", "", "caveats"),
    "a long summary": ("An earlier study", "word " * 500 + "An earlier study", "tldr-too-long"),
    "a long text": ("- `figures/hero.png`", "word " * 12_000, "too-long"),
}


@pytest.mark.parametrize(("old", "new", "code"), CHANGES.values(), ids=CHANGES)
def test_one_part_taken_away_is_one_finding(old: str, new: str, code: str) -> None:
    """Exactly that finding, on a line of the text, and the card stays complete."""
    assert COMPLETE.count(old) == 1
    changed = COMPLETE.replace(old, new)
    found = review(changed)
    assert [one.code for one in found.findings] == [f"structure/{code}"] and found.reproducibility == "COMPLETE"
    assert all(1 <= one.line <= changed.count("\n") + 1 and one.column >= 1 for one in found.findings)


@pytest.mark.parametrize(
    "title", ["Background", "Methodology", "Results", "Next steps", "Human summary", "Source issues", "Runs & full data", "Sample outputs"]
)
def test_a_section_taken_away_is_one_finding(title: str) -> None:
    """Nothing is asked of the parts of a section that is not there."""
    found = review(COMPLETE.replace(section(title), "")).findings
    assert [one.code for one in found] == ["structure/section-missing"] and title in found[0].message


@pytest.mark.parametrize(
    ("title", "before"), [("Next steps", "Results"), ("Next steps", "Background"), ("Background", "Results"), ("Artifacts", "Human summary")]
)
def test_a_section_that_was_moved_is_one_finding(title: str, before: str) -> None:
    found = [one for one in review(moved(title, before)).findings if one.code != "structure/caveats"]
    assert [one.code for one in found] == ["structure/section-order"]


def test_a_finding_says_where_it_is() -> None:
    """Line and column count from 1, whatever ends the lines."""
    for end in ("\n", "\r\n", "\r"):
        text = COMPLETE.replace(CONFIDENCE, f"  {CONFIDENCE.replace('MODERATE', 'LOW')}").replace("\n", end)
        (found,) = review(text).findings
        assert (found.line, found.column) == (COMPLETE.split("\n").index(CONFIDENCE) + 1, 3)


def test_the_title_may_stand_in_front_matter() -> None:
    """As trackers keep it; a rule at the top of a text is no front matter."""
    heading, rest = COMPLETE.split("\n", 1)
    assert review(f"---\nkind: result\ntitle: Short training does not spread to benign\n  requests (MODERATE confidence)\n---\n{rest}").findings == ()
    assert [one.code for one in review(f"---\n\n{rest}\n---\n").findings] == ["structure/title"]
    assert heading.startswith("# ")


def test_a_caption_may_pin_the_figure() -> None:
    """A commit in words, and no number that only looks like one."""
    plain = COMPLETE.replace(FIGURE, "![Share](figures/hero.png)")
    assert review(plain.replace(SENTENCE, f"*Drawn at commit `4f2a9c1d`.*\n\n{SENTENCE}")).findings == ()
    for caption in ("Drawn at commit `not recorded`.", "Drawn from 12345678 rows."):
        assert [one.code for one in review(plain.replace(SENTENCE, f"*{caption}*\n\n{SENTENCE}")).findings] == ["structure/figure-commit"]


@pytest.mark.parametrize(
    "heading",
    ["## WandB", "## Runs and full data", "## 4. Runs & Full Data", "## Runs & full data (with logs)", "Runs & full data\n---", "## **Runs & full data**"],
)
def test_headings_are_compared_by_their_words(heading: str) -> None:
    assert review(COMPLETE.replace("## Runs & full data", heading)).findings == ()


@pytest.mark.parametrize(
    "text", ["It fell by 3 of 40 answers.", "r = 0.54 over 25 prompts", "The score falls by −8.9 points, n=80.", "**7.2%** of 200 completions"]
)
def test_an_effect_is_read_in_the_ways_that_people_write_it(text: str) -> None:
    assert review(COMPLETE.replace(SENTENCE, text)).findings == ()


def test_numbers_in_names_and_code_are_no_effect() -> None:
    found = review(COMPLETE.replace(SENTENCE, "Qwen2.5 in `H1[0.5]` refuses as before (N = 40).")).findings
    assert [one.code for one in found] == ["structure/effect"] and "a number" in found[0].message


def test_our_own_reports_have_every_part(built: Path) -> None:
    """What `harness report` writes is complete in structure."""
    assert review_file(built).structure == "COMPLETE"


def test_every_code_of_the_structure_is_tried_above() -> None:
    tried = {f"structure/{code}" for _, _, code in CHANGES.values()} | {"structure/section-order"}
    assert tried == set(STRUCTURE)
