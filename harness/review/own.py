"""The review of a report of ours: drawn again from results.json and compared line by line. What is equal is confirmed, what was changed is found, what a person
added is left to the review of any text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError
from harness.plaintext import count_of
from harness.report.build import CLEAN_RESULT, RESULTS
from harness.report.generated import generated_sibling
from harness.report.numbers import cut_at_word
from harness.review.changes import Change, align_lines, compare_tokens
from harness.review.claims import Claim, ClaimVerdict, claim
from harness.review.findings import Finding, finding
from harness.review.note_numbers import note_claims
from harness.review.rendering import Rendered, RenderedLine, address_of, render
from harness.review.seal import edited_lines, hash_of, seal_of
from harness.review.tokens import Token, tokens_of, value_of

AGAIN = "the report is older than its results: harness report makes it again"
SHOWN = 80  # characters of a removed text that are quoted
EVENTS = "history/"  # events go on after a text was edited, so a row of one that the text lacks was not taken out


@dataclass(frozen=True, kw_only=True)
class OwnReview:
    """`added` are the lines (first, last, from 1) that a person wrote into the report."""

    claims: tuple[Claim, ...]
    findings: tuple[Finding, ...]
    added: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class FileLine:
    """A line of the file that is not blank; `number` counts from 1."""

    number: int
    text: str
    tokens: tuple[Token, ...]


def run_of(path: Path) -> Path | None:
    """The run folder whose clean result a file is, None for any other text."""
    name = path.name == CLEAN_RESULT or path.name == generated_sibling(Path(CLEAN_RESULT)).name
    return path.parent if name and (path.parent / RESULTS).is_file() else None


def review_own(path: Path, lines: Sequence[str]) -> OwnReview:
    """What became of the clean result of a run. Where its results cannot be read, that is the one finding."""
    try:
        rendered = render(path.parent)
    except HarnessError as error:
        return OwnReview(claims=(), findings=(finding("claims/results", 1, 1, f"nothing was compared: {error}"),), added=())
    return compare(rendered, lines)


def compare(rendered: Rendered, lines: Sequence[str]) -> OwnReview:
    """Compares the lines of a file with the text that its results give now. On lines that its seal proves untouched, other words are those of another version
    of harness, and only numbers that differ are wrong."""
    comparison = Comparison(rendered, lines)
    comparison.run()
    notes = note_claims(rendered, lines)
    claims = sorted([*comparison.claims, *notes], key=lambda one: (one.line, one.column))
    return OwnReview(claims=tuple(claims), findings=tuple(comparison.findings), added=tuple(comparison.added))


@dataclass
class Comparison:
    """One comparison under way."""

    rendered: Rendered
    lines: Sequence[str]
    claims: list[Claim] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    added: list[tuple[int, int]] = field(default_factory=list)
    confirmed: set[int] = field(default_factory=set)  # lines that are equal
    edited: set[int] | None = None  # lines that a person edited; None where nobody knows
    differs: bool = False

    def run(self) -> None:
        drawn = [line for line in self.rendered.lines if line.tokens]
        found = [FileLine(number, text, tokens_of(text)) for number, text in enumerate(self.lines, start=1) if text.strip()]
        sealed = next((line for line in reversed(found) if seal_of(line.text) is not None), None)
        if sealed:
            found.remove(sealed)
            self._read_seal(sealed)
        for pairs, at in align_lines([line.tokens for line in drawn], [line.tokens for line in found]):
            before, number = found[at - 1].number if at else 0, found[min(at, len(found) - 1)].number if found else 1
            self._passage([(drawn[a] if a is not None else None, found[b] if b is not None else None) for a, b in pairs], before, number)
        self.claims += blocks(found, self.confirmed, {one.line for one in self.claims})
        if sealed and self.edited is None and not self.differs and seal_of(sealed.text) != hash_of(self.rendered.text.split("\n")):
            told = "this seal is not that of the text above, which is as its results give it"
            self.findings.append(finding("claims/seal", sealed.number, 1, told))

    def _read_seal(self, sealed: FileLine) -> None:
        """Which lines were edited, those below the seal included."""
        edited = edited_lines(self.lines[: sealed.number - 1], self.rendered.text.split("\n"), seal_of(sealed.text) or "")
        self.edited = None if edited is None else edited | set(range(sealed.number + 1, len(self.lines) + 1))

    def _is_edited(self, first: int, last: int) -> bool:
        """Whether a person may have edited one of these lines."""
        return self.edited is None or any(number in self.edited for number in range(first, last + 1))

    def _passage(self, pairs: Sequence[tuple[RenderedLine | None, FileLine | None]], before: int, number: int) -> None:
        """Lines that belong together, in order: pairs, and lines that are only in one of both texts. The passage begins at the line `number`, and `before` is
        the last one above it."""
        removed = list[RenderedLine]()
        for drawn, line in [*pairs, (None, None)]:
            number = line.number if line else number
            if removed and (drawn is None or line is not None):
                self._removed(removed, before + 1, number)
                removed = []
            if drawn and line:
                self._line(drawn, line)
            elif line:
                self._added(line)
            elif drawn and not is_event(drawn):
                removed.append(drawn)
            before = line.number if line else before

    def _line(self, drawn: RenderedLine, line: FileLine) -> None:
        equal, changes = compare_tokens(drawn.tokens, line.tokens)
        for a, b in equal:
            if where := drawn.address(drawn.tokens[a]) if line.tokens[b].is_number else "":
                self._claim(line, line.tokens[b : b + 1], "CONFIRMED", "", where)
        if not changes:
            self.confirmed.add(line.number)
        for change in changes:
            self._change(drawn, line, change)

    def _change(self, drawn: RenderedLine, line: FileLine, change: Change) -> None:
        old, new = (tokens[places.start : places.stop] for tokens, places in ((drawn.tokens, change.old), (line.tokens, change.new)))
        where = next((found for token in old if (found := drawn.address(token))), "")
        if not self._is_edited(line.number, line.number):
            if is_other_number(old, new):
                self._claim(line, new, "WRONG", f"results say {words(drawn.text, old)!r} now; {AGAIN}", where)
            return
        self.differs = True
        if not old:
            self._claim(line, new, "WRONG", "the generated text does not say this", where)
            return
        says = f"{'results say' if where else 'the generated text says'} {words(drawn.text, old)!r}"
        if new:
            self._claim(line, new, "WRONG", says, where)
        else:  # nothing is left to point at, so the word beside it is
            after = change.new.start < len(line.tokens)
            beside = min(change.new.start, len(line.tokens) - 1)
            self._claim(line, line.tokens[beside : beside + 1], "WRONG", f"{says} {'before' if after else 'after'} this", where)

    def _claim(self, line: FileLine, tokens: Sequence[Token], verdict: ClaimVerdict, reason: str, where: str) -> None:
        cell = line.text.lstrip().startswith("|")
        kind = "table cell" if cell else "number" if any(token.is_number for token in tokens) else "words"
        text = words(line.text, tokens)
        self.claims.append(claim(line.number, tokens[0].start + 1, text, kind, verdict, reason, address_of(where) if where else RESULTS, len(text)))

    def _added(self, line: FileLine) -> None:
        if not self._is_edited(line.number, line.number):
            return
        self.differs = True
        if self.added and self.added[-1][1] == line.number - 1:
            self.added[-1] = (self.added[-1][0], line.number)
        else:
            self.added.append((line.number, line.number))

    def _removed(self, lines: Sequence[RenderedLine], first: int, at: int) -> None:
        if not self._is_edited(first, at):
            return
        self.differs = True
        shown = cut_at_word(lines[0].text.strip(), SHOWN)
        count = count_of(len(lines), "line of generated text is", "lines of generated text are")
        self.findings.append(finding("claims/removed", at, 1, f"{count} not here any more: {shown!r}"))


def is_event(line: RenderedLine) -> bool:
    return line.text.startswith("|") and any(where.startswith(EVENTS) for _, _, where in line.spans)


def words(line: str, tokens: Sequence[Token]) -> str:
    return line[tokens[0].start : tokens[-1].end]


def is_other_number(old: Sequence[Token], new: Sequence[Token]) -> bool:
    """Whether numbers stand in the place of others, and differ by more than the rounding of the coarser."""
    before, after = ([value_of(token) for token in tokens if token.is_number] for tokens in (old, new))
    if len(before) != len(after):
        return False
    return any(abs(a - b) > max(one, two) / 2 * (1 + 1e-9) for (a, one), (b, two) in zip(before, after, strict=True))


def blocks(lines: Sequence[FileLine], confirmed: set[int], told: set[int]) -> Iterator[Claim]:
    """A claim for each paragraph or table that is equal and none of whose numbers is a claim already, at its first line; headings below the title claim
    nothing."""
    block = list[FileLine]()
    for line in [*lines, FileLine(-1, "", ())]:
        if block and line.number != block[-1].number + 1:
            if all(one.number in confirmed and one.number not in told for one in block) and not block[0].text.startswith("##"):
                text = block[0].text.strip()
                indent = len(block[0].text) - len(block[0].text.lstrip())
                yield claim(block[0].number, indent + 1, text, "block", "CONFIRMED", "", RESULTS, len(text))
            block = []
        block.append(line)
