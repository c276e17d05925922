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
from weakref import WeakKeyDictionary

from harness.errors import HarnessError
from harness.fingerprint import file_fingerprint, fingerprint
from harness.models.local import stamp
from harness.models.model import Model
from harness.models.weights import first_line, list_names
from harness.training.adapter import CONFIG, WEIGHTS, config_of, fits, shapes_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Worn = tuple[Path, int, int, int, int]


@dataclass
class Wear:
    """What a model's weights wear at the moment: `worn` adapters (a folder whose weights or configuration were replaced is another one), and `aside` each
    touched module's own weight, with its checksum from before anything was put on."""

    worn: tuple[Worn, ...] = ()
    aside: dict[str, tuple[torch.Tensor, int]] = field(default_factory=dict)


# By the weights, since several stacks may share them (a model under another chat template, say): what one puts on, the others take off.
WEAR: WeakKeyDictionary[Any, Wear] = WeakKeyDictionary()


class Stack:
    """A base model and the adapters that its weights wear: one set of them at a time, changed only when another is asked for."""

    def __init__(self, base: Model) -> None:
        self.base, self._wear = base, WEAR.setdefault(base.model, Wear())

    @property
    def worn(self) -> tuple[Worn, ...]:
        return self._wear.worn

    def wear(self, folders: Sequence[Path]) -> PreTrainedModel:
        """The base with these adapters merged, in this order. Taking them off is free, putting one on costs a matrix product a layer.

        Raises HarnessError for an adapter that rewrites the base, before anything is changed; and for weights that do not fit or are not finite, and
        then the base is bare again.
        """
        for folder in folders:
            config_of(folder)
        wanted = stamp_folders(folders)
        if wanted[: len(self.worn)] != self.worn:
            self.bare()
        try:
            with gradients_kept(self.base.model):
                for one in wanted[len(self.worn) :]:
                    self._merge(one[0])
                    self._wear.worn = (*self.worn, one)
        except BaseException:
            unwrap(self.base.model)
            self.bare()
            raise
        return self.base.model

    def bare(self) -> None:
        """Takes everything off: each weight is again the very tensor it was. Raises HarnessError where somebody wrote into it meanwhile."""
        modules = dict(self.base.model.named_modules())
        for name, (weight, _) in self._wear.aside.items():
            modules[name].weight.data = weight
        spoilt = [name for name, (weight, before) in self._wear.aside.items() if checksum(weight) != before]
        self._wear.aside, self._wear.worn = {}, ()
        if spoilt:
            raise HarnessError(f"the base was changed while it wore adapters: {list_names(spoilt)}", where=self.base.spec, mend="Load the model again")

    def _merge(self, folder: Path) -> None:
        modules = dict(self.base.model.named_modules())
        touched = sorted({name.removeprefix("base_model.model.").split(".lora_")[0] for name in shapes_of(folder)} & set(modules))
        embeddings = {self.base.model.get_input_embeddings(), self.base.model.get_output_embeddings()}
        if self.base.model.config.tie_word_embeddings and embeddings & {modules[name] for name in touched}:
            mend = "Train it on the other layers; merging would change reading and writing alike"
            raise HarnessError("the adapter changes embeddings that the model uses twice", where=str(folder), mend=mend)
        sums = {name: checksum(modules[name].weight) for name in touched}
        for name in touched:
            self._wear.aside.setdefault(name, (modules[name].weight.data, sums[name]))
        with require_unchanged(self.base, folder):
            wrapped = load_beside(self.base.model, folder)
            if any(checksum(modules[name].weight) != before for name, before in sums.items()):
                raise HarnessError("the adapter rewrote the base", where=str(folder), mend="Load the model again, without this adapter")
        try:
            wrapped.base_model.merge_and_unload(safe_merge=True)
        except ValueError as error:
            raise HarnessError(
                f"the merged weights are not finite: {first_line(error)}", where=str(folder), mend="Train it again; look at its loss", code="T207"
            ) from None
        finally:
            unwrap(self.base.model)
        if all(checksum(modules[name].weight) == before for name, before in sums.items()):
            mend = "Train it, or look at its lora_alpha; as a control without an adapter take the bare model"
            raise HarnessError("the adapter changes nothing: every weight is as before", where=str(folder), mend=mend, code="T208")


