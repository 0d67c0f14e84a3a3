"""The verdict on each entry: the claimed slope against the numeric one, as far as the numeric one is certain.

In: a `Subject`, functions and arrays. Out: a `GradientCheck`. An entry is at a kink only where its two one-sided slopes
are shown to differ; any other is judged at the stated tolerance, and one whose numeric slope is too uncertain for that
is said to be so. Where the slope is 0, what is left of rounding is no mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from symnet.checking import numeric
from symnet.checking.freedom import is_free, kept
from symnet.checking.numeric import Function, Slope
from symnet.checking.result import CheckRow, GradientCheck, Probe

TOLERANCE = {"complex": 1e-11, "central": 1e-6, "mpmath": 1e-11}  # relative to the largest entry of a gradient
DIGITS_OF_DTYPE = 2500  # what was computed in float32 is judged to so many of its last digits
COARSE = 2e-3  # of the largest entry: where rounding in a function hides more than this, nothing can be said
ZERO = 1e-9  # slopes less certain than this are not told from 0, whatever is claimed
WIDER = 1e6  # a step so many times as large tells the same slope of a smooth function
FLOOR = 1e-12  # of the largest entry of all: what rounding leaves of entries in which larger numbers cancel
FAR = 0.1  # of an entry, at least of 1: so far a function is constant where its slope is said to be exactly 0
LOST = 20  # rounding errors, each one of the usual size, by which two slopes may differ
ALL_ENTRIES = 250  # parameters with more entries are probed
ENTRIES, DIRECTIONS = 24, 8  # by so many entries and so many random directions
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Subject:
    """What is checked: a function of arrays, its claimed gradients, and how to differentiate it by numbers.

    `checked`: which of the arrays are parameters; `real`: the function in float64; `exact`: gives slopes that are exact
    to rounding, by steps that may be `wider`, or None where differences must do; `corners`: whether one lies at the
    point, None where nobody knows; `again`: gives the claimed gradients at other arrays, where that is possible;
    `facts`: of each parameter.
    """

    names: tuple[str, ...]
    arrays: tuple[Any, ...]
    checked: tuple[int, ...]
    gradients: tuple[Any, ...]
    real: Function
    method: str
    tolerance: float
    exact: Callable[..., Slope] | None = None
    corners: bool | None = None
    again: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    facts: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def noise(self) -> float:
        """The rounding errors in the values of the function."""
        return numeric.noise_of(self.real, self.arrays, self.checked, 0)

    def differences(self, k: int, direction: Any, enough: float) -> Slope:
        """Give the slope by differences of the real function."""
        resolution = 1e-12 if self.tolerance <= TOLERANCE["central"] else 8 * self.tolerance / DIGITS_OF_DTYPE
        return numeric.central(self.real, self.arrays, k, direction, self.noise, enough, resolution, self._nearby)

    def _nearby(self, size: float) -> float:
        return numeric.noise_of(self.real, self.arrays, self.checked, 0, size)


class _Found(NamedTuple):
    place: int
    index: Any
    direction: Any
    symbolic: float
    slope: Slope


def compare(subject: Subject, notes: Sequence[str], seed: int) -> GradientCheck:
    """Compare every claimed gradient with numeric slopes. seed: chooses the probes of large parameters."""
    with np.errstate(all="ignore"):  # a step may leave the domain of the function
        value = float(np.real(subject.real(subject.arrays)))
        if not np.isfinite(value):
            raise ValueError(f"the function to differentiate is {value} at the point given, so it has no slope there")
        return GradientCheck(
            tuple(_rows(subject, seed)), subject.method, subject.tolerance, tuple(notes), _curve_of(subject)
        )


def _rows(subject: Subject, seed: int) -> list[CheckRow]:
    generator = np.random.default_rng(seed)
    found = [_measured(subject, place, generator) for place in range(len(subject.names))]
    sizes = [_size_of(subject.gradients[place], own) for place, own in enumerate(found)]
    largest = max([*sizes, *map(_claimed, subject.gradients)], default=0.0)
    judge = _by_differences if subject.exact is None else _exactly
    return [
        CheckRow.of(name, np.shape(gradient), [judge(subject, one, size, largest) for one in own])
        for name, gradient, own, size in zip(subject.names, subject.gradients, found, sizes, strict=True)
    ]


def _claimed(gradient: Any) -> float:
    return float(np.max(np.abs(gradient), initial=0.0))


def _measured(subject: Subject, place: int, generator: np.random.Generator) -> list[_Found]:
    k, gradient = subject.checked[place], np.asarray(subject.gradients[place])
    found = []
    facts = subject.facts[place] if subject.facts else ()
    for index, anywhere in _directions(gradient.shape, generator):
        if isinstance(index, tuple) and not is_free(facts, index):
            continue
        direction, weights = kept(facts, anywhere)
        enough = 0.05 * subject.tolerance * _claimed(gradient) * float(np.max(direction))
        if subject.exact is not None:
            slope = subject.exact(subject.arrays, k, direction)
        else:
            slope = subject.differences(k, direction, enough)
        found.append(_Found(place, index, direction, float(np.sum(gradient * weights)), slope))
    return found


def _size_of(gradient: Any, found: Sequence[_Found]) -> float:
    # the largest entry, by the numbers; where only some are looked at, the claimed one may be larger
    measured = max((abs(one.slope.value) for one in found), default=0.0)
    return measured if np.size(gradient) <= ALL_ENTRIES else max(measured, _claimed(gradient))


def _scale(one: _Found, size: float) -> float:
    return size if isinstance(one.index, tuple) else size + abs(one.slope.value)


def _by_differences(subject: Subject, one: _Found, size: float, largest: float) -> Probe:
    slope, error, scale = one.slope, one.slope.error, _scale(one, size)
    close = subject.tolerance * scale
    if subject.tolerance == TOLERANCE["central"]:  # along a direction as well one entry that is off must show
        close = subject.tolerance * size * float(np.max(one.direction))
    if slope.sides:
        return _at_kink(one, close)
    if 2 * error <= close:
        return _by_its_own_size(subject, one, close, largest)
    probe = Probe(one.index, one.symbolic, slope.value, close - error, uncertain=error)
    own = max(abs(one.symbolic), abs(slope.value))
    small = error <= max(1e-3 * subject.tolerance * largest, ZERO)
    if slope.rounding > error / 8 and error <= COARSE * scale or small and _is_zero(one, error):
        coarse = error > close and not _is_nothing(subject, one)
        return probe._replace(allowed=error, coarse=coarse, lost=own <= LOST * error)
    return probe._replace(allowed=close, judged=not probe.error <= close + 2 * error)


def _by_its_own_size(subject: Subject, one: _Found, close: float, largest: float) -> Probe:
    # an entry far below the largest one may not be anything below that one's tolerance, as far as slopes can tell
    slope, own, floor = one.slope, max(abs(one.symbolic), abs(one.slope.value)), FLOOR * largest
    probe = Probe(one.index, one.symbolic, slope.value, close - slope.error, uncertain=slope.error)
    if subject.tolerance > TOLERANCE["central"]:
        return probe
    least = subject.tolerance * own + floor
    if least < probe.error <= probe.allowed:
        again = subject.differences(subject.checked[one.place], one.direction, 0.05 * least)
        slope = slope if again.sides or again.error > slope.error else again
        allowed = min(close, least + LOST * slope.error)
        probe = probe._replace(numeric=slope.value, allowed=allowed, uncertain=slope.error)
    lost = slope.rounding > ZERO and own <= LOST * slope.error + floor
    lost = lost and not _is_nothing(subject, one)
    return probe._replace(coarse=lost, lost=lost)


def _is_nothing(subject: Subject, one: _Found) -> bool:
    # a slope that is exactly 0, as that of a relu below its corner: the function is the same far to both sides
    if one.symbolic or one.slope.value:
        return False
    k = subject.checked[one.place]
    here = np.asarray(subject.arrays[k])
    move = FAR * max(1.0, float(np.abs(here[one.direction != 0]).max(initial=0.0))) * one.direction
    values = [subject.real([*subject.arrays[:k], here + side * move, *subject.arrays[k + 1 :]]) for side in (-1, 0, 1)]
    return bool(values[0] == values[1] == values[2])


def _is_zero(one: _Found, error: float) -> bool:
    return abs(one.symbolic) <= error and abs(one.slope.value) <= error


def _at_kink(one: _Found, close: float) -> Probe:
    left, right, error = one.slope.sides  # type: ignore[misc]
    low, high = min(left, right) - close - error, max(left, right) + close + error
    return Probe(one.index, one.symbolic, one.slope.value, close, (left, right), low <= one.symbolic <= high)


def _exactly(subject: Subject, one: _Found, size: float, largest: float) -> Probe:
    close = subject.tolerance * max(_scale(one, size), abs(one.symbolic)) + one.slope.error + 200 * EPS * largest
    probe = Probe(one.index, one.symbolic, one.slope.value, close, uncertain=one.slope.error)
    if subject.corners or subject.corners is None and not probe.ok:
        enough = 0.05 * TOLERANCE["central"] * size
        differences = subject.differences(subject.checked[one.place], one.direction, enough)
        if differences.sides:
            near = _at_kink(one._replace(slope=differences), TOLERANCE["central"] * size)
            return near._replace(numeric=one.slope.value, between=near.between or probe.ok)
        if not probe.ok and _depends_on_its_step(subject, one, close):
            finer = replace(subject, tolerance=TOLERANCE["central"])
            return _by_differences(finer, one._replace(slope=differences), size, largest)
    if not probe.ok and max(abs(one.symbolic), abs(one.slope.value)) <= ZERO:
        return probe._replace(allowed=close + 8 * _last_digits(subject, one))
    if not probe.ok and probe.error <= COARSE * _scale(one, size):  # 1 − tanh(u)² + 10⁻⁶ has lost its last digits
        return probe._replace(allowed=close + LOST * _rounding(subject, one))
    return probe


def _depends_on_its_step(subject: Subject, one: _Found, close: float) -> bool:
    # the slope of |w|^1.2 at 0 falls as a root of the step: nothing that is exact to rounding is told there
    wider = subject.exact(subject.arrays, subject.checked[one.place], one.direction, WIDER)  # type: ignore[misc]
    return not abs(wider.value - one.slope.value) <= close


def _rounding(subject: Subject, one: _Found) -> float:
    # the rounding errors in both slopes
    k = subject.checked[one.place]
    slopes: list[Function] = [lambda arrays: subject.exact(arrays, k, one.direction).value]  # type: ignore[misc]
    if subject.again is not None:
        again = subject.again
        slopes.append(lambda arrays: float(np.sum(again(arrays)[one.place] * one.direction)))
    return sum(numeric.noise_of(slope, subject.arrays, subject.checked, 0) for slope in slopes)


def _last_digits(subject: Subject, one: _Found) -> float:
    # how far slopes move where the last digits of the parameters change: a slope of 0 by cancellation is all noise
    generator, k = np.random.default_rng(0), subject.checked[one.place]
    along = generator.choice([-1.0, 1.0], np.shape(one.direction))
    moves = []
    for _ in range(3):
        near = list(subject.arrays)
        for other in subject.checked:
            near[other] = near[other] * (1 + 2 * EPS * generator.choice([-1, 1], np.shape(near[other])))
        slopes = [subject.exact(arrays, k, along).value for arrays in (near, subject.arrays)]  # type: ignore[misc]
        moves.append(abs(slopes[0] - slopes[1]))
        if subject.again is not None:
            moves[-1] += float(np.sum(np.abs(subject.again(near)[one.place] - subject.gradients[one.place])))
    return max(moves)


def _directions(shape: tuple[int, ...], generator: np.random.Generator) -> list[tuple[Any, Any]]:
    size = int(np.prod(shape))
    if size <= ALL_ENTRIES:
        indices = list(np.ndindex(*shape))
    else:
        chosen = generator.choice(size, ENTRIES, replace=False)
        indices = [tuple(int(i) for i in np.unravel_index(c, shape)) for c in sorted(chosen)]
    directions: list[tuple[Any, Any]] = [(index, _unit(shape, index)) for index in indices]
    if size > ALL_ENTRIES:
        for number in range(DIRECTIONS):
            v = generator.choice([-1.0, 1.0], shape) / np.sqrt(size)  # all entries alike, so that none is overlooked
            directions.append((f"direction {number + 1}", v))
    return directions


def _unit(shape: tuple[int, ...], index: Any) -> Any:
    unit = np.zeros(shape)
    unit[index] = 1.0
    return unit


def _curve_of(subject: Subject) -> Callable[[np.ndarray], tuple[np.ndarray, str]]:
    def curve(steps: np.ndarray) -> tuple[np.ndarray, str]:
        """Give the error of a central difference for each step, at the largest entry of the first gradient."""
        k, gradient = subject.checked[0], np.asarray(subject.gradients[0])
        index = np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)
        unit, _ = kept(subject.facts[0] if subject.facts else (), _unit(gradient.shape, index))
        found = [numeric.difference(subject.real, subject.arrays, k, unit, float(h)) for h in steps]
        where = ", ".join(str(int(i)) for i in index)
        return np.abs(np.array(found) - gradient[index]), f"{subject.names[0]}[{where}]"

    return curve
