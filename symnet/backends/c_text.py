"""Pieces of C that carry their precedence, and NumPy as a module that writes C instead of computing.

In: names, numbers, pieces. Out: pieces of C99 of one floating type. A scalar function is written once, as NumPy code in
`SCALARS`; called with the module that is here it writes itself as C. What the C library lacks is in `HELPERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite, isnan
from typing import Any

import numpy as np

from symnet.backends.emitter import ATOM, COMPARISON, POWER, SUM, TERM, Code, largest_exponent

SAME = "exp log sin cos tan sinh cosh tanh sqrt expm1 log1p".split()
RENAMED = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "arctan2": "atan2", "absolute": "fabs",
}  # fmt: skip
SPECIAL = {"erf": "erf", "erfc": "erfc", "gamma": "tgamma", "gammaln": "lgamma"}

# NumPy's functions that C has not: a NaN stays one
HELPERS = {
    "minimum": "static {real} {name}(const {real} a, const {real} b) {{ return a < b || a != a ? a : b; }}",
    "maximum": "static {real} {name}(const {real} a, const {real} b) {{ return a > b || a != a ? a : b; }}",
    "sign": "static {real} {name}(const {real} a) {{ return a > 0 ? 1 : a < 0 ? -1 : a; }}",
    "heaviside": "static {real} {name}(const {real} a, const {real} b)\n{{\n"
    "    return a > 0 ? 1 : a < 0 ? 0 : a != a ? a : b;\n}}",
    "logaddexp": "static {real} {name}(const {real} a, const {real} b)\n{{\n"
    "    const {real} top = a > b ? a : b, gap = {fabs}(a - b);\n"
    "    return a == b ? a + {two} : gap == gap ? top + {log1p}({exp}(-gap)) : gap;\n}}",
}  # fmt: skip


@dataclass(frozen=True)
class CText(Code):
    """A piece of C. `single`: of type float; `truth`: a condition; `light`: it may stand in several places."""

    single: bool = False
    truth: bool = False
    light: bool = False

    def piece(self, value: Any) -> Any:
        """Give what stands beside this piece."""
        return value if isinstance(value, CText) else literal(value, self.single)

    def _with(self, other: Any, sign: str, level: int, mine: int, others: int) -> CText:
        other = self.piece(other)
        text = f"{self.at(mine)}{sign}{other.at(others)}"
        return CText(text, level, single=self.single, truth=level == COMPARISON)

    def __neg__(self) -> CText:
        return CText(f"-{self.at(TERM)}", SUM, single=self.single)

    def __pow__(self, other: Any) -> CText:
        return called("pow", self.single, self, other)

    def __and__(self, other: CText) -> CText:
        return self._joined(other, "&&")

    def __or__(self, other: CText) -> CText:
        return self._joined(other, "||")

    def _joined(self, other: CText, sign: str) -> CText:
        return CText(f"({self.at(SUM)} {sign} {other.at(SUM)})", single=self.single, truth=True)

    def __invert__(self) -> CText:
        return CText(f"!{self.at(ATOM)}", POWER, single=self.single, truth=True)

    def method(self, name: str, *arguments: Any, **options: Any) -> CText:
        """Give a condition as a number; numbers are what they are."""
        if name != "astype":
            raise TypeError(f"there is no C code for an array's method {name}")
        return chosen(self, 1, 0) if self.truth else self


def literal(value: Any, single: bool) -> CText:
    """Give a number as C."""
    number = float(value)
    with np.errstate(over="ignore", under="ignore"):
        number = float(np.float32(number)) if single and abs(np.float32(number)) in (0, np.inf) else number
    if isnan(number):
        return CText("NAN", single=single, light=True)
    text = repr(abs(number)) + "f" * single if isfinite(number) else "INFINITY"
    negative = number < 0
    return CText("-" * negative + text, SUM if negative else ATOM, single=single, light=not negative)


def called(name: str, single: bool, *arguments: Any) -> CText:
    """Give a call of a function of the C library."""
    inside = ", ".join(str(a if isinstance(a, CText) else literal(a, single)) for a in arguments)
    return CText(f"{name}{'f' * single}({inside})", single=single)


def chosen(condition: CText, a: Any, b: Any) -> CText:
    """Give one of two values by a condition."""
    yes, no = condition.piece(a), condition.piece(b)
    return CText(f"({condition} ? {yes} : {no})", single=condition.single)


class CFunctions:
    """NumPy as a module that writes C. `hold` gives a piece a name; `helper` names a function of `HELPERS`."""

    def __init__(self, single: bool, hold: Callable[[Any], CText], helper: Callable[[str], str]) -> None:
        self.single, self.hold, self.helper = single, hold, helper
        self.dtype = Code("real")
        self.largest = literal(largest_exponent(np.float32 if single else float), single)

    def __getattr__(self, name: str) -> Callable[..., CText]:
        if name in SAME:
            return lambda *x: called(name, self.single, *x)
        if name in RENAMED:
            return lambda *x: called(RENAMED[name], self.single, *x)
        if name in HELPERS:
            return lambda *x: self._helped(name, *x)
        raise TypeError(
            f"there is no C code for {name} of NumPy: write it with functions of the C library, or compile to NumPy"
        )

    def _helped(self, name: str, *arguments: Any) -> CText:
        pieces = [a if isinstance(a, CText) else literal(a, self.single) for a in arguments]
        number = next((k for k, a in enumerate(arguments) if not isinstance(a, CText) or a == self.largest), None)
        if name in ("minimum", "maximum") and number is not None:  # beside a number a comparison does
            x, bound = self.hold(pieces[1 - number]), pieces[number]
            below: Any = x.compare("<", bound) if name == "maximum" else bound.compare("<", x)
            return chosen(below, bound, x)
        text = ", ".join(map(str, pieces))
        return CText(f"{self.helper(name)}({text})", single=self.single)

    def where(self, condition: CText, a: Any, b: Any) -> CText:
        """Give one of two values by a condition."""
        return chosen(condition, a, b)

    def constant(self, name: str) -> CText:
        """Give nan or inf."""
        return literal(float(name), self.single)

    def special(self, name: str, *arguments: Any) -> CText:
        """Give a special function that C99 has. Raises `TypeError` for any other."""
        if name not in SPECIAL:
            raise TypeError(
                f"there is no C code for {name}: the C library has none; compile to NumPy, which has SciPy's"
            )
        return called(SPECIAL[name], self.single, *arguments)


def helper_text(name: str, own: str, single: bool) -> str:
    """Give the C function that stands for a function of NumPy."""
    end = "f" * single
    return HELPERS[name].format(
        real="float" if single else "double", name=own, exp=f"exp{end}", fabs=f"fabs{end}", log1p=f"log1p{end}",
        two=literal(np.log(2), single),
    )  # fmt: skip


def named(text: str, single: bool) -> CText:
    """Give a name, or an entry of an array, as a piece."""
    return CText(text, single=single, light=True)


def lightened(code: CText) -> CText:
    """Give a piece that may stand in several places."""
    return replace(code, light=True)
