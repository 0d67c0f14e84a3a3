"""SymPy rebuilds, sorts and folds what a loss is made of; it never trips over our nodes, however the loss is written."""

import itertools
import random

import numpy as np
import pytest
import sympy as sp
from sympy import (
    Abs, Add, Derivative, Determinant, DotProduct, HadamardProduct, Identity, Integral, Lambda, MatAdd, MatPow, Max, Min,
    OneMatrix, Piecewise, Rational, Subs, Symbol, Trace, atan, cos, exp, log, sign, sin, sqrt, tanh,
)  # fmt: skip

import symnet as sn

A, B, S = (sn.matrix(name, 3, 3) for name in "ABS")
x, y, F, R = sn.vector("x", 3), sn.vector("y", 3), sn.matrix("F", 1, 1), sn.matrix("R", 2, 3)
t, u = Symbol("t"), Symbol("u")
SYMBOLS = (A, B, S, x, y, F, R, t, u)


def values_for(seed, scale=0.6):
    generator = np.random.default_rng(seed)
    return {s: generator.normal(size=s.shape) * scale if s.is_Matrix else float(generator.normal()) for s in SYMBOLS}


# -- random losses: scalars of matrices inside functions of SymPy's, as they come; each with what NumPy makes of it


def quadratic(M, v):
    return float((v.T @ M @ v).item())


MATRICES = [
    (lambda: A, lambda v: v[A]), (lambda: A * B.T, lambda v: v[A] @ v[B].T), (lambda: A / 2 - B, lambda v: v[A] / 2 - v[B]),
    (lambda: 2 * A * B.T, lambda v: 2 * v[A] @ v[B].T), (lambda: sn.tanh(A - B / 2), lambda v: np.tanh(v[A] - v[B] / 2)),
    (lambda: HadamardProduct(A, B), lambda v: v[A] * v[B]), (lambda: -A, lambda v: -v[A]),
    (lambda: A.applyfunc(Lambda(u, u**2 + u)), lambda v: v[A] ** 2 + v[A]), (lambda: A.T * A + Identity(3), lambda v: v[A].T @ v[A] + np.eye(3)),
    (lambda: sn.elementwise(lambda a: Piecewise((a**2, a > 0), (a / 3, True)), A), lambda v: np.where(v[A] > 0, v[A] ** 2, v[A] / 3)),
    (lambda: x * y.T * t, lambda v: v[x] @ v[y].T * v[t]), (lambda: sn.let("K", A * B), lambda v: v[A] @ v[B]),
    (lambda: sn.softmax(A + B), lambda v: np.exp(v[A] + v[B]) / np.exp(v[A] + v[B]).sum(0)),
]  # fmt: skip
OF_MATRICES = [
    (lambda M: sn.sum(M), lambda m: m.sum()), (lambda M: Trace(M), np.trace), (lambda M: sn.norm(M) ** 2, lambda m: (m**2).sum()),
    (lambda M: Trace(3 * M * M.T), lambda m: 3 * (m**2).sum()), (lambda M: sn.mean(M), np.mean), (lambda M: M.trace(), np.trace),
    (lambda M: sn.entry(M, 0, 1), lambda m: m[0, 1]), (lambda M: M[2, 0], lambda m: m[2, 0]),
    (lambda M: Determinant(M * M.T + Identity(3)), lambda m: np.linalg.det(m @ m.T + np.eye(3))), (lambda M: sn.sum(M / 2 - S), None),
]  # fmt: skip
SCALARS = [
    (lambda: t, lambda v: v[t]), (lambda: u, lambda v: v[u]), (lambda: DotProduct(x, y), lambda v: float((v[x].T @ v[y]).item())),
    (lambda: (x.T * A * y)[0, 0], lambda v: float((v[x].T @ v[A] @ v[y]).item())), (lambda: F[0, 0], lambda v: float(v[F].item())),
    (lambda: Abs(t) + sign(u), lambda v: abs(v[t]) + np.sign(v[u])), (lambda: exp(-x.T * x), lambda v: np.exp(-quadratic(np.eye(3), v[x]))),
    (lambda: x.T * A * x + log(2 + t**2), lambda v: quadratic(v[A], v[x]) + np.log(2 + v[t] ** 2)),
    (lambda: sn.sum(sn.elementwise(lambda a, s: a * s, R, sn.sum(A.applyfunc(Lambda(u, u**2))))), lambda v: v[R].sum() * (v[A] ** 2).sum()),
    (lambda: sn.sum(sn.let("H", 3 * F)), lambda v: 3 * float(v[F].item())), (lambda: Determinant(F * F.T + Identity(1)), lambda v: float(v[F].item()) ** 2 + 1),
]  # fmt: skip
FUNCTIONS = [
    (tanh, np.tanh), (lambda s: log(1 + s**2), lambda v: np.log(1 + v**2)), (lambda s: Max(0, 1 - s), lambda v: max(0, 1 - v)),
    (lambda s: exp(-(s**2)), lambda v: np.exp(-(v**2))), (lambda s: sqrt(1 + s**2), lambda v: np.sqrt(1 + v**2)), (sin, np.sin), (cos, np.cos),
    (lambda s: Min(s, t * 2), None), (lambda s: Piecewise((s**2, s > 1), (2 * s - 1, True)), lambda v: v**2 if v > 1 else 2 * v - 1),
    (atan, np.arctan), (Abs, abs), (lambda s: s**3 / (1 + s**2), lambda v: v**3 / (1 + v**2)), (lambda s: sn.tanh(s), np.tanh),
    (lambda s: (1 + s**2) ** Rational(3, 2), lambda v: (1 + v**2) ** 1.5), (lambda s: sn.softplus(s), lambda v: np.logaddexp(0, v)),
    (lambda s: sn.let("q", s) * 2, lambda v: 2 * v), (lambda s: (1 + s**2) ** t, None),
]  # fmt: skip


