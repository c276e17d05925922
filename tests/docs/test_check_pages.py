"""The pages on rules are those of the rules, and the table of recorded mistakes that of the tests."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from harness.extensions import checks

DOCS = Path(__file__).parents[2] / "docs"


@cache
def maker() -> Any:
    spec = importlib.util.spec_from_file_location("make_check_pages", DOCS / "make_check_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_current() -> None:
    """Whoever changes a rule, or a test of a recorded mistake, runs `make docs`."""
    pages = maker().pages()
    assert {path.stem for path in (DOCS / "checks").glob("*.md")} == set(checks())
    assert [path.name for path, text in pages.items() if path.read_text(encoding="utf-8") != text] == []


def test_105_mistakes_are_recorded_and_every_mark_names_one_of_them() -> None:
    recorded = maker().recorded_mistakes()
    assert len(recorded) == 105 and sum("outside" not in entry for entry in recorded.values()) == 102
    assert {entry["earliest"] for entry in recorded.values()} <= set(maker().STAGES)
    assert {planted.id for planted in maker().planted_tests()} <= set(recorded)


def test_a_mark_names_a_rule_that_exists() -> None:
    """Or none, where the mistake cannot be made."""
    assert {planted.rule for planted in maker().planted_tests()} - {""} <= set(checks())
