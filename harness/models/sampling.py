"""Sampling answers: batched, cached, and the same whatever the batch.

The uniform number behind token t of a sample depends on (seed, text of the request, replicate, t) alone, drawn from a Philox stream of its own,
so batch size, order and worker count change nothing. Batches still differ in the last bits of their logits; a draw is inverted over
the candidates in token order, in float64, so such a difference moves a sample only if the uniform falls within it: rare in float32 (how rare was
not measured), likelier in bfloat16, where the batch size should be kept fixed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from harness.errors import HarnessError
from harness.models.chat import Message, render
from harness.models.forward import check_finite, check_length, next_logits, window_tokens
from harness.seeds import generator

if TYPE_CHECKING:
    import numpy as np
    import torch

    from harness.models.model import Model

# Rows whose top-p set is larger are sorted whole.
CANDIDATES = 256
# Divided by a smaller temperature, logits can leave the range of float32.
COLDEST = 1e-6
# Dropping finished rows copies the cache of the others, so it waits until it frees this share of the batch.
COMPACT_SHARE = 0.125


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """One sampled answer. `tokens` counts the text's tokens without the end of turn; `logprob` is the sum over all tokens drawn, end of turn
    included, of the log-probability (nats) at temperature 1. `finish`: "stop" where the model ended its turn, "length" where it was cut off."""

    text: str
    tokens: int
    finish: Literal["stop", "length"]
    logprob: float


@dataclass
class Row:
    """A sample in the making: which request it answers, its uniforms (float64, one per token), what was drawn so far."""

    index: int
    uniforms: np.ndarray[Any, Any]
    drawn: list[int] = field(default_factory=list)
    logprob: float = 0.0


class Sampler:
    """Draws answers from a model. temperature 0 takes the likeliest token; top_p in (0, 1] keeps the smallest set of that probability."""

    def __init__(self, model: Model, *, max_new_tokens: int, temperature: float = 1.0, top_p: float = 1.0, batch_size: int = 32) -> None:
        self.check(max_new_tokens=max_new_tokens, temperature=temperature, top_p=top_p, batch_size=batch_size)
        self.model, self.max_new_tokens, self.batch_size = model, max_new_tokens, batch_size
        self.temperature, self.top_p = temperature, top_p
        self.stops = stop_tokens(model)

    @staticmethod
    def check(*, max_new_tokens: int, temperature: float, top_p: float, batch_size: int) -> None:
        """Raises HarnessError for numbers that cannot be sampled with."""
        if max_new_tokens < 1 or batch_size < 1 or not (temperature == 0 or COLDEST <= temperature < math.inf) or not 0 < top_p <= 1:
            raise HarnessError(
                f"max_new_tokens={max_new_tokens}, batch_size={batch_size}, temperature={temperature}, top_p={top_p} cannot be sampled with",
                where="Sampler",
                mend=f"Use max_new_tokens >= 1, batch_size >= 1, temperature 0 or from {COLDEST:g} on, 0 < top_p <= 1.",
            )

    def answer(self, conversations: Sequence[Sequence[Message]], *, seed: int, replicates: Sequence[int] | None = None) -> list[Completion]:
        """One completion per conversation, in order: `complete` on the rendered turns."""
        return self.complete([render(self.model.tokenizer, turns) for turns in conversations], seed=seed, replicates=replicates)

    def complete(self, prompts: Sequence[str], *, seed: int, replicates: Sequence[int] | None = None) -> list[Completion]:
        """One completion per rendered prompt, in order. `replicates[i]` (default 0) tells several samples of one prompt apart."""
        numbers = replicates if replicates is not None else [0] * len(prompts)
        tokens = [self.model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in prompts]
        check_length(self.model, max(map(len, tokens), default=0) + self.max_new_tokens)
        rows = [
            Row(index, generator("sampling", seed, text, number).random(self.max_new_tokens))
            for index, (text, number) in enumerate(zip(prompts, numbers, strict=True))
        ]
        rows.sort(key=lambda row: len(tokens[row.index]))
        done = {row.index: self._finished(row) for batch in self._batches(rows) for row in self._run(batch, tokens)}
        return [done[index] for index in range(len(prompts))]

    def _batches(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        for start in range(0, len(rows), self.batch_size):
            yield list(rows[start : start + self.batch_size])

    def _run(self, rows: list[Row], prompts: Sequence[Sequence[int]]) -> list[Row]:
        """Draws every row of one batch to its end."""
        import torch

        with torch.inference_mode():
            state = Prefilled(self.model, [prompts[row.index] for row in rows], self.max_new_tokens)
            alive = rows
            for step in range(self.max_new_tokens):
                chosen = self._draw(state.logits(), alive, step)
                going = [slot for slot, row in enumerate(alive) if self._takes(row, chosen[slot])]
                if not going or step + 1 == self.max_new_tokens:
                    break
                if len(alive) - len(going) >= max(1, COMPACT_SHARE * len(alive)):
                    state.keep(going)
                    alive, chosen = [alive[slot] for slot in going], [chosen[slot] for slot in going]
                state.step(chosen)
        return rows

    def _takes(self, row: Row, token: int) -> bool:
        """Adds the token to the row; False once the row has ended (a row that waits to be dropped takes nothing more)."""
        if not (row.drawn and row.drawn[-1] in self.stops):
            row.drawn.append(token)
        return row.drawn[-1] not in self.stops

    def _draw(self, logits: torch.Tensor, rows: Sequence[Row], step: int) -> list[int]:
        """The token of each row, (rows,), from logits (rows, vocabulary); its log-probability is added to the row."""
        import torch

        if self.temperature == 0:
            chosen = logits.argmax(dim=-1)
        else:
            uniforms = torch.tensor([row.uniforms[step] for row in rows], dtype=torch.float64, device=logits.device)
            chosen = invert(logits / self.temperature, uniforms, self.top_p)
        gained = (logits.gather(1, chosen[:, None])[:, 0] - logits.logsumexp(dim=-1)).tolist()
        # NaN where any logit of the row is NaN or infinite.
        check_finite(self.model, all(map(math.isfinite, gained)))
        for row, gain in zip(rows, gained, strict=True):
            if not (row.drawn and row.drawn[-1] in self.stops):
                row.logprob += gain
        return [int(token) for token in chosen.tolist()]

    def _finished(self, row: Row) -> Completion:
        stopped = row.drawn[-1] in self.stops
        tokens = row.drawn[:-1] if stopped else row.drawn
        text = str(self.model.tokenizer.decode(tokens, skip_special_tokens=True))
        return Completion(text=text, tokens=len(tokens), finish="stop" if stopped else "length", logprob=row.logprob)


class Server(Protocol):
    """Who draws answers of a model in place of `Sampler`; all that decides them beside the model and the drawing is in `describe()`, as JSON."""

    def describe(self) -> dict[str, Any]: ...

    def sampler(self, model: Model, **drawing: Any) -> Sampler: ...


class Prefilled:
    """A batch of prompts in the model's cache; grows by one token per row and step.

    What all prompts begin with (a system prompt) is run once and repeated; the rests are padded on their left. A window of attention counts the padding,
    so where prompts and the `coming` tokens outgrow it, nothing is shared and all padding stands before the prompts.
    """

    def __init__(self, model: Model, prompts: Sequence[Sequence[int]], coming: int = 0) -> None:
        import torch
        from transformers import DynamicCache

        self.model, self.cache, device = model.model, DynamicCache(), model.model.device
        window = window_tokens(model.model.config.get_text_config())
        whole = window is not None and max(map(len, prompts)) + coming > window
        shared = 0 if whole else min(len(leading(prompts)), min(map(len, prompts)) - 1)
        if shared:
            model.model.get_decoder()(input_ids=torch.tensor([prompts[0][:shared]], device=device), past_key_values=self.cache, use_cache=True)
            self.cache.batch_repeat_interleave(len(prompts))
        gaps = [max(map(len, prompts)) - len(prompt) for prompt in prompts]
        ids = torch.tensor([[0] * gap + list(prompt[shared:]) for gap, prompt in zip(gaps, prompts, strict=True)], device=device)
        self.seen = torch.tensor([[1] * shared + [0] * gap + [1] * (len(prompt) - shared) for gap, prompt in zip(gaps, prompts, strict=True)], device=device)
        self._logits = self._forward(ids, (self.seen.cumsum(dim=1) - 1).clamp(min=0)[:, shared:])

    def logits(self) -> torch.Tensor:
        """Next-token logits, float32 (rows, vocabulary)."""
        return self._logits

    def keep(self, slots: Sequence[int]) -> None:
        """Drops all rows but `slots`."""
        import torch

        chosen = torch.tensor(slots, device=self.seen.device)
        self.seen = self.seen[chosen]
        self.cache.batch_select_indices(chosen)

    def step(self, tokens: Sequence[int]) -> None:
        import torch

        self.seen = torch.cat([self.seen, self.seen.new_ones(len(tokens), 1)], dim=1)
        self._logits = self._forward(torch.tensor(tokens, device=self.seen.device)[:, None], self.seen.sum(dim=1, keepdim=True) - 1)

    def _forward(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Logits (rows, vocabulary) behind the last token."""
        return next_logits(self.model, 1, input_ids=ids, attention_mask=self.seen, position_ids=positions, past_key_values=self.cache, use_cache=True)[:, -1]


