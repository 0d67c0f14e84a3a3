"""The largest, the smallest, the product, the variance and the deviation of all entries, or along an axis.

In: a matrix expression and an axis, 0 down the columns and 1 along the rows, None for all entries. Out: a row, a column
or a scalar. `sum`, `mean` and `norm` are in `functions`.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, MatrixExpr

from symnet.expressions.algebra import elementwise, total
from symnet.expressions.axes import as_axis
from symnet.expressions.kronecker import vec
from symnet.expressions.nodes import Reduction
from symnet.expressions.normalised import AxisVar, Variance
from symnet.expressions.operands import as_matrix
from symnet.expressions.ranges import NOT_NEGATIVE, as_number
from symnet.expressions.reduced import AxisProd, Largest, Smallest
from symnet.expressions.sizes import shape_text
from symnet.expressions.table import brief


def reduced(kind: type[Reduction], who: str, A: Any, axis: Any) -> Any:
    """Give a reduction along an axis, of one row or column, or of all entries, a scalar; `who` asks for it."""
    A = as_matrix(who, A)
    if axis is not None:
        way = f"; of two matrices entry by entry it is sn.elementwise(sympy.{who.title()}, A, B)"
        return kind(A, Integer(as_axis(axis, way if isinstance(axis, MatrixExpr) and who in ("max", "min") else "")))
    return total(kind(A if A.shape[1] == 1 else vec(A), Integer(0)))


def max(A: MatrixExpr, axis: int | None = None) -> Any:
    """Give the largest of all entries (a scalar), or the largest along `axis`: a row (axis 0) or a column (axis 1).

    A: a matrix expression. The derivative is 1 for the largest entry and 0 for the others; where k entries are the
    largest, each has the share 1/k, as in JAX and in PyTorch's amax. Raises `TypeError` for a scalar, `ValueError` for
    another axis. The larger of two matrices entry by entry is `sn.elementwise(sympy.Max, A, B)`.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> sn.evaluate(sn.max(A, axis=0), {A: [[1, 5], [3, 2]]}).tolist()
    [[3.0, 5.0]]
    >>> sn.evaluate(sn.gradient(sn.max(A), A), {A: [[1, 3], [3, 2]]}).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    return reduced(Largest, "max", A, axis)


def min(A: MatrixExpr, axis: int | None = None) -> Any:
    """Give the smallest of all entries (a scalar), or the smallest along `axis`: a row (axis 0) or a column (axis 1).

    A, axis, and the derivative where entries tie: as in `max`.

    >>> import symnet as sn
    >>> sn.evaluate(sn.min(sn.matrix("A", 2, 2), axis=1), {"A": [[1, 5], [3, 2]]}).tolist()
    [[1.0], [2.0]]
    """
    return reduced(Smallest, "min", A, axis)


def prod(A: MatrixExpr, axis: int | None = None) -> Any:
    """Give the product of all entries (a scalar), or the products along `axis`: a row (axis 0) or a column (axis 1).

    A: a matrix expression. The derivative in an entry is the product of the others, which is right where entries are 0.
    Raises `TypeError` for a scalar, `ValueError` for another axis. Matrices are multiplied entry by entry with
    `sn.hadamard`.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> sn.evaluate(sn.prod(A, axis=0), {A: [[1, 5], [3, 2]]}).tolist()
    [[3.0, 10.0]]
    >>> sn.evaluate(sn.gradient(sn.prod(A), A), {A: [[1, 5], [0, 2]]}).tolist()
    [[0.0, 0.0], [10.0, 0.0]]
    """
    return reduced(AxisProd, "prod", A, axis)


def var(A: MatrixExpr, axis: int | None = None, ddof: Any = 0) -> Any:
    """Give the variance of all entries (a scalar), or the variances along `axis`: a row (axis 0) or a column (axis 1).

    A: a matrix expression. ddof: what the number of entries is lessened by before the sum of squares is divided by it,
    as in NumPy: 0 where it is not given, 1 for the estimate without bias (PyTorch's correction). Raises `TypeError` for
    a scalar, `ValueError` for another axis and for a `ddof` that leaves nothing to divide by.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 1, 3)
    >>> sn.evaluate(sn.var(A), {A: [[1, 2, 6]]}), sn.evaluate(sn.var(A, ddof=1), {A: [[1, 2, 6]]})
    (4.666666666666667, 7.0)
    >>> X = sn.matrix("X", 3, "n")
    >>> print(sn.derive(sn.sum(sn.var(X, axis=0)), X))
    Forward                      Backward
      L = sum(var(X, axis=0))      ∂L/∂X = 2⋅(X − mean(X))/3
    """
    return _variance("var", A, axis, ddof)


def std(A: MatrixExpr, axis: int | None = None, ddof: Any = 0) -> Any:
    """Give the standard deviation, the square root of `var`, of all entries or along an axis.

    A, axis, ddof: as in `var`. The derivative is not defined where all entries are equal.

    >>> import symnet as sn
    >>> sn.evaluate(sn.std(sn.matrix("A", 2, 2), axis=1), {"A": [[1, 5], [3, 3]]}).tolist()
    [[2.0], [0.0]]
    """
    found = _variance("std", A, axis, ddof)
    return elementwise(sympy.sqrt, found) if found.is_Matrix else sympy.sqrt(found)


def _variance(who: str, A: Any, axis: Any, ddof: Any) -> Any:
    A, less = as_matrix(who, A), as_number(who, "ddof", ddof, NOT_NEGATIVE, symbols=False)
    rows, cols = A.shape
    count = rows * cols if axis is None else A.shape[as_axis(axis)]
    if (count - less).is_nonpositive:
        raise ValueError(f"{who}: {brief(A)} is {shape_text(A.shape)}; ddof must be a number from 0 to less than the "
                         f"{count} entries that are taken together, not {ddof}")  # fmt: skip
    return Variance(A, less) if axis is None else AxisVar(A, Integer(as_axis(axis)), less)
