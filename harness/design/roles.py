"""Who plays which role, which roles exclude each other, and which pairs of roles a declaration argues for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.design.spec import ExperimentSpec

Pair = frozenset[str]
# A role is known by a word in its name: `canaries`, `negative_pool`. The first that fits decides, so that `negative_control` is no pool of negatives.
WORDS = {
    "canar": "canary",
    "bystander": "bystander",
    "positive": "positive_control",
    "negative_control": "negative_control",
    "negatives": "bystander",
    "pool": "bystander",
    "negative": "negative_control",
    "source": "source",
    "target": "target",
}
# These do nothing else: they show what happens to a persona that nothing was done to, or learn that they are not meant.
APART = ("canary", "bystander")
OPPOSED = {frozenset(("negative_control", other)) for other in ("source", "target", "positive_control")}


def kind_of(role: str) -> str:
    """The standard role that a role's name stands for; its own name where it is none."""
    return next((kind for word, kind in WORDS.items() if word in role.lower()), role)


def exclude_each_other(first: str, second: str) -> bool:
    """Whether no reason can make one persona fit for both roles."""
    one, other = kind_of(first), kind_of(second)
    return one in APART or other in APART or frozenset((one, other)) in OPPOSED


def read_pair(text: str) -> Pair:
    """`target & degenerate` as a pair of roles."""
    return frozenset(part.strip() for part in text.split("&"))


def argued_pairs(spec: ExperimentSpec, persona: str) -> set[Pair]:
    """The pairs of roles that the declaration gives a reason for. A reason for the persona alone is one for its only pair."""
    reasons, roles = spec.argued.get(persona, {}), [role for role, names in spec.roles.items() if persona in names]
    if isinstance(reasons, str):
        return {frozenset(roles)} if len(roles) == 2 else set()
    return {read_pair(text) for text in reasons}


def players(spec: ExperimentSpec, scale: str) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """(persona, role, place in the declaration), also of those whom the axis of a role names at a scale."""
    for role, personas in spec.roles.items():
        for index, persona in enumerate(personas):
            yield persona, role, ("roles", role, index)
    known = set(spec.personas())
    for axis, values in spec.scales[scale].axes.items():
        role = getattr(spec.axes[axis], "role", axis)
        if role in spec.roles and isinstance(values, tuple):
            for index, value in enumerate(values):
                if value in known and value not in spec.roles[role]:
                    yield str(value), role, ("scales", scale, "axes", axis, index)


def double_roles(spec: ExperimentSpec, scale: str) -> Iterator[tuple[str, str, str, tuple[str | int, ...]]]:
    """(persona, one role, other role, where the other stands) for every pair that one persona plays."""
    played: dict[str, list[tuple[str, tuple[str | int, ...]]]] = {}
    for persona, role, place in players(spec, scale):
        played.setdefault(persona, []).append((role, place))
    for persona, roles in played.items():
        for (one, _), (other, place) in combinations(roles, 2):
            yield persona, one, other, place
