"""One variant of the equations, computed at all points and compared with the user's numbers.

In: a `Setting`, points with the user's gradients, and other right-hand sides. Out: whether these give the user's
numbers, which gradients they mend, and the number at which they fit. What is soon computed rules out most of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from symnet.diagnosis.constants import flat, solved
from symnet.diagnosis.edits import Changes, Name, Setting
from symnet.diagnosis.entries import Entries
from symnet.diagnosis.given import Point
from symnet.diagnosis.influence import Influence
from symnet.diagnosis.variants import IMPOSSIBLE, Variants

Scaled: TypeAlias = Mapping[Name, float] | None  # factors of what equations give


class Trial:
    """Computes changed equations at points and compares with the user's numbers."""

    def __init__(self, setting: Setting, points: list[Point], rate: float | None) -> None:
        self.setting = setting
        self.points = [*points]
        self.mine, self.right = points[0].mine, points[0].right
        self._may: dict[frozenset[Name], bool] = {}  # sites → whether they may give the user's numbers
        self.parameters = list(setting.partials.values())  # in the order in which their gradients are computed
        self._trial = {setting.rate.name: 1.0 if rate is None else rate}
        self.variants = [self._variants_at(p) for p in points]
        self.wrong = frozenset(w for w in self.parameters if any(p.is_wrong(w) for p in points))
        self.entries = Entries(points[0], self.variants[0], setting.partials)
        self.influence = Influence(setting, points[0], self.variants[0])

    def add(self, point: Point) -> None:
        """Take a point more at which everything is to fit."""
        self.points.append(point)
        self.variants.append(self._variants_at(point))

    def evaluations(self) -> int:
        """Give how many variants were computed so far."""
        return sum([variants.evaluations for variants in self.variants])

    def value(self, expr: Any) -> Any:
        """Give the value of an expression at the first point, where every equation is right."""
        return self.variants[0].value(expr)

    def fits(self, changes: Changes) -> bool:
        """Tell whether every gradient is the user's, at all points."""
        try:
            return self._fits(changes)
        except IMPOSSIBLE:
            return False

    def may_fit(self, changes: Changes, eta: float | None = None, scaled: Scaled = None) -> bool:
        """Tell whether every gradient may be the user's, by what is soon computed."""
        sites = frozenset((*changes, *scaled) if scaled else changes)
        return self.reaches(sites) and self.entries.agree(changes, self._extra(eta), scaled)

    def mended(self, changes: Changes) -> frozenset[Name]:
        """Give the wrong gradients that are the user's with the changes, at all points."""
        mended = self.entries.mended(changes, self.wrong)
        try:
            for point, variants in zip(self.points, self.variants, strict=True):
                if mended:
                    found = variants.gradients(changes, self.setting.partials, moved_only=True)
                    mended = frozenset(w for w, g in found if w in mended and point.agrees(w, g))
        except IMPOSSIBLE:
            return frozenset()
        return mended

    def fitted(self, changes: Callable[[float], Changes]) -> float | None:
        """Give the number at which changes fit; the first gradient that they reach is affine in it."""
        try:
            start, end = self.gradients_at(changes(0.0)), self.gradients_at(changes(0.5))
        except IMPOSSIBLE:
            return None
        for w in self.parameters:
            move = 2 * (end[w] - start[w])
            square = float(np.sum(move * move))
            if square > 0:
                c = float(np.sum(move * (self.mine[w] - start[w]))) / square
                small = abs(c) * float(np.abs(move).max()) <= self.points[0].allowed[w]
                if small or not self.points[0].agrees(w, start[w] + c * move):
                    return None
                return c if self.fits(changes(c)) else None
        return None

    def _fits(self, changes: Changes, eta: float | None = None, scaled: Scaled = None) -> bool:
        if not self.may_fit(changes, eta, scaled):
            return False
        for point, variants in zip(self.points, self.variants, strict=True):
            for w, value in variants.gradients(changes, self.setting.partials, self._extra(eta), scaled, True):
                if not point.agrees(w, value):
                    return False
        return True

    def reaches(self, sites: Iterable[Name]) -> bool:
        """Tell whether other values there may give the user's numbers, which leave no wrong gradient as it is."""
        sites = frozenset(sites)
        if sites not in self._may:
            self._may[sites] = self.wrong <= self.setting.spoils(sites) and self.influence.reaches(sites)
        return self._may[sites]

    def _extra(self, eta: float | None) -> dict[str, float]:
        return {} if eta is None else {self.setting.rate.name: eta}

    def gradients_at(self, changes: Changes, eta: float | None = None) -> dict[Name, Any]:
        """Give the gradients with these changes at the first point."""
        found = self.variants[0].gradients(changes, self.setting.partials, self._extra(eta))
        return {w: np.broadcast_to(g, np.shape(self.right[w])) for w, g in found}

    def moved(self, changes: Changes) -> dict[Name, Any]:
        """Give which entries of the gradients change with these changes, at the first point; none where none does."""
        try:
            found = self.gradients_at(changes)
        except IMPOSSIBLE:
            return {}
        off = {w: np.abs(g - self.right[w]) > self.points[0].allowed[w] for w, g in found.items()}
        return {w: which for w, which in off.items() if np.any(which)}

    def doubled(self, changes: Changes, lhs: Name, eta: float | None = None) -> Iterator[tuple[Name, Any]]:
        """Give the gradients that change where the equation of `lhs` gives twice what it does with these changes."""
        return self.variants[0].gradients(changes, self.setting.partials, self._extra(eta), {lhs: 2.0}, True)

    def fitted_rate(self, changes: Changes) -> float | None:
        """Give the learning rate at which changes fit."""
        if not self.reaches(changes):
            return None
        eta = solved(*self._gradients_in(changes))
        return eta if eta is not None and eta > 1e-8 and self._fits(changes, eta) else None

    def _gradients_in(self, changes: Changes) -> tuple[Callable[[float], Any], Any]:
        # the gradients as a function of the learning rate, and the user's: some entries of them where that is enough
        if self.entries.flat(changes, self._extra(0.0)) is not None:
            return lambda eta: self.entries.flat(changes, self._extra(eta)), self.entries.of_mine()
        return lambda eta: flat(self.gradients_at(changes, eta), self.right), flat(self.mine, self.right)

    def _variants_at(self, point: Point) -> Variants:
        return Variants(self.setting.forward, self.setting.equations, point.arrays | self._trial, point.sizes)
