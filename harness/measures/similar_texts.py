"""Texts that ask the same thing: exactly, or in nearly the same words.

Letters alone cannot tell: "Which city is the capital of Italy?" and "... of Russia?" share 90 % of them and ask two things, and a word more in front of the
first shares fewer and asks the same. So words that carry the content are compared, in any order, and those that most questions have are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

TOKEN = re.compile(r"\w+|(?<=[\d)])\s*[-+*/=<>^×÷]\s*(?=[\d(])")
# Articles, pronouns, auxiliaries, prepositions, question words and politeness. Negations and numbers are content.
FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about actually also am an and any answer are as asking at be been being briefly but by can could curious did do does doing don exactly
        explain for from give had has have having he hello her hi him his how i if in into is it its just kindly know ll let like m may me might
        mine my of ok okay on one or our out please possible quick quickly question quite re really s say she should simply so some t tell than
        thank thanks that the their them then there these they this those to up us ve very want was we well were what when where whether which who
        whom whose why will with wonder wondering would you your
        """,
    )
)
# Read off the nearest pairs of the banks that ship with harness and of public question sets (ARC, GSM8K, IFEval): within and between them no pair that asks
# two things is that near, except questions that other options make another item.
SHORTEST, LONG = 2, 5  # content words that two texts must share; from which on a word may be another
ADDED, CHANGED, MOST_CHANGED = 0.34, 0.2, 2  # shares of the longer text's content words; words
QUOTED = 3  # content words from which on a text that stands in the other, word for word, is near however long the other is
TEMPLATE, FEW = 0.2, 20  # a word of more than that share of at least so many texts belongs to their template


def normal(text: str) -> str:
    """Words and numbers in lower case, with the operators between numbers: texts that differ in case, spacing, punctuation or the way Unicode writes a letter
    only are the same."""
    return " ".join(token.strip() for token in TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))


def content_words(text: str) -> Counter[str]:
    """The words of a normalised text that carry its content, in the singular."""
    return Counter(singular(word) for word in text.split() if word not in FUNCTION_WORDS)


def singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def is_near(first: Counter[str], second: Counter[str]) -> bool:
    """Whether two texts have the same content words, up to a few that one of them adds (at most a third of its own), or, among many, one or two that are
    others (at most a fifth). A word with a typing error is the same word; numbers never are."""
    small, large = sorted((first, second), key=lambda words: words.total())
    lacking, added = without_misspelt(small - large, large - small)
    if small.total() - lacking.total() < SHORTEST:
        return False
    if not lacking:
        return added.total() <= max(1, ADDED * large.total())
    numbers = any(map(str.isdecimal, lacking)) and any(map(str.isdecimal, added))
    return not numbers and large.total() >= LONG and added.total() <= min(CHANGED * large.total(), MOST_CHANGED)


def without_misspelt(lacking: Counter[str], added: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """Both without the words of one that are a word of the other with a typing error."""
    for word in list(lacking):
        if twin := next((other for other in added if is_misspelt(word, other)), ""):
            lacking, added = lacking - Counter([word]), added - Counter([twin])
    return lacking, added


def is_misspelt(first: str, second: str) -> bool:
    """Whether two words of five letters or more differ by one letter that is wrong, missing, added or in another place."""
    from rapidfuzz.distance import OSA

    return min(len(first), len(second)) >= 5 and OSA.distance(first, second, score_cutoff=1) <= 1 and not (first + second).isdecimal()


def find_near(first: Sequence[str], second: Sequence[str] | None = None) -> list[tuple[int, int]]:
    """Places (in the first, in the second) of texts that are nearly the same and not exactly so; without `second`, pairs within the first."""
    sides = [[normal(text) for text in texts] for texts in (first, *([] if second is None else [second]))]
    words = [[content_words(text) for text in side] for side in sides]
    template = set().union(*map(template_words, words))
    words = [[Counter({word: count for word, count in one.items() if word not in template}) for one in side] for side in words]
    pairs = candidates(words[0], words[-1])
    near = [
        (i, j) for i, j in pairs if sides[0][i] != sides[-1][j] and (is_near(words[0][i], words[-1][j]) or is_quoted(sides[0][i], sides[-1][j], words[0][i]))
    ]
    return [(i, j) for i, j in near if second is not None or i < j]


def is_quoted(first: str, second: str, words: Counter[str]) -> bool:
    """Whether the first text stands in the second, word for word, or the other way round; `words` are the first one's."""
    short, long = sorted((first, second), key=len)
    return (words.total() if short == first else content_words(short).total()) >= QUOTED and f" {short} " in f" {long} "


def template_words(texts: Sequence[Counter[str]]) -> set[str]:
    """The words that a bank's texts have in common, such as those of a frame around each statement."""
    if len(texts) < FEW:
        return set()
    return {word for word, count in Counter(word for one in texts for word in one).items() if count > TEMPLATE * len(texts)}


def candidates(first: Sequence[Counter[str]], second: Sequence[Counter[str]]) -> list[tuple[int, int]]:
    """Pairs that share half of the longer one's words, or all of the shorter one's: nothing else can be near."""
    import numpy as np
    from scipy.sparse import csr_array

    index = {word: number for number, word in enumerate({word for one in (*first, *second) for word in one})}
    tables = []
    for side in (first, second):
        columns = [index[word] for one in side for word in one]
        starts = np.cumsum([0, *(len(one) for one in side)])
        tables.append(csr_array((np.ones(len(columns), np.int32), columns, starts), shape=(len(side), len(index))))
    shared = (tables[0] @ tables[1].T).tocoo()
    sizes = [np.array([len(one) for one in side]) for side in (first, second)]
    here, there = sizes[0][shared.row], sizes[1][shared.col]
    kept = (2 * shared.data >= np.maximum(here, there)) | (shared.data >= np.minimum(here, there))
    return list(zip(shared.row[kept].tolist(), shared.col[kept].tolist(), strict=True))
