"""A folder of weights is whole, readable, and what its configuration describes; else it is refused in one line.

transformers fills tensors that are not in the files with random numbers, leaves out those that it has no place for, and applies an adapter that lies
beside the weights. None of that may happen unnoticed: it would be another model under the same name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

ADAPTER, CONFIG = "adapter_config.json", "config.json"
WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
# Small JSON files that decide how a model answers; transformers ignores a broken generation_config.json.
SETTINGS = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
# What decides how a model folder answers; README files and the like do not.
READ = ("*.safetensors", "*.json", "*.jinja", "additional_chat_templates/*.jinja", "*.model", "*.tiktoken", "merges.txt", "vocab.txt")
VOCABULARIES = ("tokenizer.json", "tekken.json", "vocab.json", "vocab.txt", "*.model", "*.tiktoken")
# What git checks out in place of a large file that was not fetched begins with this.
POINTER = b"version https://git-lfs.github.com/spec/"
FLOATS = ("F64", "F32", "F16", "BF16")
AGAIN = "Fetch the file again; the copy is cut off or damaged."
TEXT = "Which month comes right after March? 1 + 1 = 2"


def weight_files(folder: Path) -> list[Path]:
    """Every file of a model folder that decides its answers: weights, configuration, tokenizer, templates. Raises HarnessError for a dead link."""
    files = sorted({file for pattern in READ for file in folder.glob(pattern) if not file.is_dir()})
    for file in files:
        if not file.exists():
            raise HarnessError("the link leads to no file", where=str(file), mend="Fetch the model again.")
    return files


def check_folder(folder: Path) -> dict[str, str]:
    """Refuses a model folder that cannot be loaded as it stands, from its small files and the headers of its weights.

    Returns the dtype of every stored tensor ("F32"). Raises HarnessError for an adapter among the files, git-lfs pointers, missing or broken files,
    and an index that does not describe its shards.
    """
    if (folder / ADAPTER).exists():
        mend = f"Move {ADAPTER} and adapter_model.safetensors to a folder of their own; load the base as local/<folder> and put the adapter on it "
        mend += "with outside(Path(...)) (docs/persona_leakage.md)."
        raise HarnessError(f"the folder holds an adapter ({ADAPTER}), which transformers would apply to the weights unasked", where=str(folder), mend=mend)
    for file in weight_files(folder):
        refuse_pointer(file)
    config = read_object(folder / CONFIG)
    for name in SETTINGS:
        if (folder / name).exists():
            read_object(folder / name)
    if not any(any(folder.glob(pattern)) for pattern in VOCABULARIES):
        raise HarnessError("the folder holds no tokenizer", where=str(folder), mend="Save the model's own tokenizer beside its weights.", code="T206")
    return stored_dtypes(folder, str(config.get("transformers_weights") or ""))


def refuse_pointer(file: Path) -> None:
    """Raises HarnessError for a git-lfs pointer in place of the file itself, and for a file that cannot be read."""
    try:
        with file.open("rb") as stream:
            pointer = stream.read(len(POINTER)) == POINTER
    except OSError as error:
        raise HarnessError(f"the file cannot be read: {error.strerror}", where=str(file), mend="Correct its permissions, or fetch it again.") from None
    if pointer:
        raise HarnessError("this is a git-lfs pointer, not the file itself", where=str(file), mend="Run git lfs pull there, or hf download the model.")


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises HarnessError where there is none."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise HarnessError(f"the folder has no {file.name}", where=str(file.parent), mend="Bring the whole folder that save_pretrained wrote.") from None
    except (OSError, ValueError) as error:
        raise HarnessError(f"not JSON: {first_line(error)}", where=str(file), mend=AGAIN) from None
    if not isinstance(value, dict):
        raise HarnessError("not a JSON object", where=str(file), mend=AGAIN)
    return value


def stored_dtypes(folder: Path, named: str = "") -> dict[str, str]:
    """Every tensor in the weights that transformers would read, with its dtype; `named` is the file that config.json names, if any."""
    if not named and (folder / WHOLE).exists() and (folder / INDEX).exists():
        raise HarnessError(f"the folder holds both {WHOLE} and {INDEX}", where=str(folder), mend="Remove the one that is not the model.")
    file = folder / (named or (INDEX if (folder / INDEX).exists() else WHOLE))
    if not file.exists():
        mend = "Convert the weights, or give their file this name." if not named else f"Correct transformers_weights in {CONFIG}."
        raise HarnessError(f"the folder has no {file.name} (pickled weights are never loaded)", where=str(folder), mend=mend)
    return shard_dtypes(file) if file.name.endswith(".index.json") else header(file)


def shard_dtypes(index: Path) -> dict[str, str]:
    """Tensors of a sharded model. Raises HarnessError where the index and its shards differ."""
    tensors = read_object(index).get("weight_map")
    if not isinstance(tensors, dict) or not tensors or not all(isinstance(shard, str) for shard in tensors.values()):
        raise HarnessError("the index has no weight_map", where=str(index), mend=AGAIN)
    dtypes: dict[str, str] = {}
    for shard in sorted(set(tensors.values())):
        file = index.parent / shard
        if file.parent != index.parent or not file.is_file():
            raise HarnessError(f"the shard {shard} is not in the folder", where=str(index), mend="Fetch the missing shard.")
        dtypes |= (stored := header(file))
        if astray := {name for name in stored if tensors.get(name) != shard} | {name for name in tensors if tensors[name] == shard and name not in stored}:
            raise HarnessError(f"the index and {shard} do not hold the same tensors: {list_names(astray)}", where=str(index), mend="Fetch the model again.")
    return dtypes


def header(file: Path) -> dict[str, str]:
    """Every tensor of a safetensors file with its dtype. Raises HarnessError for a file that is cut off, damaged or empty."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np") as weights:
            dtypes = {name: str(weights.get_slice(name).get_dtype()) for name in weights.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError) as error:
        raise HarnessError(f"the weights cannot be read: {first_line(error)}", where=str(file), mend=AGAIN) from None
    if not dtypes:
        raise HarnessError("the file holds no tensors", where=str(file), mend=AGAIN)
    return dtypes


