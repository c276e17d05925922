"""Whether the arms of a contrast may be compared at all: other samples, taken and scored in the same way, with as many answers missing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from harness.errors import HarnessError, nearest
from harness.fingerprint import canonical, fingerprint
from harness.records import SAME_SAMPLES
from harness.run.outcomes import Outcomes, Part, answer_of, numeric_fields, read_field, unite, value_of

# Answers that are missing more often in one arm than in the other are seldom missing at random, and the items that are left are then a choice. From 10 pp on
# that is so whatever the number of items; from 1 pp on where chance hardly does it.
UNEVEN, NOTICEABLE, ALPHA = 0.10, 0.01, 0.05
# Fields of describe() that say how something is sampled, scored or judged: they are equal in all arms, unless `differ` names them. A field counts by its
# name or by that of the field that holds it; case and underscores do not matter.
HOW = """
    tokens maxtokens maxnewtokens maxcompletiontokens maxoutputtokens maxlength mintokens minnewtokens numpredict temperature topp topk minp typicalp dosample
    numbeams samples nsamples numsamples replicates repetitionpenalty presencepenalty frequencypenalty lengthpenalty norepeatngramsize stop stopsequences
    decoding sampling seed seeds scoring metric measure behaviour normalise normalize
    style shots fewshot numfewshot reasoning reasoningeffort thinking thinkingbudget dtype precision quantization
    quantizations template chattemplate format code
    generator engine backend framework sampler
"""
# What the name of a field begins with that says who or what read the answers.
JUDGES = ("judge", "grader", "rubric", "scorer", "rater", "autorater", "evaluator", "annotator")
# Fields of describe() that say how the work was split up or numbered: samples that differ in nothing else are the same.
SPLIT = "chunk chunks chunksize batch batchsize workers concurrency threads device seed seeds code"
ABSENT = "absent"
MEASURED = "Measure the baseline (measure.shift of two samples), or hold the level against a threshold: criterion(…).exceeds(measure.rate(…))"
Path = tuple[str, ...]
Terms = Sequence[Sequence[Mapping[str, Any]]]


def doubt_of(weights: Sequence[float], terms: Terms, sources: Sequence[Any] = ()) -> str:
    """Why a contrast can decide nothing; "" where it can. `terms` hold one mapping for each seed."""
    if are_same(weights, terms, sources):
        return SAME_SAMPLES
    return of_coherence(uneven_or_missing(terms), terms)


def of_coherence(doubt: str, terms: Terms) -> str:
    """A doubt about missing answers, under the code of coherence where most of these were given, and are incoherent."""
    rows = [row for term in terms for arm in term if isinstance(arm, Outcomes) for part in arm.parts for row in part.gathered.rows]
    lost = [row for row in rows if row.get("status", "ok") != "ok"]
    return doubt.replace("[M307]", "[M314]") if lost and 2 * sum(row["status"] == "incoherent" for row in lost) > len(lost) else doubt


def uneven_or_missing(terms: Terms) -> str:
    """Why the answers that are there can decide nothing: too many are missing, or unevenly many."""
    uneven_arms = (doubt for first, second in combinations(terms, 2) if (doubt := describe_uneven_answers(missing(first), missing(second))))
    return next(uneven_arms, "") or next((doubt for term in terms if (doubt := mostly_missing(missing(term)))), "")


def are_same(weights: Sequence[float], terms: Terms, sources: Sequence[Any] = ()) -> bool:
    """True where the terms of a seed cancel since they rest on the very same rows, in whatever order, chunks and class they were drawn. Equal rows under
    descriptions that differ in what is measured are an honest zero."""
    alone = len(described_apart(sources)) == 1
    for seed in range(max(map(len, terms))):
        net: dict[Any, float] = defaultdict(float)
        for weight, term in zip(weights, terms, strict=True):
            net[tuple(sorted(marks(term[min(seed, len(term) - 1)], alone)))] += weight
        if all(abs(weight) < 1e-9 for weight in net.values()):
            return not of_other_items(terms)
    return False


def of_other_items(terms: Terms) -> bool:
    """True where arms were given items that have nothing in common, such as other words under the same ids."""
    given = [part.gathered.given for term in terms for arm in term if isinstance(arm, Outcomes) for part in arm.parts]
    return any(first and second and first.isdisjoint(second) for first, second in combinations(given, 2))


def marks(arm: Mapping[str, Any], alone: bool = False) -> list[str]:
    """What an arm rests on; of outcomes whose samples are not known (`alone`: there is but one it can be), what they are."""
    if not isinstance(arm, Outcomes):
        return [repr(sorted(arm.items())) if alone else str(id(arm))]
    return [fingerprint([essence(part.gathered), rows_of(part, arm), answers_of(part, arm)]) for part in arm.parts]


def rows_of(part: Part, arm: Mapping[str, Any]) -> list[Any]:
    content = part.gathered.content
    return sorted(content.values()) if part.item != "item" else sorted(content[item] for item in arm if item in content)


def answers_of(part: Part, arm: Mapping[str, Any]) -> list[str]:
    found = read_field(part.gathered.rows, part.field, part.item)
    return sorted(f"{item} {found.get(item)}" for item in arm)


def essence(gathered: Any) -> list[Any]:
    """What samples say of themselves, without how they were split up and numbered."""
    return sorted([list(path), value] for path, value in leaves(gathered.described) if not {plain_name(part) for part in path} & set(SPLIT.split()))


def described_apart(sources: Sequence[Any]) -> tuple[Any, ...]:
    """The samples among the sources that differ in their rows or in what they say of themselves, each once."""
    return unite((source for source in sources if getattr(source, "rows", ())), lambda source: fingerprint([essence(source), source.content_key]))


def missing(term: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Item id to (answers that are missing, answers asked for), as the samples have it where they are known."""
    found: dict[str, tuple[int, int]] = {}
    for item, lost in (one for arm in term for one in list_asked(arm)):
        before = found.get(item, (0, 0))
        found[item] = (before[0] + lost, before[1] + 1)
    return found


