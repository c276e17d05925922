"""The content of arrays, tensors and torch models, as a hash. Neither library is imported: whoever holds such an object has imported it."""

from __future__ import annotations

import hashlib
import sys
from typing import Any
from weakref import WeakKeyDictionary

from harness.fingerprint import fingerprint

MODELS: WeakKeyDictionary[Any, tuple[Any, str]] = WeakKeyDictionary()


def is_torch_module(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def hash_of_array(value: Any) -> str | None:
    """The content of an array or tensor; None for anything else."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.Tensor):
        return f"tensor:{value.dtype}:{value.layout}:{tuple(value.shape)}:{hash_of_tensor(value)}"
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic) and not value.dtype.hasobject:
        array = numpy.ascontiguousarray(value)
        return f"array:{array.dtype}:{value.shape}:{hashlib.sha256(array.tobytes()).hexdigest()}"
    return None


def hash_of_tensor(value: Any) -> str:
    if value.is_meta:  # has no content
        return ""
    torch = sys.modules["torch"]
    dense = value.detach() if value.layout == torch.strided else value.detach().to_dense()
    plain = dense.resolve_conj().resolve_neg().cpu().contiguous().flatten()
    return hashlib.sha256(plain.view(torch.uint8).numpy() if plain.numel() else b"").hexdigest()


def hash_of_weights(model: Any) -> str:
    """sha256 over names and contents of parameters and buffers, kept while none of them has been written to."""
    named = [*model.named_parameters(), *model.named_buffers()]
    versions = tuple((name, tensor.data_ptr(), tensor._version, checksum(tensor)) for name, tensor in named)
    if (kept := MODELS.get(model)) is None or kept[0] != versions:
        kept = MODELS[model] = (versions, fingerprint({name: hash_of_array(tensor) for name, tensor in named}))
    return kept[1]


def checksum(tensor: Any) -> int:
    """The sum of the bit patterns: what is written through `.data` counts as no version."""
    torch = sys.modules["torch"]
    if tensor.is_meta or tensor.layout != torch.strided:
        return 0
    flat = tensor.detach().flatten()
    whole = not any(count * flat.element_size() % 8 for count in (flat.numel(), flat.storage_offset()))
    words = flat.view(torch.int64 if whole else torch.uint8)  # eight bytes at a time need no conversion
    return int(words.numpy().sum() if words.device.type == "cpu" else words.sum())  # numpy waits for no other threads


def settings_of_module(module: Any) -> dict[str, Any]:
    """What one torch module holds beside its weights and the modules within it. Hooks are numbered in their order, not as torch counted them."""
    held = {name: part for name, part in vars(module).items() if name not in ("_parameters", "_buffers", "_modules")}
    hooks = {name: part for name, part in held.items() if "_hooks" in name and isinstance(part, dict)}
    places = {number: place for place, number in enumerate(sorted({number for part in hooks.values() for number in part}))}
    rest = {name: part for name, part in held.items() if name not in hooks}
    return rest | {name: {places[number]: hook for number, hook in part.items()} for name, part in hooks.items() if part}
