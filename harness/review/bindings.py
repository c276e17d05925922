"""Bindings that a person accepted: which number of which sentence is what address or expression. An edit of the sentence invalidates its bindings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import yaml

from harness.errors import HarnessError
from harness.review.claims import MISSING, UNTESTED, Claim, claim
from harness.review.expressions import evaluate
from harness.review.number import Number
from harness.review.prose import Cell, Prose, Sentence
from harness.review.results import Results, agrees
from harness.yamlfile import read_yaml

FILE = "review.bindings.yaml"


class Bound(msgspec.Struct, kw_only=True):
    """`number` counts the numbers of the sentence or cell from 1; `value` is an address or an expression. Only what is accepted counts."""

    sentence: str
    quote: str = ""
    number: int = 1
    value: str
    accepted: bool = False


class BindingsFile(msgspec.Struct):
    bindings: list[Bound] = []


def mark_of(text: str) -> str:
    """The hash of a sentence or cell, whatever its marks and spaces."""
    return sha256(" ".join(re.sub(r"[*_`]", "", text).split()).encode()).hexdigest()[:16]


def read_bindings(path: Path) -> list[Bound]:
    """Those of a file. Raises HarnessError for one that is none."""
    try:
        return msgspec.convert(read_yaml(path), BindingsFile).bindings
    except msgspec.ValidationError as error:
        mend = "Each entry under `bindings` has sentence, number, value and accepted, as --propose writes them"
        raise HarnessError(str(error), where=str(path), mend=mend) from None


def bound_claims(prose: Prose, bindings: Sequence[Bound], results: Results) -> Iterator[Claim]:
    """A claim for each number that an accepted binding names. Raises HarnessError for a value that cannot be read."""
    by_place = {(one.sentence, one.number): one for one in bindings if one.accepted}
    for text, where in texts_of(prose):
        mark = mark_of(text.text)
        for count, number in enumerate(text.numbers, start=1):
            if (bound := by_place.get((mark, count))) is not None:
                yield bound_claim(number, where(number), bound, results)


def bound_claim(number: Number, at: tuple[int, int], bound: Bound, results: Results) -> Claim:
    length = number.end - number.start
    try:
        value = evaluate(bound.value, results)
    except HarnessError as error:
        return claim(*at, number.text, "bound", "UNSUPPORTED", f"{MISSING if error.what.startswith('no such') else UNTESTED}: {error}", bound.value, length)
    right = agrees(number, value)
    return claim(*at, number.text, "bound", "CONFIRMED" if right else "WRONG", "" if right else f"it is {value:.6g}", bound.value, length)


def texts_of(prose: Prose) -> Iterator[tuple[Sentence | Cell, Any]]:
    """Sentences and cells, each with the place (line, column) of one of its numbers."""
    for sentence in prose.sentences:
        yield sentence, lambda number, sentence=sentence: (sentence.place(number.start).line, sentence.place(number.start).column)
    for table in prose.tables:
        for row in table.rows:
            for cell in row:
                yield cell, lambda number, cell=cell: (cell.line, cell.column + number.start)


def propose(prose: Prose, claims: Sequence[Claim], known: Sequence[Bound]) -> str:
    """The text of a bindings file: what is known, and each number for which an address was found that is not sure, to be accepted or changed."""
    named = {(one.sentence, one.number) for one in known}
    open_ones = {(one.line, one.column): one for one in claims if one.address and not one.decided}
    found = list(known)
    for text, where in texts_of(prose):
        for count, number in enumerate(text.numbers, start=1):
            one = open_ones.get(where(number))
            if one is not None and (mark_of(text.text), count) not in named:
                quote = " ".join(text.text.split())[:160]
                found.append(Bound(sentence=mark_of(text.text), quote=quote, number=count, value=one.address))
    head = "# Which number is what: set accepted to true, or write another address or expression. An edited sentence needs a new entry.\n"
    return head + yaml.safe_dump({"bindings": [msgspec.to_builtins(one) for one in found]}, sort_keys=False, allow_unicode=True, width=160)
