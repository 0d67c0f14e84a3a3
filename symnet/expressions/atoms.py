"""The atoms of a scalar: its symbols, and the sums, traces and entries in which matrices stand.

In: a scalar expression. Out: its atoms, each once; or the expression with names in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, KeysView
from typing import Any

from sympy import (
    Derivative,
    Dummy,
    Expr,
    I,
    Identity,
    Limit,
    MatrixSlice,
    MatrixSymbol,
    OneMatrix,
    Product,
    Subs,
    Sum,
    Symbol,
    Trace,
    Tuple,
    ZeroMatrix,
    default_sort_key,
)
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.fourier import DFT
from sympy.matrices.expressions.funcmatrix import FunctionMatrix
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.interned import Node, ScalarNode
from symnet.expressions.operands import not_computed
from symnet.expressions.undefined import differentiated


def hidden(body: Any) -> tuple[Expr, dict[Any, Any]]:
    """Give an expression with names for sums and the like, and what they stand for: it is rewritten without them.

    They are in SymPy's order, on which it depends whether a - b or b - a has a sign in front. A derivative, a sum over
    an index or an integral gets a name as a whole where something in it depends on what it binds; entries of a symbol
    in it keep their own.
    """
    return named(body, _to_hide(body))


def named(body: Any, parts: Iterable[Any]) -> tuple[Any, dict[Any, Any]]:
    """Give an expression with names for these parts of it, and what the names stand for."""
    away = {part: Dummy(**_facts(part)) for part in sorted(parts, key=default_sort_key)}
    return body.xreplace(away), {name: part for part, name in away.items()}


def are_bound(body: Any, parts: Iterable[Any]) -> bool:
    """Tell whether one of these parts of an expression depends on what a sum, an integral or the like binds."""
    binding = [node for node in _walked(body, OF_MATRICES) if isinstance(node, _BINDING)]
    bound = {s for node in binding for v in _variables(node) for s in v.free_symbols}
    return any(part.free_symbols & bound for part in parts)


def _facts(part: Any) -> dict[str, bool]:
    return {fact: True for fact in ("real", "positive", "nonnegative") if getattr(part, f"is_{fact}")}


_BINDING = (ExprWithLimits, Subs, Limit, Derivative)


def is_real(expr: Any) -> bool | None:
    """Tell whether a matrix, a trace or an entry is real: it is, unless a factor beside the symbols may be none."""
    stack, seen = [expr], {}
    while stack:
        part = stack.pop()
        if id(part) in seen:  # what is shared is looked at once; SymPy's == would go every way
            continue
        seen[id(part)] = part
        counting = next((counting for kind, counting in _COUNTING.items() if isinstance(part, kind)), None)
        if counting:
            stack.extend(counting(part))
        elif isinstance(part, (Trace, Determinant, DotProduct)) or getattr(part, "is_Matrix", False):
            stack.extend(part.args)
        elif isinstance(part, Expr) and part.is_real is not True:
            return None
    return True


class KeptReal:
    """The property of a whole that tells whether it is real: it is asked again and again, and found once."""

    def __get__(self, whole: Any, kind: Any) -> Any:
        if whole is None:
            return self
        kept = vars(whole)
        if "_symnet_real" not in kept:
            kept["_symnet_real"] = is_real(whole)
        return kept["_symnet_real"]


def _in_function(value: Any) -> Any:
    # of real numbers, in which log and sqrt are taken where they are real: its parameters count, as in a product
    return () if value.is_real else (value.atoms() | value.atoms(AppliedUndef)) - {_REAL}


_REAL = Dummy(real=True)
_INTEGERS = Dummy(integer=True), Dummy(integer=True)
_COUNTING: dict[Any, Callable[[Any], Iterable[Any]]] = {  # the parts by which an expression is real or not; no sizes
    MatrixSlice: lambda A: A.args[:1],
    Node: lambda _: (),
    MatrixSymbol: lambda _: (),
    (OneMatrix, ZeroMatrix, Identity): lambda _: (),
    MatrixElement: lambda a: a.args[:1],
    MatrixBase: lambda A: A.flat(),
    FunctionMatrix: lambda A: (A.lamda(*_INTEGERS),),
    ElementwiseApplyFunction: lambda A: (A.expr, *_in_function(A.function(_REAL))),
    DFT: lambda _: (I,),
}


def _to_hide(body: Any) -> set[Any]:
    found: set[Any] = set()
    kept: set[Any] = set()
    for part in _walked(body, _ENDS):
        if isinstance(part, _BINDING):
            moved = _moved(part)
            if moved and not all(map(_is_plain_entry, moved)) or moved and any(v.is_Matrix for v in _variables(part)):
                found.add(part)
            else:
                kept |= moved
                found |= _to_hide(Tuple(*part.args))
        elif isinstance(part, OF_MATRICES):
            found.add(part)
    return found - kept


def _variables(node: Any) -> Any:
    return (node.args[1],) if isinstance(node, Limit) else node.variables


def _moved(node: Any) -> set[Any]:
    # an entry of a matrix that is bound moves all that the matrix stands in; a value is put into anything
    bound = {s for v in _variables(node) for s in v.free_symbols}
    inside = {part for part in scalar_atoms(Tuple(*node.args)) if isinstance(part, OF_MATRICES)}
    return inside if isinstance(node, Subs) else {part for part in inside if part.free_symbols & bound}


def _is_plain_entry(part: Any) -> bool:
    return isinstance(part, MatrixElement) and isinstance(part.parent, MatrixSymbol)


def evaluated(body: Any) -> Any:
    """Give a scalar in which no part has a symbol of its own: Σₖ tᵏ/k! from 0 to 3 is 1 + t + t²/2 + t³/6.

    Raises `TypeError` for integrals and limits, and for sums of which SymPy knows no value.
    """
    if not body.has(*_BINDING):
        return body
    body = body.replace(lambda part: isinstance(part, Derivative), _slope, simultaneous=False)
    body = body.xreplace({part: part.doit() for part in body.atoms(Sum, Product, Subs)})
    for part in body.atoms(*_BINDING):
        not_computed(part)
    return body


def _slope(part: Any) -> Any:
    known = all(isinstance(v, Symbol) and times.is_Integer for v, times in part.variable_count)
    if not known or not part.has(AppliedUndef):
        return part.doit()
    slope = part.expr
    for variable, times in part.variable_count:
        for _ in range(int(times)):
            slope = differentiated(slope, variable)
    return slope


OF_MATRICES = (ScalarNode, Trace, Determinant, DotProduct, MatrixElement)  # scalars that matrices stand in
_ATOMS = (Symbol, *OF_MATRICES)
_ENDS = (*OF_MATRICES, *_BINDING)


def scalar_atoms(body: Expr) -> KeysView[Any]:
    """Give the symbols in a scalar, and the nodes that are scalars, as met; what is in those is their business."""
    return {part: None for part in _walked(body, _ATOMS) if isinstance(part, _ATOMS)}.keys()


def _walked(body: Any, ends: tuple[type, ...]) -> Iterator[Any]:
    # the parts of an expression, as met, what is shared once; nothing is looked for in one of the ends
    seen: set[Any] = set()
    stack: list[Any] = [body]
    while stack:
        part = stack.pop()
        if part not in seen:
            seen.add(part)
            yield part
            stack.extend(() if isinstance(part, ends) else part.args)
