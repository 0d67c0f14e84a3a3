"""Parts of matrices, matrices side by side, and maps that move or sum entries: slices, blocks, reshape, roll, cumsum.

In: matrix expressions, whole numbers. Out: matrix expressions, linear in what they are of. Each map knows its adjoint,
which is a map of this file as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Integer, MatAdd, MatrixSlice, S, Transpose, Tuple, ZeroMatrix
from sympy.printing.precedence import PRECEDENCE

from symnet.expressions.algebra import add, scaled, transpose
from symnet.expressions.deep import CODE
from symnet.expressions.entering import given
from symnet.expressions.interned import MatrixNode, ScalarNode
from symnet.expressions.operands import split
from symnet.expressions.sizes import Shape, same_size, shape_text


_ATOM = PRECEDENCE["Atom"]


class LinearMap(MatrixNode):
    """A node that is linear in its one matrix, its first argument."""

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[:1]

    def with_operands(self, *operands: Any) -> Any:
        return type(self)(*operands, *self.args[1:])


class Part(LinearMap, MatrixSlice):
    """Some rows and columns: `Part(A, first row, number of rows, step, first column, number, step)`."""

    title = "part"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[2], args[5]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][
            tuple(int(first) + k * int(step) for k, (first, _, step) in zip((i, j), self.spans, strict=True))
        ]

    @property
    def spans(self) -> tuple[Any, Any]:
        """First, number and step of the rows, and of the columns."""
        return self.args[1:4], self.args[4:7]

    def with_operands(self, *operands: Any) -> Any:
        return part(operands[0], *self.spans)

    # what SymPy's printers of code ask of a slice

    @property
    def rowslice(self) -> Tuple:
        """First row, the one behind the last, step."""
        return self._slice(self.spans[0])

    @property
    def colslice(self) -> Tuple:
        """First column, the one behind the last, step."""
        return self._slice(self.spans[1])

    def _slice(self, span: tuple[Any, Any, Any]) -> Tuple:
        first, number, step = span
        if step < 0:
            raise TypeError(
                f"{self} runs from the end, and SymPy's slices do not; write sn.compile(…), which gives code"
            )
        return Tuple(first, first + (number - 1) * step + 1, step)

    def _sliced(self, printer: Any) -> Any:
        return printer._print_MatrixSlice(self)

    def _sympystr(self, printer: Any) -> str:
        rows, cols = (span_text(size, *span) for span, size in zip(self.spans, self.args[0].shape, strict=True))
        return f"{printer.parenthesize(self.args[0], _ATOM, strict=True)}[{rows}, {cols}]"

    def _latex(self, printer: Any) -> str:
        rows, cols = (span_text(size, *span) for span, size in zip(self.spans, self.args[0].shape, strict=True))
        return rf"{printer.parenthesize(self.args[0], _ATOM, strict=True)}_{{{rows}, {cols}}}"


for _name in CODE:
    setattr(Part, _name, Part._sliced)


class Entry(ScalarNode):
    """One entry of a matrix: `Entry(A, row, column)`."""

    title = "entry"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][int(self.args[1]), int(self.args[2])]

    def _sympystr(self, printer: Any) -> str:
        return f"{printer.parenthesize(self.args[0], _ATOM, strict=True)}[{self.args[1]}, {self.args[2]}]"

    def _latex(self, printer: Any) -> str:
        return rf"{{{printer.parenthesize(self.args[0], _ATOM, strict=True)}}}_{{{self.args[1]}, {self.args[2]}}}"


class Placed(LinearMap):
    """The adjoint of `Part`: zeros, with G in some rows and columns. `Placed(G, rows, columns, *as for Part)`."""

    title = "placed"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[1], args[2]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (G,) = operands
        places = [divmod(k - int(first), int(step)) for k, (first, _, step) in zip((i, j), self.spans, strict=True)]
        inside = all(rest == 0 and 0 <= k < size for (k, rest), size in zip(places, G.shape, strict=True))
        return G[places[0][0], places[1][0]] if inside else S.Zero

    @property
    def spans(self) -> tuple[Any, Any]:
        """First, number and step of the rows, and of the columns, that G is in."""
        return self.args[3:6], self.args[6:9]

    @property
    def labels(self) -> tuple[str, ...]:
        rows, cols = (span_text(size, *span) for span, size in zip(self.spans, self.shape, strict=True))
        return (f"[{rows}, {cols}]", shape_text(self.shape))


class Stack(MatrixNode):
    """Matrices one below the other (axis 0) or side by side (axis 1): `Stack(axis, A, B, …)`."""

    @property
    def axis(self) -> int:
        """The axis along which the matrices follow each other."""
        return int(self.args[0])

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[1:]

    def with_operands(self, *operands: Any) -> Any:
        return Stack(self.args[0], *operands)

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        axis, first, *others = args
        whole = sum((given(A.shape[int(axis)]) for A in others), given(first.shape[int(axis)]))
        return (whole, first.shape[1]) if axis == 0 else (first.shape[0], whole)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        place = [i, j]
        for A in operands:
            if place[self.axis] < A.shape[self.axis]:
                break
            place[self.axis] -= A.shape[self.axis]
        return A[tuple(place)]

    def offsets(self) -> list[Expr]:
        """Give where each matrix begins."""
        sizes = [given(A.shape[self.axis]) for A in self.operands]
        return [sum(sizes[:k], S.Zero) for k in range(len(sizes))]

    def _sympystr(self, printer: Any) -> str:
        return f"{'hstack' if self.axis else 'vstack'}({', '.join(map(printer._print, self.operands))})"

    def _latex(self, printer: Any) -> str:
        between = " & " if self.axis else r" \\ "
        return rf"\begin{{bmatrix}}{between.join(map(printer._print, self.operands))}\end{{bmatrix}}"


class Reshape(LinearMap):
    """The entries in the same order, row by row, in another shape: `Reshape(A, rows, columns)`."""

    title = "reshape"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[1], args[2]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][divmod(i * int(self.args[2]) + j, operands[0].cols)]


class Roll(LinearMap):
    """The rows (axis 0) or columns (axis 1) moved round by a whole number: `Roll(A, shift, axis)`."""

    title = "roll"
    axis_at = 2

    @property
    def labels(self) -> tuple[str, ...]:
        return (str(self.args[1]), f"axis={self.args[2]}")

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (A,), shift = operands, int(self.args[1])
        return A[(i - shift) % A.rows, j] if self.args[2] == 0 else A[i, (j - shift) % A.cols]


class RunningSum(LinearMap):
    """Running sums down the columns (axis 0) or along the rows: `RunningSum(A, axis, from the end)`."""

    title = "cumsum"
    axis_at = 1

    @property
    def labels(self) -> tuple[str, ...]:
        return (f"axis={self.args[1]}", *(("from the end",) if self.args[2] else ()))

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (A,), k = operands, (i, j)[int(self.args[1])]
        size = A.shape[int(self.args[1])]
        places = range(k, size) if self.args[2] else range(k + 1)
        return sum((A[p, j] if self.args[1] == 0 else A[i, p] for p in places), S.Zero)


def span_text(size: Any, first: Any, number: Any, step: Any) -> str:
    """Give the rows or columns of a part as Python's slices are written."""
    if number == 1 and not given(size) == 1:
        return _place(first, size)
    last = given(first) + (given(number) - 1) * step
    stop = last + (1 if step > 0 else -1)
    begins = "" if same_size(first, S.Zero if step > 0 else given(size) - 1) else _place(first, size)
    ends = (
        ""
        if (last + step >= size if step > 0 else stop < 0) in (True, S.true) or _ends(stop, size, step)
        else _place(stop, size)
    )
    return f"{begins}:{ends}" + ("" if step == 1 else f":{step}")


