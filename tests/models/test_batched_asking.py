"""Respondents behind an API asked through its batch endpoint: the same answers, half the price, within the budgets of single calls."""

from __future__ import annotations

import pytest

from asking_room import AskingRoom, answer_of
from faulty_server import FaultyServer, provider_at, said
from harness.errors import HarnessError
from harness.models.api_responder import ApiResponder
from harness.models.batches import Batches
from harness.models.budget import Ledger
from harness.models.chat import chat
from harness.models.prices import Price
from harness.models.provider import provider_for
from harness.models.request_pool import BudgetSpent
from harness.models.responder import Conversation, SamplingParams
from harness.models.response_cache import Replies

VENDORS = ["openai", "anthropic"]
# An answer of 32 tokens costs a dollar, in a batch half of it; the 7 tokens that the server writes 0.109375 in a batch.
PRICE, REAL = Price(0.0, 31250.0), 0.109375
ASKED = [Conversation(id=f"t{number}", turns=tuple(chat(f"question {number}"))) for number in range(4)]
TEXTS = [said(f"question {number}") for number in range(4)]


def responder_at(server, tmp_path, vendor="openai", price=None, **more) -> ApiResponder:
    return ApiResponder(provider_at(server, vendor, price=price), tmp_path / "r.sqlite", SamplingParams(max_tokens=32), batch=True, poll_s=0.01, **more)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_respondent_is_asked_in_one_batch_at_half_the_price(vendor, tmp_path):
    """Answers stand in order; the next run, batched or not, asks nothing, and the description is that of single calls."""
    with FaultyServer() as server:
        server.polls_needed, ticks = 2, []
        responder = responder_at(server, tmp_path, vendor, Price(1.0, 2.0))
        answers = responder.answers(ASKED, lambda done, total: ticks.append((done, total)))
        assert [answer.text for answer in answers] == TEXTS and all(answer.usd == pytest.approx(12.5e-6) for answer in answers)
        assert len(server.batches) == 1 and not server.bodies and ticks[-1] == (4, 4)
        single = ApiResponder(provider_at(server, vendor), tmp_path / "r.sqlite", SamplingParams(max_tokens=32))
        assert [[answer.text for answer in one.answers(ASKED)] for one in (responder, single)] == [TEXTS, TEXTS]
        assert responder.describe() == single.describe() and len(server.batches) == 1 and not server.bodies
    offline = responder_at(server, tmp_path, vendor, offline=True)
    assert [answer.text for answer in offline.answers(ASKED)] == TEXTS


def test_a_batch_fits_the_budget_before_it_is_sent(tmp_path):
    """Four answers may cost two dollars in a batch: with less nothing is sent, with enough what they did cost is booked."""
    with FaultyServer() as server:
        for bound in ({"usd": 1.9}, {"run": ("run", 1.9)}):
            with pytest.raises(BudgetSpent, match="a batch of 4 asks may cost 2 USD, more than"):
                responder_at(server, tmp_path, price=PRICE, **bound).answers(ASKED)
        with pytest.raises(HarnessError, match="the price of this model is unknown"):
            responder_at(server, tmp_path, usd=9.0).answers(ASKED)
        assert not server.batches
        assert len(responder_at(server, tmp_path, price=PRICE, usd=2.0, run=("run", 2.0)).answers(ASKED)) == 4
        with Replies(tmp_path / "r.sqlite") as cache, Ledger(cache, "run", 2.0) as ledger:
            assert ledger.booked() == pytest.approx(4 * REAL)


def test_what_a_killed_run_had_sent_is_collected_and_not_booked_again(tmp_path):
    """Its own booking stays; a budget of nothing is enough to collect what is paid for."""
    with FaultyServer() as server:
        responder = responder_at(server, tmp_path, price=PRICE, run=("later", 0.0))
        with Replies(tmp_path / "r.sqlite") as cache:
            Batches(responder.provider, cache).submit([responder.ask(one) for one in ASKED])
        assert [answer.text for answer in responder.answers(ASKED)] == TEXTS and len(server.batches) == 1
        with Replies(tmp_path / "r.sqlite") as cache, Ledger(cache, "later", 0.0) as ledger:
            assert ledger.booked() == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_was_never_sent_is_not_booked(vendor, tmp_path):
    """A key that is no good: the money is there for the next try."""
    with FaultyServer() as server:
        server.refuse_batches = True
        with pytest.raises(HarnessError, match="the batch endpoint failed: AuthenticationError"):
            responder_at(server, tmp_path, vendor, price=PRICE, run=("run", 2.0)).answers(ASKED)
        server.refuse_batches = False
        with Replies(tmp_path / "r.sqlite") as cache, Ledger(cache, "run", 2.0) as ledger:
            assert ledger.booked() == 0
        assert len(responder_at(server, tmp_path, vendor, price=PRICE, run=("run", 2.0)).answers(ASKED)) == 4


def test_an_answer_that_a_batch_lost_is_an_error_of_unknown_cost(tmp_path):
    """All that was set aside stays booked then; the others are there."""
    with FaultyServer(lambda prompt, attempt: "lost" if prompt == "question 1" else "ok") as server:
        answers = responder_at(server, tmp_path, price=PRICE, run=("run", 2.0)).answers(ASKED)
    assert [answer.status for answer in answers] == ["ok", "error", "ok", "ok"] and answers[1].error.startswith("BatchLost")
    with Replies(tmp_path / "r.sqlite") as cache, Ledger(cache, "run", 2.0) as ledger:
        assert ledger.booked() == pytest.approx(2.0)


def test_more_than_a_batch_takes_goes_out_one_after_another(tmp_path, monkeypatch):
    """The second is made when the first is back; the count goes on, and the budget held all of it from the start."""
    monkeypatch.setattr("harness.models.batches.MOST_ASKS", 3)
    ticks = []
    with FaultyServer() as server:
        answers = responder_at(server, tmp_path, price=PRICE, run=("run", 2.0)).answers(ASKED, lambda done, total: ticks.append((done, total)))
        first, second = server.batches.values()
    assert [answer.text for answer in answers] == TEXTS and [len(batch["requests"]) for batch in (first, second)] == [3, 1]
    assert first["ended"] <= second["made"] and ticks == [(3, 4), (4, 4)]
    with Replies(tmp_path / "r.sqlite") as cache, Ledger(cache, "run", 2.0) as ledger:
        assert ledger.booked() == pytest.approx(4 * REAL)


def test_who_has_no_batch_endpoint_is_told_where_it_is_opened(tmp_path):
    provider = provider_for("vllm/m@http://localhost:1/v1")
    with pytest.raises(HarnessError, match="this provider has no batch endpoint"):
        ApiResponder(provider, tmp_path / "r.sqlite", SamplingParams(max_tokens=9), batch=True)
    assert ApiResponder(provider, tmp_path / "r.sqlite", SamplingParams(max_tokens=9), batch=True, offline=True).batch is False


def test_the_setting_sends_what_ask_puts_to_the_model_in_batches(tmp_path):
    """One batch for each ask, with all of its questions; nothing is asked call by call, and the scores are those of single calls."""
    room = AskingRoom(tmp_path)
    with FaultyServer(speak=answer_of) as server:
        room.settings.update({"model": f"openai/test-1@{server.url}/v1", "batches": True})
        cell = room.cell()
    assert cell["verdict"] == "supported", cell["reason"]
    assert [len(batch["requests"]) for batch in server.batches.values()] == [6, 6] and not server.bodies
    room.settings["batches"] = "yes, please"
    assert "setting batches" in room.cell()["reason"]
