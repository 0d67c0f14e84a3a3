"""The section "Update": the equations of one step, appended to a derivation's own list.

In: a program, its gradients and an optimizer. Out: the program with the section, and what moves in it. Names of
hyperparameters and states meet no name of the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Max, Symbol, sqrt

from symnet.expressions import Name, hadamard, total
from symnet.optimizers.descent import GradientDescent
from symnet.optimizers.optimizer import Optimizer
from symnet.optimizers.rates import is_number
from symnet.program import Builder, Program, Role, symbol_like


@dataclass(frozen=True)
class Updated:
    """`moving`: the parameters, then the states, whose new values are the last outputs of the program.

    `hyperparameters`: name → value, or a function of the step's number; `states`: name → the parameter it belongs to,
    and the value of every entry at the start; `rate`: the name of the hyperparameter that the optimizer calls eta.
    """

    program: Program
    moving: tuple[Name, ...]
    hyperparameters: dict[str, float | Callable[[int], float]]
    states: dict[str, tuple[str, float]]
    rate: str | None = None


def as_optimizer(optimizer: Any) -> Optimizer:
    """Give an optimizer; None is `GradientDescent()`, a number its learning rate. Raises `TypeError` for others."""
    if optimizer is None:
        return GradientDescent()
    if is_number(optimizer):
        return GradientDescent(float(optimizer))
    needed = ("hyperparameters", "init", "update")
    if isinstance(optimizer, type):
        way = f"{optimizer.__name__} is a class; write sn.{optimizer.__name__}()"
    elif all(callable(getattr(optimizer, name, None)) for name in needed):
        return optimizer  # type: ignore[no-any-return]
    elif callable(optimizer):
        way = "a function of the step is a learning rate; write sn.GradientDescent(function)"
    else:
        way = f"{optimizer!r} is none; write a learning rate such as 0.05, or sn.Adam()"
    raise TypeError(f"optimizer: {way} (an optimizer of your own has the methods {', '.join(needed)})")


def with_updates(
    program: Program,
    wrt: Sequence[Name],
    gradients: Mapping[Name, Any],
    optimizer: Optimizer,
    multipliers: Mapping[str, float] | None = None,
    clip: float | None = None,
) -> Updated:
    """Append the update equations of every parameter to a program.

    multipliers: by name, how far a parameter moves of the step that the optimizer gives, 1 by default; clip: the
    largest norm that all gradients together may have.
    """
    builder = Builder.of(program)
    builder.section("Update")
    hyperparameters = dict(optimizer.hyperparameters())
    rates = {key: _constant(builder, key) for key in hyperparameters}
    values: dict[str, Any] = {rates[key].name: value for key, value in hyperparameters.items()}
    gradients = dict(gradients)
    if clip is not None:
        kappa = _constant(builder, "kappa")
        values[kappa.name] = clip
        gradients = _clipped(builder, gradients, kappa)
    updates: dict[Name, Name] = {}
    states: dict[str, tuple[str, float]] = {}
    for W in wrt:
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
    moving = (*wrt, *[s for s in updates if s not in wrt])
    builder.parameters = moving
    finished = builder.finish([*program.outputs, *(updates[s] for s in moving)])
    return Updated(finished, moving, values, states, getattr(rates.get("eta"), "name", None))


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
