"""What may stand beside a matrix in a formula: numbers, scalars and arrays, as NumPy has taught everybody.

In: SymPy's matrix expressions. Out: the same with operators that know more: a number added to a matrix is added to
every entry, an array is a constant, and what is not clear is refused with what to write. SymPy raises in all these
places, or NumPy takes over and makes an array of symbols; what SymPy gives is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Expr, MatrixExpr, OneMatrix, S, Symbol, Transpose
from sympy.core.function import Application
from sympy.functions.elementary.miscellaneous import MinMaxBase
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.special import GenericIdentity, GenericZeroMatrix
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.entering import given, is_array, is_masked
from symnet.expressions.sizes import same_shape, same_size, shape_text
from symnet.expressions.table import brief

_SUMS = ("__add__", "__radd__", "__sub__", "__rsub__")
_PRODUCTS = ("__mul__", "__rmul__", "__matmul__", "__rmatmul__")
OF_ANY_SIZE = (GenericIdentity, GenericZeroMatrix)  # what SymPy has for no factor and for no term
OURS = ("abs", "cos", "exp", "log", "sign", "sin", "sqrt", "tanh")


def beside(A: Any, other: Any, name: str) -> Any:
    """Give what stands on the other side of an operator of A, called `name`, as an expression that fits A.

    `NotImplemented` for what is no business of ours. Raises `ShapeError` where the shapes do not fit, `TypeError` for
    text and lists.
    """
    if not isinstance(other, (Expr, MatrixBase)):
        if is_array(other):
            if is_masked(other):
                given(other, f"beside {brief(A)}")
            other = _constant(A, np.asarray(other), name)
        elif isinstance(other, (str, bytes, list, tuple, set, frozenset, dict)) or hasattr(other, "toarray"):
            other = given(other, f"beside {brief(A)}")
        elif isinstance(other, bool):
            raise TypeError(f"{other} beside {brief(A)}: a Boolean is no number here; write {int(other)}")
        else:
            try:
                other = given(other)
            except TypeError:
                return NotImplemented
            if not isinstance(other, Expr):
                raise TypeError(f"beside {brief(A)}: {other} is no expression; write numbers as numpy.array([[…]])")
    if not getattr(other, "is_Matrix", False):
        if other is S.NaN:
            raise TypeError(f"nan beside {brief(A)} is no number to compute with; write a finite one")
        if isinstance(other, Application) or not other.is_commutative:
            check_scalar(other)
        return other * OneMatrix(*A.shape) if name in _SUMS and isinstance(other, Expr) and other != 0 else other
    check_shapes(A, other, name)
    return other


def check_scalar(expr: Any) -> None:
    """Raise `TypeError` where SymPy has a function of a whole matrix for a scalar, or a factor that does not commute.

    Neither is a scalar; SymPy refuses it beside a matrix, in words that name nothing.
    """
    stack = [expr]
    while stack:
        part = stack.pop()
        if isinstance(part, Application):
            check_argument(part)
        if isinstance(part, Symbol) and not part.is_commutative:
            raise TypeError(f"{part} does not commute, and a scalar does; write Symbol('{part}')")
        stack.extend(a for a in part.args if isinstance(a, Expr) and not a.is_Matrix)


def check_argument(node: Any) -> None:
    """Raise `TypeError` where a larger matrix stands in a scalar's place: nobody knows what is meant."""
    for A in node.args:
        if getattr(A, "is_Matrix", False) and not all(same_size(size, S.One) for size in A.shape):
            way = _by_entries(node) if isinstance(node, Application) else "sn.sum(…) or sn.norm(…)"
            raise TypeError(
                f"in {brief(node)}: {brief(A)} is a {shape_text(A.shape)} matrix where a scalar is meant; write {way}"
            )


def _by_entries(node: Any) -> str:
    # with the orders and other numbers that SymPy's function takes beside
    numbers = any(not getattr(a, "is_Matrix", False) for a in node.args) and not isinstance(node, MinMaxBase)
    name = type(node).__name__
    return f"sn.elementwise({name}, {', '.join(map(brief, node.args))})" if numbers else for_entries(name)


