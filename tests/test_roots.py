"""Slopes of norms where the norm is 0."""

import warnings

import numpy as np
import pytest
import sympy as sp
from sympy import Rational, sqrt

import symnet as sn

n = sp.Symbol("n", integer=True, positive=True)
w, W, V = sn.vector("w", 3), sn.matrix("W", 3, 4), sn.matrix("V", 3, 4)
S = sn.matrix("S", 3, 3, positive_definite=True)
GIVEN = {w: np.zeros((3, 1)), W: np.zeros((3, 4)), V: np.ones((3, 4)), S: np.diag([1.0, 2.0, 3.0])}

# of each the slope is 0 where the symbol is, or 0 is one of its slopes
NORMS = {
    "norm": sn.norm(w), "of a matrix": sn.norm(W), "columns": sn.sum(sn.norm(W, axis=0)), "rows": sn.sum(sn.norm(W, axis=1)),
    "twice": 3 * sn.norm(W) + sn.norm(2 * W), "with its powers": sn.norm(w) ** 3 + sn.norm(w), "of a net": sn.norm(sn.relu(W)),
    "inside": sp.log(1 + sn.norm(w)), "shrunk": sn.norm(W) / 7, "trace": sqrt(sn.trace(W.T * W)), "form": sqrt(w.T * S * w),
    "product": sqrt(w.T * w), "power": ((w.T * w)[0, 0]) ** Rational(3, 4), "below one half": sn.norm(w) ** Rational(6, 5),
    "root of a mean": sqrt(sn.mse(W, 0 * V)), "std": sn.std(W), "std of rows": sn.sum(sn.std(W, axis=1)),
    "entries": sn.sum(sn.elementwise(lambda a, b: sqrt(a**2 + b**2), W, 3 * W)), "huber": sn.norm(sn.huber(W, 0 * V, 1) * W) ,
    "four": sn.sum(sn.elementwise(sqrt, sn.square(W) + sn.square(sn.tanh(W)))), "beside": sn.norm(W) + sn.sum(V / sn.norm(V)),
    "let": sn.norm(sn.let("H", sn.tanh(W)) - sn.tanh(W) / 2), "group": sn.norm(W[:2, :]) + sn.norm(W[2:, :]),
}  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize("backend", ["numpy", "workspace", "jax", "c", "float32"])
@pytest.mark.parametrize("loss", NORMS.values(), ids=NORMS)
def test_the_slope_of_a_norm_is_0_where_it_is_0(loss, backend):
    wrt = W if loss.has(W) else w
    options = {"jax": {"backend": "jax"}, "c": {"backend": "c"}, "workspace": {"workspace": True}}.get(backend, {})
    d = sn.derive(loss, wrt)
    kernel = d.compile(**options)
    given = {s: GIVEN[s] for s in GIVEN if s.name in kernel.arguments}
    if backend == "float32":
        given = {s: a.astype(np.float32) for s, a in given.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, slopes = kernel(given)
    assert np.isfinite(value) and np.array_equal(slopes[wrt], np.zeros_like(GIVEN[wrt]))
    if loss not in (NORMS["power"], NORMS["below one half"]):  # of which no difference quotient is any good at 0
        assert sn.check_gradients(d, {s: GIVEN[s] for s in GIVEN if s.name in kernel.arguments})


@pytest.mark.parametrize("loss", NORMS.values(), ids=NORMS)
def test_elsewhere_it_is_what_it_was(loss):
    wrt = W if loss.has(W) else w
    values = np.random.default_rng(3).normal(size=(2, 3, 4))
    given = {**GIVEN, w: values[0, :, :1], W: values[0], V: values[1]}
    kernel, form = sn.derive(loss, wrt).compile(), sn.gradient(loss, wrt)
    used = {s: given[s] for s in given if s.name in kernel.arguments}
    assert np.allclose(kernel(used)[1][wrt], sn.evaluate(form, {s: given[s] for s in given if form.has(s)}), rtol=1e-13)


AGAIN = ["norm", "columns", "twice", "with its powers", "inside", "form", "power", "std", "let", "group"]


@pytest.mark.parametrize("loss", [NORMS[name] for name in AGAIN], ids=AGAIN)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_second_slopes_take_the_first_ones_nothing(loss):
    wrt = W if loss.has(W) else w
    kernel, form = sn.derive(loss, wrt, order=2).compile(), sn.compile(sn.hessian(loss, wrt))
    given = {s: GIVEN[s] for s in GIVEN if s.name in kernel.arguments}
    _, slopes, hessians = kernel(given)
    assert np.array_equal(slopes[wrt], np.zeros_like(GIVEN[wrt]))
    assert not np.isfinite(np.asarray(hessians[wrt])).all()  # there is none in a corner
    given |= {wrt: np.random.default_rng(3).normal(size=wrt.shape)}
    _, slopes, hessians = kernel(given)
    assert np.allclose(slopes[wrt], sn.derive(loss, wrt).compile()(given)[1][wrt], rtol=1e-13)
    wanted = np.asarray(form({s: a for s, a in given.items() if s.name in form.arguments}))
    assert np.allclose(np.asarray(hessians[wrt]), wanted, rtol=1e-10, atol=1e-12)


def test_newton_says_where_there_is_no_hessian():
    pytest.importorskip("scipy")
    loss, given, start = sn.norm(w) ** 3 + sn.norm(w - 1) ** 2, {}, {w: np.zeros((3, 1))}
    with np.errstate(all="ignore"):
        run = sn.train(loss, given, start, sn.NewtonCG(), progress=False)
    assert not run.success and "the product with the Hessian is not finite" in run.message
    assert "sn.LBFGS()" in run.message and sn.train(loss, given, start, sn.LBFGS(), progress=False).success


BY_HAND = {
    "direction": sn.sum(w / sn.norm(w)), "reciprocal": 1 / sn.norm(w), "cosine": sn.cosine_similarity(w, sn.vector("v", 3)),
    "root": sn.norm(w) ** Rational(1, 2), "logarithm": sp.log(sn.norm(w)), "over a root": sn.sum(w) / sqrt(1 + 0 * n + sn.norm(w) ** 2 - 1),
    "beside a logarithm": sp.log(sn.norm(w)) + sn.norm(w), "of a value": sn.let("r", sn.norm(w)) ** Rational(1, 3),
    "logarithm of a value": sp.atan(sp.log(sn.let("r", sn.norm(w)))), "of a product": sp.log(2 * sn.norm(w) ** 2) + sn.norm(w),
    "likelihood": sn.sum(sn.log(sn.norm(w, axis=1))) + sn.norm(w),
    "of no square": sqrt(sn.sum(sn.relu(w))), "entries": sn.sum(sn.elementwise(sqrt, sn.relu(w))),
}  # fmt: skip


@pytest.mark.parametrize("loss", BY_HAND.values(), ids=BY_HAND)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_has_no_slope_there_has_none(loss):
    kernel = sn.derive(loss, w).compile()
    given = {name: {"w": np.zeros((3, 1)), "v": np.ones((3, 1))}[name] for name in kernel.arguments}
    assert not np.isfinite(kernel(given)[1][w]).any()


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_weights_that_start_at_0_are_trained_with_a_norm_as_penalty(backend):
    X, Y, n = sn.matrix("X", 3, "n"), sn.matrix("Y", 4, "n"), np.random.default_rng(0)
    data = {X: (x := n.normal(size=(3, 60))), Y: np.arange(12).reshape(4, 3) @ x}
    loss = sn.mse(W.T * X, Y) + sn.norm(W) / 1000
    found = sn.train(loss, data, parameters={W: np.zeros((3, 4))}, epochs=300, backend=backend, progress=False)
    assert np.allclose(found.parameters[W], np.arange(12).reshape(4, 3).T, atol=0.01)


ONES, ZEROS, SIGNS = np.ones((2, 2)), np.zeros((2, 2)), np.array([[1.0, -1.0], [-1.0, 1.0]])
NO_SQUARES = {
    "twice and once": (lambda A, B: sqrt(sn.sum(sn.hadamard(A, A, B))), ONES, ZEROS),
    "below 0": (lambda A, B: sqrt(sn.sum(sn.hadamard(A, A, B))), ONES, -ONES),
    "by a mask of both signs": (lambda A, B: sqrt(sn.sum(sn.hadamard(A, A, B))), ONES, SIGNS),
    "three times": (lambda A, B: sqrt(sn.sum(sn.hadamard(A + B, A + B, A + B))), ZEROS, SIGNS),
    "columns": (lambda A, B: sn.sum(sn.sqrt(sn.sum(sn.hadamard(A, A, B), axis=0))), ONES, SIGNS),
}


@pytest.mark.parametrize("name", NO_SQUARES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_no_square_has_no_slope_where_it_is_0(name):
    A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
    loss, a, b = NO_SQUARES[name]
    slopes = sn.derive(loss(A, B), [A, B]).compile()({A: a, B: b})[1]
    assert not np.isfinite(slopes[A]).any()
    assert not np.isfinite(slopes[B]).any()
