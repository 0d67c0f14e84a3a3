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

from symnet.notation.spelling import by_tens, plain_number
from symnet.notation.style import Line, Part, Text, joined, template

_GREEK = {letter: word for word, letter in greek_unicode.items()}
_ESCAPES = str.maketrans({c: rf"\{c}" for c in "{}_#$%&"} | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"})


def _mark(text: str) -> str:
    written: str = translate(_GREEK.get(text, text))
    return rf"\mathit{{{text}}}" if written == text and len(text) > 1 and not text.isdigit() else written


def _environment(name: str, rows: Sequence[str], columns: str = "") -> str:
    return f"\\begin{{{name}}}{columns}\n" + " \\\\\n".join(rows) + f"\n\\end{{{name}}}"


class Latex(Text):
    """Formulas for `align*` or `$$`."""

    key = "latex"
    stacks_fractions = True
    becomes = r" \leftarrow "
    signs = "-", " - ", " + "
    relations = {"==": "=", "!=": r"\neq", "<=": r"\leq", ">=": r"\geq"}
    one = r"\mathbf{1}"

    partial = template(r"\frac{\partial %s}{\partial %s}")
    second = template(r"\frac{\partial^{2} %s}{\partial {%s}^{2}}")
    mixed = template(r"\frac{\partial^{2} %s}{\partial %s \, \partial %s}")
    times = joined(r" \, ")
    dot = joined(" ")
    hadamard = joined(r" \circ ")
    kron = joined(r" \otimes ")
    quotient = joined(r" \oslash ")
    fraction = template(r"\frac{%s}{%s}")
    transpose = template(r"%s^{\mathsf{T}}")
    inverse = template("{%s}^{-1}")
    pseudo_inverse = template("{%s}^{+}")
    inverse_transpose = template(r"{%s}^{-\mathsf{T}}")
    identity = template("I")
    root = template(r"\sqrt{%s}")
    both = joined(r" \land ")
    either = joined(r" \lor ")
    inner = template(r"\left\langle %s, %s\right\rangle")

    def page(self, parts: Sequence[Part[str]], sizes: Any) -> str:
        blocks = ([self.heading(part), *map(self.aligned, part.lines)] for part in parts)
        return "\n".join(_environment("align*", [f"  {row}" for row in block]) for block in blocks)

    def heading(self, part: Part[str]) -> str:
        """Give the title of a part, in bold."""
        return rf"\textbf{{{part.title.translate(_ESCAPES)}}}"

    def aligned(self, line: Line[str]) -> str:
        """Give a row of an environment that is aligned at the signs."""
        return f"{line.lhs} &{self.sign(line).lstrip()}{line.rhs}"

    def fence(self, left: str, inside: str, right: str) -> str:
        return rf"\left{left}{inside}\right{right}"

    def name(self, text: str) -> str:
        stem, above, below = split_super_sub(text)
        subs = f"_{{{','.join(map(_mark, below))}}}" if below else ""
        return f"{{{_mark(stem)}^{{{','.join(map(_mark, above))}}}}}{subs}" if above else f"{_mark(stem)}{subs}"

    def verbatim(self, text: str) -> str:
        return rf"\text{{{text.translate(_ESCAPES)}}}"

    def number(self, value: Any) -> str:
        if not isinstance(value, sympy.Float):
            return str(sympy.latex(value))
        digits, exponent = by_tens(value) or (plain_number(value), None)
        raised = f"10^{{{exponent}}}"
        return digits if exponent is None else raised if digits == "1" else rf"{digits} \cdot {raised}"

    def power(self, a: str, exponent: str, entrywise: bool, whole: bool) -> str:
        return rf"{{{a}}}^{{\circ {exponent}}}" if entrywise else f"{{{a}}}^{{{exponent}}}"

    def word(self, text: str) -> str:
        return r"\det" if text == "det" else rf"\operatorname{{{text.translate(_ESCAPES)}}}"

    def call(self, node: Any, head: str, arguments: Sequence[str], labels: Sequence[str]) -> str:
        beside = self.verbatim(", ".join(labels))
        if labels and arguments:
            head = f"{head}_{{{beside}}}"
        return head + self.paren(", ".join(arguments) or beside)

    def differentiated(self, name: str, orders: Sequence[int]) -> str:
        head = self.name(name) if len(name.translate(_ESCAPES)) == 1 or name in _GREEK.values() else self.word(name)
        if len(orders) > 1:
            return "".join(rf"\partial_{{{k}}} " * n for k, n in enumerate(orders, 1)) + head
        n = sum(orders)
        return head + ("'" * n if n < 4 else f"^{{({n})}}")

    def cases(self, pairs: Sequence[tuple[str, str | None]]) -> str:
        rows = [rf"{v} & \text{{otherwise}}" if c is None else rf"{v} & \text{{if }} {c}" for v, c in pairs]
        return r"\begin{cases}" + r" \\ ".join(rows) + r"\end{cases}"

    def other_norm(self, a: str, index: str) -> str:
        return f"{self.norm(a, False)}_{{{index}}}"

    def norm(self, a: str, squared: bool) -> str:
        return self.fence(r"\|", a, r"\|") + ("^{2}" if squared else "")

    def part(self, a: str, rows: str, cols: str) -> str:
        return f"{{{a}}}_{{{rows}, {cols}}}"

    def constant(self, rows: Sequence[Sequence[str]]) -> str:
        return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"


class Notebook(Latex):
    """All equations as one formula, which a notebook shows: each part under its heading, at the left."""

    def page(self, parts: Sequence[Part[str]], sizes: Any) -> str:
        rows = []
        for part in parts:
            rows += [self.heading(part), "\\quad " + _environment("aligned", list(map(self.aligned, part.lines)))]
        return "$$\n" + _environment("array", rows, "{l}") + "\n$$"
