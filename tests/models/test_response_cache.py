"""What was paid for is kept, under a key made of all that decides it, and shared between processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

import bit_flips
from faulty_server import FaultyServer, ask, provider_at
from harness.errors import HarnessError
from harness.models.budget import Ledger
from harness.models.chat import chat
from harness.models.prices import Price
from harness.models.provider import Answer
from harness.models.request_pool import Asker, BudgetSpent
from harness.models.response_cache import Replies, key_of
from tries import tries

WHO = {"provider": "openai", "model": "test-1", "base_url": "http://localhost/v1"}
HOLDER = """
import sys, time
from pathlib import Path
from harness.models.response_cache import Replies
cache = Replies(Path(sys.argv[1]))
print(cache.claim(sys.argv[2]), flush=True)
time.sleep(60)
"""
WRITER = """
import sys
from pathlib import Path
from harness.models.provider import Answer
from harness.models.response_cache import Replies
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
@pytest.mark.mistake("M6", rule="-", stage="run")
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


LAYOUT_1 = """
CREATE TABLE replies (key TEXT PRIMARY KEY, answer TEXT NOT NULL, kept_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE batches (token TEXT PRIMARY KEY, provider TEXT NOT NULL, id TEXT, size INTEGER NOT NULL, began_at REAL NOT NULL, guessed INTEGER NOT NULL);
CREATE TABLE batch_asks (key TEXT PRIMARY KEY, token TEXT NOT NULL REFERENCES batches, ask TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO replies VALUES ('a', '{"status": "ok", "text": "a small blue word"}', 1.5), ('b', '{"status": "truncated", "text": " "}', 1.5);
INSERT INTO replies VALUES ('c', '{"status": "refused", "text": ""}', 2);
INSERT INTO batches VALUES ('t', 'p', 'batch', 1, 1.0, 0);
INSERT INTO batch_asks VALUES ('d', 't', '{}');
PRAGMA user_version=1;
"""
LEDGER_1 = """
CREATE TABLE ledger (run TEXT NOT NULL, provider TEXT NOT NULL, usd REAL NOT NULL, PRIMARY KEY (run, provider)) WITHOUT ROWID;
INSERT INTO ledger VALUES ('run', 'm', 1.25);
"""


def written(path, script):
    """A file as an earlier version left it."""
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()
    return path


def replace_bytes(path, old, new):
    """Alters a closed file behind SQLite's back."""
    data = path.read_bytes()
    assert data.count(old) == 1 and len(old) == len(new)
    path.write_bytes(data.replace(old, new))


@pytest.mark.chaos
def test_bits_that_flip_are_noticed(tmp_path):
    """Of damaged copies none gives a wrong answer, loses one in silence, or makes a budget look emptier than it was; what was lost can be kept again."""
    found = bit_flips.flip(tmp_path, tries(60, 300), seed=1)
    assert found["told"] > 10 and found["lost"] > 10
    assert not {name: found[name] for name in found if name not in ("told", "lost")}


def test_an_altered_answer_is_asked_again_and_told(tmp_path):
    """The row is gone, its neighbours are not; the line says how many, and where the damaged file is. The next opening finds a whole file."""
    path = tmp_path / "replies.sqlite"
    with Replies(path) as cache:
        for key in "ab":
            cache.put(key * 64, Answer(status="ok", text=f"the word is {key}"))
    replace_bytes(path, b"the word is a", b"the word is b")
    with Replies(path) as cache:
        assert cache.get("a" * 64) is None and cache.get("b" * 64).text == "the word is b" and cache.hits == 1
        [line] = cache.damaged
        assert "damaged (1 of 2 rows is damaged or gone); 1 whole rows were carried over" in line
        assert cache.put("a" * 64, Answer(status="ok", text="again")) and cache.get("a" * 64).text == "again"
    [aside] = [file for file in tmp_path.iterdir() if ".damaged-" in file.name]
    assert b"the word is b" in aside.read_bytes() and aside.name in line
    with Replies(path) as cache:
        assert len(cache) == 2 and not cache.damaged


