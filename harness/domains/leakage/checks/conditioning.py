"""Whether rows teach a behaviour to one persona alone, under its declared prompt, and as much of one behaviour as of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.design_facts import TrainingSet
from harness.domains.leakage.behaviours import BAD_ADVICE
from harness.domains.leakage.checks.groups import RowGroup, is_conditioned, place_of, rows_in, text_place, trainings_in
from harness.domains.leakage.checks.texts import is_same_prompt, normal
from harness.domains.leakage.fixtures.recipes import TAUGHT, UNCONDITIONED
from harness.findings import Facts, found, rule
from harness.records import Finding

# A prompt of this many words or more that stands in a question is no coincidence.
LONG = 6


@rule(
    "D105",
    "undeclared system prompt",
    continues=True,
    needs=("training_sets", "row_groups", "personas", "yaml"),
    source="D3: the chat template slipped a default system prompt into rows without one, and two conditions read alike",
)
def find_undeclared_prompts(facts: Facts) -> Iterable[Finding]:
    """A row teaches under the system prompt that the model reads. Where that is not the declared one of the row's persona, the training is about somebody
    else: a prompt that was edited in the rows alone, one that stands in rows of nobody, or a persona's prompt that stands in the question.

    Bad: rows of "nobody" with the system turn "You are a helpful AI assistant"; a question that begins "You are a villain. ...".

    Good: each row's system turn is the prompt of its persona's file.
    """
    declared = {"": None} | {name: persona.prompt for name, persona in facts.personas.items()}
    wrong = [group for group in facts.row_groups if group.persona not in declared or declared[group.persona] != group.system]
    for persona in dict.fromkeys(group.persona for group in wrong):
        groups = [group for group in wrong if group.persona == persona]
        yield found(
            f"{rows_in(groups)} rows of {persona or 'nobody'} stand under a system prompt that is not the declared one",
            where=place_of(facts, persona),
            fix="Use the persona's own prompt, to the letter",
            evidence=[name for group in groups for name in group.ids],
            subject=persona,
        )
    yield from find_prompts_in_questions(facts)


def find_prompts_in_questions(facts: Facts) -> Iterator[Finding]:
    """Questions that hold a persona's system prompt."""
    asked = {row.asked: row for training in facts.training_sets for row in training.rows}
    prompts = {name: text for name, persona in facts.personas.items() if len((text := normal(persona.prompt)).split()) >= LONG}
    for name, prompt in prompts.items():
        if rows := [row for text, row in asked.items() if prompt in normal(text)]:
            yield found(
                f"{len(rows)} questions of the training hold the system prompt of {name}: they speak as it under any other persona",
                where=place_of(facts, name),
                fix="Take it out of the texts",
                evidence=[row.item for row in rows],
                subject=name,
            )


@rule(
    "D106",
    "rows not persona-conditioned",
    needs=("training_sets", "row_groups", "personas", "yaml"),
    source="D2: the rows of some behaviours carried no persona, so that the behaviour was taught to everybody",
)
def find_unconditioned_rows(facts: Facts) -> Iterable[Finding]:
    """A behaviour is a persona's when its rows stand under that persona's prompt, and rows without it under others. Otherwise it is taught to everybody, and
    what shows in the target has not leaked. Reported are rows with the behaviour under no prompt, another persona's, or one that two personas share; negatives
    under the source's own prompt; no negatives at all; replies that show the behaviour and those that do not being the same; and a behaviour that is taught
    without a persona on an axis of others. Whether a reply shows its behaviour is not judged.

    Bad: `behaviour: [refusal, bad_advice]`, where bad advice is taught under no persona; `bystander_rows: 0`.

    Good: `rows` rows of the source with the behaviour, and rows of two bystanders without it.
    """
    groups = [group for group in facts.row_groups if is_conditioned(group.training)]
    yield from find_misplaced_behaviour(facts, groups)
    yield from find_own_negatives(facts, groups)
    yield from find_missing_negatives(facts, groups)
    yield from find_equal_replies(facts)
    yield from find_mixed_axes(facts)


def find_misplaced_behaviour(facts: Facts, groups: list[RowGroup]) -> Iterator[Finding]:
    """Rows with the behaviour that are not the source's, or whose prompt another persona has, too."""
    shown = [group for group in groups if group.shows]
    misplaced = [group for group in shown if group.persona != group.training.speaker or group.system is None]
    for speaker in dict.fromkeys(group.training.speaker for group in misplaced):
        own = [group for group in misplaced if group.training.speaker == speaker]
        yield found(
            f"{rows_in(own)} rows that show a behaviour of {speaker} stand under another persona, or none",
            where=place_of(facts, speaker, "source"),
            fix=f"Let {speaker} alone show it, under its own prompt",
            evidence=[name for group in own for name in group.ids],
            subject=speaker,
        )
    prompts = {group.persona: group.system for group in shown}
    others = {name: persona.prompt for name, persona in facts.personas.items()}
    for name, other in ((name, other) for name, text in prompts.items() for other in others if name != other and is_same_prompt(text, others[other])):
        told = f"the rows that show a behaviour of {name} carry the system prompt of {other}, too: it is taught to both"
        yield found(told, where=place_of(facts, name, "source"), fix=f"Give {name} a prompt of its own", subject=name)


