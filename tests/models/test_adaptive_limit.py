"""A server that takes fewer calls at a time than are wanted is asked less, and more again once it answers; no answer is lost by it."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta

import pytest

from faulty_server import FaultyServer, ask, provider_at, said
from harness.models.adaptive_limit import LONGEST, AdaptiveLimit, asked_pause, seconds_until
from harness.models.request_pool import Asker
from harness.models.response_cache import Replies

VENDORS = ["openai", "anthropic"]


def test_it_halves_once_for_each_crowd_and_climbs_by_one_for_each_round_of_answers():
    """Calls that were under way before the cut say nothing new; one that began after it does; one is always left."""
    limit, early = AdaptiveLimit(), time.monotonic()
    limit.under_way = 16
    for _ in range(3):
        limit.note(429, {}, early)
    assert limit.limit == 8
    limit.note(529, {}, time.monotonic())
    assert limit.limit == 4
    for _ in range(4):
        limit.note(200, {}, early)
    assert 4.8 < limit.limit < 5.1
    for _ in range(9):
        limit.note(429, {}, time.monotonic())
    assert limit.limit == 1


def test_it_bounds_nothing_until_there_is_a_complaint():
    """A run begins with as many calls as were asked for; what a server refuses for other reasons is no complaint of this kind."""
    limit = AdaptiveLimit()
    for status in (200, 400, 401, 500):
        limit.note(status, {}, time.monotonic())
    assert limit.limit == math.inf


def test_no_more_are_let_in_than_the_limit():
    async def crowd():
        limit, seen = AdaptiveLimit(), []
        limit.limit = 3.9

        async def call():
            async with limit:
                seen.append(limit.under_way)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(call() for _ in range(12)))
        return seen

    assert max(asyncio.run(crowd())) == 3


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (200, {}, 0),
        (429, {"retry-after": "3"}, 3),
        (429, {"retry-after-ms": "250", "retry-after": "0"}, 0.25),
        (200, {"retry-after": "3"}, 0),
        (200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, 90),
        (200, {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        (200, {"x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": "20s"}, 0),
        (200, {"x-ratelimit-remaining-requests": "0"}, 0),
        (429, {"retry-after": "nan"}, 0),
        (429, {"retry-after": "soon"}, 0),
    ],
)
def test_what_a_server_asks_for_is_read(status, headers, seconds):
    assert asked_pause(status, headers) == pytest.approx(seconds)


def test_a_time_of_day_is_read_and_a_long_pause_is_bounded():
    """Anthropic writes when a limit is reset; a server that asks for a day is asked again after two minutes."""
    at = (datetime.now(UTC) + timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    assert asked_pause(200, {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": at}) == pytest.approx(30, abs=1)
    assert seconds_until("2026-11-18") == 0 and asked_pause(429, {"anthropic-ratelimit-requests-remaining": "0"}) == 0
    limit = AdaptiveLimit()
    limit.note(429, {"retry-after": "86400"}, time.monotonic())
    assert limit.resume_at <= time.monotonic() + LONGEST


def turned_down(vendor, folder) -> tuple[int, list[str]]:
    """How many calls a server turns down that takes three at a time, where sixteen are wanted, and what it answers to sixty questions."""
    folder.mkdir()
    with FaultyServer(delay_s=0.03) as server, Replies(folder / "r.sqlite") as cache:
        server.capacity = 3
        answers = Asker(provider_at(server, vendor, max_retries=9), cache, concurrency=16).ask_all([ask(number) for number in range(60)])
    assert set(server.billed.values()) == {1}
    return len(server.crowds) - 60, [answer.text for answer in answers]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_crowded_server_turns_fewer_calls_down(vendor, tmp_path, monkeypatch):
    """The crowd shrinks with its complaints, and nobody is left without an answer: 41 of 101 calls were turned down where it had been 81 to 94 of 154."""
    adapted, answers = turned_down(vendor, tmp_path / "adapted")
    assert answers == [said(f"question {number}") for number in range(60)]
    monkeypatch.setattr(AdaptiveLimit, "note", lambda *_: None)
    assert 0 < adapted < 0.9 * turned_down(vendor, tmp_path / "fixed")[0]


def test_a_server_that_has_room_again_is_asked_more(tmp_path):
    """The limit climbs while answers come."""
    with FaultyServer(delay_s=0.02) as server, Replies(tmp_path / "r.sqlite") as cache:
        server.capacity = 1

        def tick(done, total):
            server.capacity = 1 if done < 10 else None

        Asker(provider_at(server, "openai", max_retries=9), cache, concurrency=12).ask_all([ask(number) for number in range(120)], tick)
    assert max(server.crowds[-40:]) >= 5


def test_a_spent_limit_is_waited_for_before_it_is_met(tmp_path):
    """The server says that nothing is left until half a second from now: the next call comes then, and none is turned down."""
    with FaultyServer() as server, Replies(tmp_path / "r.sqlite") as cache:
        server.more_headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "500ms"}
        Asker(provider_at(server, "openai"), cache, concurrency=1).ask_all([ask(1), ask(2)])
    [first], [second] = server.times["question 1"], server.times["question 2"]
    assert 0.45 < second - first < 5
