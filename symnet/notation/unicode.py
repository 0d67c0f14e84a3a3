"""One line of text for a terminal: Z̅₁ = (W₂ᵀ⋅Z̅₂) ∘ (1 − A₁∘A₁). The page has two columns where they fit.

In: strings. Out: a string. How names and numbers are written is also what the other notations build on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import sympy
from sympy.printing.pretty.pretty_symbology import pretty_symbol, pretty_use_unicode

from symnet.notation.style import Line, Part, SizeOf, Style

WIDTH = 110  # columns of text; wider derivations are stacked
RELATIONS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
_RAISED = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@contextmanager
def unicode_symbols() -> Iterator[None]:
    """Have SymPy draw with Unicode, whatever the terminal."""
    before = pretty_use_unicode(True)
    try:
        yield
    finally:
        pretty_use_unicode(before)


@cache
def unicode_name(text: str) -> str:
    """Give a name with its subscripts, bars and Greek letters: Zbar1 is Z̅₁."""
    with unicode_symbols():
        return str(pretty_symbol(text))


def plain_number(value: Any) -> str:
    """Give a number as short as it can be written: 0.01, π, ∞."""
    if isinstance(value, sympy.Float):
        short = float(value)
        return repr(short).removesuffix(".0") if value == short else str(sympy.sstr(value, full_prec=True))
    return {"pi": "π", "exp": "e", "oo": "∞"}.get(str(value), str(value))


def joined_sum(terms: Sequence[tuple[bool, str]], minus: str) -> str:
    """Give the terms with the signs between them."""
    (first_negative, first), *others = terms
    text = f"{minus}{first}" if first_negative else first
    return text + "".join(f" {minus if negative else '+'} {term}" for negative, term in others)


def _columns(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))


class Unicode(Style[str]):
    """Formulas as one line of text."""

    key = "unicode"

    def line(self, line: Line[str]) -> str:
        return f"{line.lhs}{self.sign(line)}{line.rhs}"

    def page(self, parts: Sequence[Part[str]], sizes: Sequence[SizeOf[str]]) -> str:
        blocks = [self._block(part, aligned=part is parts[0]) for part in parts]
        (left, *right), below = blocks[:2], blocks[2:]
        widths = [max(map(_columns, block)) for block in blocks[:2]]
        if right and sum(widths) + 4 <= WIDTH:
            height = max(map(len, blocks[:2]))
            rows = zip(*[block + [""] * (height - len(block)) for block in blocks[:2]], strict=True)
            left, right = [f"{_pad(a, widths[0] + 4)}{b}".rstrip() for a, b in rows], []
        return "\n".join(row for block in [left, *right, *below] for row in block)

    def _block(self, part: Part[str], aligned: bool) -> list[str]:
        width = max(_columns(e.lhs) for e in part.lines) if aligned else 0
        return [part.title, *[f"  {_pad(e.lhs, width)}{self.sign(e)}{e.rhs}" for e in part.lines]]

    def partial(self, loss: str, symbol: str) -> str:
        return f"∂{loss}/∂{symbol}"

    def name(self, text: str) -> str:
        return unicode_name(text)

    def verbatim(self, text: str) -> str:
        return text

    def number(self, value: Any) -> str:
        return plain_number(value)

    def paren(self, a: str) -> str:
        return f"({a})"

    def signed_sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        return joined_sum(terms, "−")

    def times(self, factors: Sequence[str], numeric: bool) -> str:
        return factors[0] + "⋅".join(factors[1:]) if numeric else "⋅".join(factors)

    def dot(self, factors: Sequence[str]) -> str:
        return "⋅".join(factors)

    def hadamard(self, factors: Sequence[str], plain: bool) -> str:
        return ("∘" if plain else " ∘ ").join(factors)

    def fraction(self, a: str, b: str, entrywise: bool) -> str:
        return f"{a} ⊘ {b}" if entrywise else f"{a}/{b}"

    def power(self, a: str, exponent: str, entrywise: bool, whole: bool) -> str:
        return f"{a}{'∘' if entrywise else ''}{exponent.translate(_RAISED) if whole else f'^({exponent})'}"

    def transpose(self, a: str) -> str:
        return f"{a}ᵀ"

    def inverse(self, a: str) -> str:
        return f"{a}⁻¹"

    def call(self, node: Any, head: str, arguments: Sequence[str], labels: Sequence[str]) -> str:
        return f"{head}({', '.join([*arguments, *labels])})"

    def bracket(self, a: str, relation: str, b: str) -> str:
        return f"[{a} {relation} {b}]"

    def condition(self, a: str, relation: str, b: str) -> str:
        return f"{a} {RELATIONS.get(relation, relation)} {b}"

    def both(self, conditions: Sequence[str]) -> str:
        return " and ".join(conditions)

    def either(self, conditions: Sequence[str]) -> str:
        return " or ".join(conditions)

    def cases(self, pairs: Sequence[tuple[str, str | None]]) -> str:
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

    def constant(self, rows: Sequence[Sequence[str]]) -> str:
        return "[" + "; ".join(", ".join(row) for row in rows) + "]"
