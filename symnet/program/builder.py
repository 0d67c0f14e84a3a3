"""From expressions to a program: equations numbered by value, named, their shapes checked as they are born.

In: SymPy expressions, walked once, iteratively, by identity; after that everything works on single equations. Out: a
frozen `Program`; all names are settled when `finish` returns. The same operation on the same names is one equation.
Nothing here differentiates, prints or computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

from sympy import Function, MatAdd, MatMul, MatrixSymbol, Mul, Pow, S

from symnet.expressions import (
    CONSTANTS, Assumed, Fixed, Name, add, is_larger, is_light, is_turned, matmul, scaled, split, transpose, walk,
)  # fmt: skip
from symnet.program.chains import KnownProducts, KnownSums, bracketed, known_sum, value_key, without_known_sums
from symnet.program.inline import readable
from symnet.program.names import Namer, Names, symbol_like
from symnet.program.naming import Layers, deserves_a_line, final_names, reading_order, renamed, without_dead_layers
from symnet.program.normal_form import NORMAL_FORMS
from symnet.program.program import Equation, Program, Role, Section
from symnet.program.shapes import check_shapes
from symnet.program.solving import product_of
from symnet.program.stating import Labels, assumed, labels, under_names
from symnet.program.survey import Survey, factors_in, is_data, is_difference, plan_of, survey
from symnet.program.symmetry import turned, upright

NameOrMaker = str | Callable[[], str] | None


class Builder:
    """Equations as they are made. `parameters`: the symbols to be differentiated in, which tells data from weights."""

    def __init__(self, parameters: Iterable[Name] = (), names: Names | None = None) -> None:
        self.equations: list[Equation] = []
        self.names = Namer(names)
        self.parameters = tuple(parameters)
        self._parameters = frozenset(self.parameters)
        self.inputs: dict[str, Name] = {}
        self.assumptions: dict[Name, int] = {}
        self.labels: tuple[Labels, ...] = ()
        self.whole: dict[Name, Any] = {}  # gradients in free entries only → in all entries
        self.constants: set[Name] = set()  # inputs that are numbers, such as a learning rate
        self.layers = Layers(self.names)
        self.lets: set[Name] = set()  # what the user named
        self._starts: list[tuple[str, int]] = [("Forward", 0)]
        self._place: dict[Name, int] = {}  # left-hand side → where its equation is
        self._numbers: dict[Any, Name] = {}
        self._final: dict[Name, Name] = {}  # names that values without one have been given
        self._lines: set[Name] = set()  # values without a name that get one of their own in the end
        self._sums, self._products = KnownSums(), KnownProducts()
        self.symmetric = self._products.symmetric  # names of matrices that are their own transposes
        self._atoms: dict[int, tuple[Any, Any]] = {}
        self.keeps = False  # what sub-expressions are, from one expression that is entered to the next
        self._survey: Survey | None = None

    @classmethod
    def of(cls, program: Program) -> Builder:
        """Give a builder that goes on from a program; the program stays as it is."""
        builder = cls.beside(program)
        for e in program.equations:
            builder.adopt(e)
        starts = accumulate((len(s.equations) for s in program.sections), initial=0)
        builder._starts = [(s.title, start) for s, start in zip(program.sections, starts, strict=False)]
        return builder

    @classmethod
    def beside(cls, program: Program) -> Builder:
        """Give a builder without equations, with the names and inputs of a program."""
        new = cls(program.parameters, program.names)
        new.inputs, new.assumptions, new.labels = dict(program.inputs), dict(program.assumptions), program.labels
        return new

    def section(self, title: str) -> None:
        """Let the equations that follow stand under a heading."""
        self._starts.append((title, len(self.equations)))

    def adopt(self, equation: Equation) -> None:
        """Add an equation as it is."""
        self._place[equation.lhs] = len(self.equations)
        self.equations.append(equation)
        self._numbers.setdefault(value_key(equation.rhs), equation.lhs)
        self._products.add(equation.lhs, equation.rhs)

    # -- from expressions to values

    def enter(self, expr: Any, name: str | None = None) -> Any:
        """Add a user's expression and give its value; `name`: what to call it.

        Raises `ShapeError`, `ValueError` or `TypeError` where the expression does not make sense.
        """
        self._survey = survey(expr, self._parameters, self.names, self._atoms)
        value = self.value(expr)
        for size in sorted(self.names.sizes):  # those that no array tells are arguments too
            self.inputs.setdefault(size, self.names.symbols[size])
        self._survey = None  # identities mean nothing once the expression may be gone
        return value if name is None else self.call(value, self.names.fresh(name))

    def value(self, expr: Any) -> Any:
        """Add what an expression needs, and give its value as a light expression of names."""
        outermost = not (self._atoms or self.keeps)
        try:
            for node in walk(expr, self._atoms):
                if id(node) not in self._atoms:
                    self._atoms[id(node)] = (node, upright(NORMAL_FORMS.of(node)(self, node), self.symmetric))
            return self._atoms[id(expr)][1]
        finally:
            if outermost:  # the identities of nodes that nobody holds mean nothing
                self._atoms = {}

    def atom(self, node: Any) -> Any:
        """Give the value of a sub-expression that has been walked over."""
        return self._atoms.get(id(node), (node, node))[1]

    def input(self, symbol: Any) -> Name:
        """Give the symbol of an input, entered where it is new; names of equations are themselves."""
        if symbol in self._place:
            return symbol
        known = self.names.declare(symbol)
        return self.inputs.setdefault(known.name, known)

    def assume(self, value: Any, node: Assumed) -> None:
        """Take a value to be what a node states; what is differentiated in moves away from where it is so."""
        self.assumptions |= assumed(value, node, self.definition, self._parameters)
        self.labels += labels(value, node, self.definition, self._parameters)

    def definition(self, name: Any) -> Any:
        """Give the right-hand side that a name stands for, or None."""
        return self.equations[self._place[name]].rhs if name in self._place else None

    def known(self, rhs: Any) -> Name | None:
        """Give the name of a value that the program has, else None."""
        return self._numbers.get(value_key(rhs))

    @property
    def entering(self) -> bool:
        """Whether a user's expression is being added, not a derivative."""
        return self._survey is not None

    # -- equations

    def store(self, expr: Any, node: Any = None) -> Any:
        """Give the value of one operation on light operands: itself if it is light, else the name of an equation."""
        if (name := self.name_for(node)) is not None:
            return self.define(expr, name, node)
        c, rest = split(expr)
        if (known := self._products.find(rest)) is not None:
            return scaled(c, known)
        return expr if is_light(rest) else scaled(c, self.define(rest))

    def turned(self, A: Any) -> Any:
        """Give the transpose of light operands; a symmetric matrix is its own."""
        return turned(A, self.symmetric)

    def define(self, rhs: Any, name: NameOrMaker = None, node: Any = None) -> Name:
        """Add `name = rhs` unless the same value has a name already; give the name.

        name: the user's own name, which is kept in any case, or what makes one where one is needed, or None.
        """
        known = self._numbers.get(value_key(rhs))
        if known is not None and (not isinstance(name, str) or known.name == name):
            return self._upgraded(known, name, node) if callable(name) and self._is_hidden(known) else known
        text = name() if callable(name) else name
        if text is not None and symbol_like(text, rhs) in self._place:
            raise ValueError(f"{text} would be the name of two values; choose another name for your let")
        self.check(rhs, text)
        lhs = symbol_like(text or self.names.nobody_sees(len(self.equations)), rhs)
        role, of = self._role(node)
        self.adopt(Equation(lhs, rhs, role, of, movable=text is None))
        if callable(name):
            self.layers.enter(lhs, lhs.name)
        elif text is not None:
            self.lets.add(lhs)
        return lhs

    def _upgraded(self, known: Name, name: Callable[[], str], node: Any) -> Name:
        # what was met before as a part of something else is a layer after all
        self._final[known] = symbol_like(text := name(), known)
        self._mark(known, *self._role(node), movable=False)
        self.layers.enter(known, text)
        return known

    def _role(self, node: Any) -> tuple[Role, Any]:
        kind, about = plan_of(self._survey, node)
        if kind == "pre-activation":
            return "pre-activation", None
        return ("activation", split(self.atom(about))[1]) if kind == "activation" else ("value", None)

    def call(self, value: Any, name: str, role: Role = "value", of: Any = None) -> Name:
        """Give a value a name of its own, by renaming where it has none yet and by an equation where it has."""
        movable = role == "gradient"  # where only what comes of it is asked for, it stands in the line that uses it
        if self._is_hidden(value):
            self._final[value] = symbol_like(name, value)
            self._mark(value, role, of, movable)
            return value
        lhs = symbol_like(name, value)
        self.check(value, name)
        self.adopt(Equation(lhs, value, role, of, movable))
        return lhs

    def _mark(self, name: Name, role: Role, of: Any, movable: bool) -> None:
        place = self._place[name]
        self.equations[place] = replace(self.equations[place], role=role, of=of, movable=movable)

    def _is_hidden(self, value: Any) -> bool:
        # no name is settled for it, and it stands under the heading that is being written
        return self._is_unnamed(value) and self._place[value] >= self._starts[-1][1]

    def _is_unnamed(self, value: Any) -> bool:
        settled = value in self._final or value in self._lines
        return value in self._place and value.name in self.names.hidden and not settled

    def adjoint(self, lhs: Name, adjoint: Any, few: int) -> Any:
        """Give the value of the adjoint of `lhs`, a line for a layer, for what has a name and for over `few` parts."""
        before, value = len(self.equations), self.value(adjoint)
        if not value.is_Matrix and is_larger(value, few) and self._varies(value):
            value = self.define(value)
        unnamed = self._is_hidden(value)
        if self._has_line(lhs, value):
            if not unnamed:
                value = self.call(value, self.names.nobody_sees(len(self.equations)))
            self._mark(value, "adjoint", lhs, movable=False)
            self._lines.add(value)
        elif unnamed and len(self.equations) > before and self.equations[self._place[value]].of is None:
            self._mark(value, "adjoint", lhs, movable=True)
        return value

    def _has_line(self, lhs: Name, value: Any) -> bool:
        if self._is_unnamed(value):
            return lhs in self.layers or lhs in self.lets
        if lhs not in self.lets:
            return lhs in self.layers and not isinstance(value, MatrixSymbol)
        return deserves_a_line(value, {name: self.names.symbols[name] for name in self.names.sizes})

    # -- names

    def name_for(self, node: Any) -> NameOrMaker:
        """Give the name that the survey plans for a node, or what makes it."""
        kind, about = plan_of(self._survey, node)
        if kind == "let":
            return str(about)
        if kind == "activation":
            return lambda: self.layers.name("A", self.atom(about))
        return (lambda: self.layers.name("Z")) if kind == "pre-activation" else None

    def unless_let(self, node: Any) -> Any:
        """Give the node, or None where `let` names it: the name is for its value, not for the transpose of that."""
        return None if plan_of(self._survey, node)[0] == "let" else node

    def factors(self, node: Any) -> list[Any]:
        """Give the factors of an entrywise product, those together that are a value of the expression themselves."""
        return factors_in(self._survey, node)

    # -- operations

    def scalar(self, rebuilt: Any, node: Any = None) -> Any:
        """Give the value of a scalar operation: an equation where it is a function, or named, or used twice."""
        if (name := self.name_for(node)) is not None:
            return self.define(rebuilt, name)
        function = isinstance(rebuilt, Function) or (isinstance(rebuilt, Pow) and not rebuilt.exp.is_Integer)
        varying = self._varies(rebuilt)
        shared = self._survey is not None and id(node) in self._survey.shared
        return self.define(rebuilt) if varying and (function or shared) else rebuilt

    def _varies(self, c: Any) -> bool:
        return any(s.name not in self.names.sizes for s in c.free_symbols - self.constants)

    def coefficient(self, c: Any) -> Any:
        """Give a scalar that is light enough to stand before a matrix."""
        simple = all(a.is_Atom or a.is_Pow and a.exp.is_Integer and a.base.is_Atom for a in Mul.make_args(c))
        return self.define(c) if not simple and self._varies(c) else c

    def product(self, node: Any, *factors: Any) -> Any:
        """Give the value of a product of light operands, a long one bracketed by the sizes of its factors."""
        matrices = [a for a in factors if a.is_Matrix]
        if sum(map(is_turned, matrices)) > 1 and all(is_turned(a) or isinstance(a, CONSTANTS) for a in matrices):
            scalars = [a for a in factors if not a.is_Matrix]
            return transpose(self.product(self.unless_let(node), *scalars, *map(transpose, reversed(matrices))))
        known = lambda A, axis: known_sum(A, axis, self.definition, self.assumptions)
        c, rest = split(matmul(*without_known_sums(factors, known)))
        c = self.coefficient(c)
        name = self.name_for(node)
        sign = S.NegativeOne if callable(name) and c.could_extract_minus_sign() else S.One  # Y − Z, where Z = W·A
        if is_light(rest):
            return scaled(sign, self.store(scaled(sign * c, rest), node))
        keep = lambda product, outermost: product if outermost and name is not None else self.store(product)
        whole = bracketed(list(rest.args), lambda A, B, outermost: keep(product_of(self, A, B), outermost))
        return scaled(c, whole) if name is None else scaled(sign, self.define(scaled(sign * c, whole), name, node))

    def sum(self, node: Any, *terms: Any) -> Any:
        """Give the value of a sum of light operands; a part that has been summed before is used again."""
        if all(is_turned(split(a)[1]) for a in terms):
            return transpose(self.sum(self.unless_let(node), *map(transpose, terms)))
        c, rest = split(add(*terms))
        if not isinstance(rest, MatAdd):
            return self.store(scaled(c, rest), node)
        if (opposite := self._sums.opposite(rest.args)) is not None:
            return self.store(scaled(-c, opposite), node)
        parts = sorted(self._sums(list(rest.args)), key=lambda t: reading_order(t, self.equations, self._place))
        name = self.name_for(node)
        if name is None:
            parts = self._without_data(parts) if node is not None and self._survey is not None else parts
            lhs = self.store(add(*parts))
        else:
            lhs = self.define(scaled(c, add(*parts)), name, node)
        if isinstance(lhs, MatrixSymbol) and (name is None or c == 1):
            self._sums.add(rest.args, lhs)
        return lhs if name is not None else scaled(c, lhs)

    def _without_data(self, terms: list[Any]) -> list[Any]:
        # W·A + b·1ᵀ − Y, written in one go, is the pre-activation Z and then Z − Y.
        data = [t for t in terms if is_data(t, self._parameters, self._place)]
        rest = [t for t in terms if not any(t is d for d in data)]
        affine = any(isinstance(self.definition(split(t)[1]), MatMul) for t in rest)
        if not data or not affine or any(split(t)[1] in self.layers for t in rest):
            return terms
        c, whole = split(add(*rest) if len(rest) > 1 else rest[0])
        if c not in (1, -1) or not all(is_difference(t, c) for t in data):
            return terms
        lhs = self.define(self.definition(whole) if len(rest) == 1 else whole, lambda: self.layers.name("Z"))
        if lhs in self.layers:
            self._mark(lhs, "pre-activation", None, movable=False)
        return [scaled(c, lhs), *data]

    def check(self, rhs: Any, name: str | None = None) -> None:
        """Raise `ShapeError` where the operands of an operation do not fit."""
        check_shapes(rhs, name, self.readable)

    def readable(self, expr: Any) -> str:
        """Give the text of an expression without names that the user has not seen, for messages."""
        return readable(self.equations, expr, self.names.hidden)

    # -- the end

    def finish(self, outputs: Sequence[Name]) -> Program:
        """Give the program. Shared values that have no name yet are called T1, T2, …, or as the adjoints they are."""
        letters, lets = self.layers.letters, self.lets
        final = final_names(self.equations, set(outputs), self.parameters, self._final, letters, lets, self.names)
        needed = without_dead_layers(self.equations, [*outputs, *lets], letters)
        spans = pairwise([*self._starts, ("", len(self.equations))])
        lines = lambda a, z: tuple(renamed(e, final) for e in self.equations[a:z] if e.lhs in needed)
        sections = [Section(title, lines(a, z)) for (title, a), (_, z) in spans]
        known = under_names(self.assumptions, final, lambda a: a not in self._place or a in needed)
        stated, outputs = (known, self.labels), tuple(final.get(o, o) for o in outputs)
        return Program(tuple(sections), Fixed(self.inputs), outputs, self.names.settled(), self.parameters, *stated)
