"""Twenty losses that every textbook has: the gradient that is printed is no longer than the textbook's own formula.

The textbook's gradient is typed as an expression in the symbols of the loss and the names of its forward pass, and both
are printed by the same writer; what is counted are symbols: letters with their marks, numbers, operators and brackets.
"""

import re
from functools import reduce

import numpy as np
import pytest
import sympy
from sympy import Determinant, Inverse, OneMatrix

import symnet as sn
from symnet.expressions import Means, OverDeviation, step
from symnet.expressions.curves import normal_cdf, normal_pdf

SYMBOL = re.compile(r"[A-Za-z_Ͱ-Ͽ][\w̅̂̃₀-₉ᵢ-ᵥ]*|\d+(?:\.\d+)?|[⁰¹²³⁴-⁹⁻ᵀ]+|\S")


def symbols_in(text):
    """Give how many symbols a formula has: names, numbers, raised marks, and single signs."""
    return len(SYMBOL.findall(text))


N = sympy.Symbol("n", integer=True, positive=True)
X, w, y = sn.matrix("X", N, 5), sn.vector("w", 5), sn.vector("y", N)  # samples are rows
D, W, b, Y = sn.matrix("D", 5, N), sn.matrix("W", 3, 5), sn.vector("b", 3), sn.matrix("Y", 3, N)  # samples are columns
v, labels, lam = sn.matrix("v", 1, 5), sn.matrix("l", 1, N), sympy.Symbol("lambda", positive=True)
R, U, V, M = sn.matrix("R", 6, 7), sn.matrix("U", 6, 2), sn.matrix("V", 7, 2), sn.matrix("M", 6, 7)
A, B, x = sn.matrix("A", 4, 4), sn.matrix("B", 4, 4), sn.vector("x", 4)
ones = OneMatrix(1, N)

