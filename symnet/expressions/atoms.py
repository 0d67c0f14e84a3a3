"""The atoms of a scalar: its symbols, and the sums, traces and entries in which matrices stand.

In: a scalar expression. Out: its atoms, each once; or the expression with names in their place.
"""

from __future__ import annotations

from collections.abc import KeysView
from typing import Any

from sympy import Derivative, Dummy, Expr, Limit, Product, Subs, Sum, Symbol, Trace, default_sort_key
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.interned import ScalarNode
from symnet.expressions.operands import not_computed
from symnet.expressions.undefined import differentiated


def hidden(body: Any) -> tuple[Expr, dict[Any, Any]]:
    """Give an expression with names for sums and the like, and what they stand for: it is rewritten without them.

    They are in SymPy's order, on which it depends whether a - b or b - a has a sign in front.
    """
    parts = [part for part in scalar_atoms(body) if not isinstance(part, Symbol)]
    away = {part: Dummy(**_facts(part)) for part in sorted(parts, key=default_sort_key)}
    return body.xreplace(away), {name: part for part, name in away.items()}


def _facts(part: Any) -> dict[str, bool]:
    return {"real": True, **{fact: True for fact in ("positive", "nonnegative") if getattr(part, f"is_{fact}")}}


_BINDING = (ExprWithLimits, Subs, Limit, Derivative)


def evaluated(body: Any) -> Any:
    """Give a scalar in which no part has a symbol of its own: Σₖ tᵏ/k! from 0 to 3 is 1 + t + t²/2 + t³/6.

    Raises `TypeError` for integrals and limits, and for sums of which SymPy knows no value.
    """
    if not body.has(*_BINDING):
        return body
    body = body.replace(lambda part: isinstance(part, Derivative), _slope, simultaneous=False)
    body = body.xreplace({part: part.doit() for part in body.atoms(Sum, Product, Subs)})
    for part in body.atoms(*_BINDING):
        not_computed(part)
    return body


def _slope(part: Any) -> Any:
    known = all(isinstance(v, Symbol) and times.is_Integer for v, times in part.variable_count)
    if not known or not part.has(AppliedUndef):
        return part.doit()
    slope = part.expr
    for variable, times in part.variable_count:
        for _ in range(int(times)):
            slope = differentiated(slope, variable)
    return slope


OF_MATRICES = (ScalarNode, Trace, Determinant, DotProduct, MatrixElement)  # scalars that matrices stand in


def scalar_atoms(body: Expr) -> KeysView[Any]:
    """Give the symbols in a scalar, and the nodes that are scalars, as met; what is in those is their business."""
    found: dict[Any, None] = {}
    seen: set[Any] = set()  # what is shared is looked at once
    stack: list[Any] = [body]
    while stack:
        part = stack.pop()
        if isinstance(part, (Symbol, *OF_MATRICES)):
            found[part] = None
        elif part not in seen:
            seen.add(part)
            stack.extend(part.args)
    return found.keys()
