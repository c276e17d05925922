"""Hundreds of calls, a fifth of which fail: none lost, none twice, none billed twice; and kills in a row cost no more than the calls in flight. Ten
thousand calls and twenty kills in `make chaos`."""

from __future__ import annotations

import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter

import pytest

from faulty_server import FAULT_TEXT, SUPPORT, TOKENS, FaultyServer, ask, provider_at, said
from harness.models.prices import Price
from harness.models.request_pool import Asker
from harness.models.response_cache import Replies
from tries import tries

# Of each vendor.
CALLS = tries(300, 5000)
KILLS = tries(6, 20)
FAULTS = ("429", "500", "hang", "cut", "malformed", "no_choices", "wrong_model")
# Those that the client tries again by itself, once: half of them are over by then.
TRIED_AGAIN = ("429", "500", "hang", "cut")
PRICE = Price(1000.0, 2000.0)
EACH = PRICE.cost(TOKENS["input"], TOKENS["output"])
# Seconds; the SDKs' own first pause is at most half of one.
RETRY_AFTER = 1.0
IN_FLIGHT = 16
CHILD = """
import sys
from pathlib import Path
from types import SimpleNamespace
from faulty_server import ask, provider_at
from harness.models.request_pool import Asker
from harness.models.response_cache import Replies
url, path, calls = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
with Replies(path) as cache:
    Asker(provider_at(SimpleNamespace(url=url), "openai"), cache).ask_all([ask(number) for number in range(calls)], lambda done, total: print(done, flush=True))
"""


def number_of(prompt):
    return int(prompt.rpartition(" ")[2])


def fault_of(number):
    """(the fault that the first attempts meet, how many they are): every fifth call has one, by turns."""
    turn, struck = divmod(number, 5)
    if struck:
        return "ok", 0
    fault = FAULTS[turn % len(FAULTS)]
    return fault, 2 if fault in TRIED_AGAIN and turn // len(FAULTS) % 2 else 1


def plan(prompt, attempt):
    fault, attempts = fault_of(number_of(prompt))
    return fault if attempt < attempts else "ok"


def left_after_one_run(number):
    """True where the first run cannot get an answer: what the SDK does not try again, or what failed twice."""
    fault, attempts = fault_of(number)
    return attempts == 2 or (attempts == 1 and fault not in TRIED_AGAIN)


@pytest.mark.chaos
@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_many_calls_a_fifth_of_them_faulty(vendor, tmp_path):
    """Every ask has its answer or a named error, each good answer was made and billed once, and a second run asks for nothing but what is left."""
    asks, left = [ask(number) for number in range(CALLS)], [number for number in range(CALLS) if left_after_one_run(number)]
    with FaultyServer(plan) as server, Replies(tmp_path / "replies.sqlite") as cache:
        server.retry_after = str(RETRY_AFTER)
        provider = provider_at(server, vendor, price=PRICE, timeout_s=4.0, max_retries=1)
        asker = Asker(provider, cache, concurrency=64)
        first = asker.ask_all(asks)
        assert [number for number, answer in enumerate(first) if answer.status != "ok"] == left
        assert all(first[number].text == "" and named(first[number]) for number in left)
        asked_before = server.attempts.copy()
        again = asker.ask_all(asks)
    assert server.attempts - asked_before == Counter(f"question {number}" for number in left)
    assert [answer.text for answer in again] == [said(f"question {number}") for number in range(CALLS)]
    assert server.billed == Counter(f"question {number}" for number in range(CALLS))
    fresh = [answer for answer in [*first, *again] if answer.status == "ok" and not answer.cached]
    assert len(fresh) == CALLS and sum(answer.usd for answer in fresh) == pytest.approx(CALLS * EACH)
    assert all(answer.usd == 0.0 for answer in again if answer.cached)
    assert not any(FAULT_TEXT in answer.text for answer in [*first, *again])
    pauses = [later - sooner for prompt, (sooner, later, *_) in twice(server.times) if fault_of(number_of(prompt))[0] == "429"]
    assert len(pauses) >= CALLS // 40 and min(pauses) >= RETRY_AFTER
    others = [later - sooner for prompt, (sooner, later, *_) in twice(server.times) if fault_of(number_of(prompt))[0] == "500"]
    assert statistics.median(others) < RETRY_AFTER  # or the 429s would have waited so long anyway


def named(answer):
    """True for an error that has a class, and for an answer without a word, whose status says so."""
    return answer.status == "empty" or (answer.status == "error" and answer.error.partition(":")[0].isidentifier())


def twice(times):
    return [(prompt, when) for prompt, when in times.items() if len(when) > 1]


@pytest.mark.chaos
def test_kills_bill_no_more_than_the_calls_in_flight(tmp_path):
    """kill -9 at any moment, again and again: the cache is whole after each, no answer that it holds is asked for again, and each kill loses at most the
    calls that were in flight."""
    path, calls, rng = tmp_path / "replies.sqlite", 100 * KILLS, random.Random(1)
    kept_then: set[str] = set()
    with FaultyServer(delay_s=0.02) as server:
        for _ in range(KILLS):
            before, answers = server.billed.copy(), rng.randint(20, 60)
            kept = killed_once(server, path, calls, answers)
            assert kept_then <= kept and len(kept) < calls
            assert len(kept) - len(kept_then) >= answers, "an answer was handed on before it was kept"
            assert not set(server.billed - before) & kept_then, "an answer that was kept was asked for again"
            assert sum((server.billed - before).values()) - (len(kept) - len(kept_then)) <= IN_FLIGHT
            kept_then = kept
        with Replies(path) as cache:
            final = Asker(provider_at(server, "openai"), cache).ask_all([ask(number) for number in range(calls)])
    assert [answer.text for answer in final] == [said(f"question {number}") for number in range(calls)]
    assert sum(answer.cached for answer in final) == len(kept_then) > KILLS * 20
    assert sum(server.billed.values()) - calls <= KILLS * IN_FLIGHT


def killed_once(server, path, calls, answers):
    """Starts a process that asks, kills it after so many fresh answers, and waits for the server; the prompts in the cache, which must be whole."""
    words = [sys.executable, "-c", CHILD, server.url, str(path), str(calls)]
    with subprocess.Popen(words, cwd=SUPPORT, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(answers):
            assert process.stdout.readline(), "the process ended by itself"
        process.send_signal(signal.SIGKILL)
    time.sleep(0.1)  # the server ends what it had begun
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        texts = [row[0] for row in db.execute("SELECT json_extract(answer, '$.text') FROM replies")]
    finally:
        db.close()
    prompts = {text.removeprefix("answer to ").partition("\u2028")[0] for text in texts}
    assert len(prompts) == len(texts)
    return prompts
