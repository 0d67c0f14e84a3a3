"""What these data cannot tell apart: two mistakes, or a mistake and the right formula, that differ for other data.

In: the setting of a net and points with values. Out: whether changes of equations give the same for other values too,
and in words what it is in the data that makes them look the same: a mask of ones, one sample, a slope that is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sympy import HadamardProduct, MatAdd, MatrixSymbol, Mul, OneMatrix, Transpose

from symnet.backends import as_stated
from symnet.diagnosis.edits import Changes, Mutation, Setting
from symnet.diagnosis.given import Point
from symnet.diagnosis.labels import redrawn
from symnet.diagnosis.places import places
from symnet.diagnosis.variants import IMPOSSIBLE, Variants
from symnet.expressions import Elementwise, facts_of, size_number

ELSEWHERE = 2  # points
BEFORE = "for these data only: "


class Ties:
    """Compares changes of equations at values of its own."""

    def __init__(
        self, setting: Setting, points: Sequence[Point], symbols: Mapping[str, Any], write: Callable[[Any], str]
    ) -> None:
        self.setting, self.points, self.symbols, self.write = setting, points, symbols, write
        self.here = self._variants(points[0].arrays, points[0].sizes)
        self._tried: list[Variants] | None = None
        self._elsewhere: list[Variants] | None = None

    def apart(self, found: list[tuple[Mutation, ...]]) -> tuple[list[tuple[Mutation, ...]], list[str]]:
        """Give the explanations that are bugs of their own, and what is said of those that are not."""
        if len(found) < 2:
            return found, []
        kept: list[tuple[Mutation, ...]] = [found[0]]
        said: list[str] = []
        first = _changes(found[0])
        for other in found[1:]:
            changes = _changes(other)
            if self.same(first, changes):
                if first.keys() != changes.keys():
                    kept.append(other)  # another place at which it may have been written
            elif not said:
                words = " and ".join(m.words.read(self.write) for m in other)
                both = [
                    c[lhs] if lhs in c else self.setting.right[lhs]
                    for lhs in {**first, **changes}
                    for c in (first, changes)
                ]
                why = self.reasons(both)
                same = f"“{words}” gives the same numbers"
                said.append(BEFORE + same + (f", since {' and '.join(why)}" if why else "") + "; other data tell")
        return kept, said

    def same(self, a: Changes, b: Changes) -> bool:
        """Tell whether two changes of the equations give the same gradients for other values as well."""
        compared = 0
        for variants in self.elsewhere():
            try:
                one, two = (dict(variants.gradients(c, self.setting.partials)) for c in (a, b))
            except IMPOSSIBLE:
                return False
            for w, g in one.items():
                size = max(np.abs(g).max(initial=0.0), np.abs(two[w]).max(initial=0.0))
                if not np.isfinite(size):
                    break
                if np.shape(g) != np.shape(two[w]) or np.abs(g - two[w]).max(initial=0.0) > 1e-7 * size:
                    return False
            else:
                compared += 1
        return compared > 0

    def hidden(self) -> list[str]:
        """Give what these data hide of equations that are right: factors that are 1, terms that are 0, one sample."""
        said = []
        for text in self._of_sizes():
            said.append(BEFORE + text)
        said += [BEFORE + text for text in (*self._of_gradients(), *self._of_parts())]
        return list(dict.fromkeys(said))[:3]

    def reasons(self, expressions: Sequence[Any]) -> list[str]:
        """Give what is special about the values in some expressions here, and is not elsewhere."""
        found: dict[str, None] = {}
        for name, n in self.points[0].sizes.items():
            if n == 1:
                found[f"{name} is 1"] = None
        nodes = [dict.fromkeys(p.node for p in places(expr)) for expr in expressions]
        for expr in expressions:
            told: list[tuple[int, ...]] = []
            for place in places(expr):
                node, inside = place.node, any(place.path[: len(t)] == t for t in told)
                everywhere = all(node in there for there in nodes)
                if isinstance(node, (MatrixSymbol, Elementwise)) and not inside and not everywhere:
                    for text in self._special(node):
                        found[f"{self.write(node)} is {text}"] = None
                        told.append(place.path)
        return list(found)[:2]

    # -- values

    def elsewhere(self) -> list[Variants]:
        """Give the equations at other values, drawn anew; what is a label, a mask or one-hot stays one."""
        if self._elsewhere is None:
            self._elsewhere = []
            for seed in range(ELSEWHERE):
                try:
                    self._elsewhere.append(self._drawn(np.random.default_rng(seed)))
                except IMPOSSIBLE:
                    continue
        return self._elsewhere

    def _drawn(self, draw: np.random.Generator) -> Variants:
        sizes = {name: n if n > 1 else 3 for name, n in self.points[0].sizes.items()}
        arrays = {}
        for name, array in self.points[0].arrays.items():
            symbol = self.symbols.get(name)
            if isinstance(symbol, MatrixSymbol):
                shape = tuple(size_number(s, sizes) for s in symbol.shape)
                seen = np.concatenate([np.ravel(p.arrays[name]) for p in self.points])
                new = redrawn(np.asarray(array, float), shape, draw, seen)
                arrays[name] = as_stated(symbol, new) if facts_of(symbol) else new
            else:
                number = name in sizes or np.ndim(array)
                arrays[name] = sizes.get(name, array) if number else (float(array) or 1.0) * draw.uniform(0.6, 0.9)
        return self._variants(arrays, sizes)

    def _variants(self, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> Variants:
        return Variants(self.setting.forward, self.setting.equations, {**arrays, self.setting.rate.name: 0.1}, sizes)

    # -- what is special

    def _special(self, node: Any) -> Iterator[str]:
        tests: tuple[tuple[str, Callable[[Any], bool]], ...] = (
            ("1 everywhere", lambda A: bool(np.all(A == 1))),
            ("0 everywhere", lambda A: bool(np.all(A == 0))),
            ("positive everywhere", lambda A: bool(np.all(A > 0))),
            ("negative everywhere", lambda A: bool(np.all(A < 0))),
            ("symmetric", lambda A: np.ndim(A) == 2 and len(A) == A.shape[1] > 1 and bool(np.allclose(A, A.T))),
        )
        for text, test in tests:
            if self._holds(node, test):
                yield text
                return

    def _holds(self, node: Any, test: Callable[[Any], bool]) -> bool:
        # at all points that were tried, and not at others
        try:
            if not test(np.asarray(self.here.value(node), float)):
                return False
            if self._tried is None:
                self._tried = [self._variants(p.arrays, p.sizes) for p in self.points[1:]]
            if not all(test(np.asarray(v.value(node), float)) for v in self._tried):
                return False
            return not all(test(np.asarray(v.value(node), float)) for v in self.elsewhere())
        except IMPOSSIBLE:
            return False

    def _of_sizes(self) -> Iterator[str]:
        for name, n in self.points[0].sizes.items():
            if n == 1 and any(name == s.name for e in self.setting.equations for s in e.rhs.free_symbols):
                yield f"{name} is 1, so a sum, a mean and one sample alone are the same"

    def _of_gradients(self) -> Iterator[str]:
        for g in self.setting.partials:
            if self._holds(g, lambda A: bool(np.all(A == 0))):
                yield f"{self.write(g)} is 0 everywhere, so nothing of it is tested"

    def _of_parts(self) -> Iterator[str]:
        for e in self.setting.equations:
            for place in places(e.rhs):
                node, parent = place.node, place.parent
                if isinstance(parent, HadamardProduct) and not isinstance(node, OneMatrix):
                    if self._holds(node, lambda A: bool(np.all(A == 1))):
                        yield f"{self.write(node)} is 1 everywhere, so it cannot be seen whether this factor is there"
                if isinstance(parent, MatAdd) and self._holds(node, lambda A: bool(np.all(A == 0))):
                    yield f"{self.write(node)} is 0 everywhere, so it cannot be seen whether this term is there"
                if isinstance(node, Elementwise):
                    yield from self._of_operands(node)
                if isinstance(node, Transpose) and isinstance(node.args[0], MatrixSymbol):
                    if any(text == "symmetric" for text in self._special(node.args[0])):
                        yield f"{self.write(node.args[0])} is symmetric, so it cannot be seen whether it is transposed"

    def _of_operands(self, node: Any) -> Iterator[str]:
        for v, A in node.slots.items():
            factors = node.body.args if isinstance(node.body, Mul) else ()
            if v in factors and A.is_Matrix and self._holds(A, lambda A: bool(np.all(A == 1))):
                yield f"{self.write(A)} is 1 everywhere, so it cannot be seen whether this factor is there"


def _changes(mutations: Sequence[Mutation]) -> dict[Any, Any]:
    return {lhs: rhs for m in mutations for lhs, rhs in m.changes.items()}
