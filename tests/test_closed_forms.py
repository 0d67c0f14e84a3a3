"""Closed forms of `gradient` beside the answers that textbooks give: equal, not longer, and right in numbers.

Sources of the answers: the Matrix Cookbook, and textbooks of regression, classification and matrix factorization.
"""

from __future__ import annotations

import numpy as np
import pytest
from sympy import (
    Abs,
    Determinant,
    HadamardProduct,
    Identity,
    Inverse,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Piecewise,
    Rational,
    Symbol,
    Trace,
    exp,
    log,
    sign,
    sqrt,
)  # fmt: skip

import symnet as sn
from symnet.derivation import as_scalar


def _square(expr):
    return sn.inner(expr, expr)


def sq(P, Q):  # ‖P − Q‖²/2
    return sn.inner(P - Q, P - Q) / 2


A, B, C, X = (MatrixSymbol(name, 3, 3) for name in "ABCX")
D, E = (MatrixSymbol(name, 4, 3) for name in "DE")
R, Y, M = (MatrixSymbol(name, 4, 5) for name in "RYM")
U, V, W = MatrixSymbol("U", 4, 2), MatrixSymbol("V", 5, 2), MatrixSymbol("W", 3, 5)
a, b, x, y, mu = (MatrixSymbol(name, 3, 1) for name in ("a", "b", "x", "y", "mu"))
t, z, alpha = (MatrixSymbol(name, 4, 1) for name in ("t", "z", "alpha"))
K, Q, T = MatrixSymbol("K", 4, 4), MatrixSymbol("Q", 5, 5), MatrixSymbol("T", 5, 4)
lam, s, c = Symbol("lambda"), Symbol("s"), Symbol("c")
I3, ones3, ones4 = Identity(3), OneMatrix(3, 1), OneMatrix(4, 1)
S = A.T * A - I3
P = sn.softmax(W.T * D.T)  # 5 classes, 4 samples
gap = x - y
HUBER = Lambda(s, Piecewise((s**2 / 2, Abs(s) <= 1), (Abs(s) - Rational(1, 2), True)))
quadratic, length = Trace(x.T * A * x), sn.norm(x)


