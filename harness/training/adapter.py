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
from harness.files import make_folder, plain_files
from harness.fingerprint import fingerprint
from harness.models.chat import tokenizer_state
from harness.models.local import file_sha256, stamp
from harness.models.weights import FLOATS, list_names, refuse_pointer
from harness.store import MANIFEST, Store, write_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CONFIG, WEIGHTS, NOTE = "adapter_config.json", "adapter_model.safetensors", "harness.json"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What our own adapters say of themselves. `base` is the model's fingerprint, `below` the keys of the adapters it was trained on top of."""

    base: str
    below: tuple[str, ...]
    epoch: int
    training: str


# Where a LoRA may begin: each of these leaves the base's weights as they are (tests/training/test_training_kinds.py tries all that peft lists). PiSSA, OLoRA,
# CorDA, LoftQ and LoRA-GA rewrite the base while the adapter is made or loaded, so what is saved belongs to a base that is nowhere.
INITIAL = (True, False, "gaussian", "eva", "orthogonal", "mica")
PLACES = ("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern")
UNUSED_SIZES = ("megatron_core", "qalora_group_size", "runtime_config")
# What decides a LoRA's low-rank products and how they are scaled. All of it is merged into the weights, and given back with them.
PRODUCTS = frozenset(
    ("r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "init_lora_weights", "eva_config", "fan_in_fan_out", *PLACES)
)
# What describes the adapter or its training, and sizes of what is not in use.
NOTES = frozenset(
    ("peft_type", "task_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision", "inference_mode", "lora_dropout", *UNUSED_SIZES)
)
# Values by which everything else says that it is not in use.
OFF: tuple[Any, ...] = (None, False, "", "none", [], {})


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of PEFT's adapter_config.json besides its choices."""

    peft_type: str
    base_model_name_or_path: str | None = None


def adapter_files(folder: Path) -> list[Path]:
    """The files that wearing an adapter reads: its configuration and weights, and our own note where there is one."""
    return [folder / name for name in (CONFIG, WEIGHTS, NOTE) if name != NOTE or (folder / NOTE).exists()]


def config_of(folder: Path) -> Config:
    """PEFT's configuration. Raises HarnessError where files are missing or broken, and for whatever is not proved to be merged and given back exactly."""
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            mend = "Train it again, or bring the whole folder that peft's save_pretrained wrote"
            raise HarnessError(f"the adapter has no {name}", where=str(folder), mend=mend, code="T205")
        refuse_pointer(folder / name)
    try:
        choices = msgspec.json.decode((folder / CONFIG).read_bytes(), type=dict[str, Any])
        config = msgspec.convert(choices, Config)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise HarnessError(f"{CONFIG} cannot be read: {error}", where=str(folder), mend="Bring it again; was the copy cut off?") from None
    if config.peft_type != "LORA":
        raise HarnessError(f"the adapter is a {config.peft_type}, not a LORA", where=str(folder), mend="Only LoRA adapters are merged and stacked here")
    refuse_choices(folder, choices)
    return config


def refuse_choices(folder: Path, choices: dict[str, Any]) -> None:
    """Refuses an adapter that rewrites the base, or does more to it than add low-rank products; what is not known here is refused too."""
    initial = choices.get("init_lora_weights", True)
    if not any(initial is known or (isinstance(initial, str) and initial == known) for known in INITIAL):
        mend = "Convert it with peft (save_pretrained with path_initial_model_for_weight_conversion), or merge it into a base of its own"
        raise HarnessError(f"the adapter rewrites the base, or may (init_lora_weights {initial!r})", where=str(folder), mend=mend)
    beyond = [f"{name} {value}"[:80] for name, value in choices.items() if name not in PRODUCTS | NOTES and value not in OFF]
    if beyond:
        mend = "Merge it into a base of its own with peft, and use that as the model"
        raise HarnessError(f"the adapter changes more than weights can be given back ({', '.join(beyond)})", where=str(folder), mend=mend)


def shapes_of(folder: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor in the adapter's weights, from the header alone. Raises HarnessError for a file that is cut off or empty."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / WEIGHTS, framework="np") as weights:
            slices = {name: weights.get_slice(name) for name in weights.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError) as error:
        raise HarnessError(
            f"{WEIGHTS} cannot be read: {error}", where=str(folder), mend="Train it again; the file is cut off or damaged", code="T205"
        ) from None
    if not slices:
        raise HarnessError(f"{WEIGHTS} holds no weights", where=str(folder), mend="Train it again; an adapter without weights changes nothing", code="T208")
    if odd := [f"{name} ({weight.get_dtype()})" for name, weight in slices.items() if weight.get_dtype() not in FLOATS]:
        raise HarnessError(f"{WEIGHTS} holds numbers that are no floats: {list_names(odd)}", where=str(folder), mend="Save the adapter in float32 or bfloat16")
    return {name: tuple(weight.get_shape()) for name, weight in slices.items()}


def finite(folder: Path) -> None:
    """Raises HarnessError where a weight is not a finite number: the last step of a training has no later loss that would show it."""
    import torch
    from safetensors.torch import load_file

    bad = [name for name, weight in load_file(folder / WEIGHTS).items() if not torch.isfinite(weight).all()]
    if bad:
        raise HarnessError(f"the trained weights are not finite ({bad[0]})", where="training", mend="Lower the learning rate, or look at the rows", code="T207")


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
            f"the adapter was trained on another base ({note.base[:12]}{between})",
            where=str(folder),
            mend=f"Stack it on that; this is {base[:12]}",
            code="T205",
        )
    named = (config.base_model_name_or_path or "").rstrip("/").split("/")[-1].lower()
    if note is None and named and named != spec.rstrip("/").split("/")[-1].lower():
        raise HarnessError(
            f"the adapter is for {config.base_model_name_or_path}, the model is {spec}",
            where=str(folder),
            mend="Use its own base, or correct its adapter_config.json",
            code="T205",
        )


def outside_key(folder: Path) -> str:
    """Identity of an adapter that was brought in: the hash of its configuration and weights."""
    config_of(folder)
    return fingerprint({name: file_sha256(folder / name, *stamp(folder / name)) for name in (CONFIG, WEIGHTS)})


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
        for name in plain_files(words):
            if name != MANIFEST:
                make_folder((folder / name).parent)
                link(words / name, folder / name)

    return store.folder("adapters", key, make)


def tokenizer_folder(store: Store, tokenizer: PreTrainedTokenizerBase) -> Path:
    """The tokenizer's files, kept once for all adapters."""
    name = fingerprint({"tokenizer": str(tokenizer.name_or_path), "vocabulary": len(tokenizer), "state": tokenizer_state(tokenizer)})
    return store.folder("tokenizers", name, lambda folder: tokenizer.save_pretrained(folder) and None)


def link(file: Path, place: Path) -> None:
    """A second name for the same bytes; a copy where the file system knows no links."""
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)
