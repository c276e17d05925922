"""The hypotheses: leakage, the mask that hides it, its company with the marker, and when it comes."""

from __future__ import annotations

from harness import Inconclusive, hypothesis


@hypothesis("H1", needs=["G1", "G2", "G3", "G3.5", "G4", "G5", "P1"])
def test_convergence_leaks_the_behaviour(source, behaviour, leak, level, criterion, last):
    """Training the assistant to talk like a persona makes it show that persona's trained behaviour, by more than the bar, beyond what a bystander shows and
    beyond what the talk alone does to the assistant."""
    shift, beyond, taught, before, after = leak(source, behaviour, last)
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
def test_leakage_follows_the_marker(behaviour, cells_of, leak_of, measure, criterion, last):
    """Sources whose marker leaks more leak more of the behaviour: the ranks agree across sources."""
    sources = cells_of("source")
    if len(sources) < 5:  # four have 24 orders: p cannot fall to .05
        raise Inconclusive(f"N = {len(sources)}: too few sources have an order that could be told from chance; the full scale has more")
    both = {name: leak_of(name, behaviour, last) for name in sources}
    found = measure.correlation(
        "leak of the behaviour against leak of the marker",
        {name: one[0] for name, one in both.items()},
        {name: one[1] for name, one in both.items()},
        sampling_unit="source",
        sources=tuple(gathered for one in both.values() for gathered in one[2]),
    )
    assert criterion("follows").holds(found)


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
