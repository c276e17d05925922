"""Turns outcomes into measurements: value, unit, N, interval, p, and where they came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.plaintext import format_number
from harness.records import COMPUTED, EDITED, TIED, Calibration, Effect, Interval, Measurement, SamplesRef, encode
from harness.run.comparable import (
    attribute,
    describe_selection,
    differing_seeds,
    doubt_of,
    doubt_of_level,
    doubt_of_samples,
    identify,
    mostly_missing,
    refuse_filled,
    refuse_foreign,
    refuse_literal,
    require_same_settings,
    samples_compared,
)
from harness.run.contrasts import contrast_of, corrected_of, correlation_of, require_balanced, split_by_seed, standardised_of
from harness.run.outcomes import Outcomes, own_seeds, seeds_of, unite
from harness.run.pairing import doubt_of_pairing, hold_equal_rows
from harness.run.recompute import derive
from harness.run.redact import key_in
from harness.run.sampling import Samples
from harness.run.value_checks import (
    ByItem,
    check_test,
    in_unit,
    join_fingerprints,
    number,
    reason,
    refuse_similarity,
    refuse_value_as_p,
    require_interval,
    require_whole,
    share,
    split_known,
)

Measured = ByItem | Samples
Terms = Sequence[tuple[float, Measured | Sequence[Measured]]]
CONTRASTED = ("pp", "points", "nats")
RUNS = ("run", "seed", "training")


class Source(Protocol):
    """Where outcomes came from: gathered samples with their reference and fingerprint."""

    @property
    def ref(self) -> SamplesRef: ...
    @property
    def fingerprint(self) -> str: ...


class Measure:
    """The `measure` fixture: `measure(name, value, unit, …)` and `measure.rate`, `mean`, `shift`, `contrast`, `corrected`, `correlation`,
    `effect`.

    Each call records one measurement. Outcomes are what `gather` returned, its `outcomes(field)`, or a plain mapping from item id with `sources`; the first
    two bring sampling unit, seeds and sources along. `unsampled` says why no samples of this run stand behind a number that is to decide something.
    """

    def __init__(self, cell: str = "", stream: Sequence[object] = ()) -> None:
        """`stream` names the random numbers of bootstraps and permutations: one stream for all measurements, so that equal data have equal intervals and p."""
        self.cell, self.stream = cell, tuple(stream)
        self.taken: list[Measurement] = []
        self.typed: list[Measurement] = []  # whose numbers were computed by the test

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
        unsampled: str = "",
        arms: tuple[float, ...] = (),
    ) -> Measurement:
        """Records a number as it is. Raises HarnessError for NaN, an unknown unit, a value the unit cannot take or outside its interval, N below 1 or above the
        rows of the sources, an interval of no width or of a low level, seeds that the sources do not have, a p of 0, below its floor, that contradicts the
        interval or is equal to a similarity, or a name used twice."""
        if interval is not None:
            interval = require_interval(interval, number(value, name), name, require_whole(n, name))
        if p is not None:
            check_test(number(p, f"p of {name}"), p_method, interval, unit, name)
            refuse_value_as_p(name, number(value, name), number(p, f"p of {name}"), p_method)
        tested: dict[str, Any] = {"interval": interval, "seeds": seeds, "p": p, "p_floor": p_floor, "p_method": p_method, "arms": arms}
        found = self._build(name, value, unit, n, sampling_unit, sources, note=note, unsampled=unsampled, **tested)
        return self._record(found, typed=True)

    def _build(
        self,
        name: str,
        value: Any,
        unit: str,
        n: Any,
        sampling_unit: str,
        sources: Sequence[Source],
        *,
        seeds: Sequence[int] = (),
        p: float | None = None,
        p_floor: float | None = None,
        note: str = "",
        unsampled: str = "",
        proven: bool = False,
        **others: Any,
    ) -> Measurement:
        if sources and seeds:
            refuse_seeds(name, seeds, sources, sampling_unit, proven)
        rows = sum(ref.rows for ref in unite((source.ref for source in sources), lambda ref: ref.sha256))
        if sources and require_whole(n, name) > rows:
            raise HarnessError(
                f"{name} has N = {n}, its samples hold {rows} rows", mend="N counts the sampling units; a row is none more than once", code="S411"
            )
        if sources and sampling_unit == "item" and (items := distinct_items(sources)) and require_whole(n, name) > items:
            raise HarnessError(f"{name} has N = {n}, its samples hold {items} items", mend="Name what N counts in sampling_unit=, or count items", code="S411")
        floor = None if p_floor is None else number(p_floor, f"smallest p of {name}")
        return Measurement(
            name=name,
            value=in_unit(number(value, name), unit, name),
            unit=unit,
            n=require_whole(n, name),
            sampling_unit=sampling_unit,
            seeds=tuple(int(seed) for seed in seeds),
            fingerprint=join_fingerprints([source.fingerprint for source in sources]),
            samples=tuple(source.ref for source in sources),
            p=None if p is None else probability(p, floor, name),
            p_floor=floor,
            note=str(note),
            unsampled=reason(unsampled, name),
            **others,
        )

    def _record(self, found: Measurement, typed: bool = False) -> Measurement:
        if secret := key_in(found.name):
            raise HarnessError(f"the name of a measurement holds {secret}", mend="Name what stands for it")
        if any(taken.name == found.name for taken in self.taken):
            raise HarnessError(f"{found.name!r} is measured twice in {self.cell or 'this cell'}", mend="Give each measurement its own name")
        refuse_similarity([*self.typed, found] if typed else self.typed, [*self.taken, found])
        self.taken.append(found)
        self.typed += [found] if typed else []
        return found

    def rate(
        self,
        name: str,
        outcomes: Measured,
        *,
        sampling_unit: str = "",
        exact: bool = False,
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
        unsampled: str = "",
    ) -> Measurement:
        """Share of True over items (`outcomes` by item id); None is no answer and is left out, counted in the note.

        Wilson, or Clopper-Pearson if `exact`. Items whose replicates were averaged (shares in [0, 1]) get the interval of a mean over items.
        """
        from harness.verdict.intervals import mean_interval, rate_interval

        basis = Basis(name, [outcomes], sources, sampling_unit, seeds, unsampled)
        answered, note = split_known(basis.mappings[0], name)
        values = [share(value, name) for value in answered.values()]
        if all(value in (0, 1) for value in values):
            interval = rate_interval(round(sum(values)), len(values), method="exact" if exact else "wilson")
        else:
            interval = mean_interval(values, *self.stream)
        derived, doubt = derive("rate", [(1.0, basis.mappings)], exact=exact), doubt_of_level(basis.mappings[0], sources)
        return self._take(name, sum(values) / len(values), "rate", len(values), basis, interval=interval, note=note, derived=derived, doubt=doubt)

    def mean(
        self,
        name: str,
        values: Measured,
        unit: str = "",
        *,
        clusters: Mapping[str, str] | None = None,
        sampling_unit: str = "",
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
        differ: str | tuple[str, ...] = (),
        unsampled: str = "",
    ) -> Measurement:
        """Mean over items: BCa over items, or a bootstrap over whole `clusters` (item id to cluster) where items are not independent. The unit may be left
        to the measure that took the samples. Differences that the test computed from two samples are held to what `contrast` asks of its arms."""
        from harness.verdict.intervals import cluster_interval, mean_interval

        basis = Basis(name, [values], sources, sampling_unit, seeds, unsampled)
        unit = unit or basis.unit
        if not unit:
            raise HarnessError(f"{name} has no unit", mend='Name it: measure.mean(name, values, "points"), or set unit = "points" on the measure')
        answered, note = split_known(basis.mappings[0], name)
        data = [number(value, name) for value in answered.values()]
        if clusters is None:
            interval, n = mean_interval(data, *self.stream), len(data)
        else:
            groups = [clusters[item] for item in answered]
            interval, n = cluster_interval(data, groups, *self.stream), len(set(groups))
        derived = derive("mean", [(1.0, basis.mappings)], unit=unit) if clusters is None else None
        doubt = doubt_of_level(basis.mappings[0], sources)
        if unit in CONTRASTED:
            pair = samples_compared([attribute(basis.mappings[0], sources)], sources)
            require_same_settings(name, pair, (differ,) if isinstance(differ, str) else differ)
            refuse_literal(name, [basis.mappings[0]], sources, unit)
            doubt = doubt or doubt_of_samples(pair, unit) or describe_selection(basis.mappings[0], sources)
        return self._take(name, sum(data) / len(data), unit, n, basis, interval=interval, note=note, derived=derived, doubt=doubt)

    def shift(
        self,
        name: str,
        treated: Measured,
        baseline: Measured,
        *,
        sampling_unit: str = "",
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
        differ: str | tuple[str, ...] = (),
        unsampled: str = "",
    ) -> Measurement:
        """treated - baseline in pp (in points where that is the measure's unit), paired by item id (never by position). Raises HarnessError where the two
        arms hold different items, or were sampled in another way than `differ` says (see `contrast`).

        One answer an item: Newcombe's paired interval and McNemar's exact p. Rates over replicates: BCa over items and a sign-flip permutation p.
        """
        terms = [(1, treated), (-1, baseline)]
        return self.contrast(name, terms, sampling_unit=sampling_unit, sources=sources, seeds=seeds, differ=differ, unsampled=unsampled)

    def contrast(
        self,
        name: str,
        terms: Terms,
        *,
        unit: str = "",
        sampling_unit: str = "",
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
        differ: str | tuple[str, ...] = (),
        unsampled: str = "",
    ) -> Measurement:
        """Sum of weight * outcome, averaged over items: `terms` are (weight, outcomes by item id) with weights that sum to zero, paired by item id.

        In pp for outcomes in [0, 1], or in `unit="points"` for scores of 0 to 100. BCa over items and a sign-flip permutation p. Outcomes may be a list
        of mappings, one for each replicate training, equally many in each term and in the order of `seeds`: then the wider of that interval and
        Student's t over the seeds' contrasts, and the larger p. Raises HarnessError for weights that do not cancel and for arms that do not match.

        The arms' samples must have been described alike in all that says how they are sampled, scored or judged (tokens, temperature, judge, seeds, …); with
        `differ`, the names of the fields in which they are meant to differ, in everything else. Arms that are the same samples, or that lack answers
        unevenly, are measured with a doubt: no criterion decides on them.
        """
        return self._compare(contrast_of, name, terms, unit, "", sampling_unit, sources, seeds, differ, unsampled)

    def standardised(
        self,
        name: str,
        treated: Measured | Sequence[Measured],
        baseline: Measured | Sequence[Measured],
        *,
        unit: str = "",
        sampling_unit: str = "",
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
        differ: str | tuple[str, ...] = (),
        unsampled: str = "",
    ) -> Measurement:
        """Cohen's d_z of treated - baseline: the mean over the SD of the differences that items have, to compare effects in different units; its interval is
        exact for normal differences. The arms are held to what `shift` and `contrast` hold them to. Raises Inconclusive where the differences do not vary."""
        return self._compare(standardised_of, name, [(1, treated), (-1, baseline)], unit, "value", sampling_unit, sources, seeds, differ, unsampled)

    def _compare(
        self,
        effect_of: Callable[..., Effect],
        name: str,
        terms: Terms,
        unit: str,
        told: str,
        sampling_unit: str,
        sources: tuple[Source, ...],
        seeds: tuple[int, ...],
        differ: str | tuple[str, ...],
        unsampled: str,
    ) -> Measurement:
        """What `effect_of` finds in arms that may be compared; `told` is the unit of the effect where it is not that of the outcomes."""
        nested: list[Sequence[Any]] = [term if isinstance(term, list | tuple) else [term] for _, term in terms]
        basis = Basis(name, [arm for term in nested for arm in term], sources, sampling_unit, seeds, unsampled)
        mappings = iter(basis.mappings)
        read = [(weight, [next(mappings) for _ in term]) for (weight, _), term in zip(terms, nested, strict=True)]
        unit = unit or (basis.unit if basis.unit in CONTRASTED else "pp")
        effect = effect_of(name, read, unit, seeds, self.stream)
        terms_of = split_by_seed(name, read, seeds)
        weights, arms = require_balanced(name, read), [[attribute(arm, sources) for arm in term] for term in terms_of]
        plain = [arm for term in terms_of for arm in term]
        refuse_literal(name, plain, basis.sources)
        pair = samples_compared([arm for term in arms for arm in term], sources)
        for compared in (arms, pair):
            require_same_settings(name, compared, (differ,) if isinstance(differ, str) else differ)
        basis.seeds = differing_seeds(name, arms, basis.seeds, sources)
        basis.proven = basis.proven or len(basis.seeds) <= max(map(len, arms))
        left = {item: (int(any(arm[item] is None for arm in plain)), 1) for item in plain[0]}
        doubts = (doubt for arm in plain for doubt in (doubt_of_level(arm, sources), describe_selection(arm, sources)))
        doubt = doubt_of(weights, arms, sources) or doubt_of_samples(pair, unit) or mostly_missing(left) or next(filter(None, doubts), "")
        doubt = doubt or doubt_of_pairing([arm for term in arms for arm in term])
        basis.note = "; ".join(filter(None, (basis.note, hold_equal_rows([arm for term in arms for arm in term]))))
        op = "standardised" if effect_of is standardised_of else "contrast"
        return self._effect(name, effect, told or unit, basis, doubt=doubt, derived=derive(op, read, unit=unit))

    def corrected(self, name: str, apparent: Measurement, calibration: Calibration, *, limit: float = 200.0) -> Measurement:
        """A rate, or a contrast in pp, as a judge without errors would have measured it (Rogan-Gladen), the calibration's uncertainty in the interval.

        `limit` is the most, in pp, that a contrast can be: 100 between two arms, 200 for a difference of differences.

        p stays that of `apparent`. Raises Inconclusive where the judge is no better than guessing, or cannot be shown to be.
        """
        if self.cell and not any(apparent is taken for taken in self.taken):
            told = f"{name} corrects {getattr(apparent, 'name', apparent)!r}, which was not measured by this cell, or was altered since"
            raise HarnessError(told, mend="Give what this cell's own `measure` returned, as it is")
        value, interval, note = corrected_of(name, apparent, calibration, limit)
        made_of = fingerprint([apparent.fingerprint, encode(calibration)])
        of = {"op": "corrected", "name": apparent.name, "of": apparent.derived, "calibration": encode(calibration), "limit": limit}
        derived = of if apparent.derived else None
        return self._record(replace(apparent, name=name, value=value, interval=interval, note=note, fingerprint=made_of, derived=derived))

    def correlation(
        self,
        name: str,
        first: Measured,
        second: Measured,
        *,
        sampling_unit: str = "",
        method: str = "spearman",
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
        unsampled: str = "",
    ) -> Measurement:
        """Spearman's rho of two values for each sampling unit, paired by key: a permutation p, and Fisher's z with the Bonett-Wright variance.

        Raises Inconclusive for fewer than 4 units and for values without an order.
        """
        if method != "spearman":
            raise HarnessError(f"{name} asks for the correlation {method!r}", mend="Use method='spearman': it asks for the order alone")
        basis = Basis(name, [first, second], sources, sampling_unit, seeds, unsampled, by_item=False)
        effect = correlation_of(name, basis.mappings[0], basis.mappings[1], basis.sampling_unit, self.stream)
        derived = derive("correlation", [(1.0, [mapping]) for mapping in basis.mappings], sampling_unit=basis.sampling_unit)
        return self._effect(name, effect, "correlation", basis, derived=derived)

    def effect(
        self,
        name: str,
        effect: Effect,
        unit: str,
        *,
        sampling_unit: str = "item",
        sources: tuple[Source, ...] = (),
        seeds: tuple[int, ...] = (),
        note: str = "",
        unsampled: str = "",
    ) -> Measurement:
        """Records what a statistic of the test's own or of a domain found, held to what a number is held to that the test typed."""
        tested: dict[str, Any] = {"interval": effect.interval, "seeds": seeds, "p": effect.p, "p_floor": effect.p_floor, "p_method": effect.p_method}
        noted = "; ".join(filter(None, (effect.note, note)))
        return self(
            name, effect.value, unit, n=effect.n, sampling_unit=sampling_unit, sources=sources, note=noted, unsampled=unsampled, arms=effect.arms, **tested
        )

    def _effect(self, name: str, effect: Effect, unit: str, basis: Basis, **others: Any) -> Measurement:
        tested = {"p": effect.p, "p_floor": effect.p_floor, "p_method": effect.p_method, "arms": effect.arms}
        return self._take(name, effect.value, unit, effect.n, basis, interval=effect.interval, note=effect.note, **tested, **others)

    def _take(self, name: str, value: float, unit: str, n: int, basis: Basis, note: str = "", **others: Any) -> Measurement:
        note = "; ".join(filter(None, (note, basis.note, basis.ties)))
        if basis.ties and "[M307]" in others.get("doubt", ""):
            others["doubt"] += f"; {basis.ties}"
        rests: dict[str, Any] = {"seeds": basis.seeds, "equal_seeds": basis.equal_seeds, "proven": basis.proven, "unsampled": basis.unsampled}
        made = self._build(name, value, unit, n, basis.sampling_unit, basis.sources, note=note, **rests, **others)
        return self._record(made)


class Basis:
    """What the arguments of a measurement rest on: outcomes, and the sources, sampling unit and seeds that they bring or that were named."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[Measured],
        sources: Sequence[Source],
        sampling_unit: str,
        seeds: Sequence[int],
        unsampled: str,
        by_item: bool = True,
    ) -> None:
        self.mappings: list[ByItem] = [argument.outcomes() if isinstance(argument, Samples) else argument for argument in arguments]
        for mapping in self.mappings:
            refuse_filled(name, mapping, sources)
            if by_item:
                refuse_foreign(name, mapping, [*sources, *(mapping.sources if isinstance(mapping, Outcomes) else ())])
        read = [mapping for mapping in self.mappings if isinstance(mapping, Outcomes)]
        self.sources: tuple[Source, ...] = unite([*sources, *(source for each in read for source in each.sources)], lambda source: source.ref)
        self.sampling_unit = sampling_unit or next((each.sampling_unit for each in read), "item")
        parts = [[part.gathered for part in each.parts] for each in read]
        self.seeds: tuple[int, ...] = tuple(seeds) or seeds_of(gathered for each in parts for gathered in each)
        self.drawn = unite([*self.seeds, *(seed for each in parts for gathered in each if own_seeds(gathered) for seed in gathered.seeds)])
        # Whether the outcomes of an arm rest on as many different samples as seeds were named.
        self.proven = len(self.seeds) <= max((len({gathered.content_key for gathered in each}) for each in parts), default=1)
        self.unit = next((each.unit for each in read if each.unit), "")
        self.unsampled = unsampled
        edited = [each for each in read if each.edited]
        computed = [each for each in self.mappings if sources and not isinstance(identify(each, sources), Outcomes)]
        self.note = EDITED if edited else COMPUTED if computed and by_item else ""
        tied = sum(row.get("tied") is True for source in self.sources for row in getattr(source, "rows", ()))
        self.ties = f"{TIED}: {tied} (a third judge decides)" if tied else ""

    @property
    def equal_seeds(self) -> tuple[int, ...]:
        return tuple(seed for seed in self.drawn if seed not in self.seeds)


def distinct_items(sources: Sequence[Any]) -> int:
    """How many different items some samples hold; 0 where their rows name none."""
    return len({row.get("item") for source in sources for row in getattr(source, "rows", ())} - {None})


def refuse_seeds(name: str, seeds: Sequence[int], sources: Sequence[Any], sampling_unit: str, proven: bool) -> None:
    """Raises HarnessError for seeds that were typed and that the samples do not have."""
    sampled = [source for source in sources if getattr(source, "rows", ())]
    described = {source.described.get("seed") for source in sampled}
    drawn = {*seeds_of(sampled), *described} - {None}
    runs = {row.get("item") for source in sampled for row in source.rows} if sampling_unit in RUNS else set()  # whose items are their seeds
    foreign = [seed for seed in seeds if seed not in drawn and str(seed) not in runs]
    if foreign and (drawn or not (proven or len(seeds) == 1)):
        told = f"{name} names the seed {foreign[0]}, which none of its samples was drawn with"
        raise HarnessError(told, mend="Leave seeds= out: what gather returned brings the seeds of its measure (its attribute `seed`)", code="S407")


def probability(p: float, floor: float | None, name: str) -> float:
    """A p value that a test can give."""
    value = in_unit(number(p, f"p of {name}"), "probability", f"p of {name}")
    if value == 0:
        raise HarnessError(
            f"p of {name} is 0, which no test gives", mend="A permutation p is (b+1)/(B+1), never 0; below the smallest float give that", code="S402"
        )
    if floor is not None and value < floor * (1 - 1e-9):
        raise HarnessError(
            f"p of {name} is {format_number(value, '.3g')}, below the smallest that its test can give ({format_number(floor, '.3g')})",
            mend="Correct p or p_floor",
            code="S402",
        )
    return value
