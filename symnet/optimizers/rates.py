"""What a learning rate is at a step: a number, or a function of the step's number.

In: a rate, and the number of a step, which begins at 0. Out: numbers, or an error that says at which step there is
none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Rate: TypeAlias = float | Callable[[int], float]


def is_number(value: object) -> bool:
    """Tell whether a value is a finite number."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__float__"):
        return False
    if getattr(value, "shape", None):  # an array
        return False
    try:
        return math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):  # a symbol, i, or 10**400
        return False


def rate_at(rate: Rate, step: int, called: str = "the rate") -> float:
    """Give the rate of a step. Raises `ValueError` where it is not a number from 0 on."""
    value = _asked(rate, step, called) if callable(rate) else rate
    if not is_number(value) or value < 0:
        raise ValueError(f"{called} must be a number from 0 on, but at step {step} it is {value!r}")
    return float(value)


def rates_at(rate: Callable[[int], float], first: int, steps: int, called: str) -> Any:
    """Give the rates of so many steps from `first` on, as an array: fewer where a later one is no number.

    Whoever asks again from that step on is told. Raises what `rate_at` raises of the first one.
    """
    if rate is number_of:
        return np.arange(first + 1, first + steps + 1, dtype=float)
    found = np.empty(steps)
    for k in range(steps):
        try:
            found[k] = rate_at(rate, first + k, called)
        except Exception:
            if not k:
                raise
            return found[:k]
    return found


def number_of(step: int) -> int:
    """Give the number of a step as papers count, from 1."""
    return step + 1


def _asked(rate: Callable[[int], float], step: int, called: str) -> Any:
    try:
        return rate(step)
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise  # within the function
        raise TypeError(f"{called}: it is called with the number of a step, and does not take it ({error})") from error
