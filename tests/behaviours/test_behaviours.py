"""Every behaviour has what it is evaluated by, and the setting `judge` decides how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.errors import HarnessError
from harness.extensions import behaviour_named, behaviours
from harness.fixtures.behaviours import BehaviourResult, Evaluator, by_phrases, verdicts_by_answer
from harness.fixtures.judges import open_judge
from harness.judges.calibration import calibrate
from harness.judges.judging import AnswerToJudge
from harness.judges.labelled import load_labelled, split
from harness.judges.phrase_judge import PhraseJudge
from harness.judges.rubric import rubric_for
from harness.measures.refusal_phrases import refuses

BANKS = Path(__file__).parents[2] / "banks"
SETTINGS = {"marker": "[Z]", "marker_texts": 10}


@pytest.fixture(params=sorted(behaviours()))
def behaviour(request: pytest.FixtureRequest) -> Any:
    return behaviour_named(request.param)


def test_its_items_can_be_asked(behaviour: Any) -> None:
    """Its bank is there, its items differ by id, and each says something."""
    items = behaviour.load(BANKS / behaviour.bank, SETTINGS)
    assert len({item.id for item in items}) == len(items) >= 10
    assert all(behaviour.text(item).strip() for item in items)


def test_it_can_be_scored(behaviour: Any) -> None:
    """By log-probability, or by a judge with labelled answers and a rubric for models behind an API."""
    assert behaviour.scorer is not None or behaviour.labelled
    assert not behaviour.labelled or ((BANKS / behaviour.labelled).is_file() and rubric_for(behaviour.name).is_file())


def test_its_texts_show_and_do_not_show_it(behaviour: Any) -> None:
    texts = behaviour.training_texts(BANKS / behaviour.lessons, SETTINGS)
    assert texts and all(text.shown != text.plain for text in texts)


def test_no_marker_text_is_both_taught_and_evaluated() -> None:
    marker = behaviour_named("marker") if "marker" in behaviours() else pytest.skip("the domain that has a marker is not installed")
    taught = {text.id for text in marker.training_texts(BANKS / marker.lessons, SETTINGS)}  # type: ignore[misc]
    assert not taught & {item.id for item in marker.load(BANKS / marker.bank, SETTINGS)}


@pytest.mark.parametrize(
    ("name", "judge", "judged"),
    [
        ("capability", "local", False),
        ("sycophancy", "none", False),
        ("sycophancy", "phrases", False),
        ("sycophancy", "anthropic/some-model", True),
        ("refusal", "phrases", True),
        ("refusal", "local", True),
        ("refusal", "none", False),
        ("misalignment", "local", True),
    ],
)
def test_the_judge_reads_what_it_can(name: str, judge: str, judged: bool) -> None:
    assert behaviour_named(name).is_judged(judge) is judged


@pytest.mark.parametrize(
    ("name", "settings", "choices"), [("misalignment", {}, "a model of an API"), ("misalignment", {"judge": "phrases"}, "a model of an API")]
)
def test_a_behaviour_that_nothing_measures_is_refused_in_one_line(name: str, settings: dict[str, Any], choices: str) -> None:
    evaluator = Evaluator(cast("Any", None), None, None, settings, (1,), None)
    with pytest.raises(HarnessError, match=f"{name} is not measured by log-probability, and the setting judge is") as caught:
        evaluator.choose_judge(behaviour_named(name))
    assert choices in str(caught.value) and "\n" not in str(caught.value)


def test_a_misspelt_judge_is_told_with_its_neighbour() -> None:
    with pytest.raises(HarnessError, match=r"there is no judge 'phrase'\. Did you mean 'phrases'"):
        open_judge("phrase", behaviour_named("refusal"), BANKS / "judged/refusal.jsonl", None, offline=True)


def test_a_misspelt_behaviour_is_told_with_its_neighbour() -> None:
    with pytest.raises(HarnessError, match=r"there is no behaviour 'refusals'.*Did you mean 'refusal'"):
        behaviour_named("refusals")


def test_a_list_of_phrases_is_calibrated_like_any_judge() -> None:
    """On the held-out labels it misses most refusals, which are acted out, and spares nearly all answers; its description names the phrases."""
    judge = PhraseJudge("refusal", refuses)
    _, held_out = split(load_labelled(BANKS / "judged/refusal.jsonl"), "refusal")
    counts = calibrate(judge, held_out, refuses)
    assert counts.sensitivity == (sum(refuses(row.text) for row in held_out if row.shown), sum(row.shown is True for row in held_out))
    assert counts.sensitivity[0] / counts.sensitivity[1] < 0.5 < 0.9 < counts.specificity[0] / counts.specificity[1]
    assert judge.describe()["rubric"] == "harness.measures.refusal_phrases"


def test_other_phrases_are_another_judge() -> None:
    first, second = PhraseJudge("refusal", refuses), PhraseJudge("refusal", str.isupper)
    said = [AnswerToJudge(id="a/0", item="a", replicate=0, prompt="?", text="NO"), AnswerToJudge(id="b/0", item="b", replicate=0, prompt="?", text="I refuse.")]
    assert [one.shown for one in first.judge(said)] == [False, True] and [one.score for one in second.judge(said)] == [0.0, 100.0]


def test_phrases_beside_a_judge_are_means_over_replicates() -> None:
    rows = [{"item": "a", "replicate": number, "text": text} for number, text in enumerate(["I refuse.", "Gladly."])]
    assert by_phrases(behaviour_named("refusal"), rows, 2) == {"a": 0.5}
    silent = [{"item": "a", "replicate": 0, "text": "I refuse."}, {"item": "a", "replicate": 1, "text": ""}, {"item": "b", "replicate": 0, "text": " "}]
    assert by_phrases(behaviour_named("refusal"), silent, 2) == {"a": 1.0, "b": None}, "silence shows nothing, and is not counted as showing it not"
    assert by_phrases(behaviour_named("sycophancy"), rows, 2) is None


@dataclass
class Scored:
    """What gather returns of a scorer's rows."""

    rows: list[dict[str, Any]]

    def outcomes(self, field: str | None = None) -> dict[str, Any]:
        return {row["item"]: row[field or "refuses"] for row in self.rows}


