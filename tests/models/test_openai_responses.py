"""Models that chat completions do not serve are asked through the Responses API: one at a time and in batches, by the same rules for what is an answer."""

from __future__ import annotations

import asyncio

import pytest

from faulty_server import APART, FAULT_TEXT, FaultyServer, always, ask, said
from harness.models.batches import Batches
from harness.models.chat import chat
from harness.models.openai_api import OpenAiApi
from harness.models.openai_responses import ResponsesApi
from harness.models.prices import Price
from harness.models.provider import Answer, provider_for
from harness.models.response_cache import Replies

MODEL = "gpt-5-pro"
SHAPE = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"], "additionalProperties": False}


def provider_at(server, price=None) -> ResponsesApi:
    """As a spec names it: models.yaml says which API serves the model."""
    provider = provider_for(f"openai/{MODEL}@{server.url}/v1")
    provider.price, provider.timeout_s, provider.max_retries = price, 3.0, 2
    return provider


def once(provider, **more) -> Answer:
    async def run():
        try:
            return await provider.ask(ask(1, model=MODEL, **more))
        finally:
            await provider.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("openai/gpt-5-pro", ResponsesApi),
        ("openai/gpt-5-pro-2025-10-06", ResponsesApi),
        ("openai/o3-pro", ResponsesApi),
        ("openai/gpt-5", OpenAiApi),
        ("openai/gpt-unknown", OpenAiApi),
        ("openrouter/openai/gpt-5-pro", OpenAiApi),
        ("vllm/gpt-5-pro@http://127.0.0.1:1/v1", OpenAiApi),
    ],
)
def test_the_api_is_the_one_that_serves_the_model(spec, kind):
    """An unknown model, a router and a server of one's own are asked by chat completions."""
    provider = provider_for(spec, offline=True)
    assert type(provider) is kind and (provider.describe().get("api") == "responses") == (kind is ResponsesApi)


def test_a_good_answer_is_told_whole_and_thoughts_and_comments_are_none():
    with FaultyServer(always("details")) as server:
        answer = once(provider_at(server, Price(10.0, 100.0, cached=1.0)), reasoning="high", messages=tuple(chat("Hi", "Be brief.")))
    assert (answer.status, answer.text, answer.finish, answer.model) == ("ok", said("Hi"), "completed", f"{MODEL}-20260101")
    assert {"cached": answer.cached_tokens, "written": answer.written_tokens, "reasoning": answer.reasoning_tokens} == APART
    assert answer.usd == pytest.approx((5 * 10 + 4 * 1 + 2 * 10 + 7 * 100) / 1e6)
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert server.bodies == [{"model": MODEL, "input": turns, "max_output_tokens": 32, "reasoning": {"effort": "high"}, "store": False}]


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ("length", "truncated", ""),
        ("thought", "empty", ""),
        ("empty", "empty", ""),
        ("no_choices", "empty", ""),
        ("refusal", "refused", ""),
        ("filter", "refused", ""),
        ("policy", "refused", ""),
        ("failed", "error", "ServerError"),
        ("steered", "error", "UnknownFinish"),
        ("tool", "error", "ToolCall"),
        ("wrong_model", "error", "WrongModel"),
        ("malformed", "error", "JSONDecodeError"),
        ("400", "refused", ""),
        ("401", "error", "AuthenticationError"),
    ],
)
def test_every_misbehaviour_has_its_status(fault, status, error):
    with FaultyServer(always(fault)) as server:
        answer = once(provider_at(server))
    assert (answer.status, answer.error.partition(":")[0]) == (status, error)
    assert FAULT_TEXT not in answer.text and (answer.text != "") == (fault in ("length", "refusal", "filter"))


@pytest.mark.parametrize("body", [None, [], {}, {"model": "m"}, {"model": "m", "output": [None]}, {"model": "m", "output": [], "usage": {"input_tokens": -1}}])
def test_no_body_however_wrong_raises(body):
    answer = provider_for("openai/o3-pro", offline=True).read(body, ask(1, model="o3-pro"))
    assert answer.status == "error" and answer.error.startswith("MalformedBody")


def test_a_structured_answer_is_asked_for_in_this_apis_form():
    with FaultyServer() as server:
        assert once(provider_at(server), schema=SHAPE).text == '{"answer": 1}'
    assert server.bodies[0]["text"]["format"] == {"type": "json_schema", "name": "answer", "schema": SHAPE, "strict": True}


def test_batches_go_to_this_endpoint(tmp_path):
    """Half the price, and the answers are read as those of single calls."""
    asks = [ask(number, model=MODEL) for number in range(3)]
    with FaultyServer() as server, Replies(tmp_path / "r.sqlite") as cache:
        batches = Batches(provider_at(server, Price(1.0, 2.0)), cache)
        batches.submit(asks)
        answers = batches.collect(asks, interval_s=0.01)
        [batch] = server.batches.values()
    assert batch["endpoint"] == "/v1/responses" == batch["requests"][0]["url"]
    assert [answer.text for answer in answers] == [said(f"question {number}") for number in range(3)] and answers[0].usd == pytest.approx(12.5e-6)
