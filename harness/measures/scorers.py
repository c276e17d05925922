"""Scorers: what an answer says, and whether that is right. A scorer reads the text of an answer that is there; one that is missing, or cut off, has no score.

What a scorer cannot read is no guess: the answer is wrong, and its row says `unparsed`.
"""

from __future__ import annotations

import inspect
import math
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness.code_dependencies import code_fingerprint
from harness.errors import HarnessError, nearest
from harness.measures.items import Item
from harness.measures.number_reading import read_number
from harness.measures.option_reading import PLACEHOLDER, WRAPPING, read_choice

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
        return self.score(answer.text, answer.item, answer.replicate)

    def score(self, text: str, item: Item, replicate: int = 0) -> dict[str, Any]:
        """{"extracted", "score", "unparsed"}: what was read, the outcome, and whether nothing could be read."""
        if self.function is not None:
            where = f"the item {item.id}, replicate {replicate}"
            return {"extracted": None, "score": checked_score(self.function(text, item), self.name, where), "unparsed": False}
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


def checked_score(value: Any, name: str, answer: str) -> bool | float | None:
    """What an own function gave for `answer`, in words. Raises HarnessError for anything that is no outcome."""
    if value is None or isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    told = f"the scorer {name} gave {value!r:.40} ({type(value).__name__}) for {answer}"
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
