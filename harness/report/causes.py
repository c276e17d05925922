"""What went into two runs otherwise, in words. A change that shows in several places is told once, at the one that says most."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from harness.records import Record
from harness.report.addresses import last_segment, parent, unescape_segment

NOTHING, PRESENT, CHANGED = "absent", "present", "changed"
# What a place is about, in the order in which it is shown. A model is named in facts and in settings; that measures asked another one follows from it.
SUBJECTS = {
    "scale": r"scale",
    "models": r"facts/Models?(/|$)|settings/model|facts/Eval/[^/]+/model$",
    "judges": r"facts/Judges/|settings/judge",
    "code": r"environment/(commit|dirty|code/)|facts/Eval/[^/]+/code$",
    "seeds": r"seeds",
    "settings": r"settings/|facts/Training/",
    "inputs": r"inputs/|facts/Eval/[^/]+/dataset",
    "prompts": r"prompts/|facts/Eval/[^/]+/system$",
    "thresholds": r"thresholds/",
    "measures": r"facts/Eval/",
    "software": r"environment/",
    "declaration": r"design/",
    "preregistration": r"promise/",
    "claim": r"claim/|(hypotheses|checks)/",
    "parents": r"parents/",
    "other": r"",
}
# A difference in one of these changes what a cell measures.
EXPLAINING = SUBJECTS.keys() - {"thresholds", "preregistration", "claim", "parents", "other"}
DIGEST = re.compile(r"[0-9a-f]{12,64}")
SHOWN_DIGESTS = ("commit", "weights_sha256")  # of others only that they changed
GIVEN = r"(settings|environment|seeds|facts/(Models?|Judges|Training))(/|$)"  # places whose values others repeat
BARE = ("", CHANGED), (NOTHING, PRESENT), (PRESENT, NOTHING)  # sides that say nothing of the values
NAMED = 60  # characters of the names of what changed alike


class Change(Record, frozen=True, kw_only=True):
    """A value that differs, by its address, as text on either side."""

    address: str
    before: str
    after: str


class Cause(Record, frozen=True, kw_only=True):
    """What went in otherwise, in words: its subject, what of it, the values, and the addresses of all that changed alike, or because of it."""

    subject: str
    what: str
    before: str
    after: str
    addresses: tuple[str, ...]


def group_changes(changes: Sequence[Change]) -> list[Cause]:
    """Changes by their subject. Those from one value to one other stand together, and so do hashes: that they changed, or are there, is all that they say.
    Of what follows from another change the address alone is kept, with that change."""
    leaders = {**models_asked(changes), **code_run(changes), **lines_counted(changes), **prompts_shown(changes)}
    given = group_by_sides(change for change in changes if re.match(GIVEN, change.address))
    groups: dict[tuple[str, str, str], list[Change]] = {}
    followers: dict[str, list[str]] = {}
    for change in changes:
        if leader := leaders.get(change.address):
            followers.setdefault(leader, []).append(change.address)
        else:
            groups.setdefault((choose_subject(change, given), *sides_of(change)), []).append(change)
    order = list(SUBJECTS)
    return [make_cause(*key, group, followers) for key, group in sorted(groups.items(), key=lambda pair: order.index(pair[0][0]))]


def subject_of(change: Change) -> str:
    return next(name for name, pattern in SUBJECTS.items() if re.match(pattern, change.address))


def sides_of(change: Change) -> tuple[str, str]:
    """The values as they are shown: of two hashes nothing but that they changed, of one that it is there."""
    sides = change.before, change.after
    if last_segment(change.address) in SHOWN_DIGESTS or not any(map(DIGEST.fullmatch, sides)):
        return sides
    return ("", CHANGED) if NOTHING not in sides else (NOTHING, PRESENT) if sides[0] == NOTHING else (PRESENT, NOTHING)


def group_by_sides(changes: Iterable[Change]) -> dict[tuple[str, str], list[Change]]:
    found: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        found.setdefault(sides_of(change), []).append(change)
    return found


def choose_subject(change: Change, given: Mapping[tuple[str, str], Sequence[Change]]) -> str:
    """What a change is about. A fact that repeats a given value, as a measure repeats a setting, is about that; so is a setting that a model repeats."""
    sides = sides_of(change)
    equal = given.get(sides, ()) if sides not in BARE else ()
    repeats = [one for one in equal if change.address.startswith("facts/") or one.address.startswith("facts/Model")]
    return min(map(subject_of, [change, *repeats]), key=list(SUBJECTS).index)


# What follows from what: the address of each change that another one explains, to the address of that one ----------------------------------------


def models_asked(changes: Sequence[Change]) -> dict[str, str]:
    """The hash of the model that a measure asked, and the names by which settings, trainings and measures call it."""
    models = [change for change in changes if re.match("facts/Model(/|$)", change.address)]
    named = [change for change in models if change.address == "facts/Model"]
    hashes = {change.address: models[0].address for change in changes if models and re.fullmatch("facts/Eval/[^/]+/model", change.address)}
    others = [change for change in changes if re.match("settings/|facts/(Eval|Training)/", change.address)]
    return hashes | {
        change.address: model.address for model in named for change in others if is_named(change.before, model.before) and is_named(change.after, model.after)
    }


def is_named(name: str, models: str) -> bool:
    """Whether a model is among those of a list such as `local/smollm2 (SmolLM2-135M-Instruct, float32)`."""
    return f"{name} (" in f"{models} ("


def code_run(changes: Sequence[Change]) -> dict[str, str]:
    """The hash of a measure's code, where the files that changed are named."""
    files = [change.address for change in changes if change.address.startswith("environment/code/")]
    own = [change for change in changes if re.fullmatch("facts/Eval/[^/]+/code", change.address) and sides_of(change) == ("", CHANGED)]
    return {change.address: files[0] for change in own if files}


