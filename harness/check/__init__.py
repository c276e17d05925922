"""`harness check`: rules with stable codes for designs and results, each from a mistake that was made and recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.findings import Fact, rules_in
from harness.protocols import Domain

if TYPE_CHECKING:
    from harness.protocols import Check

RULES = "harness.check.rules"


class DesignChecks(Domain):
    """Registered as a domain is: the facts that any experiment has, and the rules about them."""

    name = "check"

    def facts(self) -> Mapping[str, Fact]:
        from harness.check.facts import FACTS
        from harness.check.flow import FACTS as FLOW

        return {**FACTS, **FLOW}

    def checks(self) -> Sequence[Check]:
        return rules_in(RULES)


DOMAIN = DesignChecks()