def _place(k: Any, size: Any) -> str:
    # from the end where the size is a symbol
    back = given(k) - size
    return str(back if back.is_Integer and not given(size).is_Integer and back < 0 else k)


def _ends(stop: Any, size: Any, step: Any) -> bool:
    return same_size(stop + (step - 1 if step > 0 else 0), size) or same_size(stop, size)


class Explicit(MatrixNode):
    """A matrix of scalars, row by row: `Explicit(rows, columns, *scalars)`."""

    title = "matrix"

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[2:]

    def with_operands(self, *operands: Any) -> Any:
        return Explicit(*self.args[:2], *operands)

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[0], args[1]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[i * int(self.args[1]) + j]

    def by_row(self) -> list[tuple[Any, ...]]:
        """Give the entries by rows."""
        n = int(self.args[1])
        return [self.operands[k : k + n] for k in range(0, len(self.operands), n)]


# -- constructors that simplify at birth


def part(A: Any, rows: Sequence[Any], cols: Sequence[Any]) -> Any:
    """Give some rows and columns of A, each (first, number, step)."""
    c, A = split(A)
    whole = [
        span[0] == 0 and span[2] == 1 and same_size(span[1], n) for span, n in zip((rows, cols), A.shape, strict=True)
    ]
    if all(whole):
        return scaled(c, A)
    if isinstance(A, ZeroMatrix):
        return ZeroMatrix(rows[1], cols[1])
    if isinstance(A, Part):
        (r, _, down), (q, _, right) = A.spans
        rows, cols = (r + down * rows[0], rows[1], down * rows[2]), (q + right * cols[0], cols[1], right * cols[2])
        return scaled(c, part(A.args[0], rows, cols))
    if isinstance(A, Transpose) and isinstance(A.args[0], (Part, Stack)):
        return scaled(c, transpose(part(A.args[0], cols, rows)))
    if isinstance(A, MatAdd) and all(isinstance(split(B)[1], Stack) for B in A.args):
        return scaled(c, add(*[part(B, rows, cols) for B in A.args]))
    found = _block(A, (rows, cols)) if isinstance(A, Stack) else None
    return scaled(c, Part(A, *map(given, (*rows, *cols)))) if found is None else scaled(c, found)


