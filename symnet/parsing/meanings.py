"""What each function does in a text: the shape that it gives, and the expression.

In: a `Call`, a function with its operands in one reading. Out: their form, and later the expression. A function that is
not in the table here is one of symnet's public ones; what shape it gives is found by trying it on symbols.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Max, Min, S, Trace
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.determinant import Determinant

from symnet.expressions import diag, diagonal, elementwise, functions
from symnet.parsing import guarded, unify
from symnet.parsing.along import ALONG, CASES
from symnet.parsing.calls import Call, Meaning
from symnet.parsing.made import MADE, PLACE, square
from symnet.parsing.tried import of_entries, of_ours
from symnet.parsing.unify import DisagreementError, Form, agree, found, must, scalar_form
from symnet.parsing.vocabulary import ENTRYWISE, meant, public


# -- of matrices


def _number_of_square(c: Call) -> Form:
    c.takes(1)
    try:
        square(c)
    except DisagreementError:
        c.reading.meant |= c.syntax == "numpy" and c.name == "trace"  # NumPy sums what diagonal there is
        raise
    return scalar_form()


def _inverse(c: Call) -> Form:
    c.takes(1)
    return square(c)


def _or_ours(name: str, otherwise: Callable[..., Any]) -> Callable[[Call], Any]:
    return lambda c: public().get(name, otherwise)(*c.values())


def _solved(c: Call) -> Form:
    c.takes(2)
    a, b = square(c), c.form(1).is_matrix()
    must(agree(a.cols, b.rows))
    return Form(b.rows, b.cols, flat=b.flat).is_matrix()


def _norm_form(c: Call) -> Form:
    c.takes(1, 2, "ord", "axis", "keepdims")
    c.form().is_matrix()
    if c.written("axis") is not None:
        raise ValueError(f"{c.name} along an axis: write sqrt(sum(A**2, axis=…))")
    return scalar_form()


def _norm(c: Call) -> Any:
    A, order = c.value(), c.written("ord", c.written(1))
    if not guarded.is_wide(A):
        return functions.abs(A)
    vector = 1 in A.shape
    if order is None and not vector and c.syntax in ("matlab", "mathematica"):
        way = "norm(A, 'fro')" if c.syntax == "matlab" else 'Norm[A, "Frobenius"]'
        raise ValueError(f"the norm of a matrix is its largest singular value here; for √(sum of squares) write {way}")
    if order in (None, "fro", "Frobenius") or (order == 2 and vector):
        return functions.norm(A)
    if order == 1 and vector:
        return functions.norm1(A)
    if order == 2:
        return functions.norm(A, ord="spectral")
    if order == "nuc":
        return functions.norm(A, ord="nuc")
    if vector and not isinstance(order, str):
        return functions.norm(A, ord=order)
    raise ValueError(
        f"{c.name}: the norm {order} of a {'vector' if vector else 'matrix'} is not known; the sum of absolute values "
        "is norm1"
    )


def _frobenius(c: Call) -> Form:
    c.takes(1)
    c.form().is_matrix()
    return scalar_form()


def _inner_form(c: Call) -> Form:
    c.takes(2)
    a, b = c.form(0).is_matrix(), c.form(1).is_matrix()
    must(a.equals(b))
    return scalar_form()


def _inner(c: Call) -> Any:
    a, b = c.values()
    if c.name in ("inner", "dot") and not c.ours and not (a.shape[1] == 1 and b.shape[1] == 1):
        raise ValueError(
            f"{c.name} of two matrices is not one number elsewhere: write sum(A*B) entry by entry, or the product"
        )
    return functions.inner(a, b)


def _dot_form(c: Call) -> Form:
    c.takes(2, 99)
    out = c.form(0)
    for k in range(1, len(c.args)):
        scales = c.name == "dot" and (out.number or c.form(k).number)
        out = (
            c.reading.beside(c.part, out, c.form(k), additive=False)
            if scales
            else c.reading.dotted(c.part, out, c.form(k))
        )
    return out


def _dot(c: Call) -> Any:
    out, form = c.reading.values[c.args[0]], c.form(0).flat
    for k, place in enumerate(c.args[1:], 1):
        out = guarded.dotted(out, c.reading.values[place], (form, c.form(k).flat))
        form = form != c.form(k).flat
    return out


def _outer_form(c: Call) -> Form:
    c.takes(2)
    a, b = c.form(0), c.form(1)
    vectors = agree(a.cols, S.One) and agree(b.cols, S.One)
    c.reading.meant |= c.syntax == "numpy" and not vectors  # NumPy takes the entries of matrices one by one
    must(vectors)
    return Form(a.rows, b.rows).is_matrix()


def _folded(operation: str) -> Meaning:
    act: Callable[[Any, Any], Any] = getattr(guarded, operation)

    def of_numbers(c: Call) -> None:
        if c.syntax == "mathematica" and operation in ("largest", "smallest") and any(map(guarded.is_wide, c.values())):
            raise ValueError(f"{c.name} gives one number for all entries in Mathematica; write Ramp[…] entry by entry")

    def form(c: Call) -> Form:
        c.takes(2, 99)
        out = c.form(0)
        for k in range(1, len(c.args)):
            out = c.reading.beside(c.part, out, c.form(k), operation in ("add", "subtract"))
        return out

    def value(c: Call) -> Any:
        of_numbers(c)
        if len(c.args) == 2:
            return act(*c.reading.laid(c.part.args))
        out = c.value(0)
        for k in range(1, len(c.args)):
            out = act(out, c.value(k))
        return out

    return Meaning(form, value)


def _diag_form(c: Call) -> Form:
    c.takes(1)
    a, flat = c.form().is_matrix(), c.form().flat
    vector = flat or a.known and S.One in a.shape
    out = Form(flat=c.reading.dialect.flat and not vector)

    def settle(level: int) -> bool:
        if not a.known:
            return False
        if flat or S.One in a.shape:
            size = found(a.rows) if found(a.cols) == 1 else found(a.cols)
            must(out.equals(Form(size, size)))
        else:
            must(agree(a.rows, a.cols) and out.equals(Form(a.rows, S.One)))
        return True

    c.reading.law(settle, c.part, a, out)
    return out


def _diag(c: Call) -> Any:
    A = c.value()
    if S.One in A.shape and not c.form().flat and c.prefix in ("np", "numpy", "jnp"):
        said = f"{c.name} of a matrix of one row or column is its first entry in NumPy; write diag(…)"
        raise (NotImplementedError if c.reading.dialect.flat else ValueError)(said)  # columns are not NumPy's
    return diag(A) if S.One in A.shape else diagonal(A)


def _array_form(c: Call) -> Form:
    c.takes(1)
    if c.reading.tree.parts[c.args[0]].op != "list":
        raise ValueError("array: write the numbers row by row, such as array([[1, 2], [3, 4]])")
    return c.form()


def _clip_form(c: Call) -> Form:
    c.takes(3)
    for k in (1, 2):
        must(c.form(k).equals(scalar_form()))
    return c.form()


def _turned_form(c: Call) -> Form:
    c.takes(1)
    a = c.form()
    if a.flat:
        if not c.reading.dialect.turns:
            raise ShapeError("a list of one axis has no transpose")
        return a
    return Form(a.cols, a.rows, kind=a.is_matrix().kind)


def _turned_value(c: Call) -> Any:
    return c.value() if c.form().flat or not guarded.is_wide(c.value()) else c.value().T


def _of_vector(norm: Callable[[Any], Any]) -> Callable[[Call], Any]:
    return lambda c: norm(c.value()) if guarded.is_wide(c.value()) else functions.abs(c.value())


def _power_form(c: Call) -> Form:
    c.takes(2)
    out = Form()
    c.reading.law(unify.matrix_power(c.form(0).is_matrix(), c.form(1), out), c.part, c.form(0), c.form(1), out)
    return out


_OPERATIONS = {
    "add": "add", "subtract": "subtract", "multiply": "times", "divide": "divide", "power": "power",
    "maximum": "largest", "minimum": "smallest",
}  # fmt: skip
MEANINGS: dict[str, Meaning] = {
    **MADE,
    **ALONG, **CASES,
    **{name: _folded(meant) for name, meant in _OPERATIONS.items()},
    "trace": Meaning(_number_of_square, _or_ours("trace", Trace)),
    "det": Meaning(_number_of_square, _or_ours("det", Determinant)),
    "logdet": Meaning(_number_of_square, _or_ours("logdet", lambda A: sympy.log(Determinant(A)))),
    "inv": Meaning(_inverse, _or_ours("inv", lambda A: A**-1)),
    "solve": Meaning(_solved, _or_ours("solve", lambda A, B: guarded.product(A**-1, B))),
    "transpose": Meaning(_turned_form, _turned_value),
    "norm": Meaning(_norm_form, _norm),
    "frobenius": Meaning(_frobenius, _of_vector(functions.norm)),
    "norm1": Meaning(_frobenius, _of_vector(functions.norm1)),
    "inner": Meaning(_inner_form, _inner), "vdot": Meaning(_inner_form, _inner),
    "dot": Meaning(_dot_form, _dot),
    "outer": Meaning(_outer_form, lambda c: c.value(0) * c.value(1).T),
    "matrix_power": Meaning(_power_form, lambda c: guarded.matrix_power(*c.values())),
    "diag": Meaning(_diag_form, _diag),
    "array": Meaning(_array_form, lambda c: c.value()),
    "clip": Meaning(_clip_form, lambda c: elementwise(lambda t, low, high: Min(Max(t, low), high), *c.values())),
}  # fmt: skip


def meaning_of(call: Call) -> Meaning:
    """Give what a function of a text does. Raises `ValueError` for one that is not known."""
    if call.syntax == "matlab" and call.reading.is_symbol(call.part.value):
        return PLACE
    name = meant(call.name, call.syntax, MEANINGS)
    if call.ours and name in public():
        return of_ours(name)
    if name in MEANINGS:
        return MEANINGS[name]
    if name not in public() and name not in ENTRYWISE:
        raise ValueError(f"{call.name} is nothing that is known here yet; write it with other functions")
    return of_ours(name) if name in public() else of_entries(name)
