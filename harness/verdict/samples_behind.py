"""What cells rest on: those that rest on the very same samples are one piece of evidence, whatever their parameters say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from harness.fingerprint import canonical
from harness.records import Cell, Check, Measurement

DECIDED = ("supported", "falsified")
SAME = "the very same samples as"
Evidence = tuple[Any, ...]


def effect_of(cell: Cell) -> Measurement | None:
    """The measurement that decided a cell."""
    return next((measured for measured in cell.measurements if measured.name == cell.effect), None)


def evidence_of(cell: Cell) -> Evidence:
    """The samples behind a cell's effect and what they gave: equal where the same samples were compared in the same roles; empty where there are none."""
    effect = effect_of(cell)
    if effect is None or not effect.samples:
        return ()
    return (cell.owner, effect.unit, effect.value, effect.n, effect.arms, tuple(sorted(ref.sha256 for ref in effect.samples)))


def without_seed(cell: Cell) -> dict[str, Any]:
    return {axis: value for axis, value in cell.params.items() if axis != "seed"}


def count_once(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, those of a hypothesis inconclusive that rest on the samples of an earlier one under another value of an axis: no rule may count them twice.

    Equal samples of measures that differ are two pieces of evidence: what was varied made no difference.
    """
    first: dict[Evidence, Cell] = {}
    counted = []
    for cell in cells:
        evidence = evidence_of(cell) if cell.kind == "hypothesis" and cell.verdict in DECIDED else ()
        evidence = evidence and (*evidence, getattr(effect_of(cell), "fingerprint", ""))
        earlier = first.setdefault(evidence, cell) if evidence else cell
        if without_seed(earlier) != without_seed(cell):
            cell = replace(cell, verdict="inconclusive", p=None, reason=f"rests on {SAME} {earlier.id}, with which it counts once")
        counted.append(cell)
    return tuple(counted)


def counted_once(cells: Sequence[Cell]) -> int:
    return sum(cell.reason.startswith(f"rests on {SAME}") for cell in cells)


def seeds_of(cells: Sequence[Cell]) -> tuple[int, int]:
    """(seeds that count, seeds that were drawn) of the decided cell with the fewest that count.

    A seed counts where it changed the samples: as an axis by cells whose samples differ, in a cell by those of its effect."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.verdict in DECIDED:
            groups.setdefault(canonical(without_seed(cell)), []).append(cell)
    return min(map(seeds_of_group, groups.values()), key=lambda pair: (pair[0], -pair[1]), default=(0, 0))


def seeds_of_group(group: Sequence[Cell]) -> tuple[int, int]:
    """(seeds that count, seeds that were drawn) of cells that differ in their seed alone."""
    apart = unite_by_evidence(group)
    effects = [effect for cell in apart if (effect := effect_of(cell)) is not None and effect.samples]
    counted = {seed for effect in effects for seed in effect.seeds}
    drawn = counted.union(*(effect.equal_seeds for effect in effects))
    by_axis, of_axis = (len({cell.params["seed"] for cell in cells if "seed" in cell.params}) for cells in (apart, group))
    return max(len(counted), by_axis), max(len(drawn), of_axis)


def explain_seeds(seeds: int, drawn: int, declared: int) -> str:
    """How many seeds count, and why not more, where more were drawn or declared; else ""."""
    if drawn > max(seeds, 1):
        return f"{seeds} of {drawn} seeds gave different samples" if seeds > 1 else f"one seed: the samples of all {drawn} seeds are equal"
    return f"one seed: nothing in the effects was drawn with one of the {declared} seeds" if declared > 1 and not seeds else ""


def unite_by_evidence(cells: Sequence[Cell]) -> list[Cell]:
    """Those with samples, one for each that differ."""
    return list({evidence: cell for cell in reversed(cells) if (evidence := evidence_of(cell))}.values())


def is_out_of_distribution(check: Check, cells: Sequence[Cell], primary: str) -> bool:
    """True where a control asked a criterion, in all its cells, of samples other than those of the hypothesis, and passed."""
    own = {ref.sha256 for cell in cells if cell.owner == primary for measured in cell.measurements for ref in measured.samples}
    effects = [effect_of(cell) if cell.threshold else None for cell in cells if cell.id in check.cells]
    sampled = bool(effects) and all(effect is not None and {ref.sha256 for ref in effect.samples} - own for effect in effects)
    return check.polarity == "out-of-distribution" and check.verdict == "passed" and sampled
