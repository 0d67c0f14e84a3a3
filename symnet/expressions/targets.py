"""What the user states of the targets of a cross-entropy: that they sum to 1 for each sample.

In: a symbol, or a mixture of symbols and ones whose shares add up to 1, such as (1 − ε)·Y + ε/k. Out: the same with
each of its symbols as a distribution; anything else as it is.
"""

from __future__ import annotations

from typing import Any

from sympy import Integer, MatAdd, MatrixSymbol, OneMatrix, S, Transpose, simplify

from symnet.expressions.algebra import scaled, transpose
from symnet.expressions.nodes import Distribution
from symnet.expressions.operands import raw, split


def stated(Y: Any, axis: int) -> Any:
    """Give targets whose symbols are stated to sum to 1 for each sample, where the targets then do so as well."""
    return _with_stated(Y, axis) if simplify(_share(Y, axis) - 1) == 0 else Y


def _share(A: Any, axis: int) -> Any:
    # what a matrix sums to where its symbols sum to 1
    c, A = split(A)
    if isinstance(A, Transpose):
        return c * _share(A.args[0], 1 - axis)
    if type(A) is MatAdd:
        return c * sum(_share(a, axis) for a in A.args)
    return c * A.shape[axis] if isinstance(A, OneMatrix) else c if isinstance(A, MatrixSymbol) else S.NaN


def _with_stated(A: Any, axis: int) -> Any:
    c, A = split(A)
    if isinstance(A, Transpose):
        return scaled(c, transpose(_with_stated(A.args[0], 1 - axis)))
    if type(A) is MatAdd:
        return scaled(c, raw(MatAdd, *[_with_stated(a, axis) for a in A.args]))
    return scaled(c, Distribution(A, Integer(axis)) if isinstance(A, MatrixSymbol) else A)
