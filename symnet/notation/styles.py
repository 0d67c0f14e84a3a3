"""The line formats: Unicode for a terminal, LaTeX for a paper, MathML for a browser, Mathematica for a notebook.

Each is a `notation.Style`: how the format writes a product, a fraction, a norm. None of them looks at an expression.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

import sympy
from sympy import Symbol
from sympy.printing.conventions import split_super_sub
from sympy.printing.mathematica import MCodePrinter, known_functions
from sympy.printing.pretty.pretty_symbology import greek_unicode, pretty_symbol, pretty_use_unicode

from symnet.expressions import LogSoftmax, LogSumExp, Softmax
from symnet.notation.reading import Style

RELATIONS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}


@cache
def unicode_name(text: str) -> str:
    """Give a name with its subscripts, bars and Greek letters, whatever the terminal: Zbar1 is Z̅₁."""
    before = pretty_use_unicode(True)
    try:
        return pretty_symbol(text)
    finally:
        pretty_use_unicode(before)


def plain_number(value: Any) -> str:
    """Give a number as short as it can be written: 0.01, π, ∞."""
    if isinstance(value, sympy.Float):
        return repr(float(value)).removesuffix(".0")
    return {"pi": "π", "exp": "e", "oo": "∞"}.get(str(value), str(value))


def _joined_sum(terms: list[tuple[bool, str]], minus: str = "−") -> str:
    first_negative, first = terms[0]
    text = f"{minus}{first}" if first_negative else first
    return text + "".join(f" {minus if negative else '+'} {term}" for negative, term in terms[1:])


class Unicode(Style):
    """One line of text, such as Z̅₁ = (W₂ᵀ⋅Z̅₂) ∘ (1 − A₁∘A₁)."""

    def name(self, text: str) -> str:
        return unicode_name(text)

    def number(self, value: Any) -> str:
        return plain_number(value)

    def paren(self, a: str) -> str:
        return f"({a})"

    def signed_sum(self, terms: list[tuple[bool, str]]) -> str:
        return _joined_sum(terms)

    def times(self, factors: list[str], numeric: bool) -> str:
        return factors[0] + "⋅".join(factors[1:]) if numeric else "⋅".join(factors)

    def dot(self, factors: list[str]) -> str:
        return "⋅".join(factors)

    def hadamard(self, factors: list[str], plain: bool) -> str:
        return ("∘" if plain else " ∘ ").join(factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return f"{a} ⊘ {b}" if entrywise else f"{a}/{b}"

    def power(self, a: str, exponent: str, entrywise: bool) -> str:
        raised = exponent.translate(str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
        plain = all(c in "0123456789−" for c in exponent)
        return f"{a}{'∘' if entrywise else ''}{raised if plain else f'^({exponent})'}"

    def transpose(self, a: str) -> str:
        return f"{a}ᵀ"

    def inverse(self, a: str) -> str:
        return f"{a}⁻¹"

    def call(self, function: str, arguments: list[str], node: Any) -> str:
        if function in ("and", "or"):
            return f" {function} ".join(arguments)
        return f"{function}({', '.join(arguments)})"

    def bracket(self, a: str, relation: str, b: str) -> str:
        return f"[{a} {relation} {b}]"

    def condition(self, a: str, relation: str, b: str) -> str:
        return f"{a} {RELATIONS.get(relation, relation)} {b}"

    def cases(self, pairs: list[tuple[str, str | None]]) -> str:
        return "{" + "; ".join(f"{v} otherwise" if c is None else f"{v} if {c}" for v, c in pairs) + "}"

    def absolute(self, a: str) -> str:
        return f"|{a}|"

    def norm(self, a: str, squared: bool) -> str:
        return f"‖{a}‖²" if squared else f"‖{a}‖"

    def inner(self, a: str, b: str) -> str:
        return f"⟨{a}, {b}⟩"

    def ones(self, rows: str | None, cols: str | None) -> str:
        return "1⋅1ᵀ" if rows and cols else "1ᵀ" if cols else "1"

    def identity(self, size: str) -> str:
        return "I"

    def constant(self, rows: list[list[str]]) -> str:
        return "[" + "; ".join(", ".join(row) for row in rows) + "]"


class Latex(Style):
    """LaTeX, for `align*` or `$$`."""

    stacks_fractions = True

    def name(self, text: str) -> str:
        return sympy.latex(Symbol(text))

    def number(self, value: Any) -> str:
        return plain_number(value) if isinstance(value, sympy.Float) else sympy.latex(value)

    def paren(self, a: str) -> str:
        return rf"\left({a}\right)"

    def signed_sum(self, terms: list[tuple[bool, str]]) -> str:
        return _joined_sum(terms, "-")

    def times(self, factors: list[str], numeric: bool) -> str:
        return r" \, ".join(factors)

    def dot(self, factors: list[str]) -> str:
        return " ".join(factors)

    def hadamard(self, factors: list[str], plain: bool) -> str:
        return r" \circ ".join(factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return rf"{a} \oslash {b}" if entrywise else rf"\frac{{{a}}}{{{b}}}"

    def power(self, a: str, exponent: str, entrywise: bool) -> str:
        return rf"{{{a}}}^{{\circ {exponent}}}" if entrywise else f"{{{a}}}^{{{exponent}}}"

    def transpose(self, a: str) -> str:
        return rf"{a}^{{\mathsf{{T}}}}"

    def inverse(self, a: str) -> str:
        return f"{{{a}}}^{{-1}}"

    def call(self, function: str, arguments: list[str], node: Any) -> str:
        if function == "sqrt":
            return rf"\sqrt{{{arguments[0]}}}"
        if function in ("and", "or"):
            return (r" \land " if function == "and" else r" \lor ").join(arguments)
        known = {"tanh", "sin", "cos", "tan", "exp", "log", "max", "det", "sinh", "cosh"}
        escaped = function.replace("_", r"\_")
        head = rf"\{function}" if function in known else rf"\operatorname{{{escaped}}}"
        return rf"{head}\left({', '.join(arguments)}\right)"

    def bracket(self, a: str, relation: str, b: str) -> str:
        return rf"\left[{a} {relation} {b}\right]"

    def condition(self, a: str, relation: str, b: str) -> str:
        names = {"==": "=", "!=": r"\neq", "<=": r"\leq", ">=": r"\geq"}
        return f"{a} {names.get(relation, relation)} {b}"

    def cases(self, pairs: list[tuple[str, str | None]]) -> str:
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

    def constant(self, rows: list[list[str]]) -> str:
        return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"


def _row(*parts: str) -> str:
    return "<mrow>" + "".join(parts) + "</mrow>"


def _mo(text: str, **attributes: str) -> str:
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<mo{written}>{escape(text)}</mo>"


def _mi(text: str) -> str:
    return f"<mi>{escape(text)}</mi>"


class MathML(Style):
    """Presentation MathML, as browsers show it."""

    stacks_fractions = True

    def name(self, text: str) -> str:
        stem, supers, subs = split_super_sub(text)
        bar = stem.endswith("bar") and len(stem) > 3
        stem = stem.removesuffix("bar") if bar else stem
        shown = _mi(greek_unicode.get(stem, stem))
        if bar:
            shown = f"<mover>{shown}{_mo('¯')}</mover>"
        for tag, marks in (("msub", subs), ("msup", supers)):
            if marks:
                shown = f"<{tag}>{shown}<mrow>{''.join(_mi(m) for m in marks)}</mrow></{tag}>"
        return shown

    def number(self, value: Any) -> str:
        return f"<mn>{plain_number(value)}</mn>"

    def paren(self, a: str) -> str:
        return _row(_mo("("), a, _mo(")"))

    def signed_sum(self, terms: list[tuple[bool, str]]) -> str:
        parts = [_mo("−", form="prefix") if terms[0][0] else "", terms[0][1]]
        for negative, term in terms[1:]:
            parts += [_mo("−" if negative else "+"), term]
        return _row(*parts)

    def _between(self, sign: str, factors: list[str]) -> str:
        return _row(_mo(sign).join(factors))

    def times(self, factors: list[str], numeric: bool) -> str:
        return self._between("\u2062", factors)

    def dot(self, factors: list[str]) -> str:
        return self._between("⋅", factors)

    def hadamard(self, factors: list[str], plain: bool) -> str:
        return self._between("∘", factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return self._between("⊘", [a, b]) if entrywise else f"<mfrac>{_row(a)}{_row(b)}</mfrac>"

    def power(self, a: str, exponent: str, entrywise: bool) -> str:
        return f"<msup>{_row(a)}{_row(_mo('∘') if entrywise else '', exponent)}</msup>"

    def transpose(self, a: str) -> str:
        return f'<msup>{_row(a)}<mi mathvariant="normal">T</mi></msup>'

    def inverse(self, a: str) -> str:
        return f"<msup>{_row(a)}{_row(_mo('−', form='prefix'), '<mn>1</mn>')}</msup>"

    def call(self, function: str, arguments: list[str], node: Any) -> str:
        if function == "sqrt":
            return f"<msqrt>{arguments[0]}</msqrt>"
        if function in ("and", "or"):
            return _row(f"<mtext>&#160;{function}&#160;</mtext>".join(arguments))
        return _row(_mi(function), _mo("\u2061"), _mo("("), _mo(",").join(arguments), _mo(")"))

    def bracket(self, a: str, relation: str, b: str) -> str:
        return _row(_mo("["), a, _mo(relation), b, _mo("]"))

    def condition(self, a: str, relation: str, b: str) -> str:
        return _row(a, _mo(RELATIONS.get(relation, relation)), b)

    def cases(self, pairs: list[tuple[str, str | None]]) -> str:
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

    def constant(self, rows: list[list[str]]) -> str:
        cells = "".join("<mtr>" + "".join(f"<mtd>{a}</mtd>" for a in row) + "</mtr>" for row in rows)
        return _row(_mo("["), f"<mtable>{cells}</mtable>", _mo("]"))


# Letters and words with a meaning of their own in Mathematica: a user's symbol of that name gets a $.
_BUILT_IN = {"C", "D", "E", "I", "K", "N", "O", "Tr", "Det", "Sin", "Cos", "Tan", "Log", "Exp", "Abs", "Sign", "Total"}
_OWN = {"relu": "Ramp", "sigmoid": "LogisticSigmoid", "tr": "Tr", "det": "Det", "abs": "Abs", "sqrt": "Sqrt"}


class Mathematica(Style):
    """Code to paste into Mathematica: listable functions, `.` for products, `*` entry by entry."""

    def name(self, text: str) -> str:
        written = "".join(c if c.isascii() and c.isalnum() else "$" for c in text)
        written = written if written[:1].isalpha() else f"${written}"
        return f"{written}$" if written in _BUILT_IN or hasattr(sympy, written) and written[0].isupper() else written

    def number(self, value: Any) -> str:
        return MCodePrinter().doprint(value)

    def paren(self, a: str) -> str:
        return f"({a})"

    def signed_sum(self, terms: list[tuple[bool, str]]) -> str:
        return _joined_sum(terms, "-")

    def times(self, factors: list[str], numeric: bool) -> str:
        return "*".join(factors)

    def dot(self, factors: list[str]) -> str:
        return " . ".join(factors)

    def scaled(self, c: str, a: str) -> str:
        return f"{c}*{a}"

    def hadamard(self, factors: list[str], plain: bool) -> str:
        return " * ".join(factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return f"{a}/{b}"

    def power(self, a: str, exponent: str, entrywise: bool) -> str:
        return f"{a}^({exponent})"

    def transpose(self, a: str) -> str:
        return f"Transpose[{a}]"

    def inverse(self, a: str) -> str:
        return f"Inverse[{a}]"

    def call(self, function: str, arguments: list[str], node: Any) -> str:
        (a, *more) = arguments
        if isinstance(node, (Softmax, LogSoftmax, LogSumExp)):
            return self._along_axis(node, a)
        if function == "sum":
            return f"Total[{a}, 2]"
        if function == "softplus":
            return f"Log[1 + Exp[{a}]]"
        if function == "max":
            return f"({more[0]} + Ramp[{a} - ({more[0]})])"
        if function == "unit":
            return f"List /@ UnitVector[{a}, {more[0]} + 1]"
        if function in ("and", "or", "not"):
            negated = [f"(1 - {c})" for c in arguments]
            return {"and": "*".join(arguments), "not": negated[0], "or": f"(1 - {'*'.join(negated)})"}[function]
        head = _OWN.get(function) or known_functions.get(function, [(None, function.capitalize())])[0][1]
        return f"{head}[{', '.join(arguments)}]"

    def _along_axis(self, node: Any, a: str) -> str:
        turn = (lambda e: f"Transpose[{e}]") if node.axis == 0 else (lambda e: e)
        turned = turn(a)
        sums = f"Total[Exp[{turned}], {{2}}]"
        if isinstance(node, Softmax):
            return turn(f"Exp[{turned}]/{sums}")
        if isinstance(node, LogSoftmax):
            return turn(f"({turned} - Log[{sums}])")
        return f"{{Log[{sums}]}}" if node.axis == 0 else f"Transpose[{{Log[{sums}]}}]"

    def bracket(self, a: str, relation: str, b: str) -> str:
        larger, smaller = (a, b) if relation == ">" else (b, a)
        return f"(1 - UnitStep[{smaller} - ({larger})])"

    def condition(self, a: str, relation: str, b: str) -> str:
        # 1 or 0, since comparisons do not thread over matrices
        return {
            "<=": f"UnitStep[{b} - ({a})]",
            ">=": f"UnitStep[{a} - ({b})]",
            "<": f"(1 - UnitStep[{a} - ({b})])",
            ">": f"(1 - UnitStep[{b} - ({a})])",
            "==": f"(1 - Unitize[{a} - ({b})])",
            "!=": f"Unitize[{a} - ({b})]",
        }[relation]

    def cases(self, pairs: list[tuple[str, str | None]]) -> str:
        (value, condition), *others = pairs
        if condition is None:
            return f"({value})"
        return f"({condition}*({value}) + (1 - {condition})*{self.cases(others) if others else 'Indeterminate'})"

    def absolute(self, a: str) -> str:
        return f"Abs[{a}]"

    def norm(self, a: str, squared: bool) -> str:
        return f"Total[({a})^2, 2]" if squared else f"Sqrt[Total[({a})^2, 2]]"

    def inner(self, a: str, b: str) -> str:
        return f"Total[({a})*({b}), 2]"

    def ones(self, rows: str | None, cols: str | None) -> str:
        return f"ConstantArray[1, {{{rows or 1}, {cols or 1}}}]"

    def identity(self, size: str) -> str:
        return f"IdentityMatrix[{size}]"

    def constant(self, rows: list[list[str]]) -> str:
        return "{" + ", ".join("{" + ", ".join(row) + "}" for row in rows) + "}"
