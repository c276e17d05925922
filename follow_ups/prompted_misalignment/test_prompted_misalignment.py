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
def test_judges_agree_on_what_a_prompt_changes(prompt, context, changes, judged, judges_agree, measure, criterion):
    """Two judges order the questions alike by how much a prompt changes the alignment of their answers. Differences, so that a judge who reads the question
    and not the answer agrees with nobody."""
    readers = context.axes["judge"]
    judges_agree(f"alignment under {prompt}", {judge: judged(prompt, judge) for judge in readers})
    first, second = (changes(prompt, judge) for judge in readers)
    behind = tuple(source for judge in readers for name in (prompt, "plain") for source in judged(name, judge).sources)
    assert criterion("agree").holds(measure.correlation(f"judges of what {prompt} changes", first, second, sampling_unit="question", sources=behind))
