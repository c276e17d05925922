"""Averages over questions of a node's sums, four traits at a time: from nothing, and as they move with every belief that comes or goes.

Each function writes its loop out in instructions, so that what is added up stays in registers: in memory every addition would wait for the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from harness.populations.compiled.lanes import DOUBLE, FOUR, MASS, Writer, instruction
from harness.populations.grid import SIGNAL


@instruction
def move_four(
    _: Any,
    columns: Any,
    personality: Any,
    belief: Any,
    entries: Any,
    weights: Any,
    parts: Any,
    sign: Any,
    lane: Any,
    sums: Any,
    node: Any,
    totals: Any,
    first: Any,
    later: Any,
) -> Any:
    """For each of the first entries of a row: sums[node, question, lane : lane + 4] += sign * weight * parts[belief, lane : lane + 4].

    Both families of totals follow what that does to the question's averages. The lanes of MASS come last."""

    def weigh(to: Writer, entry: Any, mass: Any) -> Any:
        weight = to.builder.fmul(to.load(to.place(4, 1, 2, entry)), to.given[6])
        return weight, divided(to, mass), divided(to, to.builder.fadd(mass, weight))

    return types.void(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later), moving(weigh)


@instruction
def sum_four(
    _: Any,
    columns: Any,
    personality: Any,
    belief: Any,
    entries: Any,
    weights: Any,
    parts: Any,
    sign: Any,
    lane: Any,
    sums: Any,
    node: Any,
    totals: Any,
    first: Any,
    later: Any,
) -> Any:
    """The same for additive tests, where nothing is divided."""

    def weigh(to: Writer, entry: Any, _mass: Any) -> Any:
        whole = ir.Constant(DOUBLE, SIGNAL)
        return to.builder.fmul(to.load(to.place(4, 1, 2, entry)), to.given[6]), whole, whole

    return types.void(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later), moving(weigh)


@instruction
def count_four(
    _: Any,
    columns: Any,
    personality: Any,
    belief: Any,
    entries: Any,
    shares: Any,
    parts: Any,
    sign: Any,
    lane: Any,
    sums: Any,
    node: Any,
    totals: Any,
    first: Any,
    later: Any,
) -> Any:
    """The same where all weights are 1: shares[n] is what a sum over n of them is multiplied by, in units of the grid."""

    def weigh(to: Writer, _entry: Any, mass: Any) -> Any:
        return to.given[6], to.load(to.place(4, to.whole(mass))), to.load(to.place(4, to.whole(to.builder.fadd(mass, to.given[6]))))

    return types.void(columns, personality, belief, entries, shares, parts, sign, lane, sums, node, totals, first, later), moving(weigh)


def moving(weigh: Callable[[Writer, Any, Any], Any]) -> Callable[..., Any]:
    """Writes the loop over entries; `weigh` gives an entry's signed weight, and what its question's sums were and will be multiplied by."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to = Writer(context, builder, signature, given)
        part, families = to.load(to.four(5, 2, 7)), [cgutils.alloca_once_value(builder, ir.Constant(FOUR, [0.0] * 4)) for _ in range(2)]
        with cgutils.for_range(builder, to.index(3)) as loop:
            question = context.cast(builder, to.load(to.place(0, 1, 2, loop.index)), signature.args[0].dtype, types.intp)
            mass = to.load(to.place(8, 9, question, context.get_constant(types.intp, MASS)))
            weight, before, after = weigh(to, loop.index, mass)
            into = to.four(8, 9, question, 7)
            old = to.load(into)
            new = builder.fadd(old, builder.fmul(part, to.spread(weight)))
            to.store(new, into)
            come, gone = to.rounded(builder.fmul(new, to.spread(after))), to.rounded(builder.fmul(old, to.spread(before)))
            for total, asked in zip(families, (11, 12), strict=True):
                share = to.spread(to.load(to.place(asked, question)))
                builder.store(builder.fadd(builder.load(total), builder.fmul(builder.fsub(come, gone), share)), total)
        for number, total in enumerate(families):
            into = to.four(10, 9, context.get_constant(types.intp, number), 7)
            moved = builder.fmul(builder.load(total), to.spread(ir.Constant(DOUBLE, 1.0 / SIGNAL)))
            to.store(builder.fadd(to.load(into), moved), into)
        return context.get_dummy_value()

    return write


def divided(to: Writer, mass: Any) -> Any:
    """1 / mass in units of the grid; where nothing is activated nothing is divided."""
    one, builder = ir.Constant(DOUBLE, 1.0), to.builder
    none = builder.fcmp_ordered("<=", mass, ir.Constant(DOUBLE, 0.0))
    return builder.fmul(builder.fdiv(one, builder.select(none, one, mass)), ir.Constant(DOUBLE, SIGNAL))


@instruction
def average_four(_: Any, totals: Any, node: Any, family: Any, lane: Any, sums: Any, at: Any, asked: Any) -> Any:
    """totals[node, family, lane : lane + 4] = sum over questions of asked[q] * sums[at, q, lane : lane + 4] / sums[at, q, MASS], each on the grid.

    Where nothing is activated nothing is divided.
    """
    return types.void(totals, node, family, lane, sums, at, asked), averaging(divided)


@instruction
def add_up_four(_: Any, totals: Any, node: Any, family: Any, lane: Any, sums: Any, at: Any, asked: Any) -> Any:
    """The same without dividing, as additive tests do."""
    return types.void(totals, node, family, lane, sums, at, asked), averaging(lambda *_: ir.Constant(DOUBLE, SIGNAL))


@instruction
def average_four_by(_: Any, totals: Any, node: Any, family: Any, lane: Any, sums: Any, at: Any, asked: Any, shares: Any) -> Any:
    """`average_four` where the activation of a question is a whole number n, by which nothing is divided: shares[n] is multiplied, in units of the grid."""

    def share(to: Writer, mass: Any) -> Any:
        return to.load(to.place(7, to.whole(mass)))

    return types.void(totals, node, family, lane, sums, at, asked, shares), averaging(share)


def averaging(share: Callable[[Writer, Any], Any]) -> Callable[..., Any]:
    """Writes a loop over questions that adds averages by what `share` makes of the activation."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to, total = Writer(context, builder, signature, given), cgutils.alloca_once_value(builder, ir.Constant(FOUR, [0.0] * 4))
        count = builder.extract_value(context.make_array(signature.args[6])(context, builder, given[6]).shape, 0)
        with cgutils.for_range(builder, count) as loop:
            by = share(to, to.load(to.place(4, 5, loop.index, context.get_constant(types.intp, MASS))))
            each = to.rounded(builder.fmul(to.load(to.four(4, 5, loop.index, 3)), to.spread(by)))
            builder.store(builder.fadd(builder.load(total), builder.fmul(each, to.spread(to.load(to.place(6, loop.index))))), total)
        found = builder.fmul(builder.load(total), to.spread(ir.Constant(DOUBLE, 1.0 / SIGNAL)))
        to.store(found, to.four(0, 1, 2, 3))
        return context.get_dummy_value()

    return write
