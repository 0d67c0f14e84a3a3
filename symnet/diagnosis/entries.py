"""A few entries of gradients, without the rest: what they are where some equations are other ones.

In: the equations at one point, the user's gradients there, and other right-hand sides. Out: whether the entries looked
at are the user's. Of a product only the rows and columns that are asked for are computed, so that of large nets an edit
costs little where it does not fit; what passes is still to be computed in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import HadamardProduct, MatAdd, MatMul, MatrixSymbol, OneMatrix, Transpose

from symnet.diagnosis.edits import Changes, Name
from symnet.diagnosis.given import Point
from symnet.diagnosis.variants import IMPOSSIBLE, Variants
from symnet.expressions import Elementwise, symbols_of

LARGE = 5_000  # numbers of a value from which entries are looked at first
LOOKED_AT = 12  # rows and columns


class _UnknownError(Exception):
    # a node of which single entries are not computed
    pass


class Entries:
    """Looks at a few entries of each gradient, where they are large; else whatever it is asked about may be."""

    def __init__(self, point: Point, variants: Variants, partials: Mapping[Name, Name]) -> None:
        are_matrices = all(np.ndim(g) == 2 for g in point.right.values())
        self.are_worth_it = are_matrices and variants.largest() >= LARGE
        if not self.are_worth_it:
            return
        self.point, self.variants, self.partials = point, variants, partials
        draw = np.random.default_rng(0)
        self._chosen = {w: tuple(_some(draw, n) for n in np.shape(g)) for w, g in point.right.items()}
        self.mine = {w: point.mine[w][np.ix_(*there)] for w, there in self._chosen.items()}

    def agree(
        self, changes: Changes, extra: Mapping[str, float] | None = None, scaled: Mapping[Name, float] | None = None
    ) -> bool:
        """Tell whether all gradients may be the user's with these changes."""
        if not self.are_worth_it:
            return True
        found = _Trial(self.variants, changes, extra, scaled or {})
        return all(self._agrees(w, g, found) for g, w in self.partials.items() if g in found.moved)

    def mended(self, changes: Changes, wrong: frozenset[Name]) -> frozenset[Name]:
        """Give the wrong gradients that may be the user's with these changes."""
        if not self.are_worth_it:
            return wrong
        found = _Trial(self.variants, changes, None, {})
        moved = [(w, g) for g, w in self.partials.items() if w in wrong and g in found.moved]
        return frozenset(w for w, g in moved if self._agrees(w, g, found))

    def of_mine(self) -> Any:
        """Give the entries of the user's gradients, one after the other."""
        return np.concatenate([np.ravel(self.mine[w]) for w in self.point.right])

    def flat(self, changes: Changes, extra: Mapping[str, float] | None = None) -> Any:
        """Give the entries of all gradients with these changes, one after the other; None where they are not known."""
        found = self._gradients(_Trial(self.variants, changes, extra, {})) if self.are_worth_it else None
        return None if found is None else np.concatenate([np.ravel(g) for g in found.values()])

    def may_be_scaled(self, changes: Changes, lhs: Name) -> bool:
        """Tell whether the user's gradients may come with a factor at the equation of `lhs`.

        The first gradient that the factor reaches is linear in it.
        """
        if not self.are_worth_it:
            return True
        twice = _Trial(self.variants, changes, None, {lhs: 2.0})
        start, end = self._gradients(_Trial(self.variants, changes, None, {})), self._gradients(twice)
        if start is None or end is None:
            return True
        reached = self.variants.moved_by(frozenset((lhs,)))
        for g, w in self.partials.items():
            direction = end[w] - start[w]
            square = float(np.sum(direction * direction))
            if square > 0:
                lacking = self.mine[w] - start[w]
                off = lacking - float(np.sum(direction * lacking)) / square * direction
                return not np.abs(off).max() > 2 * self.point.allowed[w]
            if g in reached:
                return True  # by entries that are not looked at, if any
        return True

    def _gradients(self, trial: _Trial) -> dict[Name, Any] | None:
        found = {}
        gradients = {w: g for g, w in self.partials.items()}
        try:
            for w, right in self.point.right.items():
                there = right[np.ix_(*self._chosen[w])]
                new = trial.of(gradients[w], *self._chosen[w]) if gradients[w] in trial.moved else there
                found[w] = np.broadcast_to(new, there.shape)
        except (_UnknownError, *IMPOSSIBLE):
            return None
        return found

    def _agrees(self, w: Name, g: Name, trial: _Trial) -> bool:
        try:
            off = np.abs(self.mine[w] - trial.of(g, *self._chosen[w]))
        except (_UnknownError, *IMPOSSIBLE):
            return True
        return bool(off.max(initial=0.0) <= 2 * self.point.allowed[w])


