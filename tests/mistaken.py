"""Nets of eight kinds, and mistakes that are made of their equations: what a user's function with the mistake would give.

`NETS`: name → loss, values. `mistakes(net)` gives edits of the grammar; `function_of(net, changes)` the gradients of a
derivation with other right-hand sides, as a function of values.
"""

import numpy as np
import sympy as sp

import symnet as sn
from symnet.backends import binding
from symnet.diagnosis.finding import _setting
from symnet.diagnosis.given import Written, point_at
from symnet.diagnosis.grammar import edits_of
from symnet.diagnosis.quantities import Ground
from symnet.diagnosis.variants import Variants


def numbers(seed, **shapes):
    draw = np.random.default_rng(seed)
    return {name: draw.normal(size=shape) for name, shape in shapes.items()}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def onehot(seed, classes, n):
    return np.eye(classes)[:, np.random.default_rng(seed).integers(classes, size=n)]


def perceptron():
    X, Y, W1, b1 = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("W1", 4, 3), sn.vector("b1", 4)
    W2, b2 = sn.matrix("W2", 2, 4), sn.vector("b2", 2)
    loss = sn.squared_error(sn.tanh(sn.affine(W2, sn.tanh(sn.affine(W1, X, b1)), b2)), Y)
    return loss, [W1, b1, W2, b2], numbers(1, X=(3, 6), Y=(2, 6), W1=(4, 3), b1=(4, 1), W2=(2, 4), b2=(2, 1))


def classifier():
    X, Y = sn.matrix("X", "n", 4), sn.matrix("Y", "n", 3)
    W1, W2, b = sn.matrix("W1", 4, 5), sn.matrix("W2", 5, 3), sn.matrix("b", 1, 3)
    loss = sn.cross_entropy(sn.affine(W2, sn.relu(X * W1), b, axis=1), Y, axis=1)
    return loss, [W1, W2, b], numbers(2, X=(7, 4), W1=(4, 5), W2=(5, 3), b=(1, 3)) | {"Y": onehot(2, 3, 7).T}


def recurrent():
    U, R, V = sn.matrix("U", 3, 2), sn.matrix("R", 3, 3), sn.matrix("V", 2, 3)
    state, loss = None, 0
    for t in (1, 2, 3):
        Z = U * sn.vector(f"x{t}", 2)
        state = sn.tanh(Z if state is None else Z + R * state)
        loss += sn.squared_error(V * state, sn.vector(f"y{t}", 2))
    data = {f"{k}{t}": (2, 1) for k in "xy" for t in (1, 2, 3)}
    return loss, [U, R, V], numbers(3, U=(3, 2), R=(3, 3), V=(2, 3), **data)


def gated():
    F, G, U = sn.matrix("F", 3, 3), sn.matrix("G", 3, 2), sn.matrix("U", 3, 2)
    h = sn.vector("h0", 3)
    for t in (1, 2):
        x = sn.vector(f"x{t}", 2)
        h = sn.hadamard(sn.sigmoid(G * x + F * h), h) + sn.tanh(U * x)
    shapes = {"F": (3, 3), "G": (3, 2), "U": (3, 2), "h0": (3, 1), "x1": (2, 1), "x2": (2, 1), "y": (3, 1)}
    return sn.squared_error(h, sn.vector("y", 3)), [F, G, U], numbers(4, **shapes)


def normalised():
    W, V, X, Y = sn.matrix("W", 3, 2), sn.matrix("V", 2, 3), sn.matrix("X", 2, "n"), sn.matrix("Y", 2, "n")
    A, one = W * X, sp.OneMatrix(1, X.shape[1])
    C = A - sn.mean(A, axis=1) * one
    r = sn.elementwise(lambda t: 1 / sp.sqrt(t + sp.Rational(1, 1000)), sn.mean(sn.hadamard(C, C), axis=1))
    loss = sn.squared_error(V * sn.tanh(sn.hadamard(C, r * one)), Y)
    return loss, [W, V], numbers(5, W=(3, 2), V=(2, 3), X=(2, 7), Y=(2, 7))


def dropped_out():
    W1, W2 = sn.matrix("W1", 5, 3), sn.matrix("W2", 2, 5)
    X, Y, M = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("M", 5, "n")
    loss = sn.squared_error(sn.sigmoid(W2 * sn.hadamard(sn.tanh(W1 * X), M)), Y)
    mask = (np.random.default_rng(6).random((5, 6)) < 0.7) * 1.0
    return loss, [W1, W2], numbers(6, W1=(5, 3), W2=(2, 5), X=(3, 6), Y=(2, 6)) | {"M": mask}


def tied():
    W, V, X, Y = sn.matrix("W", 3, 3), sn.matrix("V", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
    lam = sp.Symbol("lam", real=True)
    loss = sn.squared_error(V * sn.tanh(W * sn.sigmoid(W * X)), Y) + lam / 2 * sn.inner(W, W)
    return loss, [W, V], numbers(7, W=(3, 3), V=(2, 3), X=(3, 5), Y=(2, 5)) | {"lam": 0.3}


def hinge():
    W, b, X, Y = sn.matrix("W", 3, 4), sn.vector("b", 3), sn.matrix("X", 4, "n"), sn.matrix("Y", 3, "n")
    s, n = sn.affine(W, X, b), X.shape[1]
    own, ones = sp.OneMatrix(3, 1) * sn.sum(sn.hadamard(s, Y), axis=0), sp.OneMatrix(3, n)
    loss = sn.sum(sn.hadamard(sn.relu(s - own + ones), ones - Y)) / n
    return loss, [W, b], numbers(8, W=(3, 4), b=(3, 1), X=(4, 8)) | {"Y": onehot(8, 3, 8)}


NETS = {f.__name__: f for f in (perceptron, classifier, recurrent, gated, normalised, dropped_out, tied, hinge)}


class Mistaken:
    """A net whose equations can be changed."""

    def __init__(self, name):
        self.loss, self.parameters, self.values = NETS[name]()
        self.derivation = sn.derive(self.loss, self.parameters)
        self.kernel = self.derivation.compile()
        right = {str(w): g for w, g in self.kernel(self.values)[1].items()}
        self.point = point_at(self.derivation, self.kernel, self.values, Written(right), {})
        self.setting = _setting(self.derivation, self.kernel, self.point)
        variants = self.variants(self.values)
        self.ground = Ground(self.setting, variants.value)

    def variants(self, values):
        arrays = dict(zip(self.kernel.arguments, self.kernel.bind(values), strict=True))
        sizes = binding.bind_sizes(list(self.kernel.symbols.values()), arrays, {})
        return Variants(self.setting.forward, self.setting.equations, arrays | {self.setting.rate.name: 1.0}, sizes)

    def edits(self):
        """Give every single edit that can be made and that changes something."""
        return [e for lhs in self.ground.order for e in edits_of(self.ground, lhs) if e.coefficient is None]

    def function(self, edits):
        """Give a user's function with the edits made in it."""
        changes = {}
        for e in edits:
            changes[e.site] = e.of(changes.get(e.site, self.setting.right[e.site]))

        def gradients(values):
            found = self.variants(values).gradients(changes, self.setting.partials)
            shapes = {w: np.shape(self.point.right[w]) for w in self.setting.gradients}
            return {str(w): np.broadcast_to(g, shapes[w]).copy() for w, g in found}

        return gradients

    def right_gradients(self):
        return {str(w): g for w, g in self.point.right.items()}
