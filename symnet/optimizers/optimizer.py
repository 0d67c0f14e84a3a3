"""What training needs of an optimizer: its hyperparameters, the state it keeps, and the equations of one step.

A user's own optimizer is a class with the three methods of `Optimizer`; nothing has to be registered, and no class has
to be its base. Names that it chooses are local: the symbols that it is given have names which meet none of the user's.
Ours are frozen dataclasses whose fields say what they may be; they print as the lines of a textbook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, fields
from typing import Any, ClassVar, Protocol

from sympy import MatrixSymbol, Symbol

from symnet.expressions import POSITIVE, Range, Shown, elementwise, preformatted
from symnet.handing import notation
from symnet.optimizers.rates import Rate, is_number
from symnet.program import Equation, Section


class Optimizer(Protocol):
    """How a parameter moves. A frozen dataclass of hyperparameters is the usual form."""

    def hyperparameters(self) -> Mapping[str, Rate]:
        """Give name → value, or a function of the step's number (from 0); `update` gets a symbol for each."""

    def init(self, W: Any) -> Mapping[str, float]:
        """Give the states that are kept for a parameter: name → the value of every entry at the start."""

    def update(self, *given: Any, **symbols: Any) -> Mapping[Any, Any]:
        """Give the new values: update(W, gradient, eta=…, v=…) → {symbol of W or a state: expression of all these}."""


Make = Callable[..., Any]  # a name and a shape, none for a scalar → a symbol


def hyperparameter(default: float, law: Range, called: str | None = None, varies: bool = False) -> Any:
    """Give a field of an optimizer. `law`: what its value must be; `called`: its name in formulas, such as eta.

    `varies`: a function of the step may stand in its place.
    """
    return field(default=default, metadata={"law": law, "called": called, "varies": varies})


def rate(default: float) -> Any:
    """Give the field of a learning rate η: a positive number, or a function of the step's number."""
    return hyperparameter(default, POSITIVE, "eta", varies=True)


class Rule(Shown):
    """What our optimizers share. `str` gives the equations of one step; `repr` is code that makes an equal one."""

    def __post_init__(self) -> None:
        for f in fields(self):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            law = f.metadata["law"]
            if f.metadata["varies"] and callable(value):
                continue
            if not is_number(value) or not law.holds(value):
                what = law.words + (" or a function of the step" if f.metadata["varies"] else "")
                name = "learning rate" if f.name == "rate" else f.name
                raise ValueError(f"{type(self).__name__}: the {name} must be {what}, not {value!r}")

    def hyperparameters(self) -> Mapping[str, Rate]:
        """Give the values by the names that they have in the formulas."""
        values = {f.metadata["called"] or f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {name: value if callable(value) else float(value) for name, value in values.items()}

    def init(self, W: Any) -> Mapping[str, float]:
        """Give the states that are kept for a parameter, with their starting values: none."""
        return {}

    def update(self, *given: Any, **symbols: Any) -> Mapping[Any, Any]:
        """Give the equations of one step."""
        raise NotImplementedError

    def equations(self) -> tuple[Equation, ...]:
        """Give the equations of one step for a parameter θ, its gradient called g.

        >>> import symnet as sn
        >>> for line in sn.GradientDescent().equations():
        ...     print(line)
        thetanew = (-eta)*g + theta
        """
        return equations_of(self)

    def __str__(self) -> str:
        return notation().render(self._sections(), Symbol("L"))

    def _sections(self) -> list[Section]:
        return [Section("Update", self.equations())]

    def _repr_html_(self) -> str:
        return preformatted(repr(self)) + notation().html(self._sections(), Symbol("L"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return super()._repr_mimebundle_() | {"text/plain": f"{self!r}\n{self}"}

    def _repr_latex_(self) -> str:
        return notation().notebook(self._sections(), Symbol("L"))


class Solver(Rule):
    """What solvers share: `str` gives the equations of one step of θ, the column of all parameters.

    `of_squares`: whether the step is made of residuals, so that the loss must be a sum of squares; `states`: numbers
    that are kept from step to step, with their starting values.
    """

    of_squares: ClassVar[bool] = False

    def states(self) -> Mapping[str, float]:
        """Give the numbers that are kept from step to step, by name, with their starting values: none."""
        return {}

    def steps(self, theta: Any, known: Mapping[str, Any], make: Make) -> Sequence[Equation]:
        """Give the equations of one step. `known`: g, or r and J; `make`: what gives every other symbol."""
        raise NotImplementedError

    def update(self, *given: Any, **symbols: Any) -> Mapping[Any, Any]:
        """Raise `TypeError`: a solver moves no parameter by itself."""
        name = type(self).__name__
        raise TypeError(f"{name} moves all parameters together, so it has no update for one; train with sn.train(…, "
                        f"optimizer=sn.{name}())")  # fmt: skip

    def equations(self) -> tuple[Equation, ...]:
        """Give the equations of one step.

        >>> import symnet as sn
        >>> for line in sn.GaussNewton().equations():
        ...     print(line)
        p = (J.T*J)**(-1)*J.T*r
        thetanew = (-alpha)*p + theta
        """
        m, n = Symbol("m"), Symbol("n")
        known = {"g": MatrixSymbol("g", n, 1), "r": MatrixSymbol("r", m, 1), "J": MatrixSymbol("J", m, n)}
        return tuple(self.steps(MatrixSymbol("theta", n, 1), known, _made))


def _made(name: str, *shape: Any) -> Any:
    return MatrixSymbol(name, *shape) if shape else Symbol(name, real=True)


def equations_of(optimizer: Optimizer) -> tuple[Equation, ...]:
    """Give the equations of one step of an optimizer for a parameter θ, its gradient called g."""
    size = Symbol("theta_rows"), Symbol("theta_columns")
    W, gradient = MatrixSymbol("theta", *size), MatrixSymbol("g", *size)
    states = {name: MatrixSymbol(name, *size) for name in optimizer.init(W)}
    rates = {name: Symbol(name, real=True) for name in optimizer.hyperparameters()}
    lines: list[Equation] = []
    known: dict[Any, Any] = {}
    for moved, value in optimizer.update(W, gradient, **rates, **states).items():
        new = MatrixSymbol(f"{moved.name}new", *size)
        lines.append(Equation(new, value.xreplace(known), "update" if moved == W else "state", moved))
        known[value] = new
    return tuple(lines)


def entry_squares(A: Any) -> Any:
    """Give the square of each entry, or of a scalar."""
    return elementwise(lambda a: a**2, A)
