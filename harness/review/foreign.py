"""The review of a document that is nobody's report: each number and claim held against the results, the document's own tables, and itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.review.bindings import Bound, bound_claims, read_bindings
from harness.review.claim_words import word_claims
from harness.review.claims import ABSENT, UNBOUND, Claim, claim
from harness.review.compared_rows import compared_rows
from harness.review.counted_where import counted_where
from harness.review.document import Document
from harness.review.findings import Finding
from harness.review.fractions import fraction_claims
from harness.review.graph import graph_claims
from harness.review.labelled_lines import list_claims
from harness.review.monotone import monotone_claims
from harness.review.named_extremes import named_extremes
from harness.review.number import Number
from harness.review.pairs import pair_claims
from harness.review.predicates import predicate_claims
from harness.review.prose import Cell, Place, Prose, Table, read_prose
from harness.review.quantified import quantified_claims
from harness.review.ranked_names import ranked_names
from harness.review.restated import Restated, Spot, headline_numbers, repeated
from harness.review.results import Results, aggregates
from harness.review.sentence_arithmetic import cell_fractions, sentence_claims
from harness.review.spreads import spread_claims
from harness.review.stated_cells import stated_cells
from harness.review.statistics import statistics_claims
from harness.review.table_arithmetic import table_relations, text_lengths
from harness.review.table_binding import table_claims
from harness.review.unmeasured import bare_p_values, uncounted
from harness.review.word_binding import LONGEST, Context, bind, context_of
from harness.review.zero_counts import zero_counts

# Computed from results, and seldom kept in them.
TESTS = frozenset(("r", "t", "z", "f", "d", "p", "rho", "chi", "kappa", "alpha", "g", "eta", "tau"))
FINE = 200  # steps from zero, from which on a number is told so finely that it must stand somewhere
FEWEST_ALIKE = 3  # differences that results hold, from which on one that they do not is missing
RANK = {"WRONG": 3, "OVERCLAIMED": 2, "CONFIRMED": 1, "UNSUPPORTED": 0}


def foreign_claims(document: Document, results: Sequence[Path], bindings: Path | None = None) -> tuple[list[Claim], list[Finding]]:
    """The claims of a document in its order, each place once, and what its parts say of each other. `bindings` is a file of accepted ones. Raises HarnessError
    for files that cannot be read."""
    known = read_bindings(bindings) if bindings is not None else []
    prose = read_prose(document.text)
    between, contradictions = graph_claims(prose)
    none, denied = zero_counts(prose)
    between, contradictions = between + none, contradictions + denied
    return prose_claims(prose, Results(results), known, between), contradictions


def prose_claims(prose: Prose, results: Results, bindings: Sequence[Bound] = (), between: Sequence[Claim] = ()) -> list[Claim]:
    """`between` are claims from what sections say of each other."""
    found: dict[Spot, Claim] = {}
    for one in (*checked(prose, results), *between, *statistics_claims(prose), *claims_in_words(prose)):
        keep(found, one)
    for one in bound_claims(prose, bindings, results):  # a person's word goes before what was guessed
        found[one.line, one.column] = one
    sources = results, aggregates(results)
    for number, at, context in [*undecided(prose, found)]:
        keep(found, number_claim(number, at, context, sources))
    for one in spread_claims(prose, found, results):
        keep(found, one)
    own = Restated(prose)
    for number, at, context in [*undecided(prose, found)]:
        if (restated := own.claim(number, at, context, found)) is not None:
            keep(found, restated)
    kept = kept_forms(prose, sources)
    for number, at, context in [*undecided(prose, found)]:
        if found[at.line, at.column].reason == UNBOUND and nowhere(number, context, sources) and (not number.signed or form_of(number) in kept):
            keep(found, claim(at.line, at.column, number.text, "plain", "UNSUPPORTED", f"{ABSENT} in the results", "", number.end - number.start))
    for one in (*headline_numbers(prose, found, sources), *repeated(prose, found), *unbound_cells(prose, found)):
        keep(found, one)
    return sorted(found.values(), key=lambda one: (one.line, one.column))


def claims_in_words(prose: Prose) -> Iterator[Claim]:
    """What words claim; of `no difference exceeds 5 pp` what it says of the column, and not that it says "no difference"."""
    quantified = quantified_claims(prose)
    yield from quantified
    told = {(one.line, column) for one in quantified for column in range(one.column, one.end)}
    yield from (one for one in word_claims(prose) if (one.line, one.column) not in told)


def keep(found: dict[Spot, Claim], one: Claim) -> None:
    """The gravest verdict of a place stays."""
    known = found.get((one.line, one.column))
    if known is None or (RANK[one.verdict], one.decided) > (RANK[known.verdict], known.decided):
        found[one.line, one.column] = one


def checked(prose: Prose, results: Results) -> Iterator[Claim]:
    """What tables, arithmetic and predicates decide."""
    for table in prose.tables:
        bound = table_claims(table, results, prose.path(table.section))
        yield from bound
        yield from table_relations(table, {(one.line, one.column) for one in bound if one.verdict == "WRONG"})
        yield from text_lengths(table)
        yield from cell_fractions(table)
    yield from sentence_claims(prose)
    yield from pair_claims(prose)
    yield from list_claims(prose)
    yield from predicate_claims(prose)
    yield from monotone_claims(prose)
    yield from stated_cells(prose)
    yield from compared_rows(prose)
    yield from named_extremes(prose)
    yield from counted_where(prose)
    yield from ranked_names(prose)
    yield from fraction_claims(prose, results)
    yield from uncounted(prose, results)
    yield from bare_p_values(prose, results)


def undecided(prose: Prose, found: Mapping[Spot, Claim]) -> Iterator[tuple[Number, Place, Context]]:
    """The numbers of sentences that nothing has been held against."""
    covered = {(one.line, column) for one in found.values() if one.decided for column in range(one.column, one.end)}
    block, before = -1, ""
    for sentence in prose.sentences:
        block, before = sentence.block, before if sentence.block == block else ""
        for number in sentence.numbers:
            at = sentence.place(number.start)
            if (at.line, at.column) not in covered:
                yield number, at, context_of(sentence, number, prose.path(sentence.section), before)
        before = f"{before} {sentence.without_numbers}"[-LONGEST:]


def unbound_cells(prose: Prose, found: Mapping[Spot, Claim]) -> Iterator[Claim]:
    covered = {(one.line, column) for one in found.values() for column in range(one.column, one.end)}
    for cell, number in (one for table in prose.tables for one in numbers_of(table)):
        if (cell.line, cell.column + number.start) not in covered:
            yield claim(cell.line, cell.column + number.start, number.text, "table cell", "UNSUPPORTED", UNBOUND, "", number.end - number.start)


def numbers_of(table: Table) -> Iterator[tuple[Cell, Number]]:
    for row in table.rows:
        for cell in row:
            yield from ((cell, number) for number in cell.numbers)


def number_claim(number: Number, at: Place, context: Context, sources: Sequence[Results]) -> Claim:
    length, bindings = number.end - number.start, [bind(number, context, source) for source in sources]
    sure = next((one for one in bindings if one.sure), None)
    if sure is not None:
        return claim(at.line, at.column, number.text, "plain", "CONFIRMED", sure.why, sure.address, length)
    return claim(at.line, at.column, number.text, "plain", "UNSUPPORTED", bindings[0].why, bindings[0].address, length)


def nowhere(number: Number, context: Context, sources: Sequence[Results]) -> bool:
    """Whether a finely told number that is no sum or statistic stands nowhere in the results, whatever its sign and scale."""
    fine = number.step < 1 and abs(number.value) >= FINE * number.step and number.unit not in ("%", "$")  # these may follow from counts and prices
    value = not (number.marker or (context.derived and not number.signed) or context.symbol in TESTS or context.statistic)
    return fine and value and bool(sources[0].leaves) and not any(source.agreeing(number) for source in sources)


def form_of(number: Number) -> tuple[object, ...]:
    """A plus or a minus, the last digit and the unit, of a number that has a sign."""
    return number.text.startswith("+"), number.step, number.unit


def kept_forms(prose: Prose, sources: Sequence[Results]) -> set[tuple[object, ...]]:
    """The forms of differences that results hold: most of those that the text tells so. Others are computed, and stand in no results."""
    told = [one for sentence in prose.sentences for one in sentence.numbers] + [one for table in prose.tables for _, one in numbers_of(table)]
    values: dict[tuple[object, ...], dict[object, bool]] = defaultdict(dict)
    for one in told:
        if one.signed and one.value not in values[form_of(one)]:
            values[form_of(one)][one.value] = any(source.agreeing(one) for source in sources)
    return {form for form, there in values.items() if sum(there.values()) >= FEWEST_ALIKE and sum(there.values()) * 4 >= len(there) * 3}
