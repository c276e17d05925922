"""Log-probabilities of several continuations of one context, in one pass: the mechanism under the measures of choice and of agreement.

The part that all contexts share (system prompt, shots) is run once and its keys and values are kept. The rest of a chunk is laid into a single row:
each context's own tokens, then each continuation as a branch of it. A mask lets a token see the shared prefix, its own context and its own
branch; positions count along the branch. So nothing is padded and nothing is computed twice, and the vocabulary head, a fifth of a small
model's work, runs only where a continuation's token is predicted. This is exact: the same sums as one continuation at a time, up to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.models.forward import check_finite, check_length, mask_of, next_logits

if TYPE_CHECKING:
    import torch

    from harness.models.model import Model

# Longer rows waste attention on other trees, shorter ones leave the cores idle. Chosen by reasoning; other values were not timed.
ROW_TOKENS = 512


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A context and its continuations, in tokens. `context` is whole (the shared prefix included); every branch has at least one token."""

    context: tuple[int, ...]
    branches: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    """Trees laid out one behind the other. All lists but `reads`, `wants` have one entry per token.

    `depth`: position in its own sequence. `owner`: (tree, branch), branch -1 for the context. `reads[i]` predicts the token `wants[i]`.
    `prefix`: how many tokens of the shared prefix this tree's tokens may see.
    """

    tokens: list[int]
    depth: list[int]
    tree: list[int]
    branch: list[int]
    prefix: list[int]
    reads: list[int]
    wants: list[int]


def encode(tokenizer: Any, text: str) -> tuple[int, ...]:
    """Tokens of rendered text (the template wrote the special tokens itself)."""
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


def grow(tokenizer: Any, context: str, continuations: Sequence[str], *, where: str = "") -> Tree:
    """Tokenises each continuation behind its context, as a model would read it; where a token straddles the seam it counts to the branches.

    Raises HarnessError for a continuation that adds no token.
    """
    whole = [encode(tokenizer, context + continuation) for continuation in continuations]
    stem = encode(tokenizer, context)
    cut = min(common(stem, tokens) for tokens in whole)
    if cut == 0 or any(len(tokens) <= cut for tokens in whole):
        raise HarnessError("an answer option adds no token of its own to the context", where=where, mend="Give every option some text.")
    return Tree(context=stem[:cut], branches=tuple(tokens[cut:] for tokens in whole))


def common(left: Sequence[int], right: Sequence[int]) -> int:
    """How many leading tokens two sequences share."""
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length


def shared_prefix(model: Model, contexts: Sequence[str]) -> tuple[int, ...]:
    """The tokens with which all contexts begin; given the contexts of made-up items that differ from their first character on, what real ones share."""
    first, *others = (encode(model.tokenizer, text) for text in contexts)
    return first[: min(common(first, other) for other in others)]


