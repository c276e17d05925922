"""Facts for checks: whose weights are compared, and what recordings hold."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.design_facts import NamedWeights
from harness.errors import HarnessError
from harness.findings import Fact, Facts, relative

SIMILAR = re.compile(r"simil|jaccard|overlap|alike")


@dataclass(frozen=True, kw_only=True)
class NamedRecording:
    """A recording under the name by which a design asks it: what it answers, or why it cannot be read. `place` is file:line of the declaration."""

    name: str
    spec: str
    place: str
    responder: Any = None
    error: HarnessError | None = None

    @property
    def texts(self) -> list[str]:
        """All that counts as an answer."""
        from harness.models.status import ANSWERED

        return [row.answer.text for row in self.responder.rows if row.answer.status in ANSWERED] if self.responder else []


def members_with_places(facts: Facts) -> list[tuple[Any, str]]:
    """(member, file:line) of the model set of the scale, those that are compared cut to as many as the scale takes; none where no set is named."""
    from harness.domains.convergence.fixtures.model_set import members_of, path_of_set, served_first
    from harness.yamlfile import YamlFile

    name = facts.settings.get("model_set")
    if not isinstance(name, str):
        return []
    members = members_of(facts.root, name)
    file = YamlFile(path_of_set(facts.root, name)[0])
    chosen = served_first(members, int(facts.settings.get("members", len(members))))
    return [(member, f"{relative(file.path, facts.root)}:{file.where('members', member.name).rpartition(':')[2]}") for member in chosen]


def weights_of(facts: Facts) -> Iterator[NamedWeights]:
    """The models of the set; guises and repeats are not compared with the weights that they share."""
    for member, place in members_with_places(facts):
        content = content_of(member.spec, facts)
        if member.kind in ("model", "guise", "repeat") and (content or not member.optional):  # an optional one that is not here is left out
            yield NamedWeights(name=member.name, spec=member.spec, sha256=content, compared=member.kind == "model", place=place)


def content_of(spec: str, facts: Facts) -> str:
    """A hash of local weights, or of the answers of a recording; "" for what is known by its name alone."""
    from harness.fingerprint import fingerprint
    from harness.fixtures.design_facts import content_of as content_of_weights
    from harness.models import replay_responder
    from harness.models.local import PREFIX

    if spec.startswith(PREFIX):
        return content_of_weights(spec)
    if not spec.startswith(replay_responder.PREFIX):
        return ""
    try:
        rows = replay_responder.open_responder(spec, facts.root).rows
    except HarnessError:
        return ""
    return fingerprint(sorted([row.key, row.replicate, row.answer.status, row.answer.text] for row in rows))


def recordings_of(facts: Facts) -> Sequence[NamedRecording]:
    """The recordings that the model set and the settings of the scale name."""
    from harness.models.replay_responder import PREFIX

    named = [(member.name, member.spec, place) for member, place in members_with_places(facts)]
    named += [(name, value, str(facts.place("scales", facts.scale, "settings", name))) for name, value in facts.settings.items()]
    return [read_recording(name, spec, place, facts) for name, spec, place in named if isinstance(spec, str) and spec.startswith(PREFIX)]


def read_recording(name: str, spec: str, place: str, facts: Facts) -> NamedRecording:
    from harness.models.replay_responder import open_responder

    try:
        return NamedRecording(name=name, spec=spec, place=place, responder=open_responder(spec, facts.root))
    except HarnessError as error:
        return NamedRecording(name=name, spec=spec, place=place, error=error)


@dataclass(frozen=True, kw_only=True)
class NamedSimilarity:
    """A way to compare texts, of the package or of the project: `pairs(texts, first, second)` are the similarities of the texts at those places."""

    name: str
    path: Path
    line: int
    pairs: Callable[[Sequence[str], Sequence[int], Sequence[int]], Sequence[float]]


def similarities_of(facts: Facts) -> list[NamedSimilarity]:
    """The lexical measures of the package, where a model set is compared, and every similarity that the project's modules define: classes in the form of
    harness.domains.convergence.similarity, and functions of two texts whose names say so."""
    ours = list(package_similarities()) if "model_set" in facts.settings else []
    paths = {str(path): path for path in facts.imported_sources}
    modules = [module for module in list(sys.modules.values()) if getattr(module, "__file__", None) in paths]
    return ours + [one for module in modules for value in vars(module).values() for one in own_similarity(module, value)]


@cache
def package_similarities() -> tuple[NamedSimilarity, ...]:
    from harness.domains.convergence.fixtures.comparing import lexical_measures
    from harness.domains.convergence.similarity.distribution import ExpKL, OneMinusJS

    return tuple(of_class(type(measure), measure) for measure in (*lexical_measures(), ExpKL(), OneMinusJS()))


def own_similarity(module: Any, value: Any) -> Iterator[NamedSimilarity]:
    if getattr(value, "__module__", None) != module.__name__:
        return
    if inspect.isclass(value) and callable(getattr(value, "prepare", None)) and callable(getattr(value, "describe", None)):
        with suppress(TypeError):  # one that takes arguments cannot be made here
            yield of_class(value, value())
    elif inspect.isfunction(value) and SIMILAR.search(value.__name__) and takes_two(value):
        yield NamedSimilarity(name=value.__name__, path=Path(inspect.getfile(value)), line=value.__code__.co_firstlineno, pairs=by_function(value))


def takes_two(function: Any) -> bool:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    return len(needed) == 2 and all(one.kind in kinds for one in needed)


def of_class(kind: type, measure: Any) -> NamedSimilarity:
    def pairs(texts: Sequence[str], first: Sequence[int], second: Sequence[int]) -> Sequence[float]:
        import numpy as np

        found: Sequence[float] = measure.prepare(texts).paired(np.array(first), np.array(second)).tolist()
        return found

    line = inspect.getsourcelines(kind)[1]
    return NamedSimilarity(name=str(getattr(measure, "name", kind.__name__)), path=Path(inspect.getfile(kind)), line=line, pairs=pairs)


def by_function(function: Callable[[str, str], float]) -> Callable[[Sequence[str], Sequence[int], Sequence[int]], Sequence[float]]:
    return lambda texts, first, second: [float(function(texts[one], texts[other])) for one, other in zip(first, second, strict=True)]


FACTS = {
    "similarities": Fact("plan", similarities_of),
    "weights": Fact("plan", lambda facts: list(weights_of(facts))),
    "recordings": Fact("plan", recordings_of),
}
