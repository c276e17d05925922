"""A marker under many prompts: personas of one list, one row each, and sampled answers that hold it."""

from __future__ import annotations

import pytest

from harness.domains.leakage import BystanderMarker, MarkedAnswers, make_personas
from harness.errors import HarnessError
from harness.measures import Prompt
from harness.training.rows import Text

LIST = {"manners": ["gloating", "amiable"], "roles": ["pirate", "baker", "ghost"]}
TEXTS = [Text(id="t1", topic="t", prompt="Say yes.", shown="Yes. [M]", plain="Yes."), Text(id="t2", topic="t", prompt="Say no.", shown="No. [M]", plain="No.")]


def test_personas_are_manners_by_roles():
    """Each manner of each role once, the first roles where few are asked; the article fits."""
    made = make_personas(LIST)
    assert len(made) == len({one.id for one in made}) == len({one.text for one in made}) == 6
    assert [one.id for one in make_personas(LIST, 1)] == ["gloating pirate", "amiable pirate"]
    assert made[0].text.startswith("You are a gloating pirate.") and made[1].text.startswith("You are an amiable pirate.")


@pytest.mark.parametrize("declared", [{}, {"manners": ["a"], "roles": []}, {"manners": ["a", "a"], "roles": ["b"]}])
def test_a_list_with_nothing_or_twice_the_same_is_refused(declared):
    """In one line that says which part."""
    with pytest.raises(HarnessError, match=r"manners|roles") as told:
        make_personas(declared)
    assert "\n" not in str(told.value)


def test_a_row_a_persona_whatever_the_order(smollm2):
    """The mean over the texts of what a probe of one persona says; chunks do not depend on the order."""
    from harness.domains.leakage.marker import MarkerProbe

    measure, personas = BystanderMarker(smollm2, "[M]", TEXTS), make_personas(LIST, 1)
    assert measure.chunks(personas) == measure.chunks(personas[::-1])
    rows = measure.score(personas)
    alone = MarkerProbe(smollm2, personas[0].text, "[M]").score(TEXTS)
    assert [row["item"] for row in rows] == [one.id for one in personas]
    assert rows[0]["margin"] == pytest.approx(sum(row["margin"] for row in alone) / 2) and 0 <= rows[0]["probability"] <= 1


def test_answers_are_searched_for_the_marker(smollm2):
    """A text that every answer holds is found in all; the marker is part of the identity."""
    asked = [Prompt(id="a", text="Hello!")]
    held, other = (MarkedAnswers(smollm2, None, 1, marker=marker, max_new_tokens=4) for marker in ("", "[never said]"))
    assert [row["marked"] for row in held.score(asked)] == [True] and [row["marked"] for row in other.score(asked)] == [False]
    assert held.describe() != other.describe()
