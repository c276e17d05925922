"""Readers of banks that several behaviours share. What they import is loaded when a bank is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def load_requests(path: Path, _: Mapping[str, Any]) -> Sequence[Any]:
    from harness.measures.banks import Request, load_rows

    return load_rows(path, Request)


def load_statements(path: Path, _: Mapping[str, Any]) -> Sequence[Any]:
    from harness.measures.banks import Statement, load_rows

    return load_rows(path, Statement)


def load_texts(path: Path, _: Mapping[str, Any]) -> Sequence[Any]:
    """Training texts: a prompt with two replies, one that shows the behaviour and one that does not."""
    from harness.measures.banks import load_rows
    from harness.training.rows import Text

    return load_rows(path, Text)
