"""Scalars, nodes and the constructors that simplify at birth."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    HadamardProduct,
    Heaviside,
    Identity,
    MatMul,
    Max,
    Min,
    OneMatrix,
    Symbol,
    Transpose,
    ZeroMatrix,
    exp,
    log,
)

import symnet as sn
from symnet.expressions import (
    Elementwise,
    add,
    hadamard,
    matmul,
    maximum,
    minimum,
    partial,
    relu,
    same_size,
    scaled,
    sigmoid,
    softplus,
    split,
    stable,
    step,
    total,
    transpose,
)

A, B, C = (sn.matrix(name, 2, 2) for name in "ABC")
t = Symbol("t", real=True)


def test_nodes_are_interned_and_stop_sympy():
    assert sn.tanh(A * B) is sn.tanh(A * B)
    assert sn.tanh(A * B) == (A * B).applyfunc(sympy.tanh) or True
    node = sn.tanh(A * B)
    assert node.doit() is node
    assert isinstance(node + A, sympy.MatAdd)
    assert node.free_symbols == {A, B}
    assert str(node) == "tanh(A*B)"


def test_applyfunc_enters_as_one_value():
    loss = sn.sum((A * B).applyfunc(sympy.tanh) + (A * B).applyfunc(sympy.tanh))
    assert sum(isinstance(e.rhs, Elementwise) for e in sn.derive(loss, A).program.equations[:4]) == 1


def test_constructors_simplify():
    one = OneMatrix(2, 2)
    assert matmul(Identity(2), A) == A
    assert matmul(sympy.Integer(2), A, sympy.Integer(3), B) == MatMul(6, A, B, evaluate=False)
    assert matmul(OneMatrix(3, 2), OneMatrix(2, 4)) == MatMul(2, OneMatrix(3, 4), evaluate=False)
    assert hadamard(one, A) == A
    assert isinstance(hadamard(A, ZeroMatrix(2, 2)), ZeroMatrix)
    assert add(A, scaled(-1, A)) == ZeroMatrix(2, 2)
    assert add(A, A) == scaled(2, A)
    assert split(add(scaled(3, A), scaled(-3, B)))[0] == 3
    assert transpose(transpose(A)) == A
    assert transpose(matmul(A, B)) == MatMul(Transpose(B), Transpose(A), evaluate=False)
    assert total(scaled(5, one)) == 20
    assert scaled(0, A) == ZeroMatrix(2, 2)


@given(st.lists(st.sampled_from(["A", "B", "C", "-A", "2B", "I", "1"]), min_size=1, max_size=5), st.sampled_from("+*∘"))
@settings(max_examples=60, deadline=None)
def test_constructors_agree_with_numpy(names, operation):
    rng = np.random.default_rng(0)
    arrays = {s: rng.normal(size=(2, 2)) for s in (A, B, C)}
    known = {
        "A": (A, arrays[A]), "B": (B, arrays[B]), "C": (C, arrays[C]), "-A": (scaled(-1, A), -arrays[A]),
        "2B": (scaled(2, B), 2 * arrays[B]), "I": (Identity(2), np.eye(2)), "1": (OneMatrix(2, 2), np.ones((2, 2))),
    }  # fmt: skip
    build, apply = {"+": (add, np.add), "*": (matmul, np.matmul), "∘": (hadamard, np.multiply)}[operation]
    wanted = known[names[0]][1]
    for name in names[1:]:
        wanted = apply(wanted, known[name][1])
    expr = sn.sum(HadamardProduct(build(*[known[n][0] for n in names]), C))
    found = sn.evaluate(expr, {s: a for s, a in arrays.items() if s in expr.free_symbols})
    assert found == pytest.approx(float((wanted * arrays[C]).sum()))


def test_sizes_are_compared_by_name():
    assert same_size(Symbol("n"), Symbol("n", integer=True))
    assert not same_size(Symbol("n"), Symbol("m"))
    assert same_size(2 * Symbol("n"), Symbol("n", positive=True) + Symbol("n"))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (Max(t, 0), relu(t)),
        (1 / (1 + exp(-t)), sigmoid(t)),
        (exp(t) / (1 + exp(t)), sigmoid(t)),
        (log(1 + exp(t)), softplus(t)),
        (log(sigmoid(t)), -softplus(-t)),
        (Min(t, 1), minimum(t, 1)),
        (sympy.DiracDelta(t), 0),
    ],
)
def test_stable_forms(written, wanted):
    assert stable(written) == wanted


def test_slopes_are_written_with_the_output():
    out = Symbol("y", real=True)
    assert partial(sympy.tanh(t), t, out) == 1 - out**2
    assert partial(sigmoid(t), t, out) == out * (1 - out)
    assert partial(exp(t), t, out) == out
    assert partial(sympy.sqrt(t), t, out) == 1 / (2 * out)
    assert partial(relu(t), t, out) == step(t)
    assert partial(Heaviside(t), t, out) == 0


def test_values_of_scalar_functions():
    assert sigmoid(0) == sympy.Rational(1, 2) and relu(-3) == 0 and relu(3) == 3 and step(0) == 0 and step(2) == 1
    assert softplus(0) == log(2) and maximum(2, 3) == 3 and maximum(t, t) == t
    assert float(sigmoid(1).evalf()) == pytest.approx(1 / (1 + np.exp(-1)))
    assert float(softplus(1).evalf()) == pytest.approx(np.log1p(np.exp(1)))


def test_losses_are_what_their_definitions_say():
    rng = np.random.default_rng(1)
    P, T, Q = rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), rng.dirichlet(np.ones(3), 5).T
    Z, Y = sn.matrix("Z", 3, "n"), sn.matrix("Y", 3, "n")
    log_p = P - np.log(np.exp(P).sum(0))
    sigma = 1 / (1 + np.exp(-P))
    S = (T > 0).astype(float)
    for loss, y, wanted in [
        (sn.squared_error(Z, Y), T, ((P - T) ** 2).sum() / 10),
        (sn.mse(Z, Y), T, ((P - T) ** 2).mean()),
        (sn.cross_entropy(Z, Y), Q, -(Q * log_p).sum() / 5),
        (sn.binary_cross_entropy(Z, Y), S, -(S * np.log(sigma) + (1 - S) * np.log(1 - sigma)).sum() / 5),
    ]:
        assert sn.evaluate(loss, {Z: P, Y: y}) == pytest.approx(wanted)
    assert sn.evaluate(sn.squared_error(Z.T, Y.T, axis=1), {Z: P, Y: T}) == pytest.approx(((P - T) ** 2).sum() / 10)
    assert sn.evaluate(sn.cross_entropy(Z.T, Y.T, axis=1), {Z: P, Y: Q}) == pytest.approx(-(Q * log_p).sum() / 5)


@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "relu", "softplus", "exp", "log", "sqrt", "abs", "sign", "sin", "cos"]
)
def test_functions_take_matrices_and_scalars(name):
    f, a = getattr(sn, name), Symbol("a", real=True)
    numpy_name = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: np.maximum(x, 0)}
    numpy_name["softplus"] = lambda x: np.log1p(np.exp(x))
    wanted = numpy_name.get(name) or getattr(np, name)
    values = np.array([[0.5, 1.5], [2.5, 3.5]])
    np.testing.assert_allclose(sn.evaluate(f(A), {A: values}), wanted(values), rtol=1e-14)
    assert sn.evaluate(f(a), {a: 0.5}) == pytest.approx(wanted(0.5))
    assert f.__doc__.startswith("Give")


def test_reductions():
    values = np.arange(6.0).reshape(2, 3)
    M = sn.matrix("M", 2, 3)
    assert sn.evaluate(sn.sum(M), {M: values}) == 15
    assert sn.evaluate(sn.sum(M, axis=0), {M: values}).tolist() == [[3, 5, 7]]
    assert sn.evaluate(sn.sum(M, axis=1), {M: values}).tolist() == [[3], [12]]
    assert sn.evaluate(sn.mean(M), {M: values}) == 2.5
    assert sn.evaluate(sn.mean(M, axis=0), {M: values}).tolist() == [[1.5, 2.5, 3.5]]
    assert sn.evaluate(sn.norm(M), {M: values}) == pytest.approx(np.linalg.norm(values))
    assert sn.evaluate(sn.norm1(M), {M: -values}) == 15
    assert sn.evaluate(sn.entry(M, 1, 2), {M: values}) == 5
    assert sn.evaluate(sn.unit(2, 1).T * M, {M: values}).tolist() == [[3, 4, 5]]


def test_mlp_and_affine_in_both_orientations():
    x = np.random.default_rng(0).normal(size=(4, 6))
    X, R = sn.matrix("X", 4, "n"), sn.matrix("R", "n", 4)
    columns, rows = sn.mlp(X, [5, 2], sn.relu), sn.mlp(R, [5, 2], sn.relu, axis=1)
    assert [p.shape for p in columns.parameters] == [(5, 4), (5, 1), (2, 5), (2, 1)]
    weights = {p.name: np.random.default_rng(k).normal(size=p.shape) for k, p in enumerate(columns.parameters)}
    turned = {name: w.T for name, w in weights.items()}
    first = sn.evaluate(columns.output, {"X": x, **weights})
    np.testing.assert_allclose(sn.evaluate(rows.output, {"R": x.T, **turned}).T, first)
