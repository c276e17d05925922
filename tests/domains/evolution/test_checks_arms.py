"""Arms that are not what their names say, arms that are one, and measures that depend on the test."""

from __future__ import annotations

import pytest

from planted import Planted

ARMS = "evals/belief_evolution/arms.yaml"
TESTS = "evals/belief_evolution/test_tests.py"
REMEDIES = "evals/belief_evolution/test_remedies.py"


def test_the_shipped_arms_are_sound(evolution: Planted) -> None:
    for code in ("D121", "D122", "S416"):
        assert not evolution.found(code, "all")


# --- D121


@pytest.mark.mistake("E3", rule="D121", stage="declare")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rho 0.4, beta 20: {landscape.rho: 0.4,", "rho 0.4, beta 20: {landscape.rho: 0.3,"),
        ("rho 0.6, beta 1: {landscape.rho: 0.6, selection.beta: 1}", "rho 0.6, beta 1: {landscape.rho: 0.6, selection.beta: 2}"),
        ("rho 0.6, beta 2: {landscape.rho: 0.6, selection.beta: 2}", "rho 0.6, beta 2: {landscape.rho: 0.6}"),  # the default is 5
        ("coverage 0.4: {activation: {kind: coverage, coverage: 0.4}", "coverage 0.4: {activation: {kind: coverage, coverage: 0.5}"),
        ("mutation 0.002: {mutation.rate: 0.002,", "mutation 0.002: {mutation.rate: 0.02,"),
        ("evaluators 3: {evaluators: {each: [{correlation: 0.4}, ", "evaluators 3: {evaluators: {each: ["),
        ("evaluators 1: {evaluators: {each: [{correlation: 0.4}", "evaluators 1: {evaluators: {each: [{correlation: 0.4}, {correlation: 0.4}"),
        ("dropped: 0, policy: harmful}", "dropped: 1, policy: common}"),
        ("  red queen:", "  red queen at 0.7:"),
        ("coverage 0.6: {", "coverage 80%: {"),
    ],
)  # fmt: skip
def test_a_name_says_another_value(evolution: Planted, old: str, new: str) -> None:
    evolution.edit(ARMS, old, new)
    (finding,) = evolution.found("D121")
    assert finding["where"]["file"] == ARMS and finding["where"]["line"] > 1 and finding["stage"] == "declare"


@pytest.mark.mistake("E3", rule="D121", stage="declare")
def test_the_code_names_an_arm_otherwise(evolution: Planted) -> None:
    evolution.edit(TESTS, 'evolved("coverage 1")', 'simulated("rho 0.4", {"landscape.rho": 0.3}, {})')
    assert [finding["where"]["file"] for finding in evolution.found("D121")] == [TESTS]


@pytest.mark.parametrize(
    "arm",
    [
        "beta 5, usual: {landscape.rho: 0.3}",  # by the default
        "coverage 20 %: {activation: {kind: coverage, coverage: 0.2}, questions: 60}",
        "corr 0.7: {activation: {kind: correlated, correlation: 0.7}}",
        "questions 33, arm 2: {questions: 33}",
        "evaluators=2 noise=0.1: {evaluators: {each: [{correlation: 0.4}, {correlation: 0.4}], noise: 0.1}}",
        "variant 7: {network.degree: 3}",
        "strong selection 50: {selection.beta: 50}",
    ],
)
def test_sound_names_are_left_alone(evolution: Planted, arm: str) -> None:
    evolution.edit(ARMS, "level 1:\n", f"level 1:\n  {arm}\n")
    assert not evolution.found("D121") and not evolution.found("D122")


# --- D122


@pytest.mark.mistake("E1", rule="D122", stage="plan")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rho 0.8, beta 20: {landscape.rho: 0.8, selection.beta: 20}", "rho 0.8, beta 20: {landscape.rho: 0.8, selection.beta: 10}"),
        ("uniform, neutral: {landscape: {kind: uniform}, selection.beta: 0}", "uniform, neutral: {landscape: {kind: uniform}, selection.beta: 5.0}"),
        ("mutation 0.01: {mutation.rate: 0.01,", "mutation 0.01: {mutation: {rate: 0.005},"),
        ("level 1:\n", "level 1:\n  baseline: {landscape.rho: 0.5}\n"),  # equal to `normal`, in another level and by defaults
    ],
)
def test_two_arms_are_one(evolution: Planted, old: str, new: str) -> None:
    evolution.edit(ARMS, old, new)
    (finding,) = evolution.found("D122")
    assert "have the same parameters" in finding["message"] and finding["stage"] == "plan"


# --- S416


@pytest.mark.mistake("E7", rule="S416", stage="declare")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"value of a belief gained", "value_each", part, whole', '"value gained", "value_tested", part, whole'),
        ('"value of a belief gained", "value_each", alike, apart', '"value gained", "value_tested", alike, apart'),
        (
            'assert criterion("untested").holds(differing_gains("value of a belief gained", "value_each", part, whole))',
            'gained = part.gain("value_tested")\n    assert criterion("untested").holds(over_runs("x", gained, "value", part))',
        ),
        ('"value of a belief gained", "value_each", part, whole', '"fitness gained", "fitness", part, whole'),
    ],
)  # fmt: skip
def test_value_as_tested_decides_between_tests(evolution: Planted, old: str, new: str) -> None:
    evolution.edit(TESTS, old, new)
    (finding,) = evolution.found("S416")
    assert finding["where"]["file"] == TESTS and finding["stage"] == "declare"


