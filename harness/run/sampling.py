"""Gathers the raw samples of a measure: once per content, resumed after a kill, copied into the run's folder, told to the card."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from harness.appendlog import AppendLog
from harness.design.naming import wrong_name
from harness.errors import HarnessError, explain_user_code
from harness.fingerprint import canonical, fingerprint
from harness.opened_files import changed_files, opened_files
from harness.plaintext import shorten_text
from harness.records import SamplesRef, encode
from harness.run.folder import RunFolder
from harness.run.measure_key import measure_key
from harness.run.outcomes import Outcomes, Part, choose_field, content_key, content_of, read_field
from harness.run.redact import clean_value, evidence, key_in
from harness.samples import Row, is_error
from harness.samples import collect_samples as gather_rows
from harness.store import Store

KIND, INPUTS = "samples", "sample-inputs"
PLAIN_NAME = re.compile(r"\w(?:[\w.-]{0,78}[\w-])?", re.ASCII)
LONGEST_NAME = 1000  # bytes; several values of axes may stand in it


def file_name(name: str) -> str:
    """The name itself where every file system takes it; else what is left of it, with its hash, so that two names stay two files."""
    if PLAIN_NAME.fullmatch(name):
        return name
    left = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:60]
    return f"{left}-{fingerprint(name)[:8]}" if left else fingerprint(name)[:8]


class Job(Protocol):
    """What a measure of World offers: all that determines its rows but the items, a fixed partition, and the rows of a part."""

    def describe(self) -> dict[str, Any]: ...
    def chunks(self, items: Any) -> Sequence[Sequence[Any]]: ...
    def score(self, chunk: Any) -> Sequence[Row]: ...


@dataclass(frozen=True)
class Samples:
    """Rows in the order of the chunks, the file that holds them, the hash of what made them, and what their measure says of itself.

    `given` are the items, as JSON, `asked` the same in their order. `described` is the measure's description; `outcome` the field that is its result,
    in `unit`; `behind` the samples that these were made from.
    """

    rows: tuple[Mapping[str, Any], ...]
    ref: SamplesRef
    fingerprint: str
    described: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    unit: str = ""
    sampling_unit: str = "item"
    seeds: tuple[int, ...] = ()
    behind: tuple[Samples, ...] = ()
    given: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()

    @cached_property
    def content(self) -> dict[Any, tuple[str, ...]]:
        return content_of(self)

    @cached_property
    def content_key(self) -> str:
        return content_key(self)

    def outcomes(self, field: str | None = None, item: str = "item") -> Outcomes:
        """Item id to the value of `field` (default: the measure's result). Several replicates of an item are averaged; rows whose status is not ok count as
        no answer."""
        part = Part(self, field or choose_field(self), item)
        return Outcomes(read_field(self.rows, part.field, item), (part,))


def description_of(job: Job) -> dict[str, Any]:
    """What a measure says of itself. Raises HarnessError for an object that is no measure."""
    lacking = [name for name in ("describe", "chunks", "score") if not callable(getattr(job, name, None))]
    if lacking:
        raise HarnessError(f"{type(job).__name__} has no {', '.join(lacking)}", mend="A measure has describe(), chunks(items) and score(chunk)")
    with explain_user_code(f"describe() of {type(job).__name__} fails"):
        described: Any = job.describe()
    try:
        canonical(described)
    except (TypeError, ValueError) as error:
        described = str(error)
    if not isinstance(described, dict):
        told = f"describe() of {type(job).__name__} gave no mapping of JSON values: {described}"
        raise HarnessError(told, mend="Return all that decides a row as text, numbers, truth values, lists and mappings")
    return described


def about(job: Job, described: dict[str, Any], items: Sequence[Any]) -> dict[str, Any]:
    """What a measure says of its samples: by attributes of its own, and by items that know which samples they were made from (`sources`)."""
    behind = tuple(source for source in getattr(items, "sources", ()) if isinstance(source, Samples))
    seeds = [getattr(job, name) for name in ("seeds", "seed") if hasattr(job, name)]
    own = seeds[0] if seeds and isinstance(seeds[0], tuple | list) else seeds[:1]
    said = {name: value for name in ("outcome", "unit", "sampling_unit") if isinstance(value := getattr(job, name, None), str)}
    varied = tuple(seed for seed in own if isinstance(seed, int)) or tuple(seed for source in behind for seed in source.seeds)
    return {"described": described, "seeds": varied, "behind": behind} | said


def chunks_of(job: Job, items: Sequence[Any], given: Sequence[str]) -> Sequence[Sequence[Any]]:
    """The measure's chunks of `items`, which are `given` as canonical JSON. Raises HarnessError unless each item stands in one of them, once.

    A measure may make something else of its items, several parts of each; then every item has as many.
    """
    with explain_user_code(f"chunks() of {type(job).__name__} fails"):
        chunks = job.chunks(items)
    if not isinstance(chunks, list | tuple) or not all(isinstance(chunk, list | tuple) for chunk in chunks):
        raise HarnessError(f"chunks() of {type(job).__name__} gave no list of lists", mend="Return the items in a list of lists")
    if Counter(id(part) for chunk in chunks for part in chunk) == Counter(map(id, items)):
        return chunks  # the items themselves, as most measures have them
    asked, parts = Counter(given), Counter(canonical(part) for chunk in chunks for part in encode(list(chunk)))
    if parts != asked and (parts.keys() <= asked.keys() or parts.total() % max(1, asked.total())):
        told = f"chunks() of {type(job).__name__} gave {parts.total()} parts of {len(given)} items"
        raise HarnessError(told, mend="Put each item into one chunk, once: what is left out would be missing from the evidence")
    return chunks


class Scoring:
    """The `score` of a measure: what it reads is noted, what it draws is counted."""

    def __init__(self, job: Job, note_inputs: Callable[[], None]) -> None:
        self.job, self.note_inputs, self.drawn = job, note_inputs, 0

    def __call__(self, chunk: Sequence[Any]) -> Sequence[Row]:
        with opened_files.during("sampling"):
            with explain_user_code(f"the measure {type(self.job).__name__} fails on {describe_chunk(chunk)}"):
                scored = self.job.score(chunk)
            clean = partial(evidence, environ=dict(os.environ))  # os.environ decodes all of itself whenever it is asked
            rows = [clean_value(row, clean) for row in scored] if isinstance(scored, list | tuple) else scored  # without keys, before anything is kept
        self.note_inputs()
        self.drawn += len(rows or ())
        return rows


def describe_chunk(chunk: Sequence[Any]) -> str:
    """How many items, and the first: by its id, where it has one."""
    first = getattr(chunk[0], "id", chunk[0]) if chunk else "none"
    return f"a chunk of {len(chunk)} items, the first: {shorten_text(repr(first), 60)}"


class Gathering:
    """The `gather` fixture."""

    def __init__(
        self,
        store: Store,
        folder: RunFolder,
        facts: Callable[[str, str, Any], None],
        progress: Callable[..., Any],
        seen: Callable[[float, bool, int, int, Mapping[str, str]], None],
        root: Path,
        files: Callable[[], dict[str, str]] = dict,
    ) -> None:
        self.store, self.folder, self.facts, self.progress, self.seen = store, folder, facts, progress, seen
        self.root, self.files = root, files

    def __call__(self, name: str, job: Job, items: Sequence[Any], dataset: str = "", card: bool = True) -> Samples:
        """The rows of `job` on `items`. Equal work in another cell, worker or run is not done again.

        `name` names the file and the card's entry, `dataset` says where the items are from. With `card` False the card is
        told nothing: these samples are no evaluation (a training set in the making tells of itself elsewhere).
        """
        if isinstance(name, str) and (secret := key_in(name)):
            raise HarnessError(f"a name of samples holds {secret}", mend="Name what stands for it: the name becomes that of a file")
        fault = wrong_name(name, LONGEST_NAME) if isinstance(name, str) else "is no text"
        if fault:
            raise HarnessError(f"{shorten_text(repr(name), 60)} cannot name samples: it {fault}", mend="Use letters, digits, '.', '_' and '-'")
        described = description_of(job)
        given = encode(list(items))
        plain = list(map(canonical, given))
        key = measure_key(job, described, given, self.root)
        with self.store.locked(KIND, key):
            log = self.store.log(KIND, key)  # with what another machine appended while it was waited for
            self._set_aside_stale(log, key)
            score = Scoring(job, partial(self._note_inputs, key))
            ages: list[float] = []
            rows = gather_rows(log, chunks_of(job, items, plain), score, partial(self._tick, name), self.folder.passing(key), ages.append)
            # some of it may be older than this cell, or not there to stay
            self.seen(min(ages), not is_error(rows), len(rows), len(rows) - score.drawn, self._inputs(key) or {})
        own = about(job, described, items)
        answers = {"answers": own["behind"][0].described} if own["behind"] and "answers" not in described else {}  # that a judge read, say
        method = (type(job).__doc__ or "").strip().split("\n")[0]
        if card:
            self.facts("Eval", name, described | answers | {"items": len(items), "method": method} | ({"dataset": dataset} if dataset else {}))
        # Whoever changed a row would measure something else than the file holds.
        kept, ref = tuple(MappingProxyType(row) for row in rows), self.folder.keep_samples(self.store, file_name(name), rows)
        return Samples(kept, ref, key, given=frozenset(plain), asked=tuple(plain), **own)

    def _note_inputs(self, key: str) -> None:
        """Writes down, before a chunk is kept, the files that a measure has read, and what the project read while it was imported."""
        files = self.files()
        if files != self._inputs(key):
            self.store.put(INPUTS, key, files)

    def _inputs(self, key: str) -> dict[str, str] | None:
        """The files that samples rest on, with their sha256; None where they were never written down, or are damaged."""
        files: dict[str, str] | None = self.store.peek(INPUTS, key, dict[str, str])
        return files

    def _set_aside_stale(self, log: AppendLog, key: str) -> None:
        """Samples that rest on a file which has changed since are no samples of this measure; nor are those of which nobody knows what they rest on."""
        if not log.path.exists():
            return
        files = self._inputs(key)
        if files is None or changed_files(files, self.root):
            log.retire()
            self.store.put(INPUTS, key, {})

    def _tick(self, name: str, done: int, total: int) -> None:
        self.progress(name=name, done=done, total=total)
