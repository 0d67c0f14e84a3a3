"""Where SymPy's own classes raise or go astray with a matrix in a scalar's place: 1×1 matrices are scalars there too.

In: nothing; SymPy's classes are taught on import. What SymPy computes rightly by itself stays as it is: a number beside
a 1×1 matrix, the trace as a method, a function of a 1×1 matrix as a factor. `Trace` and `Determinant` are wholes for
SymPy's scalar algorithms, which would make scalars of the matrices inside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sympy import Basic, Expr, Function, MatrixExpr, MatrixSymbol, S, Piecewise, Symbol, Trace, preorder_traversal
from sympy.core.logic import fuzzy_and
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices.expressions.determinant import Determinant
from sympy.utilities.iterables import iterable

from symnet.expressions.algebra import hidden, total
from symnet.expressions.entering import given
from symnet.expressions.interned import NESTED, MatrixNode, Node
from symnet.expressions.sizes import same_size

LARGE, HIGH = 500, 10  # matrices in one of SymPy's expressions, and levels, from which it stays as it is written


def one_by_one(A: Any) -> bool:
    """Tell whether an expression is a 1×1 matrix."""
    return bool(getattr(A, "is_Matrix", False)) and all(same_size(size, S.One) for size in A.shape)


def as_scalar(loss: Any) -> Any:
    """Give a 1×1 matrix as the scalar that it is, anything else as it stands."""
    return total(loss) if one_by_one(loss) else loss


def _commutes(self: Any) -> Any:
    return fuzzy_and(True if one_by_one(a) else a.is_commutative for a in self.args)


def _teach_commuting(kind: Any) -> None:
    # SymPy has collected the handlers of each class when it was made
    if kind._prop_handler.get("commutative") is _sympys_commuting:
        kind._prop_handler["commutative"] = _commutes
    for sub in kind.__subclasses__():
        _teach_commuting(sub)


def _large(expr: Any) -> bool:
    # SymPy goes through the whole of it on every + and *, twice for each level and once for each place of a part
    stack, number = [(expr, 0)], 0
    while stack:
        part, level = stack.pop()
        number += 1
        if number > LARGE or level > HIGH:
            return True
        if not isinstance(part, (Node, MatrixSymbol, Symbol)):
            stack.extend((a, level + 1) for a in part.args if getattr(a, "is_Matrix", False))
    return False


def _taught(name: str, sympys_own: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    scalars_own = getattr(Expr, name)

    def operator(self: Any, other: Any) -> Any:
        if isinstance(other, (Expr, int, float)):
            scalar = not getattr(other, "is_Matrix", False)
            if scalar and name.strip("_").lstrip("r") in ("add", "sub") and one_by_one(self):
                return scalars_own(as_scalar(self), other)
            if _large(self) or isinstance(other, Basic) and _large(other):
                return NESTED[name](self, given(other))
        return sympys_own(self, other)

    operator.__name__ = operator.__qualname__ = name
    return operator


def _pair(cls: Any, expr: Any, cond: Any) -> Any:
    # a case distinction inside a sum that is compared is the business of the sum
    if not (isinstance(cond, Basic) and cond.has(Piecewise)):
        return _sympys_pair(cls, expr, cond)
    cond, back = hidden(cond)
    expr, cond = _sympys_pair(cls, expr, cond).args
    return Basic.__new__(cls, expr, cond.xreplace(back))


def _all_parts(self: Any, node: Any, keys: Any) -> Iterator[Any]:
    # preorder_traversal without one call inside another
    if keys:
        yield from _sympys_traversal(self, node, keys)
        return
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        if self._skip_flag:
            self._skip_flag = False
        elif isinstance(part, Basic):
            stack.extend(reversed(tuple(getattr(part, "_argset", part.args))))
        elif iterable(part):
            stack.extend(reversed(list(part)))


for _name in NESTED:
    for _kind in (MatrixNode, MatrixExpr):
        setattr(_kind, _name, _taught(_name, getattr(_kind, _name)))
_sympys_commuting = Function._eval_is_commutative
_sympys_pair = ExprCondPair.__new__
ExprCondPair.__new__ = _pair
_sympys_traversal = preorder_traversal._preorder_traversal
preorder_traversal._preorder_traversal = _all_parts
_teach_commuting(Function)
Function._eval_is_commutative = _commutes
MatrixExpr.trace = lambda self: Trace(self)
Trace.is_Atom = Determinant.is_Atom = True
