"""What people look at beside the loss: scalar expressions like any other, which training reports.

In: the output of a net and targets, one sample a column (a row with `axis=1`). Out: a scalar expression.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, HadamardProduct, Integer, MatAdd, MatMul, OneMatrix, S
from sympy.matrices.exceptions import ShapeError

from symnet.expressions.algebra import elementwise, total
from symnet.expressions.axes import as_axis, axis_of_outputs, one_hot_of
from symnet.expressions.beside import check_scalar
from symnet.expressions.entering import given
from symnet.expressions.losses import check_order
from symnet.expressions.nodes import AxisMax
from symnet.expressions.operands import raw
from symnet.expressions.ranges import as_number
from symnet.expressions.scalars import step
from symnet.expressions.sizes import same_shape, shape_text
from symnet.expressions.table import brief


def accuracy(output: Any, Y: Any, axis: int | None = None, threshold: float = 0.0) -> Expr:
    """Give the share of samples whose class is told right; it has no useful derivative.

    output, Y: (classes, samples), with `axis=1` (samples, classes); Y has a 1 for the class of each sample, and 0
    elsewhere, and the largest output is the answer (logits or probabilities, in the same order). With one row,
    Y holds the classes 0 and 1, and the answer is 1 where the output is above `threshold`: 0 for logits, 0.5 for
    probabilities. Raises `ShapeError` for shapes that differ.

    >>> import symnet as sn
    >>> Z, Y = sn.matrix("Z", 3, "n"), sn.matrix("Y", 3, "n")
    >>> scores = [[2, 0, 1, 0], [1, 3, 0, 0], [0, 1, 0, 5]]
    >>> sn.evaluate(sn.accuracy(Z, Y), {Z: scores, Y: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]})
    0.75
    """
    output, Y = given(output, "accuracy"), given(Y, "accuracy")
    least: Any = as_number("accuracy", "the threshold", threshold)
    for A in (output, Y):
        if not getattr(A, "is_Matrix", False):
            check_scalar(A)
            raise TypeError(f"accuracy: {brief(A)} is no matrix; give outputs and targets as matrices of one shape")
    if not same_shape(output.shape, Y.shape):
        along = 0 if axis is None else as_axis(axis)
        raise ShapeError(
            f"accuracy: {brief(output)} is {shape_text(output.shape)}, but {brief(Y)} is {shape_text(Y.shape)}; "
            f"class numbers become {'rows' if along else 'columns'} with {one_hot_of('labels', 'classes', along)}"
        )
    check_order("accuracy", output, Y)
    axis = axis_of_outputs("accuracy", output, axis)
    samples = output.shape[1 - axis]
    if output.shape[axis] == 1:
        answer = elementwise(lambda z: step(z - least), output)
        wrong = total(elementwise(abs, raw(MatAdd, answer, raw(MatMul, S.NegativeOne, Y))))
    else:
        wrong = _below_the_largest(output, Y, axis)
    return Integer(1) - wrong / samples


def _below_the_largest(output: Any, Y: Any, axis: int) -> Expr:
    # the samples whose output for the class of Y is not the largest
    kept = raw(HadamardProduct, output, Y)
    ones = OneMatrix(*((1, output.shape[0]) if axis == 0 else (output.shape[1], 1)))
    of_class = raw(MatMul, ones, kept) if axis == 0 else raw(MatMul, kept, ones)
    missing = raw(MatAdd, AxisMax(output, axis), raw(MatMul, S.NegativeOne, of_class))
    return total(elementwise(step, missing))
