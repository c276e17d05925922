"""SQLite files that notice damage: every row carries the sha256 of its fields, and a census counts the rows and adds up their seals.

SQLite itself writes both, by a generated column and by triggers, so whoever writes a row seals it. A row whose seal does not hold is never used, and a
row that is gone or cannot be reached is missed by the census.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.fingerprint import fingerprint

# Seconds to wait for another process that writes; a write takes milliseconds.
PATIENCE = 60.0
PAGE = 4096
MAGIC = b"SQLite format 3\0"
ZERO = "0" * 64
# Path to (inode, size, time of change) of the files that this process has checked and closed, so that each is read whole once.
CHECKED: dict[Path, tuple[int, int, int]] = {}
# SQLite's codes of an error that a whole file does not give: ERROR (a table is missing), CORRUPT, FORMAT, NOTADB, and a read that ends too soon.
DAMAGES = {1, 11, 24, 26, 522}
# A damaged name in the schema breaks even the text of SQLite's complaint (UnicodeDecodeError), a damaged length asks for more memory than there is.
BROKEN = (sqlite3.Error, UnicodeDecodeError, MemoryError)
COMPANIONS = ("", "-wal", "-shm")
CENSUS = "CREATE TABLE census (n INTEGER NOT NULL, sum TEXT NOT NULL)"
Fields = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """`columns` as SQL declares them, name first; the last field of a row is its seal."""

    name: str
    columns: tuple[str, ...]
    key: str

    @property
    def fields(self) -> str:
        return ",".join(column.partition(" ")[0] for column in self.columns)

    def statements(self) -> Iterator[str]:
        """The table, and what keeps the census. Short, since the schema must fit on the first page (see `salvage`)."""
        seal = f"seal TEXT AS (seal({self.fields})) STORED"
        yield f"CREATE TABLE {self.name} ({', '.join(self.columns)}, {seal}, PRIMARY KEY ({self.key})) WITHOUT ROWID"
        for event, step, seals in (("INSERT", 1, "new.seal,'0'"), ("DELETE", -1, "old.seal,'0'"), ("UPDATE", 0, "new.seal,old.seal")):
            change = f"UPDATE census SET n=n+{step}, sum=mix(sum,{seals})"
            yield f"CREATE TRIGGER {self.name}_{event[0]} AFTER {event} ON {self.name} BEGIN {change}; END"


def seal_of(*fields: Any) -> str:
    """sha256 (64 hex digits) over all fields."""
    return fingerprint(fields)


def mix(*seals: str) -> str:
    """Seals added up bit by bit: what is added twice is gone again."""
    total = 0
    for seal in seals:
        total ^= int(seal, 16)
    return f"{total:064x}"


def is_intact(row: Sequence[Any]) -> bool:
    """True where a row is as it was written."""
    try:
        return bool(seal_of(*row[:-1]) == row[-1])
    except (TypeError, ValueError):  # a flipped bit makes bytes or an infinity of a value
        return False


def connect(path: Path | str) -> sqlite3.Connection:
    """A connection that can seal; texts with broken bytes are read too, and fail their seals."""
    db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    db.text_factory = lambda data: data.decode("utf-8", "replace")
    db.create_function("seal", -1, seal_of, deterministic=True)
    db.create_function("mix", -1, mix, deterministic=True)
    return db


def create(db: sqlite3.Connection, tables: Iterable[Table]) -> None:
    """The tables and the census; the caller begins and ends the transaction."""
    for table in tables:
        for statement in table.statements():
            db.execute(statement)
    db.execute(CENSUS)
    db.execute("INSERT INTO census VALUES (0, ?)", (ZERO,))


def migrate(db: sqlite3.Connection, tables: Sequence[Table]) -> None:
    """Rows of the same tables without seals, sealed as they are; then pages are laid out as in a new file."""
    db.execute("BEGIN IMMEDIATE")
    for table in tables:
        db.execute(f"ALTER TABLE {table.name} RENAME TO old_{table.name}")
    create(db, tables)
    for table in tables:
        db.execute(f"INSERT INTO {table.name} SELECT * FROM old_{table.name}")
        db.execute(f"DROP TABLE old_{table.name}")
    db.execute("COMMIT")


def state(path: Path) -> tuple[int, int, int]:
    """What a file that nobody has touched keeps."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def schema(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def new_schema(tables: Sequence[Table]) -> dict[str, str]:
    with closing(connect(":memory:")) as db:
        create(db, tables)
        return schema(db)


