"""A mistake in hand-written backpropagation as a mutation: derived equations with other right-hand sides.

In: the equations of a derivation. Out: `Setting` (what is known of the net), `Mutation`, `Words` (a message whose
formulas are expressions still) and `rewrites`, which replaces one node of an expression after the other. What people
get wrong is in `deltas` and `catalogue`; nothing is printed here, and no name is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeAlias

from sympy import (
    Add, Basic, HadamardProduct, MatAdd, MatMul, MatrixSymbol, OneMatrix, Pow, Rational, S, Symbol, Transpose,
    preorder_traversal,
)  # fmt: skip

from symnet.expressions import (
    Elementwise, Name, Softmax, Values, add, hadamard, sigmoid, size_number, split, symbols_of,
    transpose,
)  # fmt: skip
from symnet.program import Equation, as_read

Gradients: TypeAlias = Values | Callable[[dict[str, Any]], Values]
Changes: TypeAlias = Mapping[Name, Any]  # left-hand side → another right-hand side
Roles: TypeAlias = Mapping[Name, tuple[str, Any]]  # left-hand side → what it is, and of what
by_name = attrgetter("name")  # an order of symbols, whatever order a set has


@dataclass(frozen=True)
class Words:
    """A message: a template, and the expressions, numbers and texts that fill it."""

    template: str
    parts: tuple[Any, ...] = ()

    def __add__(self, more: Words) -> Words:
        return Words(self.template + more.template, self.parts + more.parts)

    def read(self, write: Callable[[Basic], str]) -> str:
        """Give the text, with each expression as `write` writes it."""
        return self.template.format(*[_read(p, write) for p in self.parts])


def _read(part: Any, write: Callable[[Basic], str]) -> Any:
    return write(part) if isinstance(part, Basic) else part.read(write) if isinstance(part, Words) else part


def say(template: str, *parts: Any) -> Words:
    """Give the words of a mistake: `say("the factor {} is missing", A)`."""
    return Words(template, parts)


@dataclass(frozen=True, eq=False)
class Mutation:
    """One equation as a user may have written it.

    `cost`: the less, the likelier; `everywhere`: one mistake in every layer; `factor`: the constant where it is one;
    `fitted`: whether it has a number that was chosen to fit.
    """

    kind: str
    changes: Changes
    words: Words
    cost: float = 1.0
    everywhere: bool = False
    factor: float | None = None
    fitted: bool = False

    @property
    def site(self) -> Name:
        """The equation that is wrong, the first one where there are several."""
        return next(iter(self.changes))


@dataclass(frozen=True)
class Axis:
    """The rows or the columns of data, where their number is plain: `words` name them.

    `divided`, `divided_across`: whether formulas divide by their number, and by that of the other axis, as a mean does;
    `entries`, `words_of_entries`: the number of all entries.
    """

    number: int
    words: Words
    divided: bool
    divided_across: bool
    entries: int
    words_of_entries: Words


@dataclass
class Setting:
    """What the operators know of a net: its equations, who is a parameter, an activation, a delta; sizes as numbers."""

    equations: list[Equation]  # the backward ones
    forward: list[Equation]
    roles: Roles
    sizes: Mapping[str, int]
    targets: frozenset[Name]  # inputs that are no parameters
    rate: Symbol  # the learning rate
    found: dict[Any, dict[Any, Any]] = field(default_factory=dict)  # of expressions; for other equations as well
    activations: dict[Any, tuple[Any, Any]] = field(init=False)  # A → (Z, body)

    def __post_init__(self) -> None:
        one_argument = [e for e in self.forward if isinstance(e.rhs, Elementwise) and len(e.rhs.args) == 2]
        self.activations = {e.lhs: (e.rhs.args[1], e.rhs.body) for e in one_argument}
        found = [(e.lhs, *self.roles[e.lhs]) for e in self.equations]
        self.partials = {g: w for g, role, w in found if role == "gradient"}  # in the order of the equations
        self.gradients = {w: g for g, w in self.partials.items()}
        self.deltas = [e.lhs for e in self.equations if e.lhs not in self.partials and e.lhs.is_Matrix]
        self.right = {e.lhs: e.rhs for e in self.equations}
        self.computed = {e.lhs: e.rhs for e in self.forward}
        self._values: dict[Name, list[Any]] = {}
        self._spoiled: dict[Name, frozenset[Name]] = {}

    @cached_property
    def reads(self) -> dict[Name, frozenset[Name]]:
        """The symbols in each backward equation."""
        return {e.lhs: frozenset(symbols_of(e.rhs)) for e in self.equations}

    @cached_property
    def divided_by(self) -> frozenset[tuple[str, Any]]:
        """The sizes by which formulas divide, as a mean does, and their exponents."""
        powers = [p for e in [*self.forward, *self.equations] for p in e.rhs.atoms(Pow)]
        return frozenset((p.base.name, p.exp) for p in powers if p.base.is_Symbol and p.base.name in self.sizes)

    @cached_property
    def axes(self) -> list[Axis]:
        """The axes of plain sizes of what is compared with the output: of the data that meet no product."""
        factors = {f.args[0] if isinstance(f, Transpose) else f for e in self.forward for f in _factors_in(e.rhs)}
        found = []
        for A in sorted(self.targets - factors, key=by_name):
            for n, across, what in ((*A.shape, "rows"), (*A.shape[::-1], "columns")):
                if n.is_Integer and n > 1:
                    words = say(f"{{}}, the number of {what} of {{}}", n, A)
                    entries = int(n) * self.size(across)
                    product = say("") if across.is_Integer else say("{}⋅{} = ", across, n)
                    of_entries = product + say("{}, the number of entries of {}", entries, A)
                    are_divided = self._divide_by(n), self._divide_by(across)
                    found.append(Axis(int(n), words, *are_divided, entries, of_entries))
        return found

    @cached_property
    def uses(self) -> frozenset[int]:
        """How often parameters are used, as weights are at each step: gradients are sums of so many terms."""
        sums = (e for e in map(self.right.__getitem__, self.partials) if isinstance(e, MatAdd))
        return frozenset(len([t for t in e.args if split(t)[1] not in self.gradients]) for e in sums) - {1}

    @cached_property
    def lengths(self) -> dict[int, Words]:
        """The plain sizes of data, of what is compared first: number → its words. One may be taken for another."""
        compared = [(axis.number, axis.words) for axis in self.axes]
        others = [
            (int(n), say(f"{{}}, the number of {what} of {{}}", n, A))
            for A in sorted(self.targets, key=by_name)
            for n, what in zip(A.shape, ("rows", "columns"), strict=True)
            if n.is_Integer and n > 1
        ]
        return dict(reversed([*compared, *others]))

    def _divide_by(self, size: Any) -> bool:
        if not size.is_Integer:
            return size.is_Symbol and (size.name, S.NegativeOne) in self.divided_by
        # every term of the loss is; a 2 may be that of a square as well
        numbers = [term.as_coeff_Mul()[0] for term in Add.make_args(self.forward[-1].rhs)]
        return size > 2 and all(isinstance(c, Rational) and c.q % size == 0 for c in numbers)

    @cached_property
    def begins_with_a_difference(self) -> bool:
        """Whether the first backward equation takes data from an output, or the reverse."""
        rhs = self.equations[0].rhs
        reading = [rhs, *[self.computed[s] for s in symbols_of(rhs) if s in self.computed]]
        return any(map(self._has_difference, reading))

    def _has_difference(self, expr: Any) -> bool:
        return any(self._is_difference(terms) for node in preorder_traversal(expr) for terms in _sums_in(node))

    def _is_difference(self, terms: list[tuple[Any, frozenset[Any]]]) -> bool:
        data = [c for c, symbols in terms if symbols and symbols <= self.targets]
        others = [c for c, symbols in terms if not symbols <= self.targets]
        return any(c.could_extract_minus_sign() != d.could_extract_minus_sign() for c in data for d in others)

    @cached_property
    def _probabilities(self) -> list[Any]:
        return [node for e in self.equations for node in self._probabilities_in(e.rhs)]

    def _probabilities_in(self, rhs: Any) -> list[Any]:
        known = self.found.setdefault("probabilities", {})
        if rhs not in known:
            known[rhs] = sorted(filter(_is_probability, rhs.atoms(Softmax, Elementwise)), key=str)
        return known[rhs]  # type: ignore[no-any-return]

    def found_by(self, operator: Any) -> dict[Any, Any]:
        """Give what an operator found so far in expressions, by expression; with other equations as well."""
        return self.found.setdefault((operator, *self._probabilities), {})

    def size(self, size: Any) -> int:
        """Give a size as a number."""
        return size_number(size, self.sizes)

    def shape(self, A: Any) -> tuple[int, int]:
        """Give a shape as numbers, 1×1 for a scalar."""
        rows, cols = A.shape if A.is_Matrix else (1, 1)
        return self.size(rows), self.size(cols)

    def spoils(self, names: Iterable[Name]) -> frozenset[Name]:
        """Give the parameters whose gradients change where the equations of these names do."""
        return frozenset().union(*(self._spoiled_by(name) for name in names))

    def _spoiled_by(self, name: Name) -> frozenset[Name]:
        if name not in self._spoiled:
            reached = {name}
            for lhs, read in self.reads.items():
                if not reached.isdisjoint(read):
                    reached.add(lhs)
            self._spoiled[name] = frozenset(w for w, g in self.gradients.items() if g in reached)
        return self._spoiled[name]

    def values_of(self, delta: Name) -> list[Any]:
        """Give the neurons' values that a delta belongs to: A1 and Z1 for the adjoint of Z1."""
        if delta not in self._values:
            self._values[delta] = self._values_of(delta)
        return self._values[delta]

    def _values_of(self, delta: Name) -> list[Any]:
        role, Z = self.roles[delta]
        if role != "adjoint":
            return []
        found = [A for A, (argument, _) in self.activations.items() if argument == Z]
        found += [node for node in self._probabilities if Z in node.args]
        named = {e.lhs for e in self.forward} | set(self.targets)
        return list(dict.fromkeys([*found, *([Z] if Z in named else [])]))

    def sort_of(self, part: Any) -> Any:
        """Give what a part of a message has in common with its like in other layers; a text stands for itself."""
        if part in self.gradients:  # a weight, or a bias
            return self.right[self.gradients[part]].has(OneMatrix)
        return self.roles[part][0] if part in self.roles else part if isinstance(part, str) else type(part)


