"""How each node of a user's expression becomes one operation on light operands: a table from node to function.

In: the program that is being built and a node whose operands have their values. Out: the value of the node. A sum over
a Hadamard product needs no product of its own, tr(A·B) is the sum of Aᵀ∘B, transposes move outward. A node without a
row of its own is one operation on the values of its operands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import reduce
from typing import Any, Protocol

from sympy import (
    S, Add, Basic, Expr, HadamardPower, HadamardProduct, Identity, Inverse, KroneckerProduct, MatAdd, MatMul,
    MatPow, MatrixExpr, MatrixSymbol, Max, Min, Mul, OneMatrix, Pow, Sum, Symbol, Trace, Transpose, ZeroMatrix,
    conjugate, log, re,
)  # fmt: skip
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import ITE
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions import (
    Commutation, Distribution, Elementwise, Let, LetScalar, MatrixNode, Name, ScalarNode, Table, Total, Unit,
    apply_entrywise, bound_variables, diag, diagonal, elementwise, gathered, hadamard, inverse_of, is_turned, kronecker,
    matmul, picked, raw, same_size, scaled, split, stable, total, transpose,
)  # fmt: skip

from symnet.program.fused_sums import fused_sum
from symnet.program.fusing import fused, fused_scalar, softmax_of


class Building(Protocol):
    """What the table needs of the program that is being built; `Builder` has it."""

    def atom(self, node: Any) -> Any: ...
    def input(self, symbol: Any) -> Name: ...
    def value(self, expr: Any) -> Any: ...
    def store(self, expr: Any, node: Any = None) -> Any: ...
    def define(self, rhs: Any, name: Any = None, node: Any = None) -> Name: ...
    def product(self, node: Any, *factors: Any) -> Any: ...
    def sum(self, node: Any, *terms: Any) -> Any: ...
    def scalar(self, rebuilt: Any, node: Any = None) -> Any: ...
    def coefficient(self, c: Any) -> Any: ...
    def definition(self, name: Any) -> Any: ...
    def name_for(self, node: Any) -> Any: ...
    def unless_let(self, node: Any) -> Any: ...
    def check(self, rhs: Any) -> None: ...
    @property
    def entering(self) -> bool: ...
    def assume(self, symbol: Any, axis: int) -> None: ...
    def readable(self, expr: Any) -> str: ...


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
    matrices = [a for a in values.values() if a.is_Matrix]
    if matrices and (better := _fused(b, apply_entrywise(body, values))) is not None:
        return _kept(b, better, node)
    if all(map(is_turned, matrices)):
        turned = {v: transpose(a) if a.is_Matrix else a for v, a in values.items()}
        return transpose(b.store(b.value(apply_entrywise(body, turned)), b.unless_let(node)))
    if len(set(values.values())) == len(values) and body is node.body:
        arguments = [values[v] for v in node.variables]
        spread = any(isinstance(a, (MatMul, OneMatrix, ZeroMatrix)) or a.is_number for a in arguments)
        if not spread:
            return b.store(Elementwise(node.args[0], *arguments), node)
    result = apply_entrywise(body, values)
    return b.store(result if isinstance(result, Elementwise) else b.value(result), node)


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
    factors = [b.atom(a) for a in node.args]
    matrices = [split(a) for a in factors if a.is_Matrix]
    c = Mul(*[a for a in factors if not a.is_Matrix], *[k for k, _ in matrices])
    if b.entering and len(matrices) == 1 and (found := softmax_of(b, c, matrices[0][1])) is not None:
        return _kept(b, scaled(*found), node)
    return b.product(node, *factors)


def _matrix_sum(b: Building, node: Any) -> Any:
    terms = [b.atom(a) for a in node.args]
    better = fused_sum(b, terms) if b.entering else None
    return b.sum(node, *terms) if better is None else _kept(b, better, node)


def _power(b: Building, node: Any) -> Any:
    base, exponent = b.atom(node.args[0]), node.args[1]
    if not exponent.is_Integer and base.shape == (1, 1):  # a scalar
        return scaled(b.value(Total(node.args[0]) ** exponent), OneMatrix(1, 1))
    if not exponent.is_Integer:
        raise TypeError(f"in {b.readable(node)}: a matrix power must be a whole number; use Inverse or products")
    if exponent < 0:
        base, exponent = _inverse(b, base), -exponent
    return b.product(node, *[base] * int(exponent))


def _inverse(b: Building, A: Any, node: Any = None) -> Any:
    c, rest = split(A)
    known = inverse_of(rest)  # of an orthogonal matrix it is its transpose
    if known is not None:
        return b.store(scaled(1 / c, known), node)
    return b.define(raw(Inverse, A, S.NegativeOne), b.name_for(node))


def _hadamard(b: Building, node: Any) -> Any:
    factors = [b.atom(a) for a in node.args]
    c, product = split(hadamard(*factors))
    if (better := _fused(b, product)) is not None:
        return _kept(b, scaled(c, better), node)
    if all(is_turned(split(a)[1]) for a in factors):
        return transpose(b.store(hadamard(*map(transpose, factors)), b.unless_let(node)))
    return b.store(hadamard(*factors), node)


def _hadamard_power(b: Building, node: Any) -> Any:
    base, exponent = (b.atom(a) for a in node.args)
    if exponent.is_Integer and 0 < exponent <= 3:
        return b.store(hadamard(*[base] * int(exponent)), node)
    x, y = bound_variables(2)
    return b.store(b.value(apply_entrywise(x**y, {x: base, y: exponent})), node)


def _total(b: Building, node: Any) -> Any:
    # A Hadamard product that is only summed needs no equation of its own.
    c, A = split(b.atom(node.args[0]))
    definition = b.definition(A)
    if isinstance(definition, HadamardProduct):
        A = definition if len(definition.args) == 2 else _square(b, definition)
    if (
        A.shape == (1, 1)
        and isinstance(definition, MatMul)
        and len(definition.args) == 2
        and definition.args[0].is_Matrix
    ):
        A = hadamard(transpose(definition.args[0]), definition.args[1])
    result = total(A)
    return c * _defined(b, result, b.name_for(node) if isinstance(c * result, Total) else None)


def _square(b: Building, product: Any) -> Any:
    # the sum of M∘D∘M∘D is ‖M∘D‖²
    times = Counter(product.args)
    if any(n % 2 for n in times.values()):
        return product
    half = b.store(hadamard(*[a for a, n in times.items() for _ in range(n // 2)]))
    return raw(HadamardProduct, half, half)


def _trace(b: Building, node: Any) -> Any:
    # tr(A·B) is the sum of Aᵀ∘B, whatever the sizes: the product itself is never needed.
    inside = node.args[0]
    if isinstance(inside, MatMul):
        scalars = [b.atom(a) for a in inside.args if not a.is_Matrix]
        first, *others = [b.atom(a) for a in inside.args if a.is_Matrix]
        b.check(raw(MatMul, first, *others))
        if others:
            product = b.product(None, *others)
            b.check(raw(Trace, matmul(first, product)))
            c, H = split(hadamard(transpose(first), product))
            return Mul(*scalars) * c * _defined(b, total(H))
        inside = scaled(Mul(*scalars), first)
    if isinstance(inside, MatAdd):
        return sum((b.value(raw(Trace, a)) for a in inside.args), S.Zero)
    c, A = split(b.atom(inside))
    if isinstance(A, Transpose):
        A = A.args[0]
    if isinstance(A, OneMatrix):
        return c * A.shape[0]
    trace = raw(Trace, A)
    b.check(trace)
    return c * (A.shape[0] if isinstance(A, Identity) else b.define(trace))


def _dot(b: Building, node: Any) -> Any:
    columns = [transpose(a) if same_size(a.shape[0], S.One) else a for a in map(b.atom, node.args)]
    return b.value(Total(raw(HadamardProduct, *columns)))


def _defined(b: Building, summed: Any, name: Any = None) -> Any:
    return summed.xreplace({f: b.define(f, name) for f in Mul.make_args(summed) if isinstance(f, Total)})


def _entry(b: Building, node: Any) -> Any:
    A, i, j = node.args
    if not (i.is_Integer and j.is_Integer):
        raise TypeError(f"in {node}: the indices of an entry must be numbers")
    return b.value(picked([A], i, j))


def _sum(b: Building, node: Any) -> Any:
    whole = gathered(node)
    return _scalar(b, node) if whole is None else b.atom(whole)


def _distribution(b: Building, node: Distribution) -> Any:
    atom = b.atom(node.args[0])
    if isinstance(atom, MatrixSymbol):
        b.assume(atom, node.axis)
    return atom


def _scalar(b: Building, node: Any) -> Any:
    arguments = [b.value(Total(a)) if getattr(a, "is_Matrix", False) else b.atom(a) for a in node.args]  # 1×1
    changed = any(x is not y for x, y in zip(arguments, node.args, strict=True))
    rebuilt = node.func(*arguments) if changed else node
    rebuilt = stable(rebuilt) if isinstance(node, (Max, Min, ITE, ExprCondPair)) else rebuilt
    if b.entering and isinstance(rebuilt, (log, Pow, Mul, Add)) and (better := fused_scalar(b, rebuilt)) is not None:
        return b.value(better)
    return b.scalar(rebuilt, node) if isinstance(node, Expr) else rebuilt


# fmt: off
NORMAL_FORMS: Table[Callable[[Any, Any], Any]] = Table("normal form", "give it one in NORMAL_FORMS", {
    **dict.fromkeys((MatrixSymbol, Symbol), lambda b, node: b.input(node)),
    **dict.fromkeys((OneMatrix, ZeroMatrix, Identity, Unit, Commutation, MatrixBase), lambda b, node: node),
    MatMul:          _product,
    MatAdd:          _matrix_sum,
    MatPow:          _power,
    Transpose:       lambda b, node: b.store(transpose(b.atom(node.args[0])), node),
    Inverse:         lambda b, node: _inverse(b, b.atom(node.args[0]), node),
    HadamardProduct: _hadamard,
    HadamardPower:   _hadamard_power,
    Elementwise:     _apply,
    ElementwiseApplyFunction: lambda b, node: b.store(b.value(elementwise(node.function, node.expr)), node),
    KroneckerProduct: lambda b, node: b.value(reduce(kronecker, node.args)),
    DiagMatrix:      lambda b, node: b.value(diag(node.args[0])),
    DiagonalOf:      lambda b, node: b.value(diagonal(node.args[0])),
    DiagonalMatrix:  lambda b, node: b.value(diag(diagonal(node.args[0]))),
    Total:           _total,
    Trace:           _trace,
    DotProduct:      _dot,
    Determinant:     lambda b, node: b.define(raw(Determinant, b.atom(node.args[0])), b.name_for(node)),
    MatrixElement:   _entry,
    Distribution:    _distribution,
    **dict.fromkeys((re, conjugate), lambda b, node: b.atom(node.args[0])),  # all numbers are real
    **dict.fromkeys((Add, Sum), _sum),
    **dict.fromkeys((Let, LetScalar), _let),
    MatrixNode:      lambda b, node: b.store(node.with_operands(*map(b.atom, node.operands)), node),
    ScalarNode:      lambda b, node: b.define(node.with_operands(*map(b.atom, node.operands)), b.name_for(node)),
    MatrixExpr:      lambda b, node: b.store(node.func(*map(b.atom, node.args)), node),
    Basic:           _scalar,
})
# fmt: on
