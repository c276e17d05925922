"""What makes the samples of a measure: what it says of itself, the code of its class and of all that it holds, and the state that it was made with.

A measure of this package describes its parameters in full; of anybody else's, every attribute counts, down to arrays, models and the variables that its
functions close over. What cannot be read (an open connection, a lock) counts by its type.
"""

from __future__ import annotations

import contextvars
import dataclasses
import functools
import hashlib
import re
import sys
import types
import weakref
from collections.abc import Callable, Iterable, Mapping, MappingView
from copyreg import dispatch_table
from pathlib import Path, PurePath
from typing import Any

import msgspec

from harness.code_dependencies import dependencies_of
from harness.fingerprint import canonical, fingerprint
from harness.installed_packages import is_project_file
from harness.opened_files import opened_files
from harness.run.array_content import hash_of_array, hash_of_weights, is_torch_module, settings_of_module
from harness.run.function_code import bytecode, globals_in, identity_of, modules_in, names_in

DEPTH = 40  # what lies deeper is described after the rest
ENOUGH = 50  # objects by which an element of a set is told from the others
OWN = "harness"
RUN_FOLDER = re.compile(r".*/pytest-of-[^/]+/pytest-\d+/(popen-\w+/)?")  # pytest counts its temporary folders, and has one for every worker
CODE: dict[tuple[tuple[str, int, int], ...], str] = {}
# Types that cannot be copied, with what they hold.
PARTS: dict[type, Callable[[Any], Any]] = {
    classmethod: lambda value: value.__func__,
    staticmethod: lambda value: value.__func__,
    property: lambda value: (value.fget, value.fset, value.fdel),
    types.MethodType: lambda value: (value.__func__, value.__self__),
    types.MappingProxyType: dict,
    MappingView: list,
    types.CellType: lambda value: contents(value),
    types.GeneratorType: lambda value: (value.gi_code, value.gi_frame and (value.gi_frame.f_lasti, value.gi_frame.f_locals)),
    weakref.ReferenceType: lambda value: value(),
    contextvars.ContextVar: lambda value: (value.name, value.get(None)),
}


def measure_key(job: Any, described: Mapping[str, Any], items: list[Any], root: Path) -> str:
    """sha256 of all that makes the samples of `job` on `items`."""
    state = State(root)
    held = [state.of_own(job, 0) if is_own(job) else state.to_json(job, 0), state.of_deferred()]
    return fingerprint({"job": described, "items": items, "state": held, "code": code_of(state.files, root)})


def code_of(files: Iterable[Path], root: Path) -> str:
    """sha256 of the code of files and of all that they import."""
    known = tuple(sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files))
    if known not in CODE:
        CODE[known] = dependencies_of((), [Path(path) for path, _, _ in known], root).fingerprint
    return CODE[known]


