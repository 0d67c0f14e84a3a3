"""What needs no equation of its own in a program: names, turned or scaled, constants, vectors spread along ones.

In: a matrix expression. Out: whether it is so, or what is spread.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Identity, MatMul, MatrixSymbol, OneMatrix, Transpose, ZeroMatrix
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.masked import Earlier
from symnet.expressions.nodes import Commutation, Diag, Unit

PLAIN = (OneMatrix, ZeroMatrix, Identity, Unit, Commutation, Earlier)  # known by their shape alone
CONSTANTS = (*PLAIN, MatrixBase)


def is_light(A: Any) -> bool:
    """Tell whether an expression needs no equation: a name, transposed, on a diagonal, scaled, spread along ones."""
    if isinstance(A, (MatrixSymbol, *CONSTANTS)):
        return True
    if isinstance(A, (Transpose, Diag)) or getattr(A, "is_rearranged", False):
        return is_light(A.args[0])
    if not isinstance(A, MatMul):
        return False
    factors = [a for a in A.args if a.is_Matrix]
    return len(factors) == 1 and is_light(factors[0]) or spread_vector(factors) is not None


def spread_vector(factors: Iterable[Any]) -> Any:
    """Give the vector that a product spreads along ones, v of v·1ᵀ or of 1·v; None where it does something else."""
    factors = tuple(factors)
    if len(factors) != 2:
        return None
    a, b = factors
    if isinstance(b, OneMatrix) and b.shape[0] == 1 == a.shape[1] and is_light(a):
        return a
    return b if isinstance(a, OneMatrix) and a.shape[1] == 1 == b.shape[0] and is_light(b) else None


def is_turned(A: Any) -> bool:
    """Tell whether A is a transposed name or a row spread down: operations on it are done untransposed and turned."""
    if isinstance(A, MatMul):
        vector = spread_vector([a for a in A.args if a.is_Matrix])
        return vector is not None and isinstance(vector, Transpose)
    return isinstance(A, Transpose) and not isinstance(A.args[0], Unit)
