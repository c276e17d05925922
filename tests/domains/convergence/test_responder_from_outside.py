"""The responder of docs/extending.md, named in a model set: its answers are compared like anybody else's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.test_fourth_domain import Bakery

FILES = {
    "pytest.ini": "[pytest]\n",
    "model_sets/bakers.yaml": "title: bakers\nmembers:\n  rye: {spec: bakery/rye}\n  white: {spec: bakery/white}\n",
    "evals/asked/experiment.yaml": """\
id: asked
title: Bakers answer
question: Do they?
axes: {loaf: [rye]}
thresholds:
  share: {value: 0.5, unit: rate, direction: increase}
hypotheses:
  H1: {cells: [loaf], rule: {at_least: 1, of: loaf}, thresholds: [share]}
primary: H1
scales:
  smoke: {settings: {model_set: bakers, members: 2, tasks: 4, varied: 0, max_tokens: 20, alive: 0.5, banks: "package:banks"}}
""",
    "evals/asked/test_asked.py": '''\
from harness import hypothesis


@hypothesis("H1")
def test_they_answer(loaf, replies, told_members, measure, criterion):
    """They answer every task."""
    assert not told_members()
    assert criterion("share").exceeds(measure.rate("share", replies[loaf].sources[0].outcomes("status=ok")))
''',
}


@pytest.fixture
def bakery(tmp_path: Path) -> Bakery:
    """The package of the guide, and a project that asks its bakers."""
    found = Bakery(tmp_path)
    shutil.rmtree(found.project)
    for name, text in FILES.items():
        (found.project / name).parent.mkdir(parents=True, exist_ok=True)
        (found.project / name).write_text(text)
    return found


def test_it_answers_the_tasks_of_a_model_set(bakery: Bakery) -> None:
    found = bakery.run("asked")
    assert found["verdict"] == "supported" and found["cells"][0]["measurements"][0]["n"] == 20
    assert any(fact.get("source") == "bakery" for fact in found["facts"]["Model"].values())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return [list(asked)]", "return [list(asked)[:8]]", "groups() gave 8 of 20 conversations"),
        ("for _ in asked]", "for _ in asked[1:]]", "answers() gave 19 answers to 20 conversations"),
        ("[Answer(", "[str(", "answers() gave something else"),
        ('status="ok"', 'status="fine"', "the status 'fine' does not exist"),
    ],
)
def test_a_responder_that_answers_amiss_is_an_error(bakery: Bakery, old: str, new: str, told: str) -> None:
    bakery.edit("baking/baker.py", old, new)
    if new == "[str(":
        bakery.edit("baking/baker.py", 'status="ok", text=', "")
    bakery.pytest()
    cell = json.loads((bakery.project / "reports/asked/latest/results.json").read_text())["cells"][0]
    assert cell["verdict"] == "error" and told in cell["reason"], cell
