"""All cells of one experiment, known before anything runs, and what each of them needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from harness.design.declaring import Declaration
from harness.design.experiment import Experiment
from harness.design.paths import FILE_NAME
from harness.errors import HarnessError, nearest

RANK = {"gate": 0, "kill": 1, "control": 2, "hypothesis": 3}


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """One point of the matrix: its declaration, its parameters, the pytest item that fills it."""

    id: str
    nodeid: str
    params: dict[str, Any]
    declaration: Declaration

    @property
    def owner(self) -> str:
        return self.declaration.id


def cell_id(owner: str, params: dict[str, Any]) -> str:
    """`H1[villain-capability]`: the owner and its parameter values in the order of the axes."""
    return f"{owner}[{'-'.join(map(str, params.values()))}]" if params else owner


class Catalogue:
    """The cells of one experiment. Raises HarnessError for duplicate cells, unknown needs, cycles, hypotheses without tests."""

    def __init__(self, experiment: Experiment, cells: Sequence[PlannedCell]) -> None:
        self.experiment = experiment
        self.owners: dict[str, list[PlannedCell]] = {}
        self._needed: dict[str, list[str]] = {}
        self._index: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], dict[tuple[Any, ...], list[PlannedCell]]]] = {}
        self._refuse_duplicates(cells)
        for cell in cells:
            self.owners.setdefault(cell.owner, []).append(cell)
        self._check_owners()
        self._check_trajectories()
        self._check_costs()
        self.rank = self._order()
        self.cells = {cell.id: cell for cell in sorted(cells, key=self.place)}
        self.by_nodeid = {cell.nodeid: cell for cell in cells}

    def place(self, cell: PlannedCell) -> tuple[int, int]:
        """Sort key: gates before kills before controls before hypotheses, and whatever is needed before what needs it."""
        return self.rank[cell.owner], RANK[cell.declaration.kind]

    def needs(self, cell: PlannedCell) -> list[PlannedCell]:
        """The cells that must have passed before this one runs: of a needed test that is repeated, those whose shared axes agree."""
        return [other for owner in self._needed_owners(cell.owner) for other in self._agreeing(owner, cell.params)]

    def _agreeing(self, owner: str, params: dict[str, Any]) -> list[PlannedCell]:
        """The cells of `owner` whose parameters equal those of `params` that both have. Indexed, since every cell asks."""
        names = tuple(params)
        if (owner, names) not in self._index:
            found = self._index[owner, names] = {}
            for other in self.owners[owner]:
                shared = tuple(name for name in names if name in other.params)
                found.setdefault(shared, {}).setdefault(tuple(other.params[name] for name in shared), []).append(other)
        groups = self._index[owner, names]
        return [other for shared, group in groups.items() for other in group.get(tuple(params[name] for name in shared), ())]

    def all_needs(self, cells: Iterable[PlannedCell]) -> dict[str, PlannedCell]:
        """The cells that `cells` need, directly or through others."""
        found: dict[str, PlannedCell] = {}
        waiting = list(cells)
        while waiting:
            for need in self.needs(waiting.pop()):
                if need.id not in found:
                    found[need.id] = need
                    waiting.append(need)
        return found

    def kind(self, owner: str) -> str:
        return self.owners[owner][0].declaration.kind

    def declared(self, owner: str) -> dict[str, Any]:
        """What the decorators of an owner's tests say, but for its statement."""
        found = self._declarations(owner)
        needs, over = (sorted({name for one in found for name in getattr(one, part)}) for part in ("needs", "over"))
        return {"kind": self.kind(owner), "polarity": "/".join(sorted({one.polarity for one in found})), "needs": needs, "over": over}

    def statement(self, owner: str) -> str:
        return self.owners[owner][0].declaration.statement

    def _needed_owners(self, owner: str) -> list[str]:
        if owner not in self._needed:
            declared = [need for declaration in self._declarations(owner) for need in declaration.needs]
            kills = self._kills if self.kind(owner) in ("control", "hypothesis") and owner not in self._before_kills else []
            self._needed[owner] = list(dict.fromkeys([*declared, *kills]))
        return self._needed[owner]

    def _declarations(self, owner: str) -> list[Declaration]:
        """The distinct declarations under an id: one for each test function, not one for each cell."""
        return list({id(cell.declaration): cell.declaration for cell in self.owners[owner]}.values())

    @cached_property
    def _kills(self) -> list[str]:
        return [owner for owner in self.owners if self.kind(owner) == "kill"]

    @cached_property
    def _before_kills(self) -> set[str]:
        """What a kill criterion itself needs cannot wait for it."""
        found: set[str] = set()
        waiting = list(self._kills)
        while waiting:
            fresh = {need for declaration in self._declarations(waiting.pop()) for need in declaration.needs} - found
            found |= fresh
            waiting += fresh
        return found

    def _refuse_duplicates(self, cells: Sequence[PlannedCell]) -> None:
        seen: dict[Any, PlannedCell] = {}
        for cell in cells:
            values = (cell.owner, frozenset(cell.params.items()))  # 1, 1.0 and True are one value to Python, and so to a rule
            other = seen.get(cell.id) or seen.get(values)
            if other is not None:
                told = f"duplicate cell {cell.id}" + (f": its parameters equal those of {other.id}" if other.id != cell.id else "")
                where = f"{cell.declaration.where} and {other.declaration.where}"
                raise HarnessError(told, where=where, mend="Give the tests distinct parameters or distinct ids")
            seen |= {cell.id: cell, values: cell}

    def _check_owners(self) -> None:
        declared, yaml = self.experiment.hypotheses, str(self.experiment.folder / FILE_NAME)
        for owner, cells in self.owners.items():
            first = cells[0].declaration
            for declaration in self._declarations(owner):
                if declaration.kind != first.kind:
                    raise HarnessError(f"{owner!r} is both a {first.kind} and a {declaration.kind}", where=declaration.where, mend="Use two ids")
                for need in declaration.needs:
                    if need not in self.owners or self.kind(need) == "hypothesis":
                        known = [name for name in self.owners if self.kind(name) != "hypothesis"]
                        raise HarnessError(
                            f"{owner} needs {need!r}, which is no gate, kill or control here", where=declaration.where, mend=nearest(need, known)
                        )
                    if declaration.quick and not all(one.quick for one in self._declarations(need)):
                        told = f"the quick gate {owner} needs {need}, which is not quick"
                        raise HarnessError(told, where=declaration.where, mend="A gate that waits for training or sampling is not quick: leave quick out")
            if first.kind == "hypothesis" and owner not in declared:
                raise HarnessError(f"hypothesis {owner!r} is not declared in {FILE_NAME}", where=first.where, mend=nearest(owner, declared))
        for name in declared:
            if name not in self.owners:
                raise HarnessError(f"hypothesis {name!r} has no test", where=yaml, mend=f'Write a test with @hypothesis("{name}"), or take it out')
            self._check_guards(name, yaml)

    def _check_guards(self, name: str, yaml: str) -> None:
        """What guards a hypothesis is a control; what falsifies it is one in which nothing may show."""
        controls = [owner for owner in self.owners if self.kind(owner) == "control"]
        for key, named in (("guarded_by", self.experiment.guards(name)), ("falsified_by", self.experiment.falsifiers(name))):
            if twice := sorted({one for one in named if named.count(one) > 1}):
                raise HarnessError(f"{key} of {name} names {twice[0]} twice", where=yaml, mend="Name it once")
        for guard in self.experiment.guards(name):
            if guard not in controls:
                raise HarnessError(f"{name} is guarded by {guard!r}, which is no control", where=yaml, mend=nearest(guard, controls))
        negative = [owner for owner in controls if all(one.polarity != "positive" for one in self._declarations(owner))]
        for control in self.experiment.falsifiers(name):
            if control not in negative:
                told = "a positive control: its violation says that nothing could have been seen" if control in controls else "no control"
                raise HarnessError(f"{name} is falsified by {control!r}, which is {told}", where=yaml, mend=nearest(control, negative))

    def _check_trajectories(self) -> None:
        """A figure is of a test that is there, over axes that this test is repeated over: told now, not after the GPU-hours."""
        yaml = str(self.experiment.folder / FILE_NAME)
        for name, trajectory in self.experiment.plain["trajectories"].items():
            if trajectory["of"] not in self.owners:
                raise HarnessError(
                    f"the trajectory {name} is of {trajectory['of']!r}, which no test is", where=yaml, mend=nearest(trajectory["of"], self.owners)
                )
            known = self.owners[trajectory["of"]][0].params
            for axis in (trajectory[key] for key in ("x", "rows", "columns")):
                if axis and axis not in known:
                    raise HarnessError(f"the trajectory {name} is over {axis!r}, which is no axis of {trajectory['of']}", where=yaml, mend=nearest(axis, known))

    def _check_costs(self) -> None:
        """A cost is that of a test that is there."""
        for scale, values in self.experiment.plain["scales"].items():
            for owner in values["costs"]:
                if owner not in self.owners:
                    from harness.yamlfile import YamlFile

                    where = YamlFile(self.experiment.folder / FILE_NAME).where("scales", scale, "costs", owner)
                    raise HarnessError(f"there is a cost of {owner!r}, which no test is", where=where, mend=nearest(owner, self.owners))

    def _order(self) -> dict[str, int]:
        """Rank of each owner in an order in which needs come first. A cycle is told with its members."""
        graph = {owner: self._needed_owners(owner) for owner in sorted(self.owners, key=lambda owner: RANK[self.kind(owner)])}
        try:
            order = list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            ring = error.args[1]
            where = self.owners[ring[0]][0].declaration.where
            raise HarnessError(f"the needs go round in a circle: {' -> '.join(ring)}", where=where, mend="Take one of these needs= out") from None
        stable = sorted(order, key=lambda owner: RANK[self.kind(owner)])
        depth: dict[str, int] = {}
        for owner in order:
            depth[owner] = max([depth[need] + 1 for need in graph[owner]], default=0)
        ranked = sorted(stable, key=lambda owner: (depth[owner], RANK[self.kind(owner)]))
        # Hypotheses and controls go last even where they need nothing, so that gates run first.
        ranked.sort(key=lambda owner: self.kind(owner) in ("hypothesis",) or (self.kind(owner) == "control" and owner not in self._before_kills))
        return {owner: index for index, owner in enumerate(ranked)}
