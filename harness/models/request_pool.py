"""Many asks, bounded in number and money: equal ones asked once, known ones not at all, and every answer kept before it is handed on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.errors import HarnessError
from harness.models.budget import Ledger
from harness.models.prices import Price
from harness.models.provider import Answer, Ask, Provider, ServerUnreached
from harness.models.response_cache import Keeper, Replies, key_of
from harness.models.status import ANSWERED

Tick = Callable[[int, int], None]
# Seconds between looks at an ask that another process is asking.
LOOK = 0.05
# US dollars by which sums of floats may miss.
DUST = 1e-9


class BudgetSpent(HarnessError):
    """The next call could pass a budget, so it is not made; what was answered before is kept."""


class CallBudget:
    """Money for the calls of one provider, in US dollars: set aside before a call, settled after it, here and in the run's `ledger`."""

    def __init__(self, provider: str, limit: float | None, spent: float, ledger: Ledger | None) -> None:
        self.provider, self.limit, self.spent, self.aside, self.open, self.ledger = provider, limit, spent, 0.0, 0, ledger
        self.settled = asyncio.Condition()

    async def set_aside(self, usd: float) -> None:
        """Waits while calls under way may turn out cheaper. Raises HarnessError where the call could pass the limit."""
        async with self.settled:
            while (refusal := self._refused(usd)) is not None:
                if not self.open:
                    known = self.ledger is None or not self.ledger.damage
                    mend = "Raise the budget or ask for less; what was answered is kept." if known else "Remove that file once you know what was billed."
                    raise BudgetSpent(f"{refusal}, the next call may cost {usd:.6g}", where=self.provider, mend=mend)
                await self.settled.wait()
            self.aside, self.open = self.aside + usd, self.open + 1

    def _refused(self, usd: float) -> str | None:
        """Why the money cannot be set aside; None where it was, in the ledger too."""
        if self.limit is not None and self.spent + self.aside + usd > self.limit + DUST:
            return f"the budget of {self.limit:.6g} USD would be passed: {self.spent:.6g} spent"
        if self.ledger is not None and not self.ledger.set_aside(self.provider, usd):
            if self.ledger.damage:
                return f"the run's budget cannot be kept: the bookings in {self.ledger.path} are damaged ({self.ledger.damage})"
            lines = self.ledger.lines()
            by_name = f" ({', '.join(f'{name} {spent:.6g}' for name, spent in lines.items())})" if len(lines) > 1 else ""
            return f"the run's budget of {self.ledger.limit_usd:.6g} USD would be passed: {self.ledger.booked():.6g} booked{by_name}"
        return None

    async def settle(self, aside: float, usd: float | None) -> None:
        """Books what a call cost; an unknown cost (a timeout may have been billed) is booked as what was set aside."""
        async with self.settled:
            self.aside, self.open = self.aside - aside, self.open - 1
            self.spent += aside if usd is None else usd
            if self.ledger is not None:
                self.ledger.settle(self.provider, aside, usd)
            self.settled.notify_all()


