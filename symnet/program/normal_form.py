"""How each node of a user's expression becomes one operation on light operands: a table from node to function.

In: the program that is being built and a node whose operands have their values. Out: the value of the node. A sum over
a Hadamard product needs no product of its own, tr(A·B) is the sum of Aᵀ∘B, transposes move outward. A node without a
row of its own is one operation on the values of its operands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from sympy import (
    S, Abs, Add, Basic, BlockMatrix, Expr, Function, HadamardPower, HadamardProduct, Identity, Inverse,
    KroneckerProduct, MatAdd, MatMul, MatPow, MatrixExpr, MatrixSlice, MatrixSymbol, Max, Min, Mul, OneMatrix, Pow,
    Product, Sum, Symbol, Trace, Transpose, ZeroMatrix, conjugate, default_sort_key, eye, log, re,
)  # fmt: skip
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import ITE
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.funcmatrix import FunctionMatrix
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions import (
    Adjugate, Assumed, AvgPool, PLAIN, Diagonal, Elementwise, Entry, Explicit, Expm, InExponent, Leading, Let,
    LetScalar, LinearMap, LogAbsDet, MatrixNode, MatrixPower, MaxPool, MeanOfAll, Means, OverDeviation, OverRoot, Pinv,
    Polar, PowerSlope, ScalarNode, Solve, Standardised, Table, Total, apply_entrywise, as_channels, as_images,
    bound_variables, brief, diag, diagonal, elementwise, entries, gathered, hadamard, inside_images, is_numeric,
    is_turned, kronecker, matmul, of_blocks, of_slice, picked, raw, scaled, split, stable, stand_in, together,
    transpose, without_indices,
)  # fmt: skip

from symnet.program.brackets import without_brackets
from symnet.program.building import Building
from symnet.program.fused_sums import fused_sum
from symnet.program.fusing import fused, fused_scalar, softmax_of
from symnet.program.solving import commuting, determinant, inverse, solve
from symnet.program.totals import dot, trace, whole_sum, with_singles


FEW = 8  # how often a matrix may stand in a product that is written as a power


def _let(b: Building, node: Any) -> Any:
    atom, name = b.atom(node.args[1]), node.args[0].name
    return atom if getattr(atom, "name", None) == name else b.define(atom, name)


def _apply(b: Building, node: Elementwise) -> Any:
    values, body = {}, node.body
    for v, a in zip(node.variables, node.args[1:], strict=True):
        atom = b.atom(a)
        c, rest = split(atom) if atom.is_Matrix else (S.One, atom)
        body = body if c is S.One else body.xreplace({v: c * v})
        values[v] = rest if atom.is_Matrix else b.coefficient(atom)
    body = body if b.entering else _with_known(b, body, values)
    matrices = [a for a in values.values() if a.is_Matrix]
    if matrices and (better := _fused(b, apply_entrywise(body, values))) is not None:
        return _kept(b, better, node)
    if (size := inside_images(matrices)) is not None:  # images are of what is computed for channels
        inner = apply_entrywise(body, {v: as_channels(a, size) if a.is_Matrix else a for v, a in values.items()})
        return as_images(b.store(inner if isinstance(inner, Elementwise) else b.value(inner), b.unless_let(node)), size)
    if all(map(is_turned, matrices)):
        turned = {v: transpose(a) if a.is_Matrix else a for v, a in values.items()}
        return transpose(b.store(b.value(apply_entrywise(body, turned)), b.unless_let(node)))
    if len(set(values.values())) == len(values) and body is node.body and body.free_symbols.issuperset(values):
        arguments = [values[v] for v in node.variables]
        spread = any(isinstance(a, (MatMul, OneMatrix, ZeroMatrix)) or a.is_number for a in arguments)
        if not spread:
            return b.store(Elementwise(node.args[0], *arguments), node)
    result = apply_entrywise(body, values)
    return b.store(result if isinstance(result, Elementwise) else b.value(result), node)


def _with_known(b: Building, body: Any, values: dict[Any, Any]) -> Any:
    # a function in a derivative that is a value of the program already, tanh(Z) beside sech²(Z), is that value
    for f in sorted(body.atoms(Function) - {body}, key=default_sort_key):
        if f.args in ((v,) for v, a in values.items() if a.is_Matrix):
            name = b.known(apply_entrywise(f, {f.args[0]: values[f.args[0]]}))
            if name is not None and name not in values.values():
                v = stand_in(len(values))
                body, values[v] = body.xreplace({f: v}), name
    return body


def _fused(b: Building, node: Any) -> Any:
    # only what a user has written: derivatives are stable as they are
    return fused(b, node) if b.entering and isinstance(node, (Elementwise, HadamardProduct, MatAdd)) else None


def _kept(b: Building, better: Any, node: Any) -> Any:
    if isinstance(better, Elementwise):
        return b.store(better, node)
    value, name = b.value(better), b.name_for(node)
    if isinstance(name, str):
        return b.define(value, name, node)
    c, A = split(value)
    rhs = b.definition(A)
    return value if name is None or rhs is None else scaled(c, b.define(rhs, name, node))


def _product(b: Building, node: Any) -> Any:
    factors = [f for a in node.args for f in _repeated(b, a)]
    matrices = [split(a) for a in factors if a.is_Matrix]
    c = Mul(*[a for a in factors if not a.is_Matrix], *[k for k, _ in matrices])
    if b.entering and len(matrices) == 1 and (found := softmax_of(b, c, matrices[0][1])) is not None:
        return _kept(b, scaled(*found), node)
    return b.product(node, *factors)


def _repeated(b: Building, A: Any) -> list[Any]:
    # a power in a product, such as A³·b, is as many products with a vector
    if isinstance(A, MatPow) and A.args[1].is_Integer and 1 < abs(A.args[1]) <= FEW:
        base = b.atom(A.args[0]) if A.args[1] > 0 else inverse(b, raw(Inverse, A.args[0], S.NegativeOne))
        return [base] * abs(int(A.args[1]))
    return [b.atom(A)]


def _diagonal(b: Building, node: Any) -> Any:
    # the diagonal of A·B is (A∘Bᵀ)·1, and the product itself is never needed
    c, A = split(b.atom(node.args[0]))
    d, rhs = split(b.definition(A)) if b.definition(A) is not None else (S.One, A)
    if isinstance(rhs, MatMul) and len(rhs.args) == 2:
        P, Q = rhs.args
        return b.value(scaled(c * d, matmul(hadamard(P, transpose(Q)), OneMatrix(P.shape[1], S.One))))
    return b.store(scaled(c, Diagonal(A)), node)


def _explicit(b: Building, node: Any) -> Any:
    # a matrix of numbers, of scalars, or all the entries of a symbol
    if is_numeric(node):
        return node
    if node.rows == node.cols > 1 and node == node[0, 0] * eye(node.rows):
        return b.value(scaled(node[0, 0], Identity(node.rows)))
    A = entries(node)
    return b.store(Explicit(*node.shape, *map(b.atom, node)), node) if A is None else b.value(A)


def _linear_map(b: Building, node: Any) -> Any:
    c, A = split(b.atom(node.args[0]))
    return b.store(scaled(c, node.with_operands(A)), node)


def _matrix_sum(b: Building, node: Any) -> Any:
    terms = [b.atom(a) for a in node.args]
    if (size := inside_images([split(a)[1] for a in terms])) is not None:
        return as_images(b.sum(b.unless_let(node), *[as_channels(a, size) for a in terms]), size)
    better = fused_sum(b, terms) if b.entering else None
    return b.sum(node, *terms) if better is None else _kept(b, better, node)


def _power(b: Building, node: Any) -> Any:
    base, exponent = b.atom(node.args[0]), node.args[1]
    if not exponent.is_Integer and base.shape == (1, 1):  # a scalar
        return scaled(b.value(Total(node.args[0]) ** exponent), OneMatrix(1, 1))
    if not exponent.is_number and exponent.is_integer is not False:
        return b.store(MatrixPower(base, b.coefficient(b.atom(exponent))), node)
    if not exponent.is_Integer:
        raise TypeError(f"in {b.readable(node)}: a matrix power must be a whole number; use Inverse or products")
    if exponent < 0:
        base, exponent = inverse(b, raw(Inverse, base, S.NegativeOne)), -exponent
    return b.product(node, *[base] * int(exponent))


def _refused_exponent(b: Building, node: Any) -> Any:
    raise TypeError(
        f"{node.args[0]} is the exponent of a power of a matrix, a whole number: there is no derivative in it"
    )


def _hadamard(b: Building, node: Any) -> Any:
    # A∘B, which is a value itself, stands in A∘B∘C
    factors = without_brackets(b, [b.value(a) for a in b.factors(node)])
    c, product = split(hadamard(*factors))
    if (better := _fused(b, product)) is not None:
        return _kept(b, scaled(c, better), node)
    if (size := inside_images([split(a)[1] for a in factors])) is not None:
        return as_images(b.store(hadamard(*[as_channels(a, size) for a in factors]), b.unless_let(node)), size)
    if all(is_turned(split(a)[1]) for a in factors):
        return transpose(b.store(hadamard(*map(transpose, factors)), b.unless_let(node)))
    return b.store(hadamard(*factors), node)


def _hadamard_power(b: Building, node: Any) -> Any:
    base, exponent = (b.atom(a) for a in node.args)
    if exponent.is_Integer and 0 < exponent <= 3:
        return b.store(hadamard(*[base] * int(exponent)), node)
    x, y = bound_variables(2)
    return b.store(b.value(apply_entrywise(x**y, {x: base, y: exponent})), node)


def _linear(b: Building, node: Any) -> Any:
    # an operation that is linear in its first operand: a coefficient stands before it
    first, *others = map(b.atom, node.operands)
    c, A = split(first)
    inside = b.definition(A)
    if isinstance(node, Means) and isinstance(inside, Standardised) and inside.axis == node.axis:
        return ZeroMatrix(*node.shape)
    if isinstance(A, ZeroMatrix) or (isinstance(A, OneMatrix) and isinstance(node, (Means, MeanOfAll))):
        return first
    return b.store(scaled(c, node.with_operands(A, *others)), node)


def _entry(b: Building, node: Any) -> Any:
    A, i, j = node.args
    if not (i.is_Integer and j.is_Integer):
        raise TypeError(f"in {node}: the indices of an entry must be numbers")
    if i < 0 or j < 0:
        raise IndexError(f"{node}: {brief(A)} has no entry there; rows and columns are counted from 0")
    c, name = split(b.atom(A))
    turned = isinstance(name, Transpose)
    name = name.args[0] if turned else name
    if isinstance(name, MatrixSymbol) and (isinstance(node, Entry) or not isinstance(b.definition(name), MatMul)):
        return c * b.define(Entry(name, j, i) if turned else Entry(name, i, j), b.name_for(node))
    return b.value(picked([A], i, j))


def _sum(b: Building, node: Any) -> Any:
    whole = gathered(node)
    return _scalar(b, node) if whole is None else b.atom(whole)


def _pooled(b: Building, node: Any) -> Any:
    pooled = node.with_operands(b.atom(node.args[0]))
    if (size := inside_images([pooled])) is None:
        return b.store(pooled, node)
    return as_images(b.store(pooled.args[0], b.unless_let(node)), size)


def _assumed(b: Building, node: Assumed) -> Any:
    atom = b.atom(node.args[0])
    b.assume(atom, node)
    return atom


def _scalar(b: Building, node: Any) -> Any:
    if b.entering and not isinstance(node, (Add, Mul)) and (single := with_singles(node)) is not node:
        return b.value(single)
    arguments = [b.value(Total(a)) if getattr(a, "is_Matrix", False) else b.atom(a) for a in node.args]  # 1×1
    changed = any(x is not y for x, y in zip(arguments, node.args, strict=True))
    rebuilt = node.func(*arguments) if changed else node
    rebuilt = stable(rebuilt) if isinstance(node, (Max, Min, ITE, ExprCondPair)) else rebuilt
    if b.entering and isinstance(rebuilt, (log, Pow, Mul, Add)) and (better := fused_scalar(b, rebuilt)) is not None:
        return b.scalar(better, node) if together(better) else b.value(better)
    return b.scalar(rebuilt, node) if isinstance(node, Expr) else rebuilt


def _scalar_power(b: Building, node: Any) -> Any:
    # |x|² is x²: all numbers are real
    base, exponent = node.args
    if not (isinstance(base, Abs) and exponent.is_even):
        return _scalar(b, node)
    squared = base.args[0] ** exponent
    return _scalar(b, squared) if isinstance(squared, Pow) else b.value(squared)  # |√u|² is u, of any kind


# fmt: off
NORMAL_FORMS: Table[Callable[[Any, Any], Any]] = Table("normal form", "give it one in NORMAL_FORMS", {
    **dict.fromkeys((MatrixSymbol, Symbol), lambda b, node: b.input(node)),
    **dict.fromkeys(PLAIN, lambda b, node: node),
    MatrixBase:      _explicit,
    BlockMatrix:     lambda b, node: b.value(of_blocks(node)),
    MatrixSlice:     lambda b, node: b.value(of_slice(node)),
    LinearMap:       _linear_map,
    **dict.fromkeys((Adjugate, Expm, MatrixPower, Pinv, Leading, Polar), commuting),
    PowerSlope:      lambda b, node: b.store(node.with_operands(*map(b.atom, node.operands)), node),
    MatMul:          _product,
    MatAdd:          _matrix_sum,
    MatPow:          _power,
    Transpose:       lambda b, node: b.store(transpose(b.atom(node.args[0])), node),
    Inverse:         inverse,
    Solve:           solve,
    HadamardProduct: _hadamard,
    HadamardPower:   _hadamard_power,
    Elementwise:     _apply,
    ElementwiseApplyFunction: lambda b, node: b.store(b.value(elementwise(node.function, node.expr)), node),
    KroneckerProduct: lambda b, node: b.value(reduce(kronecker, node.args)),
    Diagonal:        _diagonal,
    DiagMatrix:      lambda b, node: b.value(diag(node.args[0])),
    DiagonalOf:      lambda b, node: b.value(diagonal(node.args[0])),
    DiagonalMatrix:  lambda b, node: b.value(diag(diagonal(node.args[0]))),
    Total:           whole_sum,
    Trace:           trace,
    DotProduct:      dot,
    **dict.fromkeys((Determinant, LogAbsDet), determinant),
    **dict.fromkeys((MatrixElement, Entry), _entry),
    InExponent:      _refused_exponent,
    Assumed:         _assumed,
    **dict.fromkeys((MaxPool, AvgPool), _pooled),
    **dict.fromkeys((Means, MeanOfAll, OverDeviation, OverRoot), _linear),
    **dict.fromkeys((re, conjugate), lambda b, node: b.atom(node.args[0])),  # all numbers are real
    Add:             _sum,
    Pow:             _scalar_power,
    **dict.fromkeys((Sum, Product, FunctionMatrix), lambda b, node: b.atom(without_indices(node))),
    **dict.fromkeys((Let, LetScalar), _let),
    MatrixNode:      lambda b, node: b.store(node.with_operands(*map(b.atom, node.operands)), node),
    ScalarNode:      lambda b, node: b.define(node.with_operands(*map(b.atom, node.operands)), b.name_for(node)),
    MatrixExpr:      lambda b, node: b.store(node.func(*map(b.atom, node.args)), node),
    Basic:           _scalar,
})
# fmt: on
