"""Batches of both vendors: answered once, paid once, and taken up again wherever the process was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from faulty_server import FAULT_TEXT, SUPPORT, FaultyServer, ask, provider_at, said
from harness.errors import HarnessError
from harness.models.batches import Batches, parts
from harness.models.prices import Price
from harness.models.provider import provider_for
from harness.models.request_pool import Asker
from harness.models.response_cache import Replies

VENDORS = ["openai", "anthropic"]
ASKS = [ask(number) for number in range(6)]
TEXTS = [said(f"question {number}") for number in range(6)]
CHILD = """
import sys
from pathlib import Path
from types import SimpleNamespace
from faulty_server import ask, provider_at, said
from harness.models.batches import Batches
from harness.models.response_cache import Replies
url, vendor, path = sys.argv[1:]
batches = Batches(provider_at(SimpleNamespace(url=url), vendor), Replies(Path(path)))
asks = [ask(number) for number in range(6)]
print(*batches.submit(asks), flush=True)
batches.collect(asks, interval_s=60)
"""


@pytest.fixture
def cache(tmp_path):
    """An empty cache."""
    with Replies(tmp_path / "replies.sqlite") as made:
        yield made


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_batch_answers_in_order_at_half_the_price(vendor, cache):
    """Answers stand at their places, equal asks share one, and single calls find them in the cache."""
    with FaultyServer() as server:
        server.polls_needed = 3
        provider = provider_at(server, vendor, price=Price(1.0, 2.0))
        batches, ticks = Batches(provider, cache), []
        assert len(batches.submit([*ASKS, ASKS[0]])) == 1
        answers = batches.collect([*ASKS, ASKS[0]], interval_s=0.01, tick=lambda done, total: ticks.append((done, total)))
        assert [answer.text for answer in answers] == [*TEXTS, TEXTS[0]]
        assert all(answer.usd == pytest.approx(12.5e-6) for answer in answers)
        assert ticks == [(0, 6), (0, 6), (6, 6)]
        assert all(answer.cached for answer in Asker(provider, cache).ask_all(ASKS))
        assert batches.submit(ASKS) == [] and all(answer.cached for answer in batches.collect(ASKS))
    assert len(server.batches) == 1 and set(server.billed.values()) == {1}


@pytest.mark.parametrize("vendor", VENDORS)
def test_equal_asks_are_not_sent_twice(vendor, cache):
    """What is answered or lies in a batch already is left out of the next one."""
    with FaultyServer() as server:
        provider = provider_at(server, vendor)
        Asker(provider, cache).ask_all(ASKS[:1])
        batches = Batches(provider, cache)
        first = batches.submit(ASKS[:3])
        both = batches.submit(ASKS)
        with pytest.raises(HarnessError, match="5 of 6 asks were sent in a batch"):
            Asker(provider, cache).ask_all(ASKS)
        assert set(first) < set(both) and len(both) == 2 and batches.submit(ASKS) == both
        assert [answer.text for answer in batches.collect(ASKS, interval_s=0.01)] == TEXTS
    assert sorted(len(batch["requests"]) for batch in server.batches.values()) == [2, 3]
    assert set(server.billed.values()) == {1}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_kill_between_submit_and_collect_costs_nothing(vendor, tmp_path):
    """The next process finds the batch that the killed one sent."""
    path = tmp_path / "replies.sqlite"
    with FaultyServer() as server:
        server.polls_needed = 2
        command = [sys.executable, "-c", CHILD, server.url, vendor, str(path)]
        with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(SUPPORT)}, stdout=subprocess.PIPE, text=True) as process:
            sent = process.stdout.readline().split()
            process.send_signal(signal.SIGKILL)
        with Replies(path) as cache:
            batches = Batches(provider_at(server, vendor), cache)
            assert batches.submit(ASKS) == sent
            assert [answer.text for answer in batches.collect(ASKS, interval_s=0.01)] == TEXTS
    assert len(server.batches) == 1 and set(server.billed.values()) == {1}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_batch_whose_id_was_never_heard_is_found(vendor, cache):
    """The server took the batch but its reply was lost: the next submit looks there first, past other people's batches, and sends nothing."""
    with FaultyServer() as server:
        with Replies(cache.path.with_name("other.sqlite")) as other:
            for first in (50, 60):
                Batches(provider_at(server, vendor), other).submit([ask(number) for number in range(first, first + 6)])
            Batches(provider_at(server, vendor), other).submit([ask(99)])
        batches = Batches(provider_at(server, vendor), cache)
        server.lose_reply_of_batch = True
        with pytest.raises(HarnessError, match="the batch endpoint failed: APIConnectionError"):
            batches.submit(ASKS)
        assert len(batches.submit(ASKS)) == 1
        assert [answer.text for answer in batches.collect(ASKS, interval_s=0.01)] == TEXTS
    assert len(server.batches) == 4 and all(server.billed[f"question {number}"] == 1 for number in range(6))


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_a_batch_broke_on_or_lost_may_be_sent_again(vendor, cache):
    """A request that broke and one without a result are errors without a text; the next batch holds these two alone."""
    struck = {"question 1": "500", "question 4": "lost"}
    with FaultyServer(lambda prompt, attempt: struck.get(prompt, "ok") if attempt == 0 else "ok") as server:
        batches = Batches(provider_at(server, vendor), cache)
        batches.submit(ASKS)
        first = batches.collect(ASKS, interval_s=0.01)
        assert [answer.status for answer in first] == ["ok", "error", "ok", "ok", "error", "ok"]
        assert first[1].error.startswith("BatchError") and first[4].error.startswith("BatchLost")
        assert not any(FAULT_TEXT in answer.text for answer in first)
        with pytest.raises(HarnessError, match="2 of 6 asks are in no batch"):
            batches.collect(ASKS)
        batches.submit(ASKS)
        assert [answer.text for answer in batches.collect(ASKS, interval_s=0.01)] == TEXTS
    assert sorted(len(batch["requests"]) for batch in server.batches.values()) == [2, 6]


