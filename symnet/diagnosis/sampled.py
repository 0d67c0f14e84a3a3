"""Where a function that gives gradients is tried: at other weights, with other labels, with other data.

In: what a user handed over, with a function. Out: `Point`s at values that nobody gave; what is a mask, a sign, a label
or one-hot stays one. Each value is drawn from a seed, so that the same is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symnet.backends import Kernel, as_stated
from symnet.derivation import Derivation
from symnet.diagnosis.edits import Name
from symnet.diagnosis.given import Point, called, point_at
from symnet.diagnosis.handed import with_one_hot
from symnet.diagnosis.labels import is_of_shares, is_one_hot, readings, redrawn, with_one_turned
from symnet.diagnosis.stacked import Stacked
from symnet.expressions import Elementwise, facts_of, kinks_of
from symnet.program import Program

POINTS = 3  # at which a callable is tried
FAR = 30.0  # times the weights that were given: margins are passed there, signs turn
_DRAWS = (
    "your function gives other gradients when it is asked again with the same values; what it draws at random, such as "
    "a mask of dropout, must be handed over in the values, and what it keeps must be set back at its start"
)
CONSTANT = "your function gives the same for all weights: it was checked at the values that you gave alone"


@dataclass(frozen=True, eq=False)
class Sampling:
    """Tries a function elsewhere. `values`: what was given; `parameters`: names of the weights among them."""

    derivation: Derivation
    kernel: Kernel
    gradients: Callable[..., Any]
    values: Mapping[str, Any]
    parameters: Sequence[str]
    stacks: Sequence[Stacked]
    seed: int
    refused: list[str] = field(default_factory=list)

    def points(self, given: Point) -> tuple[list[Point], list[str]]:
        """Give the point of the values that were given and others, and what is said of the function."""
        others = list(random_points(self.values, self.parameters, self.seed, self.kernel.symbols))
        points = [given, *filter(None, map(self._at, others))]
        if self._is_constant(points):  # it does not look at the weights that it is given
            return [given], [CONSTANT]
        if not self._shows(points):
            points += [*self._with_other_labels(others[0]), *self._beyond_kinks()]
        if self._shows(points):
            other = with_other_data(others[-1], self.parameters, self.gradients, self.seed, self.kernel.symbols)
            points += [] if other is None else filter(None, [self._at(other)])
        return points, [f"at other weights {words}" for words in self.refused[:1]]

    def asked_again(self, given: Point) -> list[Name]:
        """Give the parameters whose gradients are added to those of the call before.

        Raises `ValueError` where a function gives something else when it is asked again.
        """
        again = point_at(
            self.derivation, self.kernel, self.values, called(self.gradients, self.values, self.stacks), {}
        )
        grown = {w: again.mine[w] - g for w, g in given.mine.items() if not again.agrees(w, g)}
        if not all(
            given.agrees(w, g) or np.allclose(g, given.right[w], 1e-6, given.allowed[w]) for w, g in grown.items()
        ):
            raise ValueError(_DRAWS)
        return list(grown)

    def fresh(self) -> Point | None:
        """Give a point with other weights and, where they are looked at, other data than at all points so far."""
        seed = self.seed + 100
        moved = list(random_points(self.values, self.parameters, seed, self.kernel.symbols))[-1]
        other = with_other_data(moved, self.parameters, self.gradients, seed, self.kernel.symbols)
        return self._at(moved if other is None else other)

    def _at(self, values: Mapping[str, Any]) -> Point | None:
        # None where the loss or the function is not defined
        try:
            with np.errstate(all="ignore"):
                written = called(self.gradients, values, self.stacks)
                point = point_at(self.derivation, self.kernel, values, written, {})
        except RuntimeError:
            return None
        except ValueError as error:
            self.refused.extend([str(error)] if self._is_defined(values) else [])
            return None
        return point if all(np.isfinite(g).all() for g in point.right.values()) else None

    def _is_defined(self, values: Mapping[str, Any]) -> bool:
        try:
            with np.errstate(all="ignore"):
                found = self.kernel(with_one_hot(values, self.kernel.symbols))[1]
        except ValueError:
            return False
        return all(np.isfinite(g).all() for g in found.values())

    def _shows(self, points: Sequence[Point]) -> bool:
        return any(p.is_wrong(w) for p in points for w in self.derivation.wrt)

    def _is_constant(self, points: Sequence[Point]) -> bool:
        # what is made of signs alone, or of the data, is no constant: it is asked far away, with other data as well
        first, *others = points
        if not others or not all(any(map(p.is_wrong, p.right)) for p in others) or not _are_alike(points):
            return False
        far = {n: _stated(n, -FAR * np.asarray(self.values[n]), self.kernel.symbols) for n in self.parameters}
        there = {**self.values, **far}
        other = with_other_data(there, self.parameters, self.gradients, self.seed, self.kernel.symbols)
        last = self._at(there if other is None else other)
        return (last is None or _are_alike([first, last])) and any(np.any(g) for g in first.mine.values())

    def _beyond_kinks(self) -> list[Point]:
        # weights so large that margins are passed and units change sides, where the function can still be computed
        if not _has_kinks(self.derivation.program):
            return []
        large = {n: _stated(n, FAR * np.asarray(self.values[n]), self.kernel.symbols) for n in self.parameters}
        said = len(self.refused)
        there = self._at({**self.values, **large})
        del self.refused[said:]
        return [] if there is None else [there]

    def _with_other_labels(self, values: Mapping[str, Any]) -> Iterator[Point]:
        # wrong is what is so whatever these labels may be
        for meant in with_other_labels(values, self.parameters, self.gradients, self.seed):
            meant = list(filter(self._is_defined, meant))  # some losses take one of them alone
            found = [p for p in map(self._at, meant) if p is not None]
            right = [p for p in found if not self._shows([p])]
            yield from right[:1] or (found[:1] if len(found) == len(meant) else [])


def _has_kinks(program: Program) -> bool:
    bodies = [rhs.body if isinstance(rhs, Elementwise) else rhs for _, rhs in program.equations]
    return any(True for body in bodies if not body.is_Matrix for _ in kinks_of(body))


def _are_alike(points: Sequence[Point]) -> bool:
    return all(np.array_equal(p.mine[w], g) for p in points for w, g in points[0].mine.items())


# -- other values


def random_points(
    values: Mapping[str, Any], parameters: Sequence[str], seed: int, symbols: Mapping[str, Name]
) -> Iterator[dict[str, Any]]:
    """Give values with other parameters, which are what their symbols are declared to be."""
    generator = np.random.default_rng(seed)
    for turn in range(POINTS - 1):
        moved = dict(values)
        for name in parameters:
            array = np.asarray(values[name])
            precision = array.dtype if array.dtype.kind == "f" else np.dtype(float)
            spread = float(np.std(array)) or 1.0
            there = array + 0.5 * spread * generator.normal(size=array.shape)
            if turn > 0:
                there = there * generator.choice([-1.0, 1.0], size=array.shape)  # what is inactive becomes active
            moved[name] = _stated(name, there.astype(precision), symbols)
        yield moved


def with_other_data(
    values: Mapping[str, Any],
    parameters: Sequence[str],
    gradients: Callable[..., Any],
    seed: int,
    symbols: Mapping[str, Name],
) -> dict[str, Any] | None:
    """Give values with other data as well, where the user's function looks at the data that it is given; else None."""
    generator = np.random.default_rng(seed + 1)
    moved = dict(values)
    try:
        base = called(gradients, values).values
        for name in values:
            if name not in parameters:
                other = _stated(name, _other(np.asarray(values[name]), generator), symbols)
                if _differ(base, called(gradients, {**values, name: other}).values):
                    moved[name] = other
    except Exception:  # the user's function may refuse other data: then it is not asked about any
        return None
    return moved


