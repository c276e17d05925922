"""What must hold before a population's history means anything: the engine, the laws, the arms, the tests, the published table."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest

from harness import gate

SMALL = {"models": 30, "beliefs": 150, "held": 10, "questions": 20, "generations": 15}
RHOS, BETAS = (0, 0.2, 0.4, 0.6, 0.8, 1), (1, 2, 5, 10, 20)
# What the card asks of models, said of populations.
SIMULATED = {
    "name": "simulated populations",
    "source": "harness/domains/evolution",
    "version": "the code hash of each samples file",
    "licence": "MIT",
    "parameters": "none: beliefs, not weights",
    "architecture": "sets of beliefs with value and alignment signal",
    "dtype": "float64",
    "weights_sha256": "none: drawn from seeds",
    "device": "cpu",
}
WORDS = {"fitness": "fitness", "value_tested": "true value as the test sees it", "deceptive": "deceptive share"}
PANELS = {
    "level 0: landscapes": ("normal", "uniform", "unimodal", "deceptive cluster", "benevolent cluster", "asymmetric"),
    "level 1: beta 5": tuple(f"rho {rho:g}, beta 5" for rho in RHOS),
    "level 2: the test": ("coverage 0.2", "coverage 0.6", "coverage 1", "correlation 0", "correlation 0.6", "similarity, sharpness 8"),
    "level 3: what changes": ("mutation 0.005", "adding, common", "corrected, common", "improving, mutation", "together", "improving, neutral"),
    "level 4: evaluators, networks, red queen": ("evaluators 1", "evaluators 5", "network, mixed", "makers, fixed test", "red queen"),
    "level 5: inheritance and beliefs": ("plain", "recombining, rho 0.4", "recombining, rho 0.8", "recombining, neutral", "turnover", "zipf"),
}
# Panels of other measures than the usual ones.
WORLD = ("fitness", "value_each", "value_used_each", "deceptive_first")
QUADRANTS = ("beneficial", "misjudged", "deceptive", "harmful")
OF_TEST = ("coverage", "entropy", "correlation", "questions")
CHANGING = ("adding, common", "adding, uncovered", "corrected, common", "corrected, redundant", "corrected, uninformative", "red queen")
SPECIAL = {
    "level 3: the test while it changes": (CHANGING, OF_TEST),
    "level 5: what the world does": (("plain", "used unevenly", "catastrophe", "harm pays 1"), WORLD),
    "level 5: four quadrants": (("plain", "recombining, rho 0.4", "drifting"), QUADRANTS),
}
PRICES = (0, 2, 4, 8, 16, 32)


@gate("G1", quick=True)
def test_the_fast_engine_does_what_the_formulas_say(levels, facts, measure):
    """The fast engine gives the populations of the readable one for a small population of every arm; where numba is absent only the readable one runs."""
    from harness.domains.evolution import is_compiled, list_arms, simulate

    arms = [arm for level in levels.values() for arm in list_arms(SMALL, {name: given | {"questions": SMALL["questions"]} for name, given in level.items()})]
    facts("Environment", "engine", "numba, equal to the numpy engine" if is_compiled() else "numpy: numba is absent, so this is slower")
    measure("arms", len(arms), "count", n=len(arms), sampling_unit="arm")
    if is_compiled():
        for arm in arms:
            plain, fast = (simulate(arm.simulation, [1], engine=engine).values for engine in ("numpy", "numba"))
            assert np.allclose(plain, fast, rtol=1e-9, atol=1e-9, equal_nan=True), f"the engines differ in {arm.name}"


@gate("G2")
def test_the_laws_of_population_genetics_hold(settings, report, measure):
    """Price, mutation, response, drift, fixation and all the other laws hold, each within a bound that errs for the whole family once in a thousand."""
    from harness.domains.evolution import EVERY_LAW, Law, judge_findings, simulate

    found = judge_findings([finding for law in EVERY_LAW.values() for finding in law(simulate, settings["laws"])])
    for law in EVERY_LAW:
        mine = [one for one in found if one.finding.law == law]
        worst = max(mine, key=lambda one: abs(one.finding.z) / one.bound)
        told = asdict(worst.finding) | {"z": worst.finding.z if math.isfinite(worst.finding.z) else None}
        bound = worst.bound if worst.finding.se else 0.0  # an exact law leaves no room
        report(Law(name=told.pop("law"), **told, bound=bound, holds=all(one.holds for one in mine), tests=len(mine)))
    held = [one for one in found if one.finding.se > 0]
    measure("largest |z| over its bound", max(abs(one.finding.z) / one.bound for one in held), "ratio", n=len(held), sampling_unit="statistic")
    broken = [f"{one.finding.law}, {one.finding.statistic}: {one.finding.observed:g}, not {one.finding.expected:g}" for one in found if not one.holds]
    assert not broken, broken[0]


@gate("G3", needs="G1")
def test_every_arm_runs_and_does_something(
    levels, evolved, facts, measure, report_courses, report_phases, report_deception, report_beliefs, report_adversaries
):
    """Every arm of every level runs, no two arms are equal and no two runs of one are: each parameter that is varied is read by something."""
    arms = {name: evolved(name) for level in levels.values() for name in level}
    facts("Model", "populations", SIMULATED)
    facts("Data", "preprocessing", "none; arms.yaml is read as it stands")
    told = {"metric": ", ".join(WORDS.values()), "dataset": "simulated: evals/belief_evolution/arms.yaml", "size": sum(len(arm.seeds) for arm in arms.values())}
    method = {"method": "means over runs at the last generation, arms paired by seed", "significance": "Student's t over runs; jackknife for ratios of means"}
    facts("Eval", "evolution", told | method)
    ran = sum(len(arm.seeds) for arm in arms.values())
    scored = sum(len(arm.seeds) * arm.simulation.models * arm.simulation.generations for arm in arms.values())
    measure("runs", ran, "count", n=len(arms), sampling_unit="arm")
    measure(
        "models selected among", scored, "count", n=len(arms), sampling_unit="arm", sources=tuple(source for arm in arms.values() for source in arm.sources)
    )
    for panel, names in PANELS.items():
        report_courses(panel, names)
    for panel, (names, measures) in SPECIAL.items():
        report_courses(panel, names, measures)
    report_adversaries({0.4: "plain", 0.8: "copied, rho 0.8"}, PRICES)
    report_phases(RHOS, BETAS)
    report_deception(RHOS, 5)
    report_beliefs([f"rho {rho:g}, beta 5" for rho in (0, 0.4, 0.8)])
    seen: dict[str, str] = {}
    for name, arm in arms.items():
        shown = [repr([value for key, value in sorted(row.items()) if key != "item"]) for row in arm.gathered.rows]
        assert len(set(shown)) == len(shown), f"two runs of {name} are equal: their seeds are not heeded"
        assert repr(shown) not in seen, f"{name} equals {seen[repr(shown)]} in every run: nothing reads what they differ in"
        seen[repr(shown)] = name


@gate("G4", needs="G1")
def test_tests_are_what_was_asked_for(evolved, measure):
    """A coverage of .6 is .6, and a correlation of .2 is .2, neither .9997 nor .04."""
    from harness.domains.evolution import draw_world, examine

    for name in ("coverage 0.2", "coverage 0.6", "coverage 1", "correlation 0", "correlation 0.2", "correlation 0.6"):
        simulation = evolved(name).simulation
        asked, kind = float(name.split()[-1]), name.split()[0]
        for seed in (1, 2, 3):
            found = examine(draw_world(simulation, seed).activations.dense())
            reached = found.coverage if kind == "coverage" else found.question_correlation
            if seed == 1:
                common = {"n": simulation.beliefs, "sampling_unit": "belief"}
                measure(f"{kind} asked for {asked:g}", reached, "rate" if kind == "coverage" else "correlation", **common)
                measure(f"entropy of the test of {name}", found.entropy, "nats", **common)
                measure(f"information a question of {name}", found.information_per_question, "ratio", **common)
            assert abs(reached - asked) <= (1 / simulation.beliefs if kind == "coverage" else 0.02), f"{name}, but it is {reached:.4f}"


@gate("G5", needs=["G1", "G2"])
def test_the_published_figures_are_met(simulated, published, measure, report):
    """At the published sizes every mean of the published levels 1 to 4 lies where two such sets of runs should lie, the whole table once in a thousand not."""
    from scipy.stats import norm

    from harness.domains.evolution import PublishedFigure

    base, conditions = published
    tests = sum(name in stated for stated, _ in conditions.values() for name in WORDS)
    bound = float(norm.isf(-math.expm1(math.log1p(-1e-3) / tests) / 2))
    missed, scores = [], []
    for condition, (stated, overrides) in conditions.items():
        arm = simulated(f"published, {condition}", overrides, base)
        for name in (name for name in WORDS if name in stated):
            mean, sd = stated[name]
            values = arm.course(name)[:, -1]
            ours, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
            z = (ours - mean) / math.hypot(error, sd / math.sqrt(stated["runs"]))
            interval = (ours - 1.96 * error, ours + 1.96 * error)
            unit = "rate" if name == "deceptive" else "value"
            measure(f"{WORDS[name]}, {condition}", ours, unit, n=len(values), sampling_unit="run", interval=interval, seeds=arm.seeds, sources=arm.sources)
            theirs = {"published": mean, "published_sd": sd, "published_n": stated["runs"]}
            held = {"ours": ours, "low": interval[0], "high": interval[1], "n": len(values), "z": z, "bound": bound}
            report(PublishedFigure(name=f"{WORDS[name]}, {condition}", quantity=WORDS[name], condition=condition, **theirs, **held))
            scores.append(z)
            missed += [] if abs(z) <= bound else [f"{WORDS[name]} of {condition} is {ours:.3f}, published {mean:.3f} (z {z:.1f})"]
    measure("mean square of z over the table", float(np.square(scores).mean()), "ratio", n=len(scores), sampling_unit="statistic")
    assert not missed, missed[0]


@pytest.fixture(autouse=True)
def _quiet():
    """Extremes are part of the arms: a warning of numpy would be an error of ours."""
    with np.errstate(all="raise", under="ignore"):
        yield
