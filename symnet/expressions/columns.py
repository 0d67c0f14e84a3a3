"""Matrices and scalars put together, as the steps of solvers have them: side by side, and all entries in one column.

In: matrices, scalars. Out: one matrix. A scalar is a matrix of one entry.
"""

from __future__ import annotations

from typing import Any

from sympy import S

from symnet.expressions.blocks import Explicit, Stack
from symnet.expressions.kronecker import stacked


def in_a_row(*parts: Any) -> Any:
    """Give matrices or scalars side by side; one matrix stays as it is."""
    return _joined(S.One, parts)


def in_a_column(*parts: Any) -> Any:
    """Give matrices or scalars one below the other; one matrix stays as it is."""
    return _joined(S.Zero, parts)


def as_column(*parts: Any) -> Any:
    """Give all entries in one column: those of each matrix by columns, the matrices one below the other."""
    return in_a_column(*[stacked(A) if A.is_Matrix else A for A in parts])


def _joined(axis: Any, parts: tuple[Any, ...]) -> Any:
    matrices = [A if A.is_Matrix else Explicit(S.One, S.One, A) for A in parts]
    return matrices[0] if len(matrices) == 1 else Stack(axis, *matrices)
