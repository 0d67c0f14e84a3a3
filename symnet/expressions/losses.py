"""The usual losses, each one formula that a user could have written.

In: predictions or logits and targets, matrix expressions of one shape, one sample a column (a row with `axis=1`).
Out: a scalar expression. n is the number of samples.
"""

from typing import Any

from sympy import Expr, HadamardProduct, Integer, MatAdd, MatMul, MatrixExpr, MatrixSymbol, S

from symnet.expressions.algebra import total
from symnet.expressions.entering import given
from symnet.expressions.functions import log_softmax, softplus
from symnet.expressions.nodes import Distribution
from symnet.expressions.operands import raw


def _difference(P: MatrixExpr, Y: MatrixExpr) -> MatrixExpr:
    return raw(MatAdd, P, raw(MatMul, S.NegativeOne, Y))


def _sum_of_squares(R: MatrixExpr) -> Expr:
    return total(raw(HadamardProduct, R, R))


def squared_error(P: MatrixExpr, Y: MatrixExpr, axis: int = 0) -> Expr:
    """Give ‖P − Y‖²/(2n), the halved squared error, averaged over the n samples and summed over the outputs.

    P, Y: (outputs, samples); with `axis=1` (samples, outputs). See Bishop, "Pattern Recognition and Machine Learning"
    (2006), equation 5.11, divided by n.

    >>> import symnet as sn
    >>> P, Y = sn.matrix("P", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.evaluate(squared_error(P, Y), {P: [[1.0, 2.0]], Y: [[0.0, 0.0]]})
    1.25
    """
    P, Y = given(P), given(Y)
    return _sum_of_squares(_difference(P, Y)) / (2 * P.shape[1 - axis])


def mse(P: MatrixExpr, Y: MatrixExpr) -> Expr:
    """Give the mean of (P − Y)² over all entries; P, Y: matrices of one shape.

    >>> import symnet as sn
    >>> P, Y = sn.matrix("P", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.evaluate(mse(P, Y), {P: [[1.0, 2.0]], Y: [[0.0, 0.0]]})
    2.5
    """
    P, Y = given(P), given(Y)
    rows, cols = P.shape
    return _sum_of_squares(_difference(P, Y)) / (rows * cols)


def cross_entropy(Z: MatrixExpr, Y: MatrixExpr, axis: int = 0) -> Expr:
    """Give −(1/n)·Σ Y∘log_softmax(Z), the cross-entropy of logits Z and targets Y.

    Z, Y: (classes, samples); with `axis=1` (samples, classes). Where Y is a symbol its columns are distributions, such
    as one-hot targets: they sum to 1, which is what makes the gradient (softmax(Z) − Y)/n, and a kernel called with
    named values checks it. For targets that do not sum to 1 write
    `-sn.sum(sn.hadamard(Y, sn.log_softmax(Z)))/n`. See Bishop (2006), equations 4.108 and 4.109.

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 2, "n"), sn.matrix("Y", 2, "n")
    >>> sn.gradient(cross_entropy(Z, Y), Z) == (sn.softmax(Z) - Y) / Z.shape[1]
    True
    """
    Z, Y = given(Z), given(Y)
    target: Any = Distribution(Y, Integer(axis)) if isinstance(Y, MatrixSymbol) else Y
    return -total(raw(HadamardProduct, target, log_softmax(Z, axis))) / Z.shape[1 - axis]


def binary_cross_entropy(Z: MatrixExpr, Y: MatrixExpr, axis: int = 0) -> Expr:
    """Give −(1/n)·Σ [Y∘log σ(Z) + (1 − Y)∘log(1 − σ(Z))] of logits Z and targets Y between 0 and 1.

    Z, Y: (outputs, samples); with `axis=1` (samples, outputs). Computed as (Σ softplus(Z) − ⟨Y, Z⟩)/n, which is the
    same and does not overflow. See Bishop (2006), equation 4.90.

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.gradient(binary_cross_entropy(Z, Y), Z) == (sn.sigmoid(Z) - Y) / Z.shape[1]
    True
    """
    Z, Y = given(Z), given(Y)
    return (total(softplus(Z)) - total(raw(HadamardProduct, Y, Z))) / Z.shape[1 - axis]
