"""One step of an optimizer in numbers: the weights that it gives, and the edits of its equations that give the user's.

In: an optimizer, weights before and after a step, gradients, the state where one is known. Out: which weights are as
they should be, and the edits that explain the others, the simplest first. A first step starts from the states that the
optimizer starts from. How many edits are tried is bounded by a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Symbol

from symnet.diagnosis.variants import IMPOSSIBLE
from symnet.diagnosis.edits import Changes, Words, say
from symnet.diagnosis.places import tidied
from symnet.diagnosis.price import is_worth_it
from symnet.diagnosis.stepped import NUMBER, StepEdit, StepGrammar
from symnet.diagnosis.variants import Variants
from symnet.notation import writer
from symnet.optimizers import equations_of, rate_at
from symnet.program import Section

PAIRS = 1_500  # two edits that are tried together
SLACK = 0.2  # how much dearer an explanation may be than the first one


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights by name, `before` and `after` a step, their gradients, and the velocity where it is known."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    gradients: Mapping[str, Any]
    velocity: Mapping[str, Any] = field(default_factory=dict)

    def of(self, names: Iterable[str]) -> Weights:
        """Give some of the weights."""
        parts = (self.before, self.after, self.gradients, self.velocity)
        names = list(names)
        return Weights(*({n: part[n] for n in names if n in part} for part in parts))


@dataclass(frozen=True, eq=False)
class Explained:
    """Edits that give the weights of `names`; `right`, `yours`: the first equation that differs, as text."""

    cost: float
    words: str
    names: frozenset[str]
    right: str = ""
    yours: str = ""
    factor: float | None = None


class Stepping:
    """The equations of an optimizer at the weights of one step."""

    def __init__(self, optimizer: Any, weights: Weights, rate: float) -> None:
        self.optimizer, self.weights = optimizer, weights
        given = optimizer.hyperparameters()
        self.rates = {k: float(rate_at(v, 0)) for k, v in given.items()}
        is_rated = "eta" in self.rates
        if is_rated:
            self.rates["eta"] = rate
        counts = frozenset(k for k, v in given.items() if callable(v) and k != "eta")
        self.equations = equations_of(optimizer)
        self.grammar = StepGrammar(self.equations, self.rates, "eta" if is_rated else None, counts)
        self.moved = self.grammar.last.lhs
        self.write = writer([Section("Update", self.equations)], Symbol("L"))
        self.variants = {n: self._variants(n) for n in weights.before}
        self.tried = 0
        self.right = self.fitting({})

    def _variants(self, name: str, gradient: Any = None) -> Variants:
        before = _flat(self.weights.before[name])
        g = _flat(self.weights.gradients[name]) if gradient is None else gradient
        start = self.optimizer.init(self.grammar.theta)
        states = {k: np.full(before.shape, float(v)) for k, v in start.items()}
        if name in self.weights.velocity and "v" in states:
            states["v"] = _flat(self.weights.velocity[name]).reshape(before.shape)
        values = {self.grammar.theta.name: before, "g": g, NUMBER.name: 1.0, **states, **self.rates}
        sizes = {s.name: n for s, n in zip(self.grammar.theta.shape, before.shape, strict=True)}
        with np.errstate(all="ignore"):
            return Variants([], self.equations, values, sizes)

    def expected(self, changes: Changes, number: float = 1.0) -> dict[str, Any]:
        """Give the weights after the step, with some equations replaced, as the user's are shaped."""
        found = {}
        with np.errstate(all="ignore"):
            for name, variants in self.variants.items():
                (new,) = variants.gradients(changes, {self.moved: self.moved}, {NUMBER.name: number})
                shape = np.shape(self.weights.before[name])
                found[name] = np.broadcast_to(new[1], _flat(self.weights.before[name]).shape).reshape(shape)
        return found

    def fitting(self, changes: Changes, number: float = 1.0) -> frozenset[str]:
        """Give the names of weights that are the user's."""
        self.tried += 1
        try:
            found = self.expected(changes, number)
        except IMPOSSIBLE:
            return frozenset()
        w = self.weights
        return frozenset(n for n, a in found.items() if close(w.after[n], a, w.before[n]))

    @property
    def is_right(self) -> bool:
        """Whether all weights are those of the optimizer."""
        return len(self.right) == len(self.weights.before)

    def inverted(self) -> dict[str, Any] | None:
        """Give the gradients with which the step would be right; None where a step does not tell them."""
        draw, found = np.random.default_rng(0), {}
        for name, a in self.weights.before.items():
            shape = _flat(a).shape
            r = draw.normal(size=shape)
            try:
                zero, one, other = (self._given(name, g) for g in (np.zeros(shape), np.ones(shape), r))
            except IMPOSSIBLE:
                return None
            slope = one - zero
            if not np.all(np.isfinite(other)) or not np.all(slope) or np.abs(zero + slope * r - other).max() > 1e-9:
                return None
            found[name] = ((_flat(self.weights.after[name]) - zero) / slope).reshape(np.shape(a))
        return found

    def _given(self, name: str, gradient: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.asarray(self._variants(name, gradient).value(self.moved), float)

    def with_another(self, name: str) -> float | None:
        """Give the value of a hyperparameter with which every weight is right; None where there is none."""
        return self._number(self.grammar.with_another(name), frozenset(self.weights.before))

    # -- what was written instead

    def explained(self, pairs: bool = False, numbers: bool = True) -> list[Explained]:
        """Give the edits that explain the weights that are not right, the simplest first; or else two together."""
        wrong = frozenset(self.weights.before) - self.right
        size = sum(int(np.size(self.weights.before[n])) for n in wrong)
        edits = [e for e in self.grammar.edits() if numbers or not e.has_number]
        found: list[Explained] = []
        for e in edits:
            if found and e.cost > found[0].cost + SLACK:
                break
            found += self._one(e, wrong, size)
        if not found and pairs:
            found = list(self._two([e for e in edits if not e.has_number], wrong, size))
        found.sort(key=lambda x: x.cost)
        return [x for x in found if x.cost <= found[0].cost + SLACK]

    def _one(self, e: StepEdit, wrong: frozenset[str], size: int) -> Iterator[Explained]:
        number = self._number(e, wrong) if e.has_number else 1.0
        if number is None or not is_worth_it(size, int(e.has_number), max(self.tried, 2)):
            return
        fits = self.fitting(e.changes, number)
        if fits >= wrong:
            yield self._told(e.cost, e.words, e.changes, fits, number if e.has_number else None)

    def _two(self, edits: Sequence[StepEdit], wrong: frozenset[str], size: int) -> Iterator[Explained]:
        tried = 0
        for first in edits:
            for second in self.grammar.second(first):
                tried += 1
                if tried > PAIRS:
                    return
                if first.cost <= second.cost and is_worth_it(size, 0, max(self.tried, 2), 2):
                    fits = self.fitting(second.changes)
                    if fits >= wrong:
                        words = first.words + say("; ") + second.words
                        yield self._told(first.cost + second.cost, words, second.changes, fits, None)
                        return

    def _told(
        self, cost: float, words: Words, changes: Changes, fits: frozenset[str], number: float | None
    ) -> Explained:
        if number is not None:
            words = Words(words.template.replace("{{number}}", f"{number:.6g}"), words.parts)
        right = self.grammar.right
        lhs = next(k for k, new in changes.items() if new != right[k])
        yours = changes[lhs] if number is None else changes[lhs].xreplace({NUMBER: _as_symbol(number)})
        lines = [f"{self.write(lhs)} ← {self.write(tidied(rhs))}" for rhs in (right[lhs], yours)]
        return Explained(cost, words.read(self.write), fits, lines[0], lines[1], number)

    def _number(self, e: StepEdit, wrong: frozenset[str]) -> float | None:
        # Newton's method for the one number, from several starts: most often the weights are affine in it
        w = self.weights
        wanted = np.concatenate([np.ravel(w.after[n]) for n in sorted(wrong)])

        def at(c: float) -> Any:
            found = self.expected(e.changes, c)
            return np.concatenate([np.ravel(found[n]) for n in sorted(wrong)])

        for c in (0.9, 0.1, 0.99, 1e-3):
            for _ in range(15):
                try:
                    here = at(c)
                    slope = (at(c + 1e-6) - at(c - 1e-6)) / 2e-6
                except IMPOSSIBLE:
                    break
                square = float(slope @ slope)
                move = float(slope @ (wanted - here)) / square if square > 0 else np.nan
                if not np.isfinite(move) or abs(c + move) > 1e6:
                    break
                c += move
                if abs(move) <= 1e-10 * max(abs(c), 1e-10):
                    break
            if np.isfinite(c) and abs(c) > 1e-9 and wrong <= self.fitting(e.changes, c):
                return c
        return None


def _as_symbol(number: float) -> Any:
    # a number as it is told, to six digits
    return Symbol(f"{number:.6g}") if number >= 0 else -Symbol(f"{-number:.6g}")


def _flat(a: Any) -> Any:
    a = np.asarray(a, float)
    return a if a.ndim == 2 else a.reshape(-1, 1)


def close(mine: Any, expected: Any, before: Any) -> bool:
    """Tell whether weights after a step are the expected ones, to the precision of the user's numbers."""
    mine = np.asarray(mine)
    single = mine.dtype == np.float32
    if not np.all(np.isfinite(expected)):
        return False
    with np.errstate(all="ignore"):
        off = np.abs(mine - expected).max(initial=0.0)
        moved = max(np.abs(np.asarray(expected) - before).max(initial=0.0), np.abs(mine - before).max(initial=0.0))
        rounding = 8 * np.finfo(np.float32 if single else float).eps * np.abs(before).max(initial=0.0)
        return bool(off <= (3e-4 if single else 1e-6) * moved + rounding + 1e-14)
