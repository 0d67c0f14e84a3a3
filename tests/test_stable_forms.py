"""Formulas are computed stably as they are written: no overflow, no NaN, no warning, no lost digits, in value and gradient.

Each spelling is written as a scalar, as one entrywise function, and as a chain of entrywise operations, each of them a
node of its own. What is right is the spelling itself, taken literally in many thousand digits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sympy import (
    Abs,
    Add,
    Determinant,
    Inverse,
    MatrixSymbol,
    Max,
    Mul,
    OneMatrix,
    Symbol,
    cosh,
    exp,
    log,
    pi,
    sech,
    sinh,
    sqrt,
    tanh,
)  # fmt: skip

import symnet as sn

pytestmark = pytest.mark.filterwarnings("error")

SIGMOID = sn.sigmoid(Symbol("x")).func
SOFTPLUS = sn.softplus(Symbol("x")).func

SHAKE = 1e-6
POSITIVE = [float(np.float32(t)) for t in (1e-8, 0.01, 0.7, 3, 36.5, 700, 1e4)]
ANY = [-t for t in reversed(POSITIVE)] + [0.0] + POSITIVE
PAIRS = [(x, y) for x in (-1e4, -0.5, 2.0, 95.0, 1e4) for y in (-800.0, -0.75, 1.0, 1e4)]

# fmt: off
ONE: dict[str, tuple[Callable[[Any], Any], list[float]]] = {
    "softplus":               (lambda t: log(1 + exp(t)), ANY),
    "softplus of -t":         (lambda t: log(1 + exp(-t)), ANY),
    "softplus of -2t":        (lambda t: log(1 + exp(-2 * t)), ANY),
    "softplus, scaled":       (lambda t: log(2 + 2 * exp(t)), ANY),
    "softplus, halved":       (lambda t: log((1 + exp(t)) / 2), ANY),
    "softplus, shifted":      (lambda t: log(1 + exp(t - 3)), ANY),
    "softplus of a quotient": (lambda t: log(1 + exp(t) / 3), ANY),
    "softplus over beta":     (lambda t: log(1 + exp(2 * t)) / 2, ANY),
    "softplus - t":           (lambda t: log(1 + exp(t)) - t, ANY),
    "t - softplus":           (lambda t: t - log(1 + exp(t)), ANY),
    "t + softplus of -t":     (lambda t: t + log(1 + exp(-t)), ANY),
    "softplus, by reciprocal": (lambda t: -log(1 / (1 + exp(t))), ANY),
    "softplus of our own":    (lambda t: SOFTPLUS(t) - t, ANY),
    "three exponentials":     (lambda t: log(1 + exp(t) + exp(2 * t)), ANY),
    "squared under log":      (lambda t: log((1 + exp(t)) ** 2), ANY),
    "root under log":         (lambda t: log(sqrt(1 + exp(2 * t))), ANY),
    "sigmoid":                (lambda t: 1 / (1 + exp(-t)), ANY),
    "sigmoid, exp above":     (lambda t: exp(t) / (1 + exp(t)), ANY),
    "sigmoid of -t":          (lambda t: exp(-t) / (1 + exp(-t)), ANY),
    "sigmoid of -t, short":   (lambda t: 1 / (1 + exp(t)), ANY),
    "sigmoid of 2t":          (lambda t: exp(t) / (exp(t) + exp(-t)), ANY),
    "sigmoid of 2t, short":   (lambda t: 1 / (1 + exp(-2 * t)), ANY),
    "sigmoid, scaled":        (lambda t: 3 / (2 + 2 * exp(-t)), ANY),
    "sigmoid, with a number": (lambda t: exp(t) / (3 + exp(t)), ANY),
    "complement":             (lambda t: 1 - 1 / (1 + exp(-t)), ANY),
    "complement, exp above":  (lambda t: 1 - exp(t) / (1 + exp(t)), ANY),
    "complement of our own":  (lambda t: 1 - SIGMOID(t), ANY),
    "slope of sigmoid":       (lambda t: exp(-t) / (1 + exp(-t)) ** 2, ANY),
    "slope of sigmoid, too":  (lambda t: exp(t) / (1 + exp(t)) ** 2, ANY),
    "s(1 - s)":               (lambda t: SIGMOID(t) * (1 - SIGMOID(t)), ANY),
    "1 - s squared":          (lambda t: 1 - SIGMOID(t) ** 2, ANY),
    "s - 1":                  (lambda t: SIGMOID(t) - 1, ANY),
    "log sigmoid":            (lambda t: log(1 / (1 + exp(-t))), ANY),
    "log sigmoid, exp above": (lambda t: log(exp(t) / (1 + exp(t))), ANY),
    "log sigmoid of our own": (lambda t: log(SIGMOID(t)), ANY),
    "log of complement":      (lambda t: log(1 - SIGMOID(t)), ANY),
    "log of complement, too": (lambda t: log(1 - 1 / (1 + exp(-t))), ANY),
    "log of s(1 - s)":        (lambda t: log(SIGMOID(t) * (1 - SIGMOID(t))), ANY),
    "likelihood":             (lambda t: -0.3 * log(SIGMOID(t)) - 0.7 * log(1 - SIGMOID(t)), ANY),
    "logit of sigmoid":       (lambda t: log(SIGMOID(t) / (1 - SIGMOID(t))), ANY),
    "logit as a difference":  (lambda t: log(SIGMOID(t)) - log(1 - SIGMOID(t)), ANY),
    "focal":                  (lambda t: -((1 - SIGMOID(t)) ** 2) * log(SIGMOID(t)), ANY),
    "entropy of sigmoid":     (lambda t: -SIGMOID(t) * log(SIGMOID(t)), ANY),
    "silu":                   (lambda t: t / (1 + exp(-t)), ANY),
    "mish":                   (lambda t: t * tanh(log(1 + exp(t))), ANY),
    "elu's root":             (lambda t: sqrt(t**2), [t for t in ANY if t]),
    "root of a square":       (lambda t: sqrt((2 * t - 1) ** 2), [t for t in ANY if t != 0.5]),
    "root of a fourth":       (lambda t: sqrt(t**4), ANY),
    "pseudo-Huber":           (lambda t: sqrt(1 + t**2), ANY),
    "tanh":                   (lambda t: (exp(t) - exp(-t)) / (exp(t) + exp(-t)), ANY),
    "tanh of 2t":             (lambda t: (exp(2 * t) - 1) / (exp(2 * t) + 1), ANY),
    "tanh of t/2":            (lambda t: (1 - exp(-t)) / (1 + exp(-t)), ANY),
    "tanh by sigmoid":        (lambda t: 2 * SIGMOID(2 * t) - 1, ANY),
    "tanh by exponentials":   (lambda t: 2 / (1 + exp(-2 * t)) - 1, ANY),
    "tanh by sinh":           (lambda t: sinh(t) / cosh(t), ANY),
    "1 - tanh squared":       (lambda t: 1 - tanh(t) ** 2, ANY),
    "3 - 3 tanh squared":     (lambda t: 3 - 3 * tanh(2 * t) ** 2, ANY),
    "1 - tanh":               (lambda t: 1 - tanh(t), ANY),
    "1 + tanh":               (lambda t: 1 + tanh(t), ANY),
    "(1 + tanh)/2":           (lambda t: (1 + tanh(t / 2)) / 2, ANY),
    "log(1 - tanh squared)":  (lambda t: log(1 - tanh(t) ** 2), ANY),
    "log(1 + tanh)":          (lambda t: log(1 + tanh(t)), ANY),
    "(1 + tanh)(1 - tanh)":   (lambda t: (1 + tanh(t)) * (1 - tanh(t)), ANY),
    "sech":                   (lambda t: 1 / cosh(t), ANY),
    "sech squared":           (lambda t: 1 / cosh(t) ** 2, ANY),
    "cosh in a share":        (lambda t: cosh(t) / (1 + cosh(t)), ANY),
    "cosh in another":        (lambda t: cosh(t) / (1 - cosh(t)), [t for t in ANY if t]),
    "sinh in a share":        (lambda t: sinh(t) / (2 + sinh(t)), [t for t in ANY if t != -POSITIVE[2]]),
    "exp over a sigmoid":     (lambda t: exp(t) / SIGMOID(t), [t for t in ANY if t < 85]),
    "1 over a sigmoid":       (lambda t: 1 / SIGMOID(t), [t for t in ANY if t > -85]),
    "1 - cosh":               (lambda t: 1 - cosh(t), [t for t in ANY if abs(t) < 85]),
    "log(-sinh)":             (lambda t: log(-sinh(t)), [-t for t in POSITIVE]),
    "log(-s² sinh)":          (lambda t: log(-sinh(t) * SIGMOID(t) ** 2), [-t for t in POSITIVE]),
    "sech by exponentials":   (lambda t: 2 / (exp(t) + exp(-t)), ANY),
    "log sech":               (lambda t: log(sech(t)), ANY),
    "log cosh":               (lambda t: log(cosh(t)), ANY),
    "log cosh, exponentials": (lambda t: log((exp(t) + exp(-t)) / 2), ANY),
    "log 2 cosh":             (lambda t: log(2 * cosh(t)), ANY),
    "log(1 + cosh)":          (lambda t: log(1 + cosh(t)), ANY),
    "log(exp(t))":            (lambda t: log(exp(t)), ANY),
    "log(t exp(t))":          (lambda t: log(3 * exp(2 * t)), ANY),
    "gumbel":                 (lambda t: exp(-t - log(1 + exp(-t))), ANY),
    "exp of a softplus":      (lambda t: exp(-log(1 + exp(t))), ANY),
    "log(1 - exp(-t))":       (lambda t: log(1 - exp(-t)), POSITIVE),
    "log(exp(t) - 1)":        (lambda t: log(exp(t) - 1), POSITIVE),
    "1 - exp(-t)":            (lambda t: 1 - exp(-t), POSITIVE),
    "exp(t) - 1":             (lambda t: exp(t) - 1, [t for t in ANY if t < 85]),
    "expm1 over t":           (lambda t: (exp(t) - 1) / t, [t for t in ANY if t < 85 and abs(t) > 0.1]),
    "Bose":                   (lambda t: 1 / (exp(t) - 1), POSITIVE),
    "Bose, exp above":        (lambda t: exp(-t) / (1 - exp(-t)), POSITIVE),
    "Planck":                 (lambda t: t / (exp(t) - 1), [t for t in POSITIVE if t > 0.1]),
    "log1p":                  (lambda t: log(1 + t), POSITIVE),
    "log1p of a square":      (lambda t: log(1 + t**2), ANY),
    "log1p of a quotient":    (lambda t: log(1 + 1 / t), POSITIVE),
    "log sinh":               (lambda t: log(sinh(t)), POSITIVE),
    "coth":                   (lambda t: cosh(t) / sinh(t), POSITIVE),
    "softplus with Max":      (lambda t: Max(t, 0) + log(1 + exp(-Abs(t))), [t for t in ANY if t]),
    "asinh":                  (lambda t: log(t + sqrt(t**2 + 1)), POSITIVE),
}
TWO: dict[str, Callable[[Any, Any], Any]] = {
    "a factor times exp":        lambda a, b: log((1 + a**2) * exp(b)),
    "a density":                 lambda a, b: log(exp(-((a - b) ** 2) / 2) / sqrt(2 * pi)),
    "a share of a factor":       lambda a, b: log(a**2 / (1 + exp(-b))),
    "difference quotient":           lambda a, b: (exp(a) - exp(b)) / (exp(a) + exp(b)),
    "log(exp(a) + exp(b))":          lambda a, b: log(exp(a) + exp(b)),
    "log(2exp(a) + 3exp(b))":        lambda a, b: log(2 * exp(a) + 3 * exp(b)),
    "log((exp(a) + exp(b))/2)":      lambda a, b: log((exp(a) + exp(b)) / 2),
    "log(1 + exp(a) + exp(b))":      lambda a, b: log(1 + exp(a) + exp(b)),
    "log(exp(a)(1 + exp(b)))":       lambda a, b: log(exp(a) * (1 + exp(b))),
    "a - log(exp(a) + exp(b))":      lambda a, b: a - log(exp(a) + exp(b)),
    "exp(a)/(exp(a) + exp(b))":      lambda a, b: exp(a) / (exp(a) + exp(b)),
    "1/(1 + exp(b - a))":            lambda a, b: 1 / (1 + exp(b - a)),
    "exp(a - log(exp(a)+exp(b)))":   lambda a, b: exp(a - log(exp(a) + exp(b))),
    "log(exp(a)/(exp(a) + exp(b)))": lambda a, b: log(exp(a) / (exp(a) + exp(b))),
    "hypot":                         lambda a, b: sqrt(a**2 + b**2),
    "log(1 + exp(a*b))":             lambda a, b: log(1 + exp(-a * b)),
    "product of sigmoids":           lambda a, b: 1 / (1 + exp(-a)) / (1 + exp(-b)),
    "log of a product of sigmoids":  lambda a, b: log(SIGMOID(a) * SIGMOID(b)),
    "exp(a)exp(b)/(…)":              lambda a, b: exp(a) * exp(b) / (1 + exp(a + b)),
}
# fmt: on

a, b = sympy.symbols("a b", real=True)
A, B = sn.matrix("A", 1, "n"), sn.matrix("B", 1, "n")


def spelling(name: str, *arguments: Any) -> Any:
    """Give a formula of the tables, in the arguments given."""
    f = TWO[name] if name in TWO else ONE[name][0]
    return f(*arguments)


def points_of(name: str) -> list[tuple[float, ...]]:
    """Give where a formula of the tables is tried."""
    return PAIRS if name in TWO else [(t,) for t in ONE[name][1]]


def literal(e: Any) -> Any:
    """Give a formula without functions of our own."""
    return e.replace(SIGMOID, lambda x: 1 / (1 + exp(-x))).replace(SOFTPLUS, lambda x: log(1 + exp(x)))


def exact(name: str) -> list[tuple[tuple[float, ...], list[float], list[float]]]:
    """Give each point, the value and the slopes there, and by how much they move when the point does by SHAKE."""
    variables = (a, b)[: len(points_of(name)[0])]
    e = literal(spelling(name, *variables))
    f = sympy.lambdify(variables, [e, *[e.diff(v) for v in variables]], "mpmath", cse=True)
    found = []
    for point in points_of(name):
        with mpmath.workdps(
            60 + int(min(2 * max(map(abs, point)), 9500 if len(point) == 1 else 5000))
        ):  # 1 + exp(−2e4) needs 8,686
            there = f(*map(mpmath.mpf, point))
            beside = f(*[mpmath.mpf(x) * (1 + s) for x, s in zip(point, (SHAKE, -SHAKE), strict=False)])
            moves = [float(abs(x - y)) for x, y in zip(there, beside, strict=True)]
            found.append((point, [float(x) for x in there], moves))
    return found


def chained(e: Any, values: dict[Any, Any]) -> Any:
    """Give a scalar formula of matrices, entry by entry, each operation a node of its own."""
    if e.is_number or e in values:
        return values.get(e, e)
    parts = [chained(x, values) for x in e.args]
    matrices = [p for p in parts if p.is_Matrix]
    numbers = [p for p in parts if not p.is_Matrix]
    if e.is_Add:
        return reduce(lambda x, y: x + y, matrices) + Add(*numbers) * OneMatrix(1, A.shape[1])
    if e.is_Mul:
        return Mul(*numbers) * sn.hadamard(*matrices) if len(matrices) > 1 else Mul(*numbers) * matrices[0]
    return sn.elementwise(lambda *x: e.func(*[x[matrices.index(p)] if p.is_Matrix else p for p in parts]), *matrices)


def as_scalar(name: str, dtype: Any) -> list[list[float]]:
    """Give value and slopes at each point, the formula written with SymPy's symbols."""
    variables = (a, b)[: len(points_of(name)[0])]
    kernel = sn.derive(spelling(name, *variables), variables).compile(dtype)
    found = []
    for point in points_of(name):
        value, slopes = kernel(dict(zip(variables, point, strict=True)))
        found.append([value, *[slopes[v] for v in variables]])
    return found


