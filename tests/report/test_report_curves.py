"""Training curves: drawn, not listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.report.curves import MOST, UNREADABLE, curves, drawn, figure
from markdown_it import MarkdownIt
from PIL import Image
from sample_leakage import curve, facts, leakage, write_leakage
from sample_run import results
from test_report_hostile import CONTROL, HOSTILE
from test_report_page import Seen

from harness.report.addresses import value_at
from harness.report.build import build
from harness.report.card import card
from harness.report.view import View


def view(found: dict[str, Any]) -> View:
    return View(results(facts=facts("Curves", found)))


def test_a_step_without_a_loss_is_a_gap() -> None:
    """A loss that was not logged is None, never zero, and the line is broken there."""
    found = curves(view({"a": curve(9)}))
    assert found[0].loss[4] is None and found[0].trouble == ""
    ys = drawn(found).axes[0].lines[0].get_ydata()
    assert [place for place, y in enumerate(ys) if y != y] == [4]


@pytest.mark.parametrize(
    "broken",
    [{}, [], "text", {"step": [1, 2], "loss": [1.0]}, {"step": [1], "loss": ["1.0"]}, {"step": [None], "loss": [1.0]}, {"step": [True], "loss": [1.0]}],
)
def test_what_cannot_be_drawn_says_so(broken: Any) -> None:
    """A curve of another shape keeps its panel and its row, with the reason and without a number."""
    found = curves(view({"a": broken}))
    assert found[0].trouble == UNREADABLE
    assert [text.get_text() for text in drawn(found).axes[0].texts] == ["cannot be drawn"]


def test_a_schedule_of_another_length_is_left_out() -> None:
    """Learning rates that do not fit the steps are not drawn beside them."""
    assert curves(view({"a": {**curve(9), "learning_rate": [1e-4]}}))[0].learning_rate == []


def test_without_curves_nothing_is_drawn(built: Path) -> None:
    """No section, no file, no field of the card."""
    assert figure(View(results()), curves(View(results()))) == {}
    assert "Training curves" not in (built / "index.html").read_text() + (built / "clean_result.md").read_text()
    assert "Curves" not in card(View(results())).groups


def test_twelve_are_drawn_and_the_rest_is_counted(tmp_path: Path) -> None:
    """The first by name; the caption tells how many there are, and the picture the addresses of those in it."""
    names = [f"run{place:02}" for place in range(15)]
    folder = write_leakage(tmp_path, facts=facts("Curves", {name: curve(20) for name in reversed(names)}))
    build(folder)
    with Image.open(folder / "figures" / "curves.png") as picture:
        addresses = json.loads(picture.info["Description"])["addresses"]
    tree = json.loads((folder / "results.json").read_text())
    assert [where for where in addresses if where.endswith("/loss")] == [f"facts/Curves/{name}/loss" for name in names[:MOST]]
    assert all(len(value_at(tree, where)) == 20 for where in addresses)
    assert "Curves: 15; the first twelve by name are drawn" in (folder / "clean_result.md").read_text()
    page = Seen((folder / "index.html").read_text())
    assert {"value": "15", "title": "facts/Curves/#"} in page.data
    assert page.tags.count("img") == 3


def test_the_card_counts_them_on_one_line(tmp_path: Path) -> None:
    """No list of steps and losses in the card: one line, with the address of the count."""
    folder = write_leakage(tmp_path, facts=facts("Curves", {"a": curve(40), "b": curve(40)}))
    build(folder)
    told = json.loads((folder / "card.json").read_text())["groups"]["Curves"]
    assert told == {"all": {"curves": {"value": "2 curves, see figures", "from": "facts/Curves/#"}}}
    assert "| Curves | `curves` | `2 curves, see figures` | `facts/Curves/#` |" in (folder / "clean_result.md").read_text()


def test_the_table_shows_first_last_and_highest(tmp_path: Path) -> None:
    """Each number stands at its address, whatever was not logged."""
    told = {"step": [1, 2, 3], "loss": [2.5, 1.25, None], "learning_rate": [1e-4, 2e-4, 0.0]}
    folder = write_leakage(tmp_path, facts=facts("Curves", {"a": told}))
    build(folder)
    text = (folder / "clean_result.md").read_text()
    assert "| `a` | 3 | 2.5 | not measured | 0.0002 |" in text
    assert "| 0.0002 | `facts/Curves/a/learning_rate/1` |" in text


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """The name of a curve becomes no markup, neither of the page nor of the clean result."""
    folder = write_leakage(tmp_path, facts=facts("Curves", {HOSTILE: curve(9), f"{HOSTILE}2": {"step": HOSTILE}}))
    build(folder)
    raw, text = (folder / "index.html").read_text(), (folder / "clean_result.md").read_text()
    page = Seen(raw)
    assert page.open == [] and "script" not in page.tags and page.tags.count("img") == 3
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [child for token in tokens for child in [token, *(token.children or [])]]
    assert not [token.content for token in flat if token.type in ("html_block", "html_inline", "link_open")]
    assert not CONTROL.search(raw + text)


def test_equal_curves_give_equal_bytes() -> None:
    """Two drawings of one run are the same file."""
    word = View(leakage(facts=facts("Curves", {"a": curve(9)})))
    assert figure(word, curves(word)) == figure(word, curves(word))
