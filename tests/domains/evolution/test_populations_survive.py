"""Populations at the ends of what is possible: nothing overflows, what has no meaning is NaN and never zero, and both engines agree on it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.domains.evolution.config import simulation
from harness.domains.evolution.runs import is_compiled, simulate, start
from harness.domains.evolution.state import MEASURES
from harness.errors import HarnessError

pytestmark = pytest.mark.filterwarnings("error")

SMALL = {
    "models": 20,
    "beliefs": 60,
    "held": 6,
    "questions": 10,
    "generations": 6,
    "landscape": {"kind": "bivariate_normal", "rho": 0.5},
    "activation": {"kind": "simple", "density": 0.2},
    "diversity_every": 1,
}
SEEDS = (1, 2, 3)
OF_TEST = ("coverage", "entropy", "correlation")  # of a test that changes
EVERY = [name for name in MEASURES if name not in OF_TEST]
ALWAYS = [name for name in EVERY if name not in ("deceptive", "deceptive_first", "diversity", "founders", "beneficial", "misjudged")]


def survived(**extra):
    """Runs of a small population by the readable engine; the fast one, where numba can be used, must agree."""
    asked = simulation({**SMALL, **extra})
    found = simulate(asked, SEEDS, engine="numpy")
    if is_compiled():
        other = simulate(asked, SEEDS, engine="numba")
        np.testing.assert_allclose(found.values, other.values, rtol=1e-9, atol=1e-9)
        assert np.array_equal(found.extinct, other.extinct)
    return found


def finite(found, names=EVERY) -> bool:
    return all(np.isfinite(found[name]).all() for name in names)


@pytest.mark.parametrize("reproduction", ["clonal", "recombining"])
@pytest.mark.parametrize("beta", [1e6, 1e9, -1e6, -1e9])
def test_no_pressure_overflows(beta, reproduction):
    """Under a huge beta all children descend from the one best model (or the worst), and every measure stays finite."""
    found = survived(selection={"beta": beta}, reproduction=reproduction)
    assert finite(found, ALWAYS) and (found.extinct == -1).all()
    assert np.allclose(found["fitness_sd"][:, 1:], 0.0)
    assert (np.sign(beta) * (found["fitness"][:, 1] - found["fitness"][:, 0]) > 0).all()
    assert reproduction == "recombining" or (found["founders"][:, 1:] == 1).all()


@pytest.mark.parametrize("fitness", ["mean", "additive"])
def test_a_pressure_may_turn_from_one_end_to_the_other(fitness):
    """A course through beta 0 from -1e9 to 1e9 stays finite."""
    assert finite(survived(selection={"beta": -1e9, "last": 1e9}, fitness=fitness))


def test_one_model_stays_as_it_is():
    """A single model is its own parent for ever: no measure moves, and no two models differ."""
    found = survived(models=1)
    assert finite(found) and all((found[name] == found[name][:, :1]).all() for name in EVERY)
    assert (found["fitness_sd"] == 0).all() and (found["founders"] == 1).all() and np.allclose(found["diversity"], 1 - 1.0)


def test_one_belief_is_all_there_is():
    """With one belief in the pool all models are alike, and its value is theirs."""
    found = survived(beliefs=1, held=1)
    assert finite(found) and np.allclose(found["fitness_sd"], 0.0) and (found["value"] == found["value"][:, :1]).all()
    assert np.isin(found["deceptive"], (0.0, 1.0)).all() and np.array_equal(found["deceptive"], found["pool"])


def test_one_of_everything_runs():
    """One model, one belief, one question."""
    found = survived(models=1, beliefs=1, held=1, questions=1)
    assert finite(found) and (found["questions"] == 1).all() and (found["alive"] == 1).all()


def test_one_question_is_a_test():
    """A test of one question that probes every belief scores the plain mean of the held signals."""
    found = survived(questions=1, landscape={"kind": "unimodal"})
    assert finite(found)
    np.testing.assert_allclose(found["fitness"] * 6, found["value"], atol=1e-6)


@pytest.mark.parametrize("reproduction", ["clonal", "recombining"])
def test_models_that_hold_everything_are_all_alike(reproduction):
    """K = B: each model holds the pool, so nothing can be selected and no belief is lost."""
    found = survived(beliefs=6, reproduction=reproduction)
    assert (found["size"] == 6).all() and np.allclose(found["fitness_sd"], 0.0) and (found["diversity"] == 1 - 6 / 6).all()
    assert np.array_equal(found["deceptive"], found["pool"])


def test_at_density_one_every_question_says_the_same():
    """All questions probe all beliefs: a test of ten is a test of one, value_tested the mean value of a held belief."""
    found = survived(activation={"kind": "simple", "density": 1.0})
    np.testing.assert_allclose(found["value_tested"], found["value"] / 6, atol=1e-6)


@pytest.mark.parametrize("extra", [{}, {"test": {"every": 1}}, {"catastrophe": 0.0}, {"reproduction": "recombining"}])
def test_no_generations_are_the_founders_alone(extra):
    """With no generation there is one row, the founders', as any longer run begins."""
    found = survived(generations=0, **extra)
    assert found.values.shape == (3, 1, len(MEASURES))
    assert np.array_equal(found.values[:, 0], survived(generations=3, diversity_every=1, **extra).values[:, 0], equal_nan=True)


