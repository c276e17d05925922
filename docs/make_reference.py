"""Writes docs/reference.md from the code, so that the reference says what the code does: `make docs`, or `python docs/make_reference.py`.

What stands in the tables is read from options, fixtures, models, records and commands. Only MEANING and the exit codes are written by hand; a verdict
without a meaning stops the writing.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import harness
from harness import cli, hookspecs, plugin, records
from harness.cli import command
from harness.design.persona import Persona
from harness.design.spec import ExperimentSpec
from harness.extensions import domains
from harness.review.fields import FIELDS
from harness.review.findings import CLAIMS, STRUCTURE
from harness.run.folder import FINAL
from harness.run.measuring import Measure
from harness.run.settings import OPTIONS, Option
from harness.units import UNITS

ROOT = Path(__file__).parents[1]
PATH = ROOT / "docs" / "reference.md"
MEANING = {
    "supported": "a cell or hypothesis: the registered criterion (or rule) holds",
    "falsified": "a cell or hypothesis: an assertion of its own test said that it does not hold",
    "passed": "a gate, kill criterion or control: it holds; a kill criterion was not met",
    "failed": "a gate or control does not hold; a kill criterion was met",
    "inconclusive": "the evidence cannot tell: floor, ceiling, too little power, a violated control, open cells that could turn the rule",
    "blocked": "a gate it needs did not pass",
    "killed": "a kill criterion was met",
    "error": "the pipeline broke: any exception but an assertion of the experiment's own folder",
    "missing": "no result: not selected, or never finished",
}
OWN_EXITS = (
    (command.CLEAN, "clean"),
    (command.FINDINGS, "findings: an incomplete run, a difference, a plan not worth starting"),
    (command.USAGE, "usage: one line says where, what is wrong and the mend"),
)
PYTEST_EXITS = (
    (0, "every selected test passed or was skipped; with `--harness-falsified-ok` also where only hypotheses were falsified"),
    (1, "a hypothesis was falsified, a gate or control failed, a kill criterion was met, or a cell ended in an error"),
    (2, "interrupted, or a mistake of a declaration (a collection error of one line)"),
    (3, "the run had to stop: a file of the run could not be written"),
    (4, "usage: a bad option, a plan beyond the budget, a missing input, an altered lock, a run folder in use"),
    (5, "no test was collected"),
)


def text() -> str:
    """The whole reference."""
    parts = (
        "# Reference\n\nWritten by `docs/make_reference.py` from the code (`make docs`). Do not edit: change the code and run it again.",
        section("Options of `pytest`", options()),
        section("Decorators and public names", public()),
        section("Fixtures of every experiment", fixtures([ROOT / "harness/run/fixtures.py"])),
        *(section(f"Fixtures of {name}", fixtures([path_of(module) for module in domain.fixtures])) for name, domain in domains().items()),
        section("`measure`", measures()),
        section("Units", table(("unit", "smallest", "largest", "what it is"), ((f"`{u}`", low, high, what) for u, (low, high, what) in UNITS.items()))),
        section("Markers", table(("marker", "what it says"), (marker(line) for line in plugin.MARKERS))),
        section("Hooks", hooks()),
        section("`experiment.yaml`", models(ExperimentSpec)),
        section("`personas/<id>.yaml`", models(Persona)),
        section("Commands", commands()),
        section("Findings of `harness review`", findings()),
        section("Verdicts", verdicts()),
        section("`results.json`", results()),
        section("Exit codes", exits()),
    )
    return "\n\n".join(parts) + "\n"


def section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def cell(value: Any) -> str:
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return shown.replace("|", "\\|").replace("\n", " ")


def options() -> str:
    heads = ("option", "ini key", "variable", "default", "what it does")
    rows = (
        (f"`{option.flag}{' ' + option.metavar if option.metavar else ''}`", f"`{option.ini}`", f"`{option.env}`", start(option), option.help)
        for option in OPTIONS
    )
    return "The command line goes before the environment, the environment before the ini file.\n\n" + table(heads, rows)


def start(option: Option) -> str:
    """The default in words."""
    if option.read is None:
        return "off"
    return f"`{option.default}`" if option.default else "none"


def public() -> str:
    rows = []
    for name in harness.__all__:
        thing = getattr(harness, name)
        own = thing.__module__ == "harness.design.declaring"
        rows.append((f"`{'@' if own else ''}{name}{shape(thing) if own else ''}`", first(thing)))
    return "What `from harness import …` offers; everything else may change.\n\n" + table(("name", "what it is"), rows)


def shape(function: Any) -> str:
    """The arguments without their types."""
    return "(" + ", ".join(argument(p) for p in parameters(function)) + ")"


def parameters(function: Any) -> Iterator[inspect.Parameter | str]:
    star = False
    for one in inspect.signature(function).parameters.values():
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not star:
            star = True
            yield "*"
        if one.name != "self":
            yield one


def argument(one: inspect.Parameter | str) -> str:
    if isinstance(one, str):
        return one
    return one.name if one.default is inspect.Parameter.empty else f"{one.name}={one.default!r}"


def path_of(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


def fixtures(files: Sequence[Path]) -> str:
    """Fixtures by their source: nothing of World is imported for it."""
    rows = []
    for path in files:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (scope := scope_of(node)):
                rows.append((f"`{node.name}`", scope, one_line(ast.get_docstring(node) or ""), f"`{path.relative_to(ROOT).as_posix()}`"))
    return table(("fixture", "scope", "what it gives", "from"), rows)


def scope_of(node: ast.FunctionDef) -> str:
    for mark in node.decorator_list:
        if ast.unparse(mark).startswith("pytest.fixture"):
            words = mark.keywords if isinstance(mark, ast.Call) else []
            return next((str(ast.literal_eval(word.value)) for word in words if word.arg == "scope"), "function")
    return ""


def measures() -> str:
    names = (
        ("measure", Measure.__call__),
        *((f"measure.{name}", getattr(Measure, name)) for name in ("rate", "mean", "shift", "contrast", "corrected", "correlation")),
    )
    return table(("call", "what it records"), ((f"`{name}{shape(call)}`", one_line(inspect.getdoc(call) or "")) for name, call in names))


def marker(line: str) -> tuple[str, str]:
    name, _, what = line.partition(": ")
    return f"`{name}`", what


def hooks() -> str:
    found = [(name, hook) for name, hook in vars(hookspecs).items() if name.startswith("pytest_")]
    return table(("hook", "what it is for"), ((f"`{name}{shape(hook)}`", one_line(inspect.getdoc(hook) or "")) for name, hook in found))


def models(top: type[BaseModel]) -> str:
    parts = []
    for model in reachable(top):
        rows = [(f"`{name}`", f"`{typed(field.annotation)}`", limits(field), default(field)) for name, field in model.model_fields.items()]
        parts.append(f"### {model.__name__}\n\n{one_line(inspect.getdoc(model) or '')}\n\n{table(('key', 'type', 'limits', 'default'), rows)}")
    return "\n\n".join(parts)


def reachable(top: type[BaseModel]) -> list[type[BaseModel]]:
    """A model and those its keys hold, each once, in the order of the keys."""
    found: list[type[BaseModel]] = []
    waiting = [top]
    while waiting:
        model = waiting.pop(0)
        if model not in found:
            found.append(model)
            waiting += [inner for field in model.model_fields.values() for inner in held(field.annotation)]
    return found


def held(annotation: Any) -> list[type[BaseModel]]:
    own = [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []
    return own + [inner for arg in get_args(annotation) for inner in held(arg)]


def typed(annotation: Any) -> str:
    """A type in the words of YAML and JSON."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return typed(args[0])
    if origin is Literal:
        return " | ".join(repr(arg) for arg in args)
    if origin in (Union, types.UnionType):
        return " | ".join(typed(arg) for arg in args)
    if origin in (tuple, list):
        return f"list of {typed(args[0])}"
    if origin is dict:
        return f"map of {typed(args[0])} to {typed(args[1])}"
    return "none" if annotation is type(None) else str(getattr(annotation, "__name__", annotation))


