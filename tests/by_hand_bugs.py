"""Backpropagation written by hand, twice, and the mistakes that people make in it.

`neuron_by_neuron` is plain Python over one sample, `in_batch` is NumPy over a matrix of samples. Each takes a net, the
values by name and a set of mistakes, and gives the gradients by name; with no mistake they are right. Nothing here
uses symnet's own derivation or mutations: only `Net.loss` is written with symnet, to have something to compare with.

A mistake is a text: "no slope 1" is made in layer 1 alone, "no slope" in every layer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

import symnet as sn

RATE = 0.3
DECAY = 0.1


def logistic(z):
    return 1 / (1 + np.exp(-z))


def softmax(Z):
    E = np.exp(Z - Z.max(axis=0))
    return E / E.sum(axis=0)


VALUE = {"sigmoid": logistic, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0.0), "softmax": softmax}


# -- the slope of an activation, and the wrong ways to write it; numbers and arrays alike


def slope(name, z, a, wrong=""):
    if wrong == "no slope":
        return 1.0 + 0 * a
    if wrong == "slope at activation":  # σ'(A) where σ'(Z) is meant
        return {"sigmoid": logistic(a) * (1 - logistic(a)), "tanh": 1 - np.tanh(a) ** 2, "relu": 1.0 * (a > 0)}[name]
    if wrong == "slope formula of z":  # z(1−z) where a(1−a) is meant
        return {"sigmoid": z * (1 - z), "tanh": 1 - z**2, "relu": 1.0 * (z > 0)}[name]
    if wrong == "slope of sigmoid":
        return a * (1 - a)
    if wrong == "slope of sigmoid at z":
        return logistic(z) * (1 - logistic(z))
    if wrong == "slope of tanh":
        return 1 - a**2
    if wrong == "slope of tanh at z":
        return 1 - np.tanh(z) ** 2
    if wrong == "slope of relu":
        return 1.0 * (z > 0)
    if wrong == "slope 1 at 0":
        return 1.0 * (z >= 0)
    return {"sigmoid": a * (1 - a), "tanh": 1 - a**2, "relu": 1.0 * (z > 0)}[name]


SLOPES = {
    "no slope": "missing-activation-derivative",
    "slope at activation": "derivative-at-wrong-argument",
    "slope formula of z": "derivative-at-wrong-argument",
    "slope of sigmoid": "wrong-activation-derivative",
    "slope of sigmoid at z": "wrong-activation-derivative",
    "slope of tanh": "wrong-activation-derivative",
    "slope of tanh at z": "wrong-activation-derivative",
    "slope of relu": "wrong-activation-derivative",
    "slope 1 at 0": "relu-at-zero",
}


class Mistakes:
    """The mistakes that are made: `made("no slope", 2)` tells whether this one is, in layer 2."""

    def __init__(self, mistakes):
        self.mistakes = frozenset(mistakes)

    def made(self, name, layer=None):
        return name in self.mistakes or (layer is not None and f"{name} {layer}" in self.mistakes)

    def slope(self, layer):
        return next((name for name in SLOPES if self.made(name, layer)), "")

    def factor(self, layer=None):
        """A constant that is too much: at the output, or at the gradient of one layer."""
        names = {"twice": 2.0, "half": 0.5, "odd factor": 0.37, "rate applied": RATE, "negative": -1.0}
        where = "" if layer is None else f" {layer}"
        return float(np.prod([c for name, c in names.items() if name + where in self.mistakes]))


# -- one sample, neuron by neuron, without biases: ½ Σ (t − o)²


def neuron_by_neuron(net, values, mistakes=()):
    m, depth = Mistakes(mistakes), net.depth
    W = [None, *(values[f"W{k}"].tolist() for k in range(1, depth + 1))]
    target = values["t"][:, 0].tolist()
    z, a = [None], [values["x"][:, 0].tolist()]
    for k in range(1, depth + 1):
        z.append([sum(w * v for w, v in zip(row, a[-1], strict=True)) for row in W[k]])
        a.append([float(VALUE[net.activations[k - 1]](s)) for s in z[k]])

    def slopes(k):
        return [
            float(slope(net.activations[k - 1], s, v, m.slope(k)))
            for s, v in zip(map(np.float64, z[k]), map(np.float64, a[k]), strict=True)
        ]

    delta = [None] * (depth + 1)
    delta[depth] = []
    for o, t, s in zip(a[depth], target, slopes(depth), strict=True):
        error = t - o if m.made("target minus output") else o - t
        error = error / len(target) if m.made("mean over outputs") else error
        delta[depth].append(m.factor() * error * s)

    new = {}  # weights that were updated before the delta went back through them
    for k in range(depth, 0, -1):
        gradient = _gradient_of_neurons(m, k, a, delta, W[k], net.decay)
        if k > 1:
            back = W[k]
            if m.made("updated weights", k):
                back = [
                    [w - RATE * g for w, g in zip(row, grow, strict=True)]
                    for row, grow in zip(W[k], gradient, strict=True)
                ]
            back = W[k - 1] if m.made("weights of layer below", k) else back
            delta[k - 1] = [
                m.factor(f"delta {k - 1}") * s * _back_to_neuron(m, k, j, back, a, delta)
                for j, s in enumerate(slopes(k - 1))
            ]
        new[f"W{k}"] = np.array(gradient)
    return dict(sorted(new.items()))


def _back_to_neuron(m, k, j, back, a, delta):
    total = 0.0
    for i in range(len(delta[k])):
        w = back[j][i] if m.made("not transposed", k) else back[i][j]
        d = a[k][i] if m.made("value for delta", k) else delta[k][i]
        if m.made("last output", k):
            total = w * d
        elif m.made("first output", k):
            total += w * d if i == 0 else 0.0
        elif m.made("own output", k):
            total += w * d if i == j % len(delta[k]) else 0.0
        else:
            total += w * d
    return total


def _gradient_of_neurons(m, k, a, delta, W, decay):
    inputs = a[k] if m.made("inputs of layer above", k) else a[k - 1]
    own = delta[k + 1] if m.made("delta of layer above", k) else delta[k]
    own = a[k] if m.made("value in gradient", k) else own
    c = m.factor(k)
    rows = []
    for i, row in enumerate(W):
        rows.append([])
        for j, w in enumerate(row):
            g = own[i] if m.made("no input", k) else own[i] * inputs[j]
            if decay and not m.made("no decay", k):
                g += (2 if m.made("double decay", k) else 1) * decay * w
            rows[-1].append(c * g)
    return [list(column) for column in zip(*rows, strict=True)] if m.made("transposed", k) else rows


# -- a batch of samples in columns, with biases: softmax and cross-entropy, or squares


def in_batch(net, values, mistakes=()):
    m, depth = Mistakes(mistakes), net.depth
    W = [None, *(values[f"W{k}"] for k in range(1, depth + 1))]
    Y, n = values["Y"], values["X"].shape[1]
    Z, A = [None], [values["X"]]
    for k in range(1, depth + 1):
        Z.append(W[k] @ A[-1] + values[f"b{k}"])
        A.append(VALUE[net.activations[k - 1]](Z[k]))

    D = m.factor() * _error_of_output(m, Z[depth], A[depth], Y)
    if net.error == "squares":
        D = D * slope(net.activations[-1], Z[depth], A[depth], m.slope(depth))
    D = D if m.made("sum over samples") else D / n
    D = D / n if m.made("mean twice") else D
    D = D / len(Y) if m.made("mean over entries") else D
    deltas, gradients = {depth: D}, {}
    for k in range(depth, 0, -1):
        gradients[f"W{k}"], gradients[f"b{k}"] = _gradients_of_batch(m, k, A, deltas, W[k], values[f"b{k}"], net.decay)
        if k > 1:
            back = W[k] - RATE * gradients[f"W{k}"] if m.made("updated weights", k) else W[k]
            back = W[k - 1] if m.made("weights of layer below", k) else back
            D = A[k] if m.made("value for delta", k) else deltas[k]
            D = Z[k] if m.made("score for delta", k) else D
            D = _error_back(m, k, back, D) * slope(net.activations[k - 2], Z[k - 1], A[k - 1], m.slope(k - 1))
            deltas[k - 1] = m.factor(f"delta {k - 1}") * D
    return dict(sorted(gradients.items()))


def _error_of_output(m, Z, P, Y):
    E = Y - P if m.made("target minus output") else P - Y
    if m.made("extra p(1-p)"):
        E = E * P * (1 - P)
    if m.made("jacobian twice"):
        E = np.stack([(np.diag(p) - np.outer(p, p)) @ e for p, e in zip(P.T, E.T, strict=True)], axis=1)
    if m.made("no softmax"):
        E = Z - Y
    if m.made("in probabilities"):
        E = -Y / P
    return E


def _error_back(m, k, W, D):
    if m.made("last output", k):
        return np.outer(W[-1], D[-1])
    if m.made("first output", k):
        return np.outer(W[0], D[0])
    if m.made("own output", k):
        return np.stack([W[j % len(D), j] * D[j % len(D)] for j in range(W.shape[1])])
    return W @ D if m.made("not transposed", k) else W.T @ D


def _gradients_of_batch(m, k, A, deltas, W, b, decay):
    inputs = A[k] if m.made("inputs of layer above", k) else A[k - 1]
    D = deltas[k + 1] if m.made("delta of layer above", k) else deltas[k]
    D = A[k] if m.made("value in gradient", k) else D
    inputs = np.ones_like(inputs) if m.made("no input", k) else inputs
    gW, gb = np.zeros(W.shape), np.zeros(b.shape)
    for x, d in zip(inputs.T, D.T, strict=True):
        if m.made("last sample", k):
            gW, gb = np.outer(d, x), d[:, None]
        elif m.made("first sample", k):
            gW, gb = np.outer(D[:, 0], inputs[:, 0]), D[:, :1]
        else:
            gW, gb = gW + np.outer(d, x), gb + d[:, None]
    if m.made("last sample in weights", k):
        gW = np.outer(D[:, -1], inputs[:, -1])
    if m.made("no bias", k):
        gb = 0.0 * gb
    if m.made("bias averaged", k):
        gb = D.mean(axis=1, keepdims=True)
    if m.made("bias not summed", k):
        gb = D
    if decay:
        gW = gW + {"no decay": 0, "double decay": 2}.get(_decay_mistake(m, k), 1) * decay * W
        gb = gb + decay * b if m.made("bias decay", k) else gb
    gW = m.factor(k) * gW
    return gW.T if m.made("transposed", k) else gW, m.factor(f"bias {k}") * gb


def _decay_mistake(m, k):
    return next((name for name in ("no decay", "double decay") if m.made(name, k)), "")


# -- the nets


@dataclass(frozen=True)
class Net:
    """A net: its sizes, its activations, who computes its gradients, and its loss as an expression of symnet."""

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    backpropagation: Callable = field(repr=False)
    error: str = "squares"  # or "cross-entropy", of a softmax or of sigmoids
    decay: float = 0.0
    scale: float = 1.0
    samples: int = 1
    at_a_corner: bool = False

    @property
    def depth(self):
        return len(self.sizes) - 1

    @property
    def batch(self):
        return self.backpropagation is in_batch

    @property
    def parameters(self):
        layers = range(1, self.depth + 1)
        return [f"{letter}{k}" for k in layers for letter in ("Wb" if self.batch else "W")]

    def loss(self):
        functions = {"sigmoid": sn.sigmoid, "tanh": sn.tanh, "relu": sn.relu}
        A = sn.matrix("X", self.sizes[0], "n") if self.batch else sn.vector("x", self.sizes[0])
        T = sn.matrix("Y", self.sizes[-1], "n") if self.batch else sn.vector("t", self.sizes[-1])
        weights = []
        for k, outputs in enumerate(self.sizes[1:], 1):
            W = sn.matrix(f"W{k}", outputs, self.sizes[k - 1])
            weights.append(W)
            A = sn.affine(W, A, sn.vector(f"b{k}", outputs)) if self.batch else W * A
            if k < self.depth or self.error == "squares":
                A = functions[self.activations[k - 1]](A)
        if self.error == "squares":
            loss = sn.squared_error(A, T) if self.batch else sn.inner(T - A, T - A) / 2
        else:
            loss = sn.cross_entropy(A, T) if self.activations[-1] == "softmax" else sn.binary_cross_entropy(A, T)
        return loss + sum(sn.inner(W, W) for W in weights) * DECAY / 2 if self.decay else loss

    def values(self, seed=0):
        draw = np.random.default_rng(seed)
        found = {}
        for k, outputs in enumerate(self.sizes[1:], 1):
            found[f"W{k}"] = self.scale * draw.normal(size=(outputs, self.sizes[k - 1]))
            if self.batch:
                found[f"b{k}"] = self.scale * draw.normal(size=(outputs, 1))
        if self.batch:
            found["X"] = draw.normal(size=(self.sizes[0], self.samples))
            if self.activations[-1] == "softmax":
                found["Y"] = np.eye(self.sizes[-1])[:, draw.integers(self.sizes[-1], size=self.samples)]
            else:
                found["Y"] = draw.uniform(size=(self.sizes[-1], self.samples))
        else:
            found["x"] = draw.normal(size=(self.sizes[0], 1))
            found["t"] = draw.uniform(size=(self.sizes[-1], 1))
        if self.at_a_corner:  # one neuron sits exactly at 0, as those of weights that start at 0 do
            found["W1"][0] = 0.0
            if self.batch:
                found["b1"][0] = 0.0
        return found

    def cost(self, values):
        """Give the loss in plain NumPy."""
        A = values["X" if self.batch else "x"]
        for k, name in enumerate(self.activations, 1):
            Z = values[f"W{k}"] @ A
            Z = Z + values[f"b{k}"] if self.batch else Z
            A = VALUE[name](Z)
        T = values["Y" if self.batch else "t"]
        if self.error == "squares":
            cost = ((A - T) ** 2).sum() / 2
        elif self.activations[-1] == "softmax":
            cost = (T * (np.logaddexp.reduce(Z, axis=0) - Z)).sum()
        else:
            cost = (np.logaddexp(0.0, Z) - T * Z).sum()
        weights = [values[f"W{k}"] for k in range(1, self.depth + 1)]
        return cost / T.shape[1] + self.decay / 2 * sum((W * W).sum() for W in weights)

    def gradients(self, values, mistakes=()):
        return self.backpropagation(self, values, mistakes)

    def stepped(self, values, mistakes=()):
        """Give the weights after a step of gradient descent."""
        found = self.gradients(values, mistakes)
        return {name: values[name] - RATE * found[name] for name in self.parameters}


CLASSES = {"error": "cross-entropy", "samples": 6}
NETS = {
    "3-4-2 sigmoid": Net((3, 4, 2), ("sigmoid",) * 2, neuron_by_neuron),
    "3-4-4-4-2 sigmoid": Net((3, 4, 4, 4, 2), ("sigmoid",) * 4, neuron_by_neuron),
    "3-4-2 relu": Net((3, 4, 2), ("relu", "sigmoid"), neuron_by_neuron, at_a_corner=True),
    "3-4-2 decay": Net((3, 4, 2), ("sigmoid",) * 2, neuron_by_neuron, decay=DECAY),
    "4-8-3 tanh": Net((4, 8, 3), ("tanh", "softmax"), in_batch, **CLASSES),
    "4-5-5-5-3 tanh": Net((4, 5, 5, 5, 3), (*("tanh",) * 3, "softmax"), in_batch, **CLASSES),
    "4-8-3 relu": Net((4, 8, 3), ("relu", "softmax"), in_batch, at_a_corner=True, **CLASSES),
    "4-8-3 decay": Net((4, 8, 3), ("tanh", "softmax"), in_batch, decay=DECAY, **CLASSES),
    "4-5-2 logistic": Net((4, 5, 2), ("tanh", "sigmoid"), in_batch, **CLASSES),
}


def random_net(seed):
    """Give a net of one to three layers: any sizes, activations, loss, batch, and weights of 0.1 to 3 in size."""
    draw = np.random.default_rng(seed)
    depth = int(draw.integers(1, 4))
    sizes = tuple(int(s) for s in draw.integers(2, 7, size=depth + 1))
    activations = [str(draw.choice(["sigmoid", "tanh", "relu"])) for _ in range(depth)]
    scale = float(10 ** draw.uniform(-1, np.log10(3)))
    decay = DECAY if draw.uniform() < 0.2 else 0.0
    if draw.uniform() < 0.3:
        return Net(sizes, tuple(activations), neuron_by_neuron, decay=decay, scale=scale)
    error = str(draw.choice(["squares", "cross-entropy"]))
    if error == "cross-entropy":
        activations[-1] = str(draw.choice(["softmax", "sigmoid"]))
    samples = int(draw.integers(1, 9))
    return Net(sizes, tuple(activations), in_batch, error, decay, scale, samples)


# -- the mistakes of the catalogue, net by net


@dataclass(frozen=True)
class Bug:
    """A mistake, its name in the catalogue, the lines of code that it is made in, and its constant where it is one."""

    flag: str
    kind: str
    lines: frozenset
    factor: float | None = None


SLOPE_MISTAKES = {
    "sigmoid": ("no slope", "slope at activation", "slope formula of z", "slope of tanh", "slope of tanh at z", "slope of relu"),
    "tanh": ("no slope", "slope at activation", "slope formula of z", "slope of sigmoid", "slope of sigmoid at z", "slope of relu"),
    "relu": ("no slope", "slope 1 at 0", "slope of sigmoid", "slope of sigmoid at z", "slope of tanh"),
}  # fmt: skip
BACKWARD_MISTAKES = {
    "last output": "missing-output-sum",
    "first output": "missing-output-sum",
    "own output": "missing-output-sum",
    "value for delta": "activation-for-delta",
    "updated weights": "updated-weights",
}
ERROR_MISTAKES = ("extra p(1-p)", "jacobian twice", "no softmax", "in probabilities")
BIAS_MISTAKES = ("no bias", "bias averaged", "bias not summed")


def bugs_of(net):
    """Give every mistake of the catalogue that can be made in a net."""
    return [*_at_the_output(net), *_in_layers(net), *_in_every_layer(net)]


def _bug(flag, kind, *lines, factor=None):
    return Bug(flag, kind, frozenset(lines), factor)


def _at_the_output(net):
    yield _bug("target minus output", "sign", "error", factor=-1.0)
    constants = {"twice": 2.0, "half": 0.5, "odd factor": 0.37, "rate applied": RATE}
    if net.batch:
        n, classes = net.samples, net.sizes[-1]
        constants |= {"sum over samples": n, "mean twice": 1 / n, "mean over entries": 1 / classes}
        if net.error == "cross-entropy":
            softmax_only = ("jacobian twice", "in probabilities")
            flags = [f for f in ERROR_MISTAKES if net.activations[-1] == "softmax" or f not in softmax_only]
            yield from (_bug(flag, "softmax-cross-entropy", "error") for flag in flags)
    else:
        constants |= {"mean over outputs": 1 / net.sizes[-1]}
    for flag, factor in constants.items():
        if not net.decay:  # with a second term in the gradient the constant stands at the error alone
            yield _bug(flag, "constant-factor", "constant", factor=factor)


def _in_layers(net):
    for k in range(1, net.depth + 1):
        inputs, outputs = net.sizes[k - 1 : k + 1]
        if k < net.depth or net.error == "squares":
            for flag in SLOPE_MISTAKES[net.activations[k - 1]]:
                yield _bug(f"{flag} {k}", SLOPES[flag], f"slope {k}")
        if k < net.depth:
            yield _bug(f"negative delta {k}", "sign", f"delta {k}", factor=-1.0)
            if net.sizes[k + 1] == outputs:
                yield _bug(f"delta of layer above {k}", "wrong-layer", f"gradient {k}")
        yield _bug(f"negative {k}", "sign", f"constant {k}", factor=-1.0)
        yield _bug(f"odd factor {k}", "constant-factor", f"constant {k}", factor=0.37)
        yield _bug(f"no input {k}", "missing-input-factor", f"input {k}")
        yield _bug(f"value in gradient {k}", "activation-for-delta", f"gradient {k}")
        if inputs == outputs:
            yield _bug(f"transposed {k}", "transposed", f"transpose {k}")
            yield _bug(f"inputs of layer above {k}", "wrong-layer", f"input {k}")
        if net.batch:
            yield _bug(f"last sample {k}", "missing-batch-sum", f"samples {k}", f"bias {k}")
            yield _bug(f"first sample {k}", "missing-batch-sum", f"samples {k}", f"bias {k}")
            yield _bug(f"last sample in weights {k}", "missing-batch-sum", f"samples {k}")
            yield from (_bug(f"{flag} {k}", "bias-gradient", f"bias {k}") for flag in BIAS_MISTAKES)
            yield _bug(f"negative bias {k}", "sign", f"bias constant {k}", factor=-1.0)
        if net.decay:
            yield from (_bug(f"{flag} decay {k}", "regularisation", f"decay {k}") for flag in ("no", "double"))
        if k > 1:
            for flag, kind in BACKWARD_MISTAKES.items():
                yield _bug(f"{flag} {k}", kind, f"back {k}" if "updated" not in flag else f"weights {k}")
            if k == net.depth and net.error == "cross-entropy":
                yield _bug(f"score for delta {k}", "activation-for-delta", f"back {k}")
            if inputs == outputs:
                yield _bug(f"not transposed {k}", "untransposed-weights", f"back {k}", f"weights {k}")
            if net.sizes[k - 2 : k] == (inputs, outputs):
                yield _bug(f"weights of layer below {k}", "wrong-layer", f"weights {k}")


def _in_every_layer(net):
    layers = range(1, net.depth + 1)
    with_slope = layers if net.error == "squares" else layers[:-1]
    if len(with_slope) > 1:
        for flag in SLOPE_MISTAKES[net.activations[0]]:
            if {net.activations[k - 1] for k in with_slope} == {net.activations[0]}:
                yield _bug(flag, SLOPES[flag], *(f"slope {k}" for k in with_slope))
    yield _bug("no input", "missing-input-factor", *(f"input {k}" for k in layers))
    if net.batch:
        every = [f"{line} {k}" for k in layers for line in ("samples", "bias")]
        yield from (_bug(f"{which} sample", "missing-batch-sum", *every) for which in ("last", "first"))
        yield from (_bug(flag, "bias-gradient", *(f"bias {k}" for k in layers)) for flag in BIAS_MISTAKES)
    if net.decay:
        yield from (
            _bug(f"{flag} decay", "regularisation", *(f"decay {k}" for k in layers)) for flag in ("no", "double")
        )
        if net.batch:
            yield _bug("bias decay", "regularisation", *(f"bias {k}" for k in layers))
    if net.depth > 2:
        yield _bug("updated weights", "updated-weights", *(f"weights {k}" for k in layers[1:]))
        yield _bug("last output", "missing-output-sum", *(f"back {k}" for k in layers[1:]))


def pairs_of(net):
    """Give every two mistakes that can be made at once: they stand in different lines of the code."""
    return [(a, b) for a, b in combinations(bugs_of(net), 2) if not a.lines & b.lines]


def spoiled(net, mistakes, several=True):
    """Give the names of the parameters whose gradients the mistakes change, found by computing them."""
    changed = set()
    for seed in range(3 if several else 1):
        values = net.values(seed)
        right, wrong = net.gradients(values), net.gradients(values, mistakes)
        for name, g in right.items():
            size = max(np.abs(g).max(), np.abs(wrong[name]).max())
            if g.shape != wrong[name].shape or np.abs(g - wrong[name]).max() > 1e-9 * size:
                changed.add(name)
    return changed
