"""A task from a source, with the place it was read at."""

from __future__ import annotations

from harness.domains.convergence.tasks import Capability, Difficulty, Expected, Task
from harness.errors import HarnessError
from harness.models.chat import chat

# (file and line, or file and row of an array; the task)
Placed = tuple[str, Task]
# No source states how difficult its prompts are, and we do not guess: "medium" says nothing about them.
UNSTATED: Difficulty = "medium"


def place_task(where: str, capability: Capability, domain: str, prompt: str, expected: Expected | None = None) -> Placed:
    """The task of one user turn, worded as the source has it. Raises HarnessError for a blank prompt or domain."""
    for name, text in (("prompt", prompt), ("domain", domain)):
        if not text.strip():
            raise HarnessError(f"the {name} is blank", where=where, mend="Mend the row or take it out; nothing is filled in.")
    return where, Task(capability=capability, domain=domain.strip().lower(), difficulty=UNSTATED, turns=tuple(chat(prompt)), expected=expected)
