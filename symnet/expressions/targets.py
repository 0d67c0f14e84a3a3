"""What the user states of the targets of a cross-entropy: that they sum to 1 for each sample.

In: a symbol, or a mixture of symbols, ones and distributions such as softmax(V) whose shares add up to 1, such as
(1 − ε)·Y + ε/k, named by `let` or not. Out: the same as a distribution; anything else as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Integer, MatAdd, MatrixSymbol, OneMatrix, S, Transpose, simplify

from symnet.expressions.algebra import transpose
from symnet.expressions.nodes import Distribution, Let
from symnet.expressions.operands import split


def stated(Y: Any, axis: int) -> Any:
    """Give targets as stated to sum to 1 for each sample, where they do so if each of their symbols does."""
    parts = mixed(Y, axis, _named)
    if not any(isinstance(A, MatrixSymbol) for _, A, _ in parts):
        return Y
    return _marked(Y, axis) if simplify(sum(_share(*part) for part in parts) - 1) == 0 else Y


def mixed(A: Any, axis: int, named: Callable[[Any], Any]) -> list[tuple[Any, Any, int]]:
    """Give what a matrix is the sum of: a coefficient, a matrix and the axis along which that is summed, for each.

    named: gives what stands behind a name, or None.
    """
    c, A = split(A)
    while isinstance(A, Transpose):
        A, axis = A.args[0], 1 - axis
    inside = A if type(A) is MatAdd else named(A)
    if inside is None:
        return [(c, A, axis)]
    terms = inside.args if type(inside) is MatAdd else [inside]
    return [(c * k, B, along) for term in terms for k, B, along in mixed(term, axis, named)]


def _named(A: Any) -> Any:
    return A.args[1] if isinstance(A, Let) else None


def _share(c: Any, A: Any, axis: int) -> Any:
    # what a matrix sums to where its symbols sum to 1
    if isinstance(A, OneMatrix):
        return c * A.shape[axis]
    return c if isinstance(A, MatrixSymbol) or getattr(A, "sums_to_one", None) == axis else S.NaN


def _marked(Y: Any, axis: int) -> Any:
    if isinstance(Y, Transpose):
        return transpose(_marked(Y.args[0], 1 - axis))
    return Distribution(Y, Integer(axis))
