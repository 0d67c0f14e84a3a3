"""Another product or another sum: a matrix product for an entrywise one and the reverse, a sum along another axis.

In: a `Ground` and a place of an equation. Out: what may stand there instead, with its words and its price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import HadamardProduct, MatMul, OneMatrix, S, Transpose

from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.places import Place, product_of, times
from symnet.diagnosis.quantities import Ground
from symnet.expressions import Total, Unit, raw, split, transpose

_Found = Iterator[tuple[str, Any, Words, float, Any]]


def product_edits(ground: Ground, lhs: Name, place: Place) -> _Found:
    """Give other products of the same factors."""
    node, shape = place.node, ground.shape(place.node)
    if shape is None or not isinstance(node, (MatMul, HadamardProduct)):
        return
    c, A = split(node) if isinstance(node, MatMul) else (S.One, node)
    if not isinstance(A, (MatMul, HadamardProduct)) or any(isinstance(f, OneMatrix) for f in A.args):
        return
    if isinstance(A, MatMul) and len(A.args) == 2:
        a, b = A.args
        entrywise = say("{} and {} are multiplied entrywise, not as matrices", a, b)
        ways = [(raw(HadamardProduct, p, q), entrywise, 1.6) for p in _both(a) for q in _both(b)]
        other = say("the product of {} and {} is taken in the other order", a, b)
        ways += [(raw(MatMul, q, p), other, 1.8) for p in _both(a) for q in _both(b)]
        ways += [(raw(MatMul, p, q), say("{} and {} are transposed", a, b), 1.9) for p in _both(a) for q in _both(b)]
    else:
        ways = []
        for i in range(1, len(A.args)):
            a, b = product_of(HadamardProduct, *A.args[:i]), product_of(HadamardProduct, *A.args[i:])
            words = say("a matrix product of {} and {} stands where an entrywise one belongs", a, b)
            ways += [(raw(MatMul, p, q), words, 1.6) for p in _both(a) for q in _both(b)]
            ways += [(raw(MatMul, q, p), words, 1.7) for p in _both(a) for q in _both(b)]
    for new, words, cost in ways:
        if new != A and ground.shape(new) is not None and _spreads(ground.shape(new), shape):
            yield "wrong-product", times(c, new), words, cost, ("product", A)


def _both(a: Any) -> tuple[Any, Any]:
    return a, (transpose(a) if isinstance(a, (Transpose, MatMul)) or not a.args else raw(Transpose, a))


def _spreads(new: Any, shape: Any) -> bool:
    return len(new) == len(shape) and all(a in (1, b) for a, b in zip(new, shape, strict=True))


def sum_edits(ground: Ground, lhs: Name, place: Place) -> _Found:
    """Give other sums of the same summands."""
    node = place.node
    c, A = split(node) if isinstance(node, MatMul) else (S.One, node)
    if isinstance(A, MatMul) and len(A.args) == 3:
        yield from _spread_sums(ground, c, A)
    if not isinstance(A, MatMul) or len(A.args) != 2 or not any(isinstance(f, OneMatrix) for f in A.args):
        return
    first = isinstance(A.args[0], OneMatrix)
    ones, summed = A.args if first else A.args[::-1]
    if 1 not in ones.shape:
        yield from _spread_sums(ground, c, A)
        return
    if ones.shape[1 if first else 0] == 1:  # nothing is summed: it is spread
        return
    entries = ground.shape(summed)
    if entries is None:
        return
    row = ones if first else OneMatrix(1, summed.shape[0])
    column = OneMatrix(summed.shape[1], 1) if first else ones
    along = raw(MatMul, row, summed) if not first else raw(MatMul, summed, column)
    everything = Total(summed) if ones.shape[0 if first else 1] == 1 else None
    own = ground.shape(node) or ()
    for new, text in ((summed, "there is no sum"), (along, "the sum is taken along the other axis")):
        if _spreads(ground.shape(new) or (), own) or _spreads((ground.shape(new) or ())[::-1], own):
            shown = new if _spreads(ground.shape(new) or (), own) else raw(Transpose, new)
            yield "wrong-sum", times(c, shown), say(f"{text} of {{}}", summed), 1.4, ("sum", text)
    if everything is not None:
        shape = node.shape
        new = raw(MatMul, c * everything, OneMatrix(*shape))
        words = say("{} is summed along both axes: one number for all", summed)
        yield "wrong-sum", new, words, 1.4, ("sum", "all")
    length = entries[0 if first else 1]
    size = A.args[0].shape[1]
    for index, which in ((length - 1, "last"), (0, "first")):
        unit = Unit(size, S(index))
        new = raw(MatMul, raw(Transpose, unit), summed) if first else raw(MatMul, summed, unit)
        yield (
            "wrong-sum",
            times(c, new),
            say(f"there is no sum of {{}}: only the {which} counts", summed),
            1.5,
            ("sum", which),
        )
    mean = times(S.One / length, A)
    yield "wrong-sum", times(c, mean), say("the mean of {} is taken, not the sum", summed), 1.4, ("sum", "mean")


def _spread_sums(ground: Ground, c: Any, A: Any) -> _Found:
    # a sum that is spread over what it was summed along: the same of the other axis, or of both
    ones = [isinstance(f, OneMatrix) for f in A.args]
    if ones[0] != ones[-1] and all(ones[1:-1]):
        B = A.args[-1] if ones[0] else A.args[0]
        rows, cols = B.shape
        if ones[0]:
            other = raw(MatMul, B, OneMatrix(cols, 1), OneMatrix(1, cols))
        else:
            other = raw(MatMul, OneMatrix(rows, 1), OneMatrix(1, rows), B)
        yield (
            "wrong-sum",
            times(c, other),
            say("the sum is taken along the other axis of {}", B),
            1.4,
            ("spread", "along"),
        )
        yield "wrong-sum", times(c, B), say("there is no sum of {}", B), 1.4, ("spread", "none")
        both = raw(MatMul, Total(B), OneMatrix(rows, cols))
        yield (
            "wrong-sum",
            times(c, both),
            say("{} is summed along both axes: one number for all", B),
            1.4,
            ("spread", "all"),
        )
