"""Gradients that are taken elsewhere than at the weights: where the velocity leads to, or where it came from.

In: a step with a velocity that is a move, and gradients at other weights. Out: at which multiple of the velocity the
gradient was taken, and what else the step is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symnet.diagnosis.parts import parts_of, words_of_parts
from symnet.diagnosis.stepping import Weights, close

Elsewhere = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def _there(weights: Weights, c: float, elsewhere: Elsewhere) -> Weights:
    found = elsewhere({n: a + c * weights.velocity[n] for n, a in weights.before.items()})
    gradients = {n: np.reshape(found[n], np.shape(a)) for n, a in weights.before.items()}
    return replace(weights, gradients=gradients)


def right_ahead(weights: Weights, rate: float, momenta: Sequence[float], elsewhere: Elsewhere) -> str:
    """Say with which momentum a step is Nesterov's, its gradient taken ahead; an empty text where it is with none."""
    for m in momenta:
        w = _there(weights, m, elsewhere)
        after = {n: a + m * w.velocity[n] - rate * w.gradients[n] for n, a in w.before.items()}
        if all(close(w.after[n], a, w.before[n]) for n, a in after.items()):
            return f"the step is right with Nesterov's momentum of {m:.6g}, the gradient taken ahead"
    return ""


def wrong_ahead(weights: Weights, rate: float, momenta: Sequence[float], elsewhere: Elsewhere) -> str:
    """Say what a step is made of whose gradient is taken elsewhere; an empty text where it is made of nothing known."""
    for c, m in _multiples(momenta):
        there = _there(weights, c, elsewhere)
        for of in (("gradient",), ("gradient", "velocity")):
            parts = parts_of(there, rate, of)
            if parts is not None:
                meant = "" if c == m else f", not ahead at W + {m:.6g}⋅v" if m else ", not ahead"
                size = "" if abs(c) == 1 else f"{abs(c):.6g}⋅"
                at = f"the gradient is taken at W {'+' if c > 0 else '−'} {size}v{meant}"
                more = words_of_parts(dict(zip(of, parts, strict=True)), rate, m, True)
                return "; ".join(filter(None, (at, more)))
    return ""


def _multiples(momenta: Sequence[float]) -> Iterator[tuple[float, float | None]]:
    # of the velocity, and the momentum where one is known
    known = momenta[0] if len(momenta) == 1 else None
    for m in momenta:
        yield m, m
    for m in momenta:
        yield -m, m
    yield 1.0, known
    yield -1.0, known
