"""The usual losses, each one formula that a user could have written.

In: predictions or logits and targets, matrix expressions of one shape, one sample a column (a row with `axis=1`).
Out: a scalar expression. n is the number of samples. Where the declared sizes tell that samples are rows and `axis` is
not given, that is refused.
"""

from typing import Any

import numpy as np
from sympy import Expr, HadamardProduct, Integer, MatAdd, MatMul, MatrixExpr, MatrixSymbol, S
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.algebra import total, transpose
from symnet.expressions.axes import as_axis, axis_of_outputs
from symnet.expressions.beside import check_scalar
from symnet.expressions.entering import given, is_array
from symnet.expressions.functions import log_softmax, softplus
from symnet.expressions.nodes import Distribution
from symnet.expressions.operands import raw
from symnet.expressions.sizes import same_shape, shape_text
from symnet.expressions.table import brief


def _entered(who: str, P: Any, Y: Any, axis: Any) -> tuple[Any, Any, int]:
    P, Y = _as_operand(who, P, Y), _as_operand(who, Y, P)
    for A in (P, Y):
        if not getattr(A, "is_Matrix", False):
            check_scalar(A)
            raise TypeError(f"{who}: {brief(A)} is no matrix; give predictions and targets as matrices of one shape")
    if not same_shape(P.shape, Y.shape):
        raise ShapeError(f"{who}: {_said(P, 'P')} is {shape_text(P.shape)} but {_said(Y, 'Y')} is "
                         f"{shape_text(Y.shape)}{_way(who, P, Y, axis)}")  # fmt: skip
    return P, Y, axis_of_outputs(who, P, axis)


def _as_operand(who: str, A: Any, other: Any) -> Any:
    # an array with one axis lies along the other operand, where that is a vector
    array = np.asarray(A) if is_array(A) else None
    if array is not None and array.ndim == 1:
        shape = getattr(given(other, who), "shape", (1, 1))
        A = array.reshape((1, -1) if shape[0] == 1 != shape[1] else (-1, 1))
    return given(A, who)


def _said(A: Any, otherwise: str) -> str:
    return f"the array for {otherwise}" if isinstance(A, MatrixBase) else brief(A)


def _way(who: str, P: Any, Y: Any, axis: Any) -> str:
    along = as_axis(0 if axis is None else axis)
    classes, samples = P.shape[along], P.shape[1 - along]
    if who == "cross_entropy" and 1 in Y.shape and classes != 1:
        turned = ", axis=1" if along else ""
        return (
            f"; targets have {classes} entries for each sample: declare them {shape_text(P.shape)} and give class "
            f"labels as sn.one_hot(labels, {classes}{turned})"
        )
    if same_shape(P.shape, Y.shape[::-1]):
        return f": one of them is transposed; write {_said(transpose(Y), 'Y, turned')}"
    if isinstance(Y, MatrixBase) and samples.is_Symbol:
        return f"; declare {samples} as a number, or make the array a symbol and give it as its value"
    return "; make them one shape"


def _difference(P: MatrixExpr, Y: MatrixExpr) -> MatrixExpr:
    return raw(MatAdd, P, raw(MatMul, S.NegativeOne, Y))


def _sum_of_squares(R: MatrixExpr) -> Expr:
    return total(raw(HadamardProduct, R, R))


def squared_error(P: MatrixExpr, Y: MatrixExpr, axis: int | None = None) -> Expr:
    """Give ‖P − Y‖²/(2n), the halved squared error, averaged over the n samples and summed over the outputs.

    P, Y: (outputs, samples); with `axis=1` (samples, outputs). See Bishop, "Pattern Recognition and Machine Learning"
    (2006), equation 5.11, divided by n.

    >>> import symnet as sn
    >>> P, Y = sn.matrix("P", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.evaluate(squared_error(P, Y), {P: [[1.0, 2.0]], Y: [[0.0, 0.0]]})
    1.25
    """
    P, Y, axis = _entered("squared_error", P, Y, axis)
    return _sum_of_squares(_difference(P, Y)) / (2 * P.shape[1 - axis])


def mse(P: MatrixExpr, Y: MatrixExpr, axis: int | None = None) -> Expr:
    """Give the mean of (P − Y)² over all entries; P, Y: matrices of one shape, samples as columns or as rows.

    axis: makes no difference here; it is taken because the other losses take it.

    >>> import symnet as sn
    >>> P, Y = sn.matrix("P", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.evaluate(mse(P, Y), {P: [[1.0, 2.0]], Y: [[0.0, 0.0]]})
    2.5
    """
    P, Y, _ = _entered("mse", P, Y, 0 * as_axis(0 if axis is None else axis))
    rows, cols = P.shape
    return _sum_of_squares(_difference(P, Y)) / (rows * cols)


def cross_entropy(Z: MatrixExpr, Y: MatrixExpr, axis: int | None = None) -> Expr:
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
    Z, Y, axis = _entered("cross_entropy", Z, Y, axis)
    target: Any = Distribution(Y, Integer(axis)) if isinstance(Y, MatrixSymbol) else Y
    return -total(raw(HadamardProduct, target, log_softmax(Z, axis))) / Z.shape[1 - axis]


def binary_cross_entropy(Z: MatrixExpr, Y: MatrixExpr, axis: int | None = None) -> Expr:
    """Give −(1/n)·Σ [Y∘log σ(Z) + (1 − Y)∘log(1 − σ(Z))] of logits Z and targets Y between 0 and 1.

    Z, Y: (outputs, samples); with `axis=1` (samples, outputs). Computed as (Σ softplus(Z) − ⟨Y, Z⟩)/n, which is the
    same and does not overflow. See Bishop (2006), equation 4.90.

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.gradient(binary_cross_entropy(Z, Y), Z) == (sn.sigmoid(Z) - Y) / Z.shape[1]
    True
    """
    Z, Y, axis = _entered("binary_cross_entropy", Z, Y, axis)
    return (total(softplus(Z)) - total(raw(HadamardProduct, Y, Z))) / Z.shape[1 - axis]
