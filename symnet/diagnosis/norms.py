"""Normalisations of another kind: along the other axis, without ε or with it elsewhere, of n − 1 samples.

In: the equations of a net. Out: `Mutation`s of every normalisation in it. What is changed forward only is derived anew,
so that a backward pass that is right for the other normalisation is known as that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sympy import Float, Integer, S, sqrt

from symnet.diagnosis.edits import Mutation, Setting, Words, say
from symnet.diagnosis.places import places, put
from symnet.expressions import (
    AxisVar, LogSoftmax, LogSumExp, MeanOfAll, Means, OverDeviation, OverRoot, RootMeanSquared, Softmax, Standardised,
    Variance, add, apply_entrywise, bound_variables, hadamard, scaled, spread,
)  # fmt: skip

_SOFTMAX: Any = (Softmax, LogSoftmax, LogSumExp)
_NORMS: Any = (Standardised, RootMeanSquared)
_OF_NORMS: Any = (*_NORMS, OverDeviation, OverRoot, Means)
_Other = Callable[[Any], Any]  # of a node: what stands in its place, or None
(_X,) = bound_variables(1)


def normalised_otherwise(setting: Setting) -> Iterator[Mutation]:
    """Give what normalisations may have been instead."""
    whole = [*setting.forward, *setting.equations]
    words = say("softmax is taken along the other axis, over the samples and not over the classes")
    yield from _changed(whole, _along_the_other(_SOFTMAX), words, 1.0)
    words = say("the means and variances are taken along the other axis")
    yield from _changed(whole, _along_the_other(_OF_NORMS), words, 1.0)
    for other, words, cost in _OTHERS:
        yield from _changed(setting.forward, other, words, cost)


def _changed(equations: Sequence[Any], other: _Other, words: Words, cost: float) -> Iterator[Mutation]:
    changes: dict[Any, Any] = {}
    for lhs, rhs in equations:
        new = rhs
        for place in places(rhs):
            instead = other(place.node)
            if instead is not None and instead != place.node:
                new = put(new, place.path, instead)
        if new != rhs:
            changes[lhs] = new
    if changes:
        yield Mutation("forward", changes, say("forward: ") + words, cost)


def _along_the_other(kinds: Any) -> _Other:
    def other(node: Any) -> Any:
        if not isinstance(node, kinds):
            return None
        args = [*node.args]
        args[node.matrices] = Integer(1 - node.axis)
        return node.func(*args)

    return other


def _of_norm(other: Callable[[Any, int, Any], Any]) -> _Other:
    return lambda node: other(node.args[0], node.axis, node.args[2]) if isinstance(node, Standardised) else None


def _of_all(X: Any, axis: int, epsilon: Any) -> Any:
    difference = add(X, scaled(S.NegativeOne, MeanOfAll(X)))
    return scaled(1 / sqrt(Variance(X, S.Zero) + epsilon), difference)


def _of_one_less(X: Any, axis: int, epsilon: Any) -> Any:
    share = 1 - 1 / X.shape[axis]
    return None if share == 0 else scaled(sqrt(share), Standardised(X, Integer(axis), share * epsilon))


def _without_mean(X: Any, axis: int, epsilon: Any) -> Any:
    return RootMeanSquared(X, Integer(axis), epsilon)


def _beside_the_root(X: Any, axis: int, epsilon: Any) -> Any:
    difference = add(X, scaled(S.NegativeOne, Means(X, Integer(axis))))
    share = apply_entrywise(1 / (sqrt(_X) + epsilon), {_X: AxisVar(X, Integer(axis), S.Zero)})
    return hadamard(difference, spread(share, X.shape, axis))


def _with_epsilon(number: Any) -> _Other:
    return lambda node: node.func(*node.args[:-1], Float(number)) if isinstance(node, _NORMS) else None


_OTHERS: tuple[tuple[_Other, Words, float], ...] = (
    (_of_norm(_of_all), say("mean and variance are of all entries, not along an axis"), 1.3),
    (
        _of_norm(_of_one_less),
        say("the variance is divided by one less than the number of entries, as with ddof=1"),
        1.1,
    ),
    (
        _of_norm(_without_mean),
        say("the mean is not taken away"),
        1.2,
    ),
    (_of_norm(_beside_the_root), say("ε is added to the deviation, not to the variance under the root"), 1.2),
    (_with_epsilon(0), say("ε is left out, or far smaller"), 1.1),
    *((_with_epsilon(e), say("ε is {:g}, another number", e), 1.3) for e in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)),
)
