"""The 30 prompts of the public Level-1 results (stchakwdev/model_convergence); its answers are a recording, see `harness/models/level1_recording.py`.

The file states neither a domain nor what a good answer does. "Summarize this in one sentence: [long text]" is asked as it stands there.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from harness.domains.convergence.sources.placed import Placed, place_task
from harness.domains.convergence.tasks import CAPABILITIES, Capability
from harness.errors import HarnessError, nearest
from harness.models.level1_recording import ROWS, rows_of

FILE = "convergence/level1_results_20250817_231441.json"
DOMAIN = "general"


def tasks(text: str, path: Path) -> list[Placed]:
    """The prompts, each once, in the order in which they were first asked. Each was put to every model, so asking again is no double here."""
    first: dict[tuple[str, str], str] = {}
    for number, row in enumerate(rows_of(text, path)):
        first.setdefault((row.capability, row.prompt_text), f"{path}: {ROWS}[{number}]")
    return [place_task(where, capability(name, where), DOMAIN, prompt) for (name, prompt), where in first.items()]


def capability(name: str, where: str) -> Capability:
    found: Capability | None = next((one for one in get_args(Capability) if one == name), None)
    if found is None:
        raise HarnessError(f"the capability {name!r} is unknown", where=where, mend=nearest(name, CAPABILITIES))
    return found
