"""The laws of diag, vec, ⊗ and the commutation matrix, in which derivatives by matrices are written.

In: matrix expressions. Out: structured matrices, simplified at birth, and products of them. vec stacks
columns, (A ⊗ B)·vec X = vec(B·X·Aᵀ), K·vec X = vec Xᵀ. See J. Magnus and H. Neudecker, "Matrix Differential Calculus"
(2019), chapters 2 and 3.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from sympy import Expr, Identity, MatAdd, MatMul, OneMatrix, S, ZeroMatrix
from sympy.matrices.exceptions import ShapeError

from symnet.expressions.algebra import add, hadamard, is_one, matmul, scaled, total, transpose
from symnet.expressions.light import spread_vector
from symnet.expressions.entering import given
from symnet.expressions.interned import Node
from symnet.expressions.nodes import Commutation, Diag
from symnet.expressions.operands import split
from symnet.expressions.sizes import same_size, shape_text
from symnet.expressions.structured import Diagonal, Kron, Unvec, Vec
from symnet.expressions.table import brief

DISTRIBUTED = 16  # terms up to which a product of sums is written as a sum of products


# -- what users write


def diag(v: Any) -> Any:
    """Give the square matrix with the entries of v, a column or row, on its diagonal. Raises `ShapeError` for a matrix.

    >>> import symnet as sn
    >>> sn.evaluate(diag(sn.vector("v", 2)), {"v": [[1], [2]]}).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    v = given(v)
    if not v.is_Matrix or not any(same_size(size, S.One) for size in v.shape):
        what = f"{brief(v)} is {shape_text(v.shape)}" if v.is_Matrix else f"{brief(v)} is a scalar"
        raise ShapeError(f"diag: {what}, and a column or row is needed; for the diagonal of A write sn.diagonal(A)")
    return diagonal_matrix(v if same_size(v.shape[1], S.One) else transpose(v))


def diagonal(A: Any) -> Any:
    """Give the diagonal of A, a square matrix, as a column. Raises `ShapeError` where it is not square.

    >>> import symnet as sn
    >>> sn.evaluate(diagonal(sn.matrix("A", 2, 2)), {"A": [[1, 2], [3, 4]]}).tolist()
    [[1.0], [4.0]]
    """
    A = given(A)
    if not A.is_Matrix or not same_size(*A.shape):
        raise ShapeError(f"diagonal: {brief(A)} is no square matrix; for a matrix of a column v write sn.diag(v)")
    return Diagonal(A)


def vec(A: Any) -> Any:
    """Give the columns of A, a matrix, one below the other. Raises `ShapeError` for a scalar.

    >>> import symnet as sn
    >>> sn.evaluate(vec(sn.matrix("A", 2, 2)), {"A": [[1, 2], [3, 4]]}).ravel().tolist()
    [1.0, 3.0, 2.0, 4.0]
    """
    A = given(A)
    if not A.is_Matrix:
        raise ShapeError(f"vec: {brief(A)} is a scalar; give a matrix")
    return stacked(A)


def kron(A: Any, B: Any) -> Any:
    """Give the Kronecker product A ⊗ B, the blocks a_ij·B.

    Compiled by itself it stays a product that is never multiplied out; see `symnet.compile`.

    >>> import symnet as sn
    >>> A, I = sn.matrix("A", 2, 2), sn.matrix("I", 1, 2)
    >>> sn.evaluate(kron(A, I), {A: [[1, 2], [3, 4]], I: [[1, 1]]}).tolist()
    [[1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 4.0, 4.0]]
    """
    A, B = given(A), given(B)
    for M in (A, B):
        if not M.is_Matrix:
            raise ShapeError(f"kron: {brief(M)} is a scalar; write it times the matrix")
    return kronecker(A, B)


# -- constructors that simplify at birth


