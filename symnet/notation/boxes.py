"""The two-dimensional format: fractions are stacked and exponents raised, with SymPy's `prettyForm` boxes."""

from __future__ import annotations

from typing import Any

from sympy.printing.pretty.stringpict import prettyForm, stringPict

from symnet.notation.reading import Style
from symnet.notation.styles import RELATIONS, Unicode, unicode_name


def _form(text: str) -> prettyForm:
    return prettyForm(text)


class Boxes(Style):
    """Formulas as SymPy's two-dimensional boxes. `partials`: names written as a partial derivative."""

    stacks_fractions = True

    def __init__(self, partials: dict[Any, tuple[Any, Any]]) -> None:
        self._partials = {g.name: (L.name, w.name) for g, (L, w) in partials.items()}

    def equation(self, lhs: prettyForm, rhs: prettyForm) -> str:
        """Give `lhs = rhs` as text of several lines."""
        lines = prettyForm(*stringPict.next(lhs, " = ", rhs)).render(wrap_line=False).splitlines()
        return "\n".join(f"  {line}".rstrip() for line in lines)

    def _stacked(self, rows: list[prettyForm]) -> prettyForm:
        return prettyForm(*stringPict.stack(*rows)) if len(rows) > 1 else rows[0]

    def _beside(self, *parts: Any) -> prettyForm:
        return prettyForm(*stringPict.next(*parts))

    def _joined(self, sign: str, factors: list[Any]) -> prettyForm:
        parts = [factors[0]]
        for factor in factors[1:]:
            parts += [sign, factor]
        return self._beside(*parts)

    def name(self, text: str) -> prettyForm:
        if text in self._partials:
            above, below = (_form(f"∂{unicode_name(t)}") for t in self._partials[text])
            return above / below
        return _form(unicode_name(text))

    def number(self, value: Any) -> prettyForm:
        return _form(Unicode().number(value))

    def paren(self, a: prettyForm) -> prettyForm:
        return prettyForm(*a.parens())

    def signed_sum(self, terms: list[tuple[bool, Any]]) -> prettyForm:
        parts: list[Any] = ["-" if terms[0][0] else "", terms[0][1]]
        for negative, term in terms[1:]:
            parts += [" - " if negative else " + ", term]
        return self._beside(*parts)

    def times(self, factors: list[Any], numeric: bool) -> prettyForm:
        return self._joined("" if numeric else "⋅", factors)

    def dot(self, factors: list[Any]) -> prettyForm:
        return self._joined("⋅", factors)

    def hadamard(self, factors: list[Any], plain: bool) -> prettyForm:
        return self._joined("∘" if plain else " ∘ ", factors)

    def fraction(self, a: Any, b: Any, entrywise: bool) -> prettyForm:
        if entrywise:
            return self._joined(" ⊘ ", [prettyForm(*f.parens()) if f.width() > 3 else f for f in (a, b)])
        return prettyForm(str(a), a.baseline) / prettyForm(str(b), b.baseline)

    def _raised(self, a: Any, mark: str) -> prettyForm:
        return a ** _form(mark) if a.height() > 1 or len(mark) > 1 else self._beside(a, mark)

    def power(self, a: Any, exponent: Any, entrywise: bool) -> prettyForm:
        mark = self._beside("∘", exponent) if entrywise else exponent
        return prettyForm(str(a), a.baseline, binding=prettyForm.ATOM) ** mark

    def transpose(self, a: Any) -> prettyForm:
        return self._beside(a, "ᵀ")

    def inverse(self, a: Any) -> prettyForm:
        return self._beside(a, "⁻¹")

    def call(self, function: str, arguments: list[Any], node: Any) -> prettyForm:
        if function in ("and", "or"):
            return self._joined(f" {function} ", arguments)
        return self._beside(function, self.paren(self._joined(", ", arguments)))

    def bracket(self, a: Any, relation: str, b: Any) -> prettyForm:
        return prettyForm(*self._beside(a, f" {relation} ", b).parens("[", "]"))

    def condition(self, a: Any, relation: str, b: Any) -> prettyForm:
        return self._beside(a, f" {RELATIONS.get(relation, relation)} ", b)

    def cases(self, pairs: list[tuple[Any, Any]]) -> prettyForm:
        rows = [self._beside(v, "  otherwise" if c is None else "  if ", *([] if c is None else [c])) for v, c in pairs]
        return prettyForm(*self._stacked(rows).parens("{", ""))

    def absolute(self, a: Any) -> prettyForm:
        return prettyForm(*a.parens("|", "|"))

    def norm(self, a: Any, squared: bool) -> prettyForm:
        return self._beside("‖", a, "‖²" if squared else "‖")

    def inner(self, a: Any, b: Any) -> prettyForm:
        return self._beside("⟨", a, ", ", b, "⟩")

    def ones(self, rows: Any, cols: Any) -> prettyForm:
        return _form("1⋅1ᵀ" if rows and cols else "1ᵀ" if cols else "1")

    def identity(self, size: Any) -> prettyForm:
        return _form("I")

    def constant(self, rows: list[list[Any]]) -> prettyForm:
        lines = [self._joined(", ", row) for row in rows]
        return prettyForm(*self._stacked(lines).parens("[", "]"))
