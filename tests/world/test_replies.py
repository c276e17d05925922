"""What was paid for is kept, under a key made of all that decides it, and shared between processes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from faulty_server import ask

from harness.errors import HarnessError
from harness.models.chat import chat
from harness.models.provider import Answer
from harness.models.replies import Replies, key_of

WHO = {"provider": "openai", "model": "test-1", "base_url": "http://localhost/v1"}
HOLDER = """
import sys, time
from pathlib import Path
from harness.models.replies import Replies
cache = Replies(Path(sys.argv[1]))
print(cache.claim(sys.argv[2]), flush=True)
time.sleep(60)
"""
WRITER = """
import sys
from pathlib import Path
from harness.models.provider import Answer
from harness.models.replies import Replies
with Replies(Path(sys.argv[1])) as cache:
    for number in range(40):
        cache.put(f"{number:064x}", Answer(status="ok", text=sys.argv[2]))
"""


@pytest.fixture
def cache(tmp_path):
    """An empty cache."""
    with Replies(tmp_path / "folder" / "replies.sqlite") as made:
        yield made


def test_answers_come_back_as_they_went_in_and_cost_nothing(cache):
    """Every field survives, lone surrogates included; a hit is marked, free and counted."""
    answer = Answer(status="ok", text="caf\ud83d 🙂", finish="stop", model="m", input_tokens=1, output_tokens=2, usd=0.5, latency_s=0.1)
    assert cache.get("0" * 64) is None
    assert cache.put("0" * 64, answer)
    found = cache.get("0" * 64)
    assert (found.text, found.output_tokens, found.usd, found.cached) == (answer.text, 2, 0.0, True)
    assert cache.hits == 1 == len(cache)


@pytest.mark.parametrize(("status", "kept"), [("ok", True), ("truncated", True), ("refused", True), ("error", False), ("empty", False)])
def test_errors_and_empty_answers_are_never_kept(cache, status, kept):
    """Only what a model said, or declined to say, is worth keeping."""
    assert cache.put("1" * 64, Answer(status=status)) is kept
    assert cache.holds("1" * 64) is kept


def test_the_first_answer_kept_stays(cache):
    """A second answer to the same ask changes nothing that was already read."""
    cache.put("2" * 64, Answer(status="ok", text="first"))
    cache.put("2" * 64, Answer(status="ok", text="second"))
    assert cache.get("2" * 64).text == "first"


def test_a_key_is_made_of_all_that_decides_an_answer():
    """Provider, turns, every parameter, schema and replicate each make a key of their own; no system turn and an empty one differ."""
    asks = [
        ask(1),
        ask(2),
        ask(1, max_tokens=33),
        ask(1, temperature=0.0),
        ask(1, temperature=1.0),
        ask(1, top_p=0.0),
        ask(1, seed=0),
        ask(1, replicate=1),
        ask(1, schema={}),
        ask(1, schema={"type": "object"}),
        ask(1, messages=tuple(chat("question 1", ""))),
        ask(1, model="test-2"),
    ]
    keys = [key_of(WHO, question) for question in asks] + [key_of({**WHO, "base_url": "http://other/v1"}, ask(1))]
    assert len(set(keys)) == len(asks) + 1
    assert key_of(dict(reversed(WHO.items())), ask(1)) == keys[0]


def test_two_processes_write_at_once(cache):
    """Writers wait for each other, and what one has kept the other does not replace."""
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(cache.path), name]) for name in ("one", "two")]
    assert [process.wait() for process in running] == [0, 0]
    assert len(cache) == 40 and {cache.get(f"{number:064x}").text for number in range(40)} <= {"one", "two"}


def test_a_claim_ends_with_its_process(cache):
    """What another process is asking is not asked here, until that process is gone, however it went."""
    key = "ab" * 32
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(cache.path), key], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "True\n"
        assert not cache.claim(key) and cache.claim("cd" * 32)
        holder.kill()
        holder.wait()
        assert cache.claim(key)
        cache.release(key)


def test_what_is_no_cache_is_told_in_one_line(tmp_path):
    """A foreign file and one of another layout are named, with a mend, and left alone."""
    foreign = tmp_path / "foreign.sqlite"
    foreign.write_bytes(b"this is text and no database" * 100)
    with pytest.raises(HarnessError, match=r"foreign\.sqlite: the cache of answers cannot be used: file is not a database"):
        Replies(foreign)
    assert foreign.read_bytes().startswith(b"this is text")
    with Replies(tmp_path / "later.sqlite") as later:
        later.db.execute("PRAGMA user_version=99")
    with pytest.raises(HarnessError, match="layout 99"):
        Replies(tmp_path / "later.sqlite")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """The line names the place."""
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match=r"file/replies\.sqlite.*cannot write"):
        Replies(tmp_path / "file" / "replies.sqlite")
