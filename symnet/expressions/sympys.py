"""Where SymPy's own classes raise or go astray with a matrix in a scalar's place: 1×1 matrices are scalars there too.

In: nothing; SymPy's classes are taught on import. What SymPy computes rightly by itself stays as it is: a number beside
a 1×1 matrix, the trace as a method, a function of a 1×1 matrix as a factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from sympy import (
    Abs,
    Basic,
    DiracDelta,
    Dummy,
    Expr,
    Function,
    HadamardProduct,
    Heaviside,
    Inverse,
    KroneckerProduct,
    MatAdd,
    MatMul,
    MatPow,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    OneMatrix,
    S,
    Subs,
    Symbol,
    SympifyError,
    Trace,
    Transpose,
    Tuple,
    ZeroMatrix,
    adjoint,
    arg,
)
from sympy.core.function import DefinedFunction, FunctionClass
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase
from sympy.matrices.exceptions import NonSquareMatrixError
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase
from sympy.utilities.iterables import iterable

from symnet.expressions.algebra import elementwise, total
from symnet.expressions.atoms import OF_MATRICES, is_real, scalar_atoms
from symnet.expressions.beside import OF_ANY_SIZE, check_argument
from symnet.expressions.declared import inverse_of
from symnet.expressions.entering import given
from symnet.expressions.interned import NESTED, MatrixNode, Node
from symnet.expressions.operands import raw
from symnet.expressions.rebuilding import check_name, checked_rule, reduced, sizes_in
from symnet.expressions.sizes import as_size, same_size, shape_text
from symnet.expressions.table import brief
from symnet.expressions.wholes import LARGE

WRITTEN = 1000  # products in an entry that SymPy writes out
READ = 2  # rows of an inverse, and terms in an entry of what it is of, up to which its entries are written out
HIGH = 10  # levels of one of SymPy's expressions from which it stays as it is written, as one of many matrices does
_WAYS = {  # what to write for a scalar
    HadamardProduct: "sn.hadamard(A, c) takes scalars as well", KroneckerProduct: "write c*A",
    MatAdd: "write c*OneMatrix(m, n), or A + c for a node",
}  # fmt: skip
_WITHIN = (MinMaxBase, Abs, Heaviside, DiracDelta, arg)  # they look inside, and fail or multiply a matrix by itself


def one_by_one(A: Any) -> bool:
    """Tell whether an expression is a 1×1 matrix."""
    return bool(getattr(A, "is_Matrix", False)) and all(same_size(size, S.One) for size in A.shape)


def as_scalar(loss: Any) -> Any:
    """Give a 1×1 matrix as the scalar that it is, anything else as it stands."""
    return total(loss) if one_by_one(loss) else loss


def _of_scalars(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # a function of a 1×1 matrix: SymPy's algorithms would take the matrix for a scalar that does not commute
    def new(cls: Any, *args: Any, **options: Any) -> Any:
        scalars = [a if isinstance(a, MatrixBase) else as_scalar(a) for a in args]
        if issubclass(cls, _WITHIN) and any(getattr(a, "is_Matrix", False) for a in scalars):
            check_argument(raw(cls, *map(given, scalars)))
        if cls is arg and scalars and any(isinstance(part, OF_MATRICES) for part in scalar_atoms(scalars[0])):
            options["evaluate"] = False  # of roots of case distinctions; it would write a sum of matrices out anew
        return sympys_own(cls, *scalars, **options)

    return new


def _of_square(sympys_own: Callable[..., Any], who: str) -> Callable[..., Any]:
    # SymPy's errors name no matrix
    def new(*args: Any, **options: Any) -> Any:
        A = next((a for a in args if getattr(a, "is_Matrix", False) and not isinstance(a, type)), None)
        if A is None and len(args) > 1 and isinstance(c := given(args[1], who), Expr):
            raise TypeError(f"{who}: {brief(c)} is a scalar and no matrix; write {brief(c)} itself, for a matrix of it "
                            f"{brief(c)}*Identity(n)")  # fmt: skip
        if A is not None and A.is_square is False:
            text = f"{who}: {brief(A)} is {shape_text(A.shape)}, and a square matrix is needed"
            raise NonSquareMatrixError(text + ("; sn.pinv(A) is for others" if who == "Inverse" else ""))
        return sympys_own(*args, **options)

    return new


_FOR_SCALARS = (
    "SymPy puts a scalar of its own in the place of a matrix here; its factor, cancel and their like are for scalars, "
    "a closed form has its factors already"
)


def _beside_scalars(sympys_own: Callable[..., Any], way: str) -> Callable[..., Any]:
    # SymPy's error names no scalar
    def new(cls: Any, *args: Any, **options: Any) -> Any:
        try:
            return sympys_own(cls, *args, **options)
        except (TypeError, AttributeError):
            values = [given(a, cls.__name__) for a in args]
            c = next((a for a in values if not a.is_Matrix), None)
            if c is None:
                raise
            if cls is HadamardProduct and all(not a.is_Matrix or one_by_one(a) for a in values):
                return Mul(*map(as_scalar, values))
            if c.has(Dummy):
                raise TypeError(f"{cls.__name__}: {_FOR_SCALARS}") from None
            raise TypeError(f"{cls.__name__}: {brief(c)} is a scalar and no matrix; {way}") from None

    return new


def _below_scalars(sympys_own: Callable[[Any, Any], Any], of_scalars: Callable[[Any, Any], Any]) -> Any:
    return lambda self, other: of_scalars(as_scalar(self), other) if one_by_one(self) else sympys_own(self, other)


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
    kind = name.strip("_").removeprefix("r")

    def operator(self: Any, other: Any) -> Any:
        if isinstance(self, OF_ANY_SIZE):
            return sympys_own(self, other)
        if isinstance(other, (Expr, int, float)) and not isinstance(other, (bool, *OF_ANY_SIZE)):
            A, B = _scalars_in(kind, self, other)
            if not getattr(A, "is_Matrix", False):
                return getattr(Expr, name)(A, B)
            if _large(A) or isinstance(B, Basic) and _large(B):
                return NESTED[name](A, given(B))
            other = B
        return sympys_own(self, other)

    operator.__name__ = operator.__qualname__ = name
    return operator


def _scalars_in(kind: str, A: Any, B: Any) -> tuple[Any, Any]:
    # A 1×1 beside a scalar in a sum, over a 1×1 in a quotient, and beside a matrix that it is no matrix factor of
    if kind in ("add", "sub"):
        return (A if getattr(B, "is_Matrix", False) else as_scalar(A)), B
    if kind == "truediv":
        return (as_scalar(A), as_scalar(B)) if one_by_one(B) and not isinstance(B, MatrixBase) else (A, B)
    if (
        one_by_one(A) != one_by_one(B)
        and getattr(B, "is_Matrix", False)
        and S.One not in (A if one_by_one(B) else B).shape
    ):
        return as_scalar(A), as_scalar(B)
    return A, B


def _terms(A: Any) -> Any:
    # of how many products of entries an entry of A is the sum
    parts = [part for part in A.args if getattr(part, "is_Matrix", False)]
    if isinstance(A, MatMul):
        return prod(map(_terms, parts)) * prod(int(part.shape[1]) for part in parts[:-1])
    if isinstance(A, MatPow) and A.args[1].is_Integer and A.args[1] > 0:
        return _terms(A.args[0]) ** min(A.args[1], WRITTEN) * int(A.shape[0]) ** (min(A.args[1], WRITTEN) - 1)
    if isinstance(A, MatAdd):
        return sum(map(_terms, parts))
    return _terms(parts[0]) if isinstance(A, Transpose) else 1


def _is_long_inverse(A: Any) -> bool:
    # a power of which SymPy has an entry as a quotient of determinants, all multiplied out
    if not isinstance(A, MatPow) or A.exp.is_Integer and A.exp >= 0 or not A.free_symbols:
        return False
    return bool(A.shape[0] > READ or _terms(A.base) > READ or A.exp.is_Integer and -A.exp > READ)


def _written_out(self: Any) -> Any:
    # an entry alone stays one, all of them together are asked for
    if not _is_long_inverse(self) or not (self.exp.is_Integer and self.shape[0].is_Integer):
        return MatrixExpr.as_explicit(self)
    inverse = self.base.as_explicit().inv(method="ADJ")
    return inverse if self.exp == -1 else inverse ** (-self.exp)


def _unwritten(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # SymPy writes out all the products of which an entry of A·B·C is the sum
    def entry(self: Any, i: Any, j: Any, **options: Any) -> Any:
        numbers = all(given(size).is_Integer for part in (self, *self.args) if part.is_Matrix for size in part.shape)
        if numbers and (_terms(self) > WRITTEN or _is_long_inverse(self)):
            return total(self) if one_by_one(self) else MatrixElement(self, i, j)
        return sympys_own(self, i, j, **options)

    return entry


def _with_arrays(self: Any, *args: Any, **options: Any) -> Any:
    # SymPy takes no array for a matrix, runs text, and lets a scalar or nothing take the place of a matrix
    if len(args) == 1 and not isinstance(args[0], Mapping) and iterable(args[0]):
        args = (list(args[0]),)
    pairs = [args] if len(args) > 1 else args[0].items() if args and isinstance(args[0], Mapping) else args and args[0]
    matrices = {s for s in self.free_symbols if isinstance(s, MatrixSymbol)}
    if (
        (matrices or isinstance(self, Node))
        and iterable(pairs)
        and all(len(pair) == 2 for pair in pairs if iterable(pair))
    ):
        args = ([one for pair in pairs for one in _checked(self, matrices, *pair)],)
        if options.get("simultaneous") and all(isinstance(old, (Symbol, MatrixSymbol)) for old, _ in args[0]):
            return self.xreplace(dict(args[0]))  # SymPy would put a scalar in between
    try:
        return Basic.subs(self, *args, **options)
    except SympifyError:
        return Basic.subs(self, [tuple(map(_replacing, pair)) for pair in pairs], **options)
    except NotImplementedError as error:  # SymPy's products take no matrix for a scalar
        raise TypeError(f"subs: a matrix cannot take the place of a scalar in {brief(self)} ({error})") from None


def _checked(expr: Any, matrices: set[Any], old: Any, new: Any) -> list[tuple[Any, Any]]:
    check_name(expr, old)
    new = _replacing(given(new, "subs") if isinstance(new, str) else new)
    if isinstance(old, (str, Symbol)) and not isinstance(old, Dummy):  # sizes are known by their names
        met = expr.free_symbols | sizes_in(expr).keys()
        named = [s for s in met if isinstance(s, Symbol) and s.name == str(old)]
        if isinstance(old, str) or any(s in sizes_in(expr) for s in named):
            if any(s in sizes_in(expr) for s in named):
                new = as_size(new, f"subs: {old}")
            return [(s, new) for s in named or [Symbol(str(old))]]
    old = _replacing(old)
    if old in matrices and not (isinstance(new, Basic) and new.atoms(Dummy)):
        checked_rule({old: new})
    return [(old, new)]


def _replacing(value: Any) -> Any:
    return value if isinstance(value, (Basic, FunctionClass, str)) else given(value, "subs")


def _number(sympys_own: Callable[..., Any]) -> Callable[..., Any]:
    # float(loss) and round(loss, 2), math.sin(t), f"{loss:.3f}", of which SymPy says that it cannot convert symbols
    def converted(self: Any, *args: Any) -> Any:
        if self.free_symbols and args != ("",):
            text = brief(self)
            raise TypeError(
                f"{text} has symbols and is no number; sn.evaluate({text}, {{…}}) gives its value, and functions of it "
                "are SymPy's or symnet's, not those of math"
            )
        return sympys_own(self, *args)

    return converted


def _truth(self: Any) -> bool:
    raise TypeError(
        f"{brief(self)} is neither true nor false: if, and, or, max, min and sorted cannot choose by symbols; "
        "write sympy.Piecewise, sympy.Max or sympy.Min, or take the value first, sn.evaluate(…)"
    )


def _with_matrix(self: Any, rule: Any) -> Any:
    # a scalar that SymPy puts in itself is taken out again
    new = rule.get(self) if isinstance(rule, Mapping) else None
    if isinstance(new, Expr) and not new.is_Matrix and not new.atoms(Dummy):
        checked_rule({self: new})
    return Basic._xreplace(self, rule)


def _at_once(cls: Any, expr: Any, variables: Any, point: Any, **options: Any) -> Any:
    # SymPy has a scalar of its own stand for a matrix that is replaced later
    matrices, values = (list(a) if isinstance(a, (list, tuple, Tuple)) else [a] for a in (variables, point))
    whole = any(
        getattr(v, "is_Matrix", False) and not isinstance(v, MatrixBase) for v in matrices
    )  # no list in a column
    if whole and len(matrices) == len(values):
        return given(expr).doit().xreplace(dict(zip(matrices, map(given, values), strict=True)))
    return _sympys_subs(cls, expr, variables, point, **options)


def _parts(self: Any, deep: bool = True, **hints: Any) -> Any:
    return (self, ZeroMatrix(*self.shape)) if is_real(self) else _sympys_parts(self, deep, **hints)


def _applied(self: Any, function: Any) -> Any:
    elementwise(function, self)  # which says what is no function of entries; what SymPy writes stays SymPy's
    return _sympys_applyfunc(self, function)


Expr.subs = _with_arrays
for _name in ("__float__", "__int__", "__round__", "__trunc__", "__format__"):
    setattr(Expr, _name, _number(getattr(Expr, _name)))
Relational.__bool__ = _truth
MatrixSymbol._xreplace = _with_matrix
Expr.__reduce_ex__ = reduced
for _name in NESTED:
    for _kind in (MatrixNode, MatrixExpr):
        setattr(_kind, _name, _taught(_name, getattr(_kind, _name)))
for _kind in (Function, DefinedFunction, MinMaxBase):
    _kind.__new__ = _of_scalars(_kind.__new__)
for _kind in (Trace, Inverse, Determinant):
    _kind.__new__ = _of_square(_kind.__new__, _kind.__name__)
for _kind, _way in _WAYS.items():
    _kind.__new__ = _beside_scalars(_kind.__new__, _way)
MatrixExpr.inverse = _of_square(MatrixExpr.inverse, "Inverse")
MatrixExpr.__rpow__ = _below_scalars(MatrixExpr.__rpow__, lambda a, b: b**a)
for _kind in (MatrixNode, MatrixExpr):
    _kind.__rtruediv__ = _below_scalars(_kind.__rtruediv__, lambda a, b: b / a)  # type: ignore[method-assign]
for _kind in (MatMul, MatPow):
    _kind._entry = _unwritten(_kind._entry)
MatPow.as_explicit = _written_out
MatMul.could_extract_minus_sign = lambda self: self.args[0].is_Number and bool(self.args[0] < 0)
OneMatrix._sympystr = lambda self, printer: "OneMatrix({}, {})".format(*map(printer.doprint, self.shape))
_sympys_applyfunc, MatrixExpr.applyfunc = MatrixExpr.applyfunc, _applied
_sympys_subs, Subs.__new__ = Subs.__new__, _at_once  # type: ignore[method-assign]
_sympys_parts, MatrixExpr.as_real_imag = MatrixExpr.as_real_imag, _parts
MatrixExpr.trace = lambda self: Trace(self)
MatrixExpr.H = property(lambda self: self.T if is_real(self) else adjoint(self))
MatrixExpr.mT = property(lambda self: self.T)
Transpose._eval_inverse = lambda self: inverse_of(self) or Inverse(self)
DotProduct.diff = lambda self, *symbols, **_: Node.slope(self, *symbols)
