"""Numbers of right-hand sides that no kernel would run: read node by node, shapes as NumPy broadcasts them.

In: an expression and arrays by name. Out: an array. What is known of its parts already is not computed again, so that
of ten thousand edits of an equation each costs the nodes above the edit alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sympy import (
    Add,
    HadamardProduct,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Mul,
    Number,
    OneMatrix,
    Pow,
    Symbol,
    Transpose,
    ZeroMatrix,
)

from symnet.diagnosis.made import as_array, is_changed
from symnet.expressions import Elementwise, LogSoftmax, LogSumExp, Softmax, Total, Unit, size_number

Known = dict[Any, Any]  # expression → its value


def log_sum_exp(Z: Any, axis: int) -> Any:
    """Give the logarithm of the sums of exp(Z) along an axis, which stays with length 1."""
    largest = Z.max(axis=axis, keepdims=True)
    return largest + np.log(np.exp(Z - largest).sum(axis=axis, keepdims=True))


ALONG_AXIS: dict[type, Callable[[Any, int], Any]] = {
    Softmax: lambda Z, axis: np.exp(Z - log_sum_exp(Z, axis)),
    LogSoftmax: lambda Z, axis: Z - log_sum_exp(Z, axis),
    LogSumExp: log_sum_exp,
}

_SYMBOLS = frozenset((MatrixSymbol, Symbol))


class Numbers:
    """Values of expressions. `written(expr, values)` computes what is not read here; `applied` a scalar function.

    `alone(node, operands)`: a node that has no code in a line, such as a layer norm; `stands_alone` tells which.
    """

    def __init__(
        self,
        safe: Mapping[str, str],
        sizes: Mapping[str, int],
        written: Callable[[Any, Mapping[str, Any]], Any],
        applied: Callable[[Any, list[Any]], Any],
        stands_alone: Callable[[Any], bool],
        alone: Callable[[Any, list[Any]], Any],
    ) -> None:
        self.safe, self.sizes, self.written, self.applied = safe, sizes, written, applied
        self.stands_alone, self.alone = stands_alone, alone
        self._names: dict[Any, str] = {}  # identifiers of symbols

    def value(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        """Give the value of an expression, `values` by identifier, `known` of its parts."""
        if type(expr) in _SYMBOLS:
            name = self._names.get(expr)
            if name is None:
                name = self._names[expr] = self.safe[expr.name]
            return values[name]
        found = known.get(expr)
        if found is None:
            row = ROWS.get(type(expr))
            if row is not None:
                found = row(self, expr, values, known)
            elif is_changed(expr):
                shape = size_number(expr.shape[0], self.sizes), size_number(expr.shape[1], self.sizes)
                found = as_array(expr, self.value(expr.args[1], values, known), shape)
            elif isinstance(expr, Number):
                found = float(expr)
            elif self.stands_alone(expr):
                found = self.alone(expr, [self.value(a, values, known) for a in expr.operands])
            else:
                found = self.written(expr, values)
            known[expr] = found
        return found

    def _product(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        coefficient, factors = 1.0, []
        for a in expr.args:
            v = self.value(a, values, known)
            if not a.is_Matrix:
                coefficient = coefficient * v
            else:
                factors.append((a, v))
        if not factors:
            return coefficient
        node, found = factors[0]
        for right, v in factors[1:]:
            if isinstance(node, OneMatrix) and node.shape[0] == 1:
                found = np.sum(np.atleast_2d(v), axis=0, keepdims=True)
            elif isinstance(right, OneMatrix) and right.shape[1] == 1:
                found = np.sum(np.atleast_2d(found), axis=1, keepdims=True)
            else:
                found = found @ v
            node = right
        return coefficient * found

    def _terms(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        first, *rest = [self.value(a, values, known) for a in expr.args]
        for v in rest:
            first = first + v
        return first

    def _factors(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        first, *rest = [self.value(a, values, known) for a in expr.args]
        for v in rest:
            first = first * v
        return first

    def _turned(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return np.transpose(self.value(expr.args[0], values, known))

    def _entrywise(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return self.applied(expr, [self.value(a, values, known) for a in expr.args[1:]])

    def _along(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return ALONG_AXIS[type(expr)](np.atleast_2d(self.value(expr.args[0], values, known)), expr.axis)

    def _total(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return np.sum(self.value(expr.args[0], values, known))

    def _power(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return self.value(expr.base, values, known) ** self.value(expr.exp, values, known)

    def _ones(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return np.ones([size_number(s, self.sizes) for s in expr.shape])

    def _zeros(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return np.zeros([size_number(s, self.sizes) for s in expr.shape])

    def _unit(self, expr: Any, values: Mapping[str, Any], known: Known) -> Any:
        return np.eye(size_number(expr.args[0], self.sizes), 1, -int(expr.args[1]))


ROWS: dict[type, Callable[..., Any]] = {
    MatMul: Numbers._product, MatAdd: Numbers._terms,
    Add: Numbers._terms, HadamardProduct: Numbers._factors, Mul: Numbers._factors, Transpose: Numbers._turned,
    Elementwise: Numbers._entrywise, Total: Numbers._total, Pow: Numbers._power, OneMatrix: Numbers._ones,
    ZeroMatrix: Numbers._zeros,     Unit: Numbers._unit, **dict.fromkeys(ALONG_AXIS, Numbers._along),
}  # fmt: skip