def test_extinction_of_all_at_once_leaves_one_row():
    """Founders that all are below the threshold are measured, have no children, and nothing stands behind them: NaN, not zero."""
    found = survived(catastrophe=1e6)
    assert found.extinct.tolist() == [0, 0, 0]
    assert (found["alive"][:, 0] == 0).all() and all(np.isfinite(found[name][:, 0]).all() for name in EVERY) and np.isnan(found.values[:, 1:]).all()


@pytest.mark.parametrize("extra", [{}, {"reproduction": "recombining"}, {"test": {"every": 1, "drop": "uninformative"}}, {"evaluators": {"noise": 0.5}}])
def test_extinction_on_the_way_is_told_by_its_generation(extra):
    """The row of the generation in which none is left says that none is alive; rows behind it are NaN, rows before it count the living."""
    found = survived(models=8, generations=12, catastrophe=0.5, mutation={"loss": 0.9}, **extra)
    assert (found.extinct > 0).all() and len(set(found.extinct.tolist())) > 1
    for values, alive, extinct in zip(found.values, found["alive"], found.extinct.tolist(), strict=True):
        assert (alive[:extinct] > 0).all() and alive[extinct] == 0
        assert np.isnan(values[extinct + 1 :]).all()


def test_extinction_in_the_last_generation_is_told():
    """A population that is measured dead at the very end is extinct, though no row is missing."""
    asked = {"models": 8, "catastrophe": 0.5, "mutation": {"loss": 0.9}}
    first = survived(**asked, generations=12).extinct
    for seed, generation in zip(SEEDS, first.tolist(), strict=True):
        ended = simulate(simulation({**SMALL, **asked, "generations": generation}), [seed])
        assert ended.extinct.tolist() == [generation] and np.isfinite(ended["fitness"]).all()


def test_a_threshold_that_is_never_met_changes_nothing():
    """A catastrophe below every model's value gives the bits of a population without one."""
    assert np.array_equal(survived(catastrophe=-1e6, mutation={"rate": 0.1}).values, survived(mutation={"rate": 0.1}).values, equal_nan=True)


def test_a_threshold_that_is_met_exactly_is_survived():
    """Models at the threshold itself have children: below it means below it."""
    value = float(survived(models=1)["value"][0, 0])
    asked = {**SMALL, "models": 1}
    for threshold, extinct in ((value, -1), (np.nextafter(value, math.inf), 0)):
        assert simulate(simulation({**asked, "catastrophe": float(threshold)}), [1]).extinct.tolist() == [extinct]


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"reproduction": "recombining"},
        {"fitness": "additive"},
        {"network": {"degree": 3}},
        {"activation": {"kind": "personality"}},
        {"catastrophe": 0.0},
        *({"test": {"every": 1, "policy": policy, "drop": "uninformative"}} for policy in ("random", "common", "harmful", "uncovered", "deceptive")),
    ],
)
def test_models_that_lose_all_beliefs_live_on_empty(extra):
    """At loss 1 models hold nothing from generation 1 on: size, value and fitness 0, shares of held beliefs NaN, and nobody dies of it."""
    found = survived(mutation={"loss": 1.0}, **extra)
    assert (found.extinct == -1).all()
    for name in ("size", "value", "value_used", "value_tested", "fitness", "fitness_sd"):
        assert (found[name][:, 1:] == 0).all(), name
    for name in ("deceptive", "deceptive_first", "beneficial", "misjudged", "harmful", "diversity", "enrichment", "value_each", "value_used_each"):
        assert np.isnan(found[name][:, 1:]).all() and np.isfinite(found[name][:, 0]).all(), name


