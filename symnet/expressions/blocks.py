"""Matrices put together: side by side, and one below the other. The steps of solvers are written with them.

A node is data, shape and notation, as in `nodes`; a scalar in it is a matrix of one entry. No user writes one, and
nothing is derived through one: they are made of derivatives, after these.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr, S

from symnet.expressions.interned import MatrixNode
from symnet.expressions.kronecker import stacked
from symnet.expressions.sizes import Shape


def _shape(A: Any) -> Shape:
    return A.shape if A.is_Matrix else (S.One, S.One)


class HStack(MatrixNode):
    """Matrices of as many rows, side by side."""

    title = "hstack"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return _shape(args[0])[0], Add(*[_shape(A)[1] for A in args])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        for A in operands:
            cols = getattr(A, "cols", 1)
            if j < cols:
                break
            j -= cols
        return A[i, j] if hasattr(A, "cols") else A


class VStack(MatrixNode):
    """Matrices of as many columns, one below the other."""

    title = "vstack"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return Add(*[_shape(A)[0] for A in args]), _shape(args[0])[1]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        for A in operands:
            rows = getattr(A, "rows", 1)
            if i < rows:
                break
            i -= rows
        return A[i, j] if hasattr(A, "rows") else A


def beside(*matrices: Any) -> Any:
    """Give matrices or scalars side by side; one matrix stays as it is."""
    return matrices[0] if len(matrices) == 1 and matrices[0].is_Matrix else HStack(*matrices)


def below(*matrices: Any) -> Any:
    """Give matrices or scalars one below the other; one matrix stays as it is."""
    return matrices[0] if len(matrices) == 1 and matrices[0].is_Matrix else VStack(*matrices)


def column(*matrices: Any) -> Any:
    """Give all entries in one column: those of each matrix by columns, the matrices one below the other."""
    return below(*[stacked(A) if A.is_Matrix else A for A in matrices])
