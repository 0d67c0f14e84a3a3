"""A bracket [T > 0] is left out beside relu(T), which is 0 where the bracket is, and stands once beside itself."""

import numpy as np
import pytest
from sympy import Max, OneMatrix, Symbol

import symnet as sn
from symnet.expressions import joined_steps, relu, step

W, X, Y = sn.matrix("W", 3, 3), sn.matrix("X", 3, 5), sn.matrix("Y", 3, 5)
Z = W * X
ONES = OneMatrix(3, 5)
A = sn.relu(Z)
LOSSES = {
    "squares": sn.sum(sn.hadamard(A, A)),
    "squares in one function": sn.sum(sn.elementwise(lambda t: Max(t, 0) ** 2, Z)),
    "cubes": sn.sum(sn.hadamard(A, A, A)),
    "squared hinge": sn.norm(sn.relu(ONES - sn.hadamard(Y, Z))) ** 2,
    "with weights": sn.sum(sn.hadamard(A, A, Y)),
    "norm": sn.norm(A) ** 2 / 2 + sn.norm(sn.relu(-Z)) ** 2,
}  # fmt: skip
VALUES = {S: np.random.default_rng(k).normal(size=S.shape) for k, S in enumerate((W, X, Y))}


def numbers(loss):
    return {s: a for s, a in VALUES.items() if s in loss.free_symbols}


@pytest.mark.parametrize("name", LOSSES)
def test_no_bracket_beside_its_relu(name):
    loss = LOSSES[name]
    assert "> 0]" not in str(sn.derive(loss, W))
    assert sn.check_gradients(loss, numbers(loss)).ok


@pytest.mark.parametrize("loss", [sn.sum(sn.hadamard(A, Y)), sn.sum(sn.tanh(A)), sn.squared_error(A, Y)])
def test_a_bracket_that_says_something_stays(loss):
    assert "[Z₁ > 0]" in str(sn.derive(loss, W))
    assert sn.check_gradients(loss, numbers(loss)).ok


@pytest.mark.parametrize("name", LOSSES)
def test_second_derivatives(name):
    along = sn.sum(sn.hadamard(sn.gradient(LOSSES[name], W), W))
    assert sn.check_gradients(along, numbers(along)).ok


def test_the_law():
    x, y = Symbol("x", real=True), Symbol("y", real=True)
    assert joined_steps(relu(x) * step(x)) == relu(x)
    assert joined_steps(2 * y * relu(x) ** 2 * step(x)) == 2 * y * relu(x) ** 2
    assert joined_steps(step(x) ** 2 * y) == step(x) * y
    for kept in (relu(x) * step(y), step(x) / relu(x), x * step(x)):
        assert joined_steps(kept) == kept
