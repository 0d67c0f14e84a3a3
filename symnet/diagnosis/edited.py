"""The search among the edits of the grammar: single ones, the same in several places, and two together.

In: a `Ground`, and a `Trial` of changes at all points. Out: mutations that fit. An edit is tried only at
equations whose gradients are all wrong: one that is right was computed with the right equation. Two edits are found
one after the other where the first alone mends a gradient. Evaluations are counted, time is not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, permutations
from typing import Any

import numpy as np

from symnet.diagnosis.edits import Changes, Mutation, Name, say
from symnet.diagnosis.exchanged import exchanges
from symnet.diagnosis.grammar import edits_of, edits_of_its_own_delta
from symnet.diagnosis.groups import Item, changes_of, groups
from symnet.diagnosis.places import Edit
from symnet.diagnosis.quantities import Ground
from symnet.diagnosis.trial import Trial
from symnet.diagnosis.variants import IMPOSSIBLE

AT_MOST = 60_000  # edits
CLEAR = 2.0  # a single edit that takes no more words is not looked for in several equations
OF_ITS_OWN = 4  # gradients that may have a delta of their own; in more it is the delta that is wrong
EXCHANGED = 12  # gradients that are looked at for being those of each other
PARTIAL = 40  # first edits of two that are followed up
LOOKED_AT = 200_000  # pairs


class Edited:
    """The edits of a net's equations, tried against wrong gradients."""

    def __init__(self, ground: Ground, trial: Trial) -> None:
        self.ground, self.trial, self.wrong, self.influence = ground, trial, trial.wrong, trial.influence
        self.right = ground.setting.right
        spoils = {e.lhs: ground.setting.spoils([e.lhs]) for e in ground.setting.equations}
        self.spoils = spoils
        self.sites = [lhs for lhs in ground.order if spoils[lhs] and spoils[lhs] <= self.wrong]
        bits = {w: 1 << k for k, w in enumerate(ground.setting.gradients)}
        self.bits = {lhs: sum(bits[w] for w in spoiled) for lhs, spoiled in spoils.items()}
        self.all_wrong = sum(bits[w] for w in self.wrong)
        self._edits: dict[Name, list[Edit]] = {}
        self._items: list[Item] | None = None
        self._changes: dict[tuple[Edit, ...], Changes | None] = {}  # the equations with these edits in them

    def items(self) -> list[Item]:
        """Give every edit, alone and in groups, the cheapest first."""
        if self._items is None:
            self._items = self._items_at(self.sites)
        return self._items

    def _items_at(self, sites: list[Name]) -> list[Item]:
        for lhs in sites:
            if lhs not in self._edits:
                self._edits[lhs] = edits_of(self.ground, lhs)
        found = self._in_groups([e for lhs in sites for e in self._edits[lhs]], 3)
        exchanged = [Item(edits, edits[0].cost) for edits in exchanges(self.ground, sites)]
        return sorted([*found, *exchanged], key=lambda item: item.cost)

    def _in_groups(self, edits: list[Edit], levels: int) -> list[Item]:
        edits = edits[:AT_MOST]
        found = [Item((e,), e.cost) for e in edits]
        return sorted([*found, *groups(self.ground, edits, levels)], key=lambda item: item.cost)

    def singles(self, dearest: float, explained: bool) -> Iterator[Mutation]:
        """Give the items that explain everything and cost no more than `dearest`; `explained`: whether another does.

        First come the edits of one equation, where one alone reaches all that is wrong; the same edit in several
        equations is looked for where no plain one is found, and last a delta of its own in some gradients.
        """
        best = dearest
        for named in self._under_other_names():
            best, explained = min(best, named.cost + 0.4), True
            yield named
        alone = [s for s in self.sites if self.spoils[s] == self.wrong and self.influence.reaches([s])]
        stages: tuple[Callable[[], list[Item]], ...] = (lambda: self._items_at(alone), self.items, self._of_its_own)
        for stage, items in enumerate(stages):
            if stage == 1 and explained and best <= CLEAR or stage == 2 and (explained or len(self.wrong) > OF_ITS_OWN):
                return
            for item in items():
                if item.cost > best:
                    break
                if (stage != 1 or len(item.edits) > 1 < len(item.sites)) and self.spoiled(item) == self.all_wrong:
                    found = self._tried(item)
                    if found is not None:
                        best, explained = min(best, item.cost + 0.4), True
                        yield found

    def _under_other_names(self) -> Iterator[Mutation]:
        # the wrong gradients are the right ones, in another order
        gradients, of = self.ground.setting.gradients, dict[Name, Name]()
        wrong = [w for w in gradients if w in self.wrong]
        for w, other in permutations(wrong, 2) if len(wrong) <= EXCHANGED else ():
            alike = w.is_Matrix == other.is_Matrix and self.ground.shape(w) == self.ground.shape(other)
            if alike and w not in of and other not in of.values():
                if w in self.trial.mended({gradients[w]: self.right[gradients[other]]}):
                    of[w] = other
        changes = {gradients[w]: self.right[gradients[of[w]]] for w in wrong if w in of}
        if changes and len(of) == len(wrong) and self.trial.fits(changes):
            w, other = next(iter(of.items()))
            words = say("the gradients of {} and {} are exchanged", w, other)
            if of[other] != w:
                words = say("the gradient of {} stands where that of {} belongs", other, w)
            yield Mutation("wrong-layer", changes, words, 1.2, len(wrong) > 2)

    def _of_its_own(self) -> list[Item]:
        return self._in_groups([e for lhs in self.sites for e in edits_of_its_own_delta(self.ground, lhs)], 1)

    def spoiled(self, item: Item) -> int:
        """Give the parameters whose gradients an item may change, a bit for each."""
        found = 0
        for e in item.edits:
            found |= self.bits[e.site]
        return found

    def _allowed(self, item: Item, at: Callable[[float], Changes | None]) -> bool:
        # what one equation gives with the edit in it, seen by the gradients' random sums
        if not self.influence.reaches(item.sites):
            return False
        if len(item.sites) > 1:
            return True
        (site,) = item.sites
        values = []
        for c in (0.0, 0.5) if item.has_number else (0.0,):
            changes = at(c)
            if changes is None:
                return False
            try:
                values.append(self.ground.value(changes[site]))
            except IMPOSSIBLE:
                return False
        return self.influence.number(site, *values) if item.has_number else self.influence.allows(site, *values)

    def _tried(self, item: Item) -> Mutation | None:
        if not item.has_number:
            changes = self._changes_of(item) if self.influence.reaches(item.sites) else None
            if changes is None or not (self.trial.may_fit(changes) and self._allowed(item, lambda _: changes)):
                return None
            return item.mutation(self.right) if self.trial.fits(changes) else None
        at = cache(lambda c: changes_of(item.edits, self.right, c))
        if at(0.0) is None or not self._allowed(item, at):
            return None
        number = self.trial.fitted(lambda c: at(c) or {})
        return None if number is None else item.mutation(self.right, number)

    def pairs(self, affordable: Any) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        """Give two items that explain everything together; `affordable` ends what is tried in time."""
        items = [item for item in self.items() if not item.has_number]
        partial = []
        for item in affordable(items):
            if item.cost >= 2.6:
                break
            changes = self._changes_of(item)
            if changes is not None and self._may_mend(changes) and self.trial.mended(changes):
                partial.append(item)
        if next(affordable(items), None) is None:
            return
        beside = self._beside(items)
        for first in partial[:PARTIAL]:
            for k in affordable(beside(first)):
                yield from self._both(first, items[k])
        yield from self._in_order(items, beside, affordable)

    def _beside(self, items: list[Item]) -> Callable[[Item], list[int]]:
        # which items may explain everything together with one, the cheapest first
        number = {item: self.influence.numbered(e.site for e in item.edits) for item in items}
        by_sites: dict[int, list[int]] = {}
        for k, item in enumerate(items):
            by_sites.setdefault(number[item], []).append(k)
        spoiled = {sites: self.spoiled(items[ks[0]]) for sites, ks in by_sites.items()}
        others: dict[int, list[int]] = {}

        def beside(first: Item) -> list[int]:
            own = number[first]
            if own not in others:
                lacking = self.all_wrong & ~spoiled[own]
                fitting = [
                    ks
                    for sites, ks in by_sites.items()
                    if not lacking & ~spoiled[sites] and self.influence.reaches_from(own | sites)
                ]
                others[own] = sorted(chain.from_iterable(fitting))
            return others[own]

        return beside

    def _may_mend(self, changes: Changes) -> bool:
        if len(changes) > 1 or not self.influence.is_exact:
            return True
        ((site, rhs),) = changes.items()
        try:
            return self.influence.mends(site, self.ground.value(rhs))
        except IMPOSSIBLE:
            return False

    def _in_order(
        self, items: list[Item], beside: Callable[[Item], list[int]], affordable: Any
    ) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        seen, costs = 0, [item.cost for item in items]
        for total in np.arange(1.6, 4.2, 0.2):
            for i, first in enumerate(affordable(items)):
                if 2 * first.cost > total + 0.2 or seen > LOOKED_AT:
                    break
                found = beside(first)
                least = max(i + 1, bisect_right(costs, total - first.cost))  # the first that is not too cheap
                for k in affordable(found[bisect_left(found, least) :]):
                    seen += 1
                    if first.cost + costs[k] > total + 0.2:
                        break
                    yield from self._both(first, items[k])

    def _changes_of(self, item: Item) -> Changes | None:
        if item.edits not in self._changes:
            self._changes[item.edits] = changes_of(item.edits, self.right)
        return self._changes[item.edits]

    def _changes_of_both(self, first: Item, second: Item) -> Changes | None:
        a, b = self._changes_of(first), self._changes_of(second)
        if a is None or b is None:
            return None
        return {**a, **b} if a.keys().isdisjoint(b) else changes_of((*first.edits, *second.edits), self.right)

    def _both(self, first: Item, second: Item) -> Iterator[tuple[float, tuple[Mutation, Mutation]]]:
        if first is second:
            return
        changes = self._changes_of_both(first, second)
        if changes is not None and self.trial.fits(changes):
            yield first.cost + second.cost, (first.mutation(self.right), second.mutation(self.right))
