"""In what precision weights are used: what is asked for is taken, and `auto` asks the processor."""

from __future__ import annotations

import pytest

from harness.models import precision as module
from harness.models.local import DTYPES
from harness.models.precision import arithmetic, precision, use_deterministic_sums


@pytest.fixture
def processor(tmp_path, monkeypatch):
    """A machine whose processor has the abilities that are given, None for one that does not tell."""

    def of(flags):
        place = tmp_path / "cpuinfo"
        if flags is not None:
            place.write_text(f"model name : of a test\nflags\t\t: fpu {flags} sse\n")
        monkeypatch.setattr(module, "CPU", place)
        module.native.cache_clear()

    yield of
    module.native.cache_clear()


AUTO = {"avx2 fma": "float32", "avx512f avx512_bf16": "bfloat16", "amx_bf16 amx_tile": "bfloat16", None: "float32"}


@pytest.mark.parametrize(("flags", "expected"), AUTO.items())
def test_auto_asks_the_processor(processor, flags, expected):
    """bfloat16 only where it is multiplied natively; a machine that does not tell gets float32."""
    processor(flags)
    assert precision({"dtype": "auto"}) == expected and expected in DTYPES


def test_what_is_asked_for_is_taken(processor):
    """A named precision is used on any processor, and none is float32."""
    processor("avx512_bf16")
    assert precision({"dtype": "float32"}) == "float32" and precision({}) == "float32"


def test_the_card_tells_what_mkl_was_asked_for(monkeypatch):
    """What the environment asks for stays, and is told; torch without MKL is told as that."""
    import torch

    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    monkeypatch.delenv("MKL_CBWR")
    assert arithmetic()["MKL_CBWR"] == "not set"
    use_deterministic_sums()
    assert arithmetic()["MKL_CBWR"] == "AVX2,STRICT"
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    use_deterministic_sums()
    assert arithmetic()["MKL_CBWR"] == "COMPATIBLE"
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    assert arithmetic()["MKL_CBWR"] == "no MKL"