def stacked(A: Any) -> Any:
    """Give vec A; that of a column is itself, that of a row its transpose."""
    c, A = split(A)
    if same_size(A.shape[1], S.One):
        return scaled(c, A)
    if same_size(A.shape[0], S.One):
        return scaled(c, transpose(A))
    if isinstance(A, (OneMatrix, ZeroMatrix)):
        return scaled(c, type(A)(A.shape[0] * A.shape[1], S.One))
    return scaled(c, A.args[0] if isinstance(A, Unvec) else Vec(A))


def unstacked(v: Any, rows: Expr, cols: Expr) -> Any:
    """Give the matrix whose vec is v."""
    c, v = split(v)
    if same_size(cols, S.One):
        return scaled(c, v)
    return scaled(c, v.args[0] if isinstance(v, Vec) else Unvec(v, rows, cols))


def diagonal_matrix(v: Any) -> Any:
    """Give diag(v) of a column v."""
    c, v = split(v)
    if isinstance(v, OneMatrix):
        return scaled(c, Identity(v.shape[0]))
    if isinstance(v, ZeroMatrix):
        return ZeroMatrix(v.shape[0], v.shape[0])
    return scaled(c, v if same_size(v.shape[0], S.One) else Diag(v))


def diagonal_of(D: Any) -> Any:
    """Give diag(vec D); where D repeats a column or a row it is a Kronecker product."""
    c, D = split(D)
    v = spread_vector(D.args) if isinstance(D, MatMul) else None
    if v is not None and same_size(v.shape[1], S.One):  # v·1ᵀ
        return scaled(c, kronecker(Identity(D.shape[1]), diagonal_matrix(v)))
    if v is not None:
        return scaled(c, kronecker(diagonal_matrix(transpose(v)), Identity(D.shape[0])))
    return scaled(c, diagonal_matrix(stacked(D)))


def kronecker(A: Any, B: Any) -> Any:
    """Give A ⊗ B, coefficients in front; one of the two may be a number."""
    (c, A), (d, B) = split(A), split(B)
    if isinstance(A, ZeroMatrix) or isinstance(B, ZeroMatrix):
        return ZeroMatrix(A.shape[0] * B.shape[0], A.shape[1] * B.shape[1])
    for M, N in ((A, B), (B, A)):
        if is_one(M) and M.shape == (1, 1):
            return scaled(c * d, N)
        if M.shape == (1, 1):
            return scaled(c * d * total(M), N)
    if isinstance(A, Identity) and isinstance(B, Identity):
        return scaled(c * d, Identity(A.shape[0] * B.shape[0]))
    if isinstance(A, OneMatrix) and isinstance(B, OneMatrix):
        return scaled(c * d, OneMatrix(A.shape[0] * B.shape[0], A.shape[1] * B.shape[1]))
    column, row = (A, B) if A.shape[1] == 1 else (B, A)
    if column.shape[1] == 1 and row.shape[0] == 1:
        return scaled(c * d, matmul(column, row))
    return scaled(c * d, Kron(A, B))


def commutation(rows: Expr, cols: Expr) -> Any:
    """Give K with K·vec A = vec Aᵀ; for a row or a column nothing moves."""
    if same_size(rows, S.One) or same_size(cols, S.One):
        return Identity(rows * cols)
    return Commutation(rows, cols)


def turned(A: Any) -> Any:
    """Give the transpose of a structured matrix, pushed to what it is made of."""
    c, A = split(A)
    if isinstance(A, MatAdd):
        return scaled(c, add(*map(turned, A.args)))
    if isinstance(A, MatMul) and not isinstance(A, Node):
        return scaled(c, composed(*map(turned, reversed(A.args))))
    if isinstance(A, Kron):
        return scaled(c, kronecker(*map(turned, A.args)))
    if isinstance(A, Commutation):
        return scaled(c, commutation(*reversed(A.args)))
    return scaled(c, transpose(A))


# -- products


def composed(*factors: Any) -> Any:
    """Give a product of structured matrices, neighbours joined by the laws of ⊗, diag, vec and K; sums multiplied out.

    A product that would have more than `DISTRIBUTED` terms keeps its sums as factors.
    """
    return reduce(_compose, factors)


