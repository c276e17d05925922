"""One run's folder: the universe, the journal, the board of verdicts, the raw samples.

Everything under `.run/` serves the processes of the run; the rest is for readers.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from harness.appendlog import AppendLog, sealed_line
from harness.design.universe import Universe
from harness.errors import HarnessError
from harness.fingerprint import file_fingerprint, fingerprint
from harness.records import Cell, SamplesRef, decode, encode
from harness.store import Store, held, telling, write_json, write_text

FINAL = ("supported", "falsified", "passed", "failed", "inconclusive")


class RunFolder:
    """The folder of one experiment's run. `token` names the session, so that verdicts of an earlier session are told from those of this one."""

    def __init__(self, path: Path, token: str) -> None:
        self.path, self.token = path, token
        self.hidden = path / ".run"
        self.journal = AppendLog(path / "journal.jsonl")

    @property
    def universe_path(self) -> Path:
        return self.hidden / "universe.json"

    def begin(self, universe: Universe) -> Universe:
        """Writes the universe and returns it. Selections of earlier sessions in this folder are kept for the cells whose key is the same."""
        rows = self.journal.read()[0]
        earlier = self.universe(rows) if self.universe_path.exists() or any(row.get("type") == "universe" for row in rows) else None
        if earlier is not None and earlier.experiment != universe.experiment:
            raise HarnessError(f"this folder holds a run of {earlier.experiment}", where=str(self.path), mend="Choose another --harness-run-dir")
        before = {cell.id: cell for cell in earlier.cells} if earlier else {}
        joined = tuple(
            msgspec.structs.replace(cell, selected=cell.selected or (cell.id in before and before[cell.id].key == cell.key and before[cell.id].selected))
            for cell in universe.cells
        )
        planned = msgspec.structs.replace(universe, cells=joined)
        write_json(self.universe_path, encode(planned))
        write_text(self.hidden / "session", self.token)
        return planned

    def record_session(self, row: dict[str, Any], planned: Universe) -> None:
        """Appends the start of a session to the journal with what it planned, so that the journal is enough to decide the run again."""
        plan = encode(planned)
        digest = fingerprint(plan)
        known = any(row.get("type") == "universe" and fingerprint(row["universe"]) == digest for row in self.journal.read()[0])
        plans = [] if known else [{"type": "universe", "token": self.token, "universe": plan}]
        # The plan first: whoever reads while this is written sees no session without its plan.
        self.journal.append([*plans, {"type": "session", "token": self.token, **row, "universe_sha256": digest}])

    @property
    def current(self) -> bool:
        """True where this session, and no other, wrote here last."""
        try:
            return (self.hidden / "session").read_text(encoding="utf-8") == self.token
        except OSError:
            return False

    def universe(self, rows: Sequence[Mapping[str, Any]] | None = None) -> Universe:
        """What was planned, as the last session of the journal (or of these `rows` of it) says; older journals left it to `.run/universe.json` alone.

        Raises HarnessError where this is no run folder, or where the plan is damaged: an earlier session's plan would decide about other cells.
        """
        rows = self.journal.read()[0] if rows is None else rows
        digests = [row["universe_sha256"] for row in rows if row.get("type") == "session" and "universe_sha256" in row]
        plans = (row["universe"] for row in rows if row.get("type") == "universe")
        plan = next((plan for plan in plans if digests and fingerprint(plan) == digests[-1]), None)
        try:
            plan = json.loads(self.universe_path.read_text(encoding="utf-8")) if plan is None else plan
            if digests and fingerprint(plan) != digests[-1]:
                raise ValueError("it is not the plan that the last session of the journal recorded")
            return decode(plan, Universe)
        except FileNotFoundError:
            if self.journal.path.exists():
                what, mend = "the journal does not hold the plan of its run", "Copy the folder together with its .run, or run the experiment again"
            else:
                what, mend = "this is no run folder: it has no journal.jsonl", "Name a folder that a run wrote, such as reports/<experiment>/latest"
            raise HarnessError(what, where=str(self.path), mend=mend) from None
        except (ValueError, msgspec.ValidationError) as error:
            raise HarnessError(f"cannot be read: {error}", where=str(self.universe_path), mend="Run again; the store has what was measured") from None

    @contextmanager
    def locked(self, cell: str) -> Iterator[None]:
        """Holds the lock of a cell that others wait for."""
        with held(self.hidden / "locks" / fingerprint(cell)[:16]):
            yield

    def posted(self, cell: str) -> Cell | None:
        """The verdict that this session has posted for a cell, or None."""
        path = self._board(cell)
        return decode(json.loads(path.read_text(encoding="utf-8")), Cell) if path.exists() else None

    def post(self, cell: Cell) -> None:
        write_json(self._board(cell.id), encode(cell))

    def _board(self, cell: str) -> Path:
        return self.hidden / "board" / self.token / f"{fingerprint(cell)[:16]}.json"

    def record(self, cell: Cell, about: Mapping[str, Any]) -> None:
        """Appends a finished cell to the journal, with what is to be known `about` it: seconds, worker, whether it was reused, when it was measured, the
        files and samples that it rests on.

        One that is not to `keep` rests on what may be otherwise next time, and a later session runs it again.
        """
        self.journal.append([{"type": "cell", "token": self.token, "cell": encode(cell), **about}])

    def finished(self, universe: Universe) -> tuple[dict[str, Cell], list[dict[str, Any]], int]:
        """(last record of each cell whose key still holds, all journal rows, torn lines)."""
        rows, torn = self.journal.read()
        return last_cells(universe, rows), rows, torn

    def passing(self, key: str) -> AppendLog:
        """The samples of this session that hold errors; the next session asks again."""
        return AppendLog(self.hidden / "passing" / self.token / f"{key}.jsonl")

    def keep_samples(self, store: Store, name: str, rows: list[dict[str, Any]]) -> SamplesRef:
        """Writes the rows into the store under their own hash and copies them to `samples/`."""
        text = "".join(sealed_line(row) for row in rows)
        digest = fingerprint_of_text(text)
        kept = store.place("sample-files", digest).with_suffix(".jsonl")
        if not kept.exists() or file_fingerprint(kept) != digest:
            write_text(kept, text)
        ref = SamplesRef(path=f"samples/{name}-{digest[:12]}.jsonl", sha256=digest, rows=len(rows))
        self.copy_samples(store, ref)
        return ref

    def copy_samples(self, store: Store, ref: SamplesRef) -> bool:
        """Copies a samples file from the store; False where the store has it no more, or altered."""
        target, kept = self.path / ref.path, store.place("sample-files", ref.sha256).with_suffix(".jsonl")
        if target.exists() and file_fingerprint(target) == ref.sha256:
            return True
        if not kept.exists() or file_fingerprint(kept) != ref.sha256:
            return False
        with telling(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
            shutil.copyfile(kept, beside)
            beside.replace(target)
        return True


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
    from filelock import FileLock, Timeout

    with telling(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise HarnessError("another run is writing here", where=str(path), mend="Wait for it, or choose another --harness-run-dir") from None
    try:
        yield
    finally:
        lock.release()
