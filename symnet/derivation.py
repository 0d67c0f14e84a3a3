"""The reverse sweep, and the derivation that comes of it.

In: a scalar loss and the symbols to differentiate in. Out: a `Derivation`, the equations of the loss and of its
gradients in one list. The sweep walks the list backwards and looks each operation up in `rules.RULES`; it holds no
formula of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sympy import Expr, MatAdd, MatMul, MatrixSymbol, S, Symbol, ZeroMatrix, sympify

from symnet.notation import Section, notebook, render
from symnet.notation import Equation as PageEquation
from symnet.expressions.algebra import add
from symnet.program.inline import as_read, for_reader, name_values, substitute
from symnet.backends.kernel import Kernel, compile_program
from symnet.backends.memory import collector_paused
from symnet.expressions.nodes import brief, shape_text, symbols_of
from symnet.program.program import Equation, Program
from symnet.calculus.rules import RULES


def sweep(program: Program, loss: Any, wrt: Sequence[Any]) -> dict[Any, Any]:
    """Append the adjoint equations of `loss` to the program; give the name of the gradient for each symbol."""
    forward = list(program.equations)
    varying = set(wrt)
    for lhs, rhs in forward:
        if not varying.isdisjoint(symbols_of(rhs)):
            varying.add(lhs)
    found: dict[Any, list[Any]] = defaultdict(list, {loss: [S.One]})
    gradients: dict[Any, Any] = {}
    first_use = {name: k for k, e in reversed([*enumerate(forward)]) for name in symbols_of(e.rhs)}

    def pull(G: Any, Y: Any, rhs: Any) -> None:
        if isinstance(rhs, (MatrixSymbol, Symbol)):
            found[rhs].append(G)
            return
        arguments, rule = _operands(rhs)
        for argument, adjoint in zip(arguments, rule(G, Y, *arguments), strict=True):
            if adjoint is not None and not varying.isdisjoint(symbols_of(argument)):
                pull(adjoint, argument, argument)

    place = {w: number for number, w in enumerate(wrt)}
    waiting = sorted(wrt, key=lambda w: (first_use.get(w, -1), -place[w]))

    def finish(reached: int) -> None:
        ready = []
        while waiting and first_use.get(waiting[-1], -1) >= reached:
            ready.append(waiting.pop())
        for w in sorted(ready, key=place.__getitem__):
            adjoint = _sum(found[w]) if found[w] else ZeroMatrix(*w.shape) if w.is_Matrix else S.Zero
            gradients[w] = program.call(program.value(adjoint), program.names.adjoint(w.name))

    for k in reversed(range(len(forward))):
        lhs, rhs = forward[k]
        if lhs in varying and found[lhs]:
            if lhs not in program.temporary:
                finish(k + 1)
            pull(_adjoint(program, lhs, _sum(found[lhs])), lhs, rhs)
    finish(-1)  # also what has cancelled and is in no equation
    return gradients


def _operands(rhs: Any) -> tuple[tuple[Any, ...], Any]:
    if type(rhs) in RULES:
        return rhs.args, RULES[type(rhs)]
    if isinstance(rhs, Expr) and not rhs.is_Matrix:
        symbols = tuple(sorted(rhs.free_symbols, key=str))
        scalar_rule = RULES[Expr]
        return symbols, lambda g, y, *_: scalar_rule(g, y, rhs, *symbols)
    raise TypeError(
        f"no rule for {type(rhs).__name__}, met in {brief(rhs)}: add a row to symnet.rules.RULES, "
        f"RULES[{type(rhs).__name__}] = lambda G, Y, *args: (one adjoint for each argument)"
    )


def _sum(adjoints: list[Any]) -> Any:
    return add(*adjoints) if adjoints[0].is_Matrix else sum(adjoints, S.Zero)


def _adjoint(program: Program, lhs: Any, adjoint: Any) -> Any:
    before = len(program.equations)
    value = program.value(adjoint)
    named = isinstance(value, MatrixSymbol) and value not in program.temporary
    if lhs in program.layers and not named and value not in program.final:
        value = program.call(value, program.names.adjoint(lhs.name))
        program.kept.add(value)
    elif value in program.temporary and len(program.equations) > before:
        program.primal.setdefault(value, lhs)
    return value


@dataclass(frozen=True, eq=False)
class Derivation:
    """A loss and its gradients as equations; made by `derive`.

    `forward`, `backward`: tuples of `Equation(lhs, rhs)`; `loss`: the expression of the loss in the names of the
    intermediates; `d[W]`: likewise the gradient for W. `str`, `pretty`, `latex`, `mathml` and `mathematica` print it,
    `compile` makes a NumPy function of it.
    """

    program: Program = field(repr=False)
    wrt: tuple[Any, ...]
    loss_name: Any
    gradient_names: dict[Any, Any] = field(repr=False)
    split: int = field(repr=False)

    @property
    def _outputs(self) -> list[Any]:
        return [self.loss_name, *self.gradient_names.values()]

    @cached_property
    def _read(self) -> tuple[tuple[Equation, ...], tuple[Equation, ...]]:
        equations = for_reader(self.program.equations, self.program, self._outputs)
        known = {e.lhs for e in self.program.equations[: self.split]}
        final = self.program.final
        known = {final.get(lhs, lhs) for lhs in known}
        forward = tuple(e for e in equations if e.lhs in known)
        return forward, tuple(e for e in equations if e.lhs not in known)

    @property
    def forward(self) -> tuple[Equation, ...]:
        """The equations of the loss, its own last."""
        return self._read[0]

    @property
    def backward(self) -> tuple[Equation, ...]:
        """The equations of the adjoints and gradients, from the loss back to the inputs."""
        return self._read[1]

    @property
    def equations(self) -> tuple[Equation, ...]:
        """Forward and backward equations in one list, the one that is printed and compiled."""
        return self.forward + self.backward

    @property
    def loss(self) -> Expr:
        """The loss in the names of the intermediates."""
        return dict(self.forward)[self.shown(self.loss_name)]

    def shown(self, name: Any) -> Any:
        """Give the name under which a value is printed."""
        return self.program.final.get(name, name)

    def __getitem__(self, symbol: Any) -> Any:
        """Give the gradient for a symbol (or its name), in the names of the intermediates."""
        return dict(self.equations)[self.shown(self.gradient_names[self._symbol(symbol)])]

    def closed(self, symbol: Any) -> Any:
        """Give the gradient for a symbol in the symbols of the loss alone."""
        known: dict[Any, Any] = {}
        depth: dict[Any, int] = defaultdict(int)
        for lhs, rhs in self.program.equations:
            depth[lhs] = 1 + max((depth[s] for s in symbols_of(rhs)), default=0)
            known[lhs] = substitute(rhs, known, _canonical if depth[lhs] < 100 else as_read)
            if known[lhs] is rhs:
                known[lhs] = _canonical(rhs, *rhs.args)
        return known[self.gradient_names[self._symbol(symbol)]]

    def _symbol(self, symbol: Any) -> Any:
        for w in self.wrt:
            if symbol == w or symbol == w.name:
                return w
        raise KeyError(f"{symbol}: this derivation has gradients for {', '.join(w.name for w in self.wrt)}")

    def compile(self, dtype: Any = None) -> Kernel:
        """Compile loss and gradients to one NumPy function; see `Kernel`.

        dtype: what to compute in, `float`, `numpy.float32` or `numpy.float64`; None keeps the dtype of the arrays
        given.

        >>> import symnet as sn
        >>> x = sn.vector("x", 2)
        >>> kernel = sn.derive(sn.sum(sn.tanh(x)), x).compile()
        >>> loss, gradients = kernel({x: [[0.0], [0.0]]})
        >>> loss, gradients[x].tolist()
        (0.0, [[1.0], [1.0]])
        """
        name_values(self.program.equations, self.program, self._outputs)
        return compile_program(
            self.program, self.loss_name, [(w, self.gradient_names[w]) for w in self.wrt], dtype=dtype
        )

    def sections(self) -> tuple[Section, ...]:
        """Give the equations as the printers take them."""
        wrt = {self.shown(self.gradient_names[w]): w for w in self.wrt}
        parts = (("Forward", self.forward), ("Backward", self.backward))

        def role(lhs: Any) -> tuple[str, Any]:
            return ("gradient", wrt[lhs]) if lhs in wrt else ("value", None)

        return tuple(Section(title, tuple(PageEquation(*e, *role(e.lhs)) for e in part)) for title, part in parts)

    def _render(self, notation: str) -> str:
        return render(self.sections(), self.shown(self.loss_name), notation)

    def __str__(self) -> str:
        return self._render("unicode")

    def pretty(self) -> str:
        """Give the derivation with stacked fractions and raised exponents, in Unicode."""
        return self._render("pretty")

    def latex(self) -> str:
        """Give the derivation as LaTeX, two `align*` environments."""
        return self._render("latex")

    def mathml(self) -> str:
        """Give the derivation as presentation MathML, a table that a browser shows."""
        return self._render("mathml")

    def mathematica(self) -> str:
        """Give the derivation as Mathematica code, one assignment a line."""
        return self._render("mathematica")

    def _repr_latex_(self) -> str:
        return notebook(self.sections(), self.shown(self.loss_name))


def _canonical(node: Any, *arguments: Any) -> Any:
    if not node.args:
        return node
    rebuilt = as_read(node, *arguments)
    return rebuilt.doit(deep=False) if isinstance(rebuilt, (MatMul, MatAdd)) else rebuilt


def derive(loss: Any, wrt: Any) -> Derivation:
    """Derive the gradients of a loss, symbolically.

    loss: a scalar SymPy expression over matrix symbols; wrt: a symbol or a sequence of symbols (matrices or scalars).

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
    loss = sympify(loss)
    symbols = tuple(wrt) if isinstance(wrt, (list, tuple)) else (wrt,)
    _check_request(loss, symbols)
    with collector_paused():
        return _derived(loss, symbols)


def _derived(loss: Any, symbols: tuple[Any, ...]) -> Derivation:
    program = Program(symbols)
    name = program.enter(loss, "L")
    for w in symbols:
        if w.name not in program.inputs:
            known = ", ".join(sorted(program.inputs)) or "no symbol at all"
            raise ValueError(f"the loss does not depend on {w.name}; it depends on {known}")
    symbols = tuple(program.inputs[w.name] for w in symbols)
    split = len(program.equations)
    gradients = sweep(program, name, symbols)
    return Derivation(program, symbols, name, gradients, split)


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
    return derive(loss, symbol).closed(symbol)
