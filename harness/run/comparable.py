"""Whether the arms of a contrast may be compared at all: other samples, taken and scored in the same way, with as many answers missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from harness.errors import HarnessError, nearest
from harness.fingerprint import canonical
from harness.records import SAME_SAMPLES
from harness.run.outcomes import Outcomes, answer_of, numeric_fields, value_of

# Answers that are missing more often in one arm than in the other are seldom missing at random, and the items that are left are then a choice. From 10 pp on
# that is so whatever the number of items; from 1 pp on where chance hardly does it.
UNEVEN, NOTICEABLE, ALPHA = 0.10, 0.01, 0.05
# Fields of describe() that say how something is sampled, scored or judged: they are equal in all arms, unless `differ` names them. A field counts by its
# name or by that of the field that holds it; case and underscores do not matter.
HOW = """
    tokens maxtokens maxnewtokens maxcompletiontokens maxoutputtokens maxlength mintokens minnewtokens numpredict temperature topp topk minp typicalp dosample
    numbeams samples nsamples numsamples replicates repetitionpenalty presencepenalty frequencypenalty lengthpenalty norepeatngramsize stop stopsequences
    decoding sampling seed seeds judge judges judgeprompt judgepromptversion rubric rubricversion scorer scoring metric measure behaviour normalise normalize
    style shots fewshot numfewshot reasoningeffort thinking thinkingbudget dtype precision quantization template chattemplate format code
"""
ABSENT = "absent"
Path = tuple[str, ...]
Terms = Sequence[Sequence[Mapping[str, Any]]]


def doubt_of(weights: Sequence[float], terms: Terms) -> str:
    """Why a contrast can decide nothing; "" where it can. `terms` hold one mapping for each seed."""
    if are_same(weights, terms):
        return SAME_SAMPLES
    return next((doubt for first, second in combinations(terms, 2) if (doubt := uneven(missing(first), missing(second)))), "")


def are_same(weights: Sequence[float], terms: Terms) -> bool:
    """True where the terms cancel since they rest on the very same samples; equal rows under different descriptions are an honest zero."""
    net: dict[Any, float] = defaultdict(float)
    for weight, term in zip(weights, terms, strict=True):
        net[frozenset(mark for arm in term for mark in marks(arm))] += weight
    return all(abs(weight) < 1e-9 for weight in net.values())


def marks(arm: Mapping[str, Any]) -> list[Any]:
    if not isinstance(arm, Outcomes):
        return [id(arm)]
    return [(part.gathered.fingerprint or id(part.gathered), part.field, part.item) for part in arm.parts]


def missing(term: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Item id to (answers that are missing, answers asked for), as the samples have it where they are known."""
    found: dict[str, tuple[int, int]] = {}
    for item, lost in (one for arm in term for one in asked(arm)):
        before = found.get(item, (0, 0))
        found[item] = (before[0] + lost, before[1] + 1)
    return found


