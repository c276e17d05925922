"""Instructions that a program can verify: how long an answer is, how it is laid out, which words stand in it.

An answer without text follows nothing, not even "no commas". Curly quotes read as straight ones, and white space around the answer counts for nothing.
Words are read as a reader sees them, without Markdown's emphasis, headings and list marks; letters, digits and layout are read as they are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from harness.domains.convergence.tasks import STRAIGHT, Follows, Instruction, Task, says
from harness.errors import HarnessError, nearest

Check = Callable[[str, Instruction], bool]
CHECKS: dict[str, Check] = {}
# What the instruction must bring along for the check to mean anything: "n", "text" or "words".
NEEDS: dict[str, tuple[str, ...]] = {}

WORD = re.compile(r"\d+(?:[.,:]\d+)+|[^\W_]+(?:['-][^\W_]+)*")
EMPHASIS = re.compile(r"\*{2,3}|(?<!\w)(?:\*|_{1,3})(?=\S)|(?<=\S)(?:\*|_{1,3})(?!\w)|`+")
# At most two digits: "1945. The war was over" opens with a year, not with the number of an item.
BULLET, NUMBER, HEADING = re.compile(r"\s*[-*+\u2022]\s+(?=\S)"), re.compile(r"\s*(\d{1,2})[.)]\s+(?=\S)"), re.compile(r"\s*#{1,6}\s+")
FENCE = re.compile(r"```\w*\s*\n(.*?)\n?\s*```", re.DOTALL)
# Full stops that end no sentence: titles, initials, and (before a small letter) what may stand anywhere.
INNER = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|[A-HJ-Z])\.(?=\s)|(?:\b(?:etc|[ap]\.m)\.|\.\.\.)(?=\s+[a-z])")
END = re.compile(r"[.!?]+(?:[)\]*]*\s+|[\"')\]]+\s+(?![a-z]))|\n\s*\n")
CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


def is_followed(text: str, check: Instruction) -> bool:
    """True where the answer does what this one instruction says. Raises HarnessError for a check that is unknown or lacks its number or words."""
    usable(check)
    text = text.translate(STRAIGHT).strip()
    return bool(text) and CHECKS[check.check](text, check)


def require_known_checks(task: Task) -> None:
    """Refuses, with a HarnessError that names the task, a check that is unknown or lacks its number or words. For when tasks are loaded."""
    if isinstance(task.expected, Follows):
        for check in task.expected.checks:
            usable(check, where=task.id)


def usable(check: Instruction, where: str = "instruction") -> None:
    if check.check not in CHECKS:
        raise HarnessError(f"there is no check {check.check!r}", where=where, mend=nearest(check.check, CHECKS))
    for need in NEEDS[check.check]:
        if getattr(check, need) in (None, "", ()):
            raise HarnessError(f"the check {check.check!r} lacks {need!r}", where=where, mend=f"It needs {' and '.join(NEEDS[check.check])}.")


def checks(*needs: str) -> Callable[[Check], Check]:
    """Enters a function into CHECKS under its name, with what it needs of an instruction."""

    def enter(function: Check) -> Check:
        CHECKS[function.__name__], NEEDS[function.__name__] = function, needs
        return function

    return enter


def strip_emphasis(text: str) -> str:
    """Without emphasis and backticks; headings and list marks stay."""
    return EMPHASIS.sub("", text)


def lines_of(text: str) -> list[str]:
    """The lines that hold anything, without Markdown's marks."""
    found = (HEADING.sub("", line, count=1) if HEADING.match(line) else line for line in strip_emphasis(text).splitlines())
    bare = (re.sub(rf"^(?:{BULLET.pattern}|{NUMBER.pattern})", "", line).strip() for line in found)
    return [line for line in bare if line]


def plain(text: str) -> str:
    """The text without Markdown's marks; blank lines stay, since they end a sentence."""
    return "\n\n".join("\n".join(lines_of(part)) for part in re.split(r"\n\s*\n", text)).strip()


