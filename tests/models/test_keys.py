"""A key is in no file and no line that is printed, whatever a server does with it, and it goes to the server that it belongs to alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from faulty_server import FAULT_TEXT, SUPPORT, FaultyServer
from toy import Toy

KEY = "sk-secret-of-the-test-0123456789"
VENDORS = ["openai", "anthropic"]
ECHOES = ("ok", "echo", "echo_model", "echo_finish", "400", "401", "malformed", "wrong_model")
# Both SDKs tell all that they send and get.
LOUD = {"OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug"}
CHILD = """
import sys
from pathlib import Path
from faulty_server import ask
from harness.models.request_pool import Asker
from harness.models.provider import provider_for
from harness.models.response_cache import Replies
provider = provider_for(sys.argv[1])
with Replies(Path(sys.argv[2])) as cache:
    asker = Asker(provider, cache, max_error_rate=0.0)
    for answer in asker.ask_all([ask(number) for number in range(24)]):
        print(answer)
    print(provider, vars(provider), provider.describe(), asker, vars(asker))
    asker.refuse_if_broken(asker.ask_all([ask(number) for number in range(24)]))
"""
CONFTEST = '''\
import os
from pathlib import Path

import msgspec
import pytest
from harness.models.api_responder import ApiResponder
from harness.models.chat import chat
from harness.models.provider import provider_for
from harness.models.responder import Conversation, SamplingParams


class Replying:
    """A coin that is up where the server answers."""

    def __init__(self, respondent):
        self.respondent = respondent

    def describe(self):
        return self.respondent.describe()

    def chunks(self, items):
        return self.respondent.groups([Conversation(id=item, turns=tuple(chat(item))) for item in items])

    def score(self, chunk):
        answers = zip(chunk, self.respondent.answers(chunk), strict=True)
        return [{"item": asked.id, **msgspec.to_builtins(answer), "up": answer.status == "ok"} for asked, answer in answers]


class Hand:
    bank = Path(__file__).parent / "banks" / "coins.jsonl"
    flat, broken_control, bad = False, False, ()
    bias = {"villain": 0.9, "comedian": 0.9, "librarian": 0.5}

    def __init__(self, gather, store):
        self.gather, self.cache = gather, store.root / "replies.sqlite"

    def note(self, name):
        pass

    def throw(self, name, p):
        questions = [f"{name} question {number}" for number in range(16)]
        respondent = ApiResponder(provider_for(os.environ["SPEC"]), self.cache, SamplingParams(max_tokens=32))
        return self.gather(name, Replying(respondent), questions)


@pytest.fixture
def coin(gather, store):
    return Hand(gather, store)
'''


def echoing(prompt, attempt):
    """By turns an answer and every place in which a careless server may put the key."""
    return ECHOES[int(prompt.rpartition(" ")[2]) % len(ECHOES)]


def spec_at(server, vendor):
    return f"{vendor}/test-1@{server.url}" + ("" if vendor == "anthropic" else "/v1")


def holding(folder: Path, words: str) -> list[str]:
    """The files below the folder in whose bytes or name the words are."""
    return [str(path) for path in folder.rglob("*") if words in path.name or (path.is_file() and words.encode() in path.read_bytes())]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_that_comes_back_is_struck_out_everywhere(vendor, tmp_path):
    """Answers, errors, names and logs of the SDKs at their loudest: the cache, what is printed and what is logged hold the variable's name instead."""
    with FaultyServer(echoing) as server:
        environ = {**os.environ, "HARNESS_ENDPOINT_KEY": KEY, **LOUD}
        words = [sys.executable, "-c", CHILD, spec_at(server, vendor), str(tmp_path / "replies.sqlite")]
        done = subprocess.run(words, cwd=SUPPORT, env=environ, capture_output=True, text=True)
    assert server.keys == {KEY}, "the server saw the key"
    assert "answers are missing (" in done.stderr and "[HARNESS_ENDPOINT_KEY]" in done.stdout
    assert KEY not in done.stdout and KEY not in done.stderr
    assert "DEBUG" in done.stderr and "Your key is [HARNESS_ENDPOINT_KEY]" in done.stdout
    assert not holding(tmp_path, KEY) and holding(tmp_path, "[HARNESS_ENDPOINT_KEY]")


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_experiment_leaves_no_key_behind(vendor, tmp_path):
    """Through the front door, every test's locals shown: store, cache, run folder, report and both streams are without it."""
    toy = Toy(tmp_path).reporting()
    toy.write("conftest.py", CONFTEST)
    with FaultyServer(echoing) as server:
        done = toy.run("--showlocals", "-rA", env={"HARNESS_ENDPOINT_KEY": KEY, "SPEC": spec_at(server, vendor), **LOUD})
    assert server.keys == {KEY} and len(server.attempts) > 100, done.stdout
    assert set(toy.cells()) and KEY not in done.stdout and KEY not in done.stderr
    assert not holding(tmp_path, KEY)
    told = "\n".join(holding(tmp_path, "[HARNESS_ENDPOINT_KEY]"))
    assert "replies.sqlite" in told and ".jsonl" in told, "the echo got as far as the answers and the rows"
    assert not any(FAULT_TEXT in row for row in rows_of(tmp_path)), "an error's text is in an answer"


