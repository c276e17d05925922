"""A provider turns whatever a server does into an answer with a status, and never an error into a text."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys

import msgspec
import pytest

from faulty_server import FAULT_TEXT, LASTING, MODEL, PASSING, FaultyServer, always, ask, provider_at, said
from harness.errors import HarnessError
from harness.measures.responses import row
from harness.models.chat import chat
from harness.models.model_names import same_model
from harness.models.prices import Price
from harness.models.provider import Answer, Ask, provider_for, vendors
from harness.models.responder import Conversation

VENDORS = ["openai", "anthropic"]
SHAPE = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"], "additionalProperties": False}


def once(provider, question) -> Answer:
    """One ask in a loop of its own."""
    return all_of(provider, [question])[0]


def all_at_once(provider, count) -> list[Answer]:
    """The first questions, asked side by side."""
    return all_of(provider, [ask(number) for number in range(count)])


def all_of(provider, asks) -> list[Answer]:
    async def run():
        try:
            return await asyncio.gather(*(provider.ask(question) for question in asks))
        finally:
            await provider.close()

    return asyncio.run(run())


def after(*faults):
    """The faults in turn, then good answers."""
    return lambda prompt, attempt: faults[attempt] if attempt < len(faults) else "ok"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_good_answer_is_told_whole(vendor):
    """Text, finish, reported model, tokens, price and time of a good answer are all there."""
    with FaultyServer() as server:
        answer = once(provider_at(server, vendor, price=Price(1.0, 2.0)), ask(3))
    assert (answer.status, answer.text, answer.model) == ("ok", said("question 3"), f"{MODEL}-20260101")
    assert (answer.input_tokens, answer.output_tokens, answer.usd) == (11, 7, pytest.approx(25e-6))
    assert answer.latency_s > 0 and not answer.cached and not answer.error


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ("malformed", "error", "JSONDecodeError"),
        ("empty", "empty", ""),
        ("wrong_model", "error", "WrongModel"),
        ("near_model", "error", "WrongModel"),
        ("length", "truncated", ""),
        ("refusal", "refused", ""),
        ("401", "error", "AuthenticationError"),
        ("404", "error", "NotFoundError"),
    ],
)
def test_every_misbehaviour_has_its_status(vendor, fault, status, error):
    """What the server does is named by status and class; only a text that the model wrote is a text."""
    with FaultyServer(always(fault)) as server:
        answer = once(provider_at(server, vendor), ask(1))
    assert answer.status == status and answer.error.startswith(error)
    assert FAULT_TEXT not in answer.text and (status != "error" or answer.text == "")
    if status == "truncated":
        assert answer.text == said("question 1")


@pytest.mark.parametrize(("fault", "category"), [("cyber", "cyber"), ("refusal", ""), ("ok", "")])
def test_the_category_of_a_refusal_is_kept(fault, category):
    """Anthropic names it, or not; its explanation, which it may reword, is not kept. It stands in the row of a sample where there is one."""
    with FaultyServer(always(fault)) as server:
        answer = once(provider_at(server, "anthropic"), ask(1))
    asked = Conversation(id="t", turns=tuple(chat("Hi")))
    assert answer.status == ("ok" if fault == "ok" else "refused") and answer.refusal == category and FAULT_TEXT not in repr(answer)
    assert row(asked, answer).get("refusal", "") == category and ("refusal" in row(asked, answer)) == bool(category)


def test_openai_alone_filters_and_leaves_out_choices():
    """A content filter is a refusal, before the model or after it; a reply without choices is an error."""
    for fault, status in (("filter", "refused"), ("400", "refused"), ("no_choices", "error")):
        with FaultyServer(always(fault)) as server:
            answer = once(provider_at(server, "openai"), ask(1))
        assert answer.status == status and FAULT_TEXT not in answer.text


@pytest.mark.parametrize("vendor", VENDORS)
def test_passing_faults_are_tried_again(vendor):
    """Every kind of passing fault, met once, ends in a good answer that was billed once."""
    with FaultyServer(lambda prompt, attempt: PASSING[int(prompt.split()[1])] if attempt == 0 else "ok") as server:
        answers = all_at_once(provider_at(server, vendor, timeout_s=1.0), len(PASSING))
    assert [answer.status for answer in answers] == ["ok"] * len(PASSING)
    assert set(server.attempts.values()) == {2} and set(server.billed.values()) == {1}


@pytest.mark.parametrize("vendor", VENDORS)
def test_retry_after_is_honoured(vendor):
    """The second attempt waits as long as the server said, which is longer than the usual pause."""
    with FaultyServer(after("429")) as server:
        server.retry_after = "1.0"
        answer = once(provider_at(server, vendor), ask(1))
    assert answer.status == "ok" and answer.latency_s >= 1.0


@pytest.mark.parametrize("vendor", VENDORS)
def test_after_the_last_retry_the_error_is_told(vendor):
    """A server that is down, one that hangs and one that cuts the line give errors with their class, no text and no known price but for the first."""
    expected = [("500", "InternalServerError", 0.0), ("hang", "APITimeoutError", None), ("cut", "APIConnectionError", None)]
    with FaultyServer(lambda prompt, attempt: expected[int(prompt.split()[1])][0]) as server:
        answers = all_at_once(provider_at(server, vendor, price=Price(1.0, 1.0), max_retries=1, timeout_s=0.5), len(expected))
    for answer, (_, kind, usd) in zip(answers, expected, strict=True):
        assert (answer.status, answer.text, answer.usd) == ("error", "", usd) and answer.error.startswith(kind)
    assert set(server.attempts.values()) == {2}


@pytest.mark.parametrize("vendor", VENDORS)
def test_structured_answers_are_asked_for_and_checked(vendor):
    """The schema reaches the server in the vendor's own form, and an answer that is no JSON is an error."""
    with FaultyServer() as server:
        assert once(provider_at(server, vendor), ask(1, schema=SHAPE)).text == '{"answer": 1}'
    sent = server.bodies[0]
    form = sent["output_config"]["format"] if vendor == "anthropic" else sent["response_format"]["json_schema"]
    assert form["schema"] == SHAPE
    with FaultyServer(always("not_json")) as server:
        answer = once(provider_at(server, vendor), ask(1, schema=SHAPE))
    assert (answer.status, answer.text) == ("error", "") and answer.error.startswith("NotJson")


