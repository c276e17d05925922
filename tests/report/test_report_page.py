"""index.html."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.report.addresses import value_at
from harness.report.build import read_results
from harness.report.view import View
from seen_report import Seen


@pytest.mark.mistake("R10", rule="-", stage="report")
def test_the_page_loads_nothing_and_runs_nothing(built: Path) -> None:
    """One strict policy, one inlined picture, no script, no handler, no address outside the page."""
    page = Seen((built / "index.html").read_text())
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    assert "iframe" not in page.tags
    assert "link" not in page.tags
    assert next(value for name, value in page.attributes if name == "src").startswith("data:image/svg+xml;base64,")
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert any("default-src 'none'" in value for name, value in page.attributes if name == "content")
    assert page.open == []


def test_hostile_output_is_shown_as_text(built: Path) -> None:
    """The reader sees the tags and the escapes that the model wrote; the browser does not."""
    raw = (built / "index.html").read_text()
    told = "".join(Seen(raw).text)
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in told
    assert r"\x1b[31m" in told
    assert r"\u202e" in told
    assert r"\u200b" in told
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", raw)


def test_every_number_carries_its_value_and_its_address(built: Path) -> None:
    """Each number is a data element whose value is the one in results.json."""
    tree = View(read_results(built)).tree
    numbers = Seen((built / "index.html").read_text()).data
    assert len(numbers) > 100
    for number in numbers:
        value = value_at(tree, number["title"])
        assert number["value"] == ("" if value is None else str(value))


def test_every_verdict_is_told_in_words(built: Path) -> None:
    """Colour never stands alone: the word and a symbol stand in each box of the matrix."""
    raw = (built / "index.html").read_text().partition('id="matrix"')[2].partition("</section>")[0]
    boxes = re.findall(r'<div class="box (\w+)"><b><span aria-hidden="true">(.)</span> (\w+)</b>', raw)
    assert {"supported", "falsified", "inconclusive", "blocked", "error", "missing"} <= {word for _, _, word in boxes}
    assert all(kind == word for kind, _, word in boxes)


@pytest.mark.mistake("M4", rule="-", stage="report")
@pytest.mark.mistake("R8", rule="-", stage="report")
def test_missing_cells_are_marked_missing(built: Path) -> None:
    """The promised cell without a record has its box in the matrix and its line among the numbers, without any digit."""
    raw = (built / "index.html").read_text()
    assert "missing</b><span>not measured</span>" in raw
    row = re.search(r"<tr><th[^>]*>H1\[comedian-capability\]</th>.*?</tr>", raw)
    assert row is not None
    assert "not measured" in row[0]
    assert "<data" not in row[0]


def test_at_most_eight_items_of_a_comparison_are_shown(built: Path) -> None:
    """Thirty rows lie in each samples file; eight items are drawn, four of either side."""
    parts = (built / "index.html").read_text().split("<details><summary>H1[")[1:]
    assert [part.count("<article>") for part in parts] == [8, 8]
    assert all(part.count("· positive") == 4 for part in parts)
