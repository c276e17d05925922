"""The fixtures and hooks of installed domains: registered with pytest when the first experiment is collected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from harness import hookspecs
from harness.errors import HarnessError, explain_failure, nearest
from harness.extensions import domains, read_domains


def register_domains(config: pytest.Config) -> None:
    """Registers the fixtures and hooks of all domains. A project's conftest may have named some of these modules already.

    Raises HarnessError for a broken domain, and for two fixtures of one name: pytest would take the last.
    """
    from harness.run import fixtures

    read_domains()
    owners = dict.fromkeys(fixture_names(fixtures), fixtures.__name__)
    for module in domain_modules():
        for name in fixture_names(module):
            if owners.setdefault(name, module.__name__) != module.__name__:
                told = f"the fixture {name!r} is defined by {owners[name]} and by {module.__name__}"
                raise HarnessError(told, mend="Rename one of them, or uninstall one of the two packages")
        if not config.pluginmanager.is_registered(module):
            with explain_failure("its fixtures and hooks cannot be registered", module.__name__):
                config.pluginmanager.register(module, module.__name__)
        if unknown := [name for name in vars(module) if name.startswith("pytest_harness_") and not hasattr(hookspecs, name)]:
            known = [name for name in vars(hookspecs) if name.startswith("pytest_harness_")]
            raise HarnessError(f"there is no hook {unknown[0]}", where=module.__name__, mend=nearest(unknown[0], known))


def domain_modules() -> Iterator[ModuleType]:
    for domain in domains().values():
        for name in domain.fixtures:
            with explain_failure(f"its fixtures {name} cannot be loaded", f"domain {domain.name}"):
                module = import_module(name)
            yield module


def fixture_names(module: ModuleType) -> list[str]:
    """The names of the fixtures that a module defines, as pytest will register them."""
    values = [value for value in vars(module).values() if hasattr(value, "_fixture_function_marker")]
    return [value.name for value in values if value.__module__ == module.__name__]


def explain_missing_fixture(error: Any) -> str:
    """Where a fixture comes from that a test outside experiments asked for; "" where it is none of ours, or nobody can tell."""
    from harness.run import fixtures

    modules = [fixtures]
    with suppress(HarnessError):  # of a broken domain: a project without experiments does not need it
        modules += domain_modules()
    home = next((module.__name__ for module in modules if error.argname in fixture_names(module)), "")
    return f"{error.argname!r} is a fixture of {home}. It is there for the tests of an experiment: put experiment.yaml beside this file." if home else ""