@pytest.mark.parametrize("size", [0, 100, 4096, 9000])
def test_a_file_that_was_cut_off_is_told(tmp_path, size):
    """Whatever is left is carried over, and nothing is lost in silence."""
    path = tmp_path / "replies.sqlite"
    with Replies(path) as cache:
        for number in range(40):
            cache.put(f"{number:064x}", Answer(status="ok", text="word " * 100))
    path.write_bytes(path.read_bytes()[:size])
    with Replies(path) as cache:
        assert len(cache) < 40 and len(cache.damaged) == 1


def test_an_answer_that_is_altered_while_the_file_is_open_is_not_believed(cache):
    """The seal is looked at on every read, and the line is told once."""
    cache.put("a" * 64, Answer(status="ok", text="yes"))
    cache.db.create_function("seal", -1, lambda *_: "0" * 64, deterministic=True)
    cache.db.execute("UPDATE replies SET kept_at = 1")
    assert cache.get("a" * 64) is None and not cache.holds("a" * 64)
    assert len(cache.damaged) == 1 and "is not as it was written" in cache.damaged[0]


def test_a_damaged_file_that_is_open_elsewhere_is_left_there(tmp_path):
    """Nobody's file is taken away while it is written to; the line says when to come again."""
    path = tmp_path / "replies.sqlite"
    with Replies(path) as cache:
        cache.put("a" * 64, Answer(status="ok", text="the word is a"))
    before = path.read_bytes()
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path), "ab" * 32], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "True\n"
        path.write_bytes(before.replace(b"the word is a", b"the word is b"))
        with pytest.raises(HarnessError, match=r"is damaged .* while it is open elsewhere. Run again"):
            Replies(path)
        holder.kill()


def test_an_earlier_layout_is_sealed_as_it_is(tmp_path):
    """Its answers, batches and bookings stay, but for the answers without a word that it kept; one line says so, once. The file can then be mended."""
    path = written(tmp_path / "replies.sqlite", LAYOUT_1)
    written(tmp_path / "replies.sqlite.ledger", LEDGER_1)
    with Replies(path) as cache, Ledger(cache, "run", 2.0) as ledger:
        assert (cache.get("a").text, cache.get("b"), cache.get("c").status, cache.in_batch("d")) == ("a small blue word", None, "refused", True)
        assert ledger.booked() == 1.25 and not ledger.damage
        assert len(cache.damaged) == 1 and "sealed as they are; 1 without a word were dropped" in cache.damaged[0]
    with Replies(path) as cache:
        assert len(cache) == 2 and not cache.damaged
    path.write_bytes(b"?" * 4096 + path.read_bytes()[4096:])
    with Replies(path) as cache:
        assert len(cache) == 2 and cache.in_batch("d") and len(cache.damaged) == 1


@pytest.mark.parametrize("harm", [lambda data: data.replace(b"mine", b"mind"), lambda data: b"", lambda data: data[:5000], lambda data: b"?" * len(data)])
def test_damaged_bookings_let_nobody_pay(tmp_path, harm):
    """What was spent is not known, so it may be all there is: kept answers are still given, and the line names the file to look into."""
    path = tmp_path / "replies.sqlite"
    with Replies(path) as cache, Ledger(cache, "mine", 100.0) as ledger:
        assert ledger.set_aside("m", 1.0)
    bookings = tmp_path / "replies.sqlite.ledger"
    bookings.write_bytes(harm(bookings.read_bytes()))
    with FaultyServer() as server, Replies(path) as cache, Ledger(cache, "mine", 100.0) as ledger:
        provider = provider_at(server, "openai", price=Price(1.0, 1.0))
        assert ledger.booked() == float("inf") and "what runs have spent is not known" in cache.damaged[0]
        with pytest.raises(BudgetSpent, match=r"replies\.sqlite\.ledger are damaged .* Remove that file once you know what was billed"):
            Asker(provider, cache, ledger=ledger).ask_all([ask(1)])
        cache.put(key_of(provider.describe(), ask(1)), Answer(status="ok", text="kept"))
        assert Asker(provider, cache, ledger=ledger).ask_all([ask(1)])[0].text == "kept"
    assert not server.attempts
