"""Slopes of the loss to the two sides of a point, by numbers: what a gradient at a corner may be.

In: a kernel, and points with the user's gradients. Out: whether these lie between the slopes to both sides, entry by
entry and along directions that move several entries; at a point that is no corner the two are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from symnet.backends import Kernel
from symnet.diagnosis.edits import Name
from symnet.diagnosis.given import Point
from symnet.expressions import is_declared

STEP = 1e-5  # of an entry, at least of 1
BEND = 1e-3  # of the largest entry: what slopes may change within a step
CLOSE = 1e-6  # slopes that differ by less are one
MOST = 64  # entries that are looked at, those that differ most
DIRECTIONS = 4  # of random signs
TOGETHER = 16  # of these, entries that are moved together
EPS = float(np.finfo(float).eps)


_Index: TypeAlias = tuple[int, ...]


class Seen(NamedTuple):
    """What the slopes to both sides say of wrong gradients; four of them, at the entry that differs most.

    `where`: that entry; `inside`: the parameters whose every entry lies between the slopes to its sides; `together`:
    whether all their entries together do, along several directions; `smooth`: whether there is no corner at all.
    """

    where: tuple[Name, _Index]
    left: float
    right: float
    mine: float
    formulas: float
    inside: frozenset[Name]
    together: bool
    smooth: bool


class _Slopes(NamedTuple):
    left: float
    right: float
    mine: float
    error: float

    @property
    def may_be(self) -> bool:
        low, high = sorted((self.left, self.right))
        return low - self.error <= self.mine <= high + self.error

    @property
    def is_one(self) -> bool:
        return abs(self.left - self.right) <= self.error


def seen_beside(kernel: Kernel, points: Sequence[Point], wrong: Sequence[Name]) -> Seen | None:
    """Compare the user's gradients of these parameters with the slopes to both sides; None where nothing is finite."""
    found: dict[Any, tuple[float, float, _Slopes]] = {}
    inside, together = set(wrong), True
    for number, p in enumerate(points):
        for w in (w for w in wrong if p.is_wrong(w)):
            off, own = np.abs(p.mine[w] - p.right[w]), {}
            for index in _largest(off, p.allowed[w]):
                own[index] = _slopes(kernel, p, w, _unit(off.shape, index))
                found[number, w, index] = off[index], p.right[w][index], own[index]
                if not own[index].may_be:
                    inside.discard(w)
                    break
            if w in inside:
                blocks = _blocks(kernel, p, w, dict([*own.items()][:TOGETHER]))
                directions = (v for block in blocks for v in _directions(p, w, block))
                together &= all(_slopes(kernel, p, w, v).may_be for v in directions)
    if not found:
        return None
    (_, w, index), (_, formulas, at) = max(found.items(), key=lambda one: one[1][0])
    smooth = all(slopes.is_one for _, _, slopes in found.values())
    return Seen((w, index), at.left, at.right, at.mine, float(formulas), frozenset(inside), together, smooth)


def _blocks(kernel: Kernel, point: Point, w: Name, own: Mapping[_Index, _Slopes]) -> list[set[_Index]]:
    # entries that are at one corner: where two are moved, the slope is not the sum of those of each alone
    blocks: list[set[_Index]] = []
    for one in own:
        joined = [b for b in blocks if any(not _are_apart(kernel, point, w, own, one, other) for other in b)]
        blocks = [b for b in blocks if b not in joined] + [{one}.union(*joined)]
    return blocks


def _are_apart(
    kernel: Kernel, point: Point, w: Name, own: Mapping[_Index, _Slopes], one: _Index, other: _Index
) -> bool:
    a, b = own[one], own[other]
    for sign in (1.0, -1.0):
        v = _unit(point.mine[w].shape, one)
        v[other] = sign
        along = _slopes(kernel, point, w, v)
        right, left = a.right + (b.right if sign > 0 else -b.left), a.left + (b.left if sign > 0 else -b.right)
        if max(abs(along.right - right), abs(along.left - left)) > along.error + a.error + b.error:
            return False
    return True


def _slopes(kernel: Kernel, point: Point, w: Name, v: Any) -> _Slopes:
    values = list(point.arrays.values())
    place, here = list(point.arrays).index(w.name), np.asarray(point.arrays[w.name], float)
    move = v + v.T - np.diag(np.diag(v)) if is_declared(w, "symmetric") else v  # an entry and its mirror image are one
    mine = float(np.sum(point.mine[w] * v))
    h = STEP * max(1.0, float(np.abs(here[v != 0]).max(initial=0.0)))

    def loss(distance: float) -> float:
        return float(kernel.function(*values[:place], here + distance * move, *values[place + 1 :])[0])

    start, found, error = loss(0.0), [], 0.0
    for side in (-1, 1):
        coarse, fine = ((loss(side * s) - start) / (side * s) for s in (h, h / 2))
        rounding = 16 * EPS * abs(start) / h
        bend = abs(fine - coarse) - rounding - BEND * float(np.abs(point.right[w]).max(initial=0.0))
        is_slope = bend <= abs(fine) / 10  # and no jump, nor a root
        found.append(2 * fine - coarse if is_slope else np.nan)  # extrapolated
        error = max(error, abs(fine - coarse) / 10 + rounding)
    error += CLOSE * max(abs(s) for s in (*found, mine)) + point.allowed[w]
    return _Slopes(found[0], found[1], mine, error)


def _largest(off: Any, allowed: float) -> Iterator[_Index]:
    order = np.argsort(-off, axis=None)[:MOST]
    places = (tuple(map(int, np.unravel_index(k, off.shape))) for k in order)
    yield from (index for index in places if off[index] > allowed)


def _unit(shape: _Index, index: _Index) -> Any:
    unit = np.zeros(shape)
    unit[index] = 1.0
    return unit


def _directions(point: Point, w: Name, among: Iterable[_Index]) -> Iterator[Any]:
    moved = np.zeros(np.shape(point.mine[w]))
    for index in among:
        moved[index] = 1.0
    for v in (point.mine[w] - point.right[w], point.mine[w]):
        yield moved * v / max(float(np.abs(moved * v).max(initial=0.0)), 1e-300)
    draw = np.random.default_rng(0)
    yield from (moved * draw.choice([-1.0, 1.0], moved.shape) for _ in range(DIRECTIONS))
