"""The catalogue of mistakes in hand-written backpropagation: every single-fault variant of derived equations.

In: a `Setting`. Out: `Mutation`s, each with the kind of mistake it is and its words. An operator looks at the structure
of an equation only, so it works for any net; those for deltas are in `deltas`, those for gradients here. A constant
factor or a sign is not listed: it is read off the numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sympy import MatAdd, MatMul, MatrixSymbol, OneMatrix, S, Transpose, ZeroMatrix, sympify

from symnet.diagnosis.deltas import Found, mistakes_in_delta
from symnet.diagnosis.edits import Mutation, Name, Setting, by_name, say
from symnet.diagnosis.places import renamed
from symnet.expressions import Elementwise, Unit, add, matmul, scaled, split, symbols_of, transpose
from symnet.program import as_read, substitute

_IN_TURN = "multiply first, sample by sample"
_SHARED_IN_A_LAYER = {"missing-batch-sum", "wrong-layer", "activation-for-delta"}
_REPEATED = {
    "missing-activation-derivative", "derivative-at-wrong-argument", "wrong-activation-derivative",
    "missing-input-factor", "missing-batch-sum", "updated-weights", "untransposed-weights", "bias-gradient",
    "relu-at-zero", "missing-output-sum", "activation-for-delta", "regularisation", "transposed",
}  # fmt: skip
_ONE_WAY = {"missing-activation-derivative", "missing-input-factor"}  # there is one way to make this mistake in a layer


def catalogue(setting: Setting, only: Name | None = None) -> list[Mutation]:
    """Give every single-fault variant of the equations; `only`: of the equation of this name."""
    found: list[Mutation] = []
    for lhs, rhs in setting.equations:
        if lhs.is_Matrix and (only is None or lhs == only):
            found += [Mutation(k, {lhs: new}, words, cost) for k, new, words, cost in _mistakes(setting, lhs, rhs)]
    return found if only is not None else found + _in_one_layer(setting, found) + _everywhere(setting, found)


def _mistakes(setting: Setting, lhs: Any, rhs: Any) -> Found:
    if lhs in setting.partials:
        for operator in _OF_A_GRADIENT:
            yield from (found for found in operator(setting, lhs, rhs) if found[1] != rhs)
    else:
        yield from (found for found in mistakes_in_delta(setting, rhs) if found[1] != rhs)
    yield from _wrong_name(setting, lhs, rhs)


def _in_one_layer(setting: Setting, found: list[Mutation]) -> list[Mutation]:
    # the weights and the bias of a layer share their delta, and a mistake that is made with it
    groups: dict[Any, list[Mutation]] = {}
    for m in found:
        if m.kind in _SHARED_IN_A_LAYER and m.site in setting.partials:
            deltas = setting.reads[m.site].intersection(setting.deltas)
            groups.setdefault((m.kind, m.words, m.cost, deltas), []).append(m)
    return _joined(groups, 0.1)


def _everywhere(setting: Setting, found: list[Mutation]) -> list[Mutation]:
    # the same mistake in every layer; where a layer has several ways to make it, the first goes with the first
    groups: dict[Any, list[Mutation]] = {}
    ways: Counter[Any] = Counter()
    for m in found:
        if m.kind in _REPEATED:
            same = () if m.kind in _ONE_WAY else (m.words.template, *map(setting.sort_of, m.words.parts))
            ways[m.site, m.kind, same] += 1
            groups.setdefault((m.kind, same, ways[m.site, m.kind, same]), []).append(m)
    return _joined(groups, 0.3)


def _joined(groups: dict[Any, list[Mutation]], cost: float) -> list[Mutation]:
    joined = []
    for first, *others in groups.values():
        changes = dict(first.changes)
        for m in others:
            changes.setdefault(m.site, m.changes[m.site])
        if len(changes) > 1:
            joined.append(Mutation(first.kind, changes, first.words, first.cost + cost, True))
    return joined


# -- the gradient of a parameter


def _products(rhs: Any) -> Iterator[tuple[Any, Any, Callable[[Any], Any]]]:
    """Give each product of two factors among the terms of a gradient, and how to put another in its place."""
    terms = rhs.args if isinstance(rhs, MatAdd) else (rhs,)
    for i, term in enumerate(terms):
        c, A = split(term)
        if isinstance(A, MatMul) and len(A.args) == 2:

            def put(new: Any, i: int = i, c: Any = c) -> Any:
                return add(*terms[:i], scaled(c, new), *terms[i + 1 :]) if len(terms) > 1 else scaled(c, new)

            yield *A.args, put


def _transposed(setting: Setting, lhs: Any, rhs: Any) -> Found:
    rows, cols = setting.shape(lhs)
    if rows == cols > 1:
        turned = Transpose(rhs) if isinstance(rhs, MatAdd) else transpose(rhs)
        yield "transposed", turned, say("the result is transposed"), 1.0


def _without_input(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for a, b, put in _products(rhs):
        for second, factor in enumerate((a, b)):
            bare = factor.args[0] if isinstance(factor, Transpose) else factor
            if isinstance(bare, MatrixSymbol) and bare not in setting.deltas:
                ones = OneMatrix(*factor.shape)
                new = put(matmul(a, ones) if second else matmul(ones, b))
                yield "missing-input-factor", new, say("the factor {}, the input of each weight, is missing", bare), 1.0


def _one_sample(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for a, b, put in _products(rhs):
        samples = setting.size(a.shape[1])
        for index, which in ((samples - 1, "last"), (0, "first")) if samples > 1 else ():
            e = Unit(a.shape[1], sympify(index))
            there = OneMatrix(1, b.shape[1]) if isinstance(b, OneMatrix) else matmul(transpose(e), b)
            kept = matmul(a, e) if there.shape == (1, 1) else matmul(matmul(a, e), there)
            words = say("there is no sum over the samples: only the {} one counts", which)
            yield "missing-batch-sum", put(kept), words, 1.1
            yield "missing-batch-sum", put(scaled(sympify(samples), kept)), words, 1.2


def _bias(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for a, b, put in _products(rhs):
        if isinstance(a, OneMatrix) and a.shape[0] == 1 or isinstance(b, OneMatrix) and b.shape[1] == 1:
            words = say("the bias has no path: it is treated as a weight of input 0")
            yield "bias-gradient", put(ZeroMatrix(*lhs.shape)), words, 0.9
            mean = scaled(S.One / setting.size(a.shape[1]), matmul(a, b))
            words = say("the gradient of {} is averaged over the samples, not summed", setting.partials[lhs])
            yield "bias-gradient", put(mean), words, 0.85


def _averaged_first(setting: Setting, lhs: Any, rhs: Any) -> Found:
    # mean of the deltas times mean of the inputs
    for a, b, put in _products(rhs):
        n = setting.size(a.shape[1])
        if n > 1 and not isinstance(a, OneMatrix) and not isinstance(b, OneMatrix):
            bare = [f.args[0] if isinstance(f, Transpose) else f for f in (a, b)]
            sums = matmul(matmul(a, OneMatrix(a.shape[1], 1)), matmul(OneMatrix(1, b.shape[0]), b))
            for c, what in ((S.One / n, "mean"), (S.One, "sum"), (S.One / n**2, "mean, once more divided,")):
                words = say(f"the {what} of {{}} over the samples is multiplied by that of {{}}: {_IN_TURN}", *bare)
                yield "missing-batch-sum", put(scaled(c, sums)), words, 1.3


def _terms(rhs: Any) -> tuple[Any, ...]:
    return rhs.args if isinstance(rhs, MatAdd) else ()


def _regularisation(setting: Setting, lhs: Any, rhs: Any) -> Found:
    w, terms = setting.partials[lhs], _terms(rhs)
    for i, term in enumerate(terms):
        A = split(term)[1]
        if A == w or (isinstance(A, Elementwise) and A.args[1:] == (w,)):
            rest = [*terms[:i], *terms[i + 1 :]]
            yield "regularisation", add(*rest), say("the regularisation term of {} is missing", w), 1.0
            for factor, what in ((sympify(2), "doubled"), (S.Half, "halved")):
                words = say("the regularisation of {} is {}", w, what)
                yield "regularisation", add(*rest, scaled(factor, term)), words, 1.0
    if 1 in setting.shape(w):
        for other, g in setting.gradients.items():
            for c, A in map(split, _terms(setting.right[g])):
                if A == other:
                    words = say("the bias {} is regularised, but the loss is not", w)
                    yield "regularisation", add(rhs, scaled(c, w)), words, 1.1


def _value_in_gradient(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for delta in sorted(rhs.atoms(MatrixSymbol) & set(setting.deltas), key=by_name):
        for value in setting.values_of(delta):
            words = say("the value {} stands where the delta {} belongs", value, delta)
            yield "activation-for-delta", rhs.xreplace({delta: value}), words, 1.4


def _early(setting: Setting, lhs: Any, rhs: Any) -> Found:
    # another parameter was updated before this gradient was taken: in its own equation, or in the forward pass as well
    for other, g in setting.gradients.items():
        if other == setting.partials[lhs] or not other.is_Matrix:
            continue
        moved = add(other, scaled(-setting.rate, g))
        if other in rhs.free_symbols:
            words = say("{} was updated already when this gradient was taken", other)
            yield "updated-weights", rhs.xreplace({other: moved}), words, 1.0
        if len(setting.deltas) <= 1:  # parameters side by side, as factors are, that may be fitted in turn
            everything = _written_out(setting, rhs, other)
            words = say("{} was updated already, and the forward pass done again, when this gradient was taken", other)
            if everything.has(other):
                yield "updated-weights", everything.xreplace({other: moved}), words, 1.3


def _written_out(setting: Setting, rhs: Any, w: Any) -> Any:
    # with the equations of all values that depend on a parameter in their places
    known: dict[Any, Any] = {}
    for e in [*setting.forward, *setting.equations]:
        written = substitute(e.rhs, known, as_read)
        if e.lhs not in setting.partials and w in symbols_of(written):
            known[e.lhs] = written
    return substitute(rhs, known, as_read)


_OF_A_GRADIENT: tuple[Callable[[Setting, Any, Any], Found], ...] = (
    _transposed, _without_input, _one_sample, _averaged_first, _bias, _regularisation, _value_in_gradient, _early,
)  # fmt: skip


# -- the wrong name, in any equation


def _wrong_name(setting: Setting, lhs: Any, rhs: Any) -> Found:
    values = [e.lhs for e in setting.forward if e.lhs.is_Matrix]
    inputs = setting.targets & setting.forward[0].rhs.atoms(MatrixSymbol)
    before = [e.lhs for e in setting.equations[: list(setting.right).index(lhs)]]
    deltas = [d for d in setting.deltas if d in before]
    for old in sorted(rhs.atoms(MatrixSymbol), key=by_name):
        if old in setting.deltas:
            same = deltas
        elif old in setting.gradients:
            same = list(setting.gradients)
        else:
            same = [*values, *sorted(inputs, key=by_name)] if old in inputs or old in setting.activations else []
        for new in same:
            if new != old and setting.shape(new) == setting.shape(old):
                words = say("{} stands where {} belongs: the wrong layer", new, old)
                yield "wrong-layer", renamed(rhs, old, new), words, 1.6
