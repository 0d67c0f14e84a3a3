"""The usual losses, each one formula that a user could have written.

In: predictions or logits and targets, matrix expressions of one shape, one sample a column (a row with `axis=1`).
Out: a scalar expression. n is the number of samples. Where the declared sizes tell that samples are rows and `axis` is
not given, that is refused.
"""

from typing import Any

import numpy as np
from sympy import Expr, HadamardProduct, Integer, MatAdd, MatMul, MatrixExpr, MatrixSymbol, OneMatrix, S, sqrt
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions import curves, scalars
from symnet.expressions.algebra import elementwise, inner_product, sums, total, transpose
from symnet.expressions.axes import as_axis, axis_of_outputs, one_hot_of
from symnet.expressions.beside import check_scalar
from symnet.expressions.declared import facts_of
from symnet.expressions.entering import given, is_array
from symnet.expressions.functions import log_softmax, norm, softplus
from symnet.expressions.nodes import LogSoftmax, Softmax
from symnet.expressions.normalised import RootMeanSquared
from symnet.expressions.operands import raw
from symnet.expressions.ranges import NOT_NEGATIVE, POSITIVE, WEIGHT, as_number
from symnet.expressions.reduced import Largest
from symnet.expressions.sizes import same_shape, shape_text
from symnet.expressions.table import brief
from symnet.expressions.targets import admitted, stated


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


