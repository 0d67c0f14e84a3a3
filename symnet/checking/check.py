"""Symbolic against numeric gradients: the same loss, differentiated by formula and by numbers.

In: a loss and values, or anybody's function and gradient. Out: a `GradientCheck`, a row for each parameter. Comparisons
run in float64 (or 50 digits); tolerances follow from the method and are shown. Entries at a corner of relu, abs or max
are reported as such, with the slopes on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.backends import Kernel, Single, binding, compile_program
from symnet.checking import numeric
from symnet.checking.kinks import allows_complex, near_a_kink
from symnet.checking.numeric import Function, Slope
from symnet.checking.result import CheckRow, GradientCheck, Probe
from symnet.derivation import Derivation, derive
from symnet.expressions import given
from symnet.program import survey

TOLERANCE = {"complex": 1e-11, "central": 1e-6, "mpmath": 1e-11}  # relative to the largest entry of a gradient
ALL_ENTRIES = 100  # parameters with more entries are probed
ENTRIES, DIRECTIONS = 24, 8  # by so many entries and so many random directions


@dataclass(frozen=True)
class _Subject:
    """What is checked: a function of arrays, its claimed gradients, and how to differentiate it by numbers."""

    names: tuple[str, ...]
    arrays: tuple[Any, ...]  # all arguments, the checked parameters among them
    checked: tuple[int, ...]  # which arguments are parameters
    gradients: tuple[Any, ...]
    slope: Callable[[Sequence[Any], int, Any], Slope]
    real: Function  # the function in float64, for one-sided slopes and the plot
    method: str
    kinks: Callable[[], bool]  # whether a corner is near


def check_gradients(
    loss: Any, values: Mapping[Any, Any], wrt: Any = None, method: str = "auto", *, seed: int = 0
) -> GradientCheck:
    """Check the symbolic gradients of a loss against numeric ones.

    loss: a scalar expression; values: symbols or names → arrays, data and weights; wrt: a symbol or a sequence of
    symbols, by default every symbol of the loss that is not a size.
    method: "complex" (complex steps, exact to rounding), "central" (central differences with extrapolation), "mpmath"
    (50 digits, for small nets), or "auto": complex where every function of the loss allows it, else central.
    seed: chooses the entries and directions that probe parameters of more than 100 entries.

    Gives a `GradientCheck`: `.ok`, `.rows`, a table as its text, `.raise_if_failed()`, `.plot()`. The comparison runs
    in float64; float32 arrays are widened for it, and the float32 kernel is then compared with the float64 one. Raises
    `ValueError` for an unknown method or one that the loss does not allow, and what `derive` and a `Kernel` raise.

    >>> import symnet as sn
    >>> W, X = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")
    >>> check = check_gradients(sn.norm(sn.tanh(W * X)), {W: [[1, 2, 3], [4, 5, 6]], X: [[0.1], [0.2], [-0.3]]}, W)
    >>> check.ok, check.method
    (True, 'complex')
    """
    if method not in (methods := ("auto", *TOLERANCE)):
        raise ValueError(f"method: {method!r} is not known; use one of {', '.join(methods)}")
    loss = given(loss, "the loss")
    derivation = derive(loss, _symbols_to_check(loss, wrt))
    single = [a for a in map(np.asarray, binding.named(values).values()) if a.dtype == np.float32]
    kernel = derivation.compile(dtype=float)
    arrays = kernel.bind(values)
    gradients = kernel.function(*arrays)[1]
    subject = _subject(derivation, kernel, arrays, gradients, method)
    notes = []
    if single:
        notes.append("float32 arrays were widened to float64 for the comparison")
        notes.append(_single_against_double(derivation, arrays, gradients))
    return _compare(subject, notes, seed)


def check_function(f: Callable[..., Any], grad: Callable[..., Any], x0: Any, method: str = "central") -> GradientCheck:
    """Check anybody's gradient: `grad` against the numeric derivative of `f`, plain NumPy functions, at `x0`.

    f: gives a number; grad: gives its gradient. x0: an array, then they are called as f(x), grad(x); or a list or tuple
    of arrays, then as f(*x), grad(*x), and grad gives as many arrays.
    method: "central", or "complex" where `f` is analytic and takes complex arrays.

    Raises `ValueError` where a gradient has not the shape of its argument, naming the argument, or has NaN in it.

    >>> import numpy as np
    >>> check_function(lambda x: np.sum(x**3), lambda x: 3 * x**2, np.array([1.0, -2.0])).ok
    True
    """
    if method not in ("central", "complex", "auto"):
        raise ValueError(f"method: {method!r} is not known here; use 'central' or 'complex'")
    several = isinstance(x0, (list, tuple)) and any(np.ndim(a) for a in x0)
    arrays = (
        tuple(binding.as_array(f"x0[{i}]", a) for i, a in enumerate(x0)) if several else (binding.as_array("x0", x0),)
    )
    for i, a in enumerate(arrays):
        binding.check_data(f"x0[{i}]" if several else "x0", a)
    found = grad(*arrays)
    gradients = tuple(found) if several else (found,)
    names = tuple(f"x{i}" for i in range(len(arrays))) if several else ("x",)
    if len(gradients) != len(arrays):
        raise ValueError(f"grad gives {len(gradients)} arrays for {len(arrays)} arguments")
    checked = tuple(_checked_gradient(n, g, a.shape) for n, g, a in zip(names, gradients, arrays, strict=True))
    real: Function = lambda given: _number(f(*given))  # noqa: E731
    complex_wanted = method == "complex"

    def slope(given: Sequence[Any], k: int, direction: Any) -> Slope:
        return (numeric.complex_step if complex_wanted else numeric.central)(real, given, k, direction)

    kind = "complex" if complex_wanted else "central"
    every = tuple(range(len(arrays)))
    return _compare(_Subject(names, arrays, every, checked, slope, real, kind, lambda: True), [], 0)


def _number(value: Any) -> Any:
    if np.size(value) != 1:
        raise TypeError(f"f must give a number, but it gives an array of shape {np.shape(value)}")
    return np.asarray(value).item()


def _checked_gradient(name: str, gradient: Any, shape: tuple[int, ...]) -> Any:
    array = binding.as_array(f"the gradient for {name}", gradient)
    if array.shape != shape:
        turned = "; it is the transpose" if array.shape == shape[::-1] and len(shape) == 2 else ""
        raise ValueError(f"the gradient for {name} has shape {array.shape}, but {name} has shape {shape}{turned}")
    if np.isnan(array).any():
        raise ValueError(f"the gradient for {name} has NaN in it")
    return array


def _symbols_to_check(loss: Any, wrt: Any) -> list[Any]:
    found = survey(loss)
    if wrt is not None:
        chosen = wrt if isinstance(wrt, (list, tuple)) else [wrt]
        return [found.symbols.get(w, w) if isinstance(w, str) else w for w in chosen]
    return list(found.inputs.values())


def _subject(derivation: Derivation, kernel: Kernel, arrays: list[Any], gradients: list[Any], method: str) -> _Subject:
    allowed = allows_complex(derivation.program)
    if method == "complex" and not allowed:
        raise ValueError("method: this loss has functions without complex values; use 'central'")
    method = ("complex" if allowed else "central") if method == "auto" else method

    def loss_alone(backend: str, dtype: type) -> Function:
        alone = compile_program(derivation.program, [derivation.loss_name], Single(), dtype, backend)
        order = [kernel.arguments.index(n) for n in alone.arguments]
        return lambda given: alone.function(*[given[i] for i in order])

    real = loss_alone("numpy", float)
    f, differentiate = {
        "complex": lambda: (loss_alone("complex", complex), numeric.complex_step),
        "mpmath": lambda: (loss_alone("mpmath", float), numeric.many_digits),
        "central": lambda: (real, numeric.central),
    }[method]()
    checked = tuple(kernel.arguments.index(w.name) for w in derivation.wrt)
    values = dict(zip(kernel.arguments, arrays, strict=True))
    return _Subject(
        tuple(w.name for w in derivation.wrt), tuple(arrays), checked, tuple(gradients),
        lambda given, k, v: differentiate(f, given, k, v), real, method,
        lambda: near_a_kink(derivation.program, values),
    )  # fmt: skip


def _single_against_double(derivation: Derivation, arrays: list[Any], gradients: list[Any]) -> str:
    single = derivation.compile(dtype=np.float32).function(*[np.float32(a) for a in arrays])[1]
    worst = 0.0
    for s, d in zip(single, gradients, strict=True):
        worst = max(worst, float(np.max(np.abs(s - d)) / max(np.max(np.abs(d)), np.finfo(float).tiny)))
    return f"the float32 kernel differs from the float64 kernel by {worst:.1e} of the largest entry at most"


def _compare(subject: _Subject, notes: list[str], seed: int) -> GradientCheck:
    generator = np.random.default_rng(seed)
    largest = [float(np.max(np.abs(g), initial=0.0)) for g in subject.gradients]
    floor = 200 * np.finfo(float).eps * max(largest, default=0.0)
    loss = abs(float(np.real(subject.real(subject.arrays))))
    floor += 50 * np.finfo(float).eps * loss if subject.method == "central" else np.finfo(float).eps * min(loss, 1.0)
    rows = []
    near = subject.kinks()
    for name, k, gradient, size in zip(subject.names, subject.checked, subject.gradients, largest, strict=True):
        probes = []
        for index, direction in _directions(np.shape(gradient), generator):
            symbolic = float(np.sum(np.asarray(gradient) * direction))
            slope = subject.slope(subject.arrays, k, direction)
            scale = max(size if isinstance(index, tuple) else abs(symbolic) + size, abs(slope.value))
            allowed = TOLERANCE[subject.method] * scale + floor
            allowed += min(3 * slope.error, 1e-3 * scale) if subject.method == "central" else 0.0
            probe = Probe(index, symbolic, slope.value, allowed)
            probes.append(_at_kink(subject, k, direction, probe, scale) if near else probe)
        rows.append(CheckRow.of(name, np.shape(gradient), probes))
    return GradientCheck(tuple(rows), subject.method, TOLERANCE[subject.method], tuple(notes), _curve_of(subject))


def _at_kink(subject: _Subject, k: int, direction: Any, probe: Probe, scale: float) -> Probe:
    left, right = numeric.one_sided(subject.real, subject.arrays, k, direction)
    size = max(scale, abs(left), abs(right))
    noise = numeric.one_sided_noise(float(np.real(subject.real(subject.arrays))))
    close = TOLERANCE["central"] * size + noise
    if abs(left - right) > 1e-4 * size + noise:
        between = min(left, right) - close <= probe.symbolic <= max(left, right) + close
        return probe._replace(kink=(left, right), between=between or probe.ok)
    here = (left + right) / 2
    in_the_step = subject.method == "central" and abs(here - probe.numeric) > close  # a corner, but not at the point
    if not probe.ok and in_the_step and abs(probe.symbolic - here) <= close:
        return probe._replace(numeric=here, allowed=close)
    return probe


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
            v = generator.normal(size=shape)
            directions.append((f"direction {number + 1}", v / np.linalg.norm(v)))
    return directions


def _unit(shape: tuple[int, ...], index: Any) -> Any:
    unit = np.zeros(shape)
    unit[index] = 1.0
    return unit


def _curve_of(subject: _Subject) -> Callable[[np.ndarray], tuple[np.ndarray, str]]:
    def curve(steps: np.ndarray) -> tuple[np.ndarray, str]:
        """Give the error of a central difference for each step, at the largest entry of the first gradient."""
        k, gradient = subject.checked[0], np.asarray(subject.gradients[0])
        index = np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)
        unit = _unit(gradient.shape, index)
        found = [numeric.difference(subject.real, subject.arrays, k, unit, float(h))[0] for h in steps]
        where = ", ".join(str(int(i)) for i in index)
        return np.abs(np.array(found) - gradient[index]), f"{subject.names[0]}[{where}]"

    return curve
