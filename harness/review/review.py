"""The review of one text: what its structure and its card lack, and the two verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.records import Record, encode
from harness.review.card import card_findings
from harness.review.document import Document, read_document
from harness.review.findings import Finding
from harness.review.structure import structure_findings

CLEAN_RESULT = "clean_result.md"


class Review(Record, frozen=True, kw_only=True):
    """`findings` are in the order of the text."""

    path: str
    findings: tuple[Finding, ...]

    @property
    def structure(self) -> str:
        return self.verdict("structure/")

    @property
    def reproducibility(self) -> str:
        return self.verdict("card/")

    def verdict(self, prefix: str) -> str:
        count = sum(one.code.startswith(prefix) for one in self.findings)
        return f"INCOMPLETE({count})" if count else "COMPLETE"

    def as_json(self) -> dict[str, Any]:
        """In the shape that a review of claims will have, too: no claim is checked yet, so there is no verdict on the text."""
        return {
            "file": self.path,
            "verdict": None,
            "reproducibility": self.reproducibility,
            "structure": self.structure,
            "claims": [],
            "findings": [encode(one) for one in self.findings],
        }

    def lines(self, *, named: bool = False) -> list[str]:
        """A line for each finding, then the verdicts; `named` puts the path before these, too, where several texts are reviewed."""
        found = [f"{self.path}:{one.line}:{one.column}: {one.code} {one.message}" for one in self.findings]
        before = f"{self.path}: " if named else ""
        return [*found, f"{before}Reproducibility: {self.reproducibility}", f"{before}Structure: {self.structure}"]


def review_file(path: Path) -> Review:
    """Reviews a Markdown file, or the clean result of a run folder. Raises HarnessError where it cannot be read."""
    file = path / CLEAN_RESULT if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise HarnessError(f"has no {CLEAN_RESULT}", where=str(path), mend="Name a file, or the folder of a run with its report")
    return review_document(read_document(file), str(file))


def review_document(document: Document, path: str) -> Review:
    found = [*structure_findings(document), *card_findings(document)]
    return Review(path=path, findings=tuple(sorted(found, key=lambda one: (one.line, one.column))))
