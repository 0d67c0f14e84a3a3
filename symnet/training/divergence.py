"""Where a value stopped being finite: the step is run again, equation by equation.

In: a compiled step and the arguments it had. Out: words that name the first equation whose value is not finite.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from symnet.backends import Mapped, compile_program
from symnet.handing import notation
from symnet.training.step import Step


def first_not_finite(step: Step, values: dict[str, Any]) -> str:
    """Give the first equation of the step whose value is not finite, in the words of the derivation, and where."""
    program, sections = step.derivation.program, step.derivation.sections
    equations = [e for section in sections for e in section.equations]
    names = [e.lhs for e in equations]
    kernel = compile_program(program, names, Mapped(tuple(n.name for n in names)), step.kernel.dtype)
    for name, value in values.items():
        if not np.isfinite(value).all():
            return f"{name} is itself not finite: {_where(value)}"
    with np.errstate(all="ignore"):
        found = kernel.result.listed(kernel.function(*[values[n] for n in kernel.arguments]))
    write = notation().writer(sections, step.derivation.loss_name)
    for equation, value in zip(equations, found, strict=True):
        if not np.isfinite(value).all():
            text = f"{write(equation.lhs)} = {write(equation.rhs)}"
            return f"the first value that is not finite is that of {text}: {_where(value)}"
    return "every value of the step is finite when it is computed alone"


def _where(value: Any) -> str:
    if not np.ndim(value):
        return f"it is {value}"
    places = np.argwhere(~np.isfinite(value))
    first = tuple(int(k) for k in places[0])
    return f"it is {np.asarray(value)[first]} at {list(first)}, {len(places)} of {np.size(value)} entries in all"
