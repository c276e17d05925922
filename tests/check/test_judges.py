"""Both arms of a contrast are read by one judge."""

from __future__ import annotations

import pytest

from planted import Planted

TESTS = "evals/persona_prompting/test_persona_prompting.py"
CONTROLS = "evals/persona_prompting/test_controls.py"
LEAKAGE = "evals/persona_leakage/test_controls.py"
BEFORE = 'before = evaluate(behaviour, "assistant", persona_of("assistant").prompt).outcomes'


@pytest.mark.mistake("M7", rule="M309", stage="declare")
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TESTS, 'persona_of("assistant").prompt)', 'persona_of("assistant").prompt, judge="local")'),
        (TESTS, BEFORE, f'judge = "local" if persona == "villain" else "phrases"\n    {BEFORE.replace(").outcomes", ", judge=judge).outcomes")}'),
        (TESTS, "persona_of(persona).prompt)", 'persona_of(persona).prompt, judge="local" if persona == "villain" else "phrases")'),
        (TESTS, BEFORE, f'how = {{"judge": "local"}}\n    {BEFORE.replace(").outcomes", ", **how).outcomes")}'),
        (CONTROLS, 'persona_of("assistant").prompt).outcomes\n\n', 'persona_of("assistant").prompt, judge="local").outcomes\n\n'),
        (CONTROLS, "assistant.paraphrases[0])", 'assistant.paraphrases[0], judge="anthropic/claude-haiku-4-5")'),
    ],
    ids=["an argument", "a name", "a condition", "a dict", "in a fixture", "a model of an API"],
)
def test_two_judges_in_a_contrast_are_found(prompting: Planted, file: str, old: str, new: str) -> None:
    prompting.edit(file, old, new)
    findings = prompting.found("M309", scale="pilot")
    assert findings and all(finding["where"]["file"] == file and finding["where"]["line"] > 10 for finding in findings)


@pytest.mark.mistake("M7", rule="M309", stage="declare")
def test_two_judges_in_terms_of_an_effect_are_found(leakage: Planted) -> None:
    leakage.edit(LEAKAGE, 'source, 0, trained="", **read)', 'source, 0, trained="", judge="phrases")')
    (finding,) = leakage.found("M309")
    assert finding["subject"] == "P3" and "local and phrases" in finding["message"]


@pytest.mark.mistake("M7", rule="M309", stage="declare")
def test_two_judges_in_a_function_of_a_fixture_are_found(leakage: Planted) -> None:
    conftest = "evals/persona_leakage/conftest.py"
    leakage.edit(conftest, 'source, behaviour, source, epoch, trained="")', 'source, behaviour, source, epoch, trained="", judge="phrases")')
    assert conftest in {finding["where"]["file"] for finding in leakage.found("M309", scale="pilot")}


def test_one_judge_is_clean(prompting: Planted) -> None:
    """The same judge is passed to both arms, or as an axis."""
    prompting.edit(TESTS, 'persona_of("assistant").prompt)', 'persona_of("assistant").prompt, judge="local")')
    prompting.edit(TESTS, "persona_of(persona).prompt)", 'persona_of(persona).prompt, judge="local")')
    assert prompting.check("--select", "M309", scale="all") == []


@pytest.mark.parametrize("name", ["leakage", "prompting", "convergence", "coin_design"])
def test_sound_designs_are_clean(name: str, request: pytest.FixtureRequest) -> None:
    design: Planted = request.getfixturevalue(name)
    assert design.check("--select", "M309", scale="all") == []
