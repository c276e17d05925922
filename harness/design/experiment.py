"""A declared experiment: the validated values of its experiment.yaml and the folder they stand in.

Collecting needs a few of the values, and often; the whole form (`spec`) is built when something asks for it. The file is read and validated in every
session: a copy kept anywhere could say something else than the file.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.records import ScaleName

if TYPE_CHECKING:
    from harness.design.spec import ExperimentSpec


class Experiment:
    """One experiment; `plain` is its declaration as JSON values, defaults included."""

    def __init__(self, plain: dict[str, Any], folder: Path) -> None:
        self.plain, self.folder = plain, folder
        self.id: str = plain["id"]
        self.axes: list[str] = list(plain["axes"])
        self.scales: list[str] = list(plain["scales"])
        self.hypotheses: list[str] = list(plain["hypotheses"])

    @cached_property
    def spec(self) -> ExperimentSpec:
        """The declaration in its full form."""
        from harness.design.spec import ExperimentSpec

        return ExperimentSpec.model_validate(self.plain)

    def axis(self, name: str, scale: ScaleName) -> list[Any]:
        """The values of an axis at a scale; `{role: …}` stands for the personas that play it."""
        values = self.plain["scales"][scale]["axes"].get(name, self.plain["axes"][name])
        return list(self.plain["roles"][values["role"]] if isinstance(values, dict) else values)

    def plain_at(self, scale: ScaleName) -> dict[str, Any]:
        """The declaration as it holds at a scale: the values of its axes there, and no other scale."""
        axes = {name: self.axis(name, scale) for name in self.plain["axes"]}
        return copy.deepcopy({**self.plain, "axes": axes, "scales": {scale: self.plain["scales"][scale]}})

    def seeds(self, scale: ScaleName) -> tuple[int, ...]:
        return tuple(self.plain["scales"][scale]["seeds"])

    def cells(self, hypothesis: str) -> list[str]:
        """The axes of a hypothesis' cells; none for one that is not declared."""
        return list(self.plain["hypotheses"].get(hypothesis, {}).get("cells", ()))

    def guards(self, hypothesis: str) -> list[str]:
        """The controls that a hypothesis names for itself."""
        return list(self.plain["hypotheses"][hypothesis]["guarded_by"] or ())

    def falsifiers(self, hypothesis: str) -> list[str]:
        """The controls whose violation falsifies a hypothesis."""
        return list(self.plain["hypotheses"][hypothesis]["falsified_by"] or ())


def order_scales(declared: Iterable[str]) -> list[str]:
    """The scales from the smallest up: smoke first, full last, those between as they are declared."""
    return sorted(declared, key=lambda name: {"smoke": 0, "full": 2}.get(name, 1))


def experiment_in(folder: Path) -> Experiment:
    """The experiment declared in `folder`. Raises HarnessError with file and line at the first mistake."""
    from harness.design.reading import read_plain

    return Experiment(read_plain(folder), folder)
