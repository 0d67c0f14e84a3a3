"""Constructors that simplify at birth: products, sums, transposes and entrywise functions of matrix expressions.

In: SymPy expressions and nodes. Out: the same value, coefficients in front, identities and zeros gone, ones joined.
They look one level down, never deeper, and compute no derivative.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import mul
from typing import Any

from sympy import (
    S, Add, Expr, HadamardProduct, Identity, Inverse, Lambda, MatAdd, MatMul, MatrixExpr, Max, Min,
    OneMatrix, Transpose, ZeroMatrix, default_sort_key,
)  # fmt: skip
from sympy.core.relational import Relational
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.atoms import evaluated, hidden, scalar_atoms
from symnet.expressions.beside import to_one_shape
from symnet.expressions.declared import are_inverse, is_declared, of_positive
from symnet.expressions.entering import given
from symnet.expressions.interned import DeepProduct, Node
from symnet.expressions.lengths import root_of
from symnet.expressions.nodes import Diag, Elementwise, Total
from symnet.expressions.operands import as_expression, raw, split
from symnet.expressions.scalars import Bound, bound_variables, nested_variables
from symnet.expressions.stability import entered, stable
from symnet.expressions.table import brief
from symnet.expressions.sizes import Shape, same_shape, shape_text

SMALL = 64  # entries of a matrix of numbers that is looked through


def elementwise(f: Any, *args: Any) -> Any:
    """Apply a scalar function entry by entry.

    f: a SymPy function (`tanh`, `Max`), a `Lambda`, or a Python function of scalar expressions.
    args: matrices of one shape, and scalars that are the same for every entry.

    Gives a matrix of that shape; a scalar where every argument is a scalar. Symbols free in `f` are parameters like
    any other: `elementwise(Lambda(x, Max(x, a*x)), Z)` can be differentiated in `a`.

    Raises `sympy.ShapeError` where the matrices differ in shape, `TypeError` where `f` does not give a scalar.

    >>> import symnet as sn
    >>> from sympy import Max
    >>> A, B = sn.matrix("A", 2, 3), sn.matrix("B", 2, 3)
    >>> sn.evaluate(sn.sum(elementwise(Max, A, B)), {A: [[1, 2, 3], [4, 5, 6]], B: [[3, 3, 3], [4, 4, 4]]})
    24.0
    """
    name = getattr(f, "__name__", str(f)).replace("<lambda>", "elementwise")
    if not args:
        raise TypeError(f"{name} entry by entry of nothing; give a matrix expression")
    values = [as_expression(a, name) for a in args]
    if not callable(f):
        raise TypeError(f"elementwise: {f!r} is no function; write elementwise(f, A) with f such as sympy.tanh")
    with nested_variables(len(values)) as variables:
        body = given(_applied(f, variables), f"elementwise: what {name} gave")
    if not isinstance(body, Expr) or body.is_Matrix:
        way = "; for 1 where it holds write Piecewise((1, …), (0, True))" if isinstance(body, Relational) else ""
        raise TypeError(f"{name} must give a scalar for each entry; it gave {body}{way}")
    body, away = hidden(evaluated(body))
    body = entered(body).xreplace(away)
    matrices = [a for a in values if a.is_Matrix]
    if not matrices:
        body, back = hidden(body)
        return body.xreplace(dict(zip(variables, values, strict=True))).xreplace(back)
    for other in matrices[1:]:
        if not same_shape(matrices[0].shape, other.shape):
            raise ShapeError(
                f"{name} entry by entry: {brief(matrices[0])} is "
                f"{shape_text(matrices[0].shape)} but {brief(other)} is {shape_text(other.shape)}"
                f"{to_one_shape(matrices[0], other)}"
            )
    return apply_entrywise(body, dict(zip(variables, values, strict=True)))


def _applied(f: Any, variables: Any) -> Any:
    if not callable(f):
        raise TypeError(f"elementwise: {f!r} is no function; write sympy.tanh, a Lambda, or lambda t: t**2")
    try:
        return f(*variables)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise TypeError(
            f"elementwise: {getattr(f, '__name__', f)} cannot be applied to {len(variables)} symbols ({_why(error)}); "
            "write it with functions of SymPy's, such as sympy.tanh, Max and Piecewise"
        ) from error


def _why(error: Exception) -> str:
    # what Python, NumPy and SymPy say of our variables, in words without them
    text = str(error)
    if "loop of ufunc" in text or "NumPy's functions" in text or "to float" in text or "real number" in text:
        return "NumPy's functions and those of math compute with numbers"
    if "neither true nor false" in text:
        return "it asks whether a condition on a symbol is true: write Piecewise((1, t > 0), (0, True)) or Max(t, 0)"
    return text


def _constant(A: Any) -> Any:
    # the number that every entry of a matrix is, None where they differ
    c, rest = split(A) if A.is_Matrix else (A, None)
    if isinstance(rest, ZeroMatrix):
        return S.Zero
    return c if isinstance(rest, OneMatrix) else None


def of_entries(A: Any, parts: Iterable[Expr]) -> Expr:
    """Give the formula of an entry of A, a sum or an entrywise product, from those of its parts."""
    return Add(*parts) if isinstance(A, MatAdd) else reduce(mul, parts)  # two at a time: SymPy puts numbers into sums


def apply_entrywise(body: Expr, values: dict[Any, Any], shape: Any = None) -> Any:
    """Apply a scalar `body` entry by entry, its variables standing for the matrices and scalars in `values`.

    `shape`: of the result, where all of these may be scalars."""
    body, back = hidden(body)
    body = stable(body)
    slots: dict[Any, Any] = {}
    body = body.xreplace({v: slots.setdefault(a, v) for v, a in values.items() if a.is_Matrix})
    numbers = {v: c for a, v in slots.items() if (c := _constant(a)) is not None}
    numbers |= {v: a for v, a in values.items() if not a.is_Matrix}
    body = body.xreplace({v: _without_max(c) for v, c in numbers.items()})  # at once: each has variables of its own
    body, slots = of_positive(body, slots)
    matrices = {v: a for a, v in slots.items() if v in body.free_symbols}  # a number can make one fall away
    body = body.xreplace(back)
    scalars = sorted(scalar_atoms(body) - set(matrices), key=default_sort_key)
    loose = [s for s in scalars if any(isinstance(inner, Bound) for inner in s.free_symbols)]
    if loose:
        raise TypeError(
            f"{brief(loose[0])} stands inside an entrywise function and depends on its entry; write the sum with "
            "matrix products and entrywise functions beside each other, not one inside the other"
        )
    shape = shape or next(a.shape for a in values.values() if a.is_Matrix)
    if not matrices:
        return scaled(body, OneMatrix(*shape))
    if len(matrices) == 1:
        ((v, A),) = matrices.items()
        if body == v:
            return A
        if isinstance(A, MatMul) and A.args[-1] == OneMatrix(1, shape[1]) and shape[1] != 1:
            return matmul(apply_entrywise(body, {v: matmul(*A.args[:-1])}), A.args[-1])
    old = [*matrices, *scalars]
    new = bound_variables(len(old))
    renamed = Lambda(new, body.xreplace(dict(zip(old, new, strict=True))))
    return Elementwise(renamed, *matrices.values(), *scalars)


def _without_max(c: Expr) -> Expr:
    # a scalar that comes to stand inside an entrywise function: SymPy's Max and Min have no derivative there
    if c.is_Atom:
        return c
    c, back = hidden(evaluated(c))
    return (stable(c) if c.has(Max, Min) else c).xreplace(back)


def scaled(c: Expr, A: MatrixExpr) -> MatrixExpr:
    """Give c·A with one coefficient in front."""
    if c is S.One:
        return A
    inner, rest = split(A)
    c = c * inner
    if c is S.One:
        return rest
    if c.is_zero or isinstance(rest, ZeroMatrix):
        return ZeroMatrix(*rest.shape)
    factors = rest.args if isinstance(rest, MatMul) else (rest,)
    return raw(MatMul, c, *factors)


def transpose(A: MatrixExpr) -> MatrixExpr:
    """Give Aᵀ, pushed to the symbols of a product."""
    if isinstance(A, Transpose):
        return A.args[0]
    if isinstance(A, (OneMatrix, ZeroMatrix)):
        return type(A)(A.shape[1], A.shape[0])
    if isinstance(A, (Identity, Diag)) or is_declared(A, "symmetric"):
        return A
    if isinstance(A, Inverse):
        return raw(Inverse, transpose(A.args[0]), S.NegativeOne)
    if isinstance(A, MatMul) and not isinstance(A, Node):
        return raw(
            MatMul, *[a for a in A.args if not a.is_Matrix], *[transpose(a) for a in reversed(A.args) if a.is_Matrix]
        )
    if A.is_Matrix and A.shape == (1, 1):
        return A
    if isinstance(A, MatrixBase) and len(A) <= SMALL and A.is_symmetric(simplify=False):
        return A
    return raw(Transpose, A)


def is_one(A: Any) -> bool:
    """Tell whether a product is what it is without this factor: an identity, or a single 1."""
    return isinstance(A, Identity) or isinstance(A, OneMatrix) and A.shape == (1, 1)


def _joined(a: MatrixExpr, b: MatrixExpr) -> MatrixExpr | None:
    if is_one(a):
        return b
    if is_one(b):
        return a
    if are_inverse(a, b):
        return Identity(a.shape[0])
    if isinstance(a, OneMatrix) and isinstance(b, OneMatrix):
        return scaled(a.shape[1], OneMatrix(a.shape[0], b.shape[1]))
    if isinstance(a, OneMatrix) and getattr(b, "sums_to_one", None) == 0:
        return OneMatrix(a.shape[0], b.shape[1])
    if isinstance(b, OneMatrix) and getattr(a, "sums_to_one", None) == 1:
        return OneMatrix(a.shape[0], b.shape[1])
    return None


def _factors(A: Any) -> tuple[Any, ...]:
    if A is None:
        return ()
    return tuple(A.args) if isinstance(A, MatMul) and not isinstance(A, Node) else (A,)


def matmul(*args: Expr) -> MatrixExpr:
    """Give the product, coefficients in front, identities dropped, ones times ones joined."""
    coefficient: Expr = S.One
    factors: list[MatrixExpr] = []
    for arg in args:
        c, A = split(arg) if arg.is_Matrix else (arg, None)
        coefficient = coefficient * c
        for factor in _factors(A):
            joined = _joined(factors[-1], factor) if factors else None
            while joined is not None:
                factors.pop()
                c, factor = split(joined)
                coefficient = coefficient * c
                joined = _joined(factors[-1], factor) if factors else None
            factors.append(factor)
    if any(isinstance(f, ZeroMatrix) for f in factors):
        return ZeroMatrix(factors[0].shape[0], factors[-1].shape[1])
    return scaled(coefficient, factors[0] if len(factors) == 1 else raw(MatMul, *factors))


def nested(A: Any) -> Any:
    """Give a product as one that is not taken apart, so that all who share it go on sharing it; else A as it is."""
    if type(A) is not MatMul:
        return A
    scalars, matrices = [a for a in A.args if not a.is_Matrix], [a for a in A.args if a.is_Matrix]
    if len(matrices) < 2:
        return A
    product = DeepProduct(*matrices)
    return raw(MatMul, *scalars, product) if scalars else product


def hadamard(*args: MatrixExpr) -> MatrixExpr:
    """Give the entrywise product, coefficients in front, ones dropped.

    args: matrices of one shape; raises `ShapeError` where they differ.

    >>> import symnet as sn
    >>> A, B = sn.matrix("A", 1, 2), sn.matrix("B", 1, 2)
    >>> sn.evaluate(sn.hadamard(A, B), {A: [[1, 2]], B: [[3, 4]]}).tolist()
    [[3.0, 8.0]]
    """
    coefficient: Expr = S.One
    factors: list[MatrixExpr] = []
    for arg in args:
        c, A = split(arg)
        coefficient = coefficient * c
        if isinstance(A, ZeroMatrix):
            return A
        if not isinstance(A, OneMatrix) and not (isinstance(A, Identity) and A.shape == (1, 1)):
            factors.extend(A.args if isinstance(A, HadamardProduct) else (A,))
    if not factors:
        return scaled(coefficient, OneMatrix(*args[0].shape))
    return scaled(coefficient, factors[0] if len(factors) == 1 else raw(HadamardProduct, *factors))


def add(*args: MatrixExpr) -> MatrixExpr:
    """Give the sum: like terms joined, zeros dropped, positive terms first, a common coefficient taken out."""
    terms: dict[MatrixExpr, Expr] = {}
    for arg in args:
        c, A = split(arg)
        inner = [split(a) for a in A.args] if isinstance(A, MatAdd) else [(S.One, A)]
        for d, B in inner:
            terms[B] = terms.get(B, S.Zero) + c * d
    live = [(c, A) for A, c in terms.items() if c != 0 and not isinstance(A, ZeroMatrix)]
    if not live:
        return ZeroMatrix(*args[0].shape)
    live.sort(key=lambda term: term[0].could_extract_minus_sign())
    common = live[0][0]
    if len(live) > 1 and all(c in (common, -common) for c, _ in live):
        return scaled(common, raw(MatAdd, *[A if c == common else scaled(S.NegativeOne, A) for c, A in live]))
    return scaled(*live[0]) if len(live) == 1 else raw(MatAdd, *[scaled(c, A) for c, A in live])


def total(A: MatrixExpr) -> Expr:
    """Give the sum of all entries, the coefficient taken out."""
    c, A = split(A)
    if isinstance(A, OneMatrix):
        return c * A.shape[0] * A.shape[1]
    if isinstance(A, ZeroMatrix):
        return S.Zero
    if is_declared(A, "one_hot_columns") or is_declared(A, "one_hot_rows"):
        return c * A.shape[1 - A.sums_to_one]
    if isinstance(A, Transpose):
        A = A.args[0]
    if isinstance(A, HadamardProduct) and all(isinstance(a, Transpose) for a in A.args):
        A = raw(HadamardProduct, *[a.args[0] for a in A.args])
    return c * Total(A)


def spread(v: MatrixExpr, shape: Shape, axis: int) -> MatrixExpr:
    """Give a row (axis 0) or a column (axis 1) repeated along an axis: 1·v or v·1ᵀ."""
    return matmul(OneMatrix(shape[0], 1), v) if axis == 0 else matmul(v, OneMatrix(1, shape[1]))


def sums(A: MatrixExpr, axis: int) -> MatrixExpr:
    """Give the sums along an axis: a row (axis 0) or a column (axis 1)."""
    return matmul(OneMatrix(1, A.shape[0]), A) if axis == 0 else matmul(A, OneMatrix(A.shape[1], 1))


def squared(expr: Any) -> Any:
    """Give A where an expression is the sum of A∘A, else None."""
    return root_of(expr)


def inner_product(A: MatrixExpr, B: MatrixExpr) -> Expr:
    """Give ⟨A, B⟩, the sum of A∘B."""
    return total(hadamard(A, B))
