"""What stands behind `measure.shift`, `contrast`, `standardised`, `corrected` and `correlation`: outcomes by item id become a value with interval, p and N."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from harness.errors import HarnessError
from harness.plaintext import format_number
from harness.records import Calibration, Effect, Interval, Measurement
from harness.run.value_checks import ByItem, number, share, split_known

Replicates = ByItem | Sequence[ByItem]
Terms = Sequence[tuple[float, Replicates]]


def contrast_of(name: str, terms: Terms, unit: str, seeds: Sequence[int], stream: Sequence[object] = ()) -> Effect:
    """The weighted sum of outcomes, averaged over items (and seeds); `stream` names the random numbers of the bootstrap and of the sign flips. Raises
    HarnessError for weights that do not cancel and terms that do not match."""
    from harness.verdict.intervals import mean_interval
    from harness.verdict.tests import sign_flip

    weights, replicates, items, note, means = arrange_arms(name, terms, unit, seeds)
    if unit == "pp" and weights == [1, -1] and all(len(arms) == 1 and all(arms[0][item] in (0, 1) for item in items) for arms in replicates):
        return shift_of(replicates[0][0], replicates[1][0], items, note, means)
    by_seed = differences_by_seed(name, weights, replicates, items, unit)
    averaged = [sum(values) / len(values) for values in zip(*by_seed, strict=True)]
    p, floor = sign_flip(averaged, *stream)
    effect = Effect(
        value=sum(averaged) / len(averaged),
        interval=mean_interval(averaged, *stream),
        n=len(items),
        p=p,
        p_floor=floor,
        p_method="sign-flip permutation of items",
        note=note,
        arms=means,
    )
    return effect if len(by_seed) == 1 else with_seeds(effect, [sum(values) / len(values) for values in by_seed], unit)


def standardised_of(name: str, terms: Terms, unit: str, seeds: Sequence[int], stream: Sequence[object] = ()) -> Effect:  # noqa: ARG001  nothing is drawn
    """Cohen's d_z of the items' differences (each averaged over seeds), with its exact interval."""
    from harness.verdict.standardised import paired_d

    weights, replicates, items, note, means = arrange_arms(name, terms, unit, seeds)
    by_seed = differences_by_seed(name, weights, replicates, items, unit)
    value, interval = paired_d([sum(values) / len(values) for values in zip(*by_seed, strict=True)], name)
    return Effect(value=value, interval=interval, n=len(items), note=note, arms=means)


def arrange_arms(name: str, terms: Terms, unit: str, seeds: Sequence[int]) -> tuple[list[float], list[list[ByItem]], list[str], str, tuple[float, ...]]:
    """(weights, outcomes of each term by seed, items that all of them answer, a note on the others, the mean of each term)."""
    if unit not in ("pp", "points", "nats"):
        raise HarnessError(f"{name} is a contrast in {unit!r}", mend="Use unit='pp' for rates, 'points' for scores of 0 to 100, 'nats' for log-probabilities")
    weights, replicates = require_balanced(name, terms), split_by_seed(name, terms, seeds)
    items, note = common(name, [mapping for term in replicates for mapping in term])
    return weights, replicates, items, note, arm_means(replicates, items, weights, name)


def differences_by_seed(name: str, weights: Sequence[float], replicates: Sequence[Sequence[ByItem]], items: Sequence[str], unit: str) -> list[list[float]]:
    """The weighted sum of each item's outcomes, for each seed."""
    return [
        [sum(weight * outcome(arm[item], unit, name) for weight, arm in zip(weights, arms, strict=True)) for item in items]
        for arms in zip(*replicates, strict=True)
    ]


def shift_of(treated: ByItem, baseline: ByItem, items: Sequence[str], note: str, means: tuple[float, ...]) -> Effect:
    """Two arms of plain yes and no: Newcombe's paired interval, which holds even where all items agree, and McNemar's exact p."""
    first, second = ({item: float(arm[item]) for item in items} for arm in (treated, baseline))
    value, interval, p, floor, method = binary_shift(first, second)
    return Effect(value=value, interval=interval, n=len(items), p=p, p_floor=floor, p_method=method, note=note, arms=means)