def test_empty_models_gain_again():
    """What loses all and gains one holds exactly one, a new one each generation."""
    found = survived(mutation={"loss": 1.0, "gain": 1.0, "rate": 1.0})
    assert (found["size"][:, 1:] == 1).all() and finite(found, ALWAYS)


@pytest.mark.parametrize("most", [6, 9])
def test_models_gain_to_the_cap_and_no_further(most):
    """At gain 1 each model grows by one belief a generation until it holds as many as it may."""
    found = survived(mutation={"gain": 1.0}, most_held=most)
    assert found["size"].tolist() == [[float(min(6 + generation, most)) for generation in range(7)]] * 3


def test_no_model_ever_holds_a_belief_twice():
    """Whatever is replaced, lost, gained and recombined: the held beliefs are distinct, of the pool, and laid side by side."""
    for extra in ({"mutation": {"rate": 1.0}}, {"mutation": {"rate": 0.5, "loss": 0.3, "gain": 1.0, "proposals": 4}}):
        for reproduction in ("clonal", "recombining"):
            last = start(simulation({**SMALL, "beliefs": 24, **extra, "reproduction": reproduction}), 1).advance().population
            for held, size in zip(last.held.tolist(), last.sizes.tolist(), strict=True):
                assert len(set(held[:size])) == size and set(held[size:]) <= {-1} and all(0 <= belief < 24 for belief in held[:size])


def test_replacing_everything_leaves_nothing_of_the_parent():
    """At rate 1 no child holds a belief of its parent: with a single model that is to be seen."""
    run = start(simulation({**SMALL, "models": 1, "beliefs": 12, "mutation": {"rate": 1.0}}), 1)
    for generation in range(6):
        before = set(run.population.held[0].tolist())
        assert set(run.advance(generation + 1).population.held[0].tolist()) == set(range(12)) - before


@pytest.mark.parametrize("drop", ["oldest", "uninformative", "redundant"])
def test_a_test_may_shrink_to_one_question(drop):
    """Three of ten go in each of three generations; the one that is left still scores."""
    found = survived(generations=3, test={"every": 1, "added": 0, "dropped": 3, "drop": drop})
    assert found["questions"].tolist() == [[10, 7, 4, 1]] * 3 and finite(found)


@pytest.mark.parametrize("policy", ["random", "common", "harmful", "uncovered", "deceptive"])
def test_a_test_may_grow_beyond_its_beginning(policy):
    """Thirty questions a generation are added to ten, and none go."""
    found = survived(generations=3, test={"every": 1, "added": 30, "dropped": 0, "policy": policy})
    assert found["questions"].tolist() == [[10, 40, 70, 100]] * 3 and finite(found)


def test_questions_that_probe_nobody_say_nothing():
    """A test that reaches one belief of sixty scores 0 whoever lacks it; where nobody holds it, selection is blind and nothing divides by zero."""
    found = survived(models=2, activation={"kind": "coverage", "coverage": 1 / 60, "density": 0.1})
    assert finite(found) and (found["fitness"] == 0).any()


@pytest.mark.parametrize("reproduction", ["clonal", "recombining"])
def test_noise_can_drown_selection(reproduction):
    """Under noise of a million times the signals' spread the fittest are nobody's choice: over 200 runs fitness gains nothing in a generation."""
    extra = {"generations": 1, "evaluators": {"noise": 1e6}, "reproduction": reproduction, "selection": {"beta": 1e3}}
    assert finite(survived(**extra), ALWAYS)
    found = simulate(simulation({**SMALL, **extra}), range(200))["fitness"]
    gain = found[:, 1] - found[:, 0]
    assert abs(gain.mean()) < 5 * gain.std() / math.sqrt(200)
    clear = simulate(simulation({**SMALL, **extra, "evaluators": {}}), range(200))["fitness"]
    assert (clear[:, 1] - clear[:, 0]).mean() > 10 * gain.std() / math.sqrt(200)