def read_weights(kind: Any, source: Path, dtypes: dict[str, str] | None = None, **how: Any) -> tuple[PreTrainedModel, list[str]]:
    """`kind.from_pretrained(source, **how)` with every weight from the files, and the stored tensors that belong to no part of the model.

    `dtypes` are those of `check_folder`. Raises HarnessError for tensors that are missing, of another shape or of no use, and for numbers not finite.
    """
    with one_line("the weights cannot be loaded", source, "Check that config.json and the weights belong together, and that transformers knows the model."):
        model, report = kind.from_pretrained(source, output_loading_info=True, ignore_mismatched_sizes=True, **how)
    mend = f"Bring the weights and the {CONFIG} that were saved together."
    if report["missing_keys"]:
        raise HarnessError(f"the weights lack {list_names(report['missing_keys'])}", where=str(source), mend=mend)
    if report["mismatched_keys"]:
        shapes = [f"{name} {tuple(stored)} instead of {tuple(wanted)}" for name, stored, wanted in report["mismatched_keys"]]
        raise HarnessError(f"the weights have other shapes than {CONFIG} says: {list_names(shapes)}", where=str(source), mend=mend)
    if foreign := [name for name in report["unexpected_keys"] if is_part(name, model)]:
        raise HarnessError(f"the weights hold what {CONFIG} does not describe: {list_names(foreign)}", where=str(source), mend=mend)
    if dtypes:
        check_stored(model, dtypes, source)
    check_loaded(model, source)
    return model, sorted(report["unexpected_keys"])


def is_part(name: str, model: Any) -> bool:
    """True where an unused tensor belongs to a module that the model has, or is like one that it has but for its number (one more layer).

    Heads for other tasks and leftovers elsewhere change nothing: without them the model is whole.
    """
    modules = dict(model.named_modules())
    if star_layers(name) in {star_layers(known) for known in model.state_dict()}:
        return True
    parents = [name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)]
    nearest = next((modules[parent] for parent in parents if parent in modules), None)
    return nearest is not None and type(nearest).__name__ not in ("ModuleList", "ModuleDict")


def star_layers(name: str) -> str:
    return re.sub(r"(?<=\.)\d+(?=\.|$)", "*", name)


