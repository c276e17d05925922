"""The interfaces through which domains and other packages plug in. They are registered by entry points, never by editing a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from harness.records import Finding, SectionRecord, Severity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.behaviours.behaviour import Behaviour
    from harness.findings import Fact, Facts
    from harness.report.blocks import Block
    from harness.report.numbers import Numbers
    from harness.units import Unit

R = TypeVar("R", bound=SectionRecord, contravariant=True)


@runtime_checkable
class Section(Protocol[R]):
    """A section of the report. `position` orders sections; below 100 they describe how the run was set up, from 100 on what it found.

    `record` is the type of its records, by which `report(record)` finds the section. A test may report any number of them.
    """

    id: str
    title: str
    position: int

    @property
    def record(self) -> type[Any]: ...

    def build(self, records: Mapping[str, R], numbers: Numbers) -> Iterable[Block]:
        """What to show. `records` maps the address of each record in results.json to the record, in the order of their names; every number gets into a
        block through `numbers`, by its address."""
        ...


@runtime_checkable
class Simulation(Protocol):
    """How the plan simulates a cell whose threshold is in a certain unit. `needs` are what such a threshold declares under `simulation`; `draws` is the number
    of simulated cells, `p_floor` the smallest p that the test of a real one can give, `assumptions` says in words what is simulated."""

    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def draws(self) -> int: ...
    @property
    def p_floor(self) -> float: ...
    @property
    def assumptions(self) -> str: ...

    def refuse(self, numbers: Mapping[str, float]) -> str:
        """What is wrong with the numbers of a threshold, "" where nothing is: the declaration is refused with it."""
        ...

    def answers(
        self, *, n: int, effect: float, threshold: float, direction: str, numbers: Mapping[str, float], seed: object
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(the criterion holds, it does not) in each draw; neither where it cannot tell. `effect` and `threshold` are in the unit."""
        ...


@runtime_checkable
class BehaviourDeclaration(Protocol):
    """What makes a `harness.behaviours.behaviour.Behaviour` known by its name."""

    @property
    def name(self) -> str: ...
    @property
    def bank(self) -> str: ...
    def is_judged(self, judge: str) -> bool: ...


@runtime_checkable
class Check(Protocol):
    """A rule that designs or results are checked by. `code` is stable: letters and three digits, two letters for a package of your own. `needs` are names of
    facts, which decide at which stage the rule runs; `source` is the recorded mistake that it exists for; `text` its page: why, what is bad, what is good.
    `harness.findings.rule` makes one of a function."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def since(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def source(self) -> str: ...
    @property
    def text(self) -> str: ...

    def check(self, facts: Facts) -> Iterable[Finding]:
        """What is wrong. Reads facts alone."""
        ...


class Domain:
    """Everything about one subject: an object of a class below this one, named by an entry point of the group `harness.domains`. Loading it must be quick
    and import nothing heavy. `fixtures` are the modules of its pytest fixtures and hooks, registered when the first experiment is collected."""

    name: str
    fixtures: tuple[str, ...] = ()

    def sections(self) -> Sequence[Section[Any]]:
        return ()

    def behaviours(self) -> Sequence[Behaviour]:
        """What `evaluate` can show of a model, by the names that axes and thresholds use."""
        return ()

    def simulations(self) -> Mapping[str, Simulation]:
        """What simulates thresholds for the plan, by their unit."""
        return {}

    def units(self) -> Mapping[str, Unit]:
        """Units beyond those of harness.units: (smallest, largest value, meaning) by name."""
        return {}

    def facts(self) -> Mapping[str, Fact]:
        """What checks may ask of this subject, by the name of the fact: training rows, evaluated items, trainings. Several domains may provide one name; their
        values are then sequences, and are joined."""
        return {}

    def checks(self) -> Sequence[Check]:
        """Rules about this subject alone."""
        return ()
