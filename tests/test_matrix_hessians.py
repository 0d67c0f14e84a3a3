"""Hessians and Jacobians of functions of a matrix as a whole: exponentials, powers, singular values, products."""

import numpy as np
import pytest
from sympy import Symbol

import symnet as sn

X, A, W, B = sn.matrix("X", 3, 3), sn.matrix("A", 3, 3), sn.matrix("W", 3, 2), sn.matrix("B", 3, 2)
v, y, s, k = sn.vector("v", 3), sn.vector("y", 3), Symbol("s"), Symbol("k", integer=True, positive=True)
N, M = sn.matrix("N", "n", "n"), sn.matrix("M", "n", "n")
LOSSES = {
    "trace of expm": (sn.trace(sn.expm(X)), X),
    "sum of expm": (sn.sum(sn.expm(X)), X),
    "expm, fitted": (sn.norm(sn.expm(X) - A) ** 2, X),
    "expm, any size": (sn.norm(sn.expm(N) - M) ** 2, N),
    "expm of a product": (sn.norm(sn.expm(A * X) * v - y) ** 2, X),
    "expm of a scalar": (sn.norm(sn.expm(s * A) * v - y) ** 2, s),
    "expm of a diagonal": (sn.sum(sn.expm(sn.diag(v) * A)), v),
    "trace of a power": (sn.trace(X**k), X),
    "a power": (sn.norm(X**k * v - y) ** 2, X),
    "a power of a net": (sn.sum(sn.tanh(X) ** k), X),
    "nuclear norm": (sn.nuclear_norm(X), X),
    "nuclear norm, tall": (sn.nuclear_norm(W), W),
    "nuclear norm, wide": (sn.nuclear_norm(W.T - B.T) ** 2, W),
    "nuclear norm of a product": (sn.nuclear_norm(X * sn.diag(v)) + sn.norm(v) ** 2, v),
    "product": (sn.prod(v), v),
    "product, of a matrix": (sn.prod(X) ** 2, X),
    "product of columns": (sn.sum(sn.prod(W, axis=0)), W),
    "product of rows": (sn.norm(sn.prod(sn.tanh(W), axis=1)) ** 2, W),
    "product of a product": (sn.norm(sn.prod(W * B.T, axis=0)) ** 2, W),
}


def drawn(expressions, rng):
    kernel = sn.compile(expressions)
    given = {}
    for symbol in kernel.symbols.values():
        shape = [3 if str(size) == "n" else int(size) for size in getattr(symbol, "shape", ())]
        given[symbol] = 3 if symbol == k else rng.normal(size=shape) if shape else 0.7
    return kernel(given), given


@pytest.mark.parametrize("name", LOSSES)
def test_the_hessian_times_a_direction_is_the_derivative_of_the_gradient(name):
    loss, w = LOSSES[name]
    D = sn.matrix("D", *w.shape) if w.is_Matrix else Symbol("D")
    along = sn.hvp(loss, w, D)
    wanted = {"H": sn.hessian(loss, w), "along": sn.vec(along) if w.is_Matrix else along}
    found, given = drawn(wanted, np.random.default_rng(0))
    H = np.asarray(found["H"].to_dense() if hasattr(found["H"], "to_dense") else found["H"])
    direction = np.reshape(given[D], (-1, 1), order="F") if w.is_Matrix else given[D]
    np.testing.assert_allclose(H @ direction if w.is_Matrix else H * direction, found["along"], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(H, H.T, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ["expm, fitted", "a power", "nuclear norm, tall", "product of rows"])
def test_hessians_of_functions_of_a_matrix_check(name):
    loss, w = LOSSES[name]
    _, given = drawn(loss, np.random.default_rng(1))
    assert sn.check_hessian(loss, given, w)
    assert "Second order" in str(sn.derive(loss, w, order=2))


def test_printed_hessians_of_functions_of_a_matrix():
    formulas = {name: sn.formula(sn.hessian(*LOSSES[name])) for name in LOSSES}
    assert formulas["trace of expm"] == "expm([X ⊗ I, I; 0, I ⊗ Xᵀ])[:9, 9:]⋅K(3, 3)"
    assert formulas["trace of a power"] == "k⋅([X ⊗ I, I; 0, I ⊗ Xᵀ]^(k − 1))[:9, 9:]⋅K(3, 3)"
    assert formulas["product"] == "prod_of_others(v⋅1ᵀ, I)"
    assert formulas["product of columns"] == "(I ⊗ 1⋅1ᵀ) ∘ (1 ⊗ prod_of_others(W⋅(I ⊗ 1ᵀ), 1ᵀ ⊗ I))"


@pytest.mark.parametrize("F", [sn.expm(X), X**k, sn.prod(X, axis=0), sn.prod(X, axis=1), sn.expm(X * A) * v], ids=str)
def test_jacobians_of_functions_of_a_matrix(F):
    D = sn.matrix("D", 3, 3)
    found, given = drawn({"J": sn.jacobian(F, X), "along": sn.vec(sn.jvp(F, X, D))}, np.random.default_rng(2))
    J = found["J"].to_dense() if hasattr(found["J"], "to_dense") else found["J"]
    np.testing.assert_allclose(J @ given[D].reshape(-1, 1, order="F"), found["along"], rtol=1e-11, atol=1e-12)


def test_products_with_zeros_have_hessians():
    zeros = np.array([[0.0], [2.0], [0.0]])
    assert sn.evaluate(sn.hessian(sn.prod(v), v), {v: zeros}).tolist() == [[0, 0, 2], [0, 0, 0], [2, 0, 0]]


class Turned(sn.MatrixNode):
    """The rows of A in the other order, whatever B is, with a rule and without a matrix."""

    title = "turned"


WITHOUT = {
    "a symbol": (lambda A: sn.norm(sn.tanh(Turned(A, A))) ** 2, "turned(·, I0)"),
    "a value": (lambda A: sn.norm(Turned(A, sn.tanh(A))) ** 4, "turned(·, tanh(I0))"),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_a_map_without_a_matrix_is_told_in_names_of_the_user(name, monkeypatch):
    monkeypatch.setitem(sn.RULES, Turned, lambda G, Y, A, B: (Turned(G, B), None))
    A = sn.matrix("I0", 9, 2)
    loss, told = WITHOUT[name][0](A), WITHOUT[name][1]
    with pytest.raises(TypeError, match="there is no matrix of a linear map for .*sn.hvp and sn.jvp") as refused:
        sn.hessian(loss, A)
    assert told in str(refused.value) and "_1" not in str(refused.value)
    assert sn.hvp(loss, A, sn.matrix("D", 9, 2)).shape == (9, 2)
