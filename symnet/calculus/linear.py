"""Strike a linear argument off: from equations that are linear in v to the matrix that v is multiplied by.

In: equations, a symbol v in which the values are linear, and a name. Out: the matrix M with vec(value) = M·vec(v), in
the names of the equations that do not depend on v. A·v·B → (Bᵀ ⊗ A)·vec v, D∘v → diag(vec D)·vec v, vᵀ → K·vec v,
⟨a, v⟩ → (vec a)ᵀ·vec v, sums term by term: J. Magnus and H. Neudecker, "Matrix Differential Calculus" (2019), 2.4, 3.7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import gcd, lcm
from typing import Any

from sympy import (
    Basic, Expr, HadamardProduct, Identity, MatAdd, MatMul, MatrixSymbol, OneMatrix, Rational, S, Symbol, Trace,
    Transpose, ZeroMatrix,
)  # fmt: skip

from symnet.expressions import (
    Elementwise, Name, Table, Total, add, apply_entrywise, commutation, composed, diagonal_of, hadamard, kronecker,
    matmul, partial, scaled, split, stacked, symbols_of, transpose,
)  # fmt: skip
from symnet.program import Equation

Known = Mapping[Any, Any]  # the matrix of each name that depends on v


def struck_off(equations: Sequence[Equation], v: Name, output: Name) -> Any:
    """Give M with vec(output) = M·vec(v). Raises `TypeError` for an operation that has no matrix here."""
    size = _length(v)
    known: dict[Any, Any] = {v: Identity(size)}
    for e in equations:
        if not known.keys().isdisjoint(symbols_of(e.rhs)):
            found = _matrix(e.rhs, known)
            if found is not None and not isinstance(found, ZeroMatrix):
                known[e.lhs] = found
    return _tidy(known[output]) if output in known else ZeroMatrix(_length(output), size)


def _length(A: Any) -> Any:
    return A.shape[0] * A.shape[1] if A.is_Matrix else S.One


def _matrix(expr: Any, known: Known) -> Any:
    if isinstance(expr, (MatrixSymbol, Symbol)):
        return known.get(expr)
    if known.keys().isdisjoint(symbols_of(expr)):
        return None
    return MATRICES.of(expr)(expr, known)


def _product(expr: Any, known: Known) -> Any:
    scalars = [a for a in expr.args if not a.is_Matrix]
    factors = [a for a in expr.args if a.is_Matrix]
    for i, factor in enumerate(factors):
        inner = _matrix(factor, known)
        if inner is not None:
            left = matmul(*factors[:i]) if i else Identity(factor.shape[0])
            right = matmul(*factors[i + 1 :]) if factors[i + 1 :] else Identity(factor.shape[1])
            outer = kronecker(transpose(right), left)
            return scaled(reduce(lambda a, b: a * b, scalars, S.One), composed(outer, inner))
    c = reduce(lambda a, b: a * b, scalars, S.One)
    return composed(stacked(matmul(*factors)), _matrix(c, known))


def _hadamard(expr: Any, known: Known) -> Any:
    for i, factor in enumerate(expr.args):
        inner = _matrix(factor, known)
        if inner is not None:
            return composed(diagonal_of(hadamard(*expr.args[:i], *expr.args[i + 1 :])), inner)
    return None


def _elementwise(expr: Elementwise, known: Known) -> Any:
    found = []
    for v, a in expr.slots.items():
        inner = _matrix(a, known)
        if inner is not None:
            D = apply_entrywise(partial(expr.body, v, S.Zero), expr.slots)
            found.append(composed(diagonal_of(D) if a.is_Matrix else stacked(D), inner))
    return add(*found)


def _sum(expr: Any, known: Known) -> Any:
    return add(*[m for m in (_matrix(a, known) for a in expr.args) if m is not None])


def _total(expr: Any, known: Known) -> Any:
    A = expr.args[0]
    return composed(transpose(OneMatrix(_length(A), S.One)), _matrix(A, known))


def _trace(expr: Any, known: Known) -> Any:
    A = expr.args[0]
    return composed(transpose(stacked(Identity(A.shape[0]))), _matrix(A, known))


def _transpose(expr: Any, known: Known) -> Any:
    A = expr.args[0]
    return composed(commutation(*A.shape), _matrix(A, known))


def _scalar(expr: Any, known: Known) -> Any:
    found = [scaled(expr.diff(s), known[s]) for s in sorted(expr.free_symbols & known.keys(), key=str)]
    return add(*found)


MATRICES: Table[Callable[[Any, Known], Any]] = Table(
    "matrix of a linear map",
    "sn.hvp and sn.jvp give it times a direction",
    {
        MatMul: _product,
        MatAdd: _sum,
        HadamardProduct: _hadamard,
        Elementwise: _elementwise,
        Transpose: _transpose,
        Total: _total,
        Trace: _trace,
        Expr: _scalar,
    },
)


def _tidy(M: Any) -> Any:
    # what the terms of a sum have in common as a number stands before it
    c, rest = split(M)
    if not isinstance(rest, MatAdd):
        return M
    terms = [split(t) for t in rest.args]
    numbers = [k.as_coeff_Mul()[0] for k, _ in terms]
    common = S.One
    if all(isinstance(n, Rational) for n in numbers):
        common = Rational(gcd(*[int(n.p) for n in numbers]), lcm(*[int(n.q) for n in numbers]))
    shared = [f for f in terms[0][0].as_coeff_Mul()[1].args_cnc()[0] if all(_divides(f, k) for k, _ in terms)]
    common = common * reduce(lambda a, b: a * b, shared, S.One)
    return scaled(c * common, add(*[scaled(k / common, A) for k, A in terms])) if common != 1 else M


def _divides(f: Any, k: Basic) -> bool:
    return not f.is_Number and f in k.as_ordered_factors()
