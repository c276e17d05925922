"""What a simulation may be: every impossible parameter is told in one line that names it and says what may be done."""

from __future__ import annotations

import re

import numpy as np
import pytest

from harness.domains.evolution.config import ChangingTest, Mutation, Selection, Simulation, Usage, simulation
from harness.domains.evolution.runs import simulate
from harness.domains.evolution.world import draw_world
from harness.errors import HarnessError

NAN, INF = float("nan"), float("inf")


def told(value, where: str = "simulation") -> str:
    """The line that refuses a simulation; it is one line, and begins with the place."""
    with pytest.raises(HarnessError) as refused:
        simulation(value, where)
    line = str(refused.value)
    assert "\n" not in line and line.startswith(f"{where}: ")
    return line


# (parameters, what the line must hold: the parameter, and what may stand there or what may be done).
OUT_OF_RANGE = [
    ({"models": 0}, "models.*at least 1|models.*greater than or equal to 1.*found 0"),
    ({"models": -3}, "models.*1.*found -3"),
    ({"models": 2.5}, "models.*integer.*found 2.5"),
    ({"models": "many"}, "models.*integer.*found many"),
    ({"models": None}, "models.*integer"),
    ({"models": 1_000_001}, "models.*1000000.*found 1000001"),
    ({"beliefs": -1}, "beliefs.*1.*found -1"),
    ({"held": 0}, "held.*1.*found 0"),
    ({"questions": 0}, "questions.*1.*found 0"),
    ({"generations": -1}, "generations.*0.*found -1"),
    ({"diversity_every": 0}, "diversity_every.*1.*found 0"),
    ({"most_held": 0}, "most_held.*1.*found 0"),
    ({"fitness": "sum"}, "fitness.*'mean' or 'additive'.*found sum"),
    ({"reproduction": "sexual"}, "reproduction.*'clonal' or 'recombining'.*found sexual"),
    ({"catastrophe": NAN}, "catastrophe.*finite.*found nan"),
    ({"catastrophe": -INF}, "catastrophe.*finite.*found -inf"),
    ({"selection": {"beta": INF}}, "selection.beta.*finite.*found inf"),
    ({"selection": {"beta": NAN}}, "selection.beta.*finite.*found nan"),
    ({"selection": {"beta": 1e10}}, "selection.beta.*1000000000.*found 1"),
    ({"selection": {"last": -1e10}}, "selection.last.*-1000000000.*found -1"),
    ({"selection": {"course": "square"}}, "selection.course.*'linear' or 'geometric'.*found square"),
    ({"mutation": {"rate": 1.5}}, "mutation.rate.*1.*found 1.5"),
    ({"mutation": {"loss": -0.1}}, "mutation.loss.*0.*found -0.1"),
    ({"mutation": {"gain": NAN}}, "mutation.gain.*finite.*found nan"),
    ({"mutation": {"proposals": 0}}, "mutation.proposals.*1.*found 0"),
    ({"mutation": {"price": INF}}, "mutation.price.*finite.*found inf"),
    ({"evaluators": {"noise": -1}}, "evaluators.noise.*0.*found -1"),
    ({"evaluators": {"every": 0}}, "evaluators.every.*1.*found 0"),
    ({"evaluators": {"each": []}}, "evaluators.each.*at least 1"),
    ({"evaluators": {"each": [{}] * 17}}, "evaluators.each.*at most 16"),
    ({"evaluators": {"each": [{}, {"weight": -1}]}}, "evaluators.each.1.weight.*0.*found -1"),
    ({"evaluators": {"each": [{"correlation": 1.1}]}}, "evaluators.each.0.correlation.*1.*found 1.1"),
    ({"test": {"every": 0}}, "test.every.*1.*found 0"),
    ({"test": {"dropped": -1}}, "test.dropped.*0.*found -1"),
    ({"test": {"scored_with": 2}}, "test.scored_with.*1.*found 2"),
    ({"test": {"policy": "mean"}}, "test.policy.*'random', 'common', 'harmful', 'uncovered' or 'deceptive'.*found mean"),
    ({"test": {"drop": "all"}}, "test.drop.*'oldest', 'uninformative' or 'redundant'.*found all"),
    ({"landscape": {"kind": "bivariate_normal", "rho": 2}}, "landscape.*rho.*1.*found 2"),
    ({"landscape": {"kind": "bivariate_normal", "rho": NAN}}, "landscape.*rho.*found nan"),
    ({"landscape": {"kind": "bivariate_normal"}}, "landscape.*rho.*required"),
    ({"landscape": {"kind": "bivariate_normal", "rho": 0, "value_sd": 0}}, "landscape.*value_sd.*0.*found 0"),
    ({"landscape": {"kind": "bivariate"}}, "landscape.*'bivariate'.*kind.*'bivariate_normal', 'uniform'"),
    ({"landscape": None}, "landscape"),
    ({"activation": {"kind": "simple", "density": 0}}, "activation.*density.*0.*found 0"),
    ({"activation": {"kind": "simple", "density": 1.01}}, "activation.*density.*1.*found 1.01"),
    ({"activation": {"density": 0.1}}, "activation.*kind"),
    ({"activation": {"kind": "zipf", "alpha_near": 3, "alpha_far": 2}}, "activation.*alpha_near must not be above alpha_far"),
    ({"network": {"degree": 0}}, "network.degree.*1.*found 0"),
    ({"network": {"inhibiting": 1.5}}, "network.inhibiting.*1.*found 1.5"),
    ({"usage": {"kind": "zip"}}, "usage.kind.*'even', 'zipf' or 'partial'.*found zip"),
    ({"usage": {"share": 1}}, "usage.share.*1.*found 1"),
]


