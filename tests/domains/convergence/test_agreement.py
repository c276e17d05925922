"""How alike models answer: the null, the interval, the baselines, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from harness.domains.convergence.agreement.categories import kappa, krippendorff, percent
from harness.domains.convergence.agreement.clusters import cluster_models
from harness.domains.convergence.agreement.comparison import ANYWHERE, WITHIN, compare_answers, divide_into_blocks
from harness.domains.convergence.agreement.consistency import check_averages
from harness.domains.convergence.agreement.findings import Findings
from harness.domains.convergence.agreement.permutation_test import add_block, compile_add_block, draw_permutations, permutation_p, permute_prompts
from harness.domains.convergence.agreement.sums import pairs_within
from harness.domains.convergence.agreement.two_way_bootstrap import TwoWay, interval
from harness.domains.convergence.power import simulated_power
from harness.errors import HarnessError, Inconclusive
from harness.verdict.family import benjamini_hochberg
from numba_missing import without_numba

RNG = np.random.default_rng


def planted(models=5, prompts=30, shared=1.0, seed=0, capabilities=3, lost=0, width=20):
    """A comparison of unit vectors: what a model answers is `shared` times the prompt's own direction and noise of its own."""
    rng = RNG(seed)
    names, ids = [f"m{number}" for number in range(models)], [f"p{number:03}" for number in range(prompts)]
    own = rng.normal(size=(prompts, width))
    vectors = shared * own[None] + rng.normal(size=(models, prompts, width))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    gone = {(int(model), int(prompt)) for model, prompt in rng.integers(0, [models, prompts], size=(lost, 2))}
    answered = {name: {prompt: None if (a, i) in gone else "said" for i, prompt in enumerate(ids)} for a, name in enumerate(names)}
    flat = vectors.reshape(models * prompts, width)
    strata = {prompt: f"c{i % capabilities}" for i, prompt in enumerate(ids)}
    return compare_answers(names, strata, answered, lambda rows: {"cosine": flat[rows] @ flat[rows].T, "twice": 2 * (flat[rows] @ flat[rows].T)}), vectors


def test_the_matched_similarity_pairs_answers_to_the_same_prompt():
    """Every matched value is the similarity of two models' answers to one prompt, and nothing else."""
    study, vectors = planted()
    for number, (first, second) in enumerate(study.pairs):
        assert study.similarities_of("cosine")[number] == pytest.approx((vectors[first] * vectors[second]).sum(axis=1))


def test_a_mismatched_similarity_leaves_the_prompt_itself_out():
    """The mismatch baseline of a prompt is over the other prompts of its capability alone, both ways round."""
    study, vectors = planted(models=3)
    found = study.mismatched("cosine", WITHIN)
    for number, (first, second) in enumerate(study.pairs):
        for place in (0, 7):
            others = [other for other in range(len(study.prompts)) if other != place and study.strata[other] == study.strata[place]]
            there = [vectors[first, place] @ vectors[second, other] for other in others] + [vectors[first, other] @ vectors[second, place] for other in others]
            assert found[number, place] == pytest.approx(np.mean(there))


def test_the_compiled_null_is_the_plain_one():
    """What numba sums is what numpy sums, missing answers included."""
    study, _ = planted(lost=9)
    fast = compile_add_block()
    if fast is None:
        pytest.skip("numba is not installed")
    shape = (40, 2, len(study.pairs), len(study.capabilities))
    (plain, counts), (quick, others) = ((np.zeros(shape), np.zeros(shape)) for _ in range(2))
    for number, block in enumerate(study.blocks[WITHIN]):
        dealt = draw_permutations(study, WITHIN, number, block, 40)
        add_block(block.cross, dealt, study.pairs, study.stratum[block.places], plain, counts)
        fast(block.cross, dealt, study.pairs, study.stratum[block.places], quick, others)
    assert quick == pytest.approx(plain, abs=1e-12)
    assert (others == counts).all()


def test_a_null_moves_answers_inside_their_capability_only():
    """Within a capability, every draw deals each model's answers to that capability's prompts, all of them once."""
    study, _ = planted(models=4, prompts=24)
    for number, block in enumerate(study.blocks[WITHIN]):
        assert len({study.strata[place] for place in block.places}) == 1
        dealt = draw_permutations(study, WITHIN, number, block, 50)
        assert (np.sort(dealt, axis=2) == np.arange(len(block.places))).all()
        assert len({tuple(map(tuple, draw)) for draw in dealt}) > 40
    assert sorted(np.concatenate([block.places for block in study.blocks[WITHIN]])) == list(range(24))


