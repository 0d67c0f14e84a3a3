"""Complex steps lose nothing: whatever constant matrices a kernel builds, the slope has its imaginary part.

Losses whose kernels write `full`, `zeros`, `eye`, `array`, a bracket or a table of cases, with a scalar parameter that
is real beside complex ones and complex beside real ones, by complex steps, differences and in 50 digits.
"""

import numpy as np
import pytest
import sympy
from sympy import (
    Abs,
    Determinant,
    Identity,
    ImmutableMatrix,
    Inverse,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Symbol,
    Trace,
    ZeroMatrix,
)

import symnet as sn

W, S, b, r = sn.matrix("W", 2, 3), sn.matrix("S", 3, 3), sn.vector("b", 2), sn.matrix("r", 1, 3)
X = sn.matrix("X", 3, "n")
n = X.shape[1]
t, a = Symbol("t", real=True), Symbol("a", real=True)
ONES = OneMatrix(2, 3)
C = ImmutableMatrix([[1, 2, 3], [4, 5, 7]])

LOSSES = {
    "named constant": sn.sum(sn.hadamard(sn.let("H", t**2 * ONES), sn.tanh(W))),
    "constant alone": sn.norm(t * ONES) ** 2,
    "function of a constant": sn.sum(sn.tanh(t * ONES)),
    "function of a named constant": sn.sum(sn.tanh(sn.let("H", t * ONES)) * S),
    "of two scalars": sn.norm(sn.let("H", t * ONES) + sn.let("G", a * ONES)) ** 2,
    "named constant in a product": sn.sum(W * sn.let("H", t * OneMatrix(3, 3)) * S),
    "sized by a symbol": sn.sum(sn.hadamard(sn.let("H", t * OneMatrix(3, n)), X)) / n,
    "a column of it": sn.sum(sn.let("H", t * OneMatrix(2, 1)) + b),
    "row and column": sn.sum(sn.hadamard(sn.let("P", b * OneMatrix(1, 3)), sn.let("Q", OneMatrix(2, 1) * r), t * ONES)),
    "zeros beside": sn.norm(sn.let("H", t * ONES + ZeroMatrix(2, 3)) + W) ** 2,
    "spread and kept": sn.norm(sn.let("H", sn.tanh(b) * OneMatrix(1, 3)) - t * ONES) ** 2,
    "identity": Trace(sn.let("H", t * Identity(3)) * S) + sn.norm(t * Identity(3) + S) ** 2,
    "determinant of a shift": Determinant(t * Identity(3) + S * S.T),
    "log of it": sympy.log(Determinant(t**2 * Identity(3) + S * S.T)),
    "inverse of a shift": sn.sum(Inverse(t**2 * Identity(3) + S * S.T)),
    "an array": sn.sum(sn.hadamard(sn.let("H", sympy.MatMul(t, C)), sn.tanh(W))),
    "an array in a function": sn.sum(sn.exp( sympy.MatMul(t, C) / 9)),
    "a unit vector": sn.norm(t * sn.unit(3, 1) + S * sn.unit(3, 0)) ** 2,
    "an entry": sn.entry(sn.let("H", t**3 * ONES), 0, 1) + sn.entry(W, 0, 0),
    "brackets": sn.sum(sn.relu(t * ONES)) + sn.sum(sn.relu(t * W)),
    "cases": sn.sum(sn.elementwise(lambda u, s: Piecewise((s, u > 0), (s**2, True)), W, t)),
    "constant cases times": sn.sum(sn.elementwise(lambda u: Piecewise((1, u > 0), (2, True)), W)) * t**2,
    "named cases": sn.let("q", Piecewise((t, t > 0), (t**2, True))) * sn.sum(W),
    "softmax of a constant": sn.norm(sn.softmax(sn.let("H", sympy.MatMul(t, C))) - sn.tanh(W)) ** 2,
    "log-sum-exp": sn.sum(sn.logsumexp(sympy.MatMul(t, C), axis=1) * r),
    "largest": Max(t**2, a, sn.sum(W)) * Min(t, a + 9, sn.norm(W)),
    "largest entry by entry": sn.sum(sn.elementwise(Max, t * ONES, W)),
    "absolute": Abs(t) * sn.norm1(a * ONES) + sn.norm1(t * W),
    "means": sn.mean(sn.let("H", t * ONES)) * sn.sum(sn.mean(W, axis=0) * S),
    "sizes": sn.sum(sympy.exp(-n) * t * X) + sympy.sqrt(n) * t,
    "a power": sn.sum(sn.elementwise(lambda u, p: (u**2 + 1) ** p, W, t)),
    "a function of a constant and a matrix": sn.sum(sn.elementwise(lambda u, v: u * v, W, sn.let("H", t * ONES))),
    "sigmoid": sn.sum(sn.sigmoid(sn.let("H", t * ONES))) + sn.sum(sn.softplus(a * ONES)),
    "a constant that stays": sn.sum(sn.hadamard(sn.let("H", 2 * ONES), sn.let("G", t * W))),
}  # fmt: skip
SHAPES = {"W": (2, 3), "S": (3, 3), "b": (2, 1), "r": (1, 3), "X": (3, 5), "t": (), "a": ()}


def values_of(loss):
    draw = np.random.default_rng(2)
    drawn = {name: draw.normal(size=shape) for name, shape in SHAPES.items()} | {"t": 0.73, "a": 0.4}
    return {s: drawn[s.name] for s in loss.free_symbols - {n}}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("method", ["complex", "mpmath", "central"])
def test_every_parameter_has_its_slope(name, method):
    loss = LOSSES[name]
    check = sn.check_gradients(loss, values_of(loss), method=method)
    assert check and check.method == method, str(check)


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_of_scalars_are_those_of_differences(name):
    loss = LOSSES[name]
    values = values_of(loss)
    for s in loss.free_symbols & {t, a}:
        slope = sn.derive(loss, s).compile()(values)[1][s]
        ends = [sn.evaluate(loss, {**values, s: values[s] + h}) for h in (1e-6, -1e-6)]
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-8)
