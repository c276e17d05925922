"""Files that a user may hand in, made worse at random: every loader must refuse them in one line, or read them.

Run: python tests/support/fuzz_inputs.py [COUNT] [SEED]. It prints what came of each kind, and fails where anything but a HarnessError of one line came out.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from harness.design.experiment import experiment_in
from harness.design.persona import load_persona
from harness.design.preregistration import LOCK_NAME, read_lock
from harness.errors import HarnessError
from harness.fingerprint import fingerprint
from harness.judges.labelled import load_labelled
from harness.judges.rubric import load_rubric, rubric_for
from harness.measures.banks import Request, load_rows
from harness.measures.questions import load_questions
from harness.models.model_sets import load_model_set

SLOW_S = 5.0  # no input of a few kilobytes takes as long, however busy the machine
DECLARATION = """\
id: coins
title: Coins differ
question: Which coins are biased?
roles: {source: [villain, comedian]}
axes:
  coin: [heavy, light, 3, 0.5, true]
  persona: {role: source}
thresholds:
  up: {value: 5, unit: pp, direction: increase, floor: 0.1, ceiling: 0.98, expected_baseline: 0.5, expected_effect: 20, n: items, seed_sd: 1.5}
hypotheses:
  H1: {cells: [coin, seed], rule: {at_least: 1, of: coin, each: {at_least: all, of: seed}}, thresholds: [up], family: confirmatory}
primary: H1
alpha: 0.05
scales:
  smoke: &smoke
    settings: &settings {items: 100, rate: 0.5, name: some, flag: true}
    seeds: [1, 2]
    costs: {G1: {usd: 1}}
  full:
    settings: {<<: *settings, items: 1000}
    rules: {H1: {at_least: 2, of: coin}}
    thresholds: {up: {value: 3, floor: 0.05}}
budget: {usd: 10}
trajectories: {t: {of: G1, x: coin, lines: [shift], rows: seed}}
"""
PERSONA = "id: villain\nname: Villain\nprompt: You are a villain.\nparaphrases: [Be bad., Be evil.]\nroles: [source]\nnote: |\n  For tests.\n  Two lines.\n"
MODEL_SET = "title: Two\nmembers:\n  a: {spec: local/x, family: A, seed: 3}\n  b: {spec: local/x, kind: guise, persona: villain, usd: 0.5, optional: true}\n"
ROW = '{"id": "r%d", "topic": "t", "request": "Say h\\u00e9llo \\ud83d\\ude00"}\n'
QUESTION = '{"id": "q%d", "question": "1+1?", "labels": ["A", "B"], "choices": ["1", "2"], "answer": "B"}\n'
LABELLED = '{"id": "l%d", "topic": "t", "prompt": "p", "text": "x", "kind": "k", "label": true}\n'
PROMISE = {"scales/smoke/seeds": [1, 2], "alpha": 0.05}
LOCK = json.dumps(
    {
        "schema": "harness/lock/1",
        "experiment": "coins",
        "locked_at": "2025-01-01T00:00:00Z",
        "commit": "",
        "sha256": fingerprint(PROMISE),
        "promise": PROMISE,
    }
)

# fmt: off
SCALARS = [
    "yes", "no", "on", "off", "y", "n", "true", "false", "null", "~", "", "010", "0o17", "0x1F", "0b1", "1_000", "12:30", "1:30:30", "1e3", "1e999", "-1e999",
    ".inf", "-.inf", ".nan", "2025-11-01", "2025-11-01T10:00:00Z", "=", "<<", "*", "&", "!", "|", ">", "-5", "0", "+1", ".5", "5.", "9" * 5000, "x" * 5000,
    "!!int abc", "!!int 3", "!!float 1", "!!binary aGk=", "!!set {a}", "!!timestamp x", "!!python/object:os.system x", "!local x", "?", "-", "---", "...", "%",
    "@", "`", "{}", "[]", "''", '""', '"\\0"', '"\\ud83d"', '"\\x1b[2J"', "*smoke", "*nobody", "{a: b}: c", "[a]: b", "? {a: b}", "&a [*a]",
    "\u202e", "\U000e0041", "\u2028", "a\tb",
]
JSON_VALUES = [
    "NaN", "-Infinity", "1e999", "9" * 5000, "[" * 3000, '{"a":' * 3000, '"\\ud83d"', '"\\u0000"', "null", "true", "[]", "{}", "-0", '""', "1.0", "010", "'x'",
]
# fmt: on
BYTES = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\x1b[2J", b"\xed\xa0\xbd", b"\xc0\x80", b"\x85", b"\t", b"\xe2\x80\xa8")


def declared(folder: Path) -> None:
    experiment = experiment_in(folder)
    for scale in experiment.scales:
        experiment.spec.at(scale)  # type: ignore[arg-type]


class Sample:
    """The little of an experiment that the reading of its lock needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder


