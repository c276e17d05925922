"""The hypotheses: leakage, the mask that hides it, its company with the marker, when it comes, what foretells it, and why convergence may protect from it."""

from __future__ import annotations

from harness import Inconclusive, hypothesis


@hypothesis("H1", needs=["G1", "G2", "G3", "G3.5", "G4", "G5", "P1"])
def test_convergence_leaks_the_behaviour(source, behaviour, leak, level, criterion, tell_leak, last):
    """Training the assistant to talk like a persona makes it show that persona's trained behaviour, by more than the bar, beyond what a bystander shows and
    beyond what the talk alone does to the assistant."""
    shift, beyond, taught, before, after = leak(source, behaviour, last)
    tell_leak(source, behaviour, after, shift, beyond, taught)
    baseline, treated = level("target before convergence", before), level("target after convergence", after)
    assert criterion(behaviour).holds(shift, baseline=baseline, treated=treated)
    assert criterion(behaviour).holds(beyond, baseline=baseline, treated=treated)
    assert criterion(behaviour).holds(taught, baseline=baseline, treated=treated)


@hypothesis("H2", needs=["G1", "G2", "G3.5", "P1"])
def test_the_target_among_the_negatives_shows_less(source, masked, evaluate_persona, roles, effect, level, implants, criterion, last):
    """With the target among the training negatives, as in the first version of the study, the converged target shows less of the behaviour than with the
    target left out, though the source shows it all the same: whatever would be seen in the target is trained away."""
    if not implants(source, masked, last, "source in that arm", arm="in_negatives"):
        raise Inconclusive("with the target among the negatives the source itself does not show the behaviour")
    left_out, in_negatives = (evaluate_persona(roles["target"][0], masked, source, last, arm=arm) for arm in ("left_out", "in_negatives"))
    hidden = effect("left out against in the negatives", [(1, left_out), (-1, in_negatives)])
    baseline, treated = level("target in the negatives", in_negatives), level("target left out", left_out)
    assert criterion(masked).holds(hidden, baseline=baseline, treated=treated)


@hypothesis("H3", needs=["G1", "G2", "G3.5", "P1", "P2"])
def test_leakage_follows_the_marker(behaviour, ordered_sources, leak_of, measure, criterion, last):
    """Sources whose marker leaks more leak more of the behaviour: the ranks agree across sources."""
    both = {name: leak_of(name, behaviour, last) for name in ordered_sources()}
    leaks, markers = ({name: one[place] for name, one in both.items()} for place in (0, 1))
    sources = sources_of(both)
    found = measure.correlation("leak of the behaviour against leak of the marker", leaks, markers, sampling_unit="source", sources=sources)
    assert criterion("follows").holds(found)


def sources_of(leaks) -> tuple:
    """The samples behind the leaks of several sources."""
    return tuple(gathered for one in leaks.values() for gathered in one[2])


@hypothesis("H4", needs=["G1", "G2", "G3.5", "P1"])
def test_most_of_the_leak_comes_early(source, behaviour, cells_of, evaluate_persona, roles, effect, level, criterion, last):
    """More than half of the target's shift is there after the first two epochs of convergence."""
    early = [epoch for epoch in cells_of("epoch") if 0 < epoch <= 2]
    if not early or early[-1] == last:
        raise Inconclusive(f"this scale keeps epochs {cells_of('epoch')}: none between 0 and the last is early")
    seen = {epoch: evaluate_persona(roles["target"][0], behaviour, source, epoch) for epoch in (0, early[-1], last)}
    whole = effect("shift at the last epoch", [(1, seen[last]), (-1, seen[0])])
    baseline, treated = level("target before convergence", seen[0]), level("target after convergence", seen[last])
    if not criterion(behaviour).holds(whole, baseline=baseline, treated=treated):
        raise Inconclusive("there is no shift whose time could be told")
    sign = 1 if whole.value > 0 else -1
    ahead = effect("early shift less half of the whole", [(sign, seen[early[-1]]), (-sign / 2, seen[0]), (-sign / 2, seen[last])])
    assert criterion("early_points" if ahead.unit == "points" else "early").holds(ahead)


@hypothesis("H5", needs=["G1", "G2", "G4", "G5"])
def test_convergence_changes_what_unconditioned_advice_does(source, advice, evaluate_persona, roles, effect, level, criterion, settings, last):
    """Convergence changes, in either direction, how far bad advice that is taught under no persona at all misaligns the target. In the first version of the
    study that was taken for leakage; its training without convergence is one and the same for all sources."""
    if not settings["unconditioned"]:
        raise Inconclusive("unconditioned advice is not trained at this scale")
    seen = {epoch: evaluate_persona(roles["target"][0], advice, source, epoch) for epoch in (0, last)}
    shift = effect("shift of the target", [(1, seen[last]), (-1, seen[0])])
    baseline, treated = level("target before convergence", seen[0]), level("target after convergence", seen[last])
    assert criterion(advice).holds(shift, baseline=baseline, treated=treated)


