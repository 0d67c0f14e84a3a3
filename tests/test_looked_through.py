"""Formulas that are looked through: names, numbers, sums and zeros keep their meaning."""

import numpy as np
import pytest
import sympy
from sympy import ImmutableMatrix, Symbol

import symnet as sn

W, x, b, V = sn.matrix("W", 3, 2), sn.vector("x", 2), sn.vector("b", 3), sn.matrix("V", 3, 3)
LETS = {
    "a sum": sn.tanh(sn.tanh(W * x) + b) - 2 * b,
    "an activation and more": sn.tanh(sn.square(sn.tanh(W * x))) + b,
    "nested": sn.tanh(sn.log(sn.sigmoid(V * sn.tanh(W * x)))) + b,
    "a let within": sn.tanh(sn.let("G", sn.tanh(W * x) + b) - b) + 2 * b,
    "scaled": -3 * sn.tanh(W * x) + b / 2,
}
LOSSES = {
    "log of sigmoid": lambda H: sn.log(sn.sigmoid(H)),
    "log of the other sigmoid": lambda H: sn.log(1 - sn.sigmoid(H)),
    "softplus": lambda H: sn.log(1 + sn.exp(-H)),
    "sigmoid of a logarithm": lambda H: sn.elementwise(lambda h: 1 / (1 + sympy.exp(2 * h)), H),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", LETS)
def test_no_two_values_have_one_name_where_a_let_is_looked_through(name, loss):
    H = sn.let("H", LETS[name])
    L = sn.sum(sn.square(sn.square(LOSSES[loss](H))))
    d = sn.derive(L, [W, b])
    assert len(d.program.by_name) == len(d.program.equations)
    assert name == "nested" or "H" in str(d), "the user's own name is used"
    generator = np.random.default_rng(0)
    values = {s: generator.normal(size=tuple(map(int, s.shape))) for s in L.atoms(sympy.MatrixSymbol)}
    assert sn.check_gradients(L, values, [W, b])


def test_an_explicit_matrix_of_what_is_computed_from_numbers():
    C = ImmutableMatrix([[2, -1], [-2, 3]])
    A, number = sn.matrix("A", 1, 1), 2 * sn.sum(sn.softmax(C, axis=0) ** 2)
    M = ImmutableMatrix([[number], [sn.norm(C)]])
    assert sn.check_gradients(sn.sum(sn.tanh(M * A / 9)), {A: [[0.7]]})
    p = np.exp([[2, -1], [-2, 3]]) / np.exp([[2, -1], [-2, 3]]).sum(axis=0)
    assert np.allclose(sn.evaluate(M * A, {A: [[1.0]]}), [[2 * (p @ p).sum()], [np.sqrt(18)]])


def test_what_is_differentiated_in_does_not_keep_its_sums():
    Y, D = sn.matrix("Y", 4, 2), sn.matrix("D", 4, 2)
    generator = np.random.default_rng(0)
    y, d = np.eye(2)[[0, 1, 1, 0]], generator.normal(size=(4, 2))
    for loss in (sn.cross_entropy(Y, Y, axis=1), sn.cross_entropy(sn.tanh(Y) * 2, Y, axis=1)):
        slope = sn.gradient(loss, Y)
        h = 1e-6
        ends = [sn.evaluate(slope, {Y: y + s * h * d}) for s in (1, -1)]
        found = sn.evaluate(sn.hvp(loss, Y, D), {Y: y, D: d})
        assert np.allclose(found, (ends[0] - ends[1]) / (2 * h), atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_slope_of_a_power_in_its_exponent_is_0_at_0(dtype):
    A, p, P, c = sn.matrix("A", 2, 2), Symbol("p"), sn.matrix("P", 2, 2), Symbol("c")
    a = np.array([[0.0, 0.5], [2.0, 0.0]], dtype)
    wanted = np.array([[0, 0.5**1.5 * np.log(0.5)], [2**1.5 * np.log(2), 0]])
    values = {A: a, p: dtype(1.5), P: np.full((2, 2), 1.5, dtype), c: dtype(0)}
    for power, w in ((sn.power(A, p), p), (sn.power(A, P), P), (sn.power(sn.relu(A), p), p), (c**p + 0 * p, p)):
        loss = sn.sum(power) if power.is_Matrix else power
        right = 0.0 if power.has(c) else wanted if w is P else wanted.sum()
        needed = {s: v for s, v in values.items() if loss.has(s)}
        assert np.allclose(sn.derive(loss, w).compile(dtype=dtype)(needed)[1][w], right, rtol=1e-6)
        assert np.allclose(sn.compile(sn.gradient(loss, w))(needed), right, rtol=1e-6)


def test_a_common_coefficient_is_never_divided_by():
    A, B, a, c = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2), Symbol("a"), Symbol("c")
    for k in (a / 2 - c / 2, sympy.Piecewise((0, a > c), (1, True)), a - c, sympy.sin(a) - 1):
        total = sn.expressions.add(k * A, -k * B)
        assert not [p for p in total.atoms(sympy.Pow) if p.exp.is_negative and p.base.free_symbols]
        values = {a: 1.5, c: 1.5, A: np.ones((2, 2)), B: np.eye(2)}
        found = sn.evaluate(total, {s: v for s, v in values.items() if total.has(s)})
        assert np.allclose(found, float(k.subs({a: 1.5, c: 1.5})) * (np.ones((2, 2)) - np.eye(2)))


@pytest.mark.parametrize("outer", [sympy.sign, sympy.Abs, lambda u: sympy.Abs(u) ** 3, lambda u: u * sympy.sign(u)])
def test_sizes_and_signs_of_what_might_be_complex_to_sympy(outer):
    w, c = sn.vector("w", 3), Symbol("c")
    inside = sn.elementwise(lambda t: outer(t / (2 * c * t + 1)), w)
    loss, v = sn.sum(sn.square(inside) + inside), sn.vector("v", 3)
    values = {w: np.array([[0.5], [-0.3], [1.2]]), c: 0.3}
    assert sn.check_gradients(loss, values, [w]) if sn.gradient(loss, w) != 0 else outer is sympy.sign
    if outer is not sympy.sign:
        slope, h, d = sn.gradient(loss, w), 1e-6, np.array([[1.0], [-2.0], [0.5]])
        ends = [sn.evaluate(slope, {w: values[w] + s * h * d, c: 0.3}) for s in (1, -1)]
        assert np.allclose(sn.evaluate(sn.hvp(loss, w, v), {**values, v: d}), (ends[0] - ends[1]) / (2 * h), atol=1e-6)


def test_names_of_lets_cost_no_comparison_of_equations(monkeypatch):
    H, layers = sn.vector("x", 4), [sn.matrix(f"W{k}", 4, 4) for k in range(40)]
    for k, layer in enumerate(layers):
        H = sn.let(f"H{k}", H + sn.tanh(layer * H))
    count, same = 0, sn.Equation.__eq__

    def counted(mine, other):
        nonlocal count
        count += 1
        return same(mine, other)

    monkeypatch.setattr(sn.Equation, "__eq__", counted)
    sn.derive(sn.norm(H) ** 2, layers)
    assert count < 10 * len(layers)
