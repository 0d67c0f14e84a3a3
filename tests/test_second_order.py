"""Second derivatives against differences of gradients, their cost in matrix products, and what they say of bad input."""

import numpy as np
import pytest
from losses import LOSSES, values_of
from sympy import MatrixSymbol, Symbol
from sympy.matrices.exceptions import ShapeError

import symnet as sn

KINKED = {"no slope at all"}  # nothing to differentiate twice


def directions_of(derivation, values, seed=7):
    """Give a symbol for each parameter, and a random value for it."""
    rng = np.random.default_rng(seed)
    symbols = [
        MatrixSymbol(f"D_{w.name}", *w.shape) if w.is_Matrix else Symbol(f"D_{w.name}", real=True)
        for w in derivation.wrt
    ]
    along = []
    for w in derivation.wrt:
        d = rng.normal(size=np.shape(values[w.name]))
        axis = derivation.program.assumptions.get(w)
        along.append(d if axis is None else d - d.mean(axis, keepdims=True))  # what sums to 1 goes on doing so
    return symbols, along


def gradients_moved(derivation, values, along, h):
    moved = dict(values)
    for w, d in zip(derivation.wrt, along, strict=True):
        moved[w.name] = values[w.name] + h * d
    kernel = derivation.compile()
    return kernel.function(*[moved[n] for n in kernel.arguments])[1]


def differences(derivation, values, along, h=1e-5):
    """Give the derivatives of all gradients along a direction, extrapolated once."""
    ends = [gradients_moved(derivation, values, along, k * h) for k in (1, -1, 2, -2)]
    return [(8 * (a - b) - (c - d)) / (12 * h) for a, b, c, d in zip(*ends, strict=True)]


def given_to(kernel, values):
    return kernel.function(*[values[n] for n in kernel.arguments])


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", [n for n in LOSSES if n not in KINKED])
def test_hessian_times_a_direction_on_every_kind_of_loss(name):
    loss, wrt = LOSSES[name]
    derivation = sn.derive(loss, wrt)
    values = values_of(derivation.compile(), seed=2)
    symbols, along = directions_of(derivation, values)
    product = sn.compile(dict(zip(derivation.wrt, sn.hvp(loss, list(wrt), symbols), strict=True)))
    every = {**values, **{s.name: d for s, d in zip(symbols, along, strict=True)}}
    found = given_to(product, every)
    for w, value, numeric in zip(derivation.wrt, found, differences(derivation, values, along), strict=True):
        value, scale = value + 0 * numeric, max(1.0, np.abs(numeric).max())
        axis = derivation.program.assumptions.get(w)
        if axis is not None:  # where a sum is fixed, a gradient is known but for a constant
            value, numeric = (a - a.mean(axis, keepdims=True) for a in (value, numeric))
        np.testing.assert_allclose(value, numeric, atol=2e-6 * scale, err_msg=w.name)


def products_in(kernel):
    return kernel.source.count(" @ ")


X, Y = sn.matrix("X", 8, "n"), sn.matrix("Y", 8, "n")


def deep(depth, activation):
    net = sn.mlp(X, [8] * depth, activation=activation)
    return sn.squared_error(net.output, Y), list(net.parameters)


def residual(depth):
    A, weights = X, [sn.matrix(f"W{k}", 8, 8) for k in range(depth)]
    for W in weights:
        A = A + sn.tanh(W * A)
    return sn.squared_error(A, Y), weights


def tied(depth):
    W, A = sn.matrix("W", 8, 8), X
    for _ in range(depth):
        A = sn.sigmoid(W * A)
    return sn.cross_entropy(W.T * A, Y), [W]


def attention():
    Q, K, V, Z = (sn.matrix(name, 8, 8) for name in "QKVZ")
    scores = sn.softmax(Z.T * Q.T * K * Z / 3)
    return sn.norm(V * Z * scores) ** 2, [Q, K, V]


NETS = {
    "one layer": deep(1, sn.tanh),
    "logistic": (sn.binary_cross_entropy(sn.matrix("M", "n", 8) * sn.vector("w", 8), sn.vector("t", "n"), axis=1), [sn.vector("w", 8)]),
    "three layers": deep(3, sn.sigmoid),
    "ten layers": deep(10, sn.tanh),
    "twenty layers": deep(20, sn.tanh),
    "linear, ten layers": deep(10, lambda A: A),
    "relu": deep(6, sn.relu),
    "residual": residual(12),
    "tied": tied(5),
    "attention": attention(),
}  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", NETS)
def test_it_costs_at_most_five_gradients(name):
    loss, wrt = NETS[name]
    directions = [sn.matrix(f"D{k}", *w.shape) for k, w in enumerate(wrt)]
    gradient = sn.derive(loss, wrt).compile()
    product = sn.compile(dict(zip(wrt, sn.hvp(loss, wrt, directions), strict=True)))
    assert 0 < products_in(product) <= 5 * products_in(gradient)
    for w, d in list(zip(wrt, directions, strict=True))[:2]:
        alone = sn.compile(sn.hvp(loss, w, d))
        assert products_in(alone) <= 5 * products_in(sn.derive(loss, w).compile())