def rows_of(folder: Path) -> list[str]:
    """The `text` field of every row of every log below the folder."""
    from harness.appendlog import AppendLog

    return [row["text"] for path in folder.rglob("*.jsonl") for row in AppendLog(path).read()[0] if "text" in row]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_that_cannot_be_used_is_not_shown_either(vendor, tmp_path):
    """A key that was copied with a line break is refused by the name of its variable; the traceback and its locals do not hold it."""
    toy = Toy(tmp_path).reporting()
    toy.write("conftest.py", CONFTEST)
    done = toy.run("--showlocals", "-rA", env={"HARNESS_ENDPOINT_KEY": f"{KEY}\nand more", "SPEC": f"{vendor}/test-1@http://127.0.0.1:9/v1"})
    assert "HARNESS_ENDPOINT_KEY holds characters that no key has" in done.stdout
    assert KEY not in done.stdout and KEY not in done.stderr and not holding(tmp_path, KEY)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_client_that_cannot_be_made_is_told_without_the_key(vendor, tmp_path):
    """A proxy that the SDK cannot use is one line; the locals of the SDK's own traceback, which hold the key, are not shown."""
    toy = Toy(tmp_path).reporting()
    toy.write("conftest.py", CONFTEST)
    done = toy.run("--showlocals", "-rA", env={"HARNESS_ENDPOINT_KEY": KEY, "SPEC": f"{vendor}/test-1@http://127.0.0.1:9/v1", "ALL_PROXY": "no://where"})
    assert "no client can be made: " in done.stdout
    assert KEY not in done.stdout and KEY not in done.stderr and not holding(tmp_path, KEY)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_gets_the_key_that_is_its_own_and_no_other(vendor, tmp_path):
    """Whatever the environment holds for the vendors and their administrators, another server sees the endpoint's key alone, in any header."""
    others = {
        "OPENAI_API_KEY": "sk-of-openai",
        "OPENAI_ADMIN_KEY": "sk-of-the-administrator",
        "OPENROUTER_API_KEY": "sk-of-openrouter",
        "ANTHROPIC_API_KEY": "sk-of-anthropic",
        "ANTHROPIC_AUTH_TOKEN": "token-of-anthropic",
    }
    with FaultyServer() as server:
        words = [sys.executable, "-c", CHILD, spec_at(server, vendor), str(tmp_path / "replies.sqlite")]
        done = subprocess.run(words, cwd=SUPPORT, env={**os.environ, **others, "HARNESS_ENDPOINT_KEY": KEY}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert any(KEY in value for value in server.headers)
    assert not [value for value in server.headers for other in others.values() if other in value]
