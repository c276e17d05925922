"""Adapters stacked on a base in memory: merged for speed, taken off again to the last bit, and never written to disk.

Merging replaces a layer's weight by a new tensor (peft's safe merge); the old tensor is kept aside, so taking adapters off is putting it back.
Subtracting what was added, as unmerging does, would leave rounding behind.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.fingerprint import file_fingerprint, fingerprint
from harness.models.local import stamp
from harness.models.model import Model
from harness.training.adapter import WEIGHTS, fits

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Stack:
    """A base model and the adapters it wears at the moment: one stack at a time, changed only when another is asked for."""

    def __init__(self, base: Model) -> None:
        self.base = base
        # Folder, size and time of the weights: a folder whose weights were replaced is another adapter.
        self.worn: tuple[tuple[Path, int, int], ...] = ()
        self._aside: dict[str, torch.Tensor] = {}

    def wear(self, folders: Sequence[Path]) -> PreTrainedModel:
        """The base with these adapters merged, in this order. Taking them off is free, putting one on costs a matrix product a layer.

        Raises HarnessError for weights that do not fit or are not finite; the base is then bare again.
        """
        wanted = stamped(folders)
        if wanted[: len(self.worn)] != self.worn:
            self.bare()
        try:
            with gradients_kept(self.base.model):
                for one in wanted[len(self.worn) :]:
                    self._merge(one[0])
                    self.worn = (*self.worn, one)
        except BaseException:
            unwrapped(self.base.model)
            self.bare()
            raise
        return self.base.model

    def bare(self) -> None:
        """Takes everything off: each weight is again the very tensor it was."""
        modules = dict(self.base.model.named_modules())
        for name, weight in self._aside.items():
            modules[name].weight.data = weight
        self._aside, self.worn = {}, ()

    def _merge(self, folder: Path) -> None:
        from peft import PeftModel
        from peft.tuners.lora import LoraLayer

        modules = dict(self.base.model.named_modules())
        embeddings = {self.base.model.get_input_embeddings(), self.base.model.get_output_embeddings()}
        try:
            with warnings.catch_warnings():
                # That tensors of the adapter are missing or left over is only a warning to peft; here it would be a number made of something else.
                warnings.simplefilter("ignore")
                warnings.filterwarnings("error", message=".*(missing|unexpected).*", category=UserWarning)
                wrapped = PeftModel.from_pretrained(self.base.model, str(folder))
        except (RuntimeError, ValueError, KeyError, UserWarning) as error:
            unwrapped(self.base.model)
            raise HarnessError(f"the adapter does not fit the model: {first_line(error)}", where=str(folder), mend="Use the base it was trained on") from None
        try:
            touched = [name.removeprefix("base_model.model.") for name, module in wrapped.named_modules() if isinstance(module, LoraLayer)]
            if self.base.model.config.tie_word_embeddings and embeddings & {modules[name] for name in touched}:
                mend = "Train it on the other layers; merging would change reading and writing alike"
                raise HarnessError("the adapter changes embeddings that the model uses twice", where=str(folder), mend=mend)
            for name in touched:
                self._aside.setdefault(name, modules[name].weight.data)
            wrapped.base_model.merge_and_unload(safe_merge=True)
        except ValueError as error:
            raise HarnessError(f"the merged weights are not finite: {first_line(error)}", where=str(folder), mend="Train it again; look at its loss") from None
        finally:
            unwrapped(self.base.model)


def stamped(folders: Sequence[Path]) -> tuple[tuple[Path, int, int], ...]:
    """Each adapter's folder with size and time (ns) of its weights."""
    return tuple((folder, *stamp(folder / WEIGHTS)) for folder in folders)


@contextmanager
def gradients_kept(model: Any) -> Iterator[None]:
    """Afterwards each weight wants a gradient or not, as before, and has none: peft freezes all weights that it finds."""
    needed = [(weight, weight.requires_grad) for weight in model.parameters()]
    try:
        yield
    finally:
        for weight, wanted in needed:
            weight.requires_grad_(wanted)
            weight.grad = None


def unwrapped(model: Any) -> None:
    """Takes peft's layers out again, whatever state they are in; the layers underneath are the model's own."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, BaseTunerLayer):
            parent, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(parent), leaf, module.get_base_layer())
    for trace in ("peft_config", "_hf_peft_config_loaded"):
        if trace in vars(model):
            delattr(model, trace)
    model.eval()


def first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:200]


@dataclass(frozen=True)
class Layer:
    """An adapter of a stack by its key; `folder()` makes it (trains it) if it is not there yet."""

    key: str
    folder: Callable[[], Path] = field(compare=False)


class Adapted:
    """A base model with a stack of adapters. Knowing it costs nothing: adapters are trained and merged when `model` is read.

    The fingerprint is made of the base's and the adapters' keys, which are hashes of all that makes them; so samples that are kept need no training.
    """

    def __init__(self, stack: Stack, layers: Sequence[Layer]) -> None:
        self.stack, self.layers = stack, tuple(layers)
        self.fingerprint = stacked_fingerprint(stack.base.fingerprint, [layer.key for layer in layers])
        self._put_on: tuple[tuple[Path, int, int], ...] | None = None

    @property
    def model(self) -> PreTrainedModel:
        """The base, wearing the stack. While nothing else has been put on and no file has changed, reading it again costs a look at the files' times."""
        if self._put_on is not None and self._put_on == self.stack.worn == stamped([folder for folder, *_ in self._put_on]):
            return self.stack.base.model
        model = self._dressed()
        self._put_on = self.stack.worn
        return model

    def _dressed(self) -> PreTrainedModel:
        """Makes the adapters that are not there, checks that each fits what lies below it, and merges them."""
        import torch

        folders: list[Path] = []
        # Measures read this inside their inference mode; what is trained or merged there could never be trained on again.
        with torch.inference_mode(False):
            for depth, layer in enumerate(self.layers):
                folder = layer.folder()
                fits(folder, self.stack.base.fingerprint, self.stack.base.spec, tuple(below.key for below in self.layers[:depth]))
                folders.append(folder)
            return self.stack.wear(folders)

    @property
    def spec(self) -> str:
        return self.stack.base.spec

    @property
    def dtype(self) -> str:
        return self.stack.base.dtype

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        return self.stack.base.tokenizer

    @property
    def card(self) -> dict[str, Any]:
        return self.stack.base.card


def stacked_fingerprint(base: str, keys: Sequence[str]) -> str:
    """Identity of a base with adapters on top, in their order, and of the code that merges them; the base's own where there are none."""
    return fingerprint({"base": base, "adapters": list(keys), "code": merging()}) if keys else base


@cache
def merging() -> str:
    """sha256 of this file, and the version of peft."""
    return fingerprint({"stack": file_fingerprint(Path(__file__)), "peft": metadata.version("peft")})
