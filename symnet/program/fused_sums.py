"""Sums that are stable only when their terms are taken together: Z - logsumexp(Z), 1 - sigmoid(Z), a log-likelihood.

In: the terms of a sum of matrices as they enter a program. Out: the same value in its stable form, or None.
"""

from __future__ import annotations

from typing import Any

from sympy import HadamardProduct, MatAdd, MatMul, OneMatrix

from symnet.expressions import Elementwise, LogSoftmax, LogSumExp, add, raw, scaled, softplus, split, spread_vector
from symnet.program.fusing import fused
from symnet.program.looking import Defining, meaning

FEW = 4  # the most terms that are looked through


def fused_sum(b: Defining, terms: list[Any]) -> Any:
    """Give the stable form of a sum of matrices, or None where it has none."""
    for i, spreads in enumerate(terms):
        c, R = split(spreads)
        v = spread_vector(R.args) if isinstance(R, MatMul) else None
        rhs = meaning(b, R if v is None else v)
        if not isinstance(rhs, LogSumExp) or (v is None and rhs.args[0].shape != R.shape):
            continue
        for j, term in enumerate(terms):
            if split(term) == (-c, rhs.args[0]):
                others = [t for k, t in enumerate(terms) if k not in (i, j)]
                found = LogSoftmax(*rhs.args)
                return add(*others, scaled(-c, b.value(found))) if others else scaled(-c, found)
    if any(isinstance(split(t)[1], OneMatrix) for t in terms) or len(terms) <= FEW and any(_soft(b, t) for t in terms):
        return fused(b, raw(MatAdd, *terms))
    return None


def _soft(b: Defining, term: Any) -> bool:
    A = split(term)[1]
    rhs = A if isinstance(A, HadamardProduct) else meaning(b, A)
    factors = rhs.args if isinstance(rhs, HadamardProduct) else (A,)
    known = [meaning(b, split(f)[1]) for f in factors]
    return any(isinstance(f, Elementwise) and f.body.has(softplus) for f in known)
