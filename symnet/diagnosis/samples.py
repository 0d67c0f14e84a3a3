"""Samples that count and others that do not: a part of a batch, one that is left out, others in their place.

In: a kernel, and points with the user's gradients. Out: which samples the user's are a mean or a sum over, in words.
Each sample is tried alone; a loss whose samples meet one another, as in batch norm, has no such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from symnet.backends import Kernel
from symnet.diagnosis.constants import flat
from symnet.diagnosis.given import Point

MOST = 200  # samples that are looked at one by one
ROWS = 8  # entries of the gradients, for each number that is asked of them
_ALIKE = 1e-6


def of_samples(kernel: Kernel, points: Sequence[Point]) -> str:
    """Say over which samples the user's gradients are a mean or a sum, the same at all points; else an empty text."""
    said = ""
    for i, point in enumerate(points):
        words = next(filter(None, (_at(kernel, point, *found) for found in counted(kernel, point))), "")
        if not words or i > 0 and words != said:
            return ""
        said = words
    return said


def counted(kernel: Kernel, point: Point) -> Iterator[tuple[int, dict[str, int], str]]:
    """Give for each size that may count samples how many there are, along which axes of the data, and its name."""
    fixed = {size for w in point.right for size in getattr(w, "shape", ())}
    data = {n: getattr(s, "shape", ()) for n, s in kernel.symbols.items() if n in point.arrays}
    for name, number in point.sizes.items():
        axes = {n: [i for i, size in enumerate(shape) if str(size) == name] for n, shape in data.items()}
        along = {n: found[0] for n, found in axes.items() if found}
        if along and not any(str(f) == name for f in fixed):
            if all(len(found) < 2 for found in axes.values()) and 2 < number <= MOST:
                yield number, along, name


def _at(kernel: Kernel, point: Point, number: int, along: Mapping[str, int], size: str) -> str:
    one = {size: 1} if size in point.arrays else {}
    each = [{n: np.take(point.arrays[n], [i], axis=axis) for n, axis in along.items()} | one for i in range(number)]
    A = np.stack([gradients_with(kernel, point, data) for data in each], axis=1)
    wanted, whole = flat(point.mine, point.right), flat(point.right, point.right)
    if not (np.isfinite(A).all() and np.isfinite(wanted).all()):
        return ""
    is_sum = bool(np.allclose(A.sum(axis=1), whole, _ALIKE, _ALIKE * np.abs(whole).max(initial=0.0)))
    if is_sum:
        A = number * A
    if np.abs(A.mean(axis=1) - whole).max(initial=0.0) > _ALIKE * np.abs(whole).max(initial=1e-300):
        return ""  # samples meet one another
    allowed = np.concatenate([np.full(np.size(g), 10 * point.allowed[w]) for w, g in point.right.items()])
    for counts in _counts(A, wanted):
        if np.all(np.abs(A @ counts - wanted) <= allowed):
            return _words(counts, number, is_sum)
    return ""


def gradients_with(kernel: Kernel, point: Point, data: Mapping[str, Any]) -> Any:
    """Give the right gradients with other data, as one vector."""
    values = {**point.arrays, **data}
    with np.errstate(all="ignore"):
        found = kernel.function(*(values[n] for n in kernel.arguments))[1]
    return flat(dict(zip(kernel.parameters, found, strict=True)), point.right)


def _counts(A: Any, wanted: Any) -> Iterator[Any]:
    # how much each sample may count: what the numbers tell, or else the first ones and the last ones
    entries, number = A.shape
    if entries >= number + 2 and (counts := solved(A, wanted)) is not None:
        yield counts
        return
    for k in range(1, number if entries > 2 else 0):
        for of in (slice(0, k), slice(number - k, number)):
            for whole in (k, number):
                counts = np.zeros(number)
                counts[of] = 1 / whole
                yield counts


def solved(A: Any, wanted: Any) -> Any:
    """Give the x with which A·x is nearest to what is wanted, by the largest rows; None where they tell no one x."""
    number = A.shape[1]
    rows = np.sort(np.argsort(-np.abs(A).max(axis=1), kind="stable")[: ROWS * number])
    some = A[rows]
    if np.linalg.matrix_rank(some, tol=1e-9 * np.abs(some).max(initial=0.0)) < number:
        return None
    return np.linalg.lstsq(some, wanted[rows], rcond=None)[0]


def _words(counts: Any, number: int, is_sum: bool) -> str:
    counts = np.where(np.abs(counts) < 1e-6, 0.0, counts)
    used = np.flatnonzero(counts)
    if not len(used) or not np.allclose(counts[used], counts[used[0]], 1e-4) or len(used) == number:
        return ""
    k = len(used)
    if np.array_equal(used, np.arange(k)):
        which = f"the first {k}" if k > 1 else "the first one"
    elif np.array_equal(used, np.arange(number - k, number)):
        which = f"the last {k}" if k > 1 else "the last one"
    elif k > number / 2:
        left_out = [str(i) for i in range(number) if not counts[i]]
        which = "all but " + _listed(left_out)
    else:
        which = _listed([str(i) for i in used])
    factor = float(counts[used[0]])
    by = next((f", divided by {n}" for n in (number, k) if abs(factor * n - 1) < 1e-4), f", times {factor:.6g}")
    by = "" if abs(factor * (number if is_sum else k) - 1) < 1e-4 else by
    return f"of the {number} samples only some are in the gradients: {which}{by}"


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(numbers[:8]) + (" …" if len(numbers) > 8 else "") + " (counted from 0)"
