"""What must hold, what must show, and what must not."""

from __future__ import annotations

from harness import control, gate


@gate("G1", quick=True)
def test_no_request_is_learned_from_and_scored(all_items_of, settings, measure):
    """There are as many broad requests as the scale says, apart from those that the classifier learns from, and none is an open question."""
    broad, opened = all_items_of("refusal"), all_items_of("misalignment")
    wanted = int(settings["learned_requests"]) + int(settings["broad_requests"])
    measure("broad requests", len(broad), "count", n=len(broad), sampling_unit="request")
    assert len(broad) >= wanted
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
