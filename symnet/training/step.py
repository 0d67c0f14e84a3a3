"""One step of training: the update rule appended to the derivation, as equations of the same list, and compiled.

In: a derivation and an optimizer. Out: a `Step`. Names of hyperparameters and states meet no name of the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr, Max, Symbol, sqrt

from symnet.backends import Kernel, LossAndGradients, checked_dtype, compile_program
from symnet.derivation import Derivation
from symnet.expressions import Name, hadamard, total
from symnet.optimizers import Optimizer, rate_at
from symnet.program import Builder, Role, symbol_like


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
    builder = Builder.of(derivation.program)
    builder.section("Update")
    hyperparameters = dict(optimizer.hyperparameters())
    rates = {key: _constant(builder, key) for key in hyperparameters}
    values: dict[str, Any] = {rates[key].name: value for key, value in hyperparameters.items()}
    gradients: dict[Name, Any] = dict(derivation.gradient_names)
    if clip is not None:
        kappa = _constant(builder, "kappa")
        values[kappa.name] = clip
        gradients = _clipped(builder, gradients, kappa)
    updates: dict[Name, Name] = {}
    states: dict[str, tuple[str, float]] = {}
    for W in derivation.wrt:
        own = {}
        for key, start in optimizer.init(W).items():
            own[key] = builder.input(symbol_like(builder.names.fresh(f"{key}_{W.name}"), W))
            states[own[key].name] = (W.name, start)
        new = _moved(W, optimizer.update(W, gradients[W], **rates, **own), (multipliers or {}).get(W.name, 1))
        known: dict[Expr, Name] = {}
        for moved, value in new.items():
            role: Role = "update" if moved == W else "state"
            once = value if value.is_Matrix else value.xreplace(known)  # the new state of a scalar is used again
            updates[moved] = builder.call(builder.value(once), builder.names.fresh(f"{moved.name}new"), role, moved)
            known[value] = updates[moved]
    moving = (*derivation.wrt, *[s for s in updates if s not in derivation.wrt])
    builder.parameters = moving
    program = builder.finish([*derivation.program.outputs, *(updates[s] for s in moving)])
    outputs = [program.outputs[0], *program.outputs[-len(moving) :]]
    kernel = compile_program(program, outputs, LossAndGradients(moving), checked_dtype(dtype))
    return Step(
        kernel, Derivation(program, derivation.wrt), moving, values, states, getattr(rates.get("eta"), "name", None)
    )


def _constant(builder: Builder, key: str) -> Name:
    symbol = builder.input(Symbol(builder.names.fresh(key), real=True))
    builder.constants.add(symbol)
    return symbol


def _clipped(builder: Builder, gradients: Mapping[Name, Any], kappa: Name) -> dict[Name, Any]:
    # all gradients by one factor, so that their norm together is at most kappa
    squares = [total(hadamard(G, G)) if G.is_Matrix else G**2 for G in gradients.values()]
    norm = builder.call(builder.value(sqrt(sum(squares))), builder.names.fresh("g"))
    factor = builder.call(builder.value(kappa / Max(kappa, norm)), builder.names.fresh("c"))
    return {W: factor * G for W, G in gradients.items()}


def _moved(W: Name, new: Mapping[Any, Any], share: float) -> Mapping[Any, Any]:
    # a share of the way from W to its new value
    return new if share == 1 else {**new, W: W + share * (new[W] - W)}
