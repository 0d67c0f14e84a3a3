"""Presentation MathML, as browsers show it: a table, one equation a row.

In: strings of XML. Out: a string of XML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy.printing.conventions import split_super_sub
from sympy.printing.pretty.pretty_symbology import greek_unicode

from symnet.expressions import escape
from symnet.notation.style import Line, Part, Text, joined, template

_T = '<mi mathvariant="normal">T</mi>'
_LEFT = "width:fit-content;margin-inline:0;"
_FONTS = "font-family:Latin Modern Math,STIX Two Math,Cambria Math,DejaVu Math TeX Gyre,math"
_HEADING = 'style="margin-bottom:0.3em"'
_BOLD = 'mathvariant="bold" style="font-weight:bold"'
_MINUS = '<mo form="prefix">−</mo>'


def _row(*parts: str) -> str:
    return "<mrow>" + "".join(parts) + "</mrow>"


def _mo(text: str) -> str:
    return f"<mo>{escape(text)}</mo>"


def _mi(text: str) -> str:
    return f"<mi>{escape(greek_unicode.get(text, text))}</mi>"


def _mtr(*cells: str) -> str:
    return "<mtr>" + "".join(cells) + "</mtr>"


def _math(inside: str) -> str:
    # a block of its own, at the left, with fractions in full size: the attributes are MathML's, the style is for
    # browsers, which do not know them all
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block" style="{_LEFT}{_FONTS}">{inside}</math>'


def _table(rows: Sequence[str]) -> str:
    return '<mtable displaystyle="true">\n' + "\n".join(rows) + "\n</mtable>"


def _cell(side: str, form: str, wide: str = "") -> str:
    # the second style is for Chromium, which takes the first for text only
    return f'<mtd{wide} columnalign="{side}" style="text-align:{side};text-align:-webkit-{side}">{form}</mtd>'


def _marks(marks: Sequence[str]) -> str:
    return _row(_mo(",").join(map(_mi, marks)))


class MathML(Text):
    """Formulas as MathML elements."""

    key = "mathml"
    stacks_fractions = True
    equals, becomes = _mo("="), _mo("←")
    signs = _MINUS, _mo("−"), _mo("+")

    partial = template("<mfrac><mrow><mo>∂</mo>%s</mrow><mrow><mo>∂</mo>%s</mrow></mfrac>")
    second = template(
        "<mfrac><mrow><msup><mo>∂</mo><mn>2</mn></msup>%s</mrow>"
        "<mrow><mo>∂</mo><msup><mrow>%s</mrow><mn>2</mn></msup></mrow></mfrac>"
    )
    mixed = template(
        "<mfrac><mrow><msup><mo>∂</mo><mn>2</mn></msup>%s</mrow><mrow><mo>∂</mo>%s<mo>∂</mo>%s</mrow></mfrac>"
    )
    relations = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
    times = joined("\u2062")
    dot = joined("⋅")
    hadamard = joined("∘")
    kron = joined("⊗")
    quotient = joined("⊘")
    both = joined("and")
    either = joined("or")
    fraction = template("<mfrac><mrow>%s</mrow><mrow>%s</mrow></mfrac>")
    transpose = template(f"<msup><mrow>%s</mrow>{_T}</msup>")
    inverse = template(f"<msup><mrow>%s</mrow><mrow>{_MINUS}<mn>1</mn></mrow></msup>")
    pseudo_inverse = template("<msup><mrow>%s</mrow><mo>+</mo></msup>")
    inverse_transpose = template(f"<msup><mrow>%s</mrow><mrow>{_MINUS}{_T}</mrow></msup>")
    root = template("<msqrt>%s</msqrt>")
    inner = template(_row(_mo("⟨"), "%s", _mo(","), "%s", _mo("⟩")))
    identity = template("<mi>I</mi>")

    def page(self, parts: Sequence[Part[str]], sizes: Any) -> str:
        rows = []
        for part in parts:
            title = f"<mtext {_BOLD}>{escape(part.title)}</mtext>"
            rows += [_mtr(_cell("left", title, wide=' columnspan="3"')), *self.rows(part)]
        return _math(_table(rows))

    def rows(self, part: Part[str]) -> list[str]:
        """Give the equations of a part as rows of a table."""
        return [
            _mtr(_cell("right", line.lhs), _cell("center", self.sign(line)), _cell("left", line.rhs))
            for line in part.lines
        ]

    def alone(self, form: str) -> str:
        return _math(_row(form))

    def line(self, line: Line[str]) -> str:
        return _row(super().line(line))

    def join(self, sign: str, forms: Sequence[str]) -> str:
        word = sign.strip()
        return _row((f"<mtext>&#160;{word}&#160;</mtext>" if word.isalpha() else _mo(word)).join(forms))

    def fence(self, left: str, inside: str, right: str) -> str:
        return _row(_mo(left), inside, _mo(right))

    def name(self, text: str) -> str:
        stem, above, below = split_super_sub(text)
        bar = stem.endswith("bar") and len(stem) > 3
        shown = f"<mover>{_mi(stem.removesuffix('bar'))}{_mo('¯')}</mover>" if bar else _mi(stem)
        shown = f"<msub>{shown}{_marks(below)}</msub>" if below else shown
        return f"<msup>{shown}{_marks(above)}</msup>" if above else shown

    def verbatim(self, text: str) -> str:
        return f"<mtext>{escape(text)}</mtext>"

    def digits(self, text: str) -> str:
        return f"<mn>{text}</mn>"

    def signed_sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        return _row(super().signed_sum(terms))

    def power(self, a: str, exponent: str, entrywise: bool, whole: bool) -> str:
        return f"<msup>{_row(a)}{_row(_mo('∘') if entrywise else '', exponent)}</msup>"

    def call(self, node: Any, head: str, arguments: Sequence[str], labels: Sequence[str]) -> str:
        beside, written = self.verbatim(", ".join(labels)), f"<mi>{escape(head)}</mi>"
        if labels and arguments:
            written = f"<msub>{written}{beside}</msub>"
        return _row(written, _mo("\u2061"), _mo("("), _mo(",").join(arguments) or beside, _mo(")"))

    def bracket(self, a: str, relation: str, b: str) -> str:
        return self.fence("[", a + _mo(relation) + b, "]")

    def cases(self, pairs: Sequence[tuple[str, str | None]]) -> str:
        words = [f"<mtext>{'otherwise' if c is None else 'if&#160;'}</mtext>{c or ''}" for _, c in pairs]
        rows = [_mtr(_cell("left", v), _cell("left", word)) for (v, _), word in zip(pairs, words, strict=True)]
        return _row(_mo("{"), f"<mtable>{''.join(rows)}</mtable>")

    def other_norm(self, a: str, index: str) -> str:
        return f"<msub>{self.norm(a, False)}<mo>{index}</mo></msub>"

    def norm(self, a: str, squared: bool) -> str:
        inside = self.fence("‖", a, "‖")
        return f"<msup>{inside}<mn>2</mn></msup>" if squared else inside

    def ones(self, rows: str | None, cols: str | None) -> str:
        column = f"<mn {_BOLD}>1</mn>"
        row = f"<msup>{column}{_T}</msup>"
        return self.dot([column, row]) if rows and cols else row if cols else column

    def part(self, a: str, rows: str, cols: str) -> str:
        return f"<msub>{_row(a)}<mtext>{rows}, {cols}</mtext></msub>"

    def constant(self, rows: Sequence[Sequence[str]]) -> str:
        cells = "".join(_mtr(*[f"<mtd>{a}</mtd>" for a in row]) for row in rows)
        return self.fence("[", f"<mtable>{cells}</mtable>", "]")


class Html(MathML):
    """A page of HTML for a notebook: the parts beside each other where they fit, each under its heading."""

    def page(self, parts: Sequence[Part[str]], sizes: Any) -> str:
        blocks = [
            f"<div><div {_HEADING}><b>{escape(part.title)}</b></div>{_math(_table(self.rows(part)))}</div>"
            for part in parts
        ]
        return f'<div style="display:flex;flex-wrap:wrap;gap:0.5em 3em">{"".join(blocks)}</div>'
