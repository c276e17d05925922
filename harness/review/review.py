"""The review of one text: its claims, what its structure and its card lack, and the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.records import Record, encode
from harness.report.build import CLEAN_RESULT, RESULTS
from harness.review.bindings import FILE
from harness.review.card import card_findings
from harness.review.claims import Claim
from harness.review.document import Document, read_document
from harness.review.findings import Finding
from harness.review.foreign import foreign_claims
from harness.review.own import review_own, run_of
from harness.review.recorded import Recorded, read_recorded
from harness.review.structure import structure_findings
from harness.review.verdict import TextVerdict, verdict_of


class Review(Record, frozen=True, kw_only=True):
    """`findings` and `claims` are in the order of the text. `results` are the files that claims were compared with, `recorded` what an earlier review left
    beside the text, `lines` the text itself."""

    path: str
    findings: tuple[Finding, ...]
    claims: tuple[Claim, ...]
    verdict: TextVerdict
    results: tuple[str, ...] = ()
    recorded: Recorded | None = None
    lines: tuple[str, ...] = ()

    @property
    def structure(self) -> str:
        return self.completeness("structure/")

    @property
    def reproducibility(self) -> str:
        return self.completeness("card/")

    def completeness(self, prefix: str) -> str:
        count = sum(one.code.startswith(prefix) for one in self.findings)
        return f"INCOMPLETE({count})" if count else "COMPLETE"

    def as_json(self) -> dict[str, Any]:
        """`recorded` is there where verdicts are kept."""
        return {
            "file": self.path,
            "verdict": self.verdict,
            "reproducibility": self.reproducibility,
            "structure": self.structure,
            "claims": [encode(one) for one in self.claims],
            "findings": [encode(one) for one in self.findings],
            **({"recorded": encode(self.recorded)} if self.recorded else {}),
        }


def review_file(path: Path, results: Sequence[Path] = (), bindings: Path | None = None) -> Review:
    """Reviews a Markdown file, or the clean result of a run folder; the claims of any other text are compared with `results`, its own tables and each other.
    `bindings` (default: review.bindings.yaml beside the text) says which number is what. Raises HarnessError where a file cannot be read."""
    file = path / CLEAN_RESULT if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise HarnessError(f"has no {CLEAN_RESULT}", where=str(path), mend="Name a file, or the folder of a run with its report")
    document = read_document(file)
    run = run_of(file)
    if run is not None:
        own = review_own(file, document.lines)
        claims, found = [*own.claims, *added_claims(document, own.added, run / RESULTS)], own.findings
        return review_document(document, str(file), claims, found, (run / RESULTS,))
    return review_document(document, str(file), *foreign_claims(document, results, bindings or bindings_beside(file)), results)


def bindings_beside(file: Path) -> Path | None:
    found = file.with_name(FILE)
    return found if found.exists() else None


def review_document(document: Document, path: str, claims: Sequence[Claim] = (), more: Iterable[Finding] = (), results: Sequence[Path] = ()) -> Review:
    """The review of a text with these claims."""
    found = sorted([*structure_findings(document), *card_findings(document), *more], key=lambda one: (one.line, one.column))
    return Review(
        path=path,
        findings=tuple(found),
        claims=tuple(sorted(claims, key=lambda one: (one.line, one.column))),
        verdict=verdict_of(document, claims, found),
        results=tuple(map(str, results)),
        recorded=read_recorded(Path(path), document.lines, results),
        lines=document.lines,
    )


def added_claims(document: Document, added: Sequence[tuple[int, int]], results: Path) -> list[Claim]:
    """The claims of what a person wrote into a report of ours, reviewed as those of any text."""
    lines = {line for first, last in added for line in range(first, last + 1)}
    return [one for one in foreign_claims(document, [results])[0] if one.line in lines] if lines else []
