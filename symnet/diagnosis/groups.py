"""Edits that belong together: the same one at several layers or steps, or several at once.

In: edits of single equations. Out: `Item`s, one or more edits with the changes that they make together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from sympy import Basic, Transpose

from symnet.diagnosis.edits import Changes, Mutation, Name, Words
from symnet.diagnosis.likeness import Likeness
from symnet.diagnosis.places import Edit
from symnet.diagnosis.quantities import Ground, Quantity, raw_error
from symnet.expressions import raw, symbols_of

_LEVELS = (0.05, 0.1, 0.3)  # what alikeness costs: exact; but for what is no parameter; but for all
DEAREST = 3.2  # edits that are looked for in several places


_Row: TypeAlias = tuple[int, int, Edit]  # the place of its equation, the sort of that, and an edit
_Keys: TypeAlias = tuple[Any, Any, Any]  # one for each level


@dataclass(frozen=True, eq=False)
class Item:
    """One mistake: an edit, or the same edit in several places."""

    edits: tuple[Edit, ...]
    cost: float

    @cached_property
    def sites(self) -> tuple[Name, ...]:
        """The equations that are changed."""
        if len(self.edits) == 1:
            return (self.edits[0].site,)
        return tuple(dict.fromkeys(e.site for e in self.edits))

    @cached_property
    def has_number(self) -> bool:
        """Whether a number is still to be fitted."""
        return any(e.coefficient is not None for e in self.edits)

    def mutation(self, right: Changes, number: float | None = None) -> Mutation:
        """Give the mutation, a fitted number put into its words."""
        first = self.edits[0]
        words, kind = first.words, first.kind
        if number is not None and abs(number + 1) < 1e-6 and kind == "constant-factor":
            kind = "sign"
        number = None if number is None else plain_number(number)
        if number is not None:
            words = Words(words.template.replace("{{number}}", f"{number:.6g}"), words.parts)
        changes = changes_of(self.edits, right, number) or {}
        several = len(changes) > 1
        factor = number if first.kind == "constant-factor" else None
        return Mutation(kind, changes, words, self.cost, several, factor, number is not None)


def plain_number(number: float) -> float:
    """Give the number of a few digits that is meant, without the rounding of a fit."""
    near = Fraction(number).limit_denominator(100)
    is_near = abs(number - near) < 1e-7 * abs(number)
    return float(near) if is_near else float(f"{number:.10g}")


def changes_of(edits: Iterable[Edit], right: Changes, number: float | None = None) -> Changes | None:
    """Give the equations with all the edits in them; None where one edit is inside another."""
    by_site: dict[Name, list[Edit]] = {}
    for e in edits:
        by_site.setdefault(e.site, []).append(e)
    changes = {}
    for site, here in by_site.items():
        rhs = right[site]
        for i, e in enumerate(here):
            if any(_within(e.path, other.path) or _within(other.path, e.path) for other in here[:i]):
                return None
            try:
                rhs = e.of(rhs, number)
            except (ValueError, TypeError, AttributeError, LookupError):
                return None  # there is no such expression
        changes[site] = rhs
    return changes


def _within(path: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return path[: len(other)] == other


def groups(ground: Ground, edits: Iterable[Edit], levels: int = 3) -> Iterator[Item]:
    """Give the items of several edits that are one mistake, made at several layers or at several steps.

    `levels`: how much may tell them apart: 1 where parameters do, 3 where not even those of another layer.
    """
    tags, sorts = _Tags(ground.likeness), {lhs: _place_of(ground, lhs) for lhs in ground.order}
    found: list[dict[Any, list[_Row]]] = [{} for _ in _LEVELS[:levels]]
    for e in sorted((e for e in edits if e.cost <= DEAREST), key=lambda e: ground.places[e.site]):
        row = ground.places[e.site], sorts[e.site], e
        for by_tag, key in zip(found, tags.of(e.tag), strict=False):
            by_tag.setdefault(key, []).append(row)
    seen: set[tuple[int, ...]] = set()
    for by_tag, extra in zip(found, _LEVELS, strict=False):
        for same in by_tag.values():
            for chosen in _chosen(same) if len(same) > 1 else ():
                key = tuple(map(id, chosen))
                if key not in seen and _apart(chosen):
                    seen.add(key)
                    yield Item(_carried_on(ground, chosen), max([e.cost for e in chosen]) + extra)


def _place_of(ground: Ground, site: Name) -> int:
    likeness = ground.likeness
    return likeness.number(("gradient", site)) if site in ground.setting.partials else likeness.sort(site, True)


def _chosen(same: list[_Row]) -> Iterator[tuple[Edit, ...]]:
    # one in each equation, one in each term, all of them; everywhere, and in the equations of one chain
    by_sort: dict[int, list[_Row]] = {}
    for row in same:
        by_sort.setdefault(row[1], []).append(row)
    for here in (same, *by_sort.values()) if len(by_sort) > 1 else (same,):
        if len({site for site, _, _ in here}) == len(here):
            in_each = [tuple([e for _, _, e in here])]
        else:
            in_each = [tuple({site: e for site, _, e in reversed(here)}.values())[::-1]]
            more = tuple({(site, e.path[:1]): e for site, _, e in reversed(here)}.values())[::-1]
            in_each += [more, tuple([e for _, _, e in here])]
        yield from (edits for edits in in_each if len(edits) > 1)


def _carried_on(ground: Ground, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    # a raw error goes back as it is, so the next one is made of it
    quantities = [e.tag[-1][-1] if isinstance(e.tag[-1], tuple) else None for e in edits]
    if not any(isinstance(q, Quantity) for q in quantities):
        return edits
    changed: dict[Name, Any] = {}
    carried = []
    for e, q in zip(edits, quantities, strict=True):
        if isinstance(q, Quantity) and q.raw_error_of in changed:
            new = raw_error(changed[q.raw_error_of], q)
            e = replace(e, new=raw(Transpose, new) if isinstance(e.new, Transpose) else new)
        changed[e.site] = e.of(changed.get(e.site, ground.setting.right[e.site]))
        carried.append(e)
    return tuple(carried)


def _apart(edits: tuple[Edit, ...]) -> bool:
    seen: dict[int, list[Edit]] = {}
    for e in edits:
        here = seen.setdefault(id(e.site), [])
        if here and any(_within(o.path, e.path) or _within(e.path, o.path) for o in here):
            return False
        here.append(e)
    return True


class _Tags:
    """What edits have in common, by how exactly one looks. What was asked of an expression once is kept."""

    def __init__(self, likeness: Likeness) -> None:
        self.likeness = likeness
        self._numbers: dict[int, tuple[Any, _Keys]] = {}  # by identity: equal parts of edits are mostly the same
        self._steps: dict[tuple[int, int, bool], Any] = {}

    def of(self, tag: Any) -> _Keys:
        """Give what is the same for tags that are alike, at each of the levels."""
        if type(tag) is tuple:
            if tag and tag[0] == "operand":
                return self._operand(tag)
            parts = [(part, part, part) if type(part) is str else self.of(part) for part in tag]
            exact, own, sort = zip(*parts, strict=True) if parts else ((), (), ())
            return exact, own, sort
        return self._number(tag) if isinstance(tag, Basic) else (tag, tag, tag)

    def _operand(self, tag: tuple[Any, ...]) -> _Keys:
        _, old, new, own, error = tag
        key = id(old), id(new), own
        if key not in self._steps:
            likeness = self.likeness
            unrolled = likeness.place(old) is not None and likeness.place(new) is not None
            self._steps[key] = "own" if own and not unrolled else likeness.distance(old, new)
        steps, new = self._steps[key], new if error is None else error.lacking
        (exact, _, sort), (of_new, _, sort_of_new) = self._number(old), self._number(new)
        wide = "operand", sort, sort_of_new, steps
        return ("operand", exact, of_new, steps), wide, wide

    def _number(self, expr: Any) -> _Keys:
        # of the expression as it is, of the parameters in it where there are any, and of what remains without them
        found = self._numbers.get(id(expr))
        if found is None or found[0] is not expr:
            likeness = self.likeness
            own = tuple(sorted(str(w) for w in symbols_of(expr) if w in likeness.setting.gradients))
            exact, sort = likeness.sort(expr, True), likeness.sort(expr, False)
            found = self._numbers[id(expr)] = expr, (exact, own or sort, sort)
        return found[1]
