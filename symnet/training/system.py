"""What a solver steps on: the loss, its gradient, and what else the solver asks for, of one column of all parameters.

In: a derivation and a solver. Out: a `SolverStep` with the whole step as equations, and with kernels of the values that
it is computed from; with arrays it makes a `Problem`, functions of a column x of float64: the parameters one below the
other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import MatrixSymbol, Symbol

from symnet.backends import (
    Kernel, LossAndGradients, Mapped, StructuredMatrix, checked_dtype, compile_program, compile_structured,
)  # fmt: skip
from symnet.calculus import System, assembled, slopes_along, with_jacobian
from symnet.derivation import Derivation
from symnet.expressions import Name, as_column, declared, facts_of
from symnet.optimizers import NewtonCG, Solver
from symnet.program import Builder, Equation, Program, symbol_like
from symnet.training.step import Step

AT_ONCE = 64  # columns of a Jacobian


@dataclass(frozen=True)
class SolverStep(Step):
    """A step of a solver. `kernel`: loss and gradients; `kernels`: the other values, by what they are.

    `starts`: the numbers that the solver keeps, with their values at the start; `system`: residuals and Jacobian, of a
    sum of squares; `directions`: the symbols that the Hessian is multiplied by; `plain`: the equations before "Update".
    """

    solver: Any = None
    kernels: Mapping[str, Kernel] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)
    system: System | None = None
    directions: Sequence[Name] = ()
    plain: Derivation | None = None


def _check_free(wrt: Sequence[Name], solver: Solver) -> None:
    # the gradient of a symmetric matrix is that in its free entries, and a column of all entries counts them twice
    for W in wrt:
        if facts_of(W):
            raise ValueError(
                f"{W.name} is declared {declared.said(W.facts)}, and {type(solver).__name__} moves all its entries "
                f"freely; train with sn.Adam(), or write {W.name} with a free matrix M, such as M + M.T"
            )


def solver_step(derivation: Derivation, solver: Solver, dtype: Any) -> SolverStep:
    """Compile what a solver needs of a derivation. Raises `ValueError` for a loss that it is not made for."""
    dtype, wrt, program = checked_dtype(dtype), derivation.wrt, derivation.program
    _check_free(wrt, solver)
    kernel = compile_program(program, program.outputs, LossAndGradients(wrt), dtype)
    kernels: dict[str, Kernel] = {}
    system, known = None, {"g": as_column(*derivation.gradient_names.values())}
    directions: list[Name] = []
    if solver.of_squares:
        system = _system(program, wrt, type(solver).__name__)
        program, blocks = system.program, [J for row in system.J for J in row if J is not None]
        kernels["residuals"] = _compiled(program, [program.outputs[0], *system.r], dtype)
        kernels["jacobian"] = _compiled(program, blocks, dtype)
        known["r"], known["J"] = assembled(system, wrt)
    elif isinstance(solver, NewtonCG):
        program, directions, products = _with_products(derivation)
        kernels["products"] = _compiled(program, products, dtype)
    program, states = _with_step(program, derivation, solver, known)
    starts = dict(zip((s.name for s in states), solver.states().values(), strict=True))
    plain = Derivation(derivation.program if system is None else system.program, wrt)
    return SolverStep(
        kernel, Derivation(program, wrt), (*wrt, *states), {}, {}, None, solver, kernels, starts, system,
        tuple(directions), plain,
    )  # fmt: skip


def _system(program: Program, wrt: Sequence[Name], name: str) -> System:
    refusal = (
        f"{name} is for sums of squares, and {{part}} in the loss is none; write the loss with sn.squared_error, "
        "sn.mse or sn.norm(…)**2, with factors that are not negative, or train with sn.LBFGS(), which takes any smooth "
        "loss"
    )
    try:
        return with_jacobian(program, wrt, refusal)
    except TypeError as error:  # an operation whose derivative is no matrix that can be written down
        why = str(error).partition(":")[0]
        text = f"{name} needs the Jacobian as a formula, and {why}; train with sn.LBFGS() or sn.NewtonCG()"
        raise TypeError(text) from error


def _compiled(program: Program, outputs: Sequence[Name], dtype: Any) -> Kernel:
    return compile_structured(program, outputs, Mapped(tuple(o.name for o in outputs)), dtype)


def _with_products(derivation: Derivation) -> tuple[Program, list[Name], list[Name]]:
    # the Hessian times a direction, for each parameter: the derivative of ⟨gradient, direction⟩
    builder, gradients = Builder.of(derivation.program), derivation.gradient_names
    text = "v" if len(gradients) == 1 else "v_{}"
    directions = [builder.input(symbol_like(builder.names.fresh(text.format(w.name)), w)) for w in gradients]
    builder.section("Second order")
    found = slopes_along(builder, zip(gradients.values(), directions, strict=True), derivation.wrt)
    text = "Hv" if len(gradients) == 1 else "Hv_{}"
    products = [builder.call(found[w], builder.names.fresh(text.format(w.name))) for w in derivation.wrt]
    program = builder.finish([*derivation.program.outputs, *products])
    return program, directions, list(program.outputs[-len(products) :])


def _with_step(
    program: Program, derivation: Derivation, solver: Solver, known: Mapping[str, Any]
) -> tuple[Program, list[Name]]:
    # the section "Update", in the names of the derivation; and the symbols of the numbers that the solver keeps
    builder = Builder.of(program)
    made: dict[str, Any] = {}

    def make(text: str, *shape: Any) -> Any:
        name = builder.names.fresh(text)
        made[text] = MatrixSymbol(name, *shape) if shape else Symbol(name, real=True)
        return made[text]

    def named(text: str, value: Any) -> Any:
        if isinstance(value, MatrixSymbol):
            return value
        lhs = make(text, *value.shape)
        builder.adopt(Equation(lhs, value))
        return lhs

    if solver.of_squares:
        known = {key: named(key, known[key]) for key in ("r", "J")}
    builder.section("Update")
    theta = named("theta", as_column(*derivation.wrt))
    if not solver.of_squares:
        known = {"g": named("g", known["g"])}
    steps = solver.steps(theta, known, make)
    for equation in steps:
        builder.adopt(equation)
    defined = {e.lhs for e in builder.equations}
    for symbol in made.values():
        if symbol not in defined:
            builder.inputs[symbol.name] = symbol
    states = [made[text] if text in made else make(text) for text in solver.states()]
    return builder.finish([*program.outputs, *(e.lhs for e in steps)]), states


def _write(J: Any, block: Any) -> None:
    # what has a structure is written out some columns at a time: on the way there its factors can be longer
    if not isinstance(J, StructuredMatrix):
        block[...] = J
        return
    cols = block.shape[1]
    for k in range(0, cols, AT_ONCE):
        block[:, k : k + AT_ONCE] = J.times(np.eye(cols, min(AT_ONCE, cols - k), -k, dtype=J.dtype))


class Problem:
    """A step with arrays: functions of a column x. `values`: the data by name; `shapes`: those of the parameters."""

    def __init__(self, step: SolverStep, values: Mapping[str, Any], parameters: Sequence[Any]) -> None:
        self.step, self.dtype = step, np.dtype(step.kernel.dtype)
        self.names = [w.name for w in step.derivation.wrt]
        self.values = dict(values)
        self.shapes = [np.shape(w) for w in parameters]
        self.order: Any = "C" if step.system is None else "F"  # vec stacks columns, and rows are faster

    @property
    def precision(self) -> float:
        """The smallest share of a loss in which a change of it can be seen."""
        return 4 * float(np.finfo(self.dtype).eps)

    def column(self, parameters: Sequence[Any]) -> Any:
        """Give parameters as one column."""
        return np.concatenate([np.ravel(np.asarray(w, float), order=self.order) for w in parameters])

    def parameters(self, x: Any) -> list[Any]:
        """Give the parameters that a column holds, in the dtype of the kernels."""
        sizes = np.cumsum([0, *(int(np.prod(shape)) for shape in self.shapes)])
        pieces = [x[a:z] for a, z in zip(sizes, sizes[1:], strict=False)]
        arrays = [
            piece.reshape(shape, order=self.order).astype(self.dtype, order="C")
            for piece, shape in zip(pieces, self.shapes, strict=True)
        ]
        return [array[()] for array in arrays]

    def rounded(self, x: Any) -> Any:
        """Give a column as the kernels see it."""
        return self.column(self.parameters(x))

    def _called(self, kernel: Kernel, x: Any, more: Mapping[str, Any] | None = None) -> list[Any]:
        values = {**self.values, **dict(zip(self.names, self.parameters(x), strict=True)), **(more or {})}
        found = kernel.result.listed(kernel.function(*[values[n] for n in kernel.arguments]))
        given = kernel.result.given(found)
        return list(given.values()) if isinstance(given, Mapping) else found

    def loss(self, x: Any) -> tuple[float, Any]:
        """Give the loss and its gradient."""
        loss, *gradients = self._called(self.step.kernel, x)
        return float(loss), self.column(gradients)

    def product(self, x: Any, v: Any) -> Any:
        """Give the Hessian times a direction."""
        directions = dict(zip((s.name for s in self.step.directions), self.parameters(v), strict=True))
        found = self._called(self.step.kernels["products"], x, directions)
        return self.column([np.broadcast_to(a, shape) for a, shape in zip(found, self.shapes, strict=True)])

    def residuals(self, x: Any) -> tuple[float, Any]:
        """Give the loss, and the residuals as a column."""
        loss, *r = self._called(self.step.kernels["residuals"], x)
        return float(loss), self.column(r)

    def jacobian(self, x: Any) -> Any:
        """Give the derivatives of the residuals (rows) by the entries of x (columns)."""
        assert self.step.system is not None
        found = iter(self._called(self.step.kernels["jacobian"], x))
        lengths = [np.size(r) for r in self._called(self.step.kernels["residuals"], x)[1:]]
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        whole = np.zeros((sum(lengths), sum(sizes)))
        for row, names in zip(np.split(whole, np.cumsum(lengths)[:-1]), self.step.system.J, strict=True):
            for block, J in zip(np.split(row, np.cumsum(sizes)[:-1], axis=1), names, strict=True):
                if J is not None:
                    _write(next(found), block)
        return whole