def with_seeds(effect: Effect, by_seed: Sequence[float], unit: str) -> Effect:
    """The effect with the noise between seeds: the wider interval and the larger p of the two ways of looking, over items and over seeds."""
    from harness.verdict.between_seed_sd import seed_interval, seed_p, seed_sd

    assert effect.p is not None, "an effect over items carries a test"
    items, seeds, by_item, p = effect.interval, seed_interval(by_seed), effect.p, seed_p(by_seed)
    # A single item says nothing of other items, however far apart the seeds lie.
    by_items = items.method.startswith("none") or items.high - items.low >= seeds.high - seeds.low
    kept, other = (items, seeds) if by_items else (seeds, items)
    method = f"{kept.method}; wider than {'' if by_items else 'over items: '}{other.method}"
    over = f"Student's t over {len(by_seed)} seeds"
    larger = f"{effect.p_method} (p not below that of {over})" if by_item >= p else f"{over} (p above that of the {effect.p_method})"
    return Effect(
        value=effect.value,
        interval=replace(kept, method=method),
        n=effect.n,
        p=max(p, by_item),
        p_floor=effect.p_floor,
        p_method=larger,
        note="; ".join(filter(None, (effect.note, f"SD over {len(by_seed)} seeds {seed_sd(by_seed):.1f} {unit}"))),
        arms=effect.arms,
    )


def arm_means(replicates: Sequence[Sequence[ByItem]], items: Sequence[str], weights: Sequence[float], name: str) -> tuple[float, ...]:
    """Mean outcome of each term over items (and seeds), as it is measured; of two terms the treated one first."""
    values = [[plain(mapping[item], name) for mapping in term for item in items] for term in replicates]
    means = tuple(sum(term) / len(term) for term in values)
    return means[::-1] if len(means) == 2 and weights[0] < 0 else means


def require_balanced(name: str, terms: Terms) -> list[float]:
    """The weights. They sum to zero, or what is measured is no contrast."""
    weights = [number(weight, f"a weight of {name}") for weight, _ in terms]
    if not any(weights) or abs(sum(weights)) > 1e-9 * sum(map(abs, weights)):
        raise HarnessError(f"the weights of {name} are {weights} and sum to {format_number(sum(weights))}", mend="Let them sum to zero, such as 1, -1, -1, 1")
    return weights


def split_by_seed(name: str, terms: Terms, seeds: Sequence[int]) -> list[list[ByItem]]:
    """Each term as one mapping for each seed, equally many in all terms."""
    found = [[outcomes] if isinstance(outcomes, Mapping) else list(outcomes) for _, outcomes in terms]
    sizes = sorted({len(term) for term in found})
    if len(sizes) > 1 or sizes[0] < 1:
        mend = "Give each term one mapping for each seed, in the same order; repeat what no seed changes: [baseline] * 3"
        raise HarnessError(f"the terms of {name} hold {' and '.join(map(str, sizes))} seeds", mend=mend)
    if sizes[0] > 1 and seeds and len(seeds) != sizes[0]:
        raise HarnessError(f"{name} names {len(seeds)} seeds, its terms hold {sizes[0]}", mend="Name the seeds of the mappings, in their order")
    return found


def common(name: str, mappings: Sequence[ByItem]) -> tuple[list[str], str]:
    """(items with an answer everywhere, in id order; note on the others). Raises HarnessError where the mappings hold different items."""
    for mapping in mappings:
        if set(mapping) != set(mappings[0]):
            odd = sorted(set(mapping) ^ set(mappings[0]))
            arms = "two arms" if len(mappings) == 2 else "arms"
            told = f"{name}: the {arms} hold different items ({len(odd)} unmatched, such as {odd[0]!r})"
            raise HarnessError(told, mend="Measure all arms on the same items", code="M308")
    whole = {item: None if any(mapping[item] is None for mapping in mappings) else True for item in mappings[0]}
    answered, note = split_known(whole, name)
    return list(answered), note