def words_of(text: str) -> list[str]:
    """Runs of letters and digits; an apostrophe or a hyphen inside joins (don't, well-known), as do the marks inside a number (3.5, 10:30)."""
    return WORD.findall(plain(text))


def data_of(text: str) -> Any:
    """What the whole answer is as JSON, a code fence around it allowed; None where it is none."""
    fenced = FENCE.fullmatch(text)
    try:
        return json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):  # a model that is stuck in [[[[[ is not a bug of ours
        return None


def match_whole_words(phrase: str) -> str:
    """A pattern for the phrase that does not begin or end inside a word; a mark such as "!" may touch one."""
    return rf"(?<!\w(?=\w)){re.escape(phrase)}(?!(?<=\w)\w)"


def number(asked: Instruction) -> int:
    assert asked.n is not None  # `usable` has seen to it
    return asked.n


@checks("n")
def max_words(text: str, asked: Instruction) -> bool:
    """At most n words."""
    return len(words_of(text)) <= number(asked)


@checks("n")
def min_words(text: str, asked: Instruction) -> bool:
    """At least n words."""
    return len(words_of(text)) >= number(asked)


@checks("n")
def exact_words(text: str, asked: Instruction) -> bool:
    """Exactly n words."""
    return len(words_of(text)) == number(asked)


@checks("n")
def sentences(text: str, asked: Instruction) -> bool:
    """Exactly n sentences: each ends with . ! or ? before white space, or where its paragraph ends, and holds a word."""
    spoken = INNER.sub(lambda found: " " * len(found[0]), plain(text))
    return sum(WORD.search(part) is not None for part in END.split(spoken)) == number(asked)


@checks("n")
def lines(text: str, asked: Instruction) -> bool:
    """Exactly n lines, blank ones not counted."""
    return sum(bool(line.strip()) for line in text.splitlines()) == number(asked)


@checks("n")
def paragraphs(text: str, asked: Instruction) -> bool:
    """Exactly n blocks of text with blank lines between them."""
    return len(re.split(r"\n\s*\n", text)) == number(asked)


@checks("n")
def bullets(text: str, asked: Instruction) -> bool:
    """Exactly n lines that open with a bullet (-, *, + or \u2022); other lines may stand around them."""
    return sum(BULLET.match(line) is not None for line in text.splitlines()) == number(asked)


@checks("n")
def numbered(text: str, asked: Instruction) -> bool:
    """The lines that open with "1." or "1)" are exactly n and count from 1 to n; other lines may stand around them."""
    found = [int(mark[1]) for line in strip_emphasis(text).splitlines() if (mark := NUMBER.match(line))]
    return found == list(range(1, number(asked) + 1))


@checks("text")
def starts_with(text: str, asked: Instruction) -> bool:
    """The answer opens with the text, as whole words and whatever the case."""
    return any(re.match(match_whole_words(asked.text), form, re.IGNORECASE) for form in (text, plain(text)))


@checks("text")
def ends_with(text: str, asked: Instruction) -> bool:
    """The answer closes with the text, as whole words and whatever the case; closing punctuation may follow a word."""
    after = r"[\s.!?\"')]*" if asked.text[-1].isalnum() else ""
    return any(re.search(rf"{match_whole_words(asked.text)}{after}\Z", form, re.IGNORECASE) for form in (text, plain(text)))


@checks("words")
def contains(text: str, asked: Instruction) -> bool:
    """Every one of the words or phrases stands in it, whole and whatever the case."""
    return all(says(strip_emphasis(text), word) for word in asked.words)


@checks("words")
def avoids(text: str, asked: Instruction) -> bool:
    """None of the words or phrases stands in it, whole and whatever the case."""
    return not any(says(strip_emphasis(text), word) for word in asked.words)


