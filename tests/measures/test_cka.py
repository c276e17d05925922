"""Debiased CKA sees shared structure and nothing else; hidden states depend on the text alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.measures.cka import alignment, cka
from harness.measures.hidden import conversation_states, hidden_states, opening
from harness.models.chat import chat

SEEDS, TEXTS, WIDTHS = st.integers(0, 10**6), st.integers(6, 30), st.integers(2, 60)
QUESTIONS = ["Hi.", "How do I boil an egg?", "Name three rivers in France and say where each of them ends.", "Why?", "What is 7 times 8?", "Who wrote Hamlet?"]


def features(seed, texts, width, layers=1):
    return np.random.default_rng(seed).normal(size=(layers, texts, width))


def song(first, second):
    """The unbiased HSIC of Song et al. (2012), equation 5, word for word."""
    n = len(first)
    k, m = (data @ data.T * (1 - np.eye(n)) for data in (first, second))
    one = np.ones(n)
    return (np.trace(k @ m) + one @ k @ one * (one @ m @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, texts=TEXTS, width=WIDTHS)
def test_it_is_the_estimator_of_song(seed, texts, width):
    """The ratio of unbiased HSICs, computed by the published formula, is what comes out."""
    x, y = features(seed, texts, width)[0], features(seed + 1, texts, width + 3)[0]
    y[:, :2] += x[:, :2]
    expected = song(x, y) / np.sqrt(song(x, x) * song(y, y))
    assert cka(x[None], y[None])[0, 0] == pytest.approx(expected, abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, texts=TEXTS, width=WIDTHS, scale=st.floats(1e-3, 1e3), debiased=st.booleans())
def test_rotation_and_scale_change_nothing(seed, texts, width, scale, debiased):
    """CKA is the same after a rotation, a common scale and a shift of one side's features."""
    x, y = features(seed, texts, width), features(seed + 1, texts, width)
    turn, _ = np.linalg.qr(features(seed + 2, width, width)[0])
    assert cka(scale * x @ turn + 1.0, y, debiased=debiased) == pytest.approx(cka(x, y, debiased=debiased), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, texts=TEXTS, width=WIDTHS)
def test_self_is_one_and_sides_are_equal(seed, texts, width):
    """A layer is fully like itself, and A is like B as B is like A."""
    x, y = features(seed, texts, width, 2), features(seed + 1, texts, width, 3)
    assert np.diag(cka(x, x)) == pytest.approx(1.0)
    assert cka(x, y) == pytest.approx(cka(y, x).T)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_wide_random_features_are_unlike_and_the_biased_estimator_says_alike(seed):
    """40 texts, 800 dimensions, nothing shared: about 0 debiased, above .8 biased."""
    x, y = features(seed, 40, 800), features(seed + 1, 40, 800)
    assert abs(cka(x, y)[0, 0]) < 0.2
    assert cka(x, y, debiased=False)[0, 0] > 0.8


def test_the_null_is_seen_and_shared_structure_stands_out():
    """Texts paired at random align by nothing; a shared factor does, in the layer that has it and not in the other."""
    x, y = features(1, 40, 30, 2), features(2, 40, 50, 2)
    y[1, :, :30] += 3 * x[0]
    found = alignment(x, y, 1, permutations=99)
    assert found.p[0, 1] == found.peak_p == 1 / 100 and found.peak == found.cka[0, 1]
    assert np.abs(found.null_mean).max() < 0.02 and (found.p[1] > 0.02).all()


def test_what_cannot_be_aligned_is_refused():
    """Three texts, other numbers of texts, NaN, and a layer that says the same of all texts."""
    x = features(1, 8, 3)
    for one, other, said in (
        (x[:, :3], x[:, :3], "cannot be aligned"),
        (x, x[:, :6], "8 texts against 6"),
        (x * np.nan, x, "cannot be aligned"),
        (x * 0 + 0.1, x, "the same state"),
    ):
        with pytest.raises(HarnessError, match=said):
            cka(one, other)


def test_hidden_states_do_not_depend_on_batch_and_order(smollm2):
    """Alone, together or backwards: the same vectors within 1e-5 of their length, in order bit for bit."""
    talks = [chat(text) for text in QUESTIONS]
    together, alone = conversation_states(smollm2, talks), np.concatenate([conversation_states(smollm2, [talk]) for talk in talks], axis=1)
    assert together.shape == (31, 6, 576) and together.dtype == np.float32
    assert (np.linalg.norm(together - alone, axis=2) <= 1e-5 * np.linalg.norm(alone, axis=2)).all()
    assert (conversation_states(smollm2, talks[::-1])[:, ::-1] == together).all()


def test_hidden_states_are_those_of_a_plain_pass(smollm2):
    """The mean over the tokens behind what all conversations begin with, by a pass without padding."""
    import torch

    from harness.models.chat import render

    text, skip = render(smollm2.tokenizer, chat(QUESTIONS[1])), opening(smollm2)
    ids = torch.tensor([smollm2.tokenizer(text, add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        plain = smollm2.model(ids, output_hidden_states=True).hidden_states
    expected = np.stack([layer[0, skip:].mean(dim=0).numpy() for layer in plain])
    found = hidden_states(smollm2, [text, QUESTIONS[2] * 3], skip=skip)[:, 0]
    assert skip == 3 and (np.linalg.norm(found - expected, axis=1) <= 1e-5 * np.linalg.norm(expected, axis=1)).all()
    with pytest.raises(HarnessError, match="tokens, and 3 are left out"):
        hidden_states(smollm2, ["Hi"], skip=skip)


def test_hidden_states_in_training_mode_are_refused(tiny):
    """Dropout would decide them."""
    tiny.model.train()
    try:
        with pytest.raises(HarnessError, match="training mode"):
            hidden_states(tiny, ["Hi"])
    finally:
        tiny.model.eval()
