"""Sums, traces and entries are wholes for SymPy's scalar algorithms, whatever net of matrices stands in them.

In: nothing; SymPy's algorithms are taught on import. They would take the matrices inside for scalars that do not
commute, and go through a net as often as there are ways to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import islice
from sys import modules
from types import FunctionType
from typing import Any

from sympy import (
    S,
    Basic,
    Dummy,
    Expr,
    Function,
    Limit,
    Piecewise,
    Trace,
    Tuple,
    cosh,
    count_ops,
    cse,
    nsolve,
    solve,
    default_sort_key,
    preorder_traversal,
    sinh,
    tanh,
)
from sympy.concrete import expr_with_limits
from sympy.core import sorting
from sympy.core.cache import cacheit
from sympy.core.exprtools import factor_terms
from sympy.core.function import DefinedFunction
from sympy.functions.elementary.miscellaneous import MinMaxBase
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase
from sympy.simplify.radsimp import radsimp
from sympy.simplify.simplify import signsimp, simplify
from sympy.utilities.iterables import iterable

from symnet.expressions.algebra import total
from symnet.expressions.atoms import OF_MATRICES, KeptReal, hidden, scalar_atoms
from symnet.expressions.deep import TOO_LARGE, goes_every_way, is_larger
from symnet.expressions.entering import given
from symnet.expressions.interned import Node, ScalarNode
from symnet.expressions.rebuilding import check_size
from symnet.expressions.sizes import same_size, shape_text
from symnet.expressions.table import brief

LARGE = 150  # parts of a net that no function of SymPy's looks into
SHORT = 30  # parts of an argument that SymPy may look at for its imaginary part


def nets(expr: Any) -> list[Any]:
    """Give the large sums, traces and entries of matrices that stand in an expression."""
    return [part for part in scalar_atoms(expr) if isinstance(part, OF_MATRICES) and is_larger(part, LARGE)]


@cacheit
def _holds_nets(expr: Basic) -> bool:
    return bool(nets(expr))


def _hold_nets(args: tuple[Any, ...]) -> bool:
    return any(_hold_nets(a) if isinstance(a, tuple) else isinstance(a, Basic) and _holds_nets(a) for a in args)


def _around_nets(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # SymPy's algorithms go through a net as often as there are ways to it, and write its products out anew
    def new(cls: Any, *args: Any, **options: Any) -> Any:
        known = all(isinstance(a, (Basic, tuple, int, float)) for a in args)
        if options or not known or not _hold_nets(args):
            return sympys_own(cls, *args, **options)
        body, back = hidden(Tuple(*args))
        found = sympys_own(cls, *body.args)
        if found == sympys_own(cls, *body.args, evaluate=False):
            return sympys_own(cls, *args, evaluate=False)
        return found.xreplace(back)

    return new


def _of_wholes(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # an algorithm that goes through a matrix as often as there are ways to it, and writes its products out anew
    @wraps(sympys_own)
    def simplified(expr: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(expr, Basic) or getattr(expr, "is_Matrix", False):  # a list, a text, a matrix
            return sympys_own(expr, *args, **options)
        body, back = hidden(expr)
        return sympys_own(body, *args, **options).xreplace(back) if back else sympys_own(expr, *args, **options)

    return simplified


def _of_little(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # an algorithm that looks for what is shared and goes every way to it
    @wraps(sympys_own)
    def checked(exprs: Any, *args: Any, **options: Any) -> Any:
        for expr in exprs if isinstance(exprs, (list, tuple, Tuple)) else [exprs]:
            parts = scalar_atoms(expr) if isinstance(expr, Basic) else ()
            large = [p for p in (expr, *parts) if isinstance(p, (Node, *OF_MATRICES)) and goes_every_way(p)]
            if large:
                raise ValueError(f"{sympys_own.__name__}: {brief(large[0])} has more than {TOO_LARGE} parts, each as "
                                 "often as it is written; sn.derive(…) gives its equations, in which what is shared "
                                 "stands once, and its .cost() counts operations")  # fmt: skip
        return sympys_own(exprs, *args, **options)

    return checked


def _of_scalars(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # SymPy puts a scalar where the matrix is
    @wraps(sympys_own)
    def solved(*args: Any, **options: Any) -> Any:
        who, given_as = sympys_own.__name__, (list, tuple, set, Tuple)
        flat = [symbol for a in args[1:] for symbol in (a if isinstance(a, given_as) else [a])]
        matrices = [s for s in flat if isinstance(s, Expr) and s.is_Matrix and not isinstance(s, MatrixBase)]
        unknowns = {A: _as_unknown(A, who) for A in matrices}
        if not unknowns:
            return sympys_own(*args, **options)
        others = ([unknowns.get(s, s) for s in a] if isinstance(a, given_as) else unknowns.get(a, a) for a in args[1:])
        return sympys_own(_in_scalars(args[0], unknowns, who), *others, **options)

    return solved


def _as_unknown(A: Any, who: str) -> Any:
    if all(same_size(size, S.One) for size in A.shape):  # a scalar; nsolve differentiates by it
        return Dummy(str(A), real=True) if who == "nsolve" else total(A)
    raise TypeError(
        f"{who}: {brief(A)} is a {shape_text(A.shape)} matrix, and SymPy solves for scalars; write sn.solve(A, B) for "
        f"the X of A*X = B, or sn.train(loss, data, {brief(A)}) for the one with the least loss"
    )


def _in_scalars(expr: Any, unknowns: dict[Any, Any], who: str) -> Any:
    # with the one entry of each 1×1 matrix where it stands, which SymPy solves for
    if isinstance(expr, (list, tuple, set, Tuple)):
        return [_in_scalars(e, unknowns, who) for e in expr]
    if not isinstance(expr, Basic) or isinstance(expr, MatrixBase):
        return expr
    if isinstance(expr, Expr) and expr.is_Matrix and all(same_size(size, S.One) for size in expr.shape):
        expr = total(expr)
    for A, scalar in unknowns.items():
        expr = expr.xreplace(dict.fromkeys((A[0, 0], Trace(A), total(A)), scalar))
        if A in expr.xreplace({scalar: S.One}).free_symbols:
            raise TypeError(f"{who}: {brief(A)} is a 1×1 matrix that stands in a matrix; write a scalar in its place, "
                            f"t = sympy.Symbol('t'), and solve for it")  # fmt: skip
    return expr


def _pair(cls: Any, expr: Any, cond: Any) -> Any:
    # SymPy folds a case distinction inside a condition, and would fold that of a sum with its bound variable; it looks
    # for one wherever a shared part stands, again and again
    if isinstance(cond, Boolean) and any(isinstance(part, OF_MATRICES) for part in scalar_atoms(cond)):
        return Basic.__new__(cls, given(expr), cond)
    return _sympys_pair(cls, expr, cond)


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


def _key(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # SymPy sorts an atom by its text, also as a factor and as the base of a power; a whole is sorted by what it is of,
    # as before it was an atom, and by its digest where it is large
    @cacheit
    def sort_key(self: Any, order: Any = None) -> Any:
        c, power = self.as_coeff_Mul()
        base, exponent = power.as_base_exp() if power.is_Pow else (power, S.One)
        if not isinstance(base, OF_MATRICES):
            return sympys_own(self, order)
        inner: tuple[Any, ...]
        if isinstance(base, Node):
            if not is_larger(base, LARGE):
                return sympys_own(self, order)
            count, inner = 1, (f"{base.title} {base._height:09} {base._digest}",)
        elif is_larger(base, LARGE):
            count, inner = len(base.args) + 1, ("", Basic.sort_key(base, order))
        else:
            count, inner = len(base.args), tuple(default_sort_key(a, order) for a in base.args)
        return base.class_key(), (count, inner), exponent.sort_key(order), c

    return sort_key


def _of_reals(sympys_own: Callable[[Any], Any]) -> Callable[[Any], Any]:
    # SymPy takes an argument apart into its real and its imaginary part, at any length
    def answer(self: Any) -> Any:
        z = self.args[0]
        if z.is_real:
            return True
        return sympys_own(self) if sum(1 for _ in islice(preorder_traversal(z), SHORT)) < SHORT else None

    return answer


def _everywhere(teach: Callable[..., Any], algorithms: Iterable[FunctionType]) -> None:
    # in each of SymPy's modules that took one by its name
    taught = {algorithm.__name__: (algorithm, teach(algorithm)) for algorithm in algorithms}
    for module in [module for name, module in modules.items() if name.partition(".")[0] == "sympy"]:
        for name in taught.keys() & vars(module).keys():
            if vars(module)[name] is taught[name][0]:
                setattr(module, name, taught[name][1])


def _over_no_size(sympys_own: Callable[..., Any], who: str, first: int) -> Callable[..., Any]:
    # SymPy takes a matrix for a constant, whatever its size; `first`: where the expression stands among the arguments
    @wraps(sympys_own)
    def checked(*args: Any, **options: Any) -> Any:
        expr, name = args[first] if len(args) > first else None, who or args[0].__name__
        if isinstance(expr, Expr) and (args[first + 1 :] or "x" in options):
            for limit in (*args[first + 1 :], options.get("x")):
                check_size(expr, limit[0] if isinstance(limit, (tuple, Tuple)) and limit else limit, name)
        return sympys_own(*args, **options)

    return checked


def _not_for_lack_of_numbers(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # SymPy asks for the slopes by numbers alone, and takes what has none of them for a constant
    @wraps(sympys_own)
    def is_constant(self: Any, *symbols: Any, **flags: Any) -> Any:
        free = self.free_symbols
        if not any(s.is_Matrix for s in free) or symbols and not free & set(symbols):
            return sympys_own(self, *symbols, **flags)
        try:
            found = sympys_own(self, *symbols, **flags)
        except (TypeError, ValueError, NotImplementedError):  # by a size, or of what is not computed
            return None
        return None if found is True else found

    return is_constant


_sympys_count = sorting._node_count
_sympys_pair = ExprCondPair.__new__
ExprCondPair.__new__ = _pair
_sympys_traversal = preorder_traversal._preorder_traversal
preorder_traversal._preorder_traversal = _all_parts
for _kind in (Function, DefinedFunction, MinMaxBase, Piecewise):
    _kind.__new__ = _around_nets(_kind.__new__)
expr_with_limits._common_new = _over_no_size(expr_with_limits._common_new, "", 1)
Limit.__new__ = _over_no_size(Limit.__new__, "Limit", 1)
Expr.is_constant = _not_for_lack_of_numbers(Expr.is_constant)
Expr.series = _over_no_size(Expr.series, "series", 0)
_everywhere(_of_wholes, [signsimp, factor_terms, simplify, radsimp])
_everywhere(_of_little, [cse, count_ops])
_everywhere(_of_scalars, [solve, nsolve])
for _kind, _facts in ((cosh, "real positive nonnegative"), (sinh, "real"), (tanh, "real finite")):
    for _fact in _facts.split():  # SymPy keeps the answers of a class where it finds them faster, too
        _answer = _of_reals(_kind._prop_handler[_fact])
        _kind._prop_handler[_fact] = _answer
        setattr(_kind, f"_eval_is_{_fact}", _answer)
ScalarNode.sort_key = Expr.sort_key = _key(Expr.sort_key)  # type: ignore[method-assign]
sorting._node_count = lambda part: 1 if isinstance(part, Node) else _sympys_count(part)  # a deep net has no end
Trace.is_Atom = Determinant.is_Atom = MatrixElement.is_Atom = True
for _kind in (Trace, Determinant, DotProduct, MatrixElement):
    _kind.is_commutative = True
    _kind.is_real = _kind.is_extended_real = KeptReal()  # a matrix has real entries
    _kind._eval_conjugate = lambda self: self if self.is_real else None