# fmt: off
ROWS = [
    # traces
    ("tr X",                 Trace(X), X,                        I3),
    ("tr AX",                Trace(A * X), X,                    A.T),
    ("tr AXB",               Trace(A * X * B), X,                A.T * B.T),
    ("tr AXᵀB",              Trace(A * X.T * B), X,              B * A),
    ("tr XᵀX",               Trace(X.T * X), X,                  2 * X),
    ("tr X²",                Trace(X * X), X,                    2 * X.T),
    ("tr X³",                Trace(X**3), X,                     3 * X.T**2),
    ("tr X⁴",                Trace(X**4), X,                     4 * X.T**3),
    ("tr X²B",               Trace(X * X * B), X,                B.T * X.T + X.T * B.T),
    ("tr XᵀBX",              Trace(X.T * B * X), X,              B * X + B.T * X),
    ("tr XBXᵀ",              Trace(X * B * X.T), X,              X * B + X * B.T),
    ("tr AXBX",              Trace(A * X * B * X), X,            A.T * X.T * B.T + B.T * X.T * A.T),
    ("tr BABAᵀC",            Trace(B * A * B * A.T * C), A,      C * B * A * B + B.T * C.T * A * B.T),
    ("tr XᵀCXB",             Trace(X.T * C * X * B), X,          C * X * B + C.T * X * B.T),
    ("tr (AXB+C)(AXB+C)ᵀ",   Trace((A * X * B + C) * (A * X * B + C).T), X, 2 * A.T * (A * X * B + C) * B.T),
    ("tr AX⁻¹B",             Trace(A * Inverse(X) * B), X,       -Inverse(X).T * A.T * B.T * Inverse(X).T),
    # determinants and inverses
    ("det X",                Determinant(X), X,                  Determinant(X) * Inverse(X).T),
    ("log det X",            log(Determinant(X)), X,             Inverse(X).T),
    ("log det AXB",          log(Determinant(A * X * B)), X,     A.T * Inverse(A * X * B).T * B.T),
    ("log det(I + AAᵀ)",     log(Determinant(I3 + A * A.T)), A,  2 * Inverse(I3 + A * A.T) * A),
    ("log det XᵀX",          log(Determinant(D.T * D)), D,       2 * D * Inverse(D.T * D)),
    ("tr X⁻¹",               Trace(Inverse(X)), X,               -(Inverse(X).T)**2),
    ("aᵀX⁻¹b",               Trace(a.T * Inverse(X) * b), X,     -Inverse(X).T * a * b.T * Inverse(X).T),
    # linear and quadratic forms
    ("aᵀx",                  Trace(a.T * x), x,                  a),
    ("aᵀXb",                 Trace(a.T * X * b), X,              a * b.T),
    ("aᵀXᵀb",                Trace(a.T * X.T * b), X,            b * a.T),
    ("xᵀAx",                 quadratic, x,                       A * x + A.T * x),
    ("xᵀAx in A",            quadratic, A,                       x * x.T),
    ("½xᵀAᵀAx − bᵀx",        Trace(x.T * A.T * A * x) / 2 - Trace(b.T * x), x, A.T * A * x - b),
    ("bᵀXᵀXc",               Trace(b.T * X.T * X * a), X,        X * a * b.T + X * b * a.T),
    ("(xᵀx)²",               Trace(x.T * x)**2, x,               4 * sn.inner(x, x) * x),
    ("(Xb + a)ᵀC(Xb + a)",   Trace((X * b + a).T * (X * b + a)), X, 2 * (X * b + a) * b.T),
    # norms
    ("‖x‖",                  length, x,                          x / length),
    ("√Σx∘x",                sqrt(sn.sum(HadamardProduct(x, x))), x, x / length),
    ("‖x − a‖",              sn.norm(x - a), x,                  (x - a) / sn.norm(x - a)),
    ("‖Ax − y‖²",            sn.norm(A * x - y)**2, x,           2 * A.T * (A * x - y)),
    ("‖Ax − y‖²/2 in A",     sn.norm(A * x - y)**2 / 2, A,       (A * x - y) * x.T),
    ("‖Ax − y‖",             sn.norm(A * x - y), x,              A.T * (A * x - y) / sn.norm(A * x - y)),
    ("‖X‖²",                 sn.norm(X)**2, X,                   2 * X),
    ("‖x‖⁴/4",               length**4 / 4, x,                   sn.inner(x, x) * x),
    ("exp(−‖x−y‖²/2)",       exp(-_square(gap) / 2), x,          exp(-_square(gap) / 2) * (y - x)),
    ("Rayleigh quotient",    Trace(x.T * A * x) / _square(x), x,
     (A * x + A.T * x) / _square(x) - 2 * Trace(x.T * A * x) / _square(x)**2 * x),
    ("cosine similarity",    sn.inner(x, y) / (sn.norm(x) * sn.norm(y)), x,
     y / (length * sn.norm(y)) - sn.inner(x, y) / (length**3 * sn.norm(y)) * x),
    # masks and factorizations
    ("‖M∘(R − UVᵀ)‖²/2",     _square(sn.hadamard(M, R - U * V.T)) / 2, U,
     sn.hadamard(M, M, U * V.T - R) * V),
    ("‖R − UVᵀ‖²/2",         sq(R, U * V.T), U,                  (U * V.T - R) * V),
    ("‖R − UVᵀ‖²/2 in V",    sq(R, U * V.T), V,                  (V * U.T - R.T) * U),
    ("‖R − UVᵀ‖² + λ‖U‖²",   2 * sq(R, U * V.T) + lam * _square(U), U, 2 * (U * V.T - R) * V + 2 * lam * U),
    ("‖AᵀA − I‖²",           _square(A.T * A - I3), A,           4 * A * (A.T * A - I3)),
    ("tr((AᵀA−B)ᵀ(AᵀA−B))",  Trace((A.T * A - B).T * (A.T * A - B)), A, A * (4 * A.T * A - 2 * B - 2 * B.T)),
    ("‖XXᵀ − B‖²/4, Bᵀ=XXᵀ", _square(A * A.T - I3) / 4, A,       (A * A.T - I3) * A),
    ("autoencoder, decoder", sq(V * U.T * R, Q), V,          (V * U.T * R - Q) * R.T * U),
    # regression
    ("least squares",        sq(D * x, z), x,                    D.T * (D * x - z)),
    ("ridge",                sq(D * x, z) + lam * _square(x) / 2, x, D.T * (D * x - z) + lam * x),
    ("mean squared error",   _square(D * x - z) / 4, x,          D.T * (D * x - z) / 2),
    ("logistic, 0 and 1",    sn.binary_cross_entropy(D * x, t, axis=1), x, D.T * (sn.sigmoid(D * x) - t) / 4),
    ("softmax regression",   sn.cross_entropy(W.T * D.T, T), W, D.T * (P.T - T.T) / 4),
    ("kernel ridge",         sq(K * alpha, z) + lam * Trace(alpha.T * K * alpha) / 2, alpha,
     K.T * (K * alpha - z) + lam * (K * alpha + K.T * alpha) / 2),
    ("log-sum-exp",          log(sn.sum(sn.exp(x))), x,          sn.softmax(x)),
    ("log-sum-exp of Ax",    sn.sum(sn.logsumexp(A * x)), x,     A.T * sn.softmax(A * x)),
    ("Gaussian, mean",       Trace((x - mu).T * A * (x - mu)) / 2, mu, (A * (mu - x) + A.T * (mu - x)) / 2),
    ("Gaussian, precision",  Trace((x - mu).T * A * (x - mu)) / 2 - log(Determinant(A)) / 2, A,
     (x - mu) * (x - mu).T / 2 - Inverse(A).T / 2),
    ("one neuron",           _square(sn.tanh(A * x) - y) / 2, x,
     A.T * sn.hadamard(sn.tanh(A * x) - y, sn.elementwise(lambda h: 1 - h**2, sn.tanh(A * x)))),
    ("log-likelihood",       -sn.sum(sn.hadamard(t, sn.log(sn.sigmoid(D * x)))
                                     + sn.hadamard(ones4 - t, sn.log(ones4 - sn.sigmoid(D * x)))), x,
     D.T * (sn.sigmoid(D * x) - t)),
    ("logistic, ±1",         sn.sum(sn.log(ones4 + sn.exp(-sn.hadamard(t, D * x)))), x,
     -D.T * sn.hadamard(t, sn.sigmoid(-sn.hadamard(t, D * x)))),
    ("Poisson",              sn.sum(sn.exp(D * x)) - sn.inner(t, D * x), x, D.T * (sn.exp(D * x) - t)),
    ("lasso",                sq(D * x, z) + lam * sn.norm1(x), x, D.T * (D * x - z) + lam * sn.sign(x)),
    ("Huber",                sn.sum(sn.elementwise(HUBER, D * x - z)), x,
     D.T * sn.elementwise(lambda t: Piecewise((t, Abs(t) <= 1), (sign(t), True)), D * x - z)),
    ("Σ|x|, as √(x∘x)",      sn.sum(sn.sqrt(sn.hadamard(x, x))), x, sn.sign(x)),
    ("softmax",              sn.inner(a, sn.softmax(x)), x,
     sn.hadamard(sn.softmax(x), a - OneMatrix(3, 3) * sn.hadamard(sn.softmax(x), a))),
    ("‖AX − B‖²",            _square(A * X - B), X,              2 * A.T * (A * X - B)),
    ("Lyapunov, ‖AX+XB−C‖²", _square(A * X + X * B - C) / 2, X,
     A.T * (A * X + X * B - C) + (A * X + X * B - C) * B.T),
    ("orthogonality",        _square(X.T * X - I3) / 4, X,       X * (X.T * X - I3)),
    ("log xᵀAx",             log(quadratic), x,                  (A + A.T) * x / quadratic),
    ("aᵀx/‖x‖",              sn.inner(a, x) / length, x,         (a - sn.inner(a, x) / length**2 * x) / length),
    ("aᵀx/bᵀx",              sn.inner(a, x) / sn.inner(b, x), x,
     a / sn.inner(b, x) - sn.inner(a, x) / sn.inner(b, x)**2 * b),
    ("scatter",              _square(D - ones4 * (ones4.T * D / 4)) / 2, D, D - ones4 * ones4.T * D / 4),
    ("xᵀAx, 1×1",            x.T * A * x, x,                     (A + A.T) * x),
    ("Rayleigh, generalised", sn.inner(x, A * x) / sn.inner(x, B * x), x,
     (A + A.T - sn.inner(x, A * x) / sn.inner(x, B * x) * (B + B.T)) * x / sn.inner(x, B * x)),
    ("Rayleigh, 1×1",        x.T * A * x * (x.T * x).inv(), x,
     ((A + A.T) * x - 2 * sn.inner(x, A * x) / length**2 * x) / length**2),
    ("‖x‖, 1×1",             sqrt(x.T * x), x,                   x / length),
    ("(xᵀx)², 1×1",          (x.T * x)**2, x,                    4 * length**2 * x),
    ("(a−y)ᵀ(a−y)/2",        (a - y).T * (a - y) / 2, a,         a - y),
    ("aᵀx/√Σx∘x",            sn.inner(a, 1 / sqrt(sn.sum(HadamardProduct(x, x))) * x), x,
     (a - sn.inner(a, x) / length**2 * x) / length),
    ("Gaussian kernel",      exp(-_square(gap) / (2 * s**2)), x, exp(-_square(gap) / (2 * s**2)) / s**2 * (y - x)),
    ("xᵀAx + log Σexp",      quadratic + log(sn.sum(sn.exp(x))), x, (A + A.T) * x + sn.softmax(x)),
]
# fmt: on


