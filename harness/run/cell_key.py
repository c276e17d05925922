"""The key of a cell: the hash of all that its outcome depends on. What only decides over measured cells, or reports, is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.code_dependencies import Dependencies
from harness.records import ScaleName

# Modules of this package behind every cell: its fixtures, and what turns an exception into an outcome.
BEHIND_CELLS = ("harness.run.fixtures", "harness.run.outcome", "harness.run.recorder")
# Words for the reader; "claim" stands for claims/ too.
WORDS = ("question", "claim", "matched", "confounded", "parents", "next_steps")
# Places of the preregistration that decide over cells that are already measured, or are words for the reader.
DECIDING = ("title", "hypotheses/", "primary", "alpha", "power", "tests/", "budget/", "trajectories/", "score/", "allow/", *WORDS)
# Code is in the key by the dependencies, which go further than the files that the preregistration lists.
CODE = ("test code/", "shared code/")
# What work is expected to cost changes nothing of it, and a scale's rules decide afterwards.
EXPECTING = ("cell_cost/", "costs/", "gpus", "rules/", "claim")


def identity(
    promise: Mapping[str, Any], scale: ScaleName, seeds: tuple[int, ...], others: list[dict[str, Any]], code: Dependencies, options: Mapping[str, str]
) -> dict[str, Any]:
    """All that a cell's outcome depends on; `others` come from the hook `pytest_harness_identity` (models and the like), `options` are the project's own."""
    kept = {place: value for place, value in promise.items() if not place.startswith((*DECIDING, *CODE)) and counts(place, scale)}
    return {"code": code.fingerprint, "promise": kept, "scale": scale, "seeds": list(seeds), "others": others, "options": dict(options)}


def counts(place: str, scale: ScaleName) -> bool:
    """Whether a place of the preregistration can change an outcome at this scale: other scales cannot, nor can expected costs."""
    if not place.startswith("scales/"):
        return True
    own = place.removeprefix(f"scales/{scale}/")
    return own != place and not own.startswith(EXPECTING)
