"""From collected pytest items to the catalogues of the experiments they belong to, whole even where only a part was selected."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from harness.code_dependencies import Dependencies, dependencies_of
from harness.costs import cost_of
from harness.design.catalogue import Catalogue, PlannedCell, cell_id
from harness.design.declaring import Declaration
from harness.design.experiment import Experiment, experiment_in
from harness.design.naming import quote_name, wrong_name
from harness.design.paths import FILE_NAME, folder_of
from harness.errors import HarnessError, nearest
from harness.installed_packages import is_project_file
from harness.records import ScaleName
from harness.run.asserts import refuse_empty_asserts
from harness.run.cell_key import BEHIND_CELLS
from harness.run.outcome import ADDRESS
from harness.run.redact import key_in
from harness.run.settings import Settings

MARK = "harness"
ATTRIBUTE = "__harness__"
MODEL_SET = "model_set"  # the setting that --harness-models replaces


def declaration_of(node: Any) -> Declaration | None:
    """What a test says of itself, or None for a plain test."""
    own = getattr(getattr(node, "function", None), ATTRIBUTE, None)
    if own is not None:
        return own  # type: ignore[no-any-return]
    mark = node.get_closest_marker(MARK)
    return mark.args[0] if mark and mark.args and isinstance(mark.args[0], Declaration) else None


@cache
def experiment_at(folder: Path) -> Experiment:
    return experiment_in(folder)


def experiment_of(declaration: Declaration, path: Path, root: Path) -> Experiment:
    """The experiment a declared test belongs to. Raises HarnessError where there is none."""
    folder = folder_of(path.parent, root)
    if folder is None:
        raise HarnessError(f"{declaration.kind} {declaration.id} belongs to no experiment", where=declaration.where, mend=f"Write {path.parent / FILE_NAME}")
    return experiment_at(folder)


def parametrize(metafunc: pytest.Metafunc, settings: Settings) -> None:
    """Repeats a declared test over its axes, unless it parametrizes them itself."""
    declaration = declaration_of(metafunc.definition)
    if declaration is None:
        return
    experiment = experiment_of(declaration, metafunc.definition.path, settings.root)
    own = {name.strip() for mark in metafunc.definition.iter_markers("parametrize") for name in argnames(mark)}
    axes = axes_of(declaration, experiment, metafunc.fixturenames)
    for axis in axes:
        if axis not in own and axis not in metafunc.fixturenames:
            raise HarnessError(
                f"{declaration.id} is repeated over {axis!r}, which its test does not take", where=declaration.where, mend=f"Add the argument {axis}"
            )
    wanted = [axis for axis in axes if axis not in own]
    for axis in wanted:
        values = seeds_of(experiment, settings) if axis == "seed" else experiment.axis(axis, scale_of(experiment, settings))
        metafunc.parametrize(axis, values, ids=[f"s{value}" if axis == "seed" else str(value) for value in values])


def argnames(mark: pytest.Mark) -> list[str]:
    names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
    return names.split(",") if isinstance(names, str) else list(names)


def axes_of(declaration: Declaration, experiment: Experiment, arguments: Iterable[str]) -> list[str]:
    axes = experiment.cells(declaration.id) if declaration.kind == "hypothesis" else list(declaration.over)
    for axis in axes:
        if axis not in experiment.axes and axis != "seed":
            raise HarnessError(f"{declaration.id}: unknown axis {axis!r}", where=declaration.where, mend=nearest(axis, experiment.axes))
    return axes + (["seed"] if "seed" in arguments and "seed" not in axes else [])


def scale_of(experiment: Experiment, settings: Settings) -> Any:
    """The scale of the session. Raises HarnessError where the experiment does not declare it."""
    if settings.scale not in experiment.scales:
        known = ", ".join(experiment.scales)
        raise HarnessError(f"declares no scale {settings.scale!r}", where=str(experiment.folder / FILE_NAME), mend=f"Use --harness-scale with one of: {known}")
    return settings.scale


def seeds_of(experiment: Experiment, settings: Settings) -> tuple[int, ...]:
    return settings.seeds or experiment.seeds(scale_of(experiment, settings))


def settings_of(experiment: Experiment, settings: Settings) -> dict[str, Any]:
    """The settings of the scale, with the models of --harness-models: `NAME` is another set, `a,b,c` are members of the declared one, `a,` is one of them.
    Raises HarnessError where the experiment compares no set of models."""
    declared = dict(experiment.plain["scales"][scale_of(experiment, settings)]["settings"])
    if settings.models is None:
        return declared
    if not isinstance(declared.get(MODEL_SET), str):
        told = f"has no setting {MODEL_SET} at scale {settings.scale}, so --harness-models={settings.models} chooses nothing"
        raise HarnessError(told, where=str(experiment.folder / FILE_NAME), mend="Leave --harness-models out, or name an experiment that compares models")
    members = [name.strip() for name in settings.models.split(",") if name.strip()]
    chosen = f"{declared[MODEL_SET].partition('#')[0]}#{','.join(members)}" if "," in settings.models else settings.models
    return declared | {MODEL_SET: chosen}


class CollectedExperiment:
    """One experiment as collected: its catalogue and the pytest item of every cell."""

    def __init__(self, experiment: Experiment, items: dict[str, pytest.Item], settings: Settings) -> None:
        self.experiment = experiment
        cells = [plan_cell(item, declaration, experiment) for item in items.values() if (declaration := declaration_of(item))]
        refuse_keys(cells)
        tests = {item.path: item.config for item in items.values()}
        refuse_empty_asserts(sorted({*tests, *(file for path, config in tests.items() for file in conftests_of(path, config))}))
        self.catalogue = Catalogue(experiment, cells)
        self.cell_items = {cell.id: items[cell.nodeid] for cell in cells}
        self.root = settings.root
        self.options = next((project_options(item.config) for item in items.values()), {})
        check_matrix(experiment, self.catalogue, settings)

    @cached_property
    def claims(self) -> dict[str, list[str]]:
        """Id of a test to the statements (docstrings) of its functions: what a reader is told that it shows."""
        return {owner: list(dict.fromkeys(cell.declaration.statement for cell in cells)) for owner, cells in sorted(self.catalogue.owners.items())}

    @cached_property
    def tests(self) -> dict[str, dict[str, Any]]:
        """Id of a test to what its decorators declare: kind, polarity, needs, axes it is repeated over."""
        return {owner: self.catalogue.declared(owner) for owner in sorted(self.catalogue.owners)}

    @cached_property
    def code(self) -> Dependencies:
        """The code behind the cells: test files, conftests, the modules of the fixtures in use, and all that these import."""
        return dependencies_of(BEHIND_CELLS, sorted(code_files(self.cell_items.values())), self.root)


def code_files(items: Iterable[pytest.Item]) -> set[Path]:
    """The files of tests, of the conftests around them, and of the fixtures that they use, directly or through others. Each is looked at once."""
    tests = {item.path: item.config for item in items}
    information: list[Any] = [getattr(item, "_fixtureinfo", None) for item in items]  # items that are no functions have no fixtures
    functions = {id(fixture.func): fixture.func for one in information if one for fixtures in one.name2fixturedefs.values() for fixture in fixtures}
    files = {getattr(getattr(inspect.unwrap(function), "__code__", None), "co_filename", "") for function in functions.values()}
    found = [*tests, *(file for path, config in tests.items() for file in conftests_of(path, config))]
    return {path.resolve() for path in (*found, *map(Path, files)) if path.suffix == ".py" and path.is_file()}


def project_options(config: pytest.Config) -> dict[str, str]:
    """Values of the options and ini keys that the project's own conftests and plugins declare: its tests and fixtures may read them."""
    from _pytest.config.argparsing import Parser

    declared = Parser(_ispytest=True)
    for hook in config.pluginmanager.hook.pytest_addoption.get_hookimpls():
        file = hook.function.__code__.co_filename
        if is_project_file(file):
            given = {"parser": declared, "pluginmanager": config.pluginmanager}
            hook.function(*(given[name] for name in hook.argnames))
    options = [option for group in (*declared._groups, declared._anonymous) for option in group.options]
    values = {f"--{option.dest}": config.getoption(option.dest) for option in options} | {name: config.getini(name) for name in declared._inidict}
    return {name: repr(value) for name, value in sorted(values.items()) if ADDRESS.search(repr(value)) is None}


