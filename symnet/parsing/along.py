"""Sums and the like along an axis, and cases, in a text.

In: a `Call`. Out: its form and its value.
"""

from __future__ import annotations

from typing import Any

from sympy import S

from symnet.parsing import guarded
from symnet.parsing.calls import Call, Meaning
from symnet.parsing.parts import COMPARED
from symnet.parsing.text import Part
from symnet.parsing.unify import Form, scalar_form
from symnet.parsing.vocabulary import public


def _along(name: str) -> Meaning:
    def form(c: Call) -> Form:
        c.takes(1, 2, "axis", "dim", "keepdims")
        a, axis = c.form().is_matrix() if not c.form().scalar else c.form(), _axis(c)
        if axis is None or (a.flat and axis == 0):
            return scalar_form()
        if a.number and c.syntax == "numpy" and c.written("axis", c.written(1)) in (0, -1):
            return scalar_form()  # NumPy lets them pass
        if a.number:
            raise ValueError(f"{c.name}: a number has no axes")
        if a.flat:
            raise ValueError(f"{c.name}: a vector of one axis has no axis 1")
        flat = c.reading.dialect.flat and c.written("keepdims") is not True and c.syntax == "numpy"
        size = a.cols if axis == 0 else a.rows
        if flat:
            return Form(size, S.One, flat=True)
        return Form(S.One, size) if axis == 0 else Form(size, S.One)

    def value(c: Call) -> Any:
        A, axis = c.value(), _axis(c)
        ours = public().get(name)
        if not guarded.is_wide(A):
            return A
        if c.syntax == "matlab" and axis is None and 1 not in A.shape and c.written(1) != "all" and not _summed_up(c):
            raise ValueError(
                f"{c.name} of a {A.shape[0]}×{A.shape[1]} matrix is a row in MATLAB, a number at matrixcalculus.org: "
                f"write {c.name}({c.name}(…)) for one number, {c.name}(…, 1) for the row"
            )
        if ours is None:
            raise ValueError(
                f"{c.name} of all entries is nothing that symnet has yet; write it with sum and functions of entries"
            )
        return ours(A, axis=None if c.form().flat else axis)

    return Meaning(form, value)


def _axis(c: Call) -> int | None:
    if c.syntax == "matlab" and c.name in ("max", "min") and len(c.args) > 1:
        raise ValueError(f"{c.name} of two matrices: write {c.name}imum(A, B)")
    return c.axis()


def _summed_up(c: Call) -> bool:
    # sum(sum(A)): the inner one need not be a row
    me = next(k for k, part in enumerate(c.reading.tree.parts) if part is c.part)
    return any(p.op == "call" and p.value == c.part.value and p.args == (me,) for p in c.reading.tree.parts[me:])


# -- cases


def _pairs(c: Call) -> list[tuple[int, Part]]:
    # (value, condition), …, (value, True)
    tree = c.reading.tree
    pairs = [tree.parts[k].args for k in c.args if tree.parts[k].op == "list" and len(tree.parts[k].args) == 2]
    found = [(value, tree.parts[condition]) for value, condition in pairs]
    if not found or len(found) != len(c.args) or found[-1][1].value is not True:
        raise ValueError("cases are pairs, the last one with True: Piecewise((a, a > 0), (0, True))")
    if not all(condition.op in COMPARED for _, condition in found[:-1]):
        raise ValueError("the condition of a case is a comparison, such as a > 0")
    return found


def _cases_form(c: Call) -> Form:
    *others, (last, _) = _pairs(c)
    out = c.reading.forms[last]
    for value, condition in reversed(others):
        place = next(k for k, part in enumerate(c.reading.tree.parts) if part is condition)
        out = c.reading.beside(c.part, c.reading.forms[value], out, additive=True)
        out = c.reading.beside(c.part, c.reading.forms[place], out, additive=True)
    return out


def _cases(c: Call) -> Any:
    *others, (last, _) = _pairs(c)
    out = c.reading.values[last]
    for value, condition in reversed(others):
        left, right = c.reading.laid(condition.args)
        out = guarded.compared(condition.op, left, right, c.reading.values[value], out)
    return out


def _where_form(c: Call) -> Form:
    c.takes(3)
    condition = c.reading.tree.parts[c.args[0]]
    if condition.op not in COMPARED:
        raise ValueError("the condition of where is a comparison, such as where(a > 0, a, 0)")
    out = c.reading.beside(c.part, c.form(1), c.form(2), additive=True)
    return c.reading.beside(c.part, c.form(0), out, additive=True)


def _where(c: Call) -> Any:
    condition = c.reading.tree.parts[c.args[0]]
    left, right, then, otherwise = c.reading.laid((*condition.args, *c.args[1:]))
    return guarded.compared(condition.op, left, right, then, otherwise)


ALONG: dict[str, Meaning] = {
    name: _along(name) for name in ("sum", "mean", "prod", "max", "min", "var", "std", "logsumexp")
}
CASES: dict[str, Meaning] = {"piecewise": Meaning(_cases_form, _cases), "where": Meaning(_where_form, _where)}
