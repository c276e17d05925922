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


def mover(weigh: Callable[[Writer, Any, Any], Any]) -> Any:
    """Code that goes through the first entries of a row: sums[node, question, lane : lane + 4] += weight * parts[belief, lane : lane + 4].

    Both families of totals follow what that does to the question's averages. The lanes of MASS come last. `weigh` gives an entry's weight (`sign` in it)
    and what its question's sums were and will be multiplied by, in units of the grid; `shares` are those by activation, where all weights are 1.
    """

    @instruction
    def move(
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
        shares: Any,
        changing: Any,
    ) -> Any:
        return types.void(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later, shares, changing), moving(weigh)

    return move


def moving(weigh: Callable[[Writer, Any, Any], Any]) -> Callable[..., Any]:
    """Writes the loop over entries."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to = Writer(context, builder, signature, given)
        part, families, changing = to.load(to.four(5, 2, 7)), empty_families(builder), cgutils.is_not_null(builder, given[14])
        with cgutils.for_range(builder, to.index(3)) as loop:
            question = context.cast(builder, to.load(to.place(0, 1, 2, loop.index)), signature.args[0].dtype, types.intp)
            mass = to.load(to.place(8, 9, question, context.get_constant(types.intp, MASS)))
            weight, before, after = weigh(to, loop.index, mass)
            into = to.four(8, 9, question, 7)
            old = to.load(into)
            new = builder.fadd(old, builder.fmul(part, to.spread(weight)))
            to.store(new, into)
            risen = builder.fsub(to.rounded(builder.fmul(new, to.spread(after))), to.rounded(builder.fmul(old, to.spread(before))))
            share_out(to, families, risen, (11, 12), question, changing)
        for number, total in enumerate(families):
            into = to.four(10, 9, context.get_constant(types.intp, number), 7)
            moved = builder.fmul(builder.load(total), to.spread(ir.Constant(DOUBLE, 1.0 / SIGNAL)))
            to.store(builder.fadd(to.load(into), moved), into)
        return context.get_dummy_value()

    return write


def averager(share: Callable[[Writer, Any], Any]) -> Any:
    """Code for totals[node, family, lane : lane + 4] = sum over the family's questions of sums[at, q, lane : lane + 4] * share, each on the grid.

    `share` gives what the sums of a question are multiplied by, in units of the grid, from its activation; `shares` are those by activation.
    """

    @instruction
    def average(_: Any, totals: Any, node: Any, lane: Any, sums: Any, at: Any, first: Any, later: Any, shares: Any, changing: Any) -> Any:
        return types.void(totals, node, lane, sums, at, first, later, shares, changing), averaging(share)

    return average


def averaging(share: Callable[[Writer, Any], Any]) -> Callable[..., Any]:
    """Writes the loop over questions."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to = Writer(context, builder, signature, given)
        families, changing = empty_families(builder), cgutils.is_not_null(builder, given[8])
        count = builder.extract_value(context.make_array(signature.args[5])(context, builder, given[5]).shape, 0)
        with cgutils.for_range(builder, count) as loop:
            by = share(to, to.load(to.place(3, 4, loop.index, context.get_constant(types.intp, MASS))))
            each = to.rounded(builder.fmul(to.load(to.four(3, 4, loop.index, 2)), to.spread(by)))
            share_out(to, families, each, (5, 6), loop.index, changing)
        for number, total in enumerate(families):
            found = builder.fmul(builder.load(total), to.spread(ir.Constant(DOUBLE, 1.0 / SIGNAL)))
            to.store(found, to.four(0, 1, context.get_constant(types.intp, number), 2))
        return context.get_dummy_value()

    return write


def empty_families(builder: Any) -> list[Any]:
    """Totals of the first and of the later questions, on the stack."""
    return [cgutils.alloca_once_value(builder, ir.Constant(FOUR, [0.0] * 4)) for _ in range(2)]


def share_out(to: Writer, families: list[Any], more: Any, asked: tuple[int, int], question: Any, changing: Any) -> None:
    """Adds a question's part to the family that it belongs to. Where tests do not change, every question is one of the first."""
    with to.builder.if_else(changing) as (then, otherwise):
        with then:
            for total, which in zip(families, asked, strict=True):
                to.add_to(total, to.builder.fmul(more, to.spread(to.load(to.place(which, question)))))
        with otherwise:
            to.add_to(families[0], more)


def divided(to: Writer, mass: Any) -> Any:
    """1 / mass in units of the grid; where nothing is activated nothing is divided."""
    one, builder = ir.Constant(DOUBLE, 1.0), to.builder
    none = builder.fcmp_ordered("<=", mass, ir.Constant(DOUBLE, 0.0))
    return builder.fmul(builder.fdiv(one, builder.select(none, one, mass)), ir.Constant(DOUBLE, SIGNAL))


def counted(array: int) -> Callable[[Writer, Any], Any]:
    """The same where the activation is a whole number: looked up in an argument, and not divided."""
    return lambda to, mass: to.load(to.place(array, to.whole(mass)))


def added_up(_to: Writer, _mass: Any) -> Any:
    """Additive tests divide nothing."""
    return ir.Constant(DOUBLE, SIGNAL)


def weighed(share: Callable[[Writer, Any], Any]) -> Callable[[Writer, Any, Any], Any]:
    """An entry of its own weight."""

    def weigh(to: Writer, entry: Any, mass: Any) -> Any:
        weight = to.builder.fmul(to.load(to.place(4, 1, 2, entry)), to.given[6])
        return weight, share(to, mass), share(to, to.builder.fadd(mass, weight))

    return weigh


def whole(to: Writer, _entry: Any, mass: Any) -> Any:
    """An entry of weight 1."""
    sign, before = to.given[6], to.whole(mass)
    after = to.builder.add(before, to.whole(sign))
    return sign, to.load(to.place(13, before)), to.load(to.place(13, after))


move_whole, move_added, move_divided = mover(whole), mover(weighed(added_up)), mover(weighed(divided))
average_whole, average_added, average_divided = averager(counted(7)), averager(added_up), averager(divided)
