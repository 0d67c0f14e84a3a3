"""Hessians and Jacobians of convolutional nets, by the matrices of what happens to images."""

import numpy as np
import pytest
import sympy

import symnet as sn

SHAPES = {"one channel": (1, 4, 4), "two channels": (2, 3, 4)}


def symbols(shape, samples):
    C, H, W = shape
    return sn.matrix("X", C * H * W, samples), sn.matrix("K", 2, 9 * C), sn.matrix("V", 3, 8)


def convolved(X, K, shape, **options):
    return sn.tanh(sn.conv2d(K, X, shape=shape, padding=1, **options))


NETS = {
    "convolution": lambda X, K, V, s: convolved(X, K, s),
    "strides": lambda X, K, V, s: convolved(X, K, s, stride=2, dilation=1),
    "dilated": lambda X, K, V, s: sn.conv2d(K, X, shape=s, padding=2, dilation=2),
    "two": lambda X, K, V, s: sn.conv2d(V, convolved(X, K, s), shape=(2, *s[1:])),
    "means": lambda X, K, V, s: sn.avg_pool2d(convolved(X, K, s), 2, shape=(2, *s[1:])),
    "largest": lambda X, K, V, s: sn.max_pool2d(convolved(X, K, s), 2, shape=(2, *s[1:])),
    "overlapping": lambda X, K, V, s: sn.max_pool2d(convolved(X, K, s), 3, stride=1, padding=1, shape=(2, *s[1:])),
    "pooled first": lambda X, K, V, s: sn.avg_pool2d(sn.square(X), 2, stride=1, shape=s),
    "largest first": lambda X, K, V, s: sn.max_pool2d(sn.square(X), (2, 3), stride=1, shape=s),
    "sequences": lambda X, K, V, s: sn.conv1d(V, sn.tanh(X), shape=(4, X.shape[0] // 4), padding=1),
}  # fmt: skip


def drawn(expr, samples):
    generator = np.random.default_rng(5)
    return {
        s: generator.normal(size=(int(s.shape[0]), int(s.shape[1]) if s.shape[1].is_Integer else samples)) / 2
        for s in sorted(expr.atoms(sympy.MatrixSymbol), key=str)
    }


@pytest.mark.sampled(3)
@pytest.mark.parametrize("samples", [1, "n"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_hessians_are_differences_of_gradients(net, shape, samples):
    loss = sn.sum(sn.square(sn.sigmoid(net(*symbols(shape, samples), shape))))
    values = drawn(loss, 2)
    for W in values:
        found = sn.evaluate(sn.hessian(loss, W), {s: a for s, a in values.items() if sn.hessian(loss, W).has(s)})
        kernel, h, columns = sn.derive(loss, W).compile(), 1e-5, []
        for j, i in np.ndindex(values[W].shape[::-1]):
            step = np.zeros(values[W].shape)
            step[i, j] = h
            ends = [kernel({**values, W: values[W] + sign * step})[1][W].ravel(order="F") for sign in (1, -1)]
            columns.append((ends[0] - ends[1]) / (2 * h))
        assert np.allclose(found, np.transpose(columns), atol=1e-7)


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_jacobians_are_differences_of_values(net):
    model = net(*symbols((1, 4, 4), 2), (1, 4, 4))
    values = drawn(model, 2)
    for W in values:
        J = sn.jacobian(model, W)
        found = sn.evaluate(J, {s: a for s, a in values.items() if J.has(s)})
        run, h, columns = sn.compile(model), 1e-6, []
        for j, i in np.ndindex(values[W].shape[::-1]):
            step = np.zeros(values[W].shape)
            step[i, j] = h
            ends = [run({**values, W: values[W] + sign * step}).ravel(order="F") for sign in (1, -1)]
            columns.append((ends[0] - ends[1]) / (2 * h))
        assert np.allclose(found, np.transpose(columns), atol=1e-8)


def test_the_hessian_of_a_net_is_printed_and_checked():
    X, K, _ = symbols((1, 4, 4), 2)
    loss = sn.mse(sn.avg_pool2d(convolved(X, K, (1, 4, 4)), 2, shape=(2, 4, 4)), sn.matrix("Y", 8, 2))
    text = str(sn.derive(loss, K, order=2))
    assert "pool(I, 2×2)" in text and "⊗ I" in text
    assert sn.check_hessian(loss, {**drawn(loss, 2)}, [K])
