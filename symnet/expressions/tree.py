"""An expression as plain data that JSON can hold, and back: no pickle, no code, no class that is not on the list.

In: an expression. Out: a list of rows, each a part of it, the arguments of a row before the row itself. Reading rows
builds only nodes of symnet's (a user's own among them, where they are defined), of the scalar functions it knows, and
of the classes of SymPy's that it takes; everything else is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sympy import (
    ITE, S, Add, And, Basic, BlockDiagMatrix, BlockMatrix, Dummy, Float, Function, HadamardPower, HadamardProduct,
    Identity, KroneckerProduct, Lambda, MatAdd, MatMul, MatPow, MatrixSlice, MatrixSymbol, Max, Min, Mul, Not,
    NumberSymbol, OneMatrix, Or, Piecewise, Pow, Rational, Symbol, Trace, Transpose, Tuple, ZeroMatrix, exp, log,
)  # fmt: skip
from sympy.core.operations import AssocOp
from mpmath.libmp import from_man_exp
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne, Relational
from sympy.core.symbol import Str
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.inverse import Inverse
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.immutable import ImmutableDenseMatrix

from symnet.expressions.declared import DeclaredMatrix
from symnet.expressions.entering import checked_name
from symnet.expressions.facts import SCALARS
from symnet.expressions.interned import Node
from symnet.expressions.lengths import Length
from symnet.expressions.perceptron import Parameter
from symnet.expressions.rebuilding import parts
from symnet.expressions.scalars import Bound

Row = list[Any]

_OF_SYMPY = (
    Add, Mul, Pow, MatAdd, MatMul, MatPow, Transpose, Inverse, Trace, HadamardProduct, HadamardPower, Determinant,
    And, BlockDiagMatrix, BlockMatrix, DeclaredMatrix, DiagMatrix, DiagonalMatrix, DiagonalOf, DotProduct,
    ElementwiseApplyFunction, Eq, ExprCondPair, Ge, Gt, ITE, Identity, ImmutableDenseMatrix, KroneckerProduct, Lambda,
    Le, Length, Lt, MatrixElement, MatrixSlice, MatrixSymbol, Max, Min, Ne, Not, OneMatrix, Or, Parameter, Piecewise,
    Tuple, ZeroMatrix, exp, log,
)  # fmt: skip
_CONSTANTS = {"true": S.true, "false": S.false, **{str(c): c for c in (S.Pi, S.Exp1, S.EulerGamma, S.GoldenRatio)}}
_WRONG = (TypeError, KeyError, IndexError, AttributeError, ValueError)
DIGITS = 2000  # of a whole number
LARGEST_EXPONENT = 1000  # of a number whose power is a number


def classes() -> dict[str, type]:
    """Give the classes that a row may name, by name."""
    return {kind.__name__: kind for kind in (*_OF_SYMPY, *SCALARS, *_below(Node))}


def _below(kind: type) -> Iterator[type]:
    one: type
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def as_tree(expr: Basic) -> list[Row]:
    """Give an expression as rows. Raises `TypeError` for a part that no row can hold, naming its class."""
    known = classes()
    rows: list[Row] = []
    place: dict[int, int] = {}
    part: Any
    for part in parts(expr, lambda p: bool(p.args) and not isinstance(p, Symbol)):
        place[id(part)] = len(rows)
        rows.append(_leaf(part) or _branch(part, known, place))
    if from_tree(rows) != expr:
        raise TypeError("this expression is not the same when it is read again; write it with functions of symnet's")
    return rows


def _branch(part: Any, known: dict[str, type], place: dict[int, int]) -> Row:
    kind: Any = type(part)
    name = kind.__name__
    if known.get(name) is not kind:
        raise TypeError(f"{name} cannot be written to a file: symnet would not know it when it reads it again")
    net = [part._net] if isinstance(part, Parameter) else []
    return [name, *[place[id(a)] for a in part.args], *net]


def _leaf(part: Any) -> Row | None:
    if isinstance(part, Bound):
        return ["bound", part.name]
    kind: Any = type(part)
    if kind in (Symbol, Dummy):
        assumed = {k: v for k, v in sorted(part.assumptions0.items()) if isinstance(v, bool)}
        return ["symbol", part.name, assumed, *([part.dummy_index] if isinstance(part, Dummy) else [])]
    if isinstance(part, (BooleanTrue, BooleanFalse)):
        return ["constant", str(part).lower()]
    if isinstance(part, NumberSymbol):
        return ["constant", str(part)]
    if isinstance(part, Rational) and part.is_finite:
        return ["number", str(part.p), str(part.q)]
    if isinstance(part, Float):
        sign, mantissa, exponent, _ = part._mpf_
        return ["float", int(sign), str(mantissa), int(exponent), int(part._prec)]
    return ["text", part.name] if isinstance(part, Str) else None


def from_tree(rows: Any) -> Any:
    """Give the expression of rows. Raises `ValueError` for rows that `as_tree` does not write, and runs nothing."""
    if not isinstance(rows, list) or not rows:
        raise ValueError("an expression is a list of rows, and this is none")
    known = classes()
    made: list[Any] = []
    for number, row in enumerate(rows):
        try:
            made.append(_made(row, made, known))
        except (
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            ValueError,
            RecursionError,
            NotImplementedError,
        ) as error:
            text = repr(row)
            raise ValueError(
                f"row {number} of an expression, {text[:60]}, is none that symnet writes ({error})"
            ) from None
    return made[-1]


def _made(row: Any, made: list[Any], known: dict[str, type]) -> Any:
    kind, *rest = row
    if kind in _LEAVES:
        return _LEAVES[kind](*rest)
    cls = known[kind]
    net = [rest.pop()] if issubclass(cls, Parameter) else []
    places = [k if type(k) is int and 0 <= k < len(made) else None for k in rest]
    if None in places:
        raise ValueError("an argument stands behind the row, or nowhere")
    args = [made[k] for k in places]  # type: ignore[index]
    if not args:
        raise ValueError("a node has no argument")
    if issubclass(cls, MatrixSymbol):
        return _matrix(cls, *args, *map(_checked_text, net))
    if issubclass(cls, Pow) and args[0].is_Number and args[1].is_Number and abs(args[1]) > LARGEST_EXPONENT:
        raise ValueError("the exponent is too large")
    return _branched(cls, args)


def _branched(cls: Any, args: list[Any]) -> Any:
    # the node as it was, without the evaluation that SymPy does on the way
    if issubclass(cls, Node) or cls in (Lambda, ImmutableDenseMatrix, Piecewise, ExprCondPair, MatrixElement, Tuple):
        return cls(*args)
    if issubclass(cls, AssocOp):
        return cls._from_args(args)
    if issubclass(cls, (OneMatrix, ZeroMatrix, Identity)):
        return cls(*args)
    if issubclass(cls, (Function, Max, Min, Pow, Relational, Boolean)):
        return cls(*args, evaluate=False)
    return Basic.__new__(cls, *args)


def _matrix(cls: Any, name: Any, rows: Any, cols: Any, *net: Any) -> Any:
    if not isinstance(name, Str):
        raise ValueError("the name of a matrix is no text")
    return cls(name.name, rows, cols, *net)


def _checked_text(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError("a name is no text")
    return checked_name(text, "a file", "W")


def _symbol(name: Any, assumptions: Any, *index: Any) -> Symbol:
    if not all(isinstance(k, str) and isinstance(v, bool) for k, v in assumptions.items()):
        raise ValueError("the assumptions are no dictionary from names to true or false")
    if index:  # a bound variable of SymPy's
        return Dummy(_checked_text(name), dummy_index=int(index[0]), **assumptions)
    return Symbol(_checked_text(name), **assumptions)


def _whole(text: Any) -> int:
    if not isinstance(text, str) or len(text) > DIGITS:
        raise ValueError("a number is too long, or no text")
    return int(text)


def _float(sign: Any, mantissa: Any, exponent: Any, precision: Any) -> Float:
    if not (type(sign) is type(exponent) is type(precision) is int and sign in (0, 1)):
        raise ValueError("a number is none")
    if not (abs(exponent) < 10**5 and 0 < precision < 10**4):
        raise ValueError("a number is too large")
    return Float._new(from_man_exp((-1) ** sign * _whole(mantissa), exponent), precision)


_LEAVES: dict[Any, Callable[..., Any]] = {
    "symbol": _symbol,
    "bound": lambda name: Bound(_checked_text(name), real=True),
    "constant": lambda name: _CONSTANTS[name],
    "number": lambda p, q: Rational(_whole(p), _whole(q)),
    "float": _float,
    "text": lambda text: Str(_checked_text(text)),
}
