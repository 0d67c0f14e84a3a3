"""A function of an operand where the operand belongs: its complement, its sign, its square; a norm not divided by.

In: a `Ground` and a place of an equation. Out: what may stand there instead, with its words and its price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sympy import (
    Abs, HadamardProduct, Integer, MatAdd, MatMul, MatrixSymbol, OneMatrix, Pow, S, Symbol, Transpose,
    preorder_traversal, sign,
)  # fmt: skip

from symnet.diagnosis.deltas import entrywise
from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.places import Place, put, times
from symnet.diagnosis.quantities import Ground
from symnet.expressions import (
    Elementwise, Hardmax, Means, OverDeviation, Softmax, add, bound_variables, size_number, split, step,
)  # fmt: skip

_Found = Iterator[tuple[str, Any, Words, float, Any]]
(_X,) = bound_variables(1)
_STANDS = "{} stands where {} belongs"
_UNMASKED = "; the masks in it, which are 0 where a function is cut off, are missing"


def replaced_edits(ground: Ground, lhs: Name, place: Place) -> _Found:
    """Give the functions of an operand that may stand at its place."""
    node = place.node
    if isinstance(node, Softmax):
        new = Hardmax(node.operands[0], node.axis)
        yield (
            "wrong-function",
            new,
            say("the largest entry counts alone, as 1: {} stands where softmax belongs", new),
            1.6,
            ("hard",),
        )
    if (
        isinstance(node, (MatrixSymbol, Softmax, Elementwise))
        or isinstance(node, Symbol)
        and node not in ground.setting.roles
    ):
        yield from _complement(ground, place)
    if isinstance(node, Pow):
        yield from _divided(ground, node)
    if isinstance(node, MatAdd):
        yield from _of_the_error(ground, lhs, node)
    if isinstance(place.parent, MatAdd) or place.parent is None:
        yield from _of_a_parameter(ground, lhs, node, place.parent is None)
    if isinstance(node, Means):
        yield from _sums(ground, node)
    elif isinstance(node, OverDeviation):
        yield from _not_divided(node)


# -- 1 − A for A, where A is a gate, a mask, a probability


def _complement(ground: Ground, place: Place) -> _Found:
    node = place.node
    if not isinstance(place.parent, (HadamardProduct, MatAdd, Transpose, MatMul, Elementwise, Pow)):
        return
    if isinstance(node, Symbol) and node.name in ground.lengths:
        return
    try:
        value = np.asarray(ground.value(node), float)
    except (ValueError, TypeError, KeyError, NameError, AttributeError):
        return
    if not value.size or value.min() < 0 or value.max() > 1:
        return
    new = 1 - node if isinstance(node, Symbol) else complement(ground, node)
    yield "wrong-operand", new, say(_STANDS, new, node), 1.65, ("complement", node)


def complement(ground: Ground, node: Any) -> Any:
    """Give 1 − A of a matrix, by its name where it has one."""
    if node not in ground.complements:
        ground.complements[node] = _complement_of(ground, node)
    return ground.complements[node]


def _complement_of(ground: Ground, node: Any) -> Any:
    whole, minus = entrywise(1 - _X, node), add(OneMatrix(*node.shape), times(-1, node))
    for e in ground.setting.forward:
        if e.rhs in (whole, minus):
            return e.lhs
        if e.lhs == node and isinstance(e.rhs, Elementwise) and e.rhs == entrywise(1 - _X, e.rhs.args[1]):
            return e.rhs.args[1]
    return whole


def _divided(ground: Ground, node: Any) -> _Found:
    # a number that is multiplied by where it is divided by, or the other way round; one that is there twice
    base, e = node.args
    if isinstance(base, Symbol) and base.name not in ground.lengths and e in (1, -1):
        words = say("multiplied by {} where it is to be divided by it", base)
        yield "wrong-operand", base, words, 1.5, ("divided", base)
        yield "extra-factor", base**-2, say("divided by {} twice", base), 1.5, ("twice", base)


# -- the error of a loss, and what regularises a parameter


def _of_the_error(ground: Ground, lhs: Name, node: Any) -> _Found:
    if not any(split(t)[1] in ground.setting.targets for t in node.args):
        return
    for f, cost in ((sign(_X), 1.5), (_X**2, 1.55), (Abs(_X), 1.6)):
        new = entrywise(f, node)
        yield "wrong-function", new, say(_STANDS, new, node), cost, ("of error", f)
        half = times(S.Half, new)
        yield "wrong-function", half, say(_STANDS, half, node), cost + 0.05, ("of error", f, "half")


def _of_a_parameter(ground: Ground, lhs: Name, node: Any, alone: bool) -> _Found:
    w = ground.setting.partials.get(lhs)
    if w is None or not getattr(node, "is_Matrix", False):
        return
    c, A = split(node)
    if A == w or isinstance(A, Elementwise) and A.args[1:] == (w,):
        for f in (_X, sign(_X), Abs(_X), _X**2, sign(_X) * _X**2):
            B = entrywise(f, w)
            for k in (1, 2, S.Half):
                if B != A:
                    new = times(k * c, B)
                    kind, words = _of_what(w, node, new, alone)
                    yield kind, new, words, 1.4 + 0.05 * (k != 1), ("regularisation", f, A == w, k)


def _of_what(w: Name, node: Any, new: Any, alone: bool) -> tuple[str, Words]:
    # one of several terms regularises; alone it is the whole gradient
    if not alone:
        return "regularisation", say(_STANDS + " in what regularises {}", new, node, w)
    masks = _has_steps(node) and not _has_steps(new)
    return "wrong-function", say(_STANDS + _UNMASKED * masks, new, node)


def _has_steps(expr: Any) -> bool:
    return any(isinstance(part, Elementwise) and part.body.has(step) for part in preorder_traversal(expr))


# -- norms


def _sums(ground: Ground, node: Any) -> _Found:
    length = size_number(node.args[0].shape[node.axis], ground.setting.sizes)
    if length > 1:
        words = say("{} is a sum, not a mean: {} times what it is to be", node, length)
        yield "wrong-sum", times(length, node), words, 1.4, ("sums",)
    words = say("the mean of {} is taken along the other axis", node.args[0])
    yield "wrong-sum", Means(node.args[0], Integer(1 - node.axis)), words, 1.4, ("axis",)


def _not_divided(node: Any) -> _Found:
    G, X = node.args[:2]
    words = (
        "the deviation of {} is not divided by"
        if type(node) is OverDeviation
        else "the root mean square of {} is not divided by"
    )
    yield "missing-factor", G, say(words, X), 1.2, ("not divided",)
    twice = put(node, (0,), node)
    words = (
        "it is divided by the variance of {}, not by its root"
        if type(node) is OverDeviation
        else "it is divided by the mean square of {}, not by its root"
    )
    yield "extra-factor", twice, say(words, X), 1.3, ("divided twice",)