@pytest.mark.parametrize("rho", [-1.0, 1.0])
def test_perfect_correlations_leave_nothing_beside_value(rho):
    """The test measures value or its opposite to the bit; nothing is deceptive at 1, and at -1 selection breeds deception."""
    found = survived(landscape={"kind": "bivariate_normal", "rho": rho})
    assert finite(found) and np.array_equal(found["value_tested"], rho * found["fitness"])
    deceptive = found["deceptive"]
    assert (deceptive == 0).all() if rho > 0 else (deceptive[:, -1] > deceptive[:, 0]).all()


@pytest.mark.parametrize("rho", [-1.0, 1.0])
@pytest.mark.parametrize("asked", [0.5, 0.0, -1.0])
def test_evaluators_of_a_perfect_landscape_find_a_residual_of_their_own(rho, asked):
    """Where value explains the whole signal, what evaluators see beside it is drawn anew: their signal still has the correlation asked for."""
    extra = {"landscape": {"kind": "bivariate_normal", "rho": rho}, "evaluators": {"each": [{"correlation": asked}]}}
    assert finite(survived(**extra))
    land = start(simulation({**SMALL, **extra}), 1).world
    assert np.corrcoef(land.signals(0)[0], land.values)[0, 1] == pytest.approx(asked, abs=1e-6)


@pytest.mark.parametrize(("first", "last", "generations"), [(-0.95, 1.0, 9), (0.2, 1.0, 12), (0.1, 1.0, 13), (-0.2, -1.0, 24)])
def test_a_course_ends_at_a_perfect_correlation_and_not_beyond(first, last, generations):
    """Rounding may pass 1, and beyond it there is no signal."""
    evaluators = {"each": [{"correlation": first, "last": last}]}
    assert finite(survived(generations=generations, evaluators=evaluators))
    land = start(simulation({**SMALL, "generations": generations, "evaluators": evaluators}), 1).world
    assert np.corrcoef(land.signals(generations)[0], land.values)[0, 1] == pytest.approx(last, abs=1e-6)


def test_what_is_used_is_not_cut():
    """A belief of value 5 that is used fifty times as often as others counts 250."""
    run = start(simulation({**SMALL, "beliefs": 400, "landscape": {"kind": "bivariate_normal", "rho": 0.5, "value_mean": 5}, "usage": {"kind": "zipf"}}), 1)
    assert run.world.used.max() > 64 and run.world.used.mean() == pytest.approx(5, abs=1.0)


@pytest.mark.parametrize("spread", [1e-12, 1e-6])
def test_landscapes_without_any_spread_are_flat(spread):
    """Signals too close for the grid are all alike: selection has nothing to choose by."""
    land = {"kind": "bivariate_normal", "rho": 0.5, "value_sd": spread, "signal_sd": spread}
    found = survived(landscape=land, selection={"beta": 1e9})
    assert finite(found, ALWAYS) and (np.abs(found["fitness"]) < 10 * spread).all()


@pytest.mark.parametrize("engine", ["numpy", "auto"])
def test_a_correlation_with_values_that_do_not_vary_is_refused(engine):
    """Nothing correlates with a constant: an evaluator that should is told in one line, and is not given a flat signal instead."""
    land = {"kind": "bivariate_normal", "rho": 0.5, "value_sd": 1e-12, "signal_sd": 1e-12}
    asked = simulation({**SMALL, "landscape": land, "evaluators": {"each": [{"correlation": 0.5}]}})
    with pytest.raises(HarnessError, match=r"values that do not vary.*Add beliefs, or leave correlation and scored_with out"):
        simulate(asked, [1], engine=engine)


def test_long_histories_of_small_populations_hold():
    """A thousand generations with everything that can change at once stay finite, and sizes within their bounds."""
    found = simulate(
        simulation(
            {
                **SMALL,
                "models": 6,
                "generations": 1000 if is_compiled() else 60,
                "mutation": {"rate": 0.05, "loss": 0.05, "gain": 0.3},
                "test": {"every": 3, "policy": "harmful", "drop": "redundant"},
                "evaluators": {"each": [{"correlation": 0.9, "last": -0.9}], "every": 7, "noise": 0.1},
                "selection": {"beta": 0.1, "last": 100, "course": "geometric"},
                "diversity_every": 50,
            }
        ),
        SEEDS,
    )
    assert finite(found, ALWAYS) and (found.extinct == -1).all()
    assert found["size"].min() >= 0 and found["size"].max() <= 12 and (found["questions"] == 10).all()
