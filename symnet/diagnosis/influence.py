"""How the gradients answer to backward values: they are linear in them, so a few numbers tell what cannot be.

In: the equations at one point and the user's gradients there. Out: whether other values of some equations may give
those gradients: whether the difference lies in what these equations reach at all, and, for a value that is known, two
random sums over all gradients. What passes is still to be computed in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.diagnosis.edits import Name, Setting
from symnet.diagnosis.given import Point
from symnet.diagnosis.variants import Variants

LARGEST = 400  # entries of a value whose influence is measured entry by entry
FEW = 4  # equations for which it is asked what they reach together
ROWS = 200  # sums over the gradients' numbers that stand for them where they are more
MOST = 20_000  # numbers of the gradients from which so many sums are taken


@dataclass(frozen=True, eq=False)
class _Span:
    # the sums that some equations reach: an orthonormal basis, how strongly each of it is reached, and which are seen
    basis: Any
    strength: Any
    seen: Any

    def joined(self, other: _Span) -> _Span:
        whole = self.basis.shape[0]
        if max(self.basis.shape[1], other.basis.shape[1]) == whole:
            return self if self.basis.shape[1] == whole else other
        if other.basis.shape[1] > self.basis.shape[1]:
            return other.joined(self)
        shared = self.basis.T @ other.basis
        apart, turned = np.linalg.eigh(np.eye(shared.shape[1]) - shared.T @ shared)  # squares of sines
        kept = apart > 1e-14
        beside = (other.basis - self.basis @ shared) @ (turned[:, kept] / np.sqrt(apart[kept]))
        return _Span(np.concatenate([self.basis, beside], axis=1), None, self.seen | other.seen)


def _span_of(A: Any) -> _Span:
    A = A / np.maximum(np.abs(A).max(axis=0, initial=0.0), 1e-300)
    basis, strength, _ = np.linalg.svd(A, full_matrices=False)
    kept = strength > 1e-13 * strength.max(initial=0.0)
    return _Span(basis[:, kept], strength[kept], np.abs(A).max(axis=1, initial=0.0) > 0)


class Influence:
    """How sums of the gradients answer to each backward value: two random ones, then the numbers themselves."""

    def __init__(self, setting: Setting, point: Point, variants: Variants) -> None:
        self.setting, self.variants = setting, variants
        self.weights = _weights(point)
        self.missing = sum(self.weights[w] @ np.ravel(point.mine[w] - g) for w, g in point.right.items())
        slack = [point.allowed[w] * np.abs(r[:2]).sum(axis=1) for w, r in self.weights.items()]
        self.slack = 4 * sum(slack) + 1e-13
        self.is_exact = len(self.missing) - 2 == sum(np.size(g) for g in point.right.values())
        self._noise = 4 * np.sqrt(sum(np.size(g) for g in point.right.values()))
        ends = np.cumsum([r.shape[1] for r in self.weights.values() if r.shape[1]], dtype=int)
        self._starts = np.concatenate([[0], ends[:-1]])  # of the numbers of each gradient, where all are there
        self._lacking = np.logical_or.reduceat(np.abs(self.missing[2:]) > 1.0, self._starts) if self.is_exact else None
        self._known: dict[Name, Any] | None = None
        self._amounts: dict[Name, Any] = {}
        self._spans: dict[frozenset[Name], _Span | None] = {}
        self._reached: dict[int, bool] = {}
        self._bits = {e.lhs: 1 << k for k, e in enumerate(setting.equations)}

    def reaches(self, sites: Iterable[Name]) -> bool:
        """Tell whether the gradients may be the user's where the equations of `sites`, if few, give anything at all."""
        return self.reaches_from(self.numbered(sites))

    def numbered(self, sites: Iterable[Name]) -> int:
        """Give the number that stands for some equations: that of several together is the union of their bits."""
        number = 0
        for s in sites:
            number |= self._bits[s]
        return number

    def reaches_from(self, number: int) -> bool:
        """Tell what `reaches` tells of the equations that a number stands for."""
        if number.bit_count() > FEW:
            return True
        if number not in self._reached:
            self._reached[number] = self._reaches(frozenset(s for s, bit in self._bits.items() if bit & number))
        return self._reached[number]

    def allows(self, site: Name, value: Any) -> bool:
        """Tell whether the gradients may be the user's where the equation of `site` gives `value`."""
        moved = self._moved(site, value)
        return moved is None or bool(np.all(np.abs(moved[0] - self.missing[:2]) <= self.slack + 1e-9 * moved[1]))

    def mends(self, site: Name, value: Any) -> bool:
        """Tell whether some wrong gradient may be the user's where the equation of `site` gives `value`."""
        moved = self._moved(site, value, slice(2, None)) if self.is_exact else None
        if moved is None:
            return True
        off = np.abs(moved[0] - self.missing[2:]) > self._noise + 1e-9 * moved[1]
        return bool(np.any(self._lacking & ~np.logical_or.reduceat(off, self._starts)))

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
        if site not in self._amounts:
            self._amounts[site] = np.abs(answers)
        return answers[rows] @ change, self._amounts[site][rows] @ np.abs(change)

    def _reaches(self, sites: frozenset[Name]) -> bool:
        wanted = self.missing[2:]
        span = self._span(sites) if wanted.size else None
        if span is None or span.basis.shape[1] == len(wanted):
            return True
        left = wanted - span.basis @ (span.basis.T @ wanted)
        if np.any(np.abs(left[~span.seen]) > self._noise):
            return False
        parts = [part for part in map(self._alone, sites) if part is not None]
        frail = sum([float(np.linalg.norm(part.basis.T @ wanted / part.strength)) for part in parts])
        return float(np.linalg.norm(left)) <= self._noise + 1e-10 * frail

    def _span(self, sites: frozenset[Name]) -> _Span | None:
        # what some equations reach together; None where it is not known of one
        if sites not in self._spans:
            first, *others = sorted(sites, key=str)
            span = self._alone(first)
            if others and span is not None:
                more = self._span(frozenset(others))
                span = None if more is None else span.joined(more)
            self._spans[sites] = span
        return self._spans[sites]

    def _alone(self, site: Name) -> _Span | None:
        if frozenset((site,)) not in self._spans:
            answers = self._of(site)
            self._spans[frozenset((site,))] = None if answers is None else _span_of(answers[2:])
        return self._spans[frozenset((site,))]

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
