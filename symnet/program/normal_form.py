"""How each node of a user's expression becomes one operation on light operands: a table from node to function.

In: the program that is being built and a node whose operands have their values. Out: the value of the node. A sum over
a Hadamard product needs no product of its own, tr(A·B) is the sum of Aᵀ∘B, transposes move outward.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import (
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mul,
    OneMatrix,
    S,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions.algebra import (
    apply_entrywise,
    bound_variables,
    entrywise,
    hadamard,
    is_turned,
    matmul,
    scaled,
    total,
    transpose,
)
from symnet.expressions.nodes import (
    Distribution,
    Elementwise,
    Let,
    LetScalar,
    LogSoftmax,
    LogSumExp,
    Softmax,
    Total,
    Unit,
    raw,
    split,
)


def _let(program: Any, node: Any) -> Any:
    atom, name = program.atom(node.args[1]), node.args[0].name
    return atom if getattr(atom, "name", None) == name else program.define(atom, name)


def _apply(program: Any, node: Elementwise) -> Any:
    values, body = {}, node.body
    for v, a in zip(node.variables, node.args[1:], strict=True):
        atom = program.atom(a)
        c, rest = split(atom) if atom.is_Matrix else (S.One, atom)
        body = body if c is S.One else body.xreplace({v: c * v})
        values[v] = rest if atom.is_Matrix else program.coefficient(atom)
    matrices = [a for a in values.values() if a.is_Matrix]
    if all(map(is_turned, matrices)):
        turned = {v: transpose(a) if a.is_Matrix else a for v, a in values.items()}
        return transpose(program.store(program.value(apply_entrywise(body, turned)), program.unless_let(node)))
    if len(set(values.values())) == len(values) and body is node.body:
        arguments = [values[v] for v in node.variables]
        spread = any(isinstance(a, (MatMul, OneMatrix)) for a in arguments)
        if not spread:
            return program.store(Elementwise(node.args[0], *arguments), node)
    result = apply_entrywise(body, values)
    return program.store(result if isinstance(result, Elementwise) else program.value(result), node)


def _power(program: Any, node: Any) -> Any:
    base, exponent = program.atom(node.args[0]), node.args[1]
    if not exponent.is_Integer:
        raise TypeError(f"in {program.readable(node)}: a matrix power must be a whole number; use Inverse or products")
    if exponent < 0:
        base, exponent = program.define(Inverse(base)), -exponent
    return program.product(node, *[base] * int(exponent))


def _hadamard(program: Any, node: Any) -> Any:
    factors = [program.atom(a) for a in node.args]
    if all(is_turned(split(a)[1]) for a in factors):
        return transpose(program.store(hadamard(*map(transpose, factors)), program.unless_let(node)))
    return program.store(hadamard(*factors), node)


def _hadamard_power(program: Any, node: Any) -> Any:
    base, exponent = (program.atom(a) for a in node.args)
    if exponent.is_Integer and 0 < exponent <= 3:
        return program.store(hadamard(*[base] * int(exponent)), node)
    x, y = bound_variables(2)
    return program.store(program.value(apply_entrywise(x**y, {x: base, y: exponent})), node)


def _total(program: Any, node: Any) -> Any:
    # A Hadamard product that is only summed needs no equation of its own.
    c, A = split(program.atom(node.args[0]))
    definition = program.definitions.get(A)
    if isinstance(definition, HadamardProduct) and len(definition.args) == 2:
        A = definition
    if A.shape == (1, 1) and isinstance(definition, MatMul) and len(definition.args) == 2:
        A = hadamard(transpose(definition.args[0]), definition.args[1])
    result = total(A)
    summed = [f for f in Mul.make_args(result) if isinstance(f, Total)]
    name = program.name_for(node) if c * result in summed else None
    return c * result.xreplace({f: program.define(f, name) for f in summed})


def _trace(program: Any, node: Any) -> Any:
    # tr(A·B) is the sum of Aᵀ∘B, whatever the sizes: the product itself is never needed.
    inside = node.args[0]
    if isinstance(inside, MatMul):
        scalars = [program.atom(a) for a in inside.args if not a.is_Matrix]
        first, *others = [program.atom(a) for a in inside.args if a.is_Matrix]
        program.check(raw(MatMul, first, *others), None)
        if others:
            product = program.product(None, *others)
            program.check(Trace(matmul(first, product)), None)
            c, H = split(hadamard(transpose(first), product))
            return Mul(*scalars) * c * _total_of(program, H)
        inside = scaled(Mul(*scalars), first)
    if isinstance(inside, MatAdd):
        return sum((program.value(Trace(a)) for a in inside.args), S.Zero)
    c, A = split(program.atom(inside))
    if isinstance(A, Transpose):
        A = A.args[0]
    if isinstance(A, OneMatrix):
        return c * A.shape[0]
    trace = Trace(A)
    program.check(trace, None)
    return c * (A.shape[0] if isinstance(A, Identity) else program.define(trace))


def _total_of(program: Any, H: Any) -> Any:
    summed = total(H)
    return summed.xreplace({f: program.define(f) for f in Mul.make_args(summed) if isinstance(f, Total)})


def _entry(program: Any, node: Any) -> Any:
    A, i, j = node.args
    if not (i.is_Integer and j.is_Integer):
        raise TypeError(f"in {node}: the indices of an entry must be numbers")
    rows, cols = A.shape
    return program.value(Total(MatMul(Unit(rows, i).T, A, Unit(cols, j), evaluate=False)))


def _distribution(program: Any, node: Any) -> Any:
    atom = program.atom(node.args[0])
    if atom in program.inputs.values():
        program.distributions[atom] = node.axis
    return Distribution(atom, node.args[1])


REDUCERS: dict[type, Callable[[Any, Any], Any]] = {
    MatrixSymbol: lambda p, node: p.input(node),
    Symbol: lambda p, node: p.input(node),
    OneMatrix: lambda p, node: node,
    ZeroMatrix: lambda p, node: node,
    Identity: lambda p, node: node,
    Unit: lambda p, node: node,
    MatMul: lambda p, node: p.product(node, *map(p.atom, node.args)),
    MatAdd: lambda p, node: p.sum(node, *map(p.atom, node.args)),
    MatPow: _power,
    Transpose: lambda p, node: p.store(transpose(p.atom(node.args[0])), node),
    Inverse: lambda p, node: p.define(Inverse(p.atom(node.args[0]))),
    HadamardProduct: _hadamard,
    HadamardPower: _hadamard_power,
    Elementwise: _apply,
    ElementwiseApplyFunction: lambda p, node: p.store(p.value(entrywise(node)), node),
    Total: _total,
    Trace: _trace,
    MatrixElement: _entry,
    Distribution: _distribution,
    Let: _let,
    LetScalar: _let,
    Softmax: lambda p, node: p.store(Softmax(p.atom(node.args[0]), node.args[1]), node),
    LogSoftmax: lambda p, node: p.store(LogSoftmax(p.atom(node.args[0]), node.args[1]), node),
    LogSumExp: lambda p, node: p.store(LogSumExp(p.atom(node.args[0]), node.args[1]), node),
}
