"""Two engines, one result: they give the same populations, alone and in batches, and the published figures are met."""

from __future__ import annotations

import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.domains.evolution.config import Simulation, simulation
from harness.domains.evolution.runs import is_compiled, simulate, start
from harness.domains.evolution.state import MEASURES
from harness.domains.evolution.world import draw_founders, draw_world
from harness.errors import HarnessError

REPO = Path(__file__).parents[3]
needs_numba = pytest.mark.skipif(not is_compiled(), reason="numba is not installed: there is no fast engine to compare")

BASE = {
    "models": 24,
    "beliefs": 120,
    "held": 8,
    "questions": 16,
    "generations": 10,
    "landscape": {"kind": "bivariate_normal", "rho": 0.5},
    "activation": {"kind": "simple", "density": 0.12},
    "diversity_every": 5,
}
MUTATION = {"rate": 0.02}
CASES = {
    "plain": {},
    "beta 0": {"selection": {"beta": 0}},
    "beta -3": {"selection": {"beta": -3}},
    "beta 1e6": {"selection": {"beta": 1e6}},
    "beta linear": {"selection": {"beta": -1, "last": 8}},
    "beta geometric": {"selection": {"beta": 1, "last": 50, "course": "geometric"}},
    "additive": {"fitness": "additive", "selection": {"beta": 0.1}},
    "mutation": {"mutation": MUTATION},
    "mutation of all": {"mutation": {"rate": 1.0}, "generations": 3},
    "gain and loss": {"mutation": {"rate": 0.01, "gain": 0.3, "loss": 0.03}},
    "gain to the cap": {"mutation": {"gain": 0.9}, "most_held": 10},
    "proposals": {"mutation": {"rate": 0.02, "proposals": 5, "price": 1.0}},
    "recombining": {"reproduction": "recombining"},
    "recombining, mutation": {"reproduction": "recombining", "mutation": {"rate": 0.02, "gain": 0.2, "loss": 0.02}},
    "evaluator": {"evaluators": {"each": [{"correlation": 0.2, "last": 0.9}], "every": 5}},
    "evaluators, noise": {"evaluators": {"each": [{}, {"correlation": 0.5, "weight": 2}], "noise": 0.05}, "mutation": MUTATION},
    "catastrophe": {"catastrophe": -1.0, "mutation": {"rate": 0.05}},
    "extinction": {"catastrophe": 0.5, "mutation": {"loss": 0.95}},
    "extinction, test, recombining": {
        "catastrophe": 0.5,
        "mutation": {"loss": 0.97, "gain": 0.05},
        "test": {"every": 1, "policy": "common", "drop": "uninformative"},
        "reproduction": "recombining",
    },
    "clusters": {"landscape": {"kind": "clusters"}},
    "asymmetric": {"landscape": {"kind": "asymmetric"}},
    "uniform": {"landscape": {"kind": "uniform"}},
    "unimodal": {"landscape": {"kind": "unimodal"}},
    "moments": {"landscape": {"kind": "bivariate_normal", "rho": -0.3, "value_mean": 0.4, "signal_mean": -0.7, "value_sd": 2.0, "signal_sd": 0.5}},
    "similarity": {"activation": {"kind": "similarity"}, "mutation": MUTATION},
    "zipf": {"activation": {"kind": "zipf"}, "mutation": MUTATION},
    "coverage": {"activation": {"kind": "coverage", "coverage": 0.6}},
    "correlated": {"activation": {"kind": "correlated", "correlation": 0.3}},
    "personality": {"activation": {"kind": "personality"}, "mutation": {"rate": 0.02, "gain": 0.1}},
    "network": {"network": {"degree": 20}, "mutation": MUTATION},
    "network, recombining": {"network": {"degree": 20}, "reproduction": "recombining"},
    "network, personality, additive": {
        "network": {"degree": 20, "excitation": 2.0},
        "activation": {"kind": "personality"},
        "fitness": "additive",
        "selection": {"beta": 0.05},
    },
    "usage partial": {"usage": {"kind": "partial"}},
    "usage zipf": {"usage": {"kind": "zipf"}, "mutation": MUTATION},
    "noise": {"evaluators": {"noise": 0.1}},
    "harm pays": {"selection": {"harm_pays": 0.7}, "mutation": {"rate": 0.02, "gain": 0.1}},
    "harm pays, mutation": {"selection": {"harm_pays": 0.7}, "mutation": MUTATION},
    "one of two evaluators": {"evaluators": {"each": [{"correlation": 0.4, "weight": 0}, {"correlation": 0.4}]}},
    "noise, recombining": {"evaluators": {"noise": 0.1}, "reproduction": "recombining", "mutation": {"rate": 0.01, "loss": 0.02, "gain": 0.2}},
    "noise, catastrophe": {"evaluators": {"noise": 0.1}, "catastrophe": -2.0},
    "test, personality": {
        "activation": {"kind": "personality"},
        "mutation": MUTATION,
        "test": {"every": 4, "added": 3, "dropped": 1, "policy": "uncovered", "drop": "redundant"},
    },
    "test, similarity, additive": {
        "activation": {"kind": "similarity"},
        "mutation": MUTATION,
        "test": {"every": 4, "added": 1, "dropped": 2, "policy": "harmful", "drop": "uninformative"},
        "fitness": "additive",
        "selection": {"beta": 0.02},
    },
    "test, network, evaluators": {
        "network": {"degree": 20},
        "test": {"every": 4, "added": 2, "dropped": 2, "policy": "common", "drop": "redundant"},
        "mutation": {"rate": 0.01},
        "evaluators": {"each": [{"correlation": 0.1, "last": 0.8}, {"weight": 2}], "every": 3},
    },
    "test, proposals, recombining": {
        "test": {"every": 3, "added": 3, "dropped": 3, "policy": "common", "scored_with": 0.2},
        "mutation": {"rate": 0.03, "gain": 0.2, "loss": 0.02, "proposals": 3, "price": -0.5},
        "reproduction": "recombining",
    },
    **{
        f"test, {policy}, {drop}": {
            "test": {"every": 4, "added": 3, "dropped": 2, "policy": policy, "drop": drop, "scored_with": 0.9 if drop == "oldest" else None},
            "mutation": MUTATION,
        }
        for policy in ("random", "common", "harmful", "uncovered")
        for drop in ("oldest", "uninformative", "redundant")
    },
}
SEEDS = (1, 2)


