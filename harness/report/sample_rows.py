"""Samples that a reader can compare: items drawn at random by a stated seed, each with what every arm of a measurement answered to it.

Nobody chose them for their looks. A samples file is checked against the hash that results.json has of it before a row of it is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from harness.appendlog import SEAL, unseal_line
from harness.files import plain_stream
from harness.fingerprint import NotCanonicalError, canonical
from harness.plaintext import format_number
from harness.records import Measurement, SamplesRef
from harness.report.view import Row, View
from harness.run.sampling import file_name
from harness.seeds import generator

NUMBER = re.compile(r" \(\d+\)$")
STREAM = "report/samples"
FILES = "report/files"
MOST_ARMS = 12  # of a measurement whose arms are shown next to each other
ASKED = ("prompt", "question", "request", "statement")
OPTIONS = ("options", "choices")
WRITTEN = "text"  # the field with an answer
BY_MODEL = ("finish", "output_tokens", "judged", "score")  # fields of rows whose text was sampled from a model; other texts are a bank's, and were scored
JUDGED = ("judged", "score", "coherence", "reason", "judge")
JUDGED_WORDS = {"judged": "behaviour shown", "score": "score (0: shown, 100: not shown)", "coherence": "coherence (0 to 100)"}
OUTCOMES = ("judged", "refused", "refuses", "agrees", "correct", "marked", "score")  # a judge's word goes before a phrase's
# Fields that serve the gathering, or stand elsewhere in the block of an item.
HIDDEN = {"chunk", "item", "replicate", "status", "system", "cached", "latency_s", "provider", "quantization", "usd", "finish", "error", SEAL}
HIDDEN |= {"input_tokens", "output_tokens", "cached_tokens", "written_tokens", "reasoning_tokens"}
MOST_VALUES = 6  # of a list of numbers
LONGEST_LINE = 1 << 26  # bytes; a longer line is no row
ABSENT = "The file is not there: nothing of it can be checked or shown."
LOST = "Some lines fail their seal (torn or altered); they are not shown."
KINDS = {"hypothesis": 0, "control": 1}  # whose effects are shown first


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One arm's row for an item: the answer ("" where there is none) and whether a model wrote it, what came out, what the judge said."""

    arm: str
    written: str
    by_model: bool
    outcomes: tuple[tuple[str, str], ...]
    judged: tuple[tuple[str, str], ...] = ()
    asked: str = ""  # where the arm was asked something else than the first one
    status: str = ""  # where it is not "ok"


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item with the replies of all arms; `side` is "positive" or "negative" by the first arm, "" where no boolean field tells."""

    name: str
    asked: str
    options: tuple[str, ...]
    replies: tuple[Reply, ...]
    side: str = ""


@dataclass(frozen=True, kw_only=True)
class SampleFile:
    """A samples file with its rows as far as they are sound, and what is wrong with it ("" where nothing is)."""

    path: str
    address: str  # of the reference in results.json
    cells: tuple[str, ...]
    rows: tuple[dict[str, Any], ...] = field(repr=False)
    trouble: str = ""

    @property
    def arm(self) -> str:
        """Its name without the hash: who answered what."""
        return arm_of(self.path)

    @cached_property
    def by_item(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for place, row in enumerate(self.rows):
            found.setdefault(str(row.get("item", f"row {place}")), []).append(row)
        return found


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the arms of a measurement answered to the same items; the cells that rest on just these files."""

    cells: tuple[str, ...]
    measurement: str
    files: tuple[SampleFile, ...]
    items: tuple[Item, ...]
    count: int  # of items that all arms have
    split_by: str
    seed: str

    @property
    def trouble(self) -> str:
        return " ".join(f"{file.path}: {file.trouble}" for file in self.files if file.trouble)