@pytest.mark.parametrize(("value", "line"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_told_with_its_place_and_its_bound(value, line):
    """The line names the parameter by its path, what may stand there, and what stood there."""
    assert re.search(line, told(value))


TOGETHER = [
    ({"held": 21, "beliefs": 20}, "held is 21, but there are only 20 beliefs. Hold fewer"),
    ({"most_held": 49}, r"most_held is 49, below held \(50\). Raise it"),
    ({"mutation": {"rate": 0.1}, "beliefs": 99}, "mutation.*100 beliefs, not 99"),
    ({"mutation": {"loss": 0.1}, "beliefs": 99}, "mutation.*100 beliefs, not 99"),
    ({"mutation": {"gain": 0.1}, "beliefs": 199}, "mutation.*200 beliefs, not 199"),
    ({"mutation": {"gain": 0.1}, "beliefs": 119, "most_held": 60}, "mutation.*120 beliefs, not 119"),
    ({"selection": {"beta": 0, "last": 5, "course": "geometric"}}, "selection: .*geometric.*above 0"),
    ({"selection": {"beta": 1, "last": -5, "course": "geometric"}}, "selection: .*geometric.*above 0"),
    ({"selection": {"beta": 1, "course": "geometric"}}, "selection: .*geometric.*last"),
    ({"evaluators": {"each": [{}, {"last": 0.5}]}}, "evaluators.each.1: last .*correlation"),
    ({"test": {"every": 10, "added": 0, "dropped": 20}}, "test drops more questions than it has. Drop fewer, or add more"),
    ({"test": {"every": 1, "added": 1, "dropped": 3}}, "test drops more questions than it has. Drop fewer, or add more"),
    ({"fitness": "additive", "averaged_over": "activated"}, "averaged_over.*additive"),
    ({"evaluators": {"each": [{"correlation": 0.1, "blend": 0.2}]}}, "evaluators.each.0: correlation and blend are both given"),
    ({"evaluators": {"each": [{"blend": 0.2, "last": -0.5}]}}, "evaluators.each.0: a blend goes from 0 to 1"),
    ({"questions": 10, "generations": 70, "test": {"every": 1, "added": 1000, "dropped": 0}}, "questions"),
    ({"landscape": {"kind": "bivariate_normal", "rho": 0, "value_sd": 1000}}, "landscape.*64"),
    ({"landscape": {"kind": "clusters", "clusters": [{"value": 100, "signal": 1}]}}, "landscape.*64"),
    ({"test": {"added": 0, "dropped": 0}}, "test.*added.*dropped"),
    # A rare family and a long tail reach farther than eight standard deviations of the whole.
    ({"landscape": {"kind": "clusters", "clusters": [{"value": 0, "signal": 0}, {"value": 200, "signal": 0, "weight": 5e-4}]}}, "landscape.*64"),
    ({"landscape": {"kind": "asymmetric", "value_mean": 48, "value_scale": 2}}, "landscape.*64"),
    ({"landscape": {"kind": "asymmetric", "rho": 1, "signal_sd": 8}}, "landscape.*64"),
    ({"landscape": {"kind": "asymmetric", "value_scale": 1e-200, "temperature": 1e-200}}, "too small to tell values apart"),
    ({"beliefs": 2000, "held": 1000, "landscape": {"kind": "bivariate_normal", "rho": 0, "signal_mean": 50}}, "sums of signals over 1000 beliefs"),
    ({"activation": {"kind": "simple", "count": 200}}, "cannot be probed by 200 of 100 questions"),
    ({"activation": {"kind": "correlated", "correlation": -0.5}}, "cannot correlate below"),
    ({"network": {"degree": 40}, "beliefs": 40, "held": 5}, "degree of at most 39"),
    ({"usage": {"kind": "zipf", "alpha": 5}}, "the most used of 1000 beliefs would weigh"),
    ({"beliefs": 1_000_000, "questions": 10_000, "activation": {"kind": "zipf"}}, "does not fit in memory"),
    ({"diversity_every": 10**30}, "diversity_every"),
]


@pytest.mark.parametrize(("value", "line"), TOGETHER)
def test_values_that_exclude_each_other_are_told_with_a_mend(value, line):
    """Parameters that are possible alone and not together: the line names them and says what to change."""
    assert re.search(line, told(value))


@pytest.mark.parametrize(
    ("value", "unknown", "meant"),
    [
        ({"modles": 3}, "modles", "models"),
        ({"belief": 3}, "belief", "beliefs"),
        ({"Generations": 3}, "Generations", "generations"),
        ({"selection": {"betta": 3}}, "betta", "beta"),
        ({"mutation": {"rates": 0.1}}, "rates", "rate"),
        ({"landscape": {"kind": "bivariate_normal", "roh": 0.5}}, "roh", "rho"),
        ({"activation": {"kind": "simple", "densty": 0.1}}, "densty", "density"),
        ({"evaluators": {"each": [{}, {"corelation": 0.1}]}}, "corelation", "correlation"),
        ({"test": {"polcy": "random"}}, "polcy", "policy"),
    ],
)
def test_an_unknown_parameter_is_told_with_the_nearest_known_one(value, unknown, meant):
    """A misspelt name is refused, at any depth, with the name that was meant."""
    line = told(value)
    assert unknown in line and f"Did you mean {meant!r}?" in line


@pytest.mark.parametrize("value", [None, [1], "x", 3])
def test_what_is_no_mapping_is_no_simulation(value):
    """Anything but a mapping is refused in one line."""
    assert "simulation" in told(value).lower()


def test_what_is_shown_of_a_value_keeps_to_the_line():
    """A value with line breaks, or as long as a book, does not break the line or flood it."""
    assert len(told({"models": "4\n0" * 1000})) < 250


def test_the_line_begins_where_it_was_told_to():
    """`where` says whose simulation it is."""
    assert told({"held": 0}, "arm 'few'").startswith("arm 'few': held")


@pytest.mark.parametrize(("questions", "added", "dropped"), [(10, 12, 11), (10, 11, 11), (13, 8, 10)])
def test_a_test_may_never_drop_more_than_it_has(questions, added, dropped):
    """Not at the end alone: questions are dropped before others are added, so each change needs as many as it drops."""
    assert "drops more questions than it has" in told({"questions": questions, "test": {"every": 10, "added": added, "dropped": dropped}})


def test_a_test_may_be_exchanged_whole():
    """All questions go, and as many come."""
    asked = simulation({"models": 5, "beliefs": 20, "held": 3, "questions": 4, "generations": 4, "test": {"every": 2, "added": 4, "dropped": 4}})
    assert asked.most_questions == 4 and simulate(asked, [1], engine="numpy")["questions"][0].tolist() == [4] * 5


def test_yes_is_not_a_number_of_models():
    """True is refused where a whole number is asked for: YAML reads `models: yes` so."""
    assert "models" in told({"models": True})


def test_what_only_the_world_can_tell_is_told_when_it_is_drawn():
    """Parts that do not fit the others' sizes raise in one line when the run begins, under either engine's door."""
    for extra, line in (
        ({"network": {"degree": 6}}, "degree of at most 5"),
        ({"activation": {"kind": "coverage", "coverage": 0.01}}, "none of 6 beliefs"),
        ({"activation": {"kind": "correlated", "correlation": 0.5}, "questions": 1}, "no correlation"),
        ({"usage": {"kind": "partial", "share": 0.95}}, "leaves none of 6"),
    ):
        with pytest.raises(HarnessError, match=line):
            simulate(simulation({"beliefs": 6, "held": 2, "models": 3, "generations": 1, **extra}), [1], engine="numpy")


def test_founders_that_are_shared_ask_for_a_shared_world():
    """Founders are beliefs of one world."""
    with pytest.raises(HarnessError, match="give world_seed"):
        simulate(Simulation(), [1], founder_seed=2)


def test_a_simulation_is_what_it_says_of_itself():
    """Described and made again it is equal, unchangeable, and equal to another of the same parameters."""
    parts = {"selection": {"beta": 2, "last": 3}, "test": {"every": 7}, "mutation": {"gain": 0.1}}
    made = simulation({**parts, "usage": {"kind": "zipf", "alpha": 0.5}, "network": {}})
    assert simulation(made.to_json()) == made and len({made, simulation(made.to_json())}) == 1
    with pytest.raises(Exception, match="frozen"):
        made.models = 3


def test_the_most_that_a_model_and_a_test_can_hold():
    """A model grows to twice what it held, or to most_held; where nothing is gained it does not grow. A test grows at each change."""
    assert [Simulation(mutation=Mutation(gain=gain), most_held=most).slots for gain, most in ((0, None), (0, 60), (0.1, None), (0.1, 60))] == [50, 50, 100, 60]
    grown = Simulation(questions=10, generations=50, test=ChangingTest(every=20, added=5, dropped=2))
    assert grown.most_questions == 16
    assert [generation for generation in range(61) if ChangingTest(every=20).is_due(generation)] == [20, 40, 60]
    assert [generation for generation in range(61) if ChangingTest(every=25, first=0).is_due(generation)] == [0, 25, 50]


def test_the_courses_of_selection():
    """Beta stands, moves evenly, or by equal factors, from the first selection to the last; one selection has the first."""
    assert Selection(beta=2).betas(3).tolist() == [2, 2, 2]
    assert Selection(beta=-1, last=1).betas(3).tolist() == [-1, 0, 1]
    np.testing.assert_allclose(Selection(beta=1, last=100, course="geometric").betas(3), [1, 10, 100])
    assert Selection(beta=1, last=9).betas(1).tolist() == [1] and Selection(beta=1, last=9).betas(0).tolist() == []


def test_usage_that_is_even_is_the_plain_value():
    """value_used of an even usage is value, and that of no usage too."""
    for usage in (None, Usage(kind="even")):
        found = simulate(Simulation(models=5, beliefs=20, held=3, questions=4, generations=2, usage=usage), [1], engine="numpy")
        assert np.array_equal(found["value_used"], found["value"])


def test_harm_that_pays_is_selected_for():
    """Selected for harm as well as for the signal, populations end with less value than without; a price on harm (below 0) leaves them more."""
    sizes = {"models": 60, "beliefs": 300, "held": 10, "questions": 20, "generations": 20}
    ends = [simulate(sizes, range(1, 21), **{"selection.harm_pays": pays})["value_each"][:, -1].mean() for pays in (2.0, 0.0, -2.0)]
    assert ends[0] < ends[1] - 0.1 and ends[1] + 0.1 < ends[2]


def test_four_quadrants_are_all_there_is():
    """A belief is beneficial or harmful and seen to be so or not: the shares add up to 1, and at first to what the landscape holds."""
    found = simulate({"models": 200, "held": 50, "generations": 3, "landscape.rho": 0.5}, range(1, 6), engine="numpy")
    shares = [found[name] for name in ("beneficial", "misjudged", "deceptive", "harmful")]
    np.testing.assert_allclose(sum(shares), 1.0)
    theory = 0.25 + np.arcsin(0.5) / (2 * np.pi)  # Sheppard, 1899
    assert [share[:, 0].mean() for share in shares] == pytest.approx([theory, 0.5 - theory, 0.5 - theory, theory], abs=0.02)


def test_somebody_must_test():
    """Evaluators of weight 0 see and do not count; if none counts, nobody tests."""
    assert "nobody tests" in told({"evaluators": {"each": [{"weight": 0}, {"weight": 0}]}})
    alone, both = (Simulation(evaluators={"each": [{"correlation": 0.4}, {"correlation": 0.4, "weight": weight}]}) for weight in (0, 1))
    first, mixed = (draw_world(one, 1).signals(0)[0] for one in (alone, both))
    single = draw_world(Simulation(evaluators={"each": [{"correlation": 0.4}]}), 1).signals(0)[0]
    assert np.array_equal(first, single) and not np.array_equal(first, mixed)