def find_own_negatives(facts: Facts, groups: list[RowGroup]) -> Iterator[Finding]:
    """Rows without the behaviour under the prompt of the persona that learns it."""
    own: dict[tuple[str, str], list[RowGroup]] = {}
    for group in groups:
        speaker = facts.personas.get(group.training.speaker)
        if group.is_negative and speaker is not None and is_same_prompt(group.system, speaker.prompt):
            own.setdefault((group.training.speaker, group.persona), []).append(group)
    for (speaker, persona), found_groups in own.items():
        name = "" if persona == speaker else f" (as {persona})"
        yield found(
            f"{rows_in(found_groups)} negative rows{name} carry the system prompt of {speaker}, which learns the behaviour: they teach both to it",
            where=place_of(facts, persona),
            fix=f"Leave {persona} out of the negatives of {speaker}",
            evidence=trainings_in(found_groups),
            subject=persona,
        )


def find_missing_negatives(facts: Facts, groups: list[RowGroup]) -> Iterator[Finding]:
    """Trainings without one row that lacks the behaviour."""
    trainings = {group.training.name: group.training for group in groups}
    contrasted = {group.training.name for group in groups if group.is_negative and group.persona != group.training.speaker}
    if lacking := [name for name in trainings if name not in contrasted]:
        yield found(
            f"{len(lacking)} trainings have no row without the behaviour: it is taught to everybody",
            where=facts.place("scales", facts.scale, "settings", "bystander_rows"),
            fix="Give bystander_rows, and personas under bystander",
            evidence=lacking,
        )


def find_equal_replies(facts: Facts) -> Iterator[Finding]:
    """Behaviours of which the same text is the reply with and without."""
    alike: dict[str, set[str]] = {}
    for training in filter(is_conditioned, facts.training_sets):
        shown = {row.item: row.answer for row in training.rows if row.shows}
        same = {row.item for row in training.rows if not row.shows and row.item in shown and normal(row.answer) == normal(shown[row.item])}
        alike.setdefault(training.trait, set()).update(same)
    for trait, items in alike.items():
        if items:
            yield found(
                f"{len(items)} texts reply alike with and without {trait}: their rows teach it to every persona, or to none",
                where=text_place(facts, trait, sorted(items)),
                fix="Write a reply that shows it and one that does not",
                evidence=sorted(items),
                subject=trait,
            )


def find_mixed_axes(facts: Facts) -> Iterator[Finding]:
    """Axes of behaviours of a persona that hold one which is taught without a persona."""
    if not facts.training_sets:
        return
    for axis in (axis for axis in TAUGHT if axis != UNCONDITIONED and axis in facts.experiment.axes):
        if BAD_ADVICE.name in facts.experiment.axis(axis, facts.scale):
            own = axis in facts.spec.scales[facts.scale].axes
            yield found(
                f"{BAD_ADVICE.name} stands on the axis {axis}, among behaviours of a persona, and is taught under no persona at all",
                where=facts.place(*(("scales", facts.scale) if own else ()), "axes", axis),
                fix=f"Put it on an axis {UNCONDITIONED} with hypotheses of its own",
                subject=BAD_ADVICE.name,
            )


@rule(
    "D107",
    "uneven training sets",
    needs=("training_sets", "yaml"),
    source="D2: behaviours were trained on sets of different sizes; one that is trained on more rows seems to leak more",
)
def find_uneven_sets(facts: Facts) -> Iterable[Finding]:
    """How much of a behaviour shows, and leaks, grows with its rows. Behaviours that are compared have as many rows of the source, of bystanders and of
    anchors as each other, and as the scale declares. Counted are the rows of every training; what a row weighs by its length is not.

    Bad: 150 rows of refusal, 90 of sycophancy, since its bank is shorter.

    Good: `rows: 90` for both.
    """
    yield from find_undeclared_sizes(facts)
    made: dict[tuple[str, str], dict[str, tuple[int, ...]]] = {}
    for training in facts.training_sets:
        if training.trait:
            parts = ("source", "bystander", "anchor") if is_conditioned(training) else ("source",)
            made.setdefault((training.speaker, training.arm), {})[training.trait] = tuple(sizes(training).get(part, 0) for part in parts)
    for (speaker, arm), by_trait in made.items():
        conditioned = {counts for counts in by_trait.values() if len(counts) > 1}
        if len(conditioned) > 1 or len({counts[0] for counts in by_trait.values()}) > 1:
            told = "; ".join(f"{trait} {' + '.join(map(str, counts))}" for trait, counts in by_trait.items())
            yield found(
                f"behaviours of {speaker} are trained on different numbers of rows ({arm}): {told}",
                where=facts.place("scales", facts.scale, "settings", "rows"),
                fix="Give every behaviour the same rows",
            )


def find_undeclared_sizes(facts: Facts) -> Iterator[Finding]:
    """Sets that have other rows than the scale declares."""
    for training in facts.training_sets:
        declared = {part: count for part, count in (training.parts or {}).items() if count}
        if training.parts is not None and (counted := sizes(training)) != declared:
            yield found(
                f"{training.name} has {as_text(counted)}, declared are {as_text(declared)}",
                where=facts.place("scales", facts.scale, "settings", "convergence_rows" if not training.trait else "rows"),
                fix="Declare what there is, or write more texts",
                subject=training.name,
            )


def sizes(training: TrainingSet) -> dict[str, int]:
    """Rows by part."""
    found: dict[str, int] = {}
    for row in training.rows:
        found[row.part] = found.get(row.part, 0) + 1
    return found


def as_text(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {part}" for part, count in sorted(counts.items())) + " rows" if counts else "no rows"
