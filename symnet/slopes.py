"""SymPy's `diff` where nodes of ours stand in an expression: it gives what the derivation gives.

In: an expression and symbols, as SymPy's users write them. Out: the derivative, as `gradient` has it. Importing this
teaches SymPy; what it knows by itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import (
    Add,
    Derivative,
    Expr,
    Float,
    HadamardPower,
    HadamardProduct,
    Integer,
    MatrixSymbol,
    NDimArray,
    S,
    Subs,
    Symbol,
    Tuple,
    ZeroMatrix,
)
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.matrixbase import MatrixBase
from sympy.tensor.array.array_derivatives import ArrayDerivative

from symnet.derivation import derive
from symnet.expressions import (
    Node,
    ScalarNode,
    are_bound,
    as_scalar,
    brief,
    check_name,
    check_size,
    functions,
    named,
    nets,
    shape_text,
)
from symnet.handing import backends


def slope(expr: Any, *symbols: Any) -> Any:
    """Give the derivative of an expression by a symbol, or by one after the other, as SymPy's `diff` asks for it.

    Raises `TypeError` for the derivative of a matrix expression and by a size.
    """
    if not symbols:
        raise TypeError("diff: give the symbol to differentiate by, or write sn.gradient(loss, W)")
    expr = as_scalar(expr)
    for symbol in _asked(symbols):
        expr = _slope(expr, symbol)
    return expr


def _asked(symbols: tuple[Any, ...]) -> list[Any]:
    # diff(x, 2) and diff((x, 2)) are diff(x, x)
    asked: list[Any] = []
    for symbol in symbols:
        several = isinstance(symbol, (tuple, Tuple, list))
        symbol, times = symbol if several and len(symbol) == 2 else (symbol, 1)
        if several and not isinstance(times, (int, Integer)):
            raise TypeError("diff: one symbol after the other; write sn.derive(loss, [W, b]) for several gradients")
        if isinstance(symbol, (int, Integer)) and asked:
            symbol, times = asked[-1], symbol - 1
        asked += [symbol] * int(times)
    return asked


def _slope(expr: Any, symbol: Any) -> Any:
    if isinstance(symbol, MatrixElement) and isinstance(symbol.args[0], MatrixSymbol):
        if not expr.is_Matrix and symbol.args[0] not in expr.free_symbols:
            return S.Zero
        return functions.entry(_slope(expr, symbol.args[0]), *symbol.args[1:])
    if not isinstance(symbol, (MatrixSymbol, Symbol)):
        raise TypeError(f"diff: {symbol} is no symbol; write sn.gradient(loss, W) for each symbol W")
    if expr.is_Matrix and symbol.is_Symbol and not symbol.is_Matrix and not expr.has(symbol):
        check_name(expr, symbol, "diff")
        return ZeroMatrix(*expr.shape)
    if expr.is_Matrix:
        axes = "would have more than two axes" if symbol.is_Matrix else "is not known"
        raise TypeError(
            f"diff: {brief(expr)} is a {shape_text(expr.shape)} matrix, and its derivative by {symbol} {axes}; "
            "differentiate a scalar, such as sn.sum(…) of it or an entry, sn.entry(A, 0, 0)"
        )
    check_size(expr, symbol, "diff")
    if symbol not in expr.free_symbols:
        check_name(expr, symbol, "diff")
        return ZeroMatrix(*symbol.shape) if symbol.is_Matrix else S.Zero
    return derive(expr, symbol).closed(symbol)


def _by_matrices(symbols: tuple[Any, ...]) -> bool:
    first = isinstance(symbols[0], MatrixSymbol) if symbols else False
    return first and all(isinstance(s, (MatrixSymbol, int, Integer)) for s in symbols)


def _past_nets(expr: Any, symbols: tuple[Any, ...]) -> Any:
    # a net in which none of the symbols stands is a constant, and SymPy differentiates what is beside it
    symbols = tuple(Symbol(s) if isinstance(s, str) else s for s in symbols)
    for symbol in (flat := list(_flat(symbols))):
        check_size(expr, symbol, "diff")
        check_name(expr, symbol, "diff")
    large = nets(expr)
    if not are_bound(expr, large) and not any(_stands_in(symbol, net) for symbol in flat for net in large):
        body, back = named(expr, large)
        try:
            return _SYMPYS_DIFF(body, *symbols).xreplace(back)
        except (NotImplementedError, ValueError, AttributeError, TypeError):  # in SymPy's words, or none
            return slope(expr, *symbols)
    if len(symbols) == 1 and isinstance(symbols[0], MatrixBase):
        return symbols[0].applyfunc(lambda symbol: _diff(expr, symbol))
    if len(asked := _asked(symbols)) == 1:
        return _by_parts(expr, asked[0], large)
    for symbol in sorted(asked, key=lambda s: isinstance(s, MatrixSymbol)):  # by scalars, while it is one
        expr = slope(expr, symbol) if expr.is_Matrix else _diff(expr, symbol)
    return expr


def _flat(symbols: Any) -> Iterator[Any]:
    for symbol in symbols:
        if isinstance(symbol, (tuple, list, Tuple, MatrixBase, NDimArray)):
            yield from _flat(symbol)
        elif not isinstance(symbol, (int, Integer)):
            yield symbol


def _stands_in(symbol: Any, net: Any) -> bool:
    if isinstance(symbol, (Symbol, MatrixSymbol, MatrixElement)):
        return bool(symbol.free_symbols & net.free_symbols)
    return bool(net.has(symbol))


def _by_parts(expr: Any, symbol: Any, large: list[Any]) -> Any:
    # Σ ∂f/∂net · ∂net/∂symbol + ∂f/∂symbol, where the derivation does not know what stands beside the nets
    try:
        return slope(expr, symbol)
    except (TypeError, ValueError, NotImplementedError):
        if are_bound(expr, large):
            return _SYMPYS_DIFF(expr, symbol)
        if expr in large or getattr(symbol, "is_Matrix", False):
            raise
        slopes = [slope(net, symbol) for net in large]
        body, back = named(expr, large)
        found = [_SYMPYS_DIFF(body, name) for name in back]
        if any(part.atoms(Derivative, Subs) - body.atoms(Derivative, Subs) for part in found):
            raise
    of = dict(zip(large, slopes, strict=True))
    new = Add(_SYMPYS_DIFF(body, symbol), *(by * of[back[name]] for name, by in zip(back, found, strict=True)))
    return new.xreplace(back)


def _diff(self: Any, *symbols: Any, **options: Any) -> Any:
    if symbols and not options and not self.is_Matrix and nets(self):
        return _past_nets(self, symbols)
    unsaid = not symbols and any(isinstance(s, MatrixSymbol) for s in self.free_symbols)
    if unsaid or not options and _by_matrices(symbols) and not as_scalar(self).is_Matrix:
        return slope(self, *symbols)  # SymPy would go through every way to a layer of what is found
    try:
        found = _SYMPYS_DIFF(self, *symbols, **options)
    except (NotImplementedError, ValueError, AttributeError, TypeError):  # in SymPy's words, or none
        if not any(isinstance(s, MatrixSymbol) for s in self.free_symbols):
            raise
        return slope(self, *symbols)
    for symbol in symbols:
        check_size(self, symbol[0] if isinstance(symbol, (tuple, Tuple)) and symbol else symbol, "diff")
        if found == 0:
            check_name(self, symbol, "diff")
    return found


_SYMPYS_DIFF = Expr.diff
_sympys_own = ArrayDerivative._dispatch_eval_derivative_n_times.__func__


def _n_times(cls: Any, expr: Any, symbol: Any, times: Any) -> Any:
    # SymPy's `diff` by a matrix takes a class that it does not know and entries for constants, leaves the derivative as
    # it is written, or calls itself without end
    scalar = not as_scalar(expr).is_Matrix
    by_matrix = isinstance(symbol, MatrixSymbol)
    if expr.is_Matrix and not by_matrix and not any(node.has(symbol) for node in expr.atoms(Node)):
        return _sympys_own(cls, expr, symbol, times)  # by a factor beside nodes
    ours = isinstance(expr, DotProduct) or expr.has(Node, HadamardProduct, HadamardPower)
    if by_matrix and (scalar or ours) or expr.is_Matrix and scalar and ours:
        return slope(expr, (symbol, times))
    return _sympys_own(cls, expr, symbol, times)


def _by_a_matrix(cls: Any, expr: Any, symbol: Any, times: Any) -> Any:
    # what is written as a derivative and computed later; SymPy has an error without words, or 0 for an entry
    if isinstance(symbol, MatrixSymbol) and not expr.is_Matrix:
        return slope(expr, (symbol, times))
    return _sympys_scalar(cls, expr, symbol, times)


def _number(self: Any, precision: int) -> Any:
    # of matrices of numbers; SymPy asks with 53 bits for a float, and with 10 more inside of a function
    return None if self.free_symbols or precision > 63 else Float(backends().evaluate(self, {}), 15)


Node.slope = staticmethod(slope)
ScalarNode._eval_evalf = MatrixElement._eval_evalf = _number
Expr.diff = _diff
for _kind in (Determinant, DotProduct):
    _kind._eval_derivative = slope  # SymPy has none
_sympys_scalar = Derivative._dispatch_eval_derivative_n_times.__func__
Derivative._dispatch_eval_derivative_n_times = classmethod(_by_a_matrix)
ArrayDerivative._dispatch_eval_derivative_n_times = classmethod(_n_times)
