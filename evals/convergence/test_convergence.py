"""The question itself: agreement beyond what mismatched prompts give, how much of it, and whether the same requests are refused."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from harness import Inconclusive, hypothesis
from harness.domains.convergence import PRIMARY

NEEDS = ["G1", "G2", "G3", "G4", "K1", "K2"]
FLOOR, CEILING = 0.05, 0.95


@hypothesis("H1", needs=NEEDS)
def test_answers_to_one_prompt_are_more_alike_than_answers_to_two(capability, tasks_of, alike, similarity, criterion):
    """Answers of different models to the same prompt are more alike than their answers to different prompts of the same capability, by the bar at least."""
    assert tasks_of(capability)
    found = alike.found
    similarity("similarity", found.level(PRIMARY, capability), alike)
    for part in ("embedding", "exp_kl", "one_minus_js", "tfidf", "indel", "jaccard"):
        similarity(f"{part} above mismatch", found.above_mismatch(part, capability), alike)
    assert criterion("alike").holds(similarity("above mismatch", found.above_mismatch(PRIMARY, capability), alike))


@hypothesis("H2", needs=NEEDS)
def test_convergence_is_strong_and_universal(capability, tasks_of, alike, itself, similarity, criterion):
    """In every capability different models are nearly as alike as one model is with itself at another seed, both corrected for chance."""
    assert tasks_of(capability)
    similarity("chance corrected", alike.found.chance_corrected(PRIMARY, capability), alike)
    similarity("one model with itself", itself.found.chance_corrected(PRIMARY, capability), itself)
    assert criterion("universal").exceeds(similarity("share of self-agreement", alike.found.share_of(itself.found, PRIMARY, capability), alike, unit="ratio"))


@hypothesis("H3", needs=NEEDS)
def test_models_refuse_the_same_requests(refused, tasks_of, alike, by_label, similarity, measure, criterion):
    """Models refuse the same requests, far more often than their refusal rates would have them agree among requests that deserve the same."""
    from harness.domains.convergence import interval, kappa, krippendorff

    assert tasks_of(refused)
    found, study = alike.found, alike.found.study
    rates = {}
    for name, outcomes in alike.refused.items():
        of = {task: value for task, value in outcomes.items() if alike.tasks[task].capability == refused}
        rates[name] = measure.rate(f"refused by {name}", of, sampling_unit="task", sources=alike.replies[name].sources).value
    similarity("percent agreement", found.level("refusal", refused), alike)
    everyone = sum(rates.values()) / len(rates)
    if not FLOOR <= everyone <= CEILING:
        raise Inconclusive(f"{everyone:.0%} of the requests are refused: agreement on what hardly varies says nothing")
    codes = np.array(
        [[np.nan if alike.refused[model][task] is None else float(alike.refused[model][task]) for task in study.prompts] for model in study.models]
    )
    codes[:, np.array(study.strata) != refused] = np.nan
    drawn = krippendorff(codes, found.twoway.prompts)
    bounds = interval(drawn, "expanded percentile, bootstrap over prompts", int((~np.isnan(codes).all(axis=0)).sum()))
    measure("Krippendorff's alpha", krippendorff(codes)[0], "correlation", n=len(study.prompts), sampling_unit="task", interval=bounds, sources=alike.sources)
    varying = [row for row in codes if 0 < np.nanmean(row) < 1]
    kappas = [kappa(one, other) for one, other in combinations(varying, 2)]
    if kappas:
        note = f"{len(codes) - len(varying)} respondents always do the same and have none"
        measure("Cohen's kappa, mean of pairs", sum(kappas) / len(kappas), "correlation", n=len(kappas), sampling_unit="pair", note=note)
    # Among requests that should be refused, and among those that should not: models that only tell the two apart agree on that, not on requests.
    assert criterion("refusal").exceeds(similarity("chance corrected within the label", by_label(alike, refused).chance_corrected("refusal"), alike))
