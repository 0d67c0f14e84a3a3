"""Losses that are reported in the place of the right one: of other terms, another mean, a root, another logarithm.

In: the forward equations of a net. Out: `Mutation`s of the loss, or of a value on its way, of which the gradients need
know nothing: people often differentiate one loss and report another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log as natural
from typing import Any

from sympy import Abs, Add, HadamardProduct, log, sqrt

from symnet.diagnosis.deltas import activations
from symnet.diagnosis.edits import Changes, Mutation, Setting, Words, say
from symnet.diagnosis.functions import applied
from symnet.diagnosis.places import places, put, times
from symnet.expressions import Elementwise, LogSoftmax, LogSumExp, Softmax, Total, elementwise

_Named = Iterator[tuple[Any, Words, float]]  # an expression, words, a cost


def reported(setting: Setting, told: frozenset[Any]) -> Iterator[Mutation]:
    """Give what may be reported as the loss, and as the values of `told`."""
    forward, loss = {e.lhs: e.rhs for e in setting.forward}, setting.forward[-1].lhs
    for factor, part, why in _other_factors(setting, forward[loss]):
        words = say("the loss is {} what the formula gives{}", part, why)
        yield _forward({loss: times(factor, forward[loss])}, words, 1.5, factor)
    for new, words, cost in (*_roots(setting, forward[loss]), *_other_terms(setting, forward[loss])):
        yield _forward({loss: new}, words, cost)
    for lhs, rhs in forward.items():
        for new, words, cost in _other_scores(rhs):
            yield _forward({lhs: new}, words, cost)
    for lhs in told:
        if lhs.is_Matrix and not isinstance(forward[lhs], Elementwise):
            for title, (f, _, _) in activations().items():
                words = say("there is {} on {}", title, lhs)
                yield _forward({lhs: applied(f, forward[lhs])}, words, 1.3)


def _forward(changes: Changes, words: Words, cost: float, factor: float | None = None) -> Mutation:
    return Mutation("forward", changes, say("forward: ") + words, cost, factor=factor)


# -- the whole loss


def _other_factors(setting: Setting, rhs: Any) -> list[tuple[float, str, str]]:
    known = [(2, "twice", ""), (0.5, "half", ""), (-1, "minus", ": its sign is wrong")]
    for name, n in setting.sizes.items():
        if n > 1:
            known += [(n, f"{name} = {n} times", ": the sum, not the mean"), (1 / n, f"one {name}th of", "")]
    for rows, cols in {tuple(setting.shape(e.lhs)) for e in setting.forward if e.lhs.is_Matrix}:
        entries = rows * cols
        known += [(entries, f"{entries} times", ""), (1 / entries, f"1/{entries} of", ": a mean over all entries")]
        known += [(1 / k, f"1/{k} of", ": a mean over them too") for k in (rows, cols) if k > 1]
        known += [(k, f"{k} times", ": a sum, not a mean") for k in (rows, cols) if k > 1]
    if rhs.has(LogSoftmax, LogSumExp, log):
        known += [(1 / natural(b), f"1/ln {b} of", f": the logarithm to the base {b}") for b in (2, 10)]
    return known


def _roots(setting: Setting, rhs: Any) -> _Named:
    yield sqrt(rhs), say("the root of the loss is given"), 1.5
    yield sqrt(2 * rhs), say("the root of twice the loss is given"), 1.6
    for name, n in setting.sizes.items():
        if n > 1:
            yield sqrt(2 * n * rhs), say("the root of 2{} times the loss is given: of a sum, and not halved", name), 1.7


# -- its terms


def _other_terms(setting: Setting, rhs: Any) -> _Named:
    terms = rhs.args if isinstance(rhs, Add) else ()
    free = [t for t in terms if setting.targets.isdisjoint(t.free_symbols) and _is_of_inputs(setting, t)]
    parts = [(t,) for t in terms] + ([tuple(free)] if 1 < len(free) < len(terms) else [])
    for part in parts:
        of = Add(*part)
        for factor, words in _factors(setting.sizes):
            yield rhs.func(*[times(factor, t) if t in part else t for t in terms]), words + say(" {}", of), 1.6
    norms = [p.node for p in places(rhs) if _is_square(p.node)]
    weights = tuple(n for n in norms if setting.targets.isdisjoint(n.free_symbols) and _is_of_inputs(setting, n))
    for some in dict.fromkeys([*((n,) for n in norms), tuple(norms), weights]):
        for change, what in ((sqrt, "the norm stands for its square"), (_absolutes, "absolute values, no squares,")):
            if some:
                new = rhs.xreplace({n: change(n) for n in some})
                yield new, say(what + " in {}", Add(*some)), 1.7
                yield times(2, new), say(what + " in {}, and twice", Add(*some)), 1.9


def _factors(sizes: Mapping[str, int]) -> Iterator[tuple[float, Words]]:
    yield 2, say("the loss has twice")
    yield 0.5, say("the loss has half of")
    for name, n in sizes.items():
        if n > 1:
            yield n, say("the loss has {} = {} times", name, n)
            yield 1 / n, say("the loss has 1/{} = 1/{} of", name, n)


def _is_of_inputs(setting: Setting, term: Any) -> bool:
    return {e.lhs for e in setting.forward}.isdisjoint(term.free_symbols)


def _is_square(node: Any) -> bool:
    inner = node.args[0] if isinstance(node, Total) else None
    return isinstance(inner, HadamardProduct) and len(inner.args) == 2 and inner.args[0] == inner.args[1]


def _absolutes(norm: Any) -> Any:
    return Total(elementwise(Abs, norm.args[0].args[0]))


# -- scores of classes


def _other_scores(rhs: Any) -> _Named:
    for place in places(rhs):
        node = place.node
        if isinstance(node, LogSoftmax):
            Z, axis = node.args
            sigmoid = activations()["sigmoid"][0]
            for new, words in (
                (LogSoftmax(Softmax(Z, axis), axis), say("softmax is taken twice, of {} and of that", Z)),
                (Softmax(Z, axis), say("the logarithm of softmax is missing")),
                (applied(log(sigmoid), Z), say("sigmoid stands for softmax")),
                (Z, say("softmax and its logarithm are missing")),
            ):
                yield put(rhs, place.path, new), words, 1.4
