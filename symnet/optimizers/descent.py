"""Descent along the gradient, with and without momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import sign

from symnet.expressions import FRACTION, elementwise
from symnet.optimizers.optimizer import Rule, hyperparameter, rate
from symnet.optimizers.rates import Rate


@dataclass(frozen=True)
class GradientDescent(Rule):
    """Plain gradient descent, W ← W − η·∂L/∂W.

    rate: η, a positive number or a function of the step's number (from 0). Raises `ValueError` for any other.

    >>> GradientDescent(0.1)
    GradientDescent(rate=0.1)
    >>> print(GradientDescent(0.1))
    Update
      θ ← θ − η⋅g
    """

    rate: Rate = rate(0.1)

    def update(self, W: Any, gradient: Any, *, eta: Any) -> Mapping[Any, Any]:
        return {W: W - eta * gradient}


@dataclass(frozen=True)
class Momentum(Rule):
    """Gradient descent with momentum: v ← β·v + ∂L/∂W, W ← W − η·v.

    rate: η, as in `GradientDescent`; beta: β, from 0 up to, but not, 1, how much of the last step is kept. Raises
    `ValueError` for others. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); the form
    in which η stands outside v.

    >>> print(Momentum())
    Update
      v ← β⋅v + g
      θ ← θ − η⋅v
    """

    rate: Rate = rate(0.01)
    beta: float = hyperparameter(0.9, FRACTION)

    def init(self, W: Any) -> Mapping[str, float]:
        return {"v": 0.0}

    def update(self, W: Any, gradient: Any, *, eta: Any, beta: Any, v: Any) -> Mapping[Any, Any]:
        velocity = beta * v + gradient
        return {v: velocity, W: W - eta * velocity}


class Nesterov(Momentum):
    """Gradient descent with Nesterov's momentum: v ← β·v + ∂L/∂W, W ← W − η·(∂L/∂W + β·v).

    Arguments and errors as in `Momentum`. Sutskever et al., "On the importance of initialization and momentum in deep
    learning" (2013), equations 3 and 4, written at the point where the gradient is taken.

    >>> print(Nesterov())
    Update
      v ← β⋅v + g
      θ ← θ − η⋅(β⋅v + g)
    """

    def update(self, W: Any, gradient: Any, *, eta: Any, beta: Any, v: Any) -> Mapping[Any, Any]:
        velocity = beta * v + gradient
        return {v: velocity, W: W - eta * (gradient + beta * velocity)}


@dataclass(frozen=True)
class SignSGD(Rule):
    """A step of the same size in every entry, W ← W − η·sign(∂L/∂W).

    rate: η, as in `GradientDescent`. Raises `ValueError` for others. Bernstein et al., "signSGD: Compressed
    Optimisation for Non-Convex Problems" (2018), algorithm 1.

    >>> print(SignSGD())
    Update
      θ ← θ − η⋅sign(g)
    """

    rate: Rate = rate(0.001)

    def update(self, W: Any, gradient: Any, *, eta: Any) -> Mapping[Any, Any]:
        return {W: W - eta * elementwise(sign, gradient)}
