"""One run's folder: the universe, the journal, the board of verdicts, the raw samples.

Everything under `.run/` serves the processes of the run; the rest is for readers.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from harness.appendlog import AppendLog, sealed_line
from harness.damage import note_damage, noted_damage, relative_name, take_to_replace
from harness.errors import HarnessError
from harness.files import move_aside, plain_digest, plain_stream, read_plain, require_no_links
from harness.fingerprint import fingerprint
from harness.in_use import Share, share
from harness.records import Cell, SamplesRef, Universe, decode, encode
from harness.store import Store, hold_lock, lock_at, naming_errors, read_file, read_sealed, replace_file, write_sealed, write_text

PARTS = (".lock", ".run", ".run/board", ".run/damaged", ".run/locks", ".run/passing", ".run/progress", "figures", "journal.jsonl", "samples")
Time = Annotated[float, msgspec.Meta(ge=0, le=253_402_300_799)]  # seconds since 1970, up to the year 9999
Count = Annotated[int, msgspec.Meta(ge=0)]
FINAL = ("supported", "falsified", "passed", "failed", "inconclusive")


class JournalRow(msgspec.Struct):
    """What must be so of every cell in the journal, also of one that a newer or older version wrote."""

    id: str
    key: str


class CellRow(msgspec.Struct):
    """A finished cell, as the journal has it."""

    cell: JournalRow
    seconds: Time
    worker: str
    reused: bool
    measured: Time
    keep: bool = True
    files: dict[str, str] = {}
    undeclared: list[str] = []
    samples: dict[str, Count] = {}
    execution: dict[str, Any] = {}
    recorded: Time = 0
    machine: dict[str, Any] = {}


class WholeRow(msgspec.Struct):
    """A finished cell of the plan, all of which must fit the records."""

    cell: Cell


class UniverseRow(msgspec.Struct):
    """What a session planned."""

    token: str
    universe: dict[str, Any]


class SessionRow(msgspec.Struct):
    """A session's start."""

    token: str
    started: Time
    command: str
    hardware: dict[str, Any]
    workers: Count
    universe_sha256: str = ""
    author: str = ""
    history: list[dict[str, Any]] = []


class DamageRow(msgspec.Struct):
    """A damaged file that a session met; `path` is from the store, or from the run folder."""

    token: str
    path: str
    what: str
    type: Literal["damage"] = "damage"


class NoteRow(msgspec.Struct):
    """A line about the run itself, such as a session that was lost."""

    note: str


ROWS: dict[Any, Any] = {"cell": CellRow, "session": SessionRow, "universe": UniverseRow, "damage": DamageRow, "note": NoteRow}


