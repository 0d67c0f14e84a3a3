"""How the gradients answer to backward values: they are linear in them, so a few numbers tell what cannot be.

In: the equations at one point and the user's gradients there. Out: whether other values of some equations may give
those gradients: whether the difference lies in what these equations reach at all, and, for a value that is known, two
random sums over all gradients. What passes is still to be computed in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from symnet.diagnosis.edits import Name, Setting
from symnet.diagnosis.given import Point
from symnet.diagnosis.variants import Variants

LARGEST = 400  # entries of a value whose influence is measured entry by entry
FEW = 4  # equations for which it is asked what they reach together
ROWS = 200  # sums over the gradients' numbers that stand for them where they are more
MOST = 20_000  # numbers of the gradients from which so many sums are taken


class Influence:
    """How sums of the gradients answer to each backward value: two random ones, then the numbers themselves."""

    def __init__(self, setting: Setting, point: Point, variants: Variants) -> None:
        self.setting, self.variants = setting, variants
        self.weights = _weights(point)
        self.missing = sum(self.weights[w] @ np.ravel(point.mine[w] - g) for w, g in point.right.items())
        slack = [point.allowed[w] * np.abs(r[:2]).sum(axis=1) for w, r in self.weights.items()]
        self.slack = 4 * sum(slack) + 1e-13
        self._exact = len(self.missing) - 2 == sum(np.size(g) for g in point.right.values())
        self._noise = 4 * np.sqrt(sum(np.size(g) for g in point.right.values()))
        self._known: dict[Name, Any] | None = None
        self._reached: dict[frozenset[Name], bool] = {}

    def reaches(self, sites: Iterable[Name]) -> bool:
        """Tell whether the gradients may be the user's where the equations of `sites`, if few, give anything at all."""
        sites = frozenset(sites)
        if len(sites) > FEW:
            return True
        if sites not in self._reached:
            self._reached[sites] = self._reaches(sites)
        return self._reached[sites]

    def allows(self, site: Name, value: Any) -> bool:
        """Tell whether the gradients may be the user's where the equation of `site` gives `value`."""
        moved = self._moved(site, value)
        return moved is None or bool(np.all(np.abs(moved[0] - self.missing[:2]) <= self.slack + 1e-9 * moved[1]))

    def mends(self, site: Name, value: Any) -> bool:
        """Tell whether some wrong gradient may be the user's where the equation of `site` gives `value`."""
        moved = self._moved(site, value, slice(2, None)) if self._exact else None
        if moved is None:
            return True
        off, start = np.abs(moved[0] - self.missing[2:]) > self._noise + 1e-9 * moved[1], 0
        for r in self.weights.values():
            here = slice(start, start + r.shape[1])
            start = here.stop
            if np.any(np.abs(self.missing[2:][here]) > 1.0) and not off[here].any():
                return True
        return False

    def number(self, site: Name, start: Any, half: Any) -> bool:
        """Tell whether some number allows it, where the equation gives `start` for 0 and `half` for ½."""
        a, b = self._moved(site, start), self._moved(site, half)
        if a is None or b is None:
            return True
        slope = 2 * (b[0] - a[0])
        lacking = self.missing[:2] - a[0]
        if slope[0] == 0:
            return bool(abs(lacking[0]) <= self.slack[0] + 1e-9 * a[1][0])
        c = lacking[0] / slope[0]
        spread = abs(slope[1] / slope[0])
        slack = self.slack[1] + spread * self.slack[0] + 1e-9 * (a[1][1] + abs(c) * b[1][1] + spread * a[1][0])
        return bool(abs(lacking[1] - c * slope[1]) <= slack)

    def _moved(self, site: Name, value: Any, rows: slice = slice(2)) -> Any:
        # how far the sums move, and how large the numbers are that they are made of; None where that is not known
        answers = self._of(site)
        value = np.asarray(value, float)
        if answers is None or not np.isfinite(value).all():
            return None
        right = self._value(site)
        try:
            change = (np.broadcast_to(value, right.shape) - right).ravel()
        except ValueError:
            return None
        return answers[rows] @ change, np.abs(answers[rows]) @ np.abs(change)

    def _reaches(self, sites: frozenset[Name]) -> bool:
        parts = [self._of(s) for s in sites]
        wanted = self.missing[2:]
        if not wanted.size or any(p is None for p in parts):
            return True
        A = np.concatenate([p[2:] for p in parts], axis=1)
        seen = np.abs(A).max(axis=1, initial=0.0) > 0
        if np.any(np.abs(wanted[~seen]) > self._noise):
            return False
        A, wanted = A[seen], wanted[seen]
        A = A / np.maximum(np.abs(A).max(axis=0, initial=0.0), 1e-300)
        x = np.linalg.lstsq(A, wanted, rcond=1e-13)[0]
        left = float(np.linalg.norm(A @ x - wanted))
        return left <= self._noise + 1e-10 * float(np.linalg.norm(np.abs(A) @ np.abs(x)))

    # -- from the last equation to the first

    def _value(self, site: Name) -> Any:
        return np.asarray(self.variants.value(site), float)

    def _of(self, site: Name) -> Any:
        if self._known is None:
            self._known = self._measured()
        return self._known.get(site)

    def _measured(self) -> dict[Name, Any]:
        # the sums answer to a value directly, where it is a gradient, and through the equations that read it
        found: dict[Name, Any] = {}
        names = [e.lhs for e in self.setting.equations]
        for name in names:
            of = self.setting.partials.get(name)
            found[name] = self.weights[of] if of is not None else np.zeros((len(self.missing), self._value(name).size))
            if found[name].shape[1] != self._value(name).size or of is None and found[name].shape[1] > LARGEST:
                found[name] = None
        read = {lhs: [n for n in names if n in self.variants.reads(lhs)] for lhs in names}
        for lhs in reversed(names):
            slopes = self._slopes(lhs, read[lhs])
            for name in read[lhs]:
                if found[name] is not None:
                    passed = None if found[lhs] is None or slopes is None else found[lhs] @ slopes[name]
                    found[name] = None if passed is None else found[name] + passed
        return found

    def _slopes(self, lhs: Name, names: list[Name]) -> dict[Name, Any] | None:
        # how an equation answers to each entry of what it reads; None where it is not linear in all of that
        if not names:
            return {}
        if any(self._value(n).size > LARGEST for n in names):
            return None
        base, draw = self._value(lhs), np.random.default_rng(1)
        found = {}
        trials, values = [], {n: self._value(n) for n in names}
        for n, v in values.items():
            entries = [self._at(lhs, {n: v + e.reshape(v.shape)}) - base for e in np.eye(v.size)]
            found[n] = np.stack([np.broadcast_to(e, base.shape).ravel() for e in entries], axis=1)
        for size in (1.0, 3.0):
            moves = {n: size * draw.normal(size=v.shape) for n, v in values.items()}
            trials.append((moves, self._at(lhs, {n: v + moves[n] for n, v in values.items()}) - base))
        for moves, moved in trials:
            predicted = sum(found[n] @ m.ravel() for n, m in moves.items())
            scale = sum(np.abs(found[n]) @ np.abs(m.ravel()) for n, m in moves.items())
            if np.any(np.abs(moved.ravel() - predicted) > 1e-8 * scale + 1e-13):
                return None
        return found

    def _at(self, lhs: Name, values: dict[Name, Any]) -> Any:
        return np.asarray(self.variants.again(lhs, values), float)


def _weights(point: Point) -> dict[Name, Any]:
    # rows of random weights for two sums over all gradients, then rows for their numbers in units of what is allowed
    draw = np.random.default_rng(0)
    sizes = {w: int(np.size(g)) for w, g in point.right.items()}
    total, start, found = sum(sizes.values()), 0, {}
    rows = total if total <= ROWS else ROWS if total <= MOST else 0
    for w, size in sizes.items():
        two = draw.uniform(0.5, 1.5, size=(2, size)) * draw.choice([-1.0, 1.0], size=(2, size))
        if rows == total:
            more = np.eye(total)[:, start : start + size]
        else:
            more = draw.choice([-1.0, 1.0], size=(rows, size)) / np.sqrt(max(rows, 1))
        found[w] = np.concatenate([two, more / max(point.allowed[w], 1e-300)])
        start += size
    return found
