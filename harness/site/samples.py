"""The rows of the samples files of a run, laid out for pages that a browser opens at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.plaintext import shorten_text
from harness.report.sample_rows import OUTCOMES, Batch, Sample, batches
from harness.report.view import View

IN_RUN, LEAST, MOST = 2000, 20, 500  # rows of a run, and of each of its files at least and at most
FIELDS, LONGEST = 60, 4000  # fields of a row, characters of a field
HASH = re.compile(r"-[0-9a-f]{12}$")
LONG_NUMBER = re.compile(r"-?\d+\.\d{4,}(e[+-]?\d+)?")
NUMBERS = re.compile(r"[-+0-9.e,\[\]nul]*")  # also lists of lists, and null among the numbers
UNMEASURED = "not measured"  # how sample_rows writes None
NONE = "none"  # no outcome, or no judge


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """A row: its place in the file, what filters it, its texts, and its short values beside one another."""

    row: int
    facets: Mapping[str, tuple[str, ...]]
    outcome: str
    texts: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class SampleFile:
    """A samples file: its arm, the cells that rest on it, what is wrong with it, its number of rows and those that are shown, and how these were drawn."""

    path: str
    arm: str
    cells: tuple[str, ...]
    trouble: str
    total: int
    rows: tuple[SampleRow, ...]
    seed: str
    split_by: str


def sample_files(folder: Path, view: View) -> Iterator[SampleFile]:
    """The samples files that results.json refers to. Of a file that is too long rows are drawn at random."""
    refs = view.sample_refs
    totals = {ref.path: ref.rows for row in view.rows if row.measurement for ref in row.measurement.samples}
    size = min(MOST, max(LEAST, IN_RUN // max(1, len(refs))))
    for path, pairs in refs.items():  # file by file: one is in memory at a time
        (batch,) = batches(folder, view.results, {path: pairs}, size)
        arm = HASH.sub("", path.removeprefix("samples/").removesuffix(".jsonl"))
        rows = tuple(lay_out(sample, arm, batch) for sample in batch.samples)
        yield SampleFile(path=path, arm=arm, cells=batch.cells, trouble=batch.trouble, total=totals[path], rows=rows, seed=batch.seed, split_by=batch.split_by)


def lay_out(sample: Sample, arm: str, batch: Batch) -> SampleRow:
    """A row with its longer texts apart from its short values."""
    fields = [(name, shorten_text(text, LONGEST)) for name, text in sample.fields[:FIELDS]]
    name = outcome_field(dict(sample.fields), batch.split_by)
    facets = {"arm": (arm,), "outcome": (dict(sample.fields)[name] if name else NONE,), "judges": (judges_of(sample.fields),)}
    more = [("fields not shown", str(len(sample.fields) - FIELDS))] if len(sample.fields) > FIELDS else []
    return SampleRow(
        row=sample.row,
        facets=facets,
        outcome=name,
        texts=tuple(field for field in fields if is_prose(field[1])),
        values=(*((field, compact(text)) for field, text in fields if not is_prose(text) and field != name), *more),
    )


def is_prose(text: str) -> bool:
    """True for a text of several words or lines, or of many letters; numbers, names and lists of numbers are not."""
    return text != UNMEASURED and not NUMBERS.fullmatch(text) and (len(text) > 80 or any(char.isspace() for char in text))


def compact(text: str) -> str:
    """A number, or a list of them, with four digits where it has more."""
    return LONG_NUMBER.sub(lambda number: f"{float(number[0]):.4g}", text) if NUMBERS.fullmatch(text) else text


def outcome_field(fields: dict[str, str], split_by: str) -> str:
    """The field that says how the row came out: true or false."""
    names = ("correct", *OUTCOMES, split_by, *fields)
    return next((name for name in names if fields.get(name) in ("true", "false")), "")


def judges_of(fields: Sequence[tuple[str, str]]) -> str:
    """Whether the verdicts of several judges, in fields named `judged` and `judged_…`, are one."""
    verdicts = [text for name, text in fields if name.startswith("judged") and text in ("true", "false")]
    return NONE if not verdicts else "one" if len(verdicts) == 1 else "agree" if len(set(verdicts)) == 1 else "differ"
