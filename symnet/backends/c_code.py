"""C for the right-hand side of an equation: a view of its entries, or loops that fill an array.

In: an expression of names, every size a number. Out: lines of C99. `C99` has one row for each class of matrix; what
costs no arithmetic is read in place, products and sums get loops of their own. Scalar functions bring their formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sympy import Expr, S, preorder_traversal

from symnet.backends.c_text import CFunctions, CText, literal, named
from symnet.backends.emitter import Code
from symnet.backends.scalar_code import Env, ScalarCode
from symnet.expressions import SCALARS, Table, bound_variables, size_number


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
    NumPy's functions that C has not and that were used; `pointed`: scalars that are reached through a pointer.
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
        if isinstance(expr, Expr) and self.counts(expr) and all(C99.find(p) is None for p in preorder_traversal(expr)):
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


C99: Table[Callable[..., Any]] = Table(
    "C code",
    "compile it to NumPy, with d.compile(), or give it a row, symnet.C99[{name}] = lambda c, node: c.each(node, "
    "lambda i, j: …), from views such as A = c.stored(node.args[0]) with entries A.at(i, j)",
    {},
)
