"""Matrices put together: side by side, and one below the other. The steps of solvers are written with them.

A node is data, shape and notation, as in `nodes`. No user writes one, and nothing is derived through one: they are made
of derivatives, after these.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Expr

from symnet.expressions.interned import MatrixNode
from symnet.expressions.sizes import Shape


class HStack(MatrixNode):
    """Matrices of as many rows, side by side."""

    title = "hstack"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[0].shape[0], Add(*[A.shape[1] for A in args])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        for A in operands:
            if j < A.cols:
                return A[i, j]
            j -= A.cols
        raise IndexError(j)


class VStack(MatrixNode):
    """Matrices of as many columns, one below the other."""

    title = "vstack"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return Add(*[A.shape[0] for A in args]), args[0].shape[1]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        for A in operands:
            if i < A.rows:
                return A[i, j]
            i -= A.rows
        raise IndexError(i)


def beside(*matrices: Any) -> Any:
    """Give matrices side by side; one stays as it is."""
    return HStack(*matrices) if len(matrices) > 1 else matrices[0]


def below(*matrices: Any) -> Any:
    """Give matrices one below the other; one stays as it is."""
    return VStack(*matrices) if len(matrices) > 1 else matrices[0]
