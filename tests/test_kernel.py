"""The code that runs: flat, without matrices of ones, stable, and as little of it as there need be."""

import re
import tracemalloc

import numpy as np
import pytest
import sympy
from sympy import OneMatrix

import symnet as sn
from symnet.program import builder

X, Y = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
W, b = sn.matrix("W", 2, 3), sn.vector("b", 2)


def source(loss, *wrt):
    return sn.derive(loss, list(wrt)).compile().source


def test_arguments_and_results_have_the_documented_order():
    kernel = sn.derive(sn.squared_error(sn.affine(W, X, b), Y), [b, W]).compile()
    assert kernel.arguments == ("X", "Y", "b", "W")
    x, y, w, c = np.ones((3, 4)), np.zeros((2, 4)), np.ones((2, 3)), np.ones((2, 1))
    loss, (gb, gW) = kernel.function(x, y, c, w)
    assert loss == pytest.approx(16.0)
    assert gb.shape == (2, 1) and gW.shape == (2, 3)
    named = kernel({"X": x, Y: y, W: w, "b": c})
    assert named[0] == loss and (named[1]["W"] == gW).all() and (named[1][b] == gb).all()


def test_no_matrix_of_ones_is_built():
    code = source(sn.cross_entropy(sn.affine(W, X, b), Y) + sn.sum(sn.tanh(X), axis=0)[0, 0], W, b)
    assert "ones" not in code and "eye(1" not in code


def test_a_coefficient_goes_on_the_smallest_factor():
    v, D = sn.vector("v", 1000), sn.matrix("D", 2000, 1000)
    code = source(sn.norm(-3 * D.T * (D * v)), v)
    assert "3*D" not in code and "-D" not in code and "D.T*" not in code


def test_a_chain_of_products_is_bracketed_by_size():
    v, D, E = sn.vector("v", 10), sn.matrix("D", 200, 100), sn.matrix("E", 100, 10)
    assert "D @ (E @ v)" in sn.derive(sn.norm(sn.tanh(D * E * v)), v).compile().source


def test_a_trace_of_a_product_needs_no_product():
    A, B = sn.matrix("A", 30, 20), sn.matrix("B", 20, 30)
    assert " @ " not in source(sympy.Trace(A * B), A, B)


def test_a_bias_broadcasts_and_its_gradient_is_a_sum():
    code = source(sn.squared_error(sn.affine(W, X, b), Y), W, b)
    assert "W @ X + b" in code and ".sum(axis=1, keepdims=True)" in code


def test_an_entrywise_function_is_computed_once():
    code = source(sn.squared_error(sn.silu(W * X), Y), W)
    assert code.count("exp(") == 1
    code = source(sn.cross_entropy(W * X, Y), W)
    assert code.count("exp(") == 1 and code.count("log(") == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", [sn.sigmoid, sn.softplus, sn.softmax, sn.log_softmax, sn.logsumexp, sn.tanh, sn.silu])
def test_stable_at_extreme_arguments(f, dtype):
    Z, T = sn.matrix("Z", 2, "n"), sn.matrix("T", 2, "n")
    weight = T if f(Z).shape == Z.shape else T[0:1, :] if False else None
    loss = sn.inner(f(Z), T) if weight is not None else sn.sum(f(Z))
    d = sn.derive(loss, Z)
    z = np.array([[1000.0, -1000.0, 0.0, -100.0], [-1000.0, -1000.0, 50.0, 3.0]], dtype)
    values = {"Z": z, "T": np.ones_like(z)}
    kernel = d.compile()
    value, gradients = kernel({n: values[n] for n in kernel.arguments})
    assert np.isfinite(value) and np.isfinite(gradients[Z]).all()
    assert gradients[Z].dtype == dtype


def test_sigmoid_is_accurate_in_its_tail():
    Z = sn.matrix("Z", 1, 3)
    found = sn.evaluate(sn.sigmoid(Z), {Z: [[-30.0, -300.0, 30.0]]})
    np.testing.assert_allclose(found, [[np.exp(-30) / (1 + np.exp(-30)), np.exp(-300), 1.0]], rtol=1e-12)


def test_values_are_released_in_deep_nets():
    layers, width = 30, 200
    H, parameters = X, []
    X0 = sn.matrix("X0", width, "n")
    H = X0
    for k in range(1, layers + 1):
        Wk = sn.matrix(f"W{k}", width, width)
        parameters.append(Wk)
        H = sn.relu(Wk * H)
    kernel = sn.derive(sn.sum(H), parameters).compile()
    assert kernel.source.count("    del ") > layers
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(width, 400)), *[rng.normal(size=(width, width)) / 15 for _ in parameters]]
    kernel.function(*arrays)
    tracemalloc.start()
    kernel.function(*arrays)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    activation, gradient = width * 400 * 8, width * width * 8
    everything = layers * (3 * activation + gradient)  # Z, A and Zbar of every layer, and the gradients
    assert peak < 0.8 * everything


