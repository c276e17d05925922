"""How agreement is spread, how large it is beside the spread of prompts, by what models are grouped, and what is shown of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fixtures.convergence import spreads
from harness.domains.convergence.agreement.comparison import WITHIN, compare_answers
from harness.domains.convergence.agreement.findings import Findings
from harness.domains.convergence.agreement.spread import describe_spread, paired_d
from harness.domains.convergence.member_groups import group_of
from harness.domains.convergence.sections import Spread
from harness.domains.convergence.sections.spread import Spreads
from harness.errors import HarnessError, Inconclusive
from harness.models.responder import ModelEntry
from harness.report.build import build
from seen_report import table
from tests.domains.convergence.samples import prose_part, recheck, write_records
from tests.domains.convergence.test_agreement import planted


def spread(name: str = "pairs", **changes: Any) -> Spread:
    numbers = {"n": 28, "mean": 0.26, "median": 0.25, "sd": 0.04, "least": 0.18, "greatest": 0.32, "range": 0.14, "cv": 0.146}
    found = {"kind": "pairs", "of": "", **numbers, "d": 1.7, "low": 0.947, "high": 2.04, "p_bh": None}
    return Spread(name=name, **found | changes)


def test_a_spread_is_that_of_what_is_there() -> None:
    """Gaps are left out; one value has no SD, and a mean that is not above zero no coefficient of variation."""
    found = describe_spread(np.array([0.2, np.nan, 0.5, 0.8]))
    assert list(found.values()) == pytest.approx([3, 0.5, 0.5, 0.3, 0.2, 0.8, 0.6, 0.6])
    assert describe_spread(np.array([0.4]))["sd"] is None
    assert describe_spread(np.array([-0.1, 0.1]))["cv"] is None
    assert describe_spread(np.array([np.nan]))["n"] == 0 and describe_spread(np.array([np.nan]))["mean"] is None


def test_d_is_the_mean_over_the_sd_of_prompts() -> None:
    """By hand, over all prompts and in a capability; drawing every pair and prompt once gives the same, and a drawn prompt counts as often as it was drawn."""
    study, _ = planted()
    found = Findings(study)
    above = study.similarities_of("cosine") - study.mismatched("cosine", WITHIN)
    means = above.mean(axis=0)
    effect = found.standardised("cosine")
    assert effect.value == pytest.approx(means.mean() / means.std(ddof=1))
    assert effect.interval.low < effect.value < effect.interval.high
    inside = means[np.array(study.strata) == "c1"]
    assert found.standardised("cosine", "c1").value == pytest.approx(inside.mean() / inside.std(ddof=1))
    counts = np.random.default_rng(1).integers(0, 3, len(means)).astype(float)
    drawn = np.repeat(means, counts.astype(int))
    assert paired_d(above, np.ones((1, len(above))), counts[None])[0] == pytest.approx(drawn.mean() / drawn.std(ddof=1))


def test_few_models_do_not_push_the_interval_of_d_over_zero() -> None:
    """Three models have Student's t of few draws: made where the variance of d does not depend on it, the interval stays on the side of the effect."""
    study, _ = planted(models=3, prompts=24, shared=2.0, capabilities=1)
    interval = Findings(study).standardised("cosine").interval
    assert interval.method.startswith("Student's t") and interval.low > 0


def test_d_of_unrelated_answers_holds_zero() -> None:
    """Models that share nothing have a d whose interval holds zero."""
    study, _ = planted(models=8, prompts=40, shared=0.0)
    interval = Findings(study).standardised("cosine").interval
    assert interval.low < 0 < interval.high


def test_prompts_that_do_not_vary_have_no_d() -> None:
    """Two models and one prompt a capability leave nothing to measure an effect by."""
    study, _ = planted(models=2, prompts=4, capabilities=4)
    with pytest.raises(Inconclusive, match="no SD to be measured by"):
        Findings(study).standardised("cosine", "c1")