class Samples:
    """The samples of a run. The rows of a file that is shown are read once and kept; `troubles` reads every file once more, for its hash alone."""

    def __init__(self, folder: Path, view: View) -> None:
        self.folder, self.view = folder, view
        self.seed = view.results.seeds[0] if view.results.seeds else 0
        self.refs: dict[str, SamplesRef] = {ref.path: ref for row in view.rows if row.measurement for ref in row.measurement.samples}
        self._files: dict[str, SampleFile] = {}

    def file(self, path: str) -> SampleFile:
        if path not in self._files:
            pairs = self.view.sample_refs[path]
            rows, trouble = read_rows(self.folder, self.refs[path])
            cells = tuple(dict.fromkeys(cell for cell, _ in pairs))
            self._files[path] = SampleFile(path=path, address=pairs[0][1], cells=cells, rows=tuple(rows), trouble=trouble)
        return self._files[path]

    @cached_property
    def troubles(self) -> list[tuple[str, str]]:
        """(path, what is wrong with it) for every file of the run that is not what was recorded."""
        return [(path, trouble) for path, ref in self.refs.items() if (trouble := check_file(self.folder, ref))]

    def comparisons(self, size: int, most: int) -> list[Comparison]:
        """At most `size` items of each of at most `most` comparisons: effects of hypotheses, of controls, then files that no effect rests on. Where there are
        more, they are drawn by the seed and keep their order."""
        groups = list(self.groups().items())
        if len(groups) > most:
            chosen = generator(FILES, self.seed).permutation(len(groups))[:most]
            groups = [groups[int(place)] for place in sorted(chosen)]
        return [self.compare(paths, rows, size) for paths, rows in groups]

    @property
    def count(self) -> int:
        """How many comparisons there are in all."""
        return len(self.groups())

    def groups(self) -> dict[tuple[str, ...], list[Row]]:
        """Files that are compared with each other, and the measurements that compare them."""
        found: dict[tuple[str, ...], list[Row]] = {}
        shown: set[str] = set()
        for row in sorted(self.view.effects.values(), key=lambda row: KINDS.get(row.cell.kind, len(KINDS))):
            every = paths_of(row.measurement)
            paths = self.without_read(without_unjudged(every))
            if 0 < len(paths) <= MOST_ARMS:
                found.setdefault(paths, []).append(row)
                shown |= {*every}
        for row in self.view.rows:
            for path in paths_of(row.measurement):
                if path not in shown:
                    found.setdefault((path,), []).append(row)
        return found

    @cached_property
    def described(self) -> dict[str, list[dict[str, Any]]]:
        """Name of an arm to what was said of its samples."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name, about in self.view.results.facts.get("Eval", {}).items():
            for arm in arms_of(name) if isinstance(about, dict) else ():
                found.setdefault(arm, []).append(about)
        return found

    def without_read(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """The files without those whose answers are in another one of them, with the score that somebody gave them."""
        told = {path: self.described.get(arm_of(path), []) for path in paths}
        read = [about["answers"] for every in told.values() for about in every if isinstance(about.get("answers"), dict)]
        return tuple(path for path in paths if not any(answers.items() <= about.items() for answers in read for about in told[path]))

    def compare(self, paths: tuple[str, ...], rows: list[Row], size: int) -> Comparison:
        files = [self.file(path) for path in paths]
        names = [name for name in files[0].by_item if all(name in file.by_item for file in files)]
        first = [files[0].by_item[name][0] for name in names]
        split, stream = split_field(first), (STREAM, self.seed, *paths)
        weights = arm_weights(rows[0].measurement, self.refs)
        arms = [name + weights.get(file.path, "") for name, file in zip(short_names([file.arm for file in files]), files, strict=True)]
        chosen = choose_rows(first, split, size, stream)
        measured = rows[0].measurement
        return Comparison(
            cells=tuple(dict.fromkeys(row.cell.id for row in rows)),
            measurement=measured.name if measured else "",
            files=tuple(files),
            items=tuple(make_item(names[place], files, arms, first[place], split) for place in chosen),
            count=len(names),
            split_by=split,
            seed=f"generator({', '.join(repr(part) for part in stream)})",
        )


def paths_of(measurement: Measurement | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ref.path for ref in measurement.samples)) if measurement else ()


def without_unjudged(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files without those whose answers are in another one of them, as a judge read them."""
    judged = {arm_of(path).removesuffix("-judged") for path in paths if arm_of(path).endswith("-judged")}
    return tuple(path for path in paths if arm_of(path) not in judged)


