"""The reverse sweep.

In: the equations of a loss. Out: those of its gradients, in the same list. The sweep walks the list backwards and looks
each operation up in `RULES`; it holds no formula of its own. See Griewank and Walther, "Evaluating Derivatives" (2008),
chapter 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sympy import Expr, MatrixSymbol, S, Symbol, ZeroMatrix

from symnet.calculus.free import in_free_entries
from symnet.calculus.rules import RULES
from symnet.calculus.slopes import parts_of_a_slope
from symnet.expressions import Name, add, symbols_of
from symnet.program import Builder, Equation, live


def sweep(builder: Builder, loss: Name, wrt: Sequence[Name]) -> dict[Name, Name]:
    """Append the adjoint equations of `loss`; give the name of the gradient for each symbol."""
    forward = _late(live(builder.equations, [loss])[0])
    reached = _dependent(forward, wrt)
    found: dict[Any, list[Any]] = defaultdict(list, {loss: [S.One]})
    due = _due(forward, wrt)
    gradients: dict[Name, Name] = {}
    few = parts_of_a_slope(forward)
    for k in reversed(range(-1, len(forward))):
        if k >= 0 and forward[k].lhs in reached and found[forward[k].lhs]:
            lhs, rhs = forward[k]
            pull(builder.adjoint(lhs, _total(found.pop(lhs), lhs), few), lhs, rhs, found, reached)
        for w in due[k]:
            whole = builder.value(_total(found[w], w))
            gradient = builder.value(in_free_entries(w, whole))
            gradients[w] = builder.call(gradient, builder.names.adjoint(w.name), "gradient", w)
            if gradient != whole:
                builder.whole[gradients[w]] = whole
    return gradients


def pull(G: Any, Y: Any, rhs: Any, found: dict[Any, list[Any]], reached: set[Any]) -> None:
    """Add to `found` what the adjoint G of Y = rhs gives to each name in rhs."""
    if isinstance(rhs, (MatrixSymbol, Symbol)):
        found[rhs].append(G)
        return
    rule, arguments = RULES.of(rhs), rhs.args
    if isinstance(rhs, Expr) and RULES.find(rhs) is RULES.get(Expr):  # a scalar of scalars
        arguments = tuple(sorted(rhs.free_symbols & reached, key=str))
        adjoints = rule(G, Y, rhs, *arguments)
    else:
        adjoints = rule(G, Y, *arguments)
    for argument, adjoint in zip(arguments, adjoints, strict=True):
        if adjoint is not None and not reached.isdisjoint(symbols_of(argument)):
            pull(adjoint, argument, argument, found, reached)


def _dependent(forward: Sequence[Any], wrt: Sequence[Name]) -> set[Any]:
    reached = set(wrt)
    for lhs, rhs in forward:
        if not reached.isdisjoint(symbols_of(rhs)):
            reached.add(lhs)
    return reached


def _late(equations: Sequence[Equation]) -> list[Equation]:
    # scalars of the inputs, such as ‖W‖² in a penalty, come where they are needed: a gradient is whole in its layer
    defined = {e.lhs for e in equations}
    parts = [symbols_of(e.rhs) & defined for e in equations]
    waiting = {e.lhs: e for e, needed in zip(equations, parts, strict=True) if not (needed or e.lhs.is_Matrix)}
    ordered = []
    for e, needed in zip(equations, parts, strict=True):
        if e.lhs in waiting:
            continue
        ordered += [waiting.pop(name) for name in sorted(needed & waiting.keys(), key=str)]
        ordered.append(e)
    return ordered + list(waiting.values())


def _due(forward: Sequence[Any], wrt: Sequence[Name]) -> dict[int, list[Name]]:
    # at the first use of a symbol its gradient is complete; -1: it has cancelled and is in no equation
    first: dict[Any, int] = {}
    for k, (_, rhs) in enumerate(forward):
        for name in symbols_of(rhs):
            first.setdefault(name, k)
    due: dict[int, list[Name]] = defaultdict(list)
    for w in wrt:
        due[first.get(w, -1)].append(w)
    return due


def _total(adjoints: list[Any], like: Any) -> Any:
    if not adjoints:
        return ZeroMatrix(*like.shape) if like.is_Matrix else S.Zero
    return add(*adjoints) if like.is_Matrix else sum(adjoints, S.Zero)
