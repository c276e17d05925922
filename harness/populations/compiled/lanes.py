"""Four numbers worked on as one: what a processor can do and numba's own compiler would not find by itself.

The sums of a node on a question lie side by side, in groups of four, so that a belief is added to all of them by one instruction. Each function writes the
instructions out. Indices are not checked and must not be negative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from harness.populations.grid import SIGNAL

DOUBLE = ir.DoubleType()
FOUR = ir.VectorType(DOUBLE, 4)
LANES = 4
MASS = 2  # the column of parts and sums that holds the activation itself: see `memory.parts`


class Writer:
    """Instructions for one call: its arguments by place."""

    def __init__(self, context: Any, builder: Any, signature: Any, given: Any) -> None:
        self.context, self.builder, self.kinds, self.given = context, builder, signature.args, given

    def place(self, array: int, *indices: Any) -> Any:
        """A pointer into an argument that is an array; an index is the place of an argument or a value."""
        kind = self.kinds[array]
        found = self.context.make_array(kind)(self.context, self.builder, self.given[array])
        shape, strides = cgutils.unpack_tuple(self.builder, found.shape), cgutils.unpack_tuple(self.builder, found.strides)
        exact = [self.index(one) for one in indices]
        return cgutils.get_item_pointer2(self.context, self.builder, found.data, shape, strides, kind.layout, exact, wraparound=False, boundscheck=False)

    def index(self, one: Any) -> Any:
        return self.context.cast(self.builder, self.given[one], self.kinds[one], types.intp) if isinstance(one, int) else one

    def four(self, array: int, *indices: Any) -> Any:
        """A pointer to four numbers of an array, from an index on."""
        return self.builder.bitcast(self.place(array, *indices), FOUR.as_pointer())

    def load(self, pointer: Any) -> Any:
        wide = pointer.type.pointee == FOUR or pointer.type.pointee == DOUBLE
        return self.builder.load(pointer, align=8 if wide else None)

    def store(self, value: Any, pointer: Any) -> None:
        self.builder.store(value, pointer, align=8)

    def spread(self, value: Any) -> Any:
        """One number in all four places."""
        one = self.builder.insert_element(ir.Constant(FOUR, ir.Undefined), value, self.number(0))
        return self.builder.shuffle_vector(one, ir.Constant(FOUR, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), 4), [0] * 4))

    def whole(self, number: Any) -> Any:
        """A float64 that is a whole number, as an index."""
        return self.builder.fptosi(number, self.context.get_value_type(types.intp))

    def rounded(self, values: Any) -> Any:
        """To whole numbers, ties to even."""
        rint = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(FOUR, [FOUR]), "llvm.rint.v4f64")
        return self.builder.call(rint, [values])

    @staticmethod
    def number(value: int) -> Any:
        return ir.Constant(ir.IntType(32), value)


@intrinsic  # type: ignore[misc]
def add_four(_: Any, sums: Any, node: Any, question: Any, lane: Any, parts: Any, belief: Any, weight: Any) -> Any:
    """sums[node, question, lane : lane + 4] += weight * parts[belief, lane : lane + 4]."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to = Writer(context, builder, signature, given)
        into = to.four(0, 1, 2, 3)
        more = builder.fmul(to.load(to.four(4, 5, 3)), to.spread(given[6]))
        to.store(builder.fadd(to.load(into), more), into)
        return context.get_dummy_value()

    return types.void(sums, node, question, lane, parts, belief, weight), write


@intrinsic  # type: ignore[misc]
def move_four(
    _: Any, columns: Any, personality: Any, belief: Any, entries: Any, weights: Any, parts: Any, sign: Any, lane: Any, sums: Any, node: Any, totals: Any,
    first: Any, later: Any,
) -> Any:
    """For each of the first entries of a row: sums[node, question, lane : lane + 4] += sign * weight * parts[belief, lane : lane + 4], and both families of totals
    follow what that does to the question's averages. In the lanes of MASS, last."""

    def weigh(to: Writer, entry: Any, mass: Any) -> Any:
        weight = to.builder.fmul(to.load(to.place(4, 1, 2, entry)), to.given[6])
        return weight, divided(to, mass), divided(to, to.builder.fadd(mass, weight))

    return types.void(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later), moving(weigh)


@intrinsic  # type: ignore[misc]
def sum_four(
    _: Any, columns: Any, personality: Any, belief: Any, entries: Any, weights: Any, parts: Any, sign: Any, lane: Any, sums: Any, node: Any, totals: Any,
    first: Any, later: Any,
) -> Any:
    """The same for additive tests, where nothing is divided."""

    def weigh(to: Writer, entry: Any, mass: Any) -> Any:
        whole = ir.Constant(DOUBLE, SIGNAL)
        return to.builder.fmul(to.load(to.place(4, 1, 2, entry)), to.given[6]), whole, whole

    return types.void(columns, personality, belief, entries, weights, parts, sign, lane, sums, node, totals, first, later), moving(weigh)


@intrinsic  # type: ignore[misc]
def count_four(
    _: Any, columns: Any, personality: Any, belief: Any, entries: Any, shares: Any, parts: Any, sign: Any, lane: Any, sums: Any, node: Any, totals: Any,
    first: Any, later: Any,
) -> Any:
    """The same where all weights are 1: shares[n] is what a sum over n of them is multiplied by, in units of the grid."""

    def weigh(to: Writer, entry: Any, mass: Any) -> Any:
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


@intrinsic  # type: ignore[misc]
def average_four(_: Any, totals: Any, node: Any, family: Any, lane: Any, sums: Any, at: Any, asked: Any) -> Any:
    """totals[node, family, lane : lane + 4] = sum over questions of asked[q] * sums[at, q, lane : lane + 4] / sums[at, q, MASS], each on the grid.

    Where nothing is activated nothing is divided.
    """
    return types.void(totals, node, family, lane, sums, at, asked), averaging(divided)


@intrinsic  # type: ignore[misc]
def add_up_four(_: Any, totals: Any, node: Any, family: Any, lane: Any, sums: Any, at: Any, asked: Any) -> Any:
    """The same without dividing, as additive tests do."""
    return types.void(totals, node, family, lane, sums, at, asked), averaging(lambda *_: ir.Constant(DOUBLE, SIGNAL))


@intrinsic  # type: ignore[misc]
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


@intrinsic  # type: ignore[misc]
def bits_of(_: Any, number: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.bitcast(given[0], ir.IntType(64))

    return types.int64(types.float64), write


@intrinsic  # type: ignore[misc]
def number_of(_: Any, bits: Any) -> Any:
    """The float64 of 64 bits."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.bitcast(given[0], DOUBLE)

    return types.float64(types.int64), write


def series_of(terms: tuple[float, ...]) -> Any:
    """A power series as compiled code, term by term, the highest power first."""

    @intrinsic  # type: ignore[misc]
    def series(_: Any, at: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            found = ir.Constant(DOUBLE, terms[0])
            for term in terms[1:]:
                found = builder.fadd(builder.fmul(found, given[0]), ir.Constant(DOUBLE, term))
            return found

        return types.float64(types.float64), write

    return series