@pytest.mark.mistake("E7", rule="S416", stage="declare")
def test_a_fixture_hides_which_value_decides(evolution: Planted) -> None:
    evolution.edit(
        TESTS,
        "NEEDS = [",
        "import pytest\n\n\n@pytest.fixture\ndef seen(differing_gains):\n    return lambda a, b: differing_gains('x', 'value_tested', a, b)\n\n\nNEEDS = [",
    )
    evolution.edit(TESTS, "covered, evolved, differing_gains", "covered, evolved, seen, differing_gains")
    evolution.edit(TESTS, 'differing_gains("value of a belief gained", "value_each", part, whole)', "seen(part, whole)")
    assert len(evolution.found("S416")) == 1


@pytest.mark.mistake("E10", rule="S416", stage="declare")
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (REMEDIES, '"deceptive_first", after, before', '"deceptive", after, before'),
        (REMEDIES, 'arm.end("enrichment")', 'arm.end("fitness")'),
        (TESTS, 'criterion("worth_more").holds(differ("value of a belief", "value_each",', 'criterion("less_deceived").holds(differ("d", "deceptive",'),
    ],
)  # fmt: skip
def test_relabelling_is_taken_for_an_effect(evolution: Planted, name: str, old: str, new: str) -> None:
    """Also between one evaluator and several, whose labels differ."""
    evolution.edit(name, old, new)
    (finding,) = evolution.found("S416")
    assert "relabelled" in finding["message"]


@pytest.mark.mistake("E8", rule="S416", stage="declare")
def test_new_questions_reward_what_they_target(evolution: Planted) -> None:
    """A fall of deception is asked of questions that are scored by the deceptive signal."""
    evolution.edit(TESTS, 'criterion("unchanged").within(differ(', 'criterion("less_deceived").holds(differ(')
    (finding,) = evolution.found("S416")
    assert "reward it" in finding["message"]


@pytest.mark.mistake("E8", rule="S416", stage="declare")
def test_a_remedy_loses_its_scoring(evolution: Planted) -> None:
    evolution.edit(ARMS, "dropped: 15, policy: common, scored_with: 0.9}", "dropped: 15, policy: common}")
    assert len(evolution.found("S416")) == 1


# --- mistakes that the engine does not let one make


@pytest.mark.mistake("E5", rule="-", stage="declare")
@pytest.mark.parametrize("coverage", [0.2, 0.6])
def test_a_coverage_is_what_was_asked_for(coverage: float) -> None:
    from harness.domains.evolution import draw_world, examine, list_arms

    arm = list_arms({"beliefs": 500, "questions": 75}, {"c": {"activation": {"kind": "coverage", "coverage": coverage}}})[0]
    assert examine(draw_world(arm.simulation, 1).activations.dense()).coverage == pytest.approx(coverage, abs=1 / 500)


@pytest.mark.mistake("E6", rule="-", stage="declare")
def test_a_correlation_is_not_its_square() -> None:
    from harness.domains.evolution import draw_world, examine, list_arms

    arm = list_arms({"beliefs": 2000, "questions": 75}, {"c": {"activation": {"kind": "correlated", "correlation": 0.2}}})[0]
    assert examine(draw_world(arm.simulation, 1).activations.dense()).question_correlation == pytest.approx(0.2, abs=0.03)


@pytest.mark.mistake("E9", rule="-", stage="declare")
def test_the_realised_rho_is_the_declared_one() -> None:
    import numpy as np

    from harness.domains.evolution import draw_world, list_arms

    world = draw_world(list_arms({"beliefs": 100_000, "questions": 2}, {"r": {"landscape.rho": 0.4}})[0].simulation, 1)
    assert np.corrcoef(world.values, world.traits[0])[0, 1] == pytest.approx(0.4, abs=0.01)


@pytest.mark.mistake("E13", rule="-", stage="declare")
def test_how_fitness_is_normalised_is_part_of_every_arm() -> None:
    """Every sample says it, and no other way can be asked for."""
    from harness.domains.evolution import list_arms
    from harness.domains.evolution.fixtures import Evolution
    from harness.errors import HarnessError

    told = Evolution(list_arms({}, {"a": {}})[0].simulation).describe()["simulation"]
    assert (told["fitness"], told["averaged_over"]) == ("mean", "all")
    with pytest.raises(HarnessError, match="fitness"):
        list_arms({}, {"a": {"fitness": "total"}})


@pytest.mark.mistake("E11", rule="D115", stage="plan")
@pytest.mark.mistake("E1", rule="D115", stage="plan")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rho 1, beta 20: {landscape.rho: 1, selection.beta: 20}", "rho 1, beta 20: {landscape.rho: 1, selection.betta: 20}"),
        ("added: 5, dropped: 0, policy: random", "added: 0, dropped: 0, policy: random"),
    ],
)
def test_an_arm_with_a_parameter_that_nobody_reads_is_reported(evolution: Planted, old: str, new: str) -> None:
    evolution.edit("evals/belief_evolution/arms.yaml", old, new)
    (finding,) = evolution.found("D115")
    assert finding["where"]["file"].endswith("arms.yaml")
    assert evolution.found("D122") == []