def limits(field: Any) -> str:
    """Bounds and patterns of a key, as pydantic holds them."""
    signs = {"gt": "> ", "ge": "≥ ", "lt": "< ", "le": "≤ ", "min_length": "length ≥ ", "pattern": "matches "}
    found = [(sign, getattr(rule, name, None)) for rule in field.metadata for name, sign in signs.items()]
    return ", ".join(f"{sign}{value}" for sign, value in found if value is not None)


def default(field: Any) -> str:
    if field.default_factory is not None or field.default is PydanticUndefined:
        return "must be given"
    if isinstance(field.default, BaseModel):
        return "as below"
    return f"`{list(field.default) if isinstance(field.default, tuple) else field.default!r}`"


def commands() -> str:
    top = cli.parser()
    sub = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    rows = []
    for name, parser in sub.choices.items():
        words = [word(action) for action in parser._actions if not isinstance(action, argparse._HelpAction)]
        rows.append((f"`harness {name} {' '.join(sorted(words, key=lambda one: one.startswith('[-')))}`", parser.description))
    return table(("command", "what it does"), rows)


def findings() -> str:
    card = [(f"`{field.code}`", f"{field.group}: {field.label}") for field in FIELDS]
    stated = ("`card/stated-incomplete`", "the text says itself that its card is incomplete, and lacks nothing of the above")
    codes = {**CLAIMS, **STRUCTURE}.items()
    return "\n\n".join((table(("code", "when"), ((f"`{code}`", when) for code, when in codes)), table(("code", "not stated"), [*card, stated])))