def for_entries(function: str) -> str:
    """Give what to write for a function of SymPy's, entry by entry: ours where there is one of the name."""
    ours = f"sn.{function.lower()}(…) or " if function.lower() in OURS else "sn.relu(…) or " * (function == "Max")
    return f"{ours}sn.elementwise({function}, …)" + "; sn.expm(…) is that of a matrix as a whole" * (function == "exp")


def _constant(A: Any, array: Any, name: str) -> Any:
    # an array with one axis lies along the one axis that a vector has, or along the inner one of a matrix product
    if array.ndim != 1:
        return given(array)
    rows, cols = A.shape
    if name in ("__matmul__", "__mul__"):
        upright = cols != 1 or len(array) == 1
    elif name in ("__rmatmul__", "__rmul__"):
        upright = rows == 1 and len(array) != 1
    elif 1 in (rows, cols):
        upright = cols == 1
    else:
        raise ShapeError(
            f"{brief(A)} is {shape_text(A.shape)}, and beside it the array of shape {array.shape} may be a row or a "
            "column: write .reshape(1, -1) or .reshape(-1, 1), times OneMatrix for every row or column"
        )
    return given(array.reshape((-1, 1) if upright else (1, -1)))


def check_shapes(A: Any, B: Any, name: str) -> None:
    """Raise `ShapeError` where it is sure that the operator of A called `name` does not take B.

    Two sizes that are symbols are compared when the equation is born.
    """
    if name in _SUMS:
        if any(_differ(a, b) for a, b in zip(A.shape, B.shape, strict=True)):
            raise ShapeError(_no_sum(A, B))
    elif name in _PRODUCTS:
        left, right = (A, B) if name in ("__mul__", "__matmul__") else (B, A)
        if _differ(left.shape[1], right.shape[0]):
            raise ShapeError(_no_product(left, right))
    elif name == "__truediv__" and _differ(*B.shape):
        raise ShapeError(
            f"A/B is A·B⁻¹, and {written(B)} is {shape_text(B.shape)}: it has no inverse; for entry by entry write "
            "sn.elementwise(lambda a, b: a/b, A, B)"
        )


def _differ(a: Any, b: Any) -> bool:
    a, b = given(a), given(b)
    return bool(a.is_Integer and b.is_Integer and a != b) or _is_counted(a, b)


def _is_counted(a: Any, b: Any) -> bool:
    # a size that is a symbol beside one that is a number above 1
    return bool((a.is_Symbol and b.is_Integer and b > 1) or (b.is_Symbol and a.is_Integer and a > 1))


def written(A: Any) -> str:
    """Give the text of what stands beside a matrix."""
    return "the array" if isinstance(A, MatrixBase) else brief(A)


def _turned(A: Any) -> str:
    return "its .T" if isinstance(A, MatrixBase) else brief(A.args[0] if A.is_Transpose else Transpose(A))


def _told(A: Any, B: Any) -> str:
    return f"{written(A)} is {shape_text(A.shape)} but {written(B)} is {shape_text(B.shape)}"


def _no_sum(A: Any, B: Any) -> str:
    if same_shape(A.shape, B.shape[::-1]):
        return f"{_told(A, B)}: one of them is transposed; write {_turned(B)}"
    for wide, vector in ((A, B), (B, A)):
        if spread := _spread(wide, vector):
            line, way = spread
            affine = ", or sn.affine" if line == "column" else ""
            return f"{_told(A, B)}; to add it to every {line} write {way}{affine}"
    return f"{_told(A, B)}{_counted(A, B)}"


def _spread(wide: Any, vector: Any) -> tuple[str, str] | None:
    # for which lines of a matrix a vector may stand, and how it is written for all of them
    rows, cols = map(given, wide.shape)
    if vector.shape[1] == 1 and same_size(vector.shape[0], rows):
        return "column", f"{_factor(vector)}*OneMatrix(1, {cols})"
    if vector.shape[0] == 1 and same_size(vector.shape[1], cols):
        return "row", f"OneMatrix({rows}, 1)*{_factor(vector)}"
    return None