# -- bad input, in the user's words

A, w, v = sn.matrix("A", 3, 3), sn.vector("w", 3), sn.vector("v", 3)
Q, D = sn.matrix("Q", 2, 3), sn.matrix("D", 3, 2)
s = Symbol("s")


@pytest.mark.parametrize(
    "use, error, message",
    [
        (lambda: sn.hvp(A * w, w, v), TypeError, "the loss must be a scalar, but A\\*w is a 3×1 matrix"),
        (lambda: sn.hvp(sn.norm(A), w, v), ValueError, "the loss does not depend on w; it depends on A"),
        (lambda: sn.jvp(A * v, w, v), ValueError, "F does not depend on w; it depends on A, v"),
        (lambda: sn.hvp(sn.norm(Q), Q, D), ShapeError, r"hvp: Q is 2×3, but its direction D is 3×2; write D.T"),
        (lambda: sn.hvp(sn.norm(w), w, A), ShapeError, "hvp: w is 3×1, but its direction A is 3×3; they must have one"),
        (lambda: sn.hvp(sn.norm(w), w, s), ShapeError, "hvp: w is a 3×1 matrix, but its direction s is a scalar"),
        (lambda: sn.hvp(s * sn.norm(w), s, v), ShapeError, "hvp: s is a scalar, but its direction v is a matrix"),
        (lambda: sn.hvp(sn.norm(w), w, "v"), TypeError, "the direction for w: 'v' is text"),
        (lambda: sn.hvp(sn.norm(A * w), [A, w], [A]), ValueError, "hvp: there are 1 directions for 2 symbols"),
        (lambda: sn.hvp(sn.norm(A * w), [A, w], {A: A}), KeyError, "hvp: no direction is given for w"),
        (lambda: sn.hvp(sn.norm(A * w), A * w, w), TypeError, r"hvp: A\*w is no symbol"),
        (lambda: sn.hvp(sn.norm(w), [], []), ValueError, "hvp: give at least one symbol"),
        (lambda: sn.jvp(sn.norm(w) > 1, w, v), TypeError, "jvp: give a matrix or scalar expression"),
        (lambda: sn.hvp(sn.norm(w), w, sn.vector("A", 3) + sn.matrix("A", 3, 1)), None, ""),
        (lambda: sn.hvp(sn.norm(A * w), w, sn.vector("A", 3)), ValueError, "two symbols are called A"),
    ],
)
def test_bad_input(use, error, message):
    if error is None:
        use()
        return
    with pytest.raises(error, match=message):
        use()


def test_a_direction_counts_as_constant_and_may_hold_symbols_of_the_loss():
    loss = sn.norm(A * w) ** 2 / 2
    found = sn.hvp(loss, w, w)
    rng = np.random.default_rng(0)
    a, x = rng.normal(size=(3, 3)), rng.normal(size=(3, 1))
    np.testing.assert_allclose(sn.evaluate(found, {A: a, w: x}), a.T @ a @ x)
    np.testing.assert_allclose(sn.evaluate(sn.hvp(loss, w, x), {A: a}), a.T @ a @ x)  # an array is one as well


def test_it_can_be_derived_and_printed_again():
    loss = sn.sum(sn.tanh(A * w))
    twice = sn.inner(v, sn.hvp(loss, w, v))
    d = sn.derive(twice, w)
    values = {s: np.random.default_rng(1).normal(size=s.shape) for s in (A, w, v)}
    assert sn.check_gradients(twice, values).ok
    assert d.latex() and d.mathml() and d.pretty() and d.mathematica() and sn.formula(sn.hvp(loss, w, v))


def test_derivative_of_a_matrix_along_a_direction():
    E = sn.matrix("E", 3, 3)
    F = sn.softmax(A * sn.tanh(A.T * E)) * A
    values = {s: np.random.default_rng(2).normal(size=(3, 3)) for s in (A, E)}
    step = np.random.default_rng(3).normal(size=(3, 3))
    at = lambda h: sn.evaluate(F, {**values, A: values[A] + h * step})
    numeric = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4
    found = sn.evaluate(sn.jvp(F, A, sn.matrix("D", 3, 3)), {**values, "D": step})
    np.testing.assert_allclose(found, numeric, atol=1e-9)
    assert sn.jvp(sn.sum(A * E), A, step).is_Matrix is False
