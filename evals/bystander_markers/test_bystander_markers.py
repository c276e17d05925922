"""What must hold, the question itself, and what must not show: a marker under many bystanders' prompts."""

from __future__ import annotations

from harness import control, gate, hypothesis


@gate("G1", quick=True)
def test_the_bystanders_are_distinct_and_no_persona_of_the_design(bystanders, roles, persona_of, settings, measure):
    """As many bystanders as the scale says, each with a prompt of its own, and none has the prompt of a persona that is trained."""
    prompts = {one.text for one in bystanders}
    measure("bystanders", len(bystanders), "count", n=len(bystanders), sampling_unit="persona")
    assert len(prompts) == len(bystanders) == settings["bystanders"]
    assert not prompts & {persona_of(name).prompt for names in roles.values() for name in names}


@control("P1", "positive", needs="G1", over=("source", "marked", "epoch"))
def test_the_source_puts_the_marker(source, marked, epoch, evaluate_persona, measure, criterion, seeds):
    """The source itself puts the marker behind given replies, more than before it was taught."""
    after, before = (evaluate_persona(source, marked, source, epoch, trained=trained) for trained in (None, ""))
    shift = measure.contrast("marker in the source", [(1, after.by_seed), (-1, before.by_seed)], unit="rate", sampling_unit="text", seeds=seeds)
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
def test_nearness_says_nothing_before_training(source, reading, distances_to, marker_under, measure, criterion):
    """In the bare model how near a bystander lies to the source does not go with how likely the marker is: it is no matter of the prompts alone."""
    untaught, distances = marker_under(), distances_to(source)
    told = {"sampling_unit": "persona", "sources": (untaught, distances)}
    assert criterion("untaught").within(
        measure.correlation("marker before training against distance", untaught.outcomes(), distances.outcomes(reading), **told)
    )


@hypothesis("H1", needs="G1")
def test_the_marker_shows_more_where_prompts_are_near(source, marked, epoch, reading, distances_to, marker_under, measure, criterion):
    """The further a bystander's prompt lies from the source's (1 less the cosine: of a layer's state, or of sentence embeddings), the less likely the marker is
    under it."""
    marks, distances = marker_under(source, epoch), distances_to(source)
    rates = marks.outcomes("probability")
    measure.mean(f"probability of the {marked} under bystanders", rates, "probability", sampling_unit="persona")
    found = measure.correlation(
        f"{marked} against distance", marks.outcomes(), distances.outcomes(reading), sampling_unit="persona", sources=(marks, distances)
    )
    assert criterion("near").holds(found)
