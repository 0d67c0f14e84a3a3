"""Descent with a step of its own for every entry, from the squares of its gradients so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import sqrt

from symnet.expressions import FRACTION, NOT_NEGATIVE, POSITIVE, elementwise
from symnet.optimizers.descent import GradientDescent, Momentum, Nesterov, SignSGD
from symnet.optimizers.optimizer import Rule, entry_squares, hyperparameter, rate
from symnet.optimizers.rates import Rate, number_of


def _over_root(direction: Any, squares: Any, epsilon: Any, weight: Any = 1) -> Any:
    return elementwise(lambda d, s: d / (sqrt(s / weight) + epsilon), direction, squares)


@dataclass(frozen=True)
class AdaGrad(Rule):
    """A step that shrinks with the sum of all squares so far: s ← g∘g + s, W ← W − η·g ⊘ (√s + ε), g = ∂L/∂W.

    rate: η, as in `GradientDescent`; epsilon: ε, positive. Raises `ValueError` for others. Duchi, Hazan and Singer,
    "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization" (2011), section 1.2.

    >>> print(AdaGrad())
    Update
      s ← g∘g + s
      θ ← θ − η⋅(g ⊘ (sqrt(s) + ε))
    """

    rate: Rate = rate(0.01)
    epsilon: float = hyperparameter(1e-10, POSITIVE)

    def init(self, W: Any) -> Mapping[str, float]:
        return {"s": 0.0}

    def update(self, W: Any, gradient: Any, *, eta: Any, epsilon: Any, s: Any) -> Mapping[Any, Any]:
        squares = s + entry_squares(gradient)
        return {s: squares, W: W - eta * _over_root(gradient, squares, epsilon)}


@dataclass(frozen=True)
class RMSProp(Rule):
    """A step that shrinks with the running mean of squares: s ← ρ·s + (1 − ρ)·g∘g, W ← W − η·g ⊘ (√s + ε), g = ∂L/∂W.

    rate: η, as in `GradientDescent`; rho: ρ, from 0 up to, but not, 1; epsilon: ε, positive. Raises `ValueError` for
    others. Tieleman and Hinton, "Neural Networks for Machine Learning" (2012), lecture 6.5.

    >>> print(RMSProp())
    Update
      s ← ρ⋅s + (1 − ρ)⋅(g∘g)
      θ ← θ − η⋅(g ⊘ (sqrt(s) + ε))
    """

    rate: Rate = rate(0.001)
    rho: float = hyperparameter(0.9, FRACTION)
    epsilon: float = hyperparameter(1e-8, POSITIVE)

    def init(self, W: Any) -> Mapping[str, float]:
        return {"s": 0.0}

    def update(self, W: Any, gradient: Any, *, eta: Any, rho: Any, epsilon: Any, s: Any) -> Mapping[Any, Any]:
        squares = rho * s + (1 - rho) * entry_squares(gradient)
        return {s: squares, W: W - eta * _over_root(gradient, squares, epsilon)}


@dataclass(frozen=True)
class Adam(Rule):
    """Running means of the gradient and of its squares, both corrected for their start at 0.

    rate: η, as in `GradientDescent`; beta1, beta2: β₁ and β₂, from 0 up to, but not, 1; epsilon: ε, positive. Raises
    `ValueError` for others. Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1; t counts
    the steps from 1.

    >>> print(Adam())
    Update
      m ← β₁⋅m + (1 − β₁)⋅g
      v ← β₂⋅v + (1 − β₂)⋅(g∘g)
      θ ← θ − η⋅(m ⊘ (ε + sqrt(v/(1 − β₂^(t)))))/(1 − β₁^(t))
    """

    rate: Rate = rate(0.001)
    beta1: float = hyperparameter(0.9, FRACTION)
    beta2: float = hyperparameter(0.999, FRACTION)
    epsilon: float = hyperparameter(1e-8, POSITIVE)

    def hyperparameters(self) -> Mapping[str, Rate]:
        """Give the values by the names that they have in the formulas, and t, the number of the step."""
        return {**super().hyperparameters(), "t": number_of}

    def init(self, W: Any) -> Mapping[str, float]:
        return {"m": 0.0, "v": 0.0}

    def update(self, W: Any, gradient: Any, *, m: Any, v: Any, **rates: Any) -> Mapping[Any, Any]:
        eta, beta1, beta2, epsilon, t = (rates[k] for k in ("eta", "beta1", "beta2", "epsilon", "t"))
        mean = beta1 * m + (1 - beta1) * gradient
        squares = beta2 * v + (1 - beta2) * entry_squares(gradient)
        direction = _over_root(mean, squares, epsilon, 1 - beta2**t)
        return {m: mean, v: squares, W: self.decayed(W, **rates) - eta / (1 - beta1**t) * direction}

    def decayed(self, W: Any, **rates: Any) -> Any:
        """Give what the step is taken from: W itself."""
        return W


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay beside the gradient: W ← (1 − η·λ)·W − Adam's step.

    decay: λ, from 0 on; the other arguments as in `Adam`. Raises `ValueError` for others. Loshchilov and Hutter,
    "Decoupled Weight Decay Regularization" (2019), algorithm 2, with λ scaled by η.

    >>> print(AdamW())
    Update
      m ← β₁⋅m + (1 − β₁)⋅g
      v ← β₂⋅v + (1 − β₂)⋅(g∘g)
      θ ← (1 − η⋅λ)⋅θ − η⋅(m ⊘ (ε + sqrt(v/(1 − β₂^(t)))))/(1 − β₁^(t))
    """

    decay: float = hyperparameter(0.01, NOT_NEGATIVE, "lambda")

    def decayed(self, W: Any, **rates: Any) -> Any:
        """Give what the step is taken from: W, a little smaller."""
        return (1 - rates["eta"] * rates["lambda"]) * W


FIRST_ORDER = (GradientDescent, Momentum, Nesterov, RMSProp, Adam, AdamW, AdaGrad, SignSGD)  # what step by gradients
