"""Losses of every kind that an expression can have, with random values for them."""

import numpy as np
import sympy
from sympy import (
    Abs,
    Determinant,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Identity,
    Inverse,
    Lambda,
    MatrixSymbol,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Rational,
    Trace,
    symbols,
)

import symnet as sn

SIZES = {"n": 5, "m": 4, "k": 3}
M = sn.matrix
X, Y, W, V = M("X", 3, "n"), M("Y", 2, "n"), M("W", 4, 3), M("V", 2, 4)
b, c, w = sn.vector("b", 4), sn.vector("c", 2), sn.vector("w", 3)
A, B, C = M("A", 3, 3), M("B", 3, 3), M("C", 3, 3)
P, Q, R, S = M("P", "n", 3), M("Q", "n", 3), sn.vector("R", 3), M("S", 1, 3)
lam, alpha = symbols("lambda alpha")
x, y = symbols("x y")
hidden = sn.tanh(sn.affine(W, X, b))
output = sn.affine(V, hidden, c)
native = V * (W * X).applyfunc(sympy.tanh) - Y
NET = [W, b, V, c]

LOSSES = {
    "two layers": (sn.squared_error(output, Y), NET),
    "regularised": (sn.mse(output, Y) + lam * (sn.norm(W) ** 2 + sn.norm1(V)), [*NET, lam]),
    "cross-entropy": (sn.cross_entropy(output, Y), NET),
    "cross-entropy of rows": (sn.cross_entropy(output.T, Y.T, axis=1), NET),
    "cross-entropy of symbols": (sn.cross_entropy(P, Q, axis=1), [P, Q]),
    "cross-entropy, smoothed": (sn.cross_entropy(output, Rational(9, 10) * Y + OneMatrix(2, Y.shape[1]) / 20), NET),
    "binary cross-entropy": (sn.binary_cross_entropy(output, Y), NET),
    "plain SymPy": (Trace(native.T * native), [W, V]),
    "scaled by a norm": (sn.sum(sn.sin(A / sn.norm(A))), [A]),
    "determinant": (sympy.log(Determinant(A * A.T)) + Trace(Inverse(A) * B), [A, B]),
    "traces": (Trace(A * B * A.T) + Trace(A) ** 2 + sympy.sqrt(Trace(A.T * A)), [A, B]),
    "maximum": (sn.sum(sn.elementwise(Max, A, B) * C), [A, B, C]),
    "maximum of three": (sn.sum(sn.elementwise(Max, A, B, C)), [A, B, C]),
    "cases": (
        sn.sum(sn.elementwise(Lambda((x, y), Piecewise((x**2 * y, x > 0), (sympy.sin(y), True))), A, B)),
        [A, B],
    ),
    "constant cases": (sn.sum(HadamardProduct(sn.elementwise(lambda t: Piecewise((1, t > 0), (2, True)), A), B)), [A, B]),
    "softmax": (sn.sum(HadamardProduct(sn.softmax(A * B), sn.log_softmax(A, axis=1))), [A, B]),
    "softmax in softmax": (sn.sum(HadamardProduct(sn.softmax(sn.softmax(A) * B, axis=1), C)), [A, B]),
    "log-sum-exp": (sn.sum(sn.logsumexp(A * B, axis=1).T * sn.logsumexp(B).T), [A, B]),
    "powers": (sn.sum(HadamardPower(A, 2)) + sn.sum(HadamardPower(A, 3)) + sn.sum(HadamardProduct(A, B, A)), [A, B]),
    "trained power": (sn.sum(HadamardPower(sn.exp(A), alpha)), [A, alpha]),
    "trained slope": (sn.sum(sn.elementwise(Lambda(x, Max(x, alpha * x)), A * B)), [A, B, alpha]),
    "leaky relu": (sn.sum(sn.leaky_relu(A * B, alpha) * C), [A, B, alpha]),
    "silu": (sn.sum(sn.silu(A * B)), [A, B]),
    "attention": (sn.norm(A * sn.softmax(B.T * C / sympy.sqrt(3))), [A, B, C]),
    "quotient": (sn.sum(A) / sn.sum(sn.exp(B)) + sympy.log(sn.sum(sn.exp(A))), [A, B]),
    "means": (sn.sum(sn.mean(A, axis=0) * sn.tanh(sn.mean(A, axis=1))) + sn.mean(A), [A]),
    "centred": (sn.norm(A - sn.mean(A, axis=1) * OneMatrix(1, 3) + sn.sqrt(sn.exp(B))), [A, B]),
    "tied weights": (sn.squared_error(W.T * sn.sigmoid(W * X), X), [W]),
    "matrix powers": (Trace(A**3) + sn.sum(A**2 * B), [A, B]),
    "entries": (sn.entry(A * B, 0, 1) ** 2 + A[1, 2] * B[0, 0], [A, B]),
    "kinks": (sn.sum(sn.relu(A * B) * C) + sn.sum(sn.softplus(A)) + sn.norm1(B), [A, B, C]),
    "two arguments": (sn.sum(sn.elementwise(lambda p, q: p * q / (1 + p**2) + sympy.sqrt(1 + q**2), A, B)), [A, B]),
    "constant matrix": (
        sn.sum(sympy.Matrix([[1, 2, 3], [4, 5, 6], [7, 8, 10]]) * A * Identity(3) + 3 * OneMatrix(3, 3) * A),
        [A],
    ),
    "function of a bias": (sn.sum(sn.tanh(b * OneMatrix(1, 3)) * sn.exp(A)), [A, b]),
    "row and column spread": (sn.sum(HadamardProduct(R * OneMatrix(1, 3), OneMatrix(3, 1) * S, A)), [A, R, S]),
    "spread alone": (sn.sum(b * OneMatrix(1, 3)) + Trace(A + 2 * Identity(3)), [b, A]),
    "spread as gradient": (sn.sum(A * B) + sn.sum(A), [A, B]),
    "log of sigmoid": (sn.sum(sn.log(sn.sigmoid(A))) - sn.sum(HadamardProduct(Y, sn.log(sn.sigmoid(output)))), [A, *NET]),
    "named": (sn.squared_error(V * sn.let("H", sn.relu(sn.let("U", W * X))), Y), [W, V]),
    "named scalars": (sn.let("r", sn.norm(A)) ** 2 / sn.let("q", sn.sum(B)), [A, B]),
    "temperature": (sn.cross_entropy(output / alpha, Y), [W, alpha]),
    "samples are rows": (
        sn.squared_error(sn.mlp(P, [4, 2], axis=1).output, M("T", "n", 2), axis=1),
        list(sn.mlp(P, [4, 2], axis=1).parameters),
    ),
    "sign": (sn.sum(sn.sign(A) * B) + sn.sum(HadamardProduct(A, A.T)), [A, B]),
    "scalars": (alpha**2 * sn.sum(A) + sympy.exp(alpha) * lam, [alpha, A, lam]),
    "minus signs": (-Trace((-A).T * (-B)) - sn.sum(-A.T * B), [A, B]),
    "Heaviside": (sn.sum(HadamardProduct(sn.elementwise(Heaviside, A), B)), [A, B]),
    "clipped": (sn.sum(sn.elementwise(lambda t: Min(Max(t, -Rational(1, 2)), Rational(1, 2)), A) * B), [A, B]),
    "inverse": (sn.sum(Inverse(A + 3 * Identity(3)) * B) + Trace((A * B).inv()), [A, B]),
    "one output": (sn.squared_error(w.T * X, M("z", 1, "n")), [w]),
    "quadratic form": (sn.inner(X, A * X) + Trace(X.T * A * X) / 2, [A, X]),
    "Huber": (
        sn.sum(sn.elementwise(lambda t: Piecewise((t**2 / 2, Abs(t) <= 1), (Abs(t) - Rational(1, 2), True)), A - B)),
        [A, B],
    ),
    "transposed operands": (sn.sum(sn.tanh(A.T * B.T) * sn.sin(A.T)) + sn.norm(sn.tanh(A.T)), [A, B]),
    "long product": (sn.sum(W * X * X.T * A * B), [W, X, A, B]),
    "irrational coefficients": (sympy.sqrt(2) * sn.sum(A) + sympy.log(2) * sn.norm(A) / sympy.sqrt(X.shape[1]) * sn.sum(X), [A]),
    "residual": (sn.squared_error(A * (X + sn.tanh(A * X)) + sn.tanh(B * (X + sn.tanh(A * X))), X), [A, B]),
    "scaled and named": (sn.let("q", 5 * sn.sum(A)) * (1 + sn.let("r", sn.sum(sn.log_softmax(A)))), [A]),
    "transposed and named": (sn.sum(sn.tanh(sn.let("H", A.T * B.T)) + sn.sin(B * A)), [A, B]),
    "scaled trace": (sympy.log(Trace((2 * Determinant(A)) * B) ** 2 + 1), [A, B]),
    "clipped by a trained product": (
        sn.sum(sn.elementwise(lambda t: Piecewise((t**2 / 2, Abs(t) < 1), (Abs(t) - Rational(1, 2), True)), alpha * lam * A)),
        [A, alpha, lam],
    ),
    "scaled sums": (sn.sum(sn.tanh(2 * A + 2 * B) + sn.sin((A + B) * C)), [A, B, C]),
    "a size of its own": (sn.norm1(OneMatrix(sympy.Symbol("m"), 1) * S + 1 * OneMatrix(sympy.Symbol("m"), 3)), [S]),
    "negative powers": (sn.sum((3 * Identity(3) + A * A.T) ** -2), [A]),
    "an identity alone": (sn.norm1(Identity(X.shape[1]) * 2) * sn.sum(sn.tanh(X)), [X]),
    "an identity of its own size": (sn.norm1(Identity(sympy.Symbol("m")) * 2) * sn.sum(sn.tanh(X)), [X]),
    "sums inside a function": (
        sn.sum(sn.elementwise(lambda t, s: t * sympy.sin(s), A, sn.sum(sn.elementwise(Max, B, alpha * B)))),
        [A, B, alpha],
    ),
    "functions of one by one": (sympy.log(1 + sympy.exp(-R.T * w)) + sn.sum(A) * sympy.sin(w.T * A * w), [A, w, R]),
    "sizes inside a function": (sn.sum(sn.elementwise(lambda t, s: sympy.sin(t / sympy.sqrt(s)), X, X.shape[1])), [X]),
    "no slope at all": (sn.sum(sn.sign(A)) + sn.norm(C), [A, C]),
    "mask of whole numbers": (sn.sum(sn.relu(sn.log(sn.elementwise(lambda t: t**2 + 1, A)))), [A]),
    "exponentials by hand": (sn.sum(sn.elementwise(lambda t: 1 / (1 + sympy.exp(-t)) + sympy.log(1 + sympy.exp(t)), A)), [A]),
}  # fmt: skip


