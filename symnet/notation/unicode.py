"""One line of text for a terminal: Z̅₁ = (W₂ᵀ⋅Z̅₂) ∘ (1 − A₁∘A₁). The page has two columns where they fit.

In: strings. Out: a string.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from symnet.notation.style import Part, Text

WIDTH = 110  # columns of text; wider derivations are stacked
_RAISED = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def columns(text: str) -> int:
    """Give the width of a text on the screen: accents stand above the letter before them."""
    return sum(not unicodedata.combining(c) for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


class Unicode(Text):
    """Formulas as one line of text."""

    key = "unicode"
    in_unicode = True

    def page(self, parts: Sequence[Part[str]], sizes: Any) -> str:
        blocks = [self._block(part, aligned=part is parts[0]) for part in parts]
        (left, *right), below = blocks[:2], blocks[2:]
        widths = [max(map(columns, block)) for block in blocks[:2]]
        if right and sum(widths) + 4 <= WIDTH:
            rows = zip_longest(left, *right, fillvalue="")
            left, right = [f"{_pad(a, widths[0] + 4)}{b}".rstrip() for a, b in rows], []
        return "\n".join(row for block in [left, *right, *below] for row in block)

    def _block(self, part: Part[str], aligned: bool) -> list[str]:
        width = max(columns(e.lhs) for e in part.lines) if aligned else 0
        return [part.title, *[f"  {_pad(e.lhs, width)}{self.sign(e)}{e.rhs}" for e in part.lines]]

    def power(self, a: str, exponent: str, entrywise: bool, whole: bool) -> str:
        return f"{a}{'∘' if entrywise else ''}{exponent.translate(_RAISED) if whole else f'^({exponent})'}"
