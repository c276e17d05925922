"""Tokenizers alone, for what can be known of a model's prompts without reading its weights."""

from __future__ import annotations

import functools
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.models import gemma
from harness.models.local import quiet_libraries, source, spec_files, stamp, weights_hash
from harness.models.weights import read_tokenizer
from harness.store import Store

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def load_tokenizer(spec: str, store: Store) -> PreTrainedTokenizerBase:
    """The tokenizer of a local model, read once a process; that of a GGUF file, which takes seconds to parse, is kept in the store. Raises HarnessError
    where it is not here."""
    return read_once(spec, store.root, tuple(stamp(file) for file in spec_files(spec)))


@functools.lru_cache(maxsize=4)
def read_once(spec: str, root: Path, stamped: tuple[tuple[int, int], ...]) -> PreTrainedTokenizerBase:  # noqa: ARG001  the files' state is part of the cache key
    if spec == gemma.SPEC:
        raise HarnessError("its tokenizer lies in chunks, which are joined when it is loaded", where=spec, mend="Check a scale with another model")
    place = source(spec)
    if place.is_dir():
        return read_tokenizer(place)
    made = fingerprint({"file": weights_hash(place), "transformers": metadata.version("transformers"), "gguf": metadata.version("gguf")})
    return read_tokenizer(Store(root).folder("tokenizers", made, lambda folder: save_tokenizer(place, folder)))


def save_tokenizer(gguf: Path, folder: Path) -> None:
    from transformers import AutoTokenizer

    with quiet_libraries():
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True).save_pretrained(folder)
