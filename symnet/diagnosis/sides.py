"""Slopes of the loss to the two sides of a point, by numbers: what a gradient at a corner may be.

In: a kernel, and points with the user's gradients. Out: whether these lie between the slopes to both sides, entry by
entry and along directions that move entries of all parameters at once; at a point that is no corner the two are one.
Where corners of a sum open upwards and downwards, each is looked at alone: blocks of entries that share none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from symnet.backends import Kernel
from symnet.diagnosis.edits import Name
from symnet.diagnosis.given import Point
from symnet.expressions import is_declared

STEP = 1e-5  # of an entry, at least of 1
BEND = 1e-3  # of the largest entry: what slopes may change within a step
CLOSE = 1e-6  # slopes that differ by less are one
MOST = 64  # entries that are looked at one by one, and as many beside them that share their corners
OTHERS = 2000  # entries that are moved beside those that differ
DIRECTIONS = 8  # of random signs
TRIES = 2  # of random numbers, by which entries are told to share no corner
IN_PAIRS = 12  # entries that are moved two by two
EPS = float(np.finfo(float).eps)


_Index: TypeAlias = tuple[int, ...]
_Entry: TypeAlias = tuple[Name, _Index]
_Block: TypeAlias = frozenset[_Entry]
_Move: TypeAlias = Mapping[_Entry, float]


class Seen(NamedTuple):
    """What the slopes to both sides say of wrong gradients; four of them, at the entry that is farthest off.

    `where`: that entry; `inside`: the parameters whose every entry lies between the slopes to its sides; `together`:
    whether the entries of all parameters together do, along every direction that was tried; `smooth`: whether there is
    no corner at all; `all_seen`: whether no entry was left out, since there are too many.
    """

    where: _Entry
    left: float
    right: float
    mine: float
    formulas: float
    inside: frozenset[Name]
    together: bool
    smooth: bool
    all_seen: bool


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
    found: dict[tuple[int, _Entry], tuple[float, float, _Slopes]] = {}
    inside, together, all_seen = set(wrong), True, True
    for number, p in enumerate(points):
        beside = _Beside(kernel, p)
        for w in (w for w in wrong if p.is_wrong(w)):
            off = np.abs(p.mine[w] - p.right[w])
            for index in islice(_largest(off, p.allowed[w]), MOST):
                slopes = beside.along({(w, index): 1.0})
                found[number, (w, index)] = off[index], p.right[w][index], slopes
                if not slopes.may_be:
                    inside.discard(w)
                    break
        off_here = [(w, index) for w in wrong for index in _largest(np.abs(p.mine[w] - p.right[w]), p.allowed[w])]
        if inside.issuperset(w for w, _ in off_here):
            alone = [slopes for (n, _), (*_, slopes) in found.items() if n == number and not slopes.is_one]
            are, all_here = _are_together(beside, off_here, len({s.left < s.right for s in alone}) > 1)
            together, all_seen = together and are, all_seen and all_here
    if not found:
        return None
    (_, where), (_, formulas, at) = max(found.items(), key=lambda one: (not one[1][2].may_be, one[1][0]))
    smooth = all(slopes.is_one for _, _, slopes in found.values())
    told = (frozenset(inside), together and inside.issuperset(wrong), smooth, all_seen)
    return Seen(where, at.left, at.right, at.mine, float(formulas), *told)


def slope_beside(kernel: Kernel, point: Point, of: Mapping[Name, Any]) -> tuple[_Entry, _Slopes] | None:
    """Give the first of some entries, told by arrays, at which the loss has one slope and the user's is another."""
    beside = _Beside(kernel, point)
    entries = ((w, index) for w, which in of.items() for index in np.ndindex(*np.shape(which)) if which[index])
    for entry in islice(entries, MOST):
        slopes = beside.along({entry: 1.0})
        if slopes.is_one and not slopes.may_be:
            return entry, slopes
    return None


def _are_together(beside: _Beside, off: Sequence[_Entry], mixed: bool) -> tuple[bool, bool]:
    # whether the gradient is between the slopes along all directions, and whether all entries were looked at; mixed:
    # where some corners open upwards and some downwards, what fails along all may be right in each block
    others, all_seen = beside.others(off), len(off) <= MOST
    if all(beside.along(d).may_be for among in (off, [*off, *others]) for d in beside.directions(among)):
        return True, all_seen
    if not mixed:
        return False, True
    alone = [frozenset([e]) for e in (*off, *others)]
    if all_seen:
        met = [*islice(_met(beside, frozenset(off), alone[len(off) :]), MOST + 1)]
        blocks, all_seen = _blocks(beside, alone[: len(off)] + met[:MOST]), len(met) <= MOST
    else:  # the blocks of some: of those of each parameter that differ most
        some = {w: frozenset([(w, index)]) for w, index in reversed(off)}.values()
        blocks = [one.union(*islice(_met(beside, one, [e for e in alone if e != one]), MOST)) for one in some]
    are = all(beside.along(d).may_be for block in blocks for d in beside.directions(sorted(block, key=beside.in_order)))
    return are, all_seen


def _blocks(beside: _Beside, pieces: Sequence[_Block]) -> list[_Block]:
    # entries that are at one corner: where they are moved together, the slope is not the sum of those of each alone
    if len(pieces) < 2:
        return [*pieces]
    half = len(pieces) // 2
    blocks = _blocks(beside, pieces[:half])
    for piece in _blocks(beside, pieces[half:]):
        met = [*_met(beside, piece, blocks)]
        blocks = [b for b in blocks if b not in met] + [piece.union(*met)]
    return blocks


