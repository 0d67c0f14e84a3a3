"""The operations that a text may ask for, done with the expressions that they stand between.

In: expressions. Out: what the same formula written with symnet's functions gives. Numbers stay within what floating
point holds, so that no text asks for one that fills the memory.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, I, Max, Min, OneMatrix, Piecewise, S, nan, oo, zoo

from symnet.expressions import as_scalar, brief, elementwise, functions, matmul, same_size
from symnet.parsing.text import EXPONENT

BITS = 2_100  # of a numerator or a denominator
LARGEST = 1.7e308
GROWING = ("gamma", "loggamma", "polygamma", "factorial")  # SymPy writes their values out


def is_wide(a: Any) -> bool:
    """Tell whether an expression is a matrix."""
    return bool(getattr(a, "is_Matrix", False))


def checked(value: Any) -> Any:
    """Give a value. Raises `ValueError` where it is a number that cannot be computed with."""
    if is_wide(value) or not isinstance(value, Expr):
        return value
    if value.has(zoo, nan, oo, -oo):
        raise ValueError("this is divided by zero, or it is infinite")
    if value.is_Rational:
        size = max(abs(value.p).bit_length(), value.q.bit_length())
        if size > BITS or abs(value.p) > LARGEST * value.q:
            raise ValueError("this number is too large for floating-point numbers, which end at 1.8e308")
    elif value.is_number:
        if value.has(I):
            raise ValueError("this is no real number")
        if not abs(value.evalf(15, maxn=400)) <= LARGEST:
            raise ValueError("this number is too large for floating-point numbers, which end at 1.8e308")
    return value


def _spread(*matrices: Any) -> tuple[Any, ...]:
    # rows and columns repeated to the shape that all have together
    rows, cols = (
        next((size for size in sizes if size != 1), S.One) for sizes in zip(*(A.shape for A in matrices), strict=True)
    )

    def to(A: Any) -> Any:
        A = matmul(OneMatrix(rows, 1), A) if A.shape[0] == 1 != rows else A
        return matmul(A, OneMatrix(1, cols)) if A.shape[1] == 1 != cols else A

    return tuple(map(to, matrices))


def _beside(*values: Any) -> tuple[Any, ...]:
    # a 1×1 matrix beside a larger one is a number; what is left is of one shape
    shapes = {v.shape for v in values if is_wide(v)}
    if len(shapes) < 2:
        return values
    values = tuple(map(as_scalar, values))
    spread = iter(_spread(*filter(is_wide, values)))
    return tuple(next(spread) if is_wide(v) else v for v in values)


def add(a: Any, b: Any) -> Any:
    """Give a + b."""
    a, b = _beside(a, b)
    return a + b


def subtract(a: Any, b: Any) -> Any:
    """Give a - b."""
    a, b = _beside(a, b)
    return a - b


def times(a: Any, b: Any) -> Any:
    """Give a·b entry by entry."""
    a, b = _beside(a, b)
    return functions.hadamard(a, b) if is_wide(a) or is_wide(b) else a * b


def divide(a: Any, b: Any) -> Any:
    """Give a/b entry by entry."""
    a, b = _beside(a, as_scalar(b))
    if not is_wide(b):
        if b == 0:
            raise ValueError("this is divided by zero")
        return a / b
    return elementwise(lambda p, q: p / q, a, b)


def power(a: Any, b: Any) -> Any:
    """Give a to the power b entry by entry. Raises `ValueError` for a large number as the exponent."""
    a, b = _beside(as_scalar(a), as_scalar(b))
    if is_wide(a) and b == 2:
        return functions.hadamard(a, a)
    if is_wide(a) or is_wide(b):
        if not is_wide(b):
            _check_exponent(a, b)
            return elementwise(lambda p: p**b, a) if b.is_number else elementwise(lambda p, q: p**q, a, b)
        return elementwise(lambda p, q: p**q, a, b)
    _check_exponent(a, b)
    return a**b


def _check_exponent(a: Any, b: Any) -> None:
    if b.is_number and not abs(b) <= EXPONENT:
        raise ValueError(f"the exponent {brief(b)} is too large; {EXPONENT} is the largest")
    if a == 0 and b.is_number and b.is_negative:
        raise ValueError("this is divided by zero")


def product(a: Any, b: Any) -> Any:
    """Give the product of matrices, or of a number and a matrix."""
    if is_wide(a) and is_wide(b) and not same_size(a.shape[1], b.shape[0]):
        return functions.hadamard(as_scalar(a), as_scalar(b))
    return a * b


def quotient(a: Any, b: Any) -> Any:
    """Give a/b by a number, a·b⁻¹ by a matrix."""
    b = as_scalar(b)
    return a * b**-1 if is_wide(b) else divide(a, b)


def matrix_power(a: Any, b: Any) -> Any:
    """Give a power of a number or of a square matrix. Raises `ValueError` for a large number as the exponent."""
    a, b = as_scalar(a), as_scalar(b)
    _check_exponent(a, b)
    return a**b


def lies(value: Any, down: bool) -> Any:
    """Give a vector of one axis as a column, or as a row."""
    if not is_wide(value):
        return value
    upright = value.shape[1] == 1
    return value if upright == down else value.T


def dotted(a: Any, b: Any, flat: tuple[bool, bool]) -> Any:
    """Give a product of matrices, in which a vector of one axis lies as it fits."""
    a = lies(a, down=False) if flat[0] else a
    b = lies(b, down=True) if flat[1] else b
    if is_wide(a) and is_wide(b):
        return a * b
    return functions.hadamard(a, b)


def compared(sign: str, a: Any, b: Any, then: Any = S.One, otherwise: Any = S.Zero) -> Any:
    """Give one value where a comparison holds and another where it does not, entry by entry."""
    return elementwise(
        lambda p, q, t, o: Piecewise((t, _RELATIONS[sign](p, q)), (o, True)), *_beside(a, b, then, otherwise)
    )


_RELATIONS = {
    "<": lambda p, q: p < q, "<=": lambda p, q: p <= q, ">": lambda p, q: p > q, ">=": lambda p, q: p >= q,
}  # fmt: skip


def largest(a: Any, b: Any) -> Any:
    """Give the larger of two, entry by entry."""
    return elementwise(Max, *_beside(a, b))


def smallest(a: Any, b: Any) -> Any:
    """Give the smaller of two, entry by entry."""
    return elementwise(Min, *_beside(a, b))
