"""Derivatives by numbers alone: complex steps, central differences with extrapolation, and 50 digits.

In: a function of a list of arrays that gives a number, the arrays, and a direction in one of them. Out: the derivative
along the direction, with an estimate of its error. Nothing here knows a formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath
import numpy as np

Function = Callable[[Sequence[Any]], Any]
COMPLEX_STEP = 1e-30
SMALLEST = 1e-250  # an entry below which complex steps would vanish
CENTRAL_STEP = float(np.finfo(float).eps ** 0.2)  # where rounding and the fourth-order error of extrapolation balance
DIGITS = 50
LEFT_OVER = 1e-30  # what a step of 1e-17 leaves of higher derivatives, and 50 digits of a difference
APART = (1e-6, 1e-8, 1e-10)  # of an entry, the values whose differences are taken
SMOOTH = 1e-6  # of the changes of values: a smooth function leaves no more in fourth differences
CLEARLY = 1e-2  # less
SMALL = 1e-3  # an entry below which steps of its own size are tried as well
RATIO = 4  # of one step to the next smaller one
SLOWEST = 0.95  # the ratio of changes from one step to the next, of slopes that still approach one
COARSEST, FINEST = -4, 14  # the steps are CENTRAL_STEP / RATIO**level


class Slope(NamedTuple):
    """A derivative and an estimate of its error, of which `rounding` is what the rounding of values makes.

    `sides`: the slopes to the left and right, and the error of both, where these are shown to differ at the point.
    """

    value: float
    error: float
    rounding: float = 0.0
    sides: tuple[float, float, float] | None = None


def moved(arrays: Sequence[Any], k: int, direction: Any, distance: Any) -> list[Any]:
    """Give the arrays with the k-th one moved along a direction."""
    return [a + distance * direction if i == k else a for i, a in enumerate(arrays)]


def scale_of(array: Any, direction: Any) -> float:
    """Give the size of the entries that a direction moves, at least 1."""
    touched = np.abs(np.asarray(array)[np.asarray(direction) != 0])
    return max(1.0, float(touched.max(initial=0.0)))


def smallest_of(array: Any, direction: Any) -> float:
    """Give the size of the smallest entry, zeros left out, that a direction moves, at most 1."""
    touched = np.abs(np.asarray(array)[(np.asarray(direction) != 0) & (np.asarray(array) != 0)])
    return float(max(touched.min(initial=1.0), SMALLEST))


def complex_step(f: Function, arrays: Sequence[Any], k: int, direction: Any, wider: float = 1.0) -> Slope:
    """Give Im f(x + ihv)/h, `wider` times the usual h. There is no subtraction, so it is exact to rounding.

    Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).
    """
    step = wider * COMPLEX_STEP * smallest_of(arrays[k], direction)  # far below every entry
    with np.errstate(all="ignore"):
        value = f(moved(arrays, k, direction, 1j * step))
    slope = float(np.imag(value)) / step
    return Slope(slope, 4 * np.finfo(float).eps * abs(slope) + COMPLEX_STEP)


def many_digits(f: Function, arrays: Sequence[Any], k: int, direction: Any, wider: float = 1.0) -> Slope:
    """Give a central difference computed in 50 digits, `wider` times the usual step apart.

    `f` must take object arrays of mpmath numbers. Below a small entry the step is smaller, and the digits are more.
    """
    size = smallest_of(arrays[k], direction)
    with mpmath.workdps(DIGITS - round(2 * math.log10(size))):
        exact = [_as_mpf(a) for a in arrays]
        h = wider * size * mpmath.mpf(10) ** (-DIGITS // 3)
        along = _as_mpf(direction)
        slope = (f(moved(exact, k, along, h)) - f(moved(exact, k, along, -h))) / (2 * h)
        return Slope(float(slope), abs(float(slope)) * np.finfo(float).eps + LEFT_OVER)


def _as_mpf(array: Any) -> Any:
    array = np.asarray(array)
    exact = np.empty(array.shape, object)
    for index, value in np.ndenumerate(array):
        exact[index] = mpmath.mpf(float(value))
    return exact if array.ndim else exact[()]


def difference(f: Function, arrays: Sequence[Any], k: int, direction: Any, h: float) -> float:
    """Give one central difference of step h."""
    return (float(f(moved(arrays, k, direction, h))) - float(f(moved(arrays, k, direction, -h)))) / (2 * h)


def noise_of(f: Function, arrays: Sequence[Any], which: Sequence[int], seed: int, least: float = 1.0) -> float:
    """Give the size of the rounding errors in the values of f, at least its last digit; `which` arrays may be moved.

    least: an entry is moved as one of this size at least. Fourth differences of values so close together that a smooth
    function leaves nothing in them, on short pieces of lines near the point; closer ones where a steep function leaves
    something. A piece may cross a corner, so of five the one that is second from below counts. Moré and Wild,
    "Estimating computational noise", SIAM Journal on Scientific Computing 33 (2011).
    """
    last_digit = np.finfo(float).eps * abs(float(f(arrays)))
    generator = np.random.default_rng(seed)
    found, ratio = _differences(f, arrays, which, generator, APART[0], least)
    for apart in APART[1:] if ratio > SMOOTH else ():
        closer, other = _differences(f, arrays, which, np.random.default_rng(seed), apart, least)
        if other < CLEARLY * ratio:
            found, ratio = closer, other
    single = (
        float(np.finfo(np.float32).eps) * abs(float(f(arrays))) if _in_float32(f, arrays, which, generator) else 0.0
    )
    return max([last_digit, single, *sorted(noise for noise in found if math.isfinite(noise))[:2]])


def _differences(
    f: Function, arrays: Sequence[Any], which: Sequence[int], draw: np.random.Generator, apart: float, least: float
) -> tuple[list[float], float]:
    # on five pieces of lines; and how large they are beside the changes of the values, infinite where some are the same
    found, ratios = [], []
    for _ in range(5):
        steps = {}
        for k in which:
            signs = draw.choice([-1, 1], np.shape(arrays[k]))
            steps[k] = apart * np.maximum(least, np.abs(arrays[k])) * draw.uniform(0.5, 1.0, signs.shape) * signs
        points = ([a + i * steps[k] if k in steps else a for k, a in enumerate(arrays)] for i in range(300, 309))
        values = np.array([float(f(point)) for point in points])
        found.append(math.sqrt(float(np.mean(np.diff(values, 4) ** 2)) / 70))  # of independent errors: 70 = (8 over 4)
        ratios.append(found[-1] / float(np.ptp(values)) if len(set(values)) == len(values) else math.inf)
    return found, sorted(ratios)[2]


def _in_float32(f: Function, arrays: Sequence[Any], which: Sequence[int], generator: np.random.Generator) -> bool:
    # all values are numbers of float32, and not because they are all the same
    points = (
        [a * (1 + 0.01 * generator.uniform(size=np.shape(a))) if k in which else a for k, a in enumerate(arrays)]
        for _ in range(5)
    )
    values = [float(f(point)) for point in points]
    return len(set(values)) > 2 and all(value == float(np.float32(value)) for value in values)


class _Ladder:
    """The values of a function along a line, at ever smaller distances from a point; each is computed once."""

    def __init__(self, f: Function, arrays: Sequence[Any], k: int, direction: Any, noise: float, scale: float) -> None:
        self.f = lambda distance: float(f(moved(arrays, k, direction, distance)))
        self.step, self.noise = CENTRAL_STEP * scale, noise
        self.here = float(f(arrays))
        self.known: dict[int, tuple[float, float]] = {}

    def h(self, level: int) -> float:
        return self.step / RATIO**level

    def values(self, level: int) -> tuple[float, float]:
        if level not in self.known:
            self.known[level] = self.f(-self.h(level)), self.f(self.h(level))
        return self.known[level]

    def central(self, level: int) -> Slope:
        """Extrapolate three central differences once; second differences tell of a corner within the steps."""
        steps = [self.h(level + i) for i in range(3)]
        values = [self.values(level + i) for i in range(3)]
        first = [(b - a) / (2 * h) for h, (a, b) in zip(steps, values, strict=True)]
        _, bend_1, bend_2 = [(b - self.here + (a - self.here)) / h for h, (a, b) in zip(steps, values, strict=True)]
        coarse, fine = [(RATIO**2 * d - c) / (RATIO**2 - 1) for c, d in pairwise(first)]
        steepest = max(abs(value - self.here) for value in values[0]) / steps[0]
        rounding = 5 * self.noise / steps[2] + steepest * float(np.finfo(float).eps)  # of the values, of the steps
        return Slope(fine, abs(fine - coarse) + abs(RATIO * bend_2 - bend_1) / 4 + rounding, rounding)

    def one_sided(self, level: int, side: int) -> Slope:
        """Extrapolate three differences to one side twice."""
        steps = [self.h(level + i) for i in range(3)]
        sign = 2 * side - 1
        first = [sign * (self.values(level + i)[side] - self.here) / h for i, h in enumerate(steps)]
        coarse, fine = [(RATIO * d - c) / (RATIO - 1) for c, d in pairwise(first)]
        rounding = 10 * self.noise / steps[2]
        return Slope((RATIO**2 * fine - coarse) / (RATIO**2 - 1), abs(fine - coarse) + rounding, rounding)

    def slow(self, side: int) -> Slope:
        """Extrapolate slopes to one side that approach theirs as a root of the step does, as those of |x|^1.2 at 0.

        Aitken's rule (Stoer and Bulirsch, section 5.10), where the changes from step to step have one ratio.
        """
        found = [self.one_sided(level, side) for level in range(FINEST)]
        return min((_aitken(found[level : level + 4]) for level in range(FINEST - 4)), key=_error)

    def best(self, give: Callable[[int], Slope], enough: float) -> Slope:
        """Give the slope of the least error: smaller steps where the function bends, larger ones where it is noisy.

        Slopes that one of smaller steps contradicts are none: a steep function looks flat from afar.
        """
        found = [give(0)]
        for levels in (range(1, FINEST), range(-1, COARSEST - 1, -1)):
            for level in levels:
                last = found[-1] if level > 0 else found[0]
                noisy = last.rounding > last.error / 2
                if min(found, key=_error).error <= enough or noisy != (level < 0):
                    break
                if level < 0:
                    found.insert(0, give(level))
                else:
                    found.append(give(level))
        kept = [s for i, s in enumerate(found) if not any(_contradicts(finer, s) for finer in found[i + 1 :])]
        return min(kept, key=_error)

    def at_the_point(self, jump: float, resolution: float) -> float | None:
        """Give the central slope so near that a jump of the slope just stands out, or None where it is there."""
        h = max(400 * self.noise / jump, resolution * self.step / CENTRAL_STEP)
        below, above = self.f(-h), self.f(h)
        if abs(below - 2 * self.here + above) / h > jump / 2:
            return None
        return (above - below) / (2 * h)


def _aitken(slopes: Sequence[Slope]) -> Slope:
    changes = [b.value - a.value for a, b in pairwise(slopes)]
    before, ratio = [b / a if a else math.inf for a, b in pairwise(changes)]
    if not all(1 / RATIO < r < SLOWEST for r in (before, ratio)):
        return Slope(slopes[-1].value, math.inf)
    values = [s.value + c * r / (1 - r) for s, c, r in zip(slopes[2:], changes[1:], (before, ratio), strict=True)]
    rounding = 4 * slopes[-1].rounding / (1 - ratio) ** 2
    return Slope(values[1], abs(values[1] - values[0]) + rounding, rounding)


def _contradicts(one: Slope, other: Slope) -> bool:
    return abs(one.value - other.value) > 4 * (one.error + other.error)


def _error(slope: Slope) -> float:
    return slope.error if math.isfinite(slope.error) else math.inf  # beyond the domain of f there is no value


def central(
    f: Function,
    arrays: Sequence[Any],
    k: int,
    direction: Any,
    noise: float = 0.0,
    enough: float = 1e-8,
    resolution: float = 1e-12,
    nearby: Callable[[float], float] | None = None,
) -> Slope:
    """Give the derivative by differences; where slopes to the two sides are shown to differ, these as well.

    noise: the rounding errors of f; enough: the error at which no further steps are tried; resolution: how near, by
    the size of an entry, a corner is at the point; nearby: gives the rounding errors of f where entries of a size move:
    steps of the size of a small entry are tried where larger ones do not tell its slope. Central differences are
    extrapolated (Stoer and Bulirsch, "Introduction to Numerical Analysis" (2002), section 3.5). Where they cannot be
    had to that error the two sides are looked at: beside a corner only one of them is smooth, and values nearer to the
    point tell which.
    """
    found = _at_usual_steps(f, arrays, k, direction, noise, enough, resolution)
    own = smallest_of(arrays[k], direction)
    if nearby is None or own >= SMALL:
        return found
    if found.sides or found.error <= enough:
        within = difference(f, arrays, k, direction, own / 2)
        if not _passed_over(within, found, enough + noise / own):
            return found
    small = _Ladder(f, arrays, k, direction, max(nearby(own), np.finfo(float).tiny), own)
    there = small.best(small.central, enough)
    return there if _passed_over(there.value, found, there.error) else min(found, there, key=_error)


def _passed_over(within: float, found: Slope, error: float) -> bool:
    # whether the slope within an entry is no such slope: larger steps went over a pole, or beyond the domain of f
    left, right, uncertain = found.sides or (found.value, found.value, found.error)
    error = 4 * (error + uncertain)
    return not min(left, right) - error <= within <= max(left, right) + error


def _at_usual_steps(
    f: Function, arrays: Sequence[Any], k: int, direction: Any, noise: float, enough: float, resolution: float
) -> Slope:
    ladder = _Ladder(f, arrays, k, direction, max(noise, np.finfo(float).tiny), scale_of(arrays[k], direction))
    middle = ladder.best(ladder.central, enough)
    if middle.error <= enough:
        return middle
    left, right = (
        min(ladder.best(lambda level, side=side: ladder.one_sided(level, side), enough), ladder.slow(side), key=_error)  # type: ignore[misc]
        for side in (0, 1)
    )
    jump = abs(left.value - right.value)
    if not jump > 4 * (left.error + right.error):
        return min(middle, left, right, key=_error)
    nearest = ladder.at_the_point(jump, resolution)
    if nearest is None:
        value = (left.value + right.value) / 2
        return Slope(value, jump / 2, sides=(left.value, right.value, left.error + right.error))
    side = min(left, right, key=lambda s: abs(s.value - nearest))
    return side if abs(side.value - nearest) < jump / 4 else middle
