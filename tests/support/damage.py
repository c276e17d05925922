"""Random and planned damage to stored files, the same for the same seed: for the tests, and for a longer search by `make chaos`."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

# Whole contents that make a careless reader fail: wrong types, texts without end, numbers that are none, bytes that are no text.
STRANGE: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"0",
    b"NaN",
    b'{"value":NaN,"sha256":"0"}',
    b'{"value":1,"value":2,"sha256":"0"}',
    b'{"value":1e999,"sha256":"0"}',
    b'{"sha256":[],"value":{}}',
    b'{"#":"0","chunk":[0,0,1]}\n',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b"9" * 10_000,
    b'{"value":' + b"9" * 10_000 + b"}",
    b'"\xed\xa0\x80"',
    b"\xff\xfe\x00",
    b"\x00" * 512,
    b'"\\ud800"',
)


def flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]


def delete(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + data[place + rng.choice((1, 1, 2, 7, 40)) :]


def insert(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice((rng.randbytes(1), rng.randbytes(5), b"\n", b"\r\n", b"0", b'"', b" ")) + data[place:]


def repeat(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data))
    piece = data[place : place + rng.choice((1, 8, 60))]
    return data[:place] + piece + data[place:]


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def mark_order(data: bytes, rng: random.Random) -> bytes:
    return b"\xef\xbb\xbf" + data


def carriage_returns(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b"\n", b"\r\n") if b"\n" in data else data + b"\r\n"


def strange(data: bytes, rng: random.Random) -> bytes:
    return rng.choice(STRANGE)


KINDS: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, flip, delete, insert, repeat, cut, mark_order, carriage_returns, strange)


def damaged(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Other bytes than `data`, and the name of what was done."""
    while True:
        kind = rng.choice(KINDS)
        made = kind(data, rng)
        if made != data:
            return made, kind.__name__


def damage(path: Path, rng: random.Random) -> str:
    """Damages a file in place; the name of what was done."""
    made, what = damaged(path.read_bytes(), rng)
    path.write_bytes(made)
    return what
