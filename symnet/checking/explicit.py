"""Entry by entry: an expression at small concrete sizes, as explicit SymPy matrices of scalar symbols.

In: an expression and numbers for its size symbols. Out: the same value with every matrix written out. This is the slow,
plain reading of an expression, against which the matrix calculus is proved; it knows no rule of differentiation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, mul
from typing import Any

import sympy
from sympy import (
    Basic, BlockMatrix, HadamardPower, HadamardProduct, Identity, Inverse, KroneckerProduct, MatAdd, MatMul, MatPow,
    MatrixSlice, MatrixSymbol, Mul, OneMatrix, Symbol, Trace, Transpose, ZeroMatrix,
)  # fmt: skip
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions import Elementwise, Let, LetScalar, Node, Table, size_number, walk, whole_power
from symnet.checking.freedom import entries_of


def explicit(expr: Any, sizes: Mapping[str, int]) -> Any:
    """Give an expression with every matrix written out; the entry i, j of W is the symbol W_ij, counted from 1.

    expr: a scalar or matrix expression; sizes: size name → number. Gives a scalar expression or a SymPy Matrix. Raises
    `KeyError` where a size has no number, `TypeError` for a node that cannot be written out.

    >>> import symnet as sn
    >>> print(explicit(sn.norm(sn.vector("x", 2)) ** 2, {}))
    x_1_1**2 + x_2_1**2
    """
    writer = _Writer(sizes)
    found: dict[int, Any] = {}
    for node in walk(expr):
        found[id(node)] = ENTRIES.of(node)(writer, node, lambda child: found.get(id(child), child))
    return found[id(expr)]


def entries(symbol: MatrixSymbol, sizes: Mapping[str, int]) -> Any:
    """Give the matrix of the scalar symbols that stand for the entries of a matrix symbol."""
    return _Writer(sizes).symbol(symbol)


class _Writer:
    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes

    def size(self, expr: Any) -> int:
        try:
            return size_number(expr, self.sizes)
        except KeyError as unknown:
            name = unknown.args[0]
            raise KeyError(f"no number is given for the size {name}; write sizes={{'{name}': 2, …}}") from None

    def shape(self, A: Any) -> tuple[int, int]:
        return self.size(A.shape[0]), self.size(A.shape[1])

    def symbol(self, A: MatrixSymbol) -> Any:
        return entries_of(A, *self.shape(A))

    def own(self, node: Node, value: Any) -> Any:
        operands = [value(a) for a in node.operands]
        if not isinstance(node, (Elementwise, Let, LetScalar)):  # sizes among its arguments are numbers here
            held = {id(a) for a in node.operands}
            sized = [self.size(a) if id(a) not in held and a.free_symbols else a for a in node.args]
            node = type(node)(*sized)
        if not node.is_Matrix:
            return node.entry(0, 0, *operands)
        return sympy.Matrix(*self.shape(node), lambda i, j: node.entry(int(i), int(j), *operands))


def _product(w: _Writer, node: Any, value: Any) -> Any:
    return reduce(mul, [value(a) for a in node.args if a.is_Matrix]) * Mul(
        *[value(a) for a in node.args if not a.is_Matrix]
    )


def _sum(w: _Writer, node: Any, value: Any) -> Any:
    return reduce(add, map(value, node.args))


def _written(w: _Writer, node: Any, value: Any) -> Any:
    # the operand of a trace is entered through its factors, so it is put together here
    found = value(node)
    if isinstance(found, MatrixBase):
        return found
    return (_product if isinstance(node, MatMul) else _sum)(
        w, node, lambda a: _written(w, a, value) if a.is_Matrix else value(a)
    )


def _scalar(value: Any) -> Any:
    return value[0, 0] if isinstance(value, MatrixBase) else value  # a 1×1 matrix is a scalar


def _filled(w: _Writer, value: Any) -> Any:
    return sympy.zeros(*w.shape(value)) if isinstance(value, ZeroMatrix) else value  # of a block diagonal


# fmt: off
ENTRIES: Table[Callable[[_Writer, Any, Any], Any]] = Table(
    "way to write it out", "give its class a method entry(i, j, *operands)", {
    Node:            _Writer.own,
    MatrixSymbol:    lambda w, node, value: w.symbol(node),
    Symbol:          lambda w, node, value: sympy.Integer(w.sizes[node.name]) if node.name in w.sizes else node,
    MatrixBase:      lambda w, node, value: sympy.Matrix(*node.shape, [_scalar(value(a)) for a in node]),
    MatrixSlice:     lambda w, node, value: value(node.parent).extract(*[list(range(*map(w.size, s))) for s in
    node.args[1:]]), BlockMatrix:     lambda w, node, value: sympy.Matrix.vstack(*[
                         sympy.Matrix.hstack(*[_filled(w, value(a)) for a in row]) for row in node.blocks.tolist()]),
    OneMatrix:       lambda w, node, value: sympy.ones(*w.shape(node)),
    ZeroMatrix:      lambda w, node, value: sympy.zeros(*w.shape(node)),
    Identity:        lambda w, node, value: sympy.eye(w.size(node.shape[0])),
    ElementwiseApplyFunction: lambda w, node, value: value(node.expr).applyfunc(node.function),
    MatMul:          _product,
    MatAdd:          _sum,
    MatPow:          lambda w, node, value: whole_power(value(node.base), value(node.exp)),
    Inverse:         lambda w, node, value: value(node.arg).inv(),
    Transpose:       lambda w, node, value: value(node.arg).T,
    HadamardProduct: lambda w, node, value: reduce(lambda A, B: A.multiply_elementwise(B), map(value, node.args)),
    HadamardPower:   lambda w, node, value: value(node.base).applyfunc(lambda x: x ** value(node.exp)),
    KroneckerProduct: lambda w, node, value: sympy.kronecker_product(*map(value, node.args)),
    DiagMatrix:      lambda w, node, value: sympy.diag(*value(node.args[0])),
    DiagonalOf:      lambda w, node, value: value(node.arg).diagonal().T,
    DiagonalMatrix:  lambda w, node, value: sympy.diag(*value(node.arg).diagonal()),
    Trace:           lambda w, node, value: _written(w, node.arg, value).trace(),
    Determinant:     lambda w, node, value: value(node.arg).det(),
    MatrixElement:   lambda w, node, value: value(node.args[0])[int(node.args[1]), int(node.args[2])],
    Basic:           lambda w, node, value: node.func(*[_scalar(value(a)) for a in node.args]) if node.args else node,
})
# fmt: on
