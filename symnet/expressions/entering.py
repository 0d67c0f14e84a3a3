"""How what a user hands over becomes an expression, and what may be a name.

In: SymPy expressions, numbers, matrices of numbers. Out: SymPy expressions. Text is never read as an expression, not
even inside a list or an array: reading it with SymPy would run it.
"""

from __future__ import annotations

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
    if isinstance(value, (str, bytes)):
        raise TypeError(
            f"{before}{_short(value)} is text, and text is not read as an expression; write it with symbols, such as "
            "sn.matrix('W', 2, 3) and sympy.Symbol('t')"
        )
    if isinstance(value, np.ndarray):
        return _constant(value)
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        raise TypeError(
            f"{before}{_short(value)} is a {type(value).__name__} and no expression; write numbers as "
            "sympy.Matrix([[…]])"
        )
    try:
        return sympify(value, strict=True)
    except SympifyError:
        raise TypeError(
            f"{before}{_short(value)} is no SymPy expression but of the type {type(value).__name__}; write it "
            "with matrices, scalars and functions that symnet and SymPy have"
        ) from None


def _constant(array: Any) -> Any:
    if array.dtype.kind not in "biuf" or array.ndim > 2:
        raise TypeError(
            f"an array of {array.dtype} with {array.ndim} axes is no expression; "
            "give real numbers in one or two axes, or a symbol and the array as its value"
        )
    return ImmutableMatrix(array.tolist()) if array.ndim else sympify(array.item())


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
