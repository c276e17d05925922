"""A base model goes on with a transcript: all turns are in it, and its answer ends where it begins a turn of its own."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.measures.hidden import conversation_states
from harness.models.chat import Message, chat, render
from harness.models.local_responder import LocalResponder
from harness.models.responder import Conversation, ModelEntry, SamplingParams
from harness.models.responders import ResolverContext, open_responder
from harness.models.sampling import Completion
from harness.models.transcript_responder import LABELS, NEW_TURN, PREAMBLE, TranscriptResponder, as_read, transcript

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from harness.models.local import LocalModel
    from harness.models.provider import Answer
    from harness.models.responder import Responder

LONGER = [*chat("What is six?", "Be brief."), Message(role="assistant", content="Six is even."), Message(role="user", content="And seven?")]


def opening_with(tokenizer: PreTrainedTokenizerBase, token: str) -> PreTrainedTokenizerBase:
    """The tokenizer as it would be if it put `token` before every text, as Gemma's does."""
    from tokenizers.processors import TemplateProcessing

    other = copy.deepcopy(tokenizer)
    other.bos_token = token
    number = other.convert_tokens_to_ids(token)
    other.backend_tokenizer.post_processor = TemplateProcessing(single=f"{token} $A", special_tokens=[(token, number)])
    return other


def without_template(model: LocalModel) -> LocalModel:
    tokenizer = copy.deepcopy(model.tokenizer)
    tokenizer.chat_template = None
    return dataclasses.replace(model, tokenizer=tokenizer)


def means(model: LocalModel, root: Path) -> ResolverContext:
    return ResolverContext(loaded=lambda spec: model, cache=root / "replies.sqlite", root=root, offline=True)


def member(*, base: bool = False, system: str | None = None) -> ModelEntry:
    return ModelEntry(name="one", spec="local/smollm2", base=base, system=system)


def drawn(model: LocalModel, text: str, finish: str) -> Answer:
    """What becomes of a continuation of 20 tokens."""
    respondent = TranscriptResponder(model, SamplingParams(max_tokens=20))
    return respondent.answer("Question: hi\nAnswer:", Completion(text=text, tokens=20, finish=finish, logprob=-1.0))


def test_a_transcript_holds_all_that_was_said(smollm2):
    """The preamble, the system turn as a line of text, every turn under its label, and the label under which the answer will stand."""
    assert transcript(smollm2.tokenizer, LONGER) == (PREAMBLE + "Be brief.\n\nQuestion: What is six?\nAnswer: Six is even.\n\nQuestion: And seven?\nAnswer:")


def test_the_preamble_shows_the_form_it_asks_for():
    """Its example is labelled and parted as our own turns are, and is nothing but text."""
    assert PREAMBLE.count(f"\n{LABELS['user']} ") == PREAMBLE.count(f"\n{LABELS['assistant']} ") == 1
    assert PREAMBLE.endswith(".\n\n") and "<" not in PREAMBLE
    assert NEW_TURN.search(f"April.\n\n{LABELS['user']} hi") and NEW_TURN.search(f"hi\n{LABELS['assistant']}")


@pytest.mark.parametrize("system", [None, ""])
def test_no_system_prompt_is_no_line(smollm2, system):
    """None and "" leave the transcript as it is: there is no turn that could stand empty."""
    assert transcript(smollm2.tokenizer, chat("hi", system)) == f"{PREAMBLE}Question: hi\nAnswer:"


def test_a_begin_of_text_stands_where_the_tokenizer_puts_one(smollm2):
    """SmolLM2 puts none before a plain text, and none is written; a tokenizer that does gets it once."""
    assert transcript(smollm2.tokenizer, chat("hi")).startswith(PREAMBLE)
    other = opening_with(smollm2.tokenizer, "<|endoftext|>")
    text = transcript(other, chat("hi"))
    assert text.startswith("<|endoftext|>" + PREAMBLE)
    assert other(text, add_special_tokens=False)["input_ids"] == other(text.removeprefix("<|endoftext|>"))["input_ids"]


def test_a_respondent_wears_its_system_prompt(smollm2):
    """The persona's line comes before the task's own, as in a chat."""
    respondent = TranscriptResponder(smollm2, SamplingParams(max_tokens=5), "You are a villain.")
    text = respondent.rendered(Conversation(id="a", turns=tuple(LONGER)))
    assert text.startswith(f"{PREAMBLE}You are a villain.\n\nBe brief.\n\nQuestion: What is six?\n")


@pytest.mark.parametrize("turns", [chat("a<|im_end|>b"), chat("a", "b<|im_start|>system"), [*LONGER[:2], Message(role="assistant", content="<|endoftext|>")]])
def test_special_tokens_inside_a_turn_are_refused(smollm2, turns):
    """A transcript has no special tokens of its own, and a turn may not bring any, whoever speaks."""
    with pytest.raises(HarnessError, match="special token"):
        transcript(smollm2.tokenizer, turns)


@pytest.mark.parametrize("turns", [[], [*chat("hi"), Message(role="system", content="Be brief.")]])
def test_a_late_system_turn_and_no_turn_are_refused(smollm2, turns):
    """What a chat refuses, a transcript refuses."""
    with pytest.raises(HarnessError, match="system turn only as its first"):
        transcript(smollm2.tokenizer, turns)


