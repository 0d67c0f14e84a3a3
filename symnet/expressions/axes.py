"""Along which axis: as NumPy counts them, and which of the two the samples are on.

In: what a user gave as `axis`, and the shape of what it is of. Out: 0 or 1.
"""

from __future__ import annotations

from operator import index
from typing import Any

from sympy import MatrixExpr

from symnet.expressions.entering import given
from symnet.expressions.sizes import shape_text
from symnet.expressions.table import brief


def as_axis(axis: Any, way: str = "") -> int:
    """Give an axis as 0 or 1; -1 is the last and -2 the first. Raises `ValueError` for all else; `way`: its end."""
    try:
        number = None if isinstance(axis, bool) else index(axis)
    except TypeError:
        number = None
    if number not in (-2, -1, 0, 1):
        if isinstance(axis, (tuple, list)):
            way = "; all entries are meant where no axis is given"
        if isinstance(axis, MatrixExpr):
            way = way or "; a second matrix has no place here"
        raise ValueError(f"axis must be 0 (down the columns) or 1 (along the rows), not {axis!r}{way}")
    return number % 2


def one_hot_of(labels: Any, classes: Any, axis: int) -> str:
    """Give what to write for labels: one-hot columns, or rows where the classes lie along axis 1."""
    return f"sn.one_hot({labels}, {classes}{', axis=1' if axis else ''})"


def axis_of_outputs(who: str, A: Any, axis: Any) -> int:
    """Give 0 where the samples of A are its columns and 1 where they are its rows; columns where nothing is said.

    Raises `ValueError` where the sizes of A tell that it is the other way: a size that is a symbol grows with the data.
    """
    rows, cols = map(given, A.shape)
    found = 0 if axis is None else as_axis(axis)
    text = f"{who}: {brief(A)} is {shape_text(A.shape)}"
    if axis is None and rows.is_Symbol and cols.is_Integer:
        raise ValueError(
            f"{text}, so its samples are the {rows} rows: write axis=1 (samples are columns where nothing is said; "
            f"axis=0 is for {cols} samples of {rows} entries)"
        )
    if found == 1 and cols.is_Symbol and rows == 1:
        raise ValueError(
            f"{text}, so its samples are the {cols} columns: leave axis away (axis=1 says that they are the rows)"
        )
    return found
