"""Options are scored in one pass exactly as one at a time, whatever the chunk."""

from __future__ import annotations

import math

import pytest

from harness.errors import HarnessError
from harness.measures.choice import ChoiceScorer
from harness.measures.questions import Question


def question(name, text, choices, labels="ABCDE"):
    return Question(id=name, question=text, labels=tuple(labels[: len(choices)]), choices=tuple(choices), answer=labels[0])


BANK = [
    question("q1", "What do bees make?", ["honey", "butter from milk", "jam"]),
    question("q2", "Which planet is the third from the sun?", ["Earth", "the red planet Mars"], "12"),
    question("q3", "Why?", ["because", "because of the rain that fell", "no", "yes", "so"]),
    question("q4", "What is a young cat called?", ["a kitten", "a puppy", "a calf", "a foal"]),
]
SHOTS = [question("s1", "What colour is grass?", ["green", "red"]), question("s2", "What is 1 + 1?", ["2", "3"])]


def naive(scorer, item):
    """Each option by itself: whole text in, log-probabilities of its last tokens summed."""
    import torch

    tree, sums = scorer.tree(item), []
    for branch in tree.branches:
        ids = torch.tensor([[*tree.context, *branch]])
        with torch.inference_mode():
            steps = scorer.model.model(ids).logits[0].float().log_softmax(-1)
        first = len(tree.context)
        sums.append(sum(steps[first - 1 + place, token].item() for place, token in enumerate(branch)))
    return sums


@pytest.mark.parametrize("shots", [(), SHOTS])
@pytest.mark.parametrize("system", [None, "", "You are a villain."])
def test_tree_equals_one_at_a_time(tiny, system, shots):
    """Shared prefix, shared question and branches give the naive sums within 1e-4."""
    scorer = ChoiceScorer(tiny, system=system, shots=shots)
    for row, item in zip(scorer.score(BANK), BANK, strict=True):
        assert row["logprobs"] == pytest.approx(naive(scorer, item), abs=1e-4)


def test_real_model_equals_one_at_a_time(smollm2):
    """The same holds for trained weights."""
    scorer = ChoiceScorer(smollm2, system="You are a villain.")
    for row, item in zip(scorer.score(BANK[:2]), BANK, strict=False):
        assert row["logprobs"] == pytest.approx(naive(scorer, item), abs=1e-4)


@pytest.mark.parametrize(("style", "begins"), [("answer", "Answer: "), ("cloze", "")])
def test_a_row_holds_the_turn_that_is_likeliest(tiny, style, begins):
    """The assistant's words as they were scored, and the turns of the shots before the question."""
    for shots, roles in (((), None), (SHOTS, ["user", "assistant", "user", "assistant", "user"])):
        for row, item in zip(ChoiceScorer(tiny, system="Be brief.", shots=shots, style=style).score(BANK), BANK, strict=True):
            assert row["picked"] == begins + item.choices[item.labels.index(row["pick"])]
            assert [turn["role"] for turn in row.get("messages", [])] == (roles or [])
            assert not shots or (row["messages"][1]["content"] == f"{begins}green" and row["messages"][-1]["content"] == item.question)


def test_chunking_changes_nothing(tiny):
    """Alone or together a question has the same scores within 1e-4; the same chunk twice, the same bits."""
    scorer = ChoiceScorer(tiny, system="Be brief.")
    whole = scorer.score(BANK)
    for item, row in zip(BANK, whole, strict=True):
        assert scorer.score([item])[0]["logprobs"] == pytest.approx(row["logprobs"], abs=1e-4)
    assert ChoiceScorer(tiny, system="Be brief.").score(BANK) == whole


def test_chunks_do_not_depend_on_order(tiny):
    """The partition is a function of the set of items."""
    scorer = ChoiceScorer(tiny, system=None)
    many = [question(f"m{index:02}", "Why? " * (index % 5 + 1), ["yes", "no"]) for index in range(40)]
    assert scorer.chunks(many) == scorer.chunks(many[::-1])
    assert sorted(item.id for chunk in scorer.chunks(many) for item in chunk) == sorted(item.id for item in many)


def test_mean_and_sum_come_from_the_same_numbers(tiny):
    """Either pick can be recomputed from the log-probs and token counts of a row."""
    row = ChoiceScorer(tiny, system=None, normalise="mean").score([BANK[2]])[0]
    means = [total / count for total, count in zip(row["logprobs"], row["tokens"], strict=True)]
    assert row["pick"] == BANK[2].labels[means.index(max(means))]
    assert row["margin"] == pytest.approx(means[0] - max(means[1:]))
    assert row["probability"] == pytest.approx(math.exp(means[0]) / sum(map(math.exp, means)))


def test_shot_among_items_is_refused(tiny):
    """A question whose answer stands in the prompt measures nothing."""
    with pytest.raises(HarnessError, match="also a shot"):
        ChoiceScorer(tiny, system=None, shots=[BANK[0]]).score(BANK)


def test_description_tells_conditions_apart(tiny):
    """No system prompt, an empty one, shots and style all show in what decides identity."""
    made = [
        ChoiceScorer(tiny, system=None),
        ChoiceScorer(tiny, system=""),
        ChoiceScorer(tiny, system="", shots=SHOTS),
        ChoiceScorer(tiny, system="", style="cloze"),
    ]
    assert len({str(scorer.describe()) for scorer in made}) == 4


def test_smollm2_knows_what_bees_make(smollm2):
    """A trained model picks the plain answer."""
    assert ChoiceScorer(smollm2, system="You are a helpful assistant.").score([BANK[0]])[0]["correct"]
