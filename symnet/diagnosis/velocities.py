"""Momentum as it is written by hand: a velocity that is a move already, a sum of gradients, or a running mean of them.

In: a parameter, its gradient, the velocity of the step before. Out: equations, as of any optimizer, and what each kind
is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symnet.expressions import NOT_NEGATIVE, POSITIVE
from symnet.optimizers import Rule, hyperparameter


@dataclass(frozen=True)
class Velocity(Rule):
    """Momentum where the velocity is the move of the step before: v ← μ·v − η·g, W ← W + v."""

    rate: float = hyperparameter(0.1, POSITIVE, "eta")
    momentum: float = hyperparameter(0.9, NOT_NEGATIVE, "mu")

    def init(self, W: Any) -> Mapping[str, float]:
        return {"v": 0.0}

    def update(self, W: Any, gradient: Any, *, eta: Any, mu: Any, v: Any) -> Mapping[Any, Any]:
        velocity = mu * v - eta * gradient
        return {v: velocity, W: W + velocity}


@dataclass(frozen=True)
class MeanVelocity(Velocity):
    """Momentum whose velocity is a running mean of gradients: v ← μ·v + (1 − μ)·g, W ← W − η·v."""

    def update(self, W: Any, gradient: Any, *, eta: Any, mu: Any, v: Any) -> Mapping[Any, Any]:
        velocity = mu * v + (1 - mu) * gradient
        return {v: velocity, W: W - eta * velocity}


@dataclass(frozen=True)
class SumVelocity(Velocity):
    """Momentum whose velocity is a sum of gradients, as in `Momentum`: v ← μ·v + g, W ← W − η·v."""

    def update(self, W: Any, gradient: Any, *, eta: Any, mu: Any, v: Any) -> Mapping[Any, Any]:
        velocity = mu * v + gradient
        return {v: velocity, W: W - eta * velocity}


@dataclass(frozen=True)
class NesterovVelocity(Velocity):
    """Nesterov's momentum of that kind, at the point where the gradient is taken."""

    def update(self, W: Any, gradient: Any, *, eta: Any, mu: Any, v: Any) -> Mapping[Any, Any]:
        velocity = mu * v - eta * gradient
        return {v: velocity, W: W + mu * velocity - eta * gradient}


VELOCITIES: dict[type[Velocity], str] = {
    Velocity: "a momentum",
    NesterovVelocity: "Nesterov's momentum",
    SumVelocity: "a velocity that is a sum of gradients and a momentum",
    MeanVelocity: "a velocity that is a running mean of gradients and a momentum",
}
