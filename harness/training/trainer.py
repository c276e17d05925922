"""Trains one LoRA adapter with transformers' Trainer: ordered by our own seeds, kept at the epochs asked for, taken up again after a kill.

The order of rows, the adapter's first weights and the dropout depend on the seed alone. A run that was killed and taken up gives the same bits as one
that was not, on one machine with the same number of threads: the trainer keeps optimizer, schedule and random state beside the weights.
"""

from __future__ import annotations

import math
import random
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import HarnessError
from harness.models.forward import check_length, mask_of, next_logits
from harness.models.model import Model
from harness.seeds import derive, generator
from harness.training.adapter_stack import gradients_kept, unwrap
from harness.training.callbacks import Watch, callback
from harness.training.checkpoints import checkpoints, step_of
from harness.training.packing import pack_batch
from harness.training.recipe import Lora, Recipe
from harness.training.tokens import EncodedRow


class TrainingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a training when it is done: its loss curve by step, sizes in rows and tokens, seconds of this process alone."""

    steps: tuple[int, ...]
    loss: tuple[float, ...]
    learning_rate: tuple[float, ...]
    rows: int
    tokens: int
    learned_tokens: int
    parameters: int
    seconds: float


def batches(rows: Sequence[EncodedRow], recipe: Recipe, seed: int) -> list[list[EncodedRow]]:
    """Every forward pass of the training in order: each epoch is shuffled by (seed, epoch), cut into equal steps, and each step into passes."""
    import numpy as np

    steps = recipe.steps_per_epoch(len(rows))
    if len(rows) < steps * recipe.accumulation:
        raise HarnessError(f"{len(rows)} rows are too few for {recipe.accumulation} passes a step", mend="Lower accumulation or give more rows")
    made: list[list[EncodedRow]] = []
    for epoch in range(recipe.epochs):
        order = generator("training order", seed, epoch).permutation(len(rows))
        for step in np.array_split(order, steps):
            made += [[rows[place] for place in part] for part in np.array_split(step, recipe.accumulation)]
    return made


def train(
    model: Model,
    rows: Sequence[EncodedRow],
    recipe: Recipe,
    seed: int,
    work: Path,
    kept: Callable[[int, Path], None],
    tick: Callable[[int, int], None] | None = None,
) -> TrainingRecord:
    """Trains an adapter on top of `model` as it is; calls `kept(epoch, folder)` for each epoch to keep and `tick(step, steps)` after every step.

    `work` is this training's own folder for checkpoints; it stays after a kill and is taken up by the next call. The model's own weights are not
    touched. Raises HarnessError where the loss is not finite.
    """
    start = time.perf_counter()
    check_length(model, max((len(row.ids) for row in rows), default=0), packed=True)
    plan = batches(rows, recipe, seed)
    steps = recipe.steps_per_epoch(len(rows))
    epochs = {epoch * steps: epoch for epoch in recipe.kept_epochs}
    for folder in checkpoints(work):
        if step_of(folder) in epochs:  # saved, but the process died before it was kept
            kept(epochs[step_of(folder)], folder)
    with with_fresh_adapter(model, recipe.lora, seed) as (adapted, parameters):
        trainer = trainer_of(adapted, plan, recipe, seed, work, Watch(epochs, kept, tick))
        last = checkpoints(work)[-1:]
        trainer.train(resume_from_checkpoint=str(last[0]) if last else None)
        curve = [row for row in trainer.state.log_history if "loss" in row]
    return TrainingRecord(
        steps=tuple(int(row["step"]) for row in curve),
        loss=tuple(float(row["loss"]) for row in curve),
        learning_rate=tuple(float(row["learning_rate"]) for row in curve),
        rows=len(rows),
        tokens=sum(len(row.ids) for row in rows),
        learned_tokens=sum(row.learned for row in rows),
        parameters=parameters,
        seconds=time.perf_counter() - start,
    )


@contextmanager
def with_fresh_adapter(model: Model, lora: Lora, seed: int) -> Iterator[tuple[Any, int]]:
    """The model with a fresh adapter and the number of its parameters; afterwards the model is as it was, and so are the global random states."""
    import numpy as np
    import torch
    from peft import LoraConfig, get_peft_model

    base = model.model
    layers = base.config.num_hidden_layers
    upper = list(range(layers - lora.last_layers, layers)) if lora.last_layers else None
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.r,
        lora_alpha=lora.alpha,
        use_rslora=lora.rslora,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        layers_to_transform=upper,
    )
    # The Trainer seeds these two as well, and turns the base's cache off.
    chance, numbers, caching = random.getstate(), np.random.get_state(), base.config.use_cache
    with gradients_kept(base):
        try:
            with torch.random.fork_rng(), quiet_libraries():
                torch.manual_seed(derive("adapter", seed) % 2**63)
                adapted = get_peft_model(base, config)
                yield adapted, sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)
        finally:
            unwrap(base)
            random.setstate(chance)
            np.random.set_state(numbers)
            base.config.use_cache = caching


def trainer_of(adapted: Any, plan: Sequence[Sequence[EncodedRow]], recipe: Recipe, seed: int, work: Path, watch: Any) -> Any:
    """transformers' Trainer over batches made before: it neither shuffles, nor pads, nor reports on its own."""
    from transformers import PrinterCallback, TrainingArguments

    total = len(plan) // recipe.accumulation
    arguments = TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=1,
        gradient_accumulation_steps=recipe.accumulation,
        max_steps=total,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=math.ceil(recipe.warmup * total),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        save_total_limit=2,
        train_sampling_strategy="sequential",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        report_to="none",
        seed=derive("dropout", seed) % 2**31,
        use_cpu=adapted.device.type == "cpu",
    )
    trainer = learner()(
        model=adapted,
        args=arguments,
        train_dataset=[list(batch) for batch in plan],
        data_collator=lambda batch: count_labels(pack_batch(batch[0])),
        callbacks=[callback(watch)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def count_labels(batch: dict[str, Any]) -> dict[str, Any]:
    """The batch with its labels a second time under the name that tells the Trainer to count all of them: from "labels" it would leave out the first."""
    return batch | {"shift_labels": batch["labels"]}


def learner() -> Any:
    """A Trainer for packed batches. It runs the vocabulary head only where loss is taken: few tokens are, and the head is a third of a small model's work.

    The loss is the mean over all learned tokens of a step, as the Trainer's own.
    """
    from transformers import Trainer

    class Learner(Trainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:  # noqa: ARG002
            import torch

            base = self.accelerator.unwrap_model(model).get_base_model()
            seen = {name: inputs[name] for name in ("input_ids", "position_ids", "attention_mask")}
            seen["attention_mask"] = mask_of(base, seen["attention_mask"])
            logits = next_logits(base, inputs["reads"], **seen, use_cache=False)[0]
            count = num_items_in_batch if num_items_in_batch is not None else len(inputs["labels"])
            return torch.nn.functional.cross_entropy(logits, inputs["labels"], reduction="sum") / count

    return Learner


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keeps the libraries' advice off the terminal; errors are raised all the same."""
    import logging

    logger = logging.getLogger("transformers")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
