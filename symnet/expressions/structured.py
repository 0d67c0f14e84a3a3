"""Nodes for derivatives by matrices, as Magnus and Neudecker write them: diagonals, stacked columns, A ⊗ B.

A node is data, shape and notation, as in `nodes`; the laws that join them are in `kronecker`.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, S

from symnet.expressions.interned import MatrixNode
from symnet.expressions.sizes import Shape


class Diagonal(MatrixNode):
    """The diagonal of a square matrix, as a column."""

    title = "diagonal"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[0].shape[0], S.One

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][i, i]


class Vec(MatrixNode):
    """The columns of a matrix, one below the other."""

    title = "vec"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        rows, cols = args[0].shape
        return rows * cols, S.One

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (A,) = operands
        return A[i % A.rows, i // A.rows]


class Unvec(MatrixNode):
    """The matrix of `rows` rows and `cols` columns whose vec is a column: `Unvec(v, rows, cols)`."""

    title = "unvec"

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[:1]

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[1], args[2]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (v,) = operands
        return v[j * (v.rows // self._columns(v)) + i, 0]

    def _columns(self, v: Any) -> int:
        rows, cols = self.args[1:]
        return int(cols) if cols.is_Integer else int(v.rows // rows)


class Kron(MatrixNode):
    """The Kronecker product A ⊗ B: the blocks a_ij·B."""

    title = "kron"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        A, B = args
        return A.shape[0] * B.shape[0], A.shape[1] * B.shape[1]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        A, B = operands
        return A[i // B.rows, j // B.cols] * B[i % B.rows, j % B.cols]


class Paired(MatrixNode):
    """The matrix of products a_ij·b_kl in A ⊗ B, as vec A·(vec B)ᵀ: `Paired(G, rows of A, columns of A)`.

    The blocks of G are its rows. See C. Van Loan and N. Pitsianis, "Approximation with Kronecker products" (1993).
    """

    title = "paired"

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[:1]

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        G, rows, cols = args
        return rows * cols, (G.shape[0] / rows) * (G.shape[1] / cols)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (G,), (m, n) = operands, map(int, self.args[1:])
        p, q = G.rows // m, G.cols // n
        return G[(i % m) * p + j % p, (i // m) * q + j // p]


class Unpaired(MatrixNode):
    """The inverse of `Paired`: `Unpaired(R, rows of A, columns of A, rows of B, columns of B)`."""

    title = "unpaired"

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[:1]

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        _, m, n, p, q = args
        return m * p, n * q

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (R,), (m, _, p, q) = operands, map(int, self.args[1:])
        return R[(j // q) * m + i // p, (j % q) * p + i % p]
