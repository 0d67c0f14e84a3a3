"""What stands in signatures: matrices, scalars, names, values and arrays, as users know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sympy import Expr, MatrixExpr, MatrixSymbol, Symbol
from sympy.matrices.matrixbase import MatrixBase

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray
else:  # NumPy loads them on their own, which takes time
    ArrayLike = DTypeLike = Any
    NDArray = list

Matrix: TypeAlias = MatrixExpr | MatrixBase  # a matrix expression, or a matrix of numbers
Scalar: TypeAlias = Expr | int | float  # a scalar expression or a number
Expression: TypeAlias = Matrix | Scalar
Name: TypeAlias = MatrixSymbol | Symbol  # what has a name: an input, or the left-hand side of an equation
Values: TypeAlias = Mapping[Name | str, ArrayLike]  # arrays by symbol or by name
Array: TypeAlias = NDArray[Any]
Dtype: TypeAlias = DTypeLike | None
