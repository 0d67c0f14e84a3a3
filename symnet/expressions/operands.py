"""What every node is computed from, ours and SymPy's, and the one walk through an expression.

In: an expression. Out: its sub-expressions, each once. What symnet does not know is refused here, as it enters, with
its name and the way out; nothing is passed through as if it were a constant.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from operator import attrgetter
from sys import float_info
from typing import Any
from weakref import WeakValueDictionary

from sympy import (
    Basic, Expr, Function, HadamardPower, HadamardProduct, Identity, Integral, KroneckerProduct, Lambda, Limit, MatAdd,
    MatMul, MatPow, MatrixExpr, MatrixSymbol, Max, Min, Mul, Number, NumberSymbol, OneMatrix, Order, Pow, S, Subs,
    Symbol, Trace, Transpose, ZeroMatrix,
)  # fmt: skip
from sympy.core.function import AppliedUndef
from sympy.core.numbers import ComplexInfinity, ImaginaryUnit, Infinity, NaN, NegativeInfinity
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import ITE, And, BooleanAtom, Not, Or
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.beside import check_argument, check_scalar
from symnet.expressions.entering import given
from symnet.expressions.facts import SCALARS
from symnet.expressions.interned import DeepProduct, DeepSum, Node
from symnet.expressions.nodes import Elementwise
from symnet.expressions.sizes import same_shape, same_size, shape_text
from symnet.expressions.table import Table, brief


_ALL: Any = attrgetter("args")


def of_scalar(node: Any) -> tuple[Any, ...]:
    """Give what a scalar is computed from. Raises `TypeError` for a matrix that is no scalar."""
    check_argument(node)
    return tuple(node.args)


def _of_function(node: Any) -> tuple[Any, ...]:
    if not isinstance(node, (Max, Min, AppliedUndef)):  # those of ours stand for them; f(t) needs f
        SCALARS.of(node)
    return of_scalar(node)


@lru_cache(maxsize=4096)
def _check_body(f: Lambda, tables: int) -> None:  # `tables`: once more when one has changed
    for function in f.expr.atoms(Function, Max, Min):
        _of_function(function)


def _of_elementwise(node: Any) -> tuple[Any, ...]:
    _check_body(node.args[0], Table.changes)
    return tuple(node.operands)


def _of_trace(node: Any) -> tuple[Any, ...]:
    # tr(A·B) needs no product
    return tuple(node.arg.args) if isinstance(node.arg, (MatMul, MatAdd)) else tuple(node.args)


def _infinite(node: Any) -> tuple[Any, ...]:
    raise TypeError(f"{node} is no number to compute with; write a finite one")


def not_computed(node: Any) -> tuple[Any, ...]:
    """Raise `TypeError` for an integral, a limit and the like."""
    raise TypeError(f"{brief(node)} is not computed unasked; write what it is, such as its .doit()")


def _fitting(node: Any) -> tuple[Any, ...]:
    # constants fall away in products and sums, and would take a wrong shape with them
    matrices = [a for a in node.args if a.is_Matrix]
    if not any(isinstance(split(A)[1], (ZeroMatrix, OneMatrix, Identity)) for A in matrices):
        return tuple(node.args)
    product = isinstance(node, (MatMul, DeepProduct))
    for A, B in zip(matrices, matrices[1:], strict=False):
        if not (same_size(A.shape[1], B.shape[0]) if product else same_shape(A.shape, B.shape)):
            sizes = f"{brief(A)} is {shape_text(A.shape)} but {brief(B)} is {shape_text(B.shape)}"
            why = f"in their product the inner sizes {A.shape[1]} and {B.shape[0]} differ"
            raise ShapeError(f"{sizes}; {why if product else 'they must have one shape'}")
    return tuple(node.args)


def _of_number(node: Any) -> tuple[Any, ...]:
    if not abs(node) <= float_info.max:
        raise ValueError(f"{brief(node)} is too large for floating-point numbers, which end at {float_info.max:.1e}")
    if node.is_Rational and max(abs(node.p), node.q) > float_info.max:
        raise ValueError(
            f"{brief(node)} is made of whole numbers that are too large for floating-point numbers, which end at "
            f"{float_info.max:.1e}; write it with a point, sympy.N({brief(node)})"
        )
    return ()


def _imaginary(node: Any) -> tuple[Any, ...]:
    raise TypeError("complex numbers are not supported: write real and imaginary part as matrices of their own")


OPERANDS: Table[Callable[[Any], tuple[Any, ...]]] = Table(
    "rule",
    "write it with operations that symnet knows, or make it a node of your own, a subclass of symnet.MatrixNode or "
    "symnet.ScalarNode with a row in symnet.RULES and symnet.NUMPY; a class of SymPy's also needs its operands, "
    "symnet.OPERANDS[{name}] = lambda node: node.args",
    {
        Node: lambda node: node.operands,
        **dict.fromkeys((MatrixSymbol, Symbol, OneMatrix, ZeroMatrix, Identity, NumberSymbol), lambda node: ()),
        Number: _of_number,
        **dict.fromkeys((MatAdd, MatMul, DeepSum, DeepProduct, HadamardProduct), _fitting),
        **dict.fromkeys((Transpose, MatPow, HadamardPower, Determinant, DotProduct), _ALL),
        **dict.fromkeys((KroneckerProduct, DiagMatrix, DiagonalMatrix, DiagonalOf), _ALL),
        **dict.fromkeys((Mul, Pow, Relational, ExprCondPair), of_scalar),
        **dict.fromkeys((And, Or, Not, ITE, BooleanAtom), _ALL),
        Elementwise: _of_elementwise,
        Trace: _of_trace,
        ElementwiseApplyFunction: lambda node: node.args[1:],
        MatrixElement: lambda node: node.args[:1],
        **dict.fromkeys((Function, Max, Min), _of_function),
        ImaginaryUnit: _imaginary,
        **dict.fromkeys((Integral, Limit, Subs), not_computed),
        **dict.fromkeys((Infinity, NegativeInfinity, ComplexInfinity, NaN), _infinite),
    },
)


def as_expression(value: Any, who: str) -> Any:
    """Give what a user wrote as a scalar or a matrix. Raises `TypeError` for all else; `who` is asked for it."""
    expr = given(value, who)
    if not isinstance(expr, Expr) or isinstance(expr, (Lambda, Order)):
        raise TypeError(
            f"{who}: {brief(expr)} is of the type {type(expr).__name__}, no scalar and no matrix; "
            "write an expression of symbols, numbers and functions"
        )
    if expr.is_number and not expr.is_Matrix:
        _check_number(expr, who)
    return expr


def _check_number(number: Any, who: str) -> None:
    try:
        if number.is_Atom:
            operands_of(number)
        if number.is_extended_real is False:
            _imaginary(number)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{who}: {error}") from None


def operands_of(node: Basic) -> tuple[Any, ...]:
    """Give what a node is computed from. Raises `TypeError` for a class that symnet does not know."""
    return OPERANDS.of(node)(node)


def as_matrix(who: str, A: Any) -> Any:
    """Give a matrix expression that a user handed over. Raises `TypeError` where it is none, naming who wants it."""
    A = given(A, who)
    if not getattr(A, "is_Matrix", False):
        if isinstance(A, Expr):
            check_scalar(A)
        raise TypeError(f"{who}: {brief(A)} is a scalar already and no matrix; give a matrix expression")
    return A


def walk(expr: Basic, known: Container[int] = ()) -> Iterator[Any]:
    """Give every sub-expression once, operands first, without recursion; symbols are not entered.

    `known`: identities of nodes that are passed over, with all that is below them.

    Raises `TypeError` for a class that symnet does not know.
    """
    seen: set[int] = set()
    stack: list[tuple[Basic, bool]] = [(expr, False)]
    while stack:
        node, operands_done = stack.pop()
        if operands_done:
            yield node
        elif id(node) not in seen and id(node) not in known:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((operand, False) for operand in reversed(operands_of(node)))


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


_POOL: WeakValueDictionary[Any, Any] = WeakValueDictionary()
atexit.register(_POOL.clear)  # while SymPy can still tell one key from another


def raw(cls: type, *args: Basic) -> Any:
    """Build a SymPy node without its checks; shapes are checked when the equation is born."""
    return shared(Basic.__new__(cls, *args))


def shared(A: Any) -> Any:
    """Give the one object for all matrices that are written like this one: what is equal is compared at a glance."""
    return _POOL.setdefault((type(A), A.args), A)


def split(A: MatrixExpr) -> tuple[Expr, MatrixExpr]:
    """Give the scalar coefficient of a matrix, and the rest."""
    if not isinstance(A, MatMul) or A.args[0].is_Matrix:
        return S.One, A
    scalars = [a for a in A.args if not a.is_Matrix]
    matrices = [a for a in A.args if a.is_Matrix]
    if len(matrices) > 1:
        return Mul(*scalars), raw(MatMul, *matrices)
    inner, rest = split(matrices[0])  # a scaled matrix that was moved into another line is scaled once more
    return Mul(*scalars, inner), rest


def is_subtracted(c: Expr) -> bool:
    """Tell whether a coefficient is written with a minus sign: −2, −n and −a − b, but not 1 − β."""
    if c.is_Add:
        return all(is_subtracted(term) for term in c.args)
    return bool(c.as_coeff_Mul()[0].is_negative)