def _values(loss, wrt):
    generator = np.random.default_rng(3)
    symbols = [s for s in loss.free_symbols | {wrt} if s.is_Matrix or isinstance(s, Symbol)]
    values = {}
    for symbol in sorted(symbols, key=str):
        shape = tuple(map(int, symbol.shape)) if symbol.is_Matrix else ()
        values[symbol] = generator.uniform(0.2, 1.0, shape) + (2 * np.eye(*shape) if 1 not in shape and shape else 0)
    if T in values:
        values[T] /= values[T].sum(axis=0)  # distributions
    return values


@pytest.mark.parametrize(
    ("loss", "wrt", "answer"),
    [pytest.param(*row, id=name) for name, *row in ROWS],
)
def test_the_closed_form_is_the_answer_of_the_textbook(loss, wrt, answer):
    closed = sn.gradient(loss, wrt)
    assert closed in (answer, sn.canonical(answer)), f"{closed}   is not   {answer}   or   {sn.canonical(answer)}"
    assert len(str(closed)) <= len(str(answer))


@pytest.mark.parametrize(("loss", "wrt", "answer"), [pytest.param(*row, id=name) for name, *row in ROWS])
def test_the_closed_form_and_the_answer_are_right_in_numbers(loss, wrt, answer):
    values = _values(loss, wrt)
    gradient = sn.derive(loss, wrt).compile()(values)[1][wrt]
    for form in (sn.gradient(loss, wrt), answer):
        used = {s: v for s, v in values.items() if s in form.free_symbols}
        np.testing.assert_allclose(sn.evaluate(form, used), gradient, rtol=1e-9, atol=1e-12)