def _factor(A: Any) -> str:
    return f"({written(A)})" if getattr(A, "is_MatAdd", False) else written(A)


def to_one_shape(A: Any, B: Any) -> str:
    """Give the end of a message about two matrices that must have one shape, and have not: what to write."""
    if same_shape(A.shape, B.shape[::-1]):
        return f"; write {_turned(B)}"
    for wide, vector in ((A, B), (B, A)):
        if spread := _spread(wide, vector):
            return f"; for the same in every {spread[0]} write {spread[1]}"
    return "; make them one shape"


def _no_product(A: Any, B: Any) -> str:
    text = f"in a product of matrices {_told(A, B)}: the inner sizes {A.shape[1]} and {B.shape[0]} differ"
    if same_shape(A.shape, B.shape):
        a, b = written(A), written(B)
        column = f"; {a}.T*{b} is the inner product" if A.shape[1] == 1 else ""
        if A == B:
            text = f"{a}*{a} is a product of matrices, and {a} is {shape_text(A.shape)}: its sizes differ"
            column = column or f"; {a}*{a}.T and {a}.T*{a} are products"
        return f"{text}; for entry by entry write sn.hadamard({a}, {b}){column}"
    if not _differ(A.shape[1], B.shape[1]):
        return f"{text}; with the second one transposed they agree, write {_turned(B)}"
    if not _differ(A.shape[0], B.shape[0]):
        return f"{text}; with the first one transposed they agree, write {_turned(A)}"
    return f"{text}{_counted(A, B)}"


def _counted(A: Any, B: Any) -> str:
    if not (isinstance(A, MatrixBase) or isinstance(B, MatrixBase)):
        return "; make the sizes agree"
    return "; declare the sizes as numbers, or make the array a symbol and give it as its value"


def _extended(name: str) -> Callable[[Any, Any], Any]:
    native = getattr(MatrixExpr, name)

    def operator(self: Any, other: Any) -> Any:
        if isinstance(self, OF_ANY_SIZE) or isinstance(other, OF_ANY_SIZE):
            return native(self, other)
        other = beside(self, other, name)
        if other is NotImplemented:
            return other
        if name in _SUMS and other == 0 and not getattr(other, "is_Matrix", False):
            return -self if name == "__rsub__" else self
        return native(self, other)

    operator.__name__ = operator.__qualname__ = name
    return operator


def _divided(self: Any, other: Any) -> Any:
    other = given(other)
    if getattr(other, "is_Matrix", False):
        return other * self**-1
    raise TypeError(
        f"{other}/A is not clear for A = {brief(self)}, a matrix: write {other}*A**-1 for the inverse, or "
        f"sn.elementwise(lambda a: {other}/a, A) for entry by entry"
    )


def _powered(self: Any, power: Any, modulus: Any = None) -> Any:
    if modulus is not None:
        raise TypeError(f"pow with three arguments is of whole numbers, and {brief(self)} is a matrix; write A**k")
    if power == 1:
        return self  # as SymPy's algorithms have it of any factor
    if _differ(*self.shape):
        raise ShapeError(
            f"A**{power} is a product of A with itself, and A = {brief(self)} is {shape_text(self.shape)}; for entry "
            f"by entry write sn.elementwise(lambda a: a**{power}, A), for the sum of all squares sn.norm(A)**2"
        )
    return _POWER(self, power)


def _exponent(self: Any, base: Any) -> Any:
    raise TypeError(f"{base}**A for a matrix A = {brief(self)}: write sn.elementwise(lambda a: {base}**a, A)")


_POWER = MatrixExpr.__pow__
for _name in (*_SUMS, *_PRODUCTS, "__truediv__"):
    setattr(MatrixExpr, _name, _extended(_name))
MatrixExpr.__rtruediv__, MatrixExpr.__pow__, MatrixExpr.__rpow__ = _divided, _powered, _exponent