PARTS = ("held", "sizes", "founders", "personalities", "genotypes", "written")


@needs_numba
@pytest.mark.parametrize("case", CASES)
def test_the_engines_give_the_same_populations(case):
    """The beliefs of every model at the end are equal, and so are the draws left; measures agree but for the rounding of sums."""
    asked = simulation({**BASE, **CASES[case]})
    for seed in SEEDS:
        plain, fast = (start(asked, seed).advance(engine=engine) for engine in ("numpy", "numba"))
        assert first_difference(plain.history, fast.history) is None
        assert all(np.array_equal(*(getattr(run.population, part) for run in (plain, fast))) for part in PARTS if part != "genotypes")
        assert plain.population.generation == fast.population.generation and plain.rng.random() == fast.rng.random()
        np.testing.assert_array_equal(plain.population.test.dense(), fast.population.test.dense())


def first_difference(one: np.ndarray, other: np.ndarray) -> tuple[int, str] | None:
    """The first generation and measure that differ by more than rounding; NaN equals NaN."""
    places = np.argwhere(~np.isclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True))
    return (int(places[0][0]), MEASURES[places[0][1]]) if len(places) else None


@needs_numba
@pytest.mark.parametrize("case", [case for case in CASES if case != "plain"])
def test_every_case_is_heeded(case):
    """Each case moves some measure of the plain one: comparing engines on a part that nothing reads would compare nothing."""
    extra = {**CASES[case], "generations": BASE["generations"]}
    plain, found = (simulate(simulation({**BASE, **more}), [1, 2, 3], engine="numba").values for more in ({}, extra))
    assert first_difference(plain.reshape(-1, len(MEASURES)), found.reshape(-1, len(MEASURES))) is not None


SOME = [
    "plain",
    "gain and loss",
    "recombining, mutation",
    "extinction, test, recombining",
    "network, recombining",
    "test, network, evaluators",
    "test, personality",
]


@needs_numba
@pytest.mark.parametrize("case", SOME)
def test_a_run_of_a_batch_is_the_run_alone(case):
    """Whatever the batch, the order of the seeds and the number of workers, a seed gives its own bits: memory that is used again holds nothing back."""
    asked, seeds = simulation({**BASE, **CASES[case]}), [3, 1, 4, 15, 9, 2, 6]
    alone = {seed: simulate(asked, [seed], engine="numba") for seed in seeds}
    for size in (2, 7):
        for workers in (1, 2, 3):
            for some in (seeds[:size], seeds[::-1][:size]):
                found = simulate(asked, some, engine="numba", workers=workers)
                assert found.seeds == tuple(some)
                for place, seed in enumerate(some):
                    assert first_difference(found.values[place], alone[seed].values[0]) is None
                    assert found.extinct[place] == alone[seed].extinct[0]