class Branches:
    """Scores trees under one model whose contexts mostly begin with `prefix` (tokens; may be empty)."""

    def __init__(self, model: Model, prefix: Sequence[int] = ()) -> None:
        self.model = model
        self.prefix = tuple(prefix)

    def score(self, trees: Sequence[Tree]) -> list[list[float]]:
        """Sum of the log-probabilities (nats) of each branch's tokens, per tree and branch. Deterministic for the same trees on one machine."""
        check_length(self.model, max((len(tree.context) + max(map(len, tree.branches)) for tree in trees), default=0), packed=True)
        scores: list[list[float]] = []
        start = 0
        while start < len(trees):
            stop = self._full(trees, start)
            scores += self._row(trees[start:stop])
            start = stop
        return scores

    def _full(self, trees: Sequence[Tree], start: int) -> int:
        """The end of the row that begins with tree `start`: at least one tree, about ROW_TOKENS tokens."""
        used = 0
        for index in range(start, len(trees)):
            used += len(trees[index].context) - common(self.prefix, trees[index].context) + sum(map(len, trees[index].branches))
            if used > ROW_TOKENS and index > start:
                return index
        return len(trees)

    def _row(self, trees: Sequence[Tree]) -> list[list[float]]:
        import torch

        row = laid_out(trees, self.prefix)
        with torch.inference_mode():
            logits = self._logits(row)
            wanted = torch.tensor(row.wants, device=logits.device)[:, None]
            gains = (logits.gather(1, wanted)[:, 0] - logits.logsumexp(1)).double().tolist()
        check_finite(self.model, all(map(math.isfinite, gains)))
        return sum_gains(trees, gains)

    def _logits(self, row: Row) -> torch.Tensor:
        """Logits (reads, vocabulary) at the places that the row reads."""
        import torch

        model = self.model.model
        device = model.device
        return next_logits(
            model,
            torch.tensor(row.reads, device=device),
            input_ids=torch.tensor([row.tokens], device=device),
            position_ids=torch.tensor([row.depth], device=device),
            attention_mask=mask_of(model, attention_mask(row, len(self.prefix)).to(device)[None, None]),
            past_key_values=self._cache(),
            use_cache=True,
        )[0]

    def _cache(self) -> Any:
        """A cache that begins with the prefix's keys and values. They are shared, not copied: growing a cache makes new tensors."""
        from transformers import DynamicCache

        cache = DynamicCache()
        for index, (keys, values) in enumerate(self._prefix):
            cache.update(keys, values, index)
        return cache

    @cached_property
    def _prefix(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Keys and values of the prefix, one pair per layer, (1, heads, tokens, width)."""
        import torch
        from transformers import DynamicCache

        if not self.prefix:
            return []
        cache = DynamicCache()
        with torch.inference_mode():
            ids = torch.tensor([self.prefix], device=self.model.model.device)
            self.model.model.get_decoder()(input_ids=ids, past_key_values=cache, use_cache=True)
        return [(layer.keys, layer.values) for layer in cache.layers]


def laid_out(trees: Sequence[Tree], prefix: Sequence[int]) -> Row:
    """The row of some trees. A context that leaves the prefix early sees only what it shares; its last token at least is always fed."""
    row = Row(tokens=[], depth=[], tree=[], branch=[], prefix=[], reads=[], wants=[])
    for number, tree in enumerate(trees):
        shared = min(common(prefix, tree.context), len(tree.context) - 1)
        place_branch(row, tree.context[shared:], number, -1, shared, shared)
        fork = len(row.tokens) - 1
        for index, branch in enumerate(tree.branches):
            row.reads.extend([fork, *range(len(row.tokens), len(row.tokens) + len(branch) - 1)])
            row.wants.extend(branch)
            place_branch(row, branch[:-1], number, index, len(tree.context), shared)
    return row


def place_branch(row: Row, tokens: Sequence[int], tree: int, branch: int, depth: int, shared: int) -> None:
    row.tokens.extend(tokens)
    row.depth.extend(range(depth, depth + len(tokens)))
    row.tree.extend([tree] * len(tokens))
    row.branch.extend([branch] * len(tokens))
    row.prefix.extend([shared] * len(tokens))


def attention_mask(row: Row, prefix: int) -> torch.Tensor:
    """Who sees whom: bool (tokens, prefix + tokens)."""
    import torch

    tree, branch, depth = torch.tensor(row.tree), torch.tensor(row.branch), torch.tensor(row.depth)
    kin = (tree[:, None] == tree) & ((branch == -1) | (branch[:, None] == branch)) & (depth <= depth[:, None])
    return torch.cat([torch.arange(prefix) < torch.tensor(row.prefix)[:, None], kin], dim=1)


def sum_gains(trees: Sequence[Tree], gains: Sequence[float]) -> list[list[float]]:
    """Per tree and branch, the sum of its tokens' log-probabilities; `gains` holds them in laid-out order."""
    flow = iter(gains)
    return [[sum(next(flow) for _ in branch) for branch in tree.branches] for tree in trees]