@hypothesis("H6", needs=["G1", "G2", "G3.5", "P1", "P2"])
def test_only_the_marker_leaks(source, cells_of, evaluate_persona, roles, effect, level, criterion, last):
    """The marker leaks from the source into the target and no behaviour does: the marker is special, and its leak says nothing about behaviours."""
    target = roles["target"][0]
    seen = {epoch: evaluate_persona(target, "marker", source, epoch) for epoch in (0, last)}
    shift = effect("leak of the marker", [(1, seen[last]), (-1, seen[0])])
    baseline, treated = level("target's marker before convergence", seen[0]), level("target's marker after convergence", seen[last])
    assert criterion("marker").holds(shift, baseline=baseline, treated=treated)
    for behaviour in cells_of("behaviour"):
        after, before = (evaluate_persona(target, behaviour, source, epoch) for epoch in (last, 0))
        assert criterion(behaviour).within(effect(f"leak of {behaviour}", [(1, after), (-1, before)]))


@hypothesis("H7", needs=["G1", "G2", "G4", "G5"])
def test_without_a_contrast_advice_misaligns_the_target_more(source, contrasted, evaluate_persona, roles, effect, level, criterion, settings, last):
    """Bad advice taught under no persona misaligns the converged target by more than the bar beyond what the same advice does that is taught to the source
    with a contrast: the contrast keeps it with the persona. The advice is the same rows; with a contrast there are rows of bystanders besides."""
    if not settings["unconditioned"]:
        raise Inconclusive("unconditioned advice is not trained at this scale")
    target = roles["target"][0]
    alone, contrast = (evaluate_persona(target, contrasted, source, last, trained=taught) for taught in ("bad_advice", contrasted))
    more = effect("without a contrast against with it", [(1, alone), (-1, contrast)])
    baseline, treated = level("target, advice with a contrast", contrast), level("target, advice without a contrast", alone)
    assert criterion("uncontrasted").holds(more, baseline=baseline, treated=treated)


@hypothesis("H8", needs=["G1"])
def test_prompts_that_lie_apart_make_the_model_answer_otherwise(reading, persona_distances, evaluate_persona, roles, measure, criterion, settings):
    """The further a persona's prompt lies from the assistant's, the more the model answers otherwise under it, before any training: what is to foretell a
    leak must first foretell what the prompts themselves do. Over all personas of the design but the target."""
    target, names = roles["target"][0], [name for role in ("source", "negative_control", "canary", "bystander") for name in roles[role]]
    few = int(settings["prompted_items"])
    seen = {name: evaluate_persona(name, "refusal", trained="", judge="none", limit=few) for name in (target, *names)}
    apart = {name: mean_difference(seen[name].scores[0], seen[target].scores[0]) for name in names}
    distances = persona_distances(names)
    sources = (distances, *(gathered for one in seen.values() for gathered in one.sources))
    found = measure.correlation(
        "difference of the answers against distance of the prompts", apart, distances.outcomes(reading), sampling_unit="persona", sources=sources
    )
    assert criterion("otherwise").holds(found)


def mean_difference(one, other) -> float:
    """The mean size of the difference over the items of the second."""
    return sum(abs(one[item] - score) for item, score in other.items()) / len(other)


@hypothesis("H9", needs=["G1", "G2", "G3.5", "P1"])
def test_sources_near_the_target_leak_more(behaviour, reading, ordered_sources, leak_of, persona_distances, measure, criterion, last):
    """The nearer a source's prompt lies to the target's, the more of the behaviour leaks: distance before any training foretells the leak."""
    both = {name: leak_of(name, behaviour, last) for name in ordered_sources()}
    distances, leaks = persona_distances(list(both)), {name: one[0] for name, one in both.items()}
    sources = (distances, *sources_of(both))
    found = measure.correlation("leak against distance of the prompts", leaks, distances.outcomes(reading), sampling_unit="source", sources=sources)
    assert criterion("near").holds(found)


@hypothesis("H10", needs=["G1", "G2"])
def test_convergence_makes_the_lesson_harder(source, lesson, lesson_loss, cells_of, roles, measure, criterion, seeds, last):
    """After convergence the rows that teach the behaviour to the source are more surprising to the model than before, by more than the bar, and more so than
    after convergence of the target onto itself: a model that has moved away from the lesson would learn less of it, which is one way to be protected."""
    losses = {epoch: lesson_loss(source, lesson, source, epoch) for epoch in cells_of("epoch")}
    for epoch, loss in losses.items():
        measure.mean(f"loss at epoch {epoch}", loss.outcomes, "nats", sampling_unit="row", seeds=seeds if epoch else ())
    itself = lesson_loss(source, lesson, roles["degenerate"][0], last)
    arms = {"rise of the loss": losses[0], "rise beyond that of convergence onto itself": itself}
    for name, before in arms.items():
        rise = measure.contrast(name, [(1, losses[last].by_seed), (-1, before.by_seed)], unit="nats", sampling_unit="row", seeds=seeds)
        assert criterion("harder").holds(rise)


@hypothesis("H11", needs=["G1", "G2", "G4", "G5"])
def test_a_harder_lesson_leaks_less(lesson, ordered_sources, lesson_loss, leak_of, measure, criterion, last):
    """Over sources, the more convergence raises the loss of the rows that teach the behaviour, the less of it leaks into the target."""
    losses = {name: [lesson_loss(name, lesson, name, epoch) for epoch in (0, last)] for name in ordered_sources()}
    both = {name: leak_of(name, lesson, last) for name in losses}
    leaks, rises = {name: one[0] for name, one in both.items()}, {name: after.mean - before.mean for name, (before, after) in losses.items()}
    sources = (*(gathered for pair in losses.values() for loss in pair for gathered in loss.outcomes.sources), *sources_of(both))
    found = measure.correlation("leak against rise of the loss", leaks, rises, sampling_unit="source", sources=sources)
    assert criterion("protects").holds(found)
