"""Numbers of prose bound to addresses by words alone, the weakest of all bindings: how many addresses would fit as well by chance is counted and told.

A value is looked for only among the addresses whose words fit best; that it stands somewhere in the results says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.review.claims import ABSENT, AMBIGUOUS, UNBOUND
from harness.review.number import Number
from harness.review.prose import Sentence
from harness.review.results import Results, agrees, words_of

CHANCE = 0.01  # expected number of addresses that would agree by chance, above which nothing is confirmed
NEAR, BLOCK, TITLE = 1.0, 0.7, 0.35  # what a word of the sentence, of its paragraph before it, and of the titles above it count
LONGEST = 4_000  # characters of a sentence whose words are looked at
CLOSE = 40  # characters around a number whose words count twice
# What is stated of a quantity beside the quantity itself: a number that is near such a word is no value of an address without it.
STATISTICS = frozenset(
    ("ci", "interval", "sd", "se", "p", "p50", "range", "min", "max", "total", "sum", "ratio", "coefficient", "difference", "power", "percentile", "quantile")
)
SUMMED_UP = STATISTICS | {"mean", "weighted", "grand", "overall"}
MONEY = frozenset(("cost", "usd", "dollar", "price", "spent", "budget"))
UNLIKELY = 0.1  # expected chance matches from which on an address that agrees says nothing
NEARLY = 0.5  # of the best fit, from which on an address that agrees may be the one that is meant
EQUATION = re.compile(r"([A-Za-z_][\w'* ()-]{0,20}?)[\s*_]*[:=<>≈][=\s*_]*[~$+−–-]*$")
DERIVED = re.compile(
    r"\b(?:differ\w*|delta|gap|more|less|fewer|above|below|higher|lower|longer|shorter|faster|slower|times|fold|ratio|factor|total|together|sum|increase\w*|decrease\w*"
    r"|add\w*|margin|widest|narrowest|spread|grow\w*|grew|rise\w*|rose|f[ae]ll\w*|drop\w*|gain\w*|los[et]\w*|improve\w*|change\w*|than|reduc\w*)\b",
    re.IGNORECASE,
)
BY = re.compile(r"\bby\s+$")
LEVEL = re.compile(r"\s*(?:CI\b|confidence\b|interval\b|credible\b)", re.IGNORECASE)
FEW = 3  # addresses that words may name alike
COMMON, MOST_COMMON = 0.75, 100_000  # a word that a larger share, or a larger number, of the leaves has tells nothing


@dataclass(frozen=True)
class Binding:
    """What the words found: an address that agrees with so many expected by chance, or why there is none."""

    address: str = ""
    chance: float = 1.0
    why: str = UNBOUND

    @property
    def sure(self) -> bool:
        return bool(self.address) and self.chance < CHANCE


@dataclass(frozen=True)
class Context:
    """What surrounds a number: word to what it counts, the symbol or label that it is told of (`p` of `p = 0.6`), and the words close before it; `derived`
    says that it is told as a difference, ratio or total. `beside` are the other numbers of the sentence, `adjacent` is the word right before it."""

    weights: Mapping[str, float]
    symbol: str = ""
    before: frozenset[str] = frozenset()
    derived: bool = False
    beside: tuple[Number, ...] = ()
    adjacent: str = ""

    @property
    def statistic(self) -> bool:
        """Whether the words close before it are of what sums up others."""
        return not SUMMED_UP.isdisjoint(self.before)


def context_of(sentence: Sentence, number: Number, titles: Iterable[str], before: str = "") -> Context:
    """Words close to the number count twice, those `before` it in the paragraph less, those of the titles least. Other numbers are no words."""
    text = sentence.without_numbers
    if len(text) > LONGEST:  # no sentence: what is near the number is its context
        first = max(0, number.start - LONGEST // 2)
        text = " " * first + text[first : number.start + LONGEST // 2]
    start, end = word_edges(text, number.start - CLOSE, number.end + CLOSE // 2)
    found = dict.fromkeys(words_of(" ".join(titles)), TITLE)
    found |= dict.fromkeys(words_of(before), BLOCK)
    found |= dict.fromkeys(words_of(text), NEAR)
    found |= dict.fromkeys(words_of(text[start:end]), 2 * NEAR)
    others = tuple(one for one in sentence.numbers if one is not number)
    just_before = sentence.text[max(0, number.start - CLOSE) : number.start]
    adjacent = next(iter(words_of(" ".join(re.findall(r"([A-Za-z]{4,})[\s*_]+$", just_before)))), "")
    equation = EQUATION.search(sentence.text[max(0, number.digits_at - CLOSE) : number.digits_at])
    symbol = words_of(equation[1])[-1:] if equation else ()
    return Context(found, symbol[0] if symbol else "", frozenset(words_of(text[start : number.start])), is_derived(sentence.text, number), others, adjacent)


def is_derived(text: str, number: Number) -> bool:
    """Whether the words around a number say that it follows from others, or is a level."""
    near = text[max(0, number.start - CLOSE) : number.end + CLOSE // 2]
    marked = number.unit in ("pp", "points", "x") or number.text.startswith("+") or BY.search(text[max(0, number.start - CLOSE) : number.start])
    return bool(marked or DERIVED.search(near) or LEVEL.match(text, number.end))


def is_fine(number: Number) -> bool:
    """Told to three digits or more."""
    return abs(number.value) >= 100 * number.step


def word_edges(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch that cuts no word."""
    start, end = max(0, start), min(len(text), end)
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end - 1 : end].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def bind(number: Number, context: Context, results: Results, without: NDArray[np.bool_] | None = None) -> Binding:
    """The address that a number tells, as far as words can say; some leaves are left out."""
    if not results.leaves:
        return Binding()
    scores = scores_of(context.weights, results)
    agreeing = [leaf for leaf in results.agreeing(number) if (without is None or not without[leaf]) and alike_in_money(number, results.words[leaf])]
    if without is not None:
        scores[without] = 0.0
    best = max(agreeing, key=lambda leaf: (scores[leaf], not results.leaves[leaf].one_of)) if agreeing else -1
    fits = float(scores[best]) if best >= 0 else 0.0
    if fits > 0:
        rivals = 1 + int((scores >= fits - 1e-9).sum()) - sum(scores[leaf] >= fits - 1e-9 for leaf in agreeing)
        chance = rivals * results.share(number)
        if chance < CHANCE:
            return Binding(address=results.address(best), chance=chance, why=f"bound by words; {chance:.1g} addresses would agree by chance")
    return (
        sum_of_named(number, scores, results)
        or (other_value(number, context, scores, results, fits) if fits <= 0 or chance >= UNLIKELY else None)
        or (ambiguous(results.address(best), rivals, chance) if fits > 0 else Binding())
    )


