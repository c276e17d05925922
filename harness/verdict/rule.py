"""Decision rules: "at least k of an axis", nested. A rule is declared before the data and evaluated after it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

# Strict: `yes`, "3" and 3.0 are no counts.
Count = Annotated[int, Strict(), Field(ge=1)]


class Rule(BaseModel):
    """At least `at_least` of the values of axis `of` hold, where a value holds when `each` holds within it.

    Axes that no level names must hold in all their cells. `falsified_below` leaves a band undecided: fewer than that many falsify, `at_least` or
    more support, the counts between are inconclusive. Without it, whatever does not support falsifies.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    at_least: Count | Literal["all"]
    of: str
    each: Rule | None = None
    falsified_below: Count | None = None

    @model_validator(mode="after")
    def _bars_in_order(self) -> Rule:
        if self.falsified_below is not None and self.at_least != "all" and self.falsified_below > self.at_least:
            raise ValueError(f"falsified_below {self.falsified_below} lies above at_least {self.at_least}")
        return self

    def axes(self) -> tuple[str, ...]:
        """The axes the rule names, outermost first."""
        return (self.of, *(self.each.axes() if self.each else ()))

    def text(self) -> str:
        """The rule in words."""
        count = "every" if self.at_least == "all" else f"at least {self.at_least}"
        own = f"{count} {self.of}" if self.at_least == "all" else f"{count} of the {self.of} values"
        inner = f", each in {self.each.text()}" if self.each else ""
        band = f" (falsified below {self.falsified_below})" if self.falsified_below else ""
        return own + inner + band
