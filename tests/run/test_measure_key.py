"""What an object holds enters the key of its samples, in whatever way Python keeps it; equal state gives equal keys in every process."""

from __future__ import annotations

import collections
import contextvars
import datetime
import decimal
import functools
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from harness.fingerprint import fingerprint
from harness.run.measure_key import State, is_written_by_user, measure_key

ROOT = Path(__file__).parents[2]


class Holder:
    def __init__(self, value: Any) -> None:
        self.value = value


class Own(Holder):
    def describe(self) -> dict[str, Any]:
        return {}


class Generator(random.Random):
    pass


class Queue(collections.deque):  # type: ignore[type-arg]
    pass


class Date(datetime.datetime):
    pass


class Number(decimal.Decimal):
    pass


class Array(numpy.ndarray):
    pass


class Text(str):
    pass


class Rows(list):  # type: ignore[type-arg]
    pass


class Slots:
    __slots__ = ("__value",)

    def __init__(self, value: Any) -> None:
        self.__value = value


class Descriptor:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __get__(self, holder: Any, kind: Any = None) -> Any:
        return self.value


class Probe(torch.nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale


def with_attribute(holder: Any, value: Any) -> Any:
    holder.value = value
    return holder


def read(value: Any) -> Any:
    return value


def function_with(value: Any, kind: str) -> Any:
    """A function that reads a value by its default, by an attribute, by what it closes over behind a cache."""
    if kind == "keyword":

        def by_keyword(*, value: Any = value) -> Any:
            return value

        return by_keyword
    if kind == "attribute":

        def by_attribute() -> Any:
            return by_attribute.value  # type: ignore[attr-defined]

        return with_attribute(by_attribute, value)

    @functools.cache
    def by_cache() -> Any:
        return value

    return by_cache


def function_of_two(value: int) -> Any:
    """Two functions of one name."""
    if value == 1:

        def chosen(values: list[int]) -> int:
            return min(values)
    else:

        def chosen(values: list[int]) -> int:
            return max(values)

    return chosen


def instance_with(kind: str, value: Any) -> Any:
    """An instance of a class that a factory made."""

    class Made:
        if kind == "default":

            def score(self, value: Any = value) -> Any:
                return value

        if kind == "keyword":

            def score(self, *, value: Any = value) -> Any:  # type: ignore[misc, no-redef]
                return value

        if kind == "cached":

            @functools.cached_property
            def score(self) -> Any:  # type: ignore[misc, no-redef]
                return value

        if kind == "memo":

            @functools.lru_cache  # noqa: B019
            def score(self) -> Any:  # type: ignore[misc, no-redef]
                return value

        if kind == "partial":
            score = functools.partialmethod(read, value)  # type: ignore[assignment]
        if kind == "descriptor":
            score = Descriptor(value)  # type: ignore[assignment]

    return Made()


def instance_of_metaclass(value: Any) -> Any:
    kind = type("Kind", (type,), {"value": value, "__module__": __name__})
    return kind("Made", (), {"__module__": __name__})()


def layer(value: float, kind: str) -> Any:
    linear = torch.nn.Linear(1, 1)
    for part in linear.parameters():
        torch.nn.init.zeros_(part)
    if kind == "hook":
        linear.register_forward_hook(lambda module, given, output: output + value)
    if kind == "forward":
        linear.forward = lambda given: given * value  # type: ignore[method-assign]
    activation = torch.nn.ReLU() if kind == "activation" and value == 1 else torch.nn.Tanh()
    return torch.nn.Sequential(linear, activation, torch.nn.Dropout(value / 10 if kind == "dropout" else 0.0))


def of_package(value: Any) -> Any:
    """An object of this package that says what it is made of, and holds something of somebody else's."""
    kind = type("Model", (), {"__module__": "harness.run", "fingerprint": "made of files"})
    return with_attribute(kind(), value)


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def alias(value: int) -> Any:
    lists = [[1], [2]]
    return [lists, lists[value - 1]]


def local(value: Any) -> Any:
    return with_attribute(threading.local(), value)


def context(value: Any) -> Any:
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("variable")
    variable.set(value)
    return variable


LAMBDAS = {1: lambda values: min(values), 2: lambda values: max(values)}
TWO = [lambda value: [value, {"a", "b", "c"}, [x for x in value if x in {"d", "e", "f"}]], lambda value: value]

STATES: dict[str, Callable[[int], Any]] = {
    "hook": lambda value: layer(value, "hook"),
    "forward": lambda value: layer(value, "forward"),
    "activation": lambda value: layer(value, "activation"),
    "dropout": lambda value: layer(value, "dropout"),
    "module in two places": lambda value: torch.nn.Sequential(*[torch.nn.ReLU()] * value),
    "own attribute of a module": Probe,
    "tensor attribute": lambda value: with_attribute(torch.zeros(1), value),
    "sparse tensor": lambda value: torch.eye(2).to_sparse() * value,
    "hook in a model of this package": lambda value: of_package(layer(value, "hook")),
    "function of the user in an object of this package": lambda value: of_package({"read": functools.partial(read, value)}),
    "pattern": lambda value: re.compile("a" * value),
    "flags of a pattern": lambda value: re.compile("a", re.IGNORECASE if value == 1 else re.DOTALL),
    "function attribute": lambda value: function_with(value, "attribute"),
    "keyword default": lambda value: function_with(value, "keyword"),
    "cached function": lambda value: function_with(value, "cache"),
    "two functions of one name": function_of_two,
    "lambda": lambda value: LAMBDAS[value],
    "lambda of one line": lambda value: TWO[value - 1],
    "function made at run time": lambda value: eval(f"lambda values: {('min', 'max')[value - 1]}(values)"),
    "default of a method": lambda value: instance_with("default", value),
    "keyword default of a method": lambda value: instance_with("keyword", value),
    "cached property": lambda value: instance_with("cached", value),
    "cached method": lambda value: instance_with("memo", value),
    "partial method": lambda value: instance_with("partial", value),
    "descriptor": lambda value: instance_with("descriptor", value),
    "metaclass": instance_of_metaclass,
    "alias": alias,
    "order": lambda value: {"a": 1, "b": 2} if value == 1 else {"b": 2, "a": 1},
    "order in an object": lambda value: collections.OrderedDict({"a": 1, "b": 2} if value == 1 else {"b": 2, "a": 1}),
    "tuple or list": lambda value: [1] if value == 1 else (1,),
    "folder outside": lambda value: Path(f"/elsewhere/v{value}/weights.txt"),
    "random": Generator,
    "deque": lambda value: Queue([value]),
    "list attribute": lambda value: with_attribute(Rows(), value),
    "text attribute": lambda value: with_attribute(Text(), value),
    "datetime": lambda value: Date(2020, 1, value),
    "decimal": Number,
    "private slot": Slots,
    "mask": lambda value: numpy.ma.masked_array([1, 2], mask=[value == 1, False]),
    "array attribute": lambda value: with_attribute(numpy.zeros(2).view(Array), value),
    "default factory": lambda value: collections.defaultdict(lambda: value),
    "deep list": lambda value: nested(value, 20),
    "very deep list": lambda value: nested(value, 5000),
    "thread's": local,
    "context": context,
    "generator": lambda value: (value for _ in [1]),
    "memory": lambda value: memoryview(bytes([value])),
    "mapping proxy": lambda value: types.MappingProxyType({"a": value}),
    "module made at run time": lambda value: with_attribute(types.ModuleType("made"), value),
    "set of objects": lambda value: {Holder(value), Holder(3), Holder("a")},
    "set of tuples": lambda value: {(value, "a"), (3, "b"), ("c", frozenset({"d", "e"}))},
}


def key(value: Any) -> str:
    return measure_key(Own(value), {}, [], ROOT)


def keys() -> dict[str, str]:
    return {name: key(make(1)) for name, make in STATES.items()}


@pytest.mark.parametrize("name", STATES)
def test_whatever_a_measure_holds_counts(name: str) -> None:
    """Two objects that differ in what they hold have two keys; two that do not have one."""
    make = STATES[name]
    assert key(make(1)) == key(make(1))
    assert key(make(1)) != key(make(2))


def test_equal_state_has_one_key_in_every_process() -> None:
    """Neither addresses nor the order of hashes are in a key."""
    code = "import json, tests.run.test_measure_key as test; print(json.dumps(test.keys()))"
    printed = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True).stdout
        for seed in ("1", "2")
    ]
    assert json.loads(printed[0]) == json.loads(printed[1]) == keys()