def ambiguous(address: str, rivals: int, chance: float) -> Binding:
    """An address for a person to accept."""
    return Binding(address, chance, f"{AMBIGUOUS}: {rivals} addresses fit its words as well, {chance:.2g} would agree by chance")


def best_leaves(scores: NDArray[np.float64]) -> list[int]:
    """The few leaves whose words fit best; none where many fit alike."""
    top = float(scores.max(initial=0.0))
    found: list[int] = np.flatnonzero(scores >= top - 1e-9).tolist() if top > 0 else []
    return found if len(found) <= FEW else []


def sum_of_named(number: Number, scores: NDArray[np.float64], results: Results) -> Binding | None:
    """A total over the addresses of one name, one of each file, where its words name one of them."""
    named = best_leaves(scores)
    if not named or number.value == 0 or number.marker:
        return None
    alike = results.by_last[frozenset(words_of(results.leaves[named[0]].path[-1]))]
    if not 1 < len(alike) <= len(results.files):
        return None
    files = {results.leaves[leaf].file for leaf in alike}
    if not 1 < len(files) == len(alike) or not agrees(number, sum(results.leaves[leaf].value for leaf in alike)):
        return None
    return Binding(address=" + ".join(results.address(leaf) for leaf in alike), chance=0.0, why="the sum of the addresses of that name")


