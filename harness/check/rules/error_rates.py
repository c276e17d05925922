"""What keeps the error rates that are claimed: the family of the primary hypothesis, alpha."""

from __future__ import annotations

from collections.abc import Iterable

from harness.findings import Facts, found, rule
from harness.records import Finding

ALPHA = 0.05


@rule(
    "S409",
    "primary not corrected",
    needs=("spec", "yaml"),
    source="R11, C19: the family of the primary was set to exploratory, and with it Holm's correction was switched off without a word",
)
def find_uncorrected_primary(facts: Facts) -> Iterable[Finding]:
    """Only confirmatory hypotheses are tested at alpha, with Holm's correction over all of them. A primary hypothesis that is exploratory is supported by its
    rule alone, at no error rate; and an alpha above .05 is a lower bar than readers expect.

    Bad: `primary: H1`, with `family: exploratory` under H1.

    Good: the primary is confirmatory, and what is merely looked at is exploratory.
    """
    spec = facts.spec
    if spec.hypotheses[spec.primary].family != "confirmatory":
        message = f"the primary hypothesis {spec.primary} is exploratory: it is tested at no alpha and without Holm's correction"
        yield found(message, where=facts.place("hypotheses", spec.primary, "family"), fix="Make it confirmatory, or another one primary", subject=spec.primary)
    if spec.alpha > ALPHA:
        message = f"alpha is {spec.alpha:g}: one of {1 / spec.alpha:.0f} experiments in which nothing is there supports something"
        yield found(message, where=facts.place("alpha"), fix=f"Write alpha: {ALPHA:g} or less", subject="alpha")
