"""The rule about weights that a design compares under two names."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from harness.design_facts import NamedWeights
from harness.findings import Facts, MissingFact, found, rule
from harness.records import Finding, Place

# What the addresses of models begin with.
PREFIXES = ("local/", "openai/", "anthropic/", "openrouter/", "ollama/", "llamacpp/", "vllm/", "replay/")


@rule(
    "D117", "same weights under two names", needs=("weights", "imported_sources"), source="D16: base was compared with instruct, and both were the same weights"
)
def find_same_weights(facts: Facts) -> Iterable[Finding]:
    """A model compared with itself differs by chance alone, and agrees with itself more than two models could. Compares the content of local weights and of
    recordings, and the names of models behind APIs (an alias and its dated snapshot are one). Guises, repeats and judges are meant to be
    the same and are not compared. Reads settings, model sets and literal lists of models in the code; a fine-tuned copy and a quantised one are other weights.

    Bad: `base: {spec: local/models/a}` and `instruct: {spec: local/models/b}`, where b is a copy of a.

    Good: `smollm2_again: {spec: local/smollm2, kind: repeat, seed: 1}`.
    """
    compared = [one for one in facts.weights if one.compared]
    pairs = [(one, other) for one, other in combinations(compared, 2) if are_same(one, other)]
    for one, other in pairs:
        message = f"{other.name} ({other.spec}) and {one.name} ({one.spec}) are the same weights, and they are compared"
        yield found(message, where=place_of(other), fix="Name other weights, or declare it a repeat or a guise", subject=other.name)
    yield from find_same_in_code(facts)
    absent = [one.spec for one in compared if one.spec.startswith("local/") and not one.sha256]
    if len(compared) > 1 and absent and not pairs:
        from harness.models.local import places_of

        told = f"the weights of {absent[0]} are not here, so that nobody knows whether they are those of another model"
        raise MissingFact(told, places=[place for spec in absent for place in places_of(spec)])


def are_same(one: NamedWeights, other: NamedWeights) -> bool:
    from harness.models.model_names import same_model

    if one.sha256 or other.sha256:
        return one.sha256 == other.sha256
    names = [model.spec.partition("/")[2].partition("@")[0] for model in (one, other)]
    return one.spec == other.spec or same_model(*names) or same_model(*reversed(names))


def place_of(weights: NamedWeights) -> Place:
    file, _, line = weights.place.rpartition(":")
    return Place(file=file, line=int(line))


def find_same_in_code(facts: Facts) -> Iterator[Finding]:
    """One model twice in a literal mapping or list of the project's code."""
    for path, tree in facts.imported_sources.items():
        for node in ast.walk(tree):
            values = node.values if isinstance(node, ast.Dict) else node.elts if isinstance(node, ast.List | ast.Tuple) else []
            specs = [one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.startswith(PREFIXES)]
            for spec, count in Counter(specs).items():
                if count > 1:
                    where = facts.code_place(path, node.lineno)  # type: ignore[attr-defined]
                    yield found(f"{spec} stands {count} times in one list of models", where=where, fix="Name each model once", subject=spec)
