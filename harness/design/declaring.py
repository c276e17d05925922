"""The four decorators with which a test says what it is: `hypothesis`, `gate`, `kill`, `control`.

Each tags the test with pytest markers. The marker that carries the declaration is `harness`; the one named after the kind serves `-m gate`. The
Hypothesis library registers a marker `hypothesis` of its own, so nothing here is ever read from that one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from harness.design.naming import quote_name, wrong_name
from harness.errors import HarnessError, nearest
from harness.records import Kind

Test = TypeVar("Test", bound=Callable[..., Any])
Polarity = Literal["positive", "negative", "canary", "out-of-distribution", ""]


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a test function says of itself. `over` are the axes it is repeated over; a hypothesis takes them from experiment.yaml instead. A `quick` gate
    trains nothing and samples nothing; `proven_by` names a test that saw it fail."""

    kind: Kind
    id: str
    needs: tuple[str, ...]
    over: tuple[str, ...]
    statement: str
    where: str
    polarity: Polarity = ""
    quick: bool = False
    proven_by: str = ""


def hypothesis(id: str, *, needs: str | tuple[str, ...] | list[str] = ()) -> Callable[[Test], Test]:
    """A cell of hypothesis `id` of experiment.yaml. Passing supports it there, a failing assert falsifies it there."""
    return add_declaration("hypothesis", id, needs, ())


def gate(
    id: str, *, needs: str | tuple[str, ...] | list[str] = (), over: str | tuple[str, ...] | list[str] = (), quick: bool = False, proven_by: str = ""
) -> Callable[[Test], Test]:
    """Must hold before what needs it is worth running. A `quick` one trains nothing and samples nothing: `pytest -m "gate and quick"` runs those alone.
    `proven_by` names a test of the project that calls the gate, or a function of it, with a planted input and sees it fail."""
    return add_declaration("gate", id, needs, over, quick=quick, proven_by=proven_by)


def kill(id: str, *, needs: str | tuple[str, ...] | list[str] = (), over: str | tuple[str, ...] | list[str] = ()) -> Callable[[Test], Test]:
    """A criterion which, when met, stops the experiment: the test fails when it is met."""
    return add_declaration("kill", id, needs, over)


def control(
    id: str, polarity: Polarity = "negative", *, needs: str | tuple[str, ...] | list[str] = (), over: str | tuple[str, ...] | list[str] = ()
) -> Callable[[Test], Test]:
    """A failing assert violates it. positive: the effect must show here; negative: it must not; canary: a bystander that shows generic damage;
    out-of-distribution: the effect must survive on other data (HIGH confidence asks for one)."""
    if polarity not in get_args(Polarity):
        raise HarnessError(f"control {id}: the polarity {polarity!r} is not known", mend=nearest(polarity, get_args(Polarity)[:-1]))
    return add_declaration("control", id, needs, over, polarity)


def add_declaration(kind: Kind, id: str, needs: Any, over: Any, polarity: Polarity = "", quick: bool = False, proven_by: str = "") -> Callable[[Test], Test]:
    def wrap(test: Test) -> Test:
        import pytest

        said, place = statement_of(test), place_of(test)
        more: dict[str, Any] = {"polarity": polarity, "quick": quick, "proven_by": proven_by}
        declaration = Declaration(kind=kind, id=id, needs=names(needs), over=names(over), statement=said, where=place, **more)
        if "__harness__" in vars(test):
            raise HarnessError(f"{id} and {vars(test)['__harness__'].id} are declared on one test", where=declaration.where, mend="Write one test for each")
        # Read from the function where it can be: a marker is found by walking up the tree, for each of thousands of cells.
        vars(test)["__harness__"] = declaration
        # An axis is a test argument; the plugin parametrizes it, the test function keeps its plain signature.
        marked = pytest.mark.harness(declaration)(getattr(pytest.mark, kind)(test))
        return pytest.mark.quick(marked) if quick else marked  # type: ignore[no-any-return]

    if not isinstance(id, str) or not id:
        raise HarnessError(f"a {kind} needs an id", mend=f'Write @{kind}("G1")')
    if wrong_name(id):
        raise HarnessError(f"the id {quote_name(id)} of a {kind} {wrong_name(id)}", mend="Choose a short plain name")
    return wrap


def names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def statement_of(test: Callable[..., Any]) -> str:
    """The docstring's first paragraph on one line: it is the hypothesis in the report."""
    return " ".join((inspect.getdoc(test) or test.__name__.removeprefix("test_").replace("_", " ")).split("\n\n")[0].split())


def place_of(test: Callable[..., Any]) -> str:
    code = getattr(test, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else test.__name__