class Asker:
    """Asks one provider through one cache. `spent_usd` is what its calls cost so far; None where a call's cost is unknown.

    `budget_usd` bounds this asker in this process, `ledger` the whole run in all of them, in which the calls stand under `line` (default: the provider's name).
    `offline` answers from the cache alone. `max_error_rate` is a share of all answers.
    """

    def __init__(
        self,
        provider: Provider,
        cache: Replies,
        *,
        concurrency: int = 16,
        budget_usd: float | None = None,
        ledger: Ledger | None = None,
        line: str = "",
        offline: bool = False,
        max_error_rate: float = 0.05,
    ) -> None:
        if concurrency < 1:
            raise HarnessError(f"concurrency={concurrency} must be at least one", where=provider.name)
        self.provider, self.cache, self.concurrency, self.offline = provider, cache, concurrency, offline
        self.budget_usd, self.ledger, self.line, self.max_error_rate = budget_usd, ledger, line or provider.name, max_error_rate
        self.spent_usd: float | None = 0.0
        self._booked, self._stopped = 0.0, False

    def ask_all(self, asks: Sequence[Ask], tick: Tick | None = None) -> list[Answer]:
        """The answers in the order of the asks; `tick(done, total)` counts distinct asks.

        Calls under way when something stops the asking (the budget, an exception) are awaited and kept. Raises HarnessError for a budget that
        would be passed or cannot be kept, for what is missing offline, for a server that is not there, and for asks that the provider does not take.
        """
        described = self.provider.describe()
        keys = [key_of(described, ask) for ask in asks]
        wanted = dict(zip(keys, asks, strict=True))
        found = {key: answer for key in wanted if (answer := self.cache.get(key)) is not None}
        missing = {key: ask for key, ask in wanted.items() if key not in found}
        count = Count(len(found), len(wanted), tick)
        if missing:
            self._check(missing, len(wanted))
            found |= asyncio.run(self._fill(missing, count))
        return [found[key] for key in keys]

    def refuse_if_broken(self, answers: Sequence[Answer]) -> None:
        """Raises HarnessError, with counts by class, where more than `max_error_rate` of the answers are errors or empty."""
        broken = [answer for answer in answers if answer.status not in ANSWERED]
        if len(broken) <= self.max_error_rate * len(answers):
            return
        kinds = Counter(answer.error.partition(":")[0] or answer.status for answer in broken)
        told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        raise HarnessError(
            f"{len(broken)} of {len(answers)} answers are missing ({told}), more than the {self.max_error_rate:.1%} allowed",
            where=self.provider.name,
            mend="Run again: what was answered is kept and not paid again.",
        )

    @property
    def _bounded(self) -> bool:
        return self.budget_usd is not None or self.ledger is not None

    def _check(self, missing: Mapping[str, Ask], total: int) -> None:
        if self.offline:
            first = next(iter(missing.values()))
            raise HarnessError(
                f"{len(missing)} of {total} answers are not in the cache {self.cache.path}; the first: {first.messages[-1].content[:60]!r}",
                where=self.provider.name,
                mend="Run once with a network.",
            )
        sent = sum(self.cache.in_batch(key) for key in missing)
        if sent:
            raise HarnessError(f"{sent} of {total} asks were sent in a batch", where=self.provider.name, mend="Collect it first: it is paid for.")
        if asyncio_runs():
            raise HarnessError("ask_all runs its own event loop and cannot be called inside one", mend="Call it from plain code or asyncio.to_thread.")
        if self._bounded:
            require_price(self.provider)
        self.provider.check(missing.values())

    async def _fill(self, missing: Mapping[str, Ask], count: Count) -> dict[str, Answer]:
        """Asks for all that is missing; the first exception is raised once every call under way is done and kept."""
        self._stopped = False
        purse = CallBudget(self.line, self.budget_usd, self._booked, self.ledger) if self._bounded else None
        keeper, left, found = Keeper(self.cache), iter(missing.items()), dict[str, Answer]()
        workers = (self._work(left, found, keeper, purse, count) for _ in range(min(self.concurrency, len(missing))))
        try:
            ended = await asyncio.gather(*workers, return_exceptions=True)
        finally:
            self._booked = purse.spent if purse else 0.0
            await self.provider.close()
        for error in ended:
            if error is not None:
                raise error
        return found

    async def _work(self, left: Iterator[tuple[str, Ask]], found: dict[str, Answer], keeper: Keeper, purse: CallBudget | None, count: Count) -> None:
        """One of the workers that share what is left: as many tasks as calls at a time, however many asks there are."""
        for key, ask in left:
            if self._stopped:
                return
            try:
                found[key] = await self._claimed(key, ask, keeper, purse)
                count.up()
            except BaseException:
                self._stopped = True
                raise

    async def _claimed(self, key: str, ask: Ask, keeper: Keeper, purse: CallBudget | None) -> Answer:
        """The answer, asked for once across processes: another one that is asking is waited for."""
        while not self.cache.claim(key):
            await asyncio.sleep(LOOK)
        try:
            return self.cache.get(key) or await self._paid(key, ask, keeper, purse)
        finally:
            self.cache.release(key)

    async def _paid(self, key: str, ask: Ask, keeper: Keeper, purse: CallBudget | None) -> Answer:
        if purse is None:
            answer = await self.provider.ask(ask)
        else:
            answer = await self._from_purse(ask, purse, self.provider.price)
        await keeper.put(key, answer)
        self.spent_usd = None if self.spent_usd is None or answer.usd is None else self.spent_usd + answer.usd
        return answer

    async def _from_purse(self, ask: Ask, purse: CallBudget, price: Price | None) -> Answer:
        assert price is not None  # _check refused a budget without a price
        aside, usd = ask.cost_at_most(price), None
        await purse.set_aside(aside)
        try:
            answer = await self.provider.ask(ask)
            usd = answer.usd
        except ServerUnreached:
            usd = 0.0
            raise
        finally:
            await purse.settle(aside, usd)
        return answer


def require_price(provider: Provider) -> None:
    """Raises HarnessError for a model whose price nobody knows: no budget can be kept with it."""
    if provider.price is None:
        raise HarnessError(
            "a budget is set, but the price of this model is unknown", where=provider.name, mend="Give its price in a model set, or set no budget."
        )


class Count:
    """How many of the distinct asks are done."""

    def __init__(self, done: int, total: int, tick: Tick | None) -> None:
        self.done, self.total, self.tick = done, total, tick

    def up(self) -> None:
        self.done += 1
        if self.tick is not None:
            self.tick(self.done, self.total)


def asyncio_runs() -> bool:
    """True inside a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
