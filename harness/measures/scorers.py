"""Scorers: what an answer says, and whether that is right. A scorer reads the text of an answer that is there; one that is missing, or cut off, has no score.

What a scorer cannot read is no guess: the answer is wrong, and its row says `unparsed`.
"""

from __future__ import annotations

import inspect
import math
import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, nearest
from harness.measures.items import Item

if TYPE_CHECKING:
    from harness.measures.scores import ScoredItem

Needs = Literal["", "target", "choices"]


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """`read(text, item)` is what an answer says (None: nothing that can be read), `is_right(what it says, item)` whether that is right. `needs` is what an item
    must have. A `function` of the user's own stands for both, and gives True or False, a number, or None for no verdict."""

    name: str
    read: Callable[[str, Item], Any] | None = None
    is_right: Callable[[Any, Item], bool] | None = None
    needs: Needs = "target"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    function: Callable[[str, Item], Any] | None = None

    @property
    def unit(self) -> str:
        """A rate; what an own function gives has the unit that it is measured in."""
        return "rate" if self.function is None else ""

    def describe(self) -> dict[str, Any]:
        """All that decides a score beside the answer and its item; the code of an own function is in the key of what is measured. JSON-able."""
        return {"scorer": self.name, **self.parameters, "code": code_fingerprint(__name__)}

    def check(self, item: Item) -> None:
        """Raises HarnessError for an item that cannot be scored."""
        if (self.needs and not item.targets) or (self.needs == "choices" and not item.choices):
            what = "choices" if item.targets else "target"
            raise HarnessError(f"the item {item.id} has no {what}, which the scorer {self.name} needs", mend="Write it in the bank, or use another scorer")
        if self.name == "numeric":
            for target in item.targets:
                target_number(target, item)

    def score_answer(self, answer: ScoredItem) -> dict[str, Any]:
        return self.score(answer.text, answer.item)

    def score(self, text: str, item: Item) -> dict[str, Any]:
        """{"extracted", "score", "unparsed"}: what was read, the outcome, and whether nothing could be read."""
        if self.function is not None:
            return {"extracted": None, "score": checked_score(self.function(text, item), self.name, item), "unparsed": False}
        assert self.read is not None and self.is_right is not None
        found = self.read(text, item)
        return {"extracted": found, "score": found is not None and self.is_right(found, item), "unparsed": found is None}


@dataclass(frozen=True, kw_only=True)
class JudgeScorer:
    """A model, or several, that read each answer under a rubric of the project's: see `judge`."""

    rubric: str
    models: tuple[str, ...] = ()
    labelled: str = ""

    @property
    def name(self) -> str:
        return Path(self.rubric).stem


def judge(rubric: str | Path, *, models: str | Sequence[str] = (), labelled: str | Path = "") -> JudgeScorer:
    """Scores by models behind APIs under a rubric (a YAML file of the project, in the form of those in `harness/judges/rubrics`). `models` are those of the
    settings `judges` or `judge` unless given here; `labelled` is a file of answers labelled by hand, which calibrates each of them (by
    default the file of the setting `labelled`)."""
    return JudgeScorer(rubric=str(rubric), models=(models,) if isinstance(models, str) else tuple(models), labelled=str(labelled))


def checked_score(value: Any, name: str, item: Item) -> bool | float | None:
    if value is None or isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    told = f"the scorer {name} gave {value!r:.40} ({type(value).__name__}) for the item {item.id}"
    raise HarnessError(told, mend="Return True, False, a finite number, or None where there is no verdict")


def to_scorer(given: Any) -> Scorer:
    """A scorer, the name of one, or a plain function `(text, item)`. Raises HarnessError for anything else."""
    if isinstance(given, Scorer):
        return given
    if isinstance(given, str):
        if given not in NAMED:
            raise HarnessError(f"there is no scorer {given!r}", where="score", mend=nearest(given, NAMED))
        return NAMED[given]
    if not inspect.isroutine(given) or not accepts_two(given):
        made = ' such as regex("…")' if given in (regex, numeric) else ""
        raise HarnessError(
            f"{getattr(given, '__name__', repr(given)):.60} is no scorer", where="score", mend=f"Give a name, a scorer{made}, or a function(text, item)"
        )
    return Scorer(name=getattr(given, "__name__", "function").strip("<>"), needs="", function=given)


