"""The public Level 1, replayed: its stored scores, its dead models, and what a valid analysis of its live ones says."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from experiment_room import DATA, cell, measured, models, replayed, short
from harness.domains.convergence.agreement.comparison import ANYWHERE, WITHIN, compare_answers
from harness.domains.convergence.agreement.findings import Findings
from harness.domains.convergence.agreement.permutation_test import permutation_p, permute_prompts
from harness.domains.convergence.agreement.sums import sum_values

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not here")
DEAD = (
    "openai/o1-preview",
    "google/gemini-1.5-pro",
    "deepseek/deepseek-v2.5",
    "deepseek/deepseek-coder-v2-instruct",
    "01-ai/yi-lightning",
    "zhipuai/glm-4-plus",
    "google/gemini-1.5-flash",
    "baichuan/baichuan2-192k",
    "phind/phind-codellama-34b",
)
ACCOUNT_ID = 32
# What the published score took for refusing.
REFUSING = ("cannot", "can't", "unable", "not able", "won't", "will not")


@pytest.fixture(scope="module")
def published() -> dict:
    return json.loads(DATA.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def live(published) -> dict[str, dict[str, str]]:
    """Live model to {prompt: its answer}, empty replies as empty texts, as the reference analysis took them."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in published["responses"]:
        if row["model_id"] not in DEAD:
            found[row["model_id"]][row["prompt_text"]] = row["response_text"]
    return dict(found)


def test_the_23_stored_scores_are_reproduced(published):
    """The published scores follow from mean lengths and shares of refusing words alone: they never looked at what was said, and they change with the length of
    an account's id in the client's error text. The file has the ids replaced; at the 32 characters that ids had, all 23 come out.
    """
    said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in published["responses"]:
        said[row["model_id"]][row["capability"]].append(row["response_text"].replace("user_REDACTED", "u" * ACCOUNT_ID))
    pairs: dict[str, list[float]] = defaultdict(list)
    for first, second in combinations(said, 2):
        score = fmean(pair_score(said[first][capability], said[second][capability]) for capability in said[first])
        pairs[first].append(score)
        pairs[second].append(score)
    assert len(published["convergence_scores"]) == 23
    for model, stored in published["convergence_scores"].items():
        assert fmean(pairs[model]) == pytest.approx(stored, abs=1e-12)


def pair_score(first: list[str], second: list[str]) -> float:
    lengths = [fmean(map(len, texts)) for texts in (first, second)]
    shares = [fmean(any(word in text.lower() for word in REFUSING) for text in texts) for texts in (first, second)]
    return 0.5 * (1 - abs(lengths[0] - lengths[1]) / max(*lengths, 1)) + 0.5 * (1 - abs(shares[0] - shares[1]))


def test_the_liveness_gate_names_the_nine_dead_and_blocks_the_analysis(tmp_path, published):
    """The 71.3 % could not have been published: G1 fails by name, nothing that needs it runs, and no similarity is told."""
    results, _ = replayed(tmp_path, DATA.resolve(), models(DATA))
    gate = cell(results, "G1")
    assert gate["verdict"] == "failed"
    assert gate["reason"].startswith("9 of 23 are dead: " + ", ".join(short(model) for model in DEAD) + "; 2 answer too little: o1-mini, deepseek-r1")
    for one in results["cells"]:
        if one["kind"] == "hypothesis":
            assert one["verdict"] == "blocked", one["id"]
            assert one["stopped_by"] == "G1"
    assert results["verdict"] == "blocked"
    stated = results["sections"]["respondents"]["gemini-1.5-flash"]
    assert (stated["error"], stated["ok"], stated["alive"]) == (30, 0, False)
    assert results["facts"]["Eval"]["answers-gemini-1.5-flash"]["warning"].startswith("30 of 30 rows (100.0 %) are errors; the first: responses[")
    report = (tmp_path / "run" / "clean_result.md").read_text(encoding="utf-8")
    assert "gemini-1.5-flash" in report
    assert not re.search(r"0\.713\b", report)
    assert set(results["sections"]) == {"respondents"}


