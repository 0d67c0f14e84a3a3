"""States of an unrolled net at a wrong step: that of this step where the one of the step before belongs.

In: a `Ground` and the equation of a gradient. Out: what may stand there instead, at every step, with its words and its
price. At the first step, where no state may be before, there is a term then as well. Or the part of one step is there
alone, where each overwrites the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import MatAdd, MatMul, ZeroMatrix

from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.likeness import bare
from symnet.diagnosis.places import Place, product_of, times
from symnet.diagnosis.quantities import Ground
from symnet.expressions import split, symbols_of

_WORDS = "{} stands where {} belongs, and so at each step: the state of this step, not of the one before"

_OVERWRITTEN = (
    "what a step gives overwrites what was there, it is not added to it: on the way back that of the first is left"
)
_LAST_ALONE = "the parts of the steps are not added: only that of the last step is there"


def state_edits(ground: Ground, lhs: Name, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    """Give the gradient with states of this step in it."""
    if lhs not in ground.setting.partials or place.path:
        return
    terms = list(place.node.args) if isinstance(place.node, MatAdd) else [place.node]
    for term in terms:
        c, A = split(term)
        d, v = _delta_and_value(ground, A)
        if d is None:
            continue
        pairs = [(e, _of_the_next_step(ground, v, steps)) for e, steps in _at_each_step(ground, d)]
        others = [t for t in terms if _delta_and_value(ground, split(t)[1])[0] is None]
        if all(u is not None for _, u in pairs):
            new = [*others, *[times(c, A.xreplace({d: e, v: u})) for e, u in pairs]]
            words = say(_WORDS, _of_the_next_step(ground, v, 0), v)
            yield "wrong-operand", product_of(MatAdd, *new), words, 1.6, ("of this step",)
        return


def overwritten_edits(ground: Ground, lhs: Name, place: Place) -> Iterator[tuple[str, Any, Words, float, Any]]:
    """Give the gradient with the part of one step alone, none where that step has none."""
    if lhs not in ground.setting.partials or place.path:
        return
    chains, parts = ground.likeness.chains, dict[Any, Any]()
    for term in place.node.args if isinstance(place.node, MatAdd) else [place.node]:
        of_steps = [d for d in symbols_of(term) if d in ground.deltas and d in chains]
        if len(of_steps) != 1 or of_steps[0] in parts:
            return
        parts[of_steps[0]] = term
    first = chains[next(iter(parts))][0]
    there = {at: d for d, (of, at) in chains.items() if of == first}
    if len(there) < 2 or any(chains[d][0] != first for d in parts):
        return
    for at, text in ((min(there), _OVERWRITTEN), (max(there), _LAST_ALONE)):
        yield (
            "missing-term",
            parts.get(there[at], ZeroMatrix(*place.node.shape)),
            say(text),
            1.15,
            ("overwritten", text),
        )


def _delta_and_value(ground: Ground, A: Any) -> tuple[Any, Any]:
    # what a product of a delta and a value that both belong to steps is made of
    a, b = map(bare, A.args) if isinstance(A, MatMul) and len(A.args) == 2 else (None, None)
    for d, v in ((a, b), (b, a)):
        if d in ground.deltas and v not in ground.deltas and {d, v} <= ground.likeness.chains.keys():
            return d, v
    return None, None


def _at_each_step(ground: Ground, d: Name) -> list[tuple[Name, int]]:
    # a delta at all steps, each with how far it is from this one; one that is another's by another name may go further
    right, chains = ground.setting.right, ground.likeness.chains
    same = [e for e in right if e in chains and {right[e], e} & {right[d], d}]
    found = [[(e, at - chains[s][1]) for e, (of, at) in chains.items() if of == chains[s][0]] for s in same]
    return max(found, key=len)


def _of_the_next_step(ground: Ground, v: Any, steps: int) -> Any:
    # a state so many steps after the next one, or what is made of it; None where there is none
    chains = ground.likeness.chains
    there = {at: s for s, at in chains.items()}

    def after(u: Any) -> Any:
        first, k = chains[u]
        return there.get((first, k + 1 + steps))

    first, k = chains[v]
    others = [u for u in symbols_of(ground.setting.computed.get(v, v)) if chains.get(u, (first,))[0] != first]
    made_of = [u for u in others if u in ground.states]
    if not made_of:
        return after(v)
    here, states = there.get((first, k + steps)), {u: after(u) for u in made_of}
    of_here = {u: there.get((chains[u][0], chains[u][1] + steps)) for u in made_of}
    if here is None or None in states.values():
        return None
    return ground.setting.computed[here].xreplace({of_here[u]: states[u] for u in made_of})
