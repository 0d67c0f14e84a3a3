"""What is found: right and wrong gradients, and the explanations in the order in which they are looked for.

In: a derivation and points with the user's numbers. Out: a `Diagnosis`. A loss or a forward value that differs is
looked into first; then the backward equations, one mistake, then a forward pass that would explain the gradients, then
two mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sympy import MatrixSymbol, Symbol

from symnet.backends import Kernel
from symnet.derivation import Derivation
from symnet.diagnosis.bounded import bounded
from symnet.diagnosis.corners import at_corner, no_slope, other_slope
from symnet.diagnosis.edits import Name, Setting
from symnet.diagnosis.explain import Explainer, advice
from symnet.diagnosis.forward import ForwardSearch
from symnet.diagnosis.given import Point
from symnet.diagnosis.permuted import permuted
from symnet.diagnosis.result import Diagnosis, Fault
from symnet.diagnosis.rounded import CUT_OFF, cut_off
from symnet.diagnosis.samples import of_samples
from symnet.diagnosis.search import Search
from symnet.diagnosis.steps import UP, Step
from symnet.diagnosis.ties import Ties
from symnet.diagnosis.unstated import as_if_unstated
from symnet.diagnosis.variants import Variants
from symnet.expressions import symbols_of
from symnet.program import Equation, collector_paused

_ANOTHER = "the gradients are right, but the {} is another one"
_OF_STEPS = {"extra-term", "wrong-operand"}  # what a step of other parts looks like as gradients
EXACTLY = 1e-12  # of a loss
Explained = list[tuple[Fault, ...]]


def diagnosed(
    derivation: Derivation,
    kernel: Kernel,
    points: list[Point],
    rate: float | None,
    step: Step | None = None,
    known: Sequence[str] = (),
    more: Callable[[], Point | None] | None = None,
) -> Diagnosis:
    """Say what is wrong, if anything is; `step`: where the gradients come from one; `known`: facts to be told.

    `more`: gives a point that was not seen so far; two mistakes together have to hold there too.
    """
    explainer = Explainer(derivation)
    points = [_with_rounding(derivation, p) for p in points]
    shows_gradients = step is None or step.shows_gradients
    points, unstated = as_if_unstated(points, derivation.wrt if shows_gradients else (), explainer)
    wrong = _wrong_at(points, derivation, step)
    unsummed = tuple(w for w in derivation.wrt if any(w in p.unsummed for p in points))
    off_otherwise = {*unsummed, *(w for fault in unstated for w in fault.parameters)}
    spoiled = tuple(w for w in derivation.wrt if w in {*wrong, *off_otherwise})
    right = tuple(w for w in derivation.wrt if w not in spoiled)
    partials = {w: explainer.partial(w) for w in derivation.wrt}
    extra = (explainer.unsummed(unsummed),) if unsummed else ()
    off = _forward_facts(derivation, explainer, points)
    if step is not None and (wrong or not shows_gradients) and (told := step.recognised()) is not None:
        return Diagnosis(derivation.wrt, (), facts=(told,) if told else (), partials=partials)
    looking = _Looking(derivation, kernel, points, rate, explainer, wrong, more)
    if not wrong and not off:
        hidden = looking.hidden() if step is None and not extra and not unstated else []
        whole = ((*unstated, *extra),) if unstated or extra else ()
        return Diagnosis(right, spoiled, whole, (*known, *hidden), partials=partials)
    plain = shows_gradients and not off and not extra and not unstated
    if plain and (convention := looking.convention(known, partials)) is not None:
        return convention
    known, symbols = [*known, *_of_points(points, wrong, step)], {w.name: w for w in wrong}
    found = _explanations(looking, step, symbols, off) or _of_the_data(kernel, points, wrong, off, step)
    found = found or looking.beyond(plain)
    if not found:
        unknown = Fault("unknown", wrong, "", "", "", "no mistake that is known, nor two together, gives these numbers")
        of_step = step.facts(symbols) if step is not None and not shows_gradients else None
        facts = explainer.facts(points[0], wrong, right) if of_step is None else of_step
        return Diagnosis(right, spoiled, ((*unstated, unknown),), (*known, *off, *facts), partials=partials)
    once = bool(unstated) and looking.alike  # the others are the same by algebra
    shown = _apart(found[:1] if once else found, len(points) > 1)
    shown = [f if f[0].kind == "reshaped" else (*unstated, *f, *extra) for f in shown]
    hint = advice(len(shown), len(looking.tied), points, looking.alike)
    partials = _headed(partials, shown[0], step, explainer)
    return Diagnosis(right, spoiled, tuple(shown), (*known, *looking.tied, *off), hint, partials)


def _headed(
    partials: dict[Name, str], told: tuple[Fault, ...], step: Step | None, explainer: Explainer
) -> dict[Name, str]:
    # what is wrong: the gradients, or a step that is made of other parts
    of_step = step is not None and any(f.kind == "step" for f in told)
    return {w: f"the step of {explainer.write(w)}" for w in partials} if of_step else partials


def _apart(found: Explained, everywhere: bool) -> Explained:
    # two ways to say what one equation gives at every point are one mistake; at one point the data may be to blame
    shown: dict[Any, tuple[Fault, ...]] = {}
    for faults in found:
        shown.setdefault(tuple(f.equation if everywhere else (f.kind, f.equation) for f in faults), faults)
    return [*shown.values()]


def _wrong_at(points: Sequence[Point], derivation: Derivation, step: Step | None) -> tuple[Name, ...]:
    if step is not None and step.is_idle:
        return derivation.wrt
    if step is not None and step.told is not None and not step.shows_gradients:
        return tuple(w for w in derivation.wrt if w.name not in step.told.right)
    return tuple(w for w in derivation.wrt if any(p.is_wrong(w) for p in points))


def adding(derivation: Derivation, added: Sequence[Name]) -> Diagnosis:
    """Give what is said of a function that adds the gradients of these parameters to what it gave before."""
    explainer = Explainer(derivation)
    words = "the gradient is added to the one of the call before, as the same values show; it must begin from 0"
    fault = Fault("extra-term", tuple(added), "", "", "", words)
    right = tuple(w for w in derivation.wrt if w not in added)
    return Diagnosis(right, tuple(added), ((fault,),), partials={w: explainer.partial(w) for w in derivation.wrt})


def _with_rounding(derivation: Derivation, point: Point) -> Point:
    # what the formulas lose as they are printed, 1 − A where A rounds to 1, counts as none; kernels lose less
    wrong = [w for w in derivation.wrt if point.is_wrong(w)]
    if not wrong:
        return point
    variants = Variants(derivation.forward, derivation.backward, point.arrays, point.sizes)
    allowed = dict(point.allowed)
    with np.errstate(all="ignore"):
        for w in wrong:
            lost = np.abs(variants.value(derivation[w]) - point.right[w]).max(initial=0.0)
            allowed[w] += 2 * float(lost) if np.isfinite(lost) else 0.0
    return replace(point, allowed=allowed)


def _of_points(points: Sequence[Point], wrong: Sequence[Name], step: Step | None) -> list[str]:
    if step is not None and step.goes_up:
        return [UP]
    if not wrong or len(points) == 1 or any(map(points[0].is_wrong, wrong)):
        return []
    return ["for these data only: at the values that you gave your numbers are right, at others they are not"]


def _explanations(looking: _Looking, step: Step | None, symbols: dict[str, Name], off: Sequence[str]) -> Explained:
    # a step first, then the forward pass where it is known to differ, then the backward equations
    of_step = (lambda: step.late(symbols)) if step is not None else None
    with np.errstate(all="ignore"), collector_paused():  # an edit may leave the domain of a function
        found = step.first(symbols) if step is not None else []
        found = found or (looking.forward() if off else [])
        if not found and step is not None and not step.shows_gradients:
            return step.late(symbols)
        if not found and step is None and (fault := looking.explainer.zeros(looking.points, looking.wrong)):
            edits = looking.backward(looking.may_be_forward(off), of_step) if symbols else []
            return edits or [(fault,)]
        if not found and symbols and (words := bounded(looking.points)):
            return [(Fault("wrong-function" if step is None else "step", looking.wrong, "", "", "", words),)]
        if not found and cut_off(looking.points, looking.wrong):
            return [(Fault("wrong-function", looking.wrong, "", "", "", CUT_OFF),)]
        if not found and symbols:
            return looking.backward(looking.may_be_forward(off), of_step)
    return found or _of_what_is_beside(looking.points)


def _of_the_data(
    kernel: Kernel, points: Sequence[Point], wrong: tuple[Name, ...], off: Sequence[str], step: Step | None
) -> Explained:
    # other samples, or labels in another order
    if not wrong or off or step is not None and not step.shows_gradients:
        return []
    for kind, told in (("wrong-sum", of_samples), ("wrong-operand", permuted)):
        if words := told(kernel, points):
            return [(Fault(kind, wrong, "", "", "", words),)]
    return []


def _of_what_is_beside(points: Sequence[Point]) -> Explained:
    of_loss = any(not p.agrees_in_loss(p.right_loss) for p in points)
    words = _ANOTHER.format("loss that is reported" if of_loss else "value that is handed back")
    return [(Fault("forward", (), "", "", "", words),)]


class _Looking:
    """The places where a mistake is looked for."""

    def __init__(
        self,
        derivation: Derivation,
        kernel: Kernel,
        points: list[Point],
        rate: float | None,
        explainer: Explainer,
        wrong: tuple[Name, ...],
        more: Callable[[], Point | None] | None,
    ) -> None:
        self.derivation, self.kernel, self.points, self.rate, self.more = derivation, kernel, points, rate, more
        self.explainer, self.wrong = explainer, wrong
        self.setting = _setting(derivation, kernel, points[0])
        self.symbols = kernel.symbols
        self.tied: list[str] = []  # what these data cannot tell apart
        self.alike = False  # whether what is found gives the same for all data

    def ties(self) -> Ties:
        """Give what compares explanations for other data."""
        return Ties(self.setting, self.points, self.symbols, self.explainer.write)

    def hidden(self) -> list[str]:
        """Give what is said of gradients that are right: what these data hide, and rules that give no slope."""
        with np.errstate(all="ignore"):
            by_rule = no_slope(self.setting, self.points, self.kernel, self.explainer)
        return [*by_rule, *self.ties().hidden()]

    def may_be_forward(self, off: Sequence[str]) -> bool:
        """Tell whether nothing is known of the loss, or so little that it may be another one: ε is a small number."""
        p = self.points[0]
        return not off and (p.loss is None or abs(p.loss - p.right_loss) > EXACTLY * abs(p.right_loss))

    def convention(self, known: Sequence[str], partials: dict[Name, str]) -> Diagnosis | None:
        """Give what is said of gradients that differ at corners alone."""
        with np.errstate(all="ignore"):
            found = at_corner(self.setting, self.points, self.wrong, self.kernel, self.explainer)
        if found is None:
            return None
        right = tuple(w for w in self.derivation.wrt if w not in found.wrong)
        return Diagnosis(right, found.wrong, ((found.fault,),), tuple(known), partials=partials)

    def beyond(self, plain: bool) -> Explained:
        """Give the slope at corners that is beyond those beside it; plain: where nothing else is known."""
        with np.errstate(all="ignore"):
            slope = other_slope(self.setting, self.points, beyond=True) if plain else None
        return [(self.explainer.fault(slope),)] if slope is not None else []

    def forward(self, surely: bool = False) -> Explained:
        """Give what the forward pass may have been; surely: from which the gradients follow."""
        found = ForwardSearch(self.derivation, self.setting, self.points).run()
        sure = [f for f in found if f.follow] or ([] if surely else found)
        return [(self.explainer.forward_fault(f.mutation, self.wrong, f.follow),) for f in sure]

    def backward(self, forward_too: bool, of_step: Callable[[], Explained] | None) -> Explained:
        """Give the mistakes in the backward equations; where none fits alone, those of the forward pass come in."""
        instead: Explained = []

        def elsewhere(found: list[Any]) -> bool:
            if of_step is not None and (not found or any(m.kind in _OF_STEPS for m in found[0])):
                instead.extend(of_step())
            elif not found and forward_too:
                instead.extend(self.forward(surely=True))
            return bool(instead)

        found = Search(self.setting, self.points, self.rate, elsewhere, self.more).run()
        if len(found) > 1 and not instead:
            found, self.tied = self.ties().apart(found)
            self.alike = True
        return instead or [tuple(map(self.explainer.fault, mutations)) for mutations in found]


def _forward_facts(derivation: Derivation, explainer: Explainer, points: Sequence[Point]) -> list[str]:
    # what differs in the forward pass already
    facts = []
    for p in points:
        if not p.agrees_in_loss(p.right_loss):
            facts.append(f"your loss is {p.loss:.6g}, the formula gives {p.right_loss:.6g}")
            break
    if points[0].given:
        variants = Variants(derivation.forward, [], points[0].arrays, points[0].sizes)
        for e in derivation.forward:
            if e.lhs.name in points[0].given:
                if not points[0].agrees_in(e.lhs.name, variants.value(e.lhs)):
                    facts.append(f"the first value that differs:  {explainer.line(e.lhs, e.rhs)}")
                    break
    return facts


def _setting(derivation: Derivation, kernel: Kernel, point: Point) -> Setting:
    inputs = {*kernel.symbols.values()} - set(derivation.wrt)
    targets = frozenset(s for s in inputs if isinstance(s, MatrixSymbol))
    rate = derivation.program.names.fresh("eta")
    known = {e.lhs: (e.role, e.of) for e in derivation.equations}
    return Setting(
        _gradients_first(derivation), list(derivation.forward), known, point.sizes, targets, Symbol(rate, real=True)
    )


def _gradients_first(derivation: Derivation) -> list[Equation]:
    # each gradient as soon as it can be computed: weights that are updated too early need it
    def is_gradient(e: Equation) -> bool:
        return e.role == "gradient"

    backward, done = {e.lhs for e in derivation.backward}, []
    waiting = {e.lhs: e for e in derivation.equations if is_gradient(e) or e.lhs in backward}
    read = {lhs: symbols_of(e.rhs) for lhs, e in waiting.items()}
    while waiting:
        ready = [e for lhs, e in waiting.items() if waiting.keys().isdisjoint(read[lhs])]
        done.append(next(filter(is_gradient, ready), ready[0]))
        del waiting[done[-1].lhs]
    return done