def has_changed(path: Path) -> bool:
    """True where the file is not as this process left it."""
    return CHECKED.get(path.resolve()) != state(path)


def find_damage(db: sqlite3.Connection, tables: Sequence[Table]) -> str:
    """What is wrong with the file, in a few words; "" where every row is there and as it was written."""
    try:
        if schema(db) != new_schema(tables):
            return "its tables are not as they were made"
        db.execute("BEGIN")  # one view of rows and census, whoever writes meanwhile
        census = db.execute("SELECT * FROM census").fetchall()
        count = census[0][0] if census else None
        rows = good = 0
        seen = ZERO
        for row in (row for table in tables for row in db.execute(f"SELECT * FROM {table.name}")):
            rows += 1
            if is_intact(row):
                good, seen = good + 1, mix(seen, row[-1])
        db.execute("COMMIT")
        lost = max(count, rows) - good if isinstance(count, int) and count < 2 * rows + 2 else rows - good
        if lost > 0:
            return f"{lost} of {good + lost} rows {'is' if lost == 1 else 'are'} damaged or gone"
        if census != [(good, seen)]:
            return "its count of rows is damaged"
        checked = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    except BROKEN as error:
        if not is_damage(error):
            raise
        return str(error) or "it cannot be read"
    finally:
        with suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("ROLLBACK")
    return "" if checked == "ok" else " ".join(checked.split())[:120]


def is_damage(error: BaseException) -> bool:
    """True where the file is to blame, and neither the disk nor another process that writes."""
    code = getattr(error, "sqlite_errorcode", 1)
    return code in DAMAGES or code & 0xFF in DAMAGES


def salvage(path: Path, tables: Sequence[Table]) -> dict[str, set[Fields]]:
    """The whole rows that are left, without their seals, by table; read from copies, so the file stays as it was found.

    The first page says only what every such file's does, so where it is damaged a new file's takes its place.
    """
    found: dict[str, set[Fields]] = {table.name: set() for table in tables}
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder, "copy")
        for end in COMPANIONS[:2]:
            if Path(f"{path}{end}").exists():
                shutil.copyfile(f"{path}{end}", f"{copy}{end}")
        collect(copy, tables, found)
        with closing(connect(":memory:")) as db:
            create(db, tables)
            first = db.serialize()[:PAGE]
        data = bytearray(copy.read_bytes())
        pages = max(1, -(-len(data) // PAGE))
        data[:PAGE] = first
        data[28:32] = pages.to_bytes(4, "big")
        copy.with_name("again").write_bytes(data.ljust(pages * PAGE, b"\0"))
        collect(copy.with_name("again"), tables, found)
    return found


def collect(path: Path, tables: Sequence[Table], found: dict[str, set[Fields]]) -> None:
    """Adds what can be read from either end of each table, up to a page that cannot."""
    with closing(connect(path)) as db:
        for table in tables:
            for order in ("ASC", "DESC"):
                with suppress(*BROKEN):
                    for row in db.execute(f"SELECT {table.fields}, seal FROM {table.name} ORDER BY {table.key} {order}"):
                        if is_intact(row):
                            found[table.name].add(tuple(row[:-1]))


def set_aside(path: Path) -> Path:
    """Renames the file and its companions, so that a new one can take its place; the new name says why."""
    place = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}")
    for end in COMPANIONS:
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(f"{place}{end}")
    return place
