"""In what precision weights are used: as asked for, or by what the processor computes natively."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

AUTO = "auto"
NATIVE = ("avx512_bf16", "amx_bf16")  # as Linux names the abilities of a processor
CPU = Path("/proc/cpuinfo")
# How the arithmetic below torch is to run: settings of OpenMP, whose waiting threads must sleep (spinning, two workers on two cores were ten times slower), and
# of Intel's MKL, whose results otherwise hang on where an array happens to lie in memory ("conditional numerical reproducibility", with neither alignment nor
# the number of threads counting).
ARITHMETIC = {"OMP_WAIT_POLICY": "PASSIVE", "MKL_CBWR": "AVX2,STRICT"}


def precision(settings: Mapping[str, Any]) -> str:
    """The dtype of the settings, float32 where they name none.

    `auto` is bfloat16 on a processor that multiplies it natively, and float32 on others, where bfloat16 takes seven to ten times as long. What was used
    stands in the record and is part of every key: numbers of two precisions are never mixed.
    """
    asked = str(settings.get("dtype", "float32"))
    return asked if asked != AUTO else "bfloat16" if native() else "float32"


@cache
def native() -> bool:
    """True where this processor multiplies bfloat16 natively; False where nobody knows."""
    try:
        flags = next((line for line in CPU.read_text(encoding="utf-8").splitlines() if line.startswith("flags")), "")
    except OSError:
        return False
    return any(flag in flags.split() for flag in NATIVE)


def use_deterministic_sums() -> None:
    """Has torch add up the same way every time, unless the environment says how. To be called before torch is first imported."""
    for name, value in ARITHMETIC.items():
        os.environ.setdefault(name, value)


def arithmetic() -> dict[str, Any]:
    """How this process computes, for the card: what MKL was asked for, which the environment may have chosen otherwise."""
    import torch

    used = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    return {"MKL_CBWR": os.environ.get("MKL_CBWR", "not set") if used else "no MKL"}


def threads(dtype: str) -> int:
    """How many threads a process computes with: in float32 twice its share of the cores, since the number changes no bit of what a model says. Workers often
    wait for one another, and threads that wait sleep: with both of two workers busy that cost 8 %, with one of them waiting it saved a third.

    In bfloat16 as many as there are cores, however many processes there are: sampled text depends on their number (seen with 1, 2 and 4), and -n must
    change nothing.
    """
    cores = os.cpu_count() or 1
    share = cores / int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return cores if dtype == "bfloat16" else max(1, min(cores, round(2 * share)))
