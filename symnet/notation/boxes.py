"""The two-dimensional notation: fractions are stacked and exponents raised, with SymPy's `prettyForm` boxes.

In: boxes. Out: a box, and text of several lines for a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from sympy.printing.pretty.stringpict import prettyForm, stringPict

from symnet.notation.style import Line, Part, SizeOf, Style
from symnet.notation.unicode import RELATIONS, plain_number, unicode_name, unicode_symbols


def _beside(*parts: Any) -> prettyForm:
    return prettyForm(*stringPict.next(*parts))


def _joined(sign: str, factors: Sequence[Any]) -> prettyForm:
    parts = [factors[0]]
    for factor in factors[1:]:
        parts += [sign, factor]
    return _beside(*parts)


def _stacked(rows: Sequence[prettyForm]) -> prettyForm:
    return prettyForm(*stringPict.stack(*rows)) if len(rows) > 1 else rows[0]


class Boxes(Style[prettyForm]):
    """Formulas as SymPy's two-dimensional boxes."""

    key = "pretty"
    stacks_fractions = True

    def drawing(self) -> AbstractContextManager[Any]:
        return unicode_symbols()

    def line(self, line: Line[prettyForm]) -> str:
        rows = _beside(line.lhs, self.sign(line), line.rhs).render(wrap_line=False).splitlines()
        return "\n".join(row.rstrip() for row in rows)

    def page(self, parts: Sequence[Part[prettyForm]], sizes: Sequence[SizeOf[prettyForm]]) -> str:
        return "\n\n".join(block for part in parts for block in [part.title, *map(self._indented, part.lines)])

    def _indented(self, line: Line[prettyForm]) -> str:
        return "\n".join(f"  {row}".rstrip() for row in self.line(line).split("\n"))

    def partial(self, loss: prettyForm, symbol: prettyForm) -> prettyForm:
        above, below = (_beside("∂", form) for form in (loss, symbol))
        return above / below

    def name(self, text: str) -> prettyForm:
        return prettyForm(unicode_name(text))

    def verbatim(self, text: str) -> prettyForm:
        return prettyForm(text)

    def number(self, value: Any) -> prettyForm:
        return prettyForm(plain_number(value))

    def paren(self, a: prettyForm) -> prettyForm:
        return prettyForm(*a.parens())

    def signed_sum(self, terms: Sequence[tuple[bool, prettyForm]]) -> prettyForm:
        parts: list[Any] = ["-" if terms[0][0] else "", terms[0][1]]
        for negative, term in terms[1:]:
            parts += [" - " if negative else " + ", term]
        return _beside(*parts)

    def times(self, factors: Sequence[prettyForm], numeric: bool) -> prettyForm:
        return _beside(factors[0], _joined("⋅", factors[1:])) if numeric else _joined("⋅", factors)

    def dot(self, factors: Sequence[prettyForm]) -> prettyForm:
        return _joined("⋅", factors)

    def hadamard(self, factors: Sequence[prettyForm], plain: bool) -> prettyForm:
        return _joined("∘" if plain else " ∘ ", factors)

    def fraction(self, a: prettyForm, b: prettyForm, entrywise: bool) -> prettyForm:
        if entrywise:
            return _joined(" ⊘ ", [a, b])
        return prettyForm(str(a), a.baseline) / prettyForm(str(b), b.baseline)

    def power(self, a: prettyForm, exponent: prettyForm, entrywise: bool, whole: bool) -> prettyForm:
        mark = _beside("∘", exponent) if entrywise else exponent
        return prettyForm(str(a), a.baseline, binding=prettyForm.ATOM) ** mark

    def transpose(self, a: prettyForm) -> prettyForm:
        return _beside(a, "ᵀ")

    def inverse(self, a: prettyForm) -> prettyForm:
        return _beside(a, "⁻¹")

    def call(self, node: Any, head: str, arguments: Sequence[prettyForm], labels: Sequence[str]) -> prettyForm:
        return _beside(head, self.paren(_joined(", ", [*arguments, *map(prettyForm, labels)])))

    def bracket(self, a: prettyForm, relation: str, b: prettyForm) -> prettyForm:
        return prettyForm(*_beside(a, f" {relation} ", b).parens("[", "]"))

    def condition(self, a: prettyForm, relation: str, b: prettyForm) -> prettyForm:
        return _beside(a, f" {RELATIONS.get(relation, relation)} ", b)

    def both(self, conditions: Sequence[prettyForm]) -> prettyForm:
        return _joined(" and ", conditions)

    def either(self, conditions: Sequence[prettyForm]) -> prettyForm:
        return _joined(" or ", conditions)

    def cases(self, pairs: Sequence[tuple[prettyForm, prettyForm | None]]) -> prettyForm:
        rows = [_beside(v, "  otherwise") if c is None else _beside(v, "  if ", c) for v, c in pairs]
        return prettyForm(*_stacked(rows).parens("{", ""))

    def absolute(self, a: prettyForm) -> prettyForm:
        return prettyForm(*a.parens("|", "|"))

    def norm(self, a: prettyForm, squared: bool) -> prettyForm:
        return _beside("‖", a, "‖²" if squared else "‖")

    def inner(self, a: prettyForm, b: prettyForm) -> prettyForm:
        return _beside("⟨", a, ", ", b, "⟩")

    def ones(self, rows: prettyForm | None, cols: prettyForm | None) -> prettyForm:
        return prettyForm("1⋅1ᵀ" if rows and cols else "1ᵀ" if cols else "1")

    def identity(self, size: prettyForm) -> prettyForm:
        return prettyForm("I")

    def constant(self, rows: Sequence[Sequence[prettyForm]]) -> prettyForm:
        return prettyForm(*_stacked([_joined(", ", row) for row in rows]).parens("[", "]"))
