"""What changed since the preregistration, and since the studies that a design builds on."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from harness.design.preregistration import ABSENT, TESTS
from harness.findings import Facts, found, rule
from harness.records import Deviation, Finding

CLAIMS = "claims/"
# Places of the lock that move what is concluded from the same data, then those that move the data; what only costs or explains is neither.
DECIDING = ("thresholds", "hypotheses", "primary", "alpha", "rules")
MEASURING = ("axes", "roles", "seeds", "settings", "inputs", "data", "prompts", "claims", "test code", "shared code", "question", "title")
GONE = {"needs": "need", "over": "axis"}


@rule(
    "R504",
    "gate, control or need gone since the lock",
    needs=("universe", "yaml"),
    source="R13: the pilot gate was taken out, and the report said that there were no deviations",
)
def find_lost_guards(facts: Facts) -> Iterable[Finding]:
    """Gates, kill criteria and controls are what a result must survive. One that stood in the lock and is gone, that less depends on than before, or that is
    repeated over fewer axes, lets pass what the preregistration would have stopped. Locks of earlier versions name the tests alone, not their needs, axes
    and polarity; of those only a missing test is seen.

    Bad: the gate `Pilot` is deleted after the lock, and so are the `needs` that name it.

    Good: the gate stays; or the experiment is locked again, with the reason.
    """
    for deviation in facts.universe.promise.deviations:
        for message, owner in losses(deviation):
            where = facts.place("hypotheses", owner) if owner in facts.spec.hypotheses else facts.place()
            yield found(message, where=where, fix="Restore it, or lock again and say why", subject=owner)


def losses(deviation: Deviation) -> Iterator[tuple[str, str]]:
    """(what is gone, whose) in one difference from the lock."""
    if deviation.what.startswith(CLAIMS) and deviation.found == ABSENT:
        owner = deviation.what.removeprefix(CLAIMS)
        yield f"the test {owner} (gate, kill, control or hypothesis) is gone since the lock", owner
    if not deviation.what.startswith(TESTS) or ABSENT in (deviation.found, deviation.promised):
        return  # a test that is gone has lost its claim, too; one that is new guards more
    owner, _, part = deviation.what.removeprefix(TESTS).rpartition("/")
    before, now = decoded(deviation.promised), decoded(deviation.found)
    if part in GONE:
        yield from ((f"{owner} has lost its {GONE[part]} {name} since the lock", owner) for name in before if name not in now)
    else:
        yield f"the {part} of {owner} was {before or 'none'} in the lock and is {now or 'none'} now", owner


def decoded(text: str) -> Any:
    import json

    return json.loads(text)


@rule(
    "R505",
    "rule or threshold moved since the lock",
    needs=("universe", "yaml", "scale"),
    source="R6, T20, R7: a tolerance was loosened in the middle of a run; the primary became the hypothesis that had worked",
)
def find_moved_promises(facts: Facts) -> Iterable[Finding]:
    """A threshold, a rule, the primary hypothesis or alpha that moves after the lock may have been moved to where the data are. Each such place is named with
    both values, as an error. What moves the data (settings, seeds, axes, banks, prompts, code of tests) is a warning, one for each kind. Other scales than
    the one that is checked, costs and words do not count.

    Bad: `loss_tolerance: 0.2` becomes `0.5` after the gate has failed.

    Good: the lock is kept; or the experiment is locked again with `--again --reason`, which its history keeps.
    """
    by_kind: dict[str, list[Deviation]] = {}
    for deviation in facts.universe.promise.deviations:
        place = at_scale(deviation.what, facts.scale)
        kind = place.partition("/")[0]
        if kind in DECIDING:
            message = f"{deviation.what} was {deviation.promised} in the lock and is {deviation.found} now"
            yield found(message, where=facts.place(*deviation.what.split("/")), fix=LOCK_AGAIN, subject=deviation.what)
        elif kind in MEASURING and not (deviation.what.startswith(CLAIMS) and deviation.found == ABSENT):
            by_kind.setdefault(kind, []).append(deviation)
    for kind, moved in by_kind.items():
        told = f"{kind}: {len(moved)} {'place' if len(moved) == 1 else 'places'} changed since the lock"
        where = facts.place(*moved[0].what.split("/"))
        yield found(told, where=where, fix=LOCK_AGAIN, evidence=changes(moved), subject=kind, severity="warning")


LOCK_AGAIN = "Restore what was locked, or lock again and say why (harness lock --again --reason)"


def changes(moved: list[Deviation]) -> list[str]:
    """Each place with both values; of files their names say enough."""
    short = 60
    return [f"{one.what} {one.promised} -> {one.found}" if max(len(one.promised), len(one.found)) < short else one.what for one in moved]


def at_scale(place: str, scale: str) -> str:
    """The place without the name of the scale in front; "" for one of another scale."""
    own = place.removeprefix(f"scales/{scale}/")
    return "" if own.startswith("scales/") else own


@rule(
    "R506",
    "no preregistration",
    severity="warning",
    needs=("universe", "scale", "yaml"),
    source="R11: the preregistration had no date, so that nobody could tell whether it came before the data",
)
def find_missing_lock(facts: Facts) -> Iterable[Finding]:
    """Without a lock nobody can tell which thresholds and rules were chosen before the data. The confidence of such a result is capped,
    whatever it shows. A smoke run claims nothing and needs none.

    Bad: a run at scale full of an experiment without `experiment.lock.json`.

    Good: `harness lock evals/x`, then the run.
    """
    if facts.scale == "smoke" or facts.universe.promise.locked:
        return
    fix = f"Write the lock before the data: harness lock {shlex.quote(facts.universe.folder)}"
    yield found("the experiment is not preregistered: it has no lock", where=facts.place(), fix=fix)


@rule(
    "R507",
    "superseded parent",
    needs=("spec", "yaml", "parents"),
    source="R12: a result that had been withdrawn was still built upon",
)
def find_superseded_parents(facts: Facts) -> Iterable[Finding]:
    """A study that builds on a result which does not stand any more inherits its mistake. The rule reads the history of the parent's run, where
    `harness revise` says by what it is superseded; of studies outside of the project it knows nothing.

    Bad: `parents: [{run: reports/x/1}]` after that run was superseded by `reports/x/2`.

    Good: the parent is the run that superseded it.
    """
    for place, parent in enumerate(facts.parents):
        if parent.superseded:
            message = f"the parent {parent.run} does not stand any more: superseded {parent.superseded}"
            yield found(message, where=facts.place("parents", place), fix="Build on the run that superseded it, or on none", subject=parent.run)


@rule(
    "T209",
    "more than the declared differs from the parent",
    needs=("spec", "yaml", "parents"),
    source="D12, D13, D21: from one version to the next several variables changed at once, and the effect was put down to one of them",
)
def find_undeclared_differences(facts: Facts) -> Iterable[Finding]:
    """A comparison with an earlier study is about what differs. `may_differ` of a parent names it; whatever else differs (a learning rate, epochs, thresholds,
    seeds, banks, prompts) could explain the same result. Declarations are compared at the scale that is checked; a run of another scale is not compared
    with. A parent that is only a text cannot be compared.

    Bad: `{lock: evals/x, may_differ: [settings/behaviour_lr]}` while the number of epochs differs, too.

    Good: every difference is named, or taken back.
    """
    for place, parent in enumerate(facts.parents):
        if parent.differs and "scale" not in parent.differs:
            name, count = parent.run or parent.lock, len(parent.differs)
            message = f"{count} {'place differs' if count == 1 else 'places differ'} from the parent {name} that may_differ does not name"
            fix = "Take the differences back, or name them under may_differ"
            yield found(message, where=facts.place("parents", place), fix=fix, evidence=parent.differs, subject=name)