def arm_of(path: str) -> str:
    """The name of a samples file without its hash."""
    stem = Path(path).stem
    return stem.rpartition("-")[0] or stem


def is_described_as(path: str, name: str) -> bool:
    """Whether a samples file is one that the fact of this name describes."""
    return arm_of(path) in arms_of(name)


def arms_of(name: str) -> set[str]:
    """The names that samples files of a fact's name may have; of facts with one name the results number all but the first."""
    return {file_name(name), file_name(NUMBER.sub("", name))}


def arm_weights(measurement: Measurement | None, refs: Mapping[str, SamplesRef]) -> dict[str, str]:
    """Path to the weight of its arm in a contrast, as ` (+1)` or ` (−1)`; nothing where the measurement is no contrast of whole files."""
    derived = (measurement.derived if measurement else None) or {}
    terms = derived.get("terms", []) if derived.get("op") in ("contrast", "standardised") else []
    by_hash = {ref.sha256: path for path, ref in refs.items()}
    try:
        pairs = [(by_hash.get(digest), weight) for weight, arms in terms for files in arms for digest, *_ in files]
        return {path: f" ({format_number(weight, '+g')})" for path, weight in pairs if path}
    except (TypeError, ValueError):  # a record from elsewhere: the arms are shown without their weights
        return {}


def make_item(name: str, files: list[SampleFile], arms: list[str], first: Mapping[str, Any], split: str) -> Item:
    side = {True: "positive", False: "negative"}.get(first.get(split, ""), "") if split else ""
    asked = next((words for file in files for row in file.by_item[name][:1] if (words := asked_in(row))), "")
    replies = [make_reply(arm, row, asked) for arm, file in zip(arms, files, strict=True) for row in file.by_item[name][:2]]
    options: list[Any] = next((row[key] for file in files for row in file.by_item[name][:1] for key in OPTIONS if isinstance(row.get(key), list)), [])
    return Item(name=name, asked=asked, options=tuple(map(as_text, options)), replies=tuple(replies), side=side)


def asked_in(row: Mapping[str, Any]) -> str:
    """What was asked: the user's turn, or all turns with their roles where there were more."""
    turns = turns_in(row)
    return turns[0][1] if len(turns) == 1 else "\n\n".join(f"{role}: {text}" for role, text in turns)


