"""Keys live in the environment and never reach a record: what looks like one, and the value of a variable named like one, is struck out of what is kept.

Struck: values of variables named like a key (as they are, percent-encoded, as base64, escaped as in JSON), passwords in URLs, keys of the well-known
vendors by their shape, authorization headers, and values of options and assignments named like a key. Short values, numbers, paths and words
that may stand anywhere are not struck: a record in which they were missing would be wrong.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from harness.plaintext import encodable, shorten_text, visible

# Variables: a telling word anywhere in the name, or a short one as a part of its own (DB_PASS, GITHUB_PAT, NPM_AUTH, SENTRY_DSN).
NAMED = re.compile(
    r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|(?:^|_)(?:PASS|PWD|PAT|AUTH|AUTHORIZATION|BEARER|COOKIE|DSN|CREDS?)(?:_|$)", re.IGNORECASE
)
# Options and assignments: the name ends so. `--max-tokens 24` and `sorted(rows, key=...)` name no secret.
WORD = r"(?:[\w.-]{0,40}[_.-])?(?:api[_-]?key|access[_-]?key[_-]?id|key|token|secret|password|passwd|passphrase|pass|pwd|credentials?|bearer|auth|dsn|pat)"
# Names that say it whole, wherever they stand.
FIELD = (
    r"(?:[\w-]{0,40}_)?(?:(?:api|access|secret|private|auth|client)[_-]?key|(?:api|auth|access|bearer|refresh|session|hf)[_-]?token"
    r"|(?:(?:client|app)[_-]?)?secret|password|passwd|passphrase)"
)
QUOTED = r"(?:\"[^\"\n]{1,4000}\"|'[^'\n]{1,4000}')"
VALUE = rf"(?:{QUOTED}|[^\s\"']\S{{0,4000}})"
HEADER = r"[^\s\"',;}]{4,4000}"
# In each what is left of the value stands as group 1.
RULES = [
    re.compile(text, flags)
    for text, flags in (
        (rf"((?<![\w-])--?{WORD}[= ])(?!-){VALUE}", re.IGNORECASE),  # --api-key=x, --token 'x y'
        (rf"((?<![\w-])(?:-o|--override-ini)[= ]?[\"']?{WORD}\s?=\s?){VALUE}", re.IGNORECASE),
        (rf"((?<!\w)[A-Z][A-Z0-9_]{{0,40}}_(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|PAT|AUTH|DSN)=){VALUE}", 0),  # API_TOKEN=x pytest
        (rf"((?<!\w)(?:proxy-)?authorization[\"']?\s?[:=]\s?[\"']?(?:(?:bearer|basic|token|digest)\s)?){HEADER}", re.IGNORECASE),
        (rf"((?<!\w)x-[\w-]{{0,30}}(?:key|token)[\"']?\s?[:=]\s?[\"']?){HEADER}", re.IGNORECASE),
        (r"((?<!\w)bearer\s)(?=\S{0,4000}\d)[\w.~+/=-]{12,4000}", re.IGNORECASE),
        (rf"((?<![A-Za-z0-9]){FIELD}[\"']?\s{{0,30}}[:=]\s?){QUOTED}", re.IGNORECASE),  # password = 'x' (locals of a traceback), "api_key": "x"
        (r"((?<![\w+.-])[A-Za-z][\w+.-]{0,20}://[^\s/:@\"']{0,200}:)[^\s/@\"']{1,400}(?=@)", 0),  # scheme://user:password@host
        (r"((?<![\w+.-])[A-Za-z][\w+.-]{0,20}://)[^\s/:@\"']{16,400}(?=@)", 0),  # https://token@host
    )
]
SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-(?:ant-|proj-|or-)?[\w-]{16,400}|hf_[A-Za-z0-9]{16,100}|gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_\w{16,255}|glpat-[\w-]{16,100}"
    r"|xox[abeoprs]-[\w-]{10,255}|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])|AIza[\w-]{30,60}|gsk_[A-Za-z0-9]{16,100}|r8_[A-Za-z0-9]{16,100}|npm_[A-Za-z0-9]{30,60}"
    r"|eyJ[\w-]{10,4000}\.eyJ[\w-]{10,4000}\.[\w-]{6,4000})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]{0,30}PRIVATE KEY-----"
)
# Something of this stands in whatever a rule or a shape finds; nearly all texts have none of it.
TRIGGER = re.compile(
    r"key|token|secret|pass|pwd|credential|bearer|auth|dsn|pat[= ]|://|sk-|hf_|gh[pousr]_|glpat|xox|akia|asia|aiza|gsk_|r8_|npm_|eyj", re.IGNORECASE
)
USERINFO = re.compile(r"://[^\s/:@]*:([^\s/@]+)@")
# Values that say nothing secret, whatever their variable is called.
COMMON = frozenset(
    "anonymous changeme cookies database default disabled disable enabled example external internal keychain keyring localhost nothing optional"  # noqa: SIM905
    " password postgres prompting required undefined".split()
)
SHOWN = 1_000_000  # characters of a failure, or of what a test printed
SHORTEST = 8
SHORTEST_MIXED = 6


def redact(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text without what looks like a key."""
    text = without_values(text, environ)
    if not TRIGGER.search(text):
        return text
    text = SHAPES.sub("[redacted]", text)
    for rule in RULES:
        text = rule.sub(r"\1[redacted]", text)
    return text


