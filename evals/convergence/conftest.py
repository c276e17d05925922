"""What the tests of this experiment ask for: the comparison of this level, its findings as measurements, and what the report draws."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.comparing import PRIMARY, described, met_of
from fixtures.members import paid
from harness import Inconclusive
from harness.verdict.agreement.compared import ANYWHERE, WITHIN

SHOWN = 9
CUT = 600


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
    """`by_label(study, capability)`: refusals compared with the mismatch taken among tasks of which the same is expected."""

    def of(alike: Any, capability: str) -> Any:
        import numpy as np

        from harness.verdict.agreement.compared import compared
        from harness.verdict.agreement.findings import Findings

        strata = {name: type(task.expected).__name__ for name, task in alike.tasks.items() if task.capability == capability}
        codes = np.array([float("nan") if (said := found[task]) is None else float(said) for found in alike.refused.values() for task in strata])
        answered = {name: {task: found[task] for task in strata} for name, found in alike.refused.items()}
        return Findings(compared(list(alike.refused), strata, answered, lambda rows: {"refusal": (codes[rows][:, None] == codes[rows][None]).astype(float)}))

    return of


@pytest.fixture
def budget(recorder):
    """The budget in US dollars that holds in this run, None where there is none."""
    own, given = recorder.active.experiment.spec.budget.usd, recorder.active.settings.budget_usd
    return min((limit for limit in (own, given) if limit is not None), default=None)


@pytest.fixture
def beyond_echo(study, replies, tasks):
    """`beyond_echo(respondents)`: (a comparison, how much more alike pairs of them are than each is to the prompt, both above mismatch, pairs by tasks)."""

    def of(respondents: list[Any]) -> tuple[Any, Any]:
        echo = next((one for one in replies.values() if one.member.kind == "echo"), None)
        if echo is None:
            raise Inconclusive("the set has no member of kind echo, which gives the prompt back")
        beside = study([echo, *respondents], tasks).found.study
        above = beside.of(PRIMARY) - beside.mismatched(PRIMARY, WITHIN)
        with_echo = beside.pairs[:, 0] == 0  # the echo stands first, so these are its pairs, in the respondents' order
        own, real = above[with_echo], study(respondents, tasks)
        first, second = real.found.study.pairs.T
        return real, above[~with_echo] - (own[first] + own[second]) / 2

    return of


@pytest.fixture
def similarity(measure):
    """`similarity(name, finding, study)` records a finding."""
    return lambda name, found, of, note="", unit="similarity": measure.effect(name, found.effect, unit, sampling_unit="prompt", sources=of.sources, note=note)


@pytest.fixture
def live_models(level):
    """Models alone: a persona on one set of weights is a guise, not a model."""
    return [one for one in level if one.member.kind == "model"]


@pytest.fixture
def tell(alike, study, replies, tasks, level, settings, facts, budget):
    """`tell()` writes down what the report draws: matrices, capabilities with their baselines, rankings, clusters, pairs of answers, the level."""

    def told() -> None:
        baselines = {label: study([one, *level], tasks) for label, one in beside(replies).items()}
        how = described()
        for measure in alike.found.study.measures:
            facts("Similarity", measure, matrix(alike, measure) | {"how": how[measure]})
        facts("Agreement", "overall", {"measure": PRIMARY, **row(alike, baselines, {})})
        capabilities = [row(alike, baselines, {"capability": capability}) for capability in alike.found.study.capabilities]
        facts("Agreement", "by capability", {"measure": PRIMARY, "rows": with_holm(capabilities, "capability")})
        models = [row(alike, baselines, {"model": model}) for model in alike.found.study.models]
        facts("Agreement", "by model", {"measure": PRIMARY, "rows": with_holm(models, "model")})
        for capability in alike.found.study.capabilities:
            facts("Ranking", capability, ranked(alike, replies, capability))
        clusters(alike, facts)
        for number, pair in enumerate(pairs(alike), start=1):
            facts("Pairs", f"{number:02}", pair)
        spent = paid([row for one in replies.values() for row in one.rows.values()])
        chosen = f"the first {settings['members']} of the set, in declared order"
        names = [one.member.name for one in level]
        facts("Levels", "level", {"level": settings["level"], "members": names, "chosen": chosen, "budget_usd": budget, "spent_usd": spent})

    return told


def beside(replies: dict[str, Any]) -> dict[str, Any]:
    """What agreement is held against beside mismatched prompts: the prompt given back, and the first null model that does not read."""
    found = {kind: [one for one in replies.values() if one.member.kind == kind and one.rows] for kind in ("echo", "null")}
    return {kind: some[0] for kind, some in found.items() if some}


def matrix(alike: Any, measure: str) -> dict[str, Any]:
    found = alike.found
    overall = found.level(measure)
    return {
        "models": list(found.study.models),
        "matrix": found.matrix(measure),
        "overall": overall.value,
        "mismatched_any": found.mismatched(measure, ANYWHERE),
        "mismatched_same": found.mismatched(measure),
        "n_prompts": len(found.study.prompts),
        "length_rho": alike.length_rho(measure),
    }


def row(alike: Any, baselines: dict[str, Any], of: dict[str, str]) -> dict[str, Any]:
    """One line of the agreement: level, interval, baselines, p."""
    found, capability, model = alike.found, of.get("capability"), of.get("model")
    pairs = found.pairs_of(model) if model else None
    level, above = found.level(PRIMARY, capability, pairs), found.above_mismatch(PRIMARY, capability, pairs)
    held = {
        label: baselines[label].found.level(PRIMARY, capability, baselines[label].found.pairs_of(baselines[label].found.study.models[0])).value
        if label in baselines and not model
        else None
        for label in ("echo", "null")
    }
    return of | {
        "value": level.value,
        "low": level.interval.low,
        "high": level.interval.high,
        "mismatched_any": found.mismatched(PRIMARY, ANYWHERE, capability, pairs),
        "mismatched_same": found.mismatched(PRIMARY, capability=capability, pairs=pairs),
        **held,
        "p": above.p,
        "p_holm": above.p,
        "n_prompts": level.n,
        "n_models": level.models,
    }


def with_holm(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The rows with p adjusted over all of them."""
    from harness.verdict.family import holm

    adjusted = holm({row[name]: row["p"] for row in rows})
    return [row | {"p_holm": adjusted[row[name]]} for row in rows]


