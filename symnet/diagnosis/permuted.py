"""Labels in another order: a permutation of the samples, or of the classes, that is read off the numbers.

In: a kernel, and points with the user's gradients. Out: which labels stand where others belong, in words. Gradients
that are affine in the labels tell them where there are as many numbers; labels that these do not tell stay unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symnet.backends import Kernel
from symnet.diagnosis.constants import flat
from symnet.diagnosis.given import Point
from symnet.diagnosis.samples import counted, gradients_with, solved

MOST = 400  # numbers of labels that are looked at one by one
_Change = Callable[[Any, Any], Any]  # labels and how much of each change → other labels


def permuted(kernel: Kernel, points: Sequence[Point]) -> str:
    """Say which labels stand in another order, at all points; an empty text where none do."""
    for name, axis in sorted({(n, a) for _, along, _ in counted(kernel, points[0]) for n, a in along.items()}):
        orders = _orders(kernel, points, name, axis)
        if orders and any(i != j for i, j in orders.items()):
            told = ", ".join(f"{j} as {i}" for j, i in sorted(orders.items()) if i != j)
            return f"the classes of {name} stand in another order: {told} (counted from 0)"
        words = _of_samples(kernel, points[0], name, axis)
        if words and all(_of_samples(kernel, p, name, axis) for p in points[1:]):
            return words
    return ""


def _orders(kernel: Kernel, points: Sequence[Point], name: str, axis: int) -> dict[int, int] | None:
    # classes and those in whose place they stand, the same at all points; None where there are none such
    orders: dict[int, int] = {}
    for point in points:
        found = _of_classes(kernel, point, name, axis)
        if found is None or any(orders.get(j, i) != i for j, i in found.items()):
            return None
        orders |= found
    return orders


def _of_classes(kernel: Kernel, point: Point, name: str, axis: int) -> dict[int, int] | None:
    # rows are classes here: each takes the labels of others
    Y = np.moveaxis(point.arrays[name], axis, -1)
    classes = Y.shape[0]
    seen = [j for j in range(classes) if np.any(Y[j])]
    if not 2 < classes or len(seen) < 2:
        return None
    pairs = [(i, j) for i in range(classes) for j in seen]

    def other(c: Any) -> Any:
        moved = np.array(Y)
        for (i, j), number in zip(pairs, c, strict=True):
            moved[i] += number * Y[j]
        return np.moveaxis(moved, -1, axis)

    c = _solved(kernel, point, name, other, len(pairs))
    if c is None:
        return None
    M = np.eye(classes)[:, seen] + np.reshape(c, (classes, len(seen)))
    to = M.argmax(axis=0)
    if np.abs(M - np.eye(classes)[:, to]).max() > 1e-3 or len(set(to)) < len(seen):
        return None
    moved = np.zeros_like(Y)
    moved[to] = Y[seen]
    if not _are_so(kernel, point, name, np.moveaxis(moved, -1, axis)):
        return None
    return {j: int(i) for j, i in zip(seen, to, strict=True)}


def _of_samples(kernel: Kernel, point: Point, name: str, axis: int) -> str:
    Y = np.moveaxis(point.arrays[name], axis, -1)
    flipped = _flipped(Y)

    def other(c: Any) -> Any:
        return np.moveaxis(Y + np.reshape(c, Y.shape) * (flipped - Y), -1, axis)

    c = _solved(kernel, point, name, other, Y.size)
    if c is None:
        return ""
    found = np.moveaxis(other(c), axis, -1)
    order = _order(found, Y)
    if order is None or not _are_so(kernel, point, name, np.moveaxis(Y[:, order], -1, axis)):
        return ""
    first = next(i for i, j in enumerate(order) if np.any(Y[:, i] != Y[:, j]))
    return (
        f"the samples of {name} stand in another order than those of the other data: sample {first} (counted from 0) "
        f"has the labels of sample {order[first]}; where one is shuffled, shuffle both alike"
    )


def _flipped(Y: Any) -> Any:
    # the other one of two values, or one more
    values = np.unique(Y)
    return values.sum() - Y if len(values) == 2 else Y + 1.0


def _order(found: Any, Y: Any) -> list[int] | None:
    # each sample of what was found is one of Y's, and each of those is used once
    free, order = list(range(Y.shape[1])), []
    for i in range(Y.shape[1]):
        off = np.abs(Y[:, free] - found[:, [i]]).max(axis=0)
        at = int(off.argmin())
        if off[at] > 1e-3 * max(np.abs(Y).max(), 1e-300):
            return None
        alike = [j for j in free if np.array_equal(Y[:, j], Y[:, free[at]])]
        order.append(i if i in alike else alike[0])
        free.remove(order[-1])
    return order if any(np.any(Y[:, i] != Y[:, j]) for i, j in enumerate(order)) else None


def _solved(kernel: Kernel, point: Point, name: str, other: Callable[[Any], Any], number: int) -> Any:
    # the numbers with which changes of the labels give the user's gradients; None where they are not told
    wanted, whole = flat(point.mine, point.right), flat(point.right, point.right)
    if not number + 2 <= len(wanted) or number > MOST:
        return None
    columns = [gradients_with(kernel, point, {name: other(one)}) - whole for one in np.eye(number)]
    A = np.stack(columns, axis=1)
    found = solved(A, wanted - whole) if np.isfinite(A).all() else None
    if found is None:
        return None
    return found if np.abs(A @ found - wanted + whole).max() <= 1e-4 * np.abs(wanted).max() else None


def _are_so(kernel: Kernel, point: Point, name: str, labels: Any) -> bool:
    found = gradients_with(kernel, point, {name: labels})
    allowed = np.concatenate([np.full(np.size(g), point.allowed[w]) for w, g in point.right.items()])
    return bool(np.all(np.abs(found - flat(point.mine, point.right)) <= allowed))
