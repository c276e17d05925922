"""Numbers of prose bound to addresses by words alone, the weakest of all bindings: how many addresses would fit as well by chance is counted and told.

A value is looked for only among the addresses whose words fit best; that it stands somewhere in the results says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.review.claims import ABSENT, AMBIGUOUS, UNBOUND
from harness.review.number import Number
from harness.review.prose import Sentence
from harness.review.results import Results, agrees, words_of

CHANCE = 0.01  # expected number of addresses that would agree by chance, above which nothing is confirmed
NEAR, TITLE = 1.0, 0.35  # what a word of the sentence and one of the titles above it count
CLOSE = 40  # characters around a number whose words count twice
FEW = 3  # addresses that words may name alike
COMMON = 0.25  # a word that a larger share of the leaves has tells nothing


@dataclass(frozen=True)
class Binding:
    """What the words found: an address that agrees with so many expected by chance, or why there is none."""

    address: str = ""
    chance: float = 1.0
    why: str = UNBOUND

    @property
    def sure(self) -> bool:
        return bool(self.address) and self.chance < CHANCE


def weights_of(sentence: Sentence, number: Number, titles: Iterable[str]) -> dict[str, float]:
    """Word to what it counts: those close to the number twice."""
    found = dict.fromkeys(words_of(" ".join(titles)), TITLE)
    found |= dict.fromkeys(words_of(sentence.text), NEAR)
    close = sentence.text[max(0, number.start - CLOSE) : number.start] + " " + sentence.text[number.end : number.end + CLOSE // 2]
    return found | dict.fromkeys(words_of(close), 2 * NEAR)


def bind(number: Number, weights: Mapping[str, float], results: Results) -> Binding:
    """The address that a number tells, as far as words can say."""
    if not results.leaves:
        return Binding()
    scores, agreeing = scores_of(weights, results), results.agreeing(number)
    best = max(agreeing, key=lambda leaf: scores[leaf]) if agreeing else -1
    if best < 0 or scores[best] <= 0:
        return other_value(number, weights, scores, results)
    rivals = int((scores >= scores[best] - 1e-9).sum())
    chance = rivals * results.share(number)
    if chance < CHANCE:
        return Binding(address=results.address(best), chance=chance, why=f"bound by words; {chance:.1g} addresses would agree by chance")
    other = other_value(number, weights, scores, results)
    if other.address:
        return other
    return Binding(
        address=results.address(best), chance=chance, why=f"{AMBIGUOUS}: {rivals} addresses fit its words as well, of which {chance:.2g} would agree by chance"
    )


def other_value(number: Number, weights: Mapping[str, float], scores: NDArray[np.float64], results: Results) -> Binding:
    """Where the words beside a number name one address outright, and the value there is another."""
    top = float(scores.max(initial=0.0))
    named: list[int] = np.flatnonzero(scores >= top - 1e-9).tolist() if top > 0 else []
    if 0 < len(named) <= FEW and not any(agrees(number, results.leaves[leaf].value) for leaf in named):
        leaf = named[0]
        last = [word for word in words_of(results.leaves[leaf].path[-1]) if not word.isdigit()]
        if last and all(weights.get(word, 0.0) >= 2 * NEAR for word in last) and comparable(number, results.leaves[leaf].value):
            told = f"{ABSENT}: the address that its words name says {results.leaves[leaf].value:.6g}"
            return Binding(address=results.address(leaf), why=told)
    return Binding()


def comparable(number: Number, value: float) -> bool:
    """Whether a value could be told by such a number at all: not a count by a percentage, nor a rate by a count."""
    whole = float(value).is_integer() and abs(value) > 1
    return whole == (number.step >= 1 and number.unit not in ("%", "pp")) or number.unit == "$"


def scores_of(weights: Mapping[str, float], results: Results) -> NDArray[np.float64]:
    """How well the words of each leaf fit."""
    scores = np.zeros(len(results.leaves))
    most = max(8, COMMON * len(results.leaves))
    for word, weight in weights.items():
        places = results.by_word.get(word, ())
        if 0 < len(places) <= most:
            scores[places] += weight * results.rarity[word]
    return scores
