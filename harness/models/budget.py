"""What a run may spend, kept in a file beside the replies: several processes book into it, and a killed one leaves its open calls booked.

Money is set aside before a call and settled after it, in one transaction each, so that the sum never passes the limit, whoever calls. What a killed
process had set aside stays booked: those calls may have been billed, and nobody knows. A power cut may lose the bookings of the last moment: they are
handed to the kernel and not waited for, since each would cost a call milliseconds of a slow disk.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from harness.models import response_cache
from harness.models.response_cache import Replies, sibling
from harness.models.sealed_sqlite import BROKEN, CHECKED, Table, connect, create, find_damage, has_changed, is_damage, is_intact, migrate, schema, state
from harness.store import hold_lock

DUST = 1e-9
TABLES = (Table("ledger", ("run TEXT NOT NULL", "provider TEXT NOT NULL", "usd REAL NOT NULL"), "run, provider"),)
BOOK = "INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT (run, provider) DO UPDATE SET usd = usd + excluded.usd"


def open_ledger(replies: Replies, run: str, limit_usd: float) -> Ledger:
    """The purse of a run: in a file beside the cache, or the one of all machines."""
    opened: Ledger = response_cache.OPENED_ELSEWHERE.ledger(run, limit_usd) if response_cache.OPENED_ELSEWHERE else Ledger(replies, run, limit_usd)
    return opened


class Ledger:
    """The purse of one run, in US dollars. A file of its own: bookings would otherwise wait for the answers that other processes bring to disk.

    `damage` says what is wrong with the file, "" for nothing. Where a booking was altered or lost nobody knows what was spent, so all of every limit
    counts as spent until somebody has looked it up and removed the file.
    """

    def __init__(self, replies: Replies, run: str, limit_usd: float) -> None:
        self.replies, self.run, self.limit_usd = replies, run, limit_usd
        self.path, self.damage = sibling(replies.path, ".ledger"), ""
        with hold_lock(sibling(self.path, ".open-lock")), replies.sqlite_told():
            emptied = self.path.exists() and not self.path.stat().st_size
            self.db = connect(self.path)
            try:
                self._note("it is empty" if emptied else self._prepare())
            except BROKEN as error:
                if not is_damage(error):
                    self.db.close()
                    raise
                self._note(str(error))

    def _prepare(self) -> str:
        """What is damaged, "" for nothing; bookings of an earlier version are sealed as they are."""
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"):
            self.db.execute(statement)
        found = schema(self.db)
        if not found:
            self.db.execute("BEGIN IMMEDIATE")
            create(self.db, TABLES)
            self.db.execute("COMMIT")
        elif set(found) == {"ledger"}:
            migrate(self.db, TABLES)
        return find_damage(self.db, TABLES) if has_changed(self.path) else ""

    def _note(self, damage: str) -> None:
        if damage:
            self.damage = damage
            self.replies.note_damage(f"the bookings in {self.path.name} are damaged ({damage}); what runs have spent is not known, so no call may be paid")

    def booked(self) -> float:
        """What was spent or set aside so far; infinite where nobody knows."""
        lines = self.lines()
        return math.inf if self.damage else math.fsum(lines.values())

    def lines(self) -> dict[str, float]:
        """The same by who was asked, a judge on a line of its own; empty where nobody knows."""
        if self.damage:
            return {}
        with self.replies.sqlite_told():
            rows = self.db.execute("SELECT * FROM ledger WHERE run = ?", (self.run,)).fetchall()
        if not all(map(is_intact, rows)):
            self._note("a booking is not as it was written")
            return {}
        return {provider: usd for _, provider, usd, _ in rows}

    def set_aside(self, provider: str, usd: float) -> bool:
        """True where the money is booked; False where the limit would be passed, and nothing is."""
        if self.damage:
            return False
        with self._alone():
            fits = self.booked() + usd <= self.limit_usd + DUST
            if fits:
                self.db.execute(BOOK, (self.run, provider, usd))
        return fits

    def settle(self, provider: str, aside: float, usd: float | None) -> None:
        """Books what a call cost in place of what was set aside; an unknown cost stays as it was set aside."""
        if usd is None or usd == aside or self.damage:
            return
        with self._alone():
            if math.isfinite(self.booked()):
                self.db.execute(BOOK, (self.run, provider, usd - aside))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One transaction that no other process's comes between."""
        with self.replies.sqlite_told(), self.db:
            self.db.execute("BEGIN IMMEDIATE")
            yield

    def close(self) -> None:
        """Closes the file."""
        self.db.close()
        if not self.damage:
            with suppress(OSError):  # somebody has taken the file away
                CHECKED[self.path.resolve()] = state(self.path)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