def test_a_model_of_unknown_group_is_left_out() -> None:
    """It neither forms a group nor counts as another one: the effect is that of the study without it."""
    study, _ = planted(models=6, prompts=24)
    names = study.models
    groups = dict(zip(names, ["a", "a", "b", "b", None, None], strict=True))
    with_unknown = Findings(study).within_groups("cosine", groups).value
    above = study.similarities_of("cosine") - study.mismatched("cosine", WITHIN)
    pairs = [(number, pair) for number, pair in enumerate(study.pairs) if max(pair) < 4]
    design = np.array([[float(model in pair) for model in range(4)] + [float(groups[names[pair[0]]] == groups[names[pair[1]]])] for _, pair in pairs])
    expected = np.linalg.lstsq(design, above[[number for number, _ in pairs]].mean(axis=1), rcond=None)[0][-1]
    assert with_unknown == pytest.approx(expected)
    with pytest.raises(Inconclusive, match="two of them with two members each"):
        Findings(study).within_groups("cosine", dict(zip(names, ["a", "a", "b", None, None, None], strict=True)))


@pytest.mark.parametrize(("size", "group"), [(0.135, "small"), (9.9, "small"), (10, "medium"), (70.6, "medium"), (100, "large"), (671, "large"), (None, None)])
def test_sizes_fall_into_declared_bins(size: float | None, group: str | None) -> None:
    """Below 10 billion, below 100, and above; what is not public has no group."""
    assert group_of(ModelEntry(name="a", spec="null/words", size=size), "size") == group


def test_a_member_is_grouped_by_what_its_set_states() -> None:
    """Family falls back on the spec, as it always did; the others are unknown where they are not stated."""
    member = ModelEntry(name="a", spec="openai/a", provider="OpenAI", region="US")
    assert [group_of(member, name) for name in ("family", "provider", "region", "architecture")] == ["openai/a", "OpenAI", "US", None]
    with pytest.raises(HarnessError, match=r"no grouping 'providr'.*Did you mean 'provider'"):
        group_of(member, "providr")


def test_groups_have_rows_where_they_have_pairs() -> None:
    """A row for each group of two members or more, of the pairs inside it alone, with a p that is adjusted over these rows."""
    vectors = np.random.default_rng(4).normal(size=(4, 12, 16)) + np.random.default_rng(5).normal(size=(12, 16))[None]
    flat = (vectors / np.linalg.norm(vectors, axis=2, keepdims=True)).reshape(-1, 16)
    ids = {f"p{place:02}": f"c{place % 2}" for place in range(12)}
    names = ["a", "b", "c", "d"]
    study = compare_answers(names, ids, {name: dict.fromkeys(ids, "x") for name in names}, lambda rows: {"hybrid": flat[rows] @ flat[rows].T})
    stated = zip(names, ("US", "US", "China", ""), (1, 70, 80, 9), strict=True)
    members = [ModelEntry(name=name, spec=f"api/{name}", region=region, size=size) for name, region, size in stated]
    alike = SimpleNamespace(found=Findings(study), replies={member.name: SimpleNamespace(member=member) for member in members})
    found = {record.of: record for record in spreads(alike) if record.kind == "group"}
    assert {of: record.n for of, record in found.items()} == {"region US": 1, "size medium": 1, "size small": 1}
    assert found["region US"].mean == pytest.approx(study.similarities_of("hybrid")[0].mean())
    assert all(record.p_bh is not None and record.d is None for record in found.values())


def test_the_table_shows_pairs_models_and_capabilities(tmp_path: Path) -> None:
    """In this order, each number with its address, an effect with its interval, and what is missing as missing."""
    models = spread("models", kind="models", n=8, d=None, low=None, high=None)
    truth = spread("capability truthfulness", kind="capability", of="truthfulness", p_bh=0.012)
    write_records(tmp_path, truth, models, spread())
    build(tmp_path)
    lines = [line.strip("| ").split(" | ") for line in prose_part(tmp_path, "Spread and size of the agreement").splitlines() if line.startswith("| ")][2:]
    assert [line[0] for line in lines] == ["pairs of models", "models, each with the others", "truthfulness"]
    assert [line[9:] for line in lines] == [["1.7 [0.947, 2.04]", "not measured"], ["not measured", "not measured"], ["1.7 [0.947, 2.04]", ".012"]]
    assert ("0.146", "sections/spread/pairs/cv") in table(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"), [({"of": "truthfulness"}, "of names a capability"), ({"low": None}, "bound no interval"), ({"low": 3.0}, "bound no interval")]
)
def test_records_that_contradict_themselves_are_refused(changes: dict[str, Any], told: str) -> None:
    """A capability is named where there is one; both ends of an interval are there, in order."""
    with pytest.raises(HarnessError, match=told):
        recheck(Spreads(), spread(), **changes)
