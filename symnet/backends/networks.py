"""What networks use, as a machine computes it: means and deviations once, products without a division, masks as −∞.

In: nodes. Out: rows of `STABLE`, which make operations of them that share what they have in common, and of `NUMPY`.
"""

from __future__ import annotations

from typing import Any

from sympy import Integer, Lambda, MatrixExpr, OneMatrix, S, exp, sqrt

from symnet.backends.emitter import Code
from symnet.backends.lowering import STABLE
from symnet.backends.numpy_code import NUMPY, NumPyCode
from symnet.expressions import (
    AxisMax, AxisProd, AxisVar, Earlier, Elementwise, Hardmax, Largest, MaskedSoftmax, MeanOfAll, Means, OtherProducts,
    OverDeviation, OverRoot, Parted, RootMeanSquared, Running, Smallest, Standardised, Tiled, Variance, add, among,
    bound_variables, elementwise, finite, hadamard, or_one, scaled, spread, step, sums, total, transpose,
)  # fmt: skip
from symnet.program import Builder

(_X,) = bound_variables(1)
_RECIPROCAL = Lambda((_X,), 1 / _X)


def _less(A: MatrixExpr, B: MatrixExpr) -> MatrixExpr:
    return add(A, scaled(S.NegativeOne, B))


# -- means, variances, and what is normalised by them


def _mean(b: Builder, A: Any, axis: int) -> Any:
    return b.define(scaled(1 / A.shape[axis], sums(A, axis)))


def _centred(b: Builder, X: Any, axis: int) -> Any:
    return b.define(_less(X, spread(_mean(b, X, axis), X.shape, axis)))


def _over_root(b: Builder, A: Any, D: Any, axis: int, epsilon: Any) -> Any:
    # A ⊘ √(mean of D∘D + ε): the reciprocals, one for each line, are computed once
    squares = _mean(b, b.define(hadamard(D, D)), axis)
    inverse = b.define(elementwise(lambda v: 1 / sqrt(v + epsilon), squares))
    return hadamard(A, spread(inverse, A.shape, axis))


def _standardised(b: Builder, node: Any) -> Any:
    D = _centred(b, node.args[0], node.axis)
    return _over_root(b, D, D, node.axis, node.args[2])


def _over_deviation(b: Builder, node: Any) -> Any:
    A, X = node.operands
    return _over_root(b, A, _centred(b, X, node.axis), node.axis, node.args[3])


def _mean_of_all(b: Builder, node: Any) -> Any:
    rows, cols = node.shape
    return scaled(b.define(total(node.args[0])) / (rows * cols), OneMatrix(rows, cols))


def _axis_var(b: Builder, node: Any) -> Any:
    X, axis = node.args[0], node.axis
    D = _centred(b, X, axis)
    return scaled(1 / (X.shape[axis] - node.args[2]), sums(b.define(hadamard(D, D)), axis))


def _variance(b: Builder, node: Any) -> Any:
    X, ddof = node.args
    size = X.shape[0] * X.shape[1]
    D = b.define(elementwise(lambda x, m: x - m, X, b.define(total(X)) / size))
    return b.define(total(hadamard(D, D))) / (size - ddof)


# -- extremes and products


def _hardmax(b: Builder, node: Any) -> Any:
    A, axis = node.args[0], node.axis
    top = spread(b.define(Largest(A, Integer(axis))), A.shape, axis)
    among_them = b.define(elementwise(lambda a, m: 1 - step(m - a), A, top))
    shares = spread(b.define(sums(among_them, axis)), A.shape, axis)
    return hadamard(among_them, Elementwise(_RECIPROCAL, shares))


def _other_products(b: Builder, node: Any) -> Any:
    if node.axis == 1:
        return transpose(b.define(_others(b, *map(transpose, node.operands))))
    return _others(b, *node.operands)


def _others(b: Builder, A: Any, *directions: Any) -> Any:
    # a derivative along G: at k, the products of a copy in which the k-th entries of A are 1 and those of G are 0
    if not directions:
        return hadamard(b.define(Running(A, S.Zero, S.Zero)), b.define(Running(A, S.Zero, S.One)))
    first, *others = [b.define(Tiled(G, S.Zero, S.Zero)) for G in directions]
    products = b.define(_others(b, b.define(Tiled(A, S.Zero, S.One)), *others))
    return Parted(b.define(sums(b.define(hadamard(first, products)), 0)), S.Zero, A.shape[0])


# -- softmax over the entries of a mask


def _masked_softmax(b: Builder, node: Any) -> Any:
    (Z, M), axis = node.operands, node.axis
    kept = b.define(elementwise(among, Z, M))
    top = b.define(elementwise(finite, b.define(AxisMax(kept, Integer(axis)))))
    exponentials = b.define(elementwise(exp, b.define(_less(kept, spread(top, Z.shape, axis)))))
    shares = b.define(elementwise(or_one, b.define(sums(exponentials, axis))))
    return hadamard(exponentials, Elementwise(_RECIPROCAL, spread(shares, Z.shape, axis)))


STABLE.update({
    Means: lambda b, node: spread(_mean(b, node.args[0], node.axis), node.shape, node.axis),
    MeanOfAll: _mean_of_all,
    AxisVar: _axis_var,
    Variance: _variance,
    Standardised: _standardised,
    OverDeviation: _over_deviation,
    RootMeanSquared: lambda b, node: _over_root(b, node.args[0], node.args[0], node.axis, node.args[2]),
    OverRoot: lambda b, node: _over_root(b, node.args[0], node.args[1], node.axis, node.args[3]),
    Hardmax: _hardmax,
    OtherProducts: _other_products,
    MaskedSoftmax: _masked_softmax,
})  # fmt: skip


# -- rows of NumPy code


def _running(c: NumPyCode, node: Any) -> Code:
    A = node.args[0]
    ones = c.numpy.ones(Code(f"(1, {c.length(A.shape[1])})"), dtype=c.numpy.dtype)
    code = c.full(A)
    if node.args[2]:
        parts = code["::-1"].method("cumprod", axis=0)[":-1"]["::-1"], ones
    else:
        parts = ones, code.method("cumprod", axis=0)[":-1"]
    return c.numpy.concatenate(Code(f"({parts[0]}, {parts[1]})"))


def _tiled(c: NumPyCode, node: Any) -> Code:
    A, _, fill = node.args
    rows, cols = node.shape
    own = c.numpy.eye(c.length(rows), dtype=Code("bool"))[":, :, None"]
    return c.numpy.where(own, c.length(fill), c.full(A)[":, None, :"]).method("reshape", c.length(rows), c.length(cols))


NUMPY.update({
    Largest: lambda c, node: c.chosen_along("max", c.full(node.args[0]), node.axis),
    Smallest: lambda c, node: c.chosen_along("min", c.full(node.args[0]), node.axis),
    AxisProd: lambda c, node: c.full(node.args[0]).method("prod", axis=node.axis, keepdims=True),
    Running: _running,
    Tiled: _tiled,
    Parted: lambda c, node: c.full(node.args[0]).method("reshape", *map(c.length, node.shape)),
    Earlier: lambda c, node: c.numpy.tri(*map(c.length, node.shape), dtype=c.numpy.dtype),
})  # fmt: skip
