"""What a reader must know in ten seconds: which models, how many units and seeds, the headline effect, what was confirmed and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.plaintext import count_of
from harness.records import HypothesisResult, Measurement, Results
from harness.report.view import OPEN, SEED, Row, View

MOST_MODELS = 2


@dataclass(frozen=True, kw_only=True)
class Headline:
    """`models` is a text; `ends` are the rows of the smallest and the largest effect of the primary hypothesis (one row where there is one cell, none where
    nothing was measured); `cells` counts its cells with an effect; `seeds_at`, `equal_at` and `threshold` are addresses, of the number of seeds,
    of that of further ones with equal samples and of the threshold ("" where there is none); `name` is the measurement's ("effect" where cells differ),
    `unit` what N counts ("items" where cells differ), `few` and `many` are the rows with the smallest and the largest N."""

    models: str
    ends: tuple[Row, ...]
    cells: int
    seeds: int
    seeds_at: str
    equal_at: str
    threshold: str
    name: str
    unit: str
    few: Row | None
    many: Row | None


def headline(view: View) -> Headline:
    rows = primary_effects(view)
    ordered = sorted(rows, key=lambda row: row.measurement.value if row.measurement else 0.0)
    ends = tuple(ordered if len(ordered) < 2 else (ordered[0], ordered[-1]))
    measured = ends[0].measurement if ends else None
    varied = len(measured.seeds) if measured and SEED not in ends[0].cell.params else 0
    bar = view.threshold_of(ends[0].cell, measured) if ends and measured else None
    return Headline(
        models=models_of(view),
        ends=ends,
        cells=len(rows),
        seeds=varied or len(view.results.seeds),
        seeds_at=f"{ends[0].measured_at}/seeds/#" if varied else "seeds/#",
        equal_at=f"{ends[0].measured_at}/equal_seeds/#" if measured and measured.equal_seeds else "",
        threshold=bar[0] if bar else "",
        name=measured.name if measured and len({row.measurement.name for row in rows if row.measurement}) == 1 else "effect",
        unit=units(measured) if measured and len({row.measurement.sampling_unit for row in rows if row.measurement}) == 1 else "items",
        few=min(rows, key=sampling_units, default=None),
        many=max(rows, key=sampling_units, default=None),
    )


def units(measurement: Measurement) -> str:
    """What its N counts: `requests`, `request`, or the sampling unit in brackets where it is no plain word."""
    unit = measurement.sampling_unit
    if not unit.isalpha():
        return f"({unit})"
    return unit if measurement.n == 1 else f"{unit[:-1]}ies" if unit.endswith("y") else f"{unit}s"


def sampling_units(row: Row) -> int:
    return row.measurement.n if row.measurement else 0


def primary_effects(view: View) -> list[Row]:
    """The effects of the primary hypothesis' cells, those in the unit of the first: pp and points are not put on one line."""
    primary = {result.id for _, result in view.hypotheses if result.primary}
    rows = [row for row in view.effects.values() if row.cell.owner in primary and row.measurement is not None and is_judged(row)]
    units = [row.measurement.unit for row in rows if row.measurement]
    return [row for row in rows if row.measurement and row.measurement.unit == units[0]]


def is_judged(row: Row) -> bool:
    """Whether the row's measurement is what the criterion of its cell judged; older records do not say."""
    return not row.cell.effect or (row.measurement is not None and row.measurement.name == row.cell.effect)


def models_of(view: View) -> str:
    """`SmolLM2-135M-Instruct`, both names of two, `15 models`, or "no model recorded"."""
    facts = view.results.facts.get("Model", {})
    names = list(dict.fromkeys(str(fact.get("name") or key) for key, fact in facts.items() if isinstance(fact, dict)))
    return " and ".join(names) if 0 < len(names) <= MOST_MODELS else count_of(len(names), "model", "models") if names else "no model recorded"


@dataclass(frozen=True, kw_only=True)
class Closing:
    """The hypotheses by what became of them, and the effects that went the other way than registered."""

    confirmed: tuple[HypothesisResult, ...]
    falsified: tuple[HypothesisResult, ...]
    undecided: tuple[HypothesisResult, ...]
    reversed: tuple[Row, ...]


def outcome_in_words(results: Results) -> str:
    """`confirmed H2; falsified H1; undecided H3, H4`: how a run ended."""
    kinds = (("confirmed", ("supported",)), ("falsified", ("falsified",)), ("undecided", OPEN))
    named = [(word, [result.id for result in results.hypotheses if result.verdict in verdicts]) for word, verdicts in kinds]
    return "; ".join(f"{word} {', '.join(names)}" for word, names in named if names)


def closing(view: View) -> Closing:
    results = [result for _, result in view.hypotheses]
    return Closing(
        confirmed=chosen(results, "supported"),
        falsified=chosen(results, "falsified"),
        undecided=chosen(results, *OPEN),
        reversed=tuple(row for row in view.effects.values() if row.cell.kind == "hypothesis" and goes_the_other_way(view, row)),
    )


def chosen(results: Sequence[HypothesisResult], *verdicts: str) -> tuple[HypothesisResult, ...]:
    return tuple(result for result in results if result.verdict in verdicts)


def goes_the_other_way(view: View, row: Row) -> bool:
    """Whether an effect's whole interval lies on the side of zero that was not registered."""
    measured = row.measurement
    if measured is None or measured.interval is None or not is_judged(row):
        return False
    threshold = view.threshold_of(row.cell, measured)
    return threshold is not None and is_reversed(measured, threshold[1].direction)


def is_reversed(measured: Measurement, direction: str) -> bool:
    interval = measured.interval
    if interval is None or not interval.has_width:
        return False
    return (direction == "increase" and interval.high < 0) or (direction == "decrease" and interval.low > 0)
