"""Whether arms that are paired by item id were asked the same: ids made of positions pair whatever stands at a place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.records import EQUAL_ROWS, RECORDED_SCORES
from harness.run.outcomes import Outcomes

NUMBERED = re.compile(r"(\D*)(\d+)")
WORD = re.compile(r"\w+")
LEAST = 4  # items or different rows, below which chance makes arms look alike


def doubt_of_pairing(arms: Sequence[Mapping[str, Any]]) -> str:
    """Why pairs are none: ids are positions, and what two arms were asked under one id is no more alike than what they were asked under different ids; or two
    recordings number different questions."""
    recorded = [prompts for arm in arms if (prompts := recorded_prompts(arm))]
    for other in recorded[1:]:
        shared = recorded[0].keys() & other.keys()
        if odd := sum(recorded[0][item] != other[item] for item in shared):
            return f"[S414] {odd} of {len(shared)} pairs hold other prompts under one id: the recordings are of different questions"
    known = [asked for arm in arms if (asked := asked_of(arm))]
    for other in known[1:]:
        items = sorted(set(known[0]) & set(other))
        odd = sum(known[0][item] != other[item] for item in items)
        if odd and len(items) >= LEAST and are_positions(items) and not are_paired(known[0], other, items):
            return f"[S414] {odd} of {len(items)} pairs hold other content under one id: they are paired by position; give items ids of their own"
    return ""


def asked_of(arm: Mapping[str, Any]) -> dict[str, str]:
    """Item id to what was asked, without the id; empty where that is unknown. Of what was made from other samples, such as verdicts, what those were asked."""
    if not isinstance(arm, Outcomes) or len({id(part.gathered) for part in arm.parts}) != 1:
        return {}
    gathered = arm.parts[0].gathered
    gathered = gathered.behind[0] if gathered.behind else gathered
    items = list(dict.fromkeys(str(row.get("item")) for row in gathered.rows))
    if len(items) != len(gathered.asked):
        return {}
    return {item: asked.replace(f'"{item}"', '""') for item, asked in zip(items, ordered(items, gathered.asked), strict=True)}


def recorded_prompts(arm: Mapping[str, Any]) -> dict[str, str]:
    """Item id to the prompt that a recording has under it; empty for what is no recording of scores."""
    parts = arm.parts if isinstance(arm, Outcomes) else ()
    rows = [row for part in parts if part.gathered.described.get("measure") == RECORDED_SCORES for row in part.gathered.rows]
    return {str(row.get("item")): str(row.get("prompt")).strip() for row in rows}


def ordered(items: Sequence[str], asked: Sequence[str]) -> Sequence[str]:
    """What was asked in the order of the items: by the id that each holds, else as it stands."""
    holding = {item: [text for text in asked if f'"{item}"' in text] for item in items} if len(items) <= 2000 else {}
    return [holding[item][0] for item in items] if holding and all(len(texts) == 1 for texts in holding.values()) else asked


def are_positions(items: Sequence[str]) -> bool:
    """True for ids of one form that count from 0 or 1."""
    matches = [NUMBERED.fullmatch(item) for item in items]
    if not all(matches) or len({match[1] for match in matches if match}) != 1:
        return False
    numbers = sorted(int(match[2]) for match in matches if match)
    return numbers[0] <= 1 and len(numbers) == len(set(numbers)) == numbers[-1] - numbers[0] + 1


def are_paired(first: Mapping[str, str], second: Mapping[str, str], items: Sequence[str]) -> bool:
    """True where equal ids were asked what is more alike, by its words, than different ids."""
    words = [(set(WORD.findall(first[item].lower())), set(WORD.findall(second[item].lower()))) for item in items]
    matched = sum(overlap(one, other) for one, other in words)
    mismatched = sum(overlap(words[place][0], words[place - 1][1]) for place in range(len(words)))
    return matched > mismatched + 1e-9


def overlap(first: set[str], second: set[str]) -> float:
    return len(first & second) / max(1, len(first | second))


def hold_equal_rows(arms: Sequence[Mapping[str, Any]]) -> str:
    """A note where two arms of different samples hold the same rows, and these are too many and too different for chance."""
    known = [rows for arm in arms if (rows := rows_of(arm))]
    alike = len(known) == 2 and known[0] == known[1] and len(set(known[0].values())) >= LEAST
    return EQUAL_ROWS if alike else ""


def rows_of(arm: Mapping[str, Any]) -> dict[Any, Any]:
    if not isinstance(arm, Outcomes) or len({id(part.gathered) for part in arm.parts}) != 1:
        return {}
    return {item: tuple(row.replace(f'"{item}"', '""') for row in rows) for item, rows in arm.parts[0].gathered.content.items()}
