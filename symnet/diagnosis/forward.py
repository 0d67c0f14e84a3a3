"""The forward pass is another one than the formula: a bias left out, an activation missing, a softmax of another axis.

In: a derivation, points with the user's loss and gradients. Out: edits of a forward equation that give the user's loss
and, with the backward equations as they are or with those of the loss that was really computed, the gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from symnet.derivation import Derivation, derive
from symnet.diagnosis.deltas import activations
from symnet.diagnosis.edits import Changes, Mutation, Setting, say
from symnet.diagnosis.exchanged import exchanges
from symnet.diagnosis.functions import applied
from symnet.diagnosis.given import Point
from symnet.diagnosis.grammar import edits_of
from symnet.diagnosis.groups import Item, groups
from symnet.diagnosis.places import Edit, places, tidied
from symnet.diagnosis.norms import normalised_otherwise
from symnet.diagnosis.price import is_worth_it
from symnet.diagnosis.quantities import Ground
from symnet.diagnosis.reported import reported
from symnet.diagnosis.variants import IMPOSSIBLE, Variants
from symnet.expressions import Elementwise, Softmax
from symnet.program import as_read, substitute

DERIVED = 40  # losses that are derived anew
STEP = 1e-5  # to either side, for the slope of a loss
ROUGH = 1e-3  # of a slope, from a step to one side
DEAREST = 2.4
OPERANDS = 2.05  # of the same sort: another gate's bias, another step's input
AT_MOST = 4_000  # forward passes that are tried
EQUATIONS = 150_000  # that are computed for them
_KINDS = {"missing-term", "missing-factor", "sign", "wrong-operand", "wrong-function", "wrong-sum", "extra-factor"}


@dataclass(frozen=True, eq=False)
class Found:
    """A forward pass that gives the user's numbers; `follow`: whether the gradients follow from it."""

    mutation: Mutation
    follow: bool


_Candidate: TypeAlias = tuple[float, Callable[[], Mutation]]  # a cost, and what writes the mutation


