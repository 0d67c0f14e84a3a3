"""What is wrong with gradients that somebody wrote: the mistake whose variant of the derivation gives the same numbers.

In: a loss, values, and the gradients or the update step that the user's own code produced. Out: a `Diagnosis`. Here is
what is given and what is found; the variants of the equations come from `catalogue`, and `search` finds those that
reproduce the user's numbers at all points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Expr

from symnet.backends import Kernel, as_stated, binding
from symnet.derivation import derive
from symnet.diagnosis.edits import Gradients, Values
from symnet.diagnosis.finding import adding, diagnosed
from symnet.diagnosis.given import (
    Written, apart, called, check_forward_names, check_right, checked, parameters_in, point_at, taken,
)  # fmt: skip
from symnet.diagnosis.handed import with_one_hot
from symnet.diagnosis.result import Diagnosis
from symnet.diagnosis.rounded import as_rounded
from symnet.diagnosis.sampled import Sampling
from symnet.diagnosis.stacked import stacks_in, stacks_in_step, taken_apart
from symnet.diagnosis.stepping import Weights
from symnet.diagnosis.steps import Step, by_name, named_arrays, optimizer_of
from symnet.expressions import given
from symnet.optimizers import Optimizer
from symnet.request import checked_seed


def diagnose(
    loss: Expr, values: Values, gradients: Gradients, *, learning_rate: float | None = None, seed: int = 0
) -> Diagnosis:
    """Say what is wrong with gradients that you wrote.

    loss: a scalar expression; values: symbols or names → arrays, data and weights.
    gradients: parameters (symbols or names) → the arrays your code gives for them at `values`; or (loss, such a
    dictionary); or a function that takes such values by name and gives either: it is then tried at several random
    points, with other labels and data too, which leaves less doubt. Values of the forward pass may stand in the
    dictionary too, by name: {"A1": …}. Lists, float32, vectors of one axis, class numbers for one-hot targets, and a
    bias as one more column of its weights are read as what they are.
    learning_rate: the rate of your updates, if weights may have been updated too early; else it is found out.
    seed: chooses the random points.

    Gives a `Diagnosis`: `.ok`, `.right`, `.wrong`, `.faults` with `.kind`, the right equation and yours; `.facts` say
    "for these data only: …" where these data hide a mistake or make two look the same, as a mask of ones does. Raises
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
        learning_rate = _checked_rate(learning_rate)
    loss, values, seed = given(loss, "the loss"), checked(values), checked_seed(seed)
    written = called(gradients, values) if callable(gradients) else taken(gradients, values, "give the gradients as")
    stacks = stacks_in(loss, values, written.values)
    written = apart(written, stacks)
    parameters = parameters_in(loss, written)
    derivation = derive(loss, parameters)
    check_forward_names(derivation, loss, written)
    kernel = derivation.compile(dtype=float)
    point, known = point_at(derivation, kernel, values, written, {}), [s.words for s in stacks]
    check_right(point)
    if not callable(gradients):
        point, rounded = as_rounded(point)
        known += rounded
        return diagnosed(derivation, kernel, [point], learning_rate, known=known)
    sampling = Sampling(derivation, kernel, gradients, values, [p.name for p in parameters], stacks, seed)
    added = sampling.asked_again(point)
    if added:
        return adding(derivation, added)
    points, said = sampling.points(point)
    more = sampling.fresh if len(points) > 1 else None
    return diagnosed(derivation, kernel, points, learning_rate, known=[*known, *said], more=more)


