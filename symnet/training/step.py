"""One step of training: the update rule appended to the derivation, as equations of the same list, and compiled.

In: a derivation and an optimizer. Out: a `Step`. Names of hyperparameters and states meet no name of the user's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Symbol

from symnet.backends import Kernel, LossAndGradients, checked_dtype, compile_program
from symnet.derivation import Derivation
from symnet.expressions import Name
from symnet.optimizers import Optimizer
from symnet.program import Builder, Role, symbol_like


@dataclass(frozen=True)
class Step:
    """A compiled step. `moving`: the parameters, then the states, whose new values the kernel gives.

    `derivation`: the equations, with those of the update; `hyperparameters`: name → value; `states`: name → the
    parameter it belongs to, and the value of every entry at the start.
    """

    kernel: Kernel
    derivation: Derivation
    moving: tuple[Name, ...]
    hyperparameters: dict[str, float]
    states: dict[str, tuple[str, float]]

    def state_arrays(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Give the states at the start, of the shapes of the parameters that they belong to."""
        return {name: np.full(np.shape(parameters[W]), start) for name, (W, start) in self.states.items()}


def compiled_step(derivation: Derivation, optimizer: Optimizer, dtype: Any) -> Step:
    """Append the update equations of every parameter to a derivation; compile the loss and all new values.

    The kernel's arguments are the data, the hyperparameters, then the parameters and the states.
    """
    builder = Builder.of(derivation.program)
    builder.section("Update")
    rates = {}
    for key in optimizer.hyperparameters():
        rates[key] = builder.input(Symbol(builder.names.fresh(key), real=True))
    updates: dict[Name, Name] = {}
    states: dict[str, tuple[str, float]] = {}
    for W in derivation.wrt:
        own = {}
        for key, start in optimizer.init(W).items():
            own[key] = builder.input(symbol_like(builder.names.fresh(f"{key}_{W.name}"), W))
            states[own[key].name] = (W.name, start)
        new = optimizer.update(W, derivation.gradient_names[W], **rates, **own)
        for moved, value in new.items():
            role: Role = "update" if moved == W else "state"
            updates[moved] = builder.call(builder.value(value), builder.names.fresh(f"{moved.name}new"), role, moved)
    moving = (*derivation.wrt, *[s for s in updates if s not in derivation.wrt])
    builder.parameters = moving
    program = builder.finish([*derivation.program.outputs, *(updates[s] for s in moving)])
    outputs = [program.outputs[0], *program.outputs[-len(moving) :]]
    kernel = compile_program(program, outputs, LossAndGradients(moving), checked_dtype(dtype))
    values = {rates[key].name: float(value) for key, value in optimizer.hyperparameters().items()}
    return Step(kernel, Derivation(program, derivation.wrt), moving, values, states)
