"""What a user holds: a loss and its gradients as equations, to be printed, compiled, trained and checked.

In: a scalar loss and the symbols to differentiate in. Out: a `Derivation`. The hall in the middle of the house: the
program is built, the sweep goes back through it, and notations and backends look at the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Basic, DotProduct, Expr, Integer, MatrixSymbol, S, Symbol, Tuple, ZeroMatrix
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.array_derivatives import ArrayDerivative

from symnet.backends import Kernel, LossAndGradients, Mapped, collector_paused, compile_program
from symnet.calculus import sweep
from symnet.expressions import (
    Fixed, Name, Node, Shown, as_expression, as_scalar, brief, functions, given, listed, same_shape, shape_text,
)  # fmt: skip
from symnet.notation import html, notebook, render
from symnet.program import Builder, Equation, Program, Section, closed, for_reader


@dataclass(frozen=True, eq=False, repr=False)
class Derivation(Shown):
    """A loss and its gradients as equations; made by `derive`.

    `forward`, `backward`: tuples of `Equation(lhs, rhs)`; `loss`: the expression of the loss in the names of the
    intermediates; `d[W]`: likewise the gradient for W. `str`, `pretty`, `latex`, `mathml` and `mathematica` print it,
    `compile` makes a NumPy function of it.

    >>> import symnet as sn
    >>> W, x, y = sn.matrix("W", 2, 3), sn.vector("x", 3), sn.vector("y", 2)
    >>> d = sn.derive(sn.norm(W * x - y)**2 / 2, W)
    >>> print(d)
    Forward               Backward
      Z₁ = W⋅x              Z̅₁ = Z₁ − y
      L  = ‖Z₁ − y‖²/2      ∂L/∂W = Z̅₁⋅xᵀ
    >>> d.loss_name, d.forward[0], d.backward[-1]
    (L, <Equation Z1 = W*x>, <Equation Wbar = Zbar1*x.T>)
    >>> d[W], d.gradient_names[W], d.loss == d.by_name[d.loss_name]
    (Zbar1*x.T, Wbar, True)
    >>> len(d.equations), [section.title for section in d.sections], "‖Z₁ - y‖" in d.pretty()
    (4, ['Forward', 'Backward'], True)
    >>> "Z_{1} &= W x" in d.latex(), d.mathematica().splitlines()[1], d.mathml()[:5]
    (True, 'Z1 = W . x;', '<math')
    >>> d.render("unicode") == str(d)
    True
    """

    program: Program
    wrt: tuple[Name, ...]

    @property
    def loss_name(self) -> Name:
        """The name of the loss."""
        return self.program.outputs[0]

    @cached_property
    def gradient_names(self) -> dict[Name, Name]:
        """The name of the gradient for each symbol."""
        return Fixed(zip(self.wrt, self.program.outputs[1:], strict=False))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The equations as a person reads them, under the headings Forward and Backward (and Update, once trained)."""
        return for_reader(self.program)

    @property
    def forward(self) -> tuple[Equation, ...]:
        """The equations of the loss, its own last."""
        return self.sections[0].equations

    @property
    def backward(self) -> tuple[Equation, ...]:
        """The equations of the adjoints and gradients, from the loss back to the inputs."""
        return self.sections[1].equations

    @property
    def equations(self) -> tuple[Equation, ...]:
        """Forward and backward equations in one list, the one that is printed and compiled."""
        return self.forward + self.backward

    @cached_property
    def by_name(self) -> dict[Name, Any]:
        """The right-hand sides of the equations, by their names."""
        return Fixed({e.lhs: e.rhs for e in self.equations})

    @property
    def loss(self) -> Expr:
        """The loss in the names of the intermediates."""
        return self.by_name[self.loss_name]

    def __getitem__(self, symbol: Name | str) -> Any:
        """Give the gradient for a symbol (or its name), in the names of the intermediates."""
        return self.by_name[self.gradient_names[self._symbol(symbol)]]

    def closed(self, symbol: Name | str) -> Any:
        """Give the gradient for a symbol in the symbols of the loss alone.

        >>> import symnet as sn
        >>> x, y = sn.vector("x", 3), sn.vector("y", 3)
        >>> sn.derive(sn.norm(x - y)**2 / 2, x).closed(x)
        x - y
        """
        with collector_paused():
            return closed(self.program, self.gradient_names[self._symbol(symbol)])

    def _symbol(self, symbol: Name | str) -> Name:
        for w in self.wrt:
            if w.name == getattr(symbol, "name", symbol if isinstance(symbol, str) else None):
                return w
        raise KeyError(f"{brief(symbol)}: this derivation has gradients for {', '.join(w.name for w in self.wrt)}")

    def compile(self, dtype: Any = None, outputs: Iterable[Name | str] | None = None) -> Kernel:
        """Compile loss and gradients, or any values of the derivation, to one NumPy function; see `Kernel`.

        dtype: what to compute in, `float`, `numpy.float32` or `numpy.float64`; None keeps the dtype of the arrays
        given.
        outputs: what to compute, by default the loss and every gradient: names of equations such as "Z1" or "L", and
        symbols (or their names) for their gradients; the kernel then gives a dictionary with these keys. Each value is
        computed once. Raises `KeyError` for a name that the derivation does not have.

        >>> import symnet as sn
        >>> x = sn.vector("x", 2)
        >>> d = sn.derive(sn.sum(sn.tanh(x)), x)
        >>> loss, gradients = d.compile()({x: [[0.0], [0.0]]})
        >>> loss, gradients[x].tolist()
        (0.0, [[1.0], [1.0]])
        >>> d.compile(outputs=["L", x])({x: [[0.0], [0.0]]})["L"]
        0.0
        """
        if outputs is None:
            return compile_program(self.program, self.program.outputs, LossAndGradients(self.wrt), dtype=dtype)
        several = isinstance(outputs, Iterable) and not isinstance(outputs, (str, Basic))
        keys = tuple(outputs if several else [outputs])
        return compile_program(self.program, tuple(map(self._value, keys)), Mapped(keys), dtype=dtype)

    def _value(self, key: Name | str) -> Name:
        name = key if isinstance(key, str) else getattr(key, "name", None)
        gradient = next((g for w, g in self.gradient_names.items() if w.name == name), None)
        found = self.program.by_name.get(name) if isinstance(name, str) else None
        if gradient is not None:
            return gradient
        if found is None or (found.movable and found.lhs not in {e.lhs for e in self.equations}):
            known = ", ".join([*(w.name for w in self.wrt), *(e.lhs.name for e in self.equations)])
            raise KeyError(f"outputs: {key} is no value of this derivation, which has {known}")
        return found.lhs

    def _headline(self) -> str:
        return f" of {self.loss_name} in {listed(self.wrt)}: {len(self.equations)} equations"

    def __str__(self) -> str:
        return self.render("unicode")

    def render(self, notation: str) -> str:
        """Give the derivation in a notation, by its name in `symnet.NOTATIONS`."""
        return render(self.sections, self.loss_name, notation)

    def pretty(self) -> str:
        """Give the derivation with stacked fractions and raised exponents, in Unicode."""
        return self.render("pretty")

    def latex(self) -> str:
        """Give the derivation as LaTeX, two `align*` environments."""
        return self.render("latex")

    def mathml(self) -> str:
        """Give the derivation as presentation MathML, a table that a browser shows."""
        return self.render("mathml")

    def mathematica(self) -> str:
        """Give the derivation as Mathematica code, one assignment a line."""
        return self.render("mathematica")

    def _repr_latex_(self) -> str:
        return notebook(self.sections, self.loss_name)

    def _repr_html_(self) -> str:
        return html(self.sections, self.loss_name)


