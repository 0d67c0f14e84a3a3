"""Names and numbers as they stand in a formula: subscripts and Greek letters, powers of ten, how strongly each binds.

In: a name, or a number of SymPy's. Out: text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sympy import Float, S, sstr
from sympy.printing.conventions import split_super_sub
from sympy.printing.pretty.pretty_symbology import pretty_symbol, pretty_use_unicode

ADD, QUOTIENT, HADAMARD, PRODUCT, POWER, ATOM = range(6)  # how strongly a formula binds

SUBSCRIPTS = "₀-₉̀-ͯ"  # as digits and accents stand in names
WORD = re.compile(rf"(?![\d{SUBSCRIPTS}])(?:(?![⁰¹²³⁴-⁹⁻ᵀ])[\w.′'{SUBSCRIPTS}])+")


def is_symbolic(word: str) -> bool:
    """Tell whether subscripts and accents do not read as a power or a norm."""
    if any(not (c.isalpha() or c.isascii()) or c == "'" for c in word):
        return False
    stem, above, below = split_super_sub(word)
    applied = any(stem.lower().endswith(mark) and stem.lower() != mark for mark in ("norm", "abs", "mag", "avg"))
    return not applied and "_" not in stem and all(below) and not any(mark.isdigit() for mark in above)


@contextmanager
def unicode_symbols() -> Iterator[None]:
    """Have SymPy draw with Unicode, whatever the terminal."""
    before = pretty_use_unicode(True)
    try:
        yield
    finally:
        pretty_use_unicode(before)


@lru_cache(maxsize=4096)
def unicode_name(text: str) -> str:
    """Give a name with its subscripts, bars and Greek letters: Zbar1 is Z̅₁."""
    with unicode_symbols():
        return str(pretty_symbol(text))


def plain_number(value: Any) -> str:
    """Give a number as short as it can be written: 0.01, π, ∞."""
    if isinstance(value, Float):
        short = float(value)
        return repr(short).removesuffix(".0") if value == short else str(sstr(value, full_prec=True))
    return {S.Pi: "π", S.Exp1: "e", S.Infinity: "∞"}.get(value, str(value))


def by_tens(value: Any) -> tuple[str, int] | None:
    """Give the digits and the power of ten of a number that is written so, 2.5⋅10⁻⁷; None for others."""
    digits, _, exponent = (plain_number(value) if isinstance(value, Float) else "").partition("e")
    return (digits, int(exponent)) if exponent else None


def level_of(value: Any) -> int:
    """Give how strongly a number binds."""
    tens = by_tens(value)
    return ATOM if tens is None else POWER if tens[0] == "1" else PRODUCT
