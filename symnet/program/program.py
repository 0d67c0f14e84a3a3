"""The one list of equations: a frozen value, which is printed, compiled, stepped and mutated.

In: nothing but what a `Builder` has made. Out: a `Program` with its equations in sections. Reading it changes nothing;
every view of it, the reader's, the machine's, the closed form, is a function of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from symnet.expressions import Fixed, Name
from symnet.program.names import Names

Role: TypeAlias = Literal["pre-activation", "activation", "value", "adjoint", "gradient", "hessian", "update", "state"]


@dataclass(frozen=True)
class Equation:
    """`lhs = rhs`: a name (a MatrixSymbol or Symbol), and the expression that it stands for.

    `role`: what kind of value it is; `of`: what it belongs to: the pre-activation of an activation, what an adjoint is
    the adjoint of, the parameter of a gradient or update, the two of a Hessian, the symbol that a state follows.
    `movable`: it has no name of its own, so it moves into the line that uses it where that costs nothing. An equation
    unpacks as `lhs, rhs`.
    """

    lhs: Name
    rhs: Any
    role: Role = "value"
    of: Any = None
    movable: bool = field(default=False, repr=False)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.lhs, self.rhs))

    def __str__(self) -> str:
        return f"{self.lhs} = {self.rhs}"


@dataclass(frozen=True)
class Section:
    """Equations under a heading: "Forward", "Backward", "Update"."""

    title: str
    equations: tuple[Equation, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """Equations in `sections`; `inputs`: the arguments by name; `outputs`: the names that are asked for.

    `names`: the names in use; `parameters`: the symbols differentiated in; `assumptions`: inputs that are stated to sum
    to 1, and along which axis.
    """

    sections: tuple[Section, ...]
    inputs: dict[str, Name]
    outputs: tuple[Name, ...]
    names: Names
    parameters: tuple[Name, ...] = ()
    assumptions: dict[Name, int] = field(default_factory=dict)

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """All equations in order."""
        return tuple(e for section in self.sections for e in section.equations)

    @cached_property
    def by_name(self) -> dict[str, Equation]:
        """The equations by the names of their left-hand sides."""
        return Fixed({e.lhs.name: e for e in self.equations})
