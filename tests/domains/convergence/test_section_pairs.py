"""Sample pairs: a prompt and two answers to it, as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from harness.domains.convergence.sections.answer_pairs import Pairs
from harness.errors import HarnessError
from harness.report.build import build
from harness.report.escape import visible
from hostile_text import assert_stays_text
from sample_cells import HOSTILE
from seen_report import Seen, table
from tests.domains.convergence.samples import pair, part, prose_part, recheck, write_records


def test_pairs_stand_side_by_side_as_text(told: Path) -> None:
    """Both answers, the prompt, how alike they are and why they are shown; an empty answer says that it is empty."""
    raw = part(told, "pairs")
    assert raw.count('<div class="pair">') == 3 and raw.count("<h4>") == 9
    text = "".join(Seen(raw).text)
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in text and "(empty)" in text
    assert "least alike: meta-llama/llama-3.1-405b-instruct and openai/gpt-4o, similarity −.03, truthfulness, prompt p17" in text
    assert ("−.03", "sections/pairs/02 least alike/similarity") in table(told)


def test_pairs_are_quoted_in_the_clean_result(told: Path) -> None:
    """Each text is one code block in a quotation, whole, whatever is in it."""
    tokens = MarkdownIt().parse(prose_part(told, "Sample pairs"))
    fences = [token.content for token in tokens if token.type == "fence"]
    assert len(fences) == len([token for token in tokens if token.type == "blockquote_open"]) == 9
    assert fences[4] == visible(HOSTILE) + "\n"


def test_four_pairs_stand_open_and_a_long_text_is_cut(tmp_path: Path) -> None:
    """Nobody scrolls through a book; the text says where the rest is."""
    build(write_records(tmp_path, *(pair(f"{place:02}", first_text="x" * 9000) for place in range(6))))
    raw = part(tmp_path, "pairs")
    assert [found == " open" for found in re.findall("<details( open)?>", raw)] == [True] * 4 + [False] * 2
    assert len(re.findall(r"^> x{3000} \[…\] \(cut here; the whole text is in results\.json\)$", prose_part(tmp_path, "Sample pairs"), re.M)) == 6


@pytest.mark.parametrize(("field", "value"), [("first_text", 3), ("similarity", "high"), ("similarity", 4.0), ("asked", None)])
def test_a_pair_that_does_not_fit_is_refused(field: str, value: Any) -> None:
    """The field is named."""
    with pytest.raises(HarnessError, match=rf"at '\$\.{field}'"):
        recheck(Pairs(), pair("01"), **{field: value})


def test_hostile_pairs_stay_text(tmp_path: Path) -> None:
    """Prompts, reasons, names and answers become no markup."""
    texts = ("prompt", "capability", "asked", "first", "second", "first_text", "second_text", "why")
    build(write_records(tmp_path, pair(HOSTILE, **dict.fromkeys(texts, HOSTILE))))
    assert_stays_text(tmp_path, images=1)
