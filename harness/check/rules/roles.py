"""Rules about personas and the roles that they play."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.design.roles import argued_pairs, double_roles, exclude_each_other, kind_of, players
from harness.findings import Facts, found, rule
from harness.records import Finding

# Roles that a persona's file may say it is fit for; others are an experiment's own.
STANDARD = {"target", "source", "canary", "bystander", "negative_control", "positive_control"}


def normal_text(text: str) -> str:
    """The words of a text: what is left when case, spaces and punctuation do not count."""
    return " ".join(re.findall(r"\w+", text.casefold()))


@rule(
    "D103",
    "two roles",
    needs=("spec", "yaml", "personas"),
    source="D11, D17: the canary stood in the bystander pool; the librarian was canary and control at once",
)
def find_double_roles(facts: Facts) -> Iterable[Finding]:
    """A persona in two roles is compared with itself, or shows in one role what was done to it in the other. So a reason is needed for each pair of roles. A
    canary and a bystander do nothing else, and a negative control is neither source nor target: no reason makes these fit. Two names with one prompt are one
    persona; case, spaces and punctuation do not count. Reads roles, the axes of a scale that are made of roles, and prompts; it does not see a role that
    a test gives to a persona by itself.

    Bad: `canary: [librarian]`, `negative_control: [librarian]`, `argued: {librarian: it is mild}`.

    Good: `argued: {assistant: {target & degenerate: converged onto itself it is the control, in tests of its own}}`.
    """
    for persona, one, other, place in double_roles(facts.spec, facts.scale):
        where, both = facts.place(*place), f"{persona!r} is both {one} and {other}"
        if exclude_each_other(one, other):
            yield found(f"{both}, which no reason can make one", where=where, fix="Give each of the two roles a persona of its own", subject=persona)
        elif frozenset((one, other)) not in argued_pairs(facts.spec, persona):
            fix = f"Give it one role, or argue for this pair under argued: {{{persona}: {{{one} & {other}: reason}}}}"
            yield found(f"{both}, and no reason is given for this pair", where=where, fix=fix, subject=persona)
    yield from find_shared_prompts(facts)


def find_shared_prompts(facts: Facts) -> Iterable[Finding]:
    first: dict[str, tuple[str, str, tuple[str | int, ...]]] = {}
    for persona, role, place in players(facts.spec, facts.scale):
        text = normal_text(facts.personas[persona].prompt)
        other, its_role, _ = first.setdefault(text, (persona, role, place))
        if other != persona:
            message = f"{persona!r} ({role}) has the prompt of {other!r} ({its_role}): they are one persona under two names"
            yield found(message, where=facts.place(*place), fix="Give one of them a prompt of its own, or leave it out", subject=persona)


@rule("D119", "persona unfit for its role", needs=("spec", "yaml", "personas"), source="M9: a persona was mapped to a group that it does not belong to")
def find_unfit_personas(facts: Facts) -> Iterable[Finding]:
    """A persona's file says for which roles it is fit: a mild one can be a control, one that asks for wrong answers can not be a canary. In another role it
    measures something else. Reads the field `roles` of personas; a role of the experiment's own, which no persona in it names, is not judged, unless the
    persona is fit as a positive control alone.

    Bad: `canary: [wrong_answerer]`, whose file says `roles: [positive_control]`.

    Good: `canary: [data_scientist]`, whose file says `roles: [canary, bystander]`.
    """
    judged = STANDARD | {kind_of(role) for persona in facts.personas.values() for role in persona.roles}
    for name, role, place in players(facts.spec, facts.scale):
        fit = [kind_of(one) for one in facts.personas[name].roles]
        if kind_of(role) not in fit and (kind_of(role) in judged or set(fit) == {"positive_control"}):
            message = f"{name!r} is {role}, and its file says that it is fit for {', '.join(facts.personas[name].roles)}"
            yield found(message, where=facts.place(*place), fix=f"Choose a persona that is fit as {role}, or say in its file that it is", subject=name)