def with_other_labels(
    values: Mapping[str, Any], parameters: Sequence[str], gradients: Callable[..., Any], seed: int
) -> Iterator[list[dict[str, Any]]]:
    """Give values with other labels, for each name that your function looks at; several where they may be several."""
    generator = np.random.default_rng(seed + 2)
    for name in values:
        if name not in parameters:
            labels = readings(values[name], generator)
            large = {**values, **{p: 10 * np.asarray(values[p]) for p in parameters}}  # a margin is passed there
            if any(_looks_at(gradients, there, {**there, name: a}) for a in labels for there in (values, large)):
                yield [{**values, name: a} for a in labels]


def _differ(base: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    return any(not np.array_equal(np.asarray(base[k]), np.asarray(found[k])) for k in base)


def _looks_at(gradients: Callable[..., Any], values: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    try:
        return _differ(called(gradients, values).values, called(gradients, other).values)
    except (RuntimeError, KeyError, TypeError, ValueError):  # it refuses these labels
        return False


def _stated(name: str, array: Any, symbols: Mapping[str, Name]) -> Any:
    symbol = symbols.get(name)
    return as_stated(symbol, array) if np.ndim(array) == 2 and facts_of(symbol) else array


def _other(array: Any, generator: np.random.Generator) -> Any:
    # what is a mask, a sign, a label or one-hot stays one; probabilities stay between 0 and 1
    if np.issubdtype(array.dtype, np.number) and (is_one_hot(array) or is_of_shares(array)):
        return redrawn(array, array.shape, generator).astype(array.dtype)
    if array.ndim:
        array = array[generator.permutation(array.shape[0])]
    if array.dtype.kind in "iuf" and set(np.unique(array)) in ({0, 1}, {-1, 1}):
        return with_one_turned(array, generator)
    if not np.issubdtype(array.dtype, np.floating) or np.all(array == np.round(array)):
        return array
    return (array * generator.uniform(0.6, 1.0, size=array.shape)).astype(array.dtype)
