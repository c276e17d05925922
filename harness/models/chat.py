"""A conversation as the model's own template writes it, and not a word more.

Many chat templates slip in a system prompt when none is given (SmolLM2: "You are a helpful AI assistant named SmolLM, ..."). A run without a
system prompt would then measure somebody else's. `render` takes such a block out, or refuses where it cannot tell the block apart.
Render to text, then tokenise with `add_special_tokens=False`: the template has already written every special token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import canonical
from harness.models.weights import first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SENTINEL = "zqsystemqz"
FIRST, REPLY, SECOND = "zqfirstqz", "zqreplyqz", "zqsecondqz"
NAMELESS = "Use a model whose template takes a system prompt, or give the system prompt explicitly."
OWN = "Use a template that writes the turns and nothing else: edit chat_template.jinja in a copy of the model's folder."
# Texts in place of turns, as unlike each other as turns are: a template that looks at them is found out.
STAND_INS = ("zq{role}{number}qz", "Name month {number}, please: what does\nthe {role} think?")
# What templates call the roles. Other words in a template's text are its own, unless every turn has them.
ROLE_WORDS = frozenset(["system", "sys", "prompt", "user", "human", "assistant", "model", "bot", "inst", "think"])
# More words than these in every turn are no names of roles ("GPT4 Correct User:", "### Instruction:") but something said.
MARKS = 4
TAG = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]")
Role = Literal["system", "user", "assistant"]
LONGER: tuple[tuple[Role, ...], ...] = (("system", "user", "assistant", "user"), ("user", "assistant", "user", "assistant", "user"))


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn: who speaks, and what is said (plain text, no special tokens)."""

    role: Role
    content: str


def chat(user: str, system: str | None = None) -> list[Message]:
    """A question under a system prompt. None: no system turn at all. "": a system turn that is empty. These two are different conditions."""
    asked = Message(role="user", content=user)
    return [asked] if system is None else [Message(role="system", content=system), asked]


def render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, answer_prefix: str = "") -> str:
    """The text up to where the assistant's next answer begins, with `answer_prefix` as the answer's first words.

    Every turn stands in it letter for letter, and what stands around the turns is the same whatever they say and whatever day it is. Raises
    HarnessError for a template that does otherwise or adds words of its own; for text that would forge a turn, a system turn that is not the first,
    a tokenizer without a template, a template that drops or refuses a turn, and a slipped-in system prompt that cannot be told apart.
    """
    look = TemplateLook.from_tokenizer(tokenizer)
    check_turns(look, messages, answer_prefix)
    roles = tuple(turn.role for turn in messages)
    pieces = frame(look, roles)
    check_markers(look, roles, [*messages, Message(role="assistant", content=answer_prefix)])
    # Templates read "" as "none given", so an empty system turn is the turn as the template writes it around any other text.
    asked = [Message(role="system", content=SENTINEL) if turn.role == "system" and not turn.content else turn for turn in messages]
    check_verbatim(tokenizer, asked, raw_frame(look, roles))
    return fill(pieces, messages) + answer_prefix


def render_question(tokenizer: PreTrainedTokenizerBase, question: str, system: str | None) -> str:
    """What a model reads of one question under a system prompt."""
    return render(tokenizer, chat(question, system))


def slipped_in(tokenizer: PreTrainedTokenizerBase) -> str:
    """The block that the template would have added to a conversation without a system prompt; "" where it adds nothing."""
    added, _ = preamble(TemplateLook.from_tokenizer(tokenizer))
    return added


def check(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], answer_prefix: str) -> None:
    """Refuses what would not be read as the plain turns it claims to be."""
    check_turns(TemplateLook.from_tokenizer(tokenizer), messages, answer_prefix)


def check_turns(look: TemplateLook, messages: Sequence[Message], answer_prefix: str) -> None:
    if not messages or any(turn.role == "system" for turn in messages[1:]):
        raise HarnessError("a conversation needs at least one turn, and a system turn only as its first", mend="Use chat(user, system).")
    for turn in [*messages, Message(role="assistant", content=answer_prefix)]:
        for token in special_tokens(look):
            if token in turn.content:
                raise HarnessError(
                    f"the {turn.role} turn holds the special token {token!r}", where=repr(turn.content[:80]), mend="Take it out: it would forge a turn."
                )


def tokenizer_state(tokenizer: PreTrainedTokenizerBase) -> str:
    """What can be changed on a tokenizer after it was loaded, and decides what a model reads and where it ends: templates and special tokens. JSON."""
    added = [(number, token.content, token.special) for number, token in tokenizer.added_tokens_decoder.items()]
    named = {name: str(token) for name, token in tokenizer.special_tokens_map.items()}
    return canonical([tokenizer.chat_template, named, added])


@dataclass(frozen=True)
class TemplateLook:
    """What decides how conversations are written, and the tokenizer that writes them: what is learned of a template is kept under it."""

    state: str
    tokenizer: PreTrainedTokenizerBase = field(compare=False)

    @classmethod
    def from_tokenizer(cls, tokenizer: PreTrainedTokenizerBase) -> TemplateLook:
        return cls(tokenizer_state(tokenizer), tokenizer)


