"""C for the right-hand side of an equation: a view of its entries, or loops that fill an array.

In: an expression of names, every size a number. Out: lines of C99. `C99` has one row for each class of matrix; what
costs no arithmetic is read in place, products and sums get loops of their own. Scalar functions bring their formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sympy import Expr, HadamardProduct, Identity, MatAdd, MatMul, MatrixSymbol, OneMatrix, S, Trace, Transpose, ZeroMatrix
from sympy.matrices.matrixbase import MatrixBase

from symnet.backends.c_text import CFunctions, CText, chosen, literal, named
from symnet.backends.emitter import Code, signed_sum
from symnet.backends.scalar_code import Env, ScalarCode
from symnet.expressions import (
    SCALARS, AxisMax, AxisProd, Diag, Diagonal, Earlier, Elementwise, Largest, Smallest, Table, Total, Unit, bound_variables,
    is_subtracted, size_number, split,
)  # fmt: skip

LETTERS = "ijklpqrs"  # of loops
(_FACTOR,) = bound_variables(1)
Index: TypeAlias = Code | int


@dataclass(frozen=True)
class View:
    """The entries of a matrix. `steps`: how far apart rows and columns are in memory, where nothing is computed.

    `name`: the array that has the entries row by row.
    """

    rows: int
    cols: int
    at: Callable[[Index, Index], CText]
    steps: tuple[int, int] | None = None
    name: str | None = None

    @property
    def T(self) -> View:
        """The transpose."""
        return View(self.cols, self.rows, lambda i, j: self.at(j, i), self.steps and self.steps[::-1])


def times(i: Index, k: int) -> Index:
    """Give i·k as an index."""
    return i * k if isinstance(i, int) else 0 if k == 0 else i if k == 1 else i * k


def plus(i: Index, k: Index) -> Index:
    """Give i + k as an index."""
    return i if isinstance(k, int) and k == 0 else k if isinstance(i, int) and i == 0 else i + k


class CCode(ScalarCode):
    """Writes the lines of one function. `known`: size → number; `names`: symbol → identifier.

    `taken`: called with a number of entries, gives the name of an array for what has none; `helped`: the names of
    NumPy's functions that C has not and that were used; `scalars_at`: scalars that are reached through a pointer.
    """

    def __init__(self, names: Mapping[str, str], known: Mapping[str, int], single: bool, prefix: str) -> None:
        super().__init__(names, frozenset(known), "real", 0.0)
        self.known, self.single, self.prefix = known, single, prefix
        self.helped: set[str] = set()
        self.numpy = CFunctions(single, self.hold, self._helper)  # type: ignore[assignment]
        self.lines: list[str] = []
        self.loops = self.count = 0
        self.place: tuple[Any, str] | None = None  # the right-hand side, and the array that it goes to
        self.taken: Callable[[int], str] = lambda size: ""
        self.pointed: set[str] = set()

    # -- lines

    def line(self, text: str) -> None:
        """Write a line."""
        self.lines.append("    " * (self.loops + 1) + text)

    @contextmanager
    def loop(self, number: int) -> Iterator[Index]:
        """Write a loop around what is written inside; of one round it is none."""
        if number == 1:
            yield 0
            return
        letter = LETTERS[self.loops]
        self.line(f"for (int {letter} = 0; {letter} < {number}; {letter}++) {{")
        self.loops += 1
        yield Code(letter)
        self.loops -= 1
        self.line("}")

    def fresh(self) -> str:
        """Give a name of a number that nothing else has."""
        self.count += 1
        return f"t{self.count}"

    def hold(self, code: CText) -> CText:
        """Give a piece that may stand in several places, with a name of its own where it needs one."""
        return code if code.light else self.kept(code)

    def kept(self, code: CText) -> CText:
        """Give a piece a name of its own."""
        name = self.fresh()
        self.line(f"const {self.real} {name} = {code};")
        return named(name, self.single)

    @property
    def real(self) -> str:
        """The type of all numbers."""
        return "float" if self.single else "double"

    def _helper(self, name: str) -> str:
        self.helped.add(name)
        return f"{self.prefix}_{name}"

    # -- scalars

    def symbol(self, symbol: Any) -> CText:
        """Give a scalar symbol, a size as its number."""
        if symbol.name in self.known:
            return literal(self.known[symbol.name], self.single)
        name = self.names[symbol.name]
        return named(f"{name}[0]" if symbol.name in self.pointed else name, self.single)

    def scalar(self, expr: Any, env: Env) -> Any:
        """Give code for a scalar expression."""
        if expr in env:
            return env[expr]
        if expr in (S.true, S.false):
            return CText("1" if expr == S.true else "0", single=self.single, truth=True)
        if isinstance(expr, Expr) and C99.find(expr) is None and self.counts(expr):
            value = complex(expr.xreplace({s: S(self.known[s.name]) for s in expr.free_symbols}))
            if abs(value.imag) > 1e-12 * abs(value):
                raise TypeError(f"{expr} is a complex number; complex numbers are not supported")
            return literal(value.real, self.single)
        row = SCALARS.find(expr)
        if row is not None and row.repeats:
            held = {a: self.hold(self.scalar(a, env)) for a in expr.args}
            return super().scalar(expr, {**env, **held})
        return super().scalar(expr, env)

    def node(self, A: Any) -> Any:
        """Give the value of a scalar that has a row in `C99`. Raises `TypeError` for any other."""
        return C99.of(A)(self, A)

    # -- matrices

    def size(self, size: Any) -> int:
        """Give a size as a number."""
        return size_number(size, self.known)

    def shape(self, A: Any) -> tuple[int, int]:
        """Give the shape in numbers."""
        return self.size(A.shape[0]), self.size(A.shape[1])

    def view(self, A: Any) -> View:
        """Give the entries of a matrix expression; products and sums inside it are computed here."""
        view: View = C99.of(A)(self, A)
        return view

    def stored(self, A: Any) -> View:
        """Give the entries of a matrix, computed once, so that loops may read them again and again."""
        view = self.view(A)
        return view if view.steps is not None else self.filled(A, view)

    def flat(self, A: Any) -> Callable[[Index], CText]:
        """Give the entries row by row, by their number."""
        view = self.stored(A)
        name = view.name or self.filled(A, view).name
        return lambda k: named(f"{name}[{k}]", self.single)

    def array(self, name: str, rows: int, cols: int) -> View:
        """Give the entries of an array, row by row."""
        at = lambda i, j: named(f"{name}[{plus(times(i, cols), j)}]", self.single)
        return View(rows, cols, at, (cols, 1), name)

    def room(self, A: Any) -> str:
        """Give the array that a matrix goes to: that of the equation, or one that is free."""
        if self.place is not None and self.place[0] == A:
            return self.place[1]
        rows, cols = self.shape(A)
        return self.taken(rows * cols)

    def filled(self, A: Any, view: View) -> View:
        """Write an array with the entries of A."""
        name = self.room(A)
        self.assign(name, view)
        return self.array(name, view.rows, view.cols)

    def assign(self, name: str, view: View, sign: str = "=") -> None:
        """Write a loop over all entries."""
        with self.loop(view.rows) as i, self.loop(view.cols) as j:
            code = view.at(i, j)
            self.line(f"{self.array(name, view.rows, view.cols).at(i, j)} {sign} {code};")

    def each(self, A: Any, at: Callable[[Index, Index], CText]) -> View:
        """Give a view of the shape of A."""
        return View(*self.shape(A), at)

    def number(self, value: float) -> CText:
        """Give a number."""
        return literal(value, self.single)

    def equal(self, i: Index, j: Index) -> CText:
        """Give 1 where two indices are equal, else 0."""
        if isinstance(i, int) and isinstance(j, int):
            return self.number(float(i == j))
        return CText(f"({i} == {j} ? {self.number(1)} : {self.number(0)})", single=self.single)

    def summed(self, view: View) -> CText:
        """Write the sum of all entries."""
        name = self.fresh()
        self.line(f"{self.real} {name} = {self.number(0)};")
        with self.loop(view.rows) as i, self.loop(view.cols) as j:
            code = view.at(i, j)
            self.line(f"{name} += {code};")
        return named(name, self.single)

    def folded(self, A: Any, axis: int, view: View, first: str, step: Callable[[str, CText], str]) -> View:
        """Write what a loop along an axis makes of each column or row: `step` gives the line for one more entry."""
        name = self.room(A)
        rows, cols = self.shape(A)
        along = view.rows if axis == 0 else view.cols
        with self.loop(rows * cols) as k:
            total = self.fresh()
            self.line(f"{self.real} {total} = {first};")
            with self.loop(along) as i:
                code = view.at(i, k) if axis == 0 else view.at(k, i)
                self.line(step(total, self.hold(code)))
            self.line(f"{name}[{k}] = {total};")
        return self.array(name, rows, cols)

    def scaled(self, k: Any, view: View) -> View:
        """Give a view of k times a matrix."""
        if k == 1:
            return view
        if not k.free_symbols or self.counts(k) or -k == 1:
            return View(view.rows, view.cols, lambda i, j: self.scalar(k * _FACTOR, {_FACTOR: view.at(i, j)}))
        factor = self.hold(self.scalar(k, {}))
        return View(view.rows, view.cols, lambda i, j: factor * view.at(i, j))


# -- sums and products of matrices


def _factors(c: CCode, expr: Any) -> tuple[Any, View | None, tuple[View, View] | None]:
    # the coefficient, and the entries, or the two matrices of a product that needs loops
    k, A = split(expr)
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
    k, A = split(expr)
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
    products = [t for t in expr.args if _needs_loops(c, split(t)[1])]
    terms = []
    for term in expr.args:
        if term in products:
            continue
        k, A = split(term)
        minus = is_subtracted(k)
        inside = -k if minus else k
        view = c.scaled(inside, c.view(A)) if not isinstance(A, OneMatrix) else _matmul(c, inside * A)
        terms.append((minus, view))
    rows, cols = c.shape(expr)
    entries = lambda i, j: signed_sum([(minus, view.at(i, j)) for minus, view in terms])
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
    above, below = [], []
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


def _trace(c: CCode, A: Any) -> CText:
    view = c.view(A.args[0])
    return c.summed(View(view.rows, 1, lambda i, j: view.at(i, i)))


def _diagonal(c: CCode, A: Any) -> View:
    view = c.view(A.args[0])
    return c.each(A, lambda i, j: view.at(i, i))


# fmt: off
C99: Table[Callable[..., Any]] = Table(
    "C code", "compile it to NumPy, with d.compile(), or give it a row, symnet.C99[{name}] = lambda c, node: "
    "c.each(node, lambda i, j: …), from views such as A = c.stored(node.args[0]) with entries A.at(i, j)", {
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
    Earlier:         lambda c, A: c.each(A, lambda i, j: chosen(CText(f"{j} <= {i}", single=c.single, truth=True), 1, 0)),
    MatrixBase:      _array,
    Diag:            _diag,
    Diagonal:        _diagonal,
    MatrixSymbol:    _symbol,
})
# fmt: on
