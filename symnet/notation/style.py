"""The contract of a notation: how one language writes each construct, its names, and a page of equations.

In: finished pieces (strings, or two-dimensional forms) and what joins them. Out: one piece more. A style never looks
at the pieces it is given, and at a node only to know which function it is. A new language is one subclass of `Style`
and one row of `page.NOTATIONS`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, TypeAlias, TypeVar

from sympy import Basic, Identity, Lambda, MatrixSymbol, NumberSymbol, S, Symbol, preorder_traversal
from sympy.core.numbers import Infinity
from sympy.core.symbol import Str

from symnet.expressions import Let, LetScalar, Node, called, span_text
from symnet.notation.spelling import ATOM, WORD, by_tens, is_symbolic, plain_number, unicode_name, unicode_symbols

Form = TypeVar("Form")  # what a style makes of a formula: a string, or a form in two dimensions
Box: TypeAlias = tuple[Form, int]  # a form and how strongly it binds
Construct: TypeAlias = Callable[..., Any]  # a method of a style that gives a form


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


def template(text: str) -> Construct:
    """Give the construct that is a text with a form at each %s; a further argument is not written."""
    first, *words = text.split("%s")
    return lambda self, *forms: self.beside(first, *(p for pair in zip(forms, words, strict=False) for p in pair))


def joined(sign: str) -> Construct:
    """Give the construct that is forms with a sign between them; a further argument is not written."""
    return lambda self, forms, *_: self.join(sign, forms)


class Style(ABC, Generic[Form]):
    """How one language writes each construct, which is a method that takes and gives forms of that language.

    What a language does not say is put together as in a line of Unicode, which is refused unless it is `in_unicode`.
    `key`: the name of the language, under which functions state what they are called in it.
    """

    key = ""
    in_unicode = False  # whether what it does not say is written as in a line of Unicode
    broadcasts = True  # whether a row beside a matrix is read as one for each of its rows
    stacks_fractions = False  # whether a fraction needs no brackets above and below its line
    equals, becomes = " = ", " ← "
    signs = "−", " − ", " + "  # the minus before a sum, the minus and the plus in it
    relations = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
    one = "1"  # the column of ones
    drawing = staticmethod(unicode_symbols)  # the context in which forms are made and put together

    # -- the page, and how forms stand beside each other

    @abstractmethod
    def page(self, parts: Sequence[Part[Form]], sizes: Sequence[tuple[Form, Form, int]]) -> str:
        """All equations, under their headings. `sizes`: each size that is a symbol, with a matrix and its axis."""

    def line(self, line: Line[Form]) -> str:
        """One equation as it stands in a sentence."""
        return str(self.beside(line.lhs, self.sign(line), line.rhs))

    def sign(self, line: Line[Form]) -> str:
        """What stands between the sides of an equation."""
        return self.becomes if line.assigns else self.equals

    @abstractmethod
    def beside(self, *parts: Form | str) -> Form:
        """Forms and signs in a row."""

    def join(self, sign: str, forms: Sequence[Form | str]) -> Form:
        """Forms with a sign between them."""
        return self.beside(*forms[:1], *(part for form in forms[1:] for part in (sign, form)))

    def fence(self, left: str, inside: Form, right: str) -> Form:
        """A form between brackets."""
        return self.beside(left, inside, right)

    def alone(self, form: Form) -> str:
        """A formula that stands by itself."""
        return str(form)

    # -- names and numbers

    def spellings(self, text: str) -> Iterator[Form]:
        """Give the ways to write a name, the nicest first; the first that is not taken on the page is used."""
        if WORD.fullmatch(text):
            if is_symbolic(text):
                yield self.name(text)
            yield self.verbatim(text)
        for marks in count(1):
            yield self.verbatim("“" * marks + text + "”" * marks)

    def name(self, text: str) -> Form:
        """A symbol, with subscripts and accents."""
        return self.beside(unicode_name(text))

    def verbatim(self, text: str) -> Form:
        """A symbol, letter by letter."""
        return self.beside(text)

    def number(self, value: Any) -> Form:
        """A number or a constant such as π."""
        tens = by_tens(value)
        if tens is None:
            return self.digits(plain_number(value))
        exponent = self.signed_sum([(tens[1] < 0, self.digits(str(abs(tens[1]))))])
        raised = self.power(self.digits("10"), exponent, False, True)
        return raised if tens[0] == "1" else self.dot([self.digits(tens[0]), raised])

    def digits(self, text: str) -> Form:
        """A number without a sign, or a constant, as text."""
        return self.beside(text)

    # -- sums, products and powers

    dot = joined("⋅")  # (factors): a product of matrices, or of a scalar and a matrix
    kron = joined(" ⊗ ")  # ([a, b]): a Kronecker product
    quotient = joined(" ⊘ ")  # ([a, b]): entry by entry
    fraction = template("%s/%s")  # (a, b): a quotient by a scalar
    transpose = template("%sᵀ")
    inverse = template("%s⁻¹")
    inverse_transpose = template("%s⁻ᵀ")
    pseudo_inverse = template("%s⁺")
    partial = template("∂%s/∂%s")  # (loss, symbol): a gradient; None: it is called as the program calls it

    second = template("∂²%s/∂%s²")  # (loss, symbol): a Hessian; None: as for `partial`
    mixed = template("∂²%s/∂%s∂%s")  # (loss, symbol, symbol)

    def paren(self, a: Form) -> Form:
        """Brackets around a formula."""
        return self.fence("(", a, ")")

    def signed_sum(self, terms: Sequence[tuple[bool, Form]]) -> Form:
        """Terms, each with whether it is subtracted."""
        (negative, first), *others = terms
        leading, minus, plus = self.signs
        rest = (part for below, term in others for part in (minus if below else plus, term))
        return self.beside(leading if negative else "", first, *rest)

    def times(self, factors: Sequence[Form], numeric: bool) -> Form:
        """A product of scalars; `numeric`: the first is a number and the second begins with a name or bracket."""
        return self.beside(factors[0], self.dot(factors[1:])) if numeric else self.dot(factors)

    def scaled(self, c: Form, a: Form) -> Form:
        """A scalar times a matrix."""
        return self.dot([c, a])

    def hadamard(self, factors: Sequence[Form], plain: bool) -> Form:
        """An entrywise product; `plain`: every factor is a symbol or a call."""
        return self.join("∘" if plain else " ∘ ", factors)

    @abstractmethod
    def power(self, a: Form, exponent: Form, entrywise: bool, whole: bool) -> Form:
        """A power, or one of each entry; `whole`: the exponent is a whole number."""

    def matrix_power(self, a: Form, exponent: Form, whole: bool) -> Form:
        """A power of a square matrix."""
        return self.power(a, exponent, False, whole)

    # -- functions

    both = joined(" and ")  # (conditions): they all hold
    either = joined(" or ")  # (conditions): one of them holds
    inner = template("⟨%s, %s⟩")  # (a, b): the sum of A∘B

    def word(self, text: str) -> str:
        """A word as the head of a call."""
        return text

    def call(self, node: Any, head: str, arguments: Sequence[Form], labels: Sequence[str]) -> Form:
        """A named function; `labels`: what is not computed with, such as an axis."""
        return self.beside(head, self.paren(self.join(", ", [*arguments, *labels])))

    def undefined(self, node: Any, name: str, orders: Sequence[int], arguments: Sequence[Form]) -> Form:
        """A function without a definition; `orders`: how often it is differentiated in each argument, if it is."""
        return self.call(node, self.differentiated(name, orders), arguments, ())

    def differentiated(self, name: str, orders: Sequence[int]) -> str:
        """The head of such a call."""
        return unicode_name(name) if not any(orders) else called(unicode_name(name), tuple(orders))

    def root(self, a: Form, node: Any) -> Form:
        """A square root."""
        return self.call(node, self.word("sqrt"), [a], ())

    def condition(self, a: Form, relation: str, b: Form) -> Form:
        """A condition inside a case distinction."""
        return self.join(f" {self.relations.get(relation, relation)} ", [a, b])

    def bracket(self, a: Form, relation: str, b: Form) -> Form:
        """1 where the relation holds, else 0."""
        return self.fence("[", self.condition(a, relation, b), "]")

    def cases(self, pairs: Sequence[tuple[Form, Form | None]]) -> Form:
        """A case distinction; the condition None is `otherwise`."""
        rows = [self.beside(v, " otherwise") if c is None else self.beside(v, " if ", c) for v, c in pairs]
        return self.fence("{", self.join("; ", rows), "}")

    def absolute(self, a: Form) -> Form:
        """An absolute value."""
        return self.fence("|", a, "|")

    def norm(self, a: Form, squared: bool) -> Form:
        """A Frobenius norm."""
        return self.beside("‖", a, "‖²" if squared else "‖")

    def other_norm(self, a: Form, index: str) -> Form:
        """The spectral norm ("2") or the nuclear norm ("*")."""
        return self.beside(self.norm(a, False), {"2": "₂", "*": "⁎"}[index])

    # -- constant matrices

    identity = template("I")  # (size)

    def ones(self, rows: Form | None, cols: Form | None) -> Form:
        """A matrix of ones: a column, a row or both; None is a size of 1."""
        column = self.beside(self.one)
        row = self.transpose(column)
        return self.dot([column, row]) if rows and cols else row if cols else column

    def span(self, size: Any, first: Any, number: Any, step: Any) -> str:
        """Rows or columns of a matrix, of which there are `size`, counted from 0."""
        return span_text(size, first, number, step)

    def part(self, a: Form, rows: str, cols: str) -> Form:
        """Some rows and columns of a matrix."""
        return self.beside(a, self.fence("[", self.beside(f"{rows}, {cols}"), "]"))

    def entry(self, a: Form, row: Any, col: Any) -> Form:
        """One entry of a matrix."""
        return self.part(a, str(row), str(col))

    def blocks(self, rows: Sequence[Sequence[Form]]) -> Form:
        """A matrix of blocks."""
        return self.constant(rows)

    def constant(self, rows: Sequence[Sequence[Form]]) -> Form:
        """A matrix of numbers."""
        return self.fence("[", self.join("; ", [self.join(", ", row) for row in rows]), "]")


# What a language must say for itself, since the default is a sign of Unicode.
OWN = (
    "both", "cases", "constant", "dot", "either", "fraction", "hadamard", "identity", "inner", "inverse",
    "inverse_transpose", "kron", "mixed", "norm", "other_norm", "partial", "power", "pseudo_inverse", "quotient",
    "relations", "root", "second", "signs", "transpose",
)  # fmt: skip


def unwritten(style: type[Style[Any]]) -> list[str]:
    """Give the constructs that a language leaves to the signs of Unicode without saying that it is written in them."""
    return [] if style.in_unicode else [name for name in OWN if getattr(style, name) is getattr(Style, name)]


class Text(Style[str]):
    """A language whose forms are strings."""

    def beside(self, *parts: str) -> str:
        return "".join(parts)


class Names(dict[str, Box[Form]]):
    """The boxes of the symbols of one page: each a form of its own, which no constant of the page has."""

    def __init__(self, style: Style[Form], expressions: Iterable[Basic] = ()) -> None:
        super().__init__()
        self.style = style
        met = [node for expr in expressions for node in _atoms(expr)]
        self.nodes = frozenset(node for node in met if isinstance(node, Node))  # of which the page is made
        constants = (node for node in met if isinstance(node, (NumberSymbol, Identity, Infinity)))
        one = style.number(S.One)
        self._taken = {str(style.identity(one) if isinstance(c, Identity) else style.number(c)) for c in constants}
        for node in met:
            if isinstance(node, (MatrixSymbol, Symbol, Str)):
                self[node.name]  # in the order in which they are met

    def __missing__(self, name: str) -> Box[Form]:
        form = next(f for f in self.style.spellings(name) if str(f) not in self._taken)
        self._taken.add(str(form))
        return self.setdefault(name, (form, ATOM))


def _atoms(expr: Basic) -> list[Any]:
    # constants and symbols from left to right, without bound variables and without what stands behind a name
    met: list[Any] = []
    walk = preorder_traversal(expr)
    for node in walk:
        met.append(node)
        if isinstance(node, (Let, LetScalar)):
            met.append(node.args[0])
            walk.skip()
    bound = {v for node in met if isinstance(node, Lambda) for v in node.variables}
    return [node for node in met if node not in bound]
