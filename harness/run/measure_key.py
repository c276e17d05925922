"""What makes the samples of a measure: what it says of itself, the code of its class and of all that it holds, and the state that it was made with.

A measure of this package describes its parameters in full; of anybody else's, every attribute counts, down to arrays, models and the variables that its
functions close over. What cannot be read (an open connection, a lock) counts by its type.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import sys
import types
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from harness.code_dependencies import dependencies_of
from harness.fingerprint import canonical, fingerprint
from harness.opened_files import is_project_code

DEPTH = 16
OWN = "harness"
MODELS: WeakKeyDictionary[Any, tuple[Any, str]] = WeakKeyDictionary()
CODE: dict[tuple[tuple[str, int, int], ...], str] = {}


def measure_key(job: Any, described: Mapping[str, Any], items: list[Any], root: Path) -> str:
    """sha256 of all that makes the samples of `job` on `items`."""
    state = State(root)
    held = state.of_own(job, 0) if is_own(job) else state.of(job, 0)
    return fingerprint({"job": described, "items": items, "state": held, "code": code_of(state.files, root)})


def code_of(files: Iterable[Path], root: Path) -> str:
    """sha256 of the code of files and of all that they import."""
    known = tuple(sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files))
    if known not in CODE:
        CODE[known] = dependencies_of((), [Path(path) for path, _, _ in known], root).fingerprint
    return CODE[known]


def is_own(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == OWN


class State:
    """Walks what an object holds. `files` collects the files in which the classes and functions on the way are written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: set[Path] = set()
        self.walked: dict[int, Any] = {}  # what was met is kept, so that its id stays its own

    def of_own(self, value: Any, depth: int) -> Any:
        """An object of this package: its code, and the state of what somebody else put into it."""
        if depth > DEPTH or id(value) in self.walked:
            return None
        self.walked[id(value)] = value
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            parts = value.values() if isinstance(value, Mapping) else value
            return [found for part in parts if (found := self.of_own(part, depth + 1))]
        if is_own(value):
            self.add_class(type(value))
            return [found for part in attributes(value).values() if (found := self.of_own(part, depth + 1))]
        return self.of(value, depth) if self.is_users(value) else None

    def is_users(self, value: Any) -> bool:
        file = file_of(value if isinstance(value, type | types.FunctionType) else type(value))
        return file is not None and is_project_code(str(file))

    def of(self, value: Any, depth: int) -> Any:
        """JSON values that are equal where the state is."""
        if value is None or (isinstance(value, bool | int | str) and not isinstance(value, enum.Enum)):
            return value
        if isinstance(value, float | complex | bytes | bytearray | range):
            return f"{type(value).__name__}:{hashlib.sha256(bytes(value)).hexdigest() if isinstance(value, bytes | bytearray) else value!r}"
        if isinstance(value, Path):
            return value.relative_to(self.root).as_posix() if value.is_relative_to(self.root) else value.name  # what it holds counts once it is opened
        if depth > DEPTH:
            return opaque(value)
        if id(value) in self.walked:
            return "met before"
        self.walked[id(value)] = value
        return self.of_parts(value, depth + 1)

    def of_parts(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return ["mapping", sorted(([self.of(key, depth), self.of(part, depth)] for key, part in value.items()), key=canonical)]
        if isinstance(value, list | tuple):
            return [self.of(part, depth) for part in value]
        if isinstance(value, set | frozenset):
            return ["set", sorted((self.of(part, depth) for part in value), key=canonical)]
        if isinstance(value, type):
            return [self.add_class(value), self.of_class(value, depth)]
        if isinstance(value, enum.Enum):
            return [self.add_class(type(value)), value.name]
        if isinstance(value, types.FunctionType | types.MethodType | partial):
            return self.of_function(value, depth)
        if (digest := hash_of_array(value)) is not None:
            return digest
        return self.of_object(value, depth)

    def of_object(self, value: Any, depth: int) -> Any:
        kind = self.add_class(type(value))
        if is_own(value):
            digest = getattr(value, "fingerprint", None)  # of a model: its weights, tokenizer and template
            if isinstance(digest, str) and digest:
                return [kind, digest]
            if (fields := fields_of(value)) is not None:
                return [kind, self.of(fields, depth)]
            return [kind, self.of_own_parts(value, depth)]
        if self.is_users(value):
            return [kind, self.of_class(type(value), depth), self.of(attributes(value), depth)]
        return [kind, self.of_foreign(value, depth)]

    def of_own_parts(self, value: Any, depth: int) -> Any:
        described = value.describe() if callable(getattr(value, "describe", None)) else {}
        self.walked.pop(id(value), None)
        return [self.of(described, depth), self.of_own(value, depth)]

    def of_foreign(self, value: Any, depth: int) -> Any:
        """An object of an installed package, as it would be copied; `opaque` where it cannot be."""
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # whatever a class of somebody else's raises where it refuses to be copied
            return opaque(value)
        if isinstance(reduced, str):
            return reduced
        parts = [list(part) if index > 2 and part is not None else part for index, part in enumerate(reduced)]
        return [self.of(part, depth) for part in parts[1:]]

    def of_function(self, value: Any, depth: int) -> Any:
        if isinstance(value, partial):
            return ["partial", self.of(value.func, depth), self.of(value.args, depth), self.of(value.keywords, depth)]
        if isinstance(value, types.MethodType):
            return ["method", value.__func__.__qualname__, self.of(value.__self__, depth)]
        self.add_file(file_of(value))
        body = ["lambda", value.__code__.co_code.hex(), repr(value.__code__.co_consts)] if value.__name__ == "<lambda>" else []
        return [value.__module__, value.__qualname__, body, self.of(value.__defaults__, depth), self.of_variables(value, depth)]

    def of_variables(self, function: types.FunctionType, depth: int) -> list[Any]:
        """The variables that a function closes over, not its own class, and the globals that it names: a fixture may have set either from a setting."""
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        closed = [[name, self.of(contents(cell), depth)] for name, cell in cells if name != "__class__"]
        names = sorted(name for name in names_in(function.__code__) if name in function.__globals__)
        return closed + [[name, self.of(value, depth)] for name in names if self.is_state(value := function.__globals__[name])]

    def is_state(self, value: Any) -> bool:
        """Whether a global holds something that may have changed since it was written down: modules are code, as other people's functions and classes."""
        if isinstance(value, types.ModuleType | types.BuiltinFunctionType):
            return False
        return not isinstance(value, type | types.FunctionType) or self.is_users(value)

    def of_class(self, kind: type, depth: int) -> list[Any]:
        """What a class holds beside its instance: attributes, and the variables of its methods."""
        parts = [(name, part) for base in kind.__mro__ if self.is_users_class(base) for name, part in vars(base).items()]
        functions = [method for _, part in parts if isinstance(method := getattr(part, "__func__", getattr(part, "fget", part)), types.FunctionType)]
        own = {name: part for name, part in parts if not name.startswith("__") and is_plain(part)}
        return [self.of(own, depth), [self.of_variables(function, depth) for function in functions]]

    def is_users_class(self, kind: type) -> bool:
        return kind is not object and not is_own_class(kind) and self.is_users(kind)

    def add_class(self, kind: type) -> str:
        for base in kind.__mro__:
            self.add_file(file_of(base))
        return f"{kind.__module__}.{kind.__qualname__}"

    def add_file(self, file: Path | None) -> None:
        if file is not None:
            self.files.add(file)


def attributes(value: Any) -> dict[str, Any]:
    """The instance's attributes, those in slots included."""
    declared = [vars(base).get("__slots__", ()) for base in type(value).__mro__]
    slots = [name for one in declared for name in ((one,) if isinstance(one, str) else one)]
    held = {name: getattr(value, name) for name in slots if name not in ("__dict__", "__weakref__") and hasattr(value, name)}
    return held | dict(getattr(value, "__dict__", {}))


def fields_of(value: Any) -> dict[str, Any] | None:
    """The fields of a record (msgspec, pydantic, dataclass), None for any other object."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return attributes(value) if hasattr(value, "model_dump") else None


def is_own_class(kind: type) -> bool:
    return kind.__module__.split(".")[0] == OWN


def is_plain(value: Any) -> bool:
    """Whether a class attribute is data, not one of the class's functions or descriptors."""
    return not isinstance(value, types.FunctionType | staticmethod | classmethod | property) and not hasattr(type(value), "__get__")


def names_in(code: types.CodeType) -> set[str]:
    """The names that a function's code looks up, those of functions and comprehensions within it included."""
    return set(code.co_names) | {name for part in code.co_consts if isinstance(part, types.CodeType) for name in names_in(part)}


def contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def opaque(value: Any) -> str:
    return f"opaque {type(value).__module__}.{type(value).__qualname__}"


def file_of(value: Any) -> Path | None:
    """The Python file in which a class or function is written; a class is asked for its methods first, since two conftests have one module name."""
    functions = [value] if isinstance(value, types.FunctionType) else [part for part in vars(value).values() if isinstance(part, types.FunctionType)]
    names = [function.__code__.co_filename for function in functions if function.__module__ == value.__module__]
    names.append(getattr(sys.modules.get(value.__module__), "__file__", None) or "")
    return next((Path(name).resolve() for name in names if name.endswith(".py") and Path(name).is_file()), None)


def hash_of_array(value: Any) -> str | None:
    """The content of an array, tensor or torch module; None for anything else."""
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None and isinstance(value, torch.nn.Module):
        return hash_of_model(value)
    if torch is not None and isinstance(value, torch.Tensor):
        return f"tensor:{value.dtype}:{tuple(value.shape)}:{hash_of_tensor(value)}"
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic) and value.dtype != object:
        array = numpy.ascontiguousarray(value)
        return f"array:{array.dtype}:{array.shape}:{hashlib.sha256(array.tobytes()).hexdigest()}"
    return None


def hash_of_tensor(value: Any) -> str:
    torch = sys.modules["torch"]  # not imported here: whoever holds a tensor has imported it
    plain = value.detach().cpu().contiguous().flatten().view(torch.uint8) if value.numel() else value.new_empty(0, dtype=torch.uint8).cpu()
    return hashlib.sha256(plain.numpy()).hexdigest()


def hash_of_model(model: Any) -> str:
    """sha256 over names and contents of parameters and buffers, kept while none of them has been written to."""
    named = [*model.named_parameters(), *model.named_buffers()]
    versions = tuple((name, tensor.data_ptr(), tensor._version) for name, tensor in named)
    if (kept := MODELS.get(model)) is None or kept[0] != versions:
        config: Any = getattr(model, "config", None)
        settings = config.to_dict() if hasattr(config, "to_dict") else None
        content = {name: hash_of_tensor(tensor) for name, tensor in named}
        digest = fingerprint([type(model).__qualname__, content, repr(settings), model.training])
        kept = MODELS[model] = (versions, digest)
    return f"model:{kept[1]}"
