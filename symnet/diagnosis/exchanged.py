"""Two quantities in each other's place, wherever they are read: two gates, two deltas, queries and keys.

In: a `Ground`. Out: the edits that exchange two names at all places of some equations, in an unrolled net at each step;
together they are one mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

from sympy import HadamardProduct, MatrixSymbol

from symnet.diagnosis.edits import Name, say
from symnet.diagnosis.places import Edit, Place, places, product_of, times
from symnet.diagnosis.quantities import Ground
from symnet.diagnosis.replaced import complement
from symnet.expressions import Elementwise, split, symbols_of

COST = 1.65
AT_MOST = 400  # pairs of names, or of chains
_Steps = dict[int, Name]  # step → name
_Partners = dict[Any, Any]


def exchanges(ground: Ground, sites: list[Name]) -> Iterator[tuple[Edit, ...]]:
    """Give what exchanges two quantities in all of these equations, and in a part of them."""
    there = _read(ground, sites)
    for of, _ in zip(_partners(ground), range(AT_MOST), strict=False):
        words, tag = _words(of), ("exchanged", *of.items())
        found = []
        for _, lhs, place in sorted(chain.from_iterable(there.get(name, ()) for name in of)):
            new = _known(ground, lhs, of[place.node], of)
            if new is not None:
                found.append((place, Edit("wrong-operand", lhs, place.path, new, words, COST, tag)))
        tried = [found]
        for is_there in (lambda place, e: e.site in ground.setting.partials, _is_slope):
            parts = [[f for f in found if is_there(*f) == told] for told in (True, False)]
            tried += parts if all(parts) and all(of[of[a]] == a for a in of if of[a] in of) else []
        yield from (tuple(e for _, e in some) for some in tried if len(some) > 1)
        if len(of) > 1 and {*of, *of.values()} <= set(sites):
            yield from _defined_as(ground, of)
    yield from _without_their_slopes(ground, sites)


def _read(ground: Ground, sites: list[Name]) -> dict[Name, list[tuple[int, Name, Place]]]:
    # where each name is read, the places numbered as they come
    found: dict[Name, list[tuple[int, Name, Place]]] = {}
    every = ((lhs, place) for lhs in sites for place in places(ground.setting.right[lhs]))
    for number, (lhs, place) in enumerate(every):
        if isinstance(place.node, MatrixSymbol):
            found.setdefault(place.node, []).append((number, lhs, place))
    return found


def _partners(ground: Ground) -> Iterator[_Partners]:
    # what stands for what: two of a sort, or a gate and its complement; three deltas in a circle
    together = _together(ground)
    for a, b in combinations(together, 2):
        if _alike(ground, a, b):
            yield _in_a_circle(a, b)
    for names in together:
        of_deltas = not ground.deltas.isdisjoint(names.values())
        others = {} if of_deltas else {A: complement(ground, A) for A in names.values()}
        if any(isinstance(B, MatrixSymbol) for B in others.values()):
            yield others | {B: A for A, B in others.items() if isinstance(B, MatrixSymbol)}
    deltas = [names for names in together if ground.deltas.issuperset(names.values())]
    for a, b, c in combinations(deltas, 3):
        if _alike(ground, a, b) and _alike(ground, b, c):
            yield _in_a_circle(a, b, c)
            yield _in_a_circle(c, b, a)


def _in_a_circle(*names: _Steps) -> _Partners:
    steps = set.intersection(*(set(n) for n in names))
    return {n[t]: other[t] for n, other in zip(names, (*names[1:], names[0]), strict=True) for t in sorted(steps)}


def _together(ground: Ground) -> list[_Steps]:
    # names that may be taken for others, each chain of an unrolled net as one
    inputs = [s for s in ground.inputs if s.is_Matrix]
    found: dict[Any, _Steps] = {}
    for name in [*inputs, *ground.values, *ground.setting.deltas]:
        first, place = ground.likeness.chains.get(name, (name, 0))
        if isinstance(name, MatrixSymbol):
            found.setdefault(first, {})[place] = name
    return list(found.values())


def _alike(ground: Ground, a: _Steps, b: _Steps) -> bool:
    steps = a.keys() & b.keys()
    sort, shape = ground.likeness.sort, ground.shape
    return bool(steps) and all(
        shape(a[t]) == shape(b[t]) and max(shape(a[t]) or (1,)) > 1 and sort(a[t], False) == sort(b[t], False)
        for t in steps
    )


def _known(ground: Ground, lhs: Name, other: Any, of: _Partners) -> Any:
    # what stands for a name where an equation is computed: what it is defined as where that comes later; None for none
    order, setting = ground.places, ground.setting
    if other not in order or order[other] < order[lhs]:
        return other
    read = setting.reads[other]
    is_later = any(order[s] >= order[lhs] for s in read if s in order)
    return None if is_later or not of.keys().isdisjoint(read) else setting.right[other]


def _defined_as(ground: Ground, of: _Partners) -> Iterator[tuple[Edit, ...]]:
    # where one is read before the other is known: each is computed as the other one is
    right, partners = ground.setting.right, list(of.items())
    if all(ground.setting.reads[other] <= {q.expr for q in ground.known(lhs)} for lhs, other in partners):
        words, tag = _words(of), ("exchanged", *partners)
        yield tuple(Edit("wrong-operand", lhs, (), right[other], words, COST, tag) for lhs, other in partners)


def _is_slope(place: Place, e: Edit) -> bool:
    return isinstance(place.parent, Elementwise)


def _words(of: _Partners, template: str = "{} and {} are exchanged") -> Any:
    a, b = next((a, b) for a, b in of.items() if isinstance(b, MatrixSymbol))
    if of[b] != a:
        return say("{}, {} and {} stand in each other's place" + (", and so at each step" * (len(of) > 3)), a, b, of[b])
    return say(template + (", and so at each step" if len(of) > 2 else ""), a, b)


def _without_their_slopes(ground: Ground, sites: list[Name]) -> Iterator[tuple[Edit, ...]]:
    # what comes back to two activations is exchanged, and each goes on with its own slope
    deltas = [names for names in _together(ground) if ground.deltas.issuperset(names.values())]
    taken = {d: _slope_apart(ground, d) for names in deltas for d in names.values() if d in sites}
    for a, b in combinations(deltas, 2):
        of = _in_a_circle(a, b) if _alike(ground, a, b) else {}
        parts = {d: part for d in of if (part := taken.get(d)) is not None}
        if len(of) == len(parts) > 1:
            edits = []
            for d, other in of.items():
                new = times(parts[other][0], product_of(HadamardProduct, *parts[other][1], parts[d][2]))
                later = symbols_of(new) & {*ground.order[ground.places[d] :]}
                new = new.xreplace({s: ground.setting.right[s] for s in later})
                words = _words(of, "what {} and {} are made of is exchanged, before their slopes")
                edits.append(Edit("wrong-operand", d, (), new, words, COST, ("exchanged", *of.items())))
            yield tuple(edits)


def _slope_apart(ground: Ground, d: Name) -> tuple[Any, list[Any], Any] | None:
    # a number, other factors and the slope that a delta is the product of
    c, A = split(ground.setting.right[d])
    factors = list(A.args) if isinstance(A, HadamardProduct) else []
    own = [f for f in factors if isinstance(f, Elementwise) and set(f.args[1:]) <= set(ground.setting.values_of(d))]
    return (c, [f for f in factors if f is not own[0]], own[0]) if len(own) == 1 < len(factors) else None
