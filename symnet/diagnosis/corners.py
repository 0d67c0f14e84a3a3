"""Another slope at a corner: ½ or 1 at the 0 of relu, anything from −1 to 1 at that of |x|.

In: a `Setting`, and points with the user's gradients. Out: the mistake that is none, with its number: a slope between
those to both sides is a subgradient as well as the one of the formulas. What a step or a sign is, its body says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy import Lambda, nsimplify, preorder_traversal, sign

from symnet.diagnosis.edits import Changes, Mutation, Setting, say
from symnet.diagnosis.given import Point
from symnet.diagnosis.trial import Trial
from symnet.expressions import Elementwise, step

KIND = "relu-at-zero"
SLACK = 1e-6
_WORDS = "the slope at a corner, where an argument is 0, is taken as {:.6g}; here it is 0, and both are subgradients"
_ALIKE = "; where no argument is below 0, slopes that are left out look the same"
# the function in slopes, what it is at 0 where it is to be c, and the least slope beside the corner; the largest is 1
_AT_ZERO: tuple[tuple[Any, Callable[[Any, Any], Any], float], ...] = (
    (step, lambda u, c: step(u) + c * (1 - step(u) - step(-u)), 0.0),
    (sign, lambda u, c: sign(u) + c * (1 - sign(u) ** 2), -1.0),
)


def other_slope(setting: Setting, points: Sequence[Point]) -> Mutation | None:
    """Give the change of the slopes at corners that makes all gradients the user's; None where none does."""
    trial = Trial(setting, [*points], None)
    for function, at_zero, least in _AT_ZERO:
        if any(_has(e.rhs, function) for e in setting.forward):
            continue  # it is a value, of which 0 has one
        sites = {e.lhs: e.rhs for e in setting.equations if _has(e.rhs, function)}

        def changes(c: float, sites: Changes = sites, function: Any = function, at_zero: Any = at_zero) -> Changes:
            return {lhs: _with(rhs, function, lambda u: at_zero(u, _neat(c))) for lhs, rhs in sites.items()}

        c = trial.fitted(changes) if sites else None
        if c is not None and least - SLACK <= c <= 1 + SLACK:
            words = say(_WORDS + (_ALIKE if abs(c - 1) < SLACK and function is step else ""), c)
            return Mutation(KIND, changes(c), words, everywhere=len(sites) > 1, factor=c)
    return None


def _neat(c: float) -> Any:
    return nsimplify(c, rational=True, tolerance=1e-9)


def _has(expr: Any, function: Any) -> bool:
    return any(isinstance(node, Elementwise) and node.body.has(function) for node in preorder_traversal(expr))


def _with(expr: Any, function: Any, at: Callable[[Any], Any]) -> Any:
    found = {}
    for node in preorder_traversal(expr):
        if isinstance(node, Elementwise) and node.body.has(function):
            found[node] = Elementwise(Lambda(node.variables, node.body.replace(function, at)), *node.operands)
    return expr.xreplace(found)