@checks("text", "n")
def keyword_count(text: str, asked: Instruction) -> bool:
    """The text stands in it exactly n times, as whole words and whatever the case."""
    return len(re.findall(match_whole_words(asked.text), strip_emphasis(text), re.IGNORECASE)) == number(asked)


@checks("text", "n")
def repeats(text: str, asked: Instruction) -> bool:
    """The answer is the text n times and nothing else; case, punctuation and white space do not matter."""
    return [word.lower() for word in words_of(text)] == [word.lower() for word in words_of(asked.text)] * number(asked)


@checks("words")
def one_of(text: str, asked: Instruction) -> bool:
    """The whole answer is one of the words or phrases; case, quotes around it and closing punctuation do not matter."""
    return plain(text).strip(" \"'.!?").casefold() in {word.casefold() for word in asked.words}


@checks()
def all_lower(text: str, _: Instruction) -> bool:
    """No capital letter, and at least one small one."""
    return text == text.lower() and text != text.upper()


@checks()
def all_upper(text: str, _: Instruction) -> bool:
    """No small letter, and at least one capital."""
    return text == text.upper() and text != text.lower()


@checks()
def no_commas(text: str, _: Instruction) -> bool:
    """Not a single comma."""
    return "," not in text


@checks("text")
def no_letter(text: str, asked: Instruction) -> bool:
    """The letter stands nowhere, neither small nor as a capital."""
    return asked.text.casefold() not in text.casefold()


@checks()
def no_digits(text: str, _: Instruction) -> bool:
    """No digit anywhere, list numbers included."""
    return not any(char.isdigit() for char in text)


@checks()
def only_digits(text: str, _: Instruction) -> bool:
    """The whole answer is one number in digits: no unit, no comma, no full stop."""
    return re.fullmatch(r"[0-9]+", strip_emphasis(text).strip()) is not None


@checks("n")
def question_marks(text: str, asked: Instruction) -> bool:
    """Exactly n question marks."""
    return text.count("?") == number(asked)


@checks("n")
def csv(text: str, asked: Instruction) -> bool:
    """One line of exactly n values with commas between them, none of them empty."""
    return "\n" not in text and len(values := text.split(",")) == number(asked) and all(value.strip(" .") for value in values)


@checks("words")
def json_keys(text: str, asked: Instruction) -> bool:
    """The whole answer is a JSON object with exactly these keys, in any order; a code fence around it is allowed."""
    found = data_of(text)
    return isinstance(found, dict) and set(found) == set(asked.words)


@checks("n")
def json_list(text: str, asked: Instruction) -> bool:
    """The whole answer is a JSON array of exactly n elements; a code fence around it is allowed."""
    found = data_of(text)
    return isinstance(found, list) and len(found) == number(asked)


@checks()
def sorted_alphabetically(text: str, _: Instruction) -> bool:
    """At least two items stand in alphabetical order, whatever the case: the lines with list marks, else all lines, else what commas part on one line."""
    marked = [line for line in strip_emphasis(text).splitlines() if BULLET.match(line) or NUMBER.match(line)]
    found = lines_of("\n".join(marked) if len(marked) > 1 else text)
    items = found if len(found) > 1 else re.split(r",\s*(?:and\s+)?", " ".join(found))
    keys = [item.strip(" .,;").casefold() for item in items]
    return len(keys) > 1 and keys == sorted(keys)


@checks("text")
def wrapped_in(text: str, asked: Instruction) -> bool:
    """The whole answer stands between this mark and the same again, or the bracket that closes it, and there is something between."""
    close = CLOSING.get(asked.text, asked.text)
    return text.startswith(asked.text) and text.endswith(close) and bool(text[len(asked.text) : -len(close)].strip())


@checks("text")
def acrostic(text: str, asked: Instruction) -> bool:
    """The first letters of the lines, blank ones not counted, spell the text, whatever the case."""
    return "".join(line[0] for line in lines_of(text)).casefold() == asked.text.casefold()
