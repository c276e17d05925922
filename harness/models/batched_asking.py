"""Asks answered through a batch endpoint, within the budgets that bound single calls.

What all that is sent may cost at most is set aside first and settled when it is back. What a killed process had set aside stays booked; whoever collects its
batches books nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from harness.models.batches import Batches, parts
from harness.models.budget import Ledger
from harness.models.prices import sum_known
from harness.models.provider import Answer, Ask, Provider
from harness.models.request_pool import DUST, BudgetSpent, Tick, require_price
from harness.models.response_cache import Replies, key_of


def ask_in_batches(
    provider: Provider,
    cache: Replies,
    asks: Sequence[Ask],
    *,
    usd: float | None = None,
    ledger: Ledger | None = None,
    line: str = "",
    poll_s: float = 60.0,
    tick: Tick | None = None,
) -> list[Answer]:
    """The answers in order, looked for every `poll_s` seconds. `usd` bounds what is sent here, `ledger` the whole run, in which it stands under `line`. What is
    too much for one batch goes out batch by batch: a vendor bounds what may wait at its endpoint.

    Raises HarnessError for a provider without an endpoint, and BudgetSpent, before anything is sent, where a bound could be passed.
    """
    batches, line = Batches(provider, cache), line or provider.name
    keys = [key_of(provider.describe(), ask) for ask in asks]
    wanted = dict(zip(keys, asks, strict=True))
    batches.adopt()
    with booked(batches, batches.unsent(wanted), usd, ledger, line) as answers:
        for part in parts(wanted):
            batches.submit(list(part.values()))
            told = None if tick is None else partial(tick_part, tick, len(answers), len(wanted))
            answers |= dict(zip(part, batches.collect(list(part.values()), interval_s=poll_s, tick=told), strict=True))
    return [answers[key] for key in keys]


@contextmanager
def booked(batches: Batches, unsent: Mapping[str, Ask], usd: float | None, ledger: Ledger | None, line: str) -> Iterator[dict[str, Answer]]:
    """Where the answers go, by key: money is set aside for them, and what they cost is booked in its place; of what was never sent, nothing."""
    answers: dict[str, Answer] = {}
    if not unsent or (usd is None and ledger is None):
        yield answers
        return
    most = partial(cost_at_most, batches.provider)
    aside = set_aside(line, len(unsent), most(unsent.values()), usd, ledger)
    try:
        yield answers
    except BaseException:
        if ledger is not None:
            ledger.settle(line, aside, aside - most(batches.unsent(unsent).values()))
        raise
    if ledger is not None:
        ledger.settle(line, aside, sum_known(answers[key].usd for key in unsent))


def tick_part(tick: Tick, before: int, total: int, done: int, _: int) -> None:
    tick(before + done, total)


def cost_at_most(provider: Provider, asks: Iterable[Ask]) -> float:
    """US dollars that the asks cannot exceed in a batch. Raises HarnessError where the price is unknown."""
    require_price(provider)
    assert provider.price is not None
    share: float = getattr(provider, "batch_share", 1.0)
    return share * sum(ask.cost_at_most(provider.price) for ask in asks)


def set_aside(line: str, count: int, most: float, usd: float | None, ledger: Ledger | None) -> float:
    """The dollars, booked. Raises BudgetSpent where they could pass a bound."""
    fits = usd is None or most <= usd + DUST
    if not fits or not (ledger is None or ledger.set_aside(line, most)):
        bound = f"{usd:.6g} USD" if not fits else "what is left of the run's budget"
        raise BudgetSpent(f"a batch of {count} asks may cost {most:.6g} USD, more than {bound}", where=line, mend="Raise the budget or ask for less.")
    return most