def test_large_studies_are_permuted_in_small_blocks():
    """Blocks of about six keep the cost linear in prompts; together they hold every prompt once, and their parting ignores order."""
    ids, strata = [f"p{number:04}" for number in range(750)], [f"c{number // 150}" for number in range(750)]
    blocks = divide_into_blocks(ids, strata, 15, WITHIN)
    assert {len(block) for block in blocks} <= {6, 7}
    assert sorted(np.concatenate(blocks)) == list(range(750))
    mixed = RNG(1).permutation(750)
    again = divide_into_blocks([ids[place] for place in mixed], [strata[place] for place in mixed], 15, WITHIN)
    assert {frozenset(ids[place] for place in block) for block in blocks} == {frozenset(ids[mixed[place]] for place in block) for block in again}


@pytest.mark.parametrize(("models", "prompts"), [(4, 30), (15, 90)])
def test_p_is_uniform_where_nothing_is_shared(models, prompts):
    """Where answers have nothing to do with the prompt, p is below .1 about one time in ten: whole strata and blocks alike."""
    from scipy.stats import kstest

    found = []
    for seed in range(60):
        study, _ = planted(models=models, prompts=prompts, shared=0.0, seed=seed, width=4)
        null = permute_prompts(study, WITHIN, 99).mean()[:, 0]
        found.append(permutation_p(float(np.nanmean(study.similarities_of("cosine"))), null)[0])
    assert kstest(found, "uniform").pvalue > 1e-3
    assert np.mean(np.array(found) <= 0.05) < 0.2


def test_shared_answers_reach_the_floor():
    """Planted agreement gives the smallest p that the draws allow: 1/(B+1)."""
    findings = Findings(planted()[0], permutations=200)
    found = findings.above_mismatch("cosine")
    assert (found.p, found.p_floor) == (1 / 201, 1 / 201)
    assert found.interval.low > 0.2


def test_an_answer_that_never_varies_is_refused():
    """One text for every prompt cannot be moved by permuting prompts: no p is given."""
    same = compare_answers(
        ["a", "b", "c"], {f"p{i}": "c" for i in range(9)}, {m: {f"p{i}": "x" for i in range(9)} for m in "abc"}, lambda rows: {"one": np.ones((len(rows),) * 2)}
    )
    with pytest.raises(Inconclusive, match="cannot move the statistic"):
        Findings(same).above_mismatch("one")


def test_order_changes_nothing():
    """Models and prompts in another order give the same value, interval over prompts and p."""
    rng = RNG(3)
    names, ids = ["a", "b"], [f"p{i}" for i in range(20)]
    vectors = {(name, prompt): rng.normal(size=5) for name in names for prompt in ids}

    def found(order):
        flat = np.array([vectors[name, prompt] for name in names for prompt in order])
        study = compare_answers(
            names, dict.fromkeys(order, "c"), {name: dict.fromkeys(order, "x") for name in names}, lambda rows: {"dot": flat[rows] @ flat[rows].T}
        )
        one = Findings(study, permutations=99).above_mismatch("dot")
        return one.value, one.p

    one, other = found(ids), found(ids[::-1])
    assert one[0] == pytest.approx(other[0])
    assert abs(one[1] - other[1]) < 0.15  # draws are dealt by place within a block, so p agrees up to Monte Carlo


def test_a_missing_answer_is_compared_with_nothing():
    """An answer that is not there is neither alike nor unlike: it leaves its cells empty, matched and mismatched."""
    study, _ = planted(models=3, prompts=12, lost=6, seed=2)
    whole, _ = planted(models=3, prompts=12, seed=2)
    gone = np.isnan(study.similarities_of("cosine"))
    assert 0 < gone.sum() < gone.size
    assert study.similarities_of("cosine")[~gone] == pytest.approx(whole.similarities_of("cosine")[~gone])


