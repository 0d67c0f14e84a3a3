"""Pieces of Python code that carry their precedence, and NumPy as a module that writes instead of computing.

In: names, numbers, pieces. Out: pieces, put together with the operators of Python itself: brackets appear where they
are needed and nowhere else, and nobody looks into finished code. Nothing here knows a matrix or a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from importlib.util import find_spec
from operator import add
from typing import Any, TypeAlias

import numpy as np

COMPARISON, OR, AND, SUM, MATMUL, TERM, POWER, ATOM = range(8)  # how strongly code binds
SIZED = "numpy_"  # before the names of NumPy's own functions, where others are called by theirs
LONG = 100  # terms of a sum in one pair of brackets
Full: TypeAlias = tuple[bool, bool]


def largest_exponent(dtype: Any) -> float:
    """Give the largest whole number x of which exp(x) is finite and exp(-x) a number that no machine takes for 0."""
    return float(np.floor(-np.log(np.finfo(dtype).tiny)))


def _operator(sign: str, level: int, mine: int, others: int) -> tuple[Any, Any]:
    # an operator of Python, and the same with its sides exchanged
    ahead = lambda a, b: a._with(b, sign, level, mine, others)
    return ahead, lambda a, b: ahead(a.piece(b), a)


@dataclass(frozen=True)
class Code:
    """A piece of code. `level`: how strongly it binds; `full`: whether it has all its rows, all its columns."""

    text: str
    level: int = ATOM
    full: Full = (True, True)

    def __str__(self) -> str:
        return self.text

    def at(self, least: int) -> str:
        """Give the text, in brackets where it binds less than `least`."""
        return self.text if self.level >= least else f"({self.text})"

    def broadcast(self, *others: Code) -> Code:
        """Give the piece with the rows and columns that the others together have."""
        pieces = others or (self,)
        return replace(self, full=(any(p.full[0] for p in pieces), any(p.full[1] for p in pieces)))

    def piece(self, value: Any) -> Code:
        """Give what stands beside this piece."""
        return piece(value)

    def _with(self, other: Any, sign: str, level: int, mine: int, others: int) -> Code:
        other = piece(other)
        return Code(f"{self.at(mine)}{sign}{other.at(others)}", level).broadcast(self, other)

    __add__, __radd__ = _operator(" + ", SUM, SUM, MATMUL)
    __sub__, __rsub__ = _operator(" - ", SUM, SUM, MATMUL)
    __mul__, __rmul__ = _operator("*", TERM, TERM, POWER)
    __truediv__, __rtruediv__ = _operator("/", TERM, TERM, POWER)
    __pow__, _ = _operator("**", POWER, ATOM, ATOM)
    __and__, _ = _operator(" & ", AND, AND, SUM)
    __or__, _ = _operator(" | ", OR, OR, AND)
    __lt__, _ = _operator(" < ", COMPARISON, OR, OR)
    __gt__, _ = _operator(" > ", COMPARISON, OR, OR)

    def __matmul__(self, other: Code) -> Code:
        left = self.text if self.level == MATMUL else self.at(POWER)
        return Code(f"{left} @ {other.at(POWER)}", MATMUL)

    def __neg__(self) -> Code:
        return Code(f"-{self.at(TERM)}", SUM, self.full)

    def __invert__(self) -> Code:
        return Code(f"~{self.at(ATOM)}", POWER, self.full)

    def compare(self, relation: str, other: Any) -> Code:
        """Give a comparison: `relation` is one of <, <=, >, >=, ==, !=."""
        return self._with(other, f" {relation} ", COMPARISON, OR, OR)

    def __getitem__(self, index: str) -> Code:
        return Code(f"{self.at(ATOM)}[{index}]")

    @property
    def T(self) -> Code:
        """The transpose."""
        if not any(self.full):  # one number for every entry
            return self
        return Code(f"{self.at(ATOM)}.T", ATOM, (self.full[1], self.full[0]))

    @property
    def real(self) -> Code:
        """The real part."""
        return Code(f"{self.at(ATOM)}.real", ATOM, self.full)

    def method(self, name: str, *arguments: Any, **options: Any) -> Code:
        """Give a call of a method of the array."""
        return Code(f"{self.at(ATOM)}.{_call(name, arguments, options)}", ATOM, self.full)


def number(value: float) -> Code:
    """Give a number as a piece of code."""
    return Code(repr(value), SUM if value < 0 else ATOM, (False, False))


def piece(value: Code | float) -> Code:
    """Give a number as a piece of code; a piece is itself."""
    return value if isinstance(value, Code) else number(value)


def signed_sum(terms: Sequence[tuple[bool, Code]]) -> Code:
    """Give a sum of terms, each with whether it is subtracted; Python reads no thousand of them without brackets."""
    chunks = []
    for start in range(0, len(terms), LONG):
        (minus, code), *others = terms[start : start + LONG]
        code = -code if minus else code
        for minus, term in others:
            code = code - term if minus else code + term
        chunks.append(code)
    return reduce(add, chunks)


def entrywise(factors: Sequence[Code]) -> Code:
    """Give a product entry by entry; where a factor needs brackets there is air around the signs."""
    sign = " * " if any(f.level < TERM for f in factors) else "*"
    if len(factors) == 1:
        return factors[0]
    first, *others = factors
    text = sign.join([first.at(TERM), *[f.at(POWER) for f in others]])
    return Code(text, TERM).broadcast(*factors)


def _call(name: str, arguments: Sequence[Any], options: Mapping[str, Any]) -> str:
    written = [str(piece(a)) for a in arguments] + [f"{key}={piece(value)}" for key, value in options.items()]
    return f"{name}({', '.join(written)})"


class Namespace:
    """NumPy, or a module like it, that writes calls. `imports`: module → what the code needs of it.

    `largest`: as `largest_exponent` gives it; `dtype`: code for the dtype of the arrays.
    """

    def __init__(self, largest: float, dtype: str, imports: dict[str, set[str]]) -> None:
        self.largest = Code(f"{largest:.0f}", ATOM, (False, False))
        self.dtype = Code(dtype)
        self.imports = imports

    def __getattr__(self, function: str) -> Callable[..., Code]:
        module, _, name = f"numpy.{function}".rpartition(".")
        return lambda *arguments, **options: self.call(module, name, *arguments, **options)

    def taken(self, module: str, name: str) -> str:
        """Give the identifier of what the code takes from a module."""
        self.imports.setdefault(module, set()).add(name)
        return name

    def constant(self, name: str) -> Code:
        """Give a constant of NumPy, such as nan."""
        return Code(self.taken("numpy", name), ATOM, (False, False))

    def call(self, module: str, name: str, *arguments: Any, **options: Any) -> Code:
        """Give a call of a function of a module."""
        return Code(_call(self.taken(module, name), arguments, options))

    def special(self, name: str, *arguments: Any) -> Code:
        """Give a call of a special function: SciPy's where it is installed, else Python's own, entry by entry.

        Raises `TypeError` where neither is there.
        """
        if find_spec("scipy") is not None:
            return self.call("scipy.special", name, *arguments)
        own = {"erf": "erf", "erfc": "erfc", "gamma": "gamma", "gammaln": "lgamma"}.get(name)
        if own is None:
            raise TypeError(f"{name} needs SciPy: pip install 'symnet[scipy]'")
        self.imports.setdefault("math", set()).add(own)
        self.imports.setdefault("numpy", set()).add("vectorize")
        return Code(f"vectorize({own}, otypes=[{self.dtype}])({', '.join(str(piece(a)) for a in arguments)})")
