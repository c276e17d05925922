"""M310, M318: what guards a result."""

from __future__ import annotations

import pytest

from planted import Planted

TESTS = "evals/coins/test_coins.py"
POSITIVE = '''

@control("P1", "positive")
def test_a_loaded_coin_differs(coin, measure, criterion):
    """A loaded coin differs from a fair one."""
    fair, loaded = coin.throw("fair", 0.5), coin.throw("loaded", 0.9)
    assert criterion("heads").holds(measure.shift("shift", loaded, fair))
'''
GATE = '''

@gate("G3"{more})
def test_the_coin_keeps_its_pace(coin, measure):
    """Later throws are like the first."""
    shares = [measure.rate(f"part {{part}}", coin.throw(f"part {{part}}", 0.5)).value for part in range(3)]
    refuse_drift(shares)
    assert abs(shares[1] - shares[0]) < 0.3


def refuse_drift(shares):
    assert abs(shares[-1] - shares[0]) < 0.3
'''


def add(design: Planted, text: str) -> None:
    design.write(TESTS, design.read(TESTS) + text)


def test_both_controls_are_enough(coin_design: Planted) -> None:
    add(coin_design, POSITIVE)
    assert coin_design.found("M310") == []


@pytest.mark.mistake("T4", rule="M310", stage="declare")
def test_a_design_without_controls_is_reported(coin_design: Planted) -> None:
    text = coin_design.read(TESTS)
    start, end = text.index('@control("C1"'), text.index('@hypothesis("H1"')
    coin_design.write(TESTS, text[:start] + text[end:])
    (finding,) = coin_design.found("M310")
    assert finding["subject"] == "H1" and "no positive and no negative control" in finding["message"]


@pytest.mark.mistake("T4", rule="M310", stage="declare")
def test_one_kind_of_control_is_not_enough(coin_design: Planted) -> None:
    (finding,) = coin_design.found("M310")
    assert "no positive control" in finding["message"]


@pytest.mark.mistake("T4", rule="M310", stage="declare")
def test_guards_that_are_taken_out_are_reported(coin_design: Planted) -> None:
    add(coin_design, POSITIVE)
    coin_design.edit(coin_design.yaml, "    threshold_axis: behaviour\n", "    threshold_axis: behaviour\n    guarded_by: []\n")
    assert coin_design.found("M310")


def test_a_control_that_is_needed_guards(coin_design: Planted) -> None:
    add(coin_design, POSITIVE)
    coin_design.edit(TESTS, '@hypothesis("H1", needs=["G2"])', '@hypothesis("H1", needs=["G2", "P1"])')
    coin_design.edit(coin_design.yaml, "    threshold_axis: behaviour\n", "    threshold_axis: behaviour\n    guarded_by: [C1]\n")
    assert coin_design.found("M310") == []


@pytest.mark.mistake("T4", rule="M310", stage="declare")
def test_an_exploratory_primary_needs_controls_as_well(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "    threshold_axis: behaviour\n", "    threshold_axis: behaviour\n    family: exploratory\n")
    assert coin_design.found("M310")


def test_prompting_has_both_controls(prompting: Planted) -> None:
    assert prompting.found("M310") == []


@pytest.mark.mistake("T21", rule="M318", stage="declare")
def test_a_gate_that_picks_by_an_index_needs_a_proof(coin_design: Planted) -> None:
    add(coin_design, GATE.format(more=""))
    (finding,) = coin_design.found("M318")
    assert finding["subject"] == "G3" and "never seen failing" in finding["message"]


@pytest.mark.mistake("T21", rule="M318", stage="declare")
@pytest.mark.parametrize("claim", ['found["epoch 2"] > 0.3', "last > 0.3"])
def test_a_gate_that_picks_by_a_key_or_by_way_of_a_name_needs_a_proof(coin_design: Planted, claim: str) -> None:
    body = (
        '    found = {f"epoch {epoch}": measure.rate(f"{epoch}", coin.throw(f"{epoch}", 0.5)).value for epoch in (1, 2)}\n    last = list(found.values())[1]\n'
    )
    coin_design.edit(TESTS, "def test_the_persona_throws(persona, coin)", "def test_the_persona_throws(persona, coin, measure)")
    coin_design.edit(TESTS, '    assert persona not in coin.bad, f"{persona} cannot throw"\n', f"{body}    assert {claim}\n")
    assert [finding["subject"] for finding in coin_design.found("M318")] == ["G2"]


PLACES = {
    "from a place on": ("", "sum(rates[-2:]) > 0.3"),
    "one of two names": ("    first, last = (rates[place] for place in (0, 1))\n    one, other = rates[4], rates\n", "one > 0.3"),
    "a function": ("", "at_the_end(rates) > 0.3"),
}


@pytest.mark.mistake("T21", rule="M318", stage="declare")
@pytest.mark.parametrize(("body", "claim"), PLACES.values(), ids=PLACES)
def test_a_gate_that_picks_by_other_means_needs_a_proof(coin_design: Planted, body: str, claim: str) -> None:
    rates = '    rates = [measure.rate(f"{epoch}", coin.throw(f"{epoch}", 0.5)).value for epoch in range(5)]\n'
    coin_design.edit(TESTS, "def test_the_persona_throws(persona, coin)", "def test_the_persona_throws(persona, coin, measure)")
    coin_design.edit(TESTS, '    assert persona not in coin.bad, f"{persona} cannot throw"\n', f"{rates}{body}    assert {claim}\n")
    coin_design.write(TESTS, coin_design.read(TESTS) + "\n\ndef at_the_end(rates):\n    end = rates[3]\n    return end\n")
    assert [finding["subject"] for finding in coin_design.found("M318")] == ["G2"]


PROOF = "\n\ndef test_drift_is_seen():\n    import pytest\n\n    with pytest.raises(AssertionError):\n        refuse_drift([0.1, 0.1, 0.9])\n"


def test_a_gate_that_was_seen_failing_is_sound(coin_design: Planted) -> None:
    add(coin_design, GATE.format(more=', proven_by="test_drift_is_seen"') + PROOF)
    assert coin_design.found("M318") == []


@pytest.mark.parametrize(
    ("proof", "told"),
    [
        ("", "no function of the project"),
        ("\n\ndef test_drift_is_seen():\n    assert not False\n", "calls neither the gate"),
        ("\n\ndef test_drift_is_seen():\n    refuse_drift([0.1, 0.1])\n", "does not assert that anything fails"),
    ],
)
def test_a_proof_that_shows_nothing_is_reported(coin_design: Planted, proof: str, told: str) -> None:
    add(coin_design, GATE.format(more=', proven_by="test_drift_is_seen"') + proof)
    (finding,) = coin_design.found("M318")
    assert told in finding["message"]
