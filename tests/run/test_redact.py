"""Keys are struck out of whatever is kept or shown, and nothing else is."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest

from harness.records import Cell, Fact
from harness.run.redact import clean_value, key_in, redact, words_without_keys
from harness.run.runner import make_storable

SECRET = 'pa55/wo"rd+é x'
BASE64 = base64.b64encode(SECRET.encode()).decode()
ENVIRON = {
    "DB_PASS": "hunter2secret",
    "PGPASSWORD": "correcthorse",
    "GITHUB_PAT": SECRET,
    "NPM_AUTH": "s3cr3t",
    "DATABASE_URL": "postgres://me:between9@host/db",
    "MODEL_KEY": "local",
    "TOKENIZERS_PARALLELISM": "false",
    "KEYRING_BACKEND": "disabled",
    "SEED_KEY": "20240101",
    "AWS_REGION": "us-east-1",
    "GOOGLE_APPLICATION_CREDENTIALS": "/root/x/key.json",
    "HOME": "/home/somebody",
}


@pytest.mark.parametrize(
    "text",
    [
        "hunter2secret",
        "correcthorse",
        SECRET,
        "s3cr3t",
        "between9",
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_the_value_of_a_variable_is_struck_in_every_form(text: str) -> None:
    """As it is, percent-encoded, escaped as in JSON, and as base64."""
    assert text.rstrip("=") not in redact(f"x={text} and more", ENVIRON)


@pytest.mark.parametrize(
    "text",
    [
        "pytest --api-key=S3CRETxyz",
        "pytest --token 'S3CRETxyz two words'", 'run --hf-token "S3CRETxyz"', "pytest -o openai_api_key=S3CRETxyz",
        "pytest --override-ini key=S3CRETxyz", "OPENAI_API_KEY=S3CRETxyz pytest", "Authorization: Bearer S3CRETxyz", "{'Authorization': 'Basic S3CRETxyz'}",
        "x-api-key: S3CRETxyz", "password    = 'S3CRETxyz'", '{"api_key": "S3CRETxyz"}', "https://me:S3CRETxyz@host/x", "https://S3CRETxyz0123456789@host/x",
        "sk-S3CRETxyzabcdefghijk", "sk-ant-api03-S3CRETxyzabc", "hf_S3CRETxyzabcdefghijk", "ghp_S3CRETxyzabcdefghijk", "xoxb-12-S3CRETxyz",
        "AKIAS3CRETXYZABCDEFG",
    ],
)  # fmt: skip
def test_what_looks_like_a_key_is_struck(text: str) -> None:
    """Options, assignments, headers, URLs, and the shapes of well-known keys."""
    assert "S3CRET" not in redact(text, {})


@pytest.mark.parametrize(
    "text",
    [
        "local false disabled 20240101 us-east-1 /root/x/key.json /home/somebody", "--max-tokens 24 tokens=24", "sorted(rows, key=lambda row: row.id)",
        "-k key",
        "a pass rate of .5, the secret of it", "the token 'the' is next", "a risk-adjusted-and-rather-long-word", "correcthorses", "see https://host:80/a@b",
        "bearer authentication", "shift +5 pp [1.2, 8.7] (n = 200)",
    ],
)  # fmt: skip
def test_other_words_and_numbers_stay(text: str) -> None:
    """Values that may stand anywhere, and words that only sound like keys."""
    assert redact(text, ENVIRON) == text


def test_the_words_of_a_command_line_lose_their_keys() -> None:
    """A value is a word of its own, blanks and all; what is no key stays."""
    words = ["pytest", "--api-key", "a b", "--token=x y", "-o", "api_key=foo bar", "--override-ini=my_key=1", "-k", "key", "--max-tokens", "24"]
    struck = "[redacted]"
    expected = ["pytest", "--api-key", struck, f"--token={struck}", "-o", f"api_key={struck}", f"--override-ini=my_key={struck}", *words[7:]]
    assert words_without_keys(words) == expected


def test_a_record_that_cannot_be_written_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error in its place is struck like any other."""
    monkeypatch.setenv("DB_PASS", SECRET)
    fact = Fact(group="Eval", name="x", value=float("nan"))
    cell = Cell(id="G1", owner="G1", kind="gate", nodeid="t.py::t", params={}, key="0", verdict="passed", effect=f"shift {SECRET}", p=0.5, facts=(fact,))
    found = make_storable(cell)
    assert (found.verdict, found.effect, found.facts) == ("error", "shift [DB_PASS]", ()) and SECRET not in repr(found)


@pytest.mark.parametrize("text", ["hunter2secret", f"a {SECRET} b", BASE64, "sk-ant-S3CRETxyzabcdefghijk", "postgres-between9"])
def test_a_name_that_holds_a_key_is_known(text: str) -> None:
    """By the variable, or by its shape; what only reads like an assignment names as it likes."""
    assert key_in(text, ENVIRON) and not key_in("password='x' key=local token=5", ENVIRON)


def test_numbers_of_a_record_stay_numbers() -> None:
    """Texts are cleaned, in keys too; what is no text is left alone."""
    assert clean_value({"a": [1, 2.5, True, None, "x"], "b": {"c": 20240101}}, str.upper) == {"A": [1, 2.5, True, None, "X"], "B": {"C": 20240101}}


@pytest.mark.parametrize(
    "text", ["-" * 300_000 + "key", "x_" * 150_000, "a:" * 150_000 + "@", "://" * 100_000, "password " * 30_000, "-----BEGIN PRIVATE KEY-----" * 5000]
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    """No pattern goes over a text again and again."""
    start = time.monotonic()
    redact(text, ENVIRON)
    assert time.monotonic() - start < 10
