"""Logarithms of probabilities, and what is huge beside what is tiny: finite and right far out, and so are the slopes.

Each is written as a scalar, as one entrywise function and as a chain of entrywise operations; what is right is mpmath's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from sympy import Abs, Rational, Symbol, cosh, erf, erfc, exp, log, pi, sinh, sqrt

import symnet as sn
from symnet.expressions.curves import normal_pdf
from tests.test_stable_forms import chained

pytestmark = pytest.mark.filterwarnings("error")

ANY = [-1e4, -1000.0, -120.0, -35.5, -12.0, -9.0, -0.5, 0.25, 0.5, 3.0, 40.0, 120.0, 1000.0, 1e4]
BELOW_3 = [x for x in ANY if x <= 3]
POSITIVE = [x for x in ANY if x > 0]
t, A = Symbol("t", real=True), sn.matrix("A", 1, "n")


def logistic(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def normal(x: Any, mean: int, variance: int) -> Any:
    return mpmath.exp(-((x - mean) ** 2) / (2 * variance)) / mpmath.sqrt(2 * mpmath.pi * variance)


# fmt: off
FORMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], list[float]]] = {
    "log Φ":          (lambda t: log(sn.normal_cdf(t)), lambda x: mpmath.log(mpmath.ncdf(x)), BELOW_3),
    "log Φ, scaled":  (lambda t: log(3 * sn.normal_cdf(2 * t)), lambda x: mpmath.log(3 * mpmath.ncdf(2 * x)), BELOW_3),
    "log Φ by erf":   (lambda t: log((1 + erf(t / sqrt(2))) / 2), lambda x: mpmath.log(mpmath.ncdf(x)), BELOW_3),
    "log(1 - Φ)":     (lambda t: log(1 - sn.normal_cdf(t)), lambda x: mpmath.log(mpmath.ncdf(-x)), [-x for x in BELOW_3]),
    "log erfc":       (lambda t: log(erfc(t)), lambda x: mpmath.log(mpmath.erfc(x)), [-x for x in BELOW_3]),
    "log(1 - erf)":   (lambda t: log(1 - erf(t)), lambda x: mpmath.log(mpmath.erfc(x)), [-x for x in BELOW_3]),
    "√Φ":             (lambda t: sqrt(sn.normal_cdf(t)), lambda x: mpmath.sqrt(mpmath.ncdf(x)), BELOW_3),
    "log log":        (lambda t: log(1 - exp(-exp(t))), lambda x: mpmath.log(-mpmath.expm1(-mpmath.exp(x))), BELOW_3),
    "odds":           (lambda t: exp(t) / (1 - exp(t)), lambda x: 1 / mpmath.expm1(-x), ANY),
    "odds, turned":   (lambda t: exp(t) / (exp(t) - 1), lambda x: -1 / mpmath.expm1(-x), ANY),
    "mixture":        (lambda t: log(exp(-((t - 1) ** 2) / 2) / sqrt(2 * pi) / 4 + 3 * exp(-((t + 2) ** 2) / 8) / sqrt(8 * pi) / 4),
                       lambda x: mpmath.log(normal(x, 1, 1) / 4 + 3 * normal(x, -2, 4) / 4), ANY),
    "two logistics":  (lambda t: log(sn.sigmoid(t) / 4 + 3 * sn.sigmoid(2 * t) / 4),
                       lambda x: mpmath.log(logistic(x) / 4 + 3 * logistic(2 * x) / 4), BELOW_3),
    "Student":        (lambda t: log((1 + t**2 / 3) ** -12 / sqrt(3 * pi)),
                       lambda x: -12 * mpmath.log(1 + x * x / 3) - mpmath.log(3 * mpmath.pi) / 2, ANY),
    "Student, tilted": (lambda t: log(exp(t) / (1 + t**2 / 3) ** 3),
                       lambda x: x - 3 * mpmath.log(1 + x * x / 3), ANY),
    "Weibull":        (lambda t: log(Rational(5, 4) * (t / 2) ** Rational(3, 2) * exp(-((t / 2) ** Rational(5, 2)))),
                       lambda x: mpmath.log(1.25) + 1.5 * mpmath.log(x / 2) - (x / 2) ** 2.5, POSITIVE),
    "entropy":        (lambda t: -sn.sigmoid(t) * log(sn.sigmoid(t)) - (1 - sn.sigmoid(t)) * log(1 - sn.sigmoid(t)),
                       lambda x: mpmath.log1p(mpmath.exp(-abs(x))) + abs(x) * logistic(-abs(x)), ANY),
    "√cosh":          (lambda t: sqrt(cosh(t)), lambda x: mpmath.sqrt(mpmath.cosh(x)), [x for x in ANY if abs(x) < 150]),
    "1/√cosh":        (lambda t: 1 / sqrt(cosh(t)), lambda x: 1 / mpmath.sqrt(mpmath.cosh(x)), [x for x in ANY if abs(x) < 150]),
    "√expm1":         (lambda t: sqrt(exp(t) - 1), lambda x: mpmath.sqrt(mpmath.expm1(x)), [x for x in POSITIVE if x < 150]),
    "√Bose":          (lambda t: 1 / sqrt(exp(t) - 1), lambda x: 1 / mpmath.sqrt(mpmath.expm1(x)), POSITIVE),
    "√Bose, inside":  (lambda t: sqrt(1 / (exp(t) - 1)), lambda x: 1 / mpmath.sqrt(mpmath.expm1(x)), POSITIVE),
    "log Bose":       (lambda t: log(1 / (exp(t) - 1)), lambda x: -mpmath.log(mpmath.expm1(x)), POSITIVE),
    "log(1 + Bose)":  (lambda t: log(1 + 1 / (exp(t) - 1)), lambda x: -mpmath.log(-mpmath.expm1(-x)), POSITIVE),
    "Bose beside exp": (lambda t: exp(2 * t) * exp(-t - 1) / (exp(t) - 1), lambda x: mpmath.exp(-1) / -mpmath.expm1(-x), POSITIVE),
    "Fermi beside exp": (lambda t: exp(2 * t) * exp(-t - 1) / (exp(t) + 1), lambda x: mpmath.exp(-1) * logistic(x), ANY),
    "softplus beside exp": (lambda t: exp(t) * log(1 + exp(-2 * t)), lambda x: mpmath.exp(x) * mpmath.log1p(mpmath.exp(-2 * x)), ANY),
    "sigmoids beside exp": (lambda t: exp(3 * t) * sn.sigmoid(-2 * t) ** 2, lambda x: mpmath.exp(3 * x) * logistic(-2 * x) ** 2, ANY),
    "√(1/sigmoid) beside exp": (lambda t: exp(t / 2) * sqrt(1 / sn.sigmoid(t + 1)), lambda x: mpmath.sqrt(mpmath.exp(x) + mpmath.exp(-1)), [x for x in ANY if -9 < x < 150]),
    "|expm1| beside exp": (lambda t: exp(-t) * sqrt((exp(t) - 1) ** 2), lambda x: abs(mpmath.expm1(-x)), [x for x in POSITIVE if not 3 < x < 999]),
    "√|sinh| beside exp": (lambda t: exp(-t / 2) * sqrt(Abs(sinh(t))), lambda x: mpmath.sqrt(-mpmath.expm1(-2 * x) / 2), [x for x in POSITIVE if not 0.5 < x < 999]),
    "log φ":          (lambda t: log(normal_pdf(t)), lambda x: -(x**2) / 2 - mpmath.log(2 * mpmath.pi) / 2, ANY),
    "log φ, scaled":  (lambda t: log(3 * normal_pdf((t - 2) / 4) / 4), lambda x: mpmath.log(0.75 / mpmath.sqrt(2 * mpmath.pi)) - ((x - 2) / 4) ** 2 / 2, ANY),
    "log of a power": (lambda t: log(3 * t**100), lambda x: 100 * mpmath.log(abs(x)) + mpmath.log(3), ANY),
    "log sinh²":      (lambda t: log(sinh(t) ** 2), lambda x: 2 * mpmath.log(abs(mpmath.sinh(x))), ANY),
    "log Φ⁻²":        (lambda t: log((2 + exp(-t)) / sn.normal_cdf(2 * t) ** 2), lambda x: mpmath.log((2 + mpmath.exp(-x)) / mpmath.ncdf(2 * x) ** 2), [x for x in BELOW_3 if x < 0]),
    "log of an odd power": (lambda t: log(t**-101), lambda x: -101 * mpmath.log(x), POSITIVE),
    "Γ density":      (lambda t: log(t**60 * exp(-2 * t) / 7), lambda x: 60 * mpmath.log(abs(x)) - 2 * x - mpmath.log(7), ANY),
    "log(1 + t²·exp)": (lambda t: log(1 + t**2 * exp(t)), lambda x: mpmath.log1p(x**2 * mpmath.exp(x)), ANY),
    "divergence":     (lambda t: sn.sigmoid(t) * log(4 * sn.sigmoid(t)) + (1 - sn.sigmoid(t)) * log(4 * (1 - sn.sigmoid(t)) / 3),
                       lambda x: logistic(x) * mpmath.log(4 * logistic(x)) + logistic(-x) * mpmath.log(4 * logistic(-x) / 3), ANY),
}
# fmt: on


def exact(name: str) -> np.ndarray:
    """Give the points, the values and the slopes."""
    _, f, points = FORMS[name]
    with mpmath.workdps(160):
        h = mpmath.mpf(10) ** -30
        return np.array(
            [[float(v) for v in (x, f(x), (f(x + h) - f(x - h)) / (2 * h))] for x in map(mpmath.mpf, points)]
        ).T


def as_scalars(f: Any, at: np.ndarray, dtype: Any) -> list[Any]:
    kernel = sn.derive(f(t), t).compile(dtype)
    found = [kernel({t: x}) for x in at]
    return [[value for value, _ in found], [slopes[t] for _, slopes in found]]


def as_entries(F: Any, at: np.ndarray, dtype: Any) -> list[Any]:
    given = {A: at.astype(dtype).reshape(1, -1)}
    return [sn.evaluate(F, given)[0], sn.derive(sn.sum(F), A).compile()(given)[1][A][0]]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", FORMS)
def test_value_and_slope(name):
    f, at, *right = FORMS[name][0], *exact(name)
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5)):
        for found in (
            as_scalars(f, at, dtype),
            as_entries(sn.elementwise(f, A), at, dtype),
            as_entries(chained(f(t), {t: A}), at, dtype),
        ):
            for got, wanted in zip(found, right, strict=True):
                room = (
                    tolerance * (np.abs(wanted) + 0.1 * (name in ("divergence", "Student")))
                    + 1e6 * np.finfo(dtype).tiny
                )
                np.testing.assert_array_less(np.abs(np.ravel(got).astype(float) - wanted), room)
