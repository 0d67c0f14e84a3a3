"""The step itself is another one: the weights instead of the gradient, a decay, a velocity that is used wrongly.

In: weights before and after a step, the right gradients, and what is known of the step: a velocity, a momentum, an
optimizer. Out: what a right step is, and words for one that is made of gradient, weights and velocity in other parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import MatrixSymbol, Symbol

from symnet.backends import binding
from symnet.diagnosis.result import Fault
from symnet.diagnosis.variants import Variants
from symnet.optimizers import AdaGrad, Adam, RMSProp, SignSGD, rate_at
from symnet.program import Equation

_SMALL = 1e-7
_MADE_OF = (
    ("weights",),
    ("velocity",),
    ("gradient", "weights"),
    ("gradient", "velocity"),
    ("gradient", "weights", "velocity"),
)


@dataclass(frozen=True, eq=False)
class Step:
    """A step: weights before and after it, by name; its rate; what it was meant to be."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    rate: float
    velocity: Mapping[str, Any] = field(default_factory=dict)
    momentum: float | None = None
    optimizer: Any = None

    def as_gradients(self) -> dict[str, Any]:
        """Give what a step of plain descent, with momentum where it is known, would have had for gradients."""
        found = {}
        for name, a in self.before.items():
            moved = a - self.after[name]
            if self.momentum and name in self.velocity:
                moved = moved + self.momentum * np.reshape(self.velocity[name], np.shape(a))
            found[name] = moved / self.rate
        return found

    def expected(self, gradients: Mapping[str, Any], optimizer: Any) -> dict[str, Any]:
        """Give the weights after the first step of an optimizer, or after one with the velocity that is given."""
        found = {}
        for name, a in self.before.items():
            W, g = MatrixSymbol("W", *_shape(a)), MatrixSymbol("g", *_shape(a))
            states = {k: MatrixSymbol(f"state_{k}", *_shape(a)) for k in optimizer.init(W)}
            rates = {k: Symbol(f"rate_{k}", real=True) for k in optimizer.hyperparameters()}
            start: dict[str, Any] = {k: np.full(_shape(a), v) for k, v in optimizer.init(W).items()}
            if name in self.velocity and "v" in start and len(start) == 1:
                start["v"] = np.reshape(self.velocity[name], _shape(a))
            values: dict[str, Any] = {"W": np.reshape(a, _shape(a)), "g": np.reshape(gradients[name], _shape(a))}
            values |= {f"state_{k}": v for k, v in start.items()}
            values |= {f"rate_{k}": rate_at(v, 0) for k, v in optimizer.hyperparameters().items()}
            new = optimizer.update(W, g, **rates, **states)[W]
            lhs = MatrixSymbol("moved", *_shape(a))
            found[name] = np.reshape(Variants([Equation(lhs, new)], [], values, {}).value(lhs), np.shape(a))
        return found

    def is_step_of(self, gradients: Mapping[str, Any], optimizer: Any) -> bool:
        """Tell whether the weights after the step are those of an optimizer."""
        expected = self.expected(gradients, optimizer)
        return all(_close(self.after[n], a, self.before[n]) for n, a in expected.items())

    def recognised(self, gradients: Mapping[str, Any]) -> str | None:
        """Give the optimizer that made this step first, None where it is none of those that are known."""
        for kind in (Adam, RMSProp, AdaGrad, SignSGD):
            optimizer = kind(rate=self.rate)
            if self.is_step_of(gradients, optimizer):
                return f"the step is right for the first one of {optimizer!r}"
        if self.velocity and self.momentum is None:
            parts = self._parts(gradients, ("gradient", "velocity"))
            if parts is not None and abs(parts[0] - 1) < _SMALL and 0 < -parts[1] < 1:
                return f"the step is right with a momentum of {-parts[1]:.6g}"
        return None

    def faults(self, gradients: Mapping[str, Any], symbols: tuple[Any, ...]) -> list[tuple[Fault, ...]]:
        """Give what the step was made of, where it was no gradient of anything."""
        for of in _MADE_OF:
            parts = self._parts(gradients, of)
            if parts is not None and ("weights" not in of or abs(parts[of.index("weights")]) > _SMALL):
                words = self._words(dict(zip(of, parts, strict=True)))
                return [(Fault("step", symbols, "", "", "", words),)] if words else []
        return []

    def _parts(self, gradients: Mapping[str, Any], of: tuple[str, ...]) -> list[float] | None:
        # the numbers with which the step is made of these, in units in which plain descent has 1 of the gradient
        if "velocity" in of and not self.velocity:
            return None
        columns = []
        for part in of:
            arrays = {"gradient": gradients, "weights": self.before, "velocity": self.velocity}[part]
            scale = self.rate if part == "velocity" else 1.0
            columns.append(np.concatenate([np.ravel(arrays[n]) / scale for n in self.before]))
        moved = np.concatenate([np.ravel(self.before[n] - self.after[n]) for n in self.before]) / self.rate
        if len(moved) <= len(of) or not moved.any():
            return None
        A = np.stack(columns, axis=1)
        found = np.linalg.lstsq(A, moved, rcond=None)[0]
        off = np.abs(A @ found - moved).max()
        if off > 1e-6 * np.abs(moved).max():
            return None
        return [float(x) for x in found]

    def _words(self, parts: Mapping[str, float]) -> str:
        g, w, v = (parts.get(k, 0.0) for k in ("gradient", "weights", "velocity"))
        said = []
        if abs(g) < _SMALL:
            said.append("the gradient has no part in the step")
        elif g < 0:
            said.append("the step goes up the gradient: its sign is wrong")
        if abs(abs(g) - 1) > _SMALL and abs(g) > _SMALL:
            said.append(f"the gradient has the factor {abs(g):.6g}")
        if abs(w - 1) < _SMALL:
            said.append("the rate times the weights themselves is subtracted")
        elif abs(w) > _SMALL:
            said.append(f"{w * self.rate:.6g} times the weights is subtracted: a weight decay of {w:.6g}")
        beta = self.momentum
        if "velocity" in parts or self.velocity:
            used = -v
            if beta is not None and abs(used - beta * self.rate) < _SMALL:
                said.append("the velocity of the step before is multiplied by the rate as well")
            elif beta is not None and abs(used + beta) < _SMALL:
                said.append("the momentum has the wrong sign")
            elif abs(used) < _SMALL:
                said.append("the velocity of the step before is not used: there is no momentum")
            elif beta is None or abs(used - beta) > _SMALL:
                said.append(f"the velocity of the step before has the factor {used:.6g}")
        return "; ".join(said)


def _shape(a: Any) -> tuple[int, int]:
    shape = np.shape(a)
    return shape if len(shape) == 2 else (int(np.size(a)), 1)


def _close(mine: Any, expected: Any, before: Any) -> bool:
    moved = np.abs(np.asarray(expected) - before).max(initial=0.0)
    return bool(np.abs(np.asarray(mine) - expected).max(initial=0.0) <= 1e-6 * moved + 1e-14)


def named_arrays(what: str, values: Mapping[Any, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Give arrays by name, one for each of `names`. Raises `KeyError` where one is missing."""
    found = {n: binding.as_array(n, v).astype(float) for n, v in binding.named(values).items()}
    missing = [n for n in names if n not in found]
    if missing:
        raise KeyError(f"{what}: nothing is given for {', '.join(missing)}; give it for each parameter of the step")
    return found
