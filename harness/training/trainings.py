"""Trains what is not there yet: adapters by key, each made once across processes, kept in the store, taken up where a kill left them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from harness.errors import HarnessError
from harness.files import require_no_links
from harness.opened_files import opened_files
from harness.store import Store
from harness.training.adapter import Note, adapter_files, keep, outside_key
from harness.training.adapter_stack import AdaptedModel, Layer, Stack
from harness.training.job import Job
from harness.training.rows import Row, jsonl
from harness.training.tokens import encode_row
from harness.training.trainer import TrainingRecord, train

KIND = "trainings"
WORK = "in-training"
Tick = Callable[[str, int, int], None]


class Trainings:
    """The trainings on one base model. `tick(name, step, steps)` is told after every step."""

    def __init__(self, store: Store, stack: Stack, tick: Tick = lambda *_: None) -> None:
        self.store, self.stack, self.tick = store, stack, tick

    def layer(self, job: Job, epoch: int, rows: Callable[[], Sequence[Row]], below: Sequence[Layer] = ()) -> Layer:
        """The adapter of `job` after `epoch`, as a layer of a stack; `rows()` and the training itself wait until its folder is asked for."""
        if epoch not in job.recipe.kept_epochs:
            raise HarnessError(f"epoch {epoch} is not kept", where=job.name, mend=f"Kept are {list(job.recipe.kept_epochs)}; add it to keep")
        return Layer(job.adapter(epoch), lambda: self._folder(job, epoch, rows, below))

    def record(self, job: Job, rows: Callable[[], Sequence[Row]], below: Sequence[Layer] = ()) -> TrainingRecord:
        """The loss curve and sizes of a training; trains if it has not been done."""
        self._folder(job, job.recipe.epochs, rows, below)
        done: TrainingRecord = self.store.peek(KIND, job.key, TrainingRecord)
        return done

    def _folder(self, job: Job, epoch: int, rows: Callable[[], Sequence[Row]], below: Sequence[Layer]) -> Path:
        if not self._done(job):
            with self.store.locked(KIND, job.key):
                if not self._done(job):
                    self._train(job, rows(), below)
        return self.store.place("adapters", job.adapter(epoch))

    def _done(self, job: Job) -> bool:
        """True where the record and every kept adapter are there, byte for byte."""
        return self.store.peek(KIND, job.key, TrainingRecord) is not None and all(
            self.store.holds("adapters", job.adapter(epoch)) for epoch in job.recipe.kept_epochs
        )

    def _train(self, job: Job, rows: Sequence[Row], below: Sequence[Layer]) -> None:
        under = AdaptedModel(self.stack, below)
        tokenizer, recipe = under.tokenizer, job.recipe
        ready = [encode_row(tokenizer, row, max_length=recipe.max_length, loss_on=recipe.loss_on, marker=recipe.marker) for row in rows]

        def keep_adapter(epoch: int, saved: Path) -> None:
            note = Note(base=job.base, below=job.below, epoch=epoch, training=job.key)
            keep(self.store, job.adapter(epoch), saved, tokenizer, note, self.stack.base.spec)

        work = self.store.root / WORK / job.key
        require_no_links(self.store.root, WORK, f"{WORK}/{job.key}")
        done = train(under, ready, recipe, job.seed, work, keep_adapter, lambda step, steps: self.tick(job.name, step, steps))
        self.store.put_text(KIND, job.key, ".rows.jsonl", jsonl(rows))  # what it was trained on, for whoever asks
        self.store.put(KIND, job.key, msgspec.to_builtins(done))
        shutil.rmtree(work, ignore_errors=True)


def outside(folder: Path) -> Layer:
    """An adapter that somebody else trained, as a layer of a stack; its key is the hash of its files. Raises HarnessError where it is incomplete."""
    key = outside_key(folder)
    opened_files.register(*adapter_files(folder))

    def same() -> Path:
        if outside_key(folder) != key:
            raise HarnessError("the adapter is not what it was when it was brought in", where=str(folder), mend="Bring each version from a folder of its own")
        return folder

    return Layer(key, same)
