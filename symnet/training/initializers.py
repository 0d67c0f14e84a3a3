"""Starting values for weights: functions of a shape and a random generator.

In: hyperparameters. Out: a function `(shape, generator) → array`, to be given to `train`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from symnet.expressions import Made
from symnet.optimizers import is_number

Initializer: TypeAlias = "Callable[[tuple[int, int], np.random.Generator], Any]"


@dataclass(frozen=True, repr=False)
class _Uniform(Made):
    called: ClassVar[str] = "uniform"
    low: float
    high: float

    def __call__(self, shape: tuple[int, int], generator: np.random.Generator) -> Any:
        return generator.uniform(self.low, self.high, shape)


@dataclass(frozen=True, repr=False)
class _Normal(Made):
    called: ClassVar[str] = "normal"
    deviation: float

    def __call__(self, shape: tuple[int, int], generator: np.random.Generator) -> Any:
        return generator.normal(0.0, self.deviation, shape)


@dataclass(frozen=True, repr=False)
class _Glorot(Made):
    called: ClassVar[str] = "glorot"

    def __call__(self, shape: tuple[int, int], generator: np.random.Generator) -> Any:
        limit = math.sqrt(6 / (shape[0] + shape[1]))
        return generator.uniform(-limit, limit, shape)


@dataclass(frozen=True, repr=False)
class _Zeros(Made):
    called: ClassVar[str] = "zeros"

    def __call__(self, shape: tuple[int, int], generator: np.random.Generator) -> Any:
        return np.zeros(shape)


def uniform(low: float = -1.0, high: float = 1.0) -> Initializer:
    """Draw every entry uniformly between `low` and `high`.

    Raises `ValueError` where `low` is not below `high`.

    >>> import numpy as np, symnet as sn
    >>> sn.uniform(-1, 1)((2, 3), np.random.default_rng(0)).shape
    (2, 3)
    """
    if not (is_number(low) and is_number(high)):
        raise ValueError(f"uniform: low and high must be finite numbers, not {low!r} and {high!r}")
    if not low < high:
        raise ValueError(f"uniform: low must be below high, but {low} is not below {high}")
    return _Uniform(low, high)


def normal(deviation: float = 1.0) -> Initializer:
    """Draw every entry from a normal distribution around 0 with the given standard deviation.

    Raises `ValueError` for a deviation that is not positive.

    >>> import numpy as np, symnet as sn
    >>> sn.normal(0.1)((2, 3), np.random.default_rng(0)).shape
    (2, 3)
    """
    if not is_number(deviation) or not deviation > 0:
        raise ValueError(f"normal: the standard deviation must be a positive number, not {deviation!r}")
    return _Normal(deviation)


def glorot() -> Initializer:
    """Draw uniformly between ±√(6/(rows + columns)), which keeps the variance from layer to layer.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), equation 16.

    >>> import numpy as np, symnet as sn
    >>> bool(np.max(np.abs(sn.glorot()((2, 4), np.random.default_rng(0)))) <= 1)
    True
    """
    return _Glorot()


def zeros() -> Initializer:
    """Start every entry at 0.

    >>> import numpy as np, symnet as sn
    >>> sn.zeros()((1, 2), np.random.default_rng(0)).tolist()
    [[0.0, 0.0]]
    """
    return _Zeros()