def derive(loss: Any, wrt: Any, *more: Any) -> Derivation:
    """Derive the gradients of a loss, symbolically.

    loss: a scalar SymPy expression over matrix symbols; wrt: a symbol or a sequence of symbols (matrices or scalars),
    or a net, for its parameters; more: further symbols, so that `derive(loss, W, b)` is `derive(loss, [W, b])`.

    Gives a `Derivation`. Raises `TypeError` where the loss is not a scalar or `wrt` has something that is no symbol,
    `ValueError` where the loss is free of a symbol, `ShapeError` where sizes do not match. The method is reverse
    accumulation, see Griewank and Walther, "Evaluating Derivatives" (2008), chapter 3.

    >>> import symnet as sn
    >>> X, w, y = sn.matrix("X", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
    >>> print(derive(sn.squared_error(X * w, y, axis=1), w))
    Forward                  Backward
      Z₁ = X⋅w                 Z̅₁ = (Z₁ − y)/n
      L  = ‖Z₁ − y‖²/(2n)      ∂L/∂w = Xᵀ⋅Z̅₁
    """
    loss = as_scalar(given(loss, "the loss"))
    symbols = tuple(w for one in (wrt, *more) for w in symbols_in(one))
    _check_request(loss, symbols)
    with collector_paused():
        return _derived(loss, symbols)


def symbols_in(wrt: Any) -> tuple[Any, ...]:
    """Give the symbols that are meant: those of a net or of an earlier training, of a list, or the keys of values."""
    wrt = getattr(wrt, "parameters", wrt) if not isinstance(wrt, Basic) else wrt
    if isinstance(wrt, (set, frozenset)):
        wrt = sorted(wrt, key=str)
    return tuple(wrt) if isinstance(wrt, Iterable) and not isinstance(wrt, (str, bytes, Basic, np.ndarray)) else (wrt,)


def _derived(loss: Any, symbols: tuple[Any, ...]) -> Derivation:
    builder = Builder(symbols)
    name = builder.enter(loss, "L")
    for w in symbols:
        if w.name not in builder.inputs:
            known = ", ".join(sorted(builder.inputs)) or "no symbol at all"
            raise ValueError(f"the loss does not depend on {w.name}; it depends on {known}")
    symbols = tuple(_met(builder.inputs[w.name], w) for w in symbols)
    builder.section("Backward")
    gradients = sweep(builder, name, symbols)
    return Derivation(builder.finish([name, *(gradients[w] for w in symbols)]), symbols)


