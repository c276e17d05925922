"""Results as a reviewer looks things up in them: every number of some files by its address, its words and its value.

The files are JSON, or text of lines `name: number`. Only numbers are evidence. Texts and truth values inside results repeat what somebody claimed.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.review.number import Number
from harness.textfile import read_text

MOST_BYTES = 200_000_000
SUMMARY_LINE = re.compile(r"\s*(?:\d+\.\s+)?([^:]{1,80}(?::[^:]{1,20})?)\s*:\s*[$~]?([-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(%)?(?:\s+[a-z]+)?\s*$")
LONGEST_NAME = 60  # characters of a text that names a record
WINDOW = 25  # steps on either side of a number in which its neighbours are counted
FEWEST_SIBLINGS, MOST_SIBLINGS, MOST_AGGREGATED = 3, 1000, 50_000
# A rate may be told as a percentage, a fraction of a total, or the other way round.
BOUNDS: dict[str, Callable[[float, float], bool]] = {"<": operator.lt, "≤": operator.le, ">": operator.gt, "≥": operator.ge}
SCALES = (1.0, 100.0, 0.01)
PERCENT = ("%", "pp")
WORD = re.compile(r"[a-z]+|\d+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Words that name one thing in texts and another in results; the values are what both become.
SAME = {
    word: name
    for name, words in {
        "sd": "standard deviation std stdev",
        "mean": "average avg",
        "max": "maximum highest",
        "min": "minimum lowest",
        "p50": "median",
        "n": "num number count",
        "cosine": "cos",
        "assistant": "asst",
        "accuracy": "acc",
        "correlation": "corr",
        "coefficient": "coef",
        "percent": "pct",
        "probability": "prob",
        "alignment": "aligned",
        "coherence": "coherent",
        "parameter": "param params",
        "eval": "evaluation",
        "document": "doc docs",
        "minute": "mins",
    }.items()
    for word in words.split()
}
SILENT = (
    "a an and are as at be been but by did do does for from had has have in into is it its of on or our than that the their then there these they this to was"
    " were which while with we what when not no only all each both per under over between versus vs via x using used result results value values data"
)
STOP = frozenset(SILENT.split())


@lru_cache(maxsize=100_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words by which a text and an address are compared: lower case, without plural, marks and words that say nothing."""
    found = WORD.findall(CAMEL.sub(" ", text).lower())
    return tuple(stem(word) for word in found if word not in STOP)


def stem(word: str) -> str:
    word = SAME.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return SAME.get(word, word)


@dataclass(frozen=True)
class Leaf:
    """A number at `path` (segments, RFC 6901 when joined) of file `file`. `labels` are the segments as they are named: a record of a list by its texts. Of a
    list of numbers each is `one_of` several; what they come to stands beside them, with the function of expressions that gives it as `summary`."""

    file: int
    path: tuple[str, ...]
    value: float
    names: tuple[str, ...] = ()
    one_of: bool = False
    summary: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        return self.names or self.path


