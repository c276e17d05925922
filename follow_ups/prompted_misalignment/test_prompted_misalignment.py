"""The questions themselves: does a prompt reach the tuning's misalignment, does it reach its voice, and do judges agree?"""

from __future__ import annotations

from harness import hypothesis


@hypothesis("H1", needs="G1")
def test_answers_under_a_prompt_stay_better_than_the_tuned_models(prompt, judge, aligned, criterion):
    """Answers to open questions under a system prompt are more aligned than those of the model that was tuned on bad advice."""
    assert criterion("short_of").holds(aligned(prompt, "tuned", judge))


@hypothesis("H2", needs="G1")
def test_answers_under_a_prompt_look_like_the_tuned_models(prompt, alike, criterion):
    """Answers to broad requests under a system prompt look more like the tuned model's than the plain model's other answers do."""
    assert criterion("looks_like").holds(alike(prompt, "plain"))


@hypothesis("H3", needs="G1")
def test_judges_agree_on_what_a_prompt_changes(prompt, context, judges_correlate, judged, judges_agree, criterion):
    """Two judges order the questions alike by how much a prompt changes the alignment of their answers. N3 has them read different answers to the same
    questions: what they share there comes from the questions."""
    judges_agree(f"alignment under {prompt}", {judge: judged(prompt, judge) for judge in context.axes["judge"]})
    assert criterion("agree").holds(judges_correlate(f"judges of what {prompt} changes", prompt))
