"""Any single expression in the notation of derivations: a matrix, a scalar, a gradient.

In: an expression, and the name of a notation. Out: a string, or what a notebook or a terminal shows. The expression is
checked as a loss would be; nothing is derived, named or simplified.
"""

from __future__ import annotations

import sys
from typing import Any

from sympy import Basic, Expr, sympify
from sympy.core.sympify import SympifyError

from symnet.expressions import brief
from symnet.notation.page import style_of
from symnet.notation.reading import Names, Reading
from symnet.program import Builder


def formula(expr: Any, format: str = "unicode") -> str:
    """Give one expression as a formula, in the notation in which `derive` prints.

    expr: a matrix or scalar expression, such as a loss or a gradient; format: "unicode", "latex", "mathml" (a whole
    `<math>` element), "mathematica", "pretty" (stacked fractions), or another key of `symnet.NOTATIONS`.

    Raises `ValueError` for a format that is not there, or for an expression that is too deep for one formula,
    `TypeError` for what is no expression, `ShapeError` where sizes do not match.

    >>> import symnet as sn
    >>> X, w, y = sn.matrix("X", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
    >>> formula(sn.norm(X * w - y) ** 2 / 2)
    '‖X⋅w − y‖²/2'
    >>> formula(X.T * (sn.sigmoid(X * w) - y), format="latex")
    'X^{\\\\mathsf{T}} \\\\left(\\\\operatorname{sigmoid}\\\\left(X w\\\\right) - y\\\\right)'
    """
    style = style_of(format)
    expr = _expression(expr)
    try:
        with style.drawing():
            return style.alone(Reading(style, Names(style, [expr])).write(expr))
    except RecursionError:
        raise ValueError(
            f"formula: {brief(expr)} is too deep for one formula; sn.derive(…) prints it line by line, "
            "and sn.let(name, …) gives a part a name"
        ) from None


def show(expr: Any) -> None:
    """Show one expression: as a typeset formula in a notebook, as a line of text in a terminal.

    expr: a matrix or scalar expression. Raises what `formula` raises.

    >>> import symnet as sn
    >>> W, x = sn.matrix("W", 2, 3), sn.vector("x", 3)
    >>> show(sn.hadamard(sn.tanh(W * x), sn.tanh(W * x)))
    tanh(W⋅x)∘²
    """
    text = formula(expr)
    interactive = sys.modules.get("IPython")
    if interactive is None or interactive.get_ipython() is None:
        print(text)
        return
    forms = {
        "text/plain": text,
        "text/latex": f"$\\displaystyle {formula(expr, 'latex')}$",
        "text/html": formula(expr, "mathml"),
    }
    interactive.display.display(forms, raw=True)


def _expression(expr: Any) -> Any:
    if isinstance(expr, str):
        raise TypeError(f"formula: {expr!r} is a string; give an expression, such as sn.matrix('A', 2, 3)")
    try:
        known = sympify(expr)
    except SympifyError:
        known = expr
    if not isinstance(known, Basic) or not (isinstance(known, Expr) or getattr(known, "is_Matrix", False)):
        raise TypeError(f"formula: give a matrix or scalar expression, not {type(expr).__name__}")
    Builder().enter(known)  # refuses what does not make sense
    return known
