"""Public names of a package, each loaded on first use: importing the package costs next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any


def find_public(package: str, places: Mapping[str, tuple[str, ...]], name: str) -> Any:
    """The object of a public name; `places` maps the modules below the package to the names that they hold. Raises AttributeError for any other name."""
    for place, names in places.items():
        if name in names:
            return getattr(import_module(f"{package}.{place}"), name)
    raise AttributeError(f"module {package!r} has no attribute {name!r}")
