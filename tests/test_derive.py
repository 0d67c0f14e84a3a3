"""The derivation that a reader sees, closed forms, and what a derivation offers."""

import pytest
import sympy
from sympy import Symbol

import symnet as sn

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
W1, b1 = sn.matrix("W1", 4, 3), sn.vector("b1", 4)
W2, b2 = sn.matrix("W2", 2, 4), sn.vector("b2", 2)
NET = [W1, b1, W2, b2]
LOSS = sn.squared_error(sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2), Y)


def test_the_derivation_of_a_two_layer_net():
    assert str(sn.derive(LOSS, NET)).splitlines() == [
        "Forward                  Backward",
        "  Z₁ = W₁⋅X + b₁⋅1ᵀ        Z̅₂ = (Z₂ − Y)/n",
        "  A₁ = tanh(Z₁)            ∂L/∂W₂ = Z̅₂⋅A₁ᵀ",
        "  Z₂ = W₂⋅A₁ + b₂⋅1ᵀ       ∂L/∂b₂ = Z̅₂⋅1",
        "  L  = ‖Z₂ − Y‖²/(2n)      Z̅₁ = (W₂ᵀ⋅Z̅₂) ∘ (1 − A₁∘A₁)",
        "                           ∂L/∂W₁ = Z̅₁⋅Xᵀ",
        "                           ∂L/∂b₁ = Z̅₁⋅1",
    ]


def test_relu_prints_as_a_bracket():
    loss = sn.squared_error(sn.affine(W2, sn.relu(sn.affine(W1, X, b1)), b2), Y)
    assert "Z̅₁ = (W₂ᵀ⋅Z̅₂) ∘ [Z₁ > 0]" in str(sn.derive(loss, NET))


def test_softmax_with_cross_entropy():
    Z, T = sn.matrix("Z", 5, "n"), sn.matrix("T", 5, "n")
    assert sn.gradient(sn.cross_entropy(Z, T), Z) == (sn.softmax(Z) - T) / Z.shape[1]
    loss = sn.cross_entropy(sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2), Y)
    assert "Z̅₂ = (softmax(Z₂) − Y)/n" in str(sn.derive(loss, NET))


def test_logistic_regression():
    D, w, y = sn.matrix("D", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
    found = sn.gradient(sn.binary_cross_entropy(D * w, y, axis=1), w)
    assert found == D.T * (sn.sigmoid(D * w) - y) / D.shape[0]


def test_least_squares():
    D, w, y = sn.matrix("D", "n", 3), sn.vector("w", 3), sn.vector("y", "n")
    R = D * w - y
    assert sn.gradient(sympy.Trace(R.T * R) / 2, w) == D.T * (D * w - y)
    assert sn.gradient(sn.squared_error(D * w, y, axis=1), w) == D.T * (D * w - y) / D.shape[0]


def test_a_derivation_gives_its_parts():
    d = sn.derive(LOSS, NET)
    assert [e.lhs.name for e in d.forward] == ["Z1", "A1", "Z2", "L"]
    assert d.loss == d.forward[-1].rhs
    assert str(d[W2]) == "Zbar2*A1.T" == str(d["W2"])
    assert d.closed(b1).shape == (4, 1)
    assert d.equations == d.forward + d.backward
    lhs, rhs = d.forward[1]
    assert str(lhs) == "A1" and str(rhs) == "tanh(Z1)"
    assert "aligned" in d._repr_latex_()


def test_one_symbol_or_several_and_scalars():
    a = Symbol("a")
    single = sn.derive(a**2 * sn.sum(X), a)
    assert single.wrt == (a,)
    assert single.closed(a) == 2 * a * sn.sum(X)


def test_gradient_of_a_linear_loss_is_a_matrix_of_ones():
    loss, gradients = sn.derive(sn.sum(X), X).compile()({X: [[1.0], [2.0], [3.0]]})
    assert loss == 6.0
    assert gradients[X].tolist() == [[1.0], [1.0], [1.0]]
    gradients[X][0, 0] = 5.0  # a real array, not a view of one number


@pytest.mark.parametrize("wrt", [[W1], [b2, W1]])
def test_only_what_is_asked_for_is_derived(wrt):
    d = sn.derive(LOSS, wrt)
    partials = [line for line in str(d).replace("Forward", "").split("∂L/∂")[1:]]
    assert len(partials) == len(wrt)
    assert d.compile().arguments[-len(wrt) :] == tuple(w.name for w in wrt)
