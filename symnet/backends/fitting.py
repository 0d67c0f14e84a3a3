"""An array as a user has it, and the symbol it is for: axes that are left away, data that are turned, class labels.

In: a symbol and an array of numbers. Out: the array with the axes of its symbol, or what to write instead. A vector may
be given with one axis and a 1×1 matrix as a number; nothing is turned or repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np
from sympy import MatrixSymbol
from sympy.matrices.exceptions import ShapeError

from symnet.expressions import one_hot_of, shape_text


def as_numbers(array: Any) -> Any:
    """Give an array of Python objects that are real numbers as floats, any other array as it is."""
    if array.dtype.kind == "O" and array.size and all(isinstance(v, (Real, np.bool_)) for v in array.flat):
        return array.astype(float)
    return array


def spacing(array: Any) -> float:
    """Give the distance from 1 to the next number of an array's type: what its numbers are rounded to."""
    return float(np.spacing(np.ones((), float if array.dtype.kind in "biu" else array.dtype)))


def computable(array: Any) -> Any:
    """Give an array in a type in which NumPy computes everything; numbers of 16 bits become float32."""
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32 if array.dtype.itemsize == 2 and array.dtype.kind not in "biu" else np.float64)


def told_apart(*numbers: float) -> list[str]:
    """Give numbers that are not equal in digits that show it; six where those do."""
    for digits in range(6, 18):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(numbers):
            break
    return texts


def no_numbers(name: str, array: Any) -> str:
    """Give what to say of an array that holds no numbers."""
    if array.dtype.kind in "US" or (array.dtype.kind == "O" and any(isinstance(v, str) for v in array.flat)):
        return (
            f"{name}: an array of numbers is needed, but this one holds text; convert numbers with .astype(float), and "
            "write names of classes as sn.one_hot(labels, classes), with the list of all classes"
        )
    if array.dtype.kind != "O":
        return f"{name}: an array of numbers is needed, but this one holds values of type {array.dtype}; convert it"
    strange = next((v for v in array.flat if not isinstance(v, Real)), None)
    way = "write list(…)" if isinstance(strange, Iterator) else "convert it with .astype(float)"
    way = "write .toarray()" if hasattr(strange, "toarray") else way
    shown = " ".join(repr(strange).split())
    shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
    return f"{name}: an array of numbers is needed, but this one holds Python objects such as {shown}; {way}"


def fitted(symbol: Any, array: Any) -> Any:
    """Give an array the axes of its symbol. Raises `ShapeError` where it is not clear how."""
    if not isinstance(symbol, MatrixSymbol):
        if array.ndim:
            way = "; write .item()" if array.size == 1 else ""
            raise ShapeError(f"{symbol} is a scalar, but the array given has shape {array.shape}{way}")
        return array
    if array.ndim == 2:
        return array
    rows, cols = symbol.shape
    text = f"{symbol} is {shape_text(symbol.shape)}, but the array given has shape {array.shape}"
    if array.ndim == 1 and 1 in (rows, cols):
        turned = array.reshape((-1, 1) if cols == 1 else (1, -1))
        if _fits(symbol, turned.shape):
            return turned
        raise ShapeError(text)
    if array.ndim == 0 and rows == cols == 1:
        return array.reshape(1, 1)
    raise ShapeError(text + _axes_hint(symbol, array) + labels_hint(symbol, array))


def _axes_hint(symbol: Any, array: Any) -> str:
    rows, cols = symbol.shape
    if array.ndim == 0:
        return f"; a matrix has two axes: write numpy.full(({rows}, {cols}), {array})"
    if array.ndim > 2:
        samples = len(array) or 1
        if rows.is_Integer and rows * samples == array.size and rows != samples:  # images, one after the other
            return f"; a matrix has two axes: write .reshape({samples}, {rows}).T, which has a column for each sample"
        if cols.is_Integer and cols * samples == array.size:
            return f"; a matrix has two axes: write .reshape({samples}, {cols})"
        return "; a matrix has two axes: write .reshape(rows, columns)"
    if rows.is_Integer and cols.is_Integer and rows * cols == array.size:
        return f"; a matrix has two axes: write .reshape({rows}, {cols})"
    row, column = ".reshape(1, -1) for a row", ".reshape(-1, 1) for a column"
    ways = [column] if array.size == rows else [row] if array.size == cols else [row, column]
    return f"; a matrix has two axes: write {' or '.join(ways)}"


def labels_hint(symbol: Any, array: Any) -> str:
    """Give what to say where an array looks like class labels, and the symbol like one-hot columns; else ''."""
    if array.size == 0 or array.size != max(array.shape, default=0) or array.dtype.kind not in "biuf":
        return ""
    for axis, classes in enumerate(symbol.shape):
        others = symbol.shape[1 - axis]
        if not classes.is_Integer or classes < 2 or not (others.is_Symbol or others == array.size):
            continue
        low, high = array.min(), array.max()
        from_zero, from_one = low >= 0 and high < int(classes), low >= 1 and high == int(classes)
        if not np.array_equal(array, np.round(array)):
            return ""
        if from_zero or from_one:
            known = classes if from_zero else f"list(range(1, {classes + 1}))"
            where = "row" if axis else "column"
            return (
                f"; if these are class labels, write {one_hot_of('labels', known, axis)}, one {where} with "
                f"{classes} entries for each sample"
            )
        if others.is_Symbol and 0 <= low and classes <= high < 10 * classes:
            return (
                f"; if these are class labels, they run from 0 to {classes - 1}, and {high:.0f} is none; "
                f"{one_hot_of('labels', classes, axis)} makes one {'row' if axis else 'column'} of each"
            )
    return ""


def check_fixed(symbol: Any, array: Any) -> None:
    """Raise `ShapeError` where an array has not the sizes of its symbol that are numbers; tell what is turned."""
    if _fits(symbol, array.shape):
        return
    text = f"{symbol} is {shape_text(symbol.shape)}, but the array given has shape {array.shape}"
    labels = labels_hint(symbol, array)
    if labels:
        raise ShapeError(text + labels)
    raise ShapeError(text + (turned_hint(symbol, array) if _fits(symbol, array.shape[::-1]) else ""))


def turned_hint(symbol: Any, array: Any) -> str:
    """Give what to say of an array that is transposed."""
    rows, cols = symbol.shape
    if 1 in array.shape and 1 in (rows, cols):
        given, meant = ("row", "column") if cols == 1 else ("column", "row")
        return f": a {given} was given where a {meant} is meant; write .T"
    if rows.is_Integer and not cols.is_Integer:
        what = f"it is transposed, a row for each sample where {symbol} has a column"
    elif cols.is_Integer and not rows.is_Integer:
        what = f"it is transposed, a column for each sample where {symbol} has a row"
    else:
        what = "it is transposed"
    return f": {what}; write .T"


def _fits(symbol: Any, shape: tuple[int, ...]) -> bool:
    return all(not size.is_Integer or size == length for size, length in zip(symbol.shape, shape, strict=True))


def settled_by_turning(matrices: list[Any], arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """Give the one symbol whose array, transposed, makes all sizes agree; None where there is none, or several."""

    def agree(turned: Any) -> bool:
        bound = dict(sizes)
        for symbol in matrices:
            shape = arrays[symbol.name].shape
            for size, length in zip(symbol.shape, shape[::-1] if symbol is turned else shape, strict=True):
                if size.is_Symbol and bound.setdefault(size.name, length) != length:
                    return False
        return True

    found = [s for s in matrices if _fits(s, arrays[s.name].shape[::-1]) and agree(s)]
    return found[0] if len(found) == 1 else None
