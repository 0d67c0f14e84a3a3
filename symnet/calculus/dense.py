"""Rows of the matrices of linear maps that are no products: of what functions of a matrix and of singular values leave.

In: a node that is linear in one of its arguments, as in `linear`. Out: its matrix, made of nodes that there are. Where
it acts, it acts with A on both sides, so that the matrix is a function of Aᵀ ⊗ I and of I ⊗ A, which commute. Sources:
N. Higham, "Functions of Matrices" (2008), theorems 3.6 and 10.13; J. Magnus and H. Neudecker, "Matrix Differential
Calculus" (2019), 2.4.
"""

from __future__ import annotations

from typing import Any

from sympy import Identity, Inverse, OneMatrix, S, ZeroMatrix

from symnet.calculus.linear import MATRICES, matrix_in
from symnet.expressions import (
    Expm, ExpmSlope, MatrixPower, OtherProducts, PowerSlope, Sylvester, add, commutation, composed, hadamard, kronecker,
    matmul, part, stack, transpose,
)  # fmt: skip


def _both_sides(A: Any) -> tuple[Any, Any]:
    eye = Identity(A.shape[0])
    return kronecker(transpose(A), eye), kronecker(eye, A)


def _of_slope(f: Any, A: Any) -> Any:
    # vec of the derivative along E is the block above on the right of f([Aᵀ⊗I, I; 0, I⊗A]) times vec E
    right, left = _both_sides(A)
    n = right.shape[0]
    whole = f(stack(0, stack(1, right, Identity(n)), stack(1, ZeroMatrix(n, n), left)))
    return part(whole, (S.Zero, n, S.One), (n, n, S.One))


def _expm_slope(expr: Any, known: Any) -> Any:
    A, E = expr.args
    return composed(_of_slope(Expm, A), matrix_in(E, known))


def _power_slope(expr: Any, known: Any) -> Any:
    A, k, E = expr.args
    return composed(_of_slope(lambda B: MatrixPower(B, k), A), matrix_in(E, known))


def _sylvester(expr: Any, known: Any) -> Any:
    H, C = expr.args
    return composed(Inverse(add(*_both_sides(H))), matrix_in(C, known))


def _other_products(expr: Any, known: Any) -> Any:
    # every line beside itself, once along each of its entries; lines have nothing to do with each other
    A, _, *directions = expr.args
    if expr.axis == 1:
        turned = [transpose(M) for M in (A, *directions)]
        swapped = OtherProducts(turned[0], S.Zero, *turned[1:])
        return composed(commutation(*turned[0].shape), matrix_in(swapped, known))
    at = next(k for k, D in enumerate(directions) if matrix_in(D, known) is not None)
    m, n = A.shape
    copies = kronecker(Identity(n), OneMatrix(1, m))
    others = [matmul(D, copies) for k, D in enumerate(directions) if k != at]
    found = OtherProducts(matmul(A, copies), S.Zero, *others, kronecker(OneMatrix(1, n), Identity(m)))
    if n != 1:
        found = hadamard(kronecker(Identity(n), OneMatrix(m, m)), kronecker(OneMatrix(n, 1), found))
    return composed(found, matrix_in(directions[at], known))


MATRICES.update({
    ExpmSlope: _expm_slope,
    PowerSlope: _power_slope,
    Sylvester: _sylvester,
    OtherProducts: _other_products,
})  # fmt: skip
