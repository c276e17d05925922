"""A gate may ask what rules find in its design: what is allowed does not count, and a rule that cannot run is never a pass."""

from __future__ import annotations

from typing import Any

import pytest

from planted import Planted

CONFTEST, TESTS = "conftest.py", "evals/coins/test_coins.py"
RULES = '''

from harness.findings import Fact, MissingFact, found, rule


@rule("XY101", "few items", needs=("settings", "yaml"), source="a study of too few items")
def find_few_items(facts):
    """There are items.

    Bad: none.

    Good: some."""
    if facts.settings["items"] < 300:
        where = facts.place("scales", facts.scale, "settings", "items")
        yield found(f"{facts.settings['items']} items are few", where=where, fix="Ask for more")


@rule("XY102", "tokenizer", needs=("tokenizer",), source="a study without a tokenizer")
def find_nothing(facts):
    """Cannot run.

    Bad: none.

    Good: some."""
    raise MissingFact("the tokenizer of nothing is not here")
    yield


def pytest_harness_checks():
    return [find_few_items, find_nothing]
'''


def asking(design: Planted, codes: str, more: str = "") -> dict[str, Any]:
    """The cell of a gate that asks for findings, after a run."""
    design.write(CONFTEST, design.read(CONFTEST) + RULES)
    gate = f'\n\n@gate("G9")\ndef test_the_design_is_sound(findings):\n    """Sound."""\n    assert not findings({codes})\n'
    design.write(TESTS, design.read(TESTS) + gate)
    design.write(design.yaml, design.read(design.yaml) + more)
    (cell,) = [cell for cell in design.run("-k", "test_the_design_is_sound")["cells"] if cell["id"] == "G9"]
    return cell


def test_a_finding_fails_the_gate(coin_design: Planted) -> None:
    cell = asking(coin_design, '"XY101"')
    assert cell["verdict"] == "failed" and "200 items are few" in cell["reason"] and "experiment.yaml" in cell["reason"]


def test_without_a_finding_it_passes(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "items: 200", "items: 300")
    assert asking(coin_design, '"XY101"')["verdict"] == "passed"


def test_what_is_allowed_does_not_count(coin_design: Planted) -> None:
    cell = asking(coin_design, '"XY101"', '\nallow: {XY101: {why: "coins are cheap, and few of them will do"}}\n')
    assert cell["verdict"] == "passed"


UNTOLD = [('"XY"', "XY102 could not run: the tokenizer of nothing"), ('"XZ9"', "no rule of designs begins with 'XZ9'"), ("", "no rule of designs begins")]


@pytest.mark.parametrize(("codes", "told"), UNTOLD)
def test_what_cannot_be_told_is_an_error(coin_design: Planted, codes: str, told: str) -> None:
    cell = asking(coin_design, codes)
    assert cell["verdict"] == "error" and told in cell["reason"]


def test_a_kept_verdict_holds_for_the_rules_that_made_it(coin_design: Planted) -> None:
    """Another rule under the code, and the gate runs again."""
    coin_design.edit(coin_design.yaml, "items: 200", "items: 300")
    assert asking(coin_design, '"XY101"')["verdict"] == "passed"
    coin_design.edit(CONFTEST, "< 300", "< 301")
    (cell,) = [cell for cell in coin_design.run("-k", "test_the_design_is_sound")["cells"] if cell["id"] == "G9"]
    assert cell["verdict"] == "failed"
