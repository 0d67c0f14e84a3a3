"""The table of matrix calculus: one row for each operation, `rule(G, Y, *args)` gives one adjoint for each argument.

G is the adjoint of the result, the derivative of the loss in every entry of it and of its shape; Y is the result
itself; args are the arguments of the node. An adjoint has the shape of its argument; None stands where an argument
carries no gradient (a bound function, an axis). The rows build expressions and compute nothing.

Sources: [G] M. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation", Oxford NA-08/01 (2008); [MN] J. Magnus, H. Neudecker, "Matrix Differential Calculus" (2019);
[PP] K. Petersen, M. Pedersen, "The Matrix Cookbook" (2012); [B] C. Bishop, "Pattern Recognition and Machine
Learning" (2006).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn

from sympy import (
    Add, Expr, HadamardProduct, Identity, Inverse, Lambda, MatAdd, MatMul, MatrixExpr, OneMatrix, S, Symbol, Trace,
    Transpose, ZeroMatrix,
)  # fmt: skip
from sympy.matrices.expressions.determinant import Determinant

from symnet.calculus import networks
from symnet.expressions import (
    AxisMax, AxisProd, AxisVar, Bound, Diag, Diagonal, Elementwise, Hardmax, Kron, Largest, LogSoftmax, LogSumExp,
    MaskedSoftmax, MeanOfAll, Means, OtherProducts, OverDeviation, OverRoot, Paired, RootMeanSquared, Smallest, Softmax,
    Standardised, Table, Total, Unpaired, Unvec, Variance, Vec, add, apply_entrywise, diagonal_matrix, hadamard,
    inner_product, matmul, partial, scaled, spread, stacked, sums, transpose, unstacked,
)  # fmt: skip

Rule = Callable[..., tuple[Any, ...]]
_OUTPUT = Bound("y", real=True)


def product_adjoint(G: MatrixExpr, Y: Expr, *args: Expr) -> tuple[Expr, ...]:
    """Give the adjoints of c·A·B·…: left factorsᵀ · G · right factorsᵀ, and ⟨G, the rest⟩ for a scalar."""
    adjoints = []
    for i, arg in enumerate(args):
        left, right = args[:i], args[i + 1 :]
        if arg.is_Matrix:
            scalars = [a for a in left + right if not a.is_Matrix]
            before = [transpose(a) for a in reversed(left) if a.is_Matrix]
            after = [transpose(a) for a in reversed(right) if a.is_Matrix]
            adjoints.append(matmul(*scalars, *before, G, *after))
        elif arg.free_symbols:
            adjoints.append(inner_product(G, matmul(*left, *right)))
        else:
            adjoints.append(None)
    return tuple(adjoints)


def hadamard_adjoint(G: MatrixExpr, Y: Expr, *args: MatrixExpr) -> tuple[MatrixExpr, ...]:
    """Give G ∘ (the other factors) for each factor."""
    return tuple(hadamard(G, *args[:i], *args[i + 1 :]) for i in range(len(args)))


@lru_cache(maxsize=1024)
def _slope(f: Lambda, variable: Symbol) -> Expr:
    return partial(f.expr, variable, _OUTPUT)


def elementwise_adjoint(G: MatrixExpr, Y: MatrixExpr, f: Lambda, *args: Expr) -> tuple[Any, ...]:
    """Give G ∘ f'(A) for each matrix, written with Y = f(A) where it can be; its sum for each scalar."""
    values = dict(zip(f.variables, args, strict=True)) | {_OUTPUT: Y}
    return (None, *[_through(G, _slope(f, v), a, values) for v, a in zip(f.variables, args, strict=True)])


def _through(G: MatrixExpr, slope: Expr, argument: Expr, values: dict[Any, Expr]) -> Expr:
    # numbers and scalars stand before the product, not inside
    entries = [v for v, a in values.items() if a.is_Matrix]
    c, body = slope.as_independent(*entries, as_Add=False)
    D = apply_entrywise(body, values)
    c = c.xreplace({v: a for v, a in values.items() if not a.is_Matrix})
    return scaled(c, hadamard(G, D)) if argument.is_Matrix else c * inner_product(G, D)


def scalar_adjoint(g: Expr, y: Expr, body: Expr, *symbols: Symbol) -> tuple[Expr, ...]:
    """Give g times the partial derivative for each symbol of a scalar expression."""
    return tuple(g * partial(body, s, y) for s in symbols)


