"""The step itself: which optimizer made it, and what stands in the place of the optimizer's equations.

In: weights before and after a step, the right gradients, and what is known of the step: a velocity, a momentum, an
optimizer. Out: what a right step is, and faults of one that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from sympy import MatrixSymbol

from symnet.backends import binding
from symnet.diagnosis.ahead import right_ahead, wrong_ahead
from symnet.diagnosis.afterwards import are_multiples, done_afterwards
from symnet.diagnosis.parts import IDLE, MADE_OF, SMALL, parts_of, words_of_parts, words_of_signs
from symnet.diagnosis.result import Fault
from symnet.diagnosis.rounded import CUT_OFF, is_cut_off
from symnet.diagnosis.stepping import Explained, Stepping, Weights, close
from symnet.diagnosis.velocities import VELOCITIES, Velocity
from symnet.optimizers import (
    FIRST_ORDER, AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp, as_optimizer, is_number,
)  # fmt: skip

_STEPS = 5  # that may have been taken instead of one
Faults = list[tuple[Fault, ...]]
UP = "it is the right step but for its sign: the rate times the gradient was added, where it is to be subtracted"
_USUAL = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)  # momenta


@dataclass(frozen=True, eq=False)
class Step:
    """A step: what is known of its weights and its rate, and what it was meant to be.

    `elsewhere`: gives the gradients at other weights, by name.
    """

    weights: Weights
    rate: float
    momentum: float | None = None
    optimizer: Any = None
    elsewhere: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None

    @cached_property
    def told(self) -> Stepping | None:
        """The optimizer that the step was meant to be."""
        return None if self.optimizer is None else Stepping(self.optimizer, self.weights, self.rate)

    @cached_property
    def _inverted(self) -> dict[str, Any] | None:
        return None if self.told is None else self.told.inverted()

    @property
    def shows_gradients(self) -> bool:
        """Whether the gradients of a step can be told from it; a first step of Adam shows little but their signs."""
        return self.told is None or self._inverted is not None

    @cached_property
    def is_idle(self) -> bool:
        """Whether a velocity was given, and the step is plain descent all the same."""
        w = self.weights
        moves = any(map(np.any, w.velocity.values())) and self.told is None and not self.momentum
        return moves and all(close(w.after[n], a, w.before[n]) for n, a in self._descended(w.before).items())

    @cached_property
    def goes_up(self) -> bool:
        """Whether the step is plain descent but for its sign."""
        w = self.weights
        plain = self.told is None or self._has(GradientDescent)
        return plain and all(
            close(w.after[n], 2 * w.before[n] - a, w.before[n]) for n, a in self._descended(w.before).items()
        )

    def _descended(self, start: Mapping[str, Any], gradients: Mapping[str, Any] | None = None) -> dict[str, Any]:
        g = self.weights.gradients if gradients is None else gradients
        return {n: a - self.rate * np.reshape(g[n], np.shape(a)) for n, a in start.items()}

    def as_gradients(self) -> dict[str, Any]:
        """Give what the step would have had for gradients, had it been what it was meant to be."""
        if self._inverted is not None:
            return self._inverted
        w, found = self.weights, {}
        for name, a in w.before.items():
            moved = a - w.after[name]
            if self.told is None and self.momentum and name in w.velocity:
                moved = moved + self.momentum * np.reshape(w.velocity[name], np.shape(a))
            found[name] = moved / self.rate
            if self.told is not None and name in self.told.right:
                found[name] = np.asarray(w.gradients[name])
        return found

    # -- right ones

    def recognised(self) -> str | None:
        """Give what the step is right for, an empty text where that is known; None where it is right for nothing."""
        if self.told is not None:
            if self.told.is_right:
                return "" if self.shows_gradients else self._seen("is right, but it")
            return self._ahead(right_ahead) or None if self._has(Nesterov) else None
        if self.weights.velocity:
            return self._with_a_velocity()
        others = [kind(rate=self.rate) for kind in FIRST_ORDER if kind not in (GradientDescent, Momentum)]
        right = [o for o in others if self._stepping(o).is_right]
        if right:
            text = " or ".join(map(repr, right))
            return f"the step is right for the first one of {text}"
        for kind, name in ((RMSProp, "rho"), (AdamW, "lambda")):
            number = self._stepping(kind(rate=self.rate)).with_another(name)
            if number is not None and 0 <= number < 1:
                return f"the step is right for the first one of {kind.__name__} with {name} = {number:.6g}"
        return None

    def _seen(self, text: str) -> str:
        kind = type(self.optimizer).__name__
        return f"a first step of {kind} {text} shows little of the gradients but their signs: sn.diagnose checks them"

    def facts(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give what is true of a step that nothing explains and that does not tell its gradients."""
        w, n = self.weights, next(iter(names))
        expected = self.told.expected({}) if self.told is not None else w.after
        moves = np.ravel(w.after[n] - w.before[n]), np.ravel(expected[n] - w.before[n])
        ratios = moves[0][moves[1] != 0] / moves[1][moves[1] != 0]
        if not ratios.size:
            return (self._seen(""),)
        line = f"{n}: your move/the right one lies between {ratios.min():.4g} and {ratios.max():.4g}"
        return (f"{line}, its median is {np.median(ratios):.4g}", self._seen("").replace("  ", " "))

    def _stepping(self, optimizer: Any) -> Stepping:
        return Stepping(optimizer, self.weights, self.rate)

    def _has(self, kind: type) -> bool:
        return isinstance(self.optimizer, kind)

    def _with_a_velocity(self) -> str | None:
        for kind, whose in VELOCITIES.items():
            stepping = self._stepping(kind(self.rate, 0.9 if self.momentum is None else self.momentum))
            if stepping.is_right:
                return f"the step is right with {whose} of {stepping.rates['mu']:.6g}"
            number = stepping.with_another("mu") if self.momentum is None else None
            if number is not None and 0 < number < 1 and not self._is_times_the_rate(number):
                return f"the step is right with {whose} of {number:.6g}"
        return self._ahead(right_ahead) or None

    def _is_times_the_rate(self, number: float) -> bool:
        def usual(m: float) -> bool:
            return any(abs(m - known) < 1e-6 for known in _USUAL)

        return usual(number / self.rate) and not usual(number)

    @cached_property
    def _as_moves(self) -> Weights:
        # with a velocity that is a move, as long as it is in the weights
        w = self.weights
        factor = 1.0 if self.told is None else -self.rate
        return replace(w, velocity={n: factor * np.reshape(w.velocity[n], np.shape(a)) for n, a in w.before.items()})

    @property
    def _momenta(self) -> Sequence[float]:
        momentum = self.momentum if self.told is None else getattr(self.optimizer, "beta", 0.0)
        return _USUAL if momentum is None else (momentum,)

    def _ahead(self, how: Callable[..., str]) -> str:
        # the gradient is taken where the velocity leads to
        if self.elsewhere is None or not self.weights.velocity:
            return ""
        return how(self._as_moves, self.rate, self._momenta, self.elsewhere)

    # -- wrong ones

    def first(self, symbols: Mapping[str, Any]) -> Faults:
        """Give the faults that are looked for before any of the gradients: an unmoved weight, another optimizer."""
        still = self._unmoved(symbols)
        if still:
            return still
        elsewhere = IDLE if self.is_idle else self._from_elsewhere() if self.told is None else ""
        elsewhere = elsewhere or self._done_afterwards()
        if elsewhere:
            return [(Fault("step", tuple(symbols.values()), "", "", "", elsewhere),)]
        if self.told is None or self._has(GradientDescent):
            return []
        found = self.told.explained(numbers=not self.shows_gradients)
        other = self._another_optimizer()
        price = 0.95 if self._has(Momentum) else 1.35  # those with momentum differ by a factor alone
        if other and (not found or found[0].cost > price):
            return [(Fault("step", tuple(symbols.values()), "", "", "", other),)]
        return self._faults(found, symbols)

    def _from_elsewhere(self) -> str:
        # the weights were handed over in another order, were moved more than once, or hold whole numbers
        w = self.weights
        if self.elsewhere is None:
            return ""
        there = self._descended(w.before)
        if is_cut_off(w.after.values(), there.values()):
            return CUT_OFF
        back = self._descended(w.after, self.elsewhere(w.after))
        if not self.goes_up and all(close(w.before[n], a, w.after[n]) for n, a in back.items()):
            return "before and after are exchanged: it is a right step from the second to the first"
        for number in range(2, _STEPS + 1):
            there = self._descended(there, self.elsewhere(there))
            if all(close(w.after[n], a, w.before[n]) for n, a in there.items()):
                return f"{number} steps were taken, not one"
        return ""

    def _done_afterwards(self) -> str:
        # where a step makes the weights longer only, what is done to them afterwards may be another step as well
        w = self.weights
        rights = (right for right in self._rights() if not are_multiples(right, w.before))
        return next(filter(None, (done_afterwards(w.after, right) for right in rights)), "")

    def _rights(self) -> Iterator[Mapping[str, Any]]:
        # weights after what may have been the step
        if self.told is not None:
            yield self.told.expected({})
            return
        yield self._descended(self.weights.before)
        for kind in VELOCITIES if self.weights.velocity else ():
            for m in self._momenta:
                yield self._stepping(kind(self.rate, m)).expected({})

    def late(self, symbols: Mapping[str, Any]) -> Faults:
        """Give the faults of a step whose gradients have no single one."""
        if words := self._ahead(wrong_ahead):
            return [(Fault("step", tuple(symbols.values()), "", "", "", words),)]
        if self.told is not None and not self._has(GradientDescent):
            return self._with_signs(symbols) or self._faults(self.told.explained(pairs=True), symbols)
        w = self.weights
        some = w if len(symbols) == len(w.before) else w.of(symbols)
        for of in MADE_OF:
            parts = parts_of(some, self.rate, of)
            if parts is not None and ("weights" not in of or abs(parts[of.index("weights")]) > SMALL):
                words = self._words(dict(zip(of, parts, strict=True)))
                words += f" (in {', '.join(symbols)} only)" if words and some is not w else ""
                return [(Fault("step", tuple(symbols.values()), "", "", "", words),)] if words else []
        return [] if w.velocity else self._of_some_kind(symbols)

    def _with_signs(self, symbols: Mapping[str, Any]) -> Faults:
        # a right step, and the signs of the weights beside it
        w, right = self.weights, self.told.expected({}) if self.told is not None else {}
        some = replace(w, before=right, gradients={n: np.sign(a) for n, a in w.before.items()}).of(symbols)
        parts = parts_of(some, self.rate, ("gradient",))
        words = words_of_signs(parts[0], self.rate) if parts is not None else ""
        return [(Fault("step", tuple(symbols.values()), "", "", "", words),)] if words else []

    def _of_some_kind(self, symbols: Mapping[str, Any]) -> Faults:
        best: tuple[float, Faults] | None = None
        for kind in (Adam, RMSProp, AdaGrad):
            found = self._stepping(kind(rate=self.rate)).explained(numbers=False)
            if found and (best is None or found[0].cost < best[0]):
                best = found[0].cost, self._faults(found, symbols, f"as a first step of {kind.__name__}: ")
        return [] if best is None else best[1]

    def _words(self, parts: Mapping[str, float]) -> str:
        momentum = self.momentum
        used = -parts.get("velocity", 0.0)
        if momentum is None and self._is_times_the_rate(used):
            momentum = used / self.rate
        return words_of_parts(parts, self.rate, momentum, bool(self.weights.velocity))

    def _unmoved(self, symbols: Mapping[str, Any]) -> Faults:
        w = self.weights
        still = [n for n, a in w.before.items() if np.array_equal(a, w.after[n]) and np.any(w.gradients[n])]
        if not still:
            return []
        every = len(still) == len(w.before)
        words = "no weight moves" if every else f"{', '.join(still)} {'does' if len(still) == 1 else 'do'} not move"
        of = tuple(symbols[n] for n in still)
        words += ": before and after the step they are the same; where a step writes into its arrays, hand over copies"
        return [(Fault("step", of, "", "", "", f"{words} from before it"),)]

    def _another_optimizer(self) -> str:
        others: list[Any] = [kind(rate=self.rate) for kind in FIRST_ORDER if not self._has(kind)]
        kind = type(self.optimizer).__name__
        if self.weights.velocity:
            beta = float(getattr(self.optimizer, "beta", 0.9))
            if self._stepping(Velocity(self.rate, beta)).is_right:
                return f"the velocity is added as it is, but the one of {kind} is multiplied by −rate first"
            others = [o(self.rate, beta) for o in (Momentum, Nesterov) if type(self.optimizer) is not o]
            others.append(GradientDescent(self.rate))
        right = next((o for o in others if self._stepping(o).is_right), None)
        return "" if right is None else f"the step is one of {type(right).__name__}, not of {kind}"

    def _faults(self, found: list[Explained], symbols: Mapping[str, Any], before: str = "") -> Faults:
        faults: Faults = []
        for e in found:
            of = tuple(s for n, s in symbols.items() if n in e.names)
            faults.append((Fault("step", of, "", e.right, e.yours, before + e.words, e.factor),))
        return faults