def test_a_model_that_was_asked_other_prompts_is_refused():
    """Pairing is by prompt id: a model that lacks a prompt is told with the prompt, never paired by position."""
    with pytest.raises(HarnessError, match="b was not asked 1 of 2 prompts, such as p1"):
        compare_answers(["a", "b"], {"p0": "c", "p1": "c"}, {"a": {"p0": "x", "p1": "x"}, "b": {"p0": "x"}}, lambda rows: {})


@pytest.mark.parametrize("models", [6, 15])
def test_the_two_way_interval_covers(models):
    """Over simulated studies whose models and prompts are drawn anew, the interval holds the true mean nearly as often as it says; pairs treated as
    independent would hold it far less often."""
    rng, held, naive = RNG(11), 0, 0
    study, _ = planted(models=models, prompts=40, capabilities=1)
    draws = TwoWay(study=study, draws=400)
    pairs = study.pairs
    for _ in range(150):
        own, asked = rng.normal(0, 0.1, models), rng.normal(0, 0.1, 40)
        values = 0.5 + (own[pairs[:, 0]] + own[pairs[:, 1]])[:, None] + asked[None] + rng.normal(0, 0.1, (len(pairs), 40))
        found = draws.interval(draws.tally(values).mean())
        held += found.low <= 0.5 <= found.high
        error = 1.96 * values.std() / values.size**0.5
        naive += abs(values.mean() - 0.5) <= error
    assert held / 150 >= 0.9
    assert naive / 150 < 0.5


@pytest.mark.parametrize(
    ("models", "prompts", "capabilities", "own_sd", "asked_sd"), [(3, 24, 1, 0.2, 0.02), (2, 3, 1, 0, 0.2), (2, 8, 4, 0, 0.2), (8, 3, 1, 0.02, 0.2)]
)
def test_the_interval_of_few_models_or_few_prompts_covers(models: int, prompts: int, capabilities: int, own_sd: float, asked_sd: float) -> None:
    """Percentiles never lie outside of the data and would hold the true mean in half to four fifths of the studies. Prompts alone vary between two models."""
    rng, held = RNG(5), 0
    study, _ = planted(models=models, prompts=prompts, capabilities=capabilities)
    draws, pairs = TwoWay(study=study, draws=300), study.pairs
    for _ in range(200):
        own, asked = rng.normal(0, own_sd, models), rng.normal(0, asked_sd, prompts)
        values = 0.5 + (own[pairs[:, 0]] + own[pairs[:, 1]])[:, None] + asked[None] + rng.normal(0, 0.02, (len(pairs), prompts))
        found = draws.interval(draws.tally(values).mean())
        held += found.low <= 0.5 <= found.high
    assert held / 200 >= 0.88


@pytest.mark.parametrize(("prompts", "capabilities", "why"), [(2, 1, "2 prompts are too few"), (4, 3, "4 prompts of 3 capabilities are too few")])
def test_too_few_prompts_give_no_interval(prompts: int, capabilities: int, why: str) -> None:
    """However many models answer: both ends stand at the value, the method says why, and no criterion decides by it."""
    found = Findings(planted(models=8, prompts=prompts, capabilities=capabilities)[0]).level("cosine")
    assert (found.interval.low, found.interval.high) == (found.value, found.value) and not found.interval.has_width
    assert found.interval.method == f"none: {why} for an interval"


def test_an_interval_counts_the_prompts_that_it_rests_on() -> None:
    """Those of its capability, and that somebody answered: not all that the study has."""
    study, _ = planted(models=8, prompts=18, capabilities=6)
    findings = Findings(study)
    assert findings.level("cosine").interval.method.startswith("expanded percentile")
    assert findings.level("cosine", "c0").interval.method.startswith("Student's t (2 degrees of freedom")
    values = study.similarities_of("cosine").copy()
    values[:, 4:] = np.nan
    assert findings.mean_of(values).interval.method.startswith("none: 4 prompts of 4 capabilities")


def test_two_models_are_not_resampled():
    """With one pair the interval is over prompts alone, and says so."""
    found = Findings(planted(models=2)[0]).level("cosine")
    assert "over prompts (two models" in found.interval.method