def check_order(who: str, Z: Any, Y: Any, squashed: type | None = None) -> None:
    """Raise `ValueError` where predictions and targets are exchanged for sure, or where the logits are none any more.

    squashed: the function of logits that the loss applies itself.
    """
    if isinstance(Z, MatrixSymbol) and not hasattr(Z, "_net"):
        hot = {"one_hot_columns", "one_hot_rows"} & set(map(str, facts_of(Z)))
        if hot or any(hasattr(s, "_net") for s in Y.free_symbols):
            why = "is declared one_hot" if hot else "is a symbol and the other the output of a net"
            raise ValueError(f"{who}: {Z} {why}, so these are the targets, which stand second; write "
                             f"sn.{who}({brief(Y)}, {Z})")  # fmt: skip
    applied = isinstance(Z, Softmax) if squashed is Softmax else isinstance(getattr(Z, "body", None), squashed or ())
    if squashed is not None and applied:
        name = squashed.__name__.lower()
        raise ValueError(f"{who}: {brief(Z)} is a {name}, which the loss takes itself; give the logits, without it")


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
        return (
            f"; targets have {classes} entries for each sample: declare them {shape_text(P.shape)} and give class "
            f"labels as {one_hot_of('labels', classes, along)}"
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
    as one-hot targets: they sum to 1, which is what makes the gradient (softmax(Z) − Y)/n. So do mixed or smoothed
    targets, (1 − ε)·Y + ε/k, whose shares add up to 1. Values that do not are refused by whatever computes the loss or
    trains; a closed form is the formula alone, and takes what it is given. For targets that
    do not sum to 1 write `-sn.sum(sn.hadamard(Y, sn.log_softmax(Z)))/n`. See Bishop (2006), equations 4.108 and 4.109.

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 2, "n"), sn.matrix("Y", 2, "n")
    >>> sn.gradient(cross_entropy(Z, Y), Z) == (sn.softmax(Z) - Y) / Z.shape[1]
    True
    """
    Z, Y, axis = _entered("cross_entropy", Z, Y, axis)
    check_order("cross_entropy", Z, Y, Softmax)
    return -total(raw(HadamardProduct, stated(Y, axis), log_softmax(Z, axis))) / Z.shape[1 - axis]


def binary_cross_entropy(Z: MatrixExpr, Y: MatrixExpr, axis: int | None = None) -> Expr:
    """Give −(1/n)·Σ [Y∘log σ(Z) + (1 − Y)∘log(1 − σ(Z))] of logits Z and targets Y between 0 and 1.

    Z, Y: (outputs, samples); with `axis=1` (samples, outputs). Targets may be soft; labels −1 and 1, or class numbers,
    are refused by whatever computes the loss or trains. Computed as (Σ softplus(Z) − ⟨Y, Z⟩)/n, which is the same and
    does not overflow. See Bishop (2006), equation 4.90.

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.gradient(binary_cross_entropy(Z, Y), Z) == (sn.sigmoid(Z) - Y) / Z.shape[1]
    True
    """
    Z, Y, axis = _entered("binary_cross_entropy", Z, Y, axis)
    check_order("binary_cross_entropy", Z, Y, scalars.sigmoid)
    Y = admitted(Y, axis, "binary_cross_entropy")
    return (total(softplus(Z)) - total(raw(HadamardProduct, Y, Z))) / Z.shape[1 - axis]


def huber(P: MatrixExpr, Y: MatrixExpr, delta: Any = 1, axis: int | None = None) -> Expr:
    """Give (1/n)·Σ h(P − Y), where h(r) is r²/2 for |r| ≤ delta and delta·(|r| − delta/2) beyond.

    P, Y: (outputs, samples); with `axis=1` (samples, outputs). delta: a positive number or Symbol. Raises `ValueError`
    for a delta that is not positive. The gradient is clip(P − Y, −delta, delta)/n. See P. Huber, "Robust estimation of
    a location parameter" (1964).

    >>> import symnet as sn
    >>> P, Y = sn.matrix("P", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.evaluate(sn.huber(P, Y), {P: [[0.5, 3.0]], Y: [[0.0, 0.0]]})
    1.3125
    >>> print(sn.formula(sn.gradient(sn.huber(P, Y), P)))
    clip(P − Y, −1, 1)/n
    """
    P, Y, axis = _entered("huber", P, Y, axis)
    d = as_number("huber", "delta", delta, POSITIVE)
    return total(elementwise(lambda r, d: curves.huber(r, d), _difference(P, Y), d)) / P.shape[1 - axis]


def hinge(Z: MatrixExpr, Y: MatrixExpr, axis: int | None = None) -> Expr:
    """Give (1/n)·Σ relu(1 − Y∘Z) of scores Z and targets Y that are −1 or 1.

    Z, Y: (outputs, samples); with `axis=1` (samples, outputs). Labels that are others, 0 and 1 or class numbers,
    are refused by whatever computes the loss or trains; for 0 and 1 give 2·Y − 1, as an array or as an expression.
    For one of several classes see `categorical_hinge`. See C. Cortes, V. Vapnik, "Support-vector networks" (1995).

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 1, "n"), sn.matrix("Y", 1, "n")
    >>> sn.evaluate(sn.hinge(Z, Y), {Z: [[0.5, -2.0]], Y: [[1, -1]]})
    0.25
    >>> print(sn.formula(sn.gradient(sn.hinge(Z, Y), Z)))
    −(Y∘[1 − Y∘Z > 0])/n
    """
    Z, Y, axis = _entered("hinge", Z, Y, axis)
    check_order("hinge", Z, Y)
    Y = admitted(Y, axis, "hinge")
    return total(elementwise(lambda y, z: scalars.relu(1 - y * z), Y, Z)) / Z.shape[1 - axis]


def categorical_hinge(Z: MatrixExpr, Y: MatrixExpr, axis: int | None = None) -> Expr:
    """Give (1/n)·Σ max(0, 1 + the largest score of another class − the score of the class), for one-hot targets.

    Z, Y: (classes, samples); with `axis=1` (samples, classes); Y as `sn.one_hot(labels, classes)` gives it, and
    other whole numbers are refused by whatever computes the loss or trains. It is the mean of max(Z + 1 − Y) − ⟨Y,
    Z⟩ for each sample; where scores tie, each has an equal share in the derivative. See K. Crammer, Y. Singer, "On
    the algorithmic implementation of multiclass kernel-based vector machines" (2001).

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 3, "n"), sn.matrix("Y", 3, "n")
    >>> sn.evaluate(sn.categorical_hinge(Z, Y), {Z: [[2, 0], [1.5, 3], [0, 1]], Y: sn.one_hot([0, 1], 3)})
    0.25
    >>> print(sn.formula(sn.gradient(sn.categorical_hinge(Z, Y), Z)))
    (hardmax(Z + 1 − Y) − Y)/n
    """
    Z, Y, axis = _entered("categorical_hinge", Z, Y, axis)
    check_order("categorical_hinge", Z, Y)
    Y = admitted(Y, axis, "categorical_hinge")
    wrong = raw(MatAdd, Z, OneMatrix(*Z.shape), raw(MatMul, S.NegativeOne, Y))
    return (total(Largest(wrong, Integer(axis))) - total(raw(HadamardProduct, Y, Z))) / Z.shape[1 - axis]


def kl_divergence(P: MatrixExpr, Q: MatrixExpr, axis: int | None = None) -> Expr:
    """Give (1/n)·Σ P∘log(P ⊘ Q), the Kullback–Leibler divergence of the distributions Q from the distributions P.

    P, Q: (outcomes, samples); with `axis=1` (samples, outcomes); columns (rows) are distributions: P what is so, Q what
    a model says. Where P is data, whatever computes the loss or trains refuses what is no distribution. Where an entry
    of P is 0 it counts as 0. The logarithm of `sn.softmax(Z)` is taken without leaving logarithms, and its gradient is
    (softmax(Z) − P)/n. See S. Kullback, R. Leibler, "On information and sufficiency" (1951).

    >>> import symnet as sn
    >>> P, Q = sn.matrix("P", 2, "n"), sn.matrix("Q", 2, "n")
    >>> round(sn.evaluate(sn.kl_divergence(P, Q), {P: [[0.5], [0.5]], Q: [[0.25], [0.75]]}), 6)
    0.143841
    >>> print(sn.formula(sn.gradient(sn.kl_divergence(P, Q), Q)))
    −(P ⊘ Q)/n
    """
    P, Q, axis = _entered("kl_divergence", P, Q, axis)
    check_order("kl_divergence", Q, P)
    target = stated(P, axis) if isinstance(Q, Softmax) else P
    P = admitted(P, axis, "kl_divergence")
    return (_by_logarithm(P, P) - _by_logarithm(target, Q)) / P.shape[1 - axis]


def _by_logarithm(P: Any, Q: Any) -> Any:
    # the sum of P∘log(Q)
    if isinstance(Q, Softmax):
        return total(raw(HadamardProduct, P, LogSoftmax(*Q.args)))
    if P is Q:
        return total(elementwise(lambda p: curves.xlogy(p, p), P))
    return total(elementwise(lambda p, q: curves.xlogy(p, q), P, Q))


def focal(Z: MatrixExpr, Y: MatrixExpr, gamma: Any = 2, alpha: Any = None, axis: int | None = None) -> Expr:
    """Give (1/n)·Σ −(1 − p)^gamma∘log(p), p being the probability σ(Z) or 1 − σ(Z) of what Y says is so.

    Z: logits; Y: targets, 0 or 1, and labels that are others are refused by whatever computes the loss or trains;
    both (outputs, samples), with `axis=1` (samples, outputs). gamma: a number or Symbol
    that is not negative; with 0 it is `binary_cross_entropy`. alpha: None, or the weight, between 0 and 1, of the
    targets that are 1; the others weigh 1 − alpha. Raises `ValueError` for others. Of targets between 0 and 1 each
    share has its term: `sn.hadamard(Y, sn.power(sn.sigmoid(-Z), gamma), sn.softplus(-Z))`, and the same of 1 − Y and
    −Z, summed over all. See T.-Y. Lin and others, "Focal loss for dense object detection" (2017), equations 4 and 5.

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 1, "n"), sn.matrix("Y", 1, "n")
    >>> round(sn.evaluate(sn.focal(Z, Y), {Z: [[0.0, 2.0]], Y: [[1, 0]]}), 6)
    0.911682
    """
    Z, Y, axis = _entered("focal", Z, Y, axis)
    check_order("focal", Z, Y, scalars.sigmoid)
    Y = admitted(Y, axis, "focal")
    power = as_number("focal", "gamma", gamma, NOT_NEGATIVE)
    against = elementwise(lambda y, z: (1 - 2 * y) * z, Y, Z)  # the logit of what is not so
    whole = elementwise(lambda u, k: scalars.sigmoid(u) ** k * scalars.softplus(u), against, power)
    if alpha is not None:
        weight = as_number("focal", "alpha, the weight of the targets that are 1,", alpha, WEIGHT)
        whole = raw(HadamardProduct, elementwise(lambda y, a: 1 - a - (1 - 2 * a) * y, Y, weight), whole)
    return total(whole) / Z.shape[1 - axis]


def cosine_similarity(A: MatrixExpr, B: MatrixExpr, axis: int | None = None, epsilon: Any = None) -> Expr:
    """Give the mean over the samples of ⟨a, b⟩/(‖a‖·‖b‖), the cosine of the angle between two vectors.

    A, B: (entries, samples); with `axis=1` (samples, entries). It is 1 where all vectors point the same way: a loss is
    `1 - sn.cosine_similarity(A, B)`. A vector that is 0 has no direction, and the formula gives NaN for it, unless
    there is an `epsilon`, a small positive number: it stands for norms that are smaller, as in PyTorch, whose own is
    1e-8, so that the cosine with 0 is 0 and all others stay. Raises `ValueError` for another epsilon.

    >>> import symnet as sn
    >>> A, B = sn.matrix("A", 2, "n"), sn.matrix("B", 2, "n")
    >>> round(sn.evaluate(sn.cosine_similarity(A, B), {A: [[1, 1], [0, 0]], B: [[2, 0], [0, 3]]}), 12)
    0.5
    >>> round(sn.evaluate(sn.cosine_similarity(A, B, epsilon=1e-8), {A: [[0, 1], [0, 0]], B: [[2, 2], [0, 0]]}), 12)
    0.5
    """
    A, B, axis = _entered("cosine_similarity", A, B, axis)
    if epsilon is not None:
        e = as_number("cosine_similarity", "epsilon", epsilon, POSITIVE)
        products = sums(raw(HadamardProduct, A, B), axis)
        return total(elementwise(_over_norms, products, _lengths(A, axis), _lengths(B, axis), e)) / A.shape[1 - axis]
    if A.shape[1 - axis] == 1:
        return inner_product(A, B) / (norm(A) * norm(B))
    normal = [RootMeanSquared(M, Integer(axis), S.Zero) for M in (A, B)]
    return total(raw(HadamardProduct, *normal)) / (A.shape[0] * A.shape[1])


def triplet(
    A: MatrixExpr, P: MatrixExpr, N: MatrixExpr, margin: Any = 1, axis: int | None = None, epsilon: Any = 1e-6
) -> Expr:
    """Give (1/n)·Σ relu(‖a − p‖ − ‖a − n‖ + margin): anchors shall be nearer to what is alike than to what is not.

    A: anchors; P: samples that are alike; N: samples that are not: all (entries, samples), with `axis=1` (samples,
    entries). margin: a number from 0 on, or a Symbol. epsilon: a small positive number, added to each difference as in
    PyTorch, so that the gradient is there where two samples are the same. Raises `ValueError` for others. See F.
    Schroff, D. Kalenichenko, J. Philbin, "FaceNet" (2015), which squares the distances, and V. Balntas and others,
    "Learning local feature descriptors with triplets" (2016).

    >>> import symnet as sn
    >>> A, P, N = (sn.matrix(name, 2, "n") for name in "APN")
    >>> round(sn.evaluate(sn.triplet(A, P, N), {A: [[0], [0]], P: [[3], [4]], N: [[0], [5.5]]}), 5)
    0.5
    """
    A, P, axis = _entered("triplet", A, P, axis)
    N = _entered("triplet", N, A, axis)[0]
    m = as_number("triplet", "the margin", margin, NOT_NEGATIVE)
    e = as_number("triplet", "epsilon", epsilon, POSITIVE)
    near, far = (_lengths(elementwise(lambda a, b: a - b + e, A, other), axis) for other in (P, N))
    return total(elementwise(lambda p, q, m: scalars.relu(p - q + m), near, far, m)) / A.shape[1 - axis]


def _over_norms(product: Any, p: Any, q: Any, least: Any) -> Any:
    return product / (scalars.maximum(p, least) * scalars.maximum(q, least))


def _lengths(D: Any, axis: int) -> Any:
    return elementwise(sqrt, sums(raw(HadamardProduct, D, D), axis))
