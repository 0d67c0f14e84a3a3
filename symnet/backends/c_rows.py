"""Rows of `C99` for sums, products, entrywise functions, reductions, and matrices that are known.

In: nodes. Out: views of their entries, after loops for what entries cannot be read from: products, sums, extremes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import (
    HadamardProduct, Identity, MatAdd, MatMul, MatrixSymbol, OneMatrix, Trace, Transpose, ZeroMatrix,
)  # fmt: skip
from sympy.matrices.matrixbase import MatrixBase

from symnet.backends.c_code import C99, CCode, Index, View
from symnet.backends.c_text import CText, chosen, literal, named
from symnet.backends.emitter import signed_sum
from symnet.expressions import (
    AxisMax, AxisProd, Diag, Diagonal, Earlier, Elementwise, Largest, Smallest, Total, Unit, is_subtracted, split,
)  # fmt: skip

# -- sums and products of matrices


def coefficient(A: Any) -> tuple[Any, Any]:
    """Give the scalars of a product, of products inside it too, and the rest."""
    k, rest = split(A)
    while isinstance(rest, MatMul) and not rest.args[0].is_Matrix:
        more, rest = split(rest)
        k *= more
    return k, rest


def _factors(c: CCode, expr: Any) -> tuple[Any, View | None, tuple[View, View] | None]:
    # the coefficient, and the entries, or the two matrices of a product that needs loops
    k, A = coefficient(expr)
    if not isinstance(A, MatMul):
        return k, c.view(A), None
    a, b = _pair(A)
    if _needs_loops(c, A):
        return k, None, (c.stored(a), c.stored(b))
    return k, _without_loops(c, A, a, b), None


def _without_loops(c: CCode, A: Any, a: Any, b: Any) -> View:
    if isinstance(a, OneMatrix) or isinstance(b, OneMatrix):
        return _with_ones(c, A, a, b)
    if isinstance(a, Diag):
        d, right = c.view(a.args[0]), c.view(b)
        return View(d.rows, right.cols, lambda i, j: d.at(i, 0) * right.at(i, j))
    if isinstance(b, Diag):
        left, d = c.view(a), c.view(b.args[0])
        return View(left.rows, d.rows, lambda i, j: left.at(i, j) * d.at(j, 0))
    if isinstance(b, Unit):
        left, k = c.view(a), int(b.args[1])
        return View(left.rows, 1, lambda i, j: left.at(i, k))
    if isinstance(a, Transpose) and isinstance(a.args[0], Unit):
        right, k = c.view(b), int(a.args[0].args[1])
        return View(1, right.cols, lambda i, j: right.at(k, j))
    left, right = c.stored(a), c.stored(b)
    return View(left.rows, right.cols, lambda i, j: left.at(i, 0) * right.at(0, j))


def _with_ones(c: CCode, A: Any, a: Any, b: Any) -> View:
    rows, cols = c.shape(A)
    inner = c.size(a.shape[1])
    if isinstance(a, OneMatrix) and isinstance(b, OneMatrix):
        return View(rows, cols, lambda i, j: c.number(inner))
    if isinstance(b, OneMatrix):
        if inner == 1:
            left = c.view(a) if cols == 1 else c.stored(a)
            return View(rows, cols, lambda i, j: left.at(i, 0))
        sums = _sums(c, A, MatMul(a, OneMatrix(a.shape[1], 1), evaluate=False) if cols != 1 else A, c.view(a), 1)
        return sums if cols == 1 else View(rows, cols, lambda i, j: sums.at(i, 0))
    if inner == 1:
        right = c.view(b) if rows == 1 else c.stored(b)
        return View(rows, cols, lambda i, j: right.at(0, j))
    sums = _sums(c, A, MatMul(OneMatrix(1, b.shape[0]), b, evaluate=False) if rows != 1 else A, c.view(b), 0)
    return sums if rows == 1 else View(rows, cols, lambda i, j: sums.at(0, j))


def _sums(c: CCode, A: Any, line: Any, view: View, axis: int) -> View:
    return c.folded(line, axis, view, str(c.number(0)), lambda total, x: f"{total} += {x};")


def _multiply(c: CCode, name: str, k: Any, a: View, b: View, start: View | None) -> None:
    # name = start + k·a·b: each entry at once, or row by row where that reads b as it lies in memory
    target = c.array(name, a.rows, b.cols)
    factor = None if k == 1 else c.hold(c.scalar(k, {}))
    if a.cols <= SMALL or b.cols == 1 or b.steps is not None and b.steps[0] == 1:
        with c.loop(a.rows) as i, c.loop(b.cols) as j:
            first = c.number(0) if start is None else start.at(i, j)
            total = c.fresh()
            c.line(f"{c.real} {total} = {c.number(0) if factor is not None else first};")
            with c.loop(a.cols) as m:
                c.line(f"{total} += {a.at(i, m) * b.at(m, j)};")
            whole = named(total, c.single)
            if factor is not None:
                whole = factor * whole if start is None else first + factor * whole
            c.line(f"{target.at(i, j)} = {whole};")
        return
    if start is None or start.name != name:
        c.assign(name, start or View(a.rows, b.cols, lambda i, j: c.number(0)))
    with c.loop(a.rows) as i, c.loop(a.cols) as m:
        left = c.kept(a.at(i, m) if factor is None else factor * a.at(i, m))
        with c.loop(b.cols) as j:
            c.line(f"{target.at(i, j)} += {left * b.at(m, j)};")


SMALL = 8  # inner sizes up to which a sum stays in a register


def _matmul(c: CCode, expr: Any) -> View:
    k, A = coefficient(expr)
    if isinstance(A, OneMatrix):
        value = c.hold(c.scalar(k, {}))
        return c.each(A, lambda i, j: value)
    k, view, pair = _factors(c, expr)
    if view is not None:
        return c.scaled(k, view)
    assert pair is not None
    name = c.room(expr)
    _multiply(c, name, k, *pair, None)
    return c.array(name, *c.shape(expr))


def _pair(A: Any) -> tuple[Any, Any]:
    *left, b = A.args
    return left[0] if len(left) == 1 else MatMul(*left, evaluate=False), b


def _needs_loops(c: CCode, A: Any) -> bool:
    if not isinstance(A, MatMul):
        return False
    a, b = _pair(A)
    picked = isinstance(b, Unit) or isinstance(a, Transpose) and isinstance(a.args[0], Unit)
    return not (picked or isinstance(a, EASY) or isinstance(b, EASY) or c.size(a.shape[1]) == 1)


EASY = (OneMatrix, Diag)


def _matadd(c: CCode, expr: Any) -> View:
    products = [t for t in expr.args if _needs_loops(c, coefficient(t)[1])]
    terms = []
    for term in expr.args:
        if term in products:
            continue
        k, A = coefficient(term)
        minus = is_subtracted(k)
        inside = -k if minus else k
        view = c.scaled(inside, c.view(A)) if not isinstance(A, OneMatrix) else _matmul(c, inside * A)
        terms.append((minus, view))
    rows, cols = c.shape(expr)

    def entries(i: Index, j: Index) -> Any:
        return signed_sum([(minus, view.at(i, j)) for minus, view in terms])

    if not products:
        return View(rows, cols, entries)
    loose = [_factors(c, t) for t in products]
    name = c.room(expr)
    start = View(rows, cols, entries) if terms else None
    for k, _, pair in loose:
        assert pair is not None
        _multiply(c, name, k, *pair, start)
        start = c.array(name, rows, cols)
    return c.array(name, rows, cols)


def _hadamard(c: CCode, expr: Any) -> View:
    above: list[View] = []
    below: list[View] = []
    for f in expr.args:
        divides = isinstance(f, Elementwise) and f.body == 1 / f.variables[0]
        (below if divides else above).append(c.view(f.args[1] if divides else f))

    def at(i: Index, j: Index) -> CText:
        code: Any = 1
        for number, view in enumerate(above):
            code = view.at(i, j) if number == 0 else code * view.at(i, j)
        for view in below:
            code = code / view.at(i, j)
        return code

    return c.each(expr, at)


def _elementwise(c: CCode, A: Elementwise) -> View:
    views = {v: c.view(a) for v, a in A.slots.items() if a.is_Matrix}
    scalars = {v: c.hold(c.scalar(a, {})) for v, a in A.slots.items() if not a.is_Matrix}

    def at(i: Index, j: Index) -> CText:
        found = c.scalar(A.body, {**scalars, **{v: c.hold(view.at(i, j)) for v, view in views.items()}})
        return found if isinstance(found, CText) else literal(found, c.single)

    return c.each(A, at)


# -- sums, extremes


def _extreme(sign: str) -> Callable[[CCode, Any], View]:
    def row(c: CCode, A: Any) -> View:
        view = c.stored(A.args[0])
        first = lambda total, x: f"if ({x} {sign} {total} || {x} != {x}) {total} = {x};"
        return c.folded(A, A.axis, view, "-INFINITY" if sign == ">" else "INFINITY", first)

    return row


def _array(c: CCode, A: Any) -> View:
    rows, cols = A.shape
    name = c.fresh()
    numbers = ", ".join(str(c.number(float(x))) for x in A)
    c.line(f"static const {c.real} {name}[{rows * cols}] = {{{numbers}}};")
    return c.array(name, rows, cols)


def _symbol(c: CCode, A: Any) -> View:
    return c.array(c.names[A.name], *c.shape(A))


def _diag(c: CCode, A: Any) -> View:
    v = c.stored(A.args[0])
    return c.each(A, lambda i, j: chosen(_same(c, i, j), v.at(i, 0), 0))


def _same(c: CCode, i: Index, j: Index) -> CText:
    return CText(f"{i} == {j}", single=c.single, truth=True)


def _earlier(c: CCode, A: Any) -> View:
    return c.each(A, lambda i, j: chosen(CText(f"{j} <= {i}", single=c.single, truth=True), 1, 0))


def _trace(c: CCode, A: Any) -> CText:
    view = c.view(A.args[0])
    return c.summed(View(view.rows, 1, lambda i, j: view.at(i, i)))


def _diagonal(c: CCode, A: Any) -> View:
    view = c.view(A.args[0])
    return c.each(A, lambda i, j: view.at(i, i))


# fmt: off
C99.update({
    MatMul:          _matmul,
    MatAdd:          _matadd,
    HadamardProduct: _hadamard,
    Elementwise:     _elementwise,
    Transpose:       lambda c, A: c.view(A.args[0]).T,
    Total:           lambda c, A: c.summed(c.view(A.args[0])),
    Trace:           _trace,
    AxisMax:         _extreme(">"),
    Largest:         _extreme(">"),
    Smallest:        _extreme("<"),
    AxisProd:        lambda c, A: c.folded(A, A.axis, c.view(A.args[0]), str(c.number(1)), lambda p, x: f"{p} *= {x};"),
    Identity:        lambda c, A: c.each(A, c.equal),
    Unit:            lambda c, A: c.each(A, lambda i, j: c.equal(i, int(A.args[1]))),
    OneMatrix:       lambda c, A: c.each(A, lambda i, j: c.number(1)),
    ZeroMatrix:      lambda c, A: c.each(A, lambda i, j: c.number(0)),
    Earlier:         _earlier,
    MatrixBase:      _array,
    Diag:            _diag,
    Diagonal:        _diagonal,
    MatrixSymbol:    _symbol,
})
# fmt: on
