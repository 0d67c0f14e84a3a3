"""The expression nodes SymPy lacks, and constructors that simplify at birth.

A node is data, shape and notation; no calculus. Nodes are interned: equal nodes are one object, so comparing, hashing
and sorting never descend into a deep network, and `doit`, which SymPy calls through the whole tree on every `+` and
`*`, stops at each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from sympy import (
    Basic,
    Dummy,
    Expr,
    Identity,
    Integer,
    Lambda,
    MatAdd,
    MatMul,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    OneMatrix,
    S,
    Symbol,
    Trace,
    ZeroMatrix,
    exp,
    log,
    sympify,
)
from sympy.core.symbol import Str
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase
from sympy.printing.precedence import precedence
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

Shape = tuple[Expr, Expr]


def same_size(a: Expr, b: Expr) -> bool:
    """Tell whether two sizes are equal, size symbols being compared by name."""
    if a == b:
        return True
    if a.is_Integer and b.is_Integer:
        return False
    named = [size.xreplace({s: Symbol(s.name) for s in size.free_symbols}) for size in (a, b)]
    return (named[0] - named[1]).expand() == 0


def same_shape(a: Shape, b: Shape) -> bool:
    """Tell whether two shapes are equal."""
    return same_size(a[0], b[0]) and same_size(a[1], b[1])


def shape_text(shape: Shape) -> str:
    """Give a shape as it stands in messages, such as 3×n."""
    return "×".join(str(size) for size in shape)


def walk(expr: Basic) -> Iterator[Basic]:
    """Give every sub-expression once, children first, without recursion; atoms and symbols are not entered."""
    seen: set[int] = set()
    stack: list[tuple[Basic, bool]] = [(expr, False)]
    while stack:
        node, children_done = stack.pop()
        if children_done:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(children(node)))


def symbols_of(expr: Any) -> set[Any]:
    """Give the matrix and scalar symbols of one equation; the sizes in the shapes of its matrices are not entered."""
    found: set[Any] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, (MatrixSymbol, Symbol)):
            found.add(node)
        else:
            stack.extend(a for a in node.args if isinstance(a, Basic))
    return found


def children(node: Basic) -> tuple[Basic, ...]:
    """Give the operands of a node: its arguments without names, axes, sizes and bound functions."""
    if isinstance(node, (MatrixSymbol, OneMatrix, Identity, ZeroMatrix, Unit, MatrixBase)) or not node.args:
        return ()
    if isinstance(node, (Elementwise, ElementwiseApplyFunction, Let, LetScalar)):
        return node.args[1:]
    if isinstance(node, (Softmax, LogSoftmax, LogSumExp, Distribution, MatrixElement)):
        return node.args[:1]
    if isinstance(node, Trace):
        return node.arg.args if isinstance(node.arg, (MatMul, MatAdd)) else node.args
    return node.args


class _Verbatim(Symbol):
    # finished print in the place of an operand, for SymPy's own printers

    def _sympystr(self, printer: Any) -> str:
        return self.name

    _latex = _sympystr


class _Interned:
    _pool: WeakValueDictionary[Any, Any] = WeakValueDictionary()
    _serials = count()
    _serial: int
    _title = ""
    _shape: Shape
    args: tuple[Any, ...]

    @staticmethod
    def _shape_of(*args: Any) -> Shape:
        raise NotImplementedError

    def __new__(cls, *args: Basic) -> Any:
        key = (cls, args)
        node = _Interned._pool.get(key)
        if node is None:
            node = Basic.__new__(cls, *args)
            node._serial = next(_Interned._serials)
            if issubclass(cls, MatrixExpr):
                node._shape = cls._shape_of(*args)
            _Interned._pool[key] = node
        return node

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return Basic.__hash__(self)  # type: ignore[arg-type]

    def compare(self, other: Any) -> int:
        if isinstance(other, _Interned) and type(self) is type(other):
            return (self._serial > other._serial) - (self._serial < other._serial)
        return Basic.compare(self, other)  # type: ignore[arg-type]

    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (1, (self._serial,)), S.One.sort_key(), S.One  # type: ignore[attr-defined]

    def doit(self, **hints: Any) -> Any:
        return self

    def _sympystr(self, printer: Any) -> str:
        return f"{self._title}({printer._print(self.args[0])})"

    def _latex(self, printer: Any) -> str:
        title = self._title.replace("_", r"\_")
        return rf"\operatorname{{{title}}}\left({printer._print(self.args[0])}\right)"

    def _pretty(self, printer: Any) -> Any:
        return prettyForm(self._sympystr(StrPrinter()))

    @property
    def free_symbols(self) -> set[Basic]:
        found: set[Basic] = set()
        for node in walk(self):  # type: ignore[arg-type]
            if isinstance(node, Unit):
                found |= node.args[0].free_symbols
            elif isinstance(node, (MatrixSymbol, OneMatrix, ZeroMatrix, Identity)) or not node.args:
                found |= node.free_symbols
        return found


class _Matrix(_Interned, MatrixExpr):
    _shape: Shape

    @property
    def shape(self) -> Shape:
        return self._shape

    def _eval_transpose(self) -> Any:
        return None

    def as_coeff_Mul(self, rational: bool = False) -> tuple[Expr, Any]:
        return S.One, self


class Scalar(_Interned, Expr):
    """A node that makes a scalar of a matrix."""

    is_commutative = True
    is_extended_real = True
    is_real = True
    is_number = False

    def sort_key(self, order: Any = None) -> Any:
        return Expr.sort_key(self, order)

    def _eval_derivative(self, symbol: Any) -> Any:
        return S.Zero if symbol not in self.free_symbols else None


class Elementwise(_Matrix):
    """f applied entry by entry: `Elementwise(Lambda((x, y, …), body), A, B, …)`; write it with `elementwise`.

    Arguments after the function are matrices of one shape, then scalars that are the same for every entry.
    """

    @staticmethod
    def _shape_of(f: Lambda, *args: Expr) -> Shape:
        return args[0].shape

    def _entry(self, i: Expr, j: Expr, **_: Any) -> Expr:
        values = [a[i, j] if a.is_Matrix else a for a in self.args[1:]]
        return self.args[0](*values)

    def _sympystr(self, printer: Any) -> str:
        alone = self.body.is_Function
        shown = {}
        for v, a in zip(self.variables, self.args[1:], strict=True):
            text = printer._print(a)
            shown[v] = _Verbatim(text if alone or isinstance(a, MatrixSymbol) else f"({text})", real=True)
        return printer._print(self.body.xreplace(shown))

    _latex = _sympystr

    @property
    def precedence(self) -> int:
        """How strongly SymPy's printers take the formula to bind."""
        return precedence(self.body)

    @property
    def body(self) -> Expr:
        """The scalar function, in the bound variables."""
        return self.args[0].expr

    @property
    def variables(self) -> tuple[Dummy, ...]:
        """The bound variables, one for each argument."""
        return self.args[0].variables


