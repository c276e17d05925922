"""A batch of rows as one sequence without padding, in which rows with the same system prompt share its tokens.

Every row of a persona begins with the same system prompt, half of its tokens. Here it is run once a batch; a mask lets each row see that prefix and
itself, and positions count along the row. This is exact: hidden states, loss and gradients are those of rows run one by one, up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.training.tokens import IGNORED, EncodedRow

if TYPE_CHECKING:
    import torch


def pack_batch(batch: Sequence[EncodedRow]) -> dict[str, torch.Tensor]:
    """Tensors of one sequence of T tokens: "input_ids" and "position_ids" (1, T), "attention_mask" (1, 1, T, T; True where a token sees another),
    "reads" (L: places whose hidden state predicts a learned token) and "labels" (L: those tokens).
    """
    import torch

    ids: list[int] = []
    depth: list[int] = []
    group: list[int] = []
    branch: list[int] = []  # -1: the stem, seen by all rows of its group
    reads: list[int] = []
    wants: list[int] = []
    for number, rows in enumerate(group_by_stem(batch)):
        stem = rows[0].stem
        start = lay(ids, depth, group, branch, rows[0].ids[:stem], 0, number, -1)
        for row in rows:
            place = lay(ids, depth, group, branch, row.ids[stem:], stem, number, len(branch))
            for offset in range(stem, len(row.ids)):
                if row.labels[offset] != IGNORED:
                    reads.append(place + offset - stem - 1 if offset > stem else start + stem - 1)
                    wants.append(row.labels[offset])
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([depth]),
        "attention_mask": attention_mask(torch.tensor(depth), torch.tensor(group), torch.tensor(branch))[None, None],
        "reads": torch.tensor(reads),
        "labels": torch.tensor(wants),
    }


def group_by_stem(batch: Sequence[EncodedRow]) -> list[list[EncodedRow]]:
    """Rows by their stem, in order of first appearance."""
    groups: dict[tuple[int, ...], list[EncodedRow]] = {}
    for row in batch:
        groups.setdefault(row.ids[: row.stem], []).append(row)
    return list(groups.values())


def lay(ids: list[int], depth: list[int], group: list[int], branch: list[int], tokens: Sequence[int], start: int, number: int, own: int) -> int:
    """Appends tokens that stand at `start` and on in their own row; returns the place of the first."""
    place = len(ids)
    ids.extend(tokens)
    depth.extend(range(start, start + len(tokens)))
    group.extend([number] * len(tokens))
    branch.extend([own] * len(tokens))
    return place


def attention_mask(depth: torch.Tensor, group: torch.Tensor, branch: torch.Tensor) -> torch.Tensor:
    """Who sees whom, bool (T, T): the stem of the own group and the own row, up to oneself."""
    kin = (group[:, None] == group) & ((branch == -1) | (branch[:, None] == branch))
    return kin & (depth <= depth[:, None])
