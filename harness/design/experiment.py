"""A declared experiment: the validated values of its experiment.yaml and the folder they stand in.

Collecting needs a few of the values, and often; the whole form (`spec`) is built when something asks for it. What was validated once is kept
beside the bytecode in `__pycache__`, under the hash of the file and of the code that validated it, so that collecting does not load the validator.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.design.places import FILE_NAME
from harness.fingerprint import file_fingerprint, fingerprint
from harness.records import ScaleName

if TYPE_CHECKING:
    from harness.design.spec import ExperimentSpec

HERE = Path(__file__).parent
VALIDATORS = ("reading.py", "rule.py", "spec.py", "yamlfile.py")


class Experiment:
    """One experiment; `plain` is its declaration as JSON values, defaults included."""

    def __init__(self, plain: dict[str, Any], folder: Path) -> None:
        self.plain, self.folder = plain, folder
        self.id: str = plain["id"]
        self.axes: list[str] = list(plain["axes"])
        self.scales: list[str] = list(plain["scales"])
        self.hypotheses: list[str] = list(plain["hypotheses"])

    @cached_property
    def spec(self) -> ExperimentSpec:
        """The declaration in its full form."""
        from harness.design.spec import ExperimentSpec

        return ExperimentSpec.model_validate(self.plain)

    def axis(self, name: str, scale: ScaleName) -> list[Any]:
        """The values of an axis at a scale; `{role: …}` stands for the personas that play it."""
        values = self.plain["scales"][scale]["axes"].get(name, self.plain["axes"][name])
        return list(self.plain["roles"][values["role"]] if isinstance(values, dict) else values)

    def seeds(self, scale: ScaleName) -> tuple[int, ...]:
        return tuple(self.plain["scales"][scale]["seeds"])

    def cells(self, hypothesis: str) -> list[str]:
        """The axes of a hypothesis' cells; none for one that is not declared."""
        return list(self.plain["hypotheses"].get(hypothesis, {}).get("cells", ()))

    def guards(self, hypothesis: str) -> list[str]:
        """The controls that a hypothesis names for itself."""
        return list(self.plain["hypotheses"][hypothesis]["guarded_by"] or ())


def experiment_in(folder: Path) -> Experiment:
    """The experiment declared in `folder`. Raises HarnessError with file and line at the first mistake."""
    path = folder / FILE_NAME
    kept = folder / "__pycache__" / f"experiment-{fingerprint([file_fingerprint(path), validator()])[:16]}.json" if path.is_file() else None
    plain = compiled(kept) if kept else None
    if plain is None:
        from harness.design.reading import read_plain

        plain = read_plain(folder)
        if kept and not sys.dont_write_bytecode:
            keep(kept, plain)
    return Experiment(plain, folder)


@cache
def validator() -> str:
    """sha256 over the code that validates."""
    return fingerprint([file_fingerprint(HERE / name) for name in VALIDATORS])


def compiled(kept: Path) -> dict[str, Any] | None:
    """What was validated before, or None where it is absent or altered."""
    try:
        sealed = json.loads(kept.read_text(encoding="utf-8"))
        plain: dict[str, Any] = sealed["plain"]
        return plain if sealed["sha256"] == fingerprint(plain) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(kept: Path, plain: dict[str, Any]) -> None:
    """Writes beside and renames, as Python does with bytecode; a folder that cannot be written costs time, nothing else."""
    beside = kept.with_name(f".{kept.name}.{os.getpid()}")
    try:
        kept.parent.mkdir(exist_ok=True)
        beside.write_text(json.dumps({"plain": plain, "sha256": fingerprint(plain)}), encoding="utf-8")
        beside.replace(kept)
    except OSError:
        beside.unlink(missing_ok=True)
