"""One step of training: the update rule appended to the derivation, as equations of the same list, and compiled.

In: a derivation and an optimizer. Out: a `Step`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.backends import Kernel, LossAndGradients, checked_dtype, compile_program
from symnet.derivation import Derivation
from symnet.expressions import Name
from symnet.optimizers import Optimizer, rate_at, with_updates


@dataclass(frozen=True)
class Step:
    """A compiled step. `moving`: the parameters, then the states, whose new values the kernel gives.

    `derivation`: the equations, with those of the update; `hyperparameters`: name → value, or a function of the step's
    number; `states`: name → the parameter it belongs to, and the value of every entry at the start; `rate`: the name of
    the hyperparameter that the optimizer calls eta.
    """

    kernel: Kernel
    derivation: Derivation
    moving: tuple[Name, ...]
    hyperparameters: dict[str, float | Callable[[int], float]]
    states: dict[str, tuple[str, float]]
    rate: str | None = None

    def rates(self, step: int) -> dict[str, float]:
        """Give the hyperparameters of a step, counted from 0. Raises `ValueError` for one that is no number."""
        return {name: rate_at(value, step, name) for name, value in self.hyperparameters.items()}

    def state_arrays(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Give the states at the start, of the shapes of the parameters that they belong to."""
        return {name: np.full(np.shape(parameters[W]), start) for name, (W, start) in self.states.items()}


def compiled_step(
    derivation: Derivation,
    optimizer: Optimizer,
    dtype: Any,
    multipliers: Mapping[str, float] | None = None,
    clip: float | None = None,
) -> Step:
    """Append the update equations of every parameter to a derivation; compile the loss and all new values.

    multipliers: by name, how far a parameter moves of the step that the optimizer gives, 1 by default; clip: the
    largest norm that all gradients together may have. The kernel's arguments are the data, the hyperparameters, then
    the parameters and the states.
    """
    updated = with_updates(derivation.program, derivation.wrt, derivation.gradient_names, optimizer, multipliers, clip)
    program, moving = updated.program, updated.moving
    outputs = [program.outputs[0], *program.outputs[-len(moving) :]]
    kernel = compile_program(program, outputs, LossAndGradients(moving), checked_dtype(dtype))
    return Step(
        kernel, Derivation(program, derivation.wrt), moving, updated.hyperparameters, updated.states, updated.rate
    )
