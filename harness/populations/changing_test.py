"""Tests that change: at fixed intervals some questions are dropped and others are written, aimed at beliefs by a policy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.populations.form import Form

POLICIES = ("random", "common", "harmful", "uncovered")
DROPS = ("oldest", "uninformative", "redundant")


class ChangingTest(Form):
    """Every `every` generations `dropped` questions go and `added` come.

    A new question activates as many beliefs as the first ones do on average, each with a chance proportional to
      random: 1; common: its frequency among models weighted by selection; harmful: how much less true value the models that hold it have, times its frequency;
      uncovered: its frequency over one plus its activation by the present test.
    Dropped are the oldest, the least informative (smallest variance of the question's score over models), or the most redundant (largest mean correlation of
    activations with the other questions).
    New questions are scored by the evaluators' signal, deceptive as it is, or, with `scored_with`, by one whose correlation with true value is that.
    """

    every: Annotated[int, Field(ge=1)] = 10
    added: Annotated[int, Field(ge=0, le=1000)] = 2
    dropped: Annotated[int, Field(ge=0, le=1000)] = 2
    policy: Literal["random", "common", "harmful", "uncovered"] = "common"
    drop: Literal["oldest", "uninformative", "redundant"] = "oldest"
    scored_with: Annotated[float, Field(ge=-1, le=1)] | None = None

    @model_validator(mode="after")
    def _changes(self) -> ChangingTest:
        if not self.added and not self.dropped:
            raise ValueError("added and dropped are both 0, so the test does not change. Leave it out, or give one of them")
        return self

    def changes(self, generations: int) -> int:
        """How often the test changes in so many generations: before the measurements of every, 2 every, …"""
        return generations // self.every