def conftests_of(path: Path, config: pytest.Config) -> tuple[Path, ...]:
    return tuple(Path(str(module.__file__)) for module in config.pluginmanager._getconftestmodules(path) if module.__file__)


def plan_cell(item: pytest.Item, declaration: Declaration, experiment: Experiment) -> PlannedCell:
    if item.get_closest_marker("xfail") is not None:
        raise HarnessError(f"{declaration.id} is marked xfail", where=declaration.where, mend="Take the mark off: a result that is expected is still a result")
    if runs_unawaited(item):
        mend = "Derive its class from unittest.IsolatedAsyncioTestCase, or write it as a function"
        raise HarnessError(f"{declaration.id} is asynchronous, but its class would never await it", where=declaration.where, mend=mend)
    params = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    check_parameters(item, declaration, experiment, params)
    axes = experiment.cells(declaration.id) if declaration.kind == "hypothesis" else []
    for axis in axes:
        if axis not in params:
            raise HarnessError(f"{declaration.id} has the axis {axis!r}, which this test lacks", where=declaration.where, mend=f"Take the argument {axis}")
    for name, value in params.items():
        if not isinstance(value, str | int | float | bool):
            mend = "Parametrize with strings or numbers and look the object up by name"
            raise HarnessError(f"the parameter {name} of {declaration.id} is {type(value).__name__}", where=declaration.where, mend=mend)
        fault = wrong_name(str(value))
        if fault:
            raise HarnessError(
                f"{declaration.id}: the value {quote_name(str(value))} of {name} {fault}", where=declaration.where, mend="Choose a short plain name"
            )
    ordered = {axis: params[axis] for axis in axes} | params
    return PlannedCell(id=cell_id(declaration.id, ordered), nodeid=item.nodeid, params=ordered, declaration=declaration)


