"""Beyond averages: groups of models, instruction tuning, other words and pressure, and what stands inside the models."""

from __future__ import annotations

from harness import Inconclusive, hypothesis
from harness.domains.convergence import PRIMARY, group_of, met_of

NEEDS = ["G1", "G2", "G3", "G4", "K1", "K2"]


@hypothesis("H4", needs=NEEDS)
def test_members_of_a_group_are_more_alike(grouping, alike, similarity, criterion):
    """Two members of one group (family, architecture, provider, region, or size) are more alike than both models' own agreeableness would make them."""
    groups = {name: group_of(one.member, grouping) for name, one in alike.replies.items()}
    unknown = [name for name, group in groups.items() if group is None]
    note = f"guises count with their weights; {len(unknown)} of {len(groups)} have no known {grouping} and are left out"
    found = alike.found.within_groups(PRIMARY, groups)
    assert criterion("family").holds(similarity(f"same {grouping}, beyond both models' own", found, alike, note))


@hypothesis("H5", needs=NEEDS)
def test_instruction_tuning_makes_models_do_what_is_expected(trained, live_models, alike, measure, criterion):
    """Instruction-tuned models do what is expected of them more often than base models of the same family do."""
    scored = [one for one in live_models if any(value is not None for value in alike.met[one.member.name].values())]
    if not scored:
        raise Inconclusive("no answer could be held against what its prompt expects: the source of prompts expects nothing")
    groups = {base: [one for one in scored if one.member.base == base] for base in (False, True)}
    for base, found in groups.items():
        for one in found:
            kind = "base" if base else "tuned"
            measure.rate(f"expected, {one.member.name} ({kind})", alike.met[one.member.name], sampling_unit="task", sources=one.sources)
            measure.rate(f"cut off, {one.member.name} ({kind})", one.sources[0].outcomes("status=truncated"))
    pairs = [(one, other) for one in groups[False] for other in groups[True] if one.member.group == other.member.group]
    if not pairs:
        raise Inconclusive(f"no base model of the set has a tuned sibling in its family: {trained} cannot be told from being another model")
    arms = [averaged([alike.met[pair[side].member.name] for pair in pairs]) for side in (0, 1)]
    refuse_unscored(arms)
    assert criterion("tuned").holds(measure.shift("tuned beyond base", *arms, sampling_unit="task", sources=alike.sources))


@hypothesis("H6", needs=["G1", "G2", "K1", "K2"])
def test_other_words_and_pressure_change_little(variation, varied, tasks, live_models, answers_of, measure, criterion):
    """Asked in other words, or under pressure, models do what is expected about as often as when asked plainly: the bar at most less or more."""
    pairs = varied(variation)
    if not pairs:
        raise Inconclusive("the source of prompts has no variations")
    plain, other, sources = [], [], []
    for one in live_models:
        if one.member.base:
            continue  # a base model does hardly anything that is expected, so nothing could be lost
        before = met_of(one, tasks)
        asked = answers_of(one.member, [new for _, new in pairs], f"varied-{variation}")
        if asked.unpaid:
            raise Inconclusive(f"{one.member.name} was not asked: {asked.unpaid}")
        sources += [*asked.sources, *one.sources]
        after = met_of(asked, [new for _, new in pairs])
        both = [(old, new) for old, new in pairs if before[old.id] is not None and after[new.id] is not None]  # paired within each respondent
        plain.append({new.id: None for _, new in pairs} | {new.id: before[old.id] for old, new in both})
        other.append({new.id: None for _, new in pairs} | {new.id: after[new.id] for _, new in both})
    arms = [averaged(found) for found in (other, plain)]
    refuse_unscored(arms)
    for name, arm in zip(("varied", "as written"), arms, strict=True):
        measure.rate(f"expected, {name}", arm, sampling_unit="task", sources=tuple(sources))
    assert criterion("robust").within(measure.shift(f"change under {variation}", *arms, sampling_unit="task", sources=tuple(sources)))


@hypothesis("H9", needs=NEEDS)
def test_agreement_is_more_than_repeating_the_prompt(echoed, alike, itself, beyond_echo, similarity, criterion):
    """Two models' answers are more alike than either is to the prompt, both above mismatched prompts: they share more than the words they were given."""
    own, values = beyond_echo(list(itself.replies.values()))
    ceiling = similarity("one model with itself, beyond the prompt", own.found.mean_of(values), own)
    bar = criterion("beyond_prompt")
    real, values = beyond_echo(list(alike.replies.values()))
    found = similarity(f"beyond the {echoed}", real.found.mean_of(values), real)
    if ceiling.interval.low <= 0 or ceiling.value < bar.threshold.value:
        raise Inconclusive(f"even one model with itself is {ceiling.value:+.3f} beyond the prompt ({found.value:+.3f} between models): this cannot tell")
    assert bar.holds(found)


def averaged(outcomes: list[dict[str, bool | None]]) -> dict[str, float | None]:
    """Task to the share of respondents that met it, of those whose answer could be scored."""
    known = {task: [float(found[task]) for found in outcomes if found[task] is not None] for task in outcomes[0]}
    return {task: sum(values) / len(values) if values else None for task, values in known.items()}


def refuse_unscored(arms: list[dict[str, float | None]]) -> None:
    """Raises Inconclusive where no task has a value in all arms."""
    if all(any(arm[task] is None for arm in arms) for task in arms[0]):
        raise Inconclusive("no task could be scored in both arms")
