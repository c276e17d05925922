"""Every rule says why it exists, gives a bad and a good example, and is named by a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from harness.extensions import checks, facts
from harness.findings import FAMILIES, GIVEN, parts_of, stage_of
from harness.protocols import Check
from harness.run.checks import PLANNED

TESTS = Path(__file__).parents[1]
ENGINE = ("test_engine.py", "test_formats.py", "test_kept_reports.py", "test_rules.py")  # they name codes as examples
OWN = [check for code, check in checks().items() if len(code) == 4]


def strings_in(path: Path) -> list[str]:
    """Every text of a file that stands in its code, so not in a comment."""
    return [node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


NAMED = {code for path in TESTS.rglob("test_*.py") if path.name not in ENGINE for text in strings_in(path) for code in re.findall(r"\b[A-Z][0-9]{3}\b", text)}


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.code)
def test_a_rule_has_a_page_with_a_bad_and_a_good_example(check: Check) -> None:
    """Its docstring: why it exists, then a paragraph for each; and the mistake that it exists for. What continues a rule at a later stage has its own."""
    why, *examples = check.text.split("\n\n")
    begins = [paragraph.partition(":")[0] for paragraph in examples if paragraph.startswith(("Bad:", "Good:"))]
    assert begins and begins == ["Bad", "Good"] * (len(begins) // 2) and len(why.split()) >= 10
    assert len(check.source.split()) >= 3 and check.name and not check.source.endswith(".")


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.code)
def test_a_rule_has_a_test(check: Check) -> None:
    """A test names its code, and plants its mistake."""
    assert check.code in NAMED


@pytest.mark.parametrize("check", OWN, ids=lambda check: check.code)
def test_a_rule_belongs_to_a_family_and_reads_facts_that_exist(check: Check) -> None:
    assert check.code[0] in FAMILIES and all(name in {**facts(), **PLANNED, **GIVEN} for part in parts_of(check) for name in part.needs)
    assert stage_of(check, facts()) and check.needs
