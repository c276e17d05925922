"""How well `harness review` judges claims that people labelled by hand, document by document and pooled, with Wilson intervals.

Usage: python benchmarks/review_claims.py [FOLDER]. The folder has labels.jsonl (see its README) and the documents; the default is ../shared/data/review.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.review.bindings import mark_of, texts_of
from harness.review.claims import Claim
from harness.review.document import read_document
from harness.review.foreign import foreign_claims
from harness.review.prose import read_prose
from harness.verdict.intervals import rate_interval

FOLDER = Path(__file__).parents[1] / "../shared/data/review"
NEEDS_NO_DESIGN = ("arith", "intra", "text", "json")
MADE_UP = 60  # confirmed numbers of a document that are replaced
SIMPLE = re.compile(r"(?:r\[\d+\]|[\d.+*/ ()-])+")

Label = dict[str, Any]
Counts = Counter[str]


def overlaps(one: Claim, label: Label) -> bool:
    return one.line == label["line"] and one.column < label["end"] and one.end > label["col"]


def files_of(labels: Sequence[Label], folder: Path) -> list[Path]:
    names = {name for label in labels for name in label["against"]} | {ref["file"] for label in labels for ref in label["refs"]}
    return [folder / name for name in sorted(names)]


def score(labels: Sequence[Label], claims: Sequence[Claim], prefix: str = "") -> Counts:
    """Counts of hits and of what could be hit, by measure."""
    counts: Counts = Counter()
    for label in labels:
        found = [one for one in claims if overlaps(one, label)]
        fault, flagged = label["verdict"] != "CONFIRMED", any(one.flagged for one in found)
        wrong = any(one.verdict == "WRONG" for one in found)
        counts["faults flagged"] += fault and flagged
        counts["faults"] += fault
        counts["flags right"] += fault and flagged
        counts["flags"] += flagged
        if label["verdict"] == "WRONG" and label["by"] in NEEDS_NO_DESIGN:
            counts["wrong"] += 1
            counts["wrong flagged"] += flagged
            counts["wrong said wrong"] += wrong
        counts["said wrong"] += wrong
        counts["said wrong rightly"] += wrong and fault
        if label["kind"] == "table cell":
            score_cell(label, found, wrong, counts)
        elif label["numbers"]:
            counts["prose numbers"] += 1
            counts["prose numbers decided"] += any(one.decided for one in found)
    return Counter({prefix + name: count for name, count in counts.items()})


def score_cell(label: Label, found: Sequence[Claim], wrong: bool, counts: Counts) -> None:
    counts["cells right"] += label["verdict"] == "CONFIRMED"
    counts["cells falsely wrong"] += wrong and label["verdict"] == "CONFIRMED"
    traced = [one for one in found if one.verdict == "CONFIRMED" and ".json#/" in one.address and one.kind != "bound"]
    if traced and label["refs"]:
        wanted = {f"{ref['file']}#{ref['pointer']}" for ref in label["refs"]}
        counts["cells traced"] += 1
        counts["cells traced rightly"] += any(one.address.endswith(tuple(wanted)) or same_value(one, label) for one in traced)


def same_value(one: Claim, label: Label) -> bool:
    """Another file may state the same: then the address is as good."""
    file, _, pointer = one.address.partition("#/")
    value: Any = json.loads(Path(file.rpartition(" at ")[2]).read_text())
    for part in pointer.split("/"):
        value = value[int(part)] if isinstance(value, list) else value[part.replace("~1", "/").replace("~0", "~")]
    return isinstance(label["value"], int | float) and abs(float(value) - float(label["value"])) < 1e-3 * max(1.0, abs(float(value)))


def numbers_read(labels: Sequence[Label], text: str) -> Counts:
    """How many of the numbers that labels name are read with their value."""
    read: list[tuple[int, int, int, float]] = []
    for words, place in texts_of(read_prose(text)):
        for number in words.numbers:
            line, column = place(number)
            read.append((line, column, column + number.end - number.start, float(number.value)))
    counts: Counts = Counter()
    for label in labels:
        here = [value for line, start, end, value in read if line == label["line"] and start < label["end"] and end > label["col"]]
        if here:  # some labels are of words beside their numbers
            counts["numbers"] += len(label["numbers"])
            counts["numbers read"] += sum(any(abs(value - wanted) <= 1e-9 * max(1, abs(wanted)) for value in here) for wanted in label["numbers"])
    return counts


def made_up(document: Path, files: Sequence[Path], claims: Sequence[Claim], rng: random.Random) -> Counts:
    """Confirmed numbers replaced, one at a time, by made-up ones of the same form."""
    counts, lines = Counter[str](), document.read_text().split("\n")
    confirmed = [one for one in claims if one.verdict == "CONFIRMED" and re.search(r"\d", one.text)]
    with tempfile.TemporaryDirectory() as folder:
        for one in rng.sample(confirmed, min(MADE_UP, len(confirmed))):
            line = lines[one.line - 1]
            told = line[one.column - 1 : one.end - 1]
            new = re.sub(r"\d", lambda found: str(rng.randint(0 if found.start() else 1, 9)), told)
            if new != told:
                path = Path(folder, "made_up.md")
                path.write_text("\n".join([*lines[: one.line - 1], line[: one.column - 1] + new + line[one.end - 1 :], *lines[one.line :]]))
                again, _ = foreign_claims(read_document(path), files)
                counts["made up"] += 1
                counts["made up confirmed"] += any((other.line, other.column, other.verdict) == (one.line, one.column, "CONFIRMED") for other in again)
    return counts


def accepted(labels: Sequence[Label], document: Path) -> list[dict[str, Any]]:
    """The bindings that a person would accept: those of labels whose expression is simple arithmetic over its addresses."""
    found = []
    for words, place in texts_of(read_prose(document.read_text())):
        for count, number in enumerate(words.numbers, start=1):
            line, column = place(number)
            for label in labels:
                if label["line"] == line and column < label["end"] and column + number.end - number.start > label["col"] and (value := expression(label)):
                    found.append({"sentence": mark_of(words.text), "number": count, "value": value, "accepted": True})
    return found


def expression(label: Label) -> str:
    addresses = [json.dumps(f"{ref['file']}#{ref['pointer']}", ensure_ascii=False) for ref in label["refs"]]
    text = label["expr"] or "r[0]"
    if not addresses or len(label["numbers"]) != 1 or not SIMPLE.fullmatch(text):
        return ""
    return re.sub(r"r\[(\d+)\]", lambda found: addresses[int(found[1])], text)


RATES = {
    "numbers read with their value": ("numbers read", "numbers"),
    "WRONG claims flagged": ("wrong flagged", "wrong"),
    "WRONG claims said WRONG": ("wrong said wrong", "wrong"),
    "a WRONG verdict is right": ("said wrong rightly", "said wrong"),
    "cells traced to the right address": ("cells traced rightly", "cells traced"),
    "right cells falsely WRONG": ("cells falsely wrong", "cells right"),
    "faults flagged (recall)": ("faults flagged", "faults"),
    "flags on faults (precision)": ("flags right", "flags"),
    "the same with bindings (recall)": ("bound faults flagged", "bound faults"),
    "the same with bindings (precision)": ("bound flags right", "bound flags"),
    "made-up numbers still CONFIRMED": ("made up confirmed", "made up"),
    "prose numbers decided": ("prose numbers decided", "prose numbers"),
}


def judge(document: Path, labels: Sequence[Label], folder: Path, rng: random.Random) -> Counts:
    files = files_of(labels, folder)
    claims, _ = foreign_claims(read_document(document), files)
    with tempfile.TemporaryDirectory() as temporary:
        bindings = Path(temporary, "review.bindings.yaml")
        bindings.write_text(yaml.safe_dump({"bindings": accepted(labels, document)}))
        bound, _ = foreign_claims(read_document(document), files, bindings)
    return score(labels, claims) + score(labels, bound, "bound ") + numbers_read(labels, document.read_text()) + made_up(document, files, claims, rng)


def table(title: str, counts: Counts) -> None:
    print(f"\n{title}")
    for name, (hits, of) in RATES.items():
        if counts[of]:
            found = rate_interval(counts[hits], counts[of])
            print(f"  {name:36} {counts[hits]:4d} of {counts[of]:4d}  {counts[hits] / counts[of]:6.1%}  [{found.low:.1%}, {found.high:.1%}]")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    if not (folder / "labels.jsonl").exists():
        print(f"not run: {folder / 'labels.jsonl'} is not there")
        return
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    pooled, rng = Counter[str](), random.Random(1)
    for name in dict.fromkeys(label["doc"] for label in labels):
        counts = judge(folder / name, [label for label in labels if label["doc"] == name], folder, rng)
        table(name, counts)
        pooled += counts
    table("all documents", pooled)


if __name__ == "__main__":
    main()