@pytest.mark.parametrize("tokens", ["n", 128])
def test_large_values_are_released_in_short_functions_too(tokens):
    Q, K, V, Y = (sn.matrix(name, tokens, 64) for name in "QKVY")
    kernel = sn.derive(sn.squared_error(sn.attention(Q, K, V), Y, axis=1), [Q, K, V]).compile()
    lines = [line.strip() for line in kernel.source.splitlines()]
    released = {name for line in lines if line.startswith("del ") for name in line[4:].split(", ")}
    assert {"Z1", "A1", "Abar1"} <= released and not released & {"L", "n", "Q", "K", "V", "Y", "Qbar", "Kbar", "Vbar"}
    for name in released:  # after its last use, which is on the line before
        at = next(k for k, line in enumerate(lines) if line.startswith("del ") and name in line[4:].split(", "))
        assert re.search(rf"\b{name}\b", lines[at - 1]) and not re.search(rf"\b{name}\b", " ".join(lines[at + 1 :]))
    assert not lines[-2].startswith("del ")
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(512, 64)) if tokens == "n" else rng.normal(size=(128, 64)) for _ in kernel.arguments]
    count, width = arrays[0].shape
    kernel.function(*arrays)
    tracemalloc.start()
    kernel.function(*arrays)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * (3.3 * count * count + 6 * count * width)  # of the four n × n values three live at a time


def test_small_nets_have_no_clutter():
    assert "del " not in source(sn.squared_error(sn.affine(W, X, b), Y), W, b)


def test_float32_of_a_kernel_for_float64_keeps_its_dtype():
    kernel = sn.derive(sn.norm(sn.sigmoid(W * X)), W).compile()
    loss, gradients = kernel({W: np.ones((2, 3), np.float32), X: np.ones((3, 2), np.float32)})
    assert loss.dtype == gradients[W].dtype == np.float32


def test_evaluate_matrices_and_scalars():
    assert sn.evaluate(W * X, {W: np.ones((2, 3)), X: np.ones((3, 1))}).tolist() == [[3.0], [3.0]]
    assert sn.evaluate(OneMatrix(2, 2) + sympy.Identity(2), {}).tolist() == [[2.0, 1.0], [1.0, 2.0]]
    assert sn.evaluate(sympy.Symbol("a") ** 2, {"a": 3.0}) == 9.0


def looked_up(monkeypatch, depth):
    """Give how many nodes are looked up where every layer of a net is an output."""
    count, found = 0, builder.NORMAL_FORMS.of

    def counted(node):
        nonlocal count
        count += 1
        return found(node)

    with monkeypatch.context() as patch:
        patch.setattr(builder.NORMAL_FORMS, "of", counted)
        A, outputs = sn.vector("x", 3), {}
        for k in range(depth):
            A = outputs[f"A{k}"] = sn.tanh(sn.matrix(f"W{k}", 3, 3) * A)
        sn.compile(outputs)
    return count


def test_what_many_outputs_share_is_looked_at_once(monkeypatch):
    assert looked_up(monkeypatch, 16) < 2.5 * looked_up(monkeypatch, 8)


def test_a_scaled_matrix_within_a_scaled_matrix():
    a, c, x = sympy.symbols("a c x", real=True)
    inner = [
        sympy.MatMul(c, OneMatrix(2, 3), evaluate=False),
        sympy.MatMul(c, W, evaluate=False),
        sympy.MatMul(c, sn.matrix("V", 2, 2), W, evaluate=False),
    ]
    values = {a: 2.0, c: 3.0, x: 5.0, W: np.arange(6.0).reshape(2, 3), sn.matrix("V", 2, 2): np.eye(2)}
    for A in inner:
        for outer in (sympy.MatMul(a, A, evaluate=False), sympy.MatMul(x, sympy.MatMul(a, A, evaluate=False))):
            factor = 6.0 if outer.args[0] == a else 30.0
            wanted = factor * (np.ones((2, 3)) if isinstance(A.args[-1], OneMatrix) else np.arange(6.0).reshape(2, 3))
            found = sn.evaluate(outer + W, values), sn.evaluate(outer * W.T, values)
            assert np.allclose(found[0], wanted + values[W]) and np.allclose(found[1], wanted @ values[W].T)
    T = sn.vec(sn.tanh(W))
    curve = sn.hvp(sn.std(T * sympy.Matrix([[1, 1]]) + OneMatrix(6, 1) * sympy.Matrix([[0, 1]])), W, W)
    assert sn.evaluate(curve, values).shape == (2, 3)