def lines_counted(changes: Sequence[Change]) -> dict[str, str]:
    """The hash of a file whose number of lines is another."""
    counted = {parent(change.address): change.address for change in changes if re.fullmatch("inputs/[^/]+/lines", change.address)}
    hashed = [change.address for change in changes if re.fullmatch("inputs/[^/]+/sha256", change.address)]
    return {at: counted[parent(at)] for at in hashed if parent(at) in counted}


def prompts_shown(changes: Sequence[Change]) -> dict[str, str]:
    """The hash of a persona's prompt, where it changed in a measure with the name of this persona, and of no other whose prompt changed."""
    personas = {
        last_segment(change.address): change.address for change in changes if change.address.startswith("prompts/") and sides_of(change) == ("", CHANGED)
    }
    found: dict[str, str] = {}
    for change in changes:
        if re.fullmatch("facts/Eval/[^/]+/system", change.address):
            named = personas.keys() & set(last_segment(parent(change.address)).split("-"))
            found |= {personas[name]: change.address for name in named if len(named) == 1}
    return found


# words ----------------------------------------------------------------------------------------------------------------------------------------


def make_cause(subject: str, before: str, after: str, group: Sequence[Change], followers: Mapping[str, Sequence[str]]) -> Cause:
    names: dict[str, list[str]] = {}
    for field, name in dict.fromkeys(words_of(change.address) for change in group):
        names.setdefault(field, []).append(name)
    given = [name for name in names.pop("", []) if name and not (subject == "models" and name in names)]  # the setting `dtype` is the dtype of a model
    names = {"": given} | {field: things for field, things in names.items() if field not in given}  # of measures that report the setting `items` it says all
    what = "; ".join(f"{field}{' of ' if field else ''}{list_some(things)}" for field, things in names.items() if things)
    addresses = [address for change in group for address in (change.address, *followers.get(change.address, ()))]
    return Cause(subject=subject, what=what, before=before, after=after, addresses=tuple(addresses))


def words_of(place: str) -> tuple[str, str]:
    """What an address says beside its subject: ("code", "capability-villain") for facts/Eval/capability-villain/code."""
    head, *rest = map(unescape_segment, place.split("/"))
    if head == "facts":
        return (" ".join(rest[2:]), rest[1]) if len(rest) > 2 else ("", " ".join(rest[1:]))
    rest = rest[:-1] if rest[-1:] == ["sha256"] else rest[1:] if rest[:1] == ["code"] and rest[1:] else rest
    return "", " ".join(rest) or head


def list_some(names: Sequence[str]) -> str:
    """The first names, as many as are quickly read, and how many more there are."""
    shown = [name for place, name in enumerate(names) if not place or len(", ".join(names[: place + 1])) <= NAMED]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")
