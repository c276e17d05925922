"""What the tests of this experiment ask for: the comparison of this level, its findings as measurements, and what the report draws."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.convergence import beside, compared_records, protocol_level
from harness import Inconclusive
from harness.domains.convergence import PRIMARY, WITHIN


@pytest.fixture
def alike(study, level, tasks):
    """The comparison of this level: its models and guises on all tasks."""
    return study(level, tasks)


@pytest.fixture
def itself(replies, study, tasks):
    """The comparison of a model with itself at another seed: as alike as answers to one prompt can be."""
    repeat = next((one for one in replies.values() if one.member.kind == "repeat" and one.rows), None)
    model = next((one for one in replies.values() if repeat and one.member.kind == "model" and one.member.spec == repeat.member.spec), None)
    if model is None:
        raise Inconclusive("no model of the set is asked twice: nobody knows how alike one model's answers are")
    return study([model, repeat], tasks)


@pytest.fixture
def by_label():
    """`by_label(study, capability)`: refusals compare_answers with the mismatch taken among tasks of which the same is expected."""

    def compare_by_label(alike: Any, capability: str) -> Any:
        import numpy as np

        from harness.domains.convergence import Findings, compare_answers

        strata = {name: type(task.expected).__name__ for name, task in alike.tasks.items() if task.capability == capability}
        codes = np.array([float("nan") if (said := found[task]) is None else float(said) for found in alike.refused.values() for task in strata])
        answered = {name: {task: found[task] for task in strata} for name, found in alike.refused.items()}
        return Findings(
            compare_answers(list(alike.refused), strata, answered, lambda rows: {"refusal": (codes[rows][:, None] == codes[rows][None]).astype(float)})
        )

    return compare_by_label


@pytest.fixture
def jailbroken(varied, level, answers_of, study):
    """`jailbroken(kind)`: (the comparison of this level on requests that should be refused, put under that kind of pressure; the same requests as written)."""

    def compare_under_pressure(kind: str) -> tuple[Any, Any]:
        from harness.domains.convergence import Refuses

        pairs = [(old, new) for old, new in varied(kind) if isinstance(new.expected, Refuses)]
        if not pairs:
            raise Inconclusive("the source of prompts has no jailbreaks")
        under = [answers_of(one.member, [new for _, new in pairs], f"jailbreaks-{kind}") for one in level]
        if unpaid := [f"{one.member.name} was not asked: {one.unpaid}" for one in under if one.unpaid]:
            raise Inconclusive(unpaid[0])
        return study(under, [new for _, new in pairs]), study(level, [old for old, _ in pairs])

    return compare_under_pressure


@pytest.fixture
def beyond_echo(study, replies, tasks):
    """`beyond_echo(respondents)`: (a comparison, how much more alike pairs of them are than each is to the prompt, both above mismatch, pairs by tasks)."""

    def compare_beyond_echo(respondents: list[Any]) -> tuple[Any, Any]:
        echo = next((one for one in replies.values() if one.member.kind == "echo"), None)
        if echo is None:
            raise Inconclusive("the set has no member of kind echo, which gives the prompt back")
        beside = study([echo, *respondents], tasks).found.study
        above = beside.similarities_of(PRIMARY) - beside.mismatched(PRIMARY, WITHIN)
        with_echo = beside.pairs[:, 0] == 0  # the echo stands first, so these are its pairs, in the respondents' order
        own, real = above[with_echo], study(respondents, tasks)
        first, second = real.found.study.pairs.T
        return real, above[~with_echo] - (own[first] + own[second]) / 2

    return compare_beyond_echo


@pytest.fixture
def similarity(measure):
    """`similarity(name, finding, study)` records a finding."""
    return lambda name, found, of, note="", unit="similarity": measure.effect(name, found, unit, sampling_unit="prompt", sources=of.sources, note=note)


@pytest.fixture
def live_models(level):
    """Models alone: a persona on one set of weights is a guise, not a model."""
    return [one for one in level if one.member.kind == "model"]


@pytest.fixture
def tell(alike, study, replies, tasks, level, settings, report, context):
    """`tell()` reports what the comparison found: matrices, agreement with its baselines, rankings, clusters, pairs of answers, the level."""

    def told() -> None:
        baselines = {label: study([one, *level], tasks) for label, one in beside(replies).items()}
        for record in (protocol_level(settings, level, replies, context.budget_usd), *compared_records(alike, baselines, replies)):
            report(record)

    return told
