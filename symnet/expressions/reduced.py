"""The largest, the smallest and the product of the entries along an axis, and what their derivatives are made of.

Where several entries are the largest, each has an equal share in the derivative. The derivative of a product is made of
the products of all other entries, so that it is right where entries are 0.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Eq, Expr, Max, Min, Mul, Piecewise, S

from symnet.expressions.nodes import AlongAxis, AxisMax, Reduction
from symnet.expressions.sizes import Shape


class _Told(Reduction):  # of no axis it would be one number of all entries
    @property
    def labels(self) -> tuple[str, ...]:
        return () if self.args[0].shape[1] == 1 and self.axis == 0 else (f"axis={self.axis}",)


class Largest(_Told, AxisMax):
    """The largest entries along an axis, differentiable: a row (axis 0) or a column (axis 1)."""


class Smallest(_Told):
    """The smallest entries along an axis: a row (axis 0) or a column (axis 1)."""

    title = "min"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return Min(*self.line(i, j, operands[0]))


class Hardmax(AlongAxis):
    """1/k for each of the k largest entries along an axis, 0 for the others; its derivative is taken as 0."""

    title = "hardmax"

    @property
    def sums_to_one(self) -> int:  # type: ignore[override]
        return self.axis

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        line = self.line(i, j, operands[0])
        share = lambda x: Piecewise((S.One, Eq(x, Max(*line))), (S.Zero, True))
        return share(operands[0][i, j]) / Add(*map(share, line))


class AxisProd(_Told):
    """The products of the entries along an axis: a row (axis 0) or a column (axis 1)."""

    title = "prod"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return Mul(*self.line(i, j, operands[0]))


class OtherProducts(AlongAxis):
    """For each entry the product of all others along an axis, the slope of `AxisProd`: `OtherProducts(A, axis)`.

    `OtherProducts(A, axis, G, …)` is its derivative along G, and so on: at k the sum of g_l times the product of all
    but k and l. It is linear in each direction.
    """

    title = "prod_of_others"

    @property
    def operands(self) -> tuple[Any, ...]:
        return (self.args[0], *self.args[2:])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        A, *directions = (self.line(i, j, M) for M in operands)
        return _along(A, directions, ((i, j)[self.axis],))


def _along(A: list[Expr], directions: list[list[Expr]], left_out: tuple[int, ...]) -> Expr:
    if not directions:
        return Mul(*[x for k, x in enumerate(A) if k not in left_out])
    G, *others = directions
    return Add(*[g * _along(A, others, (*left_out, k)) for k, g in enumerate(G) if k not in left_out])


class Running(AlongAxis):
    """For each entry the product of those before it (`Running(A, axis, 0)`) or after it (1) along an axis."""

    title = "running_prod"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        line, k = self.line(i, j, operands[0]), (i, j)[self.axis]
        return Mul(*(line[k + 1 :] if self.args[2] else line[:k]))


class Tiled(AlongAxis):
    """A beside itself once for each of its rows, the k-th row of the k-th copy filled with a number.

    `Tiled(A, 0, fill)`: rows × rows·columns.
    """

    title = "tiled"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        rows, cols = args[0].shape
        return rows, rows * cols

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        (A,) = operands
        return self.args[2] if j // A.shape[1] == i else A[i, j % A.shape[1]]


class Parted(AlongAxis):
    """A row cut into the rows of a matrix: `Parted(v, 0, rows)`."""

    title = "parted"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        return args[2], args[0].shape[1] / args[2]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0][0, i * (operands[0].shape[1] // int(self.args[2])) + j]