@lru_cache(maxsize=64)
def special_tokens(look: TemplateLook) -> frozenset[str]:
    """Every string that the tokenizer reads as a control token rather than as text."""
    added = {token.content for token in look.tokenizer.added_tokens_decoder.values() if token.special}
    return frozenset(token for token in added | set(look.tokenizer.all_special_tokens) if token)


@lru_cache(maxsize=256)
def frame(look: TemplateLook, roles: tuple[Role, ...]) -> tuple[str, ...]:
    """What is written before, between and behind turns of these roles, without the block that the template slips in.

    Raises HarnessError where words of the template's own are left.
    """
    first, *others = raw_frame(look, roles)
    if roles[0] != "system":
        added, opening = preamble(look)
        if not first.startswith(opening + added):
            raise HarnessError("the template's own system prompt changes with the conversation", where=tokenizer_name(look.tokenizer), mend=NAMELESS)
        first = opening + first[len(opening + added) :]
    known = structure(look)
    for piece in (first, *others):
        if plain_words(look.tokenizer, piece) - known:
            raise HarnessError(f"the chat template adds words of its own: {piece.strip()[:200]!r}", where=tokenizer_name(look.tokenizer), mend=OWN)
    return (first, *others)


@lru_cache(maxsize=256)
def raw_frame(look: TemplateLook, roles: tuple[Role, ...]) -> tuple[str, ...]:
    """What the template writes before, between and behind turns of these roles. Raises HarnessError where that depends on the turns or on the date."""
    tokenizer = look.tokenizer
    shown = [tuple(Message(role=role, content=probe.format(role=role, number=number)) for number, role in enumerate(roles)) for probe in STAND_INS]
    first, second = (split_turns(tokenizer, apply_template(tokenizer, turns), turns) for turns in shown)
    if first != second:
        one, other = difference("".join(first), "".join(second))
        raise HarnessError(f"the chat template depends on what the turns say: {one!r} becomes {other!r}", where=tokenizer_name(tokenizer), mend=OWN)
    try:
        # A template that asks for the time finds a text in place of the clock.
        timeless = apply_template(tokenizer, shown[0], strftime_now="")
    except HarnessError:
        timeless = None
    if timeless != fill(first, shown[0]):
        text = max(first, key=lambda piece: len(plain_words(tokenizer, piece)))
        raise HarnessError(f"the chat template writes the date: {text.strip()[:200]!r}", where=tokenizer_name(tokenizer), mend=OWN)
    return first


def split_turns(tokenizer: PreTrainedTokenizerBase, text: str, turns: Sequence[Message]) -> tuple[str, ...]:
    """What stands before, between and behind the turns. Raises HarnessError where one is not there exactly once, and behind the one before it."""
    pieces, rest = [], text
    for turn in turns:
        before, there, rest = rest.partition(turn.content)
        if not there or text.count(turn.content) != 1:
            what = "drops" if turn.content not in text else "moves or repeats"
            name = "system prompt" if turn.role == "system" else f"{turn.role} turn"
            raise HarnessError(f"the chat template {what} the {name}", where=tokenizer_name(tokenizer), mend="Choose a model whose template takes one.")
        pieces.append(before)
    return (*pieces, rest)


def fill(pieces: Sequence[str], turns: Sequence[Message]) -> str:
    return "".join(piece + turn.content for piece, turn in zip(pieces, turns, strict=False)) + pieces[-1]


def check_verbatim(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Message], pieces: Sequence[str]) -> None:
    """Refuses a template that writes these very turns otherwise than letter for letter, or other text around them than around any others."""
    actual, expected = apply_template(tokenizer, turns), fill(pieces, turns)
    if actual == expected:
        return
    one, other = difference(expected, actual)
    start, ends = shared_length(expected, actual), [len(fill([*pieces[: count + 1], ""], turns[: count + 1])) for count in range(len(turns))]
    number = next((number for number, end in enumerate(ends) if start <= end), len(turns) - 1)
    raise HarnessError(
        f"the chat template rewrites the {turns[number].role} turn (number {number + 1}): {one!r} becomes {other!r}",
        where=tokenizer_name(tokenizer),
        mend="Give the text without what the template takes for a switch, and without space at its ends; or use a template that writes it as it is.",
    )


def difference(one: str, other: str) -> tuple[str, str]:
    """Both texts from a little before the first place where they differ."""
    start = max(0, shared_length(one, other) - 10)
    return one[start : start + 50], other[start : start + 50]


def shared_length(one: str, other: str) -> int:
    return next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))


def check_markers(look: TemplateLook, roles: tuple[Role, ...], turns: Sequence[Message]) -> None:
    """Refuses text that holds what the template marks turns with, where the tokenizer reads it as text: the model would read a turn there."""
    anywhere, at_line_start = turn_marks(look, roles)
    for turn in turns:
        held = [mark for mark in anywhere if mark in turn.content]
        held += [mark for mark in at_line_start if f"\n{mark}" in f"\n{turn.content}"]
        if held:
            what = f"the {turn.role} turn holds {held[0]!r}, by which the chat template marks turns"
            raise HarnessError(what, where=repr(turn.content[:80]), mend="Take it out: it would forge a turn.")


