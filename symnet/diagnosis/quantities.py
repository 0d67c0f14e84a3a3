"""The quantities that may stand in the place of another: names, and the errors that deltas are made of.

In: a `Setting` and values. Out: for an equation, what is known when it is computed, each with its shape and its price.
Letters of names are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy import HadamardProduct, MatAdd, MatMul, MatrixSymbol, OneMatrix, S, Symbol, Transpose

from symnet.diagnosis.edits import Name, Setting
from symnet.diagnosis.likeness import Likeness, bare
from symnet.diagnosis.places import places, product_of, times
from symnet.expressions import Bound, Elementwise, raw, split, symbols_of


@dataclass(frozen=True)
class Quantity:
    """An expression that stands for an array; `price`: how far-fetched it is.

    `raw_error_of`: the delta that it is, without the factor that is `lacking`; `made`: which one that is, and the
    coefficient.
    """

    expr: Any
    shape: tuple[int, ...]
    price: float
    raw_error_of: Any = None
    lacking: Any = None
    made: Any = None

    @cached_property
    def turned(self) -> Any:
        """The transpose."""
        return raw(Transpose, self.expr)


def raw_error(rhs: Any, q: Quantity) -> Any:
    """Give the raw error of a right-hand side as that quantity is one of its delta's."""
    i, coefficient = q.made
    factors = split(rhs)[1].args
    return times(coefficient, product_of(HadamardProduct, *factors[:i], *factors[i + 1 :]))


class Ground:
    """What the grammar stands on: a net's setting, the values of its right equations, and what is known where."""

    def __init__(self, setting: Setting, value: Callable[[Any], Any], has_rate: bool = False) -> None:
        self.setting, self.value, self.has_rate = setting, value, has_rate
        self.order = [e.lhs for e in setting.equations]
        self.places = {lhs: k for k, lhs in enumerate(self.order)}
        self._errors = {d: list(self._raw_errors(d)) for d in setting.deltas}
        self._known: dict[Name, list[Quantity]] = {}
        self._coefficients: list[Any] | None = None
        self._parts: list[Quantity] | None = None
        self._nearby: dict[Any, list[Quantity]] = {}
        self.complements: dict[Any, Any] = {}  # what was found so far: A → 1 − A
        both = [*setting.forward, *setting.equations]
        every = {s for e in both for s in symbols_of(e.rhs) if not isinstance(s, Bound)}
        computed = {e.lhs for e in [*setting.forward, *setting.equations]}
        self.inputs = sorted((s for s in every - computed if s != setting.rate), key=str)
        self.values = [e.lhs for e in setting.forward[:-1]]
        self.deltas = frozenset(setting.deltas)
        self.likeness = Likeness(setting, self.values)
        sized = {v.name for s in every if isinstance(s, MatrixSymbol) for v in s.shape if isinstance(v, Symbol)}
        self.lengths = frozenset(sized | set(setting.sizes))

    def shape(self, expr: Any) -> tuple[int, ...] | None:
        """Give the shape that the value of an expression has, None where it has none."""
        try:
            return np.shape(self.value(expr))
        except (ValueError, TypeError, KeyError, NameError, AttributeError):
            return None

    @cached_property
    def states(self) -> set[Any]:
        """The values of an unrolled net that meet a parameter in a product."""
        found = set()
        for e in self.setting.forward:
            for product in e.rhs.atoms(MatMul):
                if any(bare(f) in self.setting.gradients for f in product.args):
                    found |= {bare(f) for f in product.args}
        return found & self.likeness.chains.keys()

    def known(self, lhs: Name) -> list[Quantity]:
        """Give the quantities that are known when the equation of a name is computed."""
        if lhs not in self._known:
            before = self.order[: self.places[lhs]]
            found = [Quantity(s, self.shape(s) or (), 0.3) for s in self.inputs if s.name not in self.lengths]
            found += [Quantity(s, self.shape(s) or (), 0.1) for s in [*self.values, *before]]
            for d in self.setting.deltas:
                if d in before:
                    found += self._errors[d]
            self._known[lhs] = found
        return self._known[lhs]

    def nearby(self, lhs: Name, old: Any = None) -> list[Quantity]:
        """Give what is known and, in an unrolled net, of the step before, of this one or of the next."""
        place = self.likeness.place(old) if old is not None else None
        place, reach = (self.likeness.place(lhs), 2) if place is None else (place, 1)
        if place is None:
            return self.known(lhs)
        if (lhs, place, reach) not in self._nearby:
            places = [(q, self.likeness.place(q.expr)) for q in self.known(lhs)]
            self._nearby[lhs, place, reach] = [q for q, p in places if p is None or -1 <= p - place <= reach]
        return self._nearby[lhs, place, reach]

    def parts(self) -> list[Quantity]:
        """Give the products within the forward equations that have no name, such as X⋅W before it is normalised."""
        if self._parts is None:
            found: dict[Any, None] = {}
            for e in self.setting.forward[:-1]:
                for place in places(e.rhs):
                    if place.path and isinstance(place.node, MatMul) and not place.node.has(OneMatrix):
                        found[split(place.node)[1]] = None
                    elif isinstance(place.parent, Elementwise) and isinstance(place.node, (MatAdd, HadamardProduct)):
                        found[place.node] = None
            self._parts = [Quantity(A, self.shape(A) or (), 0.3) for A in found]
        return self._parts

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
                    yield Quantity(expr, shape, 0.0 if coefficient == c else 0.4, d, factor, (i, coefficient))
