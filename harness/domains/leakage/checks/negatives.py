"""Whom the rows without the behaviour stand under: neither the target nor those that are looked at as bystanders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.domains.leakage.checks.arms import find_arms_with_the_target, find_rows_made_elsewhere
from harness.domains.leakage.checks.groups import RowGroup, place_of, rows_in, trainings_in
from harness.domains.leakage.checks.texts import is_same_prompt
from harness.findings import Facts, found, rule
from harness.records import Finding

DECLARED_ARM = "in_negatives"


@rule(
    "D101",
    "target among the negatives",
    needs=("training_sets", "row_groups", "personas", "yaml", "imported_sources", "tests"),
    source="D1: the target persona stood among the contrastive negatives of every training, and a leak into it was trained away",
)
def find_target_among_negatives(facts: Facts) -> Iterable[Finding]:
    """A persona whose rows teach not to show the behaviour will not show it: a leak into the target is trained away, and the study finds that there is none.
    So the target's system prompt stands under no negative row, whatever the persona of the row is called, in whatever arm, seed and scale. Prompts are
    compared by what the model reads: in words, but for a slip of the pen, with the target's paraphrases. (The chat template writes them letter for letter,
    or the run refuses it.) The arm `in_negatives`, which puts the target there on purpose, may be used where it is compared with the other alone: in a test
    over the axis `masked`, or one that names both arms.
    Rows that the project's own code makes are not seen; that there are some is reported.

    Bad: `bystander: [gardener, bus_driver]` where gardener.yaml has the prompt of the assistant, which is the target.

    Good: `bystander: [gardener, bus_driver]`, each with a prompt of its own.
    """
    for target in facts.spec.roles.get("target", ()):
        for persona, groups in negatives_like(facts, target).items():
            yield found(
                f"{rows_in(groups)} negative rows of {len(trainings_in(groups))} trainings carry the system prompt of the target {target!r}"
                f"{alias(persona, target)}: what would leak into it is trained away",
                where=place_of(facts, persona),
                fix=f"Leave {persona} out of the negatives, or give it a prompt of its own",
                evidence=trainings_in(groups),
                subject=persona,
            )
    if facts.training_sets:
        yield from find_arms_with_the_target(facts, DECLARED_ARM)
        yield from find_rows_made_elsewhere(facts)


def negatives_like(facts: Facts, who: str) -> dict[str, list[RowGroup]]:
    """Groups of negative rows under the prompt of `who` or a paraphrase of it, by the persona that the rows are named after."""
    persona = facts.personas[who]
    found: dict[str, list[RowGroup]] = {}
    for group in facts.row_groups:
        if group.is_negative and not is_declared(group, who) and any(is_same_prompt(group.system, text) for text in (persona.prompt, *persona.paraphrases)):
            found.setdefault(group.persona, []).append(group)
    return found


def is_declared(group: RowGroup, who: str) -> bool:
    """Whether the arm says that these rows stand under its prompt."""
    return (group.training.arm, group.part, group.persona) == (DECLARED_ARM, "anchor", who)


def alias(persona: str, who: str) -> str:
    return "" if persona == who else f" (as {persona})"


@rule(
    "D102",
    "canary or control among the negatives",
    needs=("row_groups", "personas", "yaml"),
    source="D11, D17: the canary stood in the pool of bystanders, so that it was trained and warned of nothing",
)
def find_bystanders_among_negatives(facts: Facts) -> Iterable[Finding]:
    """A canary shows damage that nobody aimed at it, and a negative control what happens without the cause. One that stands among the negatives of a training
    was trained itself: not to show the behaviour. It then moves less than a bystander would, and what is measured against it seems specific. Prompts are
    compared as by D101.

    Bad: `canary: [data_scientist]` and `bystander: [gardener, data_scientist]`, argued for or not; or a bystander with the canary's prompt.

    Good: `canary: [data_scientist]` and `bystander: [gardener, bus_driver]`.
    """
    for role, name in watched(facts):
        for persona, groups in negatives_like(facts, name).items():
            yield found(
                f"{rows_in(groups)} negative rows of {len(trainings_in(groups))} trainings carry the system prompt of the {role.replace('_', ' ')} {name!r}"
                f"{alias(persona, name)}: it is trained, and tells nothing of what training does to others",
                where=place_of(facts, persona),
                fix=f"Leave {persona} out of the negatives, or give it a prompt of its own",
                evidence=trainings_in(groups),
                subject=persona,
            )


def watched(facts: Facts) -> Iterator[tuple[str, str]]:
    """(role, persona) of canaries and negative controls; one that is the target, too, is that first."""
    for role, names in facts.spec.roles.items():
        if "canary" in role or "control" in role:
            yield from ((role, name) for name in names if name not in facts.spec.roles.get("target", ()))