def ranked(alike: Any, replies: dict[str, Any], capability: str) -> dict[str, Any]:
    """Share of the capability's tasks in which each does what is expected, with Wilson intervals; null models among them, since chance meets some."""
    from harness.verdict.intervals import rate_interval

    tasks = [task for task in alike.tasks.values() if task.capability == capability]
    nulls = {name: met_of(one, tasks) for name, one in replies.items() if one.member.kind == "null" and one.rows}
    rows = []
    for model, met in (alike.met | nulls).items():
        values = [met[task.id] for task in tasks if met[task.id] is not None]
        if values:
            interval = rate_interval(sum(values), len(values))
            rows.append({"model": model, "met": sum(values) / len(values), "low": interval.low, "high": interval.high, "n": len(values)})
    return {"rows": sorted(rows, key=lambda row: (-row["met"], row["model"]))}


def clusters(alike: Any, facts: Any) -> None:
    from harness.records import encode
    from harness.verdict.agreement.clusters import BOOTSTRAPS, clustered

    try:
        merges = clustered(alike.found.study, PRIMARY)
    except Inconclusive:
        return
    facts("Clusters", PRIMARY, {"models": list(alike.found.study.models), "merges": encode(merges), "bootstraps": BOOTSTRAPS})


def pairs(alike: Any) -> list[dict[str, Any]]:
    """Pairs of answers: the most alike, the least alike and the typical, one of each capability while there is room, three at most of each sort."""
    import numpy as np

    values = alike.found.study.of(PRIMARY)
    places = [(pair, prompt) for pair, prompt in zip(*np.nonzero(~np.isnan(values)), strict=True)]
    ordered = sorted(places, key=lambda place: (values[place], place))
    middle = sorted(places, key=lambda place: (abs(values[place] - np.nanmedian(values)), place))
    chosen = []
    for why, found in (("most alike", ordered[::-1]), ("least alike", ordered), ("typical", middle)):
        capabilities: set[str] = set()
        for place in found:
            capability = alike.found.study.strata[place[1]]
            if capability not in capabilities and len(capabilities) < SHOWN // 3:
                capabilities.add(capability)
                chosen.append(pair_of(alike, place, float(values[place]), why))
    return chosen


def pair_of(alike: Any, place: tuple[Any, Any], similarity: float, why: str) -> dict[str, Any]:
    study = alike.found.study
    prompt = study.prompts[place[1]]
    first, second = (study.models[model] for model in study.pairs[place[0]])
    texts = [(alike.replies[name].texts[prompt] or "")[:CUT] for name in (first, second)]
    task = alike.tasks[prompt]
    return {
        "prompt": prompt,
        "capability": task.capability,
        "asked": task.turns[-1].content[:CUT],
        "first": first,
        "second": second,
        "first_text": texts[0],
        "second_text": texts[1],
        "similarity": similarity,
        "why": why,
    }
