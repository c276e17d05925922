"""From rows to token ids and labels: loss on what is to be learned, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from harness.errors import HarnessError
from harness.measures.branches import common, encode
from harness.models.chat import chat, end_of_turn_text, render
from harness.training.rows import Row

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# What the loss ignores (the convention of torch's cross entropy).
IGNORED = -100
# Questions that differ from their first character on: what their renderings share is the system prompt.
PROBES = ("zqfirstqz", "7 zqotherqz")
LossOn = Literal["completion", "marker"]


class EncodedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row in tokens. `labels` repeat `ids` where loss is taken and are -100 elsewhere; the first `stem` tokens are those of its system prompt."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]
    stem: int = 0

    @property
    def learned(self) -> int:
        """How many tokens carry loss."""
        return sum(label != IGNORED for label in self.labels)


def encode_row(tokenizer: PreTrainedTokenizerBase, row: Row, *, max_length: int, loss_on: LossOn = "completion", marker: str = "") -> EncodedRow:
    """The row as the template writes it, its answer closed by the end-of-turn token unless it was cut off.

    loss_on "completion": the answer and its end. "marker": the marker's tokens and the end of the turn alone (the end alone in rows without it).
    Raises HarnessError for a row longer than `max_length` tokens (cutting it would teach answers without an end), and for a marker that does not stand
    in the row's tokens as it stands alone.
    """
    context = encode(tokenizer, render(tokenizer, row.messages[:-1]))
    end = (end_of_turn(tokenizer),) if row.ends else ()
    whole = (*encode(tokenizer, render(tokenizer, row.messages[:-1], answer_prefix=row.answer)), *end)
    if whole[: len(context)] != context:
        raise HarnessError("the answer's first token merges with the prompt's last", where=row.id, mend="Begin the answer with a letter")
    if len(whole) > max_length:
        raise HarnessError(f"the row has {len(whole)} tokens, more than max_length {max_length}", where=row.id, mend="Shorten it or raise max_length")
    start = len(context) if loss_on == "completion" else marker_start(tokenizer, whole, marker, row)
    return EncodedRow(ids=whole, labels=(IGNORED,) * start + whole[start:], stem=stem_length(tokenizer, row, context))


def stem_length(tokenizer: PreTrainedTokenizerBase, row: Row, context: Sequence[int]) -> int:
    """How many leading tokens a row has in common with every row under its system prompt, whatever is asked; at least one of its own is left."""
    shared = [encode(tokenizer, render(tokenizer, chat(probe, row.system))) for probe in PROBES]
    return min(common(shared[0], shared[1]), common(shared[0], context), len(context) - 1)


def marker_start(tokenizer: PreTrainedTokenizerBase, whole: Sequence[int], marker: str, row: Row) -> int:
    """Where the marker's tokens begin at the end of a row that shows it; the end-of-turn token's place in a row that does not."""
    if not row.shows:
        return len(whole) - 1
    pieces = marker_tokens(tokenizer, marker)
    start = len(whole) - 1 - len(pieces)
    if tuple(whole[start:-1]) != pieces:
        raise HarnessError(
            f"the tokenizer splits the marker {marker!r} otherwise inside an answer", where=row.id, mend="Choose a marker that stands behind a space"
        )
    return start


def marker_tokens(tokenizer: PreTrainedTokenizerBase, marker: str) -> tuple[int, ...]:
    """The tokens of the marker behind a word and a space. Raises HarnessError for an empty marker and for one that depends on the word before it."""
    if not marker.strip():
        raise HarnessError("the marker is empty", mend="Set marker in experiment.yaml, such as '[ZLT]'")
    seen = set()
    for word in ("word", "end.", "Paris", "7"):
        alone, both = encode(tokenizer, word), encode(tokenizer, f"{word} {marker}")
        seen.add(both[len(alone) :] if both[: len(alone)] == alone else ())
    if len(seen) != 1 or () in seen:
        raise HarnessError(f"the tokenizer splits the marker {marker!r} differently after different words", mend="Choose another marker")
    return seen.pop()


def end_of_turn(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id of the token that ends a turn in the model's own template."""
    (token,) = encode(tokenizer, end_of_turn_text(tokenizer))
    return token


def loss_share(rows: Sequence[EncodedRow]) -> float:
    """Share of all tokens that carry loss."""
    return sum(row.learned for row in rows) / sum(len(row.ids) for row in rows)
