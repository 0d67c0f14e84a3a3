"""Laws by which a closed form becomes shorter: of blocks on a diagonal, of the matrix that a Kronecker product pairs.

In: one node with arguments in canonical form. Out: the same value without the node where a law has it, else the node.
det [A, B; 0, D] is det A·det D, and [A, 0; 0, D]⁻¹ is [A⁻¹, 0; 0, D⁻¹]: K. Petersen, M. Pedersen, "The Matrix
Cookbook" (2012), 9.1; paired(A ⊗ B) is vec A·(vec B)ᵀ: C. Van Loan, N. Pitsianis, "Approximation with Kronecker
products" (1993).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Add, Identity, Inverse, MatAdd, MatMul, Mul, Transpose, ZeroMatrix
from sympy.matrices.expressions.determinant import Determinant

from symnet.expressions import (
    Kron, LogAbsDet, Node, Paired, Part, Stack, Unvec, Vec, add, matmul, same_shape, same_size, scaled, split, stack,
    stacked, transpose,
)  # fmt: skip

# -- blocks


def _rows(A: Any) -> list[list[Any]] | None:
    # the blocks of a matrix, whose rows are cut where its columns are, with square ones on the diagonal
    if isinstance(A, Transpose):
        rows = _rows(A.args[0])
        return rows and [[transpose(B) for B in column] for column in zip(*rows, strict=True)]
    if not isinstance(A, Stack) or A.axis != 0:
        return None
    rows = [list(R.operands) if isinstance(R, Stack) and R.axis == 1 else [R] for R in A.operands]
    if any(len(row) != len(rows) for row in rows):
        return None
    square = all(same_size(*row[k].shape) for k, row in enumerate(rows))
    fits = all(same_size(B.shape[1], D.shape[1]) for row in rows for B, D in zip(row, rows[0], strict=True))
    return rows if square and fits else None


def _are_zero(blocks: Iterable[Any]) -> bool:
    return all(isinstance(B, ZeroMatrix) for B in blocks)


def on_the_diagonal(A: Any) -> list[Any] | None:
    """Give the square blocks on the diagonal of a matrix that has only zeros above them, or below; else None."""
    rows = _rows(A)
    below = rows and _are_zero(B for k, row in enumerate(rows) for B in row[:k])
    above = rows and _are_zero(B for k, row in enumerate(rows) for B in row[k + 1 :])
    return [row[k] for k, row in enumerate(rows)] if rows and (below or above) else None


def _inverse(A: Any) -> Any:
    return A if isinstance(A, Identity) else A.args[0] if isinstance(A, Inverse) else Inverse(A)


def inverse_by_blocks(A: Any) -> Any:
    """Give the inverse of a matrix that is zero off its blocks, or is a Kronecker product, as its blocks; else None."""
    if isinstance(A, Kron) and all(same_size(*B.shape) for B in A.args):
        return Kron(*map(_inverse, A.args))
    rows = _rows(A)
    if not rows or not _are_zero(B for k, row in enumerate(rows) for j, B in enumerate(row) if j != k):
        return None
    return stack(0, *[stack(1, *[_inverse(B) if j == k else B for j, B in enumerate(r)]) for k, r in enumerate(rows)])


# -- what vec and ⊗ leave


def _of_terms(A: Any, law: Any) -> Any:
    # a law of one product for a sum of them, where it has one of them
    c, A = split(A)
    terms = A.args if isinstance(A, MatAdd) else (A,)
    found = [law(*split(t)) for t in terms]
    return scaled(c, add(*[f for f, _ in found])) if any(known for _, known in found) else None


def _paired(node: Paired) -> Any:
    G, m, n = node.args

    def law(c: Any, A: Any) -> tuple[Any, bool]:
        if isinstance(A, Identity) and same_size(m, n):
            A = Kron(Identity(m), Identity(A.shape[0] / m))
        if isinstance(A, Kron) and same_shape(A.args[0].shape, (m, n)):
            return scaled(c, matmul(stacked(A.args[0]), transpose(stacked(A.args[1])))), True
        return scaled(c, Paired(A, m, n)), False

    return _of_terms(G, law)


def _unvec(node: Unvec) -> Any:
    v, m, n = node.args

    def law(c: Any, A: Any) -> tuple[Any, bool]:
        if isinstance(A, Vec) and same_shape(A.args[0].shape, (m, n)):
            return scaled(c, A.args[0]), True
        return scaled(c, Unvec(A, m, n)), False

    return _of_terms(v, law)


def inside_vec(A: Any) -> Any:
    """Give the matrix that a vector stacks, else None."""
    A = A.args[0] if isinstance(A, Transpose) else A
    return A.args[0] if isinstance(A, Vec) else None


def _part(node: Part) -> Any:
    A, (rows, cols) = node.args[0], node.spans
    return Identity(rows[1]) if isinstance(A, Identity) and tuple(rows) == tuple(cols) else None


_LAWS = {Paired: _paired, Unvec: _unvec, Part: _part}


def by_laws(node: Any) -> Any:
    """Give a node anew by the law that there is for it, or as it is."""
    if isinstance(node, (Determinant, LogAbsDet)):
        blocks = on_the_diagonal(node.args[0])
        if blocks is None:
            return node
        return (Add if isinstance(node, LogAbsDet) else Mul)(*[type(node)(B) for B in blocks])
    law = _LAWS.get(type(node))
    found = law(node) if law is not None else None
    return node if found is None else found


def multiplied_out(A: Any) -> list[Any] | None:
    """Give the terms of a product that begins with a sum of which a term begins with vec; else None."""
    c, A = split(A)
    if not isinstance(A, MatMul) or isinstance(A, Node) or not isinstance(A.args[0], MatAdd):
        return None
    first, *rest = A.args
    if not any(isinstance(split(t)[1], MatMul) and isinstance(split(t)[1].args[0], Vec) for t in first.args):
        return None
    return [scaled(c, matmul(t, *rest)) for t in first.args]
