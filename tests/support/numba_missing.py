"""Processes in which numba cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# What stands in the place of numba ("" where it is switched off), and what is said of it.
WITHOUT = [
    ("", "NUMBA_DISABLE_JIT is set"),
    ("raise ImportError('Numba needs NumPy 2.2 or less')", "numba cannot be imported"),
    ("import llvmlite_of_another_age", "numba cannot be imported"),
    ("raise OSError('libllvmlite.so')", "numba cannot be imported"),
]


def without_numba(code: str, folder: Path, broken: str) -> subprocess.CompletedProcess[str]:
    """Runs code that finds a broken numba in the folder, or one that is switched off."""
    own = {"PYTHONPATH": str(folder)} if broken else {"NUMBA_DISABLE_JIT": "1"}
    if broken:
        (folder / "numba.py").write_text(f"{broken}\n")
    return subprocess.run([sys.executable, "-c", code], env=os.environ | own, capture_output=True, text=True, timeout=120, check=True)
