"""What training needs of an optimizer: its hyperparameters, the state it keeps, and the equations of one step.

A user's own optimizer is a class with the three methods of `Optimizer`; nothing has to be registered, and no class has
to be its base. Names that it chooses are local: the symbols that it is given have names which meet none of the user's.
Ours are frozen dataclasses whose fields say what they may be; they print as the lines of a textbook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from sympy import MatrixSymbol, Symbol

from symnet.expressions import Shown, elementwise, preformatted
from symnet.handing import notation
from symnet.optimizers.schedules import Rate, is_number
from symnet.program import Equation, Section


class Optimizer(Protocol):
    """How a parameter moves. A frozen dataclass of hyperparameters is the usual form."""

    def hyperparameters(self) -> Mapping[str, Rate]:
        """Give name → value, or a function of the step's number (from 0); `update` gets a symbol for each."""

    def init(self, W: Any) -> Mapping[str, float]:
        """Give the states that are kept for a parameter: name → the value of every entry at the start."""

    def update(self, *given: Any, **symbols: Any) -> Mapping[Any, Any]:
        """Give the new values: update(W, gradient, eta=…, v=…) → {symbol of W or a state: expression of all these}."""


Law = tuple[str, Callable[[float], bool]]
POSITIVE: Law = ("a positive number", lambda value: value > 0)
FRACTION: Law = ("a number from 0 up to, but not, 1", lambda value: 0 <= value < 1)
NOT_NEGATIVE: Law = ("a number from 0 on", lambda value: value >= 0)


def hyperparameter(default: float, law: Law, called: str | None = None, varies: bool = False) -> Any:
    """Give a field of an optimizer. `law`: what its value must be; `called`: its name in formulas, such as eta.

    `varies`: a function of the step may stand in its place.
    """
    return field(default=default, metadata={"law": law, "called": called, "varies": varies})


def rate(default: float) -> Any:
    """Give the field of a learning rate η: a positive number, or a function of the step's number."""
    return hyperparameter(default, POSITIVE, "eta", varies=True)


@dataclass(frozen=True)
class Rule(Shown):
    """What our optimizers share. `str` gives the equations of one step; `repr` is code that makes an equal one."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            what, holds = f.metadata["law"]
            if f.metadata["varies"] and callable(value):
                continue
            if not is_number(value) or not holds(value):
                what += " or a function of the step" if f.metadata["varies"] else ""
                name = "learning rate" if f.name == "rate" else f.name
                raise ValueError(f"{type(self).__name__}: the {name} must be {what}, not {value!r}")

    def hyperparameters(self) -> Mapping[str, Rate]:
        """Give the values by the names that they have in the formulas."""
        values = {f.metadata["called"] or f.name: getattr(self, f.name) for f in fields(self)}
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
