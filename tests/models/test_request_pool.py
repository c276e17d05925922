"""Hundreds of asks through a server that misbehaves: none lost, none twice, none billed twice, however the process ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from faulty_server import FAULT_TEXT, LASTING, PASSING, SUPPORT, FaultyServer, ask, provider_at, said, seeded
from harness.errors import HarnessError
from harness.models.prices import Price
from harness.models.provider import Answer
from harness.models.request_pool import Asker
from harness.models.response_cache import Replies

KEY = "sk-fake-0123456789abcdef"
# A whole answer of 32 tokens costs a dollar, the 7 tokens that the server writes 0.21875.
PRICE = Price(0.0, 31250.0)
CHILD = """
import json, sys
from types import SimpleNamespace
from pathlib import Path
from faulty_server import ask, provider_at
from harness.models.request_pool import Asker
from harness.models.response_cache import Replies
url, path, calls = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
with Replies(path) as cache:
    answers = Asker(provider_at(SimpleNamespace(url=url), "openai"), cache).ask_all([ask(number) for number in range(calls)])
print(json.dumps([[answer.status, answer.text] for answer in answers]))
"""


def child(server, path, calls):
    """Another process that asks the same server through the same cache."""
    environ = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    return subprocess.Popen([sys.executable, "-c", CHILD, server.url, str(path), str(calls)], env=environ, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def cache(tmp_path):
    """An empty cache."""
    with Replies(tmp_path / "replies.sqlite") as made:
        yield made


@pytest.mark.parametrize(("vendor", "calls"), [("openai", 300), ("anthropic", 100)])
def test_hundreds_of_calls_a_fifth_of_them_faulty(vendor, calls, cache, tmp_path, monkeypatch):
    """Each answer stands at its place; a second run asks only for what is left; the key is in no file."""
    monkeypatch.setenv("HARNESS_TEST_KEY", KEY)
    asks = [ask(number) for number in range(calls)]
    with FaultyServer(seeded(1, 0.2, PASSING + LASTING)) as server:
        asker, ticks = Asker(provider_at(server, vendor, timeout_s=1.5), cache), []
        first = asker.ask_all(asks, lambda done, total: ticks.append((done, total)))
        lost = [number for number, answer in enumerate(first) if answer.status != "ok"]
        assert ticks == [(done, calls) for done in range(1, calls + 1)]
        assert all(answer.text == said(f"question {number}") for number, answer in enumerate(first) if number not in lost)
        assert 0 < len(lost) < calls * 0.2 and all(first[number].text == "" for number in lost)
        again = asker.ask_all(asks)
    assert [answer.text for answer in again] == [said(f"question {number}") for number in range(calls)]
    assert [answer.cached for answer in again] == [number not in lost for number in range(calls)]
    assert server.billed == Counter(f"question {number}" for number in range(calls))
    assert cache.hits == calls - len(lost) == sum(answer.usd == 0.0 for answer in again)
    assert server.keys == {KEY}
    assert not any(KEY.encode() in file.read_bytes() for file in tmp_path.iterdir())
    assert not any(FAULT_TEXT in answer.text for answer in [*first, *again])


def test_equal_asks_are_asked_once(cache):
    """Equal asks share an answer, replicates do not."""
    with FaultyServer() as server:
        answers = Asker(provider_at(server, "openai"), cache).ask_all([ask(1), ask(1), ask(1, replicate=1), ask(1)])
    assert server.billed["question 1"] == 2 and len({answer.text for answer in answers}) == 1


def test_a_killed_run_is_taken_up_and_pays_for_nothing_twice(tmp_path):
    """After kill -9 in the middle, what reached the client's disk is not asked again; no more than the calls in flight are billed again."""
    path, calls = tmp_path / "replies.sqlite", 120
    with FaultyServer(delay_s=0.05) as server:
        process = child(server, path, calls)
        while sum(server.billed.values()) < 40:
            time.sleep(0.01)
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        time.sleep(0.2)  # the server ends what it had begun
        with Replies(path) as cache:
            kept, before = len(cache), sum(server.billed.values())
            answers = Asker(provider_at(server, "openai"), cache).ask_all([ask(number) for number in range(calls)])
    assert 20 < kept < calls and before < calls
    assert [answer.text for answer in answers] == [said(f"question {number}") for number in range(calls)]
    assert sum(answer.cached for answer in answers) == kept
    assert sum(server.billed.values()) - before == calls - kept
    assert sum(server.billed.values()) - calls <= 16


