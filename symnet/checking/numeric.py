"""Derivatives by numbers alone: complex steps, central differences with extrapolation, and 50 digits.

In: a function of a list of arrays that gives a number, the arrays, and a direction in one of them. Out: the derivative
along the direction, with an estimate of its error. Nothing here knows a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mpmath
import numpy as np

Function = Callable[[Sequence[Any]], Any]
COMPLEX_STEP = 1e-30
CENTRAL_STEP = float(np.finfo(float).eps ** 0.2)  # where rounding and the fourth-order error of extrapolation balance
ONE_SIDED_STEP = 1e-7
DIGITS = 50


class Slope(NamedTuple):
    """A derivative and an estimate of its error."""

    value: float
    error: float


def moved(arrays: Sequence[Any], k: int, direction: Any, distance: Any) -> list[Any]:
    """Give the arrays with the k-th one moved along a direction."""
    return [a + distance * direction if i == k else a for i, a in enumerate(arrays)]


def scale_of(array: Any, direction: Any) -> float:
    """Give the size of the entries that a direction moves, at least 1."""
    touched = np.abs(np.asarray(array)[np.asarray(direction) != 0])
    return max(1.0, float(touched.max(initial=0.0)))


def complex_step(f: Function, arrays: Sequence[Any], k: int, direction: Any) -> Slope:
    """Give Im f(x + ihv)/h. There is no subtraction, so it is exact to rounding.

    Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).
    """
    with np.errstate(all="ignore"):
        value = f(moved(arrays, k, direction, 1j * COMPLEX_STEP))
    slope = float(np.imag(value)) / COMPLEX_STEP
    return Slope(slope, 4 * np.finfo(float).eps * abs(slope))


def central(f: Function, arrays: Sequence[Any], k: int, direction: Any, step: float = CENTRAL_STEP) -> Slope:
    """Give a central difference, extrapolated once; the error is what extrapolation changed, and rounding.

    Richardson's extrapolation of (f(x + hv) − f(x − hv))/2h, see Stoer and Bulirsch (2002), section 3.5. Where `f`
    bends much within the step, smaller ones are tried and the one of the least error is kept.
    """
    found = []
    for h in (step * scale_of(arrays[k], direction) / 8**power for power in range(4)):
        coarse, size_1 = difference(f, arrays, k, direction, h)
        fine, size_2 = difference(f, arrays, k, direction, h / 2)
        value = (4 * fine - coarse) / 3
        rounding = 8 * np.finfo(float).eps * max(size_1, size_2) / h
        found.append(Slope(value, abs(value - fine) * 0.1 + rounding))
        if found[-1].error <= 1e-7 * abs(value):
            break
    return min(found, key=lambda slope: slope.error)


def difference(f: Function, arrays: Sequence[Any], k: int, direction: Any, h: float) -> tuple[float, float]:
    """Give one central difference of step h, and the larger of the two values."""
    above = float(f(moved(arrays, k, direction, h)))
    below = float(f(moved(arrays, k, direction, -h)))
    return (above - below) / (2 * h), max(abs(above), abs(below))


def one_sided(f: Function, arrays: Sequence[Any], k: int, direction: Any) -> tuple[float, float]:
    """Give the slopes to the left and to the right, each a second-order one-sided difference."""
    h = ONE_SIDED_STEP * scale_of(arrays[k], direction)
    here = float(f(arrays))
    slopes = []
    for sign in (-1.0, 1.0):
        near = float(f(moved(arrays, k, direction, sign * h)))
        far = float(f(moved(arrays, k, direction, sign * 2 * h)))
        slopes.append(sign * (4 * near - far - 3 * here) / (2 * h))
    return slopes[0], slopes[1]


def one_sided_noise(value: float) -> float:
    """Give the rounding error of a one-sided slope of a function of this value."""
    return 40 * float(np.finfo(float).eps) * abs(value) / ONE_SIDED_STEP


def many_digits(f: Function, arrays: Sequence[Any], k: int, direction: Any) -> Slope:
    """Give a central difference computed in 50 digits; `f` must take object arrays of mpmath numbers."""
    with mpmath.workdps(DIGITS):
        exact = [_as_mpf(a) for a in arrays]
        h = mpmath.mpf(10) ** (-DIGITS // 3)
        along = _as_mpf(direction)
        slope = (f(moved(exact, k, along, h)) - f(moved(exact, k, along, -h))) / (2 * h)
        return Slope(float(slope), abs(float(slope)) * np.finfo(float).eps)


def _as_mpf(array: Any) -> Any:
    array = np.asarray(array)
    exact = np.empty(array.shape, object)
    for index, value in np.ndenumerate(array):
        exact[index] = mpmath.mpf(float(value))
    return exact if array.ndim else exact[()]