def word(action: argparse.Action) -> str:
    name = action.option_strings[0] if action.option_strings else f"<{action.dest}>"
    choices = f" {'|'.join(action.choices)}" if action.choices else " …" if action.option_strings and action.nargs != 0 else ""
    return f"[{name}{choices}]" if action.option_strings or action.nargs in ("*", "?") else name


def verdicts() -> str:
    rows = [(f"`{name}`", MEANING[name], *shown_as(name), "yes" if name in FINAL else "no") for name in get_args(records.Verdict)]
    return table(("verdict", "when", "to pytest", "shown as", "kept for later runs"), rows)


def shown_as(verdict: str) -> tuple[str, str]:
    """(pytest's outcome, letter and word on the terminal)."""
    if verdict == "missing":
        return "no item", ""
    if verdict not in plugin.STATUS:
        return ("failed" if verdict == "failed" else "passed"), "pytest's own"
    outcome, letter, (word, _) = plugin.STATUS[verdict]
    return outcome, f"`{letter}` {word}"


def results() -> str:
    lead = f"Schema `{records.SCHEMA}`; it ships as `harness/report/results.schema.json`. Equal runs differ in the block `execution` and nowhere else."
    rows = [(f"`{field.encode_name}`", f"`{typed(field.type)}`") for field in msgspec.structs.fields(records.Results)]
    words = [value for value in vars(records).values() if isinstance(value, type) and issubclass(value, records.Record)]
    inner = [(f"`{word.__name__}`", first(word), names(word)) for word in words if word not in (records.Record, records.Results)]
    return f"{lead}\n\n{table(('field', 'type'), rows)}\n\n{table(('record', 'what it is', 'fields'), inner)}"


def names(record: type[records.Record]) -> str:
    return ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(record))


def exits() -> str:
    heads = ("code", "when")
    return "`harness …`\n\n" + table(heads, OWN_EXITS) + "\n\n`pytest`\n\n" + table(heads, PYTEST_EXITS)


def first(thing: Any) -> str:
    return one_line((inspect.getdoc(thing) or "").split("\n\n")[0])


def one_line(doc: str) -> str:
    return re.sub(r"\s+", " ", doc).strip()


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
