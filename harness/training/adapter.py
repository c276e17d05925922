"""Adapters on disk: PEFT folders, complete and fitting their base, ours or from outside.

Ours carry `harness.json` beside PEFT's two files: the base they were trained on, what lay between, and the record of the training. The tokenizer's
files are links to one copy in the store, so an adapter costs its own weights and little more.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.models.local import hashed, stamp
from harness.store import Store, write_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CONFIG, WEIGHTS, NOTE = "adapter_config.json", "adapter_model.safetensors", "harness.json"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What our own adapters say of themselves. `base` is the model's fingerprint, `below` the keys of the adapters it was trained on top of."""

    base: str
    below: tuple[str, ...]
    epoch: int
    training: str


# What a LoRA may bring besides low-rank products: it changes the base in ways that taking weights off again does not undo.
BEYOND = ("modules_to_save", "trainable_token_indices", "layer_replication", "lora_bias")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of PEFT's adapter_config.json; the rest is PEFT's own affair."""

    peft_type: str
    base_model_name_or_path: str | None = None
    bias: str = "none"
    modules_to_save: Any = None
    trainable_token_indices: Any = None
    layer_replication: Any = None
    lora_bias: bool = False

    @property
    def beyond(self) -> list[str]:
        """What it changes besides adding low-rank products to weights."""
        return [name for name in BEYOND if getattr(self, name)] + ([f"bias {self.bias}"] if self.bias != "none" else [])


def config_of(folder: Path) -> Config:
    """PEFT's configuration. Raises HarnessError where files are missing, broken, or not of a LoRA."""
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            mend = "Train it again, or bring the whole folder that peft's save_pretrained wrote"
            raise HarnessError(f"the adapter has no {name}", where=str(folder), mend=mend)
    try:
        config = msgspec.json.decode((folder / CONFIG).read_bytes(), type=Config)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise HarnessError(f"{CONFIG} cannot be read: {error}", where=str(folder), mend="Bring it again; was the copy cut off?") from None
    if config.peft_type != "LORA":
        raise HarnessError(f"the adapter is a {config.peft_type}, not a LORA", where=str(folder), mend="Only LoRA adapters are merged and stacked here")
    if config.beyond:
        mend = "Merge it into a base of its own with peft, and use that as the model"
        raise HarnessError(f"the adapter changes more than weights can be given back ({', '.join(config.beyond)})", where=str(folder), mend=mend)
    return config


def shapes_of(folder: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor in the adapter's weights, from the header alone. Raises HarnessError for a file that is cut off or empty."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / WEIGHTS, framework="np") as weights:
            shapes = {name: tuple(weights.get_slice(name).get_shape()) for name in weights.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError) as error:
        raise HarnessError(f"{WEIGHTS} cannot be read: {error}", where=str(folder), mend="Train it again; the file is cut off or damaged") from None
    if not shapes:
        raise HarnessError(f"{WEIGHTS} holds no weights", where=str(folder), mend="Train it again; an adapter without weights changes nothing")
    return shapes


def finite(folder: Path) -> None:
    """Raises HarnessError where a weight is not a finite number: the last step of a training has no later loss that would show it."""
    import torch
    from safetensors.torch import load_file

    bad = [name for name, weight in load_file(folder / WEIGHTS).items() if not torch.isfinite(weight).all()]
    if bad:
        raise HarnessError(f"the trained weights are not finite ({bad[0]})", where="training", mend="Lower the learning rate, or look at the rows")


def note_of(folder: Path) -> Note | None:
    """Our own note, or None for an adapter from outside."""
    try:
        return msgspec.json.decode((folder / NOTE).read_bytes(), type=Note)
    except FileNotFoundError:
        return None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise HarnessError(f"{NOTE} cannot be read: {error}", where=str(folder), mend="Train the adapter again") from None


def fits(folder: Path, base: str, spec: str, below: tuple[str, ...] = ()) -> None:
    """Raises HarnessError where an adapter is incomplete or was trained on something else than `base` (a fingerprint) with `below` in between.

    An adapter from outside names its base only; it fits where the last part of that name is the spec's.
    """
    config, note = config_of(folder), note_of(folder)
    whole = [name for name in shapes_of(folder) if ".lora_" not in name]
    if whole:
        mend = "Save it with save_embedding_layers=False; peft would write these over the base's own"
        raise HarnessError(f"{WEIGHTS} holds weights that are no LoRA's ({whole[0]})", where=str(folder), mend=mend)
    if note is not None and (note.base != base or note.below != below):
        between = f" with {len(note.below)} adapters in between" if note.below else ""
        raise HarnessError(
            f"the adapter was trained on another base ({note.base[:12]}{between})", where=str(folder), mend=f"Stack it on that; this is {base[:12]}"
        )
    named = (config.base_model_name_or_path or "").rstrip("/").split("/")[-1].lower()
    if note is None and named and named != spec.rstrip("/").split("/")[-1].lower():
        raise HarnessError(
            f"the adapter is for {config.base_model_name_or_path}, the model is {spec}",
            where=str(folder),
            mend="Use its own base, or correct its adapter_config.json",
        )


def outside_key(folder: Path) -> str:
    """Identity of an adapter that was brought in: the hash of its configuration and weights."""
    config_of(folder)
    return fingerprint({name: hashed(folder / name, *stamp(folder / name)) for name in (CONFIG, WEIGHTS)})


def keep(store: Store, key: str, saved: Path, tokenizer: PreTrainedTokenizerBase, note: Note, spec: str) -> Path:
    """Copies a checkpoint that the trainer saved into the store as the adapter `key`, with tokenizer and note. Returns its folder.

    Raises HarnessError for weights that are not finite.
    """
    finite(saved)
    words = tokenizer_folder(store, tokenizer)

    def make(folder: Path) -> None:
        config: dict[str, Any] = msgspec.json.decode((saved / CONFIG).read_bytes())
        write_json(folder / CONFIG, config | {"base_model_name_or_path": spec}, pretty=True)
        shutil.copyfile(saved / WEIGHTS, folder / WEIGHTS)
        write_json(folder / NOTE, msgspec.to_builtins(note), pretty=True)
        for file in words.iterdir():
            if file.name != "manifest.json":
                link(file, folder / file.name)

    return store.folder("adapters", key, make)


def tokenizer_folder(store: Store, tokenizer: PreTrainedTokenizerBase) -> Path:
    """The tokenizer's files, kept once for all adapters."""
    name = fingerprint({"tokenizer": str(tokenizer.name_or_path), "vocabulary": len(tokenizer), "template": tokenizer.chat_template})
    return store.folder("tokenizers", name, lambda folder: tokenizer.save_pretrained(folder) and None)


def link(file: Path, place: Path) -> None:
    """A second name for the same bytes; a copy where the file system knows no links."""
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)
