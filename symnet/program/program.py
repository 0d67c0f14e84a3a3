"""The one list of equations: a frozen value, which is printed, compiled, stepped and mutated.

In: nothing but what a `Builder` has made. Out: a `Program` with its equations in sections. Reading it changes nothing;
every view of it, the reader's, the machine's, the closed form, is a function of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from symnet.expressions import Fixed, Name, Shown, brief, listed
from symnet.program.names import Names

Role: TypeAlias = Literal[
    "pre-activation", "activation", "value", "adjoint", "gradient", "hessian", "jacobian", "update", "state"
]


@dataclass(frozen=True, repr=False)
class Equation(Shown):
    """`lhs = rhs`: a name (a MatrixSymbol or Symbol), and the expression that it stands for.

    `role`: what kind of value it is; `of`: what it belongs to: the pre-activation of an activation, what an adjoint is
    the adjoint of, the parameter of a gradient or update, the two of a Hessian or Jacobian, the symbol that a state
    follows. `movable`: it has no name of its own, so it moves into the line that uses it where that costs nothing. An
    equation unpacks as `lhs, rhs`.

    >>> import symnet as sn
    >>> W, x, y = sn.matrix("W", 2, 3), sn.vector("x", 3), sn.vector("y", 2)
    >>> d = sn.derive(sn.norm(sn.tanh(W * x) - y)**2, W)
    >>> d.forward[0], d.forward[0].role
    (<Equation Z1 = W*x>, 'pre-activation')
    >>> name, value = d.forward[0]
    >>> print(name, "is", value)
    Z1 is W*x
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

    def _headline(self) -> str:
        return f" {self.lhs} = {brief(self.rhs)}"


@dataclass(frozen=True, repr=False)
class Section(Shown):
    """Equations under a heading: "Forward", "Backward", "Update"."""

    title: str
    equations: tuple[Equation, ...]

    def _headline(self) -> str:
        return f" {self.title}: {len(self.equations)} equations, {listed(e.lhs for e in self.equations)}"

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {e}" for e in self.equations)])


@dataclass(frozen=True, eq=False, repr=False)
class Program(Shown):
    """Equations in `sections`; `inputs`: the arguments by name; `outputs`: the names that are asked for.

    `names`: the names in use; `parameters`: the symbols differentiated in; `assumptions`: inputs that are stated to sum
    to 1, or names of what they make, or a multiple of one, and along which axis; `labels`: targets of other losses.

    >>> import symnet as sn
    >>> W, x, y = sn.matrix("W", 2, 3), sn.vector("x", 3), sn.vector("y", 2)
    >>> d = sn.derive(sn.norm(sn.tanh(W * x) - y)**2, W)
    >>> [section.title for section in d.program.sections], sorted(d.program.inputs)
    (['Forward', 'Backward'], ['W', 'x', 'y'])
    >>> d.program.by_name["Z1"] in d.program.equations
    True
    """

    sections: tuple[Section, ...]
    inputs: dict[str, Name]
    outputs: tuple[Name, ...]
    names: Names
    parameters: tuple[Name, ...] = ()
    assumptions: dict[Name, int] = field(default_factory=dict)
    labels: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        twice = [name for name, times in Counter(e.lhs.name for e in self.equations).items() if times > 1]
        if twice or not self.inputs.keys().isdisjoint(e.lhs.name for e in self.equations):
            name = twice[0] if twice else next(e.lhs.name for e in self.equations if e.lhs.name in self.inputs)
            raise RuntimeError(
                f"two values of one program are called {name}: this is a fault of symnet, please report it"
            )

    def _headline(self) -> str:
        return f": {listed(self.inputs)} → {listed(self.outputs)} in {len(self.equations)} equations"

    def __str__(self) -> str:
        return "\n".join(map(str, self.sections))

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """All equations in order."""
        return tuple(e for section in self.sections for e in section.equations)

    @cached_property
    def by_name(self) -> dict[str, Equation]:
        """The equations by the names of their left-hand sides."""
        return Fixed({e.lhs.name: e for e in self.equations})
