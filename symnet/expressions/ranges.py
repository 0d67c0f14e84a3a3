"""Which numbers an argument may be: the ranges, and the one question that every function asks of its number.

In: the names of a function and of its argument, what a user wrote, and a range. Out: a scalar expression, or an error
that names the argument, what was given and what it may be. A Symbol stays, unless its assumptions rule the range out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Float, Lambda, Order, S

from symnet.expressions.entering import given
from symnet.expressions.operands import as_expression
from symnet.expressions.table import brief


@dataclass(frozen=True)
class Range:
    """Finite real numbers, with the words for them: from `least` on or above `above`, up to `most` or below `below`.

    whole: whether they are whole numbers alone.
    """

    words: str
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    whole: bool = False

    def rules_out(self, value: Expr) -> bool:
        """Tell whether a scalar expression is none of them for sure."""
        return bool(
            value is S.NaN
            or value.is_finite is False
            or value.is_extended_real is False
            or (self.least is not None and (value - self.least).is_negative)
            or (self.above is not None and (value - self.above).is_nonpositive)
            or (self.most is not None and (value - self.most).is_positive)
            or (self.below is not None and (value - self.below).is_nonnegative)
            or (self.whole and value.is_number and float(value) != int(value))
        )

    def holds(self, value: float) -> bool:
        """Tell whether a number is one of them."""
        return not self.rules_out(Float(float(value)))


NUMBER = Range("a finite number")
COUNT = Range("a positive whole number", least=1, whole=True)
POSITIVE = Range("a positive number", above=0)
NOT_NEGATIVE = Range("a number from 0 on", least=0)
FRACTION = Range("a number from 0 up to, but not, 1", least=0, below=1)
WEIGHT = Range("a number from 0 to 1", least=0, most=1)
SHARE = Range("a number above 0 and at most 1", above=0, most=1)


def as_number(who: str, what: str, value: Any, allowed: Range = NUMBER, symbols: bool = True) -> Any:
    """Give what a user wrote as a scalar: a number of a range, or a Symbol or scalar expression that may be one.

    symbols: whether it may be other than a number. Raises `ValueError` for numbers outside of the range, `TypeError`
    for what is no real number at all.
    """
    value = value.item() if getattr(value, "shape", None) == () else value  # a scalar of NumPy's
    kind = f"{who}: {what} must be {allowed.words}{' or a Symbol' if symbols else ''}"
    if value is None or isinstance(value, (bool, str, bytes, list, tuple, dict, set)):
        text = "the text " if isinstance(value, (str, bytes)) else ""
        raise TypeError(f"{kind}, not {text}{value!r}")
    number = given(value, f"{who}: {what}")
    if getattr(number, "is_Matrix", False):
        raise TypeError(f"{kind}, not the matrix {brief(number)}")
    if not isinstance(number, Expr) or isinstance(number, (Lambda, Order)):
        raise TypeError(f"{kind}, not {brief(number)}")
    if number.is_number and number.is_extended_real is False and number.is_finite:
        raise TypeError(f"{kind}, not {brief(number)}: complex numbers are not supported")
    if allowed.rules_out(number):
        raise ValueError(f"{who}: {what} must be {allowed.words}, not {_shown(number)}")
    if not symbols and not number.is_number:
        raise ValueError(f"{who}: {what} must be {allowed.words}, not {brief(number)}")
    return as_expression(number, f"{who}: {what}")


def as_entries(who: str, what: str, value: Any) -> Any:
    """Give what a user wrote as a matrix, or as a scalar that stands for all entries of one. Raises as `as_number`."""
    wide = isinstance(value, (list, tuple)) or getattr(value, "shape", ()) != ()
    return as_expression(value, f"{who}: {what}") if wide else as_number(who, what, value)


def _shown(number: Expr) -> str:
    return brief(number) if number.is_number else f"{brief(number)}, whose assumptions rule that out"