def _turned(loss, wrt, answer):
    new = MatrixSymbol(wrt.name, *wrt.shape[::-1])
    return loss.xreplace({wrt: new.T}), new, answer.xreplace({wrt: new.T}).T


def _renamed(loss, wrt, answer):
    symbols = sorted((s for s in (loss.free_symbols | {wrt}) - {T} if s.is_Matrix), key=str)
    rule = {s: MatrixSymbol(name, *s.shape) for s, name in zip(symbols, "ZYXWVURQP", strict=False)}
    return loss.xreplace(rule), rule[wrt], answer.xreplace(rule)


VARIANTS = {
    "three times": lambda loss, wrt, answer: (3 * loss, wrt, 3 * answer),
    "minus a seventh": lambda loss, wrt, answer: (-loss / 7, wrt, -answer / 7),
    "times a symbol": lambda loss, wrt, answer: (lam * loss, wrt, lam * answer),
    "turned": _turned,
    "renamed": _renamed,
    "with a penalty": lambda loss, wrt, answer: (loss + lam * _square(wrt), wrt, answer + 2 * lam * wrt),
    "after a penalty": lambda loss, wrt, answer: (_square(wrt) / 2 + loss, wrt, wrt + answer),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("change", VARIANTS)
@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, *row in ROWS])
def test_every_form_of_a_loss_has_the_same_form_of_its_answer(row, change):
    loss, wrt, answer = VARIANTS[change](as_scalar(row[0]), *row[1:])
    closed, typed = sn.gradient(loss, wrt), sn.canonical(answer)
    assert closed == typed, f"{closed}   is not   {typed}"
    if change != "turned":  # which is typed otherwise: softmax(x.T).T is softmax(x, axis=1)
        brackets = str(answer).count("(")  # 3*(A - B)*C is (3*A - 3*B)*C when it is typed from the left
        assert len(str(closed)) <= len(str(answer)) + 2 * brackets
    values = _values(loss, wrt)
    gradient = sn.derive(loss, wrt).compile()(values)[1][wrt]
    used = {s: v for s, v in values.items() if s in closed.free_symbols}
    np.testing.assert_allclose(sn.evaluate(closed, used), gradient, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, *_, answer in ROWS])
def test_a_canonical_form_is_its_own(answer):
    assert sn.canonical(sn.canonical(answer)) == sn.canonical(answer)


def test_there_are_sixty_rows():
    assert len(ROWS) >= 60