def test_only_what_was_asked_is_sent():
    """None is left out, zero is sent; the system turn goes where each API wants it, empty or not, and the replicate stays here."""
    with FaultyServer() as server:
        once(provider_at(server, "openai"), ask(1, temperature=0.0, seed=7, replicate=5, messages=tuple(chat("Hi", ""))))
        once(provider_at(server, "anthropic"), ask(1, replicate=5, messages=tuple(chat("Hi", ""))))
        once(provider_at(server, "anthropic"), ask(1))
    first, second, third = server.bodies
    turns = [{"role": "system", "content": ""}, {"role": "user", "content": "Hi"}]
    assert first == {"model": MODEL, "messages": turns, "max_tokens": 32, "temperature": 0.0, "seed": 7}
    assert second == {"model": MODEL, "messages": turns[1:], "max_tokens": 32, "system": ""}
    assert "system" not in third


@pytest.mark.parametrize("given", [{"temperature": 0.5}, {"top_p": 0.9}, {"seed": 1}])
def test_claude_is_not_asked_for_what_its_api_does_not_take(given):
    """A parameter that would be dropped in silence is refused before any call."""
    with FaultyServer() as server, pytest.raises(HarnessError, match=f"takes no {next(iter(given))}"):
        provider_at(server, "anthropic").check([ask(1, **given)])


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_key_reaches_no_text(vendor, monkeypatch, caplog):
    """A server that echoes the key finds it struck out of errors; it is in no repr, no description and no log."""
    key = "sk-fake-0123456789abcdef"
    monkeypatch.setenv("HARNESS_TEST_KEY", key)
    with FaultyServer(always("401")) as server, caplog.at_level(logging.DEBUG):
        provider = provider_at(server, vendor)
        answer = once(provider, ask(1))
    assert server.keys == {key}
    assert "[HARNESS_TEST_KEY]" in answer.error
    told = (answer, provider, provider.endpoint, provider.describe(), vars(provider), caplog.text)
    assert key not in "".join(repr(part) + str(part) for part in told)


