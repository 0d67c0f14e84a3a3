"""Starting values for weights: functions of a shape and a random generator.

In: hyperparameters. Out: a function `(shape, generator) → array`, to be given to `train`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from symnet.optimizers import is_number

Initializer: TypeAlias = "Callable[[tuple[int, int], np.random.Generator], Any]"


def uniform(low: float = -1.0, high: float = 1.0) -> Initializer:
    """Draw every entry uniformly between `low` and `high`.

    >>> uniform(-1, 1)((2, 3), np.random.default_rng(0)).shape
    (2, 3)
    """
    if not (is_number(low) and is_number(high)):
        raise ValueError(f"uniform: low and high must be finite numbers, not {low!r} and {high!r}")
    if not low < high:
        raise ValueError(f"uniform: low must be below high, but {low} is not below {high}")
    return lambda shape, generator: generator.uniform(low, high, shape)


def normal(deviation: float = 1.0) -> Initializer:
    """Draw every entry from a normal distribution around 0 with the given standard deviation."""
    if not (is_number(deviation) and deviation > 0):
        raise ValueError(f"normal: the standard deviation must be a positive number, not {deviation!r}")
    return lambda shape, generator: generator.normal(0.0, deviation, shape)


def glorot() -> Initializer:
    """Draw uniformly between ±√(6/(rows + columns)), which keeps the variance from layer to layer.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), equation 16.
    """

    def draw(shape: tuple[int, int], generator: np.random.Generator) -> Any:
        limit = math.sqrt(6 / (shape[0] + shape[1]))
        return generator.uniform(-limit, limit, shape)

    return draw


def zeros() -> Initializer:
    """Start every entry at 0."""
    return lambda shape, generator: np.zeros(shape)
