"""How SymPy's own printers write an entrywise function: A∘B, A ⊘ B and A∘² where the operation is entry by entry.

In: the body of the function, and the finished text of what each bound variable stands for. Out: a text that reads as
nothing else. The notation of derivations is another matter and has a wing of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sympy import Add, Basic, Expr, Mul, Pow, S, Symbol

SUM, PRODUCT, POWER, ATOM = range(4)
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Verbatim(Symbol):
    """Finished print in the place of an operand, for SymPy's own printers."""

    def _sympystr(self, printer: Any) -> str:
        return self.name

    _latex = _sympystr


class Signs(NamedTuple):
    """The signs of a language: product, quotient, brackets."""

    times: str
    by: str
    left: str
    right: str
    scaled: str

    def fraction(self, text: str, bottom: str) -> str:
        """A quotient by a scalar."""
        return f"{text}/{bottom}"

    def power(self, base: str, exponent: str, whole: bool) -> str:
        """A power of each entry."""
        return f"{base}∘{exponent.translate(_RAISED)}" if whole else f"{base}∘^({exponent})"


class LatexSigns(Signs):
    """The signs of LaTeX."""

    def fraction(self, text: str, bottom: str) -> str:
        return rf"\frac{{{text}}}{{{bottom}}}"

    def power(self, base: str, exponent: str, whole: bool) -> str:
        return rf"{{{base}}}^{{\circ {exponent}}}"


TEXT = Signs("∘", " ⊘ ", "(", ")", "*")
LATEX = LatexSigns(r" \circ ", r" \oslash ", r"\left(", r"\right)", " ")


class Writer(NamedTuple):
    """`shown`: the text of each bound variable that stands for a matrix, in brackets where it needs them; `bare`:
    without them, for the argument of a function."""

    printer: Any
    shown: Mapping[Any, str]
    bare: Mapping[Any, str]
    signs: Signs

    def write(self, body: Any, least: int = SUM) -> str:
        """Write a part of the body, in brackets where it binds less than `least`."""
        text, level = self._box(body)
        return text if level >= least else f"{self.signs.left}{text}{self.signs.right}"

    def _box(self, body: Any) -> tuple[str, int]:
        if body in self.shown:
            return self.shown[body], ATOM
        if not self._varies(body):
            return str(self.printer._print(body)), _level(body)
        if isinstance(body, Add):
            return self._sum(body), SUM
        if isinstance(body, Mul) or (isinstance(body, Pow) and body.exp.could_extract_minus_sign()):
            return self._product(body)
        if isinstance(body, Pow):
            whole = bool(body.exp.is_Integer and body.exp > 0)
            return self.signs.power(self.write(body.base, ATOM), self.write(body.exp), whole), POWER
        return str(self.printer._print(self._hidden(body))), ATOM

    def _varies(self, body: Any) -> bool:
        return not self.shown.keys().isdisjoint(body.free_symbols)

    def _sum(self, body: Any) -> str:
        text = ""
        for term in body.as_ordered_terms():
            minus = bool(term.could_extract_minus_sign()) and not term.is_Add
            sign = (" - " if minus else " + ") if text else "-" if minus else ""
            text += sign + self.write(-term if minus else term, PRODUCT)
        return text

    def _product(self, body: Any) -> tuple[str, int]:
        if body.could_extract_minus_sign():
            return f"-{self.write(-body, PRODUCT)}", SUM
        c, entries = body.as_independent(*self.shown, as_Add=False)
        above = [f for f in entries.as_ordered_factors() if not _is_below(f)]
        below = [1 / f for f in entries.as_ordered_factors() if _is_below(f)]
        text = self.signs.times.join(self.write(f, POWER) for f in above) or "1"
        if below:
            top = text if len(above) < 2 else f"{self.signs.left}{text}{self.signs.right}"
            text = f"{top}{self.signs.by}{self._under(below)}"
        if c is S.One:
            return text, PRODUCT if len(above) > 1 or below else POWER
        top, bottom = c.as_numer_denom()
        if top is not S.One:
            inside = text if len(above) == 1 and not below else f"{self.signs.left}{text}{self.signs.right}"
            text = f"{self.write(top, ATOM)}{self.signs.scaled}{inside}"
        elif len(above) > 1 or below:
            text = f"{self.signs.left}{text}{self.signs.right}"
        return (text if bottom is S.One else self.signs.fraction(text, self.write(bottom, ATOM))), PRODUCT

    def _under(self, below: list[Any]) -> str:
        if len(below) == 1:
            return self.write(below[0], ATOM)
        return f"{self.signs.left}{self.signs.times.join(self.write(f, ATOM) for f in below)}{self.signs.right}"

    def _hidden(self, part: Any) -> Any:
        # a function, a condition or a case distinction, what stands in it being written already
        if isinstance(part, Basic) and part.args and self._varies(part):
            return part.func(*map(self._argument, part.args))
        return part

    def _argument(self, a: Any) -> Any:
        if isinstance(a, Expr) and self._varies(a):
            return Verbatim(self.bare.get(a) or self.write(a), real=True)
        return self._hidden(a)


def _level(scalar: Any) -> int:
    if scalar.is_Add or scalar.is_negative:
        return SUM
    return PRODUCT if scalar.is_Mul or scalar.is_Pow or (scalar.is_Rational and scalar.q != 1) else ATOM


def _is_below(factor: Any) -> bool:
    return isinstance(factor, Pow) and bool(factor.exp.could_extract_minus_sign())