class Results:
    """Numbers of files, or `leaves` with what to call each. `words[i]` are the words of leaf i: of its pointer and its file's name. Raises HarnessError for a
    file that is neither."""

    def __init__(self, files: Sequence[Path], leaves: Sequence[Leaf] = (), called: Sequence[str] = (), *, read: bool = True) -> None:
        self.files, self.called = tuple(files), called
        self._named: dict[frozenset[str], NDArray[np.int64]] = {}
        self.required: list[str] = []  # for each leaf the word without which a text does not mean it; empty where there is none
        self.leaves = [leaf for number, file in enumerate(files) for leaf in leaves_of(number, file)] if read else list(leaves)
        values: NDArray[np.float64] = np.array([leaf.value for leaf in self.leaves], dtype=float)
        self.order = np.argsort(values, kind="stable")
        self.sorted = values[self.order]

    def address(self, place: int) -> str:
        leaf = self.leaves[place]
        if self.called:
            return self.called[place]
        path = (*leaf.path[:-1], "*") if leaf.summary else leaf.path
        pointer = f"{self.files[leaf.file].as_posix()}#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
        return f'{leaf.summary}("{pointer}")' if leaf.summary else pointer

    @cached_property
    def words(self) -> list[frozenset[str]]:
        names = [words_of(" ".join(file.parts[-3:])) for file in self.files]
        prefixes: dict[tuple[int, tuple[str, ...]], frozenset[str]] = {}
        found = []
        for leaf in self.leaves:
            home = leaf.file, leaf.labels[:-1]
            if home not in prefixes:
                parts = (*map(words_of, home[1]), *names[leaf.file : leaf.file + 1])
                prefixes[home] = frozenset(word for part in parts for word in part)
            found.append(prefixes[home].union(words_of(leaf.labels[-1])))
        return found

    @cached_property
    def by_word(self) -> dict[str, NDArray[np.int64]]:
        """Word to the leaves that have it."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, words in enumerate(self.words):
            for word in words:
                found[word].append(place)
        return {word: np.array(places) for word, places in found.items()}

    @cached_property
    def rarity(self) -> dict[str, float]:
        """How much a word tells: the logarithm of how few leaves have it."""
        total = max(1, len(self.leaves))
        return {word: math.log(1 + total / len(places)) for word, places in self.by_word.items()}

    @cached_property
    def starred(self) -> dict[tuple[int, tuple[str, ...], tuple[str, ...]], list[tuple[str, int]]]:
        found: dict[tuple[int, tuple[str, ...], tuple[str, ...]], list[tuple[str, int]]] = defaultdict(list)
        for number, leaf in enumerate(self.leaves):
            for place, segment in enumerate(leaf.path if not leaf.summary else ()):
                found[leaf.file, leaf.path[:place], leaf.path[place + 1 :]].append((segment, number))
        return found

    def is_file(self, number: int, name: str) -> bool:
        """Whether a file is the one of this name: its path, or an end of it."""
        path = self.files[number].as_posix()
        return path == name or path.endswith(f"/{name}")

    @cached_property
    def _tree(self) -> list[dict[str, Any]]:
        """The leaves of each file by their segments, nested as in the file."""
        trees: list[dict[str, Any]] = [{} for _ in self.files] or [{}]
        for number, leaf in enumerate(self.leaves):
            node = trees[leaf.file]
            for segment in leaf.path[:-1]:
                node = node.setdefault(segment, {})
            node[leaf.path[-1]] = number
        return trees

    def leaf_at(self, file: int, path: Sequence[str]) -> int | None:
        found = descend(self._tree[file], path)
        return found if isinstance(found, int) else None

    def beside(self, file: int, path: Sequence[str]) -> list[tuple[str, int]]:
        """The leaves right below a path, with their names."""
        home = descend(self._tree[file], path)
        return [(key, leaf) for key, leaf in home.items() if isinstance(leaf, int)] if isinstance(home, dict) else []

    def at_pattern(self, file: int, before: tuple[str, ...], after: tuple[str, ...]) -> list[tuple[str, int]]:
        """(segment, leaf) of each leaf at before/segment/after."""
        home = descend(self._tree[file], before)
        if not isinstance(home, dict):
            return []
        found = (descend(node, after) for node in home.values())
        return [(self.leaves[leaf].labels[len(before)], leaf) for leaf in found if isinstance(leaf, int)]

    def named(self, words: Iterable[str]) -> NDArray[np.int64]:
        """The leaves that have the most of some words, at least half of them."""
        wanted = frozenset(words)
        if wanted not in self._named:
            self._named[wanted] = self._find_named(wanted)
        return self._named[wanted]

    def _find_named(self, wanted: frozenset[str]) -> NDArray[np.int64]:
        postings = sorted((places for word in wanted if (places := self.by_word.get(word)) is not None), key=len)
        nothing: NDArray[np.int64] = np.array([], dtype=np.int64)
        if len(postings) * 2 < max(1, len(wanted)):
            return nothing
        found = reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), postings)
        if len(found):
            return found
        counts = self.shared(postings[0], wanted)
        best = int(counts.max())
        return postings[0][counts == best] if best * 2 >= len(wanted) else nothing

    def scored(self, places: NDArray[np.int64], words: Iterable[str]) -> NDArray[np.float64]:
        """The rarities of the words that each of some leaves has of these, added up."""
        scores = np.zeros(len(places))
        for word in frozenset(words):
            if (having := self.by_word.get(word)) is not None:
                at = np.minimum(having.searchsorted(places), len(having) - 1)
                scores += self.rarity[word] * (having[at] == places)
        return scores

    def shared(self, places: Sequence[int] | NDArray[np.int64], words: Iterable[str]) -> NDArray[np.int64]:
        """How many of some words each of some leaves has."""
        wanted, counts = np.array(places, dtype=np.int64), np.zeros(len(places), dtype=np.int64)
        for word in frozenset(words):
            if (having := self.by_word.get(word)) is not None:
                at = np.minimum(having.searchsorted(wanted), len(having) - 1)
                counts += having[at] == wanted
        return counts

    @cached_property
    def _prefixes(self) -> dict[tuple[int, tuple[str, ...]], tuple[int, int]]:
        """Prefix to the first leaf below it and the one after the last: they stand together, as the file's own order has them."""
        found: dict[tuple[int, tuple[str, ...]], tuple[int, int]] = {}
        for number, leaf in enumerate(self.leaves):
            for depth in range(len(leaf.path)):
                key = leaf.file, leaf.path[:depth]
                found[key] = found.get(key, (number, 0))[0], number + 1
        return found

    def below_with(self, file: int, prefix: tuple[str, ...], words: Iterable[str]) -> int:
        """How many leaves below a prefix have one of some words, those with several counted for each."""
        first, last = self._prefixes.get((file, prefix), (0, 0))
        arrays = [places for word in words if (places := self.by_word.get(word)) is not None]
        return sum(int(np.subtract(*places.searchsorted([last, first]))) for places in arrays)

    @cached_property
    def by_last(self) -> dict[frozenset[str], list[int]]:
        """The words of the last segment to the leaves that end so."""
        found: dict[frozenset[str], list[int]] = defaultdict(list)
        for number, leaf in enumerate(self.leaves):
            found[frozenset(words_of(leaf.path[-1]))].append(number)
        return found

    @cached_property
    def by_required(self) -> dict[str, NDArray[np.int64]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self.required):
            found[word].append(number)
        return {word: np.array(places) for word, places in found.items()}

    def agreeing(self, number: Number) -> list[int]:
        """The leaves whose value a number tells, at whatever scale its unit allows; of a bound those near it that keep it."""
        found = [place for scale in scales_of(number) for place in self._between(number, scale)]
        return [place for place in found if agrees(number, self.leaves[place].value)] if number.marker in BOUNDS else found

    def share(self, number: Number) -> float:
        """The probability that a number of the results which has nothing to do with this one agrees with it: how dense they lie around it, by step."""
        if not self.leaves:
            return 1.0
        around = replace(number, step=number.step * (2 * WINDOW + 1))
        counts = [sum(last - first for first, last in self._ranges(one, scale)) for scale in scales_of(number) for one in (around, number)]
        return min(1.0, (sum(counts[::2]) - sum(counts[1::2]) + 0.5) / (2 * WINDOW + 1) / len(self.leaves))

    def _between(self, number: Number, scale: float) -> list[int]:
        found: list[int] = np.concatenate([self.order[first:last] for first, last in self._ranges(number, scale)]).tolist()
        return found

    def _ranges(self, number: Number, scale: float) -> list[tuple[int, int]]:
        """Where in the order of size the leaves lie that a number tells at a scale."""
        low, high = (float(bound) / scale for bound in number.bounds)
        slack = 1e-9 * max(abs(low), abs(high), 1e-300)
        ends = [(low - slack, high + slack)]
        if not number.signed and low > 0:  # a drop of 3 may be told without its sign
            ends.append((-high - slack, -low + slack))
        return [(int(first), int(last)) for first, last in (self.sorted.searchsorted(pair) for pair in ends)]


