"""Turns outcomes into measurements: value, unit, N, interval, p, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.errors import HarnessError
from harness.records import Interval, Measurement, SamplesRef
from harness.run.values import Outcomes, given, in_unit, joined, known, number, paired, share, whole


class Source(Protocol):
    """Where outcomes came from: gathered samples with their reference and fingerprint."""

    @property
    def ref(self) -> SamplesRef: ...
    @property
    def fingerprint(self) -> str: ...


class Measure:
    """The `measure` fixture: `measure(name, value, unit, …)`, `measure.rate`, `measure.mean`, `measure.shift`. Each call records one measurement."""

    def __init__(self, cell: str = "") -> None:
        self.cell = cell
        self.taken: list[Measurement] = []

    def __call__(
        self,
        name: str,
        value: Any,
        unit: str,
        *,
        n: int,
        sampling_unit: str = "item",
        interval: Interval | Sequence[float] | None = None,
        seeds: tuple[int, ...] = (),
        p: float | None = None,
        p_floor: float | None = None,
        p_method: str = "",
        sources: tuple[Source, ...] = (),
        note: str = "",
    ) -> Measurement:
        """Records a number as it is. Raises HarnessError for NaN, an unknown unit, a value the unit cannot take, N below 1, or a name used twice."""
        if any(taken.name == name for taken in self.taken):
            raise HarnessError(f"{name!r} is measured twice in {self.cell or 'this cell'}", mend="Give each measurement its own name")
        if interval is not None and not isinstance(interval, Interval):
            interval = given(interval, name)
        found = Measurement(
            name=name,
            value=in_unit(number(value, name), unit, name),
            unit=unit,
            n=whole(n, name),
            sampling_unit=sampling_unit,
            interval=interval,
            seeds=tuple(int(seed) for seed in seeds),
            fingerprint=joined([source.fingerprint for source in sources]),
            samples=tuple(source.ref for source in sources),
            p=None if p is None else in_unit(number(p, f"p of {name}"), "probability", f"p of {name}"),
            p_floor=None if p_floor is None else number(p_floor, f"smallest p of {name}"),
            p_method=p_method,
            note=str(note),
        )
        self.taken.append(found)
        return found

    def rate(
        self, name: str, outcomes: Outcomes, *, sampling_unit: str = "item", exact: bool = False, sources: tuple[Source, ...] = (), seeds: tuple[int, ...] = ()
    ) -> Measurement:
        """Share of True over items (`outcomes` by item id); None is no answer and is left out, counted in the note.

        Wilson, or Clopper-Pearson if `exact`. Items whose replicates were averaged (shares in [0, 1]) get the interval of a mean over items.
        """
        from harness.verdict.intervals import mean_interval, rate_interval

        answered, note = known(outcomes, name)
        values = [share(value, name) for value in answered.values()]
        if not all(value in (0, 1) for value in values):
            mean = sum(values) / len(values)
            interval = mean_interval(values, name)
            return self(name, mean, "rate", n=len(values), sampling_unit=sampling_unit, interval=interval, sources=sources, note=note, seeds=seeds)
        hits = round(sum(values))
        interval = rate_interval(hits, len(answered), method="exact" if exact else "wilson")
        return self(
            name, hits / len(answered), "rate", n=len(answered), sampling_unit=sampling_unit, interval=interval, sources=sources, note=note, seeds=seeds
        )

    def mean(
        self,
        name: str,
        values: Outcomes,
        unit: str,
        *,
        clusters: Mapping[str, str] | None = None,
        sampling_unit: str = "item",
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
    ) -> Measurement:
        """Mean over items: BCa over items, or a bootstrap over whole `clusters` (item id to cluster) where items are not independent."""
        from harness.verdict.intervals import cluster_interval, mean_interval

        answered, note = known(values, name)
        data = [number(value, name) for value in answered.values()]
        if clusters is None:
            interval, n = mean_interval(data, name), len(data)
        else:
            groups = [clusters[item] for item in answered]
            interval, n = cluster_interval(data, groups, name), len(set(groups))
        return self(name, sum(data) / len(data), unit, n=n, sampling_unit=sampling_unit, interval=interval, sources=sources, note=note, seeds=seeds)

    def shift(
        self, name: str, treated: Outcomes, baseline: Outcomes, *, sampling_unit: str = "item", sources: tuple[Source, ...] = (), seeds: tuple[int, ...] = ()
    ) -> Measurement:
        """treated - baseline in pp, paired by item id (never by position). Raises HarnessError where the two arms hold different items.

        One answer an item: Newcombe's paired interval and McNemar's exact p. Rates over replicates: BCa over items and a sign-flip permutation p.
        """
        first, second, note = paired(treated, baseline, name)
        if all(value in (0, 1) for value in [*first.values(), *second.values()]):
            value, interval, p, floor, method = binary_shift(first, second)
        else:
            value, interval, p, floor, method = mean_shift(first, second, name)
        return self(
            name,
            value,
            "pp",
            n=len(first),
            sampling_unit=sampling_unit,
            interval=interval,
            p=p,
            p_floor=floor,
            p_method=method,
            sources=sources,
            note=note,
            seeds=seeds,
        )


def binary_shift(first: Outcomes, second: Outcomes) -> tuple[float, Interval, float, float, str]:
    from harness.verdict.intervals import LEVEL, newcombe_paired
    from harness.verdict.tests import mcnemar

    gained = sum(first[item] > second[item] for item in first)
    lost = sum(first[item] < second[item] for item in first)
    both = sum(first[item] == 1 == second[item] for item in first)
    low, high = newcombe_paired(both, gained, lost, len(first) - both - gained - lost)
    p, floor = mcnemar(gained, lost)
    interval = Interval(low=100 * float(low), high=100 * float(high), level=LEVEL, method="Newcombe paired (method 10)")
    return 100 * (gained - lost) / len(first), interval, p, floor, "McNemar, exact"


def mean_shift(first: Outcomes, second: Outcomes, name: str) -> tuple[float, Interval, float, float, str]:
    from harness.verdict.intervals import mean_interval
    from harness.verdict.tests import sign_flip

    differences = [100 * (first[item] - second[item]) for item in first]
    p, floor = sign_flip(differences, name)
    return sum(differences) / len(differences), mean_interval(differences, name), p, floor, "sign-flip permutation of items"
