"""Sampled answers are the same whatever the chunk, the order or the batch, and are kept as they are."""

from __future__ import annotations

import dataclasses

import pytest

from harness.errors import HarnessError
from harness.measures.answers import CHUNK, AnswerProbe, Prompt, answer_row
from harness.models.sampling import Completion

pytestmark = pytest.mark.usefixtures("single")
PROMPTS = [Prompt(id=f"p{number:02}", text=f"Tell me {'more ' * (number % 4)}about {number}.") for number in range(10)]


def probe(model, **how):
    return AnswerProbe(model, how.pop("system", "Be brief."), how.pop("seed", 5), **({"samples": 2, "max_new_tokens": 6} | how))


def by_key(rows):
    return {(row["item"], row["replicate"]): row for row in rows}


@pytest.fixture(scope="module")
def whole(tiny, single):
    return probe(tiny).score(PROMPTS)


def test_replicates_are_numbered(whole):
    """Each prompt has its replicates from 0, in the order asked; replicates differ, and a row holds the prompt and all that was said."""
    assert [(row["item"], row["replicate"]) for row in whole] == [(item.id, number) for item in PROMPTS for number in (0, 1)]
    texts = by_key(whole)
    assert sum(texts[item.id, 0]["text"] != texts[item.id, 1]["text"] for item in PROMPTS) >= 9
    assert all(row["finish"] in ("stop", "length") and 0 <= row["tokens"] <= 6 for row in whole)
    assert {row["item"]: row["prompt"] for row in whole} == {item.id: item.text for item in PROMPTS}


@pytest.mark.parametrize("size", [1, 3])
def test_chunks_change_nothing(tiny, whole, size):
    """One prompt at a time, three or all at once: the same rows."""
    rows = [row for start in range(0, len(PROMPTS), size) for row in probe(tiny).score(PROMPTS[start : start + size])]
    assert rows == whole


def test_order_changes_nothing(tiny, whole):
    """Asked backwards every prompt has the same answers."""
    assert by_key(probe(tiny).score(PROMPTS[::-1])) == by_key(whole)


def test_more_replicates_begin_with_the_fewer(tiny, whole):
    """A third sample leaves the first two as they were."""
    more = by_key(probe(tiny, samples=3).score(PROMPTS))
    assert {key: row for key, row in more.items() if key[1] < 2} == by_key(whole) and len(more) == 30


def test_the_seed_and_the_system_prompt_decide(tiny, whole):
    """Another seed, another system prompt, an empty one and none give other answers."""
    others = [probe(tiny, **how).score(PROMPTS) for how in ({"seed": 6}, {"system": "Be long."}, {"system": ""}, {"system": None})]
    said = [tuple(row["text"] for row in rows) for rows in (whole, *others)]
    assert len({*said}) == 5


def test_chunks_are_a_function_of_the_set(tiny):
    """The groups do not depend on the order of the prompts, hold each once and at most 64 answers."""
    many = [Prompt(id=f"m{number:03}", text="Why? " * (number % 5 + 1)) for number in range(150)]
    for samples in (1, 3, 100):
        made = probe(tiny, samples=samples).chunks(many)
        assert made == probe(tiny, samples=samples).chunks(many[::-1])
        assert sorted(item.id for chunk in made for item in chunk) == [item.id for item in many]
        assert all(len(chunk) * samples <= max(CHUNK, samples) for chunk in made)


def test_silence_is_told_as_such(tiny):
    """An answer without any text has the status "empty"; it is neither left out nor taken for an answer."""
    import copy

    import torch

    mute = copy.deepcopy(tiny.model)
    torch.nn.init.zeros_(mute.lm_head.weight)  # all tokens equally likely: greedy takes token 0, which is no text
    rows = probe(dataclasses.replace(tiny, model=mute), temperature=0.0).score(PROMPTS[:2])
    assert [(row["status"], row["text"], row["replicate"]) for row in rows] == [("empty", "", 0), ("empty", "", 1)] * 2


def test_what_was_said_is_ok(whole):
    """Answers with text have the status "ok"."""
    assert all(row["status"] == ("ok" if row["text"].strip() else "empty") for row in whole) and any(row["status"] == "ok" for row in whole)


CHANGES = [{"system": None}, {"system": ""}, {"seed": 6}, {"samples": 3}, {"max_new_tokens": 7}, {"temperature": 0.5}, {"top_p": 0.5}]


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\ufeff\u2060"])
def test_what_cannot_be_seen_is_no_answer(text):
    """A zero-width character is no word, here as in answers that come over the wire."""
    drawn = Completion(text=text, tokens=1, finish="length", logprob=0.0)
    assert answer_row("a", "Hello?", 0, drawn)["status"] == "empty"


def test_the_description_tells_every_parameter(tiny):
    """Each parameter and the model change what decides identity; equal probes have equal ones."""
    told = [str(probe(tiny, **dict(how)).describe()) for how in ({}, *CHANGES)]
    told.append(str(probe(dataclasses.replace(tiny, fingerprint="other")).describe()))
    assert len({*told}) == len(told) == 9
    assert str(probe(tiny).describe()) == told[0]


def test_describing_reads_no_weights(tiny):
    """Knowing what would be asked neither trains nor merges: the model is not read."""

    class Unread:
        fingerprint, tokenizer = tiny.fingerprint, tiny.tokenizer

        @property
        def model(self):
            raise AssertionError("the model was read")

    made = probe(Unread())
    assert made.describe() == probe(tiny).describe() and made.chunks(PROMPTS)


@pytest.mark.parametrize(("how", "match"), [({"samples": 0}, "samples=0"), ({"top_p": 0.0}, "top_p=0"), ({"max_new_tokens": 0}, "max_new_tokens=0")])
def test_numbers_that_cannot_be_sampled_with(tiny, how, match):
    """They are told when the probe is made, not when the first answer is drawn."""
    with pytest.raises(HarnessError, match=match):
        probe(tiny, **how)
