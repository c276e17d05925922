"""Our own reports: what was changed in generated text is found at its line, what was not raises nothing, and numbers of notes.md are bound or named."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import pytest

from harness.review.own import OwnReview, compare
from harness.review.rendering import Rendered, render
from harness.review.tokens import tokens_of

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "reports" / "examples").glob("*/clean_result.md"))
WORDS = ("not", "never", "larger", "confirmed", "because", "seven")
DIGIT, SIGN, WORD = re.compile(r"\d"), re.compile(r"[+−]"), re.compile(r"[^\W\d_]{2,}")


@cache
def rendered(folder: Path) -> Rendered:
    return render(folder)


@cache
def text_of(folder: Path) -> str:
    return (folder / "clean_result.md").read_text(encoding="utf-8")


def review(folder: Path, text: str) -> OwnReview:
    return compare(rendered(folder), text.split("\n"))


def alarms(found: OwnReview) -> list[tuple[int, str]]:
    """(line, verdict or code) of all that a reader should look at."""
    return [(one.line, one.verdict) for one in found.claims if one.flagged] + [(one.line, one.code) for one in found.findings]


def mutate(text: str, draw: random.Random) -> tuple[str, int]:
    """(the text with one digit, sign or word in the place of another, its line)."""
    kind = draw.choice((DIGIT, SIGN, WORD))
    body = text[: text.rindex("[//]: #")]
    found = draw.choice(list(kind.finditer(body)))
    others = {DIGIT: "0123456789", SIGN: "+−", WORD: WORDS}[kind]
    new = draw.choice([other for other in others if other != found[0]])
    return text[: found.start()] + new + text[found.end() :], body.count("\n", 0, found.start()) + 1


def other_words(folder: Path) -> set[int]:
    """The lines that the version of today would write in other words than the one that wrote the example."""
    lines = text_of(folder).split("\n")
    today = {tuple(token.key for token in line.tokens) for line in rendered(folder).lines}
    return {number for number, line in enumerate(lines, start=1) if tuple(token.key for token in tokens_of(line)) not in today}


@pytest.mark.parametrize("folder", EXAMPLES, ids=[folder.name for folder in EXAMPLES])
def test_each_of_125_changes_is_found_at_its_line(folder: Path) -> None:
    """One digit, sign or word of the generated text changed: a claim on its line is WRONG, and no other line raises an alarm. Only where another version of
    harness wrote that very line in other words, lines of the same kind may."""
    draw, older = random.Random(f"{folder.name} 1"), other_words(folder)
    assert len(older) <= 4
    for _ in range(125):
        changed, line = mutate(text_of(folder), draw)
        found = alarms(review(folder, changed))
        assert (line, "WRONG") in found and {verdict for _, verdict in found} == {"WRONG"}, (line, found)
        assert {place for place, _ in found} <= ({line} | older if line in older else {line}), (line, found)
