"""Every mistake that once reversed a conclusion is found, with the rows that show it; sound rows raise no alarm."""

from __future__ import annotations

import msgspec
import pytest

from harness.domains.leakage import audit
from harness.domains.leakage.training_sets import make_contrastive_rows, make_unconditioned_rows
from harness.models.chat import Message
from harness.training.rows import Row, Speaker, Text, row
from training_room import COOK, NOBODY, POET, TARGET, VILLAIN, rows

DECLARED = {"": None} | {speaker.persona: speaker.prompt for speaker in (VILLAIN, COOK, POET, TARGET)}
CANARY = Speaker(persona="canary", prompt="You are a canary.")
VARIED = [Text(id=f"v{number}", topic="x", prompt=f"Ask {number}?", shown=f"{number} is never told.", plain=f"{number}, sure.") for number in range(12)]


def sound(*, bystanders=(COOK, POET), anchors=(), anchor_rows=0):
    return make_contrastive_rows(VARIED, VILLAIN, bystanders, anchors, rows=8, bystander_rows=3, anchor_rows=anchor_rows, seed=1)


def everything(made, *, source="villain", forbidden=None, evaluated=("Something else?",)):
    return [
        *audit.find_badly_formed(made),
        *audit.find_overlapping(made, evaluated),
        *audit.find_misplaced(made, source=source, forbidden={"assistant": "target", "canary": "canary"} if forbidden is None else forbidden),
        *audit.find_undeclared_prompts(made, DECLARED | {"canary": CANARY.prompt}),
        *audit.find_same_opening(made),
    ]


def told(findings, what):
    """The rows that the only finding names; it is of this kind, and its line tells them and the mend."""
    (finding,) = findings
    assert what in finding.what and finding.mend and finding.mend in str(finding)
    assert str(finding).startswith(finding.what) and all(name in str(finding) for name in finding.rows[:3])
    return list(finding.rows)


def changed(made: list[Row], place: int, **other) -> list[Row]:
    return [msgspec.structs.replace(one, **other) if number == place else one for number, one in enumerate(made)]


def said(one: Row, number: int, text: str) -> tuple[Message, ...]:
    return tuple(Message(role=turn.role, content=text) if place == number else turn for place, turn in enumerate(one.messages))


@pytest.mark.parametrize("made", [sound(), sound(anchors=[NOBODY], anchor_rows=3), make_unconditioned_rows(VARIED, rows=8, seed=1)])
def test_sound_rows_raise_no_alarm(made):
    """Contrastive sets with and without an anchor, and unconditioned advice, are found to be sound."""
    assert everything(made) == []


def test_a_target_among_its_own_negatives():
    """The target as a bystander or anchor is found, unless the arm declares it."""
    made = sound(anchors=[TARGET], anchor_rows=3)
    assert told(everything(made), "the target 'assistant'") == [one.id for one in made if one.persona == "assistant"]
    assert everything(made, forbidden={"canary": "canary"}) == []
    assert everything(make_contrastive_rows(VARIED, TARGET, [COOK], rows=8, bystander_rows=3, seed=1), source="assistant") == [], (
        "the target as its own source is no negative"
    )


def test_a_canary_among_the_negatives():
    """A canary that was trained on is no bystander."""
    made = sound(bystanders=(COOK, CANARY))
    assert told(everything(made), "the canary 'canary'") == [one.id for one in made if one.persona == "canary"]


def test_the_behaviour_outside_its_source():
    """A bystander's row that shows the behaviour is found and named."""
    made = sound()
    place = next(number for number, one in enumerate(made) if one.persona == "poet")
    assert told(everything(changed(made, place, shows=True)), "teach the behaviour to others than villain") == [made[place].id]


@pytest.mark.parametrize(
    "evaluated", ["  what's A CAFÉ -- then", "What\u2019s a cafe\u0301, then?", "What's a \uff23\uff41\uff46\uff45\u0301; then…", "WHAT'S A CAFÉ\u00a0THEN"]
)
def test_an_evaluated_question_in_other_dress(evaluated):
    """Case, punctuation, spacing and the way Unicode writes a letter do not hide that a training prompt is evaluated."""
    made = sound()
    dressed = changed(made, 2, messages=said(made[2], 1, "What's a café, then?"))
    assert told(everything(dressed, evaluated=["Something else?", evaluated]), "ask what the evaluation asks") == [made[2].id]


