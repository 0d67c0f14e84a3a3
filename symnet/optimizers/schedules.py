"""Learning rates that change from step to step.

In: numbers. Out: a function from the number of a step, which begins at 0, to the rate of that step. Each is a frozen
value that can be printed and pickled; any function of a step that gives a number serves as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from symnet.expressions import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Made, Range
from symnet.optimizers.rates import Rate, is_number, rate_at


@dataclass(frozen=True, repr=False)
class _StepDecay(Made):
    called: ClassVar[str] = "step_decay"
    rate: float
    factor: float
    every: int

    def __call__(self, step: int) -> float:
        return self.rate * self.factor ** (step // self.every)


class _ExponentialDecay(_StepDecay):
    called: ClassVar[str] = "exponential_decay"

    def __call__(self, step: int) -> float:
        return float(self.rate * self.factor ** (step / self.every))


@dataclass(frozen=True, repr=False)
class _CosineDecay(Made):
    called: ClassVar[str] = "cosine_decay"
    rate: float
    steps: int
    last: float

    def __call__(self, step: int) -> float:
        share = min(step / self.steps, 1.0)
        return self.last + (self.rate - self.last) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True, repr=False)
class _Warmup(Made):
    called: ClassVar[str] = "warmup"
    rate: Rate
    steps: int

    def __call__(self, step: int) -> float:
        return min((step + 1) / self.steps, 1.0) * rate_at(self.rate, step, "warmup: the rate")


SCHEDULES = {kind.called: kind for kind in (_StepDecay, _ExponentialDecay, _CosineDecay, _Warmup)}


def step_decay(rate: float, factor: float = 0.5, every: int = 1000) -> Callable[[int], float]:
    """Multiply the rate by a factor after every so many steps: rate·factor^⌊step/every⌋.

    rate: the first rate, positive; factor: between 0 and 1; every: a number of steps. Raises `ValueError` for others.

    >>> import symnet as sn
    >>> [sn.step_decay(0.1, 0.5, every=10)(step) for step in (0, 9, 10, 20)]
    [0.1, 0.1, 0.05, 0.025]
    """
    return _StepDecay(*_falling("step_decay", rate, factor, every))


def exponential_decay(rate: float, factor: float = 0.5, every: int = 1000) -> Callable[[int], float]:
    """Let the rate fall smoothly by a factor over every so many steps: rate·factor^(step/every).

    Arguments and errors as in `step_decay`.

    >>> import symnet as sn
    >>> sn.exponential_decay(0.4, 0.25, every=10)(5)
    0.2
    """
    return _ExponentialDecay(*_falling("exponential_decay", rate, factor, every))


def cosine_decay(rate: float, steps: int, last: float = 0.0) -> Callable[[int], float]:
    """Let the rate fall along half a cosine: last + (rate − last)·(1 + cos(π·step/steps))/2, then stay at `last`.

    rate: the first rate, positive; steps: how long it falls; last: from 0 on. Raises `ValueError` for others.
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), equation 5, one period.

    >>> import symnet as sn
    >>> rate = sn.cosine_decay(0.2, steps=100)
    >>> rate(0), round(rate(50), 6), rate(100), rate(1000)
    (0.2, 0.1, 0.0, 0.0)
    """
    least = _checked("cosine_decay", "last", last, NOT_NEGATIVE)
    return _CosineDecay(_checked("cosine_decay", "the rate", rate, POSITIVE), _count("steps", steps), least)


def warmup(rate: Rate, steps: int) -> Callable[[int], float]:
    """Let the rate rise along a line in the first steps: min(1, (step + 1)/steps)·rate.

    rate: a number, or a schedule such as `cosine_decay(…)`, which counts from the first step on. Raises `ValueError`
    for other rates and for `steps` below 1. Goyal et al., "Accurate, Large Minibatch SGD" (2017), section 2.2.

    >>> import symnet as sn
    >>> [round(sn.warmup(0.4, steps=4)(step), 3) for step in range(6)]
    [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]
    """
    return _Warmup(rate if callable(rate) else _checked("warmup", "the rate", rate, POSITIVE), _count("steps", steps))


def _falling(where: str, rate: float, factor: float, every: int) -> tuple[float, float, int]:
    first = _checked(where, "the rate", rate, POSITIVE)
    return first, _checked(where, "the factor", factor, SHARE), _count("every", every)


def _checked(where: str, what: str, value: float, allowed: Range) -> float:
    if not is_number(value) or not allowed.holds(value):
        raise ValueError(f"{where}: {what} must be {allowed.words}, not {value!r}")
    return float(value)


def _count(name: str, value: int) -> int:
    if not is_number(value) or not COUNT.holds(value):
        raise ValueError(f"{name} must be a positive whole number of steps, not {value!r}")
    return int(value)
