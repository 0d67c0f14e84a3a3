"""Matrices that a text writes out, ones, zeros and identities, and the lists of Mathematica.

In: a `Call`. Out: its form and its value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Identity, Integer, OneMatrix, S, ZeroMatrix

from symnet.expressions import diag, diagonal, functions, vec
from symnet.parsing import guarded
from symnet.parsing.calls import Call, Meaning
from symnet.parsing.unify import Form, Unknown, agree, found, must, scalar_form


def square(c: Call) -> Form:
    """Give the form of the operand, a square matrix."""
    a = c.form().is_matrix()
    must(agree(a.rows, a.cols))
    return a


def _filled(name: str) -> Meaning:
    def sizes(c: Call) -> tuple[Any, Any]:
        c.takes(1, 2)
        first = c.written(0)
        shape = first if isinstance(first, tuple) else (first, c.written(1, S.One if c.syntax == "numpy" else first))
        if len(shape) == 1:
            shape = (*shape, S.One)
        if len(shape) != 2:
            raise ValueError(f"{c.name}: a shape has one or two sizes, not {len(shape)}")
        return c.size(shape[0]), c.size(shape[1])

    def form(c: Call) -> Form:
        rows, cols = sizes(c)
        alone = (
            c.syntax == "numpy"
            and len(c.args) == 1
            and not (isinstance(c.written(0), tuple) and len(c.written(0)) == 2)
        )
        return Form(rows, cols, flat=alone and c.reading.dialect.flat).is_matrix()

    make = OneMatrix if name == "ones" else ZeroMatrix
    return Meaning(form, lambda c: make(*map(found, sizes(c))))


def _eye_form(c: Call) -> Form:
    c.takes(1, 2)
    size = c.size(c.written(0))
    must(agree(size, c.size(c.written(1, size))))
    return Form(size, size).is_matrix()


def _like(form: Form, value: Any) -> Any:
    return (
        value * OneMatrix(*form.shape)
        if not form.scalar and value != 1
        else OneMatrix(*form.shape)
        if not form.scalar
        else value
    )


def _blown(cols: bool) -> Meaning:
    # matrixcalculus.org's vector(1) and matrix(1): of the shape that the formula asks for
    def form(c: Call) -> Form:
        c.takes(1)
        must(c.form().equals(scalar_form()))
        return (Form() if cols else Form(Unknown(), S.One)).is_matrix()

    return Meaning(form, lambda c: _like(c.reading.forms[len(c.reading.values)], c.value()))


def _constant_form(c: Call) -> Form:
    c.takes(2)
    shape = c.written(1)
    shape = shape if isinstance(shape, tuple) else (shape,)
    sizes = [*map(c.size, shape), S.One]
    return Form(sizes[0], sizes[1], flat=len(shape) == 1).is_matrix()


# -- Mathematica's own


def _total_form(c: Call) -> Form:
    c.takes(1, 2)
    a, level = c.form().is_matrix(), c.written(1)
    if level == 2 or (a.flat and level is None):
        return scalar_form()
    if a.flat or level not in (None, (2,)):
        raise ValueError("Total takes the levels 2 (one number) and {2} (the sums of the rows)")
    return Form(a.cols if level is None else a.rows, S.One, flat=c.reading.dialect.flat)


def _total(c: Call) -> Any:
    if not guarded.is_wide(c.value()):
        return c.value()
    level = c.written(1)
    if level == 2 or c.form().flat:
        return functions.sum(c.value())
    if level is None and S.One in c.value().shape:
        raise ValueError(
            "Total of an n×1 matrix is a list of one number; write Total[…, 2], or declare a vector by one size"
        )
    sums = functions.sum(c.value(), axis=0 if level is None else 1)
    return sums.T if level is None else sums


def _flattened(c: Call) -> Form:
    c.takes(1)
    if not c.reading.dialect.flat:
        raise ValueError("a list of one axis, here among matrices")
    a = c.form()
    must(agree(a.cols, S.One))
    return Form(a.rows, S.One, flat=True)


def _upright(c: Call) -> Form:
    c.takes(1)
    if not c.form().flat:
        raise ValueError("List /@ makes a column of a list of one axis")
    return Form(c.form().rows, S.One).is_matrix()


def _unit_form(c: Call) -> Form:
    c.takes(2)
    return Form(c.size(c.written(0)), S.One, flat=c.reading.dialect.flat)


def _diagonal_form(c: Call) -> Form:
    c.takes(1)
    size = square(c).rows
    return Form(size, S.One, flat=c.reading.dialect.flat)


def _diagonal_matrix_form(c: Call) -> Form:
    c.takes(1)
    must(agree(c.form().cols, S.One))
    return Form(c.form().rows, c.form().rows).is_matrix()


# -- sizes, and single entries in MATLAB


def _rows(c: Call) -> Any:
    rows, cols = c.form().shape
    k = 1 if len(c.args) == 1 else c.written(1)
    if k not in (1, 2):
        raise ValueError(f"{c.name}: the axes are 1 and 2, not {k}")
    return rows if k == 1 else cols


def _count(*, most: int) -> Callable[[Call], Form]:
    def form(c: Call) -> Form:
        c.takes(1, most)
        c.form().is_matrix()
        return scalar_form()

    return form


def _all_or(c: Call, k: int) -> Any:
    return None if c.written(k) == ":" else c.written(k)


def _place_form(c: Call) -> Form:
    c.takes(1, 2)
    A = c.reading.symbol_form(c.part.value).is_matrix()
    if len(c.args) == 1:
        if c.written(0) != ":":
            if not (A.known and S.One in A.shape):
                raise ValueError(
                    f"an entry has a row and a column: write {c.name}(i, j), or {c.name}(:) for all of them"
                )
            return scalar_form()
        out = Form(Unknown(), S.One)
        c.reading.law(lambda level: A.known and agree(out.rows, found(A.rows) * found(A.cols)), c.part, A, out)
        return out.is_matrix()
    row, col = (_all_or(c, k) is None for k in (0, 1))
    return Form(A.rows if row else S.One, A.cols if col else S.One, kind="matrix" if row or col else Unknown())


def _place(c: Call) -> Any:
    A = c.reading.symbol(c.part.value)
    if len(c.args) == 1 and c.written(0) == ":":
        return vec(A)
    places = [_all_or(c, k) for k in range(len(c.args))]
    if len(places) == 1:
        places.insert(0 if A.shape[1] != 1 else 1, Integer(1))
    for place, size in zip(places, A.shape, strict=True):
        if place is not None and not (
            isinstance(place, Integer) and place >= 1 and not (size.is_Integer and place > size)
        ):
            raise ValueError(f"{c.name}: places are whole numbers from 1 to {size}, or :, not {place}")
    row, col = (None if p is None else int(p) - 1 for p in places)
    if row is not None and col is not None:
        return A[row, col]
    A = A if row is None else functions.unit(A.shape[0], row).T * A
    return A if col is None else A * functions.unit(A.shape[1], col)


PLACE = Meaning(_place_form, _place)
MADE: dict[str, Meaning] = {
    "len": Meaning(_count(most=1), _rows), "size": Meaning(_count(most=2), _rows),
    "numel": Meaning(_count(most=1), lambda c: found(c.form().rows) * found(c.form().cols)),
    "eye": Meaning(_eye_form, lambda c: Identity(found(c.size(c.written(0))))),
    "ones": _filled("ones"), "zeros": _filled("zeros"),
    "ones_like": Meaning(lambda c: c.form(), lambda c: _like(c.form(), S.One)),
    "zeros_like": Meaning(lambda c: c.form(), lambda c: ZeroMatrix(*c.form().shape) if not c.form().scalar else S.Zero),
    "vector": _blown(cols=False), "matrix": _blown(cols=True),
    "ConstantArray": Meaning(_constant_form, lambda c: _like(Form(*_constant_form(c).shape), c.value(0))),
    "Total": Meaning(_total_form, _total),
    "Flatten": Meaning(_flattened, lambda c: c.value()), "List /@": Meaning(_upright, lambda c: c.value()),
    "UnitVector": Meaning(_unit_form, lambda c: functions.unit(c.size(c.written(0)), int(c.written(1)) - 1)),
    "DiagonalMatrix": Meaning(_diagonal_matrix_form, lambda c: diag(c.value())),
    "Diagonal": Meaning(_diagonal_form, lambda c: diagonal(c.value())),
}  # fmt: skip