class RunFolder:
    """The folder of one experiment's run. `token` names the session, so that verdicts of an earlier session are told from those of this one."""

    def __init__(self, path: Path, token: str) -> None:
        self.path, self.token = path, token
        self.hidden = path / ".run"
        self.journal = AppendLog(path / "journal.jsonl")
        self._reported = 0  # of the damage that this process noted
        self._use: Share | None = None  # open as long as this process works here

    @property
    def universe_path(self) -> Path:
        return self.hidden / "universe.json"

    def begin(self, universe: Universe) -> Universe:
        """Writes the universe and returns it. Selections of earlier sessions in this folder are kept for the cells whose key is the same."""
        require_no_links(self.path, *PARTS)
        self._use = share(self.path)
        earlier = self._last_plan(self.read()[0])
        self._clear(self.universe_path)
        if earlier is not None and earlier.experiment != universe.experiment:
            raise HarnessError(f"this folder holds a run of {earlier.experiment}", where=str(self.path), mend="Choose another --harness-run-dir")
        before = {cell.id: cell for cell in earlier.cells} if earlier else {}
        if self.current and any(cell.id in before and before[cell.id].key != cell.key for cell in universe.cells):
            mend = "Their code, packages or options differ; a value that differs between processes, such as a random option, must be fixed"
            raise HarnessError("the processes of this run plan different cells under the same names", where=str(self.path), mend=mend)
        joined = tuple(
            msgspec.structs.replace(cell, selected=cell.selected or (cell.id in before and before[cell.id].key == cell.key and before[cell.id].selected))
            for cell in universe.cells
        )
        planned = msgspec.structs.replace(universe, cells=joined)
        write_sealed(self.universe_path, encode(planned))
        write_text(self.hidden / "session", self.token)
        return planned

    def record_session(self, row: dict[str, Any], planned: Universe) -> None:
        """Appends the start of a session to the journal with what it planned, so that the journal is enough to decide the run again."""
        plan = encode(planned)
        digest = fingerprint(plan)
        known = any(row.get("type") == "universe" and fingerprint(row["universe"]) == digest for row in self.read()[0])
        plans = [] if known else [{"type": "universe", "token": self.token, "universe": plan}]
        # The plan first: whoever reads while this is written sees no session without its plan.
        self.journal.append([*plans, {"type": "session", "token": self.token, **row, "universe_sha256": digest}])

    @property
    def current(self) -> bool:
        """True where this session, and no other, wrote here last."""
        try:
            return read_plain(self.hidden / "session") == self.token.encode()
        except OSError:
            return False

    def universe(self, rows: Sequence[Mapping[str, Any]] | None = None) -> Universe:
        """What was planned, as the last session of the journal (or of these `rows` of it) says; older journals left it to `.run/universe.json` alone.

        Raises HarnessError where this is no run folder, or where the plan is damaged: an earlier session's plan would decide about other cells.
        """
        require_no_links(self.path, *PARTS)
        found = self._last_plan(self.read()[0] if rows is None else rows)
        if found is not None:
            return found
        for place in (self.universe_path, self.journal.path):
            if faults := [damage.what for damage in noted_damage() if damage.path == place]:
                raise HarnessError(f"cannot be used: {faults[-1]}", where=str(place), mend="Run again; the store has what was measured")
        if self.journal.path.exists():
            what, mend = "the journal does not hold the plan of its run", "Copy the folder together with its .run, or run the experiment again"
        else:
            what, mend = "this is no run folder: it has no journal.jsonl", "Name a folder that a run wrote; harness runs lists them"
        raise HarnessError(what, where=str(self.path), mend=mend)

    def _last_plan(self, rows: Sequence[Mapping[str, Any]]) -> Universe | None:
        """The plan of the last session; None where there is none, or a damaged one, which is noted."""
        digests = [row["universe_sha256"] for row in rows if row.get("type") == "session" and "universe_sha256" in row]
        plans = [row["universe"] for row in rows if row.get("type") == "universe"]
        place, plan = self.journal.path, next((plan for plan in plans if digests and fingerprint(plan) == digests[-1]), None)
        if plan is None:
            place, plan = self.universe_path, read_sealed(self.universe_path)
            if plan is None:
                return None
        if digests and fingerprint(plan) != digests[-1]:
            note_damage(place, "not the plan that the last session of the journal recorded")
            return None
        try:
            return decode(plan, Universe)
        except msgspec.ValidationError as error:
            note_damage(place, f"no plan: {error}")
            return None

    def _clear(self, path: Path) -> None:
        """Moves away what was noted as damaged, before something takes its place."""
        if take_to_replace(path) and path.exists():
            move_aside(path, self.hidden / "damaged")

    @contextmanager
    def locked(self, cell: str) -> Iterator[None]:
        """Holds the lock of a cell that others wait for."""
        with hold_lock(self.hidden / "locks" / fingerprint(cell)[:16]):
            yield

    def posted(self, cell: str) -> Cell | None:
        """The verdict that this session has posted for a cell, or None."""
        found: Cell | None = read_sealed(self._board(cell), Cell)
        return found if found is not None and found.id == cell else None

    def post(self, cell: Cell) -> None:
        self._clear(self._board(cell.id))
        write_sealed(self._board(cell.id), encode(cell))

    def _board(self, cell: str) -> Path:
        return self.hidden / "board" / self.token / f"{fingerprint(cell)[:16]}.json"

    def record(self, cell: Cell, about: Mapping[str, Any]) -> None:
        """Appends a finished cell to the journal, with what is to be known `about` it: seconds, worker, whether it was reused, when it was measured, the
        files and samples that it rests on.

        One that is not to `keep` rests on what may be otherwise next time, and a later session runs it again.
        """
        self.journal.append([{"type": "cell", "token": self.token, "cell": encode(cell), **about}])

    def note(self, text: str) -> None:
        """Appends a line about the run itself, which its results tell."""
        self.journal.append([{"type": "note", "token": self.token, "note": text}])

    def report_damage(self, store: Path, rows: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
        """Appends what this process has found damaged since it last did so, but for what the `rows` of the journal say already. Returns what it appended."""
        found = noted_damage()[self._reported :]
        self._reported += len(found)
        known = {(row["path"], row["what"]) for row in rows if row.get("type") == "damage"}
        named = dict.fromkeys((relative_name(damage.path, store, self.path), damage.what) for damage in found)
        new = [DamageRow(token=self.token, path=path, what=what) for path, what in named if (path, what) not in known]
        added: list[dict[str, Any]] = msgspec.to_builtins(new)
        self.journal.append(added)
        return added

    def finished(self, universe: Universe) -> tuple[dict[str, Cell], list[dict[str, Any]], int]:
        """(last record of each cell whose key still holds, all journal rows, torn lines)."""
        rows, torn = self.read()
        rows, torn = self.usable(universe, rows, torn)
        return last_cells(universe, rows), rows, torn

    def read(self) -> tuple[list[dict[str, Any]], int]:
        """(the rows of the journal, number of lines that are not used). A row that is none is noted as damage and left out."""
        rows, torn = self.journal.read()
        fit = [row for row in rows if self._fits(row, ROWS)]
        return fit, torn + len(rows) - len(fit)

    def usable(self, universe: Universe, rows: Sequence[dict[str, Any]], torn: int) -> tuple[list[dict[str, Any]], int]:
        """The same without cells of this plan that fit no record. Those of other keys may be of another version."""
        keys = {cell.id: cell.key for cell in universe.cells}
        planned = [row.get("type") == "cell" and keys.get(row["cell"]["id"]) == row["cell"]["key"] for row in rows]
        fit = [row for row, ours in zip(rows, planned, strict=True) if not ours or self._fits(row, {"cell": WholeRow})]
        return fit, torn + len(rows) - len(fit)

    def _fits(self, row: dict[str, Any], types: Mapping[Any, Any]) -> bool:
        try:
            msgspec.convert(row, types.get(row.get("type"), dict))
            return True
        except (msgspec.ValidationError, TypeError) as error:
            note_damage(self.journal.path, f"a row that is none: {error}")
            return False

    def passing(self, key: str) -> AppendLog:
        """The samples of this session that hold errors; the next session asks again."""
        return AppendLog(self.hidden / "passing" / self.token / f"{key}.jsonl")

    def keep_samples(self, store: Store, name: str, rows: list[dict[str, Any]]) -> SamplesRef:
        """Writes the rows into the store under their own hash and copies them to `samples/`."""
        text = "".join(sealed_line(row) for row in rows)
        digest = fingerprint_of_text(text)
        if not self._holds(store.file("sample-files", digest, ".jsonl"), digest):
            store.put_text("sample-files", digest, ".jsonl", text)
        ref = SamplesRef(path=f"samples/{name}-{digest[:12]}.jsonl", sha256=digest, rows=len(rows))
        self.copy_samples(store, ref)
        return ref

    def copy_samples(self, store: Store, ref: SamplesRef) -> bool:
        """Copies a samples file from the store; False where the store has it no more, or altered."""
        target, kept = self._samples_path(ref), store.file("sample-files", ref.sha256, ".jsonl")
        if self._holds(target, ref.sha256):
            return True
        store.fetch(kept)
        if not self._holds(kept, ref.sha256):
            return False
        self._clear(target)
        with replace_file(target) as stream, plain_stream(kept) as source:
            shutil.copyfileobj(source, stream)
        return True

    def _samples_path(self, ref: SamplesRef) -> Path:
        """Where a samples file of this run lies. Raises HarnessError for a path that leads out of samples/: the record may come from elsewhere."""
        require_no_links(self.path, "samples")
        try:
            return self.path / decode(encode(ref), SamplesRef).path
        except msgspec.ValidationError as error:
            raise HarnessError(f"{ref.path!r} is no samples file of a run: {error}", where=str(self.path), mend="Use samples/<name>.jsonl") from None

    def _holds(self, path: Path, digest: str) -> bool:
        """True where a file has that sha256; one that has another is noted as damage."""
        try:
            with read_file(path):
                if plain_digest(path) == digest:
                    return True
            fault = "altered"
        except FileNotFoundError:
            return False
        except OSError as error:
            fault = str(error.strerror)
        note_damage(path, fault)
        return False


def last_cells(universe: Universe, rows: Sequence[Mapping[str, Any]]) -> dict[str, Cell]:
    """The last record of each cell whose key still holds."""
    keys = {cell.id: cell.key for cell in universe.cells}
    last = {row["cell"]["id"]: row["cell"] for row in rows if row.get("type") == "cell" and keys.get(row["cell"]["id"]) == row["cell"]["key"]}
    return {name: decode(cell, Cell) for name, cell in last.items()}


def fingerprint_of_text(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def sole_user(path: Path) -> Iterator[None]:
    """Holds a run folder against a second run. Raises HarnessError where another holds it."""
    from filelock import Timeout

    with naming_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = lock_at(path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise HarnessError("another run is writing here", where=str(path), mend="Wait for it, or choose another --harness-run-dir") from None
    try:
        yield
    finally:
        lock.release()