def test_the_vendors_key_goes_to_the_vendor_alone(monkeypatch):
    """A spec with a base URL does not carry the vendor's key there, since specs come from files."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-fake-of-the-vendor")
    with FaultyServer() as server:
        answer = once(provider_for(f"openai/{MODEL}@{server.url}/v1"), ask(1))
    assert answer.status == "ok" and server.keys == {"none"}
    assert answer.usd is None


def test_a_key_that_is_a_word_is_not_struck_out_of_answers(monkeypatch):
    """A placeholder for a server without keys leaves what the model says alone."""
    monkeypatch.setenv("HARNESS_ENDPOINT_KEY", "answer")
    with FaultyServer() as server:
        assert once(provider_for(f"openai/{MODEL}@{server.url}/v1"), ask(1)).text == said("question 1")
    assert server.keys == {"answer"}


@pytest.mark.parametrize(
    ("spec", "variable"),
    [("openai/gpt-4o", "OPENAI_API_KEY"), ("openrouter/a/b", "OPENROUTER_API_KEY"), ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY")],
)
def test_a_missing_key_is_told_before_any_call(spec, variable, monkeypatch):
    """The line names the variable and the model; offline no key is needed, and with one the model is split off the vendor."""
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(HarnessError, match=f"{spec}: the environment variable {variable} is not set. export {variable}="):
        provider_for(spec)
    assert provider_for(spec, offline=True).describe()["model"] == spec.partition("/")[2]
    monkeypatch.setenv(variable, "sk-fake\nsecond line")
    with pytest.raises(HarnessError, match="characters that no key has") as caught:
        provider_for(spec)
    assert "sk-fake" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("opnai/gpt", "Did you mean 'openai'"),
        ("openai/", "names no provider"),
        ("vllm/llama", "no address of its own"),
        ("openai/x@http:///v1", "no base URL"),
        ("openai/x@http", "no base URL"),
        ("openai/x@http://[::1/v1", "no base URL"),
        ("openai/x@http://host:port/v1", "no base URL"),
        ("openai/x@http://user:pass@localhost/v1", "no user, password or query"),
        ("openai/x@http://user:pass@/v1", "no user, password or query"),
        ("openai/x@https://far.example.com/v1", "HARNESS_ENDPOINT_KEY is not set"),
    ],
)
def test_a_bad_spec_is_told_in_one_line(spec, said, monkeypatch):
    """Vendor, model, address and key are checked without a network, and a password in a URL is not repeated."""
    monkeypatch.delenv("HARNESS_ENDPOINT_KEY", raising=False)
    with pytest.raises(HarnessError, match=said) as caught:
        provider_for(spec)
    assert "pass@" not in str(caught.value) and "\n" not in str(caught.value)


def test_providers_are_found_by_their_files():
    """Whoever adds `<vendor>_api.py` has added a provider."""
    assert {"openai", "openrouter", "vllm", "anthropic"} <= set(vendors())


def test_the_sdks_load_on_first_use():
    """Finding and describing every provider loads neither package, so a plan costs milliseconds."""
    code = (
        "import sys; from harness.models.provider import provider_for\n"
        "for spec in ('openai/gpt-4o', 'anthropic/claude-haiku-4-5', 'vllm/m@http://localhost:1/v1'): provider_for(spec, offline=True).describe()\n"
        "print(not {'openai', 'anthropic', 'httpx2', 'torch', 'transformers'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


@pytest.mark.parametrize(
    ("asked", "reported", "same"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("gpt-4", "gpt-4-0613", True),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", True),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("claude-sonnet-4", "claude-sonnet-4-5", False),
        ("gpt-4o-2024-08-06", "gpt-4o", False),
        ("gpt-4o", "", False),
        ("gpt-5-chat-latest", "gpt-5-chat-latest", True),
        ("chatgpt-4o-latest", "chatgpt-4o-latest", True),
        ("ft:gpt-4o:house::1", "ft:gpt-4o:house::1", True),
        ("openai/gpt-5", "openai/gpt-5-2025-08-07", True),
        ("anthropic/claude-sonnet-4", "anthropic/claude-4-sonnet-20250522", True),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929", True),
        ("meta-llama/llama-3.1-8b-instruct:free", "meta-llama/Llama-3.1-8B-Instruct", True),
        ("openai/gpt-4o:online", "gpt-4o", True),
        ("x-ai/grok-4:nitro", "x-ai/grok-4-07-09", True),
        ("gpt-4o-2024-08-06", "gpt-4o-20240806", True),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-05-13", False),
        ("llama3.2", "llama3.2:latest", True),
        ("llama3.2:1b", "llama3.2:3b", False),
        ("gpt-4.5", "gpt-5.4", False),
        ("gpt-5", "gpt-5-chat-latest", False),
        ("meta-llama/llama-3-8b", "unsloth/llama-3-8b", False),
        ("llama-3-8b", "llama-3-70b", False),
        ("gpt-4", "gpt-4-32k", False),
        ("a/b", "a/b:thinking", False),
        ("a/b", "a/b:online", False),
        ("a/b", "a/b:extended", False),
        ("a/b:free", "a/b:free:thinking", False),
        ("a/b:online", "a/b:thinking", False),
        ("a/b:thinking", "a/b:thinking", True),
        ("a/b:Thinking", "a/b:thinking", True),
        ("a/b", "a/b:nitro", True),
        ("x", "x-12-34", False),
        ("x", "x-00-11", False),
        ("x", "x-20241399", False),
        ("x", "x-1232", False),
        ("x", "x-0100", False),
        ("x", "x-12-31", True),
    ],
)
def test_a_dated_snapshot_is_the_same_model_and_a_sibling_is_not(asked, reported, same):
    """An alias is answered by its snapshot; a name that merely begins alike is another model."""
    assert same_model(asked, reported) is same


def test_an_estimate_is_never_below_the_cost():
    """A prompt has no more tokens than bytes, whatever the script, and an answer none beyond its bound."""
    price = Price(1_000_000.0, 0.0)
    text = "naïve 漢字 🙂"
    assert ask(1, messages=tuple(chat(text))).cost_at_most(price) >= len(text.encode())


@pytest.mark.parametrize("messages", [(), tuple(chat("hi", "a"))[:1], tuple(chat("hi", "a"))[::-1]])
def test_an_ask_that_no_api_takes_is_refused(messages):
    """No turn at all, a system turn alone and a system turn that comes late are mistakes told at once."""
    with pytest.raises(HarnessError, match="an ask needs a turn"):
        Ask(model=MODEL, messages=messages, max_tokens=1)
    with pytest.raises(HarnessError, match="max_tokens=0 must be at least one"):
        ask(1, max_tokens=0)


def test_another_model_is_not_asked_by_accident():
    """One provider answers for one model, so that a cell's identity says who was asked."""
    with pytest.raises(HarnessError, match="answers for 'm', not for 'test-1'"):
        provider_for("vllm/m@http://localhost:1/v1").check([ask(1)])