def _sums_in(node: Any) -> Iterator[list[tuple[Any, frozenset[Any]]]]:
    # the terms of a sum of matrices, and of the sums in an entrywise function: a coefficient, and the symbols in it
    if isinstance(node, MatAdd):
        yield [(c, frozenset(symbols_of(A))) for c, A in map(split, node.args)]
    elif isinstance(node, Elementwise):
        read = {v: frozenset(symbols_of(A)) for v, A in node.slots.items()}
        for whole in node.body.atoms(Add):
            terms = [term.as_coeff_Mul() for term in whole.args]
            yield [(c, frozenset().union(*(read.get(v, ()) for v in A.free_symbols))) for c, A in terms]


def _factors_in(expr: Any) -> Iterator[Any]:
    for product in expr.atoms(MatMul):
        matrices = [a for a in product.args if a.is_Matrix]
        yield from matrices if len(matrices) > 1 else ()


def _is_probability(node: Any) -> bool:
    return isinstance(node, Softmax) or node.body == sigmoid(node.variables[0])


Rewritten: TypeAlias = Iterable[tuple[Any, Words]]  # expressions and what is wrong in them


def rewrites(rhs: Any, operator: Callable[[Any], Rewritten], found: dict[Any, Any]) -> list[tuple[Any, Words]]:
    """Give the expression with each of its nodes replaced by each thing that `operator` makes of it, and the words.

    found: what is known of expressions; it is added to.
    """
    if rhs not in found:
        here = list(operator(rhs))
        if not isinstance(rhs, (MatrixSymbol, Elementwise)) and isinstance(rhs, Basic):
            for i, argument in enumerate(rhs.args):
                if isinstance(argument, Basic) and argument.args:
                    for new, words in rewrites(argument, operator, found):
                        here.append((_rebuilt(rhs, [*rhs.args[:i], new, *rhs.args[i + 1 :]]), words))
        found[rhs] = here
    return found[rhs]  # type: ignore[no-any-return]


def _rebuilt(node: Any, arguments: list[Any]) -> Any:
    known = {HadamardProduct: hadamard, MatAdd: add, Transpose: transpose}
    return known[type(node)](*arguments) if type(node) in known else as_read(node, *arguments)
