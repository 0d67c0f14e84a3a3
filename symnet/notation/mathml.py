"""Presentation MathML, as browsers show it: a table, one equation a row.

In: strings of XML. Out: a string of XML.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from sympy.printing.conventions import split_super_sub
from sympy.printing.pretty.pretty_symbology import greek_unicode

from symnet.notation.style import Line, Part, SizeOf, Style
from symnet.notation.unicode import RELATIONS, plain_number


def _row(*parts: str) -> str:
    return "<mrow>" + "".join(parts) + "</mrow>"


def _mo(text: str, **attributes: str) -> str:
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<mo{written}>{escape(text)}</mo>"


def _mi(text: str) -> str:
    return f"<mi>{escape(text)}</mi>"


def _mtext(text: str) -> str:
    return f"<mtext>{escape(text)}</mtext>"


def _marks(marks: Sequence[str]) -> str:
    return _row(_mo(",").join(_mi(greek_unicode.get(m, m)) for m in marks))


class MathML(Style[str]):
    """Formulas as MathML elements."""

    key = "mathml"
    stacks_fractions = True
    equals, becomes = _mo("="), _mo("←")

    def line(self, line: Line[str]) -> str:
        return _row(line.lhs, self.sign(line), line.rhs)

    def page(self, parts: Sequence[Part[str]], sizes: Sequence[SizeOf[str]]) -> str:
        rows = []
        for part in parts:
            rows.append(f'<mtr><mtd columnalign="left"><mtext>{escape(part.title)}</mtext></mtd></mtr>')
            for line in part.lines:
                cells = (("right", line.lhs), ("center", self.sign(line)), ("left", line.rhs))
                rows.append("<mtr>" + "".join(f'<mtd columnalign="{side}">{c}</mtd>' for side, c in cells) + "</mtr>")
        table = "\n".join(rows)
        return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mtable>\n{table}\n</mtable></math>'

    def partial(self, loss: str, symbol: str) -> str:
        return f"<mfrac><mrow><mo>∂</mo>{loss}</mrow><mrow><mo>∂</mo>{symbol}</mrow></mfrac>"

    def name(self, text: str) -> str:
        stem, above, below = split_super_sub(text)
        bar = stem.endswith("bar") and len(stem) > 3
        stem = stem.removesuffix("bar") if bar else stem
        shown = _mi(greek_unicode.get(stem, stem))
        if bar:
            shown = f"<mover>{shown}{_mo('¯')}</mover>"
        shown = f"<msub>{shown}{_marks(below)}</msub>" if below else shown
        return f"<msup>{shown}{_marks(above)}</msup>" if above else shown

    def verbatim(self, text: str) -> str:
        return _mtext(text)

    def number(self, value: Any) -> str:
        return f"<mn>{plain_number(value)}</mn>"

    def paren(self, a: str) -> str:
        return _row(_mo("("), a, _mo(")"))

    def signed_sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        parts = [_mo("−", form="prefix") if terms[0][0] else "", terms[0][1]]
        for negative, term in terms[1:]:
            parts += [_mo("−" if negative else "+"), term]
        return _row(*parts)

    def _between(self, sign: str, factors: Sequence[str]) -> str:
        return _row(_mo(sign).join(factors))

    def times(self, factors: Sequence[str], numeric: bool) -> str:
        return self._between("\u2062", factors)

    def dot(self, factors: Sequence[str]) -> str:
        return self._between("⋅", factors)

    def hadamard(self, factors: Sequence[str], plain: bool) -> str:
        return self._between("∘", factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return self._between("⊘", [a, b]) if entrywise else f"<mfrac>{_row(a)}{_row(b)}</mfrac>"

    def power(self, a: str, exponent: str, entrywise: bool, whole: bool) -> str:
        return f"<msup>{_row(a)}{_row(_mo('∘') if entrywise else '', exponent)}</msup>"

    def transpose(self, a: str) -> str:
        return f'<msup>{_row(a)}<mi mathvariant="normal">T</mi></msup>'

    def inverse(self, a: str) -> str:
        return f"<msup>{_row(a)}{_row(_mo('−', form='prefix'), '<mn>1</mn>')}</msup>"

    def call(self, node: Any, head: str, arguments: Sequence[str], labels: Sequence[str]) -> str:
        beside, written = _mtext(", ".join(labels)), _mi(head)
        if labels and arguments:
            written = f"<msub>{written}{beside}</msub>"
        return _row(written, _mo("\u2061"), _mo("("), _mo(",").join(arguments) or beside, _mo(")"))

    def root(self, node: Any, a: str) -> str:
        return f"<msqrt>{a}</msqrt>"

    def bracket(self, a: str, relation: str, b: str) -> str:
        return _row(_mo("["), a, _mo(relation), b, _mo("]"))

    def condition(self, a: str, relation: str, b: str) -> str:
        return _row(a, _mo(RELATIONS.get(relation, relation)), b)

    def both(self, conditions: Sequence[str]) -> str:
        return _row("<mtext>&#160;and&#160;</mtext>".join(conditions))

    def either(self, conditions: Sequence[str]) -> str:
        return _row("<mtext>&#160;or&#160;</mtext>".join(conditions))

    def cases(self, pairs: Sequence[tuple[str, str | None]]) -> str:
        rows = [
            f"<mtr><mtd>{v}</mtd><mtd><mtext>{'otherwise' if c is None else 'if&#160;'}</mtext>{c or ''}</mtd></mtr>"
            for v, c in pairs
        ]
        return _row(_mo("{"), f"<mtable>{''.join(rows)}</mtable>")

    def absolute(self, a: str) -> str:
        return _row(_mo("|"), a, _mo("|"))

    def norm(self, a: str, squared: bool) -> str:
        inside = _row(_mo("‖"), a, _mo("‖"))
        return f"<msup>{inside}<mn>2</mn></msup>" if squared else inside

    def inner(self, a: str, b: str) -> str:
        return _row(_mo("⟨"), a, _mo(","), b, _mo("⟩"))

    def ones(self, rows: str | None, cols: str | None) -> str:
        one = '<mn mathvariant="bold">1</mn>'
        row = f'<msup>{one}<mi mathvariant="normal">T</mi></msup>'
        return self._between("⋅", [one, row]) if rows and cols else row if cols else one

    def identity(self, size: str) -> str:
        return _mi("I")

    def constant(self, rows: Sequence[Sequence[str]]) -> str:
        cells = "".join("<mtr>" + "".join(f"<mtd>{a}</mtd>" for a in row) + "</mtr>" for row in rows)
        return _row(_mo("["), f"<mtable>{cells}</mtable>", _mo("]"))
