"""A sample depends on its seed, its text and its replicate number, and on nothing else."""

from __future__ import annotations

import math

import pytest

from harness.errors import HarnessError
from harness.models.chat import chat, render
from harness.models.sampling import Sampler

QUESTIONS = ["Hi.", "How do I boil an egg?", "Name three rivers in France and say where each of them ends.", "Why?"]


def drawn(model, batch_size, prompts, replicates, **how):
    settings = {"max_new_tokens": 12, "temperature": 0.7, "top_p": 0.9} | how
    return Sampler(model, batch_size=batch_size, **settings).complete(prompts, seed=5, replicates=replicates)


@pytest.fixture(scope="module")
def asked(tiny):
    prompts = [render(tiny.tokenizer, chat(QUESTIONS[index % 4], "Be brief.")) for index in range(20)]
    return prompts, list(range(20))


@pytest.mark.parametrize("batch_size", [7, 64])
def test_batch_size_changes_nothing(tiny, asked, batch_size):
    """One at a time, seven or all at once: the same texts."""
    alone, together = drawn(tiny, 1, *asked), drawn(tiny, batch_size, *asked)
    assert [(one.text, one.finish) for one in alone] == [(one.text, one.finish) for one in together]
    assert all(math.isclose(one.logprob, two.logprob, abs_tol=1e-3) for one, two in zip(alone, together, strict=True))


def test_order_changes_nothing(tiny, asked):
    """Asked backwards, the answers come backwards."""
    prompts, replicates = asked
    assert [one.text for one in drawn(tiny, 7, prompts[::-1], replicates[::-1])][::-1] == [one.text for one in drawn(tiny, 7, *asked)]


def test_replicates_differ(tiny, asked):
    """Two replicates of one request are two draws."""
    prompt = asked[0][0]
    one, two = drawn(tiny, 2, [prompt, prompt], [0, 1])
    assert one.text != two.text


def test_greedy_is_the_models_own(smollm2):
    """Temperature 0 equals transformers' greedy generation."""
    import torch

    text = render(smollm2.tokenizer, chat(QUESTIONS[1]))
    ids = torch.tensor([smollm2.tokenizer(text, add_special_tokens=False)["input_ids"]])
    whole = smollm2.model.generate(ids, max_new_tokens=8, do_sample=False)
    expected = smollm2.tokenizer.decode(whole[0, ids.shape[1] :], skip_special_tokens=True)
    assert drawn(smollm2, 4, [text], None, max_new_tokens=8, temperature=0)[0].text == expected


def test_bad_settings_are_named():
    """A top_p of zero keeps no token."""
    with pytest.raises(HarnessError, match="top_p=0"):
        Sampler(None, max_new_tokens=1, top_p=0)
