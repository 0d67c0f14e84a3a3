"""Slopes at corners other than those of the formulas are subgradients as well, and right; others are not."""

import numpy as np
import pytest

import symnet as sn

x, W, X, Y = sn.vector("x", 4), sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
AT = np.array([[0.0], [1.0], [-2.0], [0.0]])
DRAW = np.random.default_rng(5)
VALUES = {
    "W": np.array([[1.0, -1.0, 0.0], [2.0, 1.0, -1.0]]),
    "X": np.array([[1.0, 2.0, -3.0, 0.5], [1.0, 0.0, 1.0, 0.25], [0.0, 1.0, 2.0, 3.0]]),
    "Y": DRAW.normal(size=(2, 4)),
}
NETS = {"relu": (sn.relu, 0.0), "abs": (sn.abs, -1.0)}


def slope(z, at_zero, below):
    return np.where(z > 0, 1.0, np.where(z == 0, at_zero, below))


@pytest.mark.parametrize("at_zero", [-1.0, -0.3, 0.0, 0.25, 0.5, 1.0, 1.5, -2.0])
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("as_function", [False, True])
def test_a_slope_between_those_beside_a_corner_is_right(name, at_zero, as_function):
    function, below = NETS[name]
    may_be = below <= at_zero <= 1
    loss, values = sn.sum(function(x)), {"x": AT}

    def mine(v):
        return {"x": slope(v["x"], at_zero, below)}

    found = sn.diagnose(loss, values, mine if as_function else mine(values))
    assert found.ok == may_be, str(found)
    assert at_zero in (0.0, 1.5, -2.0) or not may_be or "both are subgradients" in str(found)


@pytest.mark.parametrize("at_zero", [0.5, 1.0])
@pytest.mark.parametrize("name", NETS)
def test_so_it_is_inside_a_net(name, at_zero):
    function, below = NETS[name]
    loss = sn.norm(function(W * X) - Y) ** 2
    Z = VALUES["W"] @ VALUES["X"]
    assert (Z == 0).any() and (Z < 0).any()
    E = 2 * (np.maximum(Z, below * Z) - VALUES["Y"])
    mine = (E * slope(Z, at_zero, below)) @ VALUES["X"].T
    found = sn.diagnose(loss, VALUES, {"W": mine})
    assert found.ok and "both are subgradients" in str(found), str(found)
    wrong = (E * slope(Z, at_zero, 0.3)) @ VALUES["X"].T
    assert not sn.diagnose(loss, VALUES, {"W": wrong}).ok


def test_a_sign_that_is_a_value_has_one_at_0():
    loss = sn.inner(sn.sign(x), x)
    assert not sn.diagnose(loss, {"x": AT}, {"x": slope(AT, 1.0, -1.0)}).ok
