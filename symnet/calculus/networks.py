"""The rows of the table of matrix calculus for what networks use: normalisation, extremes, products, masks.

Each is a rule as `rules` has them: the adjoint of the result, the result, the arguments; out comes one adjoint for each
argument. With X̂ = (X − μ) ⊘ σ the adjoint of X is (G − mean(G) − X̂∘mean(X̂∘G)) ⊘ σ: S. Ioffe, C. Szegedy, "Batch
normalization" (2015), section 3, put together; J. Ba, J. Kiros, G. Hinton, "Layer normalization" (2016).
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, MatrixExpr, S

from symnet.expressions import (
    Hardmax, Means, OtherProducts, OverDeviation, OverRoot, add, hadamard, scaled, spread, sums, MeanOfAll,
)  # fmt: skip

Adjoints = tuple[Any, ...]


def _minus(A: MatrixExpr) -> MatrixExpr:
    return scaled(S.NegativeOne, A)


# -- means, variances, and what is normalised by them


def axis_var(G: MatrixExpr, Y: MatrixExpr, X: MatrixExpr, axis: Expr, ddof: Expr) -> Adjoints:
    """Give 2·(X − μ)∘G/(n − ddof), G repeated along the axis."""
    centred = add(X, _minus(Means(X, axis)))
    return scaled(2 / (X.shape[int(axis)] - ddof), hadamard(centred, spread(G, X.shape, axis))), None, None


def variance(g: Expr, y: Expr, X: MatrixExpr, ddof: Expr) -> Adjoints:
    """Give 2g·(X − μ)/(n − ddof) for the variance of all entries."""
    rows, cols = X.shape
    return scaled(2 * g / (rows * cols - ddof), add(X, _minus(MeanOfAll(X)))), None


def standardised(G: MatrixExpr, Y: MatrixExpr, X: MatrixExpr, axis: Expr, epsilon: Expr) -> Adjoints:
    """Give (G − mean(G) − Y∘mean(Y∘G)) ⊘ σ."""
    along = hadamard(Y, Means(hadamard(Y, G), axis))
    return OverDeviation(add(G, _minus(Means(G, axis)), _minus(along)), X, axis, epsilon), None, None


def over_deviation(G: MatrixExpr, Y: MatrixExpr, A: MatrixExpr, X: MatrixExpr, axis: Expr, epsilon: Expr) -> Adjoints:
    """Give G ⊘ σ for what stands above, and −X̂∘mean(G∘Y) ⊘ σ for what the deviation is of."""
    from_centre = OverDeviation(add(X, _minus(Means(X, axis))), X, axis, epsilon)
    slope = OverDeviation(hadamard(from_centre, Means(hadamard(G, Y), axis)), X, axis, epsilon)
    return OverDeviation(G, X, axis, epsilon), _minus(slope), None, None


def root_mean_squared(G: MatrixExpr, Y: MatrixExpr, X: MatrixExpr, axis: Expr, epsilon: Expr) -> Adjoints:
    """Give (G − Y∘mean(Y∘G)) ⊘ the root of the mean of squares."""
    along = hadamard(Y, Means(hadamard(Y, G), axis))
    return OverRoot(add(G, _minus(along)), X, axis, epsilon), None, None


def over_root(G: MatrixExpr, Y: MatrixExpr, A: MatrixExpr, X: MatrixExpr, axis: Expr, epsilon: Expr) -> Adjoints:
    """Give the same as `over_deviation` without a mean that is subtracted."""
    slope = OverRoot(hadamard(OverRoot(X, X, axis, epsilon), Means(hadamard(G, Y), axis)), X, axis, epsilon)
    return OverRoot(G, X, axis, epsilon), _minus(slope), None, None


# -- extremes and products


def largest(G: MatrixExpr, Y: MatrixExpr, A: MatrixExpr, axis: Expr) -> Adjoints:
    """Give G to the largest entry along the axis, equal shares where there are several."""
    return hadamard(Hardmax(A, axis), spread(G, A.shape, axis)), None


def smallest(G: MatrixExpr, Y: MatrixExpr, A: MatrixExpr, axis: Expr) -> Adjoints:
    """Give G to the smallest entry along the axis, equal shares where there are several."""
    return hadamard(Hardmax(_minus(A), axis), spread(G, A.shape, axis)), None


def product(G: MatrixExpr, Y: MatrixExpr, A: MatrixExpr, axis: Expr) -> Adjoints:
    """Give G times the product of all other entries along the axis."""
    return hadamard(OtherProducts(A, axis), spread(G, A.shape, axis)), None


def other_products(G: MatrixExpr, Y: MatrixExpr, A: MatrixExpr, axis: Expr, *along: MatrixExpr) -> Adjoints:
    """Give one more derivative, along G; in which order directions are taken makes no difference."""
    rest = [(*along[:k], *along[k + 1 :]) for k in range(len(along))]
    return OtherProducts(A, axis, *along, G), None, *[OtherProducts(A, axis, *others, G) for others in rest]


# -- softmax over the entries of a mask


def masked_softmax(G: MatrixExpr, P: MatrixExpr, Z: MatrixExpr, M: MatrixExpr, axis: Expr) -> Adjoints:
    """Give P∘(G − the sums of G∘P), as for softmax: what is left out has P = 0. The mask has no derivative."""
    means = spread(sums(hadamard(G, P), axis), Z.shape, axis)
    return hadamard(P, add(G, _minus(means))), None, None
