"""Inverses in a program: a product with one is a system of equations, the inverse of a transpose a transpose.

In: the program that is being built, and light operands. Out: their product. The inverse itself stays an equation, which
nobody needs unless it is asked for as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sympy import Inverse, S, Transpose
from sympy.matrices.expressions.determinant import Determinant

from symnet.expressions import (
    Diag, LogAbsDet, Solve, apply_entrywise, bound_variables, diagonal_matrix, inverse_of, matmul, raw, scaled,
    solution, split, transpose,
)  # fmt: skip
from symnet.program.building import Building
from symnet.program.program import Equation


def inverted(b: Building, A: Any) -> Any:
    """Give M where A is the name of M⁻¹, or that transposed; else None."""
    if isinstance(A, Transpose):
        M = inverted(b, A.args[0])
        return None if M is None else b.turned(M)
    rhs = b.definition(A)
    return rhs.args[0] if isinstance(rhs, Inverse) else None


def product_of(b: Building, A: Any, B: Any) -> Any:
    """Give A·B; where one of them is an inverse it is what solves the system of equations."""
    M = inverted(b, A)
    if M is not None:
        return solution(M, B)
    M = inverted(b, B)
    return matmul(A, B) if M is None else b.turned(b.store(solution(b.turned(M), b.turned(A))))


def solve(b: Building, node: Any) -> Any:
    """Give the value of A⁻¹·B."""
    A, B = map(b.atom, node.args)
    c, rest = split(A)
    M = inverted(b, rest)
    M = inverse_of(rest) if M is None else M
    return b.value(scaled(1 / c, matmul(M, B))) if M is not None else b.store(solution(A, B), node)


def inverse(b: Building, node: Any) -> Any:
    """Give the value of A⁻¹, that of a transpose or of a diagonal matrix by what it is of."""
    c, A = split(b.atom(node.args[0]))
    name = b.name_for(node)
    if name is not None:
        return b.define(raw(Inverse, scaled(c, A), S.NegativeOne), name)
    if isinstance(A, Diag):
        (x,) = bound_variables(1)
        return b.value(scaled(1 / c, diagonal_matrix(apply_entrywise(1 / x, {x: A.args[0]}))))
    M = inverted(b, A)
    M = inverse_of(A) if M is None else M  # of an orthogonal matrix it is its transpose
    if M is not None:
        return scaled(1 / c, M)
    turned = isinstance(A, Transpose)
    found = b.define(raw(Inverse, A.args[0] if turned else A, S.NegativeOne))
    return scaled(1 / c, transpose(found) if turned else found)


def of_inverse(node: Any) -> Callable[[Any], Any]:
    """Give what the node of M is where it is asked of M⁻¹."""
    return {Determinant: lambda d: 1 / d, LogAbsDet: lambda d: -d}[type(node)]


def determinant(b: Building, node: Any) -> Any:
    """Give the value of a determinant or of its logarithm, that of an inverse or transpose by what it is of."""
    A, name = b.atom(node.args[0]), b.name_for(node)
    M = inverted(b, A)
    if M is not None and name is None:
        return of_inverse(node)(b.value(raw(type(node), M) if isinstance(node, Determinant) else LogAbsDet(M)))
    A = A.args[0] if isinstance(A, Transpose) else A
    return b.define(raw(Determinant, A) if isinstance(node, Determinant) else LogAbsDet(A), name)


def commuting(b: Building, node: Any) -> Any:
    """Give the value of a function of A that of Aᵀ is the transpose of."""
    A, *others = map(b.atom, node.operands)
    turned = isinstance(A, Transpose) and b.name_for(node) is None
    found = b.store(node.with_operands(A.args[0] if turned else A, *others), node)
    return transpose(found) if turned else found


def with_known_inverses(equations: Sequence[Equation]) -> list[Equation]:
    """Give the equations with products where systems of equations are solved whose inverse is there anyway."""
    known: dict[Any, Any] = {}
    found = []
    for e in equations:
        c, A = split(e.rhs) if e.rhs.is_Matrix else (S.One, e.rhs)
        if isinstance(A, Solve) and A.args[0] in known:
            e = replace(e, rhs=scaled(c, matmul(known[A.args[0]], A.args[1])))
        elif isinstance(e.rhs, Inverse):
            known |= {A.args[0]: e.lhs, transpose(A.args[0]): transpose(e.lhs)}
        found.append(e)
    return found
