"""A network as a fold: matrix products with a pointwise function in between, differentiated, substituted, descended.

The program that this library grew from, line for line: predict by folding relu(A·B) over the data and the weights, take
the error E, write the loss 1/(2n)·E·Eᵀ as a scalar, differentiate it in every weight, put numbers in, step, repeat.
It leaves open whether samples are rows or columns and what makes a scalar of E·Eᵀ, so `READINGS` has the choices.
"""

from functools import reduce

import numpy as np
from sympy import Trace

import symnet as sn


def rows(X, Y, weights):
    """Give the error where samples are rows: Y − relu(relu(X·W1)·W2)."""
    return Y - reduce(sn.relu_dot, weights, X)


def columns(X, Y, weights):
    """Give the error where samples are columns: Yᵀ − relu(W2ᵀ·relu(W1ᵀ·Xᵀ))."""
    return Y.T - reduce(lambda A, W: sn.relu_dot(W.T, A), weights, X.T)


def literal(X, Y, weights):
    """Give the error of the fold over reversed columns as written: Yᵀ − relu(relu(W2ᵀ·W1ᵀ)·Xᵀ), which is no network."""
    return Y.T - reduce(sn.relu_dot, [*(W.T for W in reversed(weights)), X.T])


def first(A):
    """Give the entry [1, 1], the other way to make a scalar of E·Eᵀ."""
    return sn.entry(A, 0, 0)


READINGS = {
    "row_trace": (rows, Trace),
    "row_take1": (rows, first),
    "col_take1": (columns, first),
    "lit_col": (literal, first),
}


def formula(sizes, reading="row_trace"):
    """Give the loss of a network with these layer sizes, and its symbols X, Y, W1, W2, …"""
    shapes = [("n", sizes[0]), ("n", sizes[-1]), *zip(sizes[:-1], sizes[1:], strict=True)]
    names = ["X", "Y", *(f"W{k}" for k in range(1, len(sizes)))]
    X, Y, *weights = symbols = [sn.matrix(name, *shape) for name, shape in zip(names, shapes, strict=True)]
    error, scalar = READINGS[reading]
    E = error(X, Y, weights)
    return scalar(E * E.T) / (2 * X.shape[0]), symbols


def descend(x, y, start, rate=0.1, steps=20, reading="row_trace"):
    """Give the derivation, the loss before each step and after the last, the gradients before each, and the weights."""
    loss, (X, Y, *weights) = formula([len(start[0]), *(len(w[0]) for w in start)], reading)
    derivation = sn.derive(loss, weights)
    kernel, values = derivation.compile(), [np.array(w, float) for w in start]
    losses, slopes = [], []
    for _ in range(steps + 1):
        value, gradients = kernel({X: x, Y: y, **dict(zip(weights, values, strict=True))})
        losses, slopes, reached = [*losses, value], [*slopes, list(gradients.values())], values
        values = [w - rate * g for w, g in zip(values, gradients.values(), strict=True)]
    return derivation, losses, slopes, reached


def main():
    x, y = [[1.0, 0.5], [-0.6, 1.2], [0.3, -0.8], [1.5, 1.1]], [[0.9], [0.4], [0.1], [1.3]]
    derivation, losses, _, weights = descend(x, y, [[[0.6, -0.4, 0.9], [-0.5, 0.7, 0.3]], [[0.8], [0.5], [-0.1]]])
    print(derivation, end="\n\n")
    print("\n".join(f"loss after {step:2} steps: {losses[step]:.6f}" for step in (0, 1, 5, 10, 20)))
    print("\n".join(f"W{k} = {w.round(4).tolist()}" for k, w in enumerate(weights, 1)))


if __name__ == "__main__":
    main()
