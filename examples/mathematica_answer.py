"""The answer this library grew from: a network is a chain of matrix products with a pointwise function in between.

Write the loss as an expression, differentiate it, substitute numbers, descend. Samples are rows, as in the fold
relu(relu(X.W1).W2); `take` chooses how E.Eᵀ becomes a scalar, `columns` and `literal` the other readings of the fold.
"""

from functools import reduce

import numpy as np
from sympy import Trace

import symnet as sn


def dot_relu(A, B):
    return sn.relu_dot(A, B)


def prediction(X, weights, columns=False, literal=False):
    """Give the prediction: the fold over [X, W1, …] for rows, over the transposes for columns."""
    if (
        literal
    ):  # relu(relu(W2ᵀ.W1ᵀ).Xᵀ), the fold as written over the reversed transposes: for the record, not a network
        return reduce(dot_relu, [*[W.T for W in reversed(weights)], X.T])
    if columns:
        return reduce(lambda A, W: dot_relu(W.T, A), weights, X.T)
    return reduce(dot_relu, weights, X)


def loss_of(X, Y, weights, take="trace", columns=False, literal=False):
    """Give 1/(2n) times E.Eᵀ reduced to a scalar: its trace, or its entry [1, 1]."""
    E = (Y.T if columns or literal else Y) - prediction(X, weights, columns, literal)
    reduced = Trace(E * E.T) if take == "trace" else sn.entry(E * E.T, 0, 0)
    return reduced / (2 * X.shape[0])


def symbols(sizes):
    """Give X, Y and the weights of a network with these layer sizes."""
    shapes = zip(sizes, sizes[1:], strict=False)
    return sn.matrix("X", "n", sizes[0]), sn.matrix("Y", "n", sizes[-1]), [
        sn.matrix(f"W{k}", *shape) for k, shape in enumerate(shapes, 1)
    ]  # fmt: skip


def descend(x, y, start, rate=0.1, steps=20, **reading):
    """Give the derivation, the losses before each step and after the last, the first gradients, the final weights."""
    X, Y, weights = symbols([len(start[0]), *(len(w[0]) for w in start)])
    derivation = sn.derive(loss_of(X, Y, weights, **reading), weights)
    kernel = derivation.compile()
    now, losses, first = [np.array(w, float) for w in start], [], None
    for _ in range(steps + 1):
        value, found = kernel({X: x, Y: y, **dict(zip(weights, now, strict=True))})
        losses.append(value)
        first = first or [found[W] for W in weights]
        if len(losses) <= steps:
            now = [w - rate * found[W] for w, W in zip(now, weights, strict=True)]
    return derivation, losses, first, now


def main():
    x, y = [[1.0, 0.5], [-0.6, 1.2], [0.3, -0.8], [1.5, 1.1]], [[0.9], [0.4], [0.1], [1.3]]
    start = [[[0.6, -0.4, 0.9], [-0.5, 0.7, 0.3]], [[0.8], [0.5], [-0.1]]]
    derivation, losses, _, final = descend(x, y, start)
    print(derivation, end="\n\n")
    for step in (0, 1, 5, 20):
        print(
            f"loss before step {step + 1}: {losses[step]:.6f}"
            if step < 20
            else f"loss after 20 steps: {losses[-1]:.6f}"
        )
    print("W1 =", final[0].round(4).tolist(), "\nW2 =", final[1].round(4).tolist())


if __name__ == "__main__":
    main()