def refuse_keys(cells: Sequence[PlannedCell]) -> None:
    """What names a cell stands in every file and line about it, so that no key can be struck out of it. All names are searched at once: keys are rare."""
    names = [{f"the value of {name}": str(value) for name, value in cell.params.items()} | {"its name": f"{cell.id} {cell.nodeid}"} for cell in cells]
    if not key_in("\n".join(text for texts in names for text in texts.values())):
        return
    for cell, texts in zip(cells, names, strict=True):
        for what, text in texts.items():
            if key := key_in(text):
                mend = "Name what stands for it, and read the key in the test from os.environ"
                raise HarnessError(f"{cell.declaration.id}: {what} holds {key}", where=cell.declaration.where, mend=mend)


def runs_unawaited(item: pytest.Item) -> bool:
    """True for an `async def` in a plain unittest class: unittest calls it, nobody awaits it, and so it passes whatever it asserts."""
    owner = getattr(item, "cls", None)
    if owner is None or not issubclass(owner, unittest.TestCase) or issubclass(owner, unittest.IsolatedAsyncioTestCase):
        return False
    return inspect.iscoroutinefunction(item.function) or inspect.isasyncgenfunction(item.function)  # type: ignore[attr-defined]


def check_parameters(item: Any, declaration: Declaration, experiment: Experiment, params: dict[str, Any]) -> None:
    """Refuses a cell that nobody declared: each parameter is an axis, or stands in a parametrize mark of the test."""
    if not params:
        return
    own = {name.strip() for mark in item.iter_markers("parametrize") for name in argnames(mark)}
    for name in sorted(params.keys() - own - set(axes_of(declaration, experiment, item.fixturenames))):
        mend = "Take it out, or make it an axis in experiment.yaml, or parametrize the test by a mark"
        raise HarnessError(
            f"{declaration.id} is repeated over {name!r}, which it does not declare ({source_of(name, item)})", where=declaration.where, mend=mend
        )


