"""The question itself, one cell for every persona and behaviour."""

from __future__ import annotations

from harness import hypothesis


@hypothesis("H1", needs=["G1", "G2", "G3", "G4"])
def test_a_persona_prompt_moves_the_model(persona, behaviour, evaluate, persona_of, measure, criterion):
    """A persona's system prompt, without any training, lowers accuracy, changes agreement with false statements or raises refusals by more than the bar."""
    before = evaluate(behaviour, "assistant", persona_of("assistant").prompt).outcomes
    after = evaluate(behaviour, persona, persona_of(persona).prompt).outcomes
    baseline, treated = measure.rate("baseline", before), measure.rate("under the persona", after)
    assert criterion(behaviour).holds(measure.shift("shift", after, before), baseline=baseline, treated=treated)
