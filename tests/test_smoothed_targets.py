"""Targets that sum to 1 for each sample because of what they are made of: smoothed, mixed, both, one-hot by declaration."""

import numpy as np
import pytest
from sympy import OneMatrix, Rational, Symbol

import symnet as sn

eps, lam = Symbol("epsilon", positive=True), Symbol("lambda", positive=True)
K = 4
W, X, C = sn.matrix("W", K, 3), sn.matrix("X", 3, "n"), sn.matrix("C", K, "n", one_hot="columns")
Y, V = sn.matrix("Y", K, "n"), sn.matrix("V", K, "n")
n = X.shape[1]
ONES = OneMatrix(K, n)
TARGETS = {
    "smoothed": (1 - eps) * Y + eps / K * ONES,
    "smoothed by a number": Rational(9, 10) * Y + Rational(1, 40) * ONES,
    "multiplied out": Y - eps * Y + eps / K * ONES,
    "mixed": lam * Y + (1 - lam) * V,
    "mixed and smoothed": (1 - eps) * (lam * Y + (1 - lam) * V) + eps / K * ONES,
    "declared": (1 - eps) * C + eps / K * ONES,
    "declared, mixed": lam * C + (1 - lam) * Y,
}  # fmt: skip


def values_of(loss, seed=0):
    rng = np.random.default_rng(seed)
    one_hot = lambda: np.eye(K)[:, rng.integers(0, K, 5)]
    drawn = {W: rng.normal(size=(K, 3)), X: rng.normal(size=(3, 5)), eps: 0.1, lam: 0.7}
    drawn |= {symbol: one_hot() for symbol in (Y, V, C)}
    return {s: a for s, a in drawn.items() if s in loss.free_symbols}


@pytest.mark.parametrize("rows", [False, True], ids=["columns", "rows"])
@pytest.mark.parametrize("name", TARGETS)
def test_the_gradient_is_the_difference(name, rows):
    T = TARGETS[name]
    loss = sn.cross_entropy((W * X).T, T.T, axis=1) if rows and name != "declared" else sn.cross_entropy(W * X, T)
    derivation = sn.derive(loss, W)
    text = str(derivation)
    assert "1ᵀ" not in text, text
    assert sn.check_gradients(loss, values_of(loss), wrt=[W]).ok
    smoothed = sn.derive(sn.cross_entropy(W * X, T), W)
    assert len(smoothed.equations) <= 1 + len(sn.derive(sn.cross_entropy(W * X, Y), W).equations)


@pytest.mark.parametrize(
    "loss",
    [
        -sn.sum(sn.hadamard(TARGETS["declared"], sn.log_softmax(W * X))),
        -(1 - eps) * sn.sum(sn.hadamard(C, sn.log_softmax(W * X))) - eps / K * sn.sum(sn.log_softmax(W * X)),
        (1 - eps) * sn.cross_entropy(W * X, Y) - eps * sn.mean(sn.log_softmax(W * X)),
        sn.kl_divergence(TARGETS["smoothed"], sn.softmax(W * X)),
    ],
)
def test_other_ways_to_write_it(loss):
    assert "1ᵀ" not in str(sn.derive(loss, W))
    assert sn.check_gradients(loss, values_of(loss), wrt=[W]).ok


def test_what_is_printed():
    assert "Z̅₁ = (softmax(Z₁) − T₁)/n" in str(sn.derive(sn.cross_entropy(W * X, TARGETS["smoothed"]), W))


@pytest.mark.parametrize("target", [Y - V / 2, eps * Y, Y + eps * ONES, sn.tanh(Y) + ONES])
def test_nothing_is_assumed_of_other_sums(target):
    loss = sn.cross_entropy(W * X, target)
    values = values_of(loss) | {Y: np.random.default_rng(1).normal(size=(K, 5))}
    assert sn.check_gradients(loss, values, wrt=[W]).ok


def test_targets_that_do_not_sum_to_one_are_refused():
    loss = sn.cross_entropy(W * X, TARGETS["smoothed"])
    with pytest.raises(ValueError, match="Y: the targets of cross_entropy must sum to 1 in each column"):
        sn.derive(loss, W).compile()(values_of(loss) | {Y: np.ones((K, 5))})
