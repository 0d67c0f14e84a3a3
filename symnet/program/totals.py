"""Sums of all entries: totals, traces and inner products, without the products that are only summed.

In: the program that is being built, and a node. Out: its value, a scalar.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sympy import Add, HadamardProduct, Identity, MatAdd, MatMul, Mul, OneMatrix, Pow, S, Trace, Transpose

from symnet.expressions import (
    Channels, Elementwise, Images, Node, Total, hadamard, matmul, raw, same_size, scalar_atoms, scaled, split, total,
    transpose,
)  # fmt: skip
from symnet.program.building import Building


DEPTH = 4  # functions of a 1×1 matrix one in another that are looked at


def whole_sum(b: Building, node: Any) -> Any:
    """Give the sum of all entries; a Hadamard product that is only summed needs no equation of its own."""
    c, A = split(b.atom(node.args[0]))
    A = A.args[0] if isinstance(A, (Images, Channels)) else A
    definition = b.definition(A)
    if isinstance(definition, HadamardProduct):
        A = definition if len(definition.args) == 2 else _square(b, definition)
    if (
        A.shape == (1, 1)
        and isinstance(definition, MatMul)
        and len(definition.args) == 2
        and definition.args[0].is_Matrix
    ):
        A = hadamard(transpose(definition.args[0]), definition.args[1])
    result = total(A)
    return c * _defined(b, result, b.name_for(node) if isinstance(c * result, Total) else None)


def with_singles(node: Any) -> Any:
    """Give a function of scalars with the formulas of 1×1 matrices in their place, which log, exp and the like meet."""
    if isinstance(node, Pow) and node.exp.is_positive and node.exp != S.Half:
        return node
    rule = {}
    for whole in scalar_atoms(node):
        if isinstance(whole, Total) and (found := _single(whole.args[0], DEPTH)) is not None:
            rule[whole] = found
    return node.xreplace(rule) if rule else node


def _single(A: Any, depth: int) -> Any:
    # None where it is a product
    if A.shape != (1, 1) or not depth:
        return None

    def inner(a: Any) -> Any:
        if not a.is_Matrix:
            return a
        found = _single(a, depth - 1)
        return Total(a) if found is None else found

    if isinstance(A, Elementwise):
        values = {v: inner(a) for v, a in zip(A.variables, A.args[1:], strict=True)}
        return A.body.xreplace(values)
    if isinstance(A, MatAdd) and not isinstance(A, Node):
        return Add(*map(inner, A.args))
    c, rest = split(A)
    return c * inner(rest) if c != 1 else None


def _square(b: Building, product: Any) -> Any:
    # the sum of M∘D∘M∘D is ‖M∘D‖²
    times = Counter(product.args)
    if any(n % 2 for n in times.values()):
        return product
    half = b.store(hadamard(*[a for a, n in times.items() for _ in range(n // 2)]))
    return raw(HadamardProduct, half, half)


def trace(b: Building, node: Any) -> Any:
    """Give a trace; tr(A·B) is the sum of Aᵀ∘B, whatever the sizes: the product itself is never needed."""
    inside = node.args[0]
    if isinstance(inside, MatMul):
        scalars = [b.atom(a) for a in inside.args if not a.is_Matrix]
        first, *others = [b.atom(a) for a in inside.args if a.is_Matrix]
        b.check(raw(MatMul, first, *others))
        if others:
            product = b.product(None, *others)
            b.check(raw(Trace, matmul(first, product)))
            c, H = split(hadamard(transpose(first), product))
            return Mul(*scalars) * c * _defined(b, total(H))
        inside = scaled(Mul(*scalars), first)
    if isinstance(inside, MatAdd):
        return sum((b.value(raw(Trace, a)) for a in inside.args), S.Zero)
    c, A = split(b.atom(inside))
    if isinstance(A, Transpose):
        A = A.args[0]
    if isinstance(A, OneMatrix):
        return c * A.shape[0]
    whole = raw(Trace, A)
    b.check(whole)
    return c * (A.shape[0] if isinstance(A, Identity) else b.define(whole))


def dot(b: Building, node: Any) -> Any:
    """Give the inner product of two columns, either as a row too."""
    columns = [transpose(a) if same_size(a.shape[0], S.One) else a for a in map(b.atom, node.args)]
    return b.value(Total(raw(HadamardProduct, *columns)))


def _defined(b: Building, summed: Any, name: Any = None) -> Any:
    return summed.xreplace({f: b.define(f, name) for f in Mul.make_args(summed) if isinstance(f, Total)})
