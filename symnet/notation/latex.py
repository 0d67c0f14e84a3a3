"""LaTeX for a paper: `align*`, or one `aligned` environment for a notebook.

In: strings. Out: a string. Names follow SymPy's conventions, Zbar1 is \\bar{Z}_{1}; a name of several letters is set as
one word, so that AB is not read as a product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
from sympy.printing.conventions import split_super_sub
from sympy.printing.latex import translate
from sympy.printing.pretty.pretty_symbology import greek_unicode

from symnet.notation.style import Line, Part, SizeOf, Style
from symnet.notation.unicode import joined_sum, plain_number

GREEK = {letter: word for word, letter in greek_unicode.items()}
_ESCAPES = str.maketrans({c: rf"\{c}" for c in "{}_#$%&"} | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"})
_RELATIONS = {"==": "=", "!=": r"\neq", "<=": r"\leq", ">=": r"\geq"}


def _mark(text: str) -> str:
    written: str = translate(GREEK.get(text, text))
    return rf"\mathit{{{text}}}" if written == text and len(text) > 1 and not text.isdigit() else written


class Latex(Style[str]):
    """Formulas for `align*` or `$$`."""

    key = "latex"
    stacks_fractions = True
    becomes = r" \leftarrow "

    def line(self, line: Line[str]) -> str:
        return f"{line.lhs}{self.sign(line)}{line.rhs}"

    def page(self, parts: Sequence[Part[str]], sizes: Sequence[SizeOf[str]]) -> str:
        return "\n".join(self.environment("align*", part.lines, "  ") for part in parts)

    def environment(self, name: str, lines: Sequence[Line[str]], indent: str) -> str:
        """Give equations one below the other, aligned at their signs."""
        rows = [f"{indent}{e.lhs} &{self.sign(e).removeprefix(' ')}{e.rhs}" for e in lines]
        return f"\\begin{{{name}}}\n" + " \\\\\n".join(rows) + f"\n\\end{{{name}}}"

    def partial(self, loss: str, symbol: str) -> str:
        return rf"\frac{{\partial {loss}}}{{\partial {symbol}}}"

    def name(self, text: str) -> str:
        stem, above, below = split_super_sub(text)
        supers = f"^{{{','.join(map(_mark, above))}}}" if above else ""
        subs = f"_{{{','.join(map(_mark, below))}}}" if below else ""
        return f"{{{_mark(stem)}{supers}}}{subs}" if above else f"{_mark(stem)}{subs}"

    def verbatim(self, text: str) -> str:
        return rf"\text{{{text.translate(_ESCAPES)}}}"

    def number(self, value: Any) -> str:
        if not isinstance(value, sympy.Float):
            return str(sympy.latex(value))
        digits, e, exponent = plain_number(value).partition("e")
        return rf"{digits}\mathrm{{e}}{{{exponent}}}" if e else digits

    def paren(self, a: str) -> str:
        return rf"\left({a}\right)"

    def signed_sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        return joined_sum(terms, "-")

    def times(self, factors: Sequence[str], numeric: bool) -> str:
        return r" \, ".join(factors)

    def dot(self, factors: Sequence[str]) -> str:
        return " ".join(factors)

    def hadamard(self, factors: Sequence[str], plain: bool) -> str:
        return r" \circ ".join(factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return rf"{a} \oslash {b}" if entrywise else rf"\frac{{{a}}}{{{b}}}"

    def power(self, a: str, exponent: str, entrywise: bool, whole: bool) -> str:
        return rf"{{{a}}}^{{\circ {exponent}}}" if entrywise else f"{{{a}}}^{{{exponent}}}"

    def transpose(self, a: str) -> str:
        return rf"{a}^{{\mathsf{{T}}}}"

    def inverse(self, a: str) -> str:
        return f"{{{a}}}^{{-1}}"

    def word(self, text: str) -> str:
        return r"\det" if text == "det" else rf"\operatorname{{{text.translate(_ESCAPES)}}}"

    def call(self, node: Any, head: str, arguments: Sequence[str], labels: Sequence[str]) -> str:
        beside = rf"\text{{{', '.join(labels).translate(_ESCAPES)}}}"
        if labels and arguments:
            head = f"{head}_{{{beside}}}"
        return rf"{head}\left({', '.join(arguments) or beside}\right)"

    def root(self, node: Any, a: str) -> str:
        return rf"\sqrt{{{a}}}"

    def bracket(self, a: str, relation: str, b: str) -> str:
        return rf"\left[{a} {relation} {b}\right]"

    def condition(self, a: str, relation: str, b: str) -> str:
        return f"{a} {_RELATIONS.get(relation, relation)} {b}"

    def both(self, conditions: Sequence[str]) -> str:
        return r" \land ".join(conditions)

    def either(self, conditions: Sequence[str]) -> str:
        return r" \lor ".join(conditions)

    def cases(self, pairs: Sequence[tuple[str, str | None]]) -> str:
        lines = [rf"{v} & \text{{otherwise}}" if c is None else rf"{v} & \text{{if }} {c}" for v, c in pairs]
        return r"\begin{cases}" + r" \\ ".join(lines) + r"\end{cases}"

    def absolute(self, a: str) -> str:
        return rf"\left|{a}\right|"

    def norm(self, a: str, squared: bool) -> str:
        return rf"\left\|{a}\right\|" + ("^{2}" if squared else "")

    def inner(self, a: str, b: str) -> str:
        return rf"\left\langle {a}, {b}\right\rangle"

    def ones(self, rows: str | None, cols: str | None) -> str:
        row = r"\mathbf{1}^{\mathsf{T}}"
        return rf"\mathbf{{1}} {row}" if rows and cols else row if cols else r"\mathbf{1}"

    def identity(self, size: str) -> str:
        return "I"

    def constant(self, rows: Sequence[Sequence[str]]) -> str:
        return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"


class Notebook(Latex):
    """All equations as one formula, which a notebook shows."""

    def page(self, parts: Sequence[Part[str]], sizes: Sequence[SizeOf[str]]) -> str:
        lines = [line for part in parts for line in part.lines]
        return "$$\n" + self.environment("aligned", lines, "") + "\n$$"
