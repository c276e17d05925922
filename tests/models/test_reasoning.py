"""How much a model is to think reaches each vendor in its own form, is part of what was asked, and is never sent to whoever does not take it."""

from __future__ import annotations

import asyncio

import pytest

from faulty_server import FaultyServer, ask, provider_at
from harness.errors import HarnessError
from harness.models.api_responder import ApiResponder
from harness.models.capabilities import read_reasoning
from harness.models.chat import chat
from harness.models.model_sets import load_model_set
from harness.models.provider import Ask
from harness.models.responder import Conversation, ModelEntry, SamplingParams
from harness.models.responders import ResolverContext, open_responder
from harness.models.response_cache import key_of

ADAPTIVE = {"type": "adaptive"}
HOW = ("reasoning_effort", "reasoning", "thinking", "output_config", "temperature")


def sent(vendor, model, **asked):
    """What a server is sent of how to think."""
    with FaultyServer() as server:
        provider, question = provider_at(server, vendor, model=model), ask(1, model=model, **{"max_tokens": 4096, **asked})
        provider.check([question])

        async def run():
            await provider.ask(question)
            await provider.close()

        asyncio.run(run())
    return {name: server.bodies[0][name] for name in HOW if name in server.bodies[0]}


@pytest.mark.parametrize(
    ("vendor", "model", "reasoning", "told"),
    [
        ("openai", "gpt-5.4", None, {}),
        ("openai", "gpt-5.4", "xhigh", {"reasoning_effort": "xhigh"}),
        ("openai", "gpt-9", "max", {"reasoning_effort": "max"}),
        ("openrouter", "openai/gpt-5", "none", {"reasoning": {"effort": "none"}}),
        ("openrouter", "maker/model", 2000, {"reasoning": {"max_tokens": 2000}}),
        ("anthropic", "claude-sonnet-5", None, {}),
        ("anthropic", "claude-sonnet-5", "low", {"thinking": ADAPTIVE, "output_config": {"effort": "low"}}),
        ("anthropic", "claude-sonnet-5", "none", {"thinking": {"type": "disabled"}}),
        ("anthropic", "claude-sonnet-5-5", "none", {"thinking": {"type": "between_tools"}}),
        ("anthropic", "claude-opus-4-5", "medium", {"output_config": {"effort": "medium"}}),
        ("anthropic", "claude-haiku-4-5", 2000, {"thinking": {"type": "enabled", "budget_tokens": 2000}}),
        ("anthropic", "claude-next", "high", {"thinking": ADAPTIVE, "output_config": {"effort": "high"}}),
    ],
)
def test_every_vendor_is_told_in_its_own_form(vendor, model, reasoning, told):
    assert sent(vendor, model, reasoning=reasoning) == told


def test_an_effort_stands_beside_the_form_of_the_answer():
    """Both are parts of one field at Anthropic."""
    shape = {"type": "object"}
    told = sent("anthropic", "claude-opus-5-5", reasoning="low", schema=shape)["output_config"]
    assert told == {"format": {"type": "json_schema", "schema": shape}, "effort": "low"}


@pytest.mark.parametrize(
    ("vendor", "model", "reasoning", "told"),
    [
        ("openai", "gpt-5", "none", "this model takes no reasoning 'none'. Use minimal, low, medium, high"),
        ("openai", "gpt-4o", "low", "this model takes no reasoning 'low'. Use None"),
        ("openai", "gpt-5.4", 2000, "reasoning cannot be a number of tokens here. Use an effort: none, low"),
        ("anthropic", "claude-opus-5-5", "none", "this model takes no reasoning 'none'. Use low, medium"),
        ("anthropic", "claude-sonnet-5", 2000, "cannot be a number of tokens here. Use an effort: none, low"),
        ("anthropic", "claude-haiku-4-5", 4096, "reasoning=4096 leaves no tokens of max_tokens=4096 for an answer"),
        ("anthropic", "claude-sonnet-4-5", "high", "this model takes no reasoning 'high'. Use none, a number of tokens"),
    ],
)
def test_what_a_model_does_not_take_is_refused_before_any_call(vendor, model, reasoning, told):
    with FaultyServer() as server, pytest.raises(HarnessError) as caught:
        provider_at(server, vendor, model=model).check([ask(1, model=model, max_tokens=4096, reasoning=reasoning)])
    assert told in str(caught.value) and not server.attempts