class ForwardSearch:
    """Tries edits of the forward equations."""

    def __init__(self, derivation: Derivation, setting: Setting, points: Sequence[Point]) -> None:
        self.derivation, self.setting, self.points = derivation, setting, points
        self.equations = [*setting.forward, *setting.equations]
        self.loss = setting.forward[-1].lhs
        self.of_loss = {self.loss: self.loss}
        self.of_values = {e.lhs: e.lhs for e in setting.forward if e.lhs.name in points[0].given}
        self.wanted = self.of_loss | self.of_values | setting.partials
        trial = {setting.rate.name: 1.0}
        self.variants = [Variants([], self.equations, p.arrays | trial, p.sizes) for p in points]
        for v in self.variants:
            list(v.gradients({}, {}))
        self.aside = self._aside(points[0], trial)
        here, *sides = [float(v.value(self.loss)) for v in (self.variants[0], *self.aside)]
        self.bend = 10 * abs(sum(sides) - 2 * here) / (2 * STEP)  # by which a slope to one side may be off
        self.is_told = points[0].loss is not None or bool(self.of_values)
        self.derived = 0

    def run(self) -> list[Found]:
        """Give the forward edits that fit, the simplest first; those from which the gradients follow before others."""
        found: list[Found] = []
        tried, best = 0, DEAREST
        seen: set[frozenset[Any]] = set()
        for cost, written in sorted(self._candidates(), key=lambda candidate: candidate[0]):
            if cost > best or tried == AT_MOST or self._evaluations() > EQUATIONS:
                break
            m = written()
            same = frozenset(m.changes.items())
            if same in seen:
                continue
            seen.add(same)
            tried += 1
            follow = self._fits(m)
            if follow is not None:
                found.append(Found(m, follow))
                best = min(best, m.cost + 0.3) if follow else best
        told = sum((p.loss is not None) + sum(map(np.size, p.given.values())) for p in self.points)
        numbers = told + sum(int(np.size(g)) for p in self.points for g in p.mine.values())
        found = [f for f in found if is_worth_it(numbers if f.follow else told, 0, tried)]
        return sorted(found, key=lambda f: (not f.follow, f.mutation.cost))[:4]

    def _evaluations(self) -> int:
        return sum(v.evaluations for v in (*self.variants, *self.aside))

    # -- what may have been computed instead

    def _candidates(self) -> Iterator[_Candidate]:
        right = {e.lhs: e.rhs for e in self.setting.forward}
        ground = self._ground()
        edits = [
            e
            for lhs, rhs in self.setting.forward
            for e in (*self._activations(lhs, rhs), *edits_of(ground, lhs))
            if e.kind in _KINDS
            and e.coefficient is None
            and e.cost <= (OPERANDS if e.kind == "wrong-operand" else DEAREST)
        ]
        for item in [*(Item((e,), e.cost) for e in edits), *groups(ground, edits)]:
            yield item.cost, partial(_of_forward, item, right)
        for exchanged in exchanges(ground, ground.order):
            item = Item(exchanged, exchanged[0].cost)
            for back in (False, True):
                yield item.cost, partial(self._exchanged, item, right, back)
        for m in (*normalised_otherwise(self.setting), *reported(self.setting, frozenset(self.of_values))):
            yield m.cost, partial(_given, m)

    def _ground(self) -> Ground:
        s = self.setting
        forward = Setting(s.forward, s.forward, s.roles, s.sizes, s.targets, s.rate)
        forward.deltas, forward.partials, forward.gradients = [], {}, s.gradients
        values = Variants(s.forward, [], self.points[0].arrays, self.points[0].sizes)
        return Ground(forward, values.value)

    def _activations(self, lhs: Any, rhs: Any) -> Iterator[Edit]:
        for place in places(rhs):
            node = place.node
            if isinstance(node, (Elementwise, Softmax)) and len(node.operands) == 1:
                words = say("the activation of {} is missing", node.operands[0])
                yield Edit("wrong-function", lhs, place.path, node.operands[0], words, 1.1, ("bare", node))
            if node == rhs and isinstance(node, Elementwise) and len(node.operands) == 1:
                for title, (f, _, _) in activations().items():
                    words = say("the activation is {}", title)
                    new = applied(f, node.operands[0])
                    yield Edit("wrong-function", lhs, place.path, new, words, 1.2, ("other", node, title))
            name = place.node
            if name in {e.lhs for e in self.setting.forward} and name.is_Matrix and lhs == self.loss:
                for title, (f, _, _) in activations().items():
                    words = say("there is {} on the output {}", title, name)
                    yield Edit("wrong-function", lhs, place.path, applied(f, name), words, 1.3, ("on", name, title))

    def _exchanged(self, item: Item, right: Changes, back: bool) -> Mutation:
        # two values in each other's place, and in the backward equations as well or not
        m = _of_forward(item, right)
        of = dict(item.edits[0].tag[1:])
        reading = [e for e in self.setting.equations if back and not of.keys().isdisjoint(self.setting.reads[e.lhs])]
        return replace(m, changes={**m.changes, **{lhs: rhs.xreplace(of) for lhs, rhs in reading}})

    # -- one of them

    def _fits(self, m: Mutation) -> bool | None:
        # None where the loss is another; else whether the gradients follow
        follow, loss = True, None
        try:
            for point, variants in zip(self.points, self.variants, strict=True):
                for name, value in variants.gradients(m.changes, self.wanted):
                    if name == self.loss:
                        loss = float(value) if loss is None else loss
                        if not point.agrees_in_loss(value):
                            return None
                    elif name in self.of_values:
                        if not point.agrees_in(name.name, value):
                            return None
                    elif follow and not point.agrees(name, value):
                        follow = False
                        break
                if not follow and not self.is_told:
                    break
        except IMPOSSIBLE:
            return None
        if follow:
            return True
        anew = self._follows_anew(m, loss)
        return True if anew else (False if self.is_told else None)

    def _aside(self, point: Point, trial: Mapping[str, float]) -> list[Variants]:
        # a small step to either side of the first point, along one direction
        draw = np.random.default_rng(0)
        along = {w: draw.normal(size=np.shape(g)) for w, g in point.right.items()}
        self.slope = sum(float(np.sum(along[w] * g)) for w, g in point.mine.items())
        self.length = sum(float(np.sum(np.abs(along[w] * g))) for w, g in point.mine.items())
        sides = [{w.name: point.arrays[w.name] + h * d for w, d in along.items()} for h in (STEP, -STEP)]
        return [Variants([], self.setting.forward, {**point.arrays, **trial, **moved}, point.sizes) for moved in sides]

    def _may_follow(self, changes: Changes, loss: float | None) -> bool:
        # along one direction, the loss changes as the user's gradients say: roughly to one side, well to both
        values = []
        for variants in self.aside:
            (found,) = variants.gradients(changes, self.of_loss)
            values.append(float(found[1]))
            if loss is not None and len(values) == 1:
                slope = (values[0] - loss) / STEP
                if (
                    abs(slope - self.slope)
                    > ROUGH * max(self.length, abs(slope)) + self.bend + 1e-14 * abs(loss) / STEP
                ):
                    return False
        slope = (values[0] - values[1]) / (2 * STEP)
        rounding = 1e-15 * max(map(abs, values)) / STEP
        return abs(slope - self.slope) <= 1e-5 * max(self.length, abs(slope)) + rounding

    def _follows_anew(self, m: Mutation, loss: float | None) -> bool:
        changes = {k: v for k, v in m.changes.items() if k in self.setting.computed}
        if self.derived >= DERIVED or not self._may_follow(changes, loss):
            return False
        self.derived += 1
        known: dict[Any, Any] = {}
        try:
            for lhs, rhs in self.setting.forward:
                known[lhs] = substitute(tidied(m.changes.get(lhs, rhs)), known, as_read)
            changed = known[self.loss]
            wrt = [w for w in self.derivation.wrt if w in changed.free_symbols]
            kernel = derive(changed, wrt).compile(dtype=float)
            for point in self.points:
                value, gradients = kernel({k: v for k, v in point.arrays.items() if k in kernel.arguments})
                if not point.agrees_in_loss(value):
                    return False
                for w in self.derivation.wrt:
                    if not point.agrees(w, gradients[w] if w in wrt else np.zeros(np.shape(point.right[w]))):
                        return False
        except IMPOSSIBLE:
            return False
        return True


def _of_forward(item: Item, right: Changes) -> Mutation:
    m = item.mutation(right)
    return replace(m, kind="forward", words=say("forward: ") + m.words)


def _given(m: Mutation) -> Mutation:
    return m
