"""Compiled code on other machines: where nothing can be written, where numba is switched off, and where it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import jit
from numba_missing import WITHOUT, without_numba

numba = pytest.importorskip("numba")


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


@pytest.mark.parametrize(("broken", "why"), WITHOUT)
def test_without_it_functions_run_as_they_are(tmp_path: Path, broken: str, why: str) -> None:
    """Switched off, or an installation that cannot be imported, of whatever kind: no function is compiled, and a line says why."""
    done = without_numba("from harness import jit; print(jit.kernel(abs) is abs, jit.unusable())", tmp_path, broken)
    assert done.stdout.startswith("True ") and why in done.stdout
    assert done.stderr.count("\n") == 1 and why in done.stderr