def test_a_batch_that_takes_too_long_is_left_for_later(cache):
    """After the time given the line says how many are still out, and nothing is forgotten."""
    with FaultyServer() as server:
        server.polls_needed = 4
        batches = Batches(provider_at(server, "openai"), cache)
        batches.submit(ASKS)
        with pytest.raises(HarnessError, match="6 of 6 asks are still in a batch"):
            batches.collect(ASKS, interval_s=0.05, timeout_s=0.01)
        assert [answer.text for answer in batches.collect(ASKS, interval_s=0.01)] == TEXTS


def test_who_has_no_batch_endpoint_is_told(cache):
    """A server of one's own answers single calls only."""
    with pytest.raises(HarnessError, match="no batch endpoint"):
        Batches(provider_for("vllm/m@http://localhost:1/v1"), cache)


def test_a_batch_that_failed_tells_its_own_error(cache):
    """Each of its asks has it; nothing was billed, nothing is kept, and all of it may be sent again."""
    with FaultyServer() as server:
        batches, server.batch_failure = Batches(provider_at(server, "openai", price=Price(1.0, 2.0)), cache), "Enqueued token limit reached for test-1"
        batches.submit(ASKS)
        answers = batches.collect(ASKS, interval_s=0.01)
        assert {(answer.status, answer.error, answer.usd) for answer in answers} == {("error", f"BatchFailed: {server.batch_failure}", 0.0)}
        server.batch_failure = ""
        batches.submit(ASKS)
        assert [answer.text for answer in batches.collect(ASKS, interval_s=0.01)] == TEXTS
    assert len(server.batches) == 2


def test_large_work_goes_out_in_parts(monkeypatch):
    """Neither more asks nor more bytes than a batch takes, and none is left behind."""
    monkeypatch.setattr("harness.models.batches.MOST_ASKS", 4)
    assert [len(part) for part in parts({str(number): ask(number) for number in range(10)})] == [4, 4, 2]
    monkeypatch.setattr("harness.models.batches.MOST_BYTES", 1)
    assert [len(part) for part in parts({str(number): ask(number) for number in range(3)})] == [1, 1, 1]
