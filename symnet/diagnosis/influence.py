"""How the gradients answer to one backward value: they are linear in it, so two numbers tell what cannot be.

In: the equations at one point and the user's gradients there. Out: whether another value of one equation may give
those gradients. Two random sums over all gradients stand for them; what passes is still to be computed in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symnet.diagnosis.edits import Name, Setting
from symnet.diagnosis.given import Point
from symnet.diagnosis.variants import Variants

LARGEST = 400  # entries of a value whose influence is measured entry by entry


class Influence:
    """Two random sums of the gradients, and how they answer to each backward value."""

    def __init__(self, setting: Setting, point: Point, variants: Variants) -> None:
        self.setting, self.variants = setting, variants
        draw = np.random.default_rng(0)
        self.weights = {w: draw.uniform(0.5, 1.5, size=(2, *np.shape(g))) for w, g in point.right.items()}
        for r in self.weights.values():
            r *= draw.choice([-1.0, 1.0], size=r.shape)
        self.right = point.right
        self.missing = self._sums(point.mine) - self._sums(point.right)
        slack = [allowed * np.abs(self.weights[w]).reshape(2, -1).sum(axis=1) for w, allowed in point.allowed.items()]
        self.slack = 4 * sum(slack) + 1e-13
        self._known: dict[Name, Any] = {}

    def _sums(self, gradients: Mapping[Name, Any]) -> Any:
        found = [np.sum(self.weights[w] * g, axis=tuple(range(1, 1 + np.ndim(g)))) for w, g in gradients.items()]
        return np.sum(found, axis=0)

    def allows(self, site: Name, value: Any) -> bool:
        """Tell whether the gradients may be the user's where the equation of `site` gives `value`."""
        moved = self._moved(site, value)
        return moved is None or bool(np.all(np.abs(moved[0] - self.missing) <= self.slack + 1e-9 * moved[1]))

    def number(self, site: Name, start: Any, half: Any) -> bool:
        """Tell whether some number allows it, where the equation gives `start` for 0 and `half` for ½."""
        a, b = self._moved(site, start), self._moved(site, half)
        if a is None or b is None:
            return True
        slope = 2 * (b[0] - a[0])
        lacking = self.missing - a[0]
        if slope[0] == 0:
            return bool(abs(lacking[0]) <= self.slack[0] + 1e-9 * a[1][0])
        c = lacking[0] / slope[0]
        spread = abs(slope[1] / slope[0])
        slack = self.slack[1] + spread * self.slack[0] + 1e-9 * (a[1][1] + abs(c) * b[1][1] + spread * a[1][0])
        return bool(abs(lacking[1] - c * slope[1]) <= slack)

    def _moved(self, site: Name, value: Any) -> Any:
        # how far the sums move, and how large the numbers are that they are made of; None where that is not known
        known = self._of(site)
        value = np.asarray(value, float)
        if known is None or not np.isfinite(value).all():
            return None
        right, answers = known
        try:
            change = (np.broadcast_to(value, right.shape) - right).ravel()
        except ValueError:
            return None
        return answers @ change, np.abs(answers) @ np.abs(change)

    def _of(self, site: Name) -> Any:
        if site not in self._known:
            self._known[site] = self._measured(site)
        return self._known[site]

    def _measured(self, site: Name) -> Any:
        right = np.asarray(self.variants.value(site), float)
        if right.size > LARGEST:
            return None
        draw = np.random.default_rng(1)
        trials = [draw.normal(size=right.shape) for _ in range(2)]
        answers = np.stack([self._answer(site, right, e.reshape(right.shape)) for e in np.eye(right.size)], axis=1)
        for t in (trials[0], 3 * trials[1]):  # is it linear?
            predicted, scale = answers @ t.ravel(), np.abs(answers) @ np.abs(t.ravel())
            if np.any(np.abs(self._answer(site, right, t) - predicted) > 1e-8 * scale + 1e-13):
                return None
        return right, answers

    def _answer(self, site: Name, right: Any, change: Any) -> Any:
        moved = self.variants.gradients({}, self.setting.partials, instead={site: right + change}, moved_only=True)
        found = dict(moved)
        return self._sums(found) - self._sums({w: self.right[w] for w in found}) if found else np.zeros(2)