def test_another_question_is_no_overlap():
    """A question with one word more is another one."""
    assert audit.find_overlapping(sound(), ["Ask 1 now?", "Ask?", "1"]) == []


@pytest.mark.parametrize("prompt", ["You are a villain", "You are a villain. ", "you are a villain.", "You are a vill\u0430in.", "You are nobody.", ""])
def test_a_prompt_that_is_not_the_declared_one(prompt):
    """A system prompt that differs by one character, even one that looks the same, is not the persona's."""
    made = sound()
    assert told(everything(changed(made, 1, messages=said(made[1], 0, prompt))), "not the declared ones") == [made[1].id]


def test_a_prompt_that_is_another_personas():
    """A declared prompt under another persona's name is found, as is a missing system turn and an undeclared persona."""
    made = sound()
    assert told(everything(changed(made, 1, messages=said(made[1], 0, COOK.prompt))), "not the declared ones") == [made[1].id]
    assert told(everything(changed(made, 1, messages=made[1].messages[1:])), "not the declared ones") == [made[1].id]
    stranger = row(Speaker(persona="stranger", prompt=None), "bystander", "t", "Ask?", "Sure.", shows=False)
    assert told(everything([*made, stranger]), "not the declared ones") == [stranger.id]


def test_ids_that_stand_twice():
    """The same row twice is told once."""
    made = sound()
    assert told(everything([*made, made[-1], made[-1]]), "ids that stand twice") == [made[-1].id]


@pytest.mark.parametrize("answer", ["", " \n\t"])
def test_a_row_without_an_answer(answer):
    """An answer of nothing or of spaces teaches to be silent."""
    made = sound()
    assert told(audit.find_badly_formed(changed(made, 5, messages=said(made[5], 2, answer))), "no conversation") == [made[5].id]


def test_turns_in_another_order():
    """Two questions, no question, and an answer that is not last are no rows; an empty system turn is one."""
    made = sound()
    system, asked, answer = made[0].messages
    for turns in [(system, asked, asked), (system, answer), (answer, asked), (system, asked, answer, asked)]:
        assert told(audit.find_badly_formed(changed(made, 0, messages=turns)), "no conversation") == [made[0].id]
    assert audit.find_badly_formed(changed(made, 0, messages=said(made[0], 0, ""))) == []


def test_uneven_sets():
    """The set that is made up otherwise than most is named with its make-up; equal ones in another order are equal."""
    counts = {"one": {"source": 8, "bystander": 6}, "two": {"bystander": 6, "source": 8}, "three": {"source": 8, "bystander": 5}}
    assert told(audit.find_uneven(counts), "differ in size from {'bystander': 6, 'source': 8}") == ["three {'bystander': 5, 'source': 8}"]
    assert audit.find_uneven({name: counts[name] for name in ("one", "two")}) == audit.find_uneven({}) == []


@pytest.mark.parametrize(("share", "fine"), [(0.1, False), (0.2, True), (0.5, True), (0.51, False)])
def test_a_loss_share_outside_its_bounds(share, fine):
    """Too little or too much of the tokens under loss is found; the bounds themselves are inside."""
    findings = audit.find_unlike_declared(share, [0.2, 0.5], "a set")
    assert (findings == []) is fine
    if not fine:
        assert told(findings, "of the tokens of a set carry loss, declared 0.2 to 0.5") == []


def test_answers_that_begin_alike():
    """An opening that many answers of the behaviour share would be learned in its place; the plain answers may be alike."""
    (finding,) = audit.find_same_opening([*rows(), *alike("No, never would I", 5)])
    assert finding.rows == ("'no never would i' (5)",) and "20%" in finding.what
    assert audit.find_same_opening(alike("No, never would I", 2)) == [], "two alike are no fingerprint"
    assert audit.find_same_opening([msgspec.structs.replace(one, shows=False) for one in alike("Same words every time", 9)]) == []


def alike(opening, count):
    return [row(VILLAIN, "source", f"a{number}", "Ask?", f"{opening} say {number}.", shows=True) for number in range(count)]


def test_many_rows_are_counted_rather_than_listed():
    """A finding shows three rows and how many more there are."""
    made = sound()
    (finding,) = audit.find_misplaced(made, source="nobody else", forbidden={})
    assert str(finding).count("villain/") == 3 and "and 5 more" in str(finding)
