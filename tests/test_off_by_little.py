"""Gradients that are off in one entry by very little, at nets of which some have a corner close by: none may pass.

Each net is written twice, as an expression and in plain NumPy with its gradients by hand.
"""

from dataclasses import replace

import numpy as np
import pytest

import symnet as sn
from symnet.checking import check as checks
from symnet.checking.judge import compare

NETS = 40
FUNCTIONS = {
    "relu": (sn.relu, lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0)),
    "tanh": (sn.tanh, np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (sn.sigmoid, lambda z: 1 / (1 + np.exp(-z)), lambda z: 1 / (2 + np.exp(z) + np.exp(-z))),
    "abs": (sn.abs, np.abs, np.sign),
}


class Net:
    """A random net; in half of those with corners one argument of relu or abs is between 1e-8 and 1e-2."""

    def __init__(self, seed):
        draw = np.random.default_rng(seed)
        depth = int(draw.integers(1, 4))
        sizes = draw.integers(1, 7, size=depth + 1)
        n = int(draw.integers(1, 6))
        self.functions = [str(draw.choice(list(FUNCTIONS))) for _ in range(depth)]
        self.W = [draw.normal(size=(b, a)) / np.sqrt(a) for a, b in zip(sizes, sizes[1:], strict=False)]
        self.b = [draw.normal(size=(b, 1)) / 2 for b in sizes[1:]]
        self.x, self.y = draw.normal(size=(sizes[0], n)), draw.normal(size=(sizes[-1], n))
        layer = int(draw.integers(depth))
        if seed % 2 and self.functions[layer] in ("relu", "abs"):
            A = self.x
            for W, b, name in list(zip(self.W, self.b, self.functions, strict=True))[:layer]:
                A = FUNCTIONS[name][1](W @ A + b)
            i, j = draw.integers(sizes[layer + 1]), draw.integers(n)
            near = 10.0 ** draw.uniform(-8, -2) * draw.choice([-1, 1])
            self.b[layer][i] += near - (self.W[layer] @ A + self.b[layer])[i, j]
        self.parameters = [p for pair in zip(self.W, self.b, strict=True) for p in pair]
        self.names = [f"{letter}{k}" for k in range(1, depth + 1) for letter in "Wb"]

    def cost(self, *parameters):
        A = self.x
        for W, b, name in zip(parameters[::2], parameters[1::2], self.functions, strict=True):
            A = FUNCTIONS[name][1](W @ A + b)
        return ((A - self.y) ** 2).sum() / 2

    def gradients(self, *parameters):
        A, layers = self.x, []
        for W, b, name in zip(parameters[::2], parameters[1::2], self.functions, strict=True):
            Z = W @ A + b
            layers.append((W, A, FUNCTIONS[name][2](Z)))
            A = FUNCTIONS[name][1](Z)
        D, found = A - self.y, []
        for W, A, slope in reversed(layers):
            D = D * slope
            found = [D @ A.T, D.sum(1, keepdims=True), *found]
            D = W.T @ D
        return found

    def expression(self):
        A = sn.matrix("X", self.x.shape[0], "n")
        for k, (W, name) in enumerate(zip(self.W, self.functions, strict=True), 1):
            A = FUNCTIONS[name][0](sn.affine(sn.matrix(f"W{k}", *W.shape), A, sn.vector(f"b{k}", W.shape[0])))
        R = A - sn.matrix("Y", self.y.shape[0], "n")
        return sn.inner(R, R) / 2

    def subject(self, method):
        """Give what check_gradients judges, so that a gradient in it can be changed."""
        derivation = sn.derive(
            self.expression(), [sn.matrix(n, *p.shape) for n, p in zip(self.names, self.parameters, strict=True)]
        )
        kernel = derivation.compile(dtype=float)
        arrays = kernel.bind({"X": self.x, "Y": self.y, **dict(zip(self.names, self.parameters, strict=True))})
        return checks._subject(derivation, kernel, arrays, kernel.function(*arrays)[1], method)


def off_in_one_entry(gradients, draw, off=None):
    """Give gradients of which one entry is off by 1e-6 … 1e-3 of the largest one of its parameter; None if all are 0."""
    changed = [np.array(g) for g in gradients]
    places = [k for k, g in enumerate(changed) if np.abs(g).max() > 1e-6]
    if not places:
        return None
    k = int(draw.choice(places))
    off = 10.0 ** draw.uniform(-6, -3) if off is None else off
    index = tuple(draw.integers(s) for s in changed[k].shape)
    changed[k][index] += draw.choice([-1, 1]) * off * np.abs(changed[k]).max()
    return changed


def tried(seed, method):
    """Give what is said of the right gradients, and of some that are off by little."""
    net, draw = Net(seed), np.random.default_rng(seed + 10_000)
    if method == "function":
        right = net.gradients(*net.parameters)
        judged = lambda gradients: sn.check_function(net.cost, lambda *_: gradients, net.parameters)
    else:
        subject = net.subject(method)
        right = subject.gradients
        judged = lambda gradients: compare(replace(subject, gradients=tuple(gradients)), [], 0)
    wrong = [off_in_one_entry(right, draw, off) for off in (None, None, 1e-6, 1e-3)]
    return judged(right), [judged(w) for w in wrong if w is not None]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("method", ["complex", "central", "function"])
@pytest.mark.parametrize("seed", range(NETS))
def test_off_by_little_is_wrong_and_right_is_right(seed, method):
    right, wrong = tried(seed, method)
    assert right, right
    for check in wrong:
        assert not check and "WRONG" in check.summary, check


@pytest.mark.parametrize("size", [12, 20, 64])
@pytest.mark.parametrize("off", [1e-6, 1e-4])
@pytest.mark.parametrize("slopes", [lambda z: (z > 0) * 1.0, lambda z: 1 - np.tanh(z) ** 2], ids=["relu", "tanh"])
def test_one_entry_of_a_large_parameter_is_not_overlooked(size, off, slopes):
    draw = np.random.default_rng(size)
    W, V = draw.normal(size=(size, size)) / np.sqrt(size), draw.normal(size=(3, size)) / np.sqrt(size)
    x, y = draw.normal(size=(size, 8)), draw.normal(size=(3, 8))
    value = np.tanh if slopes(np.zeros(1))[0] else lambda z: np.maximum(z, 0)
    cost = lambda W, V: ((V @ value(W @ x) - y) ** 2).sum() / 2
    Z = W @ x
    D = V @ value(Z) - y
    right = [((V.T @ D) * slopes(Z)) @ x.T, D @ value(Z).T]
    assert sn.check_function(cost, lambda *_: right, [W, V])
    for index in draw.integers(size, size=(5, 2)):
        wrong = [g.copy() for g in right]
        wrong[0][tuple(index)] += off * np.abs(wrong[0]).max()
        assert not sn.check_function(cost, lambda *_, wrong=wrong: wrong, [W, V]), index
