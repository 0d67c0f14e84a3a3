"""A mistake in hand-written backpropagation as a mutation: one derived equation with another right-hand side.

In: equations of a derivation. Out: `Mutation`, `Setting` (what is known of the net) and `rewrites`, which replaces one
node of an expression after the other. The catalogue of mistakes itself is in `catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import (
    Basic,
    HadamardProduct,
    MatAdd,
    MatrixSymbol,
    Transpose,
    sympify,
)

from symnet.expressions.algebra import add, hadamard, transpose
from symnet.program.inline import as_read
from symnet.expressions.nodes import Elementwise, Softmax
from symnet.program.program import Equation
from symnet.expressions.scalars import sigmoid


@dataclass(frozen=True, eq=False)
class Mutation:
    """One equation as a user may have written it.

    `cost`: the less, the likelier; `everywhere`: one mistake in every layer; `factor`: the constant where it is one.
    """

    kind: str
    changes: Mapping[Any, Any]  # name → the right-hand side that is wrong
    words: str
    cost: float = 1.0
    everywhere: bool = False
    factor: float | None = None

    @property
    def site(self) -> Any:
        """The equation that is wrong, the first one where there are several."""
        return next(iter(self.changes))


@dataclass
class Setting:
    """What the operators know of a net: its equations, who is a parameter, an activation, a delta; sizes as numbers."""

    equations: list[Equation]  # the backward ones
    forward: list[Equation]
    partials: dict[Any, Any]  # gradient name → parameter
    sizes: Mapping[str, int]
    targets: frozenset[Any]  # inputs that are no parameters
    rate: Any = None  # the symbol of the learning rate
    activations: dict[Any, tuple[Any, Any]] = field(init=False)  # A → (Z, body)

    def __post_init__(self) -> None:
        self.activations = {}
        for lhs, rhs in self.forward:
            if isinstance(rhs, Elementwise) and len(rhs.args) == 2:
                self.activations[lhs] = (rhs.args[1], rhs.body)
        self.gradients = {w: g for g, w in self.partials.items()}
        self.deltas = [e.lhs for e in self.equations if e.lhs not in self.partials and e.lhs.is_Matrix]

    def size(self, expr: Any) -> int:
        """Give a size as a number."""
        expr = sympify(expr)
        return int(expr.subs({s: self.sizes[s.name] for s in expr.free_symbols}))

    def shape(self, A: Any) -> tuple[int, int]:
        """Give a shape as numbers, 1×1 for a scalar."""
        rows, cols = A.shape if A.is_Matrix else (1, 1)
        return self.size(rows), self.size(cols)

    def value_of(self, delta: Any) -> list[Any]:
        """Give the neurons' values that a delta belongs to: A1 and Z1 for Zbar1."""
        wanted = delta.name.replace("bar", "")
        found = []
        for A, (Z, _) in self.activations.items():
            if Z.is_Matrix and getattr(Z, "name", None) == wanted:
                found.append(A)
        probabilities = [
            node
            for e in self.equations
            for node in e.rhs.atoms(Softmax, Elementwise)
            if getattr(node.args[-1 if isinstance(node, Elementwise) else 0], "name", None) == wanted
            and (isinstance(node, Softmax) or node.body == sigmoid(node.variables[0]))
        ]
        return found + list(dict.fromkeys(probabilities)) + [e.lhs for e in self.forward if e.lhs.name == wanted]


def rewrites(rhs: Any, operator: Callable[[Any], Iterator[tuple[Any, str]]]) -> Iterator[tuple[Any, str]]:
    """Give the expression with each of its nodes replaced by each thing that `operator` makes of it, and the words."""
    yield from operator(rhs)
    if isinstance(rhs, (MatrixSymbol, Elementwise)) or not isinstance(rhs, Basic):
        return
    for i, argument in enumerate(rhs.args):
        if isinstance(argument, Basic) and argument.args:
            for new, words in rewrites(argument, operator):
                yield _rebuilt(rhs, [*rhs.args[:i], new, *rhs.args[i + 1 :]]), words


def _rebuilt(node: Any, arguments: list[Any]) -> Any:
    if isinstance(node, HadamardProduct):
        return hadamard(*arguments)
    if isinstance(node, MatAdd):
        return add(*arguments)
    if isinstance(node, Transpose):
        return transpose(*arguments)
    return as_read(node, *arguments)
