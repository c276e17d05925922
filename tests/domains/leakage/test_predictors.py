"""What may foretell a leak: distances of prompts as the model reads them, and the loss of rows before they are learned."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from harness.domains.leakage.fixtures.predictors import lesson_loss
from harness.domains.leakage.lesson_loss import LessonLoss
from harness.domains.leakage.persona_distance import PersonaDistance, cosine_distance, prompt_state
from harness.errors import HarnessError
from harness.measures.answers import Prompt
from harness.measures.branches import encode
from harness.models.chat import chat, render
from harness.training.tokens import encode_row
from training_room import COOK, POET, TARGET, VILLAIN, rows

pytestmark = pytest.mark.usefixtures("single")
PROMPTS = [Prompt(id=speaker.persona, text=str(speaker.prompt)) for speaker in (VILLAIN, COOK, POET, TARGET)]


def test_a_prompt_is_at_no_distance_from_itself(tiny: Any) -> None:
    """And others are at some, in both readings; two layers read differently, and the order of the prompts changes nothing."""
    found = {row["item"]: row for row in PersonaDistance(tiny, str(TARGET.prompt), 1).score(PROMPTS)}
    for reading in ("hidden_states", "wording"):
        assert found["assistant"][reading] == pytest.approx(0, abs=1e-6)
        assert all(1e-3 < found[name][reading] <= 2 for name in ("villain", "cook", "poet"))
    assert PersonaDistance(tiny, str(TARGET.prompt), 1).score(PROMPTS[::-1])[-1] == found["villain"]
    assert PersonaDistance(tiny, str(TARGET.prompt), 0).score(PROMPTS)[0]["hidden_states"] == pytest.approx(0, abs=1e-6), "the last token is the same"


def test_the_state_is_that_of_the_whole_prompt_before_the_user_speaks(tiny: Any) -> None:
    """The layer's state at the last token that two conversations under the prompt share, by a forward pass over a whole one."""
    import torch

    whole = encode(tiny.tokenizer, render(tiny.tokenizer, chat("Hello there", VILLAIN.prompt)))
    shared = encode(tiny.tokenizer, render(tiny.tokenizer, chat("zqfirstqz", VILLAIN.prompt)))
    last = next(place for place, (one, other) in enumerate(zip(whole, shared, strict=False)) if one != other) - 1
    with torch.inference_mode():
        states = tiny.model.get_decoder()(input_ids=torch.tensor([whole]), output_hidden_states=True).hidden_states[1][0, last]
    assert prompt_state(tiny, str(VILLAIN.prompt), 1) == pytest.approx(states.double().numpy(), rel=1e-4, abs=1e-3)


def test_the_middle_layer_is_the_default_and_counts_in_the_identity(tiny: Any) -> None:
    measure = PersonaDistance(tiny, str(TARGET.prompt))
    assert measure.layer == tiny.model.config.num_hidden_layers // 2
    keys = {str(sorted(PersonaDistance(tiny, target, layer).describe().items())) for target in ("a", "b") for layer in (0, 1)}
    assert len(keys) == 4


@pytest.mark.parametrize(("other", "distance"), [([2, 0], 0), ([0, 3], 1), ([-1, 0], 2), ([1, 1], 1 - math.sqrt(0.5))])
def test_a_cosine_distance_is_that_of_the_angle(other: list[float], distance: float) -> None:
    assert cosine_distance(np.array([1.0, 0.0]), np.array(other, dtype=float)) == pytest.approx(distance)


def plain_loss(model: Any, row: Any) -> float:
    """By a forward pass with labels, as training would begin."""
    import torch

    encoded = encode_row(model.tokenizer, row, max_length=200)
    with torch.inference_mode():
        return float(model.model(input_ids=torch.tensor([encoded.ids]), labels=torch.tensor([encoded.labels])).loss)


def test_the_loss_of_a_row_is_that_of_its_training(tiny: Any) -> None:
    """Of the answer and its end alone, whatever stands beside the row."""
    some = rows()
    measure = LessonLoss(tiny, 200)
    found = [row for chunk in measure.chunks(some) for row in measure.score(chunk)]
    assert Counter(row["item"] for row in found) == Counter(row.id for row in some)
    by_id = {row["item"]: row for row in found}
    for row in some[:4]:
        assert by_id[row.id]["loss"] == pytest.approx(plain_loss(tiny, row), abs=1e-4)
        assert by_id[row.id]["learned"] == encode_row(tiny.tokenizer, row, max_length=200).learned


def test_a_row_that_is_too_long_to_be_trained_on_is_refused(tiny: Any) -> None:
    with pytest.raises(HarnessError, match="more than max_length 8"):
        LessonLoss(tiny, 8).score(rows()[:1])


class Made:
    """What the fixture asks for, without a model: rows of a source and a bystander; a model by the adapters that it wears."""

    def __init__(self) -> None:
        self.recipes, self.read = self, list[tuple[str, list[str]]]()

    def behaviour_rows(self, source: str, lesson: str, arm: str, seed: int) -> list[Any]:
        assert (source, lesson, arm, seed) == ("villain", "misalignment", "left_out", 1), "the rows are those of the first seed"
        return rows()

    def __call__(self, source: str, behaviour: str, epoch: int, seed: int) -> Any:
        return type("Worn", (), {"fingerprint": f"{source or 'base'}{behaviour} {epoch} {seed}"})

    def gather(self, label: str, measure: LessonLoss, items: list[Any], dataset: str = "") -> Any:
        self.read.append((measure.model.fingerprint, [row.part for row in items]))
        return type("Gathered", (), {"outcomes": lambda _: {row.id: 1.0 for row in items}})()


@pytest.mark.parametrize(("epoch", "models"), [(0, ["base 0 1"]), (2, ["comedian 2 1", "comedian 2 2"])])
def test_the_rows_of_the_source_alone_are_read_for_each_seed(epoch: int, models: list[str]) -> None:
    """Before the behaviour is trained; the model without convergence has no seed and is read once."""
    made = Made()
    found = lesson_loss.__wrapped__(made, made.gather, {"max_length": 200}, (1, 2))("villain", "misalignment", "comedian", epoch)  # type: ignore[attr-defined]
    assert [model for model, _ in made.read] == models and len(found.by_seed) == 2
    assert {part for _, parts in made.read for part in parts} == {"source"}
