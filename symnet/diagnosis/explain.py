"""Words for a mistake: the equation that is right beside the one that the numbers say was computed.

In: a derivation and a mutation of it. Out: a `Fault`; where none was found, what is true of the numbers all the same.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from sympy import MatrixSymbol

from symnet.notation import Equation, line, side, unicode_name
from symnet.derivation import Derivation
from symnet.diagnosis.result import Fault
from symnet.diagnosis.edits import Mutation, Setting
from symnet.expressions.nodes import symbols_of
from symnet.diagnosis.search import Point


class Explainer:
    """Prints faults in the notation of one derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.sections = derivation.sections()
        self.loss = derivation.shown(derivation.loss_name)
        self.equations = dict(derivation.equations)
        names = {e.lhs.name for e in derivation.equations} | set(derivation.program.inputs)
        self._names = re.compile(r"\b(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")\b")

    def partial(self, w: Any) -> str:
        """Give ∂L/∂W as text."""
        return self._side(self._gradient(w))

    def _side(self, name: Any) -> str:
        return side(name, self.sections, self.loss)

    def _line(self, lhs: Any, rhs: Any) -> str:
        return line(Equation(lhs, rhs), self.sections, self.loss)

    def _gradient(self, w: Any) -> Any:
        return self.derivation.shown(self.derivation.gradient_names[w])

    def _pretty(self, words: str) -> str:
        return self._names.sub(lambda found: unicode_name(found.group()), words)

    def _downstream(self, names: set[Any]) -> tuple[Any, ...]:
        reached = set(names)
        for lhs, rhs in self.derivation.backward:
            if not reached.isdisjoint(symbols_of(rhs)):
                reached.add(lhs)
        return tuple(w for w in self.derivation.wrt if self._gradient(w) in reached)

    def fault(self, mutation: Mutation, setting: Setting) -> Fault:
        """Give the fault that a mutation stands for."""
        lhs = mutation.site
        new = mutation.changes[lhs]
        where = self._side(lhs)
        words = self._pretty(mutation.words)
        if mutation.everywhere:
            others = [self._side(n) for n in mutation.changes]
            words += f" (the same in {', '.join(others)})"
        return Fault(
            mutation.kind,
            self._downstream(set(mutation.changes)),
            where,
            self._line(lhs, self.equations[lhs]),
            self._line(lhs, new),
            words,
            mutation.factor,
        )

    def unsummed(self, biases: tuple[Any, ...]) -> Fault:
        """Give the fault of bias gradients that came with an entry for each sample."""
        g = self._gradient(biases[0])
        right = self._line(g, self.equations[g])
        yours = right.replace("⋅1ᵀ", "").replace("⋅1", "").replace("1ᵀ⋅", "")
        names = ", ".join(unicode_name(b.name) for b in biases)
        words = f"the gradient of {names} is not summed over the samples"
        return Fault("bias-gradient", biases, self.partial(biases[0]), right, yours, words)

    def facts(self, point: Point, wrong: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[str, ...]:
        """Give what is true where no mistake of the catalogue fits."""
        facts = []
        sound: set[Any] = set()
        for w in right:
            sound |= {s for s in self.equations[self._gradient(w)].atoms(MatrixSymbol)}
        for lhs, rhs in self.derivation.backward:
            if lhs not in sound and not set(self._downstream({lhs})).isdisjoint(wrong):
                if set(self._downstream({lhs})) <= set(wrong):
                    first = self._line(lhs, rhs)
                    facts.append(f"the first equation at which it could have gone wrong:  {first}")
                    break
        for w in wrong:
            facts += [
                f"{self.partial(w)}: {text}" for text in _statistics(point.mine[w], point.right[w], point.allowed[w])
            ]
        return tuple(facts)

    def advice(self, number: int, points: list[Point]) -> str:
        """Say what would tell several explanations apart."""
        sizes = points[0].sizes.values()
        if len(points) == 1:
            more = " with several samples" if sizes and max(sizes) == 1 else ""
            return (
                f"{number} explanations give the same numbers here. Random weights and data{more}, entries all "
                "different and none 0, would tell them apart: give your gradients as a function, it is then tried at "
                "several points."
            )
        return f"{number} explanations give the same numbers at every point: for this net they are hard to tell apart."


def _statistics(mine: Any, right: Any, allowed: float) -> list[str]:
    mine, right = np.atleast_2d(mine), np.atleast_2d(right)
    facts = []
    seen = np.abs(right) > max(allowed, 1e-300)
    if seen.any():
        ratios = mine[seen] / right[seen]
        facts.append(
            f"yours/right lies between {ratios.min():.4g} and {ratios.max():.4g}, its median is {np.median(ratios):.4g}"
        )
    lengths = float(np.linalg.norm(mine) * np.linalg.norm(right))
    if lengths > 0:
        facts.append(f"the cosine between yours and the right one is {float(np.sum(mine * right)) / lengths:.4f}")
    off = np.abs(mine - right) > allowed
    for axis, what in ((1, "row"), (0, "column")):
        lines = np.flatnonzero(off.any(axis=axis))
        if 0 < len(lines) < off.shape[1 - axis]:
            plural = "s" if len(lines) > 1 else ""
            facts.append(f"the error is confined to {what}{plural} {', '.join(str(int(i)) for i in lines[:8])}")
    return facts