def optimizer_of(optimizer: Any, momentum: Any, has_velocity: bool) -> Any:
    """Give the optimizer, None where none is told.

    Raises `ValueError` where what is said of a step does not go together, `TypeError` for what is no optimizer.
    """
    if momentum is not None and (not is_number(momentum) or not 0 <= momentum < np.inf):
        raise ValueError(f"momentum must be a number from 0 on, not {momentum!r}")
    if optimizer is None:
        return None
    optimizer = as_optimizer(optimizer)
    name = type(optimizer).__name__
    states = list(optimizer.init(MatrixSymbol("W", 1, 1)))
    if has_velocity and states != ["v"]:
        kept = f"keeps {', '.join(states)}" if states else "keeps nothing from the step before"
        raise ValueError(f"velocity: {name} {kept}; leave velocity out: the step is then taken as the first one")
    beta = getattr(optimizer, "beta", None)
    if momentum is not None and beta is not None and momentum != beta:
        raise ValueError(f"momentum is {momentum!r}, but the optimizer is {optimizer!r}: leave one of them out")
    return optimizer


def by_name(what: str, values: Any) -> dict[str, Any]:
    """Give arrays by name. Raises `TypeError` for what is no dictionary, in the words of the argument that it is."""
    if not isinstance(values, Mapping):
        given = type(values).__name__
        raise TypeError(f"{what} must be a dictionary from parameters to arrays, such as {{W: array}}, not {given}")
    return binding.named(values)


def named_arrays(what: str, values: Mapping[Any, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Give arrays by name, one for each of `names`. Raises `KeyError` where one is missing."""
    found = {n: binding.as_array(f"{what}: {n}", v).astype(float) for n, v in by_name(what, values).items()}
    for n in found:
        if n not in names:
            raise KeyError(f"{what}: {n} is no parameter of the step, which has {', '.join(names)}")
    missing = [n for n in names if n not in found]
    if missing:
        raise KeyError(f"{what}: nothing is given for {', '.join(missing)}; give it for each parameter of the step")
    for n, a in names.items():
        shapes = found[n].shape, np.shape(a)
        if found[n].size != np.size(a) or len(shapes[0]) == len(shapes[1]) and shapes[0] != shapes[1]:
            turned = "; it is the transpose" if shapes[0] == shapes[1][::-1] else ""
            raise ValueError(f"{what}: {n} has shape {shapes[0]}, but the parameter has shape {shapes[1]}{turned}")
        binding.check_finite(f"{what}: {n}", found[n])
    return found
