"""Labels, masks and probabilities among data: what they are is read off the numbers, and they stay that.

In: an array of data. Out: another one of the same sort; where a column of ones may be labels or a mask, one of each.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def redrawn(array: Any, shape: tuple[int, ...], draw: np.random.Generator, seen: Any = None) -> Any:
    """Give an array of some shape and of the sort of another one; `seen`: all that is known to stand in its place."""
    values = np.unique(array if seen is None else seen)
    if is_one_hot(array) or is_of_shares(array):
        axis = 0 if np.allclose(array.sum(axis=0), 1) else 1
        if is_one_hot(array):
            return one_hot_like(shape, axis, draw)
        shares = draw.uniform(0.1, 1.0, size=shape)
        return shares / shares.sum(axis=axis, keepdims=True)
    if set(values) <= {-1.0, 1.0} and len(values) == 2:
        return draw.choice([-1.0, 1.0], size=shape)
    if set(values) <= {0.0, 1.0} and array.size > 1:
        return (draw.random(shape) < 0.6) * 1.0
    if set(values) == {-1.0} and array.size > 1:
        return draw.choice([-1.0, 1.0], size=shape)
    if len(values) and np.all(values == np.round(values)) and np.abs(values).max() > 1:
        return draw.choice(values, size=shape)
    spread = float(np.std(array)) or float(np.abs(array).max(initial=0.0)) or 1.0
    return spread * draw.normal(size=shape)


def is_one_hot(array: Any) -> bool:
    """Tell whether each column, or each row, has one 1 and zeros."""
    if np.ndim(array) != 2 or not np.all((array == 0) | (array == 1)):
        return False
    return any(array.shape[i] > 1 and bool(np.all(array.sum(axis=i) == 1)) for i in (0, 1))


def is_of_shares(array: Any) -> bool:
    """Tell whether each column, or each row, has parts of 1."""
    if np.ndim(array) != 2 or not array.size or array.min() < 0:
        return False
    return any(array.shape[i] > 1 and bool(np.allclose(array.sum(axis=i), 1, 1e-6)) for i in (0, 1))


def one_hot_like(shape: tuple[int, ...], axis: int, draw: np.random.Generator) -> Any:
    """Give random columns (axis 0) or rows with one 1 each."""
    classes, others = shape[axis], shape[1 - axis]
    found = np.eye(classes)[draw.integers(0, classes, size=others)]
    return found.T if axis == 0 else found


def with_one_turned(array: Any, draw: np.random.Generator) -> Any:
    """Give labels of two sorts with another number of each: what holds of as many of both alone is seen there."""
    turned = np.array(array)
    place = int(draw.integers(turned.size))
    low, high = np.unique(turned)
    turned.flat[place] = low if turned.flat[place] == high else high
    return turned


def readings(array: Any, draw: np.random.Generator) -> list[Any]:
    """Give other labels for labels: one array, or one for each thing that they may be; none for what is no label."""
    array = np.asarray(array)
    if array.dtype.kind not in "iuf" or array.size < 2:
        return []
    values = set(np.unique(array))
    if is_one_hot(array):
        axis = 0 if array.shape[0] > 1 and np.all(array.sum(axis=0) == 1) else 1
        return [one_hot_like(array.shape, axis, draw).astype(array.dtype)]
    signs = draw.choice([-1, 1], size=array.shape)
    signs.flat[0], signs.flat[-1] = 1, -1
    if values in ({-1.0}, {-1.0, 1.0}) and array.dtype.kind != "u":
        return [signs.astype(array.dtype)]
    if values == {1.0}:
        return [signs.astype(array.dtype), (signs > 0).astype(array.dtype)] if array.dtype.kind != "u" else []
    return []
