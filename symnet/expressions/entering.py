"""How what a user hands over becomes an expression, and what may be a name.

In: SymPy expressions, numbers, matrices of numbers. Out: SymPy expressions. Text is not read here, not even inside a
list or an array, since reading it with SymPy would run it: `parse` reads it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from sympy import Basic, ImmutableMatrix, SympifyError, sympify
from sympy.matrices.matrixbase import MatrixBase


def given(value: Any, called: str = "") -> Any:
    """Give what a user wrote as SymPy has it. Raises `TypeError` for text and whatever else is no expression.

    called: what it is, such as "the loss", for the message.
    """
    if isinstance(value, Basic):
        return value
    if isinstance(value, MatrixBase):
        return value.as_immutable()
    before = f"{called}: " if called else ""
    if is_masked(value):
        raise TypeError(f"{before}a masked array is no expression: its masked entries have no value; write .filled(0)")
    if isinstance(value, (str, bytes)):
        raise TypeError(
            f"{before}{_short(value)} is text, and text is not read as an expression here; sn.parse(text, W='2×3') "
            "reads it, or write it with symbols, such as sn.matrix('W', 2, 3) and sympy.Symbol('t')"
        )
    if is_array(value):
        return _constant(np.asarray(value), before)  # a data frame of pandas among them
    if hasattr(value, "toarray"):
        raise TypeError(f"{before}a sparse matrix is no expression; write .toarray()")
    if isinstance(value, dict):
        raise TypeError(f"{before}{_short(value)} is a dictionary and no expression; the expression stands first, "
                        "sn.evaluate(expr, {X: x})")  # fmt: skip
    if isinstance(value, (list, tuple, set, frozenset)):
        raise TypeError(
            f"{before}{_short(value)} is a {type(value).__name__} and no expression; write numbers as "
            "numpy.array([[…]])"
        )
    if not hasattr(value, "_sympy_") and type(value).__module__.startswith(__package__.split(".")[0] + "."):
        raise TypeError(f"{before}a {type(value).__name__} is no expression, but is made of one; give that expression, "
                        "such as the loss")  # fmt: skip
    try:
        expr = sympify(value, strict=True)
    except (SympifyError, TypeError, ValueError, AttributeError):
        expr = None
    if not isinstance(expr, Basic):  # a class of SymPy's passes through `sympify`
        raise TypeError(
            f"{before}{_short(value)} is no SymPy expression but of the type {type(value).__name__}; write it "
            "with matrices, scalars and functions that symnet and SymPy have"
        )
    return expr


def is_masked(value: Any) -> bool:
    """Tell whether a value is a masked array; there is none before `numpy.ma` is imported, which takes its time."""
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(value, masked.MaskedArray)


def is_array(value: Any) -> bool:
    """Tell whether a value is an array, or gives one, as the columns of a data frame do."""
    if isinstance(value, (type, Basic, MatrixBase)):
        return False
    return isinstance(value, np.ndarray) or (hasattr(value, "__array__") and not hasattr(value, "_sympy_"))


def _constant(array: Any, before: str) -> Any:
    if is_masked(array):
        raise TypeError(f"{before}a masked array is no expression: its masked entries have no value; write .filled(0)")
    if array.dtype.kind not in "biuf" or array.ndim > 2:
        if array.dtype.kind == "O" and any(isinstance(v, Basic) for v in array.flat):
            raise TypeError(f"{before}an array of symbols is no expression: SymPy has written out the entries of a "
                            "matrix; write the formula with the matrix as a whole")  # fmt: skip
        raise TypeError(
            f"{before}an array of {array.dtype} with {array.ndim} axes is no expression; "
            "give real numbers in one or two axes, or a symbol and the array as its value"
        )
    if not array.size or not np.isfinite(array).all():
        what = "has NaN or infinity" if array.size else "is empty"
        raise ValueError(f"{before}an array of the shape {array.shape} in an expression {what}; give finite numbers")
    if not array.ndim:
        return sympify(array.item())
    return ImmutableMatrix((array.astype(int) if array.dtype.kind == "b" else array).tolist())


def checked_name(name: Any, who: str, example: str) -> str:
    """Give a name. Raises `TypeError` for what is no text, `ValueError` for characters that cannot be printed."""
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"{who}: the name must be a string such as '{example}', not {name!r}")
    if not name.isprintable():
        raise ValueError(f"{who}: the name {name!r} has a character that cannot be printed; use letters and digits")
    return name


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
