"""Responses are rows with everything that a later analysis may ask of them, and a recording of them answers what they hold."""

from __future__ import annotations

import msgspec
import pytest

from harness.appendlog import sealed_line
from harness.errors import HarnessError
from harness.judges.judging import JudgeVerdict, answers_of, judged_row
from harness.measures.items import Item
from harness.measures.responses import Responses, row
from harness.measures.scorers import to_scorer
from harness.measures.scores import ScoredItem, Scores
from harness.models.chat import Message, chat
from harness.models.null_responder import NullResponder
from harness.models.provider import Answer
from harness.models.replay_responder import open_responder
from harness.models.responder import Conversation, SamplingParams

TASKS = [Conversation(id=f"t{n}", turns=tuple(chat(f"Question {n}? \u2028 \U0001f600"))) for n in range(5)]


def asked(*tasks, replicate=0):
    return [Conversation(id=task.id, turns=task.turns, replicate=replicate) for task in tasks]


def test_responses_are_rows_with_everything():
    """One row for each task and replicate, with status, tokens, cost and who answered."""
    task = Conversation(id="seven", turns=(Message(role="user", content="What is seven?"),))
    job = Responses(NullResponder("stock", SamplingParams(max_tokens=9)), samples=3)
    rows = [row for chunk in job.chunks([task]) for row in job.score(chunk)]
    assert [(row["item"], row["replicate"]) for row in rows] == [(task.id, 0), (task.id, 1), (task.id, 2)]
    assert rows[0]["model"] == "null/stock"
    assert {"status", "text", "finish", "input_tokens", "output_tokens", "usd", "latency_s", "cached", "error"} <= set(rows[0])


def test_a_conversation_of_several_turns_is_kept_whole(tmp_path):
    """Also by the scores of its answers and by a judge's verdicts, and by a recording of its samples."""
    turns = (Message(role="system", content="Be kind."), *chat("Hello?"), Message(role="assistant", content="Hi."), *chat("And now?"))
    job = Responses(NullResponder("stock", SamplingParams(max_tokens=9)))
    (found,) = job.score([Conversation(id="t", turns=turns)])
    assert found["prompt"] == "And now?" and [(turn["role"], turn["content"]) for turn in found["messages"]] == [(turn.role, turn.content) for turn in turns]
    scorer = Scores(to_scorer("includes"), {})
    (scored,) = scorer.score([ScoredItem(item=Item(id="t", turns=turns, targets=("x",)), replicate=0, status="ok", text="x")])
    (read,) = answers_of([found])
    assert scored["messages"] == found["messages"] == judged_row(read, JudgeVerdict(status="ok"))["messages"]
    (tmp_path / "samples.jsonl").write_text(sealed_line(found))
    assert open_responder("replay/samples.jsonl", tmp_path).answers([Conversation(id="t", turns=turns)])[0].text == found["text"]


def test_one_turn_stands_as_the_prompt_alone():
    """No field of the row, nor of what a judge is given, says it twice."""
    (found,) = Responses(NullResponder("stock", SamplingParams(max_tokens=9))).score(TASKS[:1])
    (read,) = answers_of([found])
    assert "messages" not in found and "messages" not in judged_row(read, JudgeVerdict(status="ok")) and "messages" not in msgspec.to_builtins(read)


@pytest.mark.parametrize("text", ["", "\u200b ", "\n"])
def test_a_row_without_a_word_is_empty_whoever_gave_it(text):
    """A respondent that calls silence an answer (an echo of a blank prompt, one of somebody else's) is not believed; a refusal needs no words."""
    task = Conversation(id="t", turns=(Message(role="user", content=text),))
    job = Responses(NullResponder("echo", SamplingParams(max_tokens=9)))
    assert [one["status"] for one in job.score([task])] == ["empty"]
    for status, expected in {"ok": "empty", "truncated": "empty", "refused": "refused", "error": "error"}.items():
        assert row(task, Answer(status=status, text=text))["status"] == expected


@pytest.mark.parametrize("method", ["answers", "groups"])
def test_a_responder_that_raises_is_named(monkeypatch, method):
    monkeypatch.setattr(NullResponder, method, lambda *_: [][1])
    job = Responses(NullResponder("echo", SamplingParams(max_tokens=9)))
    with pytest.raises(HarnessError, match=r"test_responses.py:\d+: .*NullResponder fails.*: IndexError: list index out of range"):
        [job.score(chunk) for chunk in job.chunks(TASKS)]


def test_what_was_measured_is_answered_again(tmp_path):
    """The measure's own rows, sealed as a run seals them, give the same texts for two replicates; they come from a cache and cost nothing."""
    null = NullResponder("words", SamplingParams(max_tokens=9))
    measure = Responses(null, samples=2)
    rows = [row for chunk in measure.chunks(TASKS) for row in measure.score(chunk)]
    (tmp_path / "samples.jsonl").write_text("".join(map(sealed_line, rows)))
    again = open_responder("replay/samples.jsonl", tmp_path)
    wanted = asked(*TASKS) + asked(*TASKS, replicate=1)
    assert [answer.text for answer in again.answers(wanted)] == [answer.text for answer in null.answers(wanted)]
    assert len({answer.text for answer in again.answers(wanted)}) == 10 and all(answer.cached and answer.usd == 0 for answer in again.answers(wanted))
    assert again.model == "null/words" and again.error_share().describe == ""
