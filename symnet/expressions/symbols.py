"""What a loss is written over: symbolic matrices and columns, and single entries and rows of them.

In: names and sizes. Out: SymPy's matrix symbols, and expressions that take one row, column or entry out.
"""

from __future__ import annotations

import operator
from typing import Any

from sympy import Expr, Integer, MatrixExpr, MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.blocks import Entry
from symnet.expressions.declared import with_facts
from symnet.expressions.entering import checked_name, given
from symnet.expressions.gathered import picked
from symnet.expressions.nodes import Unit
from symnet.expressions.operands import as_matrix
from symnet.expressions.sizes import Size, as_size, shape_text
from symnet.expressions.table import brief


def matrix(
    name: str,
    rows: Size | tuple[Size, Size],
    cols: Size | None = None,
    *,
    symmetric: bool = False,
    diagonal: bool = False,
    positive_definite: bool = False,
    orthogonal: bool = False,
    positive: bool = False,
    one_hot: str | None = None,
) -> MatrixSymbol:
    """Give a symbolic matrix, a `sympy.MatrixSymbol`.

    name: what it is called in formulas; rows, cols: a whole number, a SymPy Symbol, or a name such as "n" for a size
    that is read from the arrays; or both as one tuple.
    symmetric, diagonal, positive_definite (symmetric as well), orthogonal, positive (every entry above 0): what is
    known of the matrix; one_hot: "columns" where each column has a single 1 and zeros, or "rows". Formulas are shorter
    for it, and a kernel refuses arrays that are not so. The gradient for a symmetric matrix is the derivative in its
    free entries, an entry and its mirror image being one: G + Gᵀ − G∘I, where G is the derivative in all entries as if
    each were free; for a diagonal one it is G∘I (Petersen and Pedersen, "The Matrix Cookbook" (2012), section 2.8).
    There is none for an orthogonal or a one-hot matrix.

    A number beside a matrix is added to every entry, an array of NumPy is a constant; `*` and `@` are the product of
    matrices, `A/B` is A·B⁻¹ and `A**2` is A·A, as in SymPy. Raises `ValueError` for a size that is not positive and
    whole, or facts that no matrix has together, `ShapeError` for a matrix that is not square where a fact asks for it,
    `TypeError` for a name that is not a string.

    >>> import symnet as sn
    >>> sn.matrix("X", 3, "n").shape
    (3, n)
    >>> S, x, y = sn.matrix("S", "n", "n", symmetric=True), sn.vector("x", "n"), sn.vector("y", "n")
    >>> S.T == S
    True
    >>> sn.show(sn.gradient(x.T * S * y, S))
    x⋅yᵀ + y⋅xᵀ − (x⋅yᵀ) ∘ I
    """
    checked_name(name, "matrix", "W1")
    if cols is None:
        if not isinstance(rows, (tuple, list)) or len(rows) != 2:
            raise TypeError(f"matrix: {name} needs rows and columns, such as sn.matrix('{name}', 2, 3); "
                            f"a column is sn.vector('{name}', 3)")  # fmt: skip
        rows, cols = rows
    return with_facts(
        name, as_size(rows, name), as_size(cols, name), symmetric=symmetric, diagonal=diagonal,
        positive_definite=positive_definite, orthogonal=orthogonal, positive=positive, one_hot=one_hot,
    )  # fmt: skip


def vector(name: str, size: Size, **facts: Any) -> MatrixSymbol:
    """Give a symbolic column, a matrix of one column.

    name, size: as in `matrix`, which says what is raised; facts: likewise, such as positive=True.

    >>> import symnet as sn
    >>> sn.vector("b1", 3).shape
    (3, 1)
    """
    if isinstance(size, (tuple, list)) and len(size) in (1, 2) and size[1:] in ((), [], (1,), [1]):
        size = size[0]  # the shape of an array
    return matrix(name, size, 1, **facts)


def unit(size: Size, index: int) -> MatrixExpr:
    """Give the unit column with a 1 in row `index` (counted from 0): `unit(n, 0).T * A` is the first row of A.

    Raises `ValueError` for an index that is negative or beyond a size that is a number.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> sn.evaluate(sn.unit(2, 0).T * A, {A: [[1, 2], [3, 4]]}).tolist()
    [[1.0, 2.0]]
    """
    rows = as_size(size, "unit")
    index = _whole("unit", index)
    if index < 0 or (rows.is_Integer and index >= rows):
        raise ValueError(f"unit: there is no row {index} in a column of {rows}")
    return Unit(rows, Integer(index))


def entry(A: MatrixExpr, row: int, column: int) -> Expr:
    """Give one entry of a matrix expression as a scalar, rows and columns counted from 0.

    A: a matrix expression. Raises `ValueError` for a row or column that is not there.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> sn.evaluate(sn.entry(A * A.T, 0, 1), {A: [[1, 2], [3, 4]]})
    11.0
    """
    A = as_matrix("entry", A)
    places = _whole("entry", row), _whole("entry", column)
    for place, size in zip(places, A.shape, strict=True):
        if place < 0 or (given(size).is_Integer and place >= size):
            raise ValueError(f"entry: {brief(A)} is {shape_text(A.shape)} and has no entry {list(places)}")
    if not isinstance(A, MatrixSymbol):
        return picked([A], *places)
    found = A[places]  # in a symmetric matrix an entry and its mirror image are one, beside a diagonal there is 0
    return Entry(*found.args) if isinstance(found, MatrixElement) else found


def _whole(who: str, place: Any) -> int:
    try:
        if isinstance(place, bool):
            raise TypeError
        return operator.index(place)
    except TypeError:
        raise TypeError(f"{who}: rows and columns are whole numbers from 0, not {place!r}") from None
