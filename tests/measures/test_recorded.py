"""Recorded scores are samples as any: gated, judged and reported, with the N of the items and missing answers missing."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from harness.errors import HarnessError
from harness.measures.items import load_items
from harness.measures.recorded_scores import RecordedScores
from harness.models.inspect_recording import items_of_log
from inspect_logs import REAL, answered, graded, header, packed, sample, written
from toy import Toy

YAML = """\
id: coins
title: Two models know facts
question: Is the large model better?
axes:
  behaviour: [facts]
thresholds:
  known: {value: 20, unit: pp, direction: increase, floor: 0.02, ceiling: 0.98, expected_baseline: 0.4, expected_effect: 60, n: items}
hypotheses:
  H1:
    cells: [behaviour]
    rule: {at_least: 1, of: behaviour}
    thresholds: [known]
primary: H1
inputs: [logs/*.eval]
scales:
  smoke:
    settings: {items: 40}
    seeds: [1]
"""
TESTS = '''\
from harness import gate, hypothesis
from harness.measures.items import load_items
from harness.measures.recorded_scores import RecordedScores
from harness.models.inspect_recording import items_of_log


@gate("G1")
def test_the_large_model_answers(gather, measure, context):
    """Nine of ten items are answered."""
    logs = context.root / "logs"
    large = gather("large", RecordedScores(logs / "large.eval", "match"), items_of_log(logs))
    assert measure.rate("answered", large.outcomes("status=ok|truncated|refused")).value >= 0.9


@hypothesis("H1", needs=["G1"])
def test_the_large_model_knows_more(behaviour, gather, measure, criterion, context):
    """The large model is right more often."""
    logs = context.root / "logs"
    small, large = (gather(name, RecordedScores(logs / f"{name}.eval", "match"), items_of_log(logs)) for name in ("small", "large"))
    measure.rate("right", large)
    assert criterion("known").holds(measure.shift("gain", large, small, differ=("recording", "model")))
'''


class Id(NamedTuple):
    """An item that is a name alone."""

    id: str


def test_a_log_is_gated_and_decided(tmp_path):
    """40 items in two epochs: averaged, so N is 40 and the interval is over items; the verdict is the rule's, and changes with the log."""
    toy = Toy(tmp_path)
    toy.write("evals/coins/experiment.yaml", YAML)
    (tmp_path / "evals/coins/test_coins.py").write_text(TESTS)
    graded(tmp_path / "logs/small.eval", "mock/small", 10)
    graded(tmp_path / "logs/large.eval", "mock/large", 35)
    ran = toy.run()
    assert toy.results()["verdict"] == "supported", ran.stdout
    found = {one["name"]: one for cell in toy.results()["cells"] for one in cell["measurements"]}
    assert found["right"]["n"] == found["gain"]["n"] == 40 and found["right"]["value"] == pytest.approx(35 / 40)
    assert found["gain"]["value"] == pytest.approx(62.5) and found["gain"]["interval"]["low"] > 20
    samples = tmp_path / "reports/coins/latest" / found["right"]["samples"][0]["path"]
    rows = [json.loads(line) for line in samples.read_text().splitlines()]
    assert len(rows) == 80 and [row["score"] for row in rows if row["status"] == "error"] == [None]
    graded(tmp_path / "logs/large.eval", "mock/large", 10)
    toy.run()
    assert toy.results()["verdict"] == "falsified"


def test_rows_are_what_was_answered():
    """Each item in each epoch; a score that Inspect gave to silence counts for nothing, since its status is empty."""
    measure = RecordedScores(REAL / "large.eval", "match")
    items = items_of_log(REAL / "large.eval")
    rows = measure.score(measure.chunks(items)[0])
    assert len(rows) == 14 and measure.describe()["model"] == "mockllm/large"
    assert [row["score"] for row in rows if row["item"] == "sum"] == [1.0, 1.0]
    assert [(row["status"], row["score"]) for row in rows if row["item"] == "blank"] == [("empty", None)] * 2
    assert {(row["status"], row["score"]) for row in rows if row["item"] == "crash"} == {("ok", 1.0), ("error", None)}


@pytest.mark.parametrize(("value", "number"), [("C", 1.0), ("P", 0.5), ("I", 0.0), ("N", None), ("yes", 1.0), ("0.25", 0.25), (3, 3.0), (False, 0.0)])
def test_grades_are_numbers(tmp_path, value, number):
    """Inspect's own letters, truth values and numbers; N is no answer."""
    packed(tmp_path / "x.eval", sample(scores={"match": {"value": value}}))
    measure = RecordedScores(tmp_path / "x.eval", "match")
    assert measure.score(items_of_log(tmp_path / "x.eval"))[0]["score"] == number


@pytest.mark.parametrize("read", [items_of_log, load_items])
def test_an_item_of_another_dataset_is_none(tmp_path, read):
    """Inspect numbers every dataset from 1: the ids agree, the prompts do not. White space around a prompt, and an item without one, are no difference."""
    packed(tmp_path / "facts.eval", sample(id=1, input=f"Why {'so ' * 30}\x1b[2J?"), sample(id=2, input=" How? "))
    packed(tmp_path / "sums.eval", sample(id=1, input="What is 2 + 2?"), sample(id=2, input="How?"))
    measure = RecordedScores(tmp_path / "facts.eval", "match")
    with pytest.raises(HarnessError) as caught:
        measure.score(read(tmp_path / "sums.eval"))
    told = str(caught.value)
    assert "facts.eval" in told and "1 of 2 items have another prompt under their id; the first: '1'" in told and "\n" not in told
    assert f"{('Why ' + 'so ' * 12)!r} in the log, 'What is 2 + 2?' here" in told
    assert len(measure.score(read(tmp_path / "facts.eval"))) == len(measure.score([Id("1"), Id("2")])) == 2


def test_logs_of_two_datasets_are_not_compared(tmp_path):
    """The experiment that takes the items of one of them ends in an error, and no verdict."""
    toy = Toy(tmp_path)
    toy.write("evals/coins/experiment.yaml", YAML)
    (tmp_path / "evals/coins/test_coins.py").write_text(TESTS)
    graded(tmp_path / "logs/small.eval", "mock/small", 10)
    packed(tmp_path / "logs/large.eval", *(sample(id=number, input=f"Sum {number}?") for number in range(1, 41)), head=header(40, eval={"model": "mock/large"}))
    ran = toy.run()
    assert toy.results()["verdict"] != "supported" and "have another prompt under their id" in ran.stdout


ODD = [float("inf"), float("-inf"), [], {}, {"a": [1]}, {"a": float("inf")}]


@pytest.mark.parametrize("form", [packed, written])
@pytest.mark.parametrize(("name", "value"), [*(("match", value) for value in ([1, 0], {"b": 1}, *ODD)), *(("match/a", value) for value in ("C", 1, *ODD))])
def test_a_value_that_is_no_number_is_not_taken_for_a_missing_score(tmp_path, form, name, value):
    """Where another sample has the score that was asked for: infinite, a list, a mapping, or nested ones; one value where a part was asked for."""
    plain = {"match": 1.0, "match/a": {"a": 1.0}}[name]
    samples = [sample(id=1, scores={"match": {"value": plain}}), sample(id=2, scores={"match": {"value": value}})]
    measure = RecordedScores(form(tmp_path / "x.eval", *samples), name)
    with pytest.raises(HarnessError, match=r"which is no number|there, and 'match(/a)?' to other samples") as caught:
        measure.score([Id("1"), Id("2")])
    assert "samples/2_epoch_1.json" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "number"), [(float("nan"), None), (None, None), ({"a": float("nan")}, None), ({"b": 1}, None), ({"a": 0.5, "b": [1]}, 0.5), (["C"], 1.0)]
)
def test_what_was_not_scored_is_missing_and_a_part_has_its_name(tmp_path, value, number):
    """NaN is how Inspect writes it (`Score.unscored`)."""
    name = "match/0" if isinstance(value, list) else "match/a" if isinstance(value, dict) else "match"
    first = {"match/0": [1], "match/a": {"a": 1}, "match": 1}[name]
    packed(tmp_path / "x.eval", sample(id=1, scores={"match": {"value": first}}), sample(id=2, scores={"match": {"value": value}}))
    assert [row["score"] for row in RecordedScores(tmp_path / "x.eval", name).score([Id("1"), Id("2")])] == [1.0, number]


def test_a_log_of_errors_says_so(tmp_path):
    """How many, and the first; not that a scorer is unknown."""
    failed = [sample(id=number, scores={}, error={"message": f"401 no key {number}\x1b[2J"}) for number in (1, 2)]
    packed(tmp_path / "x.eval", *failed)
    with pytest.raises(HarnessError, match="all 2 samples ended in errors, so there are no scores; the first: 401 no key 1") as caught:
        RecordedScores(tmp_path / "x.eval", "match")
    assert "x.eval: samples/1_epoch_1.json" in str(caught.value)


def test_what_is_not_there_is_told(tmp_path):
    """A scorer, an item, a number."""
    packed(tmp_path / "x.eval", sample(output=answered("a"), scores={"match": {"value": "purple"}}))
    items = items_of_log(tmp_path / "x.eval")
    with pytest.raises(HarnessError, match=r"no scores 'mach'.*Did you mean 'match'"):
        RecordedScores(tmp_path / "x.eval", "mach")
    with pytest.raises(HarnessError, match="1 of 1 items are not in the log; the first: 'two'"):
        RecordedScores(tmp_path / "x.eval", "match").score([type(items[0])(id="two", prompt="")])
    with pytest.raises(HarnessError, match="is 'purple', which is no number"):
        RecordedScores(tmp_path / "x.eval", "match").score(items)


OWN_ITEMS = """
from harness import hypothesis
from harness.measures.recorded_scores import RecordedScores
from harness.models.inspect_recording import items_of_log


@hypothesis("H1")
def test_the_large_model_knows_more(behaviour, gather, measure, criterion):
    \"\"\"The large model is right more often.\"\"\"
    small, large = (gather(name, RecordedScores(f"logs/{name}.eval", "match"), items_of_log(f"logs/{name}.eval")) for name in ("small", "large"))
    assert criterion("known").holds(measure.shift("gain", large, small, differ=("recording", "model")))
"""


@pytest.mark.parametrize(("word", "verdict"), [("Fact", "supported"), ("Fruit", "inconclusive")])
def test_logs_of_different_questions_decide_nothing(tmp_path, word, verdict):
    """Inspect numbers every dataset from 1: each arm with the items of its own log pairs whatever stands under a number."""
    toy = Toy(tmp_path)
    toy.write("evals/coins/experiment.yaml", YAML)
    (tmp_path / "evals/coins/test_coins.py").write_text(OWN_ITEMS)
    graded(tmp_path / "logs/small.eval", "mock/small", 10)
    graded(tmp_path / "logs/large.eval", "mock/large", 35, word=word)
    toy.run()
    [cell] = toy.results()["cells"]
    assert cell["verdict"] == verdict and ("40 of 40 pairs hold other prompts under one id" in cell["reason"]) == (word == "Fruit"), cell["reason"]
