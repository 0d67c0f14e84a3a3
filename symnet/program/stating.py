"""What the user states of values: that they sum to 1 along an axis, and which entries they have, as targets of losses.

In: a value of a program. Out: the names that are taken to sum to 1, and what is to be looked at where they get numbers.
A target is judged as a whole, since Y + c·U − c·V may sum to 1 where neither U nor V does. Its symbols are judged each
where there is one of them alone, or where a coefficient is trained: the whole must sum to 1 wherever that goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from sympy import Expr, Integer, MatAdd, MatrixSymbol, OneMatrix, S, Transpose

from symnet.expressions import ENTRIES_OF, Admitted, Assumed, Distribution, Entries, Fixed, Name, mixed, scaled, split
from symnet.program.program import Program

Definition: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True)
class Target:
    """What sums to 1 along an axis: `constant`, and the sums of `terms`: (coefficient, symbol, its own axis)."""

    axis: int
    terms: tuple[tuple[Expr, MatrixSymbol, int], ...]
    constant: Expr

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all that is in it: matrices, coefficients, sizes."""
        scalars = [self.constant, *(c for c, _, _ in self.terms)]
        return frozenset([*(A.name for _, A, _ in self.terms), *(s.name for c in scalars for s in c.free_symbols)])

    def called(self, A: MatrixSymbol, axis: int) -> str:
        """Give how one of its matrices stands in it: transposed where it is summed along its other axis."""
        return A.name if axis == self.axis else f"{A.name}.T"

    @property
    def text(self) -> str:
        """Its terms as they are written, without the constant."""
        named = [(c, self.called(A, axis)) for c, A, axis in self.terms]
        return " + ".join(name if c == 1 else f"({c})*{name}" for c, name in named)

    @property
    def line(self) -> str:
        """What sums to 1 in it, of a matrix that it is written as."""
        return "column" if self.axis == 0 else "row"


@dataclass(frozen=True)
class Labels(Target):
    """Targets of a `loss`, whose entries are those of `terms` and `constant` together."""

    loss: str = ""

    @property
    def entries(self) -> Entries:
        """What must stand in them."""
        return ENTRIES_OF[self.loss]

    @property
    def text(self) -> str:
        """What has these entries."""
        return f"{super().text} + {self.constant}".replace("+ -", "- ") if self.constant else super().text

    @cached_property
    def alone(self) -> str | None:
        """The name of the one matrix that it is."""
        (c, A, _), *others = self.terms
        return None if others or c != 1 or self.constant else A.name


def labels(value: Any, node: Assumed, definition: Definition, parameters: Collection[Any]) -> tuple[Labels, ...]:
    """Give what a node states of the entries of a value; nothing where that is not made of data alone."""
    if not isinstance(node, Admitted):
        return ()
    parts = _parts(value, node.axis, definition)
    terms = [part for part in parts if not isinstance(part[1], OneMatrix)]
    made_of = {s for c, A, _ in parts for s in (c.free_symbols if isinstance(A, OneMatrix) else {A, *c.free_symbols})}
    data = all(_is_input(A, definition) for _, A, _ in terms) and made_of.isdisjoint(parameters)
    if not terms or not data or not all(s.is_Symbol for c, _, _ in parts for s in c.free_symbols):
        return ()
    constant = sum((c for c, A, _ in parts if isinstance(A, OneMatrix)), S.Zero)
    return (Labels(node.axis, tuple(terms), constant, node.loss),)


def assumed(value: Any, node: Assumed, definition: Definition, parameters: Collection[Any]) -> dict[Name, int]:
    """Give the names that are taken to sum to 1 where a node states it of a value; none where one is trained."""
    if not isinstance(node, Distribution):
        return {}
    axis = node.axis
    parts = _parts(value, axis, definition)
    inputs = {A: along for _, A, along in parts if _is_input(A, definition)}
    if not inputs.keys().isdisjoint(parameters):
        return {}
    c, A = split(value)
    A, along = (A.args[0], 1 - axis) if isinstance(A, Transpose) else (A, axis)
    held = all(s.is_Symbol and s not in parameters for c, _, _ in parts for s in c.free_symbols)
    whole = held and len(inputs) > 1 and isinstance(A, MatrixSymbol)
    found = {scaled(_spelled_out(c, definition), A): along} if whole else inputs
    return {name: k for name, k in found.items() if getattr(name, "sums_to_one", None) != k}


def targets_of(program: Program) -> list[Target]:
    """Give what a program takes to sum to 1, in its inputs."""
    definition = lambda A: program.by_name[A.name].rhs if getattr(A, "name", None) in program.by_name else None
    found = []
    for name, axis in program.assumptions.items():
        parts = _parts(name, axis, definition)
        others = [(c, A, k) for c, A, k in parts if not _is_input(A, definition)]
        constant = sum((c * (A.shape[k] if isinstance(A, OneMatrix) else 1) for c, A, k in others), S.Zero)
        found.append(Target(axis, tuple(part for part in parts if part not in others), constant))
    return found


def marked(name: Any, value: Any, assumptions: Mapping[Any, int]) -> Any:
    """Give the value of a name with what is stated of it."""
    for stated, axis in assumptions.items():
        c, A = split(stated)
        if A == name:
            return scaled(1 / c, Distribution(scaled(c, value), Integer(axis)))
    return value


def under_names(
    assumptions: Mapping[Any, int], final: Mapping[Name, Name], kept: Callable[[Name], bool]
) -> dict[Any, int]:
    """Give what is stated under the final names of values, of those that are kept."""
    known = [(*split(value), axis) for value, axis in assumptions.items()]
    return Fixed({scaled(c, final.get(A, A)): axis for c, A, axis in known if kept(A)})


def _parts(value: Any, axis: int, definition: Definition) -> list[tuple[Any, Any, int]]:
    return [(_spelled_out(c, definition), A, k) for c, A, k in mixed(value, axis, lambda A: _sum_behind(A, definition))]


def _sum_behind(A: Any, definition: Definition) -> Any:
    # what a name is of, where that is a name, a multiple of one, or a sum of those
    rhs = definition(A)
    inside = None if rhs is None else split(rhs)[1]
    return rhs if isinstance(inside, (MatrixSymbol, Transpose, OneMatrix)) or type(inside) is MatAdd else None


def _is_input(A: Any, definition: Definition) -> bool:
    return isinstance(A, MatrixSymbol) and definition(A) is None


def _spelled_out(c: Any, definition: Definition) -> Any:
    while known := {s: rhs for s in c.free_symbols if not s.is_Matrix and (rhs := definition(s)) is not None}:
        c = c.xreplace(known)
    return c
