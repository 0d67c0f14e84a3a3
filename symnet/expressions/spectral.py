"""Norms, and functions of a matrix as a whole: the exponential, powers, the pseudo-inverse, singular values.

In: matrix expressions. Out: nodes, and scalar formulas where a norm is one. The derivatives of these nodes are made of
nodes of this file as well, so that they can be differentiated again.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, MatrixExpr, S, nan

from symnet.expressions import by_entries, reductions
from symnet.expressions.algebra import elementwise, inner_product, sums, total
from symnet.expressions.axes import as_axis
from symnet.expressions.interned import MatrixNode, ScalarNode
from symnet.expressions.linalg import as_square
from symnet.expressions.operands import as_matrix
from symnet.expressions.ranges import Range, as_number
from symnet.expressions.sizes import Shape


class Expm(MatrixNode):
    """The exponential of a square matrix, I + A + A²/2 + …"""

    title = "expm"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.exponential(operands[0])[i, j]


class ExpmSlope(MatrixNode):
    """The derivative of the exponential at A along E, the block above on the right of expm([A, E; 0, A])."""

    title = "L_expm"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.slope_of_exponential(*operands)[i, j]


class MatrixPower(MatrixNode):
    """Aᵏ for a whole number k that is a symbol: `MatrixPower(A, k)`."""

    title = "power"

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args

    def with_operands(self, *operands: Any) -> Any:
        return type(self)(*operands)

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.whole_power(*operands)[i, j]


class PowerSlope(MatrixPower):
    """The derivative of Aᵏ along E, Σ Aⁱ·E·Aᵏ⁻¹⁻ⁱ: `PowerSlope(A, k, E)`."""

    title = "L_power"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.slope_of_power(*operands)[i, j]


class InExponent(ScalarNode):
    """What the derivative of Aᵏ in k would be, which there is none of: `InExponent(k)`."""

    title = "derivative in the exponent"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return nan


class Pinv(MatrixNode):
    """The pseudo-inverse A⁺ of Moore and Penrose."""

    title = "pinv"

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        rows, cols = args[0].shape
        return cols, rows

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.pseudo_inverse(operands[0])[i, j]


class SpectralNorm(ScalarNode):
    """The largest singular value."""

    title = "spectral_norm"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.largest_singular_value(operands[0])


class NuclearNorm(ScalarNode):
    """The sum of the singular values."""

    title = "nuclear_norm"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.sum_of_singular_values(operands[0])


class Leading(MatrixNode):
    """u·vᵀ of the largest singular value of A: the gradient of the spectral norm."""

    title = "leading"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.leading(operands[0])[i, j]


class Polar(MatrixNode):
    """U·Vᵀ of the singular value decomposition U·Σ·Vᵀ of A: the gradient of the nuclear norm."""

    title = "polar"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.polar(operands[0])[i, j]


class Sylvester(MatrixNode):
    """The solution X of H·X + X·H = C, H symmetric and positive: `Sylvester(H, C)`."""

    title = "sylvester"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return by_entries.sylvester(*operands)[i, j]


# -- what users write


def expm(A: MatrixExpr) -> MatrixExpr:
    """Give the matrix exponential I + A + A²/2 + …; `exp` is entry by entry.

    A: a square matrix expression. Raises `ShapeError` where it is not square. A kernel scales and squares: N. Higham,
    SIAM Journal on Matrix Analysis 26 (2005); the derivative is the block above on the right of the exponential of
    [A, E; 0, A]: A. Al-Mohy and N. Higham, the same, 30 (2009).

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> sn.evaluate(sn.expm(A), {A: [[0, 1], [0, 0]]}).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return Expm(as_square("expm", A))


def pinv(A: MatrixExpr) -> MatrixExpr:
    """Give the pseudo-inverse A⁺ of Moore and Penrose, of which A⁺·b is the shortest of the least-squares solutions.

    A: a matrix expression. Its derivative holds where the rank stays: G. Golub and V. Pereyra, SIAM Journal on
    Numerical Analysis 10 (1973).

    >>> import symnet as sn
    >>> sn.evaluate(sn.pinv(sn.matrix("A", 2, 1)), {"A": [[3], [4]]}).round(12).tolist()
    [[0.12, 0.16]]
    """
    return Pinv(as_matrix("pinv", A))


def spectral_norm(A: MatrixExpr) -> Expr:
    """Give the largest singular value of A, a scalar; its gradient u·vᵀ is that of a singular value which stands alone.

    A: a matrix expression.

    >>> import symnet as sn
    >>> sn.evaluate(sn.spectral_norm(sn.matrix("A", 2, 2)), {"A": [[3, 0], [0, 4]]})
    4.0
    """
    return SpectralNorm(as_matrix("spectral_norm", A))


def nuclear_norm(A: MatrixExpr) -> Expr:
    """Give the sum of the singular values of A, a scalar; its gradient is U·Vᵀ, which needs A to be of full rank.

    A: a matrix expression.

    >>> import symnet as sn
    >>> sn.evaluate(sn.nuclear_norm(sn.matrix("A", 2, 2)), {"A": [[3, 0], [0, 4]]})
    7.0
    """
    return NuclearNorm(as_matrix("nuclear_norm", A))


_OF_SINGULAR_VALUES = {"nuc": NuclearNorm, "spectral": SpectralNorm}
_ORDER = Range("a number from 1, infinity or one of 'fro', 'nuc', 'spectral'", least=1)


def _order(ord: Any) -> Any:
    if isinstance(ord, str):
        if ord != "fro":
            raise ValueError(f"norm: ord must be {_ORDER.words}, not {ord!r}")
        return S(2)
    if isinstance(ord, (float, Expr)) and ord == S.Infinity:
        return S.Infinity
    return as_number("norm", "ord", ord, _ORDER)


def norm_of(A: Any, axis: Any, ord: Any) -> Any:
    """Give a norm of all entries, or of those along an axis. Raises `ValueError` for an order that is none."""
    if isinstance(ord, str) and ord in _OF_SINGULAR_VALUES:
        if axis is not None:
            raise ValueError(f"norm: ord={ord!r} is of a whole matrix; leave axis away")
        return _OF_SINGULAR_VALUES[ord](A)
    order = _order(ord)
    along = None if axis is None else as_axis(axis, f"; for an order write ord={axis!r}")
    if order is S.Infinity:
        return reductions.max(abs(A), along)
    if along is None and order == 2:
        return inner_product(A, A) ** S.Half
    powers = abs(A) if order == 1 else elementwise(lambda x, p: (x if p.is_even else sympy.Abs(x)) ** p, A, order)
    summed = total(powers) if along is None else sums(powers, along)
    return summed if order == 1 else elementwise(lambda x, p: x ** (1 / p), summed, order)
