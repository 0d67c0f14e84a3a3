"""What people write in the place of an optimizer's equations: a sign, a factor, a state, a root, a correction.

In: the equations of an optimizer, those that training compiles. Out: `StepEdit`s, one equation with another right-hand
side, in words; a number that is to be fitted is a symbol in it. Letters of names are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Add, Basic, Lambda, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Pow, S, Symbol, nan, zoo

from symnet.diagnosis.edits import Changes, Words, say
from symnet.diagnosis.places import put, times
from symnet.expressions import Elementwise, raw, split, symbols_of
from symnet.program import Equation

NUMBER = Symbol("a number that is fitted", real=True)
Written = Iterator[tuple[Any, Words, float]]  # what stands there, words, cost
_CORRECTIONS: tuple[tuple[Callable[[Any], Any], Words, float], ...] = (  # of the start of the states at 0, all of them
    (lambda c: S.One, say("nothing corrects the start of the states at 0"), 1.0),
    (lambda c: 2 - c, say("the corrections of the start at 0 have 1 + where 1 − belongs"), 1.1),
)


@dataclass(frozen=True, eq=False)
class StepEdit:
    """Equations of an optimizer with other right-hand sides; `has_number`: where `NUMBER` is to be fitted."""

    changes: Changes
    words: Words
    cost: float

    @property
    def has_number(self) -> bool:
        """Whether a number is still to be fitted."""
        return any(NUMBER in new.free_symbols for new in self.changes.values())


class StepGrammar:
    """The edits of an optimizer's equations.

    `rates`: the values of its hyperparameters by name; `rate`: the name of the learning rate among them, if there is
    one; `counts`: the names of those that count steps.
    """

    def __init__(
        self, equations: Sequence[Equation], rates: Mapping[str, float], rate: str | None, counts: frozenset[str]
    ) -> None:
        self.equations, self.rates, self.counts = equations, rates, counts
        self.rate = None if rate is None else Symbol(rate, real=True)
        self.right = {e.lhs: e.rhs for e in equations}
        self.last = next(e for e in equations if e.role == "update")
        self.theta = self.last.of
        self.gradient = MatrixSymbol("g", *self.theta.shape)
        self.states = {e.of: e.lhs for e in equations if e.role == "state"}

    def edits(self) -> list[StepEdit]:
        """Give every edit, the cheapest first."""
        found = [*self._everywhere(), *self._of_the_decay(), *self._of_the_start()]
        for lhs, rhs in self.right.items():
            for path, node, within in _parts(rhs):
                for new, words, cost in self._at(lhs, node, within):
                    said = Words(words.template, tuple(_named(p, within) for p in words.parts))
                    found.append(StepEdit({lhs: put(rhs, path, new)}, said, cost))
        changing = [e for e in found if any(e.changes[k] != self.right[k] for k in e.changes)]
        return sorted((e for e in changing if not any(new.has(zoo, nan) for new in e.changes.values())), key=_cost)

    def second(self, first: StepEdit) -> list[StepEdit]:
        """Give the edits of equations that are edited already; they come with the first."""
        changed = [Equation(e.lhs, first.changes.get(e.lhs, e.rhs), e.role, e.of) for e in self.equations]
        more = StepGrammar(changed, self.rates, None if self.rate is None else self.rate.name, self.counts).edits()
        return [StepEdit({**first.changes, **e.changes}, e.words, e.cost) for e in more if not e.has_number]

    # -- everywhere in the equations

    def _everywhere(self) -> Iterator[StepEdit]:
        yield from self._of_all_corrections()
        for t in self._counts():
            yield self._replaced({t: t + 1}, say("the steps are counted from 2, not from 1"), 1.1)
        yield from self._exchanged_fractions()
        if self.rate is not None:
            words = say("the step has the factor {{number}}")
            yield self._replaced({self.rate: NUMBER * self.rate}, words, 1.7)
        for name, value in self.rates.items():
            h = Symbol(name, real=True)
            if h != self.rate and name not in self.counts:
                if 0 < value < 1 and not self._is_small(value):
                    yield self._replaced({h: 1 - h}, say("{} stands where {} belongs, and the reverse", 1 - h, h), 1.2)
                yield self.with_another(name)
        decayed = raw(MatAdd, self.gradient, times(NUMBER, self.theta))
        words = say("there is a weight decay of {{number}} in the gradient")
        yield self._replaced({self.gradient: decayed}, words, 1.7)

    def _of_all_corrections(self) -> Iterator[StepEdit]:
        # of the start of the states at 0
        found: list[tuple[Any, tuple[int, ...], Any, tuple[int, ...]]] = []
        for lhs, rhs in self.right.items():
            quotient: tuple[int, ...] = ()
            for path, node, within in _parts(rhs):
                if self._is_correction(_named(node, within)):
                    found.append((lhs, path, node, quotient))
                quotient = path if isinstance(node, Pow) and node.exp == -1 else ()
        for how, words, cost in _CORRECTIONS if len(found) > 1 else ():
            changes = dict(self.right)
            for lhs, path, node, _ in found:
                changes[lhs] = put(changes[lhs], path, how(node))
            yield StepEdit(changes, words, cost)
        if len(found) > 1 and all(quotient for *_, quotient in found):
            changes = dict(self.right)
            for lhs, _, node, quotient in found:
                changes[lhs] = put(changes[lhs], quotient, node)
            yield StepEdit(changes, say("the corrections of the start at 0 multiply, they must divide"), 1.1)

    def _counts(self) -> list[Any]:
        return [Symbol(c, real=True) for c in sorted(self.counts)]

    def _fractions(self) -> list[Any]:
        # how much of a state is kept: they may stand in each other's place
        known = {n: v for n, v in self.rates.items() if n not in self.counts and Symbol(n, real=True) != self.rate}
        return [Symbol(n, real=True) for n, v in known.items() if 0.5 <= v < 1]

    def _exchanged_fractions(self) -> Iterator[StepEdit]:
        for i, a in enumerate(self._fractions()):
            for b in self._fractions()[i + 1 :]:
                words = say("{} and {} are exchanged", a, b)
                new = {a: b, b: a}
                states = {lhs: _exchanged(rhs, new) for lhs, rhs in self.right.items() if lhs in self.states.values()}
                rest = {lhs: _exchanged(rhs, new) for lhs, rhs in self.right.items() if lhs not in states}
                yield self._replaced(new, words, 1.1)
                yield StepEdit(states, words + say(" in the states"), 1.15)
                yield StepEdit(rest, words + say(" where the start of the states is corrected"), 1.15)

    def with_another(self, name: str) -> StepEdit:
        """Give the edit that leaves the value of a hyperparameter open."""
        h = Symbol(name, real=True)
        return self._replaced({h: NUMBER}, say(f"{{}} is {{{{number}}}}, not {self.rates[name]:.6g}", h), 1.8)

    def _replaced(self, new: Mapping[Any, Any], words: Words, cost: float) -> StepEdit:
        return StepEdit({lhs: _exchanged(rhs, new) for lhs, rhs in self.right.items()}, words, cost)

    def _is_correction(self, node: Any) -> bool:
        return (
            isinstance(node, Add)
            and 1 in node.args
            and any(p.exp.free_symbols & set(self._counts()) for p in node.atoms(Pow))
        )

    @staticmethod
    def _is_small(value: float) -> bool:
        return value < 1e-4  # it keeps a division from 0

    # -- the parameter itself

    def _terms_of_the_step(self) -> tuple[Any, list[Any]]:
        # the coefficient of θ, and the other terms
        terms = list(self.last.rhs.args) if isinstance(self.last.rhs, MatAdd) else [self.last.rhs]
        own = [split(t)[0] for t in terms if split(t)[1] == self.theta]
        return (own[0] if own else S.Zero), [t for t in terms if split(t)[1] != self.theta]

    def _of_the_decay(self) -> Iterator[StepEdit]:
        kept, rest = self._terms_of_the_step()
        lhs, decay = self.last.lhs, 1 - kept
        if kept == 0 or not rest:
            return
        if decay == 0:
            words = say("{{number}} times {} is subtracted as well: a weight decay", self.theta)
            yield StepEdit({lhs: raw(MatAdd, times(1 - NUMBER, self.theta), *rest)}, words, 1.8)
            return
        plain = {**self.right, lhs: raw(MatAdd, self.theta, *rest)}
        yield StepEdit({lhs: plain[lhs]}, say("the decay {} is missing", times(decay, self.theta)), 1.0)
        if self.rate is None:
            return
        bare = (decay / self.rate).cancel()
        words = say("the decay takes the factor {} from the new value of {}, not from the old one", kept, self.theta)
        yield StepEdit({lhs: times(kept, raw(MatAdd, self.theta, *rest))}, words, 1.1)
        words = say("the decay has not the rate as a factor")
        yield StepEdit({lhs: raw(MatAdd, times(1 - bare, self.theta), *rest)}, words, 1.1)
        words = say("the sign of the decay is wrong")
        yield StepEdit({lhs: raw(MatAdd, times(1 + decay, self.theta), *rest)}, words, 1.2)
        decayed = raw(MatAdd, self.gradient, times(bare, self.theta))
        words = say("the decay {} is added to the gradient, not to the step", times(bare, self.theta))
        coupled = {k: _exchanged(rhs, {self.gradient: decayed}) for k, rhs in plain.items()}
        yield StepEdit(coupled, words, 1.1)

    def _of_the_start(self) -> Iterator[StepEdit]:
        _, rest = self._terms_of_the_step()
        lhs = self.last.lhs
        if rest:
            turned = raw(MatAdd, self.theta, *[times(-1, t) for t in rest])
            words = say("the step goes up the gradient: its sign is wrong")
            yield StepEdit({lhs: turned}, words, 0.9)
            words = say("the step stands in the place of {}, it is not taken from it", self.theta)
            yield StepEdit({lhs: rest[0] if len(rest) == 1 else raw(MatAdd, *rest)}, words, 1.2)

    # -- one place of one equation

    def _at(self, lhs: Any, node: Any, within: Any) -> Written:
        if isinstance(node, MatrixSymbol):
            yield from self._another_array(lhs, node)
        elif isinstance(node, (MatAdd, Add)) and len(node.args) > 1:
            yield from self._of_a_sum(node, self._is_correction(_named(node, within)))
        elif isinstance(node, Symbol) and node.name in self.rates:
            yield from self._of_a_rate(node)
        elif isinstance(node, (MatMul, Mul)):
            yield from self._of_a_product(node)
        elif isinstance(node, Pow):
            yield from self._of_a_power(node, self._is_correction(_named(node.base, within)))
        elif isinstance(node, Elementwise):
            yield from self._of_a_function(node)

    def _another_array(self, lhs: Any, node: Any) -> Written:
        if node == self.gradient:
            for name, value in self.rates.items():
                if 0 < value < 1 and not self._is_small(value) and Symbol(name, real=True) != self.rate:
                    left = 1 - Symbol(name, real=True)
                    yield times(left, node), say("{} has the factor {}", node, left), 1.3
        before = [e.lhs for e in self.equations[: list(self.right).index(lhs)]]
        for other in (self.theta, self.gradient, *self.states, *before):
            if other != node:
                old = self.states.get(other) == node
                words = say("{} of the step before is used, not the new one", other) if old else None
                words = words or say("{} stands where {} belongs", other, node)
                yield other, words, 1.2 if old else 1.5

    def _of_a_sum(self, node: Any, corrects: bool) -> Written:
        for i, term in enumerate(node.args):
            rest = [*node.args[:i], *node.args[i + 1 :]]
            left = rest[0] if len(rest) == 1 else _sum(node, rest)
            if corrects and term != 1:
                yield left, say("the correction {} of the start at 0 is missing", node), 1.1
                yield 2 - node, say("{} stands where {} belongs", 2 - node, node), 1.15
            elif not node.is_Matrix and term == 1:
                yield times(-1, left), say("{} stands where {} belongs", times(-1, left), node), 1.3
            elif not node.is_Matrix and 1 in node.args:
                yield left, say("the factor {} is missing", node), 1.2
            else:
                yield left, say("the term {} is missing", term), 1.3
                turned = [*node.args[:i], times(-1, term), *node.args[i + 1 :]]
                yield _sum(node, turned), say("the sign of the term {} is wrong", term), 1.3

    def _of_a_rate(self, node: Any) -> Written:
        if node in (self.rate, *self._counts()):
            if node == self.rate:
                yield node**2, say("the rate is applied twice"), 1.1
                yield S.One, say("the rate {} is missing", node), 1.1
            else:
                yield node + 1, say("the steps are counted from {}, not from {}", node + 1, node), 1.3
        elif not self._is_small(self.rates[node.name]):
            yield S.One, say("the factor {} is missing", node), 1.3
            if 0 < self.rates[node.name] < 1:
                yield 1 - node, say("{} stands where {} belongs", 1 - node, node), 1.3
            if self.rate is not None:
                yield self.rate * node, say("{} is multiplied by the rate as well", node), 1.4

    def _of_a_product(self, node: Any) -> Written:
        if self.rate is not None and isinstance(node, MatMul):
            c, A = split(node)
            if self.rate not in symbols_of(c):
                yield times(self.rate * c, A), say("{} is multiplied by the rate as well", A), 1.3

    @staticmethod
    def _of_a_power(node: Any, corrects: bool) -> Written:
        if node.exp == S.Half:
            yield node.base, say("the square root is missing"), 1.1
        elif node.exp == -S.Half:
            yield 1 / node.base, say("the square root is missing"), 1.1
        elif node.exp == 2:
            yield node.base, say("the square is missing"), 1.1
            yield Abs(node.base), say("the square is missing, absolute values stand in its place"), 1.2
        elif node.exp == -1:
            yield node.base, say("a product stands where a quotient belongs"), 1.15 if corrects else 1.5

    def _of_a_function(self, node: Any) -> Written:
        # what is under a root and what is beside it; a state that stands where another one belongs is an operand
        variables = dict(zip(node.variables, node.args[1:], strict=True))
        for part in node.body.atoms(Add):
            roots = [t for t in part.args if isinstance(t, Pow) and t.exp == S.Half]
            beside = [t for t in part.args if t in variables and not variables[t].is_Matrix]
            for root in roots[:1]:
                for t in beside[:1]:
                    rest = Add(*[u for u in part.args if u not in (root, t)])
                    body = node.body.xreplace({part: Pow(root.base + t, S.Half) + rest})
                    words = say("{} stands under the root, not beside it", variables[t])
                    yield Elementwise(Lambda(node.variables, body), *node.args[1:]), words, 1.2
                    body = node.body.xreplace({part: part - t}) + t
                    words = say("{} is added to the quotient, not to what it is divided by", variables[t])
                    yield Elementwise(Lambda(node.variables, body), *node.args[1:]), words, 1.5
        if len(variables) == 1 and node.body == node.variables[0] ** 2:
            rows, columns = node.shape
            total = raw(MatMul, OneMatrix(rows, rows), node, OneMatrix(columns, columns))
            yield (
                times(1 / (rows * columns), total),
                say("one number, the mean of {}, stands for all entries", node),
                1.2,
            )
            yield total, say("one number, the sum of {}, stands for all entries", node), 1.2


def _cost(edit: StepEdit) -> float:
    return edit.cost


def _sum(like: Any, terms: Sequence[Any]) -> Any:
    return raw(MatAdd, *terms) if like.is_Matrix else Add(*terms)


def _parts(rhs: Any, path: tuple[int, ...] = (), within: Any = None) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
    """Give every part of a right-hand side with the way to it, and the function whose formula it is a part of."""
    yield path, rhs, within
    if isinstance(rhs, MatrixSymbol):
        return
    for i, part in enumerate(rhs.args):
        if isinstance(rhs, Lambda) and i == 0 or not isinstance(part, Basic):
            continue
        yield from _parts(part, (*path, i), rhs if isinstance(part, Lambda) else within)


def _named(part: Any, within: Any) -> Any:
    # a part of a function's formula is told by its operands, or else as the function
    if within is None or not isinstance(part, Basic) or part.free_symbols.isdisjoint(within.variables):
        return part
    slots = dict(zip(within.variables, within.args[1:], strict=True))
    known = [slots[v] for v in part.free_symbols & set(within.variables)]
    return within if any(a.is_Matrix for a in known) else part.xreplace(slots)


def _exchanged(rhs: Any, new: Mapping[Any, Any]) -> Any:
    # as it stands: nothing is merged, so that an equation shows what was written
    if rhs in new:
        return new[rhs]
    if not rhs.args or isinstance(rhs, (MatrixSymbol, Lambda)):
        return rhs
    arguments = [_exchanged(a, new) if isinstance(a, Basic) else a for a in rhs.args]
    return raw(type(rhs), *arguments) if isinstance(rhs, (MatAdd, MatMul)) else rhs.func(*arguments)
