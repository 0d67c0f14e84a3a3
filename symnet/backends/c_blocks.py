"""Rows of `C99` for parts, stacks, reshaped and rolled matrices, running sums and products, and Kronecker products.

In: nodes. Out: views that read their operand at another place, or loops that write parts of an array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import S

from symnet.backends.c_code import C99, CCode, Index, View, plus, times
from symnet.backends.c_text import CText, chosen
from symnet.backends.emitter import TERM, Code
from symnet.expressions import (
    Commutation, Entry, Explicit, Kron, Paired, Part, Parted, Placed, Reshape, Roll, Running, RunningSum, Stack, Tiled,
    Unpaired, Unvec, Vec,
)  # fmt: skip


def over(i: Index, k: int) -> Index:
    """Give the quotient of an index, without its rest."""
    return i // k if isinstance(i, int) else i if k == 1 else Code(f"{i.at(TERM)}/{k}", TERM)


def rest(i: Index, k: int) -> Index:
    """Give the rest of an index divided by k."""
    return i % k if isinstance(i, int) else 0 if k == 1 else Code(f"{i.at(TERM)} % {k}", TERM)


def _at(i: Index, span: Any, c: CCode) -> Index:
    first, _, step = map(c.size, span)
    if step < 0 and not isinstance(i, int):
        return Code(f"{first}") - times(i, -step)
    return plus(times(i, step), first)


def _part(c: CCode, A: Any) -> View:
    view = c.view(A.args[0])
    for size, (first, number, step) in zip((view.rows, view.cols), A.spans, strict=True):
        last = c.size(first) + (c.size(number) - 1) * c.size(step)
        if not (0 <= c.size(first) < size and 0 <= last < size):
            raise IndexError(f"{A} reaches beyond the {size} rows or columns that are there")
    rows, cols = A.spans
    steps = view.steps and (view.steps[0] * c.size(rows[2]), view.steps[1] * c.size(cols[2]))
    return View(*c.shape(A), lambda i, j: view.at(_at(i, rows, c), _at(j, cols, c)), steps)


def _placed(c: CCode, A: Any) -> View:
    view = c.stored(A.args[0])
    rows, cols = c.shape(A)
    name = c.room(A)
    c.assign(name, View(rows, cols, lambda i, j: c.number(0)))
    target = c.array(name, rows, cols)
    with c.loop(view.rows) as i, c.loop(view.cols) as j:
        c.line(f"{target.at(_at(i, A.spans[0], c), _at(j, A.spans[1], c))} = {view.at(i, j)};")
    return target


def _stack(c: CCode, A: Any) -> View:
    views = [c.view(a) for a in A.operands]
    name = c.room(A)
    target = c.array(name, *c.shape(A))
    for view, offset in zip(views, map(c.size, A.offsets()), strict=True):
        down, right = (offset, 0) if A.axis == 0 else (0, offset)
        with c.loop(view.rows) as i, c.loop(view.cols) as j:
            code = view.at(i, j)
            c.line(f"{target.at(plus(i, down), plus(j, right))} = {code};")
    return target


def _reshape(c: CCode, A: Any) -> View:
    at, (rows, cols) = c.flat(A.args[0]), c.shape(A)
    return View(rows, cols, lambda i, j: at(plus(times(i, cols), j)), (cols, 1))


def _roll(c: CCode, A: Any) -> View:
    view, shift, axis = c.stored(A.args[0]), int(A.args[1]), int(A.args[2])
    if axis == 0:
        return c.each(A, lambda i, j: view.at(rest(plus(i, -shift % view.rows), view.rows), j))
    return c.each(A, lambda i, j: view.at(i, rest(plus(j, -shift % view.cols), view.cols)))


def _running(c: CCode, A: Any, axis: int, back: bool, start: float, sign: str, with_own: bool) -> View:
    # for each entry what the entries up to it make, its own among them or not
    view = c.view(A.args[0])
    rows, cols = c.shape(A)
    target = c.array(c.room(A), rows, cols)
    along, lines = (rows, cols) if axis == 0 else (cols, rows)
    with c.loop(lines) as k:
        total = c.fresh()
        c.line(f"{c.real} {total} = {c.number(start)};")
        with c.loop(along) as i:
            place = i if not back else along - 1 - i if isinstance(i, int) else Code(f"{along - 1}") - i
            here = (place, k) if axis == 0 else (k, place)
            lines_of = [f"{total} {sign} {c.hold(view.at(*here))};", f"{target.at(*here)} = {total};"]
            for line in lines_of if with_own else reversed(lines_of):
                c.line(line)
    return target


def _explicit(c: CCode, A: Any) -> View:
    entries = [c.scalar(a, {}) for a in A.operands]
    target = c.array(c.room(A), *c.shape(A))
    for k, code in enumerate(entries):
        c.line(f"{target.name}[{k}] = {code};")
    return target


def _entry(c: CCode, A: Any) -> CText:
    return c.view(A.args[0]).at(c.size(A.args[1]), c.size(A.args[2]))


def _vec(c: CCode, A: Any) -> View:
    view = c.stored(A.args[0])
    return c.each(A, lambda i, j: view.at(rest(i, view.rows), over(i, view.rows)))


def _unvec(c: CCode, A: Any) -> View:
    view, (rows, cols) = c.stored(A.args[0]), c.shape(A)
    return View(rows, cols, lambda i, j: view.at(plus(times(j, rows), i), 0))


def _kron(c: CCode, A: Any) -> View:
    a, b = map(c.stored, A.args)
    return c.each(
        A, lambda i, j: a.at(over(i, b.rows), over(j, b.cols)) * b.at(rest(i, b.rows), rest(j, b.cols))
    )  # fmt: skip


def _commutation(c: CCode, K: Any) -> View:
    rows, cols = map(c.size, K.args)
    return c.each(K, lambda i, j: c.equal(plus(times(rest(i, cols), rows), over(i, cols)), j))


def _paired(c: CCode, P: Any) -> View:
    G, m, n = c.stored(P.args[0]), c.size(P.args[1]), c.size(P.args[2])
    p, q = G.rows // m, G.cols // n
    return c.each(
        P, lambda i, j: G.at(plus(times(rest(i, m), p), rest(j, p)), plus(times(over(i, m), q), over(j, p)))
    )  # fmt: skip


def _unpaired(c: CCode, U: Any) -> View:
    R, (m, _, p, q) = c.stored(U.args[0]), map(c.size, U.args[1:])
    return c.each(
        U, lambda i, j: R.at(plus(times(over(j, q), m), over(i, p)), plus(times(rest(j, q), p), rest(i, p)))
    )  # fmt: skip


def _tiled(c: CCode, A: Any) -> View:
    view, fill = c.stored(A.args[0]), A.args[2]
    own = lambda i, j: CText(f"{over(j, view.cols)} == {i}", single=c.single, truth=True)
    return c.each(A, lambda i, j: chosen(own(i, j), float(fill), view.at(i, rest(j, view.cols))))


Row = Callable[[CCode, Any], View]
_sum: Row = lambda c, A: _running(c, A, int(A.args[1]), A.args[2] != S.Zero, 0, "+=", True)
_product: Row = lambda c, A: _running(c, A, A.axis, A.args[2] != S.Zero, 1, "*=", False)

C99.update({
    Part: _part, Placed: _placed, Stack: _stack, Reshape: _reshape, Parted: _reshape, Roll: _roll, RunningSum: _sum,
    Running: _product, Explicit: _explicit, Entry: _entry, Vec: _vec, Unvec: _unvec, Kron: _kron,
    Commutation: _commutation, Paired: _paired, Unpaired: _unpaired, Tiled: _tiled,
})  # fmt: skip