def test_openrouter_tells_errors_with_status_200_and_its_own_price():
    """A body with an error is an error whatever its status, and a told cost beats an unknown one."""
    provider = provider_for("openrouter/maker/model", offline=True)
    asked = ask(1, model="maker/model")
    body = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], "model": "maker/model", "usage": {"cost": 0.25}}
    assert provider.read(body, asked).usd == 0.25
    broken = provider.read({"error": {"code": 502, "message": "down"}}, asked)
    assert broken.status == "error" and broken.error.startswith("ServerError") and not broken.text


def choice_of(said, finish="stop", **more):
    """An OpenAI-compatible body with one choice."""
    return {"choices": [{"message": said, "finish_reason": finish, **more}], "model": MODEL, "provider": "DeepInfra"}


BLANKS = ["", None, " \n", "\u200b\ufeff", "\u2060\u00ad\u3164", [], [{"type": "thinking", "thinking": [{"text": "hm"}]}], [{"type": "text", "text": " "}]]


@pytest.mark.parametrize("content", BLANKS)
@pytest.mark.parametrize("finish", ["stop", "length", None, "eos"])
def test_a_blank_text_is_empty_whatever_ended_it(content, finish):
    """A model that spent its tokens on thinking, or that said nothing one can see, has not answered."""
    with FaultyServer() as server:
        openai, anthropic = (provider_at(server, vendor) for vendor in VENDORS)
    answers = [openai.read(choice_of({"content": content, "reasoning": "hm " * 9}, finish), ask(1))]
    if content is None or isinstance(content, str):
        blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": content}]
        stop = {"stop": "end_turn", "length": "max_tokens"}.get(finish, finish)
        answers += [anthropic.read({"content": body, "model": MODEL, "stop_reason": stop}, ask(1)) for body in (blocks, [], None)]
    assert {(answer.status, answer.text) for answer in answers} == {("empty", "")}