def as_matrix(F: Any, name: str, dtype: Any) -> Any:
    """Give value and slopes at each point, all points at once."""
    variables = (A, B)[: len(points_of(name)[0])]
    data = dict(zip(variables, np.array(points_of(name), dtype).T[:, None, :], strict=True))
    value = sn.compile(F)(data)
    _, slopes = sn.derive(sn.sum(F), variables).compile()(data)
    assert value.dtype == dtype
    return np.concatenate([value, *[slopes[v] for v in variables]]).T


def entrywise(name: str, dtype: Any) -> Any:
    """Give what `as_matrix` gives for one function applied entry by entry."""
    variables = (A, B)[: len(points_of(name)[0])]
    return as_matrix(sn.elementwise(lambda *x: spelling(name, *x), *variables), name, dtype)


def chain(name: str, dtype: Any) -> Any:
    """Give what `as_matrix` gives for a chain of operations."""
    values = dict(zip((a, b), (A, B), strict=True))
    return as_matrix(chained(spelling(name, *(a, b)[: len(points_of(name)[0])]), values), name, dtype)


OF_TANH = [name for name, (f, _) in ONE.items() if sn.elementwise(f, A).has(tanh)]
OF_TANH += [name for name, f in TWO.items() if sn.elementwise(f, A, B).has(tanh)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_value_and_gradient_are_right_to_the_last_digits(name):
    faults = []
    right = exact(name)
    for writing in (as_scalar, entrywise, chain):
        for dtype, relative in ((np.float64, 1e-12), (np.float32, 1e-5)):
            eps, limits = np.finfo(dtype).eps, np.finfo(dtype)
            for (point, there, moves), found in zip(right, writing(name, dtype), strict=True):
                for which, (x, y, move) in enumerate(zip(found, there, moves, strict=True)):
                    allowed = relative * abs(y) + 4 * move * eps / SHAKE + 1e6 * limits.tiny
                    if name in OF_TANH and which and writing is not as_scalar:  # the slope 1 - A∘A of a layer
                        allowed += 32 * eps * max(1.0, *map(abs, point))
                    if abs(y) < limits.max and not abs(float(x) - y) <= allowed:
                        faults.append(f"{writing.__name__} {dtype.__name__} {point} {which}: {x} for {y}")
    assert not faults, f"{len(faults)}\n" + "\n".join(faults[:12])


@pytest.mark.parametrize("power", [-1, -2, -3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_beyond_all_numbers_is_infinite(dtype, power):
    kernel = sn.derive(sn.sum(sn.elementwise(lambda t: SIGMOID(t) ** power, A)), A).compile()
    for t, right in ((-1e4, np.inf), (-1e3, np.inf), (1e4, 1)):
        with np.errstate(over="ignore"):
            loss, slopes = kernel({A: np.full((1, 1), t, dtype)})
        assert loss == right and slopes[A] == (-np.inf if right > 1 else 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("writing", ["scalar", "entrywise"])
def test_a_share_of_a_sum_with_1_is_finite(writing, dtype):
    # the value to the last digits; of the slope, s·(1 - …), what is small beside 1 is not
    def share(a, b):
        return exp(a) / (1 + exp(a) + exp(b))

    def softmax(points):
        logits = np.concatenate([points, np.zeros((len(points), 1))], axis=1)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    points = np.array([p for p in PAIRS if abs(p[0] - p[1]) < 700 or max(p) > 1000], float)
    s, _, _ = softmax(points).T
    slopes = np.stack([s * (1 - s), -s * softmax(points)[:, 1]])
    if writing == "scalar":
        kernel = sn.derive(share(a, b), (a, b)).compile(dtype)
        found = [kernel({a: p, b: q}) for p, q in points]
        value, moved = np.array([v for v, _ in found]), np.array([[g[a], g[b]] for _, g in found]).T
    else:
        F = sn.elementwise(share, A, B)
        data = {A: points.T[:1].astype(dtype), B: points.T[1:].astype(dtype)}
        value, grads = sn.compile(F)(data)[0], sn.derive(sn.sum(F), (A, B)).compile()(data)[1]
        moved = np.concatenate([grads[A], grads[B]])
    eps = float(np.finfo(dtype).eps) * max(1.0, np.abs(points).max())  # of the exponents
    np.testing.assert_allclose(value, s, rtol=8 * eps, atol=1e6 * np.finfo(dtype).tiny)
    np.testing.assert_allclose(moved, slopes, rtol=8 * eps, atol=8 * eps)


D, X, w, y = MatrixSymbol("D", 300, 300), sn.matrix("X", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
SPD = np.random.default_rng(0).normal(size=(300, 300))
SPD = SPD @ SPD.T / 300 + np.eye(300)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "times"),
    [
        (log(Determinant(D)), 1), (log(Abs(Determinant(D))), 1), (log(Determinant(D)) / 2, 0.5),
        (log(Determinant(D) ** 2), 2), (log(sqrt(Determinant(D))), 0.5), (-log(Determinant(Inverse(D))), 1),
        (log(1 / Determinant(D)), -1), (log(Determinant(D * D.T)), 2), (log(Determinant(D) * Determinant(D.T)), 2),
    ],
    ids=str,
)  # fmt: skip
def test_log_of_a_determinant_beyond_all_numbers(loss, times, scale, dtype):
    at = (SPD * scale).astype(dtype)
    value, gradients = sn.derive(loss, D).compile()({D: at})
    wanted = times * np.linalg.slogdet(at)[1]
    assert float(value) == pytest.approx(float(wanted), rel=1e-12 if dtype is np.float64 else 1e-5)
    inverse = times * np.linalg.inv(at.astype(float)).T
    assert abs(gradients[D] - inverse).max() <= (1e-11 if dtype is np.float64 else 1e-4) * abs(inverse).max()


Z = sn.matrix("Z", 4, 5)
E, REPEATED = sn.exp(Z), {0: OneMatrix(4, 4) * sn.exp(Z), 1: sn.exp(Z) * OneMatrix(5, 5)}
SUMS = {0: OneMatrix(1, 4) * sn.exp(Z), 1: sn.exp(Z) * OneMatrix(5, 1)}
LOGITS = np.array([[1, 2, -1e4, 1e4, 700], [0, -3, -1e4, -1e4, 800], [0.5, 40, 9999, 1e4, -90], [-1, 90, 3, 2, 1.0]])
SHARES: dict[str, Callable[[int], Any]] = {
    "softmax, reciprocal": lambda axis: sn.hadamard(E, sn.elementwise(lambda u: 1 / u, REPEATED[axis])),
    "softmax, quotient": lambda axis: sn.elementwise(lambda u, v: u / v, E, REPEATED[axis]),
    "softmax, one function": lambda axis: sn.elementwise(lambda u, v: exp(u) / v, Z, REPEATED[axis]),
    "softmax, exp of log": lambda axis: sn.exp(sn.log_softmax(Z, axis=axis)),
    "log, softmax": lambda axis: sn.log(sn.softmax(Z, axis=axis)),
    "log, quotient": lambda axis: sn.log(sn.hadamard(E, sn.elementwise(lambda u: 1 / u, REPEATED[axis]))),
    "log, difference": lambda axis: Z - sn.log(REPEATED[axis]),
    "sum": lambda axis: sn.log(SUMS[axis]),
}


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SHARES)
def test_softmax_and_its_logarithm_as_they_are_written(name, axis, dtype):
    F, z = SHARES[name](axis), LOGITS.astype(np.longdouble)
    largest = z.max(axis, keepdims=True)
    lse = largest + np.log(np.exp(z - largest).sum(axis, keepdims=True))
    s = np.exp(z - lse)
    wanted = {"softmax": s, "log": z - lse, "sum": lse}[name.partition(",")[0]]
    C = sn.matrix("C", *F.shape)
    c = np.random.default_rng(1).random(wanted.shape)
    along = (s * c).sum(axis, keepdims=True)
    slope = {"softmax": s * (c - along), "log": c - s * c.sum(axis, keepdims=True), "sum": s * c}[
        name.partition(",")[0]
    ]
    value = sn.evaluate(F, {Z: LOGITS.astype(dtype)})
    _, gradients = sn.derive(sn.sum(sn.hadamard(C, F)), Z).compile()({Z: LOGITS.astype(dtype), C: c.astype(dtype)})
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(
        value.astype(float), wanted.astype(float), rtol=tolerance, atol=1e-280 if tolerance < 1e-9 else 1e-3
    )
    np.testing.assert_allclose(gradients[Z].astype(float), slope.astype(float), rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "loss",
    [
        -sn.sum(sn.hadamard(y, sn.log(sn.sigmoid(X * w))) + sn.hadamard(OneMatrix(*y.shape) - y,
                sn.log(OneMatrix(*y.shape) - sn.sigmoid(X * w)))),
        sn.sum(sn.elementwise(lambda u, v: -u * log(v) - (1 - u) * log(1 - v), y, sn.sigmoid(X * w))),
        sn.sum(sn.elementwise(lambda u, v: -u * log(1 / (1 + exp(-v))) - (1 - u) * log(1 - 1 / (1 + exp(-v))), y, X * w)),
    ],
)  # fmt: skip
def test_a_log_likelihood_closes_to_the_difference(loss):
    printed = str(sn.derive(loss, w))
    assert "softplus(Z₁)" in printed and "⊘" not in printed and "log" not in printed
    closed = str(sn.gradient(loss, w))
    assert "sigmoid" in closed and len(closed) < 40


def test_printed_forms_are_the_short_ones():
    Y = sn.matrix("Y", 4, 5)
    printed = str(sn.derive(-sn.sum(sn.hadamard(Y, sn.log(sn.softmax(Z, axis=0)))), Z))
    assert "log_softmax(Z)" in printed and "⊘" not in printed
    x, v = sn.vector("x", 3), sn.vector("v", 3)
    assert str(sn.gradient(log(1 + exp(-v.T * x)), x)).count("sigmoid") == 1
    for f, short in (
        (lambda t: log(1 + exp(t)), "softplus(Z)"), (lambda t: 1 / (1 + exp(-t)), "sigmoid(Z)"),
        (lambda t: exp(t) / (1 + exp(t)), "sigmoid(Z)"), (lambda t: log(SIGMOID(t)), "softplus(−Z)"),
        (lambda t: 1 - tanh(t) ** 2, "sech(Z)"), (lambda t: (exp(t) - exp(-t)) / (exp(t) + exp(-t)), "tanh(Z)"),
    ):  # fmt: skip
        assert short in str(sn.derive(sn.sum(sn.elementwise(f, Z)), Z)).splitlines()[1]