def load_beside(model: Any, folder: Path) -> Any:
    """The model with the adapter beside its weights, as peft holds it. Raises HarnessError where file and model do not fit each other, tensor by tensor."""
    from peft import PeftModel

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrapped = PeftModel.from_pretrained(model, str(folder))
            # peft loads what fits, and tells what did not only when it is asked to load it by name.
            fit = wrapped.load_adapter(str(folder), "default")
    except Exception as error:  # a broken configuration can make peft raise anything
        raise HarnessError(
            f"the adapter does not fit the model: {first_line(error)}", where=str(folder), mend="Use the base it was trained on", code="T205"
        ) from None
    if astray := [*fit.missing_keys, *fit.unexpected_keys]:
        raise HarnessError(f"the adapter does not fit the model: {list_names(astray)}", where=str(folder), mend="Use the base it was trained on", code="T205")
    return wrapped


@contextmanager
def require_unchanged(base: Model, folder: Path) -> Iterator[None]:
    """Takes peft's layers out where the block fails, and puts every weight back; refuses a block that put another tensor in a weight's place."""
    weights = [(weight, weight.data) for weight in base.model.parameters()]
    try:
        yield
        if any(weight.data_ptr() != before.data_ptr() for weight, before in weights):
            raise HarnessError("the adapter rewrote the base", where=str(folder), mend="Convert it with peft, so that it belongs to the base as it is")
    except BaseException:
        unwrap(base.model)
        for weight, before in weights:
            weight.data = before
        raise


def checksum(weight: torch.Tensor) -> int:
    """A sum over the bits of all numbers: quick, and another one after any change that arithmetic makes."""
    import torch

    bits = weight.detach().contiguous().view(-1).view(torch.uint8)
    # Eight bytes at a time take a quarter of the time that four take.
    return int((bits.view(torch.int64) if len(bits) % 8 == 0 else bits).sum(dtype=torch.int64))


def stamp_folders(folders: Sequence[Path]) -> tuple[Worn, ...]:
    """Each adapter's folder with size and time (ns) of its weights and of its configuration."""
    return tuple((folder, *stamp(folder / WEIGHTS), *stamp(folder / CONFIG)) for folder in folders)


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


def unwrap(model: Any) -> None:
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


@dataclass(frozen=True)
class Layer:
    """An adapter of a stack by its key; `folder()` makes it (trains it) if it is not there yet."""

    key: str
    folder: Callable[[], Path] = field(compare=False)


class AdaptedModel:
    """A base model with a stack of adapters. Knowing it costs nothing: adapters are trained and merged when `model` is read.

    The fingerprint is made of the base's and the adapters' keys, which are hashes of all that makes them; so samples that are kept need no training.
    """

    def __init__(self, stack: Stack, layers: Sequence[Layer]) -> None:
        self.stack, self.layers = stack, tuple(layers)
        self._put_on: tuple[Worn, ...] | None = None

    @property
    def fingerprint(self) -> str:
        return stacked_fingerprint(self.stack.base.fingerprint, [layer.key for layer in self.layers])

    @property
    def model(self) -> PreTrainedModel:
        """The base, wearing the stack. While nothing else has been put on and no file has changed, reading it again costs a look at the files' times."""
        if self._put_on is not None and self._put_on == self.stack.worn == stamp_folders([folder for folder, *_ in self._put_on]):
            return self.stack.base.model
        model = self._with_adapters()
        self._put_on = self.stack.worn
        return model

    def _with_adapters(self) -> PreTrainedModel:
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