def list_asked(arm: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """(item, whether there is no answer) for each that was asked for; an item with fewer rows than others lacks those answers."""
    if not isinstance(arm, Outcomes):
        yield from ((item, value is None) for item, value in arm.items())
        return
    for part in arm.parts:
        yield from ((value_of(row, part.item), answer_of(row, part.field) is None) for row in part.gathered.rows)
        rows = Counter(row["item"] for row in part.gathered.rows) if part.item == "item" else Counter()
        yield from ((item, True) for item, count in rows.items() for _ in range(max(rows.values()) - count))


def doubt_of_level(mapping: Mapping[str, Any], sources: Sequence[Any]) -> str:
    """Why the outcomes of one arm can decide nothing: most answers are missing, there or in all the samples that they were computed from."""
    arm = attribute(mapping, sources)
    sampled = [] if isinstance(arm, Outcomes) else [outcomes for source in described_apart(sources) for outcomes in list(fields_of(source))[:1]]
    doubts = [mostly_missing(missing([outcomes])) for outcomes in sampled]
    return mostly_missing(missing([arm])) or (doubts[0] if doubts and all(doubts) else "")


def mostly_missing(answers: Mapping[str, tuple[int, int]]) -> str:
    """An arm's missing answers where they are more than half."""
    lost, of = (sum(counts) for counts in zip(*answers.values(), strict=True)) if answers else (0, 0)
    return f"[M307] {lost} of {of} answers are missing: those that are left do not speak for the others" if 2 * lost > of else ""


def describe_uneven_answers(first: Mapping[str, tuple[int, int]], second: Mapping[str, tuple[int, int]]) -> str:
    """Two arms' missing answers where their shares differ too much: by 10 pp, or by 1 pp and more than by chance (McNemar's exact test over items)."""
    from harness.verdict.tests import mcnemar

    (lost, of), (lost2, of2) = ((sum(count for count, _ in arm.values()), sum(size for _, size in arm.values())) for arm in (first, second))
    apart = abs(lost / max(1, of) - lost2 / max(1, of2))
    both = [(first[item][0] / first[item][1], second[item][0] / second[item][1]) for item in first if item in second]
    p, _ = mcnemar(sum(a > b for a, b in both), sum(a < b for a, b in both))
    if apart < UNEVEN - 1e-9 and not (apart >= NOTICEABLE - 1e-9 and p < ALPHA):
        return ""
    return f"[M307] answers are missing unevenly: {lost} of {of} in one arm, {lost2} of {of2} in the other; the items that are left are not comparable"


def require_same_settings(name: str, terms: Terms, differ: Sequence[str]) -> None:
    """Raises HarnessError where the arms' descriptions differ in how they were taken, or with `differ` in anything that it does not name."""
    arms = [settings for term in terms if (settings := settings_of(term))]
    known = {part for arm in arms for path in arm for part in path}
    for field in differ if arms else ():
        if field not in known:
            raise HarnessError(f"{name}: differ names {field!r}, which no arm describes", mend=nearest(field, known))
    odd = {path: (arms[0].get(path), arm.get(path)) for arm in arms[1:] for path in sorted({*arms[0], *arm}) if arm.get(path) != arms[0].get(path)}
    wrong = {path: pair for path, pair in odd.items() if not set(path) & set(differ) and (differ or is_how(path))}
    if wrong:
        told = ", ".join(f"{'.'.join(path)} ({format_values(first)} against {format_values(second)})" for path, (first, second) in list(wrong.items())[:4])
        names = tuple(dict.fromkeys((*differ, *(path[-1] for path in wrong))))
        meant = f'"{names[0]}"' if len(names) == 1 else "(" + ", ".join(f'"{each}"' for each in names) + ")"
        code = "M309" if any(is_judge(path) for path in wrong) else "M308"
        mend = f"Sample them alike, or say that this is what is compared: differ={meant}"
        raise HarnessError(f"{name}: the arms are not sampled alike: {told}", mend=mend, code=code)


def is_how(path: Path) -> bool:
    return is_judge(path) or any(plain_name(part) in HOW.split() for part in path)


def is_judge(path: Path) -> bool:
    """Whether a field says who or what read the answers."""
    return any(plain_name(part).startswith(JUDGES) for part in path)


def plain_name(field: str) -> str:
    return re.sub(r"[^a-z0-9]", "", field.lower())


def settings_of(term: Sequence[Mapping[str, Any]]) -> dict[Path, frozenset[str]]:
    """Path in the descriptions to the values that it has in an arm's samples; empty where these are unknown."""
    found: dict[Path, set[str]] = defaultdict(set)
    for arm in term:
        for source in arm.sources if isinstance(arm, Outcomes) else ():
            for path, value in leaves(source.described):
                found[path].add(value)
            found[("seed",)] |= {canonical(seed) for seed in source.seeds}
    return {path: frozenset(values) for path, values in found.items() if values}


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """(path, value as JSON) of everything that is no mapping, nor a list of mappings."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, (*path, str(name)))
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping) for inner in value):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, str(place)))
    else:
        yield path, canonical(value)


def format_values(values: frozenset[str] | None) -> str:
    text = ", ".join(sorted(values)) if values else ABSENT
    return text if len(text) <= 40 else text[:39] + "…"


def identify(mapping: Mapping[str, Any], sources: Sequence[Any]) -> Mapping[str, Any]:
    """A plain mapping as the outcomes of the one source that has exactly these, or as it is."""
    if isinstance(mapping, Outcomes):
        return mapping
    equal = [outcomes for outcomes in candidates(mapping, sources) if dict(outcomes) == mapping]
    return equal[0] if len(equal) == 1 else mapping


def candidates(mapping: Mapping[str, Any], sources: Sequence[Any]) -> Iterator[Outcomes]:
    """The outcomes that the sources have for just these items."""
    for source in sources:
        rows = getattr(source, "rows", ())
        if {row.get("item") for row in rows} == set(mapping):
            whole = [field for field in numeric_fields(rows) if all(field in row for row in rows)]
            yield from (source.outcomes(field) for field in whole)


def attribute(mapping: Mapping[str, Any], sources: Sequence[Any]) -> Mapping[str, Any]:
    """Computed outcomes as those of the one source that they are a linear function of (1 - value, 100 * value), or as they are."""
    if isinstance(mapping, Outcomes):
        return mapping
    made_of = [outcomes for source in described_apart(sources) for outcomes in fields_of(source) if is_linear(mapping, outcomes)]
    return made_of[0] if len({id(outcomes.parts[0].gathered) for outcomes in made_of}) == 1 else mapping


def fields_of(source: Any) -> Iterator[Outcomes]:
    """The outcomes that samples hold, one for each field of numbers."""
    fields = numeric_fields(source.rows) if all("item" in row for row in source.rows) else []
    yield from (source.outcomes(field) for field in fields if all(field in row for row in source.rows))


def is_linear(mapping: Mapping[str, Any], outcomes: Mapping[str, Any]) -> bool:
    """True where the mapping is a + b * outcome for all its items that have both, and these differ."""
    if not set(mapping) <= set(outcomes):
        return False
    pairs = [(outcomes[item], value) for item, value in mapping.items() if value is not None and outcomes[item] is not None]
    if not pairs or not all(isinstance(value, bool | int | float) for _, value in pairs):
        return False
    (x, y), (x2, y2) = min(pairs), max(pairs)
    return x != x2 and y != y2 and all(abs(y + (y2 - y) / (x2 - x) * (at - x) - value) <= 1e-9 * max(1.0, abs(value)) for at, value in pairs)


def samples_compared(arms: Sequence[Mapping[str, Any]], sources: Sequence[Any]) -> list[list[Outcomes]]:
    """The two samples that computed arms compare, where neither is known to be whose; empty where they are not two."""
    apart = described_apart(sources)
    if len(apart) != 2 or all(isinstance(arm, Outcomes) for arm in arms):
        return []
    return [[outcomes] for source in apart for outcomes in list(fields_of(source))[:1]]


def doubt_of_samples(pair: Sequence[Sequence[Outcomes]], unit: str) -> str:
    """Why what was computed from two samples can decide nothing: answers are missing, or both hold one and the same answer throughout."""
    if len(pair) != 2:
        return ""
    answers = {value for term in pair for outcomes in term for value in outcomes.values() if value is not None}
    blind = f"[M304] both samples hold nothing but {next(iter(answers))}: the measure may be blind" if len(answers) == 1 and unit == "pp" else ""
    return doubt_of((1, -1), pair) or blind


def refuse_filled(name: str, mapping: Mapping[str, Any], sources: Sequence[Any]) -> None:
    """Raises HarnessError where outcomes stand in the place of answers that are missing."""
    filled = sorted((item for item in items_without_answer(mapping, sources) if mapping.get(item) is not None), key=str)
    if filled:
        told = f"{name} counts {len(filled)} missing answers as outcomes, such as item {filled[0]!r}"
        raise HarnessError(told, mend='Leave them None; how often there is an answer is outcomes("status=ok")', code="M307")


def items_without_answer(mapping: Mapping[str, Any], sources: Sequence[Any]) -> set[Any]:
    """Items without an answer in the samples that the outcomes were read from; where that is unknown, in all the sources."""
    if isinstance(mapping, Outcomes):
        return {item for item, value in mapping.reread().items() if value is None}
    rows = [row for source in sources for row in getattr(source, "rows", ())]
    lost = {row["item"] for row in rows if "item" in row} - {row.get("item") for row in rows if row.get("status") not in ("error", "empty")}
    if isinstance(made_of := attribute(mapping, sources), Outcomes):
        lost |= {item for item, value in made_of.items() if value is None}
    alike = [gaps for outcomes in candidates(mapping, sources) if (gaps := gaps_of(mapping, outcomes)) is not None]
    return lost | (set.intersection(*alike) if alike else set())


def gaps_of(mapping: Mapping[str, Any], outcomes: Outcomes) -> set[Any] | None:
    """Items that the outcomes lack, where the mapping has the same on all others; None where it has not, or where these are one or two items of one value
    among many, which a mapping of something else may have by chance."""
    there = {item: value for item, value in outcomes.items() if value is not None}
    telling = len(set(there.values())) > 1 or len(there) > 2 or 2 * len(there) >= len(outcomes)
    return set(outcomes) - set(there) if there and telling and all(mapping[item] == value for item, value in there.items()) else None


def refuse_foreign(name: str, mapping: Mapping[str, Any], sources: Sequence[Any]) -> None:
    """Raises HarnessError where outcomes are of items that none of the samples has."""
    known = {row.get("item") for source in sources for row in getattr(source, "rows", ())}
    foreign = sorted((item for item in mapping if item not in known), key=str) if known else []
    if foreign:
        told = f"{name} has outcomes of {len(foreign)} items that are in none of its samples, such as {foreign[0]!r}"
        raise HarnessError(told, mend="Key outcomes by the items that were gathered, and name all the samples in sources=", code="S414")


def refuse_literal(name: str, arms: Sequence[Mapping[str, Any]], sources: Sequence[Any], unit: str = "") -> None:
    """Raises HarnessError where an arm is a number that somebody wrote down, such as a chance level of .5: a baseline is measured, or is a threshold for a
    level. A mean in pp that is one sample's outcome less a constant has such a baseline, too."""
    sampled = [source for source in sources if getattr(source, "rows", ())]
    typed = [arm for arm in arms if sampled and is_typed(arm, sampled)]
    if unit == "pp" and any(is_shifted(arm, outcomes) for arm in typed for source in sampled for outcomes in fields_of(source)):
        raise HarnessError(f"{name} is one sample less a constant", mend=MEASURED, code="S412")
    literal = [arm for arm in typed if len(arm) > 1 and len({value for value in arm.values() if value is not None}) == 1]
    if not unit and literal and len(literal) < len(arms):
        told = f"an arm of {name} is {next(iter(literal[0].values()))} for all {len(literal[0])} items, and no samples are so"
        raise HarnessError(told, mend=MEASURED, code="S412")


def is_typed(arm: Mapping[str, Any], sources: Sequence[Any]) -> bool:
    """True for outcomes that are not those of any source, nor a part of them."""
    return not isinstance(identify(arm, sources), Outcomes) and not any(is_part_of(arm, outcomes) for source in sources for outcomes in fields_of(source))


def is_shifted(mapping: Mapping[str, Any], outcomes: Mapping[str, Any]) -> bool:
    """True where the mapping is a linear function of the outcomes that is not 0 where they are 0."""
    if not is_linear(mapping, outcomes):
        return False
    (x, y), (x2, y2) = (pair(outcomes, mapping, choose) for choose in (min, max))
    return abs(y - (y2 - y) / (x2 - x) * x) > 1e-9


def pair(outcomes: Mapping[str, Any], mapping: Mapping[str, Any], choose: Any) -> tuple[float, float]:
    item = choose((item for item in mapping if mapping[item] is not None and outcomes[item] is not None), key=lambda item: outcomes[item])
    return outcomes[item], mapping[item]


def differing_seeds(name: str, terms: Terms, seeds: Sequence[int], sources: Sequence[Any]) -> tuple[int, ...]:
    """The seeds whose replicates are different samples. Raises HarnessError where all are the same: seeds that nothing was drawn with are none."""
    count = max(map(len, terms))
    apart = unite(range(count), lambda seed: tuple(drawn_as(term[seed], sources) for term in terms))
    if count > 1 and len(apart) == 1:
        told = f"{name} has {count} seeds, and the same samples for each of them"
        raise HarnessError(told, mend="Give each seed the samples that were drawn with it; what has no seed is measured once", code="S407")
    return tuple(seeds[place] for place in apart) if len(seeds) == count else tuple(seeds)


def drawn_as(arm: Mapping[str, Any], sources: Sequence[Any]) -> tuple[str, ...]:
    """What tells the samples behind an arm from others, whatever they are called."""
    if isinstance(arm, Outcomes):
        return tuple(sorted(part.gathered.content_key for part in arm.parts))
    return (repr(sorted(arm.items())) if sources else str(id(arm)),)


def describe_selection(mapping: Mapping[str, Any], sources: Sequence[Any]) -> str:
    """Why a plain mapping can decide nothing: it leaves out items of the samples that it was made of; "" where that is not so."""
    sampled = [source for source in sources if getattr(source, "rows", ())]
    if isinstance(mapping, Outcomes) or not mapping or not sampled:
        return ""
    made_of = [source for source in sampled if any(is_part_of(mapping, outcomes) or is_linear(mapping, outcomes) for outcomes in fields_of(source))]
    sizes = [len(source.content) for source in made_of or sampled]
    if min(sizes) <= len(mapping):
        return ""
    left_out = f"{max(sizes) - len(mapping)} of {max(sizes)} items of its samples are left out"
    return f"{left_out}; gather the items that are meant, so that the choice is made before the answers are known"


def is_part_of(mapping: Mapping[str, Any], outcomes: Mapping[str, Any]) -> bool:
    return all(item in outcomes and outcomes[item] == value for item, value in mapping.items())
