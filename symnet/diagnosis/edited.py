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
from symnet.diagnosis.grammar import edits_of
from symnet.diagnosis.groups import Item, changes_of, groups
from symnet.diagnosis.quantities import Ground

AT_MOST = 40_000  # edits
PARTIAL = 40  # first edits of two that are followed up


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

    def __init__(self, ground: Ground, wrong: frozenset[Name], trial: Trial) -> None:
        self.ground, self.wrong, self.trial = ground, wrong, trial
        self.right = ground.setting.right
        spoils = {e.lhs: ground.setting.spoils([e.lhs]) for e in ground.setting.equations}
        self.spoils = spoils
        self.sites = [lhs for lhs in ground.order if spoils[lhs] and spoils[lhs] <= wrong]
        self._items: list[Item] | None = None

    def items(self) -> list[Item]:
        """Give every edit, alone and in groups, the cheapest first."""
        if self._items is None:
            edits = [e for lhs in self.sites for e in edits_of(self.ground, lhs)][:AT_MOST]
            found = [Item((e,), e.cost) for e in edits]
            found += groups(self.ground, edits)
            self._items = sorted(found, key=lambda item: item.cost)
        return self._items

    def singles(self, dearest: float) -> Iterator[Mutation]:
        """Give the items that explain everything and cost no more than `dearest`."""
        best = dearest
        for item in self.items():
            if item.cost > best:
                return
            if frozenset().union(*(self.spoils[s] for s in item.sites)) == self.wrong:
                found = self._tried(item)
                if found is not None:
                    best = min(best, item.cost + 0.4)
                    yield found

    def _tried(self, item: Item) -> Mutation | None:
        if not item.has_number:
            changes = changes_of(item.edits, self.right)
            return item.mutation(self.right) if changes is not None and self.trial.fits(changes) else None
        if changes_of(item.edits, self.right, 0.0) is None:
            return None
        number = self.trial.fitted(lambda c: changes_of(item.edits, self.right, c) or {})
        return None if number is None else item.mutation(self.right, number)

    def pairs(self, affordable: Any) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        """Give two items that explain everything together; `affordable` ends what is tried in time."""
        items = [item for item in self.items() if not item.has_number]
        partial = []
        for item in affordable(items):
            if item.cost < 2.6:
                changes = changes_of(item.edits, self.right)
                if changes is not None and self.trial.mended(changes):
                    partial.append(item)
        for first in partial[:PARTIAL]:
            for second in affordable(items):
                yield from self._both(first, second)
        for total in np.arange(1.6, 4.2, 0.2):
            for i, first in enumerate(items):
                if 2 * first.cost > total + 0.2:
                    break
                for second in affordable(chain(items[i + 1 :])):
                    if first.cost + second.cost > total + 0.2:
                        break
                    if first.cost + second.cost > total:
                        yield from self._both(first, second)

    def _both(self, first: Item, second: Item) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        if first is second:
            return
        spoiled = frozenset().union(*(self.spoils[s] for s in (*first.sites, *second.sites)))
        if spoiled != self.wrong:
            return
        changes = changes_of((*first.edits, *second.edits), self.right)
        if changes is not None and self.trial.fits(changes):
            yield first.cost + second.cost, (first.mutation(self.right), second.mutation(self.right))
