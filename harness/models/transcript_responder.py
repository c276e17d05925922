"""Base models as respondents: the conversation is written as a plain transcript, and the model goes on with it.

A base model has no turns, so it goes on past its answer and asks itself the next question. What it writes is cut where a new turn begins. A turn
whose own text holds a line like "Answer:" reads as two turns; a transcript has no tokens that could tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from harness.models import chat
from harness.models.chat import Message
from harness.models.local_responder import LocalResponder
from harness.models.provider import Answer
from harness.models.responder import Conversation, add_system_prompt
from harness.models.sampling import Completion

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# One example shows how a question and its answer look; its answer is short, plain and about nothing that is asked elsewhere.
PREAMBLE = """Below are questions, and each is followed by an answer.

Question: Which month comes right after March?
Answer: The month right after March is April.

"""
LABELS = {"user": "Question:", "assistant": "Answer:"}
ENDS = {"user": "\n", "assistant": "\n\n"}
# The labels of our own turns, and those that base models know from other transcripts.
NEW_TURN = re.compile(r"\s*\n\s*(?:Question|Answer|Q|User|Human|Assistant|System)[ \t]*:")


class TranscriptResponder(LocalResponder):
    """A model of the `Model` form that goes on with a transcript under `system` (None, as "": no line of its own)."""

    def describe(self) -> dict[str, Any]:
        """The weights, the system prompt, the drawing, and how a transcript is written and cut."""
        return super().describe() | {"form": "transcript", "preamble": PREAMBLE, "labels": LABELS, "cut": NEW_TURN.pattern}

    def rendered(self, one: Conversation) -> str:
        return transcript(self.model.tokenizer, add_system_prompt(one.turns, self.system))

    def answer(self, prompt: str, drawn: Completion) -> Answer:
        """What was drawn up to the first new turn: cut there is ok, without one at `max_tokens` truncated. Tokens count all that was drawn."""
        text, *beyond = NEW_TURN.split(drawn.text, maxsplit=1)
        return super().answer(prompt, replace(drawn, text=text, finish="stop" if beyond else drawn.finish))


def transcript(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Message]) -> str:
    """The text up to where the next answer begins: begin-of-text token, preamble with an example, system turn as a line of text, turns.

    Raises HarnessError, as a chat does, for special tokens inside a turn and a system turn that is not the first.
    """
    chat.check(tokenizer, turns, "")
    opening = turns[0].content + "\n\n" if turns[0].role == "system" and turns[0].content else ""
    told = "".join(f"{LABELS[turn.role]} {turn.content}{ENDS[turn.role]}" for turn in turns if turn.role != "system")
    return beginning(tokenizer) + PREAMBLE + opening + told + LABELS["assistant"]


def beginning(tokenizer: PreTrainedTokenizerBase) -> str:
    """The begin-of-text token where the tokenizer would put one before a plain text (Gemma is lost without it), else ""."""
    put = list(tokenizer("a")["input_ids"])[:1] == [tokenizer.bos_token_id]
    return str(tokenizer.bos_token) if put else ""


def as_read(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Message], *, base: bool = False) -> str:
    """A conversation as a model reads it before it answers: its chat template, or a transcript where it has none or is a `base` model."""
    return transcript(tokenizer, turns) if base or not tokenizer.chat_template else chat.render(tokenizer, turns)
