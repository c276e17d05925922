"""The vendors' batch endpoints: half the price, within a day, and taken up again by whichever process comes next.

What is about to be sent is written down first, then sent, then its id is written down. A process that dies in between leaves an intent without an
id; the next one looks for the batch at the vendor before it sends anything. Nothing is sent twice.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from harness.errors import HarnessError
from harness.fingerprint import canonical, fingerprint
from harness.models.provider import Answer, Ask, Provider
from harness.models.request_pool import Tick
from harness.models.response_cache import Replies, key_of, sibling
from harness.store import hold_lock

Result = TypeVar("Result")
# Both vendors take more (50,000 asks, 200 MB); smaller batches come back sooner.
MOST_ASKS, MOST_BYTES = 10_000, 50_000_000
# Seconds by which the vendor's clock may be behind ours.
CLOCKS = 300.0
# A server that says 408 or 409 may have taken the batch all the same.
UNSURE = (408, 409)


@runtime_checkable
class Batching(Provider, Protocol):
    """A provider with a batch endpoint."""

    def batchable(self) -> bool:
        """True where the endpoint is there."""

    def wire_errors(self) -> tuple[type[Exception], ...]:
        """What the calls below may raise."""

    def short(self, error: object) -> str:
        """An error as one short line without the key."""

    async def send_batch(self, asks: Mapping[str, Ask], token: str) -> str:
        """Starts a batch; its id. Never retried."""

    async def find_batch(self, token: str, size: int, since: float, known: Collection[str]) -> str | None:
        """A batch that was started but whose id was never heard."""

    async def batch_over(self, batch: str) -> bool:
        """True once nothing more will come."""

    async def batch_answers(self, batch: str, asks: Mapping[str, Ask]) -> dict[str, Answer]:
        """Key to answer; asks that the batch does not tell of are absent."""


def require_batches(provider: Provider) -> Batching:
    """The provider. Raises HarnessError where it has no batch endpoint."""
    if not isinstance(provider, Batching) or not provider.batchable():
        raise HarnessError("this provider has no batch endpoint", where=provider.name, mend="Ask one call at a time, or use openai/… or anthropic/…")
    return provider


class Batches:
    """Asks sent in batches; answers end up in the same cache as those of single calls."""

    def __init__(self, provider: Provider, cache: Replies) -> None:
        self.provider = require_batches(provider)
        self.cache = cache
        self.who = fingerprint(provider.describe())

    def submit(self, asks: Sequence[Ask]) -> list[str]:
        """The ids of the batches that the asks lie in; sends only those that are neither answered nor sent already. Raises HarnessError."""
        wanted = self._keyed(asks)
        self.provider.check(wanted.values())
        with hold_lock(sibling(self.cache.path, ".batch-lock")):
            self._run(lambda: self._submit(wanted))
        return sorted({batch for token, batch in self._lying(wanted).values() if batch is not None})

    def adopt(self) -> None:
        """Looks for the batches of processes that died before they heard of them."""
        with hold_lock(sibling(self.cache.path, ".batch-lock")):
            self._run(self._adopt)

    def unsent(self, wanted: Mapping[str, Ask]) -> dict[str, Ask]:
        """Those of the asks, by key, that are neither answered nor sent already."""
        sent = self._lying(wanted)
        return {key: ask for key, ask in wanted.items() if key not in sent and not self.cache.holds(key)}

    def collect(self, asks: Sequence[Ask], *, interval_s: float = 60.0, timeout_s: float | None = None, tick: Tick | None = None) -> list[Answer]:
        """The answers in the order of the asks, looked for every `interval_s` seconds; `tick(done, total)` counts distinct asks.

        An ask that the batch lost, expired or broke on has status "error" and may be submitted again. Raises HarnessError for asks that were
        never submitted, and after `timeout_s` seconds without an end.
        """
        wanted = self._keyed(asks)
        self.provider.check(())
        self.adopt()
        self._refuse_unsent(wanted)
        fresh = self._run(lambda: self._collect(wanted, interval_s, timeout_s, tick))
        gone = Answer(status="error", error="BatchGone: no batch holds an answer to this")
        return [fresh.get(key) or self.cache.get(key) or gone for key in wanted.order]

    def _keyed(self, asks: Sequence[Ask]) -> DistinctAsks:
        described = self.provider.describe()
        return DistinctAsks([key_of(described, ask) for ask in asks], asks)

    def _run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        async def closing() -> Result:
            try:
                with self._report_progress(), self.cache.sqlite_told():
                    return await work()
            finally:
                await self.provider.close()

        return asyncio.run(closing())

    @contextmanager
    def _report_progress(self) -> Iterator[None]:
        try:
            yield
        except self.provider.wire_errors() as error:
            raise HarnessError(
                f"the batch endpoint failed: {type(error).__name__}: {self.provider.short(error)}",
                where=self.provider.name,
                mend="Run again: what was sent is written down and not sent twice.",
            ) from None

    async def _submit(self, wanted: Mapping[str, Ask]) -> None:
        await self._adopt()
        for part in parts(self.unsent(wanted)):
            await self._send(part)

    async def _adopt(self) -> None:
        """Gives every intent of a process that died its batch's id, or drops it where the vendor knows of none."""
        rows = self.cache.db.execute("SELECT token, size, began_at FROM batches WHERE provider = ? AND id IS NULL ORDER BY began_at", (self.who,))
        for token, size, began in rows.fetchall():
            known = {row[0] for row in self.cache.db.execute("SELECT id FROM batches WHERE id IS NOT NULL")}
            found = await self.provider.find_batch(token, size, began - CLOCKS, known)
            if found is None:
                self._drop(token)
            else:
                self._heard(token, found, guessed=True)

    async def _send(self, asks: Mapping[str, Ask]) -> None:
        token = fingerprint([*asks, time.time_ns(), os.getpid()])[:32]
        with self.cache.together() as db:
            db.execute("INSERT INTO batches VALUES (?, ?, NULL, ?, ?, 0)", (token, self.who, len(asks), time.time()))
            rows = ((key, token, canonical(msgspec.to_builtins(ask))) for key, ask in asks.items())
            db.executemany("INSERT INTO batch_asks VALUES (?, ?, ?)", rows)
        try:
            self._heard(token, await self.provider.send_batch(asks, token))
        except self.provider.wire_errors() as error:
            status = getattr(error, "status_code", 0)
            if 400 <= status < 500 and status not in UNSURE:
                self._drop(token)  # turned down for certain
            raise

    async def _collect(self, wanted: Mapping[str, Ask], interval_s: float, timeout_s: float | None, tick: Tick | None) -> dict[str, Answer]:
        fresh: dict[str, Answer] = {}
        began = time.monotonic()
        while True:
            for token, batch in sorted(set(self._lying(wanted).values())):
                if batch is not None and await self.provider.batch_over(batch):
                    fresh |= await self._take(token, batch)
            left = len(self._lying(wanted))
            if tick is not None:
                tick(len(wanted) - left, len(wanted))
            if not left:
                return fresh
            if timeout_s is not None and time.monotonic() - began + interval_s > timeout_s:
                raise HarnessError(f"{left} of {len(wanted)} asks are still in a batch", where=self.provider.name, mend="Collect again later.")
            await asyncio.sleep(interval_s)

    async def _take(self, token: str, batch: str) -> dict[str, Answer]:
        """The answers of a batch that is over, kept first; only then is the batch forgotten."""
        rows = self.cache.db.execute("SELECT key, ask FROM batch_asks WHERE token = ?", (token,)).fetchall()
        asks = {key: msgspec.convert(json.loads(ask), Ask) for key, ask in rows}
        told = await self.provider.batch_answers(batch, asks)
        if not told and self._guessed(token):
            self._disown(token, batch)
            await self._adopt()
            return {}
        lost = Answer(status="error", error="BatchLost: the batch ended without an answer to this")
        answers = {key: told.get(key, lost) for key in asks}
        for key, answer in answers.items():
            self.cache.put(key, answer)
        self._drop(token)
        return answers

    def _lying(self, wanted: Collection[str]) -> dict[str, tuple[str, str | None]]:
        """Key to (token, batch id) for the asks that lie in a batch."""
        rows = self.cache.db.execute("SELECT a.key, b.token, b.id FROM batch_asks a JOIN batches b USING (token) WHERE b.provider = ?", (self.who,))
        return {key: (token, batch) for key, token, batch in rows if key in wanted}

    def _refuse_unsent(self, wanted: Mapping[str, Ask]) -> None:
        lying = self._lying(wanted)
        unsent = [key for key in wanted if key not in lying and not self.cache.holds(key)]
        if unsent:
            raise HarnessError(f"{len(unsent)} of {len(wanted)} asks are in no batch", where=self.provider.name, mend="Call submit(asks) first.")

    def _heard(self, token: str, batch: str, *, guessed: bool = False) -> None:
        self.cache.db.execute("UPDATE batches SET id = ?, guessed = ? WHERE token = ?", (batch, guessed, token))

    def _guessed(self, token: str) -> bool:
        return bool(self.cache.db.execute("SELECT guessed FROM batches WHERE token = ?", (token,)).fetchone()[0])

    def _disown(self, token: str, batch: str) -> None:
        """Remembers that a batch was somebody else's (Anthropic's carry no mark of ours), so that the next look goes past it."""
        with self.cache.together() as db:
            db.execute("INSERT INTO batches VALUES (?, 'somebody else', ?, 0, ?, 0)", (f"not {token} {batch}", batch, time.time()))
            db.execute("UPDATE batches SET id = NULL, guessed = 0 WHERE token = ?", (token,))

    def _drop(self, token: str) -> None:
        with self.cache.together() as db:
            db.execute("DELETE FROM batch_asks WHERE token = ?", (token,))
            db.execute("DELETE FROM batches WHERE token = ?", (token,))


class DistinctAsks(dict[str, Ask]):
    """Distinct asks by key, and the keys in the order they were asked for."""

    def __init__(self, keys: Sequence[str], asks: Sequence[Ask]) -> None:
        super().__init__(zip(keys, asks, strict=True))
        self.order = keys


def parts(asks: Mapping[str, Ask]) -> Iterator[dict[str, Ask]]:
    """The asks in pieces that a batch takes."""
    part: dict[str, Ask] = {}
    size = 0
    for key, ask in asks.items():
        weight = len(canonical(msgspec.to_builtins(ask)))
        if part and (len(part) == MOST_ASKS or size + weight > MOST_BYTES):
            yield part
            part, size = {}, 0
        part[key], size = ask, size + weight
    if part:
        yield part
