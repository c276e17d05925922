"""How often the tests that break things on purpose try: a few times in `make test`, often in `make chaos`."""

from __future__ import annotations

import os


def tries(few: int, many: int) -> int:
    """`many` under `make chaos`, which sets CHAOS."""
    return many if os.environ.get("CHAOS") else few
