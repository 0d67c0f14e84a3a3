"""The search for a mistake: every variant of the equations is computed and compared with the user's numbers.

In: a `Setting`, points with the user's gradients, and which gradients are wrong. Out: the variants that fit at all
points, the simplest first. Single faults are tried before pairs; a constant factor at an equation is fitted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sympy import Float, MatAdd, nsimplify

from symnet.expressions.algebra import scaled
from symnet.diagnosis.catalogue import catalogue
from symnet.diagnosis.edits import Mutation, Setting
from symnet.diagnosis.variants import Variants

SECONDS_FOR_PAIRS = 4.0


@dataclass(frozen=True, eq=False)
class Point:
    """Values, and the right and the user's gradients there; `allowed`: the difference that counts as none."""

    arrays: dict[str, Any]
    sizes: dict[str, int]
    right: dict[Any, Any]
    mine: dict[Any, Any]
    allowed: dict[Any, float]
    unsummed: frozenset[Any] = frozenset()

    def agrees(self, w: Any, gradient: Any) -> bool:
        """Tell whether a gradient is the user's."""
        return bool(np.abs(self.mine[w] - gradient).max(initial=0.0) <= self.allowed[w])

    def is_wrong(self, w: Any) -> bool:
        """Tell whether the user's gradient for w differs from the right one."""
        return not self.agrees(w, self.right[w])


