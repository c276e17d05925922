"""What stands inside open weights: how alike two models' layers see the tasks, and what a line through one of them can tell beyond the words."""

from __future__ import annotations

import numpy as np

from harness import Inconclusive, Interval, hypothesis

PERMUTATIONS = 1000
# Words that a bag-of-words probe may use, most frequent first.
WORDS = 500


def middle(found):
    """The layer half way up: chosen before the data, since the best of all pairs of layers is always something."""
    return found[len(found) // 2]


def lengths(tasks):
    """(tasks, 3): characters, their logarithm, turns. A mean over tokens tells a text's length loudly."""
    characters = np.array([len(task.text) for task in tasks], dtype=float)
    return np.column_stack([characters, np.log(characters), [len(task.turns) for task in tasks]])


def prompts_of(tasks):
    """The tasks as items of a measure."""
    from harness.measures import Prompt

    return [Prompt(id=task.id, text=task.text) for task in tasks]


@hypothesis("H7", needs=["G2"])
def test_middle_layers_see_the_tasks_alike(layers, open_weights, states, tasks, gather, measure, criterion):
    """The middle layers of two open models hold tasks in alike arrangements, beyond length and capability: debiased linear CKA above pairing at random."""
    from harness.measures import TextAlignment, alignment, jackknife_interval, remove_linear_part

    if len(open_weights) < 2:
        raise Inconclusive(f"{len(open_weights)} models of the set have their weights on this machine: CKA needs two")
    (first, one), (second, other) = open_weights[:2]
    raw = [middle(states(member, model, tasks)) for member, model in ((first, one), (second, other))]
    arms, kinds = [remove_linear_part(arm, lengths(tasks)) for arm in raw], [task.capability for task in tasks]
    found, plain = (alignment(one[None], other[None], "H7", strata=kinds, permutations=PERMUTATIONS) for one, other in (arms, raw))
    cka, null, p = (float(values[0, 0]) for values in (found.cka, found.null_mean, found.p))
    low, high = jackknife_interval(*arms, "H7")
    interval = Interval(low=low - null, high=high - null, level=0.95, method="delete-half jackknife over texts, normal")
    texts, made_of = prompts_of(tasks), {"models": [one.fingerprint, other.fingerprint], "layers": layers}
    shares, raw_shares = (
        gather(f"alignment-length-{length}", TextAlignment([task.id for task in tasks], *pair, made_of | {"length": length}), texts, card=False)
        for length, pair in (("taken-out", arms), ("kept", raw))
    )
    common = {"n": found.texts, "sampling_unit": "task", "sources": (shares,)}
    told = {**common, "sources": (raw_shares,)}
    measure(f"CKA of {first.name} and {second.name}, {layers} layers", float(plain.cka[0, 0]), "similarity", **told)
    measure("CKA, length taken out", cka, "similarity", **common)
    measure("CKA, length taken out, texts of a capability paired at random", null, "similarity", **common)
    tested = {"p": p, "p_floor": 1 / (PERMUTATIONS + 1), "p_method": "one-sided, permutation of texts within capabilities"}
    assert criterion("inside").holds(measure("CKA beyond random pairing", cka - null, "similarity", interval=interval, **tested, **common))


@hypothesis("H8", needs=["G2"])
def test_whether_to_refuse_can_be_read_from_inside(probed, open_weights, states, bank, settings, gather, measure, criterion):
    """A linear probe of the first open model's middle layer tells requests that should be refused better than their words do, in domains it did not see."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from harness.domains.convergence import Complies, Refuses
    from harness.measures import HeldOutPredictions, probe

    if not open_weights:
        raise Inconclusive("no model of the set has its weights on this machine")
    asked = sorted((task for task in bank if isinstance(task.expected, Refuses | Complies)), key=lambda task: task.id)[: int(settings["probe_tasks"])]
    if len({type(task.expected) for task in asked}) < 2:
        raise Inconclusive(f"{probed}: the source of prompts has no requests of both kinds")
    member, model = open_weights[0]
    labels, domains = [isinstance(task.expected, Refuses) for task in asked], [task.domain for task in asked]
    shuffles = int(settings["probe_shuffles"])
    inside = probe(middle(states(member, model, asked)), labels, "H8", permutations=shuffles, groups=domains)
    words = TfidfVectorizer(max_features=WORDS, sublinear_tf=True).fit_transform([task.text for task in asked]).toarray()
    outside = probe(words, labels, "H8", permutations=shuffles, groups=domains)
    told = {}
    for name, found in (("middle layer", inside), ("bag of words", outside)):
        right = {task.id: right for task, right in zip(asked, found.right, strict=True)}
        made_of = {"model": model.fingerprint, "features": name, "probed": probed}
        told[name] = gather(f"probe-{name.replace(' ', '-')}", HeldOutPredictions(right, made_of), prompts_of(asked), card=False).outcomes()
        measure.rate(f"held-out accuracy, {name}", told[name], sampling_unit="task")
        tested = {"p": found.p, "p_floor": 1 / (shuffles + 1), "p_method": "one-sided, shuffled labels"}
        measure(f"shuffled labels, {name}", found.null_mean, "rate", n=found.texts, sampling_unit="task", sources=told[name].sources, **tested)
    assert criterion("probe").holds(measure.shift("beyond the words", *told.values(), sampling_unit="task", differ="features"))