@needs_numba
@pytest.mark.parametrize("case", SOME)
def test_shared_worlds_and_founders_are_shared_in_both_engines(case):
    """With world_seed all runs start from one pool of beliefs, with founder_seed from the same models; then they part by chance alone."""
    asked = simulation({**BASE, **CASES[case]})
    for shared in ({"world_seed": 5}, {"world_seed": 5, "founder_seed": 6}):
        one, other = (simulate(asked, SEEDS, engine=engine, **shared) for engine in ("numpy", "numba"))
        assert first_difference(one.values[0], other.values[0]) is None and first_difference(one.values[1], other.values[1]) is None
        assert len(set(one["pool"][:, 0])) == 1
        assert len(set(one["fitness"][:, 0])) == (1 if "founder_seed" in shared else 2)
    assert first_difference(one.values[0], one.values[1]) is not None or (one.extinct == 0).all()


@needs_numba
@pytest.mark.parametrize("case", SOME)
def test_one_engine_goes_on_where_the_other_stopped(case):
    """A population handed from engine to engine at every generation ends as the one that never left the readable one: it is the whole state."""
    asked = simulation({**BASE, **CASES[case]})
    whole, run = start(asked, 1).advance(engine="numpy"), start(asked, 1)
    for generation in range(whole.population.generation + 1):
        run = start(asked, 1, state=run.advance(generation, ("numba", "numpy")[generation % 2]).state())
    assert first_difference(whole.history, run.history) is None
    assert all(np.array_equal(getattr(whole.population, part), getattr(run.population, part)) for part in PARTS if part != "genotypes")


@pytest.mark.parametrize("engine", ["numpy", pytest.param("numba", marks=needs_numba)])
@pytest.mark.parametrize("case", SOME)
def test_a_run_split_anywhere_is_the_unsplit_run(case, engine):
    """Stopped at any two generations, each time with its state handed on: the history and the population have the bits of the run that never stopped."""
    asked = simulation({**BASE, **CASES[case]})
    whole = start(asked, 3).advance(engine=engine)
    for first, second in ((0, 0), (0, 4), (3, 7), (4, 8), (9, 10)):
        run = start(asked, 3)
        for generation in (first, second, asked.generations):
            run = start(asked, 3, state=run.advance(max(min(generation, asked.generations), run.population.generation), engine).state())
        assert np.array_equal(run.history, whole.history, equal_nan=True)
        assert all(np.array_equal(getattr(whole.population, part), getattr(run.population, part)) for part in PARTS)


@pytest.mark.parametrize("until", [2, 99, 3.5, "4", True])
def test_going_where_a_run_cannot_go_is_told_in_one_line(until):
    """Neither back nor beyond the last generation, nor to anything that is no generation."""
    run = start(simulation(BASE), 1).advance(3, "numpy")
    with pytest.raises(HarnessError, match=r"cannot go on until|is not a whole number") as refused:
        run.advance(until)
    assert "\n" not in str(refused.value) and run.population.generation == 3


@pytest.mark.parametrize(
    ("change", "seeds", "what"),
    [({"beliefs": 80}, {}, "simulation"), ({"landscape": {"kind": "uniform"}}, {}, "simulation"), ({}, {"world_seed": 4}, "seed")],
)
def test_the_state_of_another_run_is_refused(change, seeds, what):
    """Compiled code would read beyond the arrays of another world, and another seed would give a run that never was."""
    state = start(simulation(BASE), 1).advance(3, "numpy").state()
    with pytest.raises(HarnessError, match=f"the state is that of another {what}"):
        start(simulation({**BASE, **change}), 1, state=state, **seeds)


@needs_numba
@pytest.mark.parametrize("seed", range(12))
def test_equally_uninformative_questions_go_in_their_order(seed):
    """Once all models are copies no question tells them apart: rounding must not choose, or the engines choose differently."""
    activation = {"kind": "similarity", "sharpness": 1}
    test = {"every": 5, "added": 1, "dropped": 1, "drop": "uninformative"}
    asked = {"models": 7, "beliefs": 50, "held": 5, "questions": 6, "generations": 30, "selection": {"beta": 200}, "activation": activation, "test": test}
    plain, fast = (start(simulation(asked), seed).advance(engine=engine) for engine in ("numpy", "numba"))
    assert plain.population.written.tolist() == fast.population.written.tolist()


