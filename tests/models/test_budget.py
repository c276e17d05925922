"""A run's budget is one, however many models and processes spend it, and none of them makes the call that could pass it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from faulty_server import MODEL, SUPPORT, FaultyServer, always, ask, provider_at
from harness.errors import HarnessError
from harness.models.api_responder import ApiResponder
from harness.models.budget import Ledger
from harness.models.chat import chat
from harness.models.prices import Price
from harness.models.request_pool import Asker
from harness.models.responder import Conversation, SamplingParams
from harness.models.response_cache import Replies

# A whole answer of 32 tokens costs a dollar, the 7 tokens that the server writes 0.21875.
PRICE, MOST, REAL = Price(0.0, 31250.0), 1.0, 0.21875
CHILD = """
import json, sys
import openai
from pathlib import Path
from types import SimpleNamespace
from faulty_server import ask, provider_at
from harness.errors import HarnessError
from harness.models.request_pool import Asker
from harness.models.budget import Ledger
from harness.models.prices import Price
from harness.models.response_cache import Replies
print("ready", flush=True)
sys.stdin.readline()
url, path, limit, first, calls = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
with Replies(path) as cache, Ledger(cache, "run", limit) as ledger:
    asker = Asker(provider_at(SimpleNamespace(url=url), "openai", price=Price(0.0, 31250.0)), cache, ledger=ledger, concurrency=8)
    try:
        asker.ask_all([ask(number) for number in range(first, first + calls)])
        refused = ""
    except HarnessError as error:
        refused = str(error)
print(json.dumps([asker.spent_usd, refused]))
"""

SNATCHER = """
import sys
from pathlib import Path
from harness.models.budget import Ledger
from harness.models.response_cache import Replies
print("ready", flush=True)
sys.stdin.readline()
held = refused = both = 0
with Replies(Path(sys.argv[1])) as cache, Ledger(cache, "run", 1.0) as ledger:
    while held < 5000:
        if ledger.set_aside("model", 1.0):
            held, both = held + 1, both + (ledger.booked() > 1.0)
            ledger.settle("model", 1.0, 0.0)
        else:
            refused += 1
