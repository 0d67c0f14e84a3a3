"""Symbolic against numeric gradients: the same loss, differentiated by formula and by numbers.

In: a loss and values, or anybody's function and gradient. Out: a `GradientCheck`, a row for each parameter. Comparisons
run in float64 (or 50 digits); tolerances follow from the method and are shown. The verdicts come from `judge`; a user's
functions are given copies of the arrays, so that they may update them in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from symnet.backends import Kernel, Single, binding, compile_program
from symnet.checking import numeric
from symnet.checking.judge import DIGITS_OF_DTYPE, TOLERANCE, Subject, compare
from symnet.checking.kinks import allows_complex, near_a_kink
from symnet.checking.numeric import Function
from symnet.checking.result import GradientCheck
from symnet.derivation import Derivation, derive
from symnet.expressions import Values, declared, facts_of, given
from symnet.program import survey
from symnet.request import as_generator, symbols_in


def check_gradients(
    loss: Any, values: Values, wrt: Any = None, method: str = "auto", *, seed: int = 0
) -> GradientCheck:
    """Check the symbolic gradients of a loss against numeric ones.

    loss: a scalar expression, or a `Derivation`; values: symbols or names → arrays, data and weights; wrt: a symbol or
    a sequence of symbols, by default every symbol of the loss that is not a size, or those of the derivation.
    method: "complex" (complex steps, exact to rounding), "central" (central differences with extrapolation), "mpmath"
    (50 digits, for small nets), or "auto": complex where every function of the loss allows it, else central.
    seed: chooses the entries and directions that probe parameters of more than 250 entries.

    Gives a `GradientCheck`, true where it is `.ok`; `.rows`, a table as its text, `.raise_if_failed()`, `.plot()`. It
    runs in float64; float32 arrays are widened for it, and the float32 kernel is then compared with the float64 one.
    Raises `ValueError` for an unknown method or one that the loss does not allow, for data or a loss that are not
    finite, and what `derive` and a `Kernel` raise.

    >>> import symnet as sn
    >>> W, X = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")
    >>> check = check_gradients(sn.norm(sn.tanh(W * X)), {W: [[1, 2, 3], [4, 5, 6]], X: [[0.1], [0.2], [-0.3]]}, W)
    >>> check.ok, check.method
    (True, 'complex')
    """
    if not isinstance(method, str) or method not in ("auto", *TOLERANCE):
        raise ValueError(f"method: {method!r} is not known; use one of {', '.join(('auto', *TOLERANCE))}")
    as_generator(seed)  # refuses what is none
    derivation = _derivation(loss, wrt)
    kernel = derivation.compile(dtype=float)
    arrays = kernel.bind(values)
    single = [n for n, a in binding.named(values).items() if np.asarray(a).dtype == np.float32]
    for name, array in zip(kernel.arguments, arrays, strict=True):
        binding.check_finite(name, np.asarray(array))
    notes: list[str] = []
    with np.errstate(all="ignore"):  # what is not finite is said by name
        gradients = kernel.function(*arrays)[1]
        if single:
            notes.append("float32 arrays were widened to float64 for the comparison")
            notes.append(_single_against_double(derivation, arrays, gradients))
        return compare(_subject(derivation, kernel, arrays, gradients, method), notes, seed)


def check_function(f: Callable[..., Any], grad: Callable[..., Any], x0: Any, method: str = "central") -> GradientCheck:
    """Check anybody's gradient: `grad` against the numeric derivative of `f`, plain NumPy functions, at `x0`.

    f: gives a number; grad: gives its gradient. x0: an array, then they are called as f(x), grad(x); or a list or tuple
    of arrays, then as f(*x), grad(*x), and grad gives as many arrays.
    method: "central", or "complex" where `f` is analytic and takes complex arrays.

    Both are given copies, which they may update in place. Gradients in float32 are judged by its digits. Where the
    values of `f` are too coarse to tell, as with a large constant in them, the result is not `ok` and says that it
    cannot be judged. An entry far below the largest one is judged as finely as its slope is known; one that is not told
    from 0 at all is said to be judged less finely. Raises `ValueError` where a gradient has not the shape of its
    argument, naming the argument, and where it, `x0` or `f(x0)` is not finite, `TypeError` for complex and masked
    arrays.

    >>> import numpy as np
    >>> check_function(lambda x: np.sum(x**3), lambda x: 3 * x**2, np.array([1.0, -2.0])).ok
    True
    """
    if not isinstance(method, str) or method not in ("central", "complex", "auto"):
        raise ValueError(f"method: {method!r} is not known here; use 'central' or 'complex'")
    for name, function in (("f", f), ("grad", grad)):
        if not callable(function):
            raise TypeError(f"check_function: {name} must be a function of arrays, not {type(function).__name__}")
    if isinstance(x0, Mapping):
        raise TypeError("x0: give a list of arrays, and f and grad as functions of as many arguments, not a dictionary")
    several = isinstance(x0, (list, tuple)) and any(np.ndim(a) for a in x0)
    arrays = (
        tuple(binding.as_array(f"x0[{i}]", a) for i, a in enumerate(x0)) if several else (binding.as_array("x0", x0),)
    )
    for i, a in enumerate(arrays):
        binding.check_finite(f"x0[{i}]" if several else "x0", a)
    found = _called("grad", grad, map(np.copy, arrays))
    gradients = tuple(found) if several else (found,)
    names = tuple(f"x{i}" for i in range(len(arrays))) if several else ("x",)
    if len(gradients) != len(arrays):
        raise ValueError(f"grad gives {len(gradients)} arrays for {len(arrays)} arguments")
    claimed = tuple(np.copy(_checked_gradient(n, g, a.shape)) for n, g, a in zip(names, gradients, arrays, strict=True))
    wide = tuple(a.astype(float) for a in arrays)
    real: Function = lambda given: _number(_called("f", f, map(np.array, given)))  # noqa: E731
    kind = "complex" if method == "complex" else "central"
    tolerance, notes = _tolerance_of(kind, [*arrays, *claimed])
    subject = Subject(
        names, wide, tuple(range(len(arrays))), claimed, real, kind, tolerance,
        partial(numeric.complex_step, real) if kind == "complex" else None,
    )  # fmt: skip
    return compare(subject, notes, 0)


def _tolerance_of(kind: str, arrays: Sequence[Any]) -> tuple[float, list[str]]:
    # what was computed in fewer digits is judged by them
    least = min((a.dtype for a in arrays), key=lambda dtype: np.finfo(dtype).precision)
    if np.finfo(least).precision >= np.finfo(float).precision:
        return TOLERANCE[kind], []
    note = f"the gradients are {least}, so they are judged by its digits; f was given the same numbers in float64"
    return min(DIGITS_OF_DTYPE * float(np.finfo(least).eps), 3e-2), [note]


def _called(name: str, function: Any, arrays: Iterable[Any]) -> Any:
    arguments = tuple(arrays)
    if not callable(function):
        raise TypeError(f"{name} must be a function of arrays, not {function!r}")
    try:
        return function(*arguments)
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise  # within the function
        wanted = "one array" if len(arguments) == 1 else f"{len(arguments)} arrays"
        raise TypeError(f"{name} is called with {wanted}, the parts of x0, and does not take them ({error})") from error


def _number(value: Any) -> Any:
    if value is None or isinstance(value, (str, Mapping)):
        raise TypeError(f"f must give a number, but it gives {type(value).__name__}; is the return missing?")
    if np.size(value) != 1:
        raise TypeError(f"f must give a number, but it gives an array of shape {np.shape(value)}")
    return np.asarray(value).item()


def _checked_gradient(name: str, gradient: Any, shape: tuple[int, ...]) -> Any:
    array = binding.as_array(f"the gradient for {name}", gradient)
    if array.shape != shape:
        turned = "; it is the transpose" if array.shape == shape[::-1] and len(shape) == 2 else ""
        raise ValueError(f"the gradient for {name} has shape {array.shape}, but {name} has shape {shape}{turned}")
    if array.size:
        binding.check_finite(f"the gradient for {name}", array)
    return array


def symbols_to_check(loss: Any, wrt: Any, fixed: Iterable[str] = ()) -> list[Any]:
    """Give the symbols that are meant, by default every symbol of the loss that can be differentiated in.

    fixed: facts that keep a symbol from being differentiated in, beside those that always do.
    """
    found = survey(loss)
    if wrt is not None:
        return [found.symbols.get(w, w) if isinstance(w, str) else w for w in symbols_in(wrt)]
    known = {*declared.NO_DERIVATIVE, *fixed}
    return [s for s in found.inputs.values() if known.isdisjoint(facts_of(s))]


def _derivation(loss: Any, wrt: Any) -> Derivation:
    if not isinstance(loss, Derivation):
        loss = given(loss, "the loss")
        return derive(loss, symbols_to_check(loss, wrt))
    asked = [getattr(w, "name", w) for w in symbols_in(loss.wrt if wrt is None else wrt)]
    if asked != [w.name for w in loss.wrt]:
        own = ", ".join(w.name for w in loss.wrt)
        raise ValueError(f"check_gradients: a derivation has its own symbols, {own}; for others write "
                         "sn.check_gradients(loss, values, wrt) with the loss that it is of")  # fmt: skip
    return loss


def _subject(derivation: Derivation, kernel: Kernel, arrays: list[Any], gradients: list[Any], method: str) -> Subject:
    allowed = allows_complex(derivation.program)
    if method == "complex" and not allowed:
        raise ValueError("method: this loss has functions without complex values; use 'central'")
    method = ("complex" if allowed else "central") if method == "auto" else method

    def loss_alone(backend: str, dtype: type) -> Function:
        alone = compile_program(derivation.program, [derivation.loss_name], Single(), dtype, backend)
        order = [kernel.arguments.index(n) for n in alone.arguments]
        return lambda given: alone.function(*[given[i] for i in order])

    exact = {
        "complex": lambda: partial(numeric.complex_step, loss_alone("complex", complex)),
        "mpmath": lambda: partial(numeric.many_digits, loss_alone("mpmath", float)),
        "central": lambda: None,
    }[method]()
    checked = tuple(kernel.arguments.index(w.name) for w in derivation.wrt)
    at_a_corner = near_a_kink(derivation.program, dict(zip(kernel.arguments, arrays, strict=True)))
    return Subject(
        tuple(w.name for w in derivation.wrt), tuple(arrays), checked, tuple(gradients), loss_alone("numpy", float),
        method, TOLERANCE[method], exact, at_a_corner, lambda given: kernel.function(*given)[1],
        tuple(facts_of(w) for w in derivation.wrt),
    )  # fmt: skip


def _single_against_double(derivation: Derivation, arrays: list[Any], gradients: list[Any]) -> str:
    single = derivation.compile(dtype=np.float32).function(*[np.float32(a) for a in arrays])[1]
    worst = 0.0
    for s, d in zip(single, gradients, strict=True):
        worst = max(worst, float(np.max(np.abs(s - d)) / max(np.max(np.abs(d)), np.finfo(float).tiny)))
    return f"the float32 kernel differs from the float64 kernel by {worst:.1e} of the largest entry at most"
