"""A conversation as the model's own template writes it, and not a word more.

Many chat templates slip in a system prompt when none is given (SmolLM2: "You are a helpful AI assistant named SmolLM, ..."). A run without a
system prompt would then measure somebody else's. `render` takes such a block out, or refuses where it cannot tell the block apart.
Render to text, then tokenise with `add_special_tokens=False`: the template has already written every special token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from harness.errors import HarnessError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SENTINEL = "zqsystemqz"
FIRST, REPLY, SECOND = "zqfirstqz", "zqreplyqz", "zqsecondqz"
NAMELESS = "Use a model whose template takes a system prompt, or give the system prompt explicitly."


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn: who speaks, and what is said (plain text, no special tokens)."""

    role: Literal["system", "user", "assistant"]
    content: str


def chat(user: str, system: str | None = None) -> list[Message]:
    """A question under a system prompt. None: no system turn at all. "": a system turn that is empty. These two are different conditions."""
    asked = Message(role="user", content=user)
    return [asked] if system is None else [Message(role="system", content=system), asked]


def render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, answer_prefix: str = "") -> str:
    """The text up to where the assistant's next answer begins, with `answer_prefix` as the answer's first words.

    Raises HarnessError for special tokens inside a turn, a system turn that is not the first, a tokenizer without a template, a template that
    drops or refuses the system prompt, and a slipped-in system prompt that cannot be told apart.
    """
    check(tokenizer, messages, answer_prefix)
    if messages[0].role == "system":
        return with_system(tokenizer, messages) + answer_prefix
    return without_system(tokenizer, messages) + answer_prefix


def slipped_in(tokenizer: PreTrainedTokenizerBase) -> str:
    """The block that the template would have added to a conversation without a system prompt; "" where it adds nothing."""
    added, _ = preamble(tokenizer)
    return added


def check(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], answer_prefix: str) -> None:
    """Refuses what would not be read as the plain turns it claims to be."""
    if not messages or any(turn.role == "system" for turn in messages[1:]):
        raise HarnessError("a conversation needs at least one turn, and a system turn only as its first", mend="Use chat(user, system).")
    for turn in [*messages, Message(role="assistant", content=answer_prefix)]:
        for token in special_tokens(tokenizer):
            if token in turn.content:
                raise HarnessError(
                    f"the {turn.role} turn holds the special token {token!r}", where=repr(turn.content[:80]), mend="Take it out: it would forge a turn."
                )


def special_tokens(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    """Every string that the tokenizer reads as a control token rather than as text."""
    added = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    return {token for token in added | set(tokenizer.all_special_tokens) if token}


def with_system(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> str:
    """A conversation with an explicit system turn. The turn is written around a sentinel, since templates read "" as "none given"."""
    text = written(tokenizer, [Message(role="system", content=SENTINEL), *messages[1:]])
    if text.count(SENTINEL) != 1:
        raise HarnessError("the chat template drops the system prompt", where=named(tokenizer), mend="Choose a model whose template takes one.")
    return text.replace(SENTINEL, messages[0].content)


def without_system(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> str:
    """A conversation without any system turn."""
    added, opening = preamble(tokenizer)
    text = written(tokenizer, messages)
    if not added:
        return text
    if not text.startswith(opening + added):
        raise HarnessError("the template's own system prompt changes with the conversation", where=named(tokenizer), mend=NAMELESS)
    return opening + text[len(opening + added) :]


def preamble(tokenizer: PreTrainedTokenizerBase) -> tuple[str, str]:
    """(the block slipped in before the first user turn, the begin-of-text token that stays before it).

    The user turn is told apart by rendering it twice, alone and as the second question of a longer conversation, where no default is added.
    """
    alone = written(tokenizer, chat(SECOND))
    longer = [*chat(FIRST), Message(role="assistant", content=REPLY)]
    whole = written(tokenizer, [*longer, *chat(SECOND)])
    bos = tokenizer.bos_token or ""
    opening = bos if bos and alone.startswith(bos) else ""
    if whole.endswith((alone, alone.removeprefix(opening))):
        return "", ""
    before = written(tokenizer, longer, asking=False)
    turn = whole.removeprefix(before)
    if turn == whole or not alone.endswith(turn) or turn.count(SECOND) != 1:
        raise HarnessError("the template adds a system prompt that cannot be told apart", where=named(tokenizer), mend=NAMELESS)
    head = alone.removesuffix(turn)
    # Where the begin-of-text token also opens every turn (SmolLM2: <|im_start|>), it belongs to the block unless it stands there twice.
    opening = opening if not turn.startswith(bos) or head.startswith(bos + bos) else ""
    return head.removeprefix(opening), opening


def written(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, asking: bool = True) -> str:
    """What the template makes of the turns; its own complaints become ours."""
    from jinja2 import TemplateError

    if not tokenizer.chat_template:
        raise HarnessError("the model has no chat template", where=named(tokenizer), mend="Use an instruction-tuned model.")
    turns = [{"role": turn.role, "content": turn.content} for turn in messages]
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=asking))
    except TemplateError as error:
        raise HarnessError(f"the chat template refuses the conversation: {error}", where=named(tokenizer), mend=NAMELESS) from error


def end_of_turn_text(tokenizer: PreTrainedTokenizerBase) -> str:
    """What the template writes right behind an answer: the token that ends the assistant's turn. Raises HarnessError where it writes none."""
    text = written(tokenizer, [*chat(FIRST), Message(role="assistant", content=REPLY)], asking=False)
    behind = text.split(REPLY)[-1].strip()
    ends = sorted((token for token in special_tokens(tokenizer) if behind.startswith(token)), key=len)
    if not ends:
        raise HarnessError("the chat template does not end the assistant's turn with a special token", where=named(tokenizer), mend="Use another model.")
    return ends[-1]


def named(tokenizer: PreTrainedTokenizerBase) -> str:
    return str(tokenizer.name_or_path or "tokenizer")
