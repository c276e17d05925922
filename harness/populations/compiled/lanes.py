"""Four numbers worked on as one: what a processor can do and numba's own compiler would not find by itself.

The sums of a node on a question lie side by side, in groups of four, so that a belief is added to all of them by one instruction. Each function writes the
instructions out. Indices are not checked and must not be negative.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

DOUBLE = ir.DoubleType()
FOUR = ir.VectorType(DOUBLE, 4)
LANES = 4
MASS = 2  # the column of parts and sums that holds the activation itself: see `memory.parts`


def instruction(function: Any) -> Any:
    """A function that writes its own instructions; where it is called, its first argument is left out: see `numba.extending.intrinsic`."""
    return intrinsic(function)


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

    def add_to(self, total: Any, more: Any) -> None:
        """Adds to a number that stands on the stack."""
        self.builder.store(self.builder.fadd(self.builder.load(total), more), total)

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


@instruction
def add_four(_: Any, sums: Any, node: Any, question: Any, lane: Any, parts: Any, belief: Any, weight: Any) -> Any:
    """sums[node, question, lane : lane + 4] += weight * parts[belief, lane : lane + 4]."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to = Writer(context, builder, signature, given)
        into = to.four(0, 1, 2, 3)
        more = builder.fmul(to.load(to.four(4, 5, 3)), to.spread(given[6]))
        to.store(builder.fadd(to.load(into), more), into)
        return context.get_dummy_value()

    return types.void(sums, node, question, lane, parts, belief, weight), write


@instruction
def put_row(_: Any, columns: Any, personality: Any, belief: Any, begin: Any, end: Any, weights: Any, parts: Any, lane: Any, sums: Any, node: Any) -> Any:
    """For the entries of a row from `begin` to before `end`: sums[node, question, lane : lane + 4] += weight * parts[belief, lane : lane + 4].

    Where all weights are 1, `weights` are that number."""
    even = isinstance(weights, types.Float)

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to = Writer(context, builder, signature, given)
        part = to.load(to.four(6, 2, 7))
        with cgutils.for_range(builder, to.index(4), start=to.index(3)) as loop:
            question = context.cast(builder, to.load(to.place(0, 1, 2, loop.index)), signature.args[0].dtype, types.intp)
            more = part if even else builder.fmul(part, to.spread(to.load(to.place(5, 1, 2, loop.index))))
            into = to.four(8, 9, question, 7)
            to.store(builder.fadd(to.load(into), more), into)
        return context.get_dummy_value()

    return types.void(columns, personality, belief, begin, end, weights, parts, lane, sums, node), write


@instruction
def bits_of(_: Any, _number: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def write(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.bitcast(given[0], ir.IntType(64))

    return types.int64(types.float64), write


@instruction
def number_of(_: Any, _bits: Any) -> Any:
    """The float64 of 64 bits."""

    def write(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.bitcast(given[0], DOUBLE)

    return types.float64(types.int64), write


def series_of(terms: tuple[float, ...]) -> Any:
    """A power series as compiled code, term by term, the highest power first."""

    @instruction
    def series(_: Any, _at: Any) -> Any:
        def write(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
            found = ir.Constant(DOUBLE, terms[0])
            for term in terms[1:]:
                found = builder.fadd(builder.fmul(found, given[0]), ir.Constant(DOUBLE, term))
            return found

        return types.float64(types.float64), write

    return series