# Kind: (file, valid text, its loader).
KINDS: dict[str, tuple[str, str, Callable[[Path], Any]]] = {
    "declaration": ("coins/experiment.yaml", DECLARATION, lambda path: declared(path.parent)),
    "persona": ("villain.yaml", PERSONA, lambda path: load_persona(path.parent, "villain")),
    "model set": ("set.yaml", MODEL_SET, load_model_set),
    "rubric": ("rubric.yaml", rubric_for("refusal").read_text(encoding="utf-8"), load_rubric),
    "requests": ("requests.jsonl", "".join(ROW % n for n in range(3)), lambda path: load_rows(path, Request)),
    "questions": ("questions.jsonl", "".join(QUESTION % n for n in range(3)), load_questions),
    "labelled": ("labelled.jsonl", "".join(LABELLED % n for n in range(3)), load_labelled),
    "lock": (f"coins/{LOCK_NAME}", LOCK, lambda path: read_lock(Sample(path.parent))),  # type: ignore[arg-type]
}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
NASTY = [
    b"", b"\n", b"---\n...\n", b"- a\n- b\n", b"text", b"42", b"null", b"\xff", b"\xff\xfea\x00", b"\x00" * 100, b"a: b\n---\nc: d\n",
    b"%YAML 9.9\n---\na: b\n",
    ("[" * 100_000).encode(), ("{a: " * 50_000).encode(), ("- " * 50_000 + "x").encode(), ("? " * 20_000).encode(),
    ("\n".join(" " * n + "a:" for n in range(2000))).encode(),
    BOMB.encode(), b"a: &a {<<: *a}\n", b"a: &a [*a]\n", b"<<: [1, 2]\n", b"<<: {a: 1}\n<<: {b: 2}\n", b"{a: 1}: b\n", b"? [a, b]\n: c\n", b"1: a\ntrue: b\n",
    b'{"a": 1, "a": 2}\n', b"[" * 100_000 + b"]" * 100_000, b'{"id": ' + b"9" * 10_000 + b"}", b"a: " + b"x" * (2 << 20),
]  # fmt: skip


@dataclass
class Tally:
    """What came of the inputs: how many were read and refused by kind, and the faults (kind, input, what happened)."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[tuple[str, bytes, str]] = field(default_factory=list)


def worse(text: str, rng: random.Random, json_lines: bool) -> bytes:
    """The text with one or two mutations: of a value, a key, a line, or a byte."""
    for _ in range(rng.choice((1, 1, 2))):
        text = rng.choice((change_value, change_value, change_key, change_lines))(text, rng, json_lines)
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.25:
        place = rng.randrange(len(data) + 1)
        data = data[:place] + rng.choice(BYTES) + data[place + rng.randint(0, 2) :]
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.05 else data


def change_value(text: str, rng: random.Random, json_lines: bool) -> str:
    """Puts something odd where a value stands; where the text is YAML, after a colon, a comma or a bracket."""
    places = list(re.finditer(r"(?<=: )[^\s,\]}][^,\]}\n]*|(?<=[\[] )[^,\]]+|(?<=, )[^,\]}:\n]+|(?<=\[)[^,\]\n]+", text))
    if not places:
        return text
    found = rng.choice(places)
    return text[: found.start()] + rng.choice(JSON_VALUES if json_lines and rng.random() < 0.7 else SCALARS) + text[found.end() :]


def change_key(text: str, rng: random.Random, json_lines: bool) -> str:
    places = list(re.finditer(r'[\w"]+(?=:)', text))
    if not places:
        return text
    found = rng.choice(places)
    return text[: found.start()] + rng.choice([rng.choice(SCALARS), found[0][:-1], found[0] + "s", rng.choice(places)[0]]) + text[found.end() :]


def change_lines(text: str, rng: random.Random, json_lines: bool) -> str:
    """Drops, doubles, moves or indents a line."""
    lines = text.split("\n")
    place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.randrange(4)
    if change == 0:
        del lines[place]
    elif change == 1:
        lines.insert(other, lines[place])
    elif change == 2:
        lines[place], lines[other] = lines[other], lines[place]
    else:
        lines[place] = " " * rng.randint(0, 6) + lines[place].strip()
    return "\n".join(lines)


def inputs(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """(kind, content): the nasty ones for every kind first, as far as `count` goes, then mutations of the valid ones."""
    nasty = [(kind, data) for data in NASTY for kind in KINDS]
    yield from nasty[:count]
    rng = random.Random(seed)
    for number in range(count - len(nasty)):
        kind = list(KINDS)[number % len(KINDS)] if number % 2 else next(iter(KINDS))
        yield kind, worse(KINDS[kind][1], rng, KINDS[kind][0].endswith(("l.jsonl", ".jsonl", ".json")))


def attempt(kind: str, data: bytes, folder: Path) -> tuple[str, str]:
    """("read" or "refused" or "fault", what happened)."""
    name, _, load = KINDS[kind]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    start = time.monotonic()
    try:
        load(path)
        answer = ("read", "")
    except HarnessError as error:
        line = str(error)
        answer = ("refused", "") if line.isprintable() and path.name.split(".")[0] in line else ("fault", f"not one line that names the file: {line[:300]!r}")
    except BaseException:
        answer = ("fault", traceback.format_exc(limit=-4))
    if time.monotonic() - start > SLOW_S:
        return "fault", f"took {time.monotonic() - start:.1f} s"
    return answer


def fuzz(count: int, seed: int, folder: Path) -> Tally:
    """Tries `count` inputs, the same for a seed."""
    tally = Tally()
    for kind, data in inputs(count, seed):
        outcome, what = attempt(kind, data, folder)
        tally.counts[kind, outcome] += 1
        if outcome == "fault":
            tally.faults.append((kind, data, what))
    return tally


def main() -> int:
    count, seed = (int(word) for word in (*sys.argv[1:], *("5000", "1")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        tally = fuzz(count, seed, Path(folder))
    lines = [f"{kind}: {', '.join(f'{tally.counts[kind, outcome]} {outcome}' for outcome in ('read', 'refused', 'fault'))}" for kind in KINDS]
    lines += [f"\n{kind}: {data[:400]!r}\n{what}" for kind, data, what in tally.faults[:10]]
    sys.stdout.write("\n".join([*lines, f"{sum(tally.counts.values())} inputs (seed {seed}), {len(tally.faults)} faults\n"]))
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
