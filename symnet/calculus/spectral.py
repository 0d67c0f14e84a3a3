"""Rows of the table of matrix calculus for functions of a matrix as a whole and of its singular values.

In: the table. Out: the same with the rows of these nodes. Each is made of nodes that have rows themselves. Sources:
[AH] A. Al-Mohy, N. Higham, SIAM Journal on Matrix Analysis 30 (2009); [GP] G. Golub, V. Pereyra, SIAM Journal on
Numerical Analysis 10 (1973); [H] N. Higham, "Functions of Matrices" (2008), chapters 3 and 8; [S] G. Stewart, J.-g.
Sun, "Matrix Perturbation Theory" (1990), chapter 5.
"""

from __future__ import annotations

from typing import Any

from sympy import Identity, S, ZeroMatrix

from symnet.calculus.rules import RULES
from symnet.expressions import (
    Expm, ExpmSlope, InExponent, Leading, MatrixPower, NuclearNorm, Pinv, Polar, PowerSlope, Solve, SpectralNorm,
    Sylvester, add, given, inner_product, matmul, part, scaled, split, stack, transpose,
)  # fmt: skip


def _minus(A: Any, B: Any) -> Any:
    return add(A, scaled(S.NegativeOne, B))


# -- functions of a matrix: their derivative along E is the block above on the right of f([A, E; 0, A])


def _doubled(A: Any, E: Any) -> Any:
    return stack(0, stack(1, A, E), stack(1, ZeroMatrix(*A.shape), A))


def _slope_in_matrix(slope: Any, A: Any, E: Any, G: Any) -> Any:
    # the adjoint of A where the derivative along E is differentiated again
    zero, n = ZeroMatrix(*A.shape), A.shape[0]
    far = stack(0, stack(1, zero, G), stack(1, zero, zero))
    whole = slope(transpose(_doubled(A, E)), far)
    first, second = (S.Zero, n, S.One), (n, n, S.One)
    return add(part(whole, first, first), part(whole, second, second))


def _expm_slope(G: Any, Y: Any, A: Any, E: Any) -> tuple[Any, Any]:
    return _slope_in_matrix(ExpmSlope, A, E, G), ExpmSlope(transpose(A), G)


def _power_slope(G: Any, Y: Any, A: Any, k: Any, E: Any) -> tuple[Any, ...]:
    along = lambda B, F: PowerSlope(B, k, F)
    return _slope_in_matrix(along, A, E, G), InExponent(k), along(transpose(A), G)


def _along_expm(A: Any, E: Any) -> Any:
    c, E = split(E)
    return scaled(c, Expm(A) if isinstance(E, Identity) else ExpmSlope(A, E))


def _along_power(A: Any, k: Any, E: Any) -> Any:
    c, E = split(E)
    return scaled(c * k, MatrixPower(A, k - 1)) if isinstance(E, Identity) else scaled(c, PowerSlope(A, k, E))


# -- the pseudo-inverse, and functions of singular values


def _pinv(G: Any, Y: Any, A: Any) -> tuple[Any]:
    inverse, turned = transpose(Y), transpose(G)
    terms = [matmul(S.NegativeOne, inverse, G, inverse)]
    if not _is_larger(A.shape[1], A.shape[0]):
        terms.append(matmul(_minus(turned, matmul(A, Y, turned)), Y, inverse))
    if not _is_larger(*A.shape):
        terms.append(matmul(inverse, Y, _minus(turned, matmul(turned, Y, A))))
    return (add(*terms),)


def _is_larger(a: Any, b: Any) -> bool:
    # what is sure of sizes that are numbers
    a, b = given(a), given(b)
    return bool(a == b or a.is_Integer and b.is_Integer and a > b)


def _leading(G: Any, Y: Any, A: Any) -> tuple[Any]:
    # with p = (σ²I − AAᵀ)⁺·G·v and q = (σ²I − AᵀA)⁺·Gᵀ·u it is (σp + Aq)·vᵀ + u·(Aᵀp + σq)ᵀ
    (m, n), Yt, sigma = A.shape, transpose(Y), inner_product(Y, A)
    left, right = matmul(Y, Yt), matmul(Yt, Y)
    away = add(scaled(sigma**2, Identity(m)), scaled(S.NegativeOne, matmul(A, transpose(A))), left)
    P = Solve(away, matmul(_minus(G, matmul(left, G)), right))
    away = add(scaled(sigma**2, Identity(n)), scaled(S.NegativeOne, matmul(transpose(A), A)), right)
    Qt = Solve(away, matmul(_minus(transpose(G), matmul(right, transpose(G))), left))
    first = scaled(sigma, add(P, transpose(Qt)))
    return (add(first, matmul(A, Qt, Y), matmul(Y, transpose(P), A)),)


def _polar(G: Any, Y: Any, A: Any) -> tuple[Any]:
    Yt = transpose(Y)
    Z = Sylvester(matmul(Yt, A), matmul(Yt, G))
    terms = [matmul(Y, _minus(Z, transpose(Z)))]
    if not _is_larger(A.shape[1], A.shape[0]):  # those of a wide matrix are in Z
        terms.append(matmul(_minus(G, matmul(Y, Yt, G)), Pinv(A), Y))
    return (add(*terms),)


def _sylvester(G: Any, Y: Any, H: Any, C: Any) -> tuple[Any, Any]:
    Z = Sylvester(H, G)
    return scaled(S.NegativeOne, add(matmul(Z, transpose(Y)), matmul(transpose(Y), Z))), Z


RULES.update({
    Expm:         lambda G, Y, A: (_along_expm(transpose(A), G),),                                    # [AH] 1, [H] 3
    ExpmSlope:    _expm_slope,
    MatrixPower:  lambda G, Y, A, k: (_along_power(transpose(A), k, G), InExponent(k)),               # [H] 3.2
    PowerSlope:   _power_slope,
    Pinv:         _pinv,                                                                              # [GP] 4.12
    SpectralNorm: lambda g, y, A: (scaled(g, Leading(A)),),                                           # [S] 5
    NuclearNorm:  lambda g, y, A: (scaled(g, Polar(A)),),
    Leading:      _leading,
    Polar:        _polar,                                                                             # [H] 8.2
    Sylvester:    _sylvester,
})  # fmt: skip
