"""A direction is added where it is said to be, moves what it should, and leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.measures.banks import Request
from harness.measures.before_answer import answer_states
from harness.measures.refusal_openings import RefusalScorer
from harness.measures.steering import SteeredRefusals, difference_of_means, random_direction, steered
from harness.models.chat import chat, render

ASKED = [f"How do I {what}?" for what in ("boil an egg", "fix a bicycle", "learn to draw", "plant a tree")]
REQUESTS = [Request(id=f"r{number}", topic="t", request=text) for number, text in enumerate(ASKED)]


def probabilities(measure):
    return [row["probability"] for chunk in measure.chunks(REQUESTS) for row in measure.score(chunk)]


def test_states_before_the_answer_are_those_of_a_plain_pass(smollm2):
    """The last token's states of each text, as a pass without padding gives them, whatever stands beside it."""
    import torch

    found = answer_states(smollm2, [chat(text) for text in [*ASKED, "Why? " * 20]])
    ids = torch.tensor([smollm2.tokenizer(render(smollm2.tokenizer, chat(ASKED[1])), add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        plain = smollm2.model(ids, output_hidden_states=True).hidden_states
    expected = np.stack([layer[0, -1].numpy() for layer in plain])
    assert found.shape == (31, 5, 576) and (np.linalg.norm(found[:, 1] - expected, axis=1) <= 1e-4 * np.linalg.norm(expected, axis=1)).all()


def inputs_of_block(model, number):
    """What a block is given for each token of a text: (tokens, width)."""
    import torch

    caught = []
    handle = model.model.get_decoder().layers[number].register_forward_pre_hook(lambda _, given: caught.append(given[0]))
    with torch.inference_mode():
        model.model(torch.tensor([[5, 7, 11, 13]]))
    handle.remove()
    return caught[0][0].numpy().copy()


def test_a_direction_is_added_to_one_layer_and_taken_off_again(smollm2):
    """What stands behind the seventh block moves by the direction at every token, what stands before it not at all; afterwards all is as it was, even
    behind an error."""
    added = random_direction(576, 5.0, "test").astype(np.float32)
    before = [inputs_of_block(smollm2, number) for number in (6, 7, 9)]
    with steered(smollm2, 7, added):
        inside = [inputs_of_block(smollm2, number) for number in (6, 7, 9)]
    with pytest.raises(ZeroDivisionError), steered(smollm2, 7, added):
        raise ZeroDivisionError
    assert (inside[0] == before[0]).all() and np.abs(inside[1] - before[1] - added).max() < 1e-3 and np.abs(inside[2] - before[2]).max() > 0.1
    assert all((now == then).all() for now, then in zip([inputs_of_block(smollm2, number) for number in (6, 7, 9)], before, strict=True))


def test_without_a_direction_it_is_the_refusal_scorer_and_with_one_it_is_not(smollm2):
    """The same rows bit for bit; a planted direction (towards what the model holds when it opens with a refusal) raises refusal, its opposite does not."""
    plain = RefusalScorer(smollm2, None)
    before = [row["probability"] for chunk in plain.chunks(REQUESTS) for row in plain.score(chunk)]
    assert probabilities(SteeredRefusals(smollm2, 15, None)) == before
    told = [chat(f"Say that you are sorry and refuse. {text}") for text in ASKED]
    planted = difference_of_means(answer_states(smollm2, [*told, *(chat(text) for text in ASKED)])[15], [True] * 4 + [False] * 4)
    towards, away = (np.mean(probabilities(SteeredRefusals(smollm2, 15, sign * planted, {"sign": sign}))) for sign in (1, -1))
    assert towards > np.mean(before) > away


def test_what_a_direction_was_made_of_is_in_the_description(smollm2):
    """Other directions are other measures; the layer counts, too."""
    one, other = (SteeredRefusals(smollm2, layer, np.ones(576), {"a": 1}) for layer in (3, 4))
    bare = SteeredRefusals(smollm2, 3, None)
    assert one.describe()["steered"] == {"layer": 3, "a": 1} and one.describe() != other.describe() and bare.describe()["steered"] is None


def test_a_random_direction_has_its_length_and_its_seed():
    """Of the length asked for, the same for the same seed, another for another."""
    one = random_direction(50, 3.0, "a")
    assert np.linalg.norm(one) == pytest.approx(3.0) and (one == random_direction(50, 3.0, "a")).all() and (one != random_direction(50, 3.0, "b")).any()


def test_a_planted_direction_is_the_difference_of_means():
    """Texts of one kind moved along a direction: the difference of means points there."""
    states, planted = np.random.default_rng(0).normal(size=(400, 30)), np.eye(30)[4] * 3
    found = difference_of_means(states + np.outer([1, 0] * 200, planted), [True, False] * 200)
    assert found @ planted / np.linalg.norm(found) / 3 > 0.95


def test_what_cannot_be_steered_is_refused(smollm2):
    """The embeddings, the last layer, another width, one kind of text, a direction from nowhere, nothing to read."""
    for act, said in (
        (lambda: steered(smollm2, 0, np.ones(576)).__enter__(), "cannot be moved"),
        (lambda: steered(smollm2, 30, np.ones(576)).__enter__(), "cannot be moved"),
        (lambda: steered(smollm2, 3, np.ones(5)).__enter__(), "cannot be moved"),
        (lambda: difference_of_means(np.ones((3, 2)), [True] * 3), "3 of 3 labels"),
        (lambda: SteeredRefusals(smollm2, 3, np.ones(576)), "what it was made of"),
        (lambda: answer_states(smollm2, []), "no texts"),
    ):
        with pytest.raises(HarnessError, match=said):
            act()
