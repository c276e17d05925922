"""`harness export` in this process, as the tests of its forms call it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.cli import main


def exported(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any], str]:
    """(exit code, JSON, standard error) of `harness export`."""
    code = main(["export", *map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err