@lru_cache(maxsize=256)
def turn_marks(look: TemplateLook, roles: tuple[Role, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """What marks turns wherever it stands ("[/INST]", "<|user|>", " ASSISTANT:"), and what marks them at the beginning of a line ("### Answer:")."""
    anywhere: set[str] = set()
    at_line_start: set[str] = set()
    for pieces in (raw_frame(look, roles), *(any_frame(look, others) for others in LONGER)):
        for number, piece in enumerate(pieces):
            anywhere |= set(TAG.findall(piece))
            for line, text in enumerate(piece.split("\n")):
                if re.search(r"\w", text) and not re.fullmatch(r"\s*\w+\s*", text):  # a word alone is everyday text
                    (anywhere if number and not line else at_line_start).add(text.strip())
    return frozenset(anywhere), frozenset(at_line_start)


def any_frame(look: TemplateLook, roles: tuple[Role, ...]) -> tuple[str, ...]:
    """`raw_frame`, or nothing where the template does not take such a conversation."""
    try:
        return raw_frame(look, roles)
    except HarnessError:
        return ()


def plain_words(tokenizer: PreTrainedTokenizerBase, piece: str) -> set[str]:
    """The words of a text beside the tokenizer's own tokens."""
    for token in sorted((token.content for token in tokenizer.added_tokens_decoder.values()), key=len, reverse=True):
        piece = piece.replace(token, " ")
    return {word.lower() for word in re.findall(r"[^\W_]+", piece)}


@lru_cache(maxsize=64)
def structure(look: TemplateLook) -> frozenset[str]:
    """Words with which the template marks every turn: a few that stand between turns in one place of a longer conversation as in the other."""
    pieces = any_frame(look, LONGER[1])
    if not pieces:
        return ROLE_WORDS
    _, answer, question, later_answer, later_question, _ = (plain_words(look.tokenizer, piece) for piece in pieces)
    marks = (answer & later_answer | question & later_question) - ROLE_WORDS
    return ROLE_WORDS | (marks if len(marks) <= MARKS else set())


@lru_cache(maxsize=64)
def preamble(look: TemplateLook) -> tuple[str, str]:
    """(the block slipped in before the first user turn, the begin-of-text token that stays before it).

    The user turn is told apart by rendering it twice, alone and as the second question of a longer conversation, where no default is added.
    """
    tokenizer = look.tokenizer
    alone = apply_template(tokenizer, chat(SECOND))
    longer = [*chat(FIRST), Message(role="assistant", content=REPLY)]
    whole = apply_template(tokenizer, [*longer, *chat(SECOND)])
    bos = tokenizer.bos_token or ""
    opening = bos if bos and alone.startswith(bos) else ""
    if whole.endswith((alone, alone.removeprefix(opening))):
        return "", ""
    before = apply_template(tokenizer, longer, asking=False)
    turn = whole.removeprefix(before)
    if turn == whole or not alone.endswith(turn) or turn.count(SECOND) != 1:
        raise HarnessError("the template adds a system prompt that cannot be told apart", where=tokenizer_name(tokenizer), mend=NAMELESS)
    head = alone.removesuffix(turn)
    # Where the begin-of-text token also opens every turn (SmolLM2: <|im_start|>), it belongs to the block unless it stands there twice.
    opening = opening if not turn.startswith(bos) or head.startswith(bos + bos) else ""
    return head.removeprefix(opening), opening


def apply_template(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, asking: bool = True, **variables: str) -> str:
    """What the template makes of the turns; its own complaints become ours. `variables` stand above what the template finds otherwise."""
    if not tokenizer.chat_template:
        raise HarnessError("the model has no chat template", where=tokenizer_name(tokenizer), mend="Use an instruction-tuned model.")
    turns = [{"role": turn.role, "content": turn.content} for turn in messages]
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=asking, **variables))
    except Exception as error:  # a template is a program: it can end in anything
        raise HarnessError(f"the chat template refuses the conversation: {first_line(error)}", where=tokenizer_name(tokenizer), mend=NAMELESS) from None


def end_of_turn_text(tokenizer: PreTrainedTokenizerBase) -> str:
    """What the template writes right behind an answer: the token that ends the assistant's turn. Raises HarnessError where it writes none."""
    text = apply_template(tokenizer, [*chat(FIRST), Message(role="assistant", content=REPLY)], asking=False)
    behind = text.split(REPLY)[-1].strip()
    ends = sorted((token for token in special_tokens(TemplateLook.from_tokenizer(tokenizer)) if behind.startswith(token)), key=len)
    if not ends:
        raise HarnessError(
            "the chat template does not end the assistant's turn with a special token", where=tokenizer_name(tokenizer), mend="Use another model."
        )
    return ends[-1]


def tokenizer_name(tokenizer: PreTrainedTokenizerBase) -> str:
    return str(tokenizer.name_or_path or "tokenizer")