def without_values(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text without the values of variables that are named like keys."""
    for pattern, name in patterns(tuple(environ.items())):
        text = pattern.sub(f"[{name}]", text)
    return text


def key_in(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """What key a text holds, for a text that names things and could not be struck out of a record; "" where it holds none."""
    found = next((name for pattern, name in patterns(tuple(environ.items())) if pattern.search(text)), "")
    return f"the value of {found}" if found else "what looks like a key" if SHAPES.search(text) else ""


@lru_cache(maxsize=8)
def patterns(variables: tuple[tuple[str, str], ...]) -> list[tuple[re.Pattern[str], str]]:
    """What to look for, the longest value first: one may hold another."""
    values: dict[str, str] = {}
    for name, value in variables:
        if not NAMED.search(name) and "://" not in value:
            continue
        for secret in ([value] if NAMED.search(name) else []) + USERINFO.findall(value):
            if is_secret(secret):
                values.setdefault(secret, name)
    return [(pattern_of(value), values[value]) for value in sorted(values, key=len, reverse=True)]


def pattern_of(value: str) -> re.Pattern[str]:
    """All forms of a value; one that is a word, or short, is struck where it stands alone, not inside another word."""
    alone = len(value) < SHORTEST or value.isalpha()
    before, after = (r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])") if alone else ("", "")
    return re.compile("|".join(f"{before}{re.escape(form)}{after}" for form in forms_of(value)))


def forms_of(value: str) -> list[str]:
    """The value, and how a URL, a header and a JSON text write it; the longest first."""
    raw = value.encode("utf-8", "surrogateescape")
    coded = base64.b64encode(raw).decode().rstrip("=")
    forms = {value, quote(raw, safe=""), quote_plus(raw), coded, coded.replace("+", "-").replace("/", "_"), json.dumps(value)[1:-1], repr(value)[1:-1]}
    return sorted(forms, key=len, reverse=True)


def is_secret(value: str) -> bool:
    """False for what may stand anywhere: a short value, a number, a path, a common word."""
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    if len(value) < (SHORTEST_MIXED if mixed else SHORTEST) or value.lower() in COMMON:
        return False
    if re.fullmatch(r"[-+.,:\d\s]*|0x[0-9a-fA-F]+|[-+]?\d[\d.]*[eE][-+]?\d+", value):
        return False  # a number, which results are full of
    return not (re.match(r"[A-Za-z]:\\|\.{0,2}/|~", value) and (value.count("/") + value.count("\\") > 1 or os.path.exists(value)))


def plain(text: str) -> str:
    """The text redacted, without half surrogate pairs, and of a bounded length."""
    return redact(shorten_text(encodable(text)))


def make_printable(text: str) -> str:
    """What a terminal or a file shows of a text from a test: redacted, control characters visible, of a bounded length."""
    return visible(redact(shorten_text(encodable(text.replace("\r\n", "\n")), SHOWN)))


def clean_value(value: Any, clean: Callable[[str], str] = plain) -> Any:
    """A JSON value with each of its texts, keys included, cleaned; numbers stay as they are."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name) if isinstance(name, str) else name: clean_value(inner, clean) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_value(inner, clean) for inner in value]
    return value


def evidence(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """A text of a raw sample without keys. A model's words are evidence: what only looks like an assignment stays."""
    return SHAPES.sub("[redacted]", without_values(text, environ))


def words_without_keys(words: Sequence[str]) -> list[str]:
    """The words of a command line; a value that is a word of its own goes whole, whatever stands in it."""
    return [word_without_key(words[place - 1] if place else "", word) for place, word in enumerate(words)]


def word_without_key(before: str, word: str) -> str:
    if FLAG.fullmatch(before) and not word.startswith("--"):
        return "[redacted]"
    assigned = ASSIGNED.match(word)
    return f"{assigned[0]}[redacted]" if assigned else word


FLAG = re.compile(rf"--?{WORD}", re.IGNORECASE)
ASSIGNED = re.compile(rf"(?:--override-ini=|-o)?-{{0,2}}{WORD}\s*=", re.IGNORECASE)
