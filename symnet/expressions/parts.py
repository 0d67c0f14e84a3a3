"""Stacks, other shapes and parts of matrices as users write them: `hstack`, `reshape`, `A[1:3, ::2]`.

In: matrix expressions, whole numbers and slices. Out: nodes of `blocks`. What does not fit is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sympy import BlockDiagMatrix, BlockMatrix, Expr, Float, Integer, MatrixExpr, MatrixSlice, S, SympifyError, ceiling
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.algebra import scaled, total
from symnet.expressions.axes import as_axis
from symnet.expressions.entering import given, is_array
from symnet.expressions.interned import Node
from symnet.expressions.operands import OPERANDS, as_expression, as_matrix, split
from symnet.expressions.sizes import as_size, same_size, shape_text
from symnet.expressions.blocks import Roll, RunningSum, part, reshaped, stack
from symnet.expressions.table import brief


def _stacked(who: str, axis: int, matrices: Sequence[Any]) -> Any:
    if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)):
        matrices = matrices[0]
    if not matrices:
        raise TypeError(f"{who}: give the matrices to stack")
    first, *others = whole = [as_matrix(who, A) for A in matrices]
    for A in others:
        if not same_size(first.shape[1 - axis], A.shape[1 - axis]):
            told = f"{brief(first)} is {shape_text(first.shape)} but {brief(A)} is {shape_text(A.shape)}"
            raise ShapeError(f"{who}: {told}; they need as many {('columns', 'rows')[axis]}")
    return stack(axis, *whole)


def hstack(*matrices: Any) -> Any:
    """Give matrices side by side, [A, B].

    matrices: matrix expressions of as many rows, also as one list. Raises `ShapeError` where they differ.

    >>> import symnet as sn
    >>> a, b = sn.vector("a", 2), sn.vector("b", 2)
    >>> sn.evaluate(sn.hstack(a, b), {a: [[1], [2]], b: [[3], [4]]}).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    return _stacked("hstack", 1, matrices)


def vstack(*matrices: Any) -> Any:
    """Give matrices one below the other.

    matrices: matrix expressions of as many columns, also as one list. Raises `ShapeError` where they differ. Blocks are
    `sn.vstack(sn.hstack(A, B), sn.hstack(C, D))`, or SymPy's `BlockMatrix([[A, B], [C, D]])`.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 1, 2)
    >>> sn.show(sn.vstack(A, 2 * A))
    [A; 2⋅A]
    """
    return _stacked("vstack", 0, matrices)


def reshape(A: Any, shape: Any) -> Any:
    """Give the entries of A in another shape, in the same order row by row, as NumPy has it.

    A: a matrix expression; shape: rows and columns, of which one may be -1, or one number for a column. Raises
    `ShapeError` where it holds another number of entries. `vec` stacks columns.

    >>> import symnet as sn
    >>> sn.evaluate(sn.reshape(sn.matrix("A", 2, 3), (3, -1)), {"A": [[1, 2, 3], [4, 5, 6]]}).tolist()
    [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    """
    A = as_matrix("reshape", A)
    wanted = list(shape) if isinstance(shape, (tuple, list)) else [shape, 1]
    if len(wanted) == 1:
        wanted = [wanted[0], 1]
    if len(wanted) != 2:
        raise ShapeError(f"reshape: {shape} has {len(wanted)} axes, and a matrix has two")
    entries = given(A.shape[0]) * A.shape[1]
    sizes = [given(s, "reshape") if not isinstance(s, str) else _named(A, s) for s in wanted]
    if not all(isinstance(s, Expr) and not s.is_Matrix for s in sizes):
        raise TypeError(f"reshape: rows and columns must be whole numbers or sizes of {brief(A)}, not {shape!r}")
    if sizes.count(-1) == 1:
        k = sizes.index(-1)
        sizes[k] = (entries / sizes[1 - k]).cancel()
    if not same_size(sizes[0] * sizes[1], entries) or any(
        s.is_integer is False or s.is_positive is False for s in sizes
    ):
        raise ShapeError(f"reshape: {brief(A)} is {shape_text(A.shape)} and has {entries} entries, which do not fill "
                         f"{'×'.join(map(str, wanted))}")  # fmt: skip
    return reshaped(A, *sizes)


def _named(A: Any, name: str) -> Any:
    known = {s.name: s for size in A.shape for s in given(size).free_symbols}
    size = as_size(name, "reshape")
    for s in size.free_symbols:
        if s.name not in known:
            raise ShapeError(f"reshape: {brief(A)} is {shape_text(A.shape)} and has no size {s}")
    return size.xreplace({s: known[s.name] for s in size.free_symbols})


def _moved(who: str, A: Any, axis: Any) -> tuple[Any, Any]:
    A = as_matrix(who, A)
    if axis is None:
        axis = 0 if same_size(A.shape[1], S.One) else 1 if same_size(A.shape[0], S.One) else None
    return A, None if axis is None else as_axis(axis)


