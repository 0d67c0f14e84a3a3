"""What a user holds: a loss and its gradients as equations, to be printed, compiled, trained and checked.

In: a scalar loss and the symbols to differentiate in. Out: a `Derivation`. The hall in the middle of the house: the
program is built, the sweep goes back through it, and notations and backends look at the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

from sympy import Basic, Expr

from symnet.calculus import sweep, with_hessians
from symnet.expressions import (
    Fixed, Name, Shown, as_scalar, brief, given, listed, symbols_of,
)  # fmt: skip
from symnet.handing import Handing, backends, notation
from symnet.program import Builder, Equation, Program, Section, closed, collector_paused, for_reader, live
from symnet.request import check_free, check_request, entered, place_of, symbols_in
from symnet.textbook import canonical

if TYPE_CHECKING:
    from symnet.backends import Kernel


@dataclass(frozen=True, eq=False, repr=False)
class Derivation(Handing, Shown):
    """A loss and its gradients as equations; made by `derive`.

    `forward`, `backward`: tuples of `Equation(lhs, rhs)`; `loss`: the expression of the loss in the names of the
    intermediates; `d[W]`: likewise the gradient for W, `W in d` whether there is one, `list(d)` all that have one.
    `str`, `pretty`, `latex`, `mathml` and `mathematica` print it, `compile` makes a NumPy function of it.

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
    >>> d.render("unicode") == str(d), W in d, list(d)
    (True, True, [W])
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
    def hessian_names(self) -> dict[Any, Name]:
        """The names of the Hessians, by symbol, or by the two symbols of a mixed one; none where the order is 1.

        >>> import symnet as sn
        >>> w, v = sn.vector("w", 3), sn.vector("v", 3)
        >>> d = sn.derive(sn.norm(w)**2 * sn.inner(w, v), w, v, order=2)
        >>> list(d.hessian_names), d.hessian_names[w, v]
        ([w, (w, v), v], H_w_v)
        """
        found = {e.of: e.lhs for e in self.program.equations if e.role == "hessian"}
        return Fixed({w if w == v else (w, v): name for (w, v), name in found.items()})

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The equations as a person reads them, under the headings Forward, Backward (and Second order, and Update)."""
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
    def second_order(self) -> tuple[Equation, ...]:
        """The equations of the Hessians; none where the order is 1.

        >>> import symnet as sn
        >>> w, A = sn.vector("w", 3), sn.matrix("A", 3, 3)
        >>> sn.derive(w.T * A * w, w, order=2).second_order
        (<Equation H = A + A.T>,)
        """
        return next((s.equations for s in self.sections if s.title == "Second order"), ())

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
        """The loss in the names of the intermediates, which SymPy takes for constants: `d.loss.diff(W)` is 0.

        The gradient is `d.closed(W)`, or `sn.gradient(loss, W)` of the loss that was derived.
        """
        return self.by_name[self.loss_name]

    def __getitem__(self, symbol: Name | str) -> Any:
        """Give the gradient for a symbol (or its name), in the names of the intermediates; or the value of one."""
        if isinstance(symbol, str) and symbol not in {w.name for w in self.wrt}:
            named = next((e for e in self.equations if e.lhs.name == symbol), None)
            if named is not None:
                return named.rhs
        return self.by_name[self.gradient_names[self._symbol(symbol)]]

    def __iter__(self) -> Iterator[Name]:
        return iter(self.wrt)

    def __contains__(self, symbol: Name | str) -> bool:
        return getattr(symbol, "name", symbol) in {w.name for w in self.wrt}

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

    def compile(
        self, dtype: Any = None, outputs: Iterable[Name | str] | None = None, backend: str = "numpy", *,
        workspace: bool = False, copy: bool = False,
    ) -> Kernel:  # fmt: skip
        """Compile loss and gradients, or any values, to one function of NumPy, JAX or C; see `Kernel`.

        dtype: what to compute in, `float`, `numpy.float32` or `numpy.float64`; None keeps that of the arrays given;
        arrays of float16 are computed with in float32, and what is given is rounded to them.
        Where the order is 2 the kernel gives the Hessians as well, a third value: `hessians[w]`, `hessians[w, v]`.
        outputs: what to compute, by default the loss and every gradient: names of equations such as "Z1" or "L", and
        symbols (or their names) for their gradients; the kernel then gives a dictionary with these keys, each computed
        once. backend: "c" builds the C of `Derivation.c` with the system's compiler, for the smallest nets; "jax" has
        the same code compiled by JAX, and `function` stands in other functions of JAX.
        workspace: whether to compute in arrays that are kept from call to call, a set for each thread and batch size.
        What it gives lies in them too, and the next call writes over it; copy: whether it is the caller's. Raises
        `KeyError` for a name that the derivation does not have, `ValueError` for a backend that there is not, for a
        workspace of C or JAX and for `copy` without one, `ModuleNotFoundError` where JAX is missing.

        >>> import symnet as sn
        >>> x = sn.vector("x", 2)
        >>> d = sn.derive(sn.sum(sn.tanh(x)), x)
        >>> d.compile()({x: [[0.0], [0.0]]})[1][x].tolist()
        [[1.0], [1.0]]
        >>> d.compile(outputs=["L", x])({x: [[0.0], [0.0]]})["L"]
        0.0
        >>> d.compile(workspace=True, copy=True)({x: [[0.0], [0.0]]})[1][x].tolist()
        [[1.0], [1.0]]
        """
        backends().checked_backend(backend)
        if copy and not workspace:
            raise ValueError("copy: a kernel without a workspace gives fresh arrays; write workspace=True as well")
        if workspace and backend != "numpy":
            raise ValueError(f"compile: {backend} computes in arrays of its own; leave workspace=True away")
        return backends().in_workspace(  # type: ignore[no-any-return]
            self._compiled(dtype, outputs, backend), bool(workspace), bool(copy)
        )

    def _compiled(self, dtype: Any, outputs: Iterable[Name | str] | None, backend: str) -> Any:
        run = backends()
        if outputs is None and self.hessian_names:
            result = run.WithHessians(self.wrt, tuple(self.hessian_names))
            return run.compile_structured(self.program, self.program.outputs, result, dtype, backend)
        own = self.program.outputs[: 1 + len(self.wrt)]
        if outputs is None:
            return run.compile_program(self._needed_for(own), own, run.LossAndGradients(self.wrt), dtype, backend)
        several = isinstance(outputs, Iterable) and not isinstance(outputs, (str, Basic))
        keys = tuple(outputs if several else [outputs])
        names = tuple(map(self._value, keys))
        compiled = run.compile_structured if self.hessian_names else run.compile_program
        return compiled(self._needed_for((*own, *names)), names, run.Mapped(keys), dtype, backend)

    def _needed_for(self, names: Iterable[Name]) -> Program:
        # where it was trained: without the inputs of an optimizer's step that these values do not need
        if not any(e.role == "update" for e in self.program.equations):
            return self.program
        kept, _ = live(self.program.equations, names)
        used = {*self.wrt, *(name for e in kept for name in symbols_of(e.rhs))}
        of_the_step = {name for e in self.program.equations for name in symbols_of(e.rhs)} - used
        return replace(
            self.program, inputs=Fixed({n: s for n, s in self.program.inputs.items() if s not in of_the_step})
        )

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
        return self._written("render", notation)

    def _written(self, way: str, *more: str) -> str:
        return getattr(notation(), way)(self.sections, self.loss_name, *more)  # type: ignore[no-any-return]

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
        return self._written("notebook")

    def _repr_html_(self) -> str:
        return self._written("html")


def derive(loss: Any, wrt: Any, *more: Any, order: int = 1) -> Derivation:
    """Derive the gradients of a loss, symbolically.

    loss: a scalar SymPy expression over matrix symbols; wrt: a symbol or a sequence of symbols (matrices or scalars),
    or a net, for its parameters; more: further symbols, so that `derive(loss, W, b)` is `derive(loss, [W, b])`.
    order: 2 for the Hessians as well, of every symbol and of every pair of them; see `hessian` for their shapes. They
    stand in the section "Second order".

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
    symbols = tuple(w for one in (wrt, *more) for w in symbols_in(one, loss))
    check_request(loss, symbols, "derive")
    if not isinstance(order, Integral) or isinstance(order, bool) or order not in (1, 2):
        raise ValueError(f"derive: order must be 1 (gradients) or 2 (Hessians as well), not {order!r}")
    with collector_paused():
        derivation = _derived(loss, symbols)
        if order == 1:
            return derivation
        check_free(derivation.wrt, "derive(…, order=2)")
        return Derivation(with_hessians(derivation.program, derivation.gradient_names), derivation.wrt)


