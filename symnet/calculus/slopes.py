"""From how many parts on the slope of a scalar has a name of its own.

In: the equations of a loss. Out: a number of parts. With a name no line grows with the depth of a chain of scalars. But
what has a name is a number before it meets the next slope: where an exponential is to be divided by another one, that
number would be infinite, or 0. Where functions saturate and nothing is divided by them a name does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import (
    Abs, Add, Max, Min, Mul, Number, NumberSymbol, Piecewise, Pow, Symbol, atan, cos, erf, log, preorder_traversal,
    sign, sin, tanh,
)  # fmt: skip
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean

from symnet.expressions import PRECISE, Name, normal_cdf, relu, sigmoid, softplus, symbols_of
from symnet.program import Equation

FEW = 8
MANY = 200
_SATURATING = (sigmoid, tanh, erf, normal_cdf, softplus)
_GROWING = tuple(f for f in PRECISE if f is not log and f not in _SATURATING)
_BESIDE = (  # whose slopes are divided by nothing that may vanish
    Add, Mul, Symbol, Number, NumberSymbol, *_SATURATING, relu, sin, cos, atan, Abs, sign, Max, Min, Piecewise,
    ExprCondPair, Boolean,
)  # fmt: skip


def parts_of_a_slope(forward: Iterable[Equation]) -> int:
    """Give how many parts the slope of a scalar has at most without a name of its own."""
    saturated: set[Name] = set()  # the values that come from a function that saturates
    for lhs, rhs in forward:
        parts = list(preorder_traversal(rhs))
        if any(isinstance(part, _GROWING) for part in parts):
            return MANY
        if any(isinstance(part, _SATURATING) for part in parts) or not saturated.isdisjoint(symbols_of(rhs)):
            saturated.add(lhs)
            if not all(map(_is_harmless, parts)):
                return MANY
    return FEW


def _is_harmless(part: Any) -> bool:
    if isinstance(part, Pow):
        return bool(part.exp.is_integer and part.exp.is_positive) or part.base.is_number
    return isinstance(part, _BESIDE)