def source_of(name: str, item: Any) -> str:
    """Who repeats a test over a parameter: the fixture of that name, or whoever may have added it."""
    fixtures = item._fixtureinfo.name2fixturedefs.get(name, ())
    if fixtures and not fixtures[-1].func.__module__.startswith("_pytest."):
        return f"a fixture of {fixtures[-1].func.__module__}"
    adders = [one.plugin_name for one in item.ihook.pytest_generate_tests.get_hookimpls() if not one.function.__module__.startswith(("_pytest.", "harness."))]
    if hasattr(item.module, "pytest_generate_tests"):
        adders.append(item.path.name)
    return f"added by pytest_generate_tests of {' or '.join(adders)}" if adders else "added by a plugin"


def found_in(collected: list[pytest.Item], config: pytest.Config, settings: Settings) -> list[CollectedExperiment]:
    """The experiments that the collected items belong to, each with all its items."""
    by_folder: dict[Path, dict[str, pytest.Item]] = {}
    by_path: dict[Path, dict[str, pytest.Item]] = {}
    for item in collected:
        declaration = declaration_of(item)
        if declaration is not None:
            if item.path not in by_path:
                by_path[item.path] = by_folder.setdefault(experiment_of(declaration, item.path, settings.root).folder, {})
            by_path[item.path][item.nodeid] = item
    check_links(by_folder)
    partial = bool(config.getoption("lf", False)) or any("::" in arg for arg in config.args)
    for folder, items in by_folder.items():
        complete(folder, items, partial)
    return [CollectedExperiment(experiment_at(folder), items, settings) for folder, items in sorted(by_folder.items())]


def check_links(folders: Iterable[Path]) -> None:
    """Refuses an experiment that is reached by two paths: its cells would be there twice. Raises HarnessError naming the link."""
    first: dict[Path, Path] = {}
    for folder in sorted(folders, key=lambda path: (path != path.resolve(), path)):
        other = first.setdefault(folder.resolve(), folder)
        if other != folder:
            raise HarnessError(f"the experiment {other} is collected a second time, by a link", where=str(folder), mend="Leave one out, as with --ignore")


def complete(folder: Path, items: dict[str, pytest.Item], partial: bool) -> None:
    """Adds the experiment's items that pytest did not collect (other files, other node ids), so that needs and missing cells are known."""
    have = {item.path for item in items.values()}
    folders = {item.parent for item in items.values()}
    known = {node.path: node for bottom in folders if bottom for node in bottom.listchain() if isinstance(node, pytest.Directory | pytest.Session)}
    for file in files_in(directory_at(folder, known), known):
        if partial or file.path not in have:
            for item in items_in(file):
                if declaration_of(item) is not None:
                    items.setdefault(item.nodeid, item)


def directory_at(path: Path, known: dict[Path, Any]) -> Any:
    """pytest's collector for a folder, made where pytest itself has not been there."""
    if path not in known:
        parent = directory_at(path.parent, known)
        known[path] = parent.session.gethookproxy(path).pytest_collect_directory(path=path, parent=parent) or pytest.Dir.from_parent(parent, path=path)
    return known[path]


