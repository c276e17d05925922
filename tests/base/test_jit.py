"""Compiled code on other machines: where nothing can be written, where numba is switched off, and where it is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import jit

REPO = Path(__file__).parents[2]
numba = pytest.importorskip("numba")

USED = """
from harness.domains.evolution.runs import engine_name
from harness.domains.evolution.config import simulation
from harness.domains.convergence.agreement import permutation_test
print(engine_name("auto"), permutation_test.compiled() is None)
try:
    engine_name("numba")
except Exception as error:
    print(type(error).__name__, error)
"""


def used(**env: str) -> subprocess.CompletedProcess[str]:
    more = {"PYTHONPATH": os.pathsep.join([*env.pop("first", "").split(), str(REPO)])}
    return subprocess.run([sys.executable, "-c", USED], cwd=REPO, env={**os.environ, **more, **env}, capture_output=True, text=True, timeout=120, check=True)


def test_the_users_folder_comes_first_and_its_versions_lie_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NUMBA_CACHE_DIR holds; within it each version of the code has a folder of its own."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "mine"))
    assert jit.cache_folder(tmp_path / "one", "v1") == str(tmp_path / "mine" / "v1")
    assert jit.cache_folder(tmp_path / "one", "v2") == str(tmp_path / "mine" / "v2")


def test_without_it_code_is_kept_beside_the_source_or_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that cannot be written, as in a container: the user's cache."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert jit.cache_folder(tmp_path, "v") == str(tmp_path / "__pycache__" / "v")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__pycache__").touch()
    assert jit.cache_folder(tmp_path / "package", "v") == str(tmp_path / "home" / "harness-numba" / "v")


@pytest.mark.parametrize("asked", ["", "/dev/null/no"])
def test_where_nothing_can_be_written_code_is_compiled_anew_and_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, asked: str
) -> None:
    """No folder, or one that was named but cannot be made: the function works, and the line names what to set."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", asked)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    (tmp_path / "__pycache__").touch()
    assert jit.cache_folder(tmp_path, "v") == ""
    assert len(caplog.messages) == 1 and "set NUMBA_CACHE_DIR" in caplog.messages[0]
    monkeypatch.setattr(jit, "cache_folder", lambda home, version: "")
    assert jit.compile_function(lambda value: value + 1, "v")(41) == 42
    assert asked == numba.config.CACHE_DIR


def test_switched_off_it_is_not_used() -> None:
    """NUMBA_DISABLE_JIT: the plain engine and numpy's sums, told in a line; asking for the compiled engine is refused with the reason."""
    done = used(NUMBA_DISABLE_JIT="1")
    plain, refused = done.stdout.strip().split("\n")
    assert plain == "numpy True" and refused.startswith("HarnessError") and "NUMBA_DISABLE_JIT is set" in refused
    assert done.stderr.count("\n") == 1 and "NUMBA_DISABLE_JIT is set" in done.stderr


@pytest.mark.parametrize("broken", ["raise ImportError('Numba needs NumPy 2.2 or less')", "import llvmlite_of_another_age", "raise OSError('libllvmlite.so')"])
def test_broken_it_is_not_used(tmp_path: Path, broken: str) -> None:
    """An installation that cannot be imported, of whatever kind: the same."""
    (tmp_path / "numba.py").write_text(f"{broken}\n")
    done = used(first=str(tmp_path))
    plain, refused = done.stdout.strip().split("\n")
    assert plain == "numpy True" and "numba cannot be imported" in refused and "numba cannot be imported" in done.stderr
