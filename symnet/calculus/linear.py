"""Strike a linear argument off: from equations that are linear in v to the matrix that v is multiplied by.

In: equations, a symbol v in which the values are linear, and a name. Out: the matrix M with vec(value) = M·vec(v), in
the names of the equations that do not depend on v. A·v·B → (Bᵀ ⊗ A)·vec v, D∘v → diag(vec D)·vec v, vᵀ → K·vec v,
⟨a, v⟩ → (vec a)ᵀ·vec v, sums term by term: J. Magnus and H. Neudecker, "Matrix Differential Calculus" (2019), 2.4, 3.7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from sympy import (
    Expr, HadamardProduct, Identity, MatAdd, MatMul, MatrixSymbol, OneMatrix, S, Symbol, Trace,
    Transpose, ZeroMatrix, preorder_traversal,
)  # fmt: skip

from symnet.expressions import (
    Channels, Diag, Diagonal, Elementwise, Images, MeanOfAll, Means, Name, OverDeviation, OverRoot, Table, Total, Unvec,
    Vec, add, apply_entrywise, commutation, composed, diagonal_of, hadamard, kronecker, matmul, partial, scaled,
    stacked, symbols_of, transpose,
)  # fmt: skip
from symnet.program import Equation, readable, symbol_like

Known = Mapping[Any, Any]  # the matrix of each name that depends on v


def struck_off(equations: Sequence[Equation], v: Name, output: Name) -> Any:
    """Give M with vec(output) = M·vec(v). Raises `TypeError` for an operation that has no matrix here."""
    size = _length(v)
    known: dict[Any, Any] = {v: Identity(size)}
    for e in equations:
        if not known.keys().isdisjoint(symbols_of(e.rhs)):
            try:
                found = matrix_in(e.rhs, known)
            except TypeError:
                _tell(e.rhs, known, equations)
                raise
            if found is not None and not isinstance(found, ZeroMatrix):
                known[e.lhs] = found
    return known[output] if output in known else ZeroMatrix(_length(output), size)


def _length(A: Any) -> Any:
    return A.shape[0] * A.shape[1] if A.is_Matrix else S.One


def matrix_in(expr: Any, known: Known) -> Any:
    """Give M with vec(expr) = M·vec(v), by the matrices that are known of names; None where it does not depend on v."""
    if isinstance(expr, (MatrixSymbol, Symbol)):
        return known.get(expr)
    if known.keys().isdisjoint(symbols_of(expr)):
        return None
    return MATRICES.of(expr)(expr, known)


def _tell(expr: Any, known: Known, equations: Sequence[Equation]) -> None:
    # what has no matrix: names that no user has seen are put in, and what depends on v is a point
    for node in preorder_traversal(expr):
        if isinstance(node, (MatrixSymbol, Symbol)) or known.keys().isdisjoint(symbols_of(node)) or MATRICES.find(node):
            continue
        points = {s: symbol_like("·", s) for s in symbols_of(node) & known.keys()}
        text = readable(equations, node.xreplace(points), {e.lhs.name for e in equations})
        name = type(node).__name__
        raise TypeError(f"there is no {MATRICES.what} for {name}, met in {text}: {MATRICES.way_out}")


def _product(expr: Any, known: Known) -> Any:
    scalars = [a for a in expr.args if not a.is_Matrix]
    factors = [a for a in expr.args if a.is_Matrix]
    for i, factor in enumerate(factors):
        inner = matrix_in(factor, known)
        if inner is not None:
            left = matmul(*factors[:i]) if i else Identity(factor.shape[0])
            right = matmul(*factors[i + 1 :]) if factors[i + 1 :] else Identity(factor.shape[1])
            outer = kronecker(transpose(right), left)
            return scaled(reduce(lambda a, b: a * b, scalars, S.One), composed(outer, inner))
    c = reduce(lambda a, b: a * b, scalars, S.One)
    return composed(stacked(matmul(*factors)), matrix_in(c, known))


def _hadamard(expr: Any, known: Known) -> Any:
    for i, factor in enumerate(expr.args):
        inner = matrix_in(factor, known)
        if inner is not None:
            return composed(diagonal_of(hadamard(*expr.args[:i], *expr.args[i + 1 :])), inner)
    return None


def _elementwise(expr: Elementwise, known: Known) -> Any:
    found = []
    for v, a in expr.slots.items():
        inner = matrix_in(a, known)
        if inner is not None:
            D = apply_entrywise(partial(expr.body, v, S.Zero), expr.slots)
            found.append(composed(diagonal_of(D) if a.is_Matrix else stacked(D), inner))
    return add(*found)


def _sum(expr: Any, known: Known) -> Any:
    return add(*[m for m in (matrix_in(a, known) for a in expr.args) if m is not None])


def _total(expr: Any, known: Known) -> Any:
    A = expr.args[0]
    return composed(transpose(OneMatrix(_length(A), S.One)), matrix_in(A, known))


def _trace(expr: Any, known: Known) -> Any:
    A = expr.args[0]
    return composed(transpose(stacked(Identity(A.shape[0]))), matrix_in(A, known))


def _transpose(expr: Any, known: Known) -> Any:
    A = expr.args[0]
    return composed(commutation(*A.shape), matrix_in(A, known))


def _row_by_row(expr: Any, known: Known) -> Any:  # the rows of channels and of images have the same order
    A = expr.args[0]
    return composed(commutation(expr.shape[1], expr.shape[0]), commutation(*A.shape), matrix_in(A, known))


def _scalar(expr: Any, known: Known) -> Any:
    found = [scaled(expr.diff(s), known[s]) for s in sorted(expr.free_symbols & known.keys(), key=str)]
    return add(*found)


def _same_entries(expr: Any, known: Known) -> Any:
    return matrix_in(expr.args[0], known)


def _diag(expr: Any, known: Known) -> Any:  # diag(v) is I∘(v·1ᵀ)
    n = expr.shape[0]
    return composed(diagonal_of(Identity(n)), kronecker(OneMatrix(n, 1), Identity(n)), matrix_in(expr.args[0], known))


def _diagonal(expr: Any, known: Known) -> Any:  # the diagonal of A is (I∘A)·1
    n = expr.shape[0]
    return composed(kronecker(OneMatrix(1, n), Identity(n)), diagonal_of(Identity(n)), matrix_in(expr.args[0], known))


def _means(expr: Any, known: Known) -> Any:
    A, axis = expr.args[0], int(expr.args[1])
    n, ones = A.shape[axis], OneMatrix(A.shape[axis], A.shape[axis])
    eye = Identity(A.shape[1 - axis])
    return scaled(
        1 / n, composed(kronecker(ones, eye) if axis else kronecker(eye, ones), matrix_in(expr.args[0], known))
    )


def _mean_of_all(expr: Any, known: Known) -> Any:
    n = _length(expr)
    return scaled(1 / n, composed(OneMatrix(n, n), matrix_in(expr.args[0], known)))


def _over(expr: Any, known: Known) -> Any:
    A, *rest = expr.args
    return composed(diagonal_of(expr.func(OneMatrix(*A.shape), *rest)), matrix_in(A, known))


MATRICES: Table[Callable[[Any, Known], Any]] = Table(
    "matrix of a linear map",
    "sn.hvp and sn.jvp give it times a direction",
    {
        MatMul: _product,
        MatAdd: _sum,
        HadamardProduct: _hadamard,
        Elementwise: _elementwise,
        Transpose: _transpose,
        **dict.fromkeys((Images, Channels), _row_by_row),
        **dict.fromkeys((Vec, Unvec), _same_entries),
        Diag: _diag,
        Diagonal: _diagonal,
        Means: _means,
        MeanOfAll: _mean_of_all,
        **dict.fromkeys((OverDeviation, OverRoot), _over),
        Total: _total,
        Trace: _trace,
        Expr: _scalar,
    },
)