def test_text_in_parts_is_read():
    """Parts with text are joined, thoughts are no answer, and a part with a refusal is a refusal."""
    with FaultyServer() as server:
        provider = provider_at(server, "openai")
    parts = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "One, "},
        {"type": "output_text", "text": "two"},
        {"type": "reasoning", "text": "x"},
    ]
    answer = provider.read(choice_of({"content": parts}), ask(1))
    assert (answer.status, answer.text) == ("ok", "One, two")
    declined = provider.read(choice_of({"content": [{"type": "refusal", "refusal": "I will not."}]}), ask(1))
    assert (declined.status, declined.text) == ("refused", "I will not.")


@pytest.mark.parametrize("said", [{"content": "Half an ans"}, {"content": ""}, {"content": None}])
def test_an_error_inside_a_choice_is_an_error(said):
    """OpenRouter tells so of a provider that broke off, and the finish reason may still say stop."""
    provider = provider_for(f"openrouter/{MODEL}", offline=True)
    for body in (choice_of(said, error={"code": 502, "message": "Provider returned error"}), choice_of(said, "error")):
        answer = provider.read(body, ask(1))
        assert (answer.status, answer.text) == ("error", "") and answer.error.startswith("ServerError")
    flagged = choice_of({"content": ""}, error={"code": 403, "message": "moderation", "metadata": {"reasons": ["violence"]}})
    assert provider.read(flagged, ask(1)).status == "refused"


