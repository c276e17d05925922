"""The review of one text: findings on its structure, missing fields of its card, and the two verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.records import Record, encode
from harness.review.card import missing_fields
from harness.review.document import Document, read_document
from harness.review.structure import StructureFinding, structure_findings

CLEAN_RESULT = "clean_result.md"


class Review(Record, frozen=True, kw_only=True):
    """`findings` are in the order of the lines; `missing` are the fields of the card that nothing states."""

    path: str
    findings: tuple[StructureFinding, ...]
    missing: tuple[str, ...]

    @property
    def structure(self) -> str:
        return verdict(len(self.findings))

    @property
    def reproducibility(self) -> str:
        return verdict(len(self.missing))

    def as_json(self) -> dict[str, Any]:
        """In the shape that the review of claims has, too: no claim is checked yet, so there is no verdict on the text."""
        found = [encode(finding) for finding in self.findings]
        card = [{"code": f"card/{name}", "line": 1, "column": 1, "message": f"the card does not state {name}"} for name in self.missing]
        return {
            "file": self.path,
            "verdict": None,
            "reproducibility": self.reproducibility,
            "structure": self.structure,
            "claims": [],
            "findings": found + card,
        }

    def lines(self) -> list[str]:
        found = [f"{self.path}:{one.line}:{one.column}: {one.code} {one.message}" for one in self.findings]
        card = [f"{self.path}:1:1: card the reproducibility card does not state {name}" for name in self.missing]
        return [*found, *card, f"Structure: {self.structure}", f"Reproducibility: {self.reproducibility}"]


def verdict(count: int) -> str:
    return f"INCOMPLETE({count})" if count else "COMPLETE"


def review_file(path: Path) -> Review:
    """Reviews a Markdown file, or the clean result of a run folder. Raises HarnessError where it cannot be read."""
    file = path / CLEAN_RESULT if path.is_dir() else path
    if not file.is_file():
        raise HarnessError("is no Markdown file", where=str(file), mend="Name a file, or the folder of a run with its report")
    return review_document(read_document(file), str(path))


def review_document(document: Document, path: str) -> Review:
    return Review(path=path, findings=tuple(structure_findings(document)), missing=tuple(missing_fields(document)))