def test_a_temperature_is_sent_only_while_the_model_does_not_think():
    assert sent("openai", "gpt-6-sol", reasoning="none", temperature=0.5) == {"reasoning_effort": "none", "temperature": 0.5}
    with pytest.raises(HarnessError, match="this model takes no temperature"):
        sent("openai", "gpt-5.4", reasoning="low", temperature=0.5)


def test_keys_from_before_stay_and_reasoning_is_part_of_new_ones():
    """An answer that was paid for before reasoning could be asked for is found again."""
    described = {"provider": "openai", "model": "m", "base_url": "https://api.openai.com/v1"}

    def key(**more):
        return key_of(described, Ask(model="m", messages=tuple(chat("Hi")), max_tokens=9, temperature=0.5, replicate=3, **more))

    assert key() == "e641181ccbb80937d8d6fe1960a92a66c5ce3df7bf14c5c6da177e4c94e91ffc"
    assert len({key(), key(reasoning="low"), key(reasoning="high"), key(reasoning=9)}) == 4


@pytest.mark.parametrize("reasoning", [None, "high"])
def test_a_responder_sends_and_says_how_much_is_thought(reasoning, tmp_path):
    """What it really sent is in its description and on the card: gpt-5.4 takes a temperature only while it does not think."""
    with FaultyServer() as server:
        provider = provider_at(server, "openai", model="gpt-5.4")
        responder = ApiResponder(provider, tmp_path / "r.sqlite", SamplingParams(max_tokens=9, temperature=0.5), reasoning=reasoning)
        responder.answers([Conversation(id="t", turns=tuple(chat("Hi")))])
    told = {"temperature": 0.5} if reasoning is None else {"reasoning_effort": "high"}
    assert {name: server.bodies[0][name] for name in HOW if name in server.bodies[0]} == told
    described = responder.describe()
    assert (described["temperature"], described.get("reasoning")) == ((0.5, None) if reasoning is None else (None, "high"))
    assert responder.card["sampling"].get("reasoning") == reasoning


def test_a_member_of_a_set_says_how_much_it_thinks(tmp_path):
    """One model with two efforts is two members; whoever is not behind an API takes none."""
    path = tmp_path / "set.yaml"
    path.write_text("title: Two\nmembers:\n  a: {spec: openai/gpt-5, reasoning: low}\n  b: {spec: openai/gpt-5, reasoning: high}\n")
    entries = load_model_set(path).members
    means = ResolverContext(loaded=lambda spec: None, cache=tmp_path / "r.sqlite", root=tmp_path, offline=True)
    opened = [open_responder(entry, SamplingParams(max_tokens=9), means) for entry in entries]
    assert [responder.describe()["reasoning"] for responder in opened] == ["low", "high"]
    with pytest.raises(HarnessError, match=r"a: null/stock takes no reasoning\. Leave it out"):
        open_responder(ModelEntry(name="a", spec="null/stock", reasoning="low"), SamplingParams(max_tokens=9), means)
    path.write_text("title: Two\nmembers:\n  a: {spec: openai/gpt-5, reasoning: hihg}\n")
    with pytest.raises(HarnessError, match=r"set.yaml:3: a is not a member: Invalid enum value 'hihg'"):
        load_model_set(path)


@pytest.mark.parametrize("value", ["hihg", 0, -1, 1.5, True, "5"])
def test_what_is_no_reasoning_is_refused_in_one_line(value):
    with pytest.raises(HarnessError, match="Give one of none, minimal, low"):
        read_reasoning(value, "ask")
    assert read_reasoning("max", "ask") == "max" and read_reasoning(5, "ask") == 5 and read_reasoning(None, "ask") is None
