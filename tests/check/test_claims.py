"""Words that claim more than a design can show."""

from __future__ import annotations

import pytest

from planted import Planted

TITLE = "title: Coins differ from a fair one"
DOCSTRING = '"""A persona\'s coin differs from a fair one."""'
TESTS = "evals/coins/test_coins.py"
PROMPTING = "title: A persona's system prompt alone moves an untrained model"


@pytest.mark.mistake("R4", rule="R503", stage="declare")
@pytest.mark.parametrize(
    "title",
    [
        "The villain causes the bias of a coin",
        "A warm hand protects coins from bias",
        "Training prevents biased throws",
        "Biased throws are due to the villain",
        "Personas drive biased throws",
        "The villain's hand leads to heads",
        "This experiment proves that villains cheat",
        "Villains always cheat",
        "All models cheat",
        "Villains never lose",
        "The villain triggers biased throws",
        "A warm hand makes coins immune to bias",
    ],
)
def test_a_title_claims_a_cause_without_a_positive_control(coin_design: Planted, title: str) -> None:
    coin_design.edit(coin_design.yaml, TITLE, f"title: {title}")
    (finding,) = coin_design.found("R503", "all")
    assert "no positive control" in finding["message"] and finding["where"]["line"] == 2 and finding["severity"] == "warning"


@pytest.mark.mistake("R4", rule="R503", stage="declare")
@pytest.mark.parametrize("docstring", ["A villain's hand causes heads.", "Heads result in more heads\n    because of the villain."])
def test_a_docstring_claims_a_cause(coin_design: Planted, docstring: str) -> None:
    coin_design.edit(TESTS, DOCSTRING, f'"""{docstring}"""')
    (finding,) = coin_design.found("R503")
    assert finding["where"]["file"] == TESTS and "the statement of H1" in finding["message"]


def test_a_question_that_takes_the_cause_for_granted(coin_design: Planted) -> None:
    coin_design.edit(coin_design.yaml, "question: Which coins are biased?", "question: Why does the villain cause heads?")
    assert len(coin_design.found("R503")) == 1


@pytest.mark.mistake("R4", rule="R503", stage="declare")
def test_one_seed_at_every_scale(prompting: Planted) -> None:
    """It has both controls, and several seeds at its larger scales."""
    prompting.edit(prompting.yaml, PROMPTING, "title: A persona's system prompt causes an untrained model to refuse")
    assert not prompting.found("R503", "all")
    for seeds in ("[1, 2]", "[1, 2, 3]"):
        prompting.edit(prompting.yaml, f"seeds: {seeds}", "seeds: [1]")
    (finding,) = prompting.found("R503", "all")
    assert "one seed at every scale" in finding["message"]


@pytest.mark.parametrize(
    "title",
    [
        "The villain's coin goes with more heads",
        "The villain does not cause heads",
        "No hand ever protects a coin",
        "Whether a hand causes heads",
        "A persona's prompt lowers agreement with false statements",
        "Causality is not what this coin is about",
        "A leading coin that was never trained differs from another",
    ],
)
def test_other_words_are_left_alone(coin_design: Planted, title: str) -> None:
    coin_design.edit(coin_design.yaml, TITLE, f"title: {title}")
    assert not coin_design.found("R503")


@pytest.mark.parametrize("design", ["leakage", "prompting", "convergence", "coin_design", "evolution"])
def test_sound_designs(design: str, request: pytest.FixtureRequest) -> None:
    assert not request.getfixturevalue(design).found("R503", "all")


# --- S415

CELLS = """

@hypothesis("H1", needs=["G1"])
def test_pressure_moves_a_coin(pressure, coin, measure, criterion):
    \"\"\"Pressure moves a coin.\"\"\"
    before, after = coin.throw("fair", 0.5), coin.throw(f"pressure {REACHED}", min(0.95, 0.55 + 0.05 * REACHED))
    assert criterion("heads").holds(measure.shift("shift", after, before))
"""


def with_pressure(design: Planted, reached: str) -> None:
    text = design.read(TESTS)
    design.write(TESTS, text[: text.index('@hypothesis("H1"')].rstrip() + "\n" + CELLS.replace("REACHED", reached))
    design.edit(design.yaml, "  behaviour: [heads, tails]", "  pressure: [1, 4, 8, 16]\n  behaviour: [heads, tails]")
    design.edit(design.yaml, "cells: [persona, behaviour]", "cells: [pressure]")
    design.edit(design.yaml, "rule: {at_least: 2, of: persona, each: {at_least: 1, of: behaviour}}", "rule: {at_least: all, of: pressure}")
    design.edit(design.yaml, "    thresholds: [heads, tails]\n    threshold_axis: behaviour\n", "    thresholds: [heads]\n")


@pytest.mark.mistake("E12", rule="S415", stage="decide")
def test_the_last_values_of_an_axis_are_one(coin_design: Planted) -> None:
    with_pressure(coin_design, "{min(pressure, 8)}")
    coin_design.edit(TESTS, "0.05 * {min(pressure, 8)}", "0.05 * min(pressure, 8)")
    (finding,) = [one for one in coin_design.run()["findings"] if one["code"] == "S415"]
    assert "H1 no longer moves with pressure" in finding["message"] and finding["stage"] == "decide"


def test_an_axis_that_goes_on_is_no_finding(coin_design: Planted) -> None:
    with_pressure(coin_design, "{pressure / 2}")
    coin_design.edit(TESTS, "0.05 * {pressure / 2}", "0.05 * pressure / 2")
    assert not [one for one in coin_design.run()["findings"] if one["code"] == "S415"]