def descend(node: Any, path: Sequence[str]) -> Any:
    """What stands at a path below a node; None where there is none."""
    for segment in path:
        if not isinstance(node, dict):
            return None
        node = node.get(segment)
    return node


def scales_of(number: Number) -> tuple[float, ...]:
    if number.unit in PERCENT or (number.unit == "" and 1 < abs(number.value) <= 100 and number.step < 1):  # the unit may stand in a header
        return SCALES[:2]
    return SCALES if number.unit == "" and 0 < abs(number.value) <= 1 and number.step < 1 else (1.0,)


def agrees(number: Number, value: float) -> bool:
    """Whether a number tells a value: within half its last digit, at whatever scale its unit allows; bounded by its marker."""
    if number.marker in BOUNDS:
        told = value * (100 if number.unit in PERCENT and abs(value) <= 1 else 1)
        return BOUNDS[number.marker](told if number.signed else abs(told), float(number.value))
    for scale in scales_of(number):
        low, high = (float(bound) for bound in number.bounds)
        told, slack = value * scale, 1e-9 * max(abs(low), abs(high), abs(value))
        signless = abs(told) if not number.signed and low > 0 else told  # a drop of 3 may be told without its sign
        if low - slack <= signless <= high + slack or (number.marker == "~" and near(number, signless)):
            return True
    return False


def near(number: Number, value: float) -> bool:
    """Whether an approximate number may stand for a value: within a whole last digit, or five per cent."""
    return abs(value - float(number.value)) <= max(float(number.step), 0.05 * abs(float(number.value)))


