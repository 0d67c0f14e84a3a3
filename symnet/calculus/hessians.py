"""Hessians as matrices: what the gradient along a direction is multiplied by.

In: a program with the gradients of a loss. Out: the matrix of second derivatives in two of the symbols, or the program
with those of all pairs.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from symnet.calculus.linear import struck_off
from symnet.calculus.second import slopes_along
from symnet.expressions import Name, factored, total
from symnet.program import Builder, Program, expanded, live, symbol_like


def second_derivative(
    builder: Builder, gradients: Mapping[Name, Name], w: Name, v: Name, names: Container[Name] = ()
) -> Any:
    """Give the derivatives of the gradient for w in v as a matrix, in the inputs and in values that are in `names`.

    A symbol stands for a direction in v; the matrix is what the Hessian times it is, with the direction struck off.
    """
    direction = builder.input(symbol_like(builder.names.fresh("v"), v))
    builder.section("Second order")
    product = slopes_along(builder, [(gradients[v], direction)], [w])[w]
    kept, _ = live(builder.equations, [product])
    return factored(expanded(kept, factored(struck_off(kept, direction, product)), names, builder.assumptions))


def with_hessians(program: Program, gradients: Mapping[Name, Name]) -> Program:
    """Give a program with the Hessians of every symbol and of every pair of them; `gradients`: by symbol."""
    wrt = tuple(gradients)
    target = Builder.of(program)
    target.section("Second order")
    names, hessians = {e.lhs for e in program.equations}, []
    for i, w in enumerate(wrt):
        for v in wrt[i:]:
            matrix = second_derivative(Builder.of(program), gradients, w, v, names)
            matrix = total(matrix) if not (w.is_Matrix or v.is_Matrix) else matrix
            text = "H" if len(wrt) == 1 else "H_" + "_".join(dict.fromkeys((w.name, v.name)))
            hessians.append(target.call(target.value(matrix), target.names.fresh(text), "hessian", (w, v)))
    return target.finish([*program.outputs, *hessians])
