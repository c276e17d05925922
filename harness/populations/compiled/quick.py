"""How code is compiled here: kept on disk, without Python's lock, and dividing by zero as IEEE arithmetic does (nothing here relies on it)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from harness import jit
from harness.fingerprint import tree_fingerprint

F = TypeVar("F")
HOUSE = Path(__file__).resolve().parent.parent
# numba looks at the file of a function alone and would go on using code that holds what other files said when it was compiled. So what is kept lies under
# the hash of all that is compiled and of the files whose constants it holds.
CONSTANTS = ("changing_test.py", "grid.py", "mutation.py", "normals.py", "philox.py", "stream.py")
NAMES = [*CONSTANTS, *(f"compiled/{path.name}" for path in Path(__file__).parent.glob("*.py"))]
VERSION = tree_fingerprint(HOUSE, NAMES)[:16]
KEPT = jit.cache_folder(Path(__file__).resolve().parent, VERSION)


def compiled(function: Any, **options: Any) -> Any:
    """Compiles a function on its first call."""
    return jit.compiled(function, VERSION, nogil=True, error_model="numpy", **options)


def quick(function: F) -> F:
    """The usual way."""
    return compiled(function)


def inlined(function: F) -> F:
    """Written out wherever it is called: handing over ten arrays takes longer than what is done with them, and loops with calls in them are not vectorised."""
    return compiled(function, inline="always")
