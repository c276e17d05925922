"""A small cache of answers with its bookings, copied and damaged at random: what a reader is told, and what it is told wrongly."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

from harness.errors import HarnessError
from harness.models.budget import Ledger
from harness.models.provider import Answer
from harness.models.response_cache import Replies

KEYS = [f"{number * 7919:064x}" for number in range(1, 31)]
SENT = [f"{number * 104729:064x}" for number in range(1, 6)]
RUNS = {"one": 3.25, "two": 7.5}
NAMES = ("replies.sqlite", "replies.sqlite.ledger")


def said(key: str) -> Answer:
    """Some answers are longer than a page."""
    return Answer(status="ok", text=f"answer {key[-8:]} " * (1 + int(key, 16) % 5 * 100), model="m", usd=0.25)


def fill(folder: Path) -> None:
    """Answers, asks that lie in a batch, and the bookings of two runs."""
    with Replies(folder / NAMES[0]) as cache:
        for key in KEYS:
            cache.put(key, said(key))
        with cache.together() as db:
            db.execute("INSERT INTO batches VALUES ('token', 'openai', 'batch-1', 5, 1.0, 0)")
            db.executemany("INSERT INTO batch_asks VALUES (?, 'token', '{}')", [(key,) for key in SENT])
        for run, usd in RUNS.items():
            with Ledger(cache, run, 100.0) as ledger:
                assert ledger.set_aside("openai/m", usd - 1) and ledger.set_aside("anthropic/m", 1.0)


def harm(path: Path, rng: random.Random) -> None:
    """One to three flipped bits; one time in ten the file is cut off instead."""
    data = bytearray(path.read_bytes())
    if rng.random() < 0.1:
        path.write_bytes(data[: rng.randrange(len(data))])
        return
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def read(folder: Path) -> Counter[str]:
    """What a reader of the damaged copy meets."""
    found: Counter[str] = Counter()
    try:
        with Replies(folder / NAMES[0]) as cache:
            answers = {key: cache.get(key) for key in KEYS}
            gone = [key for key in SENT if not cache.in_batch(key)]
            lost = [key for key, answer in answers.items() if answer is None]
            found["wrong answers"] = sum((answer.text, answer.model) != (said(key).text, "m") for key, answer in answers.items() if answer is not None)
            found["lost"] = len(lost) + len(gone)
            found["silent losses"] = (len(lost) + len(gone)) * (not cache.damaged)
            found["told"] = bool(cache.damaged)
            found["unusable after mending"] = sum(not (cache.put(key, said(key)) and cache.holds(key)) for key in lost)
            for run, usd in RUNS.items():
                with Ledger(cache, run, 100.0) as ledger:
                    booked = ledger.booked()
                    found["wrong bookings"] += booked not in (usd, float("inf"))
                    found["silent bookings"] += booked != usd and not cache.damaged
                    found["paid beyond"] += ledger.set_aside("openai/m", 100.0 - usd + 0.5)
    except HarnessError:
        found["refused"] += 1
    return found


def flip(folder: Path, tries: int, seed: int) -> Counter[str]:
    """Damages `tries` copies and reads each; the sums."""
    (folder / "whole").mkdir()
    fill(folder / "whole")
    found: Counter[str] = Counter()
    for number in range(tries):
        rng = random.Random(f"{seed}:{number}")
        copy = folder / "copy"
        copy.mkdir()
        for name in NAMES:
            shutil.copyfile(folder / "whole" / name, copy / name)
        harm(copy / rng.choice(NAMES), rng)
        found += read(copy)
        shutil.rmtree(copy)
    return found
