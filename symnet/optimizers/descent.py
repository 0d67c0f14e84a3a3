"""Update rules as equations: an optimizer says how each parameter moves, in the same list as the gradients.

In: a program, a parameter and the name of its gradient. Out: the expression of the parameter's new value. An optimizer
is a frozen dataclass of hyperparameters; its rule is differentiated, printed and compiled like everything else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from sympy import S, Symbol

from symnet.expressions.algebra import add, scaled


class Optimizer(Protocol):
    """What training needs of an optimizer."""

    def hyperparameters(self) -> dict[Symbol, float]:
        """Give the symbols that the update uses, with their values."""

    def update(self, W: Any, gradient: Any) -> Any:
        """Give the new value of W as an expression of W, its gradient and the hyperparameters."""


LEARNING_RATE = Symbol("eta", real=True)


@dataclass(frozen=True)
class GradientDescent:
    """Plain gradient descent, W ← W − η·∂L/∂W.

    learning_rate: η, a positive number. Raises `ValueError` for any other.

    >>> GradientDescent(0.1)
    GradientDescent(learning_rate=0.1)
    """

    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        if not (isinstance(self.learning_rate, (int, float)) and 0 < self.learning_rate < math.inf):
            raise ValueError(
                f"GradientDescent: the learning rate must be a positive number, not {self.learning_rate!r}"
            )

    def hyperparameters(self) -> dict[Symbol, float]:
        """Give η with its value."""
        return {LEARNING_RATE: float(self.learning_rate)}

    def update(self, W: Any, gradient: Any) -> Any:
        """Give W − η·gradient."""
        if W.is_Matrix:
            return add(W, scaled(S.NegativeOne * LEARNING_RATE, gradient))
        return W - LEARNING_RATE * gradient
