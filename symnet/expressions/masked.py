"""Softmax over some of the entries, and the mask of what comes before: the nodes of attention.

A mask has a positive number where an entry takes part and 0 where it does not. Entries that do not are left out, as if
they were −∞; where nothing takes part all are 0. A mask is data: derivatives pass it by.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr, Piecewise, S, exp

from symnet.expressions.interned import MatrixNode
from symnet.expressions.nodes import AlongAxis
from symnet.expressions.sizes import Shape


class MaskedSoftmax(AlongAxis):
    """exp(Z) divided by its sums along an axis, over the entries of a mask: `MaskedSoftmax(Z, M, axis)`."""

    title = "softmax"
    matrices = 2

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        Z, M = operands
        part = lambda z, m: Piecewise((exp(z), m > 0), (S.Zero, True))
        total = Add(*map(part, self.line(i, j, Z), self.line(i, j, M)))
        return Piecewise((part(Z[i, j], M[i, j]) / total, total > 0), (S.Zero, True))


class Earlier(MatrixNode):
    """1 on and below the diagonal and 0 above it, `Earlier(rows, cols)`: row i takes part in what is not after it."""

    title = "causal_mask"

    @property
    def operands(self) -> tuple[Any, ...]:
        return ()

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[0], args[1]

    def _entry(self, i: Any, j: Any, **_: Any) -> Expr:
        return self.entry(i, j) if i.is_Integer and j.is_Integer else super()._entry(i, j)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return S.One if j <= i else S.Zero
