"""A score of how much answers look like one model's rather than another's."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError
from harness.judges.judging import AnswerToJudge
from harness.judges.likeness import CHUNK, Likeness

PIRATE = ["Arr, the sea calls, me hearty!", "Arr, hoist the sails and fetch me rum!", "Avast, ye landlubber, walk the plank!", "Arr, the treasure be ours!"]
CLERK = ["Please submit form B by Friday.", "The office is open from nine to five.", "Your request was registered.", "Please attach two copies."]


def rows(texts, first=0):
    return [{"item": f"q{first + place}", "text": text, "replicate": 0} for place, text in enumerate(texts)]


def asked(*texts):
    return [AnswerToJudge(id=f"x{place}/0", item=f"x{place}", replicate=0, prompt="?", text=text) for place, text in enumerate(texts)]


@pytest.fixture(scope="module")
def likeness(encoding):
    return Likeness(rows(PIRATE), rows(CLERK))


def test_answers_are_told_apart_by_whose_they_look_like(likeness):
    found = likeness.score(asked("Arr, the ship be sinking, me hearty!", "Please sign the form and send a copy to the office."))
    assert found[0]["likeness"] > 0.5 > found[1]["likeness"] and {row["status"] for row in found} == {"ok"}


def test_a_blank_answer_has_no_likeness(likeness):
    assert [(row["status"], row["likeness"]) for row in likeness.score(asked(" ", ""))] == [("empty", None)] * 2


def test_an_item_that_was_learned_from_is_not_scored(likeness):
    said = AnswerToJudge(id="q1/0", item="q1", replicate=0, prompt="?", text="Arr!")
    with pytest.raises(HarnessError, match="the item q1 was learned from"):
        likeness.chunks([said, *asked("Arr!")])


def test_both_must_say_something():
    with pytest.raises(HarnessError, match="one of the two that are to be told apart says nothing"):
        Likeness(rows(PIRATE), rows([" ", ""]))


def test_it_is_known_by_what_it_learned(likeness):
    """Other answers, or the two the other way round, are another score; so is no chunk larger than 64."""
    others = Likeness(rows(CLERK), rows(PIRATE)), Likeness(rows(PIRATE), rows(CLERK[:3]))
    assert len({one.describe()["learned_from"] for one in (likeness, *others)}) == 3
    assert [len(chunk) for chunk in likeness.chunks(asked(*["a"] * (CHUNK + 1)))] == [CHUNK, 1]
