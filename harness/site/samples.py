"""The rows of the samples files of a run, laid out for pages that a browser opens at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.fingerprint import canonical
from harness.plaintext import MINUS, shorten_text
from harness.report.sample_rows import ASKED, HIDDEN, OUTCOMES, STREAM, Samples, choose_rows, split_field
from harness.report.view import View

IN_RUN, LEAST, MOST = 2000, 20, 500  # rows of a run, and of each of its files at least and at most
FIELDS, LONGEST = 60, 4000  # fields of a row, characters of a field
HASH = re.compile(r"-[0-9a-f]{12}$")
LONG_NUMBER = re.compile(r"-?\d+\.\d{4,}(e[+-]?\d+)?")
SIGN = re.compile(r"(?<![\w.-])-(?=\d)")  # and no hyphen of a name such as 2-1
NUMBERS = re.compile(r"[-+0-9.e,\[\]nul]*")  # also lists of lists, and null among the numbers
UNMEASURED = "not measured"
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
    size = min(MOST, max(LEAST, IN_RUN // max(1, len(view.sample_refs))))
    for path in view.sample_refs:  # file by file, each read anew: one is in memory at a time
        samples = Samples(folder, view)
        file = samples.file(path)
        split, stream = split_field(file.rows), (STREAM, samples.seed, path)
        arm = HASH.sub("", path.removeprefix("samples/").removesuffix(".jsonl"))
        rows = tuple(lay_out(place, file.rows[place], arm, split) for place in choose_rows(list(file.rows), split, size, stream))
        yield SampleFile(
            path=path,
            arm=arm,
            cells=file.cells,
            trouble=file.trouble,
            total=samples.refs[path].rows,
            rows=rows,
            seed=f"generator({', '.join(map(repr, stream))})",
            split_by=split,
        )


def lay_out(place: int, row: Mapping[str, Any], arm: str, split: str) -> SampleRow:
    """A row with its longer texts apart from its short values; what was asked comes first."""
    names = [*(name for name in ("item", *ASKED) if name in row), *(name for name in row if name not in HIDDEN and name not in ASKED)]
    texts = [(name, text_of(row[name])) for name in names]
    fields = [(name, shorten_text(text, LONGEST)) for name, text in texts[:FIELDS]]
    name = outcome_field(dict(texts), split)
    facets = {"arm": (arm,), "outcome": (dict(texts)[name] if name else NONE,), "judges": (judges_of(texts),)}
    more = [("fields not shown", str(len(texts) - FIELDS))] if len(texts) > FIELDS else []
    return SampleRow(
        row=place,
        facets=facets,
        outcome=name,
        texts=tuple(field for field in fields if is_prose(field[1])),
        values=(*((field, compact(text)) for field, text in fields if not is_prose(text) and field != name), *more),
    )


def text_of(value: Any) -> str:
    """A string as it is, anything else as JSON."""
    return UNMEASURED if value is None else value if isinstance(value, str) else canonical(value)


def is_prose(text: str) -> bool:
    """True for a text of several words or lines, or of many letters; numbers, names and lists of numbers are not."""
    return text != UNMEASURED and not NUMBERS.fullmatch(text) and (len(text) > 80 or any(char.isspace() for char in text))


def compact(text: str) -> str:
    """A number, or a list of them, with four digits where it has more."""
    return SIGN.sub(MINUS, LONG_NUMBER.sub(lambda number: f"{float(number[0]):.4g}", text)) if NUMBERS.fullmatch(text) else text


def outcome_field(fields: dict[str, str], split_by: str) -> str:
    """The field that says how the row came out: true or false."""
    names = ("correct", *OUTCOMES, split_by, *fields)
    return next((name for name in names if fields.get(name) in ("true", "false")), "")


def judges_of(fields: Sequence[tuple[str, str]]) -> str:
    """Whether the verdicts of several judges, in fields named `judged` and `judged_…`, are one."""
    verdicts = [text for name, text in fields if name.startswith("judged") and text in ("true", "false")]
    return NONE if not verdicts else "one" if len(verdicts) == 1 else "agree" if len(set(verdicts)) == 1 else "differ"
