"""The review of a document that is nobody's report: each number and claim held against the results, the document's own tables, and itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.review.arithmetic import list_claims, reference_relations, sentence_claims, table_relations
from harness.review.claims import UNBOUND, Claim, claim
from harness.review.document import Document
from harness.review.findings import Finding
from harness.review.number import Number
from harness.review.predicates import predicate_claims
from harness.review.prose import Cell, Place, Prose, Table, read_prose
from harness.review.results import Leaf, Results, aggregates
from harness.review.table_binding import table_claims
from harness.review.word_binding import bind, weights_of

RANK = {"WRONG": 3, "OVERCLAIMED": 2, "CONFIRMED": 1, "UNSUPPORTED": 0}
Spot = tuple[int, int]


def foreign_claims(document: Document, results: Sequence[Path]) -> tuple[list[Claim], list[Finding]]:
    """The claims of a document in its order, each place once. Raises HarnessError for results that cannot be read."""
    return prose_claims(read_prose(document.text), Results(results)), []


def prose_claims(prose: Prose, results: Results) -> list[Claim]:
    found: dict[Spot, Claim] = {}
    for one in checked(prose, results):
        keep(found, one)
    for one in bound_by_words(prose, (results, aggregates(results), own_tables(prose)), found):
        keep(found, one)
    return sorted(found.values(), key=lambda one: (one.line, one.column))


def keep(found: dict[Spot, Claim], one: Claim) -> None:
    """The gravest verdict of a place stays."""
    known = found.get((one.line, one.column))
    if known is None or RANK[one.verdict] > RANK[known.verdict]:
        found[one.line, one.column] = one


def checked(prose: Prose, results: Results) -> Iterator[Claim]:
    """What tables, arithmetic and predicates decide."""
    for table in prose.tables:
        yield from table_claims(table, results, prose.path(table.section))
        yield from table_relations(table)
        yield from reference_relations(table)
    yield from sentence_claims(prose)
    yield from list_claims(prose)
    yield from predicate_claims(prose)


def own_tables(prose: Prose) -> Results:
    """The cells of the document's tables as if they were results: what the text restates is held against them."""
    leaves, lines = [], []
    for table in prose.tables:
        for row in table.rows:
            for head, cell in zip(table.header, row, strict=True):
                if cell.number is not None:
                    leaves.append(Leaf(0, (*prose.path(table.section), table.name(row), head.plain), float(cell.number.value)))
                    lines.append(f"line {cell.line}: {table.name(row)}, {head.plain}")
    return Results((), leaves, lines, read=False)


def bound_by_words(prose: Prose, sources: Sequence[Results], found: dict[Spot, Claim]) -> Iterator[Claim]:
    """A claim for each number that nothing has decided yet."""
    covered = {(one.line, column) for one in found.values() for column in range(one.column, one.end)}
    for sentence in prose.sentences:
        for number in sentence.numbers:
            at = sentence.place(number.start)
            if (at.line, at.column) not in covered:
                yield number_claim(number, at, weights_of(sentence, number, prose.path(sentence.section)), sources)
    for table in prose.tables:
        for cell, number in numbers_of(table):
            at = Place(line=cell.line, column=cell.column + number.start)
            if (at.line, at.column) not in covered:
                yield claim(at.line, at.column, number.text, "table cell", "UNSUPPORTED", UNBOUND, "", number.end - number.start)


def numbers_of(table: Table) -> Iterator[tuple[Cell, Number]]:
    for row in table.rows:
        for cell in row:
            yield from ((cell, number) for number in cell.numbers)


def number_claim(number: Number, at: Place, weights: dict[str, float], sources: Sequence[Results]) -> Claim:
    length, bindings = number.end - number.start, [bind(number, weights, source) for source in sources]
    sure = next((one for one in bindings if one.sure), None)
    if sure is not None:
        return claim(at.line, at.column, number.text, "plain", "CONFIRMED", sure.why, sure.address, length)
    return claim(at.line, at.column, number.text, "plain", "UNSUPPORTED", bindings[0].why, bindings[0].address, length)
