"""The contract of a notation: how one language writes each construct, its names, and a page of equations.

In: finished pieces (strings, or two-dimensional forms) and what joins them. Out: one piece more. A style never looks
at the pieces it is given, and at a node only to know which function it is. A new language is one subclass of `Style`
and one row of `page.NOTATIONS`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from sympy import Basic, Identity, Lambda, MatrixSymbol, NumberSymbol, S, Symbol
from sympy.core.numbers import Infinity
from sympy.core.symbol import Str
from sympy.printing.conventions import split_super_sub

from symnet.expressions import SCALARS

ADD, QUOTIENT, HADAMARD, PRODUCT, POWER, ATOM = range(6)  # how strongly a formula binds
Form = TypeVar("Form")  # what a style makes of a formula: a string, or a form in two dimensions
Box: TypeAlias = tuple[Form, int]  # a form and how strongly it binds

_SUBSCRIPTS = "₀-₉̀-ͯ"  # as digits and accents stand in names
_WORD = re.compile(rf"(?![\d{_SUBSCRIPTS}])(?:(?![⁰¹²³⁴-⁹⁻ᵀ])[\w.′'{_SUBSCRIPTS}])+")


def is_word(text: str) -> bool:
    """Tell whether a name can stand in a formula as it is: letters, digits, and nothing that a formula is made of."""
    return bool(_WORD.fullmatch(text))


def is_symbolic(text: str) -> bool:
    """Tell whether a name can be shown with subscripts and accents: not where that reads as a power or a norm."""
    if not is_word(text) or any(not (c.isalpha() or c.isascii()) or c == "'" for c in text):
        return False
    stem, above, below = split_super_sub(text)
    applied = any(stem.lower().endswith(mark) and stem.lower() != mark for mark in ("norm", "abs", "mag", "avg"))
    return not applied and "_" not in stem and all(below) and not any(mark.isdigit() for mark in above)


@dataclass(frozen=True)
class Line(Generic[Form]):
    """An equation of a page. `assigns`: it gives a symbol a new value."""

    lhs: Form
    rhs: Form
    assigns: bool = False


@dataclass(frozen=True)
class Part(Generic[Form]):
    """Lines of a page under a heading; there is one line at least."""

    title: str
    lines: Sequence[Line[Form]]


@dataclass(frozen=True)
class SizeOf(Generic[Form]):
    """A size that is a symbol, and the matrix and axis (1 or 2) where it is found."""

    size: Form
    matrix: Form
    axis: int


class Style(ABC, Generic[Form]):
    """How one language writes each construct. Methods take and give forms of that language.

    `key`: the name of the language, under which functions state what they are called in it.
    """

    key: ClassVar[str] = ""
    stacks_fractions: ClassVar[bool] = False  # whether a fraction needs no brackets above and below its line
    equals: ClassVar[str] = " = "
    becomes: ClassVar[str] = " ← "

    # -- the page

    def drawing(self) -> AbstractContextManager[Any]:
        """Give the context in which forms are made and put together."""
        return nullcontext()

    def sign(self, line: Line[Form]) -> str:
        """Give what stands between the sides of an equation."""
        return self.becomes if line.assigns else self.equals

    @abstractmethod
    def line(self, line: Line[Form]) -> str:
        """One equation as it stands in a sentence."""

    @abstractmethod
    def page(self, parts: Sequence[Part[Form]], sizes: Sequence[SizeOf[Form]]) -> str:
        """All equations, under their headings. `sizes`: where the sizes in them come from, for code."""

    def partial(self, loss: Form, symbol: Form) -> Form | None:
        """The gradient of a loss for a symbol, as a name; None: it is called as the program calls it."""
        return None

    # -- names and numbers

    def spellings(self, text: str) -> Iterator[Form]:
        """Give the ways to write a name, the nicest first; the first that is not taken on the page is used."""
        if is_symbolic(text):
            yield self.name(text)
        if is_word(text):
            yield self.verbatim(text)
        for marks in count(1):
            yield self.verbatim("“" * marks + text + "”" * marks)

    @abstractmethod
    def name(self, text: str) -> Form:
        """A symbol, with subscripts and accents."""

    @abstractmethod
    def verbatim(self, text: str) -> Form:
        """A symbol, letter by letter."""

    @abstractmethod
    def number(self, value: Any) -> Form:
        """A number or a constant such as π."""

    # -- sums, products and powers

    @abstractmethod
    def paren(self, a: Form) -> Form:
        """Brackets around a formula."""

    @abstractmethod
    def signed_sum(self, terms: Sequence[tuple[bool, Form]]) -> Form:
        """Terms, each with whether it is subtracted."""

    @abstractmethod
    def times(self, factors: Sequence[Form], numeric: bool) -> Form:
        """A product of scalars; `numeric`: the first is a number and the second begins with a name or bracket."""

    @abstractmethod
    def dot(self, factors: Sequence[Form]) -> Form:
        """A product of matrices, or of a scalar and a matrix."""

    def scaled(self, c: Form, a: Form) -> Form:
        """A scalar times a matrix."""
        return self.dot([c, a])

    @abstractmethod
    def hadamard(self, factors: Sequence[Form], plain: bool) -> Form:
        """An entrywise product; `plain`: every factor is a symbol or a call."""

    @abstractmethod
    def fraction(self, a: Form, b: Form, entrywise: bool) -> Form:
        """A quotient by a scalar, or entry by entry."""

    @abstractmethod
    def power(self, a: Form, exponent: Form, entrywise: bool, whole: bool) -> Form:
        """A power, or one of each entry; `whole`: the exponent is a whole number."""

    def matrix_power(self, a: Form, exponent: Form, whole: bool) -> Form:
        """A power of a square matrix."""
        return self.power(a, exponent, False, whole)

    @abstractmethod
    def transpose(self, a: Form) -> Form:
        """A transpose."""

    @abstractmethod
    def inverse(self, a: Form) -> Form:
        """An inverse matrix."""

    # -- functions

    def head(self, node: Any, word: str) -> str:
        """What a function is called: what it says for this language, else the word."""
        row = SCALARS.find(node)
        return (row.names.get(self.key) if row else None) or self.word(word)

    def word(self, text: str) -> str:
        """A word as the head of a call."""
        return text

    @abstractmethod
    def call(self, node: Any, head: str, arguments: Sequence[Form], labels: Sequence[str]) -> Form:
        """A named function; `labels`: what is not computed with, such as an axis."""

    def root(self, node: Any, a: Form) -> Form:
        """A square root."""
        return self.call(node, self.word("sqrt"), [a], ())

    @abstractmethod
    def bracket(self, a: Form, relation: str, b: Form) -> Form:
        """1 where the relation holds, else 0."""

    @abstractmethod
    def condition(self, a: Form, relation: str, b: Form) -> Form:
        """A condition inside a case distinction."""

    @abstractmethod
    def both(self, conditions: Sequence[Form]) -> Form:
        """Conditions that all hold."""

    @abstractmethod
    def either(self, conditions: Sequence[Form]) -> Form:
        """Conditions of which one holds."""

    @abstractmethod
    def cases(self, pairs: Sequence[tuple[Form, Form | None]]) -> Form:
        """A case distinction; the condition None is `otherwise`."""

    @abstractmethod
    def absolute(self, a: Form) -> Form:
        """An absolute value."""

    @abstractmethod
    def norm(self, a: Form, squared: bool) -> Form:
        """A Frobenius norm."""

    @abstractmethod
    def inner(self, a: Form, b: Form) -> Form:
        """⟨A, B⟩, the sum of A∘B."""

    # -- constant matrices

    @abstractmethod
    def ones(self, rows: Form | None, cols: Form | None) -> Form:
        """A matrix of ones: a column, a row or both; None is a size of 1."""

    @abstractmethod
    def identity(self, size: Form) -> Form:
        """An identity matrix."""

    @abstractmethod
    def constant(self, rows: Sequence[Sequence[Form]]) -> Form:
        """A matrix of numbers."""


class Names(Generic[Form]):
    """How the symbols of one page are written: each in a form of its own, which no constant of the page has."""

    def __init__(self, style: Style[Form]) -> None:
        self.style = style
        self._boxes: dict[str, Box[Form]] = {}
        self._taken: set[str] = set()

    def enter(self, expressions: Iterable[Basic]) -> None:
        """Name the symbols of a page in the order in which they are met, its constants first."""
        met = [node for expr in expressions for node in _atoms(expr)]
        for node in met:
            if isinstance(node, (NumberSymbol, Identity, Infinity)):
                self._taken.add(str(self._constant(node)))
        for node in met:
            if isinstance(node, (MatrixSymbol, Symbol, Str)):
                self.box(node.name)

    def _constant(self, node: Any) -> Form:
        one = self.style.number(S.One)
        return self.style.identity(one) if isinstance(node, Identity) else self.style.number(node)

    def box(self, name: str) -> Box[Form]:
        """Give the form of a name."""
        if name not in self._boxes:
            form = next(f for f in self.style.spellings(name) if str(f) not in self._taken)
            self._taken.add(str(form))
            self._boxes[name] = form, ATOM
        return self._boxes[name]

    def write_as(self, name: str, box: Box[Form]) -> None:
        """Write a name in another form from now on."""
        self._boxes[name] = box


def _atoms(expr: Basic) -> list[Any]:
    # constants and symbols from left to right, without bound variables
    found: list[Any] = []
    bound: set[Any] = set()
    stack: list[Any] = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Lambda):
            bound.update(node.variables)
            stack.append(node.expr)
            continue
        found.append(node)
        stack.extend(a for a in reversed(node.args) if isinstance(a, Basic))
    return [node for node in found if node not in bound]
