"""What ends the experiment, what must show, and what must not."""

from __future__ import annotations

import numpy as np

from harness import Inconclusive, control, kill
from harness.domains.convergence import PRIMARY
from harness.models import ANSWERED


@kill("K1", needs="G1")
def test_the_budget_is_spent(replies, measure, context):
    """The budget would have been passed, so that somebody was not asked; or nobody knows what an answer cost although there is a budget."""
    unpaid = [f"{name}: {one.unpaid}" for name, one in replies.items() if one.unpaid]
    answered = [row["usd"] for one in replies.values() for row in one.rows.values() if row["status"] in ANSWERED]
    unknown = sum(cost is None for cost in answered)
    measure("spent, where known", sum(cost for cost in answered if cost is not None), "usd", n=max(1, len(answered)), sampling_unit="answer")
    assert not unpaid, unpaid[0]
    assert context.budget_usd is None or not unknown, f"the cost of {unknown} of {len(answered)} answers is unknown"


@kill("K2", needs=["G1", "K1"])
def test_too_few_models_are_left_to_compare(level, replies, settings, measure):
    """Fewer distinct models than the scale demands are alive; personas on one set of weights are not models."""
    models = {one.member.spec for one in level if one.member.kind == "model"}
    measure("distinct models alive", len(models), "count", n=max(1, len(level)), sampling_unit="respondent")
    fewest = int(settings["fewest"])
    missing = [one.missing for one in replies.values() if one.missing]
    if len(models) < fewest and missing:
        raise Inconclusive(f"{len(models)} of {fewest} models are here: {missing[0]}")
    assert len(models) >= fewest, f"{len(models)} distinct models are alive, {fewest} are needed"


@control("P1", "positive", needs=["G1", "K1", "K2"])
def test_a_model_agrees_with_itself_at_another_seed(itself, similarity, criterion):
    """A model asked again under another seed answers like itself: where even this does not show, no agreement between models could."""
    similarity("chance corrected", itself.found.chance_corrected(PRIMARY), itself)
    assert criterion("alike").holds(similarity("above mismatch", itself.found.above_mismatch(PRIMARY), itself))


@control("N1", "negative", needs=["G1", "K1", "K2"])
def test_null_models_agree_with_nobody(replies, study, tasks, level, similarity, criterion):
    """Models that do not read what they are asked are no more alike on the same prompt than on different ones, to each other and to the real ones."""
    nulls = [one for one in replies.values() if one.member.kind == "null"]
    if not nulls:
        raise Inconclusive("the set has no null model")
    mixed = study([*nulls, *level], tasks)
    with_null = np.any([mixed.found.pairs_of(one.member.name) for one in nulls], axis=0)
    assert criterion("nothing").within(similarity("above mismatch", mixed.found.above_mismatch(PRIMARY, pairs=with_null), mixed))