# name: (loss, symbol, the gradient of the textbook)
CLOSED = {
    "least squares": (sn.norm(X * w - y) ** 2 / 2, w, X.T * (X * w - y)),
    "ridge": (sn.norm(X * w - y) ** 2 / 2 + lam * sn.norm(w) ** 2 / 2, w, X.T * (X * w - y) + lam * w),
    "logistic regression": (sn.binary_cross_entropy(X * w, y, axis=1), w, X.T * (sn.sigmoid(X * w) - y) / N),
    "softmax regression": (sn.cross_entropy(W * D, Y), W, (sn.softmax(W * D) - Y) * D.T / N),
    "Poisson regression": (sn.sum(sn.exp(X * w)) - sn.inner(y, X * w), w, X.T * (sn.exp(X * w) - y)),
    "Huber": (sn.huber(X * w, y, axis=1), w, X.T * sn.clip(X * w - y, -1, 1) / N),
    "support vectors": (
        sn.hinge(v * D, labels), v, -sn.hadamard(labels, sn.elementwise(step, 1 - sn.hadamard(labels, v * D))) * D.T / N,
    ),
    "Kullback–Leibler": (sn.kl_divergence(Y, sn.softmax(W * D)), W, (sn.softmax(W * D) - Y) * D.T / N),
    "free energy": (sn.sum(sn.logsumexp(W * D)), W, sn.softmax(W * D) * D.T),
    "factorisation": (sn.norm(R - U * V.T) ** 2 / 2, U, (U * V.T - R) * V),
    "masked factorisation": (
        sn.norm(sn.hadamard(M, R - U * V.T)) ** 2 / 2, U, sn.hadamard(M, M, U * V.T - R) * V,
    ),
    "log det": (sn.norm(A) ** 2 / 2 - sympy.log(Determinant(A)), A, A - Inverse(A).T),
    "quadratic form": (x.T * A * x, x, (A + A.T) * x),
    "Mahalanobis": (x.T * Inverse(A) * x, A, -Inverse(A).T * x * x.T * Inverse(A).T),
    "variance": (sn.var(x), x, (x - sn.mean(x) * OneMatrix(4, 1)) / 2),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_a_gradient_is_no_longer_than_the_textbooks(name):
    loss, symbol, textbook = CLOSED[name]
    ours, theirs = sn.formula(sn.gradient(loss, symbol)), sn.formula(textbook)
    assert symbols_in(ours) <= symbols_in(theirs), f"{ours}  against  {theirs}"
    values = numbers(loss)
    np.testing.assert_allclose(sn.evaluate(sn.gradient(loss, symbol), within(values, sn.gradient(loss, symbol))),
                               sn.evaluate(textbook, within(values, textbook)), rtol=1e-9, atol=1e-12)  # fmt: skip


def within(values, expr):
    """Give those of the values that an expression has symbols for."""
    return {s: a for s, a in values.items() if s in expr.free_symbols}


def numbers(loss):
    """Give values for all symbols of a loss: columns that sum to 1 for Y, labels -1 and 1, a matrix near the identity."""
    rng = np.random.default_rng(3)
    found = {}
    for s in sorted(loss.free_symbols - {N}, key=str):
        shape = tuple(6 if size == N else int(size) for size in getattr(s, "shape", ()))
        found[s] = rng.normal(size=shape) if shape else 0.3
    found |= {s: np.exp(a) / np.exp(a).sum(axis=0) for s, a in found.items() if s == Y}
    found |= {s: np.sign(a) for s, a in found.items() if s == labels}
    return found | {s: a + 4 * np.eye(4) for s, a in found.items() if s == A}


# -- nets: the textbook's lines, in the names of the forward pass


W1, b1, W2, b2 = sn.matrix("W1", 4, 5), sn.vector("b1", 4), sn.matrix("W2", 3, 4), sn.vector("b2", 3)
C = sn.matrix("C", 5, 4)
Q, K, P, T = sn.matrix("Q", N, 4), sn.matrix("K", N, 4), sn.matrix("P", N, 3), sn.matrix("T", N, 3)
STEPS = [sn.matrix(f"x{t}", 2, N) for t in (1, 2)]
target, H0, C0 = sn.matrix("t", 3, N), sn.matrix("H0", 3, N), sn.matrix("C0", 3, N)
RNN, LSTM = sn.rnn(2, 3), sn.lstm(2, 3)


def hidden(out, A):
    """Give A∘(1 − A), the slope of a sigmoid, times what comes from above."""
    return sn.hadamard(out, A, 1 - A)


def of_tanh(out, A):
    """Give 1 − A∘A, the slope of tanh, times what comes from above."""
    return sn.hadamard(out, OneMatrix(*A.shape) - sn.hadamard(A, A))


def bar(n, like):
    """Give the symbol of an adjoint."""
    return sn.matrix(f"{n}", *like.shape)


def net(f):
    Z1, A1, Z2 = f["Z1"], f["A1"], f["Z2"]
    d2, d1 = bar("Zbar2", Z2), bar("Zbar1", Z1)
    return {
        d2: (Z2 - Y) / N,
        "W2": d2 * A1.T,
        "b2": d2 * ones.T,
        d1: of_tanh(W2.T * d2, A1),
        "W1": d1 * D.T,
        "b1": d1 * ones.T,
    }


def autoencoder(f):
    A1, Z2 = f["A1"], f["Z2"]
    d2, d1 = bar("Zbar2", Z2), bar("Zbar1", A1)
    return {d2: Z2 - D, "C": d2 * A1.T, d1: hidden(C.T * d2, A1), "W1": d1 * D.T}


def attention(f):
    A1, Z2 = f["A1"], f["Z2"]
    d2, dA, d1 = bar("Zbar2", Z2), bar("Abar1", A1), bar("Zbar1", A1)
    spread = (sn.hadamard(dA, A1) * ones.T) * ones
    return {
        d2: (Z2 - T) / N,
        "P": A1.T * d2,
        dA: d2 * P.T,
        d1: sn.hadamard(A1, dA - spread),
        "Q": d1 * K / 2,
        "K": d1.T * Q / 2,
    }


def normalised(axis):
    def lines(f):
        Z1, X1 = f["Z1"], f["Xhat1"]
        G, d1 = bar("T1", X1), bar("Zbar1", Z1)
        means = [Means(G, axis), sn.hadamard(X1, Means(sn.hadamard(X1, G), axis))]
        return {G: X1 - Y, d1: OverDeviation(G - means[0] - means[1], Z1, axis, 1e-5) / N, "W": d1 * D.T}

    return lines


def recurrent(f):
    A1, A2 = f["A1"], f["A2"]
    x1, x2 = STEPS
    d2, d1, U = bar("Zbar2", A2), bar("Zbar1", A1), RNN.parameters["U"]
    return {
        d2: of_tanh(A2 - target, A2), d1: of_tanh(U.T * d2, A1), "W": d2 * x2.T + d1 * x1.T, "U": d2 * A1.T,
        "b": d2 * ones.T + d1 * ones.T,
    }  # fmt: skip


def long_short(f):
    # Graves, "Supervised sequence labelling" (2012), chapter 4; the letters are those of our forward pass
    o, g_f, i, c, s = f["A1"], f["A2"], f["A3"], f["A4"], f["T1"]
    e, dC = bar("T2", o), bar("T3", o)
    do, df, di, dc = (bar(f"d{k}", o) for k in "ofic")
    lines = {
        e: sn.hadamard(o, s) - target, dC: of_tanh(sn.hadamard(e, o), s), do: sn.hadamard(e, s, o, 1 - o),
        df: sn.hadamard(dC, C0, g_f, 1 - g_f), di: sn.hadamard(dC, c, i, 1 - i), dc: of_tanh(sn.hadamard(dC, i), c),
    }  # fmt: skip
    for letter, d in zip("ofic", (do, df, di, dc), strict=True):
        lines |= {f"W_{letter}": d * STEPS[0].T, f"U_{letter}": d * H0.T, f"b_{letter}": d * ones.T}
    return lines


def gaussian_units(f):
    Z1, Z2 = f["Z1"], f["Z2"]
    d2, d1 = bar("Zbar2", Z2), bar("Zbar1", Z1)
    slope = sn.elementwise(lambda z: normal_cdf(z) + z * normal_pdf(z), Z1)
    return {d2: (Z2 - Y) / N, d1: sn.hadamard(W2.T * d2, slope), "W1": d1 * D.T}


NETS = {
    "two layers": (sn.squared_error(sn.affine(W2, sn.tanh(sn.affine(W1, D, b1)), b2), Y), [W1, b1, W2, b2], net),
    "autoencoder": (sn.norm(C * sn.sigmoid(W1 * D) - D) ** 2 / 2, [C, W1], autoencoder),
    "attention": (sn.squared_error(sn.attention(Q, K, P), T, axis=1), [Q, K, P], attention),
    "layer norm": (sn.squared_error(sn.layer_norm(W * D), Y), [W], normalised(0)),
    "batch norm": (sn.squared_error(sn.batch_norm(W * D), Y), [W], normalised(1)),
    "recurrent net": (
        sn.norm(reduce(RNN, STEPS, RNN.start("n")) - target) ** 2 / 2, list(RNN.parameters), recurrent,
    ),
    "LSTM": (sn.norm(LSTM((H0, C0), STEPS[0])[0] - target) ** 2 / 2, list(LSTM.parameters), long_short),
    "GELU": (sn.squared_error(W2 * sn.gelu(W1 * D), Y), [W1], gaussian_units),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_a_backward_pass_is_no_longer_than_the_textbooks(name):
    loss, wrt, textbook = NETS[name]
    d = sn.derive(loss, wrt)
    lines = textbook({e.lhs.name: e.lhs for e in d.forward})
    met = {e.lhs.name for e in d.forward}
    theirs = [f"{sn.formula(s) if not isinstance(s, str) else '∂L/∂' + s} = {sn.formula(rhs)}" for s, rhs in lines.items()
              if isinstance(s, str) or s.name not in met]  # fmt: skip
    ours = [
        f"{'∂L/∂' + str(e.of) if e.role == 'gradient' else sn.formula(e.lhs)} = {sn.formula(e.rhs)}" for e in d.backward
    ]
    assert sum(map(symbols_in, ours)) <= sum(map(symbols_in, theirs)), "\n".join([*ours, "against", *theirs])
    values = numbers(loss)
    known = {s.name: a for s, a in values.items()} | {"n": 6}
    for e in d.forward:
        known[e.lhs.name] = sn.evaluate(e.rhs, {k: known[k] for k in sn.compile(e.rhs).arguments})
    gradients = d.compile()(values)[1]
    for s, rhs in lines.items():
        name = s if isinstance(s, str) else s.name
        found = sn.evaluate(rhs, {k: known[k] for k in sn.compile(rhs).arguments})
        if not isinstance(s, str):
            known[name] = found
        else:
            np.testing.assert_allclose(found, gradients[s], rtol=1e-9, atol=1e-12)


def test_there_are_twenty():
    assert len(CLOSED) + len(NETS) >= 20