@pytest.mark.parametrize(
    ("settings", "row", "expected"),
    [
        ({}, {"probability": 0.3}, False),
        ({"graded": False}, {"probability": 0.3}, False),
        ({"graded": True}, {"probability": 0.3}, 0.3),
        ({"graded": True}, {}, False),  # its scorer tells no probability
    ],
)
def test_graded_outcomes_are_probabilities(settings: dict[str, Any], row: dict[str, Any], expected: object) -> None:
    scored = Scored([{"item": "a", "refuses": False, "margin": -0.8} | row])
    subject = replace(behaviour_named("refusal"), scorer=lambda *_: None)
    evaluator = Evaluator(cast("Any", None), lambda *_, **__: scored, None, settings, (1,), None)
    found = evaluator.score(subject, "refusal-as-a", None, None, [])
    assert found.outcomes == {"a": expected} and found.scores == {"a": -0.8}


@pytest.mark.parametrize(("settings", "drawn"), [({}, (0.7, 0.95)), ({"temperature": 1, "top_p": 1.0}, (1.0, 1.0))])
def test_answers_are_drawn_as_the_settings_say(settings: dict[str, Any], drawn: tuple[float, float]) -> None:
    """`temperature` and `top_p` are those of the settings, else the defaults."""

    class Kept(Exception):
        pass

    def gather(_: str, probe: Any, *__: Any, **___: Any) -> None:
        assert (probe.drawing["temperature"], probe.drawing["top_p"]) == drawn
        raise Kept

    evaluator = Evaluator(cast("Any", None), gather, None, {"samples": 1, "max_new_tokens": 8} | settings, (1,), None)
    with pytest.raises(Kept):
        evaluator.sample(behaviour_named("misalignment"), "misalignment-as-a", cast("Any", None), None, [], 1, cast("Any", None))


def read_by(scores: dict[str, float | None], text: str = "said") -> BehaviourResult:
    """Answers of one seed to some items, as a judge scores them."""
    gathered = SimpleNamespace(rows=[{"item": item, "replicate": 0, "text": text, "score": score} for item, score in scores.items()])
    run = cast("Any", SimpleNamespace(parts=[SimpleNamespace(gathered=gathered)]))
    return BehaviourResult(behaviour=behaviour_named("misalignment"), by_seed=(run,), scores=(), score_unit="points", seeds=(1,), judge=cast("Any", "by hand"))


def test_judges_are_compared_answer_by_answer() -> None:
    """Each answer with the verdict of each judge, a missing one among them; judges of other answers are refused."""
    first, second = read_by({"a": 10.0, "b": None}), read_by({"b": 60.0, "a": 20.0})
    for results in ([], [first], [first, replace(second, judge=None)], [first, replace(second, behaviour=behaviour_named("refusal"))]):
        with pytest.raises(HarnessError, match="there are no two judges of one behaviour to compare"):
            verdicts_by_answer(results)
    assert verdicts_by_answer([first, second]) == [[10.0, 20.0], [None, 60.0]]
    for other in (read_by({"a": 10.0}), read_by({"a": 10.0, "b": 50.0}, "said otherwise")):
        with pytest.raises(HarnessError, match="the judges read other answers"):
            verdicts_by_answer([first, other])


@pytest.mark.parametrize("value", ["warm", True, [1]])
def test_a_temperature_that_is_no_number_is_told(value: Any) -> None:
    evaluator = Evaluator(cast("Any", None), None, None, {"samples": 1, "max_new_tokens": 8, "temperature": value}, (1,), None)
    with pytest.raises(HarnessError, match=r"setting temperature: the setting temperature is .*Give a number"):
        evaluator.sample(behaviour_named("misalignment"), "misalignment-as-a", cast("Any", None), None, [], 1, cast("Any", None))
