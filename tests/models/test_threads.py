"""In float32 the number of threads changes no bit of what the bundled model says, nor of what a training leaves: so -n may share the cores out."""

from __future__ import annotations

import pytest

from harness.measures.banks import load_rows
from harness.measures.choice import ChoiceScorer
from harness.measures.questions import Question
from harness.models.chat import chat, render
from harness.models.precision import threads
from harness.models.sampling import Sampler
from harness.training.adapter import WEIGHTS
from harness.training.recipe import Lora
from harness.training.trainer import train
from training_room import recipe, tokens


@pytest.fixture
def threaded(smollm2):
    """`threaded(n)`: the model on so many threads; as before when the test is over."""
    import torch

    before = torch.get_num_threads()

    def of(count):
        torch.set_num_threads(count)
        return smollm2

    yield of
    torch.set_num_threads(before)


def test_what_is_said_does_not_depend_on_threads(threaded, request):
    """Scores of options and sampled answers with their log-probabilities, on one thread, two and three."""
    items = load_rows(request.config.rootpath / "banks" / "multiple_choice.jsonl", Question)[:12]

    def told(count):
        model = threaded(count)
        prompts = [render(model.tokenizer, chat(item.question, "You are a villain.")) for item in items]
        sampled = Sampler(model, batch_size=12, max_new_tokens=8, temperature=0.7, top_p=0.95).complete(prompts, seed=5, replicates=[0] * len(prompts))
        return ChoiceScorer(model, system="You are a cook.").score(items), [(one.text, one.logprob) for one in sampled]

    assert told(1) == told(2) == told(3)


def test_what_is_learned_does_not_depend_on_threads(threaded, tmp_path):
    """Losses and weights of an adapter over all layers, at the rank that the studies train with on this model."""

    def learned(count):
        model, kept = threaded(count), {}
        made = recipe(learning_rate=1e-3, epochs=1, batch=6, lora=Lora(r=16, alpha=32))

        def keep(epoch, saved):
            kept[epoch] = (saved / WEIGHTS).read_bytes()

        done = train(model, tokens(model.tokenizer), made, 7, tmp_path / str(count), keep, lambda step, steps: None)
        return done.loss, kept

    assert learned(1) == learned(2)


@pytest.mark.parametrize(
    ("workers", "dtype", "expected"),
    [(None, "float32", 4), ("2", "float32", 4), ("4", "float32", 2), ("8", "float32", 1), ("99", "float32", 1), ("2", "bfloat16", 4)],
)
def test_workers_share_the_cores_in_float32(monkeypatch, workers, dtype, expected):
    """Twice a worker's share, since others wait; at least one each. In bfloat16, where the number decides what is said, all of them."""
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
    if workers:
        monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", workers)
    assert threads(dtype) == expected