def accepts_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind("", None)
    except (TypeError, ValueError):
        return False
    return function not in (regex, numeric)


# Multiple choice

# "Answer:", also bold or as a heading, says what the answer is; "the answer is" may also begin a sentence about it, and counts where an option follows.
MARKER = re.compile(r"\banswer\W{0,3}:\W{0,3}?(?=\S|$)|\banswer\s+is:?|\\boxed\s*(?=\{)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"[\s*_`'\"]*(?:<[^>\n]*>|\[\s*(?:letter|option|choice)\s*\]|…|\.\.\.)", re.IGNORECASE)
WRAPPING = " \t\r\n*_`'\"“”‘’$([{<"
NEGATED = re.compile(r"\b(?:no|not|never|neither|nor|cannot|wrong|incorrect|unlike)\b|n['’]t\b", re.IGNORECASE)


def read_choice(text: str, item: Item) -> str | None:
    """The label of the option that an answer names: by the last "Answer: …" (a letter, or the option's text), else as all that the answer or its last line
    says. A letter within a sentence is a word, and two options are none."""
    text = text.strip()
    stated = [read_stated(found, text, item) for found in MARKER.finditer(text) if not PLACEHOLDER.match(text, found.end())]
    if decided := [one for one in stated if one != "undecided"]:
        return decided[-1] or None
    last = text.rpartition("\n")[2]
    if len(set(marked_labels(text, item))) > 1 and marked_labels(last, item):  # the options, as they were asked
        return None
    return alone(text, item) or only_label(text, item) or alone(last, item) or only_option(last, item) or None


def read_stated(found: re.Match[str], text: str, item: Item) -> str:
    """The label behind a marker; "" where "Answer:" is followed by anything else, "undecided" where "the answer is" is."""
    line = text[found.end() :].lstrip(WRAPPING).removeprefix("\\text{").partition("\n")[0]
    return label_at(line, item) or ("" if found[0].rstrip().endswith(":") else "undecided")


def label_at(line: str, item: Item) -> str:
    """The label that a line begins with: an option's text, or a letter that is no word of a sentence."""
    if option := longest_option(line, item):
        return option
    for label in sorted(item.labels, key=len, reverse=True):
        if line[: len(label)].upper() != label.upper():
            continue
        rest = line[len(label) :].lstrip("*_`'\"”’")
        another = "|".join(map(re.escape, item.labels))
        if re.match(rf"\s*(?:,|/|&|and|or)\s*\(?(?:{another})(?!\w)", rest, re.IGNORECASE):
            return ""
        if not rest.strip() or rest[0] in ".,;:)]}>$" or re.match(r"\s+(?:[-–—(=\\]|because\b|since\b|as\b|is\b)", rest):
            return label
        if label.upper() not in ("A", "I") and line[: len(label)] == label and re.match(r"\s", rest):
            return label
    return ""


def longest_option(line: str, item: Item) -> str:
    """The label of the longest option that a line begins with, as a whole word."""
    plain = squeeze(line)
    fits = [(len(option), label) for label, choice in zip(item.labels, item.choices, strict=True) if begins(plain, option := squeeze(choice))]
    return max(fits)[1] if fits else ""


def begins(line: str, option: str) -> bool:
    return line.startswith(option) and not line[len(option) : len(option) + 1].isalnum()


def squeeze(text: str) -> str:
    """Lower case, one blank between words, without the mark at the end of a sentence."""
    return " ".join(text.casefold().split()).rstrip(".!*_`'\" ")


def alone(text: str, item: Item) -> str:
    """The label where a text is nothing but a letter or an option, with or without the other."""
    plain = text.strip(f"{WRAPPING})]}}>.:,!")
    for label, choice in zip(item.labels, item.choices, strict=True):
        both = re.fullmatch(rf"{re.escape(label)}\s*[.):\]]+[\s*]*(.*)", plain, re.IGNORECASE | re.DOTALL)
        if plain.upper() == label.upper() or squeeze(plain) == squeeze(choice) or (both and squeeze(both[1]) == squeeze(choice)):
            return label
    return ""


def marked_labels(text: str, item: Item) -> list[str]:
    """The labels that are set off as in a list: "A.", "B)"."""
    return re.findall(rf"(?<![\w.])\(?({'|'.join(map(re.escape, item.labels))})[.):](?=[\s*]|$)", text)


def only_label(text: str, item: Item) -> str:
    """The label at the beginning of an answer, as in "B) since …", where no other one is set off like it."""
    first = re.match(rf"[\s*_(\[]*({'|'.join(map(re.escape, item.labels))})(?:[.):]|(?<![AI]),)", text)
    return str(first[1]) if first and set(marked_labels(text, item)) <= {first[1]} else ""


def only_option(line: str, item: Item) -> str:
    """The option whose text stands in a line that names no other and denies nothing. Options that hold one another: the longest counts."""
    if NEGATED.search(line):
        return ""
    left, found = squeeze(line), []
    for option, label in sorted(((squeeze(choice), label) for label, choice in zip(item.labels, item.choices, strict=True)), key=lambda one: -len(one[0])):
        pattern = rf"(?<!\w){re.escape(option)}(?!\w)"
        if len(option) > 1 and re.search(pattern, left):
            found.append(label)
            left = re.sub(pattern, "\n", left)
    return found[0] if len(found) == 1 else ""


# Texts

FINAL = re.compile(r"\banswer\W{0,3}:\W{0,3}?(?=\S|$)", re.IGNORECASE)


def normalise(text: str) -> str:
    """As SQuAD compares answers (Rajpurkar et al., 2016): lower case, without ASCII punctuation, without the articles a, an, the, single blanks; what is
    nothing but those stays as it is, in lower case."""
    plain = "".join(sign for sign in text.lower() if sign not in string.punctuation)
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", plain).split()) or " ".join(text.casefold().split())


def read_final(text: str, _: Item | None = None) -> str:
    """What stands behind the last "Answer:" of an answer, to the end of its line; the whole answer where there is none."""
    stated = [found.end() for found in FINAL.finditer(text) if not PLACEHOLDER.match(text, found.end())]
    return text[stated[-1] :].strip().partition("\n")[0].strip(WRAPPING) if stated else text.strip()


def is_exact(found: str, item: Item) -> bool:
    return normalise(found) in {normalise(target) for target in (*map(str, item.targets), *right_texts(item))}


def right_texts(item: Item) -> list[str]:
    """The right answers in words: of a question with choices the text of the right one, not its letter."""
    return [item.choices[item.labels.index(str(target))] if item.choices else str(target) for target in item.targets]


def is_included(found: str, item: Item) -> bool:
    """True where a target stands in the text as whole words, whatever the case."""
    plain = " ".join(found.casefold().split())
    targets = (" ".join(target.casefold().split()) for target in right_texts(item))
    return any(re.search(rf"(?<!\w)(?<!\d[.,]){re.escape(target)}(?!\w|[.,]\d)", plain) for target in targets)


def regex(pattern: str) -> Scorer:
    """Scores by a regular expression. With a group: the group of the last match, compared with the target as `exact` does. Without: whether there is a match.

    Raises HarnessError for a pattern that is none.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, TypeError) as error:
        raise HarnessError(f"{pattern!r:.80} is no regular expression: {error}", where="regex", mend="Correct the pattern") from None
    if not compiled.groups:
        return Scorer(
            name="regex", read=lambda text, _: bool(compiled.search(text)), is_right=lambda found, _: found, needs="", parameters={"pattern": pattern}
        )

    def read_group(text: str, _: Item) -> str | None:
        groups = [found[1] for found in compiled.finditer(text) if found[1] is not None]
        return groups[-1].strip() if groups else None

    return Scorer(name="regex", read=read_group, is_right=is_exact, parameters={"pattern": pattern})


# Numbers

NUMBER = re.compile(
    r"(?<![\w.,^/])(?P<sign>(?<![\d)])(?<![\d)]\s)[-+]\s?)?[$€£¥]?\s?(?P<own>-)?(?P<whole>\d[\d.,\u00a0\u2009\u202f]*(?<![.,\u00a0\u2009\u202f])|\.\d+)"
    r"(?:[eE](?P<e>[-+]?\d+)|\s*[×x*·]\s*10\s*(?:\^|\*\*)\s*[({]?(?P<ten>[-+]?\d+)|(?:\s(?P<over>\d+))?\s?/\s?(?P<under>\d+)(?!\s?/))?(?![\d])"
)
PLAIN = re.compile(r"\d+(?:\.\d+)?|\.\d+|\d{1,3}(?:(?P<mark>[,\u00a0\u2009\u202f])\d{3})(?:(?P=mark)\d{3})*(?:\.\d+)?")
STATED = re.compile(r"\\boxed\s*\{|#{4}|answer\W{0,3}:|answer\s+is:?", re.IGNORECASE)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")


def read_number(text: str, _: Item | None = None) -> float | None:
    """The number that an answer gives: in the last \\boxed{}, behind the last "####" or "Answer:", else the last of all. Signs, thousands ("1,234.5"),
    fractions ("3/4", "1 1/2", "½"), powers of ten and units are read; a percentage is the number before its sign. None where that number is not clear, as in
    "1,5"."""
    plain = plain_digits(text)
    stated = [found.end() for found in STATED.finditer(plain)]
    line = plain[stated[-1] :].lstrip().partition("\n")[0] if stated else ""
    if numbers := list(numbers_in(line.rpartition("=")[2])):
        return numbers[0]
    numbers = [] if stated and STATED.findall(plain)[-1] != "####" and line.strip() else list(numbers_in(plain))
    return numbers[-1] if numbers else None


def plain_digits(text: str) -> str:
    r"""The text with the digits of any script as 0 to 9, vulgar fractions and \frac as 1/2, raised digits behind a ^, one sign for minus."""
    text = re.sub(r"\\[dt]?frac\s*\{\s*(\d+)\s*\}\s*\{\s*(\d+)\s*\}", r" \1/\2", text).replace("\\,", "").replace("{,}", ",").replace("\\$", "$")
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+", lambda found: "^" + found[0].translate(SUPERSCRIPTS), text)
    return "".join(map(plain_sign, text.replace("\\times", "×").replace("\\cdot", "·")))


def plain_sign(sign: str) -> str:
    if sign in "−﹣－":
        return "-"
    if "⁄" in (made := unicodedata.normalize("NFKC", sign)):
        return " " + made.replace("⁄", "/")
    digit = unicodedata.decimal(sign, None)
    return sign if digit is None else str(digit)


def numbers_in(text: str) -> Iterator[float | None]:
    """The numbers of a text in order, None for what is a number but not a clear one."""
    return (value_of_number(found) for found in NUMBER.finditer(text))


def value_of_number(found: re.Match[str]) -> float | None:
    if not PLAIN.fullmatch(found["whole"]):
        return None
    whole = re.sub(r"[,\u00a0\u2009\u202f]", "", found["whole"])
    try:
        value = float(f"{whole}e{found['e'] or found['ten'] or 0}")
        if found["under"]:
            value = value + int(found["over"]) / int(found["under"]) if found["over"] else value / int(found["under"])
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    negative = (found["sign"] or "").startswith("-") or found["own"]
    return (-value if negative else value) if math.isfinite(value) else None


def target_number(target: Any, item: Item) -> float:
    value = read_number(str(target))
    if value is None:
        raise HarnessError(f"the target {target!r:.40} of the item {item.id} is no number", mend="Write a number, or use the scorer exact")
    return value


def numeric(tolerance: float = 0.0) -> Scorer:
    """Scores the number that an answer gives (`read_number`): right within `tolerance` of a target, in the target's own unit."""
    if not isinstance(tolerance, int | float) or not 0 <= tolerance < math.inf:
        raise HarnessError(f"numeric has the tolerance {tolerance!r}", mend="Give a number from 0 on")

    def is_near(found: float, item: Item) -> bool:
        return any(math.isclose(found, target_number(target, item), rel_tol=1e-9, abs_tol=tolerance) for target in item.targets)

    return Scorer(name="numeric", read=read_number, is_right=is_near, parameters={"tolerance": float(tolerance)})


choice = Scorer(name="choice", read=read_choice, is_right=lambda found, item: found == item.target, needs="choices")
exact = Scorer(name="exact", read=read_final, is_right=is_exact)
includes = Scorer(name="includes", read=lambda text, _: text.strip(), is_right=is_included)
NAMED = {"choice": choice, "exact": exact, "includes": includes, "numeric": numeric()}
