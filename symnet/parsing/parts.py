"""The parts of a text that stand alone or behind an operand: numbers, words, transposes, indices, comparisons.

In: a part, in a reading, and the forms or values of its operands. Out: its form or its value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import ImmutableMatrix, Integer, Number, OneMatrix, S
from sympy.matrices.exceptions import ShapeError

from symnet.expressions import functions
from symnet.parsing import guarded
from symnet.parsing.text import Part
from symnet.parsing.unify import Form, found, scalar_form

COMPARED = ("<", "<=", ">", ">=")


def no_formula(reading: Any, part: Part, of: list[Form]) -> Form:
    """Raise `ValueError` for a part that no formula has."""
    raise ValueError(f"{reading.tree.shown(part)} is no part of a formula")


def _transposed(reading: Any, part: Part, of: list[Form]) -> Form:
    if of[0].flat:
        if not reading.dialect.turns:
            raise ShapeError("a vector of one axis has no transpose")
        return of[0]
    if of[0].number:
        return of[0]
    return Form(of[0].cols, of[0].rows, kind=of[0].is_matrix().kind)


def _indexed(reading: Any, part: Part, of: list[Form]) -> Form:
    base = reading.tree.parts[part.args[0]]
    if base.op == "shape":
        if part.value not in ((0,), (1,), (-1,), (-2,)) or (of[0].flat and part.value not in ((0,), (-1,))):
            raise ValueError("a shape has the places 0 and 1")
        return scalar_form()
    A, places = of[0], _places(part, _is_vector(part, of[0]))
    sizes = [_length(place, size) for place, size in zip(places, A.is_matrix().shape, strict=True)]
    if None not in sizes:
        return Form(*sizes).is_matrix()
    if sizes == [None, None] or A.flat:
        return scalar_form()
    left = sizes[0] if sizes[1] is None else sizes[1]
    if reading.dialect.flat:
        return Form(left, S.One, flat=True)
    return (Form(left, S.One) if sizes[1] is None else Form(S.One, left)).is_matrix()


def _is_vector(part: Part, form: Form) -> bool:
    return form.flat or (len(part.value) == 1 and found(form.cols) is S.One)


def _places(part: Part, flat: bool) -> tuple[Any, Any]:
    if len(part.value) > 2 or (flat and len(part.value) != 1):
        raise ValueError("a matrix has two axes, and a vector one: write A[0, 1] and x[0]")
    if flat:
        return part.value[0], 0
    return part.value if len(part.value) == 2 else (part.value[0], slice(None))


def _length(place: Any, size: Any) -> Any:
    # how many rows or columns a place takes, None for a single one
    if not isinstance(place, slice):
        return None
    if (place.start or 0, place.stop, place.step or 1) == (0, None, 1):
        return size
    if place.step == 0:
        raise ValueError("the step of a slice is no 0")
    if isinstance(size, Integer):
        number = len(range(*place.indices(int(size))))
        if number == 0:
            raise ValueError(f"nothing of {size} rows or columns is in this slice")
        return Integer(number)
    if place.stop is None or place.stop < 0 or (place.start or 0) < 0 or (place.step or 1) < 0:
        raise ValueError("a part of an axis whose size is no number: give the start and the stop, from 0")
    return Integer(max(len(range(place.start or 0, place.stop, place.step or 1)), 1))


def _entry_of(reading: Any, part: Part, of: list[Any]) -> Any:
    base, value = reading.tree.parts[part.args[0]], of[0]
    if base.op == "shape":
        return found(
            reading.forms[base.args[0]].shape[part.value[0] % 2 if not reading.forms[base.args[0]].flat else 0]
        )
    form = reading.forms[part.args[0]]
    flat = _is_vector(part, form)
    value = guarded.lies(value, down=True) if form.flat else value
    row, col = (_from_0(i, size, reading) for i, size in zip(_places(part, flat), value.shape, strict=True))
    if not isinstance(row, slice) and not isinstance(col, slice):
        return value[row, col]
    if not isinstance(row, slice) and col == slice(None):
        return functions.unit(value.shape[0], row).T * value
    if not isinstance(col, slice) and row == slice(None):
        return value * functions.unit(value.shape[1], col)
    return value if (row, col) == (slice(None), slice(None)) else value[row, col]


def _from_0(i: Any, size: Any, reading: Any) -> Any:
    if isinstance(i, int) and i < 0:
        if not size.is_Integer or -i > size:
            raise ValueError(f"{i} counts from the end, and the size is {size}; count from 0")
        return int(size) + i
    if isinstance(i, int) and size.is_Integer and i >= size:
        raise ValueError(f"there is no place {i}: the size is {size}, and places are counted from 0")
    return i


def _compared_form(reading: Any, part: Part, of: list[Form]) -> Form:
    return reading.beside(part, of[0], of[1], additive=False)


FORMS: dict[str, Callable[[Any, Part, list[Form]], Form]] = {
    "number": lambda r, part, of: scalar_form(literal=True),
    "word": lambda r, part, of: scalar_form(),
    "list": lambda r, part, of: _list_form(part, of),
    "shape": lambda r, part, of: of[0],
    "size": lambda r, part, of: scalar_form(),
    "neg": lambda r, part, of: of[0],
    "'": _transposed, "index": _indexed, "part": lambda r, part, of: scalar_form(),
    **dict.fromkeys(COMPARED, _compared_form),
}  # fmt: skip


def _part_of(reading: Any, part: Part, of: list[Any]) -> Any:
    if len(of) != 3 or not guarded.is_wide(of[0]):
        raise ValueError("an entry is asked for with both places, such as A[[1, 2]]")
    places = [i - 1 for i in of[1:]]
    if not all(i.is_Integer and i >= 0 for i in places):
        raise ValueError("an index is a whole number, counted from 1")
    return of[0][int(places[0]), int(places[1])]


def is_one(part: Part) -> bool:
    """Tell whether a part is the number 1."""
    return bool(part.op == "number" and part.value is S.One)


def _number(form: Form, part: Part) -> Any:
    return part.value if form.scalar else OneMatrix(*form.shape)


def _list_form(part: Part, of: list[Form]) -> Form:
    # {{1, 2}, {3, 4}} is a matrix, {v} of a vector a row; other lists are arguments of functions
    if of and all(form.flat for form in of):
        return Form(Integer(len(of)), of[0].rows).is_matrix()
    if of and all(form.scalar for form in of):
        return Form(Integer(len(of)), S.One, flat=True)
    return scalar_form()


def operand(value: Any) -> Any:
    """Give what stands beside an operator, a list of numbers as a column. Raises `ValueError` for another list."""
    if not isinstance(value, tuple):
        return value
    if not value or not all(isinstance(v, Number) for v in value):
        raise ValueError("a list here is one of numbers, or of the rows of a matrix of numbers")
    return ImmutableMatrix(value)


def _list(reading: Any, part: Part, of: list[Any]) -> Any:
    rows = [reading.tree.parts[k] for k in part.args]
    if rows and all(row.op == "list" for row in rows):
        if len({len(row.args) for row in rows}) > 1:
            raise ValueError("the rows of a matrix have one length")
        return ImmutableMatrix([list(value) for value in of])
    if len(of) == 1 and guarded.is_wide(of[0]):
        return guarded.lies(of[0], down=False)
    return tuple(of)


VALUES: dict[str, Callable[[Any, Part, list[Any]], Any]] = {
    "number": lambda r, part, of: _number(r.forms[len(r.values)], part),
    "word": lambda r, part, of: part.value,
    "list": lambda r, part, of: _list(r, part, of),
    "shape": lambda r, part, of: of[0].shape,
    "size": lambda r, part, of: S.One if not guarded.is_wide(of[0]) else of[0].shape[0] * of[0].shape[1],
    "neg": lambda r, part, of: -of[0],
    "'": lambda r, part, of: of[0] if r.forms[part.args[0]].flat or not guarded.is_wide(of[0]) else of[0].T,
    "index": _entry_of, "part": _part_of,
}  # fmt: skip
