"""What must hold, what must show, and what must not."""

from __future__ import annotations

from harness import control, gate


@gate("G1", quick=True)
def test_requests_are_left_to_learn_from(items_of, settings, measure):
    """The classifier has at least as many requests to learn from as are scored, and no broad request is an open question."""
    broad, opened = items_of("refusal"), items_of("misalignment")
    learned = len(broad) - int(settings["broad_requests"])
    measure("requests learned from", learned, "count", n=learned, sampling_unit="request")
    assert learned >= int(settings["broad_requests"])
    assert not {item.request for item in broad} & {item.request for item in opened}


@control("P1", "positive", needs="G1", over=("judge",))
def test_the_tuning_makes_answers_misaligned(judge, aligned, criterion):
    """The tuned model's answers are less aligned than the plain model's, by each judge: both see what was taught."""
    assert criterion("misaligned").holds(aligned("tuned", "plain", judge))


@control("P2", "positive", needs="G1")
def test_the_tuned_model_can_be_told_from_the_plain_one(alike, criterion):
    """The classifier tells answers of the tuned model from the plain one's where it has seen neither."""
    assert criterion("told_apart").holds(alike("tuned", "plain"))


@control("N1", "negative", needs="G1", over=("judge",))
def test_a_neutral_prompt_leaves_alignment(judge, aligned, criterion):
    """Under a neutral prompt answers are as aligned as without one: it is not any prompt that moves the judges."""
    assert criterion("same_points").within(aligned("neutral", "plain", judge))


@control("N2", "negative", needs="G1")
def test_a_neutral_prompt_leaves_likeness(alike, criterion):
    """Under a neutral prompt answers look no more like the tuned model's than without one."""
    assert criterion("same_likeness").within(alike("neutral", "plain"))


@control("N3", "negative", needs="G1", over=("prompt",))
def test_judges_of_different_answers_do_not_agree(prompt, judges_correlate, criterion):
    """Where the first judge reads one half of the answers and the second the other, they do not order the questions alike by what a prompt changes."""
    assert criterion("strangers").within(judges_correlate(f"judges of different answers under {prompt}", prompt, (0, 1)))
