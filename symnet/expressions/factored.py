"""What the terms of a sum of structured matrices have in common, written once: A ⊗ C + B ⊗ C is (A + B) ⊗ C.

In: a sum. Out: the same value. Scalars, Kronecker products and their operands are taken out; a product of plain
matrices stays a term of its own, since what is left of it could be larger than it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import gcd, lcm
from operator import mul
from typing import Any

from sympy import S, Identity, Integer, MatAdd, MatMul, Rational, default_sort_key

from symnet.expressions.algebra import add, matmul, scaled
from symnet.expressions.interned import Node
from symnet.expressions.kronecker import kronecker
from symnet.expressions.nodes import Commutation
from symnet.expressions.operands import raw, split
from symnet.expressions.sizes import same_size
from symnet.expressions.structured import Kron


def factored(M: Any) -> Any:
    """Give a sum with what its terms have in common before it, behind it, or in one Kronecker product."""
    for common in (_beside, _merged, _scalar):
        M = common(M)
    return M


def _terms(M: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    c, rest = split(M)
    return c, [split(t) for t in rest.args] if isinstance(rest, MatAdd) else []


def _scalar(M: Any) -> Any:
    c, terms = _terms(M)
    if not terms:
        return M
    numbers = [k.as_coeff_Mul()[0] for k, _ in terms]
    common = S.One
    if all(isinstance(n, Rational) for n in numbers):
        common = Rational(gcd(*[int(n.p) for n in numbers]), lcm(*[int(n.q) for n in numbers]))
    shared = [f for f in terms[0][0].as_coeff_Mul()[1].args_cnc()[0] if all(_divides(f, k) for k, _ in terms)]
    common = common * reduce(mul, shared, S.One)
    return scaled(c * common, add(*[scaled(k / common, A) for k, A in terms])) if common != 1 else M


def _divides(f: Any, k: Any) -> bool:
    return not f.is_Number and f in k.as_ordered_factors()


def _merged(M: Any) -> Any:
    c, terms = _terms(M)
    for side in (1, 0):  # the operand that is shared
        groups: dict[Any, list[Any]] = {}
        rest = []
        for k, A in terms:
            if isinstance(A, Kron):
                groups.setdefault(A.args[side], []).append(scaled(k, A.args[1 - side]))
            else:
                rest.append((k, A))
        for B, others in groups.items():
            n, square = others[0].shape[0], same_size(*others[0].shape)
            if isinstance(B, Identity) and square:  # c·I is c·I ⊗ I
                others += [scaled(k, Identity(n)) for k, A in rest if isinstance(A, Identity)]
                rest = [(k, A) for k, A in rest if not isinstance(A, Identity)]
            whole = _scalar(add(*sorted(others, key=default_sort_key)))
            rest.append(split(kronecker(whole, B) if side else kronecker(B, whole)))
        terms = rest
    return scaled(c, add(*[scaled(k, A) for k, A in terms])) if terms else M


def _beside(M: Any) -> Any:
    c, terms = _terms(M)
    chains = [_factors(A) for _, A in terms]
    if not terms:
        return M
    left = _shared(chains)
    chains = [chain[left:] for chain in chains]
    right = _shared([chain[::-1] for chain in chains])
    if not left and not right:
        return M
    first = _factors(terms[0][1])
    before, after = first[:left], first[len(first) - right :]
    size = before[-1].shape[1] if before else after[0].shape[0]
    middle = [matmul(*chain[: len(chain) - right]) if len(chain) > right else Identity(size) for chain in chains]
    inside = factored(add(*[scaled(k, A) for (k, _), A in zip(terms, middle, strict=True)]))
    return scaled(c, matmul(*before, inside, *after))


def _factors(A: Any) -> list[Any]:
    return list(A.args) if isinstance(A, MatMul) and not isinstance(A, Node) else [A]


def _shared(chains: Sequence[list[Any]]) -> int:
    # how many structured factors all begin with
    count = 0
    for parts in zip(*chains, strict=False):
        if len(set(parts)) > 1 or not isinstance(parts[0], (Kron, Commutation)):
            break
        count += 1
    return count


def number_of(A: Any) -> tuple[Any, Any]:
    """Give the whole number that all terms of a sum have before them, and the sum without it."""
    terms = [split(a) for a in A.args] if isinstance(A, MatAdd) else []
    if not terms or not all(c.is_Integer for c, _ in terms) or (common := gcd(*[int(c) for c, _ in terms])) == 1:
        return S.One, A
    return Integer(common), raw(MatAdd, *[scaled(c / common, B) for c, B in terms])