def test_two_processes_share_a_cache_and_the_work(tmp_path):
    """Asking the same at the same time, two processes get the same answers and each is billed once."""
    with FaultyServer(delay_s=0.02) as server:
        told = [process.communicate()[0] for process in [child(server, tmp_path / "replies.sqlite", 60) for _ in range(2)]]
    assert json.loads(told[0]) == json.loads(told[1]) == [["ok", said(f"question {number}")] for number in range(60)]
    assert server.billed == Counter(f"question {number}" for number in range(60))


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_budget_stops_before_the_call_that_would_pass_it(cache, concurrency):
    """Calls go out while one more whole answer still fits; what was answered is kept, and a larger budget goes on from there."""
    asks = [ask(number) for number in range(20)]
    with FaultyServer() as server:
        asker = Asker(provider_at(server, "openai", price=PRICE), cache, concurrency=concurrency, budget_usd=2.5)
        with pytest.raises(HarnessError, match=r"budget of 2\.5 USD would be passed: 1\.53125 spent, the next call may cost 1\."):
            asker.ask_all(asks)
        assert sum(server.billed.values()) == 7 and asker.spent_usd == pytest.approx(7 * 0.21875)
        with pytest.raises(HarnessError, match="budget"):
            asker.ask_all(asks)  # what was spent stays spent
        assert sum(server.billed.values()) == 7
        Asker(provider_at(server, "openai", price=PRICE), cache, budget_usd=100.0).ask_all(asks)
    assert set(server.billed.values()) == {1}


def test_a_timeout_counts_against_the_budget(cache):
    """Whether a call that timed out was billed nobody knows, so it is booked at its most."""
    with FaultyServer(lambda prompt, attempt: "hang") as server:
        asker = Asker(provider_at(server, "openai", price=PRICE, max_retries=0, timeout_s=0.2), cache, budget_usd=2.5)
        with pytest.raises(HarnessError, match="2 spent"):
            asker.ask_all([ask(number) for number in range(5)])
    assert sum(server.attempts.values()) == 2 and asker.spent_usd is None


def test_a_budget_without_a_price_is_refused(cache):
    """A bound that cannot be kept is not promised; without it an unknown price is unknown, not zero."""
    with FaultyServer() as server:
        provider = provider_at(server, "openai")
        with pytest.raises(HarnessError, match="the price of this model is unknown"):
            Asker(provider, cache, budget_usd=1.0).ask_all([ask(1)])
        assert not server.attempts
        asker = Asker(provider, cache)
        assert asker.ask_all([ask(1)])[0].usd is None and asker.spent_usd is None


def test_offline_answers_from_the_cache_or_says_what_is_missing(cache):
    """What is kept needs no server; what is not is counted and the first of it shown."""
    with FaultyServer() as server:
        online = Asker(provider_at(server, "openai"), cache).ask_all([ask(1), ask(2)])
        offline = Asker(provider_at(server, "openai"), cache, offline=True)
    assert [answer.text for answer in offline.ask_all([ask(2), ask(1)])] == [online[1].text, online[0].text]
    with pytest.raises(HarnessError, match=r"2 of 3 answers are not in the cache .*; the first: 'question 8'"):
        offline.ask_all([ask(1), ask(8), ask(9)])


def test_too_many_broken_answers_are_refused(cache):
    """Beyond the allowed share the line counts what is missing by class; a refusal and a cut answer are answers."""
    with FaultyServer() as server:
        asker = Asker(provider_at(server, "openai"), cache, max_error_rate=0.25)
    good, refused = Answer(status="ok", text="x"), Answer(status="refused")
    broken = Answer(status="error", error="APITimeoutError: Request timed out.")
    asker.refuse_if_broken([good, refused, Answer(status="truncated"), broken])
    with pytest.raises(HarnessError, match=r"3 of 4 answers are missing \(APITimeoutError 2, empty 1\), more than the 25\.0% allowed"):
        asker.refuse_if_broken([good, broken, broken, Answer(status="empty")])


def test_a_failing_tick_loses_no_answer(cache):
    """An exception stops the asking, but calls under way end and are kept."""
    with FaultyServer(delay_s=0.02) as server:
        with pytest.raises(ZeroDivisionError):
            Asker(provider_at(server, "openai"), cache, concurrency=4).ask_all([ask(number) for number in range(40)], lambda done, total: 1 / 0)
        assert sum(server.billed.values()) == len(cache) <= 8


def test_asking_inside_a_loop_is_told(cache):
    """An event loop of the caller's is named as the mistake that it is, and nothing is left unawaited."""
    with FaultyServer() as server:
        asker = Asker(provider_at(server, "openai"), cache)

        async def inside():
            with pytest.raises(HarnessError, match="cannot be called inside one"):
                asker.ask_all([ask(1)])
            return await asyncio.to_thread(asker.ask_all, [ask(1)])

        assert asyncio.run(inside())[0].status == "ok"
    with pytest.raises(HarnessError, match="concurrency=0"):
        Asker(provider_at(server, "openai"), cache, concurrency=0)
