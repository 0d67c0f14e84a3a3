"""Backward passes that are right for another normalisation than the one that is written."""

import numpy as np
import pytest
from sympy import OneMatrix

import symnet as sn

X, W, Y = sn.matrix("X", 4, "n"), sn.matrix("W", 3, 4), sn.matrix("Y", 3, "n")
g, b = sn.vector("g", 3), sn.vector("b", 3)
n = Y.shape[1]


def by_hand(A, deviation, axis):
    ones = OneMatrix(A.shape[0], 1) if axis == 0 else OneMatrix(1, n)
    spread = lambda v: ones * v if axis == 0 else v * ones
    return sn.divide(A - spread(sn.mean(A, axis=axis)), spread(deviation(A)))


NETS = {
    "gain and bias": lambda normal: sn.mse(sn.hadamard(g * OneMatrix(1, n), normal(W * X)) + b * OneMatrix(1, n), Y),
    "inside": lambda normal: sn.cross_entropy(sn.tanh(normal(W * X)), sn.matrix("P", 3, "n")),
}
RIGHT = {"layer norm": 0, "batch norm": 1}
OTHERS = {
    "along the other axis": lambda axis: lambda A: sn.layer_norm(A, axis=1 - axis),
    "ε is left out": lambda axis: lambda A: sn.layer_norm(A, axis=axis, epsilon=0),
    "ε is 0.001, another number": lambda axis: lambda A: sn.layer_norm(A, axis=axis, epsilon=1e-3),
    "ddof=1": lambda axis: lambda A: by_hand(
        A, lambda A: sn.elementwise(lambda v: (v + 1e-5) ** 0.5, sn.var(A, axis=axis, ddof=1)), axis
    ),
    "added to the deviation": lambda axis: lambda A: by_hand(A, lambda A: sn.std(A, axis=axis) + 1e-5 * OneMatrix(*sn.std(A, axis=axis).shape), axis),
    "the mean is not taken away": lambda axis: lambda A: sn.rms_norm(A, axis=axis),
    "of all entries": lambda axis: lambda A: (A - sn.mean(A) * OneMatrix(*A.shape)) / (sn.var(A) + 1e-5) ** 0.5,
}  # fmt: skip
VALUES = np.random.default_rng(7)
GIVEN = {X: VALUES.normal(size=(4, 6)), W: VALUES.normal(size=(3, 4)), Y: VALUES.normal(size=(3, 6)),
         g: VALUES.normal(size=(3, 1)), b: VALUES.normal(size=(3, 1))}  # fmt: skip
GIVEN[sn.matrix("P", 3, "n")] = np.eye(3)[[0, 2, 1, 1, 0, 2]].T


@pytest.mark.sampled(3)
@pytest.mark.parametrize("told", OTHERS)
@pytest.mark.parametrize("axis", RIGHT.values(), ids=RIGHT)
def test_gradients_of_another_normalisation_are_told_as_that(axis, told):
    net = list(NETS.values())[(list(OTHERS).index(told) + axis) % len(NETS)]
    loss, other = net(lambda A: sn.layer_norm(A, axis=axis)), net(OTHERS[told](axis))
    given = {s: a for s, a in GIVEN.items() if loss.has(s)}
    weights = [s for s in (W, g, b) if loss.has(s)]
    value, mine = sn.derive(other, weights).compile()(given)
    for handed in (mine, (value, mine)):
        found = sn.diagnose(loss, given, handed)
        assert not found and told in str(found) and len(found.explanations) == 1
        assert sn.diagnose(loss, given, sn.derive(loss, weights).compile()(given)[1])
