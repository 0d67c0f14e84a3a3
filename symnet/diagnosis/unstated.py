"""Gradients of a matrix that is declared symmetric or diagonal, as if it were not; and the reverse.

In: a derivation, and points with the user's gradients. Out: the gradients that are those of another convention, as
faults, and the points with the right ones in their places. The derivative in all entries is derived from the same loss
with a symbol that is declared to be nothing; which convention the user's numbers follow is read off them. A factor that
they have besides stays in the points: it is a mistake of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sympy import MatrixSymbol, S

from symnet.backends import as_stated
from symnet.calculus import in_free_entries
from symnet.derivation import Derivation, derive
from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.explain import Explainer
from symnet.diagnosis.given import Point
from symnet.diagnosis.made import changed
from symnet.diagnosis.result import Fault
from symnet.diagnosis.variants import IMPOSSIBLE, Variants
from symnet.expressions import add, declared, facts_of, is_declared, scaled, transpose
from symnet.program import as_read, substitute

KIND = "declared"
_SHAPING = ("symmetric", "diagonal", "positive_definite")  # facts that tie entries to each other
_FREE = "this is {4}{5} the gradient as if {0} had no structure; {0} is declared {1}, {2}: write {3}"
_DECLARED = (
    "this is {4}, where {3} is the gradient in all entries, as if {0} were declared {1}, {2}; {0} is not declared so: "
    "write {3}, or {5}"
)
_HALF = (
    "this is {4} alone{5} the gradient as if {0} had no structure; {0} is declared {1}, {2}, and both have its slope: "
    "write {3}"
)
_WHY = {
    "symmetric": "where an entry and its mirror image are one",
    "diagonal": "where only the diagonal is free",
}


def as_if_unstated(
    points: Sequence[Point], parameters: Sequence[Name], explainer: Explainer
) -> tuple[list[Point], tuple[Fault, ...]]:
    """Give the faults of gradients in another convention, and the points with those of the right one instead."""
    faults = []
    for w in parameters:
        may_be = np.size(points[0].right[w]) > 1 and any(p.is_wrong(w) for p in points)
        found = _told(points, w, explainer) if may_be else None
        if found is not None:
            fault, factor = found
            faults.append(fault)
            points = [replace(p, mine={**p.mine, w: factor * p.right[w]}) for p in points]
    return list(points), tuple(faults)


def _told(points: Sequence[Point], w: Name, explainer: Explainer) -> tuple[Fault, float] | None:
    if w.shape[0] != w.shape[1] or _factor([p.mine[w] for p in points], [p.right[w] for p in points], points, w):
        return None
    free = _in_all_entries(points, w, explainer.derivation)
    if free is None:
        return None
    G = MatrixSymbol(explainer.derivation.program.names.fresh("G"), *w.shape)
    found = []
    for right, yours, words in _conventions(w, G, points[0]):
        theirs = [Variants((), (), {G.name: g}, p.sizes).value(yours) for g, p in zip(free, points, strict=True)]
        factor = _factor([p.mine[w] for p in points], theirs, points, w)
        if factor is not None:
            at = explainer.gradients[w]
            lines = explainer.line(at, right), explainer.line(at, yours)
            found.append((Fault(KIND, (w,), explainer.write(at), *lines, words.read(explainer.write)), factor))
    return min(found, key=lambda one: one[1] != 1, default=None)


def _conventions(w: Name, G: Any, point: Point) -> Iterator[tuple[Any, Any, Words]]:
    """Give the right gradient, one of another convention, both in G, and the words."""
    in_half = scaled(S.Half, add(G, transpose(G)))
    like = {fact: declared.with_facts(w.name, *w.shape, **{fact: True}) for fact in _WHY}
    both = in_free_entries(like["symmetric"], G)
    if is_declared(w, "symmetric"):
        fact = "diagonal" if is_declared(w, "diagonal") else "symmetric"
        right = in_free_entries(w, G)
        said = declared.said([f for f in facts_of(w) if f in _SHAPING])
        for yours in (G, transpose(G), in_half, add(G, transpose(G)), both):
            yield right, yours, say(_FREE, w, said, _WHY[fact], right, yours, _meant(yours, G))
        for whole in (right, G, transpose(G), in_half, add(G, transpose(G))) if fact == "symmetric" else ():
            for half in ("upper_triangle", "lower_triangle"):
                yours = changed(half, whole)
                yield right, yours, say(_HALF, w, said, _WHY[fact], right, yours, _meant(yours, G))
        return
    for fact, symbol in reversed(like.items()):
        if np.array_equal(point.arrays[w.name], as_stated(symbol, point.arrays[w.name])):
            for yours in (in_free_entries(symbol, G), *((in_half,) if fact == "symmetric" else ())):
                yield G, yours, say(_DECLARED, w, fact, _WHY[fact], G, yours, f'sn.matrix("{w.name}", …, {fact}=True)')


def _meant(yours: Any, G: Any) -> Words:
    return say(",") if yours == G else say(", where {} is", G)


def _in_all_entries(points: Sequence[Point], w: Name, derivation: Derivation) -> list[Any] | None:
    # the derivative in all entries of w as if each were free
    if not is_declared(w, "symmetric"):
        return [p.right[w] for p in points]
    bare = MatrixSymbol(w.name, *w.shape)
    known: dict[Any, Any] = {w: bare}
    try:
        for lhs, rhs in derivation.forward:
            known[lhs] = substitute(rhs, known, as_read)
        kernel = derive(known[derivation.loss_name], bare).compile(dtype=float)
        found = [kernel({n: a for n, a in p.arrays.items() if n in kernel.arguments}) for p in points]
    except IMPOSSIBLE:
        return None
    return [gradients[bare] for _, gradients in found]


def _factor(mine: Sequence[Any], theirs: Sequence[Any], points: Sequence[Point], w: Name) -> float | None:
    # the one number by which all of theirs are multiplied to give the user's; 1 where they are the same
    if all(p.agrees(w, g) for p, g in zip(points, theirs, strict=True)):
        return 1.0
    square = sum(float(np.sum(g * g)) for g in theirs)
    c = sum(float(np.sum(g * a)) for g, a in zip(theirs, mine, strict=True)) / square if square else 0.0
    fits = c != 0 and all(p.agrees(w, c * g) for p, g in zip(points, theirs, strict=True))
    return c if fits else None