def check_stored(model: Any, dtypes: dict[str, str], source: Path) -> None:
    """Refuses stored tensors that transformers reads as something else than they are, and two that it would put in one place."""
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key

    mend = "Bring the weights in float32, float16 or bfloat16."
    quantised, quantiser = getattr(model.config, "quantization_config", None), getattr(model, "hf_quantizer", None)
    if quantised is not None and quantiser is None:
        raise HarnessError(f"{CONFIG} names a quantisation that transformers does not know: {str(quantised)[:80]}", where=str(source), mend=mend)
    mapping, prefix, state = get_model_conversion_mapping(model), model.base_model_prefix, model.state_dict()
    renamings, converters = ([one for one in mapping if isinstance(one, kind)] for kind in (WeightRenaming, WeightConverter))
    floats, places = {name for name, weight in model.named_parameters() if weight.is_floating_point()}, dict[str, str]()
    for name, dtype in dtypes.items():
        place, _ = rename_source_key(name, renamings, converters, prefix, state)
        own = place not in state and name in state  # then it is not renamed
        if (name if own else place) in floats and dtype not in FLOATS and quantiser is None:
            raise HarnessError(f"{name} is stored as {dtype}, which {CONFIG} does not say how to read", where=str(source), mend=mend)
        # Not after conversion, which joins many tensors (experts) in one.
        other = places.setdefault((name if own else rename_source_key(name, renamings, [], prefix, state)[0]).removeprefix(f"{prefix}."), name)
        if other != name:
            raise HarnessError(
                f"{other} and {name} are both stored, for one place in the model", where=str(source), mend="Remove the one that is not the model's."
            )


def check_loaded(model: Any, source: Path) -> None:
    """Refuses loaded weights that are not the numbers they should be."""
    import torch

    for name, weight in model.named_parameters():
        if weight.is_meta:
            raise HarnessError(f"{name} was not loaded", where=str(source), mend="Load the model on a machine with more memory.")
        if not weight.numel() or weight.dtype.itemsize == 1:
            continue
        # The least and the greatest number are NaN where any is.
        ends = torch.stack(torch.aminmax(weight.detach()))
        if not torch.isfinite(ends).all():
            raise HarnessError(f"{name} holds numbers that are not finite", where=str(source), mend="Fetch or train the weights again.")
        if weight.ndim > 1 and not ends.any():
            raise HarnessError(f"{name} holds nothing but zeros", where=str(source), mend="Fetch the weights again; was the download cut off?")
    read, write = model.get_input_embeddings(), model.get_output_embeddings()
    tied = model.config.get_text_config().tie_word_embeddings and getattr(model, "_tied_weights_keys", None)
    if tied and write is not None and read.weight is not write.weight:
        mend = "Set tie_word_embeddings to false, or leave the second table out of the weights."
        raise HarnessError(f"{CONFIG} ties reading and writing embeddings, and the weights hold two different tables", where=str(source), mend=mend)


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder. Raises HarnessError where it is broken."""
    from transformers import AutoTokenizer

    with one_line("the tokenizer cannot be loaded", folder, "Fetch the tokenizer's files again, or save the model's own beside its weights."):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        ids = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    if not set(ids) - {tokenizer.unk_token_id}:
        raise HarnessError("the tokenizer knows no words", where=str(folder), mend="Fetch the tokenizer's files again.")
    return tokenizer


def check_tokenizer(tokenizer: Any, model: Any, folder: Path) -> None:
    """Refuses a tokenizer whose numbers the model has no embedding for: it is another model's."""
    rows = model.get_input_embeddings().num_embeddings
    used = {*tokenizer(TEXT)["input_ids"], tokenizer.bos_token_id, tokenizer.eos_token_id} - {None}
    if max(used) >= rows:
        mend = "Save the model's own tokenizer beside its weights."
        raise HarnessError(f"the tokenizer writes token {max(used)}, and the model knows {rows}", where=str(folder), mend=mend)


@contextmanager
def one_line(what: str, source: Path, mend: str) -> Iterator[None]:
    """Turns whatever a loader raises, which can be anything, into one line."""
    try:
        yield
    except Exception as error:
        raise HarnessError(f"{what}: {first_line(error)}", where=str(source), mend=mend) from None


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0].rstrip(".")[:200]


def list_names(names: Collection[str] | Iterable[str], shown: int = 3) -> str:
    """The first names in order, and how many more there are."""
    names = sorted(names)
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
