"""Formulas as a textbook has them: one form for equal formulas, that in which gradients are given.

In: an expression. Out: the same, so that `==` tells whether a formula from a book is what was derived.
"""

from __future__ import annotations

from typing import Any

from sympy import Lambda, sech, tanh

from symnet.expressions import Elementwise, as_expression, elementwise, walk
from symnet.program import Builder, closed, collector_paused


def canonical(expr: Any) -> Any:
    """Give an expression in the form in which `gradient` gives a result, in which equal formulas are equal expressions.

    expr: a matrix or scalar expression. Transposes stand at the symbols, like terms are joined, common factors and
    numbers stand before and behind brackets, tr(AᵀB) is an inner product; so `gradient(loss, W) == canonical(answer)`
    tells whether a formula from a book is the gradient, where `==` alone would mind how it is typed. Raises
    `TypeError` or `ShapeError` where the expression does not make sense.

    >>> import symnet as sn
    >>> A, x = sn.matrix("A", 3, 3), sn.vector("x", 3)
    >>> canonical(A * x + A.T * x), canonical((x.T * A).T)
    ((A + A.T)*x, A.T*x)
    """
    expr = as_expression(expr, "the expression")
    with collector_paused():
        builder = Builder()
        name = builder.call(builder.enter(expr), builder.names.fresh("L"))
        program = builder.finish([name])
        return _with_tanh(closed(program, program.outputs[0]))


def _with_tanh(expr: Any) -> Any:
    # 1 - tanh(Z)² as a gradient has it; where a user types it, it has become sech(Z)², which loses no digits
    rule = {}
    for node in walk(expr):
        if isinstance(node, Elementwise) and len(node.slots) == 1:
            ((x, Z),) = node.slots.items()
            rest = node.body.subs(sech(x) ** 2, 1 - x**2)
            if rest != node.body and not rest.has(sech):
                rule[node] = Elementwise(Lambda(x, rest), elementwise(tanh, Z))
    return expr.xreplace(rule) if rule else expr