def _whole(who: str, what: str, value: Any) -> int:
    number = given(value, who)
    if not number.is_Integer:
        raise TypeError(f"{who}: {what} must be a whole number, not {value!r}")
    return int(number)


def roll(A: Any, shift: int, axis: int | None = None) -> Any:
    """Give A with its rows (axis 0) or columns (axis 1) moved on by `shift`; what leaves at the end comes in in front.

    A: a matrix expression; shift: a whole number; axis: None moves the entries row by row, as NumPy does. Raises
    `TypeError` for a shift that is no whole number, `ValueError` for another axis.

    >>> import symnet as sn
    >>> sn.evaluate(sn.roll(sn.vector("x", 3), 1), {"x": [[1], [2], [3]]}).ravel().tolist()
    [3.0, 1.0, 2.0]
    """
    A, along = _moved("roll", A, axis)
    shift = _whole("roll", "the shift", shift)
    if along is None:
        return reshape(roll(reshape(A, (1, -1)), shift, 1), A.shape)
    c, rest = split(A)
    return scaled(c, Roll(rest, Integer(shift), Integer(along))) if shift else A


def cumsum(A: Any, axis: int | None = None) -> Any:
    """Give running sums down the columns (axis 0) or along the rows (axis 1); along a vector where no axis is given.

    A: a matrix expression; the result has its shape. Raises `ValueError` for another axis, and for a matrix without
    one.

    >>> import symnet as sn
    >>> sn.evaluate(sn.cumsum(sn.vector("x", 3)), {"x": [[1], [2], [3]]}).ravel().tolist()
    [1.0, 3.0, 6.0]
    """
    A, along = _moved("cumsum", A, axis)
    if along is None:
        raise ValueError(f"cumsum: {brief(A)} is {shape_text(A.shape)}; write axis=0 (down the columns) or axis=1 "
                         "(along the rows), or sn.cumsum(sn.reshape(A, (-1, 1))) for all entries")  # fmt: skip
    c, rest = split(A)
    return scaled(c, RunningSum(rest, Integer(along), S.Zero))


# -- A[rows, columns]


def sliced(A: Any, rows: Any, cols: Any) -> Any:
    """Give A[rows, columns] for slices and whole numbers, as NumPy has them.

    Raises `ValueError` for what is not there, `TypeError` for a slice of symbols.
    """
    return part(A, _span(A, 0, rows), _span(A, 1, cols))


def _span(A: Any, axis: int, index: Any) -> tuple[Any, Any, Any]:
    size, what = given(A.shape[axis]), ("row", "column")[axis]
    if not isinstance(index, slice):
        place = given(_index(A, index)) + (size if _index(A, index) < 0 else 0)
        if place.is_negative or (place.is_Integer and size.is_Integer and place >= size):
            raise ValueError(f"{brief(A)} is {shape_text(A.shape)} and has no {what} {index}")
        return place, S.One, S.One
    step = 1 if index.step is None else _index(A, index.step)
    if step == 0:
        raise ValueError(f"{brief(A)}: the step of a slice must not be 0")
    ends: list[int | None] = [None if end is None else _index(A, end) for end in (index.start, index.stop)]
    first, stop = ends
    if size.is_Integer:
        n = int(size)
        if any(end is not None and not -n <= end <= n for end in (first, stop)):
            raise ValueError(
                f"{brief(A)} is {shape_text(A.shape)}, and the slice {_text(index)} goes beyond its {n} {what}s"
            )
        places = range(*slice(first, stop, step).indices(n))
        if not places:
            raise ValueError(f"{brief(A)} is {shape_text(A.shape)}, and the slice {_text(index)} has no {what}s")
        return Integer(places[0]), Integer(len(places)), Integer(step)
    if step < 0 and (first, stop) != (None, None):
        raise ValueError(f"{brief(A)}: the slice {_text(index)} from the end needs a size that is a number, not {size}")
    begin = S.Zero if first is None else given(first) + (size if first < 0 else 0)
    end = size if stop is None else given(stop) + (size if stop < 0 else 0)
    number = (end - begin) / abs(step)
    if number.is_integer is not True or number.is_nonpositive:
        raise ValueError(f"{brief(A)} is {shape_text(A.shape)}, and how many {what}s the slice {_text(index)} has is "
                         "not known; declare the size as a number")  # fmt: skip
    return (size - 1 if step < 0 else begin), number, Integer(step)


def _index(A: Any, index: Any) -> int:
    if isinstance(index, bool) or not getattr(given(index), "is_Integer", False):
        raise TypeError(f"{brief(A)}[…]: rows and columns are whole numbers and slices of them, not {index}; for a row "
                        "that data chooses multiply by a one-hot column")  # fmt: skip
    return int(index)


def _text(index: slice) -> str:
    parts = [index.start, index.stop, *([] if index.step is None else [index.step])]
    return ":".join("" if p is None else str(p) for p in parts)


# -- what SymPy has of this kind