def asked(arm: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    if not isinstance(arm, Outcomes):
        yield from ((item, value is None) for item, value in arm.items())
        return
    for part in arm.parts:
        yield from ((value_of(row, part.item), answer_of(row, part.field) is None) for row in part.gathered.rows)


def uneven(first: Mapping[str, tuple[int, int]], second: Mapping[str, tuple[int, int]]) -> str:
    """Two arms' missing answers where their shares differ too much: by 10 pp, or by 1 pp and more than by chance (McNemar's exact test over items)."""
    from harness.verdict.tests import mcnemar

    (lost, of), (lost2, of2) = ((sum(count for count, _ in arm.values()), sum(size for _, size in arm.values())) for arm in (first, second))
    apart = abs(lost / max(1, of) - lost2 / max(1, of2))
    both = [(first[item][0] / first[item][1], second[item][0] / second[item][1]) for item in first if item in second]
    p, _ = mcnemar(sum(a > b for a, b in both), sum(a < b for a, b in both))
    if apart < UNEVEN - 1e-9 and not (apart >= NOTICEABLE - 1e-9 and p < ALPHA):
        return ""
    return f"answers are missing unevenly: {lost} of {of} in one arm, {lost2} of {of2} in the other; the items that are left are not comparable"


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
        told = ", ".join(f"{'.'.join(path)} ({shown(first)} against {shown(second)})" for path, (first, second) in list(wrong.items())[:4])
        names = tuple(dict.fromkeys((*differ, *(path[-1] for path in wrong))))
        meant = f'"{names[0]}"' if len(names) == 1 else "(" + ", ".join(f'"{each}"' for each in names) + ")"
        raise HarnessError(f"{name}: the arms are not sampled alike: {told}", mend=f"Sample them alike, or say that this is what is compared: differ={meant}")


def is_how(path: Path) -> bool:
    return any(re.sub(r"[^a-z0-9]", "", part.lower()) in HOW.split() for part in path)


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


def shown(values: frozenset[str] | None) -> str:
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


def refuse_filled(name: str, mapping: Mapping[str, Any], sources: Sequence[Any]) -> None:
    """Raises HarnessError where outcomes stand in the place of answers that are missing."""
    filled = sorted((item for item in unanswered(mapping, sources) if mapping.get(item) is not None), key=str)
    if filled:
        told = f"{name} counts {len(filled)} missing answers as outcomes, such as item {filled[0]!r}"
        raise HarnessError(told, mend='Leave them None; how often there is an answer is outcomes("status=ok")')


def unanswered(mapping: Mapping[str, Any], sources: Sequence[Any]) -> set[Any]:
    """Items without an answer in the samples that the outcomes were read from; where that is unknown, in all the sources."""
    if isinstance(mapping, Outcomes):
        return {item for item, value in mapping.reread().items() if value is None}
    rows = [row for source in sources for row in getattr(source, "rows", ())]
    lost = {row["item"] for row in rows if "item" in row} - {row.get("item") for row in rows if row.get("status") not in ("error", "empty")}
    alike = [gaps for outcomes in candidates(mapping, sources) if (gaps := gaps_of(mapping, outcomes)) is not None]
    return lost | (set.intersection(*alike) if alike else set())


def gaps_of(mapping: Mapping[str, Any], outcomes: Outcomes) -> set[Any] | None:
    """Items that the outcomes lack, where the mapping has the same on all others; None where it has not."""
    there = {item: value for item, value in outcomes.items() if value is not None}
    return set(outcomes) - set(there) if there and all(mapping[item] == value for item, value in there.items()) else None


def refuse_foreign(name: str, mapping: Mapping[str, Any], sources: Sequence[Any]) -> None:
    """Raises HarnessError where outcomes are of items that none of the samples has."""
    known = {row.get("item") for source in sources for row in getattr(source, "rows", ())}
    foreign = sorted((item for item in mapping if item not in known), key=str) if known else []
    if foreign:
        told = f"{name} has outcomes of {len(foreign)} items that are in none of its samples, such as {foreign[0]!r}"
        raise HarnessError(told, mend="Key outcomes by the items that were gathered, and name all the samples in sources=")


def refuse_repeated(name: str, terms: Terms) -> None:
    """Raises HarnessError where replicates for several seeds are all the same samples: seeds that nothing was drawn with are none."""
    count = max(map(len, terms))
    if count > 1 and all(len({frozenset(map(str, marks(arm))) for arm in term}) == 1 for term in terms):
        told = f"{name} has {count} seeds, and the same samples for each of them"
        raise HarnessError(told, mend="Give each seed the samples that were drawn with it; what has no seed is measured once")


def selected(mapping: Mapping[str, Any], sources: Sequence[Any]) -> str:
    """Why a plain mapping can decide nothing: it holds the outcomes of some samples, but not of all their items; "" where that is not so."""
    if isinstance(mapping, Outcomes) or not mapping:
        return ""
    for source in sources:
        rows = getattr(source, "rows", ())
        for field in numeric_fields(rows) if len({row.get("item") for row in rows}) > len(mapping) else ():
            whole = source.outcomes(field) if all(field in row for row in rows) else {}
            if whole and all(item in whole and whole[item] == value for item, value in mapping.items()):
                left_out = f"{len(whole) - len(mapping)} of {len(whole)} items of its samples are left out"
                return f"{left_out}; gather the items that are meant, so that the choice is made before the answers are known"
    return ""