def _met(beside: _Beside, block: _Block, others: Sequence[_Block]) -> Iterator[_Block]:
    if not others or beside.are_apart(block, frozenset().union(*others)):
        return
    if len(others) == 1:
        yield from others
        return
    half = len(others) // 2
    yield from _met(beside, block, others[:half])
    yield from _met(beside, block, others[half:])


class _Beside:
    # the slopes of the loss at one point, to both sides along any direction; −d has those of d, turned round

    def __init__(self, kernel: Kernel, point: Point) -> None:
        self.kernel, self.point = kernel, point
        self.names, self.values = list(point.arrays), list(point.arrays.values())
        self.start = float(kernel.function(*self.values)[0])
        self.draw = np.random.default_rng(0)
        self.places = {name: k for k, name in enumerate(self.names)}
        self.in_order = cache(str)  # of entries, whatever order a set has

    def along(self, move: _Move) -> _Slopes:
        p, moves = self.point, self._arrays(move)
        mine, formulas, allowed = (
            sum(abs(c) * p.allowed[w] if of is None else c * float(of[w][index]) for (w, index), c in move.items())
            for of in (p.mine, p.right, None)
        )
        here = [float(np.abs(np.asarray(self.values[k])[v != 0]).max(initial=0.0)) for k, v in moves.items()]
        h, found, error = STEP * max(1.0, *here), [], 0.0
        largest = sum(abs(c * float(p.right[w][index])) for (w, index), c in move.items())
        largest = max(largest, *(float(np.abs(p.right[w]).max(initial=0.0)) for w in {w for w, _ in move}))
        for side in (-1, 1):
            coarse, fine = ((self._loss(moves, side * s) - self.start) / (side * s) for s in (h, h / 2))
            rounding = 16 * EPS * abs(self.start) / h
            is_slope = abs(fine - coarse) - rounding - BEND * largest <= abs(fine) / 10  # and no jump, nor a root
            found.append(2 * fine - coarse if is_slope else np.nan)  # extrapolated
            error = max(error, abs(fine - coarse) / 10 + rounding)
        error += CLOSE * max(abs(s) for s in (*found, mine, formulas)) + allowed
        return _Slopes(found[0], found[1], mine, error)

    def _loss(self, moves: Mapping[int, Any], distance: float) -> float:
        values = [v + distance * moves[k] if k in moves else v for k, v in enumerate(self.values)]
        return float(self.kernel.function(*values)[0])

    def _arrays(self, move: _Move) -> dict[int, Any]:
        moves = {w: np.zeros(np.shape(self.point.mine[w])) for w in dict.fromkeys(w for w, _ in move)}
        mirrored = {w for w in moves if is_declared(w, "symmetric")}
        for (w, index), c in move.items():
            moves[w][index] = c
            if w in mirrored:  # an entry and its mirror image are one
                moves[w][index[::-1]] = c
        return {self.places[w.name]: array for w, array in moves.items()}

    def others(self, off: Sequence[_Entry]) -> list[_Entry]:
        """Give the entries that are not among these: a corner may be theirs as well."""
        known = {*off}
        entries = ((w, index) for w, g in self.point.right.items() for index in np.ndindex(*np.shape(g)))
        found = [e for e in entries if e not in known and np.isfinite(self.point.right[e[0]][e[1]])]
        return found[:: -(-len(found) // OTHERS)] if found else []

    def directions(self, among: Sequence[_Entry]) -> Iterator[_Move]:
        """Give the user's gradient, what it is off by, random signs, and two by two what may be one corner."""
        p = self.point
        for v in ([p.mine[w][i] - p.right[w][i] for w, i in among], [p.mine[w][i] for w, i in among]):
            largest = float(np.abs(v).max(initial=0.0))
            if largest > 0:
                yield {e: float(c) / largest for e, c in zip(among, v, strict=True)}
        for _ in range(DIRECTIONS if len(among) > 1 else 0):
            yield dict(zip(among, map(float, self.draw.choice([-1.0, 1.0], len(among))), strict=True))
        for one, other in combinations(among[:IN_PAIRS], 2):
            yield from ({one: 1.0, other: sign} for sign in (1.0, -1.0))

    def are_apart(self, block: _Block, others: _Block) -> bool:
        """Tell whether the slope along both is the sum of those along each, as where they share no corner."""
        for _ in range(TRIES):
            one, other = self._anyhow(block), self._anyhow(others)
            a, b = self.along(one), self.along(other)
            for sign in (1.0, -1.0):
                both = self.along({**one, **{e: sign * c for e, c in other.items()}})
                right = a.right + (b.right if sign > 0 else -b.left)
                left = a.left + (b.left if sign > 0 else -b.right)
                gap = abs(both.right - right) + abs(both.left - left)
                if not gap <= 2 * (both.error + a.error + b.error):
                    return False
        return True

    def _anyhow(self, block: _Block) -> _Move:
        entries = sorted(block, key=self.in_order)
        signs, sizes = self.draw.choice([-1.0, 1.0], len(entries)), self.draw.uniform(0.5, 1.0, len(entries))
        return dict(zip(entries, map(float, signs * sizes), strict=True))


def _largest(off: Any, allowed: float) -> Iterator[_Index]:
    order = np.argsort(-off, axis=None)
    places = (tuple(map(int, np.unravel_index(k, off.shape))) for k in order)
    yield from (index for index in places if off[index] > allowed)
