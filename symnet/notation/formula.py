"""Any single expression in the notation of derivations: a matrix, a scalar, a gradient.

In: an expression, and the name of a notation. Out: a string, or what a notebook or a terminal shows. The expression is
checked as a loss would be; nothing is derived, named or simplified.
"""

from __future__ import annotations

import sys
from typing import Any

from sympy import Expr, Lambda, MatrixExpr, sympify
from sympy.core.sympify import SympifyError

from symnet.expressions import Shown, brief, is_larger, is_masked
from symnet.notation.page import style_of
from symnet.notation.reading import Names, Reading
from symnet.program import Builder

LONGEST = 20_000  # parts of an expression that is written as one formula: about twenty pages


def formula(expr: Any, format: str = "unicode") -> str:
    """Give one expression as a formula, in the notation in which `derive` prints.

    expr: a matrix or scalar expression, such as a loss or a gradient; format: "unicode", "latex", "mathml" (a whole
    `<math>` element), "mathematica", "pretty" (stacked fractions), or another key of `symnet.NOTATIONS`.

    Raises `ValueError` for a format that is not there, or for an expression that is too deep or too long for one
    formula, `TypeError` for what is no expression, `ShapeError` where sizes do not match.

    >>> import symnet as sn
    >>> X, w, y = sn.matrix("X", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
    >>> formula(sn.norm(X * w - y) ** 2 / 2)
    '‖X⋅w − y‖²/2'
    >>> formula(X.T * (sn.sigmoid(X * w) - y), format="latex")
    'X^{\\\\mathsf{T}} \\\\left(\\\\operatorname{sigmoid}\\\\left(X w\\\\right) - y\\\\right)'
    """
    style = style_of(format)
    expr = _expression(expr)
    if is_larger(expr, LONGEST):
        raise ValueError(_too("long", expr))
    try:
        with style.drawing():
            return style.alone(Reading(style, Names(style, [expr])).write(expr))
    except RecursionError:
        raise ValueError(_too("deep", expr)) from None


def _too(much: str, expr: Any) -> str:
    return (
        f"formula: {brief(expr)} is too {much} for one formula; sn.derive(…) prints it line by line, "
        "and sn.let(name, …) gives a part a name"
    )


def show(expr: Any) -> None:
    """Show one expression: as a typeset formula in a notebook, as a line of text in a terminal.

    expr: a matrix or scalar expression, or a result such as a derivation. Raises what `formula` raises.

    >>> import symnet as sn
    >>> W, x = sn.matrix("W", 2, 3), sn.vector("x", 3)
    >>> show(sn.hadamard(sn.tanh(W * x), sn.tanh(W * x)))
    tanh(W⋅x)∘²
    """
    text = str(expr) if isinstance(expr, Shown) else formula(expr)
    interactive = sys.modules.get("IPython")
    if interactive is None or interactive.get_ipython() is None:
        print(text)
        return
    interactive.display.display(_forms(expr, text), raw=True)


def _forms(expr: Any, text: str) -> dict[str, str]:
    if isinstance(expr, Shown):
        return expr._repr_mimebundle_()
    latex = f"$\\displaystyle {formula(expr, 'latex')}$"
    return {"text/plain": text, "text/latex": latex, "text/html": formula(expr, "mathml")}


def typeset_in_notebooks() -> None:
    """Have a notebook that is running show expressions of matrices as MathML, beside the LaTeX that SymPy gives it."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(Expr, _typeset)


def _typeset(expr: Any) -> str | None:
    # None: it is shown in another form
    if not expr.has(MatrixExpr):
        return None
    try:
        return formula(expr, "mathml")
    except (TypeError, ValueError):
        return None


def _expression(expr: Any) -> Any:
    if isinstance(expr, str):
        raise TypeError(f"formula: {expr!r} is a string; give an expression, such as sn.parse({expr!r})")
    try:
        known = expr if isinstance(expr, type) or is_masked(expr) else sympify(expr)
    except (SympifyError, KeyError):  # of what has entries and is none
        known = expr
    if not isinstance(known, Expr) or isinstance(known, Lambda):
        raise TypeError(f"formula: give a matrix or scalar expression, not {type(expr).__name__}")
    Builder().enter(known)  # refuses what does not make sense
    return known