def files_in(directory: Any, known: dict[Path, Any]) -> Iterator[pytest.File]:
    """The Python files of an experiment as pytest itself collects folders: what it leaves out (norecursedirs, --ignore, collect_ignore, hooks) is left
    out here, too. Folders with an experiment of their own are not of this one."""
    report = directory.ihook.pytest_make_collect_report(collector=directory)  # loads the folder's conftest, with its fixtures
    if report.outcome != "passed":
        raise uncollectable(directory.path, report.call.excinfo.value)
    for node in report.result:
        if isinstance(node, pytest.Directory):
            yield from () if (node.path / FILE_NAME).exists() else files_in(known.get(node.path, node), known)
        elif node.path.suffix == ".py":
            yield node


def items_in(file: pytest.File) -> list[pytest.Item]:
    """The items of a file. Raises HarnessError where it cannot be collected: a control that vanishes with its file would be missed by nobody."""
    try:
        return list(items_below(file))
    except HarnessError:
        raise
    except (Exception, pytest.skip.Exception) as error:
        raise uncollectable(file.path, error) from None


def uncollectable(path: Path, error: BaseException) -> HarnessError:
    told = str(error).strip().split("\n")[0] or type(error).__name__
    return HarnessError(
        f"this {'folder' if path.is_dir() else 'file'} of the experiment cannot be collected: {told}",
        where=str(path),
        mend="Mend it, or take it out of the experiment",
    )


def items_below(collector: pytest.Collector) -> Iterator[pytest.Item]:
    """The items below a collector. Collected directly, so that filters meant for the user's selection (--lf, --deselect) do not apply."""
    for node in collector.collect():
        if isinstance(node, pytest.Item):
            yield node
        else:
            yield from items_below(node)


def check_matrix(experiment: Experiment, catalogue: Catalogue, settings: Settings) -> None:
    """Every hypothesis has a cell for every point of its axes, and a rule asks for no more seeds than there are."""
    scale = scale_of(experiment, settings)
    for name in experiment.hypotheses:
        axes = experiment.cells(name)
        values = [seeds_of(experiment, settings) if axis == "seed" else experiment.axis(axis, scale) for axis in axes]
        have = {tuple(cell.params[axis] for axis in axes) for cell in catalogue.owners[name]}
        lost = [point for point in product(*values) if point not in have]
        if lost:
            where = catalogue.owners[name][0].declaration.where
            mend = "Leave the axes to experiment.yaml, or declare there what the test is repeated over"
            raise HarnessError(
                f"{name} has no test for {len(lost)} of its declared cells, such as {cell_id(name, dict(zip(axes, lost[0], strict=True)))}",
                where=where,
                mend=mend,
            )
        rule: dict[str, Any] | None = experiment.plain["hypotheses"][name]["rule"]
        while rule:
            if rule["of"] == "seed" and rule["at_least"] != "all" and rule["at_least"] > len(seeds_of(experiment, settings)):
                told = f"{name}: at least {rule['at_least']} seeds can never hold, there are {len(seeds_of(experiment, settings))}"
                raise HarnessError(told, where=str(experiment.folder / FILE_NAME), mend="Give more --harness-seeds")
            rule = rule["each"]


def expected_seconds(found: CollectedExperiment, scale: ScaleName) -> float:
    """What the cells of an experiment take by its declaration; 0 for what is not declared."""
    declared = found.experiment.spec.scales[scale]
    return sum(cost_of(declared, cell.owner, cell.declaration.kind).seconds or 0.0 for cell in found.catalogue.cells.values())


def arrange_items(selected: list[pytest.Item], founds: list[CollectedExperiment]) -> list[pytest.Item]:
    """The selected items with the cells they need, needs first; items of no experiment follow in their order."""
    first: list[pytest.Item] = []
    owned: set[str] = set()
    chosen = {item.nodeid for item in selected}
    for found in founds:
        cells = [cell for cell in found.catalogue.cells.values() if cell.nodeid in chosen]
        wanted = {cell.id for cell in cells} | set(found.catalogue.all_needs(cells))
        first += [found.cell_items[cell.id] for cell in found.catalogue.cells.values() if cell.id in wanted]
        owned |= set(found.catalogue.by_nodeid)
    return first + [item for item in selected if item.nodeid not in owned]