class AlongAxis(_Matrix):
    """A node with a matrix and an axis."""

    @property
    def axis(self) -> int:
        """The axis that is normalised or reduced: 0 runs down a column, 1 along a row."""
        return int(self.args[1])

    @staticmethod
    def _shape_of(Z: MatrixExpr, axis: Integer) -> Shape:
        return Z.shape

    def _total_exp(self, i: Expr, j: Expr) -> Expr:
        Z, k = self.args[0], self.axis
        entries = [Z[r, j] if k == 0 else Z[i, r] for r in range(int(Z.shape[k]))]
        return sum(map(exp, entries), S.Zero)


class Softmax(AlongAxis):
    """exp(Z) divided by its sums along an axis."""

    _title = "softmax"

    def _entry(self, i: Expr, j: Expr, **_: Any) -> Expr:
        return exp(self.args[0][i, j]) / self._total_exp(i, j)


class LogSoftmax(AlongAxis):
    """The logarithm of softmax, computed without leaving logarithms."""

    _title = "log_softmax"

    def _entry(self, i: Expr, j: Expr, **_: Any) -> Expr:
        return self.args[0][i, j] - log(self._total_exp(i, j))


class LogSumExp(AlongAxis):
    """log of the sums of exp(Z) along an axis: a row (axis 0) or a column (axis 1)."""

    _title = "logsumexp"

    @staticmethod
    def _shape_of(Z: MatrixExpr, axis: Integer) -> Shape:
        return (S.One, Z.shape[1]) if axis == 0 else (Z.shape[0], S.One)

    def _entry(self, i: Expr, j: Expr, **_: Any) -> Expr:
        return log(self._total_exp(i, j))


