"""Without numba the plain engine runs, and asking for the compiled one is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from numba_missing import WITHOUT, without_numba

USED = """
from harness.domains.evolution.runs import engine_name
print(engine_name("auto"))
try:
    engine_name("numba")
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(("broken", "why"), WITHOUT)
def test_the_plain_engine_runs(tmp_path: Path, broken: str, why: str) -> None:
    plain, refused = without_numba(USED, tmp_path, broken).stdout.strip().split("\n")
    assert plain == "numpy" and refused.startswith("HarnessError") and why in refused