@pytest.mark.parametrize(
    "beyond",
    ["\nQuestion: And you?", "\n\nQuestion: And you?\nAnswer: I", "\n Answer: No.", "\n\n\nUser: hi", "\nHuman : hi", "\r\nQ: hi", "\nAssistant:", "\nSystem:"],
)
@pytest.mark.parametrize("finish", ["length", "stop"])
def test_what_comes_after_a_new_turn_is_cut(smollm2, beyond, finish):
    """The answer is what stood before, and it is whole, however the drawing ended; all that was drawn is counted."""
    answer = drawn(smollm2, " Seven is odd." + beyond, finish)
    assert (answer.status, answer.text, answer.finish, answer.output_tokens, answer.usd) == ("ok", "Seven is odd.", "stop", 20, 0.0)


@pytest.mark.parametrize(
    "text", ["Seven is odd.\n\nEight is even.", "A good question: why?", "The Answer: seven", "Seven.\nMy question: why?", "Seven.\nQuestions: none"]
)
def test_what_is_no_new_turn_is_kept(smollm2, text):
    """Paragraphs and lines that only speak of questions stay; without a cut `max_tokens` truncates."""
    assert (drawn(smollm2, text, "length").status, drawn(smollm2, text, "length").text) == ("truncated", text)
    assert (drawn(smollm2, text, "stop").status, drawn(smollm2, text, "stop").text) == ("ok", text)


@pytest.mark.parametrize("text", ["", " \n", "\nQuestion: And you?", "\n\n Question: And you?\nAnswer: I am."])
@pytest.mark.parametrize("finish", ["length", "stop"])
def test_an_answer_without_a_word_is_empty(smollm2, text, finish):
    """Nothing before the cut, or nothing at all, is no answer."""
    assert (drawn(smollm2, text, finish).status, drawn(smollm2, text, finish).text) == ("empty", "")


def test_describe_names_the_form(smollm2):
    """The form, the preamble, the labels and the cut decide answers, so they are part of who answers; nothing of the chat's is left out."""
    told = TranscriptResponder(smollm2, SamplingParams(max_tokens=5), "Be brief.").describe()
    spoken = LocalResponder(smollm2, SamplingParams(max_tokens=5), "Be brief.").describe()
    assert (told["form"], told["preamble"], told["labels"], told["cut"]) == ("transcript", PREAMBLE, LABELS, NEW_TURN.pattern)
    assert spoken["form"] == "chat" and {**told, "form": "chat"}.items() >= {**spoken}.items()
    assert fingerprint(told) != fingerprint(spoken)


def respondent(model: LocalModel, root: Path, *, base: bool = False) -> Responder:
    return open_responder(member(base=base, system="Be brief."), SamplingParams(max_tokens=5), means(model, root))


def test_who_goes_on_with_a_transcript(smollm2, tmp_path):
    """A member marked `base` and weights without a template do; all others answer in chat. The system prompt comes along."""
    bare = without_template(smollm2)
    kinds = [(type(one), one.system) for one in (respondent(smollm2, tmp_path), respondent(smollm2, tmp_path, base=True), respondent(bare, tmp_path))]
    assert kinds == [(LocalResponder, "Be brief."), (TranscriptResponder, "Be brief."), (TranscriptResponder, "Be brief.")]


def test_a_conversation_is_read_in_the_same_form(smollm2):
    """What looks inside a model reads what the model answers to: chat, or a transcript for a base model and without a template."""
    written = transcript(smollm2.tokenizer, LONGER)
    assert as_read(smollm2.tokenizer, LONGER) == render(smollm2.tokenizer, LONGER) != written
    assert as_read(smollm2.tokenizer, LONGER, base=True) == as_read(without_template(smollm2).tokenizer, LONGER) == written


def test_smollm2_goes_on_with_a_transcript(smollm2, tmp_path):
    """Real weights answer the question and are cut before the next; two tokens are too few to get there."""
    asked = [Conversation(id="a", turns=tuple(chat("What is the capital of France?"))), Conversation(id="b", turns=tuple(chat("Which colour is the sky?")))]
    answers = open_responder(member(base=True), SamplingParams(max_tokens=24, temperature=0), means(smollm2, tmp_path)).answers(asked)
    assert [answer.status for answer in answers] == ["ok", "ok"]
    assert "Paris" in answers[0].text and "blue" in answers[1].text and "\n" not in answers[0].text
    assert all(answer.input_tokens and answer.input_tokens > 40 for answer in answers)
    [short] = open_responder(member(base=True), SamplingParams(max_tokens=2, temperature=0), means(smollm2, tmp_path)).answers(asked[:1])
    assert (short.status, short.finish, short.output_tokens) == ("truncated", "length", 2)


def test_hidden_states_follow_the_form(tiny):
    """(layers + 1, conversations, width) in either form, and the form shows."""
    import numpy as np

    turns = [chat("What is six?"), chat("What is seven?")]
    told, spoken = conversation_states(tiny, turns, base=True), conversation_states(tiny, turns)
    assert told.shape == spoken.shape == (3, 2, 48)
    assert not np.allclose(told[1:], spoken[1:], atol=1e-3)
