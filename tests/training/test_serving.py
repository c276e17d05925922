"""Answers that an inference server draws: those of the same weights and adapters, never mixed with our own, and refused where the server answers otherwise."""

from __future__ import annotations

import pytest

from harness.errors import HarnessError
from harness.fixtures.models import pytest_harness_identity, serving_of
from harness.measures.answers import AnswerProbe, Prompt
from harness.models.chat import chat, render
from harness.models.inference_server import PLAIN, InferenceServer
from harness.models.local_responder import LocalResponder
from harness.models.responder import Conversation, SamplingParams
from harness.models.sampling import Sampler
from harness.store import Store
from harness.training.adapter_stack import AdaptedModel, Stack
from harness.training.serving import TOLERANCES, Serving
from small_server import SmallServer
from training_room import conversation, trained

pytestmark = pytest.mark.usefixtures("single")
TOLD = [conversation(), conversation("Yes 2, of course.", None)]
DRAWING = {"max_new_tokens": 8, "temperature": 0.7, "top_p": 0.95}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def stacked(little, store, single):
    """The model with two trained adapters, one on top of the other."""
    stack = Stack(little)
    below = trained(store, stack, 3)
    yield AdaptedModel(stack, [below, trained(store, stack, 5, (below,))])
    stack.bare()


@pytest.fixture
def bare(stacked):
    return AdaptedModel(stacked.stack, [])


@pytest.fixture(scope="module")
def up(little_folder):
    with SmallServer(little_folder) as found:
        yield found


@pytest.fixture
def server(up):
    """The server, as if just started and without a fault."""
    up.fault, up.version, up.root, up.bodies = "", "0.32.0", str(up.folder), []
    up.forget()
    return up


@pytest.fixture
def serving(server, store):
    return Serving(InferenceServer(server.url), store)


def prompts(model, count=4):
    return [render(model.tokenizer, chat(f"Question {number}?", "Be brief.")) for number in range(count)]


def test_the_server_is_compared_with_the_model(serving, stacked, bare):
    """With and without adapters the log-probabilities are ours but for rounding, and the adapters move those of the server."""
    alone, worn = serving.compare(bare, TOLD), serving.compare(stacked, TOLD)
    assert alone.difference < 1e-4 and alone.moved is None and alone.moved_mean is None
    assert worn.difference < 1e-4 and worn.moved_mean > 0.1 and worn.moved >= worn.moved_mean and worn.tokens == alone.tokens > 8


def test_at_temperature_0_the_server_says_what_we_say(serving, stacked, bare):
    """Text, tokens, finish and log-probability, for the base and for the stack."""
    said = []
    for model in (bare, stacked):
        how = DRAWING | {"temperature": 0.0}
        theirs = serving.sampler(model, **how).complete(prompts(model), seed=1)
        ours = Sampler(model, **how).complete(prompts(model), seed=1)
        assert [(one.text, one.tokens, one.finish) for one in theirs] == [(one.text, one.tokens, one.finish) for one in ours]
        assert [one.logprob for one in theirs] == pytest.approx([one.logprob for one in ours], abs=1e-3)
        said.append([one.text for one in theirs])
    assert said[0] != said[1]


def test_a_sample_depends_on_seed_text_and_replicate_alone(serving, stacked):
    """Alone, among others and in another order it is the same; another replicate or seed is another sample."""
    texts, sampler = prompts(stacked), serving.sampler(stacked, **DRAWING)
    whole = sampler.complete(texts, seed=1)
    assert sampler.complete(texts[::-1], seed=1) == whole[::-1] and sampler.complete(texts[2:3], seed=1) == whole[2:3]
    assert sampler.complete(texts, seed=2) != whole != sampler.complete(texts, seed=1, replicates=[1] * len(texts))


def test_the_request_is_ours_to_the_token(serving, server, stacked):
    """Rendered tokens go out, and every default of the server that would change the distribution is said."""
    [text] = prompts(stacked, 1)
    serving.sampler(stacked, **DRAWING).complete([text], seed=1)
    body = next(body for body in server.bodies if body.get("max_tokens") == 8)
    assert body["prompt"] == stacked.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert body.items() >= (PLAIN | {"temperature": 0.7, "top_p": 0.95, "stop_token_ids": [2]}).items() and body["model"] in server.adapters


def test_adapters_are_loaded_once_and_again_where_the_server_forgot_them(serving, server, stacked):
    """A server that was started again gets its adapter again; the answers are the same."""
    name = serving.load(stacked)

    def loads():
        return sum(body.get("lora_name") == name for body in server.bodies)

    texts, sampler = prompts(stacked, 2), serving.sampler(stacked, **DRAWING)
    first = sampler.complete(texts, seed=1)
    assert sampler.complete(texts, seed=1) == first and loads() == 1
    server.forget()
    assert sampler.complete(texts, seed=1) == first and loads() == 2


def test_a_server_that_leaves_the_adapters_out_is_refused(serving, server, stacked, bare):
    """It loads them, lists them, and answers as the base does: no answer is handed on, and the comparison shows that nothing moves."""
    server.fault = "deaf"
    with pytest.raises(HarnessError, match=r"^http://127\.0\.0\.1:\d+/v1: the inference server answers as if without the adapters: they move its log-prob"):
        serving.sampler(stacked, **DRAWING).complete(prompts(stacked), seed=1)
    found = serving.compare(stacked, TOLD)
    assert found.moved == 0 and found.difference_mean > 0.1
    assert len(serving.sampler(bare, **DRAWING).complete(prompts(bare), seed=1)) == 4


