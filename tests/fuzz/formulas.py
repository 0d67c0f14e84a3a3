"""Scalar functions in NumPy that also take a complex step, and say where they have corners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special


def by_slope(f: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Give a real function that takes complex steps, from its slope."""

    def apply(a: Any) -> Any:
        real = np.real(a)
        return f(real) + 1j * slope(real) * np.imag(a) if np.iscomplexobj(a) else f(real)

    return apply


def sigmoid(a: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * a))


def softplus(a: Any) -> Any:
    return by_slope(lambda x: np.logaddexp(0, x), sigmoid)(a)


def relu(p: Any, a: Any) -> Any:
    return np.where(p.near(a) > 0, a, 0)


def absolute(p: Any, a: Any) -> Any:
    return np.where(p.near(a) < 0, -a, a)


def sign(p: Any, a: Any) -> Any:
    return np.sign(p.near(a))


def maximum(p: Any, a: Any, b: Any) -> Any:
    return np.where(p.near(a - b) > 0, a, b)


def minimum(p: Any, a: Any, b: Any) -> Any:
    return np.where(p.near(a - b) < 0, a, b)


def log_softmax(a: Any, axis: int) -> Any:
    return a - logsumexp(a, axis)


def softmax(a: Any, axis: int) -> Any:
    return np.exp(log_softmax(a, axis))


def logsumexp(a: Any, axis: int) -> Any:
    top = np.real(a).max(axis=axis, keepdims=True)
    return top + np.log(np.exp(a - top).sum(axis=axis, keepdims=True))


def norm(p: Any, a: Any) -> Any:
    squares = (a * a).sum()
    p.near(squares)
    return np.sqrt(squares)


def adjugate(a: Any) -> Any:
    return np.linalg.det(a) * np.linalg.inv(a)


def expm(a: Any) -> Any:
    whole = term = np.eye(len(a))
    for k in range(1, 40):
        term = term @ a / (16 * k)
        whole = whole + term
    for _ in range(4):
        whole = whole @ whole
    return whole


def of_singular_values(p: Any, a: Any, largest: bool) -> Any:
    """Give the largest singular value, or the sum of all, also for a complex step."""
    U, s, Vt = np.linalg.svd(np.real(a), full_matrices=False)
    count = 1 if largest else len(s)
    p.near(s[0] - s[1:2] if largest else s)
    value = s[:count].sum()
    return value + 1j * (U[:, :count] @ Vt[:count] * np.imag(a)).sum() if np.iscomplexobj(a) else value


arctan = by_slope(np.arctan, lambda x: 1 / (1 + x * x))
arcsinh = by_slope(np.arcsinh, lambda x: 1 / np.sqrt(1 + x * x))
erf = by_slope(special.erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x))
loggamma = by_slope(special.gammaln, special.digamma)


def arctan2(a: Any, b: Any) -> Any:
    y, x = np.real(a), np.real(b)
    return np.arctan2(y, x) + 1j * (x * np.imag(a) - y * np.imag(b)) / (x * x + y * y)
