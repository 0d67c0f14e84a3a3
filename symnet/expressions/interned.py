"""What all nodes of ours have in common: interned, ordered by structure, written from their title, stopping SymPy.

Equal nodes are one object, so comparing, hashing and sorting never descend into a deep network, and `doit`, which SymPy
calls through the whole tree on every `+` and `*`, stops at each of them. A deep node takes `+`, `-`, `*`, `/` and `.T`
into its own hands and keeps sums nested, which makes a residual net of any depth linear to write. A node is data, shape
and notation; no calculus. The order of nodes depends on what they are, never on when they were made.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from math import prod
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from sympy import Basic, Expr, MatAdd, MatMul, MatrixExpr, S, Symbol, Transpose
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.immutable import ImmutableDenseMatrix

from symnet.expressions.asked import extend, no_entries
from symnet.expressions.beside import beside
from symnet.expressions.deep import Printed, within_reason
from symnet.expressions.entering import given
from symnet.expressions.rebuilding import check_name, checked_rule, flat, replaced, unflat
from symnet.expressions.sizes import Shape
from symnet.expressions.table import brief

try:
    from _blake2 import blake2b
except ImportError:  # a Python that has it elsewhere: `hashlib` knows, and loads all of OpenSSL
    from hashlib import blake2b

DEEP = 20  # levels of nodes from which an expression stays as it is written
LONG = 8  # terms of a deep sum from which it is a term itself


class Node(Printed, Basic):
    """A node of ours; its subclasses are `MatrixNode` and `ScalarNode`.

    `title`: how it is called in formulas; `operands`: the matrices and scalars it is computed from; `labels`: what else
    is written beside them, so that different nodes never read alike.
    """

    ends_lookup = True  # tables: a node of ours never finds the row that is meant for SymPy's scalars
    title: ClassVar[str] = ""
    letter: ClassVar[str] = "T"  # what a value of it is called that needs a name
    sums_to_one: int | None = None  # the axis along which the entries are known to sum to 1
    _pool: ClassVar[WeakValueDictionary[Any, Any]] = WeakValueDictionary()
    atexit.register(_pool.clear)  # while SymPy can still tell one key from another
    _height: int
    _digest: str
    _size: int  # parts, each as often as it is written
    _shape: Shape
    slope: ClassVar[Callable[..., Any]]  # how to differentiate; the derivation hangs it in

    def __init_subclass__(cls) -> None:
        for name in vars(cls).keys() & {"_sympystr", "_latex"}:
            setattr(cls, name, within_reason(vars(cls)[name]))

    def __new__(cls, *args: Any) -> Any:
        args = tuple(map(given, args))
        key = (cls, args)
        node = Node._pool.get(key)
        if node is None:
            node = Basic.__new__(cls, *args)
            node._height, node._size, node._digest = _identity(cls, args)
            if issubclass(cls, MatrixNode):
                node._shape = _shape_of(cls, args)
            Node._pool[key] = node
        return node

    @property
    def operands(self) -> tuple[Any, ...]:
        """The matrices and scalars that the node is computed from."""
        return tuple(a for a in self.args if a.is_Matrix)

    @property
    def labels(self) -> tuple[str, ...]:
        """What is written beside the operands."""
        return tuple(str(a) for a in self.args if not any(a is o for o in self.operands))

    def with_operands(self, *operands: Any) -> Any:
        """Give the node with other operands."""
        new = iter(operands)
        return type(self)(*[next(new) if any(a is o for o in self.operands) else a for a in self.args])

    def entry(self, i: int, j: int, *operands: Any) -> Expr:
        """Give the entry in row i, column j of explicit operands: what the node means, for proofs."""
        raise TypeError(
            f"{type(self).__name__} cannot be written out: its class has no method `entry(i, j, *operands)`"
        )

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return Basic.__hash__(self)

    def compare(self, other: Any) -> int:
        if isinstance(other, Node) and type(self) is type(other):
            mine, others = (self._height, self._digest), (other._height, other._digest)
            return (mine > others) - (mine < others)
        return int(Basic.compare(self, other))

    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (1, (self._height, self._digest)), S.One.sort_key(), S.One

    def doit(self, **hints: Any) -> Any:
        return self

    _eval_simplify = doit

    def normal(self) -> Any:
        return self

    def as_content_primitive(self, radical: bool = False, clear: bool = True) -> tuple[Any, Any]:
        return S.One, self

    def diff(self, *symbols: Any, **_: Any) -> Any:
        """Give the derivative of a scalar node by one symbol: for a matrix symbol the gradient."""
        return Node.slope(self, *symbols)

    def _xreplace(self, rule: Any) -> tuple[Any, bool]:
        new = replaced(self, checked_rule(rule))
        return new, new is not self

    def _subs(self, old: Any, new: Any, **hints: Any) -> Any:
        check_name(self, old)
        return self._xreplace({old: new})[0]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return unflat, (flat(self),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


def _shape_of(cls: Any, args: tuple[Any, ...]) -> Shape:
    # SymPy's `replace` puts anything anywhere
    try:
        rows, cols = cls.shape_of(*args)
    except AttributeError:
        given_ = ", ".join(map(brief, args))
        raise TypeError(f"{cls.title or cls.__name__} of {given_}: a scalar stands where a matrix is meant, put "
                        "there perhaps by a function of SymPy; give a matrix, c*OneMatrix") from None  # fmt: skip
    return given(rows), given(cols)  # a matrix of numbers has Python's


def _identity(cls: type, args: tuple[Any, ...]) -> tuple[int, int, str]:
    # height, size and digest of a node from those of the nodes below it; what is SymPy's own in between is short
    digest, height = blake2b(cls.__name__.encode(), digest_size=12), 0
    size = 1
    met: dict[int, int] = {}
    stack = list(reversed(args))
    while stack:
        part = stack.pop()
        if isinstance(part, Node):
            height, size = max(height, part._height), size + part._size
            token = part._digest
        elif id(part) in met:
            token = f"#{met[id(part)]}"
        elif not part.args:
            token = f"{type(part).__qualname__} {part._hashable_content()}"
        else:
            met[id(part)] = len(met)
            token = f"{type(part).__name__}/{len(part.args)}"
            stack.extend(reversed([a for a in part.args if isinstance(a, Basic)]))
        digest.update(f"{token};".encode())
    return height + 1, size + len(met), digest.hexdigest()


def _native(name: str) -> Callable[..., Any]:
    # SymPy's own operator while the net is shallow, and a nested node of ours where it is deep
    native = getattr(MatrixExpr, name)

    def operator(self: Any, other: Any) -> Any:
        other = beside(self, other, name)
        if other is NotImplemented or (other == 0 and not other.is_Matrix):
            return native(self, other)
        if max(self._height, getattr(other, "_height", 0)) < DEEP or name not in _DEEP:
            return native(self, other)
        return _DEEP[name](self, other)

    operator.__name__ = operator.__qualname__ = name
    return operator


class MatrixNode(Node, MatrixExpr):
    """A node that gives a matrix. A subclass says its shape in `shape_of(*args)`."""

    _op_priority = 12.0  # above SymPy's matrix expressions

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        """Give rows and columns; by default those of the first argument."""
        shape: Shape = args[0].shape
        return shape

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def free_symbols(self) -> set[Basic]:
        return _free_symbols(self)

    def as_explicit(self) -> Any:
        operands = [o.as_explicit() if o.is_Matrix else o for o in self.operands]
        rows, cols = map(int, self.shape)
        return ImmutableDenseMatrix(rows, cols, lambda i, j: self.entry(int(i), int(j), *operands))

    def _entry(self, i: Any, j: Any, **_: Any) -> Expr:
        return MatrixElement(self, i, j)  # not written out: an entry of a deep net would be all of it

    def _eval_transpose(self) -> Any:
        return DeepTranspose(self) if self._height >= DEEP else None

    def _eval_derivative(self, symbol: Any) -> Any:
        return Node.slope(self, symbol)

    def as_coeff_Mul(self, rational: bool = False) -> tuple[Expr, Any]:
        return S.One, self

    __add__, __radd__, __sub__, __rsub__ = map(_native, ("__add__", "__radd__", "__sub__", "__rsub__"))
    __mul__, __rmul__, __truediv__ = map(_native, ("__mul__", "__rmul__", "__truediv__"))

    def __neg__(self) -> Any:
        return S.NegativeOne * self


extend(MatrixNode)


class ScalarNode(Node, Expr):
    """A node that makes a scalar of a matrix."""

    is_commutative = True
    is_extended_real = True
    is_real = True
    is_number = False
    is_Atom = True  # noqa: N815 - SymPy's rewriting stops here: it would take matrices for scalars
    __getitem__, _iterable = no_entries, False

    @property
    def free_symbols(self) -> set[Basic]:
        return _free_symbols(self)

    def _eval_derivative(self, symbol: Any) -> Any:
        return Node.slope(self, symbol)


def _free_symbols(expr: Any) -> set[Basic]:
    found: set[Basic] = set()
    seen: set[int] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Node) or (node.is_Matrix and node.args and not isinstance(node, Symbol)):
            own = [a for a in node.args if isinstance(a, Basic)]
            if not isinstance(node, Node) and any(not isinstance(a, Expr) for a in own):
                found |= node.free_symbols
                continue
            stack.extend(own)
        else:
            found |= node.free_symbols
    return found


class _Nested(MatrixNode):
    stands_for: ClassVar[type]  # the class whose rows in the tables it has

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(Basic.__new__(self.stands_for, *self.args)))

    _latex = _sympystr


class DeepSum(_Nested, MatAdd):
    """A sum that is not taken apart, of terms that stand deep in a net."""

    stands_for = MatAdd


class DeepProduct(_Nested, MatMul):
    """A product that is not taken apart, of factors that stand deep in a net."""

    stands_for = MatMul

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        matrices = [a for a in args if a.is_Matrix]
        return matrices[0].shape[0], matrices[-1].shape[1]


class DeepTranspose(_Nested, Transpose):
    """A transpose of what stands deep in a net."""

    stands_for = Transpose

    @staticmethod
    def shape_of(*args: Any) -> Shape:
        rows, cols = args[0].shape
        return cols, rows

    def _eval_transpose(self) -> Any:
        return self.args[0]


def _sum(a: Any, b: Any) -> Any:
    terms = [t for part in (a, b) for t in (part.args if isinstance(part, MatAdd) else (part,))]
    return DeepSum(*terms) if len(terms) <= LONG else DeepSum(a, b)


def _product(a: Any, b: Any) -> Any:
    inside = [f for part in (a, b) for f in (part.args if isinstance(part, MatMul) else (part,))]
    factors = [f for f in inside if f.is_Matrix]
    c = prod([f for f in inside if not f.is_Matrix], start=S.One)
    if c == 1 and len(factors) == 1:
        return factors[0]
    return DeepProduct(*factors) if c == 1 else DeepProduct(c, *factors)


_DEEP: dict[str, Callable[[Any, Any], Any]] = {
    "__add__": _sum,
    "__radd__": lambda a, b: _sum(b, a),
    "__sub__": lambda a, b: _sum(a, _product(S.NegativeOne, b)),
    "__rsub__": lambda a, b: _sum(b, _product(S.NegativeOne, a)),
    "__mul__": _product,
    "__rmul__": lambda a, b: _product(b, a),
    "__truediv__": lambda a, b: _product(a, b**S.NegativeOne),
}
NESTED = _DEEP  # the operators of what is not taken apart, by name