def test_the_base_is_never_asked_by_its_name(serving, server, stacked, bare):
    """On a CPU, vLLM answers for the base as an adapter that is under way at the same moment. As an adapter of zeros it is answered right, and nothing else
    is drawn under the name of the base than the one token that tells the server's fingerprint."""
    texts = prompts(bare)
    alone = serving.sampler(bare, **DRAWING).complete(texts, seed=1)
    worn = serving.sampler(stacked, **DRAWING).complete(texts, seed=1)
    server.fault = "mixed"
    ids = bare.tokenizer(texts[0], add_special_tokens=False)["input_ids"]
    by_name = serving.server.logprobs("little", [(ids, [5])]), serving.server.logprobs(serving.load(stacked), [(ids, [5])])
    assert by_name[0] == by_name[1] != serving.server.logprobs(serving.load(bare), [(ids, [5])])
    server.bodies.clear()
    again = Serving(InferenceServer(server.url), serving.store)
    assert again.sampler(bare, **DRAWING).complete(texts, seed=1) == alone != worn == again.sampler(stacked, **DRAWING).complete(texts, seed=1)
    assert [body["prompt"] for body in server.bodies if body.get("model") == "little"] == [[1]]


def test_other_weights_are_refused_unless_that_much_is_allowed(serving, server, store, bare):
    """Logits 5 % too large: far beyond float32, within a tolerance that says so."""
    server.fault = "other"
    with pytest.raises(HarnessError, match=r"the inference server is not the model here: log-probabilities differ by .* and 0\.001 is allowed"):
        serving.sampler(bare, **DRAWING).complete(prompts(bare), seed=1)
    assert TOLERANCES["float32"] == 1e-3
    assert len(Serving(serving.server, store, tolerance=5.0).sampler(bare, **DRAWING).complete(prompts(bare), seed=1)) == 4


REFUSALS = {
    "no_lora": r"does not load the adapter .*NotFoundError.* --enable-lora and --max-lora-rank 8 or more",
    "aborted": r"a completion ended with 'abort'",
    "no_ids": r"a completion ended with '(stop|length)', 0 token_ids and",
    "malformed": r"malformed reply",
    "unknown": r"fails: NotFoundError",
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_what_goes_wrong_is_told_in_one_line(serving, server, stacked, fault):
    """The address first, what happened, and what to do."""
    server.fault = fault
    with pytest.raises(HarnessError, match=REFUSALS[fault]) as told:
        serving.sampler(stacked, **DRAWING).complete(prompts(stacked, 1), seed=1)
    assert str(told.value).startswith(server.url) and "\n" not in str(told.value) and told.value.__cause__ is None


def test_another_model_behind_the_address_is_refused(serving, server, bare):
    assert serving.server.identity["root"] == str(server.folder)
    server.root = "/other"
    with pytest.raises(HarnessError, match="serves another model than when it was first asked"):
        serving.sampler(bare, **DRAWING).complete(prompts(bare, 1), seed=1)


def test_the_server_is_part_of_who_answers(server, store, bare):
    """Answers of the server, of our sampler and of another version have three keys; all that the server told is in the first."""

    def described(server):
        probe = AnswerProbe(bare, None, 1, server=server).describe()
        return probe, LocalResponder(bare, SamplingParams(max_tokens=8), None, server).describe()

    found = [described(None), described(Serving(InferenceServer(server.url), store))]
    server.version = "0.33.0"
    found.append(described(Serving(InferenceServer(server.url), store)))
    for ours, theirs, newer in zip(*found, strict=True):
        assert theirs.items() > ours.items() and newer.keys() == theirs.keys()
        assert {name for name in theirs if theirs[name] != newer[name]} == {"server"}
        told = {"version": "0.32.0", "model": "little", "root": str(server.folder), "max_model_len": 2048, "system_fingerprint": "vllm-0.32.0-abc"}
        assert theirs["server"] == told


def test_measures_and_responders_draw_there(serving, server, stacked):
    """A probe and a responder hand on what the server drew, in the form of their own."""
    rows = AnswerProbe(stacked, "Be brief.", 1, max_new_tokens=8, server=serving).score([Prompt(id="a", text="Question 0?")])
    drawn = serving.sampler(stacked, **DRAWING).complete(prompts(stacked, 1), seed=1)
    assert [row["text"] for row in rows] == [one.text for one in drawn]
    asked = [Conversation(id="a", turns=tuple(chat("Question 0?")))]
    [answer] = LocalResponder(stacked, SamplingParams(max_tokens=8), "Be brief.", serving).answers(asked)
    assert answer.text == drawn[0].text.strip() and answer.usd == 0


def test_settings_name_the_server(server, store, tmp_path):
    """No setting, no server; a value that is none is refused. A plan asks nobody; a run has the server's identity among what decides its cells."""
    assert serving_of({}, store) is None
    for settings, told in (({"server": 8000}, "setting server"), ({"server": server.url, "server_tolerance": -1}, "setting server_tolerance")):
        with pytest.raises(HarnessError, match=told):
            serving_of(settings, store)
    assert "server" not in pytest_harness_identity({"server": "http://127.0.0.1:9/v1"}, True, tmp_path, {})
    with pytest.raises(HarnessError, match="the inference server fails: APIConnectionError"):
        pytest_harness_identity({"server": "http://127.0.0.1:9/v1"}, False, tmp_path, {})
    assert pytest_harness_identity({"server": server.url}, False, tmp_path, {})["server"]["model"] == "little"
