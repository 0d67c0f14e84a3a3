"""The two-dimensional notation: fractions are stacked and exponents raised, with SymPy's `prettyForm` boxes.

In: boxes. Out: a box, and text of several lines for a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from textwrap import indent
from typing import Any

from sympy.printing.pretty.stringpict import prettyForm, stringPict

from symnet.notation.style import Line, Part, Style


def _stacked(rows: Sequence[prettyForm]) -> prettyForm:
    return prettyForm(*stringPict.stack(*rows)) if len(rows) > 1 else rows[0]


class Boxes(Style[prettyForm]):
    """Formulas as SymPy's two-dimensional boxes."""

    key = "pretty"
    in_unicode = True
    stacks_fractions = True
    signs = "-", " - ", " + "

    def page(self, parts: Sequence[Part[prettyForm]], sizes: Any) -> str:
        blocks = ([part.title, *(indent(self.line(line), "  ") for line in part.lines)] for part in parts)
        return "\n\n".join(chain.from_iterable(blocks))

    def line(self, line: Line[prettyForm]) -> str:
        rows = self.beside(line.lhs, self.sign(line), line.rhs).render(wrap_line=False).splitlines()
        return "\n".join(row.rstrip() for row in rows)

    def alone(self, form: prettyForm) -> str:
        return "\n".join(row.rstrip() for row in form.render(wrap_line=False).splitlines())

    def beside(self, *parts: Any) -> prettyForm:
        return prettyForm(*stringPict.next(*parts))

    def fence(self, left: str, inside: prettyForm, right: str) -> prettyForm:
        return prettyForm(*inside.parens(left, right))

    def partial(self, loss: prettyForm, symbol: prettyForm) -> prettyForm:
        return self.beside("∂", loss) / self.beside("∂", symbol)

    def second(self, loss: prettyForm, symbol: prettyForm) -> prettyForm:
        return self.beside("∂²", loss) / self.beside("∂", symbol, "²")

    def mixed(self, loss: prettyForm, symbol: prettyForm, other: prettyForm) -> prettyForm:
        return self.beside("∂²", loss) / self.beside("∂", symbol, "∂", other)

    def fraction(self, a: prettyForm, b: prettyForm) -> prettyForm:
        return prettyForm(str(a), a.baseline) / prettyForm(str(b), b.baseline)

    def power(self, a: prettyForm, exponent: prettyForm, entrywise: bool, whole: bool) -> prettyForm:
        mark = self.beside("∘", exponent) if entrywise else exponent
        return prettyForm(str(a), a.baseline, binding=prettyForm.ATOM) ** mark

    def cases(self, pairs: Sequence[tuple[prettyForm, prettyForm | None]]) -> prettyForm:
        rows = [self.beside(v, "  otherwise") if c is None else self.beside(v, "  if ", c) for v, c in pairs]
        return self.fence("{", _stacked(rows), "")

    def constant(self, rows: Sequence[Sequence[prettyForm]]) -> prettyForm:
        return self.fence("[", _stacked([self.join(", ", row) for row in rows]), "]")
