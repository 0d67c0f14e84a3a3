"""The laws of shapes, checked as each equation is born, in the user's own names.

In: one operation on light operands. Out: nothing, or a `ShapeError` that says which two shapes clash and what to write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import HadamardProduct, Inverse, MatAdd, MatMul, Trace
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.determinant import Determinant

from symnet.expressions import Elementwise, same_shape, same_size, shape_text

Written = Callable[[Any], str]


def check_shapes(rhs: Any, name: str | None, written: Written) -> None:
    """Raise `ShapeError` where the operands of an operation do not fit; `written` gives an operand as text."""
    where = f"in {name} = " if name else "in "
    if isinstance(rhs, MatMul):
        factors = [a for a in rhs.args if a.is_Matrix]
        for A, B in zip(factors, factors[1:], strict=False):
            if not same_size(A.shape[1], B.shape[0]):
                why = f"the inner sizes {A.shape[1]} and {B.shape[0]} differ"
                raise ShapeError(f"{where}{written(rhs)}: {_pair(A, B, written)}; {why}")
    elif isinstance(rhs, (MatAdd, HadamardProduct, Elementwise)):
        first, *others = [a for a in rhs.args if getattr(a, "is_Matrix", False)]
        for B in others:
            if not same_shape(first.shape, B.shape):
                raise ShapeError(f"{where}{written(rhs)}: {_pair(first, B, written)}; {_way_out(first, B, written)}")
    elif isinstance(rhs, (Trace, Inverse, Determinant)) and not same_size(*rhs.args[0].shape):
        A = rhs.args[0]
        raise ShapeError(f"{where}{written(rhs)}: {written(A)} is {shape_text(A.shape)}; it must be square")


def _pair(A: Any, B: Any, written: Written) -> str:
    return f"{written(A)} is {shape_text(A.shape)} but {written(B)} is {shape_text(B.shape)}"


def _way_out(A: Any, B: Any, written: Written) -> str:
    for small, large in ((A, B), (B, A)):
        if small.shape[1] == 1 and same_size(small.shape[0], large.shape[0]):
            ones = f"OneMatrix(1, {large.shape[1]})"
            return f"to add a column to every column write {written(small)}*{ones}, or use sn.affine"
        if same_shape(small.shape, large.shape[::-1]):
            return f"one of them is transposed; write {written(small)}.T"
    return "they must have one shape"
