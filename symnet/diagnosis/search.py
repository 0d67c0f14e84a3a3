"""The search for a mistake: every variant of the equations is computed and compared with the user's numbers.

In: a `Setting` and points with the user's gradients. Out: the variants that fit at all points, the simplest first.
Single faults are tried before pairs; a constant factor at an equation is fitted. How many variants are computed for
pairs is bounded by a number, not by a time, so a search ends the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias, TypeVar

import numpy as np
from symnet.diagnosis.catalogue import catalogue
from symnet.diagnosis.edited import Edited
from symnet.diagnosis.edits import Changes, Mutation, Name, Setting
from symnet.diagnosis.given import Point
from symnet.diagnosis.constants import Circumstances, flat, named_factor, times_constant, with_this_rate
from symnet.diagnosis.price import INVENTED, explained, invented, is_worth_it, ordered
from symnet.diagnosis.quantities import Ground
from symnet.diagnosis.trial import Trial
from symnet.program import Equation

EVALUATIONS_FOR_PAIRS = 40_000  # equations that are computed, some seconds
AFTER_THE_FIRST = 10_000  # equations for pairs that say it in fewer words than the first one found
DEAREST = 4.0  # a single mistake that takes more words than this is none
Explanation: TypeAlias = tuple[Mutation, ...]
_Item = TypeVar("_Item")


class Search:
    """Finds the variants of the equations that give the user's numbers."""

    def __init__(
        self,
        setting: Setting,
        points: list[Point],
        rate: float | None,
        elsewhere: Callable[[list[Explanation]], bool] = lambda found: False,
        more: Callable[[], Point | None] | None = None,
    ) -> None:
        self.elsewhere, self.more = elsewhere, more
        self.setting = setting
        self.rate = rate
        self.mine, self.right = points[0].mine, points[0].right
        self.before_pairs = 0  # evaluations
        self.share = 1.0  # of the evaluations for pairs
        self._mistakes: list[Mutation] | None = None
        self._may_be_scaled: dict[frozenset[Name], list[Equation]] = {}  # sites → where a factor may help them
        self.trial = Trial(setting, points, rate)
        ground = Ground(setting, self.trial.value, rate is not None)
        self.edited = Edited(ground, self.trial)
        self.numbers = explained(points, self.trial.wrong)

    def singles(self) -> list[Explanation]:
        """Give the single mistakes that fit at all points, the simplest first."""
        named = self._catalogued()
        found: list[tuple[float, Explanation]] = [(m.cost, (m,)) for m in map(self._fitted, named) if m is not None]
        found += [(sum(m.cost for m in ms), ms) for ms in map(self._sign_apart, self._constants({}))]
        found = self._worth(found or [(m.cost, (m,)) for m in self._common_factor()])
        best = min((cost for cost, _ in found), default=DEAREST)
        return ordered(found + self._worth([(m.cost, (m,)) for m in self.edited.singles(best + 0.2, bool(found))]))

    def pairs(self) -> list[Explanation]:
        """Give two mistakes that fit together at all points and at one more, the simplest first."""
        if self.more is not None and (point := self.more()) is not None:
            self.trial.add(point)
        self.before_pairs = self.evaluations()
        found, last = list[tuple[float, Explanation]](), np.inf
        for explanation in self._pairs(self._catalogued()):
            found += self._worth([explanation])
            last = min(last, self.evaluations() + AFTER_THE_FIRST) if found else last
            if self.evaluations() > last:
                break
        return ordered(found)

    def run(self) -> list[Explanation]:
        """Give single mistakes, or else pairs, the simplest first; none where `elsewhere` explains the numbers."""
        found = self.singles()
        return found if self.elsewhere(found) else found or self.pairs()

    def evaluations(self) -> int:
        """Give how many variants were computed so far."""
        return self.trial.evaluations()

    def _catalogued(self) -> list[Mutation]:
        if self._mistakes is None:
            self._mistakes = sorted(catalogue(self.setting), key=lambda m: m.cost)
        return self._mistakes

    def _worth(self, found: list[tuple[float, Explanation]]) -> list[tuple[float, Explanation]]:
        # an explanation is to save more numbers than it costs
        tried = self.evaluations()
        return [(c, ms) for c, ms in found if is_worth_it(self.numbers, invented(ms), tried, len(ms))]

    def _fitted(self, m: Mutation) -> Mutation | None:
        if self._is_free(m):
            return self._with_rate(m)
        return m if self.trial.fits(m.changes) else None

    def _with_rate(self, m: Mutation) -> Mutation | None:
        eta = self.trial.fitted_rate(m.changes)
        return None if eta is None else replace(m, words=with_this_rate(m, eta), cost=m.cost + 1.0)

    # -- constant factors

    def _constants(self, changes: Changes) -> Iterator[Mutation]:
        """Give a constant factor at an equation that, with `changes`, gives the user's numbers."""
        sites = frozenset(changes)
        if sites not in self._may_be_scaled:
            reaching = [e for e in self.setting.equations if self.trial.reaches([e.lhs, *sites])]
            self._may_be_scaled[sites] = reaching
        may = [e for e in self._may_be_scaled[sites] if self.trial.entries.may_be_scaled(changes, e.lhs)]
        base = self.trial.gradients_at(changes) if may else {}
        for lhs, rhs in may:
            factor = self._factor(changes, lhs, base)
            if factor is not None:
                constant = self._constant(factor, lhs, changes.get(lhs, rhs))
                if constant and self.trial.fits({**changes, **constant.changes}):
                    yield constant

    def _factor(self, changes: Changes, lhs: Name, base: Mapping[Name, Any]) -> float | None:
        # the first gradient that the factor reaches is linear in it; after weights updated too early others are not
        doubled = self.trial.doubled(changes, lhs)
        for w, value in doubled:
            direction = value - base[w]
            square = float(np.sum(direction * direction))
            if square > 0:
                moved = float(np.sum(direction * (self.mine[w] - base[w]))) / square
                return 1 + moved if self.trial.points[0].agrees(w, base[w] + moved * direction) else None
        return None

    def _constant(self, factor: float, lhs: Name, rhs: Any) -> Mutation | None:
        # none for a factor of 0 or 1
        if abs(factor) < 1e-9 or abs(factor - 1) < 1e-7:
            return None
        s = self.setting
        swapped = lhs == s.equations[0].lhs and s.begins_with_a_difference
        known = Circumstances(
            s.sizes, self.right, self.rate, swapped, s.divided_by, s.axes, s.lengths, s.uses, s.partials.get(lhs)
        )
        factor, words, cost = named_factor(factor, known)
        kind = "sign" if factor == -1 else "constant-factor"
        fitted = cost == INVENTED
        return Mutation(
            kind, {lhs: times_constant(factor, rhs)}, words, cost + self._depth(lhs), factor=factor, fitted=fitted
        )

    def _common_factor(self) -> Iterator[Mutation]:
        # the same factor in every wrong gradient, at its own equation
        wrong = [w for w in self.trial.parameters if w in self.trial.wrong]
        mine, right = flat(self.mine, wrong), flat(self.right, wrong)
        square = float(right @ right)
        factor = float(right @ mine) / square if square else 0.0
        if len(wrong) < 2 or abs(factor) < 1e-9 or abs(factor - 1) < 1e-7:
            return
        gradients = [self.setting.gradients[w] for w in wrong]
        first = self._constant(factor, gradients[0], self.setting.right[gradients[0]])
        if first is None:
            return
        changes = {g: times_constant(first.factor or factor, self.setting.right[g]) for g in gradients}
        if self.trial.fits(changes):
            yield replace(first, changes=changes, cost=first.cost + 0.3, everywhere=True)

    def _sign_apart(self, m: Mutation) -> Explanation:
        # a factor of −½ is two mistakes
        if m.factor is None or m.factor >= 0 or m.factor == -1:
            return (m,)
        rhs = self.setting.right[m.site]
        sign, size = self._constant(-1.0, m.site, rhs), self._constant(-m.factor, m.site, rhs)
        return (sign, replace(size, changes=m.changes)) if sign and size else (m,)

    def _depth(self, lhs: Name) -> float:
        # the loss's own delta is the likeliest place, then a gradient, then a hidden delta
        return 0.0 if lhs == self.setting.equations[0].lhs else 0.01 if lhs in self.setting.partials else 0.02

    # -- pairs, as long as evaluations are left

    def _affordable(self, mutations: Iterable[_Item]) -> Iterator[_Item]:
        for m in mutations:
            if self.evaluations() - self.before_pairs >= EVALUATIONS_FOR_PAIRS * self.share:
                return
            yield m

    def _pairs(self, ordered: list[Mutation]) -> Iterator[tuple[float, Explanation]]:
        self.share = 0.5
        for m in self._affordable(ordered):
            for constant in self._constants(m.changes):
                yield m.cost + constant.cost + 0.1, (m, constant)
            if self._is_free(m):
                yield from self._constants_and_rates(m)
        yield from self._two_constants()
        two = self._two(ordered)
        yield from self._of_the_catalogue(two)
        self.share = 1.0
        yield from self.edited.pairs(self._affordable)
        yield from self._of_the_catalogue(two)  # what is left of them

    def _two(self, ordered: list[Mutation]) -> Iterator[Explanation]:
        for i, a in enumerate(ordered):
            later = (b for b in ordered[i + 1 :] if not a.changes.keys() & b.changes.keys())
            for b in chain(self._second(a), later):
                yield a, b

    def _of_the_catalogue(self, two: Iterator[Explanation]) -> Iterator[tuple[float, Explanation]]:
        for a, b in self._affordable(two):
            changes = {**a.changes, **b.changes}
            free = self._is_free(a) or self._is_free(b)
            if (self.trial.fitted_rate(changes) is not None) if free else self.trial.fits(changes):
                yield a.cost + b.cost, (a, b)

    def _is_free(self, m: Mutation) -> bool:
        return self.rate is None and m.kind == "updated-weights"

    def _second(self, a: Mutation) -> Iterator[Mutation]:
        # a second mistake in the equation that the first one has changed already
        if len(a.changes) == 1 and not self.trial.reaches(a.changes):
            return
        changed = [Equation(lhs, a.changes.get(lhs, rhs)) for lhs, rhs in self.setting.equations]
        setting = replace(self.setting, equations=changed)
        if len(a.changes) == 1:
            yield from catalogue(setting, only=a.site)
        else:
            yield from (b for b in catalogue(setting) if a.changes.keys() & b.changes.keys())

    def _two_constants(self) -> Iterator[tuple[float, Explanation]]:
        # two factors at two equations: the first explains what it can, the second the rest
        equations, partials = self.setting.equations, self.setting.partials
        for k, (lhs, rhs) in enumerate(self._affordable(equations)):
            for w in [partials[e.lhs] for e in equations[k:] if e.lhs in partials]:
                square = float(np.sum(self.right[w] ** 2))
                factor = float(np.sum(self.right[w] * self.mine[w])) / square if square else 0.0
                first = self._constant(factor, lhs, rhs)
                for second in self._constants(first.changes) if first else ():
                    if first and second.site != lhs:
                        yield first.cost + second.cost + 0.2, (first, second)

    def _constants_and_rates(self, m: Mutation) -> Iterator[tuple[float, Explanation]]:
        # an unknown factor and an unknown learning rate at once: the factor is read off the gradients that the rate
        # does not reach, or else off the first one that both reach, which is c·(start + η·moved)
        start, end = (self.trial.gradients_at(m.changes, eta) for eta in (0.0, 1.0))
        moved = {w: end[w] - start[w] for w in start}
        for lhs, rhs in self.setting.equations:
            if not self.trial.reaches([lhs, *m.changes]):
                continue
            current = m.changes.get(lhs, rhs)
            doubled = self.trial.doubled(m.changes, lhs, 0.0)
            reached = [w for w, value in doubled if np.any(value != start[w])]
            if not reached:
                continue
            fixed = [w for w in reached if not np.any(moved[w])]
            columns = [flat(start, fixed)] if fixed else [flat(start, reached[:1]), flat(moved, reached[:1])]
            A, wanted = np.stack(columns, axis=1), flat(self.mine, fixed or reached[:1])
            fit = np.linalg.lstsq(A, wanted, rcond=None)[0]
            if np.abs(A @ fit - wanted).max() > 1e-4 * np.abs(wanted).max(initial=0.0):
                continue
            constant = self._constant(float(fit[0]), lhs, current)
            eta = self.trial.fitted_rate({**m.changes, **constant.changes}) if constant else None
            if constant and eta is not None:
                yield m.cost + constant.cost, (replace(m, words=with_this_rate(m, eta)), constant)
