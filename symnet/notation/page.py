"""What a person reads: a derivation as text, LaTeX, MathML, Mathematica code, or with stacked fractions.

In: `Sections`, the forward and backward equations. Out: one string. How a single formula is read is in `notation`, how
a format writes it in `styles`; here is how equations stand on the page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import MatrixSymbol
from sympy.printing.pretty.pretty_symbology import pretty_use_unicode

from symnet.notation.boxes import Boxes
from symnet.notation.reading import Reading, Style
from symnet.notation.styles import Latex, Mathematica, MathML, Unicode
from symnet.program import Equation

WIDTH = 110  # columns of text; wider derivations are stacked


@dataclass(frozen=True)
class Sections:
    """The equations of a derivation. `partials`: gradient name → (loss name, symbol), printed as ∂L/∂W."""

    forward: Sequence[Equation]
    backward: Sequence[Equation]
    partials: dict[Any, tuple[Any, Any]]

    def labels(self) -> list[tuple[str, Sequence[Equation]]]:
        """Give the sections with their headings."""
        return [("Forward", self.forward), ("Backward", self.backward)]


class _PartialNames:
    """A style in which the name of a gradient is written as a partial derivative."""

    def __init__(self, style: Style, partials: dict[Any, tuple[Any, Any]], template: str) -> None:
        self._style = style
        self._names = {
            g.name: template.format(style.name(L.name), style.name(w.name)) for g, (L, w) in partials.items()
        }

    def name(self, text: str) -> str:
        return self._names.get(text) or self._style.name(text)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._style, attribute)


_PARTIALS = {
    Unicode: "∂{}/∂{}",
    Latex: r"\frac{{\partial {}}}{{\partial {}}}",
    MathML: "<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>",
}


def _pairs(equations: Sequence[Equation], style: Any) -> list[tuple[str, str]]:
    reading = Reading(style)
    return [(reading.write(e.lhs), reading.write(e.rhs)) for e in equations]


def _style(kind: type[Style], sections: Sections) -> Any:
    return _PartialNames(kind(), sections.partials, _PARTIALS[kind])


def _columns(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))


def line(equation: Equation, sections: Sections) -> str:
    """Give one equation as a line of text."""
    ((lhs, rhs),) = _pairs([equation], _style(Unicode, sections))
    return f"{lhs} = {rhs}"


def text(sections: Sections) -> str:
    """Give the derivation as text in two columns, Forward and Backward, or one above the other where it is wide."""
    style = _style(Unicode, sections)
    left = _pairs(sections.forward, style)
    width = max(_columns(lhs) for lhs, _ in left)
    blocks = [
        ["Forward", *[f"  {_pad(lhs, width)} = {rhs}" for lhs, rhs in left]],
        ["Backward", *[f"  {lhs} = {rhs}" for lhs, rhs in _pairs(sections.backward, style)]],
    ]
    wide = [max(map(_columns, block)) for block in blocks]
    if sum(wide) + 4 > WIDTH:
        return "\n".join(blocks[0] + blocks[1])
    height = max(map(len, blocks))
    rows = zip(*[block + [""] * (height - len(block)) for block in blocks], strict=True)
    return "\n".join(f"{_pad(a, wide[0] + 4)}{b}".rstrip() for a, b in rows)


def latex_body(sections: Sections) -> str:
    """Give the equations as one `aligned` environment, for a notebook."""
    pairs = _pairs([*sections.forward, *sections.backward], _style(Latex, sections))
    return "\\begin{aligned}\n" + " \\\\\n".join(f"{a} &= {b}" for a, b in pairs) + "\n\\end{aligned}"


def latex(sections: Sections) -> str:
    """Give two `align*` environments."""
    style = _style(Latex, sections)
    blocks = []
    for _, equations in sections.labels():
        lines = " \\\\\n".join(f"  {a} &= {b}" for a, b in _pairs(equations, style))
        blocks.append(f"\\begin{{align*}}\n{lines}\n\\end{{align*}}")
    return "\n".join(blocks)


def mathml(sections: Sections) -> str:
    """Give a MathML table, one equation a row."""
    style = _style(MathML, sections)
    rows = []
    for label, equations in sections.labels():
        rows.append(f'<mtr><mtd columnalign="left"><mtext>{label}</mtext></mtd></mtr>')
        for a, b in _pairs(equations, style):
            cells = (("right", a), ("center", "<mo>=</mo>"), ("left", b))
            rows.append("<mtr>" + "".join(f'<mtd columnalign="{side}">{c}</mtd>' for side, c in cells) + "</mtr>")
    table = "\n".join(rows)
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mtable>\n{table}\n</mtable></math>'


def mathematica(sections: Sections) -> str:
    """Give Mathematica code: the sizes from the arrays, then one assignment a line."""
    style = Mathematica()
    inputs: dict[str, Any] = {}
    defined = {e.lhs for e in [*sections.forward, *sections.backward]}
    for equation in [*sections.forward, *sections.backward]:
        for symbol in sorted(equation.rhs.atoms(MatrixSymbol) - defined, key=lambda s: s.name):
            for axis, size in enumerate(symbol.shape, 1):
                if size.is_Symbol:
                    inputs.setdefault(size.name, f"Dimensions[{style.name(symbol.name)}][[{axis}]]")
    lines = [f"{style.name(size)} = {code};" for size, code in inputs.items()]
    for label, equations in sections.labels():
        lines.append(f"(* {label} *)")
        lines += [f"{a} = {b};" for a, b in _pairs(equations, style)]
    return "\n".join(lines)


def pretty(sections: Sections) -> str:
    """Give the derivation with stacked fractions and raised exponents, one equation below the other."""
    style = Boxes(sections.partials)
    reading: Any = Reading(style)
    parts = []
    before = pretty_use_unicode(True)
    try:
        for label, equations in sections.labels():
            shown = [style.equation(reading.write(e.lhs), reading.write(e.rhs)) for e in equations]
            parts.append("\n\n".join([label, *shown]))
    finally:
        pretty_use_unicode(before)
    return "\n\n".join(parts)


def _old(sections, loss):
    partials = {e.lhs: (loss, e.of) for s in sections for e in s.equations if e.role == "gradient"}
    return Sections(sections[0].equations, sections[1].equations, partials)


def render(sections, notation, loss):
    return {"unicode": text, "pretty": pretty, "latex": latex, "mathml": mathml, "mathematica": mathematica}[notation](_old(sections, loss))


_lb = latex_body


def latex_body(sections, loss):
    return _lb(_old(sections, loss))
