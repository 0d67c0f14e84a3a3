"""Corners of a loss: whether one is near, and whether complex steps are possible.

In: a program and values. Out: answers. What a corner is says the row of each scalar function in `SCALARS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sympy import Integer, Lambda, Rational, S

from symnet.backends import Mapped, compile_program
from symnet.expressions import (
    Elementwise, Hardmax, Largest, Smallest, allows_complex_step, elementwise, kinks_of, scaled, spread, step,
)  # fmt: skip
from symnet.program import Builder, Program

NEAR_A_KINK = 1e-8  # nearer than this rounding may decide on which side a point is


def _bodies(program: Program) -> Iterator[tuple[Any, Any]]:
    for _, rhs in program.equations:
        if isinstance(rhs, Elementwise):
            yield rhs.body, rhs
        elif not rhs.is_Matrix:
            yield rhs, rhs


def allows_complex(program: Program) -> bool:
    """Tell whether every function in a program can be computed for complex arguments."""
    return all(allows_complex_step(body) for body, _ in _bodies(program))


def _gaps(program: Program) -> Iterator[Any]:
    # how far entries are from the extreme of their line; 1 for the extreme itself, unless another one is there too
    for _, rhs in program.equations:
        if isinstance(rhs, (Largest, Smallest)):
            A = scaled(S.NegativeOne if isinstance(rhs, Smallest) else S.One, rhs.args[0])
            axis = Integer(rhs.axis)
            top = spread(Largest(A, axis), A.shape, rhs.axis)
            yield elementwise(lambda m, a, h: m - a + step(h - Rational(9, 10)), top, A, Hardmax(A, axis))


def near_a_kink(program: Program, values: Mapping[str, Any]) -> bool:
    """Tell whether an argument of relu or abs is nearly 0, or a maximum nearly tied, at these values, by name."""
    builder, corners = Builder.of(program), []
    for body, rhs in _bodies(program):
        for corner in kinks_of(body):
            whole = Elementwise(Lambda(rhs.variables, corner), *rhs.operands) if rhs.is_Matrix else corner
            corners.append(builder.call(builder.value(whole), builder.names.fresh("corner")))
    corners += [builder.call(builder.value(gaps), builder.names.fresh("corner")) for gaps in _gaps(program)]
    if not corners:
        return False
    finished = builder.finish(corners)
    kernel = compile_program(finished, finished.outputs, Mapped(tuple(corners)), float)
    found = kernel.function(*[values[n] for n in kernel.arguments])
    return any(np.min(np.abs(c)) < NEAR_A_KINK for c in found)
