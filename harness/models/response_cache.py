"""Answers that were paid for, kept in one SQLite file that several processes share and a killed one leaves whole.

An answer is committed to disk before it is handed on; those that come together are committed together. A key is the hash of all that decides an
answer; errors and empty answers are never kept. Rows are sealed: what a disk has altered is asked anew and never believed.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from harness.damage import note_damage
from harness.errors import HarnessError
from harness.fingerprint import canonical, fingerprint
from harness.models.provider import Answer, Ask
from harness.models.sealed_sqlite import (
    BROKEN,
    CHECKED,
    Table,
    connect,
    create,
    find_damage,
    has_changed,
    is_damage,
    is_intact,
    migrate,
    salvage,
    schema,
    set_aside,
    state,
)
from harness.models.status import ANSWERED, decide_status
from harness.store import hold_lock, naming_errors

VERSION = 2
# Written into a file's header: this one is ours. ASCII "repl".
OURS = 0x7265706C
# Claims are locks on single bytes of a file that is never written; any offset below 2**62 will do. POSIX drops a process's locks when it closes
# the file anywhere, so a second Replies on the same path in one process may end claims early: then work is done twice, no more.
OFFSETS = 1 << 62
Row = tuple[str, str, float]
KEEP = "INSERT OR IGNORE INTO replies VALUES (?, ?, ?)"
BATCHES = ("token TEXT NOT NULL", "provider TEXT NOT NULL", "id TEXT", "size INTEGER NOT NULL", "began_at REAL NOT NULL", "guessed INTEGER NOT NULL")
TABLES = (
    Table("replies", ("key TEXT NOT NULL", "answer TEXT NOT NULL", "kept_at REAL NOT NULL"), "key"),
    Table("batches", BATCHES, "token"),
    Table("batch_asks", ("key TEXT NOT NULL", "token TEXT NOT NULL", "ask TEXT NOT NULL"), "key"),
)


# Opens the cache under a path, and the ledger beside it. In a session of a distributed run both are its controller's.
OPENED_ELSEWHERE: Any = None


def open_replies(path: Path) -> Replies:
    """The cache of answers: that of this path, or the one that belongs to all machines of a distributed run."""
    opened: Replies = OPENED_ELSEWHERE.replies(path) if OPENED_ELSEWHERE else Replies(path)
    return opened


def key_of(described: Mapping[str, Any], ask: Ask) -> str:
    """sha256 (64 hex digits) of who is asked and what, replicate and schema included. Without `reasoning` it is what it was before that was asked."""
    asked = {name: value for name, value in msgspec.to_builtins(ask).items() if name != "reasoning" or value is not None}
    return fingerprint({"provider": dict(described), "ask": asked})


class Replies:
    """The cache. `hits` counts what it answered in this process, `damaged` says in a line each what it found altered since it was written: that is not
    used, and counted as if it were not there. Not for network file systems: SQLite's write-ahead log needs one machine.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.hits = path, 0
        self.damaged: list[str] = []
        with hold_lock(sibling(path, ".open-lock")), self.sqlite_told():
            with naming_errors(path):
                self._claims = sibling(path, ".claims").open("ab")
                fcntl.flock(self._claims, fcntl.LOCK_SH)  # as long as it is open nobody sets the file aside
            try:
                self.db = self._open()
            except BaseException:
                self._claims.close()
                raise

    def note_damage(self, what: str) -> None:
        """Keeps the line for whoever reports: the run that met it, and whoever holds this cache."""
        note_damage(self.path, what)
        if (line := f"{self.path}: {what}") not in self.damaged:
            self.damaged.append(line)

    def _open(self) -> sqlite3.Connection:
        """The file as it is where it is whole, otherwise a new one with what is whole of it."""
        if self.path.exists() and not self.path.stat().st_size:
            self.note_damage("the cache of answers is empty: whatever it held was cut off")
        db = connect(self.path)
        try:
            damage = self._prepare(db)
        except BROKEN as error:
            db.close()
            if not is_damage(error):
                raise
            damage = str(error)
        except BaseException:
            db.close()
            raise
        if not damage:
            return db
        db.close()
        self._rebuild(damage)
        return self._open()

    def _prepare(self, db: sqlite3.Connection) -> str:
        """What is damaged, "" for nothing. Switching to the write-ahead log does not wait as writes do, hence the lock around it."""
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")  # an answer that was paid for survives a power cut too
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, 1, VERSION):
            raise HarnessError(f"the cache has layout {found}, this is for {VERSION}", where=str(self.path), mend="Name another file.")
        if not schema(db):
            fill(db, {})
        elif found == 1:
            self._migrate(db)
        return find_damage(db, TABLES) if has_changed(self.path) else ""

    def _migrate(self, db: sqlite3.Connection) -> None:
        """From layout 1, which had no seals and kept answers without a word where they had run into their bound."""
        migrate(db, TABLES)
        rows = db.execute("SELECT key, answer FROM replies")
        blank = [(key,) for key, answer in rows if decide_status((told := json.loads(answer))["text"], told["status"]) == "empty"]
        db.executemany("DELETE FROM replies WHERE key = ?", blank)
        stamp(db)
        db.execute("VACUUM")
        self.note_damage(f"answers kept by an earlier version were sealed as they are; {len(blank)} without a word were dropped")

    def _rebuild(self, damage: str) -> None:
        """Puts what is whole into a new file and sets the damaged one aside. Raises HarnessError where it is somebody else's, or in use."""
        try:
            fcntl.flock(self._claims, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            mend = "Run again when that one has ended: what is whole is carried over."
            raise HarnessError(f"the cache of answers is damaged ({damage}) while it is open elsewhere", where=str(self.path), mend=mend) from None
        found = salvage(self.path, TABLES)
        if not any(found.values()) and self.path.read_bytes()[68:72] != OURS.to_bytes(4, "big"):
            raise HarnessError(f"the cache of answers cannot be used: {damage}", where=str(self.path), mend="Name another file; this one is left as it is.")
        fresh = sibling(self.path, ".rebuilt")
        fresh.unlink(missing_ok=True)
        with closing(connect(fresh)) as db:
            fill(db, found)
        aside = set_aside(self.path)
        fresh.rename(self.path)
        fcntl.flock(self._claims, fcntl.LOCK_SH)
        count = sum(map(len, found.values()))
        self.note_damage(f"the cache of answers was damaged ({damage}); {count} whole rows were carried over, the rest is asked anew; kept as {aside.name}")

    def get(self, key: str) -> Answer | None:
        """The kept answer, which costs nothing a second time; None where there is none, or none that is as it was written."""
        row = self._row(key)
        if row is None:
            return None
        self.hits += 1
        return msgspec.structs.replace(msgspec.convert(json.loads(row[1]), Answer), cached=True, usd=0.0)

    def holds(self, key: str) -> bool:
        """True where `get` would find an answer; counts nothing."""
        return self._row(key) is not None

    def _row(self, key: str) -> Any:
        with self.sqlite_told():
            row = self.db.execute("SELECT * FROM replies WHERE key = ?", (key,)).fetchone()
        if row is None or is_intact(row):
            return row
        self.note_damage(f"the answer under {key[:16]} is not as it was written and is not used")
        return None

    def in_batch(self, key: str) -> bool:
        """True where the ask was sent in a batch that nobody has collected yet."""
        with self.sqlite_told():
            return self.db.execute("SELECT 1 FROM batch_asks WHERE key = ?", (key,)).fetchone() is not None

    def put(self, key: str, answer: Answer) -> bool:
        """Keeps the answer on disk where its status is one to keep; True where it was. The first one kept stays."""
        if answer.status not in ANSWERED:
            return False
        with self.sqlite_told():
            self.db.execute(KEEP, row(key, answer))
        return True

    def put_all(self, rows: Collection[Row]) -> None:
        """Keeps several answers in one write, as `row` makes them."""
        with self.together() as db:
            db.executemany(KEEP, rows)

    def claim(self, key: str) -> bool:
        """True where no other process is asking for this key now. The kernel frees the claims of a process that dies."""
        try:
            fcntl.lockf(self._claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(key[:16], 16) % OFFSETS)
        except (BlockingIOError, PermissionError):  # POSIX allows either for "somebody holds it"
            return False
        return True

    def release(self, key: str) -> None:
        """Gives the claim back."""
        fcntl.lockf(self._claims, fcntl.LOCK_UN, 1, int(key[:16], 16) % OFFSETS)

    def __len__(self) -> int:
        with self.sqlite_told():
            return int(self.db.execute("SELECT COUNT(*) FROM replies").fetchone()[0])

    @contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """Several writes as one: all of them are kept or none."""
        with self.sqlite_told():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:  # a full disk may have ended it already
                    self.db.execute("ROLLBACK")
                raise

    @contextmanager
    def sqlite_told(self) -> Iterator[None]:
        """Turns SQLite's complaints about our own file into one line."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise HarnessError(
                f"the cache of answers cannot be used: {error}", where=str(self.path), mend="Free the disk or name another file; what was kept is kept."
            ) from error

    def close(self) -> None:
        """Closes the file; claims end with it."""
        self.db.close()
        self._claims.close()
        with suppress(OSError):  # somebody has taken the file away
            CHECKED[self.path.resolve()] = state(self.path)

    def __enter__(self) -> Replies:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Keeper:
    """Keeps the answers of one event loop: those that came in one pass of the loop reach the disk in one write.

    The loop waits for the disk (0.3 ms measured). A thread that did so instead cost more than it spared: between calls that are busy it waits for
    Python's lock, 2 ms an answer at 16 calls at a time.
    """

    def __init__(self, replies: Replies) -> None:
        self.replies = replies
        self.waiting: list[tuple[Row, asyncio.Future[None]]] = []

    async def put(self, key: str, answer: Answer) -> None:
        """Returns once the answer is on disk, or at once where its status is not one to keep. Raises HarnessError where the disk takes no more."""
        if answer.status not in ANSWERED:
            return
        loop = asyncio.get_running_loop()
        if not self.waiting:
            loop.call_soon(self._write)
        done: asyncio.Future[None] = loop.create_future()
        self.waiting.append((row(key, answer), done))
        await done

    def _write(self) -> None:
        waiting, self.waiting = self.waiting, []
        wrong = None
        try:
            self.replies.put_all([kept for kept, _ in waiting])
        except Exception as error:  # whatever it is: those who wait would wait for ever
            wrong = error
        for _, done in waiting:
            if not done.done():  # cancelled since
                done.set_result(None) if wrong is None else done.set_exception(wrong)


def row(key: str, answer: Answer) -> Row:
    return key, canonical(msgspec.to_builtins(answer)), time.time()


def fill(db: sqlite3.Connection, rows: Mapping[str, Collection[tuple[Any, ...]]]) -> None:
    """A new file's tables, with rows by table."""
    db.execute("BEGIN IMMEDIATE")
    create(db, TABLES)
    for table, kept in rows.items():
        for one in kept:
            db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(one))})", one)
    stamp(db)
    db.execute("COMMIT")


def stamp(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA application_id={OURS}")
    db.execute(f"PRAGMA user_version={VERSION}")


def sibling(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
