"""The primary hypothesis is tested at alpha, with Holm's correction."""

from __future__ import annotations

import pytest

from planted import Planted

PRIMARY = "    threshold_axis: behaviour\n"


def test_a_sound_design_has_no_finding(coin_design: Planted) -> None:
    assert coin_design.found("S409") == []


@pytest.mark.mistake("R11", rule="S409", stage="declare")
@pytest.mark.mistake("C19", rule="S409", stage="declare")
def test_an_exploratory_primary_is_reported(coin_design: Planted) -> None:
    """Its family switches Holm's correction off."""
    coin_design.edit(coin_design.yaml, PRIMARY, PRIMARY + "    family: exploratory\n")
    (finding,) = coin_design.found("S409")
    assert finding["subject"] == "H1" and "without Holm's correction" in finding["message"] and finding["stage"] == "declare"


@pytest.mark.mistake("R11", rule="S409", stage="declare")
def test_a_primary_that_became_another_hypothesis_is_reported(coin_design: Planted) -> None:
    more = f"{PRIMARY}  H2: {{cells: [persona], rule: {{at_least: 1, of: persona}}, thresholds: [heads], family: exploratory}}\n"
    coin_design.edit(coin_design.yaml, PRIMARY, more)
    tests = coin_design.read("evals/coins/test_coins.py")
    again = (
        tests[tests.index('@hypothesis("H1"') :]
        .replace('"H1"', '"H2"')
        .replace("test_coins_differ(persona, behaviour", "test_heads(persona")
        .replace("H1-", "H2-")
    )
    coin_design.write(
        "evals/coins/test_coins.py", f"{tests}\n\n{again.replace('{behaviour}', 'heads').replace('criterion(behaviour)', 'criterion(str(persona))')}"
    )
    assert coin_design.found("S409") == []
    coin_design.edit(coin_design.yaml, "primary: H1", "primary: H2")
    assert [one["subject"] for one in coin_design.found("S409")] == ["H2"]


@pytest.mark.mistake("C19", rule="S409", stage="declare")
@pytest.mark.parametrize(("alpha", "count"), [(0.1, 1), (0.06, 1), (0.05, 0), (0.01, 0)])
def test_a_large_alpha_is_reported(coin_design: Planted, alpha: float, count: int) -> None:
    coin_design.edit(coin_design.yaml, "primary: H1", f"primary: H1\nalpha: {alpha}")
    assert len(coin_design.found("S409")) == count
