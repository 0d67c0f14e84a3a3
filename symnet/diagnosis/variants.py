"""Numbers for variants of a derivation: its equations computed one by one, any of them replaced.

In: the equations of a derivation, arrays, and other right-hand sides for some names. Out: gradients. Each right-hand
side is printed as NumPy code once, by the printer of the kernels, so a variant computes what a kernel would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

import numpy as np
from sympy import Basic

from symnet.backends.numpy_code import NumPyCode
from symnet.backends.kernel import identifiers
from symnet.expressions.nodes import LogSoftmax, LogSumExp, Softmax
from symnet.program.program import Equation


def _softmax(Z: Any, axis: int) -> Any:
    E = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return E / E.sum(axis=axis, keepdims=True)


def _log_sum_exp(Z: Any, axis: int) -> Any:
    largest = Z.max(axis=axis, keepdims=True)
    return largest + np.log(np.exp(Z - largest).sum(axis=axis, keepdims=True))


class _VariantCode(NumPyCode):
    def box(self, A: Any) -> Any:
        if isinstance(A, (Softmax, LogSoftmax, LogSumExp)):
            Z = self.full(A.args[0])
            summed = f"log_sum_exp({Z}, {A.axis})"
            code = {Softmax: f"softmax({Z}, {A.axis})", LogSumExp: summed, LogSoftmax: f"({Z} - {summed})"}[type(A)]
            return (code, 2), (True, True)
        return super().box(A)


class Variants:
    """The equations of a derivation at one point. `gradients(changes)` computes them with some equations replaced."""

    def __init__(
        self, forward: list[Equation], backward: list[Equation], values: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> None:
        names = [*values, *sizes, *[e.lhs.name for e in [*forward, *backward]]]
        self._safe = identifiers(dict.fromkeys(names))
        self._printer = _VariantCode(self._safe, set(sizes), "float", 709.0)
        self._functions = {name: getattr(np, name) for name in dir(np) if not name.startswith("_")}
        self._functions |= {
            "softmax": _softmax,
            "log_sum_exp": _log_sum_exp,
            "inv": np.linalg.inv,
            "det": np.linalg.det,
        }
        self._codes: dict[Basic, CodeType] = {}
        self.backward = backward
        self._place = {e.lhs: k for k, e in enumerate(backward)}
        self._start = {self._safe[n]: v for n, v in {**values, **sizes}.items()}
        for lhs, rhs in forward:
            self._start[self._safe[lhs.name]] = self._value(rhs, self._start)
        self._right = dict(self._start)
        for lhs, rhs in backward:
            self._right[self._safe[lhs.name]] = self._value(rhs, self._right)

    def _value(self, rhs: Any, values: dict[str, Any]) -> Any:
        code = self._codes.get(rhs)
        if code is None:
            code = self._codes[rhs] = compile(self._printer.doprint(rhs), "<variant>", "eval")
        return eval(code, self._functions, values)  # noqa: S307 - code that our own printer wrote, of safe identifiers

    def right(self, name: Any) -> Any:
        """Give the right value of an equation."""
        return self._right[self._safe[name.name]]

    def steps(self, changes: Mapping[Any, Any], extra: Mapping[str, float] | None = None) -> Iterator[tuple[Any, Any]]:
        """Give (name, value) for each backward equation from the first one that is changed."""
        first = min(self._place[name] for name in changes)
        values = dict(self._right)
        for name, value in (extra or {}).items():
            values[self._safe[name]] = value
        for lhs, rhs in self.backward[first:]:
            value = self._value(changes.get(lhs, rhs), values)
            values[self._safe[lhs.name]] = value
            yield lhs, value

    def gradients(
        self, changes: Mapping[Any, Any], wanted: Mapping[Any, Any], extra: Mapping[str, float] | None = None
    ) -> dict[Any, Any]:
        """Give all gradients, `wanted` being gradient name → parameter, with some equations replaced."""
        found = {w: self.right(g) for g, w in wanted.items()}
        for lhs, value in self.steps(changes, extra) if changes else ():
            if lhs in wanted:
                found[wanted[lhs]] = np.asarray(value, float)
        return found
