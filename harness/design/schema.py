"""The JSON Schema of experiment.yaml, for editors: completion, and an explanation at each key. It is generated from the form that the reader uses and shipped
beside this file; `harness init` puts a copy into evals/. What one part of a declaration says of another the reader alone checks, and so `harness check`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

FILE = "experiment.schema.json"
HEAD = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "experiment.yaml of a harness experiment"}  # the draft that every editor knows
ARGUED = {"type": "string", "pattern": "^none, because .{10,}"}
SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z`])")


def generate_schema() -> dict[str, Any]:
    """The schema as the specification says it now."""
    from harness.design.spec import ExperimentSpec

    schema = adapt(ExperimentSpec.model_json_schema())
    parts, own = schema["$defs"], schema["properties"]
    # What may be written shorter than it is read.
    own["parents"]["items"] = {"anyOf": [{"type": "string"}, own["parents"]["items"]]}
    own["allow"]["additionalProperties"] = {"anyOf": [own["allow"]["additionalProperties"], own["allow"]["additionalProperties"]["items"]]}
    for side in ("floor", "ceiling"):
        parts["ThresholdSpec"]["properties"][side]["anyOf"].append(ARGUED)
    for part in (schema, *parts.values()):
        describe_keys(part, parts)
    return {**HEAD, **{key: value for key, value in schema.items() if key != "title"}}


def adapt(node: Any) -> Any:
    """Without titles that only repeat the key; keys that fit no pattern are refused, and lists of fixed length are written as draft 7 has them."""
    if isinstance(node, list):
        return [adapt(part) for part in node]
    if not isinstance(node, dict):
        return node
    made = {key: adapt(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if "patternProperties" in made:
        made["additionalProperties"] = False
    if "prefixItems" in made:
        made["items"] = made.pop("prefixItems")
    return made


def describe_keys(part: dict[str, Any], parts: Mapping[str, Any]) -> None:
    """Gives each key the sentences of its part's description that name it; else what the part says that it holds, or all of the description."""
    text = " ".join(part["description"].split())
    for name, key in part.get("properties", {}).items():
        said = " ".join(sentence for sentence in SENTENCE.split(text) if re.search(rf"`{name}[:`]", sentence))
        held = re.findall(r"'#/\$defs/(\w+)'", str(key))
        key["description"] = said or " ".join(" ".join(parts[inner]["description"].split("\n\n")[0].split()) for inner in held) or text


def text() -> str:
    """The bytes that the shipped file must have."""
    return json.dumps(generate_schema(), indent=1, ensure_ascii=False) + "\n"


def shipped_text() -> str:
    return files("harness.design").joinpath(FILE).read_text(encoding="utf-8")


if __name__ == "__main__":  # python -m harness.design.schema > harness/design/experiment.schema.json
    sys.stdout.write(text())