WRITTEN = '''\
import functools

def make(share):
    {comment}
    class Inner:
        """{doc}"""
        def inner(self):
            """{doc}"""
            return share
    if share:{layout}
        @functools.cache
        def chosen(rows):
            """{doc}"""
            return [row for row in rows if row < share]
        return chosen, Inner, [lambda row: row, lambda row: share if row else 0][1]
'''


def test_comments_docstrings_and_layout_are_no_state(tmp_path: Path) -> None:
    """The same functions and classes with other words for the reader have the same state."""
    held = []
    for number, words in enumerate([{"comment": "", "doc": "One.", "layout": ""}, {"comment": "# why", "doc": "Two.", "layout": "\n\n\n"}]):
        path = tmp_path / f"{number}" / "written.py"
        path.parent.mkdir()
        path.write_text(WRITTEN.format(**words))
        spec = importlib.util.spec_from_file_location("written", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        namespace: dict[str, Any] = {"__name__": "made"}
        exec(WRITTEN.format(**words), namespace)
        held.append(fingerprint(State(ROOT).to_json([module.make(0.5), namespace["make"](0.5)], 0)))
    assert held[0] == held[1]


def test_hooks_count_in_their_order_not_by_torchs_numbers() -> None:
    """Other hooks of the process change nothing."""
    before = key(layer(1, "hook"))
    torch.nn.ReLU().register_forward_hook(lambda *_: None)
    assert key(layer(1, "hook")) == before


def test_weights_that_are_written_past_torchs_versions_count() -> None:
    """`.data` shares the memory of a tensor, not its version."""
    model = layer(1, "")
    before = key(model)
    model[0].weight.data.add_(1)
    assert key(model) != before


def test_a_cache_that_fills_draws_nothing_again() -> None:
    """What `functools.cache` keeps is no state of a measure."""
    cached = function_with(1, "cache")
    before = key(cached)
    cached()
    assert key(cached) == before


COUNTER = {"calls": 0}


class Counter:
    def __init__(self) -> None:
        self.COUNTER = 1

    def score(self) -> int:
        return self.COUNTER


def test_a_global_with_the_name_of_an_attribute_does_not_count() -> None:
    """Only what the code reads as a global is one."""
    before = key(Counter())
    COUNTER["calls"] += 1
    assert key(Counter()) == before


def test_temporary_folders_of_pytest_are_not_counted() -> None:
    """Pytest numbers them by run, and has one for every worker; the test's own folder counts."""
    first, second = (key(Path(f"/tmp/pytest-of-me/{run}/test_jar0/v1")) for run in ("pytest-1", "pytest-2/popen-gw0"))
    assert first == second != key(Path("/tmp/pytest-of-me/pytest-1/test_jar0/v2"))


def test_packages_of_another_environment_are_not_the_projects_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are found behind a .pth file or in PYTHONPATH, as torch may be; a module beside them that no distribution holds is the project's."""
    info = tmp_path / "behind_module-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: behind_module\nVersion: 1.0\n")
    info.joinpath("RECORD").write_text("behind_module.py,,\n")
    for name in ("behind_module", "users_module"):
        (tmp_path / f"{name}.py").write_text("class Thing:\n    def do(self):\n        return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    behind, users = (importlib.import_module(name) for name in ("behind_module", "users_module"))
    assert not is_written_by_user(behind) and not is_written_by_user(behind.Thing)
    assert is_written_by_user(users) and is_written_by_user(users.Thing)
