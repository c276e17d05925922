"""Samples drawn at random from the raw files that results.json refers to, by a stated seed: nobody chose them for their looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.appendlog import AppendLog
from harness.fingerprint import canonical, file_fingerprint
from harness.records import Results, SamplesRef
from harness.seeds import generator

BOOKKEEPING = ("chunk",)  # written by harness.samples to resume a gathering; says nothing about the answer
STREAM = "report/samples"
FILES = ("report/files",)
GREAT = 60  # files; of more than that the clean result shows some, drawn by the seed too, and the page shows fewer rows of each
IN_PROSE = 24
OUTCOMES = ("judged", "refused", "agrees", "correct")  # fields that say what an answer is; a judge's word goes before a substring's
ASKED = ("system", "prompt", "question", "item")  # shown first: what was asked is read before what was answered


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One drawn row: its place in the file, its fields as text, and "positive", "negative" or "" where no boolean field tells."""

    row: int
    fields: tuple[tuple[str, str], ...]
    side: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One samples file: the cells that stand on it, what is wrong with it ("" where nothing is), the field that splits it, the rows drawn."""

    path: str
    cells: tuple[str, ...]
    addresses: tuple[str, ...]
    trouble: str
    split_by: str
    samples: tuple[Sample, ...]
    seed: str


def batches(folder: Path, results: Results, refs: dict[str, list[tuple[str, str]]], size: int) -> list[Batch]:
    """At most `size` rows of each file; `refs` maps a file to its (cell id, address) pairs."""
    known = {ref.path: ref for cell in results.cells for measurement in cell.measurements for ref in measurement.samples}
    return [_batch(folder, known[path], pairs, results.seeds[0] if results.seeds else 0, size) for path, pairs in refs.items()]


def group_by_cells(found: list[Batch]) -> list[list[Batch]]:
    """Files with the same cells together, in the order of the first of each."""
    groups: dict[tuple[str, ...], list[Batch]] = {}
    for batch in found:
        groups.setdefault(batch.cells, []).append(batch)
    return list(groups.values())


def few_files(found: list[Batch], seed: int) -> list[Batch]:
    """All files, or of a great many some, drawn without replacement and kept in their order."""
    if len(found) <= GREAT:
        return found
    return [found[place] for place in sorted(int(place) for place in generator(*FILES, seed).permutation(len(found))[:IN_PROSE])]


def _batch(folder: Path, ref: SamplesRef, pairs: list[tuple[str, str]], seed: int, size: int) -> Batch:
    rows, trouble = _read(folder, ref)
    split = split_field(rows)
    stream = (STREAM, seed, ref.path)
    return Batch(
        path=ref.path,
        cells=tuple(dict.fromkeys(cell for cell, _ in pairs)),
        addresses=tuple(where for _, where in pairs),
        trouble=trouble,
        split_by=split,
        samples=tuple(_sample(place, rows[place], split) for place in choose_rows(rows, split, size, stream)),
        seed=f"generator({', '.join(repr(part) for part in stream)})",
    )


def _read(folder: Path, ref: SamplesRef) -> tuple[list[dict[str, Any]], str]:
    """The intact rows, and a sentence about the file where it is not what the run recorded."""
    path = folder / ref.path
    if path.is_symlink() or not path.is_file():
        return [], "The file is not there: nothing of it can be checked or shown."
    rows, torn = AppendLog(path).read()
    if torn:
        return rows, "Some lines fail their seal (torn or altered); they are not shown."
    if file_fingerprint(path) != ref.sha256 or len(rows) != ref.rows:
        return rows, "The file is not the one that the run recorded: its hash or its number of rows differs."
    return rows, ""


def split_field(rows: list[dict[str, Any]]) -> str:
    """The boolean field that is true in some rows and false in others: one that tells an outcome, else the first by name; "" where there is none."""
    named = {name for row in rows for name, value in row.items() if isinstance(value, bool)}
    names = [*(name for name in OUTCOMES if name in named), *sorted(named - set(OUTCOMES))]
    both = [name for name in names if {row[name] for row in rows if isinstance(row.get(name), bool)} == {True, False}]
    return both[0] if both else ""


def choose_rows(rows: list[dict[str, Any]], split: str, size: int, stream: tuple[object, ...]) -> list[int]:
    """Places drawn without replacement, in file order; half from either side of the split where there is one, topped up from the other."""
    order = [int(place) for place in generator(*stream).permutation(len(rows))]
    if not split:
        return sorted(order[:size])
    sides = [[place for place in order if rows[place].get(split) is side] for side in (True, False)]
    first = sides[0][: max(size // 2, size - len(sides[1]))]
    return sorted(first + sides[1][: size - len(first)])


def _sample(place: int, row: dict[str, Any], split: str) -> Sample:
    side = {True: "positive", False: "negative"}.get(row.get(split, ""), "") if split else ""
    names = [name for name in ASKED if name in row] + [name for name in row if name not in (*ASKED, *BOOKKEEPING)]
    fields = tuple((name, as_text(row[name])) for name in names)
    return Sample(row=place, fields=fields, side=side)


def as_text(value: Any) -> str:
    """A field as text: strings as they are, anything else as JSON, None as "not measured"."""
    if value is None:
        return "not measured"
    return value if isinstance(value, str) else canonical(value)