def _terms(A: Any) -> list[Any]:
    c, A = split(A)
    return [scaled(c, t) for t in A.args] if isinstance(A, MatAdd) else [scaled(c, A)]


def _compose(A: Any, B: Any) -> Any:
    left, right = _terms(A), _terms(B)
    if len(left) * len(right) > DISTRIBUTED:
        return _chain([*_factors(A), *_factors(B)])
    return add(*[_chain([*_factors(a), *_factors(b)]) for a in left for b in right])


def _factors(A: Any) -> list[Any]:
    c, A = split(A)
    if isinstance(A, OneMatrix) and S.One not in A.shape:
        return [c, OneMatrix(A.shape[0], S.One), OneMatrix(S.One, A.shape[1])]
    whole = A.args if isinstance(A, MatMul) and not isinstance(A, Node) else (A,)
    return [c, *whole]


def _chain(parts: list[Any]) -> Any:
    coefficient: Expr = S.One
    done: list[Any] = []
    todo = list(reversed(parts))
    while todo:
        factor = todo.pop()
        if not factor.is_Matrix:
            coefficient = coefficient * factor
            continue
        joined = _joined(done[-1], factor) if done else None
        if joined is None:
            done.append(factor)
        else:
            done.pop()
            todo.extend(reversed([f for part in joined for f in _factors(part)]))
    return scaled(coefficient, matmul(*done))


def _joined(a: Any, b: Any) -> list[Any] | None:
    # what two neighbours are together, by the laws of structured matrices; None where they stay as they are
    if isinstance(a, Identity):
        return [b]
    if isinstance(b, Identity):
        return [a]
    if isinstance(a, Commutation):
        return _moved(a, b)
    if isinstance(a, Kron) and isinstance(b, Kron):
        (A, B), (C, D) = a.args, b.args
        fits = same_size(A.shape[1], C.shape[0]) and same_size(B.shape[1], D.shape[0])
        return [kronecker(composed(A, C), composed(B, D))] if fits else None
    if isinstance(a, Kron) and (isinstance(b, Vec) or isinstance(b, OneMatrix) and b.shape[1] == 1):
        A, B = a.args
        C = b.args[0] if isinstance(b, Vec) else OneMatrix(B.shape[1], A.shape[1])
        return [stacked(composed(B, C, turned(A)))] if same_size(B.shape[1], C.shape[0]) else None
    if isinstance(a, Diag) and isinstance(b, Diag):
        return [diagonal_matrix(_entrywise(a.args[0], b.args[0]))]
    if isinstance(a, Diag) and b.shape[1] == 1:
        return [_entrywise(a.args[0], b)]
    if b.shape[0] != 1 and (isinstance(b, (Diag, Kron)) and a.shape[0] == 1):
        found = _joined(turned(b), turned(a))
        return None if found is None else [turned(M) for M in reversed(found)]
    return None


def _entrywise(a: Any, b: Any) -> Any:
    if isinstance(a, Vec) and isinstance(b, Vec) and a.args[0].shape == b.args[0].shape:
        return stacked(hadamard(a.args[0], b.args[0]))
    return hadamard(a, b)


def _moved(K: Commutation, b: Any) -> list[Any] | None:
    # a commutation moves to the right, where it meets another one
    rows, cols = K.args
    if isinstance(b, Commutation) and (b.args == (cols, rows)):
        return [Identity(K.shape[0])]
    if isinstance(b, OneMatrix) and b.shape[1] == 1:
        return [b]
    inside = b.args[0].args[0] if isinstance(b, Diag) and isinstance(b.args[0], Vec) else None
    if isinstance(b, Vec) and b.args[0].shape == (rows, cols):
        return [stacked(transpose(b.args[0]))]
    if inside is not None and inside.shape == (rows, cols):
        return [diagonal_of(transpose(inside)), K]
    if isinstance(b, Kron) and (b.args[1].shape[0], b.args[0].shape[0]) == (rows, cols):
        A, B = b.args
        return [kronecker(B, A), commutation(B.shape[1], A.shape[1])]
    return None