def test_the_oldest_question_goes_also_where_the_first_change_is_at_once():
    """Questions added at generation 0 are older than those added at generation 1."""
    test = {"every": 1, "first": 0, "added": 2, "dropped": 1, "policy": "random"}
    run = start(simulation({"models": 3, "beliefs": 20, "held": 2, "questions": 1, "generations": 2, "test": test}), 1)
    assert sorted(run.advance(0, "numpy").population.written.tolist()) == [-1, -1, 1, 1]
    assert sorted(run.advance(1, "numpy").population.written.tolist()) == [-1, 1, 2, 2]
    assert sorted(run.advance(2, "numpy").population.written.tolist()) == [2, 2, 3, 3]


def combined(chance: random.Random) -> dict:
    """Parameters at random, so that parts meet each other that nobody thought to put together."""
    one = chance.choice
    changing = {"every": one([1, 3]), "first": one([None, 0, 2]), "added": one([1, 4]), "dropped": one([0, 1]), "scored_with": one([None, 0.5])}
    changing |= {"policy": one(["random", "common", "harmful", "uncovered", "deceptive"]), "drop": one(["oldest", "uninformative", "redundant"])}
    return {
        **BASE,
        **CASES[one([name for name in CASES if "," not in name])],
        "models": one([1, 2, 7, 24]),
        "generations": 6,
        "questions": one([2, 5, 17]),
        "held": one([1, 3, 8]),
        **one([{"fitness": "mean"}, {"fitness": "additive"}, {"averaged_over": "activated"}]),
        "reproduction": one(["clonal", "clonal", "recombining"]),
        "activation": one([{"kind": kind} for kind in ("simple", "similarity", "zipf", "personality")]),
        "mutation": {"rate": one([0, 0.1, 1]), "loss": one([0, 0.1, 0.9]), "gain": one([0, 0.5, 1]), "proposals": one([1, 3])},
        "evaluators": {"each": one([[{}], [{"correlation": -0.5, "last": 1}, {}]]), "every": one([1, 4]), "noise": one([0, 0, 0.3])},
        "test": one([None, changing]),
        "network": one([None, {"degree": 7, "inhibiting": one([0, 0.9]), "excitation": 3.0}]),
        "catastrophe": one([None, -1.0, 0.3]),
    }


@needs_numba
@pytest.mark.parametrize("number", range(40))
def test_the_engines_agree_on_any_combination(number):
    """Forty simulations of parts put together by chance agree."""
    asked = simulation({**combined(random.Random(number)), "most_held": None})
    one, other = (simulate(asked, SEEDS, engine=engine) for engine in ("numpy", "numba"))
    assert all(first_difference(*pair) is None for pair in zip(one.values, other.values, strict=True)) and np.array_equal(one.extinct, other.extinct)


def test_a_seed_is_a_whole_number_whatever_its_type():
    """1 as Python's or numpy's is one seed with one result; 1.5, "1", -1 and True are refused in one line."""
    asked = simulation({**BASE, "models": 3, "generations": 1})
    found = simulate(asked, [1, 2], engine="numpy")
    other = simulate(asked, np.array([1, 2]), engine="numpy")
    assert found.seeds == other.seeds and np.array_equal(found.values, other.values, equal_nan=True)
    for seed in (1.5, "1", -1, True):
        with pytest.raises(HarnessError, match="seed"):
            simulate(asked, [seed], engine="numpy")


def test_an_engine_that_is_not_there_is_told():
    """A misspelt engine is not quietly another."""
    with pytest.raises(HarnessError, match="engine"):
        simulate(simulation({**BASE, "generations": 0}), [1], engine="fast")


@needs_numba
@pytest.mark.parametrize(("seeds", "said"), [([], "there are no seeds"), ([2, 1, 2], "the seed 2 stands twice")])
def test_seeds_that_are_no_sample_are_refused(seeds, said):
    """None decide nothing, and one that stands twice would count as two runs."""
    with pytest.raises(HarnessError, match=said):
        simulate(Simulation(generations=2), seeds)