def values_of(kernel, seed=0):
    """Give random values for the arguments of a kernel; targets of a cross-entropy sum to 1."""
    rng = np.random.default_rng(seed)
    found = {}
    for name in kernel.arguments:
        symbol = kernel.program.names.symbols[name]
        if isinstance(symbol, MatrixSymbol):
            shape = [int(size.subs({s: SIZES[s.name] for s in size.free_symbols})) for size in symbol.shape]
            value = rng.normal(size=shape)
        else:
            value = np.asarray(SIZES.get(name) or rng.uniform(0.5, 1.5))
        if symbol in kernel.program.assumptions:
            axis = kernel.program.assumptions[symbol]
            value = np.abs(value) / np.abs(value).sum(axis, keepdims=True)
        if any(name in label.names for label in kernel.program.labels):
            value = np.abs(value) % 1  # between 0 and 1
        found[name] = value
    return found


def central_difference(f, values, name, h=1e-6):
    """Give the derivative of f(values) in every entry of one array."""
    found = np.zeros(np.shape(values[name]))
    for index in np.ndindex(*found.shape):
        ends = []
        for sign in (1, -1):
            moved = np.array(values[name], float)
            moved[index] += sign * h
            ends.append(f({**values, name: moved}))
        found[index] = (ends[0] - ends[1]) / (2 * h)
    return found