def _softmax(G: MatrixExpr, P: MatrixExpr, Z: MatrixExpr, axis: Any) -> tuple[MatrixExpr, None]:
    means = spread(sums(hadamard(G, P), axis), Z.shape, axis)
    return hadamard(P, add(G, scaled(S.NegativeOne, means))), None


def _log_softmax(G: MatrixExpr, Y: MatrixExpr, Z: MatrixExpr, axis: Any) -> tuple[MatrixExpr, None]:
    means = spread(sums(G, axis), Z.shape, axis)
    return add(G, scaled(S.NegativeOne, hadamard(Softmax(Z, axis), means))), None


def _log_sum_exp(G: MatrixExpr, Y: MatrixExpr, Z: MatrixExpr, axis: Any) -> tuple[MatrixExpr, None]:
    return hadamard(Softmax(Z, axis), spread(G, Z.shape, axis)), None


def _no_slope(G: MatrixExpr, Y: MatrixExpr, Z: MatrixExpr, axis: Any) -> NoReturn:
    raise TypeError("the accuracy, and the largest entry along an axis, have no useful derivative: train "
                    "with sn.cross_entropy and metrics={'accuracy': …}, or write sn.logsumexp")  # fmt: skip


def _kron(G: MatrixExpr, Y: MatrixExpr, A: MatrixExpr, B: MatrixExpr) -> tuple[MatrixExpr, ...]:
    products = Paired(G, *A.shape)
    return (
        unstacked(matmul(products, stacked(B)), *A.shape),
        unstacked(matmul(transpose(products), stacked(A)), *B.shape),
    )


def _paired(G: MatrixExpr, Y: MatrixExpr, R: MatrixExpr, m: Expr, n: Expr) -> tuple[Any, ...]:
    return Unpaired(G, m, n, R.shape[0] / m, R.shape[1] / n), None, None


# fmt: off
RULES: Table[Rule] = Table("rule", "add a row to symnet.RULES, RULES[{name}] = lambda G, Y, *args: (one adjoint for "
                           "each argument)", {
    # sums and products                                                                    [G] 2.1, 2.2; [PP] 2.4
    MatAdd:          lambda G, Y, *terms: (G,) * len(terms),
    MatMul:          product_adjoint,
    Transpose:       lambda G, Y, A: (transpose(G),),
    Inverse:         lambda G, Y, A, *_: (matmul(S.NegativeOne, transpose(Y), G, transpose(Y)), None),      # [G] 2.3
    # entry by entry                                                                       [MN] 9.14; [B] 5.3
    HadamardProduct: hadamard_adjoint,
    Elementwise:     elementwise_adjoint,
    # to a scalar                                                                          [G] 2.2.4; [PP] 2.1, 2.5
    Total:           lambda g, y, A: (scaled(g, OneMatrix(*A.shape)),),
    Trace:           lambda g, y, A: (scaled(g, Identity(A.shape[0])),),
    Determinant:     lambda g, y, A: (scaled(g * y, transpose(Inverse(A))),),
    # along an axis                                                                        [B] 4.3.4
    Softmax:         _softmax,
    LogSoftmax:      _log_softmax,
    LogSumExp:       _log_sum_exp,
    AxisMax:         _no_slope,
    Largest:         networks.largest,
    Smallest:        networks.smallest,
    Hardmax:         lambda G, Y, A, axis: (ZeroMatrix(*A.shape), None),
    AxisProd:        networks.product,
    OtherProducts:   networks.other_products,
    MaskedSoftmax:   networks.masked_softmax,
    # means and variances, and what is normalised by them
    Means:           lambda G, Y, A, axis: (Means(G, axis), None),
    MeanOfAll:       lambda G, Y, A: (MeanOfAll(G),),
    AxisVar:         networks.axis_var,
    Variance:        networks.variance,
    Standardised:    networks.standardised,
    OverDeviation:   networks.over_deviation,
    RootMeanSquared: networks.root_mean_squared,
    OverRoot:        networks.over_root,
    # diagonals, stacked columns and Kronecker products                                    [MN] 2.4, 3.7
    Diag:            lambda G, Y, v: (Diagonal(G),),
    Diagonal:        lambda G, Y, A: (diagonal_matrix(G),),
    Vec:             lambda G, Y, A: (unstacked(G, *A.shape),),
    Unvec:           lambda G, Y, v, *_: (stacked(G), None, None),
    Kron:            _kron,
    Paired:          _paired,
    Unpaired:        lambda G, Y, R, m, n, *_: (Paired(G, m, n), None, None, None, None),
    # scalars of scalars
    Add:             lambda g, y, *terms: (g,) * len(terms),
    Expr:            scalar_adjoint,
})
# fmt: on
