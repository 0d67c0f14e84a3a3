"""A loss as a list of equations: each shared sub-expression has one name, each equation is one operation on names.

In: SymPy expressions. Out: a `Program`, equations numbered by value (the same operation on the same names is one
equation), their shapes checked as they are born, in the user's own names. Expressions are walked once, iteratively, by
identity; everything after that works on single equations. Nothing here differentiates, prints or computes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sympy import (
    Basic,
    Expr,
    Function,
    HadamardProduct,
    Inverse,
    MatAdd,
    MatMul,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    Pow,
    Symbol,
    Trace,
    sympify,
)
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.algebra import (
    CONSTANTS,
    add,
    is_light,
    is_turned,
    matmul,
    scaled,
    transpose,
)
from symnet.program.names import Names, declare_all, is_data, plan, shared
from symnet.expressions.nodes import (
    Elementwise,
    brief,
    same_shape,
    same_size,
    shape_text,
    split,
    walk,
)
from symnet.program.normal_form import REDUCERS

_GUESS = 512  # what a symbolic size is taken for when a chain of products is bracketed


class Equation(NamedTuple):
    """`lhs = rhs`: a name (a MatrixSymbol or Symbol), and the expression that it stands for."""

    lhs: Any
    rhs: Any

    def __str__(self) -> str:
        return f"{self.lhs} = {self.rhs}"


class Program:
    """An ordered list of equations, `equations`, and the names in it.

    parameters: the symbols that are to be differentiated in, which tells data from weights when names are chosen.
    """

    def __init__(self, parameters: Iterable[Basic] = ()) -> None:
        self.equations: list[Equation] = []
        self.definitions: dict[Basic, Any] = {}
        self.names = Names()
        self.parameters = frozenset(parameters)
        self.inputs: dict[str, Any] = {}
        self.temporary: set[Basic] = set()  # left-hand sides that have no name of their own yet
        self.primal: dict[Basic, Basic] = {}  # a temporary adjoint -> what it is the adjoint of
        self.final: dict[Any, Any] = {}  # the names that temporaries get in the end
        self.kept: set[Basic] = set()  # adjoints that are worth a line even where they are used once
        self.distributions: dict[Basic, int] = {}  # inputs that must sum to 1, along which axis
        self._numbers: dict[Any, Any] = {}
        self._atoms: dict[int, tuple[Basic, Any]] = {}
        self._sums: dict[Basic, list[tuple[frozenset[Basic], Any]]] = {}
        self._planned: dict[int, tuple[str, Basic]] = {}
        self._shared: set[int] = set()
        self.layers: dict[Any, int] = {}  # the number k of each Zk
        self._highest = {"Z": 0, "A": 0}

    # -- from expressions to equations

    def enter(self, expr: Any, name: str | None = None) -> Any:
        """Add a user's expression and give its value; `name`: what to call it.

        Raises `ShapeError`, `ValueError` or `TypeError` where the expression does not make sense.
        """
        declare_all(expr, self.names)
        self._planned, self._shared = plan(expr, self.parameters), shared(expr)
        atom = self.value(expr)
        for size in self.names.sizes:  # those that no array tells are arguments too
            self.inputs.setdefault(size, self.names.symbols[size])
        self._planned, self._shared = {}, set()  # identities mean nothing once the expression may be gone
        return atom if name is None else self.call(atom, self.names.fresh(name))

    def call(self, value: Any, name: str) -> Any:
        """Give a value a name of its own, by renaming where it has none yet and by an equation where it has."""
        if value in self.temporary and value not in self.final:
            self.final[value] = _symbol(name, value)
            return value
        return self.define(value, name)

    def value(self, expr: Basic) -> Any:
        """Add what an expression needs, and give its value as a light expression of names."""
        outermost = not self._atoms
        try:
            for node in walk(expr):
                if id(node) not in self._atoms:
                    self._atoms[id(node)] = (node, self._reduce(node))
            return self._atoms[id(expr)][1]
        finally:
            if outermost:  # the identities of nodes that nobody holds mean nothing
                self._atoms = {}

    def store(self, expr: Any, node: Basic | None = None) -> Any:
        """Give the value of one operation on light operands: itself if it is light, else the name of an equation."""
        name = None if node is None else self.name_for(node)
        if name is not None:
            return self.define(expr, name)
        c, rest = split(expr)
        return expr if is_light(rest) else scaled(c, self.define(rest))

    def define(self, rhs: Any, name: str | Callable[[], str] | None = None) -> Any:
        """Add `name = rhs` unless the same value has a name already; give the name.

        name: the user's own name, which is kept in any case, or what makes one where one is needed, or None.
        """
        known = self._numbers.get(_key(rhs))
        if known is not None and (not isinstance(name, str) or known.name == name):
            return known
        if callable(name):
            name = name()
        if name is not None and _symbol(name, rhs) in self.definitions:
            raise ValueError(f"{name} would be the name of two values; choose another name for your let")
        self.check(rhs, name)
        text = name or self.names.fresh("_", len(self.equations))
        lhs = _symbol(text, rhs)
        if name is None:
            self.temporary.add(lhs)
        self.equations.append(Equation(lhs, rhs))
        self.number(lhs, rhs)
        return lhs

    def number(self, lhs: Any, rhs: Any) -> None:
        """Let `lhs` be the name of the value `rhs`."""
        self.definitions[lhs] = rhs
        self._numbers.setdefault(_key(rhs), lhs)

    def fork(self) -> Program:
        """Give a program without equations that shares the names of this one."""
        other = Program(self.parameters)
        other.names, other.inputs, other.final, other.primal = self.names, self.inputs, self.final, self.primal
        other.temporary, other.kept = set(self.temporary), self.kept
        return other

    def copy(self) -> Program:
        """Give a program with the same equations, to which more can be added without touching this one."""
        other = self.fork()
        other.equations, other.definitions = list(self.equations), dict(self.definitions)
        other.inputs, other._numbers = dict(self.inputs), dict(self._numbers)
        other.distributions = self.distributions
        return other

    def atom(self, node: Any) -> Any:
        """Give the value of a sub-expression that has been walked over."""
        found = self._atoms.get(id(node))
        return node if found is None else found[1]

    def readable(self, expr: Any) -> str:
        """Give the text of an expression without temporary names, for messages."""
        for _ in range(4):
            hidden = {
                s: self.definitions[s] for s in expr.free_symbols | expr.atoms(MatrixSymbol) if s in self.temporary
            }
            if not hidden:
                break
            expr = expr.xreplace(hidden)
        # SymPy's printer would check the sizes of a product once more
        parts = [self.readable(a) for a in expr.args] if isinstance(expr, MatMul) else []
        text = "*".join(f"({p})" if " " in p else p for p in parts) or str(expr)
        return text if len(text) < 90 else text[:87] + "…"

    # -- one operation

    def _reduce(self, node: Any) -> Any:
        reducer = REDUCERS.get(type(node))
        if reducer is not None:
            return reducer(self, node)
        if isinstance(node, MatrixBase) and node.free_symbols:
            raise TypeError(
                f"{brief(node)}: an explicit matrix (or BlockMatrix) may hold numbers only, here it has symbols"
            )
        if isinstance(node, MatrixBase) or not node.args:
            return node
        arguments = [self.atom(a) if isinstance(a, Basic) else a for a in node.args]
        changed = any(a is not b for a, b in zip(arguments, node.args, strict=True))
        rebuilt = node.func(*arguments) if changed else node
        if isinstance(node, MatrixExpr):
            return self.define(rebuilt, self.name_for(node))
        return self._scalar(rebuilt, node) if isinstance(node, Expr) else rebuilt

    def name_for(self, node: Basic) -> str | Callable[[], str] | None:
        kind, about = self._planned.get(id(node), ("", node))
        if kind == "let":
            return about.name  # type: ignore[attr-defined]
        if kind == "A":
            return lambda: self._numbered("A", self.layers.get(self.atom(about)))
        return (lambda: self._numbered("Z")) if kind == "Z" else None

    def unless_let(self, node: Any) -> Any:
        """Give the node, or None where `let` names it: the name is for its value, not for the transpose of that."""
        return None if self._planned.get(id(node), ("",))[0] == "let" else node

    def _numbered(self, letter: str, wanted: int | None = None) -> str:
        name = self.names.fresh(letter, wanted or self._highest[letter] + 1)
        number = int(name[1:])
        self._highest[letter] = max(number, self._highest[letter])
        return name

    def input(self, symbol: Any) -> Any:
        if symbol in self.definitions:
            return symbol
        self.names.declare(symbol)
        known = self.names.symbols[symbol.name]
        self.inputs.setdefault(known.name, known)
        return known

    def _scalar(self, rebuilt: Any, node: Basic | None = None) -> Any:
        name = None if node is None else self.name_for(node)
        if name is not None:
            return self.define(rebuilt, name)
        reducing = any(getattr(a, "is_Matrix", False) for a in rebuilt.args)
        function = (
            reducing or isinstance(rebuilt, Function) or (isinstance(rebuilt, Pow) and not rebuilt.exp.is_Integer)
        )
        varying = any(s.name not in self.names.sizes for s in rebuilt.free_symbols)
        return self.define(rebuilt) if varying and (function or id(node) in self._shared) else rebuilt

    def coefficient(self, c: Any) -> Any:
        simple = all(a.is_Atom or a.is_Pow and a.exp.is_Integer and a.base.is_Atom for a in Mul.make_args(c))
        return c if simple or all(s.name in self.names.sizes for s in c.free_symbols) else self.define(c)

    def product(self, node: Any, *factors: Any) -> Any:
        """Give the value of a product of light operands, a long one bracketed by the sizes of its factors."""
        matrices = [a for a in factors if a.is_Matrix]
        if sum(map(is_turned, matrices)) > 1 and all(is_turned(a) or isinstance(a, CONSTANTS) for a in matrices):
            scalars = [a for a in factors if not a.is_Matrix]
            return transpose(self.product(self.unless_let(node), *scalars, *map(transpose, reversed(matrices))))
        c, rest = split(matmul(*factors))
        c = self.coefficient(c)
        if is_light(rest):
            return self.store(scaled(c, rest), node)
        name = self.name_for(node) if node is not None else None
        chain = list(rest.args)
        if name is not None:
            outer = self._bracketed(chain, outermost=False)
            return self._layered(self.define(scaled(c, outer), name))
        return scaled(c, self._bracketed(chain))

    def _bracketed(self, chain: list[Any], outermost: bool = True) -> Any:
        # The textbook dynamic program for a chain of products; symbolic sizes are taken for large.
        sizes = [_estimate(chain[0].shape[0]), *[_estimate(A.shape[1]) for A in chain]]
        best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(len(chain))}
        for width in range(1, len(chain)):
            for i in range(len(chain) - width):
                j = i + width
                best[i, j] = min(
                    (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
                )

        def build(i: int, j: int) -> Any:
            if i == j:
                return chain[i]
            k = best[i, j][1]
            pair = matmul(build(i, k), build(k + 1, j))
            return pair if (i, j) == (0, len(chain) - 1) and not outermost else self.store(pair)

        return build(0, len(chain) - 1)

    def _layered(self, lhs: Any) -> Any:
        if lhs.name[0] == "Z" and lhs.name[1:].isdigit():
            self.layers[lhs] = int(lhs.name[1:])
        return lhs

    def sum(self, node: Any, *terms: Any) -> Any:
        """Give the value of a sum of light operands; a part that has been summed before is used again."""
        if all(is_turned(split(a)[1]) for a in terms):
            return transpose(self.sum(self.unless_let(node), *map(transpose, terms)))
        c, rest = split(add(*terms))
        if not isinstance(rest, MatAdd):
            return self.store(scaled(c, rest), node)
        parts = sorted(self._known_parts(list(rest.args)), key=self._reading_order)
        name = self.name_for(node) if node is not None else None
        if name is None and node is not None:
            parts = self._without_data(parts)
        expr = scaled(c, add(*parts)) if name is not None else add(*parts)
        lhs = self.define(expr, name) if name is not None else self.store(expr)
        if isinstance(lhs, MatrixSymbol):
            self._layered(lhs)
            for term in rest.args if name is None or c == 1 else ():
                self._sums.setdefault(term, []).append((frozenset(rest.args), lhs))
        return lhs if name is not None else scaled(c, lhs)

    def _reading_order(self, term: Any) -> tuple[bool, int]:
        # as textbooks write it: W·X, then a bias; what is subtracted comes last
        c, A = split(term)
        product = isinstance(self.definitions.get(A), MatMul)
        return bool(c.could_extract_minus_sign()), 0 if product else 2 if isinstance(A, MatMul) else 1

    def _known_parts(self, terms: list[Any]) -> list[Any]:
        while len(terms) > 2:
            here = frozenset(terms)
            found = [entry for t in terms for entry in self._sums.get(t, ()) if 1 < len(entry[0]) < len(here)]
            inside = [entry for entry in found if entry[0] <= here]
            if not inside:
                break
            part, name = max(inside, key=lambda entry: len(entry[0]))
            terms = [name, *[t for t in terms if t not in part]]
        return terms

    def _without_data(self, terms: list[Any]) -> list[Any]:
        # W·A + b·1ᵀ − Y, written in one go, is the pre-activation Z and then Z − Y.
        data = [t for t in terms if is_data(t, self.parameters) and split(t)[1] not in self.definitions]
        rest = [t for t in terms if not any(t is d for d in data)]
        affine = any(isinstance(self.definitions.get(split(t)[1]), MatMul) for t in rest)
        if not data or not affine or any(self.layers.get(split(t)[1]) for t in rest):
            return terms
        if len(rest) == 1 and split(rest[0])[0] != 1:
            return terms
        whole = add(*rest) if len(rest) > 1 else self.definitions[rest[0]]
        return [self._layered(self.define(whole, lambda: self._numbered("Z"))), *data]

    # -- shapes

    def check(self, rhs: Any, name: str | None) -> None:
        if isinstance(rhs, MatMul):
            factors = [a for a in rhs.args if a.is_Matrix]
            for A, B in zip(factors, factors[1:], strict=False):
                if not same_size(A.shape[1], B.shape[0]):
                    inner = f"the inner sizes {A.shape[1]} and {B.shape[0]} differ"
                    self._mismatch(rhs, name, A, B, inner)
        elif isinstance(rhs, (MatAdd, HadamardProduct, Elementwise)):
            matrices = [a for a in rhs.args if getattr(a, "is_Matrix", False)]
            for B in matrices[1:]:
                if not same_shape(matrices[0].shape, B.shape):
                    self._mismatch(rhs, name, matrices[0], B, self._way_out(matrices[0], B))
        elif isinstance(rhs, (Trace, Inverse, Determinant)) and not same_size(*rhs.args[0].shape):
            where = f"in {name} = " if name else "in "
            raise ShapeError(
                f"{where}{self.readable(rhs)}: {self.readable(rhs.args[0])} is {shape_text(rhs.args[0].shape)}; "
                "it must be square"
            )

    def _mismatch(self, rhs: Any, name: str | None, A: Any, B: Any, why: str) -> None:
        where = f"{name} = " if name else ""
        raise ShapeError(
            f"in {where}{self.readable(rhs)}: {self.readable(A)} is {shape_text(A.shape)} but {self.readable(B)} is "
            f"{shape_text(B.shape)}; {why}"
        )

    def _way_out(self, A: Any, B: Any) -> str:
        for small, large in ((A, B), (B, A)):
            if small.shape[1] == 1 and same_size(small.shape[0], large.shape[0]):
                ones = f"OneMatrix(1, {large.shape[1]})"
                return f"to add a column to every column write {self.readable(small)}*{ones}, or use sn.affine"
            if same_shape(small.shape, large.shape[::-1]):
                return f"one of them is transposed; write {self.readable(small)}.T"
        return "they must have one shape"


def _symbol(name: str, like: Any) -> Any:
    return MatrixSymbol(name, *like.shape) if like.is_Matrix else Symbol(name, real=True)


def _key(rhs: Any) -> Any:
    if isinstance(rhs, (MatAdd, HadamardProduct)):
        return type(rhs), frozenset(Counter(rhs.args).items())
    return rhs


def _estimate(size: Any) -> int:
    size = sympify(size)
    value = size.subs({s: _GUESS for s in size.free_symbols}) if size.free_symbols else size
    return int(value) if value.is_Integer else _GUESS