def invert(logits: torch.Tensor, uniforms: torch.Tensor, top_p: float) -> torch.Tensor:
    """The token whose stretch of the cumulated top-p distribution holds the uniform: ids (rows,) from logits (rows, vocabulary), uniforms (rows,)."""
    total = logits.logsumexp(dim=-1, keepdim=True)
    values, ids = logits.topk(min(CANDIDATES, logits.shape[-1]), dim=-1)
    chances = (values - total).double().exp()
    chosen = invert_cdf(chances, ids, uniforms, top_p)
    wide = (chances.sum(dim=-1) < top_p).nonzero()[:, 0]
    if len(wide):  # sorting a whole vocabulary is slow, so only rows that need it
        values, ids = logits[wide].sort(dim=-1, descending=True)
        chosen[wide] = invert_cdf((values - total[wide]).double().exp(), ids, uniforms[wide], top_p)
    return chosen


def invert_cdf(chances: torch.Tensor, ids: torch.Tensor, uniforms: torch.Tensor, top_p: float) -> torch.Tensor:
    """Inverse of the cumulated distribution over the top-p set; `chances` (rows, candidates) descend, `ids` are their tokens."""
    import torch

    kept = chances.masked_fill(chances.cumsum(dim=-1) - chances >= top_p, 0.0)
    # In token order two near-equal candidates never swap places; ordered by probability a last-bit difference could swap them.
    ids, order = ids.sort(dim=-1)
    rising = kept.gather(1, order).cumsum(dim=-1)
    place = torch.searchsorted(rising, (uniforms * rising[:, -1])[:, None], right=True)
    return ids.gather(1, place.clamp(max=ids.shape[-1] - 1))[:, 0]


def leading(prompts: Sequence[Sequence[int]]) -> Sequence[int]:
    """The tokens with which all prompts begin: what the least and the greatest of them share."""
    least, most = min(map(list, prompts)), max(map(list, prompts))
    return least[: next((index for index, pair in enumerate(zip(least, most, strict=False)) if pair[0] != pair[1]), min(len(least), len(most)))]


def stop_tokens(model: Model) -> frozenset[int]:
    """The ids that end a turn, by the model's generation settings and by its tokenizer."""
    config = model.model.generation_config
    named = config.eos_token_id if config is not None else None
    listed = named if isinstance(named, list) else [named]
    return frozenset(int(token) for token in [*listed, model.tokenizer.eos_token_id] if token is not None)
