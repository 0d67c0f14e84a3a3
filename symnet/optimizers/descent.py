"""Plain gradient descent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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

    def hyperparameters(self) -> Mapping[str, float]:
        return {"eta": float(self.learning_rate)}

    def init(self, W: Any) -> Mapping[str, float]:
        return {}

    def update(self, W: Any, gradient: Any, **symbols: Any) -> Mapping[Any, Any]:
        return {W: W - symbols["eta"] * gradient}