def leaves_of(number: int, file: Path) -> Iterator[Leaf]:
    if file.suffix in (".txt", ".log"):
        yield from (Leaf(number, path, value) for path, value in lines_in(read_text(file, MOST_BYTES)))
        return
    try:
        loaded = json.loads(read_text(file, MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise HarnessError(f"is no JSON: {error}", where=str(file), mend="Name results in JSON, or in .txt of lines `name: number`") from None
    yield from numbers_in(number, loaded)


def lines_in(text: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """(path, value) of each line `name: number` of a summary in plain text, under the last line that is a title."""
    title = ""
    for line in text.split("\n"):
        found = SUMMARY_LINE.match(line)
        if found:
            path = tuple(filter(None, (title, found[1].strip())))
            yield path, float(found[2].replace(",", "")) / (100 if found[3] else 1)
        elif (heading := line.strip().rstrip(":")) and not set(heading) <= set("=-_#* "):
            title = heading[:200]


def aggregates(results: Results) -> Results:
    """Means, SDs, medians, extremes and sums over siblings, addressed as such: the expressions that a text may state of one parent. None of large results."""
    leaves, called = [], []
    if len(results.leaves) > MOST_AGGREGATED:
        return Results((), read=False)
    for (file, before, after), siblings in results.starred.items():
        values = [results.leaves[leaf].value for _, leaf in siblings]
        if FEWEST_SIBLINGS <= len(values) <= MOST_SIBLINGS and len(set(values)) > 1 and alike(values):
            name = f"{results.files[file].as_posix()}#/{'/'.join((*before, '*', *after))}"
            for word, value in summaries(values):
                leaves.append(Leaf(file, (*before, *after, word), value))
                called.append(f"{word} of {len(values)} at {name}")
    found = Results(results.files, leaves, called, read=False)
    found.required = [leaf.path[-1] for leaf in leaves]
    return found


def alike(values: Sequence[float]) -> bool:
    """Whether siblings can be values of one quantity: rates, or of one order of size; the settings of a training are not."""
    sizes = sorted(abs(value) for value in values)
    return sizes[-1] <= 1 or sizes[-1] <= 100 * max(sizes[len(sizes) // 2], 1e-12)


def summaries(values: Sequence[float]) -> Iterator[tuple[str, float]]:
    array = np.array(values)
    yield from (("mean", array.mean()), ("sd", array.std(ddof=1)), ("p50", np.median(array)), ("total", array.sum()))
    yield from (("max", array.max()), ("min", array.min()), ("range", np.ptp(array)))


def numbers_in(file: int, loaded: Any) -> Iterator[Leaf]:
    """Each finite number of a file, in its order."""
    stack: list[tuple[tuple[str, ...], tuple[str, ...], Any]] = [((), (), loaded)]
    while stack:
        path, names, value = stack.pop()
        if isinstance(value, dict):
            stack += [((*path, str(key)), (*names, str(key)), inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list) and len(value) >= FEWEST_SIBLINGS and all(map(is_number, value)):
            yield from listed(file, path, names, [float(one) for one in value])
        elif isinstance(value, list):
            called = names_of_items(value)
            stack += [((*path, str(place)), (*names, called[place]), inner) for place, inner in reversed([*enumerate(value)])]
        elif is_number(value):
            yield Leaf(file, path or ("value",), float(value), names or ("value",))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def listed(file: int, path: tuple[str, ...], names: tuple[str, ...], values: Sequence[float]) -> Iterator[Leaf]:
    """The numbers of a list without names, such as one for each seed, and what a text tells of them."""
    for place, value in enumerate(values):
        yield Leaf(file, (*path, str(place)), value, (*names, str(place)), one_of=True)
    for name, value in (("mean", float(np.mean(values))), ("sd", float(np.std(values, ddof=1)))):
        yield Leaf(file, (*path, name), value, (*names, name), summary=name)


def names_of_items(items: Sequence[Any]) -> list[str]:
    """What the items of a list are called: the texts of a record, else the first of its whole numbers that tells it from the others (`layer 20`). The place in
    the list is no name: the fourth record need not be of layer 4."""
    records = [item if isinstance(item, dict) else {} for item in items]
    texts = [" ".join(text for text in one.values() if isinstance(text, str) and len(text) <= LONGEST_NAME) for one in records]
    keys = [key for key, value in records[0].items() if isinstance(value, int) and not isinstance(value, bool)] if records else []
    key = next((key for key in keys if len({one.get(key) for one in records if isinstance(one.get(key), int)}) == len(records)), None)
    return [text or (f"{key} {one[key]}" if key is not None else "") for text, one in zip(texts, records, strict=True)]


def overlap(words: Iterable[str], others: frozenset[str], rarity: dict[str, float]) -> float:
    """How much of what the words say stands among others: their rarities added up."""
    return sum(rarity.get(word, 0.0) for word in frozenset(words) & others)