def _met(met: Any, asked: Any) -> Any:
    # the symbol of the loss that was asked for: assumptions may differ, shapes may not
    shapes: list[Any] = [getattr(w, "shape", ()) for w in (met, asked)]
    if len(shapes[0]) != len(shapes[1]) or (shapes[0] and not same_shape(*shapes)):
        kinds = [f"a {shape_text(shape)} matrix" if shape else "a scalar" for shape in shapes]
        raise ShapeError(f"derive: {met.name} is {kinds[0]} in the loss but {kinds[1]} where it is asked for")
    return met


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
        symbol, times = symbol if isinstance(symbol, (tuple, Tuple)) and len(symbol) == 2 else (symbol, 1)
        if isinstance(symbol, (int, Integer)) and asked:
            symbol, times = asked[-1], symbol - 1
        asked += [symbol] * int(times)
    return asked


def _slope(expr: Any, symbol: Any) -> Any:
    if isinstance(symbol, MatrixElement) and isinstance(symbol.args[0], MatrixSymbol):
        return functions.entry(_slope(expr, symbol.args[0]), *symbol.args[1:])
    if not isinstance(symbol, (MatrixSymbol, Symbol)):
        raise TypeError(f"diff: {symbol} is no symbol; write sn.gradient(loss, W) for each symbol W")
    if expr.is_Matrix:
        raise TypeError(
            f"diff: {brief(expr)} is a {shape_text(expr.shape)} matrix, and its derivative by {symbol} would have "
            "more than two axes; differentiate a scalar, such as sn.sum(…) of it or an entry, sn.entry(A, 0, 0)"
        )
    if any(symbol in size.free_symbols for M in expr.atoms(MatrixSymbol) for size in M.shape):
        raise TypeError(f"diff: {symbol} is the size of a matrix; nothing can be differentiated by it")
    if symbol not in expr.free_symbols:
        return ZeroMatrix(*symbol.shape) if symbol.is_Matrix else S.Zero
    return derive(expr, symbol).closed(symbol)


def _check_request(loss: Any, symbols: tuple[Any, ...]) -> None:
    if getattr(loss, "is_Matrix", False):
        raise TypeError(
            f"the loss must be a scalar, but {brief(loss)} is a {shape_text(loss.shape)} matrix; "
            "sum it with sn.sum(…), or take its Trace or norm"
        )
    if not isinstance(loss, Expr):
        raise TypeError(f"the loss must be a SymPy expression, not {type(loss).__name__}")
    if not symbols:
        raise ValueError("derive: give at least one symbol to differentiate in")
    for w in symbols:
        if not isinstance(w, (MatrixSymbol, Symbol)):
            raise TypeError(f"derive: {w!r} is no symbol; give matrix symbols or scalar symbols, such as W1")
    if len(set(symbols)) < len(symbols):
        raise ValueError(f"derive: a symbol stands twice in {[w.name for w in symbols]}")


def gradient(loss: Any, symbol: Any) -> Any:
    """Give the gradient of a loss for one symbol as one closed SymPy expression in the symbols of the loss.

    loss: a scalar expression; symbol: a matrix or scalar symbol. The result has the symbol's shape. Raises what
    `derive` raises.

    >>> import symnet as sn
    >>> X, w, y = sn.matrix("X", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
    >>> gradient(sn.inner(X * w - y, X * w - y) / 2, w)
    X.T*(X*w - y)
    """
    symbols = symbols_in(symbol)
    if len(symbols) != 1:
        raise TypeError(
            f"gradient: it gives the gradient for one symbol, not for {len(symbols)}; write sn.derive(loss, [W, b]), "
            "then d.closed(W) for each, or d.compile() for a function that gives all"
        )
    return derive(loss, symbols).closed(symbols[0])


def canonical(expr: Any) -> Any:
    """Give an expression in the form in which `gradient` gives a result, in which equal formulas are equal expressions.

    expr: a matrix or scalar expression. Transposes stand at the symbols, like terms are joined, common factors and
    numbers stand before and behind brackets, tr(AᵀB) is an inner product; so `gradient(loss, W) == canonical(answer)`
    tells whether a formula from a book is the gradient, where `==` alone would mind how it is typed. Raises
    `TypeError` or `ShapeError` where the expression does not make sense.

    >>> import symnet as sn
    >>> A, x = sn.matrix("A", 3, 3), sn.vector("x", 3)
    >>> canonical(A * x + A.T * x), canonical((x.T * A).T)
    ((A + A.T)*x, A.T*x)
    """
    expr = as_expression(expr, "the expression")
    with collector_paused():
        builder = Builder()
        name = builder.call(builder.enter(expr), builder.names.fresh("L"))
        program = builder.finish([name])
        return closed(program, program.outputs[0])


_sympys_own = ArrayDerivative._call_derive_scalar_by_matexpr


def _by_matrix(expr: Any, symbol: Any) -> Any:
    # SymPy's `diff` by a matrix takes a class that it does not know for a constant
    return slope(expr, symbol) if expr.has(Node, DotProduct) else _sympys_own(expr, symbol)


Node.slope = staticmethod(slope)
ArrayDerivative._call_derive_scalar_by_matexpr = staticmethod(_by_matrix)