def outcome(value: object, unit: str, name: str) -> float:
    """An outcome in the unit of its contrast: a share becomes percentage points, points stay what they are."""
    return 100 * share(value, name) if unit == "pp" else number(value, name)


def plain(value: object, name: str) -> float:
    return float(value) if isinstance(value, bool) else number(value, name)


def corrected_of(name: str, apparent: Measurement, calibration: Calibration, limit: float) -> tuple[float, Interval, str]:
    """(value, interval, note) of a rate or contrast as it would be with a judge that never errs. Raises Inconclusive where the judge tells nothing.

    A rate is clipped to 0 to 1, a contrast to plus and minus `limit` pp, the most that its arms can differ. A contrast beyond that, or a rate whose whole
    interval lies outside, says that the calibration does not fit these answers: the interval then reaches back to the apparent one, and the note says so.
    """
    from harness.verdict.correction import corrected_contrast, corrected_rate, format_counts

    if apparent.unit not in ("rate", "pp"):
        raise HarnessError(f"{name} corrects {apparent.name}, which is in {apparent.unit}", mend="Correct a rate or a contrast of rates in pp")
    if apparent.interval is None:
        raise HarnessError(f"{name} corrects {apparent.name}, which has no interval", mend="Measure it with measure.rate, measure.shift or measure.contrast")
    if apparent.unit == "rate":
        value, interval = corrected_rate(apparent.value, apparent.n, calibration, apparent.interval.level)
    else:
        value, interval = corrected_contrast(apparent.value, apparent.interval, calibration)
    least, most = (0.0, 1.0) if apparent.unit == "rate" else (-limit, limit)
    clipped = min(most, max(least, value))
    misfit = clipped != value and (apparent.unit == "pp" or interval.method.startswith("degenerate"))
    seen = (apparent.interval.low, apparent.interval.high) if misfit else ()
    ends = [min(most, max(least, end)) for end in (interval.low, interval.high, *seen)]
    interval = replace(interval, low=min(ends), high=max(ends))
    judge = f"sensitivity {format_counts(calibration.sensitivity)}, specificity {format_counts(calibration.specificity)}"
    told = [apparent.note, f"{apparent.name} corrected for the judge's errors (Rogan-Gladen; {judge})"]
    told += [f"clipped from {format_number(value, '.3g')}" + (": the calibration does not fit these answers" if misfit else "")] if clipped != value else []
    return clipped, interval, "; ".join(filter(None, told))


def correlation_of(name: str, first: ByItem, second: ByItem, units: str, stream: Sequence[object] = ()) -> Effect:
    """Spearman's rho of two values for each unit, paired by key; `stream` names the random numbers of the permutation. Raises Inconclusive where there is no
    order, or too few units to show one."""
    from harness.verdict.rank_correlation import EXACT, rho_interval, spearman

    keys, note = common(name, [first, second])
    rho, p, floor = spearman([number(first[key], name) for key in keys], [number(second[key], name) for key in keys], name, units, *stream)
    method = "Spearman, all orders" if len(keys) <= EXACT else "Spearman, drawn orders"
    return Effect(value=max(-1.0, min(1.0, rho)), interval=rho_interval(rho, len(keys)), n=len(keys), p=p, p_floor=floor, p_method=method, note=note)


def binary_shift(first: Mapping[str, float], second: Mapping[str, float]) -> tuple[float, Interval, float, float, str]:
    from harness.verdict.intervals import LEVEL, newcombe_paired
    from harness.verdict.tests import mcnemar

    gained = sum(first[item] > second[item] for item in first)
    lost = sum(first[item] < second[item] for item in first)
    both = sum(first[item] == 1 == second[item] for item in first)
    low, high = newcombe_paired(both, gained, lost, len(first) - both - gained - lost)
    p, floor = mcnemar(gained, lost)
    interval = Interval(low=100 * float(low), high=100 * float(high), level=LEVEL, method="Newcombe paired (method 10)")
    return 100 * (gained - lost) / len(first), interval, p, floor, "McNemar, exact"
