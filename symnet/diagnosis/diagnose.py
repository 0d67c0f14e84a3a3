"""What is wrong with gradients that somebody wrote: the mistake whose variant of the derivation gives the same numbers.

In: a loss, values, and the gradients or the update step that the user's own code produced. Out: a `Diagnosis`. Here is
what is given and what is found; the variants of the equations come from `catalogue`, and `search` finds those that
reproduce the user's numbers at all points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from sympy import Expr, MatrixSymbol, Symbol

from symnet.backends import Kernel, binding
from symnet.derivation import Derivation, derive
from symnet.expressions import given
from symnet.diagnosis.edits import Gradients, Name, Setting, Values
from symnet.diagnosis.explain import Explainer, advice
from symnet.diagnosis.result import Diagnosis, Fault
from symnet.diagnosis.search import Point, Search
from symnet.program import Equation, survey

TOLERANCE = {np.dtype(np.float32): 3e-4, np.dtype(float): 1e-6}  # of the largest entry of a gradient
POINTS = 3  # at which a callable is tried


def diagnose(
    loss: Expr, values: Values, gradients: Gradients, *, learning_rate: float | None = None, seed: int = 0
) -> Diagnosis:
    """Say what is wrong with gradients that you wrote.

    loss: a scalar expression; values: symbols or names → arrays, data and weights.
    gradients: parameters (symbols or names) → the arrays your code gives for them at `values`; or a function that takes
    such values by name and gives such a dictionary: it is then tried at several random points, which leaves less doubt.
    learning_rate: the rate of your updates, if weights may have been updated too early; else it is found out.
    seed: chooses the random points.

    Gives a `Diagnosis`: `.ok`, `.right`, `.wrong`, `.faults` with `.kind`, the right equation and yours. Raises
    `KeyError` for a name that the loss does not have, `ValueError` where a gradient has the wrong shape (it says if it
    is the transpose) or NaN in it, `TypeError` for one that holds no numbers, `RuntimeError` where your function
    raises.

    >>> import numpy as np, symnet as sn
    >>> W, X, Y = sn.matrix("W", 1, 2), sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
    >>> w, x, y = np.array([[0.5, -1.0]]), np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 3.0]])
    >>> wrong = (y - w @ x) @ x.T / 2
    >>> print(diagnose(sn.squared_error(W * X, Y), {W: w, X: x, Y: y}, {W: wrong}).faults[0].kind)
    sign
    """
    if learning_rate is not None:
        _check_rate(learning_rate)
    loss, values = given(loss, "the loss"), _checked(values)
    written = _called(gradients, values) if callable(gradients) else gradients
    parameters = _parameters(loss, written)
    derivation = derive(loss, parameters)
    kernel = derivation.compile(dtype=float)
    points = [_point(derivation, kernel, values, written, {})]
    if callable(gradients):
        for elsewhere in _random_points(values, [p.name for p in parameters], seed):
            points.append(_point(derivation, kernel, elsewhere, _called(gradients, elsewhere), {}))
    return _diagnosed(derivation, kernel, points, learning_rate)


def diagnose_update(loss: Expr, before: Values, after: Values, learning_rate: float, values: Values) -> Diagnosis:
    """Say what is wrong with an update step that you wrote, W ← W − learning_rate·∂L/∂W.

    loss: a scalar expression; before, after: parameters → arrays before and after one step of your code;
    learning_rate: the rate of that step; values: the data of the step, symbols or names → arrays.

    Gives a `Diagnosis` and raises what `diagnose` does; also `KeyError` where a parameter is only in one of `before`
    and `after`, `ValueError` for a learning rate that is not positive.

    >>> import symnet as sn
    >>> x, before, after = sn.vector("x", 2), [[1.0], [2.0]], [[1.2], [2.4]]
    >>> sn.diagnose_update(sn.norm(x)**2, {x: before}, {x: after}, 0.1, {}).faults[0].kind
    'sign'
    """
    _check_rate(learning_rate)
    old, new = binding.named(before), binding.named(after)
    for name in [*old, *new]:
        if name not in old or name not in new:
            raise KeyError(f"{name} is given {'before' if name in old else 'after'} the step only; give it in both")
    steps, rounding = {}, {}
    for name in old:
        a, b = binding.as_array(name, old[name]), binding.as_array(name, new[name])
        if a.shape != b.shape:
            turned = "; it is the transpose" if a.shape == b.shape[::-1] else ""
            raise ValueError(f"{name} has shape {a.shape} before the step but {b.shape} after it{turned}")
        steps[name] = (a - b) / learning_rate
        rounding[name] = 8 * np.finfo(b.dtype).eps * float(np.max(np.abs(a), initial=0.0)) / learning_rate
    everything = _checked({**binding.named(values), **old})
    loss = given(loss, "the loss")
    derivation = derive(loss, _parameters(loss, steps))
    kernel = derivation.compile(dtype=float)
    return _diagnosed(derivation, kernel, [_point(derivation, kernel, everything, steps, rounding)], learning_rate)


# -- what is given


def _check_rate(learning_rate: Any) -> None:
    if not isinstance(learning_rate, (int, float, np.floating)) or not 0 < learning_rate <= float(np.finfo(float).max):
        raise ValueError(f"the learning rate must be a positive number, not {learning_rate!r}")


def _checked(values: Values) -> dict[str, Any]:
    # before a function of the user's meets them
    found = binding.named(values)
    for name, value in found.items():
        binding.check_finite(name, binding.as_array(name, value))
    return found


def _called(gradients: Callable[..., Any], values: Mapping[str, Any]) -> Values:
    try:
        found = gradients({name: np.array(value) for name, value in values.items()})  # copies: it may update in place
    except Exception as error:
        raise RuntimeError(f"your function raised {type(error).__name__} ({error})") from error
    if not isinstance(found, Mapping):
        raise TypeError(f"your function must give a dictionary from parameters to arrays, not {type(found).__name__}")
    return found


def _parameters(loss: Expr, gradients: Values) -> list[Any]:
    known = survey(loss).inputs
    written = binding.named(gradients)
    if not written:
        raise ValueError("diagnose: no gradient is given; give one for each parameter, {W1: …, W2: …}")
    for name in written:
        binding.check_names([name], [name] if name in known else known)
    return [s for n, s in known.items() if n in written]


def _point(
    derivation: Derivation, kernel: Kernel, values: Mapping[str, Any], gradients: Values, rounding: Mapping[str, float]
) -> Point:
    arrays = dict(zip(kernel.arguments, kernel.bind(values), strict=True))
    found = kernel.function(*arrays.values())[1]
    right = dict(zip(kernel.parameters, found, strict=True))
    written = binding.named(gradients)
    missing = [w.name for w in derivation.wrt if w.name not in written]
    if missing:
        raise KeyError(f"no gradient is given for {', '.join(missing)}")
    symbols = list(kernel.symbols.values())
    untold = {n: binding.as_size(n, v) for n, v in arrays.items() if n in kernel.program.names.sizes}
    sizes = binding.bind_sizes(symbols, arrays, untold)
    mine, allowed, unsummed = {}, {}, set()
    largest = max(float(np.max(np.abs(g), initial=0.0)) for g in found)
    for w, g in right.items():
        array = binding.as_array(f"the gradient for {w.name}", written[w.name])
        relative = TOLERANCE.get(array.dtype, TOLERANCE[np.dtype(float)])
        array, was_unsummed = _shaped(w, array, np.shape(g), sizes)
        unsummed |= {w} if was_unsummed else set()
        mine[w] = array.astype(float)
        scale = max(float(np.max(np.abs(g), initial=0.0)), float(np.max(np.abs(array), initial=0.0)))
        allowed[w] = relative * scale + 1e-12 * largest + rounding.get(w.name, 0.0)
    return Point(arrays, sizes, right, mine, allowed, frozenset(unsummed))


def _shaped(w: Name, array: Any, shape: tuple[int, ...], sizes: Mapping[str, int]) -> tuple[Any, bool]:
    if not np.isfinite(array).all():
        what = "NaN" if np.isnan(array).any() else "an infinite value"
        raise ValueError(f"the gradient for {w.name} has {what} in it")
    if array.ndim < 2 == len(shape) and array.size == np.prod(shape) == max(shape):
        array = array.reshape(shape)  # a vector with one axis
    if array.shape == shape:
        return array, False
    if len(shape) == 2 == array.ndim:  # a bias whose gradient came with an entry for each sample
        for axis in (0, 1):
            kept = 1 - axis
            if shape[axis] == 1 and array.shape[kept] == shape[kept] and array.shape[axis] in sizes.values():
                return array.sum(axis=axis, keepdims=True), True
    turned = "; it is the transpose" if array.shape == shape[::-1] and len(shape) == 2 else ""
    turned = "; write .reshape(-1, 1)" if array.ndim == 1 and len(shape) == 2 and shape[1] == 1 else turned
    raise ValueError(f"the gradient for {w.name} has shape {array.shape}, but {w.name} has shape {shape}{turned}")


def _random_points(values: Mapping[str, Any], parameters: list[str], seed: int) -> Iterator[dict[str, Any]]:
    generator = np.random.default_rng(seed)
    for _ in range(POINTS - 1):
        moved = dict(values)
        for name in parameters:
            array = np.asarray(values[name], float)
            spread = float(np.std(array)) or 1.0
            moved[name] = array + 0.5 * spread * generator.normal(size=array.shape)
        yield moved


# -- what is found


def _diagnosed(derivation: Derivation, kernel: Kernel, points: list[Point], rate: float | None) -> Diagnosis:
    wrong = tuple(w for w in derivation.wrt if any(p.is_wrong(w) for p in points))
    unsummed = tuple(w for w in derivation.wrt if any(w in p.unsummed for p in points))
    right = tuple(w for w in derivation.wrt if w not in wrong and w not in unsummed)
    spoiled = tuple(w for w in derivation.wrt if w not in right)
    explainer = Explainer(derivation)
    partials = {w: explainer.partial(w) for w in derivation.wrt}
    extra = (explainer.unsummed(unsummed),) if unsummed else ()
    if not wrong:
        return Diagnosis(right, spoiled, (extra,) if extra else (), partials=partials)
    found: dict[Any, tuple[Fault, ...]] = {}
    for mutations in Search(_setting(derivation, kernel, points[0]), points, rate).run():
        faults = (*map(explainer.fault, mutations), *extra)
        found.setdefault(tuple((f.kind, f.equation) for f in faults), faults)
    if not found:
        words = "no mistake of the catalogue, nor two together, gives these numbers"
        unknown = Fault("unknown", wrong, "", "", "", words)
        return Diagnosis(right, spoiled, ((unknown,),), explainer.facts(points[0], wrong, right), partials=partials)
    more = advice(len(found), points) if len(found) > 1 else ""
    return Diagnosis(right, spoiled, tuple(found.values()), (), more, partials)


def _setting(derivation: Derivation, kernel: Kernel, point: Point) -> Setting:
    inputs = {*kernel.symbols.values()} - set(derivation.wrt)
    targets = frozenset(s for s in inputs if isinstance(s, MatrixSymbol))
    rate = derivation.program.names.fresh("eta")
    known = {e.lhs: (e.role, e.of) for e in derivation.equations}
    return Setting(
        _gradients_first(derivation), list(derivation.forward), known, point.sizes, targets, Symbol(rate, real=True)
    )


def _gradients_first(derivation: Derivation) -> list[Equation]:
    # each gradient as soon as it can be computed: weights that are updated too early need it
    def is_gradient(e: Equation) -> bool:
        return e.role == "gradient"

    waiting, done = [e for e in derivation.equations if is_gradient(e) or e in derivation.backward], []
    while waiting:
        names = {e.lhs for e in waiting}
        ready = [e for e in waiting if names.isdisjoint(e.rhs.atoms(MatrixSymbol, Symbol))]
        done.append(next(filter(is_gradient, ready), ready[0]))
        waiting.remove(done[-1])
    return done
