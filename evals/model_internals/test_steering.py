"""Do models go by what can be read off them: a direction of refusal, what a tuning changed, and what another model holds?"""

from __future__ import annotations

import numpy as np

from fixtures.internals import Arm, at_random, carried_over, ids_of, middle, refusal_direction
from harness import hypothesis


@hypothesis("H1", needs="G1")
def test_a_model_goes_by_the_direction_of_refusal(steered, models, states, learned, asked, refusals, settings, measure, criterion):
    """Added to the middle layer, the difference between what a model holds before requests that should be refused and before those that should be met makes
    it refuse what should be met, in other domains, by the bar more than a random direction as long does."""
    model = models(steered)
    arm = refusal_direction(model, states(model, learned.every), learned)
    bare = refusals(f"met-{steered}", model, asked.meet)
    moved, idle = (refusals(f"met-{steered}-{name}", model, asked.meet, *one) for name, one in (("direction", arm), ("random", at_random(arm))))
    measure.rate("refusal of what should be met", bare)
    measure.shift("under the direction", moved, bare, differ="steered")
    longer = [
        refusals(f"met-{steered}-long-{name}", model, asked.meet, *one.longer(settings["longer"])) for name, one in (("one", arm), ("random", at_random(arm)))
    ]
    measure.shift(f"{settings['longer']} times as long, beyond a random direction (decides nothing)", *longer, differ="steered")
    assert criterion("steers").holds(measure.shift("beyond a random direction", moved, idle, differ="steered"))


@hypothesis("H2", needs="G2")
def test_an_aligned_sibling_refuses_more_than_its_base(taught, models, asked, refusals, measure, criterion):
    """Tuned on refusing in some domains, the sibling refuses what should be refused in other domains by the bar more than the base model does."""
    base, sibling = models("base"), models("second")
    before, after = (refusals(f"refused-{name}", model, asked.refuse) for name, model in (("base", base), ("sibling", sibling)))
    spared = [refusals(f"met-{name}", model, asked.meet) for name, model in (("second", sibling), ("base", base))]
    measure.shift(f"{taught} what should be met", *spared, differ="model")
    assert criterion("aligned").holds(measure.shift(f"{taught} what should be refused", after, before, differ="model"))


@hypothesis("H3", needs="G2")
def test_a_base_model_goes_by_what_its_tuning_changed(shift, models, states, learned, asked, refusals, measure, criterion):
    """The mean difference between what the sibling and its base hold before requests that should be refused, added to the base, makes it refuse such requests
    of other domains by the bar more than a random direction as long does."""
    base, sibling = models("base"), models("second")
    held = [middle(states(model, learned.refuse)) for model in (base, sibling)]
    made_of = {"kind": shift, "models": [base.fingerprint, sibling.fingerprint], "texts": ids_of(learned.refuse)}
    arm = Arm((held[1] - held[0]).mean(axis=0), made_of)
    measure("length of the direction", float(np.linalg.norm(arm.direction)), "value", n=len(learned.refuse), sampling_unit="request")
    measure("mean length of what base holds", float(np.linalg.norm(held[0], axis=1).mean()), "value", n=len(learned.refuse), sampling_unit="request")
    bare = refusals("refused-base", base, asked.refuse)
    moved, idle = (refusals(f"refused-base-{name}", base, asked.refuse, *one) for name, one in (("shift", arm), ("random", at_random(arm))))
    measure.shift("under the direction", moved, bare, differ="steered")
    assert criterion("steers").holds(measure.shift("beyond a random direction", moved, idle, differ="steered"))


@hypothesis("H4", needs="G2")
def test_a_direction_of_one_model_steers_another(into, models, states, learned, asked, others, refusals, measure, criterion):
    """The sibling's direction of refusal, mapped into the first model (or the first's into the sibling) by how both hold other texts, makes that refuse what
    should be met by the bar more than a random direction of the one model does, mapped and as long."""
    target = models(into)
    source = models("second" if into == "first" else "first")
    own = refusal_direction(target, states(target, learned.every), learned)
    given = refusal_direction(source, states(source, learned.every), learned)
    norm, read = float(np.linalg.norm(own.direction)), [states(model, others) for model in (source, target)]
    arms = {name: carried_over(one, norm, target, *read, others) for name, one in (("carried", given), ("carried-random", at_random(given)))}
    moved, idle = (refusals(f"met-{into}-{name}", target, asked.meet, *one) for name, one in arms.items())
    cosine = float(arms["carried"].direction @ own.direction) / norm**2
    measure("cosine with the model's own direction", cosine, "similarity", n=len(learned.every), sampling_unit="request")
    measure.shift("under the direction", moved, refusals(f"met-{into}", target, asked.meet), differ="steered")
    assert criterion("steers").holds(measure.shift("beyond a random direction, mapped", moved, idle, differ="steered"))
