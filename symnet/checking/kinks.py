"""Corners of a loss: whether one is near, and whether complex steps are possible.

In: a program and values. Out: answers. What a corner is says the row of each scalar function in `SCALARS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sympy import Lambda

from symnet.backends import Mapped, compile_program
from symnet.expressions import Elementwise, allows_complex_step, kinks_of
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


def near_a_kink(program: Program, values: Mapping[str, Any]) -> bool:
    """Tell whether an argument of relu, abs or max is nearly 0 somewhere at these values, by name."""
    builder, corners = Builder.of(program), []
    for body, rhs in _bodies(program):
        for corner in kinks_of(body):
            whole = Elementwise(Lambda(rhs.variables, corner), *rhs.operands) if rhs.is_Matrix else corner
            corners.append(builder.call(builder.value(whole), builder.names.fresh("corner")))
    if not corners:
        return False
    finished = builder.finish(corners)
    kernel = compile_program(finished, finished.outputs, Mapped(tuple(corners)), float)
    found = kernel.function(*[values[n] for n in kernel.arguments])
    return any(np.min(np.abs(c)) < NEAR_A_KINK for c in found)
