"""The search among the edits of the grammar: single ones, the same in several places, and two together.

In: a `Ground`, what is wrong, and who tries changes at all points. Out: mutations that fit. An edit is tried only at
equations whose gradients are all wrong: one that is right was computed with the right equation. Two edits are found
one after the other where the first alone mends a gradient. Evaluations are counted, time is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Protocol

import numpy as np

from symnet.diagnosis.edits import Changes, Mutation, Name
from symnet.diagnosis.grammar import edits_of, edits_of_its_own_delta
from symnet.diagnosis.groups import Item, changes_of, groups
from symnet.diagnosis.influence import Influence
from symnet.diagnosis.quantities import Ground

AT_MOST = 60_000  # edits
IMPOSSIBLE = (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, NameError)  # shapes that do not fit
PARTIAL = 40  # first edits of two that are followed up
LOOKED_AT = 200_000  # pairs


class Trial(Protocol):
    """Who computes changed equations and compares with the user's numbers."""

    def fits(self, changes: Changes) -> bool:
        """Tell whether every gradient is the user's, at all points."""

    def mended(self, changes: Changes) -> frozenset[Name]:
        """Give the wrong gradients that are the user's with the changes, at all points."""

    def fitted(self, changes: Callable[[float], Changes]) -> float | None:
        """Give the number at which changes fit; the first gradient that they reach is affine in it."""


class Edited:
    """The edits of a net's equations, tried against wrong gradients."""

    def __init__(self, ground: Ground, wrong: frozenset[Name], trial: Trial, influence: Influence) -> None:
        self.ground, self.wrong, self.trial, self.influence = ground, wrong, trial, influence
        self.right = ground.setting.right
        spoils = {e.lhs: ground.setting.spoils([e.lhs]) for e in ground.setting.equations}
        self.spoils = spoils
        self.sites = [lhs for lhs in ground.order if spoils[lhs] and spoils[lhs] <= wrong]
        self._items: dict[bool, list[Item]] = {}

    def items(self, apart: bool = False) -> list[Item]:
        """Give every edit, alone and in groups, the cheapest first; `apart`: in a delta for one gradient alone."""
        if apart not in self._items:
            of = edits_of_its_own_delta if apart else edits_of
            edits = [e for lhs in self.sites for e in of(self.ground, lhs)][:AT_MOST]
            found = [Item((e,), e.cost) for e in edits]
            found += groups(self.ground, edits, 1 if apart else 3)
            self._items[apart] = sorted(found, key=lambda item: item.cost)
        return self._items[apart]

    def singles(self, dearest: float) -> Iterator[Mutation]:
        """Give the items that explain everything and cost no more than `dearest`."""
        best, any_found = dearest, False
        for apart in (False, True):
            for item in self.items(apart) if not any_found else ():
                if item.cost > best:
                    break
                if self.spoiled(item) == self.wrong:
                    found = self._tried(item)
                    if found is not None:
                        best, any_found = min(best, item.cost + 0.4), True
                        yield found

    def spoiled(self, item: Item) -> frozenset[Name]:
        """Give the parameters whose gradients an item may change."""
        return frozenset().union(*(self.spoils[s] for s in item.sites))

    def _allowed(self, item: Item, number: float | None = None) -> bool:
        # what one equation gives with the edit in it, seen by the gradients' random sums
        if len(item.sites) > 1:
            return True
        (site,) = item.sites
        values = []
        for c in (None,) if number is None else (0.0, 0.5):
            changes = changes_of(item.edits, self.right, c)
            if changes is None:
                return False
            try:
                values.append(self.ground.value(changes[site]))
            except IMPOSSIBLE:
                return False
        return self.influence.allows(site, *values) if number is None else self.influence.number(site, *values)

    def _tried(self, item: Item) -> Mutation | None:
        if not item.has_number:
            if not self._allowed(item):
                return None
            changes = changes_of(item.edits, self.right)
            return item.mutation(self.right) if changes is not None and self.trial.fits(changes) else None
        if changes_of(item.edits, self.right, 0.0) is None or not self._allowed(item, 0.0):
            return None
        number = self.trial.fitted(lambda c: changes_of(item.edits, self.right, c) or {})
        return None if number is None else item.mutation(self.right, number)

    def pairs(self, affordable: Any) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        """Give two items that explain everything together; `affordable` ends what is tried in time."""
        items = [item for item in self.items() if not item.has_number]
        bits = {w: 1 << k for k, w in enumerate(self.ground.setting.gradients)}
        wrong = sum(bits[w] for w in self.wrong)
        spoiled = {item: sum(bits[w] for w in self.spoiled(item)) for item in items}
        partial = []
        for item in affordable(items):
            if item.cost < 2.6:
                changes = changes_of(item.edits, self.right)
                if changes is not None and self.trial.mended(changes):
                    partial.append(item)
        for first in partial[:PARTIAL]:
            for second in affordable(items):
                if spoiled[first] | spoiled[second] == wrong:
                    yield from self._both(first, second)
        yield from self._in_order(items, spoiled, wrong, affordable)

    def _in_order(
        self, items: list[Item], spoiled: dict[Item, int], wrong: int, affordable: Any
    ) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        seen = 0
        for total in np.arange(1.6, 4.2, 0.2):
            for i, first in enumerate(items):
                if 2 * first.cost > total + 0.2 or seen > LOOKED_AT:
                    break
                for second in affordable(chain(items[i + 1 :])):
                    seen += 1
                    if first.cost + second.cost > total + 0.2:
                        break
                    if first.cost + second.cost > total and spoiled[first] | spoiled[second] == wrong:
                        yield from self._both(first, second)

    def _both(self, first: Item, second: Item) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        if first is second:
            return
        changes = changes_of((*first.edits, *second.edits), self.right)
        if changes is not None and self.trial.fits(changes):
            yield first.cost + second.cost, (first.mutation(self.right), second.mutation(self.right))
