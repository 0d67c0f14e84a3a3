"""The forms in which people hand arrays over: one axis less, an entry for each sample, class numbers, few digits.

In: an array and what it is to be. Out: the array in the shape that the equations have, or an error that says what to
write. Nothing is taken apart or turned where two readings are possible.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Mapping, ValuesView
from inspect import signature
from typing import Any

import numpy as np
from sympy import Basic, MatrixSymbol

from symnet.backends import binding, one_hot
from symnet.diagnosis.edits import Name

# of the largest entry of a gradient
TOLERANCE = {np.dtype(np.float16): 1e-2, np.dtype(np.float32): 3e-4, np.dtype(float): 1e-6}


def tolerance(array: Any, values: Mapping[str, Any]) -> float:
    """Give the relative difference that counts as none: what was computed of single numbers is no better than they."""
    types = {np.asarray(a).dtype for a in (array, *values.values())}
    return max(TOLERANCE.get(t, TOLERANCE[np.dtype(float)]) for t in types)


def with_one_hot(values: Mapping[str, Any], symbols: Mapping[str, Any]) -> dict[str, Any]:
    """Give values with class numbers, one for each sample, as columns or rows of ones and zeros.

    They are read so where a symbol with a fixed number of classes along one axis is given whole numbers along one axis
    alone, floats among them; for anything else the array stays what it is.
    """
    found = dict(values)
    for name, value in values.items():
        symbol, labels = symbols.get(name), np.asarray(value)
        if isinstance(symbol, MatrixSymbol) and _are_whole(labels) and labels.size == max(labels.shape, default=0):
            axis = _axis_of_classes(symbol, labels.size)
            told = set() if axis is None else _told(symbol.shape[1 - axis], name, values, symbols)
            if axis is not None and not _stands(labels, symbol, axis, told):
                classes = int(symbol.shape[axis])
                if labels.min(initial=0) >= 0 and labels.max(initial=0) < classes:
                    found[name] = one_hot(labels.ravel().astype(int), classes, axis=axis)
    return found


def _are_whole(array: Any) -> bool:
    return array.dtype.kind in "iu" or array.dtype.kind == "f" and bool(np.all(array == np.round(array)))


def _axis_of_classes(symbol: Any, samples: int) -> int | None:
    # the axis that is fixed and no vector's, where the other one has the number of samples
    def may_be(axis: int) -> bool:
        classes, others = symbol.shape[axis], symbol.shape[1 - axis]
        return classes.is_Integer and classes > 1 and (not others.is_Integer or others == samples)

    axes = [axis for axis in (0, 1) if may_be(axis)]
    return axes[0] if len(axes) == 1 else None


def _stands(labels: Any, symbol: Any, axis: int, told: set[int]) -> bool:
    # whether an array is what its symbol is; a column of 5 numbers for 5 classes may be one sample, or five
    if labels.ndim != 2 or labels.shape[axis] != int(symbol.shape[axis]):
        return False
    return labels.shape[1 - axis] == labels.size or told != {labels.size}


def _told(size: Any, name: str, values: Mapping[str, Any], symbols: Mapping[str, Any]) -> set[int]:
    # what the arrays of other symbols say of a size
    others = [(s, np.shape(values[n])) for n, s in symbols.items() if n in values and n != name]
    fitting = [(s.shape, shape) for s, shape in others if isinstance(s, MatrixSymbol) and len(shape) == 2]
    return {length for declared, shape in fitting for s, length in zip(declared, shape, strict=True) if s == size}


def as_gradient(w: Name, value: Any) -> Any:
    """Give a gradient as an array. Raises `TypeError` for what is none: nothing, an expression, text."""
    if value is None:
        raise TypeError(
            f"the gradient for {w.name} is None: give an array, or leave {w.name} out; is its return missing?"
        )
    if isinstance(value, Basic):
        raise TypeError(f"the gradient for {w.name} is an expression: give its numbers, as sn.evaluate computes them")
    return binding.as_array(f"the gradient for {w.name}", value)


def shaped(w: Name, array: Any, shape: tuple[int, ...], sizes: Mapping[str, int]) -> tuple[Any, bool]:
    """Give a gradient in the shape of its parameter, and whether it came with an entry for each sample.

    Raises `ValueError` for NaN in it and for any other shape.
    """
    if not np.isfinite(array).all():
        what = "NaN" if np.isnan(array).any() else "an infinite value"
        raise ValueError(f"the gradient for {w.name} has {what} in it")
    if array.ndim < 2 == len(shape) and array.size == np.prod(shape) == max(shape):
        array = array.reshape(shape)  # a vector with one axis
    if array.size == 1 == np.prod(shape, dtype=int):
        array = array.reshape(shape)  # a number, and a matrix of one entry
    if array.shape == shape:
        return array, False
    summed = _summed(array, shape, sizes)
    if summed is not None:
        return summed, True
    raise ValueError(
        f"the gradient for {w.name} has shape {array.shape}, but {w.name} has shape {shape}{_way_out(array, shape)}"
    )


def shaped_value(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """Give a value of the forward pass in the shape that it has. Raises `ValueError` for NaN in it and other shapes."""
    array = binding.as_array(name, value)
    binding.check_finite(name, array)
    if array.size == np.prod(shape, dtype=int) == max(shape, default=1) and array.ndim != len(shape):
        array = array.reshape(shape)  # a vector, or a number
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, but {name} of the formula {shape}{_way_out(array, shape)}")
    return np.array(array)  # a buffer of the user's may be filled again


def _summed(array: Any, shape: tuple[int, ...], sizes: Mapping[str, int]) -> Any:
    # a gradient that came with an entry for each sample; None where it is none
    samples = set(sizes.values())
    if shape == () and array.size in samples and array.size == max(array.shape, default=0):
        return array.sum()
    if array.ndim == 1 and array.size in samples and shape == (1, 1):
        return array.sum().reshape(shape)
    if len(shape) == 2 and array.ndim == 3:  # an outer product for each sample
        for axis in (0, 2):
            if array.shape[axis] in samples and tuple(np.delete(array.shape, axis)) == shape:
                return array.sum(axis=axis)
    if len(shape) != 2 or array.ndim != 2 or 1 not in shape:
        return None
    for axis in (0, 1):
        kept = 1 - axis
        if shape[axis] == 1 and array.shape[kept] == shape[kept] and array.shape[axis] in samples:
            return array.sum(axis=axis, keepdims=True)
    for axis in (0, 1):  # (n, k) for a column (k, 1)
        if array.shape[1 - axis] == max(shape) and array.shape[axis] in samples:
            return array.sum(axis=axis).reshape(shape)
    return None


def _way_out(array: Any, shape: tuple[int, ...]) -> str:
    if array.shape == shape[::-1] and len(shape) == 2:
        return "; it is the transpose"
    if array.size == np.prod(shape, dtype=int):
        return "; write .reshape(-1, 1)" if len(shape) == 2 and shape[1] == 1 else f"; write .reshape{shape}"
    if len(shape) == 2 == array.ndim and array.shape == (shape[0], shape[1] + 1):
        return "; if its first column is a bias's, give the two apart: Θ[:, 1:] and Θ[:, :1]"
    if len(shape) == 2 == array.ndim and array.shape == (shape[0] + 1, shape[1]):
        return "; if its first row is a bias's, give the two apart: Θ[1:] and Θ[:1]"
    return ""


def _are_pairs(found: list[Any]) -> bool:
    pairs = [p for p in found if isinstance(p, tuple) and len(p) == 2]
    return bool(found) and len(pairs) == len(found) and all(isinstance(p[0], (str, Basic)) for p in pairs)


def not_by_name(found: Any, arrays: Mapping[str, Any], whose: str) -> str:
    """Say what to write where gradients came as a list or as one long vector and not by name."""
    text = f"{whose} a dictionary from parameters to arrays, or (loss, dictionary), not {type(found).__name__}"
    if found is None:
        return f"{text}; is its return missing?"
    if isinstance(found, (ItemsView, list, tuple)) and _are_pairs(list(found)):
        return f"{text}; write dict(…) around these pairs"
    if not arrays.keys().isdisjoint(getattr(found, "_fields", ())):
        return f"{text}; write ._asdict() behind it"
    if not arrays.keys().isdisjoint(getattr(found, "__dict__", ())):
        return f"{text}; write vars(…) around it"
    if isinstance(found, ValuesView):
        return f"{text}; leave .values() away"
    if isinstance(found, (list, tuple)) and len(found) == 2 and isinstance(found[1], (list, tuple)):
        found = found[1]  # the loss, and a list
    try:
        shapes = [np.shape(a) for a in found] if isinstance(found, (list, tuple)) else [np.shape(found)]
    except ValueError:
        return text
    by_shape = {s: [n for n, a in arrays.items() if np.shape(a) == s] for s in shapes}
    if all(len(names) == 1 for names in by_shape.values()) and len(by_shape) == len(shapes):
        text += f"; by their shapes, write {{{', '.join(f'{names[0]!r}: …' for names in by_shape.values())}}}"
    elif isinstance(found, np.ndarray) and found.ndim == 1:
        text += "; take the vector apart again, as in {'W': v[:6].reshape(2, 3), 'b': v[6:]}"
    return text


def not_called_so(gradients: Callable[..., Any], values: Mapping[str, Any]) -> str:
    """Say what to write where a function takes something else than one dictionary; nothing where it takes that."""
    try:
        takes = signature(gradients)
    except (TypeError, ValueError):  # what is built in may not tell
        return ""
    try:
        takes.bind(values)
    except TypeError:
        text = f"your function is called with one argument, a dictionary of values by name, and it takes {takes}"
        named = [p for p in takes.parameters.values() if p.kind is p.KEYWORD_ONLY or p.kind is p.POSITIONAL_OR_KEYWORD]
        by_name = any(p.kind is p.VAR_KEYWORD for p in takes.parameters.values())
        if by_name or named and {p.name for p in named} == set(values):
            return f"{text}; hand over lambda values: f(**values)"
        needed = ", ".join(f"values[{p.name!r}]" if p.name in values else "…" for p in named)
        return f"{text}; hand over lambda values: f({needed})" if needed else f"{text}; write def f(values)"
    return ""
