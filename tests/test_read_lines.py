"""Derivations line by line: the smaller of two is min, a norm of a value is written as one, a slope has 1 − σ."""

import numpy as np
import pytest
import sympy
from sympy import Max, Min, exp, log

import symnet as sn

W, v = sn.matrix("W", 3, 4), sn.vector("v", 4)
y, z, w = sn.vector("y", 3), sn.vector("z", 3), sn.vector("w", 3)
T = W * v
LINES = {
    "smaller": (sn.sum(sn.elementwise(Min, y, z)), y, ["L = sum(min(y, z))", "∂L/∂y = [z > y]"]),
    "smallest": (sn.sum(sn.elementwise(Min, y, z, w)), y, ["L = sum(min(y, min(z, w)))", "∂L/∂y = [min(z, w) > y]"]),
    "smaller beside a number": (sn.sum(sn.elementwise(lambda t: Min(t, 2), y)), y, ["L = sum(min(y, 2))", "[2 > y]"]),
    "smaller of scalars": (Min(sn.sum(y), sn.norm(z)), z, ["L  = min(T₁, ‖z‖)", "(1 − [‖z‖ > T₁])⋅z/‖z‖"]),
    "clipped": (
        sn.sum(sn.elementwise(lambda r, a: Min(r * a, Min(Max(r, 0.8), 1.2) * a), y, z)), y,
        ["L = sum(min(y∘z, z∘min(max(y, 0.8), 1.2)))"],
    ),
    "difference of the smaller": (
        sn.sum(sn.elementwise(lambda s, t: log(exp(s) + exp(t)) - Min(s, t), y, z)), y,
        ["∂L/∂y = sigmoid(y − z) − [z > y]"],
    ),
    "power of a norm": (sn.norm(T) ** 3, W, ["L  = ‖T₁‖³", "∂L/∂W = 3‖T₁‖⋅T₁⋅vᵀ"]),
    "fourth power": (sn.norm(T) ** 4, W, ["L  = ‖T₁‖⁴", "∂L/∂W = 4‖T₁‖²⋅T₁⋅vᵀ"]),
    "logarithm of a norm": (sympy.log(sn.norm(T)), W, ["L  = log(‖T₁‖)", "∂L/∂W = T₁⋅vᵀ/‖T₁‖²"]),
    "a norm and its square": (sn.norm(T) + sn.norm(T) ** 2, W, ["L  = ‖T₁‖ + ‖T₁‖²", "∂L/∂W = (2 + 1/‖T₁‖)⋅T₁⋅vᵀ"]),
    "sigmoids of both signs": (
        sn.sum(sn.sigmoid(y) - sn.sigmoid(-y)), y, ["∂L/∂y = T₁ ∘ (1 − T₁) + A₁ ∘ (1 − A₁)"],
    ),
    "sigmoid of a difference": (
        sn.sum(sn.power(sn.sigmoid(z - y), 2)), y, ["∂L/∂y = −2⋅(A₁ ∘ A₁ ∘ (1 − A₁))"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_lines_read_as_a_textbook_has_them(name):
    loss, parameter, wanted = LINES[name]
    text = str(sn.derive(loss, parameter))
    assert [line for line in wanted if line not in text] == [], text


@pytest.mark.parametrize("name", LINES)
def test_the_lines_are_right(name):
    loss, parameter, _ = LINES[name]
    rng = np.random.default_rng(3)
    values = {s: rng.normal(size=s.shape) for s in (W, v, y, z, w) if s in loss.free_symbols}
    assert sn.check_gradients(loss, values, [parameter])
    assert sn.check_gradients(loss, values, [parameter], method="central")
    closed = sn.evaluate(sn.gradient(loss, parameter), values)
    np.testing.assert_allclose(closed, sn.derive(loss, parameter).compile()(values)[1][parameter], rtol=1e-12, atol=0)


@pytest.mark.parametrize("of_two, numpy", [(Max, np.maximum), (Min, np.minimum)])
def test_the_smaller_and_the_larger_in_every_notation_and_kernel(of_two, numpy):
    loss = sn.sum(sn.elementwise(of_two, y, z))
    word = of_two.__name__.lower()
    assert f"\\{word}" in sn.formula(loss, format="latex") and f"<mi>{word}</mi>" in sn.formula(loss, format="mathml")
    values = {y: [[1.0], [2.0], [0.5]], z: [[2.0], [1.0], [0.0]]}
    found = sn.evaluate(sn.elementwise(of_two, y, z), values)
    np.testing.assert_array_equal(found, numpy(values[y], values[z]))
    tied, _ = sn.derive(loss, [y, z]).compile()({y: np.ones((3, 1)), z: np.ones((3, 1))})
    slopes = sn.derive(loss, [y, z]).compile()({y: np.ones((3, 1)), z: np.ones((3, 1))})[1]
    assert tied == 3 and (slopes[y] + slopes[z]).tolist() == [[1], [1], [1]]


def test_a_function_that_is_a_value_already_is_not_computed_again():
    # the derivative of sech² has tanh in it, that of log(cosh) is one
    X, B = sn.matrix("X", 4, 5), sn.matrix("B", 3, 5)
    Z = W * X
    A = sn.tanh(Z)
    for other in (lambda t: sympy.sech(t) ** 2, lambda t: log(sympy.cosh(t)) ** 2, lambda t: t / sympy.cosh(t)):
        derivation = sn.derive(sn.sum(sn.hadamard(A, sn.elementwise(other, Z), B)), W)
        assert str(derivation).count("tanh") == 1, str(derivation)
        values = {s: np.random.default_rng(1).normal(size=s.shape) for s in (W, X, B)}
        assert sn.check_gradients(derivation, values)
