"""What of one model holds in another: components, units, a probe; and whether a tuning brings two models nearer to each other."""

from __future__ import annotations

import numpy as np

from fixtures.internals import PERMUTATIONS, ids_of, middle, prompts_of
from harness import hypothesis
from harness.measures import (
    HeldOutPredictions,
    TextAlignment,
    canonical_scores,
    cka_change,
    held_out,
    linear_map,
    paired_units,
    transferred,
)

SCORES = {"components": canonical_scores, "units": paired_units}


@hypothesis("H5", needs="G1")
def test_a_probe_goes_over_to_another_model(carried, models, states, probed, others, gather, measure, criterion):
    """A probe of the first model tells what should be refused from the second's states, mapped by other texts, better than where these texts were paired at
    random; in domains that it did not see."""
    first, base = models("first"), models("base")
    here, there, known, seen = (middle(states(model, texts)) for texts in (probed.every, others) for model in (first, base))
    kinds, shuffled = np.array([task.capability for task in others]), np.arange(len(others))
    for kind in set(kinds):
        shuffled[kinds == kind] = np.roll(np.flatnonzero(kinds == kind), 1)
    domains, told = [task.domain for task in probed.every], {}
    for name, source in (("own states", None), ("mapped states", seen), ("states mapped wrongly", seen[shuffled])):
        matrix, centre, target = (None, None, None) if source is None else linear_map(source, known)
        read = here if source is None else (there - centre) @ matrix + target
        right = dict(zip([task.id for task in probed.every], transferred(here, read, probed.labels, domains), strict=True))
        made_of = {"models": [first.fingerprint, base.fingerprint], "features": name, "probed": carried, "mapped by": ids_of(others)}
        told[name] = gather(f"probe-{name.replace(' ', '-')}", HeldOutPredictions(right, made_of), prompts_of(probed.every), card=False).outcomes()
        measure.rate(f"held-out accuracy, {name}", told[name], sampling_unit="task")
    mapped, wrongly = told["mapped states"], told["states mapped wrongly"]
    assert criterion("carries").holds(measure.shift("beyond a wrong map", mapped, wrongly, sampling_unit="task", differ="features"))


@hypothesis("H6", needs="G1")
def test_features_of_two_models_correspond(matched, models, beyond_length, tasks, told_correspondence, criterion):
    """Canonical components (SVCCA), and single units matched one to one, of two models' middle layers go together on texts that they were not found on, by
    the bar beyond texts of the capability paired at random; what length tells is taken out."""
    of, kinds = [models("first"), models("base")], [task.capability for task in tasks]
    found = held_out(*(beyond_length(model) for model in of), SCORES[matched], "H6", strata=kinds, permutations=PERMUTATIONS)
    assert criterion("corresponds").holds(told_correspondence(found, "same texts", of, matched))


@hypothesis("H7", needs="G2")
def test_a_tuning_brings_a_base_model_nearer_to_another(trained, models, beyond_length, tasks, settings, gather, measure, criterion):
    """Over its tuning into a model that answers and refuses, the base's middle layer comes by the bar nearer (debiased CKA) to that of the first model, whose
    makers had taught it both."""
    first, ids = models("first"), [task.id for task in tasks]
    texts, kept = prompts_of(tasks), []
    for epoch in (0, *map(int, str(settings["tuning_keep"]).split())):
        version = models("second", epoch) if epoch else models("base")
        made_of = {"models": [first.fingerprint, version.fingerprint], "layers": "middle", "texts": ids_of(tasks)}
        kept.append(gather(f"alignment-epoch-{epoch}", TextAlignment(ids, beyond_length(first), beyond_length(version), made_of), texts, card=False))
        told = {"n": len(tasks), "sampling_unit": "task", "sources": (kept[-1],)}
        measure(f"CKA with the first model after epoch {epoch}", sum(kept[-1].outcomes().values()), "similarity", **told)
    found = cka_change(*(beyond_length(models(name)) for name in ("base", "second", "first")), "H7", permutations=PERMUTATIONS)
    tested = {"p": found.p, "p_floor": 1 / (PERMUTATIONS + 1), "p_method": "one-sided, versions exchanged text by text"}
    assert criterion("nearer").holds(
        measure(
            f"change of CKA to the {trained.replace('_', ' ')}",
            found.change,
            "similarity",
            interval=(found.low, found.high),
            n=len(tasks),
            sampling_unit="task",
            sources=(kept[0], kept[-1]),
            **tested,
        )
    )
