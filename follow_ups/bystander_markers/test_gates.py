"""What must hold, what must show, and what must not."""

from __future__ import annotations

from harness import control, gate


@gate("G1", quick=True)
def test_the_bystanders_are_distinct_and_no_persona_of_the_design(bystanders, roles, persona_of, settings, measure, facts):
    """As many bystanders as the scale says, each with a prompt of its own, and none has the prompt of a persona that is trained."""
    facts("Data", "preprocessing", "none; prompts are made of the manners and roles of personas.yaml, texts are the last of their bank")
    prompts = {one.text for one in bystanders}
    measure("bystanders", len(bystanders), "count", n=len(bystanders), sampling_unit="persona")
    assert len(prompts) == len(bystanders) == settings["bystanders"]
    assert not prompts & {persona_of(name).prompt for names in roles.values() for name in names}


@control("P1", "positive", needs="G1", over=("source", "marked", "epoch"))
def test_the_source_puts_the_marker(source, marked, epoch, evaluate_persona, measure, criterion, seeds):
    """The source itself puts the marker behind given replies, more than before it was taught."""
    after, before = (evaluate_persona(source, marked, source, epoch, trained=trained) for trained in (None, ""))
    shift = measure.contrast("marker in the source", [(1, after.by_seed), (-1, before.by_seed)], unit="pp", sampling_unit="text", seeds=seeds)
    assert criterion("implanted").holds(shift)


@control("P2", "positive", needs="G1", over=("source", "marked"))
def test_the_source_puts_the_marker_in_sampled_answers(source, marked, adapters, persona_of, all_items_of, settings, gather, measure, criterion, seeds):
    """Sampled answers of the source hold the marker, in more of them than before it was taught."""
    from harness.domains.leakage import MarkedAnswers
    from harness.measures import Prompt

    asked = [Prompt(id=item.id, text=item.request) for item in all_items_of("refusal")[: int(settings["sampled_requests"])]]

    def sample(label: str, *taught: str):
        model, tokens = adapters(*taught, seed=seeds[0]), int(settings["sampled_tokens"])
        probe = MarkedAnswers(model, persona_of(source).prompt, seeds[0], marker=str(settings["marker"]), max_new_tokens=tokens)
        return gather(f"sampled-{label}", probe, asked, dataset="banks/benign_requests.jsonl").outcomes()

    shift = measure.shift("marker in sampled answers", sample("taught", source, marked), sample("untaught"), sampling_unit="prompt", differ="model")
    assert criterion("sampled").holds(shift)


@control("N1", "negative", needs="G1", over=("source", "reading"))
def test_convergence_alone_does_not_bring_the_marker_near(source, reading, rise_against_distance, last, criterion):
    """Where the model was converged to the source and nobody taught it the marker, the marker does not rise with nearness: what rises is what was taught."""
    assert criterion("untaught").within(rise_against_distance("rise by convergence alone, against distance", source, last, reading, ""))
