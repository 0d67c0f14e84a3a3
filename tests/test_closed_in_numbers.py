"""Closed forms give the numbers of the compiled gradient: over every kind of loss, and over random matrix formulas."""

from __future__ import annotations

import random

import numpy as np
import pytest
from losses import LOSSES, values_of
from sympy import Add, HadamardProduct, Identity, Inverse, MatrixSymbol, OneMatrix, Rational, Symbol, Trace

import symnet as sn

# a number beside 1 - tanh², and log(exp(A)), are written otherwise when somebody types them
TYPED_OTHERWISE = ("means", "transposed operands", "scaled sums", "trained power")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", LOSSES)
def test_closed_forms_of_every_kind_of_loss(name):
    loss, wrt = LOSSES[name]
    d = sn.derive(loss, wrt)
    kernel = d.compile()
    values = values_of(kernel)
    gradients = kernel(values)[1]
    for symbol in d.wrt:
        form = d.closed(symbol)
        got = sn.evaluate(form, {s: v for s, v in values.items() if s in _names(form)})
        np.testing.assert_allclose(got, gradients[symbol], rtol=1e-7, atol=1e-9 * (1 + np.abs(gradients[symbol]).max()))
        typed = sn.canonical(form)
        again = sn.canonical(typed) if name in TYPED_OTHERWISE else form
        assert typed == again or _is_long(form)


def _names(form):
    found = {s.name for s in form.free_symbols} | {s.name for s in form.atoms(MatrixSymbol)}
    return found | {str(s) for s in form.free_symbols}


def _is_long(form):
    return form.count_ops() > 40


A, B, C, X = (MatrixSymbol(name, 3, 3) for name in "ABCX")
x, y = MatrixSymbol("x", 3, 1), MatrixSymbol("y", 3, 1)
lam = Symbol("lambda")


def _matrix(rng, depth):
    """Give a random 3×3 expression."""
    if depth == 0:
        return rng.choice([A, B, X, X, X.T, A.T, Identity(3), OneMatrix(3, 3), x * y.T, x * x.T])
    P, Q = _matrix(rng, depth - 1), _matrix(rng, rng.randrange(depth))
    return rng.choice([
        lambda: P * Q, lambda: P * Q, lambda: P + Q, lambda: P - Q, lambda: P.T, lambda: 2 * P - Q / 3,
        lambda: lam * P + Q, lambda: HadamardProduct(P, Q), lambda: sn.tanh(P), lambda: Inverse(P + 9 * Identity(3)),
        lambda: P * (Q + x * y.T), lambda: (P - B) * (Q - A), lambda: sn.elementwise(lambda a, b: a * b / (4 + b**2), P, Q),
    ])()  # fmt: skip


def _loss(rng):
    def one():
        P, Q = _matrix(rng, rng.randrange(4)), _matrix(rng, rng.randrange(3))
        return rng.choice([
            lambda: Trace(P), lambda: Trace(P * Q), lambda: sn.inner(P, Q), lambda: sn.norm(P - Q)**2 / 2,
            lambda: sn.norm(P + C), lambda: sn.inner(x, P * x) / sn.inner(x, x), lambda: sn.sum(P),
            lambda: sn.inner(P * x, y) / (1 + sn.norm(Q)**2),
        ])()  # fmt: skip

    return Add(*[rng.choice([1, -1, 2, lam, Rational(1, 3)]) * one() for _ in range(rng.randrange(1, 3))])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(80))
def test_closed_forms_of_random_formulas(seed):
    rng = random.Random(seed)
    loss = _loss(rng)
    generator = np.random.default_rng(seed)
    values = {s: generator.uniform(0.1, 1.0, s.shape) for s in (A, B, C, X, x, y)} | {lam: 0.7}
    for symbol in (X, x):
        if symbol not in loss.free_symbols:
            continue
        used = {s: v for s, v in values.items() if s in loss.free_symbols}
        right = sn.derive(loss, symbol).compile()(used)[1][symbol]
        form = sn.gradient(loss, symbol)
        got = sn.evaluate(form, {s: v for s, v in values.items() if s in form.free_symbols})
        np.testing.assert_allclose(got, right, rtol=1e-8, atol=1e-9 * (1 + np.abs(right).max()), err_msg=str(form))
