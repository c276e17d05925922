"""Other people's plugins and options under which a verdict would not be what it says. They are refused by name, before anything runs.

A cell is run once and its first answer counts. A plugin that runs tests itself (again until they pass, in a process of their own) would either be ignored,
since the cells are run by this plugin, or choose among answers. Plugins that only wrap a test, such as time limits, are welcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from harness.errors import HarnessError

APART = "or run the experiments apart from other tests"
# Options by their name in `config.option`: what they are called, and what they would do.
OPTIONS = {
    "setupplan": ("--setup-plan", "runs no test", "Leave it out; --harness-plan shows what would run"),
    "setuponly": ("--setup-only", "runs no test", "Leave it out; --setup-show runs the tests, too"),
    "trace": ("--trace", "stops each test before its first line, to leave it from there", "Use --pdb, or breakpoint() in the test"),
    "retries": ("--retries", "runs a test again until it passes", f"Leave it out, {APART}"),
}
MARKS = {"flaky": "would be run again until it passes", "forked": "would run in a process of its own", "repeat": "would be run several times"}
OWN = ("_pytest.", "pytest.", "harness.", "xdist.")


def check_plugins(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Refuses what would run the cells otherwise than once, in order, by this plugin. Raises HarnessError naming the option, the mark or the plugin."""
    if not __debug__:
        raise HarnessError("python -O (PYTHONOPTIMIZE) leaves out every assert, so that tests pass whatever they find", mend="Run without it")
    for name, (flag, why, mend) in OPTIONS.items():
        if is_set(config, name) or ini_value(config, name):
            raise HarnessError(f"{flag} {why}, which leaves an experiment without sound verdicts", mend=mend)
    if getattr(config, "workerinput", {}).get("harness_dist") == "each":
        raise HarnessError("--dist each runs every cell once for each worker", mend="Use another --dist, such as load or worksteal")
    for name, plugin in runners(config, "pytest_runtest_protocol"):
        flags = given_options(config, plugin)
        if flags is None or flags:
            told = f"{' '.join(flags)} (plugin {name})" if flags else f"the plugin {name}"
            off = "Make its hook a wrapper" if name.endswith(".py") else f"Turn it off (-p no:{name}), make its hook a wrapper"
            mend = f"{'Leave the option out' if flags else off}, {APART}"
            raise HarnessError(f"{told} runs tests in its own way, but a cell is run once, by this plugin", mend=mend)
    for name, plugin in runners(config, "pytest_runtestloop"):
        flags = given_options(config, plugin)
        if flags:
            raise HarnessError(
                f"{' '.join(flags)} (plugin {name}) runs the session in its own way", mend=f"Leave the option out; -n runs several workers, {APART}"
            )
    for item in items:
        for mark, why in MARKS.items():
            if item.get_closest_marker(mark) is not None:
                raise HarnessError(f"{item.nodeid} is marked {mark}: it {why}, but a cell is run once", mend="Take the mark off")


def runners(config: pytest.Config, hook: str) -> Iterator[tuple[str, Any]]:
    """Name and plugin of each third party that implements a hook in which tests are run, and does not merely wrap it."""
    for implementation in getattr(config.hook, hook).get_hookimpls():
        plugin = implementation.plugin
        module = f"{getattr(plugin, '__name__', None) or type(plugin).__module__}."
        if not (implementation.hookwrapper or implementation.wrapper or module.startswith(OWN)):
            yield implementation.plugin_name, plugin


def given_options(config: pytest.Config, plugin: Any) -> list[str] | None:
    """The options of a plugin that were given another value than their default, on the command line or in the ini file; None where it has no options, so
    that it is always at work."""
    adders = [one for one in config.hook.pytest_addoption.get_hookimpls() if one.plugin is plugin]
    heard = Options()
    for adder in adders:
        given = {"parser": heard, "pluginmanager": config.pluginmanager}
        adder.function(*[given[name] for name in adder.argnames])
    if not (heard.options or heard.inis):
        return None
    flags = [flag for flag, name, default in heard.options if is_set(config, name, default)]
    return flags + [name for name, default in heard.inis if ini_value(config, name) not in (None, "", [], False, 0, default)]


class Options:
    """Stands in for pytest's parser, to hear which options a plugin adds."""

    def __init__(self) -> None:
        self.options: list[tuple[str, str, Any]] = []
        self.inis: list[tuple[str, Any]] = []

    def getgroup(self, *_: Any, **__: Any) -> Options:
        return self

    def addoption(self, *names: str, **shape: Any) -> None:
        flag = next((name for name in names if name.startswith("--")), names[0])
        self.options.append((flag, shape.get("dest") or flag.lstrip("-").replace("-", "_"), shape.get("default")))

    _addoption = addoption

    def addini(self, name: str, *_: Any, **shape: Any) -> None:
        self.inis.append((name, shape.get("default")))


def is_set(config: pytest.Config, name: str, default: Any = None) -> bool:
    """True where an option has another value than its default."""
    value = getattr(config.option, name, default)
    return value not in (None, False, "", 0, [], default)


def ini_value(config: pytest.Config, name: str) -> Any:
    try:
        return config.getini(name)
    except (KeyError, ValueError):
        return None
