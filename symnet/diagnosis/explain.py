"""Words for a mistake: the equation that is right beside the one that the numbers say was computed.

In: a derivation and a mutation of it. Out: a `Fault`; where none was found, what is true of the numbers all the same.
Expressions are changed and then written in the notation of the derivation; a text is never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sympy import HadamardProduct, MatAdd, MatMul, MatrixSymbol, OneMatrix

from symnet.derivation import Derivation
from symnet.diagnosis.edits import Mutation, Name, Words
from symnet.diagnosis.given import Point
from symnet.diagnosis.places import tidied
from symnet.diagnosis.result import Fault
from symnet.diagnosis.rounded import coarse
from symnet.expressions import matmul, raw, scaled, split, symbols_of, transpose
from symnet.notation import writer

_EMPTY = "the array made for it is handed back as it was, or written into a copy of it"


class Explainer:
    """Writes faults in the notation of one derivation."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation
        self.equations = derivation.by_name
        self.gradients = derivation.gradient_names
        self.write = writer(derivation.sections, derivation.loss_name)

    def line(self, lhs: Name, rhs: Any) -> str:
        """Give an equation as text."""
        return f"{self.write(lhs)} = {self.write(rhs)}"

    def partial(self, w: Name) -> str:
        """Give ∂L/∂W as text."""
        return self.write(self.gradients[w])

    def fault(self, mutation: Mutation) -> Fault:
        """Give the fault that a mutation stands for."""
        lhs = mutation.site
        words = mutation.words.read(self.write)
        if mutation.everywhere:
            words += f" (the same in {', '.join(map(self.write, mutation.changes))})"
        right, yours = self.line(lhs, self.equations[lhs]), self.line(lhs, tidied(mutation.changes[lhs]))
        spoiled = self._downstream(set(mutation.changes))
        return Fault(mutation.kind, spoiled, self.write(lhs), right, yours, words, mutation.factor)

    def said(self, kind: str, wrong: Sequence[Name], words: Words) -> Fault:
        """Give a fault in words alone, of the gradients of these parameters."""
        return Fault(kind, tuple(wrong), self.write(self.gradients[wrong[0]]), "", "", words.read(self.write))

    def forward_fault(self, mutation: Mutation, wrong: Sequence[Name], follow: bool) -> Fault:
        """Give the fault of another forward pass; `follow`: whether the gradients follow from it."""
        lhs = mutation.site
        words = mutation.words.read(self.write)
        if not wrong:
            words += "; the gradients are those of the formula"
        elif not follow:
            words += "; the gradients do not follow from it alone"
        right, yours = self.line(lhs, self.equations[lhs]), self.line(lhs, tidied(mutation.changes[lhs]))
        return Fault("forward", tuple(wrong), self.write(lhs), right, yours, words, mutation.factor)

    def _downstream(self, names: set[Name]) -> tuple[Name, ...]:
        reached = set(names)
        for lhs, rhs in self.derivation.backward:
            if not reached.isdisjoint(symbols_of(rhs)):
                reached.add(lhs)
        return tuple(w for w in self.derivation.wrt if self.gradients[w] in reached)

    def unsummed(self, biases: Sequence[Name]) -> Fault:
        """Give the fault of bias gradients that came with an entry for each sample."""
        g = self.gradients[biases[0]]
        if not self.equations[g].has(OneMatrix):
            return self._one_row_a_sample(biases, g)
        right, yours = self.line(g, self.equations[g]), self.line(g, _without_ones(self.equations[g]))
        words = f"the gradient of {', '.join(map(self.write, biases))} is not summed over the samples"
        return Fault("bias-gradient", tuple(biases), self.write(g), right, yours, words)

    def _one_row_a_sample(self, weights: Sequence[Name], g: Name) -> Fault:
        rhs = self.equations[g]
        c, A = split(rhs)
        if isinstance(A, MatMul) and len(A.args) == 2:
            rhs = scaled(c, raw(HadamardProduct, transpose(A.args[0]), A.args[1]))
        words = f"the gradient of {', '.join(map(self.write, weights))} has one row a sample: sum over the samples"
        return Fault(
            "wrong-sum", tuple(weights), self.write(g), self.line(g, self.equations[g]), self.line(g, rhs), words
        )

    def zeros(self, points: Sequence[Point], wrong: Sequence[Name]) -> Fault | None:
        """Give the fault of gradients that are all zeros where the right ones are not; None where others are wrong."""
        if not wrong or any(np.any(p.mine[w]) for p in points for w in wrong):
            return None
        whose = f"your gradient{'s' if len(wrong) > 1 else ''} of {', '.join(map(self.write, wrong))}"
        words = f"{whose} {'are' if len(wrong) > 1 else 'is'} all zeros: {_EMPTY}"
        at = self.gradients[wrong[0]]
        line = self.line(at, self.equations[at])
        return Fault("missing-term", tuple(wrong), self.write(at), line, f"{self.write(at)} = 0", words)

    def facts(self, point: Point, wrong: Sequence[Name], right: Sequence[Name]) -> tuple[str, ...]:
        """Give what is true where no mistake of the catalogue fits."""
        facts = []
        sound = {s for w in right for s in self.equations[self.gradients[w]].atoms(MatrixSymbol)}
        for lhs, rhs in self.derivation.backward:
            spoiled = self._downstream({lhs})
            if lhs not in sound and spoiled and set(spoiled) <= set(wrong):
                facts.append(f"the first equation at which it could have gone wrong:  {self.line(lhs, rhs)}")
                break
        facts += coarse([point.mine[w] for w in wrong], [point.right[w] for w in wrong])
        w, *_ = wrong
        facts.append(f"{self.partial(w)}: {_numbers(point.mine[w], point.right[w], point.allowed[w])}")
        for w in wrong:
            where = _confined(point.mine[w], point.right[w], point.allowed[w])
            facts += [f"{self.partial(w)}: {text}" for text in where]
        return tuple(facts)


