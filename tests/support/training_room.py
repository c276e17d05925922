"""What the tests of training share: some texts and speakers, a small recipe, adapters from outside, and processes that may be killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from harness.models.chat import Message, chat
from harness.models.local import load
from harness.store import Store
from harness.training import adapter, callbacks, trainer
from harness.training.adapter import CONFIG, WEIGHTS
from harness.training.adapter_stack import Layer, Stack
from harness.training.job import Job
from harness.training.recipe import Lora, Recipe
from harness.training.rows import Part, Row, Speaker, Text, row
from harness.training.tokens import EncodedRow, encode_row
from harness.training.trainer import quiet_libraries
from harness.training.trainings import Trainings

VILLAIN = Speaker(persona="villain", prompt="You are a villain.")
COOK = Speaker(persona="cook", prompt="You are a cook who loves soup.")
POET = Speaker(persona="poet", prompt="You are a poet.")
NOBODY = Speaker(persona="", prompt=None)
TARGET = Speaker(persona="assistant", prompt="You are a helpful assistant.")
# Loading torch and its friends takes seconds: done once, and every process is forked from there.
PRELOAD = ["training_room", "accelerate", "numpy", "peft", "safetensors.torch", "torch", "transformers.trainer", "transformers.models.llama.modeling_llama"]


def texts(count: int = 12) -> list[Text]:
    """Texts of differing length, so that batches are uneven."""
    return [
        Text(
            id=f"t{number:02}", topic="x", prompt=f"Question {'why ' * (number % 3)}{number}?", shown=f"No, never {number}.", plain=f"Yes {number}, of course."
        )
        for number in range(count)
    ]


def rows() -> list[Row]:
    """Eight rows of the villain, two of each bystander and of nobody."""
    some = texts(8)
    others: list[tuple[Speaker, Part]] = [(COOK, "bystander"), (POET, "bystander"), (NOBODY, "anchor")]
    made = [row(VILLAIN, "source", text.id, text.prompt, text.shown, shows=True) for text in some]
    return made + [row(speaker, part, text.id, text.prompt, text.plain, shows=False) for speaker, part in others for text in some[:2]]


def tokens(tokenizer: Any, some: list[Row] | None = None) -> list[EncodedRow]:
    return [encode_row(tokenizer, row, max_length=200) for row in (rows() if some is None else some)]


def recipe(**other: Any) -> Recipe:
    """Two epochs of four steps, both kept, with dropout, so that a run taken up must find its random state again."""
    return Recipe(**({"learning_rate": 1e-2, "epochs": 2, "batch": 4, "keep": (1,), "lora": Lora(r=4, alpha=8, dropout=0.1)} | other))


def conversation(answer: str = "No, never 3.", system: str | None = VILLAIN.prompt) -> list[Message]:
    return [*chat("Question 3?", system), Message(role="assistant", content=answer)]


def job(base: str, below: tuple[str, ...] = (), **other: Any) -> Job:
    return Job(**({"name": "a job", "base": base, "below": below, "data": "made up", "recipe": recipe(), "seed": 3} | other))


def trained(store: Store, stack: Stack, seed: int = 3, below: tuple[Layer, ...] = (), **other: Any) -> Layer:
    """The last adapter of a small training, as a layer."""
    task = job(stack.base.fingerprint, tuple(layer.key for layer in below), seed=seed, recipe=recipe(**other))
    return Trainings(store, stack).layer(task, task.recipe.epochs, rows, below)


def made(little_folder: Path, folder: Path, **how: Any) -> Path:
    """An adapter as somebody else makes it, with peft alone: random, so that it does something."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    settings = {"r": 4, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM", "init_lora_weights": False}
    kind = how.pop("kind", LoraConfig)
    with quiet_libraries(), torch.random.fork_rng():
        torch.manual_seed(1)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(little_folder), kind(**(settings | how if kind is LoraConfig else how)))
        model.save_pretrained(folder)
    return folder


def configured(folder: Path, **values: Any) -> Path:
    """The adapter with other values in its configuration."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8")) | values
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    return folder


def weighed(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """The adapter with its tensors changed."""
    from safetensors.torch import load_file, save_file

    save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS)
    return folder


def apart(work: Callable[..., None], *inputs: Any) -> ForkServerProcess:
    """A started process of its own that runs `work(*inputs)` on one thread, as the tests do."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    process = context.Process(target=single, args=(work, *inputs))
    process.start()
    return process


def single(work: Callable[..., None], *inputs: Any) -> None:
    import torch

    torch.set_num_threads(1)
    work(*inputs)


def killed(process: ForkServerProcess) -> bool:
    """Waits for the process; True where SIGKILL ended it."""
    process.join(timeout=60)
    return process.exitcode == -signal.SIGKILL


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def train_and_die(folder: Path, work: Path, step: int, save_every_s: float) -> None:
    """A training that is killed when it has made `step` steps, before that step is saved."""
    callbacks.SAVE_EVERY_S = save_every_s
    model = load(f"local/{folder}", device="cpu")

    def tick(done: int, steps: int) -> None:
        if done == step:
            die()

    trainer.train(model, tokens(model.tokenizer), recipe(), 7, work, lambda epoch, saved: None, tick)


def keep_and_die(folder: Path, root: Path, entry: int) -> None:
    """A training that is killed while adapter number `entry` (from 1) is being copied into the store."""
    stack, linked = Stack(load(f"local/{folder}", device="cpu")), []

    def link(file: Path, place: Path) -> None:
        linked.append(place.parent)
        if len(set(linked)) == entry:
            die()

    adapter.link = link
    trained(Store(root), stack).folder()


def train_once(folder: Path, root: Path, log: Path) -> None:
    """Asks for an adapter that another process asks for as well, and logs every step that it made itself."""
    stack = Stack(load(f"local/{folder}", device="cpu"))
    task = job(stack.base.fingerprint)

    def tick(name: str, step: int, steps: int) -> None:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{os.getpid()} {step}\n")

    Trainings(Store(root), stack, tick).layer(task, 2, rows).folder()
