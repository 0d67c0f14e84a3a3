"""The quantities that may stand in the place of another: names, and the errors that deltas are made of.

In: a `Setting` and values. Out: for an equation, what is known when it is computed, each with its shape and its price.
Letters of names are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import HadamardProduct, MatAdd, MatrixSymbol, S, Symbol, Transpose

from symnet.diagnosis.edits import Name, Setting
from symnet.diagnosis.places import product_of, times
from symnet.expressions import Bound, Elementwise, split, symbols_of


@dataclass(frozen=True)
class Quantity:
    """An expression that stands for an array; `price`: how far-fetched it is.

    `raw_error_of`: the delta that it is, without the factor that is `lacking`.
    """

    expr: Any
    shape: tuple[int, ...]
    price: float
    raw_error_of: Any = None
    lacking: Any = None


class Ground:
    """What the grammar stands on: a net's setting, the values of its right equations, and what is known where."""

    def __init__(self, setting: Setting, value: Callable[[Any], Any], has_rate: bool = False) -> None:
        self.setting, self.value, self.has_rate = setting, value, has_rate
        self.order = [e.lhs for e in setting.equations]
        self._errors = {d: list(self._raw_errors(d)) for d in setting.deltas}
        self._known: dict[Name, list[Quantity]] = {}
        self._sorts: dict[Any, Any] = {}
        self._coefficients: list[Any] | None = None
        both = [*setting.forward, *setting.equations]
        every = {s for e in both for s in symbols_of(e.rhs) if not isinstance(s, Bound)}
        computed = {e.lhs for e in [*setting.forward, *setting.equations]}
        self.inputs = sorted((s for s in every - computed if s != setting.rate), key=str)
        self.values = [e.lhs for e in setting.forward[:-1]]
        sized = {v.name for s in every if isinstance(s, MatrixSymbol) for v in s.shape if isinstance(v, Symbol)}
        self.lengths = frozenset(sized | set(setting.sizes))

    def shape(self, expr: Any) -> tuple[int, ...] | None:
        """Give the shape that the value of an expression has, None where it has none."""
        try:
            return np.shape(self.value(expr))
        except (ValueError, TypeError, KeyError, NameError, AttributeError):
            return None

    def known(self, lhs: Name) -> list[Quantity]:
        """Give the quantities that are known when the equation of a name is computed."""
        if lhs not in self._known:
            before = self.order[: self.order.index(lhs)]
            found = [Quantity(s, self.shape(s) or (), 0.3) for s in self.inputs if s.name not in self.lengths]
            found += [Quantity(s, self.shape(s) or (), 0.1) for s in [*self.values, *before]]
            for d in self.setting.deltas:
                if d in before:
                    found += self._errors[d]
            self._known[lhs] = found
        return self._known[lhs]

    def coefficients(self) -> list[Any]:
        """Give the coefficients that a term may have: those of the equations, and 1."""
        if self._coefficients is None:
            found: dict[Any, None] = {S.One: None}
            for e in self.setting.equations:
                for term in e.rhs.args if isinstance(e.rhs, MatAdd) else (e.rhs,):
                    if term.is_Matrix:
                        found[split(term)[0]] = None
            scalars = [s for s in self.inputs if not s.is_Matrix and s.name not in self.lengths]
            found.update(dict.fromkeys(scalars))
            self._coefficients = [c for c in found if c != 0]
        return self._coefficients

    def _raw_errors(self, d: Name) -> Iterator[Quantity]:
        # a delta without one of its factors
        c, A = split(self.setting.right[d])
        if not isinstance(A, HadamardProduct):
            return
        for i, factor in enumerate(A.args):
            rest = product_of(HadamardProduct, *A.args[:i], *A.args[i + 1 :])
            if isinstance(rest, Elementwise) or isinstance(factor, MatAdd):
                continue
            for coefficient in {c, 1}:
                expr = times(coefficient, rest)
                shape = self.shape(expr)
                if shape is not None:
                    yield Quantity(expr, shape, 0.0 if coefficient == c else 0.4, d, factor)

    def sort(self, expr: Any, exact: bool) -> Any:
        """Give what an expression has in common with its like at other layers or steps; `exact`: parameters count."""
        key = (expr, exact)
        if key not in self._sorts:
            self._sorts[key] = self._sort(expr, exact)
        return self._sorts[key]

    def _sort(self, expr: Any, exact: bool) -> Any:
        s = self.setting
        if isinstance(expr, (MatrixSymbol, Symbol)):
            if expr in s.gradients:
                return str(expr) if exact else ("parameter", 1 in s.shape(expr))
            if expr in s.partials:
                return ("gradient", self.sort(s.partials[expr], exact))
            return s.roles[expr][0] if expr in s.roles else "input"
        if not expr.args:
            return str(type(expr)) if getattr(expr, "is_Matrix", False) else expr
        if isinstance(expr, Elementwise):
            return (expr.args[0], *[self.sort(a, exact) for a in expr.args[1:]])
        return (type(expr), *[self.sort(a, exact) for a in expr.args])

    def distance(self, old: Any, new: Any) -> int | None:
        """Give how many steps of the forward pass lie between two values."""
        bare = [e.args[0] if isinstance(e, Transpose) else e for e in (old, new)]
        if all(b in self.values for b in bare):
            kind = [v for v in self.values if self.sort(v, False) == self.sort(bare[0], False)]
            return kind.index(bare[1]) - kind.index(bare[0]) if bare[1] in kind and bare[0] in kind else None
        return None
