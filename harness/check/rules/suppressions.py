"""The rule about suppressions themselves."""

from __future__ import annotations

from collections.abc import Iterable

from harness.findings import Facts, rule
from harness.records import Finding


@rule("R510", "suppression", needs=("experiment",), severity="warning", source="a warning was switched off, and nobody read that it was")
def list_suppressions(facts: Facts) -> Iterable[Finding]:  # noqa: ARG001  `harness check` compares them with what all other rules found
    """A finding may be allowed in `experiment.yaml`, under its code, with a reason of 20 characters or more. Every suppression is part of the
    preregistration and is printed under Caveats; allowing D101, D108, M303 or S401 caps the confidence at LOW. One that suppresses nothing is a finding.

    Bad: `allow: {D118: {why: "ok"}}`, or a suppression of something that was repaired long ago.

    Good: `allow: {D118: {why: "lengths are reported and tested in H7", where: roles/source}}`.
    """
    return ()
