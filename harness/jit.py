"""Compiling with numba, where it can be used: on the first call, and kept on disk where a folder can be written."""

from __future__ import annotations

import logging
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

LOG = logging.getLogger("harness")
ABSENT = "numba is not installed"


@cache
def unusable() -> str:
    """Why nothing can be compiled here; empty where it can. Beside being absent, numba may refuse a numpy that is too new, or lack its library."""
    try:
        from numba import config
    except ModuleNotFoundError as error:
        if error.name == "numba":
            return ABSENT
        why = f"numba cannot be imported ({error})"
    except Exception as error:
        why = f"numba cannot be imported ({type(error).__name__}: {str(error).strip().split(chr(10))[0]})"
    else:
        if not config.DISABLE_JIT:
            return ""
        why = "NUMBA_DISABLE_JIT is set"
    LOG.warning("%s: what would be compiled runs by numpy, equal and slower", why)
    return why


def compile_function(function: Any, version: str, **options: Any) -> Any:
    """The function, compiled on its first call. What is compiled is kept for later processes under `version`, and only for those of the same one."""
    from numba import config, njit

    folder = cache_folder(Path(function.__code__.co_filename).parent, version)
    before = config.CACHE_DIR
    config.CACHE_DIR = folder or before
    try:
        return njit(cache=bool(folder), **options)(function)
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder(home: Path, version: str) -> str:
    """Where compiled code is kept: in NUMBA_CACHE_DIR where it is set, else beside the source, else in the user's cache; empty where none can be written.

    numba would look further by itself, but in places where it knows a function's own file alone, and not what else the code was made of.
    """
    from numba import config

    asked: str = config.CACHE_DIR
    own = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "harness-numba"
    for folder in [Path(asked)] if asked else [home / "__pycache__", own]:
        if folder.is_absolute() or asked:
            try:
                (folder / version).mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder / version).close()
            except OSError:
                continue
            return str(folder / version)
    LOG.warning("compiled code cannot be kept (%s), so every process compiles anew: set NUMBA_CACHE_DIR to a folder that can be written", asked or home)
    return ""


def kernel(function: Any, **options: Any) -> Any:
    """The function compiled to run without Python's lock, or as it is where numba cannot be used. It may use other kernels and constants of its own package."""
    if unusable():
        return function
    home = Path(function.__code__.co_filename).resolve().parent
    return compile_function(function, package_version(home), nogil=True, error_model="numpy", **options)


def lean_kernel(function: Any, **options: Any) -> Any:
    """A kernel that makes and returns no array, so that none it is given need be counted as in use: counting takes longer than a short kernel does."""
    if unusable():
        return function
    from numba.core.options import DefaultOptions

    return kernel(function, **({"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}), **options)


@cache
def package_version(home: Path) -> str:
    """A hash of a package's files: numba looks at the file of a function only, and would keep code that holds what other files said."""
    from harness.fingerprint import tree_fingerprint

    return tree_fingerprint(home, [path.name for path in home.glob("*.py")])[:16]