def test_the_live_ones_are_compared_through_the_front_door(tmp_path, live):
    """With the dead taken off the set, the gates hold and answers are more alike than mismatched ones in every capability; but nobody was asked twice, so the
    positive control is not verified and the report does not claim it."""
    results, _ = replayed(tmp_path, DATA.resolve(), list(live), alive=0.7)
    assert {name: cell(results, name)["verdict"] for name in ("G1", "G2", "G3", "G4", "K1", "K2")} == dict.fromkeys(
        ("G1", "G2", "G3", "G4", "K1", "K2"), "passed"
    )
    tfidf = results["sections"]["similarity"]["tfidf"]
    # Ten empty replies are no answers: without them the mean is higher than over texts that include them (.340).
    assert tfidf["overall"] == pytest.approx(0.357, abs=0.003)
    for name in ("truthfulness", "safety_boundaries", "instruction_following", "uncertainty_expression", "context_awareness"):
        found = cell(results, f"H1[{name}]")
        assert found["verdict"] == "supported", found["reason"]
        assert measured(found, "above mismatch")["p"] == pytest.approx(1 / 1001)
        assert cell(results, f"H2[{name}]")["verdict"] in ("falsified", "inconclusive")
    broken = [one["id"] for one in results["cells"] if one["verdict"] == "error"]
    assert not broken, "prompts that expect nothing and have no variations leave hypotheses inconclusive, and break none"
    assert "has no jailbreaks" in cell(results, "H10[adversarial]")["reason"]
    [first] = [one for one in results["hypotheses"] if one["id"] == "H1"]
    assert first["verdict"] == "inconclusive"
    assert "P1 not verified" in first["reason"]


@pytest.mark.parametrize(
    ("measure", "value", "nulls", "bounds"), [("tfidf", 0.340, (0.060, 0.131), (0.267, 0.411)), ("indel", 0.402, (0.254, 0.307), (0.343, 0.457))]
)
def test_the_valid_analysis_gives_the_reference_figures(live, measure, value, nulls, bounds):
    """Over the 14 live models and 30 prompts: the mean, both nulls of 1,000 permutations, p at its floor of 1/1001, and the two-way interval."""
    study = compare_answers(list(live), strata_of(live), live, reference(live))
    findings = Findings(study, permutations=1000)
    assert findings.level(measure).value == pytest.approx(value, abs=1e-3)
    observed, place = float(sum_values(study.similarities_of(measure), study.stratum, 5).mean()), study.place(measure)
    for null, mean in zip((ANYWHERE, WITHIN), nulls, strict=True):
        draws = permute_prompts(study, null, 1000).mean()[:, place]
        assert draws.mean() == pytest.approx(mean, abs=1e-3)
        assert permutation_p(observed, draws) == (1 / 1001, 1 / 1001)
    plain = np.percentile(findings.twoway.tally(study.similarities_of(measure)).mean(), [2.5, 97.5])
    assert plain == pytest.approx(bounds, abs=6e-3)
    found = findings.level(measure).interval
    assert (found.low, found.high) == pytest.approx(bounds, abs=0.015), "what we tell is a little wider: percentiles of 14 clusters are too near"
    assert found.low < plain[0] and found.high > plain[1]


def test_a_statistic_that_permuting_cannot_move_is_refused(live):
    """The published test shuffled a flat list of scores and took its mean. That mean is the same for every shuffle, and no p comes of it."""
    from harness.errors import HarnessError
    from harness.verdict.tests import permutation_test

    study = compare_answers(list(live), strata_of(live), live, reference(live))
    scores = study.similarities_of("tfidf").ravel()
    with pytest.raises(HarnessError, match="cannot move the statistic"):
        permutation_test(scores, lambda values: float(np.mean(values)), lambda values, rng: rng.permutation(values), "published", permutations=50)


def strata_of(live: dict[str, dict[str, str]]) -> dict[str, str]:
    rows = json.loads(Path(DATA).read_text(encoding="utf-8"))["responses"]
    return {row["prompt_text"]: row["capability"] for row in rows if row["model_id"] == next(iter(live))}


def reference(live: dict[str, dict[str, str]]):
    """scikit-learn's own TF-IDF (texts without a two-letter word have no vector there) and our Indel ratio."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from harness.domains.convergence.similarity.indel import Indel

    texts = [text for said in live.values() for text in said.values()]
    vectors, indel = TfidfVectorizer(sublinear_tf=True).fit_transform(texts), Indel().prepare(texts)
    return lambda rows: {"tfidf": (vectors[rows] @ vectors[rows].T).toarray(), "indel": indel.block(rows)}