def test_the_parts_of_a_study_have_the_mean_of_the_whole():
    """Overall, by model and by capability are one mean, with answers missing too."""
    findings = Findings(planted(lost=12)[0])
    overall = findings.level("cosine").value
    capabilities = {name: (findings.level("cosine", name).value, findings.counted("cosine", name)) for name in findings.study.capabilities}
    models = {
        name: (findings.level("cosine", pairs=findings.pairs_of(name)).value, findings.counted("cosine", pairs=findings.pairs_of(name)))
        for name in findings.study.models
    }
    assert all(abs(gap) < 1e-12 for gap in check_averages(overall, {"capability": capabilities, "model": models}).values())


def test_published_averages_that_contradict_each_other_are_refused():
    """11.3 overall, 10.99 over the table of models and 13.88 over that of capabilities cannot stand in one report."""
    capabilities = {"context": (22.1, 1), "instructions": (19.3, 1), "truth": (13.7, 1), "uncertainty": (8.1, 1), "safety": (6.2, 1)}
    with pytest.raises(HarnessError, match=r"do not reconcile: overall 11\.3, by capability 13\.88"):
        check_averages(11.3, {"capability": capabilities})


def test_chance_correction_is_kappa_for_yes_and_no():
    """For a yes-or-no code the chance-corrected similarity is Cohen's kappa up to the prompt's own place in the mismatch."""
    from sklearn.metrics import cohen_kappa_score

    rng = RNG(5)
    prompts = 400
    first = rng.random(prompts) < 0.4
    second = np.where(rng.random(prompts) < 0.8, first, rng.random(prompts) < 0.4)
    codes = np.concatenate([first, second]).astype(float)
    ids = {f"p{i:03}": "safety" for i in range(prompts)}
    study = compare_answers(
        ["a", "b"], ids, {m: dict.fromkeys(ids, "x") for m in "ab"}, lambda rows: {"same": (codes[rows][:, None] == codes[rows][None]).astype(float)}
    )
    expected = cohen_kappa_score(first, second)
    assert kappa(codes[:prompts], codes[prompts:]) == pytest.approx(expected)
    assert Findings(study).chance_corrected("same").value == pytest.approx(expected, abs=0.04)
    assert percent(codes[:prompts], codes[prompts:]) == pytest.approx((first == second).mean())


def test_krippendorffs_own_example():
    """Ten articles and two observers: alpha is .095 (Krippendorff, 2011, page 3)."""
    one, other = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    codes = np.array([one, other], dtype=float)
    assert krippendorff(codes)[0] == pytest.approx(0.095, abs=5e-4)
    assert krippendorff(codes, np.ones((3, 10))) == pytest.approx(np.full(3, krippendorff(codes)[0]))
    with_gap = np.concatenate([codes, [[1.0], [np.nan]]], axis=1)
    assert krippendorff(with_gap)[0] == pytest.approx(krippendorff(codes)[0]), "an item that one coder saw says nothing of agreement"


def test_agreement_on_what_never_varies_is_not_defined():
    """Two coders who say yes to everything have no kappa, and alpha is not a number."""
    yes = np.ones(5)
    with pytest.raises(Inconclusive, match="kappa is not defined"):
        kappa(yes, yes)
    assert np.isnan(krippendorff(np.array([yes, yes]))[0])