print(held, refused, both)
"""


def child(server, path, limit, first, calls):
    """Another process that asks `calls` questions from number `first` on once `begin` lets it, within the run's limit (US dollars)."""
    words = [sys.executable, "-c", CHILD, server.url, str(path), str(limit), str(first), str(calls)]
    return subprocess.Popen(words, cwd=SUPPORT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def begin(*processes):
    """Lets them ask, all at the same time."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def asker_at(server, cache, ledger, **more):
    return Asker(provider_at(server, "openai", price=PRICE), cache, ledger=ledger, **more)


@pytest.fixture
def cache(tmp_path):
    """An empty cache."""
    with Replies(tmp_path / "replies.sqlite") as made:
        yield made


@pytest.mark.parametrize("concurrency", [1, 16])
def test_the_runs_budget_stops_before_the_call_that_would_pass_it(cache, concurrency):
    """Two askers of one run share its money; the second starts where the first stopped, and what was answered is kept."""
    with FaultyServer() as server, Ledger(cache, "run", 2.5) as ledger:
        asker_at(server, cache, ledger, concurrency=concurrency).ask_all([ask(number) for number in range(3)])
        assert ledger.booked() == pytest.approx(3 * REAL)
        with pytest.raises(HarnessError, match=r"the run's budget of 2\.5 USD would be passed: 1\.53125 booked, the next call may cost 1\."):
            asker_at(server, cache, ledger, concurrency=concurrency).ask_all([ask(number) for number in range(3, 20)])
        assert ledger.booked() == pytest.approx(7 * REAL) and sum(server.billed.values()) == 7 == len(cache)


def test_a_models_budget_stops_it_and_leaves_the_runs_to_others(cache):
    """The model's own bound is the smaller one here: its message names it, and another model of the run goes on."""
    with FaultyServer() as server, Ledger(cache, "run", 10.0) as ledger:
        with pytest.raises(HarnessError, match=r"the budget of 1\.3 USD would be passed: 0\.4375 spent"):
            asker_at(server, cache, ledger, budget_usd=1.3).ask_all([ask(number) for number in range(20)])
        assert sum(server.billed.values()) == 2
        asker_at(server, cache, ledger, budget_usd=5.0).ask_all([ask(number) for number in range(20, 24)])
        assert ledger.booked() == pytest.approx(6 * REAL)


def test_two_processes_share_one_budget_and_never_pass_it(cache):
    """Both spend until neither may make another call: together no more than the limit, and no less than the limit without one whole call."""
    limit = 24.0
    with FaultyServer(delay_s=0.05) as server:
        running = [child(server, cache.path, limit, first, 400) for first in (0, 1000)]
        begin(*running)
        highest, ledger = 0.0, Ledger(cache, "run", limit)
        while any(process.poll() is None for process in running):
            highest = max(highest, ledger.booked())
        told = [json.loads(process.communicate()[0]) for process in running]
        booked = ledger.booked()
        ledger.close()
    assert all("the run's budget of 24 USD would be passed" in refused for _, refused in told)
    assert highest <= limit + 1e-9 and booked == pytest.approx(sum(spent for spent, _ in told)) == pytest.approx(sum(server.billed.values()) * REAL)
    assert limit - MOST < booked <= limit
    assert all(spent > 0 for spent, _ in told)


def test_two_processes_never_both_hold_the_last_dollar(cache):
    """Looking what is left and booking it are one step: of two processes that snatch at the same dollar until each had it thousands of times, one has it at a
    time. Which of them is quicker is the kernel's choice."""
    running = [subprocess.Popen([sys.executable, "-c", SNATCHER, str(cache.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    begin(*running)
    told = [[int(number) for number in process.communicate()[0].split()] for process in running]
    assert all((held, both) == (5000, 0) for held, _, both in told)
    assert sum(refused for _, refused, _ in told) > 0  # they met
    with Ledger(cache, "run", 1.0) as ledger:
        assert ledger.booked() == 0.0


def test_a_killed_process_leaves_its_open_calls_booked(cache):
    """What was in flight at kill -9 may have been billed: it stays booked at its most, and the next process has that much less."""
    with FaultyServer(delay_s=30.0) as server, Ledger(cache, "run", 10.0) as ledger:
        process = child(server, cache.path, 10.0, 0, 100)
        begin(process)
        while sum(server.attempts.values()) < 8:
            time.sleep(0.01)
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert ledger.booked() == pytest.approx(8 * MOST)
        server.delay_s = 0.0
        with pytest.raises(HarnessError, match=r"the run's budget of 10 USD would be passed: 9\.\d* booked"):
            asker_at(server, cache, ledger).ask_all([ask(number) for number in range(200, 220)])
        assert 10.0 - MOST < ledger.booked() <= 10.0


def test_what_a_call_cost_is_booked_as_far_as_it_is_known(cache):
    """A call that was turned down cost nothing, one that timed out may have cost its most, and an answer from the cache is free."""
    with Ledger(cache, "run", 100.0) as ledger:
        with FaultyServer(always("400")) as server:
            asker_at(server, cache, ledger).ask_all([ask(1)])
        assert ledger.booked() == 0.0
        with FaultyServer(always("hang")) as server:
            Asker(provider_at(server, "openai", price=PRICE, timeout_s=0.2, max_retries=0), cache, ledger=ledger).ask_all([ask(1)])
        assert ledger.booked() == MOST
        with FaultyServer() as server:
            for _ in range(2):
                asker_at(server, cache, ledger).ask_all([ask(1)])
        assert ledger.booked() == pytest.approx(MOST + REAL)


def test_runs_do_not_pay_for_each_other(cache):
    """Each run has its own limit in the same file; opening a run's ledger again finds what it spent."""
    with Ledger(cache, "one", 1.0) as one, Ledger(cache, "two", 1.0) as two:
        assert one.set_aside("a", 0.75) and not one.set_aside("b", 0.5) and two.set_aside("a", 1.0)
        one.settle("a", 0.75, 0.25)
        assert one.set_aside("b", 0.5) and (one.booked(), two.booked()) == (0.75, 1.0)
    with Ledger(cache, "one", 1.0) as again:
        assert again.booked() == 0.75


def test_a_respondent_keeps_to_the_run_and_to_its_own_bound(tmp_path):
    """Through ApiRespondent: `usd` bounds one model, `run` all of them, over several gatherings."""
    asked = [Conversation(id=f"{number}", turns=tuple(chat(f"question {number}"))) for number in range(20)]
    with FaultyServer() as server:

        def respondent(**bounds):
            return ApiResponder(provider_at(server, "openai", price=PRICE), tmp_path / "replies.sqlite", SamplingParams(max_tokens=32), **bounds)

        with pytest.raises(HarnessError, match="the budget of 1 USD would be passed"):
            respondent(usd=1.0, run=("run", 2.0)).answers(asked)
        assert server.billed.total() == 1
        with pytest.raises(HarnessError, match=f"{MODEL}.*the run's budget of 2 USD would be passed"):
            respondent(run=("run", 2.0)).answers(asked)
        assert server.billed.total() == 5
        with pytest.raises(HarnessError, match="the run's budget of 2 USD would be passed"):
            respondent(run=("run", 2.0)).answers(asked)
        assert server.billed.total() == 5
        assert len(respondent(run=("another run", 100.0)).answers(asked)) == 20
    assert set(server.billed.values()) == {1}