def of_matrix(choose):
    M, m = choose(MATRICES)
    f, g = choose(OF_MATRICES)
    if g is None:
        return f(M()), lambda v: float((m(v) / 2 - v[S]).sum())
    return f(M()), lambda v: float(g(m(v)))


def scalar(generator, depth):
    choose = generator.choice
    if depth == 0:
        if generator.random() < 0.5:
            return of_matrix(choose)
        s, value = choose(SCALARS)
        return s(), value
    kind = generator.randrange(5)
    e, value = scalar(generator, depth - 1)
    if kind < 2:
        f, g = choose(FUNCTIONS)
        number = FUNCTIONS.index((f, g))
        if g is None:
            g = (lambda v, s: min(s, 2 * v[t])) if number == 7 else (lambda v, s: (1 + s**2) ** v[t])
            return f(e), lambda v: g(v, value(v))
        return f(e), lambda v: g(value(v))
    other, its = scalar(generator, generator.randrange(depth))
    return [
        lambda: (e + other, lambda v: value(v) + its(v)),
        lambda: (e * other - 2 * other, lambda v: value(v) * its(v) - 2 * its(v)),
        lambda: (Piecewise((e, other > e), (other, True)), lambda v: value(v) if its(v) > value(v) else its(v)),
    ][kind - 2]()


def loss_of(seed):
    """Give a random loss with its value, names by `let` taken once only."""
    generator = random.Random(seed)
    while True:
        loss, value = scalar(generator, 3)
        named = [node.args[0].name for node in loss.atoms(type(sn.let("K", A)), type(sn.let("q", t)))]
        if loss.has(A, x, F, t) and len(set(named)) == len(named):
            return loss, value


@pytest.mark.parametrize("seed", range(150))
def test_random_losses_are_written_derived_and_closed(seed):
    loss, value = loss_of(seed)
    given = values_for(seed)
    used = {s: v for s, v in given.items() if loss.has(s)}
    assert sn.evaluate(loss, used) == pytest.approx(value(given), rel=1e-9, abs=1e-11)
    for symbol in [s for s in (A, x, F, t) if loss.has(s)][:2]:
        closed = sp.sympify(sn.gradient(loss, symbol))
        assert not closed.has(Derivative, Subs, Integral)
        found = sn.evaluate(closed, {s: v for s, v in given.items() if closed.has(s)})
        numeric = np.zeros(np.shape(given[symbol]))
        for place in np.ndindex(numeric.shape):
            ends = []
            for h in (1e-6, -1e-6):
                moved = np.array(given[symbol], float)
                moved[place] += h
                ends.append(value({**given, symbol: moved if moved.ndim else float(moved)}))
            numeric[place] = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(found, numeric, rtol=1e-4, atol=1e-5 * max(1, np.abs(numeric).max()))
