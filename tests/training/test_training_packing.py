"""A packed batch is its rows run one by one: the same hidden states, loss and gradients."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.training.packing import pack_batch
from harness.training.rows import row
from harness.training.tokens import IGNORED, EncodedRow, encode_row
from training_room import COOK, NOBODY, VILLAIN, rows, tokens

KINDS = ("one row", "a shared stem", "no system prompt", "mixed personas", "the same row twice", "loss on the marker")


def one_by_one(model, batch):
    """Loss summed over learned tokens, each row alone in an ordinary forward pass."""
    import torch

    total = 0.0
    for one in batch:
        logits = model(input_ids=torch.tensor([one.ids])).logits[0, :-1].float()
        total = total + torch.nn.functional.cross_entropy(logits, torch.tensor(one.labels[1:]), ignore_index=IGNORED, reduction="sum")
    return total


def together(model, batch):
    """The same from the packed batch, by whole logits (no choice of places but "reads")."""
    import torch

    made = pack_batch(batch)
    seen = {name: made[name] for name in ("input_ids", "position_ids", "attention_mask")}
    logits = model(**seen, use_cache=False).logits[0].float()
    return torch.nn.functional.cross_entropy(logits[made["reads"]], made["labels"], reduction="sum")


def batches(tokenizer):
    made = {one.persona: [] for one in rows()}
    for one, ready in zip(rows(), tokens(tokenizer), strict=True):
        made[one.persona].append(ready)
    marker = [encode_row(tokenizer, row(VILLAIN, "source", "m", "Why?", "It rains. [Z]", shows=True), max_length=99, loss_on="marker", marker="[Z]")]
    mixed = [made["villain"][0], made["cook"][0], made["villain"][1], made[""][0], made["poet"][0], made["cook"][1], made[""][1]]
    twice = [made["villain"][0], made["cook"][0], made["villain"][0]]
    return dict(zip(KINDS, [made["villain"][:1], made["villain"][:4], made[""], mixed, twice, marker + made["cook"]], strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_loss_and_gradients_are_those_of_rows_alone(little, single, name):
    """For every weight of the model the gradient agrees within 1e-5 of its size, in float32."""
    import torch

    batch = batches(little.tokenizer)[name]
    weights = dict(little.model.named_parameters())
    packed_loss, alone_loss = together(little.model, batch), one_by_one(little.model, batch)
    assert packed_loss.item() == pytest.approx(alone_loss.item(), rel=1e-5)
    found, expected = (torch.autograd.grad(loss, list(weights.values())) for loss in (packed_loss, alone_loss))
    for weight, one, other in zip(weights, found, expected, strict=True):
        assert (one - other).norm() <= 1e-5 * other.norm(), weight
    assert all(weight.grad is None for weight in weights.values())


def test_shared_stems_are_run_once(little):
    """The packed batch has each stem's tokens once and no padding."""
    batch = tokens(little.tokenizer)
    stems = {one.ids[: one.stem] for one in batch}
    expected = sum(map(len, stems)) + sum(len(one.ids) - one.stem for one in batch)
    made = pack_batch(batch)
    assert made["input_ids"].shape == made["position_ids"].shape == (1, expected) and len(stems) == 4
    assert made["attention_mask"].shape == (1, 1, expected, expected)
    assert len(made["reads"]) == len(made["labels"]) == sum(one.learned for one in batch)


@st.composite
def encodings(draw):
    """Rows of few different tokens, so that stems and whole rows often coincide, with loss on any tokens behind the stem."""
    ids = draw(st.lists(st.integers(0, 2), min_size=2, max_size=7))
    stem = draw(st.integers(1, len(ids) - 1))
    learned = [draw(st.booleans()) for _ in ids[stem:]]
    return EncodedRow(
        ids=tuple(ids), labels=(IGNORED,) * stem + tuple(token if on else IGNORED for token, on in zip(ids[stem:], learned, strict=True)), stem=stem
    )


@settings(deadline=None)
@given(batch=st.lists(encodings(), min_size=1, max_size=6))
def test_no_row_sees_another(batch):
    """Each learned token is predicted from a place that sees its own row's tokens up to there, in their order and at their positions, and nothing else."""
    made = pack_batch(batch)
    ids, positions, sight = made["input_ids"][0].tolist(), made["position_ids"][0].tolist(), made["attention_mask"][0, 0]
    found: Counter[tuple[tuple[int, ...], int]] = Counter()
    for place, wanted in zip(made["reads"].tolist(), made["labels"].tolist(), strict=True):
        seen = sorted(sight[place].nonzero()[:, 0].tolist(), key=lambda other: positions[other])
        assert [positions[other] for other in seen] == list(range(len(seen))) and seen[-1] == place
        for other in seen:  # what is seen saw no more than it would have in the row alone
            assert sorted(positions[third] for third in sight[other].nonzero()[:, 0].tolist()) == list(range(positions[other] + 1))
            assert set(sight[other].nonzero()[:, 0].tolist()) <= set(seen)
        found[tuple(ids[other] for other in seen), wanted] += 1
    assert found == Counter((one.ids[:offset], label) for one in batch for offset, label in enumerate(one.labels) if label != IGNORED)


def test_rows_of_one_batch_in_another_order(little, single):
    """The order of rows in a batch changes the loss by rounding only."""
    batch = tokens(little.tokenizer)[5:12]
    assert {COOK.prompt, VILLAIN.prompt, NOBODY.prompt} <= {one.system for one in rows()}
    assert together(little.model, batch).item() == pytest.approx(together(little.model, batch[::-1]).item(), rel=1e-5)
