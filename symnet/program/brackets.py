"""Brackets in an entrywise product that say nothing new: in relu(T)∘[T > 0] the bracket is 1 wherever relu(T) is not 0.

In: the program that is being built, and the factors of a product. Out: the factors that are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import HadamardProduct

from symnet.expressions import Elementwise, bound_variables, joined_steps, split, step
from symnet.program.building import Building


def without_brackets(b: Building, factors: Sequence[Any]) -> list[Any]:
    """Give the factors without those brackets that another factor, or a factor of one, makes needless."""
    kept = list(factors)
    for A in factors:
        of, bracket = _function(b, A)
        if isinstance(bracket, step) and any(
            joined_steps(bracket * body) == body
            for B in kept
            if B is not A
            for operand, body in _functions(b, B)
            if operand == of
        ):
            kept = [B for B in kept if B is not A]
    return kept


def _functions(b: Building, A: Any) -> list[tuple[Any, Any]]:
    rhs = b.definition(split(A)[1])
    parts = rhs.args if isinstance(rhs, HadamardProduct) else (split(A)[1],)
    return [found for found in (_function(b, part) for part in parts) if found[0] is not None]


def _function(b: Building, A: Any) -> tuple[Any, Any]:
    # what a factor is a function of, and which one
    rhs = b.definition(A)
    if not isinstance(rhs, Elementwise) or len(rhs.args) != 2:
        return None, None
    return rhs.args[1], rhs.body.xreplace(dict(zip(rhs.variables, bound_variables(1), strict=True)))