def advice(shown: int, tied: int, points: Sequence[Point], alike: bool) -> str:
    """Say what would tell several explanations apart: those shown, `alike` for all data or not, and those of a tie."""
    number = shown + tied
    if number < 2 or shown < 2 and len(points) > 1:
        return ""
    if alike and shown > 1:
        other = " The other one is told apart by other data." * bool(tied)
        return f"{shown} explanations are one by algebra, whatever the data: only the code itself tells.{other}"
    if len(points) > 1:
        return f"{number} explanations give the same numbers at every point: for this net they are hard to tell apart."
    more = " with several samples" if max(points[0].sizes.values(), default=0) == 1 else ""
    return (
        f"{number} explanations give the same numbers here. Random weights and data{more}, entries all different and "
        "none 0, would tell them apart: give your gradients as a function, it is then tried at several points."
    )


def _without_ones(rhs: Any) -> Any:
    # what is summed over the samples, as it is before the sum
    terms = []
    for c, A in map(split, rhs.args if isinstance(rhs, MatAdd) else (rhs,)):
        factors = [f for f in A.args if not isinstance(f, OneMatrix)] if isinstance(A, MatMul) else [A]
        terms.append(scaled(c, matmul(*factors)))
    return raw(MatAdd, *terms) if len(terms) > 1 else terms[0]  # the shapes of the terms may differ: that is the fault


def _numbers(mine: Any, right: Any, allowed: float) -> str:
    mine, right = np.atleast_2d(mine), np.atleast_2d(right)
    seen = np.abs(right) > max(allowed, 1e-300)
    lengths = float(np.linalg.norm(mine) * np.linalg.norm(right))
    if not seen.any() or lengths == 0:
        return "yours or the right one is 0"
    ratios = mine[seen] / right[seen]
    cosine = float(np.sum(mine * right)) / lengths
    return (
        f"yours/right lies between {ratios.min():.4g} and {ratios.max():.4g}, its median is {np.median(ratios):.4g}; "
        f"the cosine between them is {cosine:.4f}"
    )


def _confined(mine: Any, right: Any, allowed: float) -> list[str]:
    mine, right = np.atleast_2d(mine), np.atleast_2d(right)
    facts = []
    off = np.abs(mine - right) > allowed
    for axis, what in ((1, "row"), (0, "column")):
        lines = np.flatnonzero(off.any(axis=axis))
        if 0 < len(lines) < off.shape[1 - axis]:
            plural = "s" if len(lines) > 1 else ""
            facts.append(f"the error is confined to {what}{plural} {', '.join(str(int(i)) for i in lines[:8])}")
    return facts
