"""The controller's cache of answers and its ledger, for all sessions of a distributed run: what one has paid for none pays for again, and one limit holds
for all they spend.

SQLite's file and the locks beside it need one machine, so the controller alone opens them. Claims (who is asking for what) end with the session's connection;
money that a lost session had set aside stays booked.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from harness.errors import HarnessError
from harness.judges.api_judge import ApiJudge, Text
from harness.judges.judging import JudgeVerdict
from harness.models.budget import Ledger
from harness.models.provider import Answer
from harness.models.response_cache import Replies, Row, row
from harness.models.status import ANSWERED
from harness.remote.judging import judge_apart
from harness.remote.wire import Connection

LEDGER = ("booked", "lines", "set_aside", "settle")  # what a session may call of the ledger, and what it may read
TOLD = ("damage", "path")


class ServedBooks:
    """The controller's side."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.turn = threading.RLock()
        self.opened: Replies | None = None
        self.ledgers: dict[str, Ledger] = {}
        self.claims: dict[str, str] = {}

    @property
    def replies(self) -> Replies:
        if self.opened is None:
            self.opened = Replies(self.path)
        return self.opened

    def on_get(self, _: str, key: str) -> Any:
        with self.turn:
            return msgspec.to_builtins(self.replies.get(key))

    def on_in_batch(self, _: str, key: str) -> bool:
        with self.turn:
            return self.replies.in_batch(key)

    def on_keep(self, _: str, rows: list[Row]) -> None:
        with self.turn:
            self.replies.put_all([tuple(kept) for kept in rows])  # type: ignore[misc]

    def on_claim(self, worker: str, key: str) -> bool:
        """True where no other session asks for this key now, and no other process of this machine."""
        with self.turn:
            if key not in self.claims and self.replies.claim(key):
                self.claims[key] = worker
                return True
            return False

    def on_release(self, worker: str, key: str) -> None:
        with self.turn:
            if self.claims.get(key) == worker:
                del self.claims[key]
                self.replies.release(key)

    def on_ledger(self, _: str, run: str, limit: float, name: str, words: list[Any]) -> Any:
        """What a method of a run's ledger gives, or what it tells of itself."""
        if name not in (*LEDGER, *TOLD):
            raise HarnessError(f"a ledger has no {name}", mend="Use one version of harness on all machines")
        with self.turn:
            found = getattr(self._ledger(run, limit), name)
            return str(found) if name in TOLD else found(*words)

    def _ledger(self, run: str, limit: float) -> Ledger:
        if run not in self.ledgers:
            self.ledgers[run] = Ledger(self.replies, run, limit)
        return self.ledgers[run]

    def lose(self, worker: str) -> None:
        """Frees what a lost session was asking for."""
        for key in [key for key, holder in list(self.claims.items()) if holder == worker]:
            self.on_release(worker, key)

    def close(self) -> None:
        with self.turn:
            for ledger in self.ledgers.values():
                ledger.close()
            self.claims.clear()
            if self.opened is not None:
                self.opened.close()


class BooksElsewhere:
    """The session's side: what `harness.models.response_cache.open_replies` and `open_ledger` open."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def replies(self, path: Path) -> RemoteReplies:
        return RemoteReplies(self.connection, path)

    def ledger(self, run: str, limit_usd: float) -> RemoteLedger:
        return RemoteLedger(self.connection, run, limit_usd)

    def judge(self, judge: ApiJudge, texts: Sequence[Text]) -> dict[Text, JudgeVerdict]:
        """The verdicts of the controller's judge. Raises PutAside while it is asking."""
        return judge_apart(self.connection, judge, texts)


class Opened:
    """What is opened for a block and has nothing to close."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is held here."""

    def close(self) -> None:
        """Nothing is held here."""


class RemoteReplies(Opened):
    """Stands for `Replies`. Batches are sent and collected by one process that has the file itself."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self.connection, self.path, self.hits = connection, path, 0
        self.damaged: list[str] = []  # the controller meets it, and tells it

    def get(self, key: str) -> Answer | None:
        found = self.connection.call("books.get", key)
        self.hits += found is not None
        return None if found is None else msgspec.convert(found, Answer)

    def holds(self, key: str) -> bool:
        return self.connection.call("books.get", key) is not None

    def in_batch(self, key: str) -> bool:
        return bool(self.connection.call("books.in_batch", key))

    def put(self, key: str, answer: Answer) -> bool:
        if answer.status in ANSWERED:
            self.put_all([row(key, answer)])
        return answer.status in ANSWERED

    def put_all(self, rows: Sequence[Row]) -> None:
        self.connection.call("books.keep", list(rows))

    def claim(self, key: str) -> bool:
        return bool(self.connection.call("books.claim", key))

    def release(self, key: str) -> None:
        self.connection.call("books.release", key)

    @property
    def db(self) -> Any:
        mend = "Take the setting batches away (judge_batches may stay), or run with the local engine"
        raise HarnessError("batches cannot be sent from a session of a distributed run", where=str(self.path), mend=mend)


class RemoteLedger(Opened):
    """Stands for `Ledger`: what is called and read is the controller's."""

    def __init__(self, connection: Connection, run: str, limit_usd: float) -> None:
        self.connection, self.run, self.limit_usd = connection, run, limit_usd

    def __getattr__(self, name: str) -> Any:
        if name not in (*LEDGER, *TOLD):
            raise AttributeError(name)
        return self._call(name) if name in TOLD else lambda *words: self._call(name, *words)

    def _call(self, name: str, *words: Any) -> Any:
        return self.connection.call("books.ledger", self.run, self.limit_usd, name, list(words))
