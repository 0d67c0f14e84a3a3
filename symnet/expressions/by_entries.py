"""Functions of a matrix as a whole, written out: of matrices of scalars with at most two rows or columns.

In: explicit SymPy matrices. Out: explicit matrices and scalars, in closed form. Of three and more rows the eigenvalues
are roots of a cubic or worse, which nobody reads: a `ValueError` says what to do instead. No rule of differentiation is
known here, only what the functions are, so that derivatives can be proved against it. The formulas are what the theorem
of Cayley and Hamilton leaves of functions of matrices of two rows: N. Higham, "Functions of Matrices" (2008), 1.2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sympy
from sympy import Dummy, Expr, cosh, diag, exp, eye, sinh, sqrt


def _kept(f: Callable[..., Any]) -> Callable[..., Any]:
    # asked for once an entry, computed once a matrix
    computed = lru_cache(maxsize=64)(f)
    return lambda *operands: computed(*[A.as_immutable() if hasattr(A, "as_immutable") else A for A in operands])


def _refused(what: str, rows: Any) -> ValueError:
    return ValueError(
        f"{what} is written out entry by entry for matrices of at most two rows or columns, and here there are {rows}; "
        "take smaller sizes, or check the gradient by numbers: sn.check_gradients(…, method='mpmath')"
    )


# -- functions of a square matrix


@_kept
def exponential(A: Any) -> Any:
    """Give the exponential of a matrix that is diagonal or has at most two rows. Raises `ValueError` for another."""
    if A.is_diagonal():
        return diag(*[exp(a) for a in A.diagonal()])
    if A.rows > 2:
        raise _refused("the matrix exponential", A.rows)
    mean = A.trace() / 2
    rest = A - mean * eye(2)
    square = sympy.expand(-rest.det())  # rest² is this times I
    if square == 0:
        return exp(mean) * (eye(2) + rest)
    return exp(mean) * (cosh(sqrt(square)) * eye(2) + sinh(sqrt(square)) / sqrt(square) * rest)


@_kept
def slope_of_exponential(A: Any, E: Any) -> Any:
    """Give the derivative of exp(A + t·E) in t at 0. Raises what `exponential` raises."""
    if A.rows == 1:
        return exp(A[0, 0]) * E
    if A.rows > 2:
        raise _refused("the derivative of the matrix exponential", A.rows)
    t = Dummy("t")
    B = A.applyfunc(lambda a: Dummy()) + t * E.applyfunc(lambda e: Dummy())  # no two eigenvalues are the same
    slope = exponential(B).diff(t).subs(t, 0)
    places = dict(zip([b.subs(t, 0) for b in B], A, strict=True))
    places |= dict(zip([b.coeff(t) for b in B], E, strict=True))
    return slope.xreplace(places)


@_kept
def whole_power(A: Any, k: Any) -> Any:
    """Give Aᵏ for a number k. Raises `ValueError` where it is a symbol and A has more than one row."""
    if A.rows != 1 and not k.is_number:
        given = ", ".join(f"{name!r}: 3" for name in sorted(map(str, k.free_symbols)))
        raise ValueError(
            f"a matrix power with the exponent {k} is written out for a whole number: give one beside the sizes, such "
            f"as sizes={{{given}}}, or check the gradient by numbers with sn.check_gradients"
        )
    return A**k


@_kept
def slope_of_power(A: Any, k: Any, E: Any) -> Any:
    """Give the derivative of (A + t·E)ᵏ in t at 0. Raises what `whole_power` raises."""
    whole = whole_power(A.row_join(E).col_join((0 * A).row_join(A)), k)
    return whole[: A.rows, A.cols :]


@_kept
def sylvester(H: Any, C: Any) -> Any:
    """Give X with H·X + X·H = C. Raises `ValueError` for more than two rows."""
    if H.rows == 1:
        return C / (2 * H[0, 0])
    if H.rows > 2:
        raise _refused("the solution of Sylvester's equation", H.rows)
    det, others = H.det(), H.adjugate()  # H + adj(H) is the trace times I
    return (det * C + others * C * others) / (2 * det * H.trace())


# -- singular values


def _gram(A: Any, what: str) -> Any:
    M = A.T * A if A.rows >= A.cols else A * A.T
    if M.rows > 2:
        raise _refused(what, M.rows)
    return M


def _on_its_side(A: Any, F: Any) -> Any:
    return A * F if A.rows >= A.cols else F * A


@_kept
def pseudo_inverse(A: Any) -> Any:
    """Give the pseudo-inverse of a matrix of full rank."""
    M = A.T * A if A.rows >= A.cols else A * A.T
    if A.rows == A.cols:
        return A.adjugate() / A.det()
    inverse = M.adjugate() / M.det()
    return inverse * A.T if A.rows > A.cols else A.T * inverse


@_kept
def sum_of_singular_values(A: Any) -> Expr:
    """Give σ₁ + σ₂, of which the square is the trace of AᵀA and twice the root of its determinant."""
    M = _gram(A, "the sum of the singular values")
    return sqrt(M[0, 0]) if M.rows == 1 else sqrt(M.trace() + 2 * sqrt(M.det()))


@_kept
def polar(A: Any) -> Any:
    """Give A·(AᵀA)^(−1/2)."""
    M = _gram(A, "the gradient of the sum of the singular values")
    if M.rows == 1:
        return A / sqrt(M[0, 0])
    root = sqrt(M.det())
    return _on_its_side(A, (M + root * eye(2)).adjugate()) / (root * sqrt(M.trace() + 2 * root))


def _eigenvalues(M: Any) -> tuple[Expr, Expr]:
    apart = sqrt(M.trace() ** 2 - 4 * M.det())
    return (M.trace() + apart) / 2, (M.trace() - apart) / 2


@_kept
def largest_singular_value(A: Any) -> Expr:
    """Give σ₁."""
    M = _gram(A, "the largest singular value")
    return sqrt(M[0, 0]) if M.rows == 1 else sqrt(_eigenvalues(M)[0])


@_kept
def leading(A: Any) -> Any:
    """Give u·vᵀ of the largest singular value, A·(AᵀA − σ₂²·I)/((σ₁² − σ₂²)·σ₁)."""
    M = _gram(A, "the singular vectors of the largest singular value")
    if M.rows == 1:
        return A / sqrt(M[0, 0])
    large, small = _eigenvalues(M)
    return _on_its_side(A, M - small * eye(2)) / ((large - small) * sqrt(large))


__all__ = [
    "exponential", "largest_singular_value", "leading", "polar", "pseudo_inverse", "slope_of_exponential",
    "slope_of_power", "sum_of_singular_values", "sylvester", "whole_power",
]  # fmt: skip
