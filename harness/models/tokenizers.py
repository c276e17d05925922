"""Tokenizers alone, for what can be known of a model's prompts without reading its weights."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.models import gemma
from harness.models.local import quiet_libraries, source, spec_files, stamp
from harness.models.weights import read_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def load_tokenizer(spec: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a local model; kept for the process, since a GGUF file takes seconds to parse. Raises HarnessError where it is not here."""
    return read_once(spec, tuple(stamp(file) for file in spec_files(spec)))


@functools.lru_cache(maxsize=4)
def read_once(spec: str, stamped: tuple[tuple[int, int], ...]) -> PreTrainedTokenizerBase:  # noqa: ARG001  the files' state is part of the cache key
    from transformers import AutoTokenizer

    if spec == gemma.SPEC:
        raise HarnessError("its tokenizer lies in chunks, which are joined when it is loaded", where=spec, mend="Check a scale with another model")
    place = source(spec)
    if place.is_dir():
        return read_tokenizer(place)
    with quiet_libraries():
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(place.parent, gguf_file=place.name, local_files_only=True)
        return tokenizer
