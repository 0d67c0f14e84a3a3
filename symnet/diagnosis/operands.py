"""Another operand: a quantity of the same shape, or of the shape that broadcasting or reshaping gives, in its place.

In: a `Ground` and a place of an equation. Out: what may stand there instead, with its words and its price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sympy import Add, HadamardProduct, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, S, Symbol, Transpose

from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.made import changed
from symnet.diagnosis.places import Place, product_of, times
from symnet.diagnosis.quantities import Ground, Quantity
from symnet.expressions import Elementwise, raw, split, symbols_of

_NAMES = (MatrixSymbol, Symbol)
_ENTRYWISE = (HadamardProduct, MatAdd, Elementwise)


def operand_edits(ground: Ground, lhs: Name, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    """Give everything that may stand in the place of an operand."""
    node = place.node
    yield from _exchanged(ground, lhs, place)
    yield from _several_at_once(ground, lhs, place)
    yield from _with_its_coefficient(ground, lhs, place)
    yield from _for_every_pair(ground, place)
    if not _is_operand(ground, place):
        return
    shape = ground.shape(node)
    if shape is None:
        return
    yield from _reshaped(ground, place, shape)
    yield from _updated(ground, lhs, place)
    own_values = {v for d in _deltas(ground, place) for v in ground.setting.values_of(d)}
    parts = ground.parts() if isinstance(place.parent, HadamardProduct) else []
    for q in [*ground.nearby(lhs, node), *parts]:
        for new, extra in _in_place(q, place, shape):
            if new != node:
                words, cost = _said(ground, q, node, new)
                own = q.expr in own_values
                tag = ("operand", node, new, own, q if q.raw_error_of is not None else None)
                yield "wrong-operand", new, words, cost + q.price + extra - (0.3 if own else 0.0), tag


def _several_at_once(ground: Ground, lhs: Name, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    # all factors but one make a quantity that has no name, such as a normalised value; another one stands there
    node = place.node
    if not isinstance(node, HadamardProduct) or len(node.args) < 3:
        return
    shape = ground.shape(node)
    for i, kept in enumerate(node.args):
        rest = product_of(HadamardProduct, *node.args[:i], *node.args[i + 1 :])
        for q in [*ground.nearby(lhs), *ground.parts()]:
            if q.shape == shape and q.raw_error_of is None and q.expr not in node.args:
                words = say("{} stands where {} belongs", q.expr, rest)
                yield (
                    "wrong-operand",
                    raw(HadamardProduct, kept, q.expr),
                    words,
                    2.0 + q.price,
                    ("several", kept, q.expr),
                )


def _for_every_pair(ground: Ground, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    # a column minus an array of one axis: NumPy makes it a matrix with an entry for every pair of samples
    node = place.node
    if not isinstance(node, MatAdd) or place.path[:1] and not isinstance(place.parent, MatMul):
        return
    shape = ground.shape(node)
    if shape is None or sorted(shape)[0] != 1 or max(shape) == 1:
        return
    rows, cols = node.shape
    for i, term in enumerate(node.args):
        c, A = split(term)
        if A in ground.setting.targets and ground.shape(A) == shape:
            others = [*node.args[:i], *node.args[i + 1 :]]
            turned = [times(split(t)[0], raw(Transpose, split(t)[1])) for t in others]
            flat = others[0] if len(others) == 1 else product_of(MatAdd, *others)
            for terms, what in (([*others, times(c, raw(Transpose, A))], A), ([*turned, term], flat)):
                pairs = raw(MatAdd, *terms)
                ones = OneMatrix(rows, 1) if shape[1] == 1 else OneMatrix(1, cols)
                new = raw(MatMul, pairs, ones) if shape[1] == 1 else raw(MatMul, ones, pairs)
                words = say("{} has one axis: its sum with a column has an entry for every pair of samples", what)
                yield "reshaped", new, words, 1.4, ("pairs", what)


def _with_its_coefficient(ground: Ground, lhs: Name, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    # an operand that came with a number, such as 1/keep of dropout: another one stands there, without the number
    node = place.node
    c, A = split(node) if isinstance(node, MatMul) else (S.One, node)
    if not isinstance(A, MatMul):
        return
    for factor in Mul.make_args(c):
        if abs(factor) == 1 or any(s.name in ground.lengths for s in symbols_of(factor)):
            continue
        for i, operand in enumerate(A.args):
            bare = operand.args[0] if isinstance(operand, Transpose) else operand
            if bare in ground.values:
                shape = ground.shape(bare)
                for q in ground.known(lhs):
                    if q.expr in ground.values and q.shape == shape and q.expr != bare:
                        there = q.turned if isinstance(operand, Transpose) else q.expr
                        new = times(c / factor, raw(MatMul, *A.args[:i], there, *A.args[i + 1 :]))
                        words = say("{} stands where {} belongs", q.expr, times(factor, bare))
                        yield "wrong-operand", new, words, 1.9 + q.price, ("scaled operand", bare, q.expr)


def _is_operand(ground: Ground, place: Place) -> bool:
    node = place.node
    if isinstance(node, _NAMES):
        return not isinstance(place.parent, Transpose) and node.name not in ground.lengths
    if isinstance(node, Transpose):
        return isinstance(node.args[0], _NAMES)
    if isinstance(place.parent, (HadamardProduct, MatMul)):
        return isinstance(node, (MatMul, MatAdd, Elementwise, HadamardProduct))
    return False


def _deltas(ground: Ground, place: Place) -> list[Any]:
    bare = [a.args[0] if isinstance(a, Transpose) else a for a in ([] if place.parent is None else place.parent.args)]
    return [a for a in bare if a in ground.deltas]


def _in_place(q: Quantity, place: Place, shape: tuple[int, ...]) -> Iterator[tuple[Any, float]]:
    if q.shape == shape:
        yield q.expr, 0.0
        if len(shape) == 2 and shape[0] == shape[1] > 1:
            yield q.turned, 0.5
        return
    if len(q.shape) != 2 or len(shape) != 2:
        return
    if q.shape[::-1] == shape:
        yield q.turned, 0.2
    elif isinstance(place.parent, _ENTRYWISE) and all(a in (1, b) for a, b in zip(q.shape, shape, strict=True)):
        yield q.expr, 0.4
    elif isinstance(place.parent, MatMul) and len(place.parent.args) == 2:
        first, second = place.parent.args  # what is summed may have any length
        if isinstance(first, OneMatrix) and first.shape[0] == 1 and q.shape[1] == shape[1]:
            yield q.expr, 0.1
        elif isinstance(second, OneMatrix) and second.shape[1] == 1 and q.shape[0] == shape[0]:
            yield q.expr, 0.1


def _said(ground: Ground, q: Quantity, old: Any, new: Any) -> tuple[Words, float]:
    s = ground.setting
    bare = old.args[0] if isinstance(old, Transpose) else old
    if q.raw_error_of is not None:
        if bare == q.raw_error_of:
            return say("the factor {} is missing here: the raw error {} is used, not {}", q.lacking, q.expr, old), 1.5
        return say("{} is missing: the raw error {} is used", old, q.expr), 1.8
    words = say("{} stands where {} belongs", new, old)
    if q.expr == s.gradients.get(bare):
        return say("the gradient {} stands where {} itself belongs", q.expr, old), 1.6
    if isinstance(bare, _NAMES) and ground.likeness.sort(bare, False) == ground.likeness.sort(q.expr, False):
        return words, 1.7
    return words, 2.0 if isinstance(bare, _NAMES) else 2.2


def _updated(ground: Ground, lhs: Name, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    node = place.node
    bare = node.args[0] if isinstance(node, Transpose) else node
    gradient = ground.setting.gradients.get(bare)
    if ground.has_rate and gradient is not None and any(q.expr == gradient for q in ground.known(lhs)):
        moved = raw(MatAdd, bare, times(-ground.setting.rate, gradient)) if bare.is_Matrix else None
        if moved is not None:
            new = raw(Transpose, moved) if isinstance(node, Transpose) else moved
            words = say("the delta goes back through weights {} that were already updated", bare)
            yield "updated-weights", new, words, 1.0, ("updated", bare)


def _reshaped(ground: Ground, place: Place, shape: tuple[int, ...]) -> Iterator[tuple[str, Any, Words, float, Any]]:
    node = place.node
    if isinstance(node, Transpose) and len(shape) == 2 and 1 not in shape:
        name = node.args[0]
        new = changed("reshape", name, node.shape)
        if shape[0] != shape[1]:
            words = say("{} is reshaped where it is to be transposed", name)
            yield "reshaped", new, words, 1.6, ("reshaped", name)
        else:
            yield "untransposed-weights", name, say("{} is not transposed", name), 1.6, ("untransposed", name)
    bare = node.args[0] if isinstance(node, Transpose) else node
    if bare in ground.setting.targets and len(shape) == 2 and _is_index(ground.value(bare)):
        once = changed("last_of_each_index", bare)
        new = raw(Transpose, once) if isinstance(node, Transpose) else once
        yield "wrong-sum", new, say("an index of {} that repeats is counted once only", bare), 1.4, ("once", bare)


def _is_index(A: Any) -> bool:
    A = np.asarray(A)
    of_ones = bool(np.all((A == 0) | (A == 1)))
    return of_ones and any(bool(np.all(A.sum(axis=i) == 1)) and bool((A.sum(axis=1 - i) > 1).any()) for i in (0, 1))


def _exchanged(ground: Ground, lhs: Name, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    # the coefficients of a sum in another order: a kernel that is not flipped
    node = place.node
    if not isinstance(node, (MatAdd, Add)):
        return
    parts = [(split(t) if t.is_Matrix else t.as_independent(*_data(ground, t))[::1]) for t in node.args]
    coefficients = [c for c, _ in parts]
    if len(set(coefficients)) == len(coefficients) > 1 and all(symbols_of(c) for c in coefficients):
        turned = [
            raw(MatMul, c, *(A.args if isinstance(A, MatMul) else (A,))) if A.is_Matrix else Mul(c, A)
            for c, (_, A) in zip(coefficients[::-1], parts, strict=True)
        ]
        words = say("the coefficients stand in the reverse order: the kernel is not flipped")
        yield "wrong-operand", raw(type(node), *turned), words, 1.5, ("reversed",)


def _data(ground: Ground, term: Any) -> list[Any]:
    return [s for s in symbols_of(term) if s not in ground.setting.gradients]
