"""Tests that compare something with itself, as their code tells."""

from __future__ import annotations

import pytest

from planted import Planted

BEFORE, PARAPHRASED = 'evaluate(checked, "assistant", assistant.prompt)', 'evaluate(checked, "paraphrase", assistant.paraphrases[0])'


@pytest.mark.mistake("D15", rule="M306", stage="declare")
@pytest.mark.parametrize(
    "arm",
    [
        'evaluate(checked, "paraphrase", assistant.prompt)',
        'evaluate(checked, name="again", system=persona_of("assistant").prompt)',
        'evaluate(checked, "again", persona_of("assistant").prompt)',
    ],
)
def test_a_control_of_the_condition_itself(prompting: Planted, arm: str) -> None:
    path = f"{prompting.folder}/test_controls.py"
    prompting.edit(path, PARAPHRASED, arm)
    if "system=" in arm:
        prompting.edit(path, BEFORE, arm.replace("again", "assistant"))
    (finding,) = prompting.found("M306")
    assert finding["message"].startswith("C2 compares") and finding["stage"] == "declare"


@pytest.mark.mistake("D15", rule="M306", stage="declare")
def test_a_hypothesis_of_one_prompt(prompting: Planted) -> None:
    prompting.edit(f"{prompting.folder}/test_persona_prompting.py", "persona_of(persona).prompt", 'persona_of("assistant").prompt')
    (finding,) = prompting.found("M306")
    assert finding["subject"] == "H1"


@pytest.mark.mistake("D15", rule="M306", stage="declare")
def test_a_contrast_of_one_epoch(leakage: Planted) -> None:
    leakage.edit(f"{leakage.folder}/test_controls.py", 'degenerate, 0, trained=""', 'degenerate, last, trained=""')
    (finding,) = leakage.found("M306")
    assert finding["subject"] == "C2"


@pytest.mark.mistake("D15", rule="M306", stage="declare")
@pytest.mark.parametrize("arms", ["after, after", "treated=after, baseline=after", "coin.throw('fair', 0.5), before"])
def test_one_throw_twice(coin_design: Planted, arms: str) -> None:
    path = f"{coin_design.folder}/test_coins.py"
    coin_design.edit(
        path,
        "    before, after = coin.throw",
        "    before = coin.throw('fair', 0.5)\n    after = coin.throw(f'{persona}-{behaviour}', 0.9)\n    _, _ = coin.throw",
    )
    coin_design.edit(path, 'measure.shift("shift", after, before)', f'measure.shift("shift", {arms})')
    assert {finding["subject"] for finding in coin_design.found("M306")} == {"H1"}


@pytest.mark.parametrize("arms", ["next(throws), next(throws)", "*arms", "coin.throw('a', 0.5), coin.throw('b', 0.5)"])
def test_what_differs_or_may_differ_is_left_alone(coin_design: Planted, arms: str) -> None:
    coin_design.edit(f"{coin_design.folder}/test_coins.py", "second, fair)", f"{arms})")
    assert not coin_design.found("M306")


@pytest.mark.parametrize(("model", "findings"), [("null/stock", 1), ("replay/recordings/{name}.jsonl", 0)])
def test_a_name_counts_where_it_names_a_recording(coin_design: Planted, model: str, findings: int) -> None:
    """Without one, two names of what is asked alike are one condition."""
    coin_design.edit(f"{coin_design.folder}/test_coins.py", "second, fair)", "ask(name='one'), ask(name='other'))")
    for items in (200, 400):
        coin_design.edit(f"{coin_design.folder}/experiment.yaml", f"{{items: {items}", f"{{model: '{model}', items: {items}")
    assert len(coin_design.found("M306")) == findings


def test_the_designs_as_they_are(prompting: Planted) -> None:
    assert not prompting.found("M306")