class State:
    """Walks what an object holds. `files` collects the files in which the classes and functions on the way are written.

    With a `limit` it describes no more than so many objects, and neither classes nor globals: enough to put the elements of a set in order.
    """

    def __init__(self, root: Path, limit: int = 0) -> None:
        self.root, self.limit = root, limit
        self.files: set[Path] = set()
        self.walked: dict[int, tuple[int, Any]] = {}  # what was met is kept, so that its id stays its own
        self.deferred: list[Any] = []
        self.modules: set[tuple[int, frozenset[str] | None]] = set()

    def of_own(self, value: Any, depth: int) -> Any:
        """An object of this package: its code, and the state of what somebody else put into it."""
        if not (is_own(value) or is_torch_module(value) or isinstance(value, Mapping | list | tuple | set | frozenset)):
            return self.to_json(value, depth) if self.is_users(value) else None
        if id(value) in self.walked:
            return None
        self.walked[id(value)] = (len(self.walked), value)
        if is_own(value):
            self.add_class(type(value))
        return [[name, found] for name, part in self.parts_of_own(value) if (found := self.of_own(part, depth + 1))]

    def parts_of_own(self, value: Any) -> Iterable[tuple[Any, Any]]:
        if is_own(value):
            return attributes(value).items()
        if is_torch_module(value):  # a hook of somebody's in a model of this package
            return [(name, settings_of_module(module)) for name, module in value.named_modules()]
        if isinstance(value, set | frozenset):
            value = self.in_order(value)
        return ((plain(key), part) for key, part in value.items()) if isinstance(value, Mapping) else enumerate(value)

    def is_users(self, value: Any) -> bool:
        """Whether the project's own code is in an object, or in the function that it wraps."""
        inner = wrapped_function(value)
        return is_written_by_user(value) or (inner is not None and self.is_users(inner))

    def to_json(self, value: Any, depth: int) -> Any:
        """JSON values that are equal where the state is."""
        kind = type(value)
        if value is None or kind in (bool, str):
            return value
        if kind is int:
            return value if abs(value) < 1 << 63 else ["int", hex(value)]
        if kind in (float, complex, range):
            return [kind.__name__, repr(value)]
        if kind in (bytes, bytearray, memoryview):
            return [kind.__name__, hashlib.sha256(bytes(value)).hexdigest()]
        if isinstance(value, PurePath):  # what it holds counts once it is opened
            return ["path", value.relative_to(self.root).as_posix() if value.is_relative_to(self.root) else RUN_FOLDER.sub("", value.as_posix())]
        if depth > DEPTH:
            self.deferred.append(value)
            return ["deferred"]
        if kind is tuple:  # nobody can tell two equal ones apart
            return ["tuple", *(self.to_json(part, depth + 1) for part in value)]
        if id(value) in self.walked:
            return ["met", self.walked[id(value)][0]]
        if self.limit and len(self.walked) > self.limit:
            return ["more"]
        self.walked[id(value)] = (len(self.walked), value)
        return self.of_parts(value, depth + 1)

    def of_deferred(self) -> list[Any]:
        found = []
        while self.deferred:
            found.append(self.to_json(self.deferred.pop(0), 1))
        return found

    def of_parts(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is list:
            return ["list", *(self.to_json(part, depth) for part in value)]
        if kind is dict:  # a docstring among the variables of an object is none of its state
            return ["dict", *([self.to_json(key, depth), self.to_json(part, depth)] for key, part in value.items() if not is_docstring(key))]
        if kind in (set, frozenset):
            return [kind.__name__, self.of_set(value, depth)]
        if isinstance(value, type):
            return self.of_class(value, depth)
        if isinstance(value, types.ModuleType):
            return self.of_module(value, None, depth)
        if isinstance(value, types.FunctionType):
            return self.of_function(value, depth)
        if isinstance(value, types.CodeType):
            return bytecode(value)
        if is_torch_module(value) and not is_own(value):
            return self.of_torch_module(value, depth)
        return self.of_object(value, depth)

    def of_set(self, value: Iterable[Any], depth: int) -> list[Any]:
        """The elements in an order that neither hashes nor addresses make."""
        if self.limit:
            return sorted((plain(part) for part in value), key=canonical)
        return [self.to_json(part, depth) for part in self.in_order(value)]

    def in_order(self, value: Iterable[Any]) -> list[Any]:
        return sorted(value, key=lambda part: canonical(State(self.root, ENOUGH).to_json(part, 0)))

    def of_torch_module(self, value: Any, depth: int) -> Any:
        """Its weights, and what every module within it holds beside: settings, hooks, a replaced `forward`."""
        named = list(value.named_modules(remove_duplicate=False))
        modules = {id(module): module for _, module in named}
        for module in modules.values():
            self.walked.setdefault(id(module), (len(self.walked), module))
        places = [[name, self.walked[id(module)][0]] for name, module in named]  # one module may stand in several
        parts = [[self.to_json(type(module), depth), self.to_json(settings_of_module(module), depth)] for module in modules.values()]
        return ["module", "" if self.limit else hash_of_weights(value), places, parts]

    def of_object(self, value: Any, depth: int) -> Any:
        kind = self.to_json(type(value), depth)
        if is_own(value):
            digest = getattr(value, "fingerprint", None)  # of a model: its weights, tokenizer and template
            if isinstance(digest, str) and digest:
                self.walked.pop(id(value), None)
                return [kind, digest, self.of_own(value, depth)]
            if (fields := fields_of(value)) is not None:
                return [kind, self.to_json(fields, depth)]
            return [kind, self.of_own_parts(value, depth)]
        if (content := hash_of_array(value)) is not None:
            return [kind, content, self.to_json(attributes(value), depth)]
        if is_foreign_wrapper(value):  # its cache is no state
            return [kind, self.to_json(wrapped_function(value), depth)]
        if is_written_by_user(value):
            return [kind, self.to_json(attributes(value), depth), self.of_contents(value, depth)]
        return [kind, self.of_contents(value, depth)]

    def of_own_parts(self, value: Any, depth: int) -> Any:
        described = value.describe() if callable(getattr(value, "describe", None)) else {}
        self.walked.pop(id(value), None)
        return [self.to_json(described, depth), self.of_own(value, depth)]

    def of_contents(self, value: Any, depth: int) -> Any:
        """What an object holds of which its class is not written in Python, or is somebody else's: as it would be copied."""
        if is_written_by_user(value) and not any(is_compiled(base) for base in type(value).__mro__):
            return None
        if isinstance(value, set | frozenset):
            return self.of_set(value, depth)
        try:
            reduced = reduce(value)
        except Exception:  # whatever a class of somebody else's raises where it refuses to be copied
            held = dict(value) if isinstance(value, Mapping) else attributes(value)
            return self.to_json(held, depth) if held else opaque(value)
        if isinstance(reduced, str):
            return ["name", reduced]
        return [self.to_json(list(part) if index in (3, 4) and part is not None else part, depth) for index, part in enumerate(reduced)]

    def of_function(self, value: types.FunctionType, depth: int) -> Any:
        """Which function it is, and what it holds beside its code: defaults, attributes, variables."""
        self.add_file(file_of(value))
        users = is_written_by_user(value)
        code = identity_of(value.__code__) if users else bytecode(value.__code__) if value.__name__ == "<lambda>" else None
        held = [value.__defaults__, value.__kwdefaults__, vars(value) if users else wrapped_function(value)]
        return [value.__module__, value.__qualname__, code, *(self.to_json(part, depth) for part in held), self.of_variables(value, depth, users)]

    def of_variables(self, function: types.FunctionType, depth: int, users: bool) -> list[Any]:
        """The variables that a function closes over, not its own class, and the globals that it names: a fixture may have set either from a setting."""
        code = function.__code__
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        found = [[name, self.to_json(contents(cell), depth)] for name, cell in cells if name != "__class__"]
        if not users or self.limit:
            return found
        for name, passed_on in sorted(globals_in(code).items()):
            value = function.__globals__.get(name)
            if not is_plain_name(name) or name not in function.__globals__:
                continue
            if isinstance(value, types.ModuleType):
                found.append([name, self.of_module(value, None if passed_on else names_in(code), depth)])
            elif self.is_state(value):
                found.append([name, self.to_json(value, depth)])
        return found + [[module.__name__, self.of_module(module, names_in(code), depth)] for module in imported_by(function)]

    def is_state(self, value: Any) -> bool:
        """Whether a global holds something that may have changed since it was written down: functions and classes of other people are code."""
        if isinstance(value, types.BuiltinFunctionType | types.ModuleType):
            return False
        return not isinstance(value, type | types.FunctionType) or self.is_users(value)

    def of_module(self, module: types.ModuleType, names: frozenset[str] | None, depth: int) -> Any:
        """The globals of a module of the project: those of these names, or all its data."""
        if not is_written_by_user(module) or (id(module), names) in self.modules:
            return ["module", module.__name__]
        self.modules.add((id(module), names))
        found = []
        for name, value in sorted(vars(module).items()):
            if is_plain_name(name) and (name in names if names is not None else not isinstance(value, type | types.FunctionType | types.ModuleType)):
                if isinstance(value, types.ModuleType):
                    found.append([name, self.of_module(value, names, depth)])
                elif self.is_state(value):
                    found.append([name, self.to_json(value, depth)])
        return ["module", module.__name__, found]

    def of_class(self, kind: type, depth: int) -> Any:
        """Its name, and what a class of the project holds beside its instances: attributes, and what its methods hold. Its metaclass is such a class, too."""
        name = self.add_class(kind)
        if is_own_class(kind) or self.limit or not is_written_by_user(kind):
            return ["class", name]
        bases = [base for base in kind.__mro__ if base is not object and not is_own_class(base) and is_written_by_user(base)]
        parts = [[name, self.to_json(part, depth)] for base in bases for name, part in sorted(vars(base).items()) if is_held(name, part)]
        return ["class", name, parts, self.to_json(type(kind), depth)]

    def add_class(self, kind: type) -> str:
        for base in kind.__mro__:
            self.add_file(file_of(base))
        return f"{kind.__module__}.{kind.__qualname__}"

    def add_file(self, file: Path | None) -> None:
        if file is not None:
            self.files.add(file)


def attributes(value: Any) -> dict[str, Any]:
    """The instance's attributes, those in slots included, whatever name Python gives to these."""
    slots = {name: slot for base in type(value).__mro__ for name, slot in vars(base).items() if isinstance(slot, types.MemberDescriptorType)}
    filled = {name: part for name, slot in slots.items() if (part := read_slot(slot, value)) is not slot}
    return filled | dict(getattr(value, "__dict__", {}))


def read_slot(slot: types.MemberDescriptorType, value: Any) -> Any:
    """What stands in a slot; the slot itself where nothing does."""
    try:
        return slot.__get__(value)
    except AttributeError:
        return slot


def fields_of(value: Any) -> dict[str, Any] | None:
    """The fields of a record (msgspec, pydantic, dataclass), None for any other object."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return attributes(value) if hasattr(value, "model_dump") else None


def reduce(value: Any) -> Any:
    """As `copy` and `pickle` read an object, and what it holds where they cannot."""
    if (parts := next((read for kind, read in PARTS.items() if isinstance(value, kind)), None)) is not None:
        return [parts(value)]
    registered = dispatch_table.get(type(value))
    return registered(value) if registered is not None else value.__reduce_ex__(4)


def wrapped_function(value: Any) -> Any:
    """The function that another one calls, None where there is none."""
    if isinstance(value, functools.partial):
        return value.func
    return getattr(value, "__dict__", {}).get("__wrapped__", getattr(value, "__func__", None) if isinstance(value, types.MethodType) else None)


def is_foreign_wrapper(value: Any) -> bool:
    """A callable object of a package that wraps a function, as `functools.cache` makes."""
    return callable(value) and "__wrapped__" in getattr(value, "__dict__", {}) and not is_written_by_user(value)


def is_written_by_user(value: Any) -> bool:
    """Whether a class, function or module, or the class of an object, is the project's own code; so is a module that was made at run time."""
    if isinstance(value, types.ModuleType):
        return is_project_file(value.__file__) if getattr(value, "__file__", None) else value.__spec__ is None
    file = file_of(value if isinstance(value, type | types.FunctionType) else type(value))
    return file is not None and is_project_file(str(file))


def is_own(value: Any) -> bool:
    return is_own_class(type(value))


def is_own_class(kind: type) -> bool:
    return kind.__module__.split(".")[0] == OWN


def is_compiled(kind: type) -> bool:
    """Whether a class may keep what no attribute shows."""
    return kind is not object and not any(isinstance(part, types.FunctionType) for part in vars(kind).values())


def is_plain_name(name: str) -> bool:
    """False for what Python itself sets, as the file of a module."""
    return not name.startswith("__") or not name.endswith("__") or name == "__doc__"


def is_docstring(key: Any) -> bool:
    return type(key) is str and key == "__doc__"


def is_held(name: str, part: Any) -> bool:
    """Whether a class attribute is a method, a descriptor of somebody's or data; not what Python itself sets, and no slot."""
    if isinstance(part, types.FunctionType | staticmethod | classmethod | property | functools.partialmethod):
        return True
    return not (name.startswith("__") and name.endswith("__")) and not isinstance(part, types.MemberDescriptorType | types.GetSetDescriptorType)


def plain(value: Any) -> Any:
    """A value as an element of a set within an element of a set: objects count by their class."""
    if isinstance(value, tuple | frozenset):
        parts = [plain(part) for part in value]
        return [type(value).__name__, parts if isinstance(value, tuple) else sorted(parts, key=canonical)]
    return repr(value) if isinstance(value, str | int | float | complex | bytes | None) else opaque(value)


def imported_by(function: types.FunctionType) -> list[types.ModuleType]:
    """The modules that a function imports when it runs, as far as they are loaded. Those that a measure itself brought along while it was sampling do not
    count: nobody had set anything in them, and before the first samples they were not there."""
    names = {name for short in modules_in(function.__code__) for name in (short, f"{function.__globals__.get('__package__') or ''}.{short}".strip("."))}
    late = opened_files.modules_loaded("sampling") if names else set()
    loaded = [sys.modules[name] for name in sorted(names) if name in sys.modules]
    return [module for module in loaded if getattr(module, "__file__", None) not in late]


def contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def opaque(value: Any) -> list[str]:
    return ["opaque", f"{type(value).__module__}.{type(value).__qualname__}"]


def file_of(value: Any) -> Path | None:
    """The Python file in which a class or function is written; a class is asked for its methods first, since two conftests have one module name."""
    functions = [value] if isinstance(value, types.FunctionType) else [part for part in vars(value).values() if isinstance(part, types.FunctionType)]
    names = [function.__code__.co_filename for function in functions if function.__module__ == value.__module__]
    names.append(getattr(sys.modules.get(value.__module__), "__file__", None) or "")
    return next((Path(name).resolve() for name in names if name.endswith(".py") and Path(name).is_file()), None)