def _block(A: Stack, spans: Sequence[Any]) -> Any:
    # what lies in one of the stacked matrices
    begin = given(0)
    first, count, step = spans[A.axis]
    for B in A.operands:
        within, size = given(first - begin), given(B.shape[A.axis])
        ends = (within, given(within + step * (count - 1)))  # the last lies before the first in a negative step
        if all(end.is_nonnegative and given(size - 1 - end).is_nonnegative for end in ends):
            own = (within, count, step)
            return part(B, own, spans[1]) if A.axis == 0 else part(B, spans[0], own)
        begin += size
    return None


def stack(axis: int, *matrices: Any) -> Any:
    """Give matrices one below the other (axis 0) or side by side (axis 1); stacks in a stack are one."""
    flat = [B for A in matrices for B in (A.operands if isinstance(A, Stack) and A.axis == axis else (A,))]
    if len(flat) > 1 and all(isinstance(A, Transpose) for A in flat):
        return transpose(stack(1 - axis, *[A.args[0] for A in flat]))
    if axis == 1 and all(isinstance(A, Stack) for A in flat):  # the other way round: blocks are read by rows
        heights = [[B.shape[0] for B in A.operands] for A in flat]
        if len(flat) > 1 and all(len(h) == len(heights[0]) for h in heights):
            if all(same_size(a, b) for h in heights for a, b in zip(h, heights[0], strict=True)):
                return stack(0, *[stack(1, *row) for row in zip(*[A.operands for A in flat], strict=True)])
    if all(isinstance(A, ZeroMatrix) for A in flat):
        return ZeroMatrix(*Stack.shape_of(Integer(axis), *flat))
    return flat[0] if len(flat) == 1 else Stack(Integer(axis), *flat)


def reshaped(A: Any, rows: Any, cols: Any) -> Any:
    """Give the entries of A row by row in another shape."""
    c, A = split(A)
    A = A.args[0] if isinstance(A, Reshape) else A
    return scaled(c, A if same_size(A.shape[0], rows) and same_size(A.shape[1], cols) else Reshape(A, rows, cols))
