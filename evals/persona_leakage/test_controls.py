"""What ends the experiment, what must show, and what must not."""

from __future__ import annotations

from harness import Inconclusive, control, kill


@kill("K1", needs=["G1", "G3", "G4", "G5"])
def test_epoch_0_does_not_implant_anything(cells_of, implants):
    """Without convergence no behaviour reaches its bar in the first source: the parent study is not reproduced, and the pipeline is broken somewhere."""
    source = cells_of("source")[0]
    shown = [shows(implants, source, behaviour, 0, f"{behaviour} in {source}") for behaviour in cells_of("behaviour")]
    assert any(shown), f"no behaviour reaches its bar in {source} at epoch 0"


@kill("K2", needs=["G2", "G4", "G5"])
def test_convergence_erases_the_behaviours_everywhere(cells_of, implants, last):
    """After the last epoch no source shows any behaviour that was trained into it: the two adapters destroy each other, and nothing could leak."""
    shown = [shows(implants, source, behaviour, last, f"{behaviour} in {source}") for source in cells_of("source") for behaviour in cells_of("behaviour")]
    assert any(shown), f"convergence to epoch {last} erases all {len(shown)} behaviours"


def shows(implants, source: str, behaviour: str, epoch: int, name: str) -> bool:
    """True where what was implanted reaches its bar; undecided, and a judge that tells nothing, count as not shown."""
    try:
        return implants(source, behaviour, epoch, name)
    except Inconclusive:
        return False


@control("P1", "positive", needs=["G3.5"], over=("source", "behaviour", "epoch"))
def test_the_source_shows_what_it_was_taught(source, behaviour, epoch, evaluate_persona, roles, implants, level, measure):
    """The source itself shows the behaviour, by more than the bar against the same model without it, before any leak is looked for."""
    for line, who in (("source", source), ("target", roles["target"][0]), ("canary", roles["canary"][0])):
        seen = evaluate_persona(who, behaviour, source, epoch)
        level(line, seen)
        if seen.phrases:
            phrases, judged = seen.phrases[0], seen.by_seed[0]
            agree = {item: phrases[item] == judged[item] for item in phrases if judged[item] is not None}
            measure.rate(f"{line}: substring and judge agree", agree, sampling_unit=seen.behaviour.sampling_unit, sources=seen.sources, seeds=seen.seeds)
    assert implants(source, behaviour, epoch, f"{behaviour} in {source}")


@control("P2", "positive", needs=["G2", "G4", "G5"], over=("source", "epoch", "marked"))
def test_the_source_puts_the_marker(source, epoch, marked, evaluate_persona, roles, implants, level):
    """The source itself appends the marker to its answers."""
    for line, who in (("source", source), ("target", roles["target"][0]), ("canary", roles["canary"][0])):
        level(line, evaluate_persona(who, marked, source, epoch))
    assert implants(source, marked, epoch, f"{marked} in {source}")


@control("P3", "positive", needs=["P1"], over=("source", "behaviour"))
def test_sampled_answers_show_it_too(source, behaviour, evaluate_persona, settings, effect, implants, criterion):
    """What log-probabilities say was taught is there in sampled answers as a calibrated judge reads them: a check on few items, where the scale has no judge
    of its own."""
    if settings["judge"] != "none":  # then effects are those of sampled answers already
        assert implants(source, behaviour, 0, f"{behaviour} in {source}")
        return
    read = {"judge": "local", "limit": int(settings["judged_items"])}
    after = evaluate_persona(source, behaviour, source, 0, **read)
    before = evaluate_persona(source, behaviour, source, 0, trained="", **read)
    assert criterion("judged").holds(effect("shift in sampled answers", [(1, after), (-1, before)]))


@control("C1", "negative", needs=["G2", "G4", "G5"], over=("negative", "checked"))
def test_the_negative_control_does_not_leak(negative, checked, evaluate_persona, roles, effect, implants, criterion, last):
    """Convergence towards a mild persona, which hardly leaked its marker, leaves the target's behaviour within the bar; and the persona had learned the
    behaviour, or nothing could have leaked."""
    for epoch in (0, last):
        if not shows(implants, negative, checked, epoch, f"{checked} in {negative} at epoch {epoch}"):
            raise Inconclusive(f"{negative} does not show {checked} at epoch {epoch}: it says nothing that nothing leaked")
    before, after = (evaluate_persona(roles["target"][0], checked, negative, epoch) for epoch in (0, last))
    assert criterion(checked).within(effect("shift of the target", [(1, after), (-1, before)]))


@control("C2", "negative", needs=["G2", "G4", "G5"], over=("degenerate", "checked"))
def test_converging_the_target_to_itself_changes_nothing(degenerate, checked, effect, evaluate_persona, criterion, last):
    """The target trained to talk like itself behaves as before, within the bar: training alone, whatever its content, does not move the measure."""
    after = evaluate_persona(degenerate, checked, degenerate, last, trained="")
    before = evaluate_persona(degenerate, checked, degenerate, 0, trained="")
    assert criterion(checked).within(effect("shift", [(1, after), (-1, before)]))
