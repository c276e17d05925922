"""The rule about similarities: what every measure of likeness must keep, tried on fixed texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from harness.findings import Facts, found, rule
from harness.records import Finding

# Two answers to one question, as models give them, and words to go on with.
FIRST = """The sky looks blue because molecules of air scatter short waves of sunlight far more strongly than long ones. When the light of the sun reaches us it
has crossed many kilometres of gas, and part of its blue has been sent in every direction, so that blue light arrives from all over the sky. At sunset
the path is longer, most of the blue is lost on the way, and what is left is orange and red. Dust, smoke and drops of water change this, since they
scatter all colours about alike, which is why clouds are white and why a hazy horizon is pale. On the moon, where there is no air, the sky is black
even at noon, and one can see stars beside the sun. Painters knew of this long before physics explained it: far hills were drawn in blue, because the
air between them and the eye shines."""
SECOND = """Sunlight holds all colours, and the air does not treat them alike. Its molecules are much smaller than a wave of light, and such small things bend
blue light away from its course several times more often than red light. That is why, if you look anywhere but straight at the sun, you mostly see
blue. Violet would be scattered more still, but the sun gives less of it, the upper air swallows some, and our eyes are not very good at it. In the
evening light has to pass through more air, so that the blue has gone before it gets here, and the clouds glow red. Large drops do not care about
colour, hence white clouds. If the earth had no atmosphere, day would have a black sky like that in pictures from the moon, with a bright sun in it
and sharp shadows on the ground below."""
OTHER = """Knead the dough for ten minutes, cover the bowl with a wet cloth and let it rest near the oven until it has doubled. Fold it twice, shape two loaves
and bake them on a hot stone. Bread is done when it sounds hollow; let it cool before you cut it, or the crumb will stick to the knife and tear apart."""
STEP, SHORTEST, LONGEST = 12, 60, 700  # characters
JUMP, SAME, ROUNDING = 0.2, 0.999, 1e-6
HEADS = (250, 600)


@rule(
    "M317",
    "similarity asymmetric, not 1 to itself, or with a cliff",
    needs=("similarities",),
    source="C2: from 200 characters on the similarity fell to nearly nothing, and it depended on which text came first; C9: so it did in a divergence",
)
def find_broken_similarities(facts: Facts) -> Iterable[Finding]:
    """A similarity that depends on which text comes first, or on how many characters they have, finds agreement where there is none. Each measure of the
    package and of the project is tried on fixed texts: a text and itself give 1, two texts the same in either order, a few characters more change little,
    and ends that have nothing in common are seen. Tries classes with `prepare` that need no arguments, and functions of two texts whose names say that
    they compare; what needs weights is not tried.

    Bad: `SequenceMatcher(None, a, b).ratio()`, which ignores frequent characters from 200 on.

    Good: `SequenceMatcher(None, a, b, autojunk=False)` in both orders, averaged.
    """
    for one in facts.similarities:
        for message in faults_of(one.pairs):
            yield found(f"{one.name}: {message}", where=facts.code_place(one.path, one.line), fix=FIX, subject=one.name)


FIX = "Repair the measure, or use one of harness.domains.convergence.similarity"


def faults_of(pairs: Any) -> tuple[str, ...]:
    try:
        return faults(pairs)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError):
        return ()  # it compares something else than texts


@lru_cache(maxsize=64)
def faults(pairs: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*find_asymmetry(pairs), *find_cliffs(pairs), *find_blindness(pairs))))


def find_asymmetry(pairs: Any) -> Iterator[str]:
    """Itself, the other order, and the order of all texts."""
    texts = [FIRST, SECOND, OTHER, FIRST[:150], SECOND[:180], OTHER[:90], FIRST[:400], "Yes.", "It depends on the light."]
    places = list(range(len(texts)))
    own = pairs(texts, places, places)
    if (worst := max(own, key=lambda value: abs(value - 1))) and abs(worst - 1) > ROUNDING:
        yield f"a text and itself give {worst:.3g}, not 1"
    first, second = zip(*[(one, other) for one in places for other in places if one < other], strict=True)
    there, back = pairs(texts, first, second), pairs(texts, second, first)
    if (gap := max(abs(one - other) for one, other in zip(there, back, strict=True))) > ROUNDING:
        yield f"two texts differ by {gap:.2g} with the order in which they are given"
    last = len(texts) - 1
    turned = pairs(texts[::-1], [last - place for place in first], [last - place for place in second])
    if (gap := max(abs(one - other) for one, other in zip(there, turned, strict=True))) > ROUNDING:
        yield f"a pair of texts differs by {gap:.2g} with the order of all texts"


def find_cliffs(pairs: Any) -> Iterator[str]:
    """Texts that grow together, and one that outgrows the other."""
    lengths = range(SHORTEST, LONGEST, STEP)
    middle = LONGEST // 2
    for series in ([(FIRST[:n], SECOND[:n]) for n in lengths], [(FIRST[:middle], FIRST[:n]) for n in lengths if n >= middle]):
        values = compare(pairs, series)
        jumps = [(abs(one - other), len(series[place][1])) for place, (one, other) in enumerate(pairwise(values))]
        largest, length = max(jumps)
        if largest > JUMP:
            yield f"{STEP} characters more at {length} characters change it by {largest:.2f}"


def find_blindness(pairs: Any) -> Iterator[str]:
    """Texts with one beginning and ends that have nothing in common."""
    for length in HEADS:
        head = FIRST[:length]
        whole, ends = compare(pairs, [(f"{head} {OTHER * 3}", f"{head} {SECOND}"), (OTHER * 3, SECOND)])
        if whole >= SAME and ends < SAME:
            yield f"two texts that are the same for {length} characters and differ in all that follows give {whole:.3g}"
            return


def compare(pairs: Any, series: Sequence[tuple[str, str]]) -> Sequence[float]:
    texts = [text for pair in series for text in pair]
    values: Sequence[float] = pairs(texts, range(0, len(texts), 2), range(1, len(texts), 2))
    return values
