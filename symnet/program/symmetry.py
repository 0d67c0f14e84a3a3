"""Which matrices are their own transposes, whatever the values.

In: one operation on light operands, and the names of matrices that are known to be symmetric. Out: its transpose, and
whether that is the operation itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from sympy import HadamardProduct, Identity, Inverse, MatAdd, MatMul, OneMatrix, S, Transpose

from symnet.expressions import (
    Adjugate, Diag, Elementwise, Expm, ExpmSlope, MatrixPower, Pinv, is_declared, raw, same_size, scaled, split,
    transpose,
)  # fmt: skip

# what gives a symmetric matrix of symmetric ones
_KEEPING = (HadamardProduct, Elementwise, Inverse, Adjugate, Expm, ExpmSlope, MatrixPower, Pinv)


def turned(A: Any, known: Collection[Any]) -> Any:
    """Give the transpose of a name or of a product of names; `known`: those that are their own."""
    if type(A) is MatMul:
        scalars = [a for a in A.args if not a.is_Matrix]
        return raw(MatMul, *scalars, *[turned(a, known) for a in reversed(A.args) if a.is_Matrix])
    if isinstance(A, Inverse):
        return raw(Inverse, turned(A.args[0], known), S.NegativeOne)
    return A if A in known else transpose(A)


def upright(value: Any, known: Collection[Any]) -> Any:
    """Give a light value without the transpose of a symmetric matrix; `known`: the names of these."""
    c, A = split(value) if getattr(value, "is_Matrix", False) else (S.One, value)
    return scaled(c, A.args[0]) if isinstance(A, Transpose) and A.args[0] in known else value


def is_symmetric(A: Any, known: Collection[Any]) -> bool:
    """Tell whether a matrix is its own transpose by the way it is written; `known`: names of symmetric matrices."""
    A = split(A)[1]
    if A in known or isinstance(A, (Identity, Diag)) or is_declared(A, "symmetric"):
        return True
    if isinstance(A, MatMul):
        return bool(turned(A, known) == A)
    if isinstance(A, MatAdd):
        terms = [split(a) for a in A.args]
        return Counter(terms) == Counter((c, turned(B, known)) for c, B in terms)
    if isinstance(A, _KEEPING):
        return all(is_symmetric(a, known) for a in A.args if getattr(a, "is_Matrix", False))
    return isinstance(A, OneMatrix) and same_size(*A.shape)
