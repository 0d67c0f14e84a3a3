"""Sizes and shapes: what a size may be, when two are the same, and the number that one stands for.

In: whole numbers, SymPy expressions or names. Out: SymPy sizes, answers and texts. Sizes are compared by the names of
their symbols, so that assumptions a user forgot do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from sympy import Expr, Function, Idx, Indexed, Integer, Lambda, Order, S, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.entering import checked_name, given

Size: TypeAlias = int | str | Expr
Shape: TypeAlias = tuple[Expr, Expr]

_TEXT = re.compile(r"\s*(?:\d+|[^\W\d]\w*)\s*(?:[-+*]\s*(?:\d+|[^\W\d]\w*)\s*)*")
_NAME = re.compile(r"\\?[^\W\d][\w{}'\\]*")  # LaTeX's braces and backslashes too
_DIGITS = 9  # of the largest number in a size


def as_size(value: Size, name: str) -> Expr:
    """Give a size that a user wrote, text such as "2*n" among them. Raises `ValueError` where it can be none."""
    if isinstance(value, str):
        size = _read(checked_name(value, name, "n"), name)
    else:
        size = None if value is None else given(value)
    if size is None or not _may_be_size(size):
        raise ValueError(
            f"{name}: a size must be a positive whole number, a Symbol or a name such as 'n', not {value!r}"
        )
    return size


def _read(text: str, name: str) -> Expr:
    # a number, a name, or sums and products of them
    if _NAME.fullmatch(text):
        return Symbol(text, integer=True, positive=True)
    words = re.findall(r"\d+|[-+*]|[^\W\d]\w*", text)
    if not _TEXT.fullmatch(text):
        raise ValueError(
            f"{name}: {text!r} is no size; write a number, a name of letters and digits such as 'n', or a sum or "
            "product of these such as '2*n + 1'"
        )
    if any(w.isdecimal() and len(w) > _DIGITS for w in words):
        raise ValueError(f"{name}: the size {text!r} is larger than any array; write one of at most {_DIGITS} digits")
    terms: list[Expr] = []
    for sign, word in zip(["+", *words[1::2]], words[::2], strict=True):
        size = Integer(int(word)) if word.isdecimal() else Symbol(word, integer=True, positive=True)
        if sign == "*":
            terms[-1] *= size
        else:
            terms.append(size if sign == "+" else -size)
    return sum(terms, S.Zero)


def _may_be_size(size: Any) -> bool:
    if not isinstance(size, Expr) or isinstance(size, Lambda) or size.is_Matrix:
        return False
    if size.is_number and not size.is_Integer or size.atoms(Function, Idx, Indexed, MatrixElement, Order):
        return False
    return size.is_integer is not False and size.is_positive is not False and size.is_finite is not False


def same_size(a: Expr, b: Expr) -> bool:
    """Tell whether two sizes are equal, size symbols being compared by name."""
    if a == b:
        return True
    a, b = given(a), given(b)  # a matrix of numbers has Python's
    if a.is_Integer and b.is_Integer:
        return False
    named = [size.xreplace({s: Symbol(s.name) for s in size.free_symbols}) for size in (a, b)]
    return bool((named[0] - named[1]).expand() == 0)


def same_shape(a: Shape, b: Shape) -> bool:
    """Tell whether two shapes are equal."""
    return same_size(a[0], b[0]) and same_size(a[1], b[1])


def shape_text(shape: Shape) -> str:
    """Give a shape as it stands in messages, such as 3×n."""
    return "×".join(str(size) for size in shape)


def axes_of(symbols: Iterable[Any]) -> Iterator[tuple[Any, Any, int]]:
    """Give each size that is a symbol, with the matrix and the axis that tell it."""
    for A in symbols:
        for axis, size in enumerate(getattr(A, "shape", ())):
            if size.is_Symbol:
                yield size, A, axis


def size_number(size: Any, known: Mapping[str, int]) -> int:
    """Give the number that a size stands for. Raises `KeyError` with the first name that `known` lacks."""
    size = size if isinstance(size, Expr) else given(size)
    if size.is_Symbol:
        return known[size.name]
    if size.is_Integer:
        return int(size)
    return int(size.subs({s: known[s.name] for s in size.free_symbols}))