class Search:
    """Finds the variants of the equations that give the user's numbers."""

    def __init__(self, setting: Setting, points: list[Point], wrong: tuple[Any, ...], rate: float | None) -> None:
        self.setting = setting
        self.points = points
        self.wrong = wrong
        self.rate = rate
        trial = 1.0 if rate is None else rate
        assert setting.rate is not None
        self.rate_name = setting.rate.name
        self.variants = [
            Variants(setting.forward, setting.equations, {**p.arrays, self.rate_name: trial}, p.sizes) for p in points
        ]
        self.scales = [sorted({p.sizes[n] for n in p.sizes}) for p in points]

    def run(self) -> list[tuple[Mutation, ...]]:
        """Give the explanations that fit at all points, the simplest first: single faults, or else pairs."""
        singles = catalogue(self.setting)
        fitted = [m for m in map(self._fitted, singles) if m is not None]
        found: list[tuple[float, tuple[Mutation, ...]]] = [(m.cost, (m,)) for m in fitted]
        found += [(sum(m.cost for m in ms), ms) for ms in map(self._sign_apart, self._constants({}, ()))]
        if not found:
            found = list(self._pairs(singles))
        found.sort(key=lambda item: item[0])
        return [mutations for _, mutations in found[:8]]

    # -- one variant

    def _fits(self, changes: Mapping[Any, Any], eta: float | None = None) -> bool:
        extra = None if eta is None else {self.rate_name: eta}
        partials = self.setting.partials
        for point, variants in zip(self.points, self.variants, strict=True):
            first_place = min(variants._place[name] for name in changes)
            for g, w in partials.items():
                if variants._place[g] < first_place and not point.agrees(w, point.right[w]):
                    return False
            for lhs, value in variants.steps(changes, extra):
                if lhs in partials and not point.agrees(partials[lhs], value):
                    return False
        return True

    def _fitted(self, m: Mutation) -> Mutation | None:
        if self.rate is None and m.kind == "updated-weights":
            return self._with_rate(m)
        return m if self._fits(m.changes) else None

    def _with_rate(self, m: Mutation) -> Mutation | None:
        eta = self._fitted_rate(m.changes)
        if eta is None:
            return None
        return replace(m, words=_with_this_rate(m, eta), cost=m.cost + 1.0)

    def _constants_and_rates(self, m: Mutation) -> Iterator[tuple[float, tuple[Mutation, ...]]]:
        # an unknown factor and an unknown learning rate at once: the factor is read off the gradients that the rate
        # does not reach, or else off the first one that both reach, which is c·(start + η·moved)
        mine = self.points[0].mine
        start, end = (self._gradients_at(m.changes, eta) for eta in (0.0, 1.0))
        moved = {w: end[w] - start[w] for w in start}
        for lhs, rhs in self.setting.equations:
            current = m.changes.get(lhs, rhs)
            doubled = self._gradients_at({**m.changes, lhs: _times(2, current)}, 0.0)
            reached = [w for w in self._on_the_way_back() if np.any(doubled[w] != start[w])]
            if not reached:
                continue
            fixed = [w for w in reached if not np.any(moved[w])]
            columns = [_flat(start, fixed)] if fixed else [_flat(start, reached[:1]), _flat(moved, reached[:1])]
            fit = np.linalg.lstsq(np.stack(columns, axis=1), _flat(mine, fixed or reached[:1]), rcond=None)[0]
            if abs(fit[0]) < 1e-9 or abs(fit[0] - 1) < 1e-7:
                continue
            constant = self._constant(float(fit[0]), lhs, current)
            eta = self._fitted_rate({**m.changes, **constant.changes})
            if eta is not None:
                yield m.cost + constant.cost, (replace(m, words=_with_this_rate(m, eta)), constant)

    def _fitted_rate(self, changes: Mapping[Any, Any]) -> float | None:
        # Gauss-Newton for an unknown learning rate; in one layer the gradients are affine in it and one step is enough
        point, eta = self.points[0], 0.0
        wanted = _flat(point.mine, point.right)
        for _ in range(12):
            here, there = (_flat(self._gradients_at(changes, eta + step), point.right) for step in (0.0, 1e-3))
            direction = (there - here) / 1e-3
            square = float(direction @ direction)
            move = float(direction @ (wanted - here)) / square if square > 0 else np.inf
            if not np.isfinite(move) or abs(eta + move) > 1e4:
                return None
            eta += move
            if abs(move) < 1e-11 * abs(eta):
                break
        return eta if eta > 1e-8 and self._fits(changes, eta) else None

    def _gradients_at(self, changes: Mapping[Any, Any], eta: float | None = None) -> dict[Any, Any]:
        extra = None if eta is None else {self.rate_name: eta}
        found = self.variants[0].gradients(changes, self.setting.partials, extra)
        return {w: np.broadcast_to(g, np.shape(self.points[0].right[w])) for w, g in found.items()}

    # -- constant factors

    def _constants(self, changes: Mapping[Any, Any], used: tuple[Any, ...]) -> Iterator[Mutation]:
        """Give a constant factor at an equation that, with `changes`, gives the user's numbers."""
        mine, base = self.points[0].mine, self._gradients_at(changes)
        for lhs, rhs in self.setting.equations:
            current = changes.get(lhs, rhs)
            doubled = self._gradients_at({**changes, lhs: _times(2, current)})
            # the first gradient that the factor reaches is linear in it; after weights updated too early others are not
            reached = next((w for w in self._on_the_way_back() if np.any(doubled[w] != base[w])), None)
            if reached is None:
                continue
            direction = doubled[reached] - base[reached]
            factor = 1 + float(np.sum(direction * (mine[reached] - base[reached])) / np.sum(direction**2))
            if abs(factor) < 1e-9 or abs(factor - 1) < 1e-7:
                continue
            constant = self._constant(factor, lhs, current)
            if self._fits({**changes, **constant.changes}):
                yield constant

    def _constant(self, factor: float, lhs: Any, rhs: Any) -> Mutation:
        factor, words, cost = self._named(factor, lhs, self.points[0])
        kind = "sign" if factor == -1 else "constant-factor"
        return Mutation(kind, {lhs: _times(factor, rhs)}, words, cost + self._depth(lhs), factor=factor)

    def _sign_apart(self, m: Mutation) -> tuple[Mutation, ...]:
        # a factor of −½ is two mistakes
        if m.factor is None or m.factor >= 0 or m.factor == -1:
            return (m,)
        rhs = dict(self.setting.equations)[m.site]
        return self._constant(-1.0, m.site, rhs), replace(self._constant(-m.factor, m.site, rhs), changes=m.changes)

    def _on_the_way_back(self) -> list[Any]:
        return [self.setting.partials[e.lhs] for e in self.setting.equations if e.lhs in self.setting.partials]

    def _depth(self, lhs: Any) -> float:
        # the loss's own delta is the likeliest place, then a gradient, then a hidden delta
        place = [e.lhs for e in self.setting.equations].index(lhs)
        return 0.0 if place == 0 else 0.01 if lhs in self.setting.partials else 0.02

    def _named(self, factor: float, lhs: Any, point: Point) -> tuple[float, str, float]:
        first = lhs == self.setting.equations[0].lhs
        for known, words, cost in self._known_factors(first, point):
            if abs(factor - known) < 1e-6 * abs(known):
                return known, words, cost
        words = f"a constant factor {factor:.8g}"
        if self.rate is not None and abs(factor - self.rate) < 1e-6 * self.rate:
            return self.rate, "the learning rate is applied already", 0.9
        if 0 < factor < 1:
            words += ", perhaps a learning rate that is applied already"
        return factor, words, 1.8

    def _known_factors(self, first: bool, point: Point) -> Iterator[tuple[float, str, float]]:
        yield -1.0, "the sign is wrong" + (": target minus output are swapped" if first else ""), 0.8
        yield 2.0, "a factor 2 too much, as from the square", 0.9
        yield 0.5, "a factor ½ too much, or the 2 of the square is missing", 0.9
        for name, n in point.sizes.items():
            if n > 1:
                yield float(n), f"a factor {name} = {n}: the gradient of the sum, not of the mean", 0.95
                yield 1 / n, f"a factor 1/{name} = 1/{n}: the mean is taken once too often", 0.95
        for w, g in point.right.items():
            entries = int(np.size(g))
            if entries > 2:
                yield 1 / entries, f"a factor 1/{entries}: a mean over the entries of {w}", 1.2

    # -- pairs

    def _pairs(self, singles: list[Mutation]) -> Iterator[tuple[float, tuple[Mutation, ...]]]:
        deadline = time.monotonic() + SECONDS_FOR_PAIRS
        ordered = sorted(singles, key=lambda m: m.cost)
        for m in ordered:
            for constant in self._constants(m.changes, ()):
                yield m.cost + constant.cost + 0.1, (m, constant)
            if self.rate is None and m.kind == "updated-weights":
                yield from self._constants_and_rates(m)
        yield from self._two_constants()
        for i, a in enumerate(ordered):
            if time.monotonic() > deadline:
                return
            for b in self._second(a):
                fitted = self._fitted_pair(a, b)
                if fitted:
                    yield a.cost + b.cost, (a, b)
            for b in ordered[i + 1 :]:
                if not (a.changes.keys() & b.changes.keys()) and self._fitted_pair(a, b):
                    yield a.cost + b.cost, (a, b)

    def _second(self, a: Mutation) -> Iterator[Mutation]:
        # a second mistake in the equation that the first one has changed already
        changed = [e._replace(rhs=a.changes.get(e.lhs, e.rhs)) for e in self.setting.equations]
        setting = replace(self.setting, equations=changed)
        if len(a.changes) == 1:
            yield from catalogue(setting, only=a.site)
        else:
            yield from (b for b in catalogue(setting) if a.changes.keys() & b.changes.keys())

    def _fitted_pair(self, a: Mutation, b: Mutation) -> bool:
        changes = {**a.changes, **b.changes}
        free = self.rate is None and "updated-weights" in (a.kind, b.kind)
        if not free:
            return self._fits(changes)
        return self._fitted_rate(changes) is not None

    def _two_constants(self) -> Iterator[tuple[float, tuple[Mutation, ...]]]:
        # two factors at two equations: the first explains what it can, the second the rest
        point, variants, partials = self.points[0], self.variants[0], self.setting.partials
        for lhs, rhs in self.setting.equations:
            downstream = {partials[g] for g, _ in variants.steps({lhs: _times(2, rhs)}) if g in partials}
            for w in downstream:
                square = float(np.sum(point.right[w] ** 2))
                if square == 0:
                    continue
                factor = float(np.sum(point.right[w] * point.mine[w])) / square
                if abs(factor) < 1e-9 or abs(factor - 1) < 1e-7:
                    continue
                first = self._constant(factor, lhs, rhs)
                for second in self._constants(first.changes, ()):
                    if second.site != lhs:
                        yield first.cost + second.cost + 0.2, (first, second)


def _times(factor: float, rhs: Any) -> Any:
    c = nsimplify(factor, rational=True, tolerance=1e-12) if abs(factor) < 1e6 else Float(factor)
    c = c if getattr(c, "q", 10**9) < 10**4 else Float(factor)
    if not rhs.is_Matrix:
        return c * rhs
    return MatAdd(*[scaled(c, t) for t in rhs.args], evaluate=False) if isinstance(rhs, MatAdd) else scaled(c, rhs)


def _with_this_rate(m: Mutation, eta: float) -> str:
    return f"{m.words} (with a learning rate of {eta:.6g})"


def _flat(gradients: Mapping[Any, Any], order: Iterable[Any]) -> Any:
    return np.concatenate([np.ravel(np.asarray(gradients[w], float)) for w in order])