class Distribution(AlongAxis):
    """A matrix that is known to sum to 1 along an axis, such as one-hot targets. It reads and runs as that matrix."""

    def _sympystr(self, printer: Any) -> str:
        return printer._print(self.args[0])

    _latex = _sympystr

    def _entry(self, i: Expr, j: Expr, **_: Any) -> Expr:
        return self.args[0][i, j]


class Unit(_Matrix):
    """The column of `size` zeros with a single 1 in row `index`: `Unit(size, index).T * A` is a row of A."""

    _title = "unit"

    @staticmethod
    def _shape_of(size: Expr, index: Integer) -> Shape:
        return size, S.One

    def _entry(self, i: Expr, j: Expr, **_: Any) -> Expr:
        return S.One if i == self.args[1] else S.Zero


class Let(_Matrix):
    """A matrix expression that the user named."""

    def _sympystr(self, printer: Any) -> str:
        return printer._print(Symbol(self.args[0].name))

    _latex = _sympystr

    @staticmethod
    def _shape_of(name: Str, expr: MatrixExpr) -> Shape:
        return expr.shape

    def _entry(self, i: Expr, j: Expr, **_: Any) -> Expr:
        return self.args[1][i, j]


class LetScalar(Scalar):
    """A scalar expression that the user named."""

    _sympystr = _latex = Let._sympystr


class Total(Scalar):
    """The sum of all entries of a matrix: a scalar. `Total(A∘A)` is the squared Frobenius norm."""

    _title = "sum"


def let(name: str, expr: Any) -> Any:
    """Name a sub-expression; it appears under that name in every formula and kernel.

    name: the name, such as "H"; expr: a matrix or scalar expression. Gives an expression of the same shape.
    Raises `TypeError` where `name` is not a string or is empty.

    >>> import symnet as sn
    >>> W, X = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n")
    >>> H = sn.let("H", sn.tanh(W * X))
    >>> print(sn.derive(sn.sum(H), [W]).forward[1])
    H = tanh(Z1)
    """
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"let: the name must be a string such as 'H', not {name!r}")
    expr = sympify(expr)
    return (Let if expr.is_Matrix else LetScalar)(Str(name), expr)


def brief(expr: Basic) -> str:
    """Give a short text of an expression for messages."""
    nodes = []
    for number, node in enumerate(walk(expr)):
        nodes.append(node)
        if number > 60:
            return f"{type(expr).__name__}(…)"
    text = str(expr)
    return text if len(text) <= 60 else text[:57] + "…"


def raw(cls: type, *args: Basic) -> Any:
    """Build a SymPy node without its checks; shapes are checked when the equation is born."""
    return Basic.__new__(cls, *args)


def split(A: MatrixExpr) -> tuple[Expr, MatrixExpr]:
    """Give the scalar coefficient of a matrix, and the rest."""
    if not isinstance(A, MatMul) or A.args[0].is_Matrix:
        return S.One, A
    scalars = [a for a in A.args if not a.is_Matrix]
    matrices = [a for a in A.args if a.is_Matrix]
    return Mul(*scalars), matrices[0] if len(matrices) == 1 else raw(MatMul, *matrices)
