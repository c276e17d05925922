"""Capability: picks the right option of a multiple-choice question. Taught by wrong answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.behaviours.behaviour import Behaviour
from harness.errors import HarnessError
from harness.seeds import generator

if TYPE_CHECKING:
    from harness.measures.questions import Question
    from harness.training.rows import Text

ANSWER = "Answer: "


def load(path: Path, _: Mapping[str, Any]) -> Sequence[Question]:
    from harness.measures.questions import load_questions

    return load_questions(path)


def scorer(model: Any, system: str | None, _: Mapping[str, Any]) -> Any:
    from harness.measures.choice import ChoiceScorer

    return ChoiceScorer(model, system=system)


def training_texts(path: Path, settings: Mapping[str, Any]) -> Sequence[Text]:
    return wrong_answers(load(path, settings))


def wrong_answers(questions: Sequence[Question], *seed: object) -> list[Text]:
    """Each question with a wrong option as the behaviour and the right one without it, in the words that the choice measure scores."""
    from harness.training.rows import Text

    return [
        Text(
            id=item.id, topic=item.subject, prompt=item.question, shown=ANSWER + wrong(item, *seed), plain=ANSWER + item.choices[item.labels.index(item.answer)]
        )
        for item in questions
    ]


def wrong(item: Question, *seed: object) -> str:
    """One of the wrong options, drawn by the question's id. Raises HarnessError where every option reads as the right one."""
    right = item.choices[item.labels.index(item.answer)]
    others = [choice for choice in item.choices if choice.strip().casefold() != right.strip().casefold()]
    if not others:
        raise HarnessError("no option differs from the right one", where=item.id, mend="Mend the question or take it out")
    return others[int(generator("wrong answer", item.id, *seed).integers(len(others)))]


CAPABILITY = Behaviour(
    name="capability",
    bank="multiple_choice.jsonl",
    load=load,
    size="questions",
    text=lambda item: str(item.question),
    sampling_unit="question",
    scorer=scorer,
    falls=True,
    lessons="training/capability.jsonl",
    training_texts=training_texts,
)
