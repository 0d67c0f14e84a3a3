"""Traces, determinants, inverses and systems of equations, with the nodes that SymPy lacks for them.

In: square matrices. Out: SymPy's own `Trace`, `Determinant` and `Inverse`, and nodes beside them. An inverse that
stands in a product is a system of equations: the program that is made of it has `Solve`, and nobody multiplies by an
inverse.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, Inverse, MatrixExpr, Trace, log
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.determinant import Determinant
from sympy.printing.precedence import PRECEDENCE

from symnet.expressions import algebra
from symnet.expressions.algebra import matmul, scaled
from symnet.expressions.interned import MatrixNode, ScalarNode
from symnet.expressions.operands import as_matrix, split
from symnet.expressions.sizes import Shape, same_size, shape_text
from symnet.expressions.table import brief


class Solve(MatrixNode):
    """A⁻¹·B, the solution X of A·X = B: `Solve(A, B)`."""

    title = "solve"
    precedence = PRECEDENCE["Mul"]

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        A, B = args
        return A.shape[1], B.shape[1]

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        A, B = operands
        return (A.inv()[i, :] * B[:, j])[0, 0]

    def _sympystr(self, printer: Any) -> str:
        return "*".join(printer.parenthesize(a, PRECEDENCE["Mul"]) for a in (Inverse(self.args[0]), self.args[1]))

    def _latex(self, printer: Any) -> str:
        return str(printer._print(matmul(Inverse(self.args[0]), self.args[1])))


class LogAbsDet(ScalarNode):
    """log |det A|, which neither overflows nor needs the determinant to be positive."""

    title = "logdet"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return log(abs(operands[0].det()))


class Adjugate(MatrixNode):
    """The transposed matrix of cofactors, det(A)·A⁻¹ where A has an inverse."""

    title = "adj"

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        return operands[0].cofactor(j, i)


def as_square(who: str, A: Any) -> Any:
    """Give a square matrix that a user handed over. Raises `ShapeError` where it is not, naming who wants it."""
    A = as_matrix(who, A)
    if not same_size(*A.shape):
        way = "; for one that is not square there is sn.pinv" if who in ("inv", "solve") else ""
        raise ShapeError(f"{who}: {brief(A)} is {shape_text(A.shape)}, and a square matrix is needed{way}")
    return A


def trace(A: MatrixExpr) -> Expr:
    """Give tr A, the sum of the entries on the diagonal, a scalar.

    A: a square matrix expression. Raises `ShapeError` where it is not square.

    >>> import symnet as sn
    >>> A, X = sn.matrix("A", 2, 3), sn.matrix("X", 3, 2)
    >>> sn.gradient(sn.trace(A * X), X)
    A.T
    """
    return Trace(as_square("trace", A))


def det(A: MatrixExpr) -> Expr:
    """Give the determinant of A, a scalar; its logarithm is `logdet`.

    A: a square matrix expression. Raises `ShapeError` where it is not square. Its gradient is det(A)·A⁻ᵀ: Petersen and
    Pedersen, "The Matrix Cookbook" (2012), equation 49.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> round(sn.evaluate(sn.det(A), {A: [[1, 2], [3, 5]]}), 9)
    -1.0
    """
    return Determinant(as_square("det", A))


def logdet(A: MatrixExpr) -> Expr:
    """Give log |det A|, a scalar, of any size without overflow.

    A: a square matrix expression. Raises `ShapeError` where it is not square. Its gradient is A⁻ᵀ: Petersen and
    Pedersen, "The Matrix Cookbook" (2012), equation 57. SymPy's `log(Determinant(A))` is not defined where the
    determinant is negative.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 200, 200)
    >>> sn.evaluate(sn.logdet(1000 * A), {A: [[float(i == j) for j in range(200)] for i in range(200)]}).__round__(6)
    1381.551056
    >>> sn.show(sn.gradient(sn.logdet(sn.inv(A)), A))
    −A⁻ᵀ
    """
    return LogAbsDet(as_square("logdet", A))


def inv(A: MatrixExpr) -> MatrixExpr:
    """Give A⁻¹; a product with it compiles to `numpy.linalg.solve`, never to an inverse.

    A: a square matrix expression. Raises `ShapeError` where it is not square; where its value has no inverse, a kernel
    raises NumPy's `LinAlgError`. Its rule is in M. Giles, Oxford NA-08/01 (2008), 2.2.3.

    >>> import symnet as sn
    >>> A = sn.matrix("A", 2, 2)
    >>> sn.evaluate(sn.inv(A), {A: [[2, 0], [0, 4]]}).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return Inverse(as_square("inv", A))


def solve(A: MatrixExpr, B: MatrixExpr) -> MatrixExpr:
    """Give A⁻¹·B, the solution X of A·X = B, as `A**-1 * B` does.

    A: a square matrix expression; B: one of as many rows. Raises `ShapeError` where they do not fit; where the value of
    A has no inverse, a kernel raises NumPy's `LinAlgError`. Its rule is in M. Giles, Oxford NA-08/01 (2008), 2.3.1.

    >>> import symnet as sn
    >>> A, b = sn.matrix("A", 2, 2), sn.vector("b", 2)
    >>> X = sn.solve(A, b)
    >>> sn.evaluate(X, {A: [[2, 0], [0, 4]], b: [[1], [1]]}).ravel().tolist()
    [0.5, 0.25]
    >>> "solve(A, b)" in sn.compile(X).source
    True
    """
    A, B = as_square("solve", A), as_matrix("solve", B)
    if not same_size(A.shape[1], B.shape[0]):
        raise ShapeError(f"solve: {brief(A)} is {shape_text(A.shape)} but {brief(B)} is {shape_text(B.shape)}; A·X = B "
                         "needs as many rows in both")  # fmt: skip
    return matmul(Inverse(A), B)


def adjugate(A: MatrixExpr) -> MatrixExpr:
    """Give adj A, the transposed matrix of cofactors: A·adj(A) = det(A)·I, also where A has no inverse.

    A: a square matrix expression. Raises `ShapeError` where it is not square. Its gradient needs the inverse.

    >>> import symnet as sn
    >>> sn.evaluate(sn.adjugate(sn.matrix("A", 2, 2)), {"A": [[1, 2], [3, 4]]}).round(12).tolist()
    [[4.0, -2.0], [-3.0, 1.0]]
    """
    return Adjugate(as_square("adjugate", A))


def transpose(A: MatrixExpr) -> MatrixExpr:
    """Give Aᵀ, as `A.T` does.

    A: a matrix expression.

    >>> import symnet as sn
    >>> sn.transpose(sn.matrix("A", 2, 3)).shape
    (3, 2)
    """
    return algebra.transpose(as_matrix("transpose", A))


def solution(A: Any, B: Any) -> Any:
    """Give the node of A⁻¹·B, coefficients in front."""
    (c, A), (d, B) = split(A), split(B)
    return scaled(d / c, Solve(A, B))