def _derived(loss: Any, symbols: tuple[Any, ...]) -> Derivation:
    builder = Builder(symbols)
    name, symbols = entered(builder, loss, symbols)
    builder.section("Backward")
    gradients = sweep(builder, name, symbols)
    return Derivation(builder.finish([name, *(gradients[w] for w in symbols)]), symbols)


def gradient(loss: Any, symbol: Any) -> Any:
    """Give the gradient of a loss for one symbol as one closed SymPy expression in the symbols of the loss.

    loss: a scalar expression; symbol: a matrix or scalar symbol, or an entry, a part or the transpose of a matrix
    symbol, `A[0, 1]`, `A[0, :]`, `A.T`. The result has its shape. Raises what `derive` raises.

    >>> import symnet as sn
    >>> X, w, y = sn.matrix("X", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
    >>> gradient(sn.inner(X * w - y, X * w - y) / 2, w)
    X.T*(X*w - y)
    """
    symbols = symbols_in(symbol, loss)
    if len(symbols) != 1:
        raise TypeError(
            f"gradient: it gives the gradient for one symbol, not for {len(symbols)}; write sn.derive(loss, [W, b]), "
            "then d.closed(W) for each, or d.compile() for a function that gives all"
        )
    whole, taken = place_of(symbols[0])
    result = derive(loss, whole).closed(whole)
    return result if whole is symbols[0] else canonical(taken(result))