def other_value(number: Number, context: Context, scores: NDArray[np.float64], results: Results, fits: float) -> Binding | None:
    """Where the words beside a number name one address outright, and the value there is another. None where an address that agrees fits nearly as well."""
    named = best_leaves(scores)
    named = [leaf for leaf in named if len(context.symbol) > 1 and context.symbol in words_of(results.leaves[leaf].labels[-1])] or named
    if not named or fits > NEARLY * float(scores[named[0]]) or any(agrees(number, results.leaves[leaf].value) for leaf in named):
        return None
    elsewhere = is_fine(number) and any(alike_in_money(number, results.words[leaf]) for leaf in results.agreeing(number))
    if context.derived or elsewhere:  # it follows from several addresses, or is of another
        return None
    leaf = named[0]
    # An n is of anything; the address may be told by another number beside this one; the word right before it may be that of a part.
    if context.symbol == "n" or any(agrees(one, results.leaves[leaf].value) for one in context.beside):
        return None
    if context.adjacent in results.by_word and context.adjacent not in results.words[leaf]:
        return None
    last = [word for word in words_of(results.leaves[leaf].labels[-1]) if not word.isdigit()]
    own = {word for label in results.leaves[leaf].labels for word in words_of(label) if not word.isdigit()}
    labelled = len(context.symbol) > 1 and context.symbol in last  # as `Truthfulness: 13.7 %`; the titles above say the rest. Every table has an n and a p
    told_of = {word for word in own if context.weights.get(word, 0.0) >= (TITLE if labelled else NEAR)}
    if len(told_of) * 2 < len(own) or len(told_of) < min(2, len(own)):
        return None
    said = [word for word in last if context.weights.get(word, 0.0) >= 2 * NEAR]
    outright = context.before.issuperset(last) if not context.symbol else context.symbol in said and len(said) * 2 >= len(last)
    others = context.before & STATISTICS - results.words[leaf]
    told = bool(context.symbol) or number.step < 1 or number.unit in ("%", "pp", "$")  # a bare count beside other numbers may be of anything
    if not told or not last or not outright or others or not comparable(number, results.leaves[leaf].value, results.words[leaf]):
        return None
    return Binding(address=results.address(leaf), why=f"{ABSENT}: the address that its words name says {results.leaves[leaf].value:.6g}")


def comparable(number: Number, value: float, words: Collection[str] = ()) -> bool:
    """Whether a value could be told by such a number at all: not a count by a percentage, a rate by a count, or what is no money by dollars."""
    if number.unit == "$" or not alike_in_money(number, words):
        return alike_in_money(number, words)
    whole = float(value).is_integer() and abs(value) > 1
    return whole == (number.step >= 1 and number.unit not in ("%", "pp"))


def alike_in_money(number: Number, words: Collection[str]) -> bool:
    """Whether an address of such words may be told so: dollars of what costs, no percentage of that."""
    money = not MONEY.isdisjoint(words)
    return money if number.unit == "$" else not (money and number.unit in ("%", "pp"))


def scores_of(weights: Mapping[str, float], results: Results) -> NDArray[np.float64]:
    """How well the words of each leaf fit."""
    scores = np.zeros(len(results.leaves))
    most = min(max(8, COMMON * len(results.leaves)), MOST_COMMON)
    for word, weight in weights.items():
        places = results.by_word.get(word)
        if places is not None and len(places) <= most:
            scores[places] += weight * results.rarity[word]
    for word, places in results.by_required.items():
        if weights.get(word, 0.0) < NEAR:
            scores[places] = 0.0
    return scores