def of_slice(node: Any) -> Any:
    """Give a slice of SymPy's as a part. Raises `TypeError` for one that begins or ends at a symbol."""
    spans = []
    for size, (first, stop, step) in zip(node.parent.shape, node.args[1:], strict=True):
        if not (first.free_symbols | stop.free_symbols <= given(size).free_symbols):
            raise TypeError(f"{brief(node)}: a slice is of whole numbers, and {first}:{stop} has symbols")
        spans.append((first, _count(node, stop - first, step), step))
    return part(node.parent, *spans)


def _count(node: Any, length: Any, step: Any) -> Any:
    number = ceiling(given(length) / step)
    if number.has(ceiling):
        raise ValueError(f"{brief(node)} is of {length} rows or columns, and how many they are in steps of {step} is "
                         "not known; declare the size as a number")  # fmt: skip
    return number


def of_blocks(node: Any) -> Any:
    """Give a block matrix of SymPy's as stacks."""
    rows = node.blocks.tolist()
    return stack(0, *[stack(1, *row) for row in rows])


def entries(M: MatrixBase) -> Any:
    """Give the symbol whose entries an explicit matrix lists, each in its place; None where it is another."""
    first = M[0, 0]
    A = getattr(first, "parent", None)
    if A is None or not all(map(same_size, A.shape, M.shape)):
        return None
    own = all(M[i, j] == A[i, j] for i in range(M.rows) for j in range(M.cols))
    return A if own else None


def is_numeric(M: MatrixBase) -> bool:
    """Tell whether an explicit matrix has numbers as its entries, and not what is still to be computed from numbers."""
    return all(a.is_number for a in M)


def _of_explicit(node: Any) -> tuple[Any, ...]:
    if 0 in node.shape:
        raise ValueError(f"a matrix of {shape_text(node.shape)} has no entries; leave it away")
    if not is_numeric(node):
        return tuple(node)
    for a in {a for a in node.flat() if not (a.is_Rational or a.is_Float)}:
        as_expression(a, "an entry of a matrix")  # infinite, no number, imaginary
    return ()


def _getitem(self: Any, key: Any) -> Any:
    pair: Any = key if isinstance(key, tuple) and len(key) == 2 else (key, slice(None))
    places: Any = (pair if len(key) == 2 else ()) if isinstance(key, tuple) else (key,)
    if any(isinstance(k, (list, tuple, range)) or is_array(k) and np.shape(k) for k in places):
        raise TypeError(
            f"{brief(self)}[…]: places in a list are not taken; put the rows together, sn.vstack(A[0, :], A[1, :]), or "
            "the columns, sn.hstack(A[:, 0], A[:, 1]); for those that data choose multiply by a symbol with "
            "one_hot='columns'"
        )
    if isinstance(key, tuple) and any(isinstance(k, slice) and _is_symbolic(k) for k in key) and not self.has(Node):
        return _sympys_own(self, key)
    if any(isinstance(k, slice) for k in (pair if isinstance(key, tuple) else (key,))):
        return sliced(self, *pair)
    try:
        places = _from_the_start(self, key)
        return _sympys_own(self, places) if places is not None else total(sliced(self, *key))
    except (IndexError, SympifyError):
        raise IndexError(
            f"{brief(self)} is {shape_text(self.shape)} and has no entry {key!r}; write A[i, j] with a row and a "
            "column, counted from 0, or slices such as A[:, 0]"
        ) from None


def _is_symbolic(index: slice) -> bool:
    # a slice that SymPy has, and that no function of ours takes
    return any(isinstance(k, Expr) and not k.is_Number and k.is_integer is not False for k in (index.start, index.stop))


def _from_the_start(A: Any, key: Any) -> Any:
    # SymPy keeps the −1 of A[-1, 0], which is no place of an entry; None where it is counted from an unknown size
    keys = key if isinstance(key, tuple) and len(key) == 2 else (key,)
    if any(k is None or isinstance(k, (bool, float, Float)) for k in keys):
        raise IndexError
    below = [isinstance(k, Integral) and k < 0 for k in keys]
    sizes = [given(size) for size in A.shape] if keys[1:] else [given(A.shape[0]) * A.shape[1]]
    places = [int(k) + n if less else k for k, n, less in zip(keys, sizes, below, strict=True)]
    counted = [p for less, p in zip(below, places, strict=True) if less]
    known = all(p.is_Integer for p in counted)
    if any(p.is_negative for p in counted) or not (known or keys[1:]):
        raise IndexError
    return None if not known else tuple(places) if keys[1:] else places[0]


OPERANDS[MatrixBase] = _of_explicit
OPERANDS[BlockMatrix] = lambda node: tuple(node.blocks)
OPERANDS[BlockDiagMatrix] = lambda node: node.args
OPERANDS[MatrixSlice] = lambda node: node.args[:1]
_sympys_own = MatrixExpr.__getitem__
MatrixExpr.__getitem__ = _getitem
MatrixSlice.shape = property(  # SymPy's own loses the last row in a step
    lambda self: tuple(
        stop - first if step == 1 else ceiling((stop - first) / step) for first, stop, step in self.args[1:]
    )
)
