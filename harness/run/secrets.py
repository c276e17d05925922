"""Keys live in the environment and never reach a record: whatever stands in a variable named like a key is struck out of texts that are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

NAMED = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
OPTION = re.compile(r"(--?[\w-]*(?:key|token|secret|password)[\w-]*[= ])(\S+)", re.IGNORECASE)
# Shorter values are words that may stand anywhere; a key is not that short.
SHORTEST = 8


def redacted(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text without the values of variables and options that are named like keys."""
    for name, value in environ.items():
        if len(value) >= SHORTEST and NAMED.search(name) and value in text:
            text = text.replace(value, f"[{name}]")
    return OPTION.sub(r"\1[redacted]", text)


def plain(text: str) -> str:
    """The text redacted, and without characters that no encoding takes (lone surrogates, which models do write)."""
    return redacted(text.encode("utf-8", "backslashreplace").decode())
