"""Two engines, one result: the reference and compiled code give the same bits, alone and in batches, and the published populations are met."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.populations import reference
from harness.populations.changing_test import DROPS, POLICIES
from harness.populations.history import MEASURED
from harness.populations.laws.engines import begun
from harness.populations.runs import compiled, runs
from harness.populations.simulation import Simulation, simulation
from harness.populations.streams import Streams
from harness.populations.world import founders, world

REPO = Path(__file__).parents[2]
needs_numba = pytest.mark.skipif(not compiled(), reason="numba is not installed: there is no compiled engine to compare")

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


@needs_numba
@pytest.mark.parametrize("case", CASES)
def test_the_engines_give_the_same_bits(case):
    """All measures, the extinctions, and the populations at the end are equal, whole runs by the batch among them."""
    from harness.populations.compiled import engine

    asked = simulation({**BASE, **CASES[case]})
    batch = runs(asked, SEEDS, engine="compiled")
    for place, seed in enumerate(SEEDS):
        land, first, stream = begun(asked, seed)
        plain, plain_last = reference.evolved(land, first, asked.generations, stream)
        quick, quick_last = engine.evolved(land, first, asked.generations, stream)
        for found, extinct in ((quick.values, quick.extinct), (batch.values[place], None if batch.extinct[place] < 0 else batch.extinct[place])):
            assert first_difference(plain.values, found) is None
            assert extinct == plain.extinct
        assert plain_last.generation == quick_last.generation
        for part in ("held", "sizes", "founders", "personalities", "born"):
            assert np.array_equal(getattr(plain_last, part), getattr(quick_last, part)), part
        assert (plain_last.test is None) == (quick_last.test is None)
        assert plain_last.test is None or np.array_equal(plain_last.test, quick_last.test)


def first_difference(one: np.ndarray, other: np.ndarray) -> tuple[int, str] | None:
    """The first generation and measure whose bits differ; NaN equals NaN."""
    places = np.argwhere(~((one == other) | (np.isnan(one) & np.isnan(other))))
    return (int(places[0][0]), MEASURED[places[0][1]]) if len(places) else None


@needs_numba
@pytest.mark.parametrize("case", [case for case in CASES if case != "plain"])
def test_every_case_is_heeded(case):
    """Each case moves some measure of the plain one: comparing engines on a part that nothing reads would compare nothing."""
    extra = {**CASES[case], "generations": BASE["generations"]}
    plain, found = (runs(simulation({**BASE, **more}), [1, 2, 3], engine="compiled").values for more in ({}, extra))
    assert first_difference(plain.reshape(-1, len(MEASURED)), found.reshape(-1, len(MEASURED))) is not None


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
    alone = {seed: runs(asked, [seed], engine="compiled") for seed in seeds}
    for size in (2, 7):
        for workers in (1, 2, 3):
            for some in (seeds[:size], seeds[::-1][:size]):
                found = runs(asked, some, engine="compiled", workers=workers)
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
        one, other = (runs(asked, SEEDS, engine=engine, **shared) for engine in ("reference", "compiled"))
        assert first_difference(one.values[0], other.values[0]) is None and first_difference(one.values[1], other.values[1]) is None
        assert len(set(one["pool"][:, 0])) == 1
        assert len(set(one["fitness"][:, 0])) == (1 if "founder_seed" in shared else 2)
    assert first_difference(one.values[0], one.values[1]) is not None or (one.extinct == 0).all()


@needs_numba
@pytest.mark.parametrize("case", SOME)
def test_one_engine_goes_on_where_the_other_stopped(case):
    """A population handed from engine to engine at every generation ends as the one that never left the reference: it is the whole state."""
    from harness.populations.compiled import engine

    asked = simulation({**BASE, **CASES[case]})
    land, start, stream = begun(asked, 1)
    whole, last = reference.evolved(land, start, asked.generations, stream)
    rows, there = [], start
    for generation in range(asked.generations if whole.extinct is None else whole.extinct):
        found, there = (engine, reference)[generation % 2].evolved(land, there, generation + 1, stream)
        rows.append(found.values[0])
    assert first_difference(whole.values[: len(rows)], np.array(rows)) is None
    assert np.array_equal(there.held, last.held) and np.array_equal(there.founders, last.founders) and np.array_equal(there.born, last.born)


def combined(chance: random.Random) -> dict:
    """Parameters at random, so that parts meet each other that nobody thought to put together."""
    one = chance.choice
    changing = {"every": one([1, 3]), "added": one([1, 4]), "dropped": one([0, 1]), "scored_with": one([None, 0.5])}
    changing |= {"policy": one(POLICIES), "drop": one(DROPS)}
    return {
        **BASE,
        **CASES[one([name for name in CASES if "," not in name])],
        "models": one([1, 2, 7, 24]),
        "generations": 6,
        "questions": one([2, 5, 17]),
        "held": one([1, 3, 8]),
        "fitness": one(["mean", "additive"]),
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
    """Forty simulations of parts put together by chance give the same bits."""
    asked = simulation({**combined(random.Random(number)), "most_held": None})
    one, other = (runs(asked, SEEDS, engine=engine) for engine in ("reference", "compiled"))
    assert all(first_difference(*pair) is None for pair in zip(one.values, other.values, strict=True)) and np.array_equal(one.extinct, other.extinct)


@needs_numba
@pytest.mark.parametrize("kind", ["similarity", "personality", "zipf"])
def test_sums_too_large_to_be_exact_are_refused_or_still_equal(kind):
    """Additive fitness of hundreds of thousands passes what the grid of products can hold: either that is told in one line, or the engines still agree."""
    sharp = {} if kind == "zipf" else {"sharpness": 0.1}
    land = {"kind": "bivariate_normal", "rho": 0.5, "signal_mean": 50}
    large = {"beliefs": 200, "held": 50, "questions": 200, "generations": 3, "fitness": "additive", "selection": {"beta": 1e-3}}
    try:
        asked = simulation({**BASE, **large, "landscape": land, "activation": {"kind": kind, **sharp}, "mutation": MUTATION})
        one, other = (runs(asked, [1, 2, 3], engine=engine).values for engine in ("reference", "compiled"))
        found = [first_difference(*pair) for pair in zip(one, other, strict=True)]
    except HarnessError as error:
        found = str(error).split("\n")[1:]
    assert not any(found)


def test_a_seed_is_a_whole_number_whatever_its_type():
    """1 as Python's or numpy's is one seed with one result; 1.5 and "1" are none, and told in one line."""
    asked = simulation({**BASE, "models": 3, "generations": 1})
    found = runs(asked, [1, 2], engine="reference")
    other = runs(asked, np.array([1, 2]), engine="reference")
    assert found.seeds == other.seeds and np.array_equal(found.values, other.values)
    for seed in (1.5, "1"):
        with pytest.raises(HarnessError, match="seed"):
            runs(asked, [seed], engine="reference")


def test_an_engine_that_is_not_there_is_told():
    """A misspelt engine is not quietly the reference."""
    with pytest.raises(HarnessError, match="engine"):
        runs(simulation({**BASE, "generations": 0}), [1], engine="numba")


@needs_numba
def test_no_seeds_are_no_runs():
    """An empty list of seeds gives empty results from either engine."""
    for engine in ("reference", "compiled"):
        found = runs(Simulation(generations=2), [], engine=engine, workers=2)
        assert len(found) == 0 and found.values.shape == (0, 3, len(MEASURED))


def test_the_reference_scores_as_the_formalism_is_written():
    """Fitness of founders, term by term: the mean over questions of the mean signal of the beliefs that a question activates; additive, the plain sum."""
    for extra in ({}, {"fitness": "additive"}):
        asked = simulation({**BASE, "models": 5, **extra})
        streams = Streams.of(1)
        land, total = world(asked, streams.world), 0.0
        for model in founders(asked, 1, streams.founders).held.tolist():
            for question in range(asked.questions):
                active = [float(land.activations[0, belief, question]) for belief in model]
                signal = sum(weight * float(land.traits[0, belief]) for weight, belief in zip(active, model, strict=True))
                total += signal if extra else signal / (sum(active) or 1.0) / asked.questions
        assert runs(asked, [1], engine="reference")["fitness"][0, 0] == pytest.approx(total / 5, abs=1e-7)


BLOCKED = """
import sys
{block}
import numpy as np
from harness.errors import HarnessError
from harness.populations.runs import compiled, engine_named, runs
from harness.populations.simulation import simulation
assert compiled() is {there}, compiled()
found = runs(simulation({case!r}), [1, 2], engine="auto")
print(engine_named("auto"), found.values.tobytes().hex())
if not {there}:
    try:
        runs(simulation({case!r}), [1], engine="compiled")
    except HarnessError as error:
        print(error)
"""


def test_without_numba_the_reference_runs_and_says_so():
    """Where numba cannot be imported "auto" gives the same bits, and asking for the compiled engine is one line with its mend."""
    case = {**BASE, **CASES["gain and loss"], "generations": 4}
    script = BLOCKED.format(block='sys.modules["numba"] = None', there=False, case=case)
    told = subprocess.run([sys.executable, "-c", script], cwd=REPO, env={**os.environ}, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    numbers, refused = told.stdout.strip().split("\n")
    assert numbers == f"reference {runs(simulation(case), [1, 2], engine='reference').values.tobytes().hex()}"
    assert refused == str(HarnessError("the compiled engine needs numba", mend="Install it (pip install 'harness-evals[fast]') or use the reference"))


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
    found = runs(asked, range(RUNS), engine="compiled", workers=2)
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