def _some(draw: np.random.Generator, n: int) -> Any:
    return np.sort(draw.choice(n, size=min(n, LOOKED_AT), replace=False))


class _Trial:
    # the equations with changes; rows and columns are arrays of indices, None stands for all

    def __init__(
        self, variants: Variants, changes: Changes, extra: Mapping[str, float] | None, scaled: Mapping[Name, float]
    ) -> None:
        self.variants, self.changes, self.scaled = variants, changes, scaled
        self.moved = variants.moved_by(frozenset((*changes, *scaled)))
        self.values, self.known = variants.beside(extra)
        self.found: dict[Any, Any] = {}
        self.place = np.inf  # of the equation that is computed: what comes later is still as it was

    def of(self, name: Name, rows: Any, cols: Any) -> Any:
        self.place = np.inf  # also after a node that was not known
        return self.at(name, rows, cols)

    def at(self, expr: Any, rows: Any, cols: Any) -> Any:
        if isinstance(expr, MatrixSymbol) and expr in self.moved and self.variants.place(expr) < self.place:
            return self._of_name(expr, rows, cols)
        if isinstance(expr, (MatrixSymbol, OneMatrix)):
            return _part(self._value(expr), rows, cols)
        if isinstance(expr, Transpose):
            return self.at(expr.args[0], cols, rows).T
        if isinstance(expr, MatMul):
            return self._product(expr, rows, cols)
        if isinstance(expr, (MatAdd, HadamardProduct)):
            first, *rest = [self.at(a, rows, cols) if a.is_Matrix else self._value(a) for a in expr.args]
            for v in rest:
                first = first + v if isinstance(expr, MatAdd) else first * v
            return first
        if isinstance(expr, Elementwise):
            operands = [self.at(a, rows, cols) if a.is_Matrix else self._value(a) for a in expr.operands]
            return self.variants.numbers.applied(expr, operands)
        return _part(self._value(expr), rows, cols)

    def _of_name(self, name: Any, rows: Any, cols: Any) -> Any:
        key = name, id(rows), id(cols)
        if key not in self.found:
            self.variants.evaluations += 1
            rhs, place = self.changes.get(name), self.place
            self.place = self.variants.place(name)
            found = self.at(self.variants.right(name) if rhs is None else rhs, rows, cols)
            self.found[key], self.place = found * self.scaled.get(name, 1.0), place
        return self.found[key]

    def _product(self, expr: Any, rows: Any, cols: Any) -> Any:
        matrices = [a for a in expr.args if a.is_Matrix]
        coefficient = 1.0
        for a in expr.args:
            coefficient = coefficient if a.is_Matrix else coefficient * self._value(a)
        if len(matrices) < 2:
            return coefficient * (self.at(matrices[0], rows, cols) if matrices else 1.0)
        last = len(matrices) - 1
        node: Any = matrices[0]
        found: Any = None  # before a row of ones, which sums what follows
        if not (isinstance(node, OneMatrix) and node.shape[0] == 1):
            found = self.at(node, rows, None)
        for i, right in enumerate(matrices[1:], start=1):
            if isinstance(node, OneMatrix) and node.shape[0] == 1:
                found = self.at(right, None, cols if i == last else None).sum(axis=0, keepdims=True)
            elif isinstance(right, OneMatrix) and right.shape[1] == 1:
                found = found.sum(axis=1, keepdims=True)
            else:
                found = found @ self.at(right, None, cols if i == last else None)
            node = right
        return coefficient * found

    def _value(self, expr: Any) -> Any:
        if not isinstance(expr, (MatrixSymbol, OneMatrix)) and not self.moved.isdisjoint(symbols_of(expr)):
            raise _UnknownError
        return self.variants.numbers.value(expr, self.values, self.known)


def _part(value: Any, rows: Any, cols: Any) -> Any:
    value = np.asarray(value)
    if value.ndim == 0:
        return value
    if value.ndim != 2:
        raise _UnknownError
    value = value if rows is None or value.shape[0] == 1 else value[rows]
    return value if cols is None or value.shape[1] == 1 else value[:, cols]
