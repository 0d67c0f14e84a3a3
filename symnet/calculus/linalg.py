"""Rows of the table of matrix calculus for inverses in products, determinants and functions of matrices.

In: the table. Out: the same with the rows of these nodes, and those of the matrices that a linear map is. Sources:
[G] M. Giles, "An extended collection of matrix derivative results", Oxford NA-08/01 (2008); [PP] K. Petersen, M.
Pedersen, "The Matrix Cookbook" (2012).
"""

from __future__ import annotations

from typing import Any

from sympy import Identity, Integer, Inverse, OneMatrix, S

from symnet.calculus.linear import MATRICES, matrix_in
from symnet.calculus.rules import RULES
from symnet.expressions import (
    Adjugate, Entry, Explicit, LogAbsDet, Paired, Part, Placed, Reshape, Roll, RunningSum, Solve, Stack, Unit,
    Unpaired, add, commutation, composed, inner_product, kronecker, matmul, part, reshaped, same_size, scaled,
    stacked, transpose, turned,
)  # fmt: skip


def _solve(G: Any, Y: Any, A: Any, B: Any) -> tuple[Any, Any]:
    Bbar = Solve(transpose(A), G)
    return matmul(S.NegativeOne, Bbar, transpose(Y)), Bbar


def _adjugate(G: Any, Y: Any, A: Any) -> tuple[Any]:
    # of det(A)·A⁻¹
    inverse = transpose(Inverse(A))
    first = scaled(inner_product(G, Y), inverse)
    return (add(first, matmul(S.NegativeOne, transpose(Y), G, inverse)),)


RULES.update({
    Solve:     _solve,                                                                                # [G] 2.3.1
    LogAbsDet: lambda g, y, A: (scaled(g, transpose(Inverse(A))),),                                   # [PP] 57
    Adjugate:  _adjugate,                                                                             # [PP] 49, 59
})  # fmt: skip


def _solved(expr: Any, known: Any) -> Any:
    A, B = expr.args
    return composed(kronecker(Identity(B.shape[1]), Inverse(A)), matrix_in(B, known))


MATRICES.update({Solve: _solved})


def _unit(A: Any, i: Any, j: Any) -> Any:
    m, n = A.shape
    factors = [
        *([] if same_size(m, S.One) else [Unit(m, i)]),
        *([] if same_size(n, S.One) else [transpose(Unit(n, j))]),
    ]
    return matmul(*factors) if factors else OneMatrix(S.One, S.One)


def _of_entry(expr: Any, known: Any) -> Any:
    A, i, j = expr.args
    return composed(transpose(stacked(_unit(A, i, j))), matrix_in(A, known))


# -- parts, stacks, and maps that move or sum entries: each with its adjoint


def _stack(G: Any, Y: Any, axis: Any, *matrices: Any) -> tuple[Any, ...]:
    spans = [(k, A.shape[int(axis)], S.One) for k, A in zip(Stack(axis, *matrices).offsets(), matrices, strict=True)]
    whole = (S.Zero, G.shape[1 - int(axis)], S.One)
    return (None, *[part(G, span, whole) if axis == 0 else part(G, whole, span) for span in spans])


def _explicit(G: Any, Y: Any, rows: Any, cols: Any, *scalars: Any) -> tuple[Any, ...]:
    places = [divmod(k, int(cols)) for k in range(len(scalars))]
    return (
        None,
        None,
        *[
            Entry(G, Integer(i), Integer(j)) if s.free_symbols else None
            for s, (i, j) in zip(scalars, places, strict=True)
        ],
    )


RULES.update({
    Part:       lambda G, Y, A, *spans: (Placed(G, *A.shape, *spans), *[None] * 6),
    Placed:     lambda G, Y, A, rows, cols, *spans: (part(G, spans[:3], spans[3:]), *[None] * 8),
    Stack:      _stack,
    Reshape:    lambda G, Y, A, *_: (reshaped(G, *A.shape), None, None),
    Roll:       lambda G, Y, A, shift, axis: (Roll(G, -shift, axis), None, None),
    RunningSum: lambda G, Y, A, axis, back: (RunningSum(G, axis, 1 - back), None, None),
    Explicit:   _explicit,
    Entry:      lambda g, y, A, i, j: (scaled(g, _unit(A, i, j)), None, None),                          # [PP] 450
})  # fmt: skip


def _through(left: Any, right: Any, A: Any, known: Any) -> Any:
    # the matrix of left·A·right
    return composed(kronecker(transpose(right), left), matrix_in(A, known))


def _chosen(size: Any, span: Any) -> Any:
    return part(Identity(size), span, (S.Zero, size, S.One))


def _part(expr: Any, known: Any) -> Any:
    A = expr.args[0]
    left, right = (_chosen(n, span) for n, span in zip(A.shape, expr.spans, strict=True))
    return _through(left, transpose(right), A, known)


def _placed(expr: Any, known: Any) -> Any:
    left, right = (_chosen(n, span) for n, span in zip(expr.shape, expr.spans, strict=True))
    return _through(transpose(left), right, expr.args[0], known)


def _stacked(expr: Any, known: Any) -> Any:
    found = []
    for k, A in zip(expr.offsets(), expr.operands, strict=True):
        if matrix_in(A, known) is not None:
            spans = [(S.Zero, n, S.One) for n in A.shape]
            spans[expr.axis] = (k, *spans[expr.axis][1:])
            found.append(_placed(Placed(A, *expr.shape, *spans[0], *spans[1]), known))
    return add(*found)


def _along_axis(expr: Any, known: Any) -> Any:
    A, axis = expr.args[0], int(expr.args[expr.axis_at])
    rows, cols = map(Identity, A.shape)
    of = lambda E: type(expr)(E, *expr.args[1:])
    return _through(of(rows), cols, A, known) if axis == 0 else _through(rows, of(cols), A, known)


def _reshaped(expr: Any, known: Any) -> Any:
    A, (rows, cols) = expr.args[0], expr.shape
    return composed(commutation(cols, rows), commutation(*A.shape), matrix_in(A, known))


def _explicit_matrix(expr: Any, known: Any) -> Any:
    m, n = expr.shape
    found = []
    for k, s in enumerate(expr.operands):
        inner, (i, j) = matrix_in(s, known), divmod(k, int(n))
        if inner is not None:
            found.append(composed(stacked(matmul(Unit(m, i), transpose(Unit(n, j)))), inner))
    return add(*found)


def _middle(m: Any, n: Any, p: Any, q: Any) -> Any:
    # vec(A ⊗ B) is this times vec A ⊗ vec B, A of m×n and B of p×q: Magnus and Neudecker, theorem 3.10
    return kronecker(kronecker(Identity(n), commutation(q, m)), Identity(p))


def _unpaired(expr: Any, known: Any) -> Any:
    R, m, n, p, q = expr.args
    return composed(_middle(m, n, p, q), commutation(*R.shape), matrix_in(R, known))


def _paired(expr: Any, known: Any) -> Any:
    G, m, n = expr.args
    p, q = G.shape[0] / m, G.shape[1] / n
    return composed(commutation(p * q, m * n), turned(_middle(m, n, p, q)), matrix_in(G, known))


MATRICES.update({
    Part: _part,
    Placed: _placed,
    Stack: _stacked,
    **dict.fromkeys((Roll, RunningSum), _along_axis),
    Reshape: _reshaped,
    Explicit: _explicit_matrix,
    Entry: _of_entry,
    Paired: _paired,
    Unpaired: _unpaired,
})  # fmt: skip