def test_planted_families_are_found_and_stable():
    """Two planted groups of models come out as clusters in nearly every bootstrap; a group that is not there does not."""
    rng, prompts, ids = RNG(7), 40, {f"p{i}": "c" for i in range(40)}
    shared = rng.normal(size=(2, prompts, 20))
    vectors = np.array([shared[model // 3] + 0.7 * rng.normal(size=(prompts, 20)) for model in range(6)])
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    flat = vectors.reshape(-1, 20)
    names = [f"m{i}" for i in range(6)]
    study = compare_answers(names, ids, {name: dict.fromkeys(ids, "x") for name in names}, lambda rows: {"cosine": flat[rows] @ flat[rows].T})
    stability = {merge.members: merge.stability for merge in cluster_models(study, "cosine", 100)}
    assert stability["m0", "m1", "m2"] > 0.95 < stability["m3", "m4", "m5"]
    assert min(stability.values()) < 0.95
    families = dict(zip(names, "aaabbb", strict=True))
    assert Findings(study).within_groups("cosine", families).interval.low > 0
    assert pairs_within(study, families).sum() == 6
    with pytest.raises(Inconclusive, match="two of them with two members each"):
        Findings(study).within_groups("cosine", dict.fromkeys(names, "a"))


def test_an_agreeable_model_is_no_family():
    """A model that agrees with everybody lifts its pairs, of its family or not; what is left beyond both models' own effects is about zero."""
    rng, names, ids = RNG(21), [f"m{i}" for i in range(8)], {f"p{i:02}": "c" for i in range(30)}
    prompts = rng.normal(size=(30, 16))
    loyal = np.array([1.6, 1.4, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7])
    vectors = loyal[:, None, None] * prompts[None] + rng.normal(size=(8, 30, 16))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    flat = vectors.reshape(-1, 16)
    study = compare_answers(names, ids, {name: dict.fromkeys(ids, "x") for name in names}, lambda rows: {"cosine": flat[rows] @ flat[rows].T})
    families = dict(zip(names, "aabbcdef", strict=True))
    inside = pairs_within(study, families)
    above = study.similarities_of("cosine") - study.mismatched("cosine", WITHIN)
    found = Findings(study).within_groups("cosine", families)
    plain = above[inside].mean() - above[~inside].mean()
    assert plain > 0.02, "plain averages take the agreeable pair for a family"
    assert found.value < 0.7 * plain
    assert found.interval.low < 0 < found.interval.high


def test_a_share_of_self_agreement_is_one_for_equals():
    """Models that are one model twice share all that it shares with itself; unrelated ones share nothing of it."""
    rng, ids = RNG(4), {f"p{i:02}": "c" for i in range(40)}
    prompts = rng.normal(size=(40, 12))

    def study(names, shared):
        vectors = np.array([shared * prompts + 0.8 * rng.normal(size=(40, 12)) for _ in names])
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        flat = vectors.reshape(-1, 12)
        return Findings(compare_answers(names, ids, {name: dict.fromkeys(ids, "x") for name in names}, lambda rows: {"cosine": flat[rows] @ flat[rows].T}))

    itself = study(["m", "m again"], 1.0)
    assert study(list("abcd"), 1.0).share_of(itself, "cosine").value == pytest.approx(1, abs=0.15)
    assert study(list("abcd"), 0.0).share_of(itself, "cosine").interval.high < 0.3
    with pytest.raises(Inconclusive, match="may be nothing"):
        itself.share_of(study(["n", "n again"], 0.0), "cosine")


def test_two_models_have_no_clusters():
    with pytest.raises(Inconclusive, match="2 models have no clusters"):
        cluster_models(planted(models=2)[0], "cosine")


def test_power_grows_with_models_and_is_small_without_an_effect():
    """More models see more; without an effect the bar is reached about as often as chance allows."""
    noise = {"bar": 0.02, "sds": (0.05, 0.05, 0.05)}
    few, many = (simulated_power(models=models, prompts=30, effect=0.09, **noise) for models in (4, 15))
    assert few < many
    assert many > 0.8
    assert simulated_power(models=15, prompts=30, effect=0.0, **noise) < 0.1


def test_components_of_a_study_are_recovered():
    """From one simulated study of many models, the SDs of models, prompts and residuals come back."""
    from harness.domains.convergence.power import components, simulate_study

    study, _ = planted(models=20, prompts=60)
    found = [components(simulate_study(RNG(seed), 20, 60, 0.1, (0.04, 0.08, 0.12)), study.pairs) for seed in range(20)]
    assert np.mean(found, axis=0) == pytest.approx((0.04, 0.08, 0.12), rel=0.1)


def test_false_discoveries_are_bounded_as_scipy_does_it():
    """q values are scipy's."""
    from scipy.stats import false_discovery_control

    ps = dict(zip("abcdef", [0.001, 0.02, 0.03, 0.2, 0.04, 0.9], strict=True))
    assert list(benjamini_hochberg(ps).values()) == pytest.approx(false_discovery_control(list(ps.values())))


def test_any_prompt_and_same_capability_are_two_baselines():
    """Where a capability has a manner of its own, mismatched answers of one capability are more alike than those of any."""
    rng, ids = RNG(9), {f"p{i:02}": f"c{i % 3}" for i in range(30)}
    manner = rng.normal(size=(3, 12))
    vectors = np.array([[manner[i % 3] + rng.normal(size=12) for i in range(30)] for _ in range(3)])
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    flat = vectors.reshape(-1, 12)
    study = compare_answers(list("abc"), ids, {m: dict.fromkeys(ids, "x") for m in "abc"}, lambda rows: {"cosine": flat[rows] @ flat[rows].T})
    findings = Findings(study)
    assert findings.mismatched("cosine", WITHIN) > findings.mismatched("cosine", ANYWHERE) + 0.2


def test_a_null_that_stands_still_though_it_could_move_is_a_mistake(monkeypatch):
    """A shuffle that shuffles nothing, planted: not a finding of the data, which vary, but an error."""

    from harness.domains.convergence.agreement import permutation_test

    monkeypatch.setattr(
        permutation_test,
        "draw_permutations",
        lambda study, null, number, block, draws: np.broadcast_to(np.arange(len(block.places)), (draws, len(study.models), len(block.places))),
    )
    with pytest.raises(HarnessError, match="cannot move the statistic"):
        Findings(planted()[0], permutations=20).above_mismatch("cosine")


@pytest.mark.parametrize("constant", [0, 1])
def test_one_model_that_always_says_the_same_is_inconclusive(constant):
    """The other one varies, and still no dealing changes the mean."""
    codes = np.array([[0, 1, 1, 0, 1, 0], [0, 1, 0, 0, 1, 1]])
    codes[constant] = 1
    with pytest.raises(Inconclusive, match="whatever the prompt"):
        Findings(coded_study(codes)).above_mismatch("same")


def test_draws_without_a_value_are_told():
    """An interval is that of the draws that have one; how many have none stands in its method."""

    draws = np.linspace(0, 1, 101)
    assert interval(draws, "a way", 10).method == "a way"
    holed = np.append(draws, [np.nan] * 9)
    assert interval(holed, "a way", 10).method == "a way; 9 of 110 draws have no value"
    assert (interval(holed, "a way", 10).low, interval(holed, "a way", 10).high) == (interval(draws, "a way", 10).low, interval(draws, "a way", 10).high)


def coded_study(codes):
    """Two models whose answers to each prompt are coded 0 or 1 (2, prompts)."""
    ids = {f"p{place:03}": "safety" for place in range(codes.shape[1])}
    flat = np.asarray(codes, dtype=float).ravel()
    return compare_answers(
        ["a", "b"], ids, {name: dict.fromkeys(ids, "x") for name in "ab"}, lambda rows: {"same": (flat[rows][:, None] == flat[rows][None]).astype(float)}
    )


def test_draws_in_which_nothing_varies_have_no_chance_to_correct():
    """Of few prompts some draws hold none that differs: they are left out of the interval, and nothing is divided by zero."""
    codes = np.zeros((2, 6))
    codes[:, 0] = 1
    found = Findings(coded_study(codes)).chance_corrected("same")
    assert found.value == 1 and found.interval.low <= found.interval.high <= 1


def test_answers_that_are_all_alike_are_inconclusive():
    """Where everything agrees with everything, agreement beyond chance is not defined."""
    with pytest.raises(Inconclusive, match="nothing is left that chance does not explain"):
        Findings(coded_study(np.ones((2, 6)))).chance_corrected("same")


def test_without_numba_numpy_sums(tmp_path):
    """Where numba is switched off nothing is compiled."""
    done = without_numba(
        "from harness.domains.convergence.agreement.permutation_test import compile_add_block; print(compile_add_block())", tmp_path, broken=""
    )
    assert done.stdout == "None\n" and "NUMBA_DISABLE_JIT is set" in done.stderr


def test_one_prompt_of_each_capability_has_no_other_to_be_compared_with() -> None:
    """That is the reason, and not that all answers were alike."""
    with pytest.raises(Inconclusive, match="no prompt has another one of its capability"):
        Findings(planted(prompts=3, capabilities=3)[0]).above_mismatch("cosine")


def test_draws_without_spread_are_named_so() -> None:
    """An interval of no width is told as such: agreement among models that never differ decides nothing, and breaks nothing."""
    found = interval(np.ones(50), "percentile", clusters=9)
    assert (found.low, found.high) == (1.0, 1.0) and found.method.startswith("degenerate")
    noisy = interval(np.full(50, 0.1) + np.arange(50) * 1e-17, "percentile", clusters=3)
    assert noisy.low == noisy.high and noisy.method.startswith("degenerate")
