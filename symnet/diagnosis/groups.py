"""Edits that belong together: the same one at several layers or steps, or several at once.

In: edits of single equations. Out: `Item`s, one or more edits with the changes that they make together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sympy import Basic

from symnet.diagnosis.edits import Changes, Mutation, Name, Words
from symnet.diagnosis.places import Edit
from symnet.diagnosis.quantities import Ground
from symnet.expressions import symbols_of


@dataclass(frozen=True, eq=False)
class Item:
    """One mistake: an edit, or the same edit in several places."""

    edits: tuple[Edit, ...]
    cost: float

    @property
    def sites(self) -> tuple[Name, ...]:
        """The equations that are changed."""
        return tuple(dict.fromkeys(e.site for e in self.edits))

    @property
    def has_number(self) -> bool:
        """Whether a number is still to be fitted."""
        return any(e.coefficient is not None for e in self.edits)

    def mutation(self, right: Changes, number: float | None = None) -> Mutation:
        """Give the mutation, a fitted number put into its words."""
        first = self.edits[0]
        words = first.words
        if number is not None:
            words = Words(words.template.replace("{{number}}", f"{number:.6g}"), words.parts)
        changes = changes_of(self.edits, right, number) or {}
        several = len(changes) > 1
        factor = number if first.kind == "constant-factor" else None
        return Mutation(first.kind, changes, words, self.cost, several, factor, number is not None)


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


def groups(ground: Ground, edits: Iterable[Edit]) -> Iterator[Item]:
    """Give the items of several edits that are one mistake, made at several layers or at several steps."""
    order = {lhs: k for k, lhs in enumerate(ground.order)}
    for exact, extra in ((True, 0.05), (None, 0.1), (False, 0.3)):
        found: dict[Any, list[Edit]] = {}
        for e in edits:
            found.setdefault(_tag(ground, e.tag, exact), []).append(e)
        for same in found.values():
            if len(same) > 1:
                same.sort(key=lambda e: order[e.site])
                one_each = {e.site: e for e in reversed(same)}
                chosen = [tuple(sorted(one_each.values(), key=lambda e: order[e.site]))]
                if len(one_each) < len(same):
                    chosen.append(tuple(same))
                for edits_here in chosen:
                    if len(edits_here) > 1 and _apart(edits_here):
                        yield Item(edits_here, max(e.cost for e in edits_here) + extra)


def _apart(edits: tuple[Edit, ...]) -> bool:
    seen: list[Edit] = []
    for e in edits:
        if any(o.site == e.site and (_within(o.path, e.path) or _within(e.path, o.path)) for o in seen):
            return False
        seen.append(e)
    return True


def _tag(ground: Ground, tag: Any, exact: bool | None) -> Any:
    if isinstance(tag, tuple):
        if tag and tag[0] == "operand":
            _, old, new, own = tag
            step = "own" if own else ground.distance(old, new)
            return ("operand", ground.sort(old, bool(exact)), ground.sort(new, bool(exact)), step)
        return tuple(_tag(ground, t, exact) for t in tag)
    if not isinstance(tag, Basic):
        return tag
    own = sorted(str(w) for w in symbols_of(tag) if w in ground.setting.gradients) if exact is None else []
    return tuple(own) or ground.sort(tag, bool(exact))