def turns_in(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(role, text) of what was asked, without a system prompt that all rows share; the last is the user's. None where the row does not say."""
    told = row.get("messages")
    if isinstance(told, list) and all(isinstance(turn, dict) and {"role", "content"} <= turn.keys() for turn in told) and told:
        return [(str(turn["role"]), str(turn["content"])) for turn in told]
    return [("user", asked) for asked in (str(row[key]) for key in ASKED if row.get(key))][:1]


def make_reply(arm: str, row: Mapping[str, Any], asked: str) -> Reply:
    by_judge = JUDGED if "judged" in row else ()  # a scorer's row has a `score`, too, and that is no judge's word
    shown = [(name, as_text(value)) for name, value in row.items() if name not in HIDDEN and name not in (*ASKED, *OPTIONS, *by_judge, WRITTEN, "messages")]
    outcomes = sorted(shown, key=lambda pair: pair[0] not in OUTCOMES)
    judged = [(name, as_text(row[name])) for name in by_judge if row.get(name) is not None]
    status, own = str(row.get("status", "ok")), asked_in(row)
    other = own if own != asked else ""
    text, by_model = str(row.get(WRITTEN) or ""), any(name in row for name in BY_MODEL)
    return Reply(arm=arm, written=text, by_model=by_model, outcomes=tuple(outcomes), judged=tuple(judged), asked=other, status="" if status == "ok" else status)


def short_names(names: Iterable[str]) -> list[str]:
    """Names without the words that all of them begin with, as long as something is left of each."""
    parts = [name.split("-") for name in names]
    while len(parts) > 1 and all(len(part) > 1 for part in parts) and len({part[0] for part in parts}) == 1:
        parts = [part[1:] for part in parts]
    return ["-".join(part) for part in parts]


# reading --------------------------------------------------------------------------------------------------------------------------------------


class RowReader:
    """The intact rows of a samples file, one at a time. `trouble` is a sentence about the file where it is not what the run recorded; `lost` counts the lines
    whose seal failed, as far as it was read."""

    def __init__(self, folder: Path, ref: SamplesRef) -> None:
        self.path, self.lost = folder / ref.path, 0
        self.trouble = check_file(folder, ref)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self.trouble == ABSENT:
            return
        with plain_stream(self.path) as stream:
            for line in iter(lambda: stream.readline(LONGEST_LINE), b""):
                try:  # byte for byte what was sealed, or checked line by line
                    row = unseal_line(line.rstrip(b"\n")) if self.trouble else msgspec.json.decode(line)
                except NotCanonicalError:
                    self.lost += bool(line.strip())
                    continue
                if isinstance(row, dict):
                    yield row


def check_file(folder: Path, ref: SamplesRef) -> str:
    """A sentence about a samples file where it is not what the run recorded."""
    try:
        with plain_stream(folder / ref.path) as stream:
            rows, digest = 0, hashlib.sha256()
            for part in iter(lambda: stream.read(1 << 20), b""):
                digest.update(part)
                rows += part.count(b"\n")
    except OSError:
        return ABSENT
    return (
        ""
        if digest.hexdigest() == ref.sha256 and rows == ref.rows
        else "The file is not the one that the run recorded: its hash or its number of rows differs."
    )


def read_rows(folder: Path, ref: SamplesRef) -> tuple[list[dict[str, Any]], str]:
    """The intact rows, and a sentence about the file where it is not what the run recorded."""
    reader = RowReader(folder, ref)
    rows = list(reader)
    return rows, LOST if reader.lost else reader.trouble


def split_field(rows: Iterable[Mapping[str, Any]]) -> str:
    """The boolean field that is true in some rows and false in others: one that tells an outcome, else the first by name; "" where there is none."""
    values: dict[str, set[bool]] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, bool):
                values.setdefault(name, set()).add(value)
    names = [*(name for name in OUTCOMES if name in values), *sorted(values.keys() - set(OUTCOMES))]
    return next((name for name in names if len(values[name]) == 2), "")


def choose_rows(rows: list[dict[str, Any]], split: str, size: int, stream: tuple[object, ...]) -> list[int]:
    """Places drawn without replacement, in file order; half from either side of the split where there is one, topped up from the other."""
    order = [int(place) for place in generator(*stream).permutation(len(rows))]
    if not split:
        return sorted(order[:size])
    sides = [[place for place in order if rows[place].get(split) is side] for side in (True, False)]
    first = sides[0][: max(size // 2, size - len(sides[1]))]
    return sorted(first + sides[1][: size - len(first)])


def as_text(value: Any) -> str:
    """A value as text: strings as they are, numbers short, long lists of numbers cut, anything else as JSON, None as "not measured"."""
    if value is None:
        return "not measured"
    if isinstance(value, float | int) and not isinstance(value, bool):
        return format_number(value, ".4g" if isinstance(value, float) else "d")
    if isinstance(value, list) and all(isinstance(part, int | float) or part is None for part in value):
        texts = [as_text(part) if part is not None else "none" for part in value[:MOST_VALUES]]
        return ", ".join(texts) + (f", … ({len(value)} values)" if len(value) > MOST_VALUES else "")
    return value if isinstance(value, str) else canonical(value)
