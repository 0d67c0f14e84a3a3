"""Further functions entry by entry: quotients, powers, and the elementary functions under NumPy's names.

In: matrix and scalar expressions. Out: the same function of each entry.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.matrices.exceptions import ShapeError

from symnet.expressions.algebra import elementwise
from symnet.expressions.beside import to_one_shape
from symnet.expressions.functions import entrywise
from symnet.expressions.operands import as_expression
from symnet.expressions.sizes import same_shape, shape_text
from symnet.expressions.table import brief

tan = entrywise(sympy.tan, "tan", "the tangent", "[0.0, 1.0]", "[0.0, 1.5574]")
arcsin = entrywise(sympy.asin, "arcsin", "the inverse of the sine", "[0.0, 1.0]", "[0.0, 1.5708]")
arccos = entrywise(sympy.acos, "arccos", "the inverse of the cosine", "[1.0, 0.0]", "[0.0, 1.5708]")
arctan = entrywise(sympy.atan, "arctan", "the inverse of the tangent", "[0.0, 1.0]", "[0.0, 0.7854]")
sinh = entrywise(sympy.sinh, "sinh", "the hyperbolic sine", "[0.0, 1.0]", "[0.0, 1.1752]")
cosh = entrywise(sympy.cosh, "cosh", "the hyperbolic cosine", "[0.0, 1.0]", "[1.0, 1.5431]")
square = entrywise(lambda x: x**2, "square", "the square", "[-2.0, 3.0]", "[4.0, 9.0]")


def divide(A: Any, B: Any) -> Any:
    """Give A/B entry by entry; `A / B` between matrices is A·B⁻¹.

    A, B: matrices of one shape, or scalars, which stand for every entry. Raises `ShapeError` where the shapes differ.

    >>> import symnet as sn
    >>> A, B = sn.matrix("A", 1, 2), sn.matrix("B", 1, 2)
    >>> sn.evaluate(sn.divide(A, B), {A: [[1, 6]], B: [[2, 3]]}).tolist()
    [[0.5, 2.0]]
    """
    return _of_two("divide", lambda a, b: a / b, A, B)


def power(A: Any, exponent: Any) -> Any:
    """Give A to a power entry by entry; `A**k` of a matrix is a product of matrices.

    A: a matrix or scalar expression; exponent: a number, a scalar or a matrix of A's shape, which may hold weights (the
    derivative in them needs positive entries of A). Raises `ShapeError` where the shapes differ.

    >>> import symnet as sn
    >>> A, B = sn.matrix("A", 1, 2), sn.matrix("B", 1, 2)
    >>> sn.evaluate(sn.power(A, B), {A: [[2, 3]], B: [[3, 2]]}).tolist()
    [[8.0, 9.0]]
    """
    return _of_two("power", lambda a, b: a**b, A, exponent)


def _of_two(who: str, f: Any, A: Any, B: Any) -> Any:
    A, B = as_expression(A, who), as_expression(B, who)
    if A.is_Matrix and B.is_Matrix and not same_shape(A.shape, B.shape):
        way = to_one_shape(A, B)
        raise ShapeError(f"{who}: {brief(A)} is {shape_text(A.shape)} but {brief(B)} is {shape_text(B.shape)}{way}")
    return elementwise(f, A, B)