def test_models_are_scored_as_the_formalism_is_written():
    """Fitness of founders, term by term: the mean over questions of the mean signal of the beliefs that a question activates; additive, the plain sum."""
    for extra in ({}, {"fitness": "additive"}):
        asked = simulation({**BASE, "models": 5, **extra})
        land, total = draw_world(asked, 1), 0.0
        dense = land.activations.dense()[0]
        for model in draw_founders(land, 1).held.tolist():
            for question in range(asked.questions):
                active = [float(dense[belief, question]) for belief in model]
                signal = sum(weight * float(land.traits[0, belief]) for weight, belief in zip(active, model, strict=True))
                total += signal if extra else signal / (sum(active) or 1.0) / asked.questions
        assert simulate(asked, [1], engine="numpy")["fitness"][0, 0] == pytest.approx(total / 5, abs=1e-7)


BLOCKED = """
import sys
{block}
import numpy as np
from harness.errors import HarnessError
from harness.domains.evolution.runs import engine_name, is_compiled, simulate
from harness.domains.evolution.config import simulation
assert is_compiled() is {there}, is_compiled()
found = simulate(simulation({case!r}), [1, 2], engine="auto")
print(engine_name("auto"), found.values.tobytes().hex())
if not {there}:
    try:
        simulate(simulation({case!r}), [1], engine="numba")
    except HarnessError as error:
        print(error)
"""


def test_without_numba_the_readable_engine_runs():
    """Where numba cannot be imported "auto" is the readable engine, and asking for the fast one is refused in one line."""
    case = {**BASE, **CASES["gain and loss"], "generations": 4}
    script = BLOCKED.format(block='sys.modules["numba"] = None', there=False, case=case)
    told = subprocess.run([sys.executable, "-c", script], cwd=REPO, env={**os.environ}, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    numbers, refused = told.stdout.strip().split("\n")
    assert numbers == f"numpy {simulate(simulation(case), [1, 2], engine='numpy').values.tobytes().hex()}"
    assert re.fullmatch(r"the fast engine needs numba\. Install it \((\S+ -m )?pip install 'harness-evals\[fast\]'\) or use engine='numpy'", refused)


# FACTS of the published study, level 1: mean and SD over 50 runs at generation 100 under beta 5, by rho: F, U as the test weighs it, deceptive share.
PUBLISHED = {
    0.0: ((0.414, 0.064), (-0.028, 0.120), (0.347, 0.052)),
    0.4: ((0.392, 0.059), (0.178, 0.143), (0.217, 0.051)),
    0.8: ((0.417, 0.062), (0.315, 0.094), (0.105, 0.041)),
    1.0: ((0.398, 0.057), (0.398, 0.057), (0.0, 0.0)),
}
# 20,000 runs of an independent program at rho .5: what F, U and the deceptive share tend to.
PRECISE = {"fitness": 0.4078, "value_tested": 0.204, "deceptive": 0.1996}
NAMES = tuple(PRECISE)
RUNS = 400


def publication(rho: float) -> dict[str, np.ndarray]:
    """(RUNS,) measures at generation 100 of populations of the published size."""
    land = {"kind": "bivariate_normal", "rho": rho}
    asked = simulation({"models": 300, "beliefs": 3000, "held": 50, "questions": 100, "generations": 100, "landscape": land, "selection": {"beta": 5.0}})
    found = simulate(asked, range(RUNS), engine="numba", workers=2)
    return {name: found[name][:, -1] for name in NAMES}


@needs_numba
@pytest.mark.parametrize("rho", PUBLISHED)
def test_the_published_populations_are_met(rho):
    """Each mean lies within 4 standard errors, theirs and ours together, of the published one, and the spreads agree to within 40 percent."""
    found = publication(rho)
    for name, (mean, sd) in zip(NAMES, PUBLISHED[rho], strict=True):
        ours = found[name]
        assert abs(ours.mean() - mean) <= 4 * math.hypot(sd / math.sqrt(50), ours.std() / math.sqrt(RUNS)) + 5e-4, name
        assert sd == 0 or 0.6 < ours.std() / sd < 1.4, name
    bias = found["value_tested"] - rho * found["fitness"]
    assert abs(bias.mean()) <= 4 * bias.std() / math.sqrt(RUNS) + 1e-12


@needs_numba
def test_the_precise_target_is_met():
    """At rho .5 the means over 400 runs lie within 4 standard errors of those of 20,000 runs made elsewhere."""
    found = publication(0.5)
    for name, mean in PRECISE.items():
        assert abs(found[name].mean() - mean) <= 4 * found[name].std() * math.sqrt(1 / RUNS + 1 / 20_000) + 5e-4, name
