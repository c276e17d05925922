"""Sets of models to compare, as YAML: who is asked, in the order in which they are preferred.

    title: What the set is for
    members:
      smollm2: {spec: local/smollm2, family: SmolLM2}
      villain: {spec: local/smollm2, kind: guise, persona: villain, family: SmolLM2}

The order is part of the promise: where a level takes fewer members than the set has, it takes the first of them that answer. Choosing by what they
answered would choose the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import HarnessError, nearest
from harness.models.responder import COMPARED, CONTROLS, ModelEntry
from harness.yamlfile import YamlFile

FIELDS = "Fields: spec, kind, family, provider, region, architecture, size, base, persona, seed, optional, retired, usd, price, reasoning, routing."


class ModelSet(msgspec.Struct, frozen=True, kw_only=True):
    """A title and the members, names distinct, in declared order."""

    title: str
    members: tuple[ModelEntry, ...]

    def pick(self, names: Sequence[str], where: str) -> tuple[ModelEntry, ...]:
        """Those members in declared order, and the controls: null models, echoes, and repeats of the chosen. Raises HarnessError for one that is not there."""
        compared = [one for one in self.members if one.kind in COMPARED]
        known = [one.name for one in compared]
        if unknown := [name for name in names if name not in known]:
            raise HarnessError(f"the set has no member {unknown[0]!r} to compare", where=where, mend=nearest(unknown[0], known))
        specs = {one.spec for one in compared if one.name in names}
        return tuple(one for one in self.members if one.name in names or one.kind in CONTROLS or (one.kind == "repeat" and one.spec in specs))


def load_model_set(path: Path) -> ModelSet:
    """The set in a YAML file. Raises HarnessError with the file and the key at the first mistake; a guise names its persona, and nobody else does."""
    file = YamlFile(path)
    data = parse_model_set(file)
    members = tuple(member(file.where("members", name), name, fields) for name, fields in data["members"].items())
    seen: dict[tuple[Any, ...], str] = {}
    for one in members:
        same = (one.spec, one.persona, one.seed, one.reasoning, one.routing)
        if same in seen:
            raise HarnessError(f"{one.name} is {seen[same]} again", where=file.where("members", one.name), mend="Give it a seed of its own, or leave it out.")
        seen[same] = one.name
    return ModelSet(title=data["title"], members=members)


def parse_model_set(file: YamlFile) -> dict[str, Any]:
    data = file.data
    if not isinstance(data, dict) or set(data) != {"title", "members"} or not isinstance(data["members"], dict) or not data["members"]:
        raise HarnessError("a model set has a title and members by name, and nothing else", where=file.where(), mend="See model_sets/README.md.")
    if not isinstance(data["title"], str):
        raise HarnessError(f"the title is {data['title']!r}, not text", where=file.where("title"), mend="Quote it.")
    return data


def member(where: str, name: str, fields: object) -> ModelEntry:
    if not isinstance(fields, dict) or not name.replace("_", "").replace("-", "").replace(".", "").isalnum():
        raise HarnessError(f"{name!r}: a member is a plain name with its fields", where=where, mend="Write name: {spec: local/smollm2}")
    if own := [key for key in ("name", "system") if key in fields]:
        raise HarnessError(f"{name} is not a member: it cannot state its {own[0]}", where=where, mend=f"A persona brings a system prompt. {FIELDS}")
    try:
        found = msgspec.convert({**fields, "name": name}, ModelEntry)
    except msgspec.ValidationError as error:
        raise HarnessError(f"{name} is not a member: {error}", where=where, mend=FIELDS) from None
    if (found.kind == "guise") != bool(found.persona):
        mend = "Write kind: guise and persona: <name>: a persona on the weights of another member is a guise of them, not one more model."
        raise HarnessError(f"{name}: a persona makes a guise, and a guise needs a persona", where=where, mend=mend)
    if found.spec.startswith("replay/") and (found.persona or found.seed):
        raise HarnessError(
            f"{name}: a recording was made as it was made: it has no persona and no seed to choose", where=where, mend="Take persona and seed away."
        )
    return found
