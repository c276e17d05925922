"""Verdicts that were kept beside a text, each under the hash of its sentence and of the results: an edit invalidates its own sentence, other results all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from harness.errors import HarnessError
from harness.files import is_plain, read_plain
from harness.fingerprint import file_fingerprint, fingerprint
from harness.plaintext import one_line, shorten_text
from harness.records import Record, encode
from harness.review.claims import Claim, ClaimVerdict
from harness.review.prose import SENTENCE_END
from harness.review.tokens import tokens_of
from harness.store import naming_errors, write_json

FILE_NAME = "review.verdicts.json"
SCHEMA = "harness/review-verdicts/1"
LONGEST = 160  # characters of a sentence that are kept, so that a person knows it again
WORST: tuple[ClaimVerdict, ...] = ("WRONG", "OVERCLAIMED", "UNSUPPORTED", "CONFIRMED")


class KeptSentence(Record, frozen=True, kw_only=True):
    """A sentence with claims: its line (from 1) and beginning when it was reviewed, and the worst verdict on its claims."""

    line: int
    text: str
    verdict: ClaimVerdict


class KeptReview(Record, frozen=True, kw_only=True):
    """`results` is the hash of the files that claims were compared with; `sentences` are by their hash."""

    verdict: str
    results: str
    sentences: dict[str, KeptSentence]


class KeptReviews(Record, frozen=True, kw_only=True):
    """The file: reviews by the name of the document, which is in the same folder."""

    schema: str = SCHEMA
    documents: dict[str, KeptReview] = msgspec.field(default_factory=dict)


class Recorded(Record, frozen=True, kw_only=True):
    """What holds of a kept review: `stale` are its sentences that are not in the text any more, all of them where the results have changed."""

    verdict: str
    results_changed: bool
    stale: tuple[KeptSentence, ...]


def read_recorded(document: Path, lines: Sequence[str], results: Sequence[Path]) -> Recorded | None:
    """The kept review of a document, compared with the document and results as they are; None where none was kept."""
    kept = read_kept(document.with_name(FILE_NAME)).documents.get(document.name)
    if kept is None:
        return None
    changed = kept.results != results_hash(results)
    now = set() if changed else {hash_of(sentence) for line in lines for _, sentence in sentences(line)}
    stale = tuple(sentence for digest, sentence in kept.sentences.items() if digest not in now)
    return Recorded(verdict=kept.verdict, results_changed=changed, stale=stale)


def keep_verdicts(document: Path, lines: Sequence[str], verdict: str, claims: Sequence[Claim], results: Sequence[Path]) -> None:
    """Writes the verdicts of a review beside its document, in the place of those of an earlier one."""
    kept: dict[str, KeptSentence] = {}
    for one in claims:
        text = sentence_at(lines[one.line - 1], one.column - 1)
        digest = hash_of(text)
        verdicts = {one.verdict, *([kept[digest].verdict] if digest in kept else [])}
        worst = next(name for name in WORST if name in verdicts)
        kept[digest] = KeptSentence(line=one.line, text=shorten_text(one_line(text), LONGEST), verdict=worst)
    path = document.with_name(FILE_NAME)
    made = KeptReview(verdict=verdict, results=results_hash(results), sentences=kept)
    write_json(path, encode(KeptReviews(documents={**read_kept(path).documents, document.name: made})), pretty=True)


def read_kept(path: Path) -> KeptReviews:
    """The file; an empty one where there is none. Raises HarnessError where it is something else."""
    with naming_errors(path):
        if not is_plain(path):
            return KeptReviews()
        data = read_plain(path)
    try:
        return msgspec.json.decode(data, type=KeptReviews)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HarnessError(
            f"holds no verdicts of a review: {one_line(str(error))}", where=str(path), mend="Delete it; harness review --record writes it"
        ) from error


def results_hash(results: Sequence[Path]) -> str:
    return fingerprint(sorted(file_fingerprint(path) for path in results))


def sentences(line: str) -> Iterator[tuple[int, str]]:
    """(place, text) of the sentences that stand on a line, as far as they do; a row of a table is one."""
    ends = [] if line.lstrip().startswith("|") else [found.end() for found in SENTENCE_END.finditer(line)]
    for start, end in zip([0, *ends], [*ends, len(line)], strict=True):
        if line[start:end].strip():
            yield start, line[start:end].strip()


def sentence_at(line: str, place: int) -> str:
    """The sentence that a place of a line is in."""
    return next((text for start, text in reversed([*sentences(line)]) if start <= place), line.strip())


def hash_of(sentence: str) -> str:
    """Spaces and the sort of a minus sign make no other sentence."""
    return fingerprint([token.key for token in tokens_of(sentence)])[:16]
