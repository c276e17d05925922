"""What is known of models is data with a date: it decides what they are sent and what they cost, and of unknown ones nothing is assumed."""

from __future__ import annotations

import asyncio
import datetime

import pytest

from faulty_server import APART, FaultyServer, always, ask, provider_at
from harness.errors import HarnessError
from harness.models.api_responder import ApiResponder
from harness.models.capabilities import EFFORTS, find_capabilities, list_price, vendors_known
from harness.models.prices import Long, Price, Tokens, cost
from harness.models.provider import Answer, provider_for
from harness.models.responder import Conversation, Message, SamplingParams

VENDORS = ["openai", "anthropic"]
LISTED = [pytest.param(vendor, name, about, id=name) for vendor, known in vendors_known().items() for name, about in known.models.items()]


def once(provider, question) -> Answer:
    async def run():
        try:
            return await provider.ask(question)
        finally:
            await provider.close()

    return asyncio.run(run())


@pytest.mark.mistake("R14", rule="-", stage="run")
@pytest.mark.mistake("C7", rule="-", stage="run")
def test_prices_are_known_or_unknown_but_never_zero():
    """Listed models and their snapshots have a price, everything else has none, and the list says of when it is and where it is from."""
    assert list_price("openai", "gpt-4o-2024-08-06") == Price(2.5, 10.0, cached=1.25)
    assert list_price("openai", "gpt-4o-audio-preview") is None and list_price("openrouter", "openai/gpt-4o") is None
    assert cost(None, Tokens(input=1, output=1)) is None and cost(Price(1.0, 1.0), Tokens(output=1)) is None
    for known in vendors_known().values():
        assert "2026-01-01" < known.as_of <= datetime.date.today().isoformat() and known.sources and 0 < known.batch_share < 1


@pytest.mark.parametrize(("vendor", "name", "about"), LISTED)
def test_every_listed_model_makes_sense(vendor, name, about):
    """It is found under its name, and under no other's; its prices and efforts have the order that they have everywhere."""
    assert find_capabilities(vendor, name) is about
    if about.price is not None:
        known = (about.price.cached or 0.0, about.price.input, about.price.written or about.price.input, about.price.output)
        assert list(known) == sorted(known) and about.price.input > 0
    assert list(about.efforts or ()) == [effort for effort in EFFORTS if effort in (about.efforts or ())]
    assert about.effort is None or about.effort in (about.efforts or ())
    assert not (about.thinks == "always" and (about.off or "none" in (about.efforts or ())))
    assert about.context is None or about.context > 8000


@pytest.mark.parametrize("vendor", VENDORS)
def test_tokens_from_the_cache_and_thoughts_are_told_apart_and_priced(vendor):
    """Both vendors' ways of counting give one answer: 5 plain, 4 cached and 2 written tokens in, 7 out of which 3 were thought."""
    with FaultyServer(always("details")) as server:
        answer = once(provider_at(server, vendor, price=Price(10.0, 100.0, cached=1.0, written=12.5)), ask(1))
    assert (answer.input_tokens, answer.output_tokens) == (11, 7)
    assert {"cached": answer.cached_tokens, "written": answer.written_tokens, "reasoning": answer.reasoning_tokens} == APART
    assert answer.usd == pytest.approx((5 * 10 + 4 * 1 + 2 * 12.5 + 7 * 100) / 1e6)


def test_what_is_not_told_apart_is_unknown():
    with FaultyServer() as server:
        answer = once(provider_at(server, "openai", price=Price(10.0, 100.0, cached=1.0)), ask(1))
    assert (answer.cached_tokens, answer.written_tokens, answer.reasoning_tokens) == (None, None, None)
    assert answer.usd == pytest.approx((11 * 10 + 7 * 100) / 1e6)


def test_long_calls_cost_more_and_no_call_more_than_its_bound():
    """Beyond the step the whole call is dearer; the bound holds even where all of a prompt is written into the cache."""
    price = Price(2.0, 10.0, cached=0.2, written=2.5, long=Long(above=100, input=2.0, output=1.5))
    assert price.cost(100, 10) == pytest.approx((100 * 2 + 10 * 10) / 1e6) and price.cost(101, 10) == pytest.approx((101 * 4 + 10 * 15) / 1e6)
    for into in (1, 100, 101):
        assert all(price.cost(into, 10, cached, into - cached) <= price.most(into, 10) for cached in range(into + 1))
    assert Price(2.0, 10.0).cost(5, 1, 3, 2) == Price(2.0, 10.0).cost(5, 1) == Price(2.0, 10.0).most(5, 1)


def conversation() -> Conversation:
    return Conversation(id="t", turns=(Message(role="user", content="question 1"),))


@pytest.mark.parametrize(
    ("model", "sent"), [("gpt-5-mini", None), ("gpt-5.4", 0.5), ("gpt-6-sol", None), ("gpt-4.1", 0.5), ("gpt-9", 0.5), ("gpt-5-chat-latest", 0.5)]
)
def test_a_thinking_model_is_sent_no_temperature(model, sent, tmp_path):
    """One that thinks by default refuses it, so it is left out and the description says so; an unknown one is sent it, and its server decides."""
    with FaultyServer(always("picky")) as server:
        responder = ApiResponder(provider_at(server, "openai", model=model), tmp_path / "r.sqlite", SamplingParams(max_tokens=9, temperature=0.5))
        [answer] = responder.answers([conversation()])
    assert server.bodies[0].get("temperature") == sent == responder.describe()["temperature"]
    assert answer.error.partition(":")[0] == ("" if sent is None else "BadRequestError")
    assert responder.card["sampling"] == {"temperature": sent, "top_p": 0.95 if sent else None}
    assert responder.card["capabilities"].startswith("unknown model" if model == "gpt-9" else "as of 2026")


@pytest.mark.parametrize("model", ["gpt-5", "o3-2025-04-16"])
def test_a_temperature_that_a_model_refuses_is_refused_before_any_call(model):
    with FaultyServer() as server, pytest.raises(HarnessError, match="this model takes no temperature"):
        provider_at(server, "openai", model=model).check([ask(1, model=model, temperature=0.5)])
    assert not server.attempts


def test_an_answer_cannot_be_as_long_as_the_context():
    with FaultyServer() as server, pytest.raises(HarnessError, match="max_tokens=128000 leaves no room for a prompt in this model's 128000 tokens"):
        provider_at(server, "openai", model="gpt-4o").check([ask(1, model="gpt-4o", max_tokens=128_000)])


@pytest.mark.parametrize(
    ("spec", "about"),
    [
        ("openrouter/openai/gpt-5", "known by its maker"),
        ("openrouter/meta-llama/llama-3.1-8b", "unknown model"),
        ("openrouter/llama", "unknown model"),
        ("vllm/gpt-5@http://127.0.0.1:1/v1", "unknown model"),
        ("anthropic/claude-opus-5-5", "as of 2026"),
    ],
)
def test_routers_know_a_model_by_its_maker_and_own_servers_by_nothing(spec, about, tmp_path):
    responder = ApiResponder(provider_for(spec, offline=True), tmp_path / "r.sqlite", SamplingParams(max_tokens=9))
    assert responder.card["capabilities"].startswith(about)
    assert not spec.startswith("openrouter") or responder.provider.price is None
