"""SmolLM2 behind a real OpenAI-compatible server answers as the same weights do in this process, and what it said is paid for once."""

from __future__ import annotations

import msgspec
import pytest

from harness.errors import HarnessError
from harness.models.api_responder import ApiResponder
from harness.models.chat import chat
from harness.models.local_responder import LocalResponder
from harness.models.openai_api import OpenAiApi
from harness.models.prices import Price
from harness.models.provider import provider_for
from harness.models.responder import Conversation, SamplingParams
from harness.models.response_cache import Replies
from serving import served, smollm2_folder

GREEDY = SamplingParams(max_tokens=16, temperature=0.0, top_p=1.0)
QUESTIONS = ("Name the capital of France.", "What is two plus two?", "Say hello.", "Name a colour.")


@pytest.fixture(scope="module")
def server(smollm2, tmp_path_factory):
    """The server, up; whoever kills it starts it again."""
    for package in ("fastapi", "uvicorn"):
        pytest.importorskip(package, reason="the extra `serving` is not installed")
    with served(smollm2_folder(), tmp_path_factory.mktemp("server") / "log") as up:
        yield up


@pytest.fixture
def spec(server):
    """What a model set would say: the folder is the model's name, the address is the server's."""
    return f"vllm/{server.folder}@{server.url}"


def asked(*questions, system=None):
    return [Conversation(id=f"{number}", turns=tuple(chat(question, system))) for number, question in enumerate(questions)]


def respondent(provider, tmp_path, drawing=GREEDY, **more):
    return ApiResponder(provider, tmp_path / "replies.sqlite", drawing, **{"concurrency": 2, **more})


def test_an_answer_has_all_that_the_server_told(spec, server, smollm2, tmp_path):
    """Status, finish, tokens, the model as the server names it (its branch added) and how long it took; a price is not known, and that is not zero."""
    [answer] = respondent(provider_for(spec), tmp_path, system="Be brief.").answers(asked(QUESTIONS[0]))
    assert (answer.status, answer.finish, answer.error, answer.cached, answer.usd) == ("ok", "stop", "", False, None)
    assert "Paris" in answer.text and answer.model == f"{server.folder}@main" and 0 < answer.latency_s < 60
    mine = LocalResponder(smollm2, GREEDY, "Be brief.").answers(asked(QUESTIONS[0]))[0]
    # The server counts the token that ends the turn, we do not.
    assert (answer.input_tokens, answer.output_tokens) == (mine.input_tokens, mine.output_tokens + 1)


@pytest.mark.parametrize("system", ["You are a pirate.", ""])
def test_greedy_text_is_that_of_the_same_weights_here(spec, smollm2, tmp_path, system):
    """Under a system turn, empty or not, the server and LocalRespondent say the same at temperature 0."""
    theirs = respondent(provider_for(spec), tmp_path).answers(asked(*QUESTIONS, system=system))
    mine = LocalResponder(smollm2, GREEDY).answers(asked(*QUESTIONS, system=system))
    assert [answer.text for answer in theirs] == [answer.text for answer in mine]
    assert [answer.status for answer in theirs] == [answer.status for answer in mine]


def test_without_a_system_turn_the_server_adds_the_template_s_own(spec, smollm2, tmp_path):
    """The trap: SmolLM2's template writes a system prompt where there is none, our rendering does not; saying that prompt makes both agree."""
    theirs = respondent(provider_for(spec), tmp_path).answers(asked("Count from 1 to 5."))[0]
    default = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    assert default in smollm2.tokenizer.chat_template
    bare = LocalResponder(smollm2, GREEDY).answers(asked("Count from 1 to 5."))[0]
    told = LocalResponder(smollm2, GREEDY, default).answers(asked("Count from 1 to 5."))[0]
    assert theirs.input_tokens == told.input_tokens > bare.input_tokens
    assert theirs.text == told.text != bare.text


def test_an_answer_that_is_cut_short_says_so(spec, tmp_path):
    """Three tokens are no whole answer."""
    [answer] = respondent(provider_for(spec), tmp_path, msgspec.structs.replace(GREEDY, max_tokens=3)).answers(asked(QUESTIONS[1]))
    assert (answer.status, answer.finish, answer.output_tokens) == ("truncated", "length", 3) and answer.text


def test_a_second_run_asks_nobody(spec, server, tmp_path):
    """The same answers, each marked, for nothing; offline too, which says what it lacks."""
    first = respondent(provider_for(spec), tmp_path).answers(asked(*QUESTIONS[:2]))
    calls = server.said().count("POST")
    again = respondent(provider_for(spec), tmp_path).answers(asked(*QUESTIONS[:2]))
    offline = respondent(provider_for(spec, offline=True), tmp_path, offline=True)
    assert again == offline.answers(asked(*QUESTIONS[:2])) == [msgspec.structs.replace(answer, cached=True, usd=0.0) for answer in first]
    with pytest.raises(HarnessError, match=r"1 of 3 answers are not in the cache .*; the first: 'Name a colour\.'"):
        offline.answers([*asked(*QUESTIONS[:2]), Conversation(id="x", turns=tuple(chat("Name a colour.")))])
    assert server.said().count("POST") == calls
    with Replies(tmp_path / "replies.sqlite") as cache:
        assert len(cache) == 2


def test_a_server_that_dies_in_the_middle_costs_only_what_it_did_not_answer(spec, server, tmp_path):
    """What it answered is kept and not asked again, the rest are errors that are kept nowhere; a new server finishes exactly the rest."""
    endpoint = provider_for(spec).endpoint
    provider = OpenAiApi(endpoint, Price(1.0, 1.0), timeout_s=30.0, max_retries=1)
    names = [f"Name {number} things." for number in range(2, 10)]

    def kill_after_three(done, total):
        if done == 3:
            server.kill()

    first = respondent(provider, tmp_path, concurrency=1).answers(asked(*names), kill_after_three)
    assert [answer.status in ("ok", "truncated") for answer in first] == [True] * 3 + [False] * 5
    assert all((answer.status, answer.text, answer.usd) == ("error", "", None) and answer.error.startswith("APIConnectionError") for answer in first[3:])
    server.start()
    calls = server.said().count("POST")
    again = respondent(provider, tmp_path, concurrency=1).answers(asked(*names))
    assert [answer.cached for answer in again] == [True] * 3 + [False] * 5
    assert all(answer.text for answer in again) and [answer.text for answer in again[:3]] == [answer.text for answer in first[:3]]
    assert server.said().count("POST") - calls == 5


def test_local_servers_have_an_address_and_need_no_key(monkeypatch):
    """ollama and llamacpp are found where they listen by default; elsewhere by their URL, and a server on another machine wants a key or the word none."""
    monkeypatch.delenv("HARNESS_ENDPOINT_KEY", raising=False)
    assert provider_for("ollama/llama3.2").describe()["base_url"] == "http://127.0.0.1:11434/v1"
    assert provider_for("llamacpp/gemma").describe()["base_url"] == "http://127.0.0.1:8080/v1"
    assert provider_for("ollama/llama3.2@http://127.0.0.2:11434/v1").endpoint.key() == "none"
    for url in ("http://box.lan:11434/v1", "https://ollama.example.com/v1"):
        with pytest.raises(HarnessError, match="HARNESS_ENDPOINT_KEY is not set"):
            provider_for(f"ollama/llama3.2@{url}")
    monkeypatch.setenv("HARNESS_ENDPOINT_KEY", "none")
    assert provider_for("ollama/llama3.2@http://box.lan:11434/v1").endpoint.key() == "none"
