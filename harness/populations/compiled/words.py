"""Random words by address, compiled: `philox.py` and `stream.py` once more."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.populations.compiled.lanes import bits_of, number_of, series_of
from harness.populations.compiled.quick import inlined, quick
from harness.populations.normals import BIAS, COSINE, EXPONENTIAL, FRACTION, FULL, LOG_TWO, LOGARITHM, ROOT_TWO, SINE
from harness.populations.philox import MULTIPLIERS, WEYL

M0, M1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
W0, W1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
FIVE, SIX = np.uint64(5), np.uint64(6)
FINEST, HIGH = 2.0**-53, 67108864.0
logarithm_series, sine_series, cosine_series, exponential_series = series_of(LOGARITHM), series_of(SINE), series_of(COSINE), series_of(EXPONENTIAL)


@quick
def turn(first: Any, second: Any, third: Any, fourth: Any, one: Any, other: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """One round, and the keys of the next."""
    low, high = first * M0, third * M1
    return (high >> HALF) ^ second ^ one, high & LOW, (low >> HALF) ^ fourth ^ other, low & LOW, (one + W0) & LOW, (other + W1) & LOW


@quick
def block(number: int, generation: int, purpose: int, key: Any) -> tuple[Any, Any, Any, Any]:
    """Four words below 2**32 (uint64) of a key (uint64). Ten rounds written out: in a loop they would not be worked out four blocks at a time."""
    a, b, c, d, k, m = turn(np.uint64(np.uint32(number)), np.uint64(generation) & LOW, np.uint64(purpose) & LOW, np.uint64(0), key & LOW, key >> HALF)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    a, b, c, d, k, m = turn(a, b, c, d, k, m)
    return a, b, c, d


@quick
def fill_blocks(found: Any, count: int, first: int, step: int, generation: int, purpose: int, key: Any) -> None:
    """`count` blocks into a (4, …) uint32 array, every `step`-th from block `first` on. With a step of 1, word i of the purpose is found[i % 4, i // 4].

    The rounds are written out once more and not called: so the compiler works out four blocks at a time, in a fifth of the time.
    """
    second, third, one, other = np.uint64(generation) & LOW, np.uint64(purpose) & LOW, key & LOW, key >> HALF
    for place in range(count):
        a, b, c, d, k, m = np.uint64(np.uint32(first + place * step)), second, third, np.uint64(0), one, other
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        a, b, c, d = (c * M1 >> HALF) ^ b ^ k, c * M1 & LOW, (a * M0 >> HALF) ^ d ^ m, a * M0 & LOW
        k, m = (k + W0) & LOW, (m + W1) & LOW
        found[0, place], found[1, place], found[2, place], found[3, place] = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)


@inlined
def unit(high: Any, low: Any) -> float:
    """Two words as a uniform in [0, 1)."""
    return (float(np.int32(np.uint64(high) >> FIVE)) * HIGH + float(np.int32(np.uint64(low) >> SIX))) * FINEST


@quick
def below(word: Any, bound: int) -> int:
    """A word as a whole number in [0, bound)."""
    return np.int64((word * np.uint64(bound)) >> HALF)


@quick
def uniform(number: int, generation: int, purpose: int, key: Any) -> float:
    """Uniform number `number` of a purpose."""
    one, two, three, four = block(number >> 1, generation, purpose, key)
    return unit(three, four) if number & 1 else unit(one, two)


@quick
def fill_uniforms(found: Any, words: Any, first: int, generation: int, purpose: int, key: Any) -> None:
    """Uniforms into a float64 array, two of a block, from block number `first` on; `words` is room for the blocks."""
    blocks = (len(found) + 1) >> 1
    fill_blocks(words, blocks, first, 1, generation, purpose, key)
    for place in range(len(found) >> 1):
        found[2 * place] = unit(words[0, place], words[1, place])
        found[2 * place + 1] = unit(words[2, place], words[3, place])
    if len(found) & 1:
        found[-1] = unit(words[0, blocks - 1], words[1, blocks - 1])


@quick
def fill_normals(found: Any, words: Any, generation: int, purpose: int, key: Any) -> None:
    """Standard normals into a float64 array, two of a block; `words` is room for the blocks."""
    pairs = len(found) >> 1
    fill_blocks(words, (len(found) + 1) >> 1, 0, 1, generation, purpose, key)
    for place in range(pairs):
        found[2 * place], found[2 * place + 1] = normal_pair(words[0, place], words[1, place], words[2, place], words[3, place])
    if len(found) & 1:
        found[-1] = normal_pair(words[0, pairs], words[1, pairs], words[2, pairs], words[3, pairs])[0]


@inlined
def normal_pair(one: Any, two: Any, three: Any, four: Any) -> tuple[float, float]:
    """Two standard normals from a block of words: see `normals.py`. No step has a way out, so that four pairs are worked out at a time."""
    turn = unit(three, four)
    distance = math.sqrt(-2.0 * logarithm(1.0 - unit(one, two)))
    quarter = np.floor(4.0 * turn + 0.5)
    angle = FULL * (turn - 0.25 * quarter)
    square, odd = angle * angle, (quarter == 1.0) | (quarter == 3.0)
    sine, cosine = angle * sine_series(square), cosine_series(square)
    along = (sine if odd else cosine) * (-1.0 if (quarter == 1.0) | (quarter == 2.0) else 1.0)
    across = (cosine if odd else sine) * (-1.0 if (quarter == 2.0) | (quarter == 3.0) else 1.0)
    return distance * along, distance * across


@inlined
def logarithm(number: float) -> float:
    bits = bits_of(number)
    power, mantissa = np.int32((bits >> np.int64(52)) - 1023), number_of((bits & FRACTION) | BIAS)
    upper = 1.0 if mantissa > ROOT_TWO else 0.0
    mantissa *= 1.0 - 0.5 * upper
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    return (float(power) + upper) * LOG_TWO + 2.0 * ratio * logarithm_series(ratio * ratio)


@inlined
def exponential(number: float) -> float:
    """See `normals.exponential`."""
    least = number if number > -700.0 else -700.0
    whole = np.floor(least * (1.0 / LOG_TWO) + 0.5)
    power = number_of((np.int64(np.int32(whole)) + np.int64(1023)) << np.int64(52))
    return 0.0 if number < -700.0 else exponential_series(least - whole * LOG_TWO) * power
