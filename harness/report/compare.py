"""What changed between two runs of one experiment: what went in, what was concluded, what was measured. Times and hosts are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.plaintext import count_of
from harness.records import Interval, Measurement, Record, Results
from harness.report.addresses import address, below, last_segment, leaves, parent
from harness.report.build import view_of
from harness.report.causes import EXPLAINING, NOTHING, PRESENT, Cause, Change, group_changes
from harness.report.number_format import in_unit
from harness.report.view import View

SHARE = 0.5  # of the wider half-width: what moved less is the rest
CONTEXT = ("scale", "claim", "thresholds", "facts", "environment", "prompts")
TOLD_ELSEWHERE = ("id", "claim", "hypotheses", "inputs", "next_steps", "parents", "scales", "thresholds")  # parts of the declaration, or words for the reader


class Shift(Record, frozen=True, kw_only=True):
    """A measured value that differs. `effect`: its cell was judged by it. `apart` is true where both intervals are there and do not overlap, None where one is
    not there. `share` is the difference in half-widths of the wider interval, None where an interval, a side, or a common unit is not there."""

    address: str
    unit: str
    effect: bool
    before: float | None
    after: float | None
    difference: float | None
    share: float | None
    apart: bool | None

    def moved(self, limit: float) -> bool:
        """Whether it moved by `limit` half-widths; without intervals nobody knows how far chance moves it, and any change that its digits show counts."""
        if self.difference is None:
            return False
        if self.share is None:
            return in_unit(self.before or 0.0, self.unit) != in_unit(self.after or 0.0, self.unit)
        return self.share >= limit


class Comparison(Record, frozen=True, kw_only=True):
    """Run `before` against run `after`. `causes` are the `inputs` in words; `numbers` come in the order in which they moved: effects, the farthest first."""

    experiment: str
    before: str
    after: str
    warnings: tuple[str, ...]
    causes: tuple[Cause, ...]
    inputs: tuple[Change, ...]
    verdicts: tuple[Change, ...]
    numbers: tuple[Shift, ...]

    @property
    def empty(self) -> bool:
        """True where nothing changed."""
        return not (self.causes or self.verdicts or self.numbers)


def compare(before: Path, after: Path) -> Comparison:
    """Compares two run folders. Raises HarnessError where they are not runs of one experiment."""
    one, two = view_of(before, noted=False), view_of(after, noted=False)
    if one.results.experiment != two.results.experiment:
        told = f"{before} is a run of {one.results.experiment!r}, {after} one of {two.results.experiment!r}"
        raise HarnessError(told, where="compare", mend="Compare two runs of one experiment.")
    shared = _ids(one.results) & _ids(two.results)
    changes = [*_model_changes(one, two), *_changes(_context(one, shared), _context(two, shared), whole=True)]
    causes = group_changes(changes)
    return Comparison(
        experiment=one.results.experiment,
        before=one.results.execution.run,
        after=two.results.execution.run,
        warnings=tuple(f"{view.results.execution.run} was superseded {view.superseded}" for view in (one, two) if view.superseded),
        causes=(*causes, *_unexplained(one, two, causes)),
        inputs=tuple(changes),
        verdicts=tuple(_changes(_verdicts(one), _verdicts(two))),
        numbers=tuple(sorted(_shifts(one, two), key=_rank)),
    )


# what went in ---------------------------------------------------------------------------------------------------------------------------------


def _ids(results: Results) -> set[str]:
    return {result.id for result in results.hypotheses} | {check.id for check in results.checks}


def _context(view: View, shared: set[str]) -> dict[str, Any]:
    """Everything that was given rather than found, but for the models. Inputs are addressed by their path: an index says nothing across two runs. `shared` are
    the ids of hypotheses and checks of both runs: what only one has is told with its verdict."""
    design, results = view.tree["design"], view.results
    scale = _mapping(_mapping(design.get("scales")).get(results.scale))  # as far as a foreign declaration has them
    tree = {
        **{name: view.tree[name] for name in CONTEXT},
        "facts": {name: group for name, group in view.tree["facts"].items() if name != "Model"},
        "settings": _mapping(scale.get("settings")),
        "seeds": list(results.seeds) or "none",
        "design": {name: part for name, part in {**design, "axes": scale.get("axes") or design.get("axes")}.items() if name not in TOLD_ELSEWHERE},
        "promise": _preregistration(results),
        "hypotheses": {result.id: {"statement": result.statement, "rule": result.rule} for result in results.hypotheses if result.id in shared},
        "checks": {check.id: {"statement": check.statement} for check in results.checks if check.id in shared},
        "parents": {item["run"] or item["lock"] or item["statement"]: item for item in view.tree["parents"]},
        "inputs": {item["path"]: {"sha256": item["sha256"], "lines": item["lines"]} for item in view.tree["inputs"]},
    }
    return dict(leaves(_joined(tree)))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _joined(value: Any) -> Any:
    """The tree with every list of plain values as one text, and without what is null: that is not declared."""
    if isinstance(value, dict):
        return {name: _joined(part) for name, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_joined(part) for part in value] if any(isinstance(part, dict | list) for part in value) else ", ".join(map(str, value))
    return value


def _preregistration(results: Results) -> dict[str, Any]:
    """When it was locked, and in how much the run deviates. The hash of the declaration as it stood changes with all that is told elsewhere."""
    promise = results.promise
    return {"locked": promise.locked_at or "yes" if promise.locked else "no", "deviations": len(promise.deviations)}


def _model_changes(one: View, two: View) -> Iterator[Change]:
    """Models that only one run had, as one change with all that tells them apart; then what differs in those of both."""
    old, new = (view.results.facts.get("Model", {}) for view in (one, two))
    sides = [", ".join(_model_in_words(name, card) for name, card in mine.items() if name not in other) for mine, other in ((old, new), (new, old))]
    if any(sides):
        yield Change(address="facts/Model", before=sides[0] or NOTHING, after=sides[1] or NOTHING)
    before, after = (dict(leaves(_joined({name: mine[name] for name in mine if name in other}), "facts/Model")) for mine, other in ((old, new), (new, old)))
    yield from _changes(before, after)


def _model_in_words(name: str, card: Any) -> str:
    if not isinstance(card, dict):
        return f"{name} ({card})"
    told = [str(card[part])[:12] if part == "weights_sha256" else str(card[part]) for part in ("name", "dtype", "weights_sha256", "version") if card.get(part)]
    return f"{name} ({', '.join(told)})" if told else name


def _verdicts(view: View) -> dict[str, Any]:
    found: dict[str, Any] = {"verdict": view.results.verdict, "confidence/level": view.results.confidence.level}
    found |= {below(at, "verdict"): result.verdict for at, result in view.hypotheses}
    found |= {below(at, "verdict"): check.verdict for at, check in view.checks}
    return found | {below(at, "verdict"): cell.verdict for at, cell in view.cells}


def _changes(one: Mapping[str, Any], two: Mapping[str, Any], whole: bool = False) -> list[Change]:
    """What differs by address. With `whole`, a thing that only one side has (a file, a measure) is one change, not one for each of its values."""
    known = [{_thing(place) for place in side} for side in (one, two)]
    places = dict.fromkeys(_thing(place) if whole and any(_thing(place) not in side for side in known) else place for place in [*one, *two])
    pairs = ((place, *(_text(side, place, things) for side, things in zip((one, two), known, strict=True))) for place in places)
    return [Change(address=place, before=before, after=after) for place, before, after in pairs if before != after]


def _thing(place: str) -> str:
    return "/".join(place.split("/")[: 3 if place.startswith("facts/") else 2])


def _text(side: Mapping[str, Any], place: str, things: set[str]) -> str:
    return (str(side[place]) or "(empty)") if place in side else PRESENT if place in things else NOTHING


def _unexplained(one: View, two: View, causes: Sequence[Cause]) -> Iterator[Cause]:
    """A cause that says so where cells rest on something else, or what is preregistered changed, and nothing that is recorded is otherwise."""
    keys = {cell.id: cell.key for cell in one.results.cells}
    other = [address("cells", cell.id, "key") for cell in two.results.cells if keys.get(cell.id, cell.key) != cell.key]
    if other and not {cause.subject for cause in causes} & EXPLAINING:
        what = f"{count_of(len(other), 'cell rests', 'cells rest')} on other code, packages, models or options, which the results do not name"
        yield Cause(subject="unknown", what=what, before="", after="", addresses=tuple(other))
    elif not causes and one.results.promise.sha256 != two.results.promise.sha256:
        what = "the declaration, its data or its tests changed in something that the results do not name"
        yield Cause(subject="unknown", what=what, before="", after="", addresses=("promise/sha256",))


# what was measured ----------------------------------------------------------------------------------------------------------------------------


def _shifts(one: View, two: View) -> Iterator[Shift]:
    first, second = ({row.measured_at: row.measurement for row in view.rows if row.measurement} for view in (one, two))
    effects = {row.measured_at for view in (one, two) for row in view.effects.values()}
    for place in dict.fromkeys([*first, *second]):
        a, b = first.get(place), second.get(place)
        if not (a and b and (a.value, a.unit, a.interval) == (b.value, b.unit, b.interval)):
            yield _shift(place, a, b, place in effects)


def _shift(place: str, a: Measurement | None, b: Measurement | None, effect: bool) -> Shift:
    same_unit = a is not None and b is not None and a.unit == b.unit
    one, two = (side.interval if side and side.interval and side.interval.has_width else None for side in (a, b))
    difference = b.value - a.value if a and b and same_unit else None
    return Shift(
        address=below(place, "value"),
        unit=a.unit if a and (same_unit or not b) else b.unit if b and not a else f"{a.unit if a else ''} against {b.unit if b else ''}",
        effect=effect,
        before=a.value if a else None,
        after=b.value if b else None,
        difference=difference,
        share=None if difference is None or one is None or two is None else share_of(difference, one, two),
        apart=_apart(one, two) if same_unit else None,
    )


def share_of(difference: float, *intervals: Interval) -> float:
    """The difference in half-widths of the wider interval; any difference is infinitely many of a width of zero, which JSON writes as 1e308."""
    half = max(interval.high - interval.low for interval in intervals) / 2
    return abs(difference) / half if half > 0 else (1e308 if difference else 0.0)


def _apart(one: Interval | None, two: Interval | None) -> bool | None:
    return None if one is None or two is None else one.high < two.low or two.high < one.low


def _rank(shift: Shift) -> tuple[bool, bool, bool, float, float]:
    return (not shift.effect, shift.difference is None, not shift.apart, -(shift.share or 0.0), -abs(shift.difference or 0.0))


def measured_name(shift: Shift) -> str:
    """The cell and the measurement of a shift, in words."""
    name = parent(shift.address)
    return f"{last_segment(parent(parent(name)))} {last_segment(name)}"
