"""Whoever is compared: one form for weights, null models and APIs, and the same answers whatever else is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.models.chat import Message
from harness.models.local_responder import LocalResponder
from harness.models.null_responder import NullResponder, zipf
from harness.models.responder import Conversation, ModelEntry, SamplingParams, add_system_prompt
from harness.models.responders import ResolverContext, open_responder
from harness.models.sampling import Completion
from harness.models.transcript_responder import TranscriptResponder
from harness.seeds import generator


def asked(number: int, replicate: int = 0) -> Conversation:
    return Conversation(id=f"t{number}", turns=(Message(role="user", content=f"Tell me about the number {number}."),), replicate=replicate)


def means(tmp_path: Path) -> ResolverContext:
    def loaded(spec: str) -> None:
        raise AssertionError(f"{spec} must not be loaded")

    return ResolverContext(loaded=loaded, cache=tmp_path / "replies.sqlite", root=tmp_path, offline=True)


@pytest.mark.parametrize("kind", ["words", "stock", "echo"])
def test_a_null_model_answers_by_seed_and_task_alone(kind):
    """Order and company change nothing; another seed does, but for the echo, which has nothing to choose."""
    one, other = NullResponder(kind, SamplingParams(max_tokens=30)), NullResponder(kind, SamplingParams(max_tokens=30, seed=2))
    questions = [asked(number) for number in range(30)]
    answers = [answer.text for answer in one.answers(questions)]
    assert [answer.text for answer in one.answers(questions[::-1])] == answers[::-1]
    assert (answers == [answer.text for answer in other.answers(questions)]) == (kind == "echo")
    assert all(answer.status == "ok" and answer.usd == 0 for answer in one.answers(questions))


def test_null_words_do_not_depend_on_what_is_asked():
    """Two tasks with one id and different texts get one answer: the null model never reads."""
    one = NullResponder("words", SamplingParams(max_tokens=30))
    same = Conversation(id="t1", turns=(Message(role="user", content="Something else entirely?"),))
    assert one.answers([asked(1)])[0].text == one.answers([same])[0].text


def test_null_words_follow_zipf():
    """Frequencies fall as 1 / rank."""
    assert sum(zipf(50)) == pytest.approx(1)
    assert zipf(50)[0] / zipf(50)[9] == pytest.approx(10)


def test_a_null_model_of_no_kind_is_refused(tmp_path):
    with pytest.raises(HarnessError, match=r"null/wrods' is no null model.*words"):
        open_responder(ModelEntry(name="a", spec="null/wrods", kind="null"), SamplingParams(max_tokens=5), means(tmp_path))


def test_a_spec_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(HarnessError, match=r"opnai/gpt-4o' names no provider.*openai"):
        open_responder(ModelEntry(name="a", spec="opnai/gpt-4o"), SamplingParams(max_tokens=5), means(tmp_path))


def test_local_answers_are_the_same_in_any_order(tiny):
    """A batch is made of the set of tasks, sorted: the order in which they come changes no text, and groups hold each task once."""
    respondent = LocalResponder(tiny, SamplingParams(max_tokens=6), None)
    questions = [asked(number, replicate) for number in range(20) for replicate in (0, 1)]
    mixed = [questions[place] for place in generator("mix").permutation(len(questions))]
    groups, others = respondent.groups(questions), respondent.groups(mixed)
    assert groups == others
    assert sorted((one.id, one.replicate) for group in groups for one in group) == sorted((one.id, one.replicate) for one in questions)
    texts = {(one.id, one.replicate): answer.text for group in groups for one, answer in zip(group, respondent.answers(group), strict=True)}
    assert any(texts[f"t{number}", 0] != texts[f"t{number}", 1] for number in range(20)), "replicates are drawn anew"
    again = {(one.id, one.replicate): answer.text for group in others for one, answer in zip(group, respondent.answers(group), strict=True)}
    assert texts == again


def test_a_cut_answer_is_truncated_and_costs_nothing(smollm2):
    """An answer that ran into max_tokens says so; local answers cost 0, which is known, and their tokens are counted."""
    [answer] = LocalResponder(smollm2, SamplingParams(max_tokens=4, temperature=0), None).answers([asked(7)])
    assert (answer.status, answer.finish, answer.output_tokens, answer.usd) == ("truncated", "length", 4, 0.0)
    assert answer.input_tokens and answer.input_tokens > 10


def test_a_guise_wears_its_prompt_before_a_tasks_own():
    """The persona's prompt comes first; a task's own system turn follows it, and nothing is dropped."""
    turns = (Message(role="system", content="Answer in French."), Message(role="user", content="Hello."))
    assert add_system_prompt(turns, "You are a villain.")[0].content == "You are a villain.\n\nAnswer in French."
    assert add_system_prompt(turns, None) == turns
    assert add_system_prompt(turns[1:], "You are a villain.")[0] == Message(role="system", content="You are a villain.")
    assert add_system_prompt(turns[1:], "")[0] == Message(role="system", content=""), "an empty system prompt is not none"


@pytest.mark.parametrize(("text", "finish"), [("", "stop"), (" \n", "length"), ("\u200b", "length")])
@pytest.mark.parametrize("kind", [LocalResponder, TranscriptResponder])
def test_local_weights_that_say_nothing_are_empty(tiny, kind, text, finish):
    """A model that ends its turn at once, and a base model that writes blanks up to its bound, have not answered."""
    drawn = Completion(text=text, tokens=1, finish=finish, logprob=0.0)
    answer = kind(tiny, SamplingParams(max_tokens=4), None).answer("Hello", drawn)
    assert (answer.status, answer.text) == ("empty", "")


def test_impossible_drawings_are_refused():
    with pytest.raises(HarnessError, match="cannot be drawn with"):
        SamplingParams(max_tokens=0)