BLOCKS = [
    ("openai", {"error": {"code": "content_filter", "message": "x"}}),
    ("openai", {"error": {"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}, "message": "x"}}),
    ("openai", {"error": {"code": "invalid_prompt", "message": "Invalid prompt: your prompt was flagged as potentially violating our usage policy."}}),
    ("openai", [{"error": {"code": 400, "message": "The request was blocked for safety."}}]),
    ("openai", {"error": {"message": "Content Exists Risk", "type": "invalid_request_error"}}),
    ("anthropic", {"type": "error", "error": {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}}),
]
FAULTS = [
    ("openai", {"error": {"code": "invalid_prompt", "message": "Invalid prompt: messages must not be empty"}}),
    ("openai", {"error": {"message": "Your account was blocked for violating our usage policies"}}),
    ("anthropic", {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: must be at least 1"}}),
]


@pytest.mark.parametrize(("vendor", "body", "status"), [(*one, "refused") for one in BLOCKS] + [(*one, "error") for one in FAULTS])
def test_a_safety_block_by_http_400_is_a_refusal(vendor, body, status, monkeypatch):
    """What a server withholds for what it holds is a refusal, however it says so; a bad request and a closed account are faults. Neither is billed."""
    monkeypatch.setattr("faulty_server.complaint", lambda fault, key: body)
    with FaultyServer(always("400")) as server:
        answer = once(provider_at(server, vendor), ask(1))
    assert (answer.status, answer.text, answer.usd) == (status, "", 0.0)


def test_openrouter_is_told_to_drop_no_parameter_and_says_who_answered():
    """The request asks for a provider that takes every parameter; who that was is kept. Nobody else is sent the field."""
    with FaultyServer() as server:
        answer = once(provider_at(server, "openrouter"), ask(1))
        once(provider_at(server, "openai"), ask(1))
        router = provider_at(server, "openrouter")
    assert [body.get("provider") for body in server.bodies] == [{"require_parameters": True}, None]
    assert answer.status == "ok" and router.read(choice_of({"content": "hi"}), ask(1)).provider == "DeepInfra"
    assert provider_for("openai/m@https://openrouter.ai/api/v1", offline=True).describe()["routing"] == {"require_parameters": True}


def completion(*choices, **usage):
    """A body of chat completions; each choice is (index, message, finish reason)."""
    listed = [{"index": index, "message": message, "finish_reason": finish} for index, message, finish in choices]
    return {"model": MODEL, "choices": listed, "usage": {"prompt_tokens": 5, "completion_tokens": 5} | usage}


@pytest.mark.parametrize("count", [-1, -100000, 10**30, "NaN"])
def test_a_cost_below_zero_is_no_cost(count):
    """Counts and dollars that no call has make the reply malformed and its cost unknown: a budget books its highest price."""
    with FaultyServer() as server:
        openai, router, anthropic = (provider_at(server, vendor, price=Price(1.0, 2.0)) for vendor in ("openai", "openrouter", "anthropic"))
    value = float("nan") if count == "NaN" else count
    good = (0, {"content": "hi"}, "stop")
    body = {"model": MODEL, "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}
    told = [openai.read(completion(good, **{name: value}), ask(1)) for name in ("prompt_tokens", "completion_tokens")]
    told += [router.read(completion(good, cost=other), ask(1)) for other in (value, float("inf"))]
    names = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    told += [anthropic.read(body | {"usage": {"input_tokens": 5, "output_tokens": 5} | {name: value}}, ask(1)) for name in names]
    assert all(answer.usd is None and answer.status == "error" and answer.error.startswith("MalformedBody") for answer in told)
    assert openai.read(completion(good), ask(1)).usd == pytest.approx(15e-6) and router.read(completion(good, cost=0.25), ask(1)).usd == 0.25


def test_the_first_choice_is_the_one_that_says_so():
    """Of several choices that with index 0 is read, wherever it stands; where none or two have it, none is."""
    with FaultyServer() as server:
        provider = provider_at(server, "openai")
    one, two = {"content": "one"}, {"content": "two"}
    assert provider.read(completion((1, two, "stop"), (0, one, "stop")), ask(1)).text == "one"
    assert provider.read(completion((None, one, "stop")), ask(1)).text == provider.read(completion((1, one, "stop")), ask(1)).text == "one"
    for places in ((None, None), (1, 2), (0, 0)):
        answer = provider.read(completion((places[0], one, "stop"), (places[1], two, "stop")), ask(1))
        assert (answer.status, answer.text) == ("error", "") and answer.error.startswith("MalformedBody")


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "length"])
def test_a_call_of_a_tool_is_no_answer(finish):
    """No tool was offered: whatever the finish reason and whatever words stand beside it, the reply is an error that is paid for."""
    with FaultyServer() as server:
        openai, anthropic = (provider_at(server, vendor, price=Price(1.0, 2.0)) for vendor in VENDORS)
    for call in ({"tool_calls": [{"id": "1"}]}, {"function_call": {"name": "f"}}):
        answer = openai.read(completion((0, {"content": "I call it", **call}, finish)), ask(1))
        assert (answer.status, answer.text) == ("error", "") and answer.error.startswith("ToolCall") and answer.usd is not None
    assert openai.read(completion((0, {"content": "hi", "tool_calls": [], "function_call": None}, "stop")), ask(1)).status == "ok"
    blocks = [{"type": "text", "text": "I call it"}, {"type": "tool_use", "id": "1", "name": "f", "input": {}}]
    told = anthropic.read({"model": MODEL, "content": blocks, "stop_reason": "end_turn"}, ask(1))
    assert (told.status, told.text) == ("error", "") and told.error.startswith("ToolCall")


@pytest.mark.parametrize("text", ["\U000e0100", "\U000e01ef\ufe0f", "\U000e0041", "\u2065", "\ufff0", "\u200b \u2800"])
def test_hidden_characters_alone_are_no_answer(text):
    """What shows nothing is empty, variation selectors and tags of Unicode's supplementary planes included."""
    with FaultyServer() as server:
        provider = provider_at(server, "openai")
    answer = provider.read(completion((0, {"content": text}, "stop")), ask(1))
    assert (answer.status, answer.text) == ("empty", "")
    assert provider.read(completion((0, {"content": "a" + text}, "stop")), ask(1)).status == "ok"


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("body", [None, [], "text", {}, {"choices": [None], "model": "m"}, {"content": "x", "model": 3}])
def test_no_body_however_wrong_raises(vendor, body):
    """Whatever JSON a server sends, the answer is an error with a class."""
    with FaultyServer() as server:
        answer = provider_at(server, vendor).read(body, ask(1))
    assert answer.status == "error" and answer.error.startswith("MalformedBody")


def test_the_words_are_json_both_ways():
    """An ask and an answer survive JSON, lone surrogates included."""
    question = ask(1, schema=SHAPE, seed=3)
    assert msgspec.json.decode(msgspec.json.encode(question), type=Ask) == question
    assert set(LASTING) & set(PASSING) == set()