def diagnose_update(
    loss: Expr,
    before: Values,
    after: Values,
    learning_rate: float,
    values: Values,
    *,
    velocity: Values | None = None,
    momentum: float | None = None,
    optimizer: Optimizer | None = None,
) -> Diagnosis:
    """Say what is wrong with an update step that you wrote, W ← W − learning_rate·∂L/∂W.

    loss: a scalar expression; before, after: parameters → arrays before and after one step of your code;
    A matrix [b W] of weights and bias, under a name of its own, is read as the two.
    learning_rate: the rate of that step; values: the data of the step, symbols or names → arrays.
    velocity: the move of the step before, parameters → arrays, where your step is −learning_rate·∂L/∂W +
    momentum·velocity, or the sum or running mean of gradients that a momentum keeps; momentum: its factor, found out
    where it is not given. optimizer: what the step was meant to be, such as `sn.Adam()`, at its first step; with a
    velocity, that is its state v. A step that is right for an optimizer
    that is not told is called right, and said for which. A parameter that was updated before the gradient of another
    one was taken is the fault "updated-weights".

    Gives a `Diagnosis` and raises what `diagnose` does; also `KeyError` where a parameter is only in one of `before`
    and `after`, `ValueError` for a learning rate that is not positive.

    >>> import symnet as sn
    >>> x, before, after = sn.vector("x", 2), [[1.0], [2.0]], [[1.2], [2.4]]
    >>> sn.diagnose_update(sn.norm(x)**2, {x: before}, {x: after}, 0.1, {}).faults[0].kind
    'sign'
    """
    learning_rate = _checked_rate(learning_rate)
    old, new = by_name("before", before), by_name("after", after)
    if not old:
        raise ValueError("before and after: no weight is given; give those of the step, {W: array}, in both")
    for name in [*old, *new]:
        if name not in old or name not in new:
            raise KeyError(f"{name} is given {'before' if name in old else 'after'} the step only; give it in both")
    pairs = {name: _of_one_shape(name, old[name], new[name]) for name in old}
    loss, data = given(loss, "the loss"), checked(values)
    moved_before = {} if velocity is None else named_arrays("velocity", velocity, {n: a for n, (a, _) in pairs.items()})
    checked(old)
    moves = {n: (a - b) / learning_rate for n, (a, b) in pairs.items()}
    stacks = stacks_in_step(loss, data, {n: a for n, (a, _) in pairs.items()}, moves)
    arrays = tuple(taken_apart({n: pair[i] for n, pair in pairs.items()}, stacks) for i in (0, 1))
    moved_before = taken_apart(moved_before, stacks)
    rounding = {
        n: 8 * np.finfo(b.dtype).eps * float(np.max(np.abs(arrays[0][n]), initial=0.0)) / learning_rate
        for n, b in arrays[1].items()
    }
    optimizer = optimizer_of(optimizer, momentum, bool(moved_before))
    everything = {**data, **arrays[0]}
    derivation = derive(loss, parameters_in(loss, Written(arrays[1])))
    check_forward_names(derivation, loss, Written(arrays[1]))
    kernel = derivation.compile(dtype=float)

    def gradients_at(weights: Values) -> dict[str, Any]:
        with np.errstate(all="ignore"):  # what is not finite is named by symbol and entry
            return {w.name: g for w, g in kernel(_with(weights, everything, kernel))[1].items()}

    weights = Weights(arrays[0], arrays[1], gradients_at({}), moved_before)
    step = Step(weights, float(learning_rate), momentum, optimizer, gradients_at)
    point = point_at(derivation, kernel, everything, Written(step.as_gradients()), rounding)
    check_right(point)
    return diagnosed(derivation, kernel, [point], learning_rate, step, [s.words_of_step for s in stacks])


# -- what is given


def _of_one_shape(name: str, before: Any, after: Any) -> tuple[Any, Any]:
    a, b = binding.as_array(name, before), binding.as_array(name, after)
    if a.size == b.size == max((*a.shape, *b.shape, 1)) and min(a.ndim, b.ndim) < 2:
        b = b.reshape(a.shape)  # a vector with one axis or two
    if a.shape != b.shape:
        turned = "; it is the transpose" if a.shape == b.shape[::-1] else ""
        raise ValueError(f"{name} has shape {a.shape} before the step but {b.shape} after it{turned}")
    for array, when in ((a, "before"), (b, "after")):
        binding.check_finite(f"{name} {when} the step", array)
    return a, b


def _with(weights: Values, values: Values, kernel: Kernel) -> dict[str, Any]:
    # a step may lead away from what a symbol is declared to be: the gradient is then taken at the nearest such array
    stated = {n: as_stated(kernel.symbols[n], np.asarray(a, float)) for n, a in binding.named(weights).items()}
    return with_one_hot({**binding.named(values), **stated}, kernel.symbols)


def _checked_rate(learning_rate: Any) -> float:
    rate = (
        learning_rate.item()
        if isinstance(learning_rate, (np.ndarray, np.number)) and learning_rate.size == 1
        else learning_rate
    )
    if not isinstance(rate, (int, float)) or not 0 < rate <= float(np.finfo(float).max):
        raise ValueError(f"the learning rate must be a positive number, not {learning_rate!r}")
    return float(rate)
